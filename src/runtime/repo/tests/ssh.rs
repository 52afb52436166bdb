//! Fetching over ssh: the real program's place is taken by a script that runs Git's own server side here.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::world::{Put, World, lines};
use crate::engine::source::Snapshot;
use crate::runtime::repo::{ReadOptions, RepoError, RepoErrorKind, Source, Ssh, read};

/// A world whose `ssh` is a script.
struct Remote(World);

impl Remote {
    fn new() -> Self {
        Self(World::with_people())
    }

    /// How it is read when `ssh` does what the script says. In it, `$command` is what the server is asked to run.
    fn options(&self, script: &str) -> ReadOptions {
        let program = self.0.folder.path().join("ssh");
        let last = "for command; do :; done";
        std::fs::write(&program, format!("#!/bin/sh\n{last}\n{script}\n")).expect("the script is written");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it may be run");
        ReadOptions { ssh: Ssh { program, ..Ssh::default() }, ..self.0.options() }
    }

    fn read(&self, script: &str) -> Result<Snapshot, RepoError> {
        self.read_with(&self.options(script))
    }

    fn read_with(&self, options: &ReadOptions) -> Result<Snapshot, RepoError> {
        read(&Source::Git { url: format!("ssh://git@git.acme.test{}", self.0.path()), rev: None }, options)
    }
}

/// A server that does what it is asked.
const SERVE: &str = "exec sh -c \"$command\"";

#[test]
fn a_repository_behind_ssh_reads_like_a_local_one_and_again() {
    let remote = Remote::new();
    let served = remote.read(SERVE).expect("it is fetched");
    let local = read(&Source::Git { url: remote.0.path(), rev: None }, &remote.0.options()).expect("it is read");
    assert_eq!(served, local);
    remote.0.commit("main", &[("users/acme/carol.yaml", Put::File("kind: User # carol\n"))]);
    let again = remote.read(SERVE).expect("it is fetched again");
    assert!(lines(&again).contains("carol"), "{}", lines(&again));
}

#[test]
fn the_short_form_of_an_address_is_the_same() {
    let remote = Remote::new();
    let url = format!("git@git.acme.test:{}", remote.0.path());
    let served = read(&Source::Git { url, rev: None }, &remote.options(SERVE)).expect("it is fetched");
    assert!(lines(&served).contains("alice"));
}

#[test]
fn what_goes_wrong_is_told_apart() {
    let remote = Remote::new();
    for (script, kind, said) in [
        ("echo 'git@git.acme.test: Permission denied (publickey).' >&2; exit 255", RepoErrorKind::Denied, "refused"),
        ("echo 'ERROR: Repository not found.' >&2; exit 1", RepoErrorKind::Request, "no Git repository"),
        (
            "echo 'ssh: connect to host h port 22: Connection refused' >&2; exit 255",
            RepoErrorKind::Unreachable,
            "refused",
        ),
        ("echo 'Host key verification failed.' >&2; exit 255", RepoErrorKind::Unreachable, "host key"),
        // It breaks off in the middle.
        ("printf '0155'; exit 0", RepoErrorKind::Unreachable, "without a word"),
    ] {
        let error = remote.read(script).expect_err("it must fail");
        assert_eq!(error.kind(), kind, "{script}: {error}");
        assert!(error.to_string().contains(said), "{script}: {error}");
    }
    let missing = ReadOptions { ssh: Ssh { program: "no-such-ssh".into(), ..Ssh::default() }, ..remote.0.options() };
    let error = remote.read_with(&missing).expect_err("there is no such program");
    assert!(error.to_string().contains("'no-such-ssh' cannot be run"), "{error}");
}

#[test]
fn a_server_that_says_nothing_and_one_that_says_too_much_are_given_up() {
    let remote = Remote::new();
    let silent = ReadOptions { deadline: Duration::from_millis(300), ..remote.options("exec sleep 60") };
    assert!(matches!(remote.read_with(&silent).expect_err("it hangs"), RepoError::Deadline { .. }));
    let endless = ReadOptions { pack_limit: 100, ..remote.options(SERVE) };
    assert!(matches!(remote.read_with(&endless).expect_err("it is more"), RepoError::PackTooLarge { .. }));
}

#[test]
fn our_secrets_do_not_reach_the_program() {
    let remote = Remote::new();
    let told = remote.0.folder.path().join("environment");
    remote.read(&format!("env > '{}'; {SERVE}", told.display())).expect("it is fetched");
    let environment = std::fs::read_to_string(told).expect("it was written");
    assert!(!environment.contains("CARGO"), "{environment}");
}
