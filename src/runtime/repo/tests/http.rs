//! Fetching from a server, and what a server can do to us.

use std::time::Duration;

use insta::assert_snapshot;
use secrecy::SecretString;

use super::server::{PASSWORD, Server, USER};
use super::world::{Put, World, lines};
use crate::engine::source::Snapshot;
use crate::runtime::repo::{GitRepository, ReadOptions, RepoError, RepoErrorKind, Source, read};

/// A world with people, its server, and how it is read.
struct Remote {
    world: World,
    server: Server,
}

impl Remote {
    fn new() -> Self {
        let world = World::with_people();
        let server = Server::start(world.folder.path());
        Self { world, server }
    }

    fn url(&self, mode: &str) -> String {
        self.server.url(&format!("/{mode}/platform.git"))
    }

    fn read(&self, mode: &str, options: &ReadOptions) -> Result<Snapshot, RepoError> {
        read(&Source::Git { url: self.url(mode), rev: None }, options)
    }

    /// The error, with the port made the same each time.
    fn error(&self, mode: &str, options: &ReadOptions) -> (RepoErrorKind, String) {
        let error = self.read(mode, options).expect_err("it must fail");
        let diagnostic = error.diagnostic();
        let text = format!("{} {}\n  {}", diagnostic.code.0, diagnostic.message, diagnostic.help.unwrap_or_default());
        (error.kind(), text.replace(&self.server.address.to_string(), "HOST"))
    }

    fn signed_in(&self, password: &str) -> ReadOptions {
        let mut options = self.world.options();
        options.basic = Some((USER.to_owned(), SecretString::from(password)));
        options
    }
}

#[test]
fn a_served_repository_reads_like_a_local_one() {
    let remote = Remote::new();
    let served = remote.read("git", &remote.world.options()).expect("it is fetched");
    let local =
        read(&Source::Git { url: remote.world.path(), rev: None }, &remote.world.options()).expect("it is read");
    assert_eq!(served, local);
    assert_eq!(served.revision.label, format!("main ({})", &served.revision.id[..7]));
}

#[test]
fn a_second_fetch_brings_what_is_new_and_forgets_what_is_gone() {
    let remote = Remote::new();
    let options = remote.world.options();
    remote.world.commit("topic", &[("users/acme/carol.yaml", Put::File("kind: User\n"))]);
    remote.read("git", &options).expect("the first fetch");

    // `topic` gives way to `topic/two`, and `main` is pushed by force.
    remote.world.repository.find_reference("refs/heads/topic").expect("topic").delete().expect("it goes");
    remote.world.commit("topic/two", &[("users/acme/dave.yaml", Put::File("kind: User\n"))]);
    remote.world.repository.find_reference("refs/heads/main").expect("main").delete().expect("it goes");
    remote.world.commit("main", &[("users/acme/erin.yaml", Put::File("kind: User\n"))]);

    assert_snapshot!(lines(&remote.read("git", &options).expect("the second fetch")), @r#"users/acme/erin.yaml "kind: User\n""#);
    let repository = GitRepository::open(&remote.url("git"), &[], &options).expect("the third fetch");
    assert!(repository.resolve(Some("topic/two")).is_ok());
    let error = repository.resolve(Some("topic")).expect_err("it is gone");
    assert_eq!(error.hint(), "did you mean 'main' or 'topic/two'?");
}

#[test]
fn a_commit_that_is_here_already_is_read_without_asking_the_server() {
    let remote = Remote::new();
    let options = remote.world.options();
    let id = remote.read("git", &options).expect("the fetch").revision.id;
    let before = remote.server.requests();
    let snapshot = read(&Source::Git { url: remote.url("git"), rev: Some(id.clone()) }, &options).expect("it is read");
    assert_eq!((snapshot.revision.id, remote.server.requests()), (id.clone(), before));

    // Beside a name it does not help: what the name means now is known to the server alone.
    let repository = GitRepository::open(&remote.url("git"), &[&id, "main"], &options).expect("it opens");
    assert_eq!(repository.resolve(Some("main")).expect("it is there").id, id);
    assert!(remote.server.requests() > before);
}

#[test]
fn a_tag_that_is_an_object_of_its_own_leads_to_its_commit() {
    let remote = Remote::new();
    let first = remote.world.repository.refname_to_id("refs/heads/main").expect("main");
    remote.world.tag("v1", first);
    remote.world.commit("main", &[("users/acme/bob.yaml", Put::Gone)]);
    let source = Source::Git { url: remote.url("git"), rev: Some("v1".into()) };
    let snapshot = read(&source, &remote.world.options()).expect("it is fetched");
    assert_eq!(snapshot.revision.id, first.to_string());
}

#[test]
fn a_half_made_clone_is_made_again() {
    let remote = Remote::new();
    let options = remote.world.options();
    remote.read("git", &options).expect("the first fetch");
    for entry in std::fs::read_dir(remote.world.cache()).expect("the cache") {
        let head = entry.expect("an entry").path().join("HEAD");
        if head.exists() {
            std::fs::remove_file(head).expect("it can be removed");
        }
    }
    remote.read("git", &options).expect("the second fetch");
}

#[test]
fn a_private_repository_wants_the_right_password() {
    let remote = Remote::new();
    remote.read("private", &remote.signed_in(PASSWORD)).expect("it is fetched");
    let (kind, text) = remote.error("private", &remote.world.options());
    assert_eq!(kind, RepoErrorKind::Denied);
    assert_snapshot!(text, @r"
    FML8007 'http://HOST/private/platform.git' refused the sign-in (401)
      name credentials under `repository:` in the config; some servers answer 404 to strangers
    ");
    let (kind, text) = remote.error("private", &remote.signed_in("hunter3"));
    assert_eq!(kind, RepoErrorKind::Denied);
    assert_snapshot!(text, @r"
    FML8007 'http://HOST/private/platform.git' refused the sign-in (401)
      check that the token is right, has not expired, and may read this repository
    ");
}

#[test]
fn a_redirect_is_not_followed_and_credentials_stay_here() {
    let remote = Remote::new();
    let (kind, text) = remote.error("stolen", &remote.signed_in(PASSWORD));
    assert_eq!((kind, remote.server.leaked()), (RepoErrorKind::Unreachable, 0));
    assert!(text.contains("it redirects to 'http://localhost:"), "{text}");
    let (kind, text) = remote.error("renamed", &remote.signed_in(PASSWORD));
    assert_eq!(kind, RepoErrorKind::Unreachable);
    assert_snapshot!(text, @r"
    FML8008 cannot reach the repository 'http://HOST/renamed/platform.git': it redirects to 'http://HOST/git/platform.git', which is not followed
      check the address and the network; what was applied before stays as it is
    ");
    assert_eq!(remote.error("circle", &remote.world.options()).0, RepoErrorKind::Unreachable);
}

#[test]
fn a_forge_may_put_git_behind_the_name() {
    let remote = Remote::new();
    let source = Source::Git { url: remote.server.url("/dotless/platform"), rev: None };
    assert_eq!(read(&source, &remote.world.options()).expect("it is fetched").files.len(), 2);
}

#[test]
fn what_is_no_git_server_is_told_by_what_it_answers() {
    let remote = Remote::new();
    let options = remote.world.options();
    let (kind, text) = remote.error("html", &options);
    assert_eq!(kind, RepoErrorKind::Unreachable);
    assert_snapshot!(text, @r"
    FML8008 cannot reach the repository 'http://HOST/html/platform.git': it answered with 'text/html', not as a Git server
      check the address and the network; what was applied before stays as it is
    ");
    let (kind, text) = remote.error("broken", &options);
    assert_eq!(kind, RepoErrorKind::Unreachable);
    assert_snapshot!(text, @r"
    FML8008 cannot reach the repository 'http://HOST/broken/platform.git': it answered with status 502
      check the address and the network; what was applied before stays as it is
    ");
    let (kind, text) = remote.error("nothing-here", &options);
    assert_eq!(kind, RepoErrorKind::Request);
    assert_snapshot!(text, @r"
    FML8003 there is no Git repository at 'http://HOST/nothing-here/platform.git'
      check the address; a folder without Git is read with `--dir`
    ");
}

#[test]
fn an_answer_that_breaks_off_is_an_unreachable_server() {
    let remote = Remote::new();
    let (kind, text) = remote.error("cut", &remote.world.options());
    // Whether the head of the answer came through before the end is a matter of timing.
    assert_eq!(kind, RepoErrorKind::Unreachable, "{text}");
    assert!(text.starts_with("FML8008"), "{text}");
}

#[test]
fn a_server_that_never_answers_runs_into_the_deadline() {
    let remote = Remote::new();
    let mut options = remote.world.options();
    options.deadline = Duration::from_millis(200);
    let (kind, text) = remote.error("silent", &options);
    assert_eq!(kind, RepoErrorKind::Unreachable);
    assert_snapshot!(text, @r"
    FML8009 fetching 'http://HOST/silent/platform.git' took longer than 200ms
      try again, or allow more time
    ");
}

#[test]
fn a_clone_that_another_process_holds_is_waited_for_and_not_for_ever() {
    let remote = Remote::new();
    let mut options = remote.world.options();
    remote.read("git", &options).expect("the first fetch");
    let entries = std::fs::read_dir(remote.world.cache()).expect("the cache");
    let lock = entries.map(|it| it.expect("an entry").path()).find(|it| it.extension().is_some_and(|it| it == "lock"));
    let held = std::fs::File::open(lock.expect("the lock")).expect("it opens");
    held.lock().expect("nobody else holds it");
    options.deadline = Duration::from_millis(100);
    let (kind, text) = remote.error("git", &options);
    assert_eq!(kind, RepoErrorKind::Unreachable);
    assert!(text.starts_with("FML8009"), "{text}");
    held.unlock().expect("it was held");
    remote.read("git", &remote.world.options()).expect("the second fetch");
}

#[test]
fn a_server_that_is_down_is_unreachable() {
    let remote = Remote::new();
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("it is bound")
    };
    let source = Source::Git { url: format!("http://{address}/a.git"), rev: None };
    let error = read(&source, &remote.world.options()).expect_err("nobody listens");
    assert_eq!(error.kind(), RepoErrorKind::Unreachable);
    assert!(error.to_string().to_lowercase().contains("connection refused"), "{error}");
}

#[test]
fn more_bytes_than_allowed_are_not_taken() {
    let remote = Remote::new();
    let mut options = remote.world.options();
    options.pack_limit = 500;
    let (kind, text) = remote.error("git", &options);
    assert_eq!(kind, RepoErrorKind::Broken);
    assert_snapshot!(text, @r"
    FML8010 'http://HOST/git/platform.git' sent more than 500 bytes
      keep large files and generated trees out of the mono-repo
    ");
}

#[test]
fn an_empty_served_repository_is_no_desired_state() {
    let world = World::new();
    let server = Server::start(world.folder.path());
    let source = Source::Git { url: server.url("/git/platform.git"), rev: None };
    let error = read(&source, &world.options()).expect_err("it is empty");
    assert_eq!(error.kind(), RepoErrorKind::Empty);
}

#[test]
fn a_branch_that_the_server_does_not_have_offers_the_near_ones() {
    let remote = Remote::new();
    let source = Source::Git { url: remote.url("git"), rev: Some("mian".into()) };
    let error = read(&source, &remote.world.options()).expect_err("there is none");
    assert_eq!(error.hint(), "did you mean 'main'?");
}

#[tokio::test]
async fn a_fetch_may_be_called_from_an_async_task() {
    let remote = Remote::new();
    let (url, options) = (remote.url("git"), remote.world.options());
    let read = tokio::task::spawn_blocking(move || read(&Source::Git { url, rev: None }, &options));
    assert_eq!(read.await.expect("it ends").expect("it is fetched").files.len(), 2);
}
