//! Reading commits of a repository on this machine.

use insta::assert_snapshot;

use super::world::{Put, World, lines};
use crate::runtime::repo::{GitRepository, ReadOptions, RepoError, RepoErrorKind, Source, read, read_pair};

fn source(world: &World, rev: Option<&str>) -> Source {
    Source::Git { url: world.path(), rev: rev.map(str::to_owned) }
}

fn error(world: &World, url: &str, rev: Option<&str>) -> RepoError {
    let source = Source::Git { url: url.to_owned(), rev: rev.map(str::to_owned) };
    read(&source, &world.options()).expect_err("it must fail")
}

#[test]
fn the_default_branch_is_read_by_object_id() {
    let world = World::with_people();
    let snapshot = read(&source(&world, None), &world.options()).expect("it is read");
    assert_eq!(snapshot.revision.label, format!("main ({})", &snapshot.revision.id[..7]));
    assert_snapshot!(lines(&snapshot), @r#"
    users/acme/alice.yaml "kind: User\n"
    users/acme/bob.yaml "kind: User # bob\n"
    "#);
}

#[test]
fn a_branch_a_tag_and_a_commit_id_name_the_same_commit() {
    let world = World::with_people();
    let first = world.repository.refname_to_id("refs/heads/main").expect("main");
    world.tag("v1", first);
    let second = world.commit("main", &[("users/acme/bob.yaml", Put::Gone)]);
    let id = |rev: &str| read(&source(&world, Some(rev)), &world.options()).expect(rev).revision.id;
    let first = first.to_string();
    for rev in ["v1", "refs/tags/v1", &first, &first[..7], "main~1", "main^", "HEAD~"] {
        assert_eq!(id(rev), first, "{rev}");
    }
    for rev in ["main", "refs/heads/main", "HEAD"] {
        assert_eq!(id(rev), second.to_string(), "{rev}");
    }
}

#[test]
fn a_file_url_is_a_path() {
    let world = World::with_people();
    let url = url::Url::from_file_path(world.repository.path()).expect("an absolute path");
    let source = Source::Git { url: url.to_string(), rev: None };
    assert_eq!(read(&source, &world.options()).expect("it is read").files.len(), 2);
}

#[test]
fn a_working_copy_is_read_as_committed_not_as_edited() {
    let world = World::with_people();
    let folder = world.folder.path().join("copy");
    git2::Repository::clone(&world.path(), &folder).expect("a clone");
    std::fs::write(folder.join("users/acme/carol.yaml"), "kind: User\n").expect("it can be written");
    let source = Source::Git { url: folder.display().to_string(), rev: Some("origin/main".into()) };
    assert_eq!(read(&source, &world.options()).expect("it is read").files.len(), 2);
}

#[test]
fn links_and_submodules_are_entries_and_are_never_followed() {
    let world = World::with_people();
    world.commit(
        "main",
        &[
            ("users/beta", Put::Link("../../../etc")),
            ("users/gamma", Put::Submodule),
            ("formulas/ml/coder-template/.claude/settings.json", Put::File("{}")),
            ("formulas/ml/coder-template/main.tf", Put::File("")),
            (".gitea/workflows/ci.yaml", Put::File("on: push")),
            ("target/debug/x.json", Put::File("{}")),
        ],
    );
    let snapshot = read(&source(&world, None), &world.options()).expect("it is read");
    assert_snapshot!(lines(&snapshot), @r#"
    formulas/ml/coder-template/.claude/settings.json "{}"
    formulas/ml/coder-template/main.tf ""
    users/acme/alice.yaml "kind: User\n"
    users/acme/bob.yaml "kind: User # bob\n"
    users/beta -> ../../../etc
    users/gamma submodule
    "#);
}

#[test]
fn names_that_lead_out_of_the_tree_are_entries_that_cannot_be_read() {
    let world = World::new();
    let blob = world.blob("kind: User\n");
    let inner = world.raw_tree(&[("100644", b"passwd.yaml", blob)]);
    let users = world.raw_tree(&[
        ("40000", b"..", inner),
        ("40000", b".git", inner),
        ("100644", b"a\\b.yaml", blob),
        ("100644", b"new\nline.yaml", blob),
        ("100644", b"ok.yaml", blob),
        ("100644", b"x\xffy.yaml", blob),
    ]);
    let root = world.raw_tree(&[("40000", b"users", users)]);
    world.commit_tree("refs/heads/main", root, None);
    let snapshot = read(&source(&world, None), &world.options()).expect("it is read");
    assert_snapshot!(lines(&snapshot), @r#"
    users/.. unreadable: its name leads out of the tree
    users/.git unreadable: its name is that of Git's own folder
    users/a\\b.yaml unreadable: its name holds a separator of paths
    users/new\nline.yaml unreadable: its name holds a control character
    users/ok.yaml "kind: User\n"
    users/x�y.yaml unreadable: its name is not UTF-8
    "#);
}

#[test]
fn a_large_file_and_a_missing_one_are_told_and_the_rest_is_read() {
    let world = World::new();
    let missing = git2::Oid::from_str(&"2".repeat(40)).expect("an id");
    let root = world.raw_tree(&[
        ("100644", b"a.yaml", world.blob(&"x".repeat(100))),
        ("100644", b"b.yaml", missing),
        ("100644", b"c.yaml", world.blob("kind: User\n")),
    ]);
    world.commit_tree("refs/heads/main", root, None);
    let mut options = world.options();
    options.selection.size_limit = 99;
    let snapshot = read(&source(&world, None), &options).expect("it is read");
    assert_snapshot!(lines(&snapshot), @r#"
    a.yaml too large: 100
    b.yaml unreadable: object not found - cannot read header for (2222222222222222222222222222222222222222)
    c.yaml "kind: User\n"
    "#);
    options.selection.count_limit = 2;
    let error = read(&source(&world, None), &options).expect_err("there are three");
    assert_eq!(error.kind(), RepoErrorKind::Broken);
}

#[test]
fn a_folder_that_holds_itself_ends() {
    let world = World::new();
    let mut tree = world.raw_tree(&[("100644", b"x.yaml", world.blob(""))]);
    for _ in 0..70 {
        tree = world.raw_tree(&[("40000", b"d", tree)]);
    }
    world.commit_tree("refs/heads/main", tree, None);
    let snapshot = read(&source(&world, None), &world.options()).expect("it is read");
    let (path, _) = snapshot.files.first_key_value().expect("the folder that was not entered");
    assert_eq!(path.split('/').count(), 65);
    assert!(lines(&snapshot).ends_with("unreadable: folders are nested more than 64 deep\n"));
}

#[test]
fn a_branch_that_does_not_exist_offers_the_near_ones() {
    let world = World::with_people();
    world.commit("release", &[]);
    let far = error(&world, &world.path(), Some("nowhere-near"));
    assert_eq!(far.hint(), "did you mean 'main' or 'release'?");
    let near = error(&world, &world.path(), Some("relaese"));
    assert_eq!(near.hint(), "did you mean 'release'?");
    assert_eq!(near.kind(), RepoErrorKind::Request);
    assert!(near.to_string().ends_with("has no branch, tag or commit 'relaese'"), "{near}");
    for rev in ["main~9", "main^{tree}", "main:users", "0000000", "-x", ""] {
        assert_eq!(error(&world, &world.path(), Some(rev)).code().0, "FML8005", "{rev}");
    }
}

#[test]
fn an_empty_repository_is_no_desired_state() {
    let world = World::new();
    let error = error(&world, &world.path(), None);
    assert_eq!(error.kind(), RepoErrorKind::Empty);
    assert!(error.to_string().ends_with("is empty"), "{error}");
}

#[test]
fn what_is_no_repository_says_so() {
    let world = World::new();
    let nowhere = world.folder.path().join("nowhere");
    assert_eq!(error(&world, &nowhere.display().to_string(), None).code().0, "FML8003");
    assert_eq!(error(&world, &world.folder.path().display().to_string(), None).code().0, "FML8003");
    let message = |url: &str| error(&world, url, None).to_string();
    assert_snapshot!(message("http://git.example.org/a.git"), @"'http://git.example.org/a.git' is not the address of a Git repository: http is for this machine only; use https");
    assert_snapshot!(message("https://bob:hunter2@git.example.org/a.git?x=hunter2"), @"'https://git.example.org/a.git' is not the address of a Git repository: it holds credentials; name them by reference in the config");
    assert_snapshot!(message("ssh://-oProxyCommand=id@git.example.org/a.git"), @"'ssh://git.example.org/a.git' is not the address of a Git repository: its user begins with a dash");
    assert_snapshot!(message("git@git.example.org:"), @"'ssh://git.example.org/~/' is not the address of a Git repository: it names no repository");
    assert_snapshot!(message("ftp://git.example.org/a.git"), @"'ftp://git.example.org/a.git' is not the address of a Git repository: only https://, ssh://, file:// and paths are supported");
    assert_snapshot!(message("https://hunter2:pass word@[/"), @"'…' is not the address of a Git repository: it is no well-formed URL");
    assert_snapshot!(message(""), @"'' is not the address of a Git repository: it is empty");
}

#[test]
fn changed_paths_are_those_whose_entry_differs() {
    let world = World::with_people();
    world.commit(
        "main",
        &[
            ("users/acme/bob.yaml", Put::Gone),
            ("users/beta/bob.yaml", Put::File("kind: User # bob\n")),
            ("users/acme/alice.yaml", Put::Link("bob.yaml")),
        ],
    );
    let repository = GitRepository::open(&world.path(), &[], &world.options()).expect("it opens");
    let base = repository.resolve(Some("main~1")).expect("the first commit");
    let head = repository.resolve(None).expect("the second commit");
    let changed: Vec<String> = repository.changed_paths(&base, &head).expect("a difference").into_iter().collect();
    assert_eq!(changed, ["users/acme/alice.yaml", "users/acme/bob.yaml", "users/beta/bob.yaml"]);
    assert!(repository.changed_paths(&head, &head).expect("no difference").is_empty());
}

#[test]
fn a_change_and_what_it_starts_from_are_read_together() {
    let world = World::with_people();
    let first = world.repository.refname_to_id("refs/heads/main").expect("main");
    let head = world.repository.find_commit(first).expect("the commit");
    world.repository.branch("feature", &head, false).expect("a branch");
    world.commit("feature", &[("users/acme/carol.yaml", Put::File("kind: User\n"))]);
    let pair = read_pair(&source(&world, Some("feature")), "main", &world.options()).expect("they are read");
    assert_eq!((pair.base.files.len(), pair.head.files.len(), pair.left_at), (2, 3, None));
    // The base goes on.
    world.commit("main", &[("users/acme/dora.yaml", Put::File("kind: User\n"))]);
    let pair = read_pair(&source(&world, Some("feature")), "main", &world.options()).expect("they are read");
    assert_eq!(pair.left_at.expect("it left before").id, first.to_string());
    assert!(read_pair(&source(&world, Some("feature")), "nowhere", &world.options()).is_err());
}

#[test]
fn a_folder_is_compared_with_a_commit_of_the_repository_around_it() {
    let world = World::with_people();
    let folder = world.folder.path().join("copy");
    git2::Repository::clone(&world.path(), &folder).expect("a clone");
    std::fs::write(folder.join("users/acme/carol.yaml"), "kind: User\n").expect("it can be written");
    let paths = |folder: std::path::PathBuf| {
        let pair = read_pair(&Source::Dir(folder), "HEAD", &world.options()).expect("they are read");
        let of = |snapshot: crate::engine::source::Snapshot| snapshot.files.into_keys().collect::<Vec<_>>().join(" ");
        (of(pair.base), of(pair.head))
    };
    let (base, head) = paths(folder.clone());
    assert_eq!(base, "users/acme/alice.yaml users/acme/bob.yaml");
    assert_eq!(head, "users/acme/alice.yaml users/acme/bob.yaml users/acme/carol.yaml");
    // A folder within it has the paths that it has itself.
    let (base, head) = paths(folder.join("users"));
    assert_eq!(
        (base.as_str(), head.as_str()),
        ("acme/alice.yaml acme/bob.yaml", "acme/alice.yaml acme/bob.yaml acme/carol.yaml")
    );
    let alone = tempfile::tempdir().expect("a temporary folder");
    let error = read_pair(&Source::Dir(alone.path().to_owned()), "HEAD", &world.options()).expect_err("no repository");
    assert!(matches!(error, RepoError::NoRepository { .. }), "{error}");
}

#[test]
fn offline_a_clone_is_never_asked_for() {
    let world = World::new();
    let options = ReadOptions { fetch: false, ..world.options() };
    let source = Source::Git { url: "https://127.0.0.1:9/platform.git".to_owned(), rev: None };
    let error = read(&source, &options).expect_err("it was never fetched");
    assert!(error.to_string().contains("never fetched"), "{error}");
}
