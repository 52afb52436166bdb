//! As much of Git as the API shows: blobs, whole trees and commits under their real object names.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) sha: String,
    pub(super) mode: String,
}

/// The files of a tree by their whole paths.
pub(super) type Files = BTreeMap<String, File>;

/// Who wrote something, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) when: DateTime<Utc>,
}

/// A commit.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) sha: String,
    pub(super) tree: String,
    pub(super) parents: Vec<String>,
    pub(super) message: String,
    pub(super) author: Signature,
    pub(super) committer: Signature,
    /// Whether the service signed it: only what an App, or GraphQL, writes without naming an author.
    pub(super) signed: bool,
}

/// The objects of a repository and its forks.
#[derive(Debug, Default)]
pub(super) struct Objects {
    blobs: BTreeMap<String, Arc<[u8]>>,
    trees: BTreeMap<String, Arc<Files>>,
    commits: BTreeMap<String, Arc<Commit>>,
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) sha: String,
    /// `040000` for a directory.
    pub(super) mode: String,
}

impl Entry {
    pub(super) fn is_directory(&self) -> bool {
        self.mode == DIRECTORY
    }
}

const DIRECTORY: &str = "040000";

impl Objects {
    pub(super) fn blob(&self, sha: &str) -> Option<&Arc<[u8]>> {
        self.blobs.get(sha)
    }

    pub(super) fn commit(&self, sha: &str) -> Option<&Arc<Commit>> {
        self.commits.get(sha)
    }

    /// The files of a commit; none of an unknown one.
    pub(super) fn files(&self, commit: &str) -> Arc<Files> {
        self.commits.get(commit).and_then(|commit| self.trees.get(&commit.tree)).cloned().unwrap_or_default()
    }

    /// The files of a tree, of its own name or of a commit's.
    pub(super) fn tree(&self, sha: &str) -> Option<&Arc<Files>> {
        let tree = self.commits.get(sha).map_or(sha, |commit| commit.tree.as_str());
        self.trees.get(tree)
    }

    /// The commit of a whole or a shortened object name.
    pub(super) fn find(&self, name: &str) -> Option<&Arc<Commit>> {
        let is_short = (4..=40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_short {
            return None;
        }
        self.commits.range(name.to_owned()..).next().filter(|(sha, _)| sha.starts_with(name)).map(|(_, it)| it)
    }

    pub(super) fn add_blob(&mut self, bytes: Vec<u8>) -> String {
        let sha = object_name("blob", &bytes);
        self.blobs.insert(sha.clone(), bytes.into());
        sha
    }

    /// Keeps a tree and every directory in it; answers its name.
    pub(super) fn add_tree(&mut self, files: Files) -> String {
        let directories: BTreeSet<String> = files
            .keys()
            .flat_map(|path| path.match_indices('/').map(|(at, _)| path[..at].to_owned()).collect::<Vec<_>>())
            .collect();
        for directory in directories {
            let prefix = format!("{directory}/");
            let below: Files =
                below(&files, &prefix).map(|(path, it)| (path[prefix.len()..].to_owned(), it.clone())).collect();
            let sha = tree_name(&below, "");
            self.trees.insert(sha, Arc::new(below));
        }
        let sha = tree_name(&files, "");
        self.trees.insert(sha.clone(), Arc::new(files));
        sha
    }

    pub(super) fn add_commit(
        &mut self,
        tree: String,
        parents: Vec<String>,
        message: &str,
        author: Signature,
        committer: Signature,
        signed: bool,
    ) -> Arc<Commit> {
        let sha = commit_name(&tree, &parents, message, &author, &committer);
        let message = message.to_owned();
        let commit = Arc::new(Commit { sha, tree, parents, message, author, committer, signed });
        self.commits.insert(commit.sha.clone(), Arc::clone(&commit));
        commit
    }

    /// A commit and all before it.
    pub(super) fn ancestors(&self, sha: &str) -> BTreeSet<String> {
        let (mut found, mut open) = (BTreeSet::new(), vec![sha.to_owned()]);
        while let Some(sha) = open.pop() {
            if let Some(commit) = self.commits.get(&sha)
                && found.insert(sha)
            {
                open.extend(commit.parents.iter().cloned());
            }
        }
        found
    }

    /// The newest commit that both have.
    pub(super) fn merge_base(&self, one: &str, other: &str) -> Option<String> {
        let ancestors = self.ancestors(one);
        let mut queue = VecDeque::from([other.to_owned()]);
        while let Some(sha) = queue.pop_front() {
            if ancestors.contains(&sha) {
                return Some(sha);
            }
            queue.extend(self.commits.get(&sha).into_iter().flat_map(|commit| commit.parents.clone()));
        }
        None
    }

    /// The commits of `head` that `base` has not, the newest first, along first parents.
    pub(super) fn since(&self, base: &str, head: &str) -> Vec<Arc<Commit>> {
        let known = self.ancestors(base);
        let mut found = Vec::new();
        let mut next = self.commits.get(head);
        while let Some(commit) = next.filter(|commit| !known.contains(&commit.sha)) {
            found.push(Arc::clone(commit));
            next = commit.parents.first().and_then(|sha| self.commits.get(sha));
        }
        found
    }

    /// When a file or directory was last changed, seen from `head` along first parents.
    pub(super) fn last_change(&self, head: &str, path: &str) -> Option<DateTime<Utc>> {
        let mut commit = self.commits.get(head)?;
        while let Some(parent) = commit.parents.first().and_then(|sha| self.commits.get(sha)) {
            if object_at(&self.files(&parent.sha), path) != object_at(&self.files(&commit.sha), path) {
                break;
            }
            commit = parent;
        }
        Some(commit.committer.when)
    }
}

/// The object name of the file or directory at a path; the root is the empty path.
pub(super) fn object_at(files: &Files, path: &str) -> Option<String> {
    if let Some(file) = files.get(path) {
        return Some(file.sha.clone());
    }
    let prefix = directory_prefix(path);
    below(files, &prefix).next().is_some().then(|| tree_name(files, &prefix))
}

/// The entries directly in a directory, in Git's order.
pub(super) fn list_directory(files: &Files, path: &str) -> Vec<Entry> {
    let prefix = directory_prefix(path);
    let mut entries: Vec<Entry> = Vec::new();
    for (full, file) in below(files, &prefix) {
        match full[prefix.len()..].split_once('/') {
            None => entries.push(Entry { path: full.clone(), sha: file.sha.clone(), mode: file.mode.clone() }),
            Some((name, _)) => {
                let path = format!("{prefix}{name}");
                if entries.last().is_none_or(|last| last.path != path) {
                    let sha = tree_name(files, &format!("{path}/"));
                    entries.push(Entry { path, sha, mode: DIRECTORY.to_owned() });
                }
            }
        }
    }
    // Git sorts a directory as if its name ended in a slash.
    entries.sort_by_key(|entry| if entry.is_directory() { format!("{}/", entry.path) } else { entry.path.clone() });
    entries
}

/// All files and directories, each directory before what is in it.
pub(super) fn list_recursively(files: &Files) -> Vec<Entry> {
    fn collect(files: &Files, path: &str, entries: &mut Vec<Entry>) {
        for entry in list_directory(files, path) {
            let (path, is_directory) = (entry.path.clone(), entry.is_directory());
            entries.push(entry);
            if is_directory {
                collect(files, &path, entries);
            }
        }
    }
    let mut entries = Vec::new();
    collect(files, "", &mut entries);
    entries
}

fn directory_prefix(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}/") }
}

fn below<'a>(files: &'a Files, prefix: &'a str) -> impl Iterator<Item = (&'a String, &'a File)> {
    files.range(prefix.to_owned()..).take_while(move |(path, _)| path.starts_with(prefix))
}

fn tree_name(files: &Files, prefix: &str) -> String {
    let mut content = Vec::new();
    for entry in list_directory(files, prefix.trim_end_matches('/')) {
        let name = entry.path.rsplit('/').next().unwrap_or(&entry.path);
        content.extend_from_slice(format!("{} {name}\0", entry.mode.trim_start_matches('0')).as_bytes());
        content.extend(bytes_of_hex(&entry.sha));
    }
    object_name("tree", &content)
}

fn commit_name(tree: &str, parents: &[String], message: &str, author: &Signature, committer: &Signature) -> String {
    let mut content = format!("tree {tree}\n");
    for parent in parents {
        content.push_str(&format!("parent {parent}\n"));
    }
    for (role, signature) in [("author", author), ("committer", committer)] {
        let seconds = signature.when.timestamp();
        content.push_str(&format!("{role} {} <{}> {seconds} +0000\n", signature.name, signature.email));
    }
    content.push_str(&format!("\n{message}"));
    object_name("commit", content.as_bytes())
}

fn object_name(kind: &str, content: &[u8]) -> String {
    use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    context.update(format!("{kind} {}\0", content.len()).as_bytes());
    context.update(content);
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of_hex(hex: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(*pair.get(1).unwrap_or(&b'0'))).collect()
}

/// Whether a text is a whole object name.
pub(super) fn is_object_name(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_named_as_git_names_them() {
        let mut objects = Objects::default();
        assert_eq!(objects.add_blob(Vec::new()), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        let sha = objects.add_blob(b"x".to_vec());
        assert_eq!(sha, "c1b0730e0133447badcfd47fd144e254807b06e1");
        let file = File { sha, mode: "100644".to_owned() };
        let tree = objects.add_tree(Files::from([("b.txt".to_owned(), file.clone())]));
        assert_eq!(tree, "01cc09486627c642a9ec37ee69658e70cf98f230");
        let whole = objects.add_tree(Files::from([("d/b.txt".to_owned(), file)]));
        assert_eq!(object_at(&objects.tree(&whole).cloned().unwrap_or_default(), "d"), Some(tree));
    }
}
