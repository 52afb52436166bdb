//! Reading a folder as it is.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use super::world::{Put, World, lines};
use crate::engine::source::FileEntry;
use crate::runtime::repo::{ReadOptions, RepoErrorKind, Source, read};

fn write(folder: &Path, path: &str, content: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
    fs::write(path, content).expect("it can be written");
}

#[test]
fn a_folder_gives_what_its_commit_would_give() {
    let world = World::with_people();
    world.commit("main", &[("formulas/ml/start.sh", Put::Program("#!/bin/sh\n"))]);
    let folder = world.folder.path().join("copy");
    git2::Repository::clone(&world.path(), &folder).expect("a clone");
    let options = world.options();
    let committed = read(&Source::Git { url: world.path(), rev: None }, &options).expect("the commit");
    let found = read(&Source::Dir(folder.clone()), &options).expect("the folder");
    assert_eq!(found.files, committed.files);
    assert_eq!(found.files["formulas/ml/start.sh"], FileEntry::Executable((*b"#!/bin/sh\n").into()));
    assert_eq!(found.revision.label, folder.display().to_string());
}

#[test]
fn hidden_ignored_and_built_things_are_left_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    git2::Repository::init(root).expect("a repository");
    write(root, ".gitignore", "/scratch/\n*.local.yaml\n");
    write(root, "users/acme/alice.yaml", "a");
    write(root, "users/acme/alice.local.yaml", "a");
    write(root, "users/target/bob.yaml", "b");
    write(root, "scratch/carol.yaml", "c");
    write(root, "target/debug/x.json", "{}");
    write(root, ".github/dependabot.yaml", "x");
    write(root, "formulas/ml/.terraform/x.json", "{}");
    write(root, "formulas/ml/coder-template/.claude/skills/a.md", "a");
    write(root, "enterprise/claude-code/managed-mcp.json", "{}");
    let snapshot = read(&Source::Dir(root.to_owned()), &ReadOptions::new("/nowhere")).expect("it is read");
    assert_snapshot!(lines(&snapshot), @r#"
    enterprise/claude-code/managed-mcp.json "{}"
    formulas/ml/coder-template/.claude/skills/a.md "a"
    users/acme/alice.yaml "a"
    users/target/bob.yaml "b"
    "#);
}

#[test]
fn the_identity_of_a_folder_is_that_of_its_content() {
    let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let id = |folder: &Path| {
        read(&Source::Dir(folder.to_owned()), &ReadOptions::new("/nowhere")).expect("it is read").revision.id
    };
    write(one.path(), "a.yaml", "x");
    write(one.path(), "b.yaml", "y");
    write(other.path(), "b.yaml", "y");
    write(other.path(), "README.md", "not read, so not part of it");
    assert_ne!(id(one.path()), id(other.path()));
    write(other.path(), "a.yaml", "x");
    assert_eq!(id(one.path()), id(other.path()));
    write(other.path(), "a.yaml", "xb");
    assert_ne!(id(one.path()), id(other.path()));
    assert!(id(one.path()).starts_with("sha256:"));
}

#[cfg(unix)]
#[test]
fn links_pipes_and_nested_repositories_are_entries() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    write(root, "users/acme/alice.yaml", "a");
    symlink("/etc", root.join("users/etc")).expect("a link");
    symlink("..", root.join("users/up.yaml")).expect("a link");
    git2::Repository::init(root.join("users/nested")).expect("a repository");
    let made = std::process::Command::new("mkfifo").arg(root.join("users/pipe.yaml")).status();
    assert!(made.expect("mkfifo is there").success());
    write(root, "users/large.yaml", "12345678");
    let mut options = ReadOptions::new("/nowhere");
    options.selection.size_limit = 7;
    let snapshot = read(&Source::Dir(root.to_owned()), &options).expect("it is read");
    assert_snapshot!(lines(&snapshot), @r#"
    users/acme/alice.yaml "a"
    users/etc -> /etc
    users/large.yaml too large: 8
    users/nested submodule
    users/pipe.yaml unreadable: it is no regular file
    users/up.yaml -> ..
    "#);
}

#[test]
fn a_folder_that_is_not_there_is_a_wrong_request() {
    let error =
        read(&Source::Dir("/no/such/folder".into()), &ReadOptions::new("/nowhere")).expect_err("it is not there");
    assert_eq!(error.kind(), RepoErrorKind::Request);
    assert_eq!(error.to_string(), "there is no folder '/no/such/folder'");
}
