//! Repositories that the tests read.

use std::path::Path;

use git2::{Oid, Repository, Signature, Time};
use tempfile::TempDir;

use crate::engine::source::{FileEntry, Snapshot};
use crate::runtime::repo::ReadOptions;

/// A bare repository in a temporary folder, beside a cache folder for clones of it.
pub(super) struct World {
    pub(super) folder: TempDir,
    pub(super) repository: Repository,
}

/// What a commit puts at a path.
#[derive(Clone, Copy)]
pub(super) enum Put<'a> {
    File(&'a str),
    Program(&'a str),
    Link(&'a str),
    Submodule,
    Gone,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut options = git2::RepositoryInitOptions::new();
        options.bare(true).initial_head("main");
        let repository =
            Repository::init_opts(folder.path().join("platform.git"), &options).expect("a repository can be made");
        Self { folder, repository }
    }

    /// A repository with two people on `main`.
    pub(super) fn with_people() -> Self {
        let world = Self::new();
        world.commit(
            "main",
            &[
                ("README.md", Put::File("# acme\n")),
                ("users/acme/alice.yaml", Put::File("kind: User\n")),
                ("users/acme/bob.yaml", Put::File("kind: User # bob\n")),
            ],
        );
        world
    }

    pub(super) fn path(&self) -> String {
        self.repository.path().display().to_string()
    }

    pub(super) fn options(&self) -> ReadOptions {
        ReadOptions::new(self.cache())
    }

    pub(super) fn cache(&self) -> std::path::PathBuf {
        self.folder.path().join("cache")
    }

    /// Commits changes on top of a branch, which is made when it is missing.
    pub(super) fn commit(&self, branch: &str, changes: &[(&str, Put<'_>)]) -> Oid {
        let name = format!("refs/heads/{branch}");
        let parent = self.repository.find_reference(&name).ok().map(|it| it.peel_to_commit().expect("a commit"));
        let mut index = git2::Index::new().expect("an index");
        self.repository.set_index(&mut index).expect("the index is taken");
        if let Some(parent) = &parent {
            index.read_tree(&parent.tree().expect("a tree")).expect("the tree is read");
        }
        for (path, put) in changes {
            let (mode, id) = match put {
                Put::File(text) => (0o100_644, self.blob(text)),
                Put::Program(text) => (0o100_755, self.blob(text)),
                Put::Link(target) => (0o120_000, self.blob(target)),
                Put::Submodule => (0o160_000, Oid::from_str(&"1".repeat(40)).expect("an id")),
                Put::Gone => {
                    index.remove_path(Path::new(path)).expect("it was there");
                    continue;
                }
            };
            let entry = git2::IndexEntry {
                ctime: git2::IndexTime::new(0, 0),
                mtime: git2::IndexTime::new(0, 0),
                dev: 0,
                ino: 0,
                mode,
                uid: 0,
                gid: 0,
                file_size: 0,
                id,
                flags: 0,
                flags_extended: 0,
                path: path.as_bytes().to_vec(),
            };
            index.add(&entry).expect("the entry is well formed");
        }
        let tree = index.write_tree_to(&self.repository).expect("a tree");
        self.commit_tree(&name, tree, parent.as_ref())
    }

    /// Commits a tree on top of `parent`, or as a first commit.
    pub(super) fn commit_tree(&self, reference: &str, tree: Oid, parent: Option<&git2::Commit<'_>>) -> Oid {
        let author = Signature::new("Tester", "tester@example.org", &Time::new(1_700_000_000, 0)).expect("a signature");
        let tree = self.repository.find_tree(tree).expect("the tree");
        let parents: Vec<&git2::Commit<'_>> = parent.into_iter().collect();
        self.repository.commit(Some(reference), &author, &author, "a change", &tree, &parents).expect("a commit")
    }

    pub(super) fn blob(&self, text: &str) -> Oid {
        self.repository.blob(text.as_bytes()).expect("a blob")
    }

    /// Makes a tree with names that an index would refuse.
    pub(super) fn raw_tree(&self, entries: &[(&str, &[u8], Oid)]) -> Oid {
        let mut content = Vec::new();
        for (mode, name, id) in entries {
            content.extend_from_slice(mode.as_bytes());
            content.push(b' ');
            content.extend_from_slice(name);
            content.push(0);
            content.extend_from_slice(id.as_bytes());
        }
        let odb = self.repository.odb().expect("the objects");
        odb.write(git2::ObjectType::Tree, &content).expect("a tree")
    }

    /// An annotated tag.
    pub(super) fn tag(&self, name: &str, commit: Oid) {
        let author = Signature::new("Tester", "tester@example.org", &Time::new(1_700_000_000, 0)).expect("a signature");
        let object = self.repository.find_object(commit, None).expect("the commit");
        self.repository.tag(name, &object, &author, "a tag", false).expect("a tag");
    }
}

/// A snapshot as lines that a person can compare.
pub(super) fn lines(snapshot: &Snapshot) -> String {
    let mut lines = String::new();
    for (path, entry) in &snapshot.files {
        let entry = match entry {
            FileEntry::Blob(content) => format!("{:?}", String::from_utf8_lossy(content)),
            FileEntry::Executable(content) => format!("executable {:?}", String::from_utf8_lossy(content)),
            FileEntry::Symlink(target) => format!("-> {target}"),
            FileEntry::Submodule => "submodule".to_owned(),
            FileEntry::TooLarge(size) => format!("too large: {size}"),
            FileEntry::Unreadable(reason) => format!("unreadable: {reason}"),
        };
        lines.push_str(&format!("{} {entry}\n", path.escape_debug()));
    }
    lines
}
