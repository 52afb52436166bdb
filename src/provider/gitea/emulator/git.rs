//! As much of Git as the API shows: whole trees under commits, branches that point at them, real object names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::digests::sha1_hex;

/// A file's content and its object name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blob {
    pub(super) sha: String,
    pub(super) bytes: Arc<[u8]>,
}

impl Blob {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let sha = object_name("blob", &bytes);
        Self { sha, bytes: bytes.into() }
    }
}

/// The files of a commit by their whole paths.
pub(super) type Files = BTreeMap<String, Blob>;

/// Who wrote something, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) when: DateTime<Utc>,
}

/// A commit with its whole tree.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) sha: String,
    pub(super) tree: String,
    pub(super) parents: Vec<String>,
    pub(super) message: String,
    pub(super) author: Signature,
    pub(super) committer: Signature,
    pub(super) files: Arc<Files>,
}

/// A repository's commits and branches.
#[derive(Debug, Clone, Default)]
pub(super) struct Git {
    commits: BTreeMap<String, Arc<Commit>>,
    branches: BTreeMap<String, String>,
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) sha: String,
    /// Nothing for a directory.
    pub(super) size: Option<usize>,
}

impl Git {
    pub(super) fn is_empty(&self) -> bool {
        self.branches.is_empty()
    }

    /// Branches by name.
    pub(super) fn branches(&self) -> impl Iterator<Item = (&str, &Commit)> {
        self.branches.iter().filter_map(|(name, sha)| Some((name.as_str(), self.commits.get(sha)?.as_ref())))
    }

    pub(super) fn branch(&self, name: &str) -> Option<&Commit> {
        self.branches.get(name).and_then(|sha| self.commits.get(sha)).map(Arc::as_ref)
    }

    pub(super) fn commit(&self, sha: &str) -> Option<&Commit> {
        self.commits.get(sha).map(Arc::as_ref)
    }

    /// What a branch's name, a whole or a shortened object name stands for.
    pub(super) fn resolve(&self, reference: &str) -> Option<&Commit> {
        let name = reference.strip_prefix("refs/heads/").unwrap_or(reference);
        if let Some(commit) = self.branch(name) {
            return Some(commit);
        }
        let is_short = (4..=40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut found = self.commits.range(name.to_owned()..).take_while(|(sha, _)| sha.starts_with(name));
        if is_short { found.next().map(|(_, commit)| commit.as_ref()) } else { None }
    }

    pub(super) fn point(&mut self, branch: &str, sha: &str) {
        self.branches.insert(branch.to_owned(), sha.to_owned());
    }

    pub(super) fn remove_branch(&mut self, branch: &str) {
        self.branches.remove(branch);
    }

    /// Records a commit without pointing a branch at it.
    pub(super) fn record(
        &mut self,
        parents: Vec<String>,
        files: Files,
        message: &str,
        author: Signature,
        committer: Signature,
    ) -> Arc<Commit> {
        // Git ends every message with one newline.
        let message = format!("{}\n", message.trim_end_matches('\n'));
        let tree = tree_name(&files, "");
        let sha = commit_name(&tree, &parents, &message, &author, &committer);
        let commit = Arc::new(Commit { sha, tree, parents, message, author, committer, files: Arc::new(files) });
        self.commits.insert(commit.sha.clone(), Arc::clone(&commit));
        commit
    }

    /// Takes over another repository's commits: forks share their history.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.commits.extend(other.commits.iter().map(|(sha, commit)| (sha.clone(), Arc::clone(commit))));
    }

    /// The commit that last changed a file or directory, seen from `head` along first parents.
    pub(super) fn last_change<'a>(&'a self, head: &'a Commit, path: &str) -> &'a Commit {
        let mut commit = head;
        while let Some(parent) = commit.parents.first().and_then(|sha| self.commit(sha)) {
            if object_at(&parent.files, path) != object_at(&commit.files, path) {
                break;
            }
            commit = parent;
        }
        commit
    }

    /// A commit and all its ancestors, along first parents.
    pub(super) fn history<'a>(&'a self, head: &'a Commit) -> Vec<&'a Commit> {
        let mut history = vec![head];
        while let Some(parent) = history.last().and_then(|last| last.parents.first()).and_then(|sha| self.commit(sha)) {
            history.push(parent);
        }
        history
    }

    /// The newest commit that both have.
    pub(super) fn merge_base(&self, one: &str, other: &str) -> Option<String> {
        let ancestors = self.ancestors(one);
        let mut queue = std::collections::VecDeque::from([other.to_owned()]);
        while let Some(sha) = queue.pop_front() {
            if ancestors.contains(&sha) {
                return Some(sha);
            }
            queue.extend(self.commits.get(&sha).into_iter().flat_map(|commit| commit.parents.clone()));
        }
        None
    }

    /// The commits of `head` that `base` has not, newest first.
    pub(super) fn since<'a>(&'a self, base: &str, head: &'a Commit) -> Vec<&'a Commit> {
        let known = self.ancestors(base);
        self.history(head).into_iter().take_while(|commit| !known.contains(&commit.sha)).collect()
    }

    fn ancestors(&self, sha: &str) -> BTreeSet<String> {
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
}

/// The object name of the file or directory at a path; the root is the empty path.
pub(super) fn object_at(files: &Files, path: &str) -> Option<String> {
    if let Some(blob) = files.get(path) {
        return Some(blob.sha.clone());
    }
    let prefix = directory_prefix(path);
    below(files, &prefix).next().is_some().then(|| tree_name(files, &prefix))
}

/// The entries directly in a directory, by name.
pub(super) fn list_directory(files: &Files, path: &str) -> Vec<Entry> {
    let prefix = directory_prefix(path);
    let mut entries: Vec<Entry> = Vec::new();
    for (full, blob) in below(files, &prefix) {
        match full[prefix.len()..].split_once('/') {
            None => entries.push(Entry { path: full.clone(), sha: blob.sha.clone(), size: Some(blob.bytes.len()) }),
            Some((name, _)) => {
                let path = format!("{prefix}{name}");
                if entries.last().is_none_or(|last| last.path != path) {
                    let sha = tree_name(files, &format!("{path}/"));
                    entries.push(Entry { path, sha, size: None });
                }
            }
        }
    }
    entries
}

/// All files and directories, each directory before what is in it.
pub(super) fn list_recursively(files: &Files) -> Vec<Entry> {
    let mut entries = Vec::new();
    collect(files, "", &mut entries);
    entries
}

fn collect(files: &Files, path: &str, entries: &mut Vec<Entry>) {
    for entry in list_directory(files, path) {
        let (path, is_directory) = (entry.path.clone(), entry.size.is_none());
        entries.push(entry);
        if is_directory {
            collect(files, &path, entries);
        }
    }
}

fn directory_prefix(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}/") }
}

fn below<'a>(files: &'a Files, prefix: &'a str) -> impl Iterator<Item = (&'a String, &'a Blob)> {
    files.range(prefix.to_owned()..).take_while(move |(path, _)| path.starts_with(prefix))
}

fn tree_name(files: &Files, prefix: &str) -> String {
    let mut entries = list_directory(files, prefix.trim_end_matches('/'));
    // Git sorts a directory as if its name ended in a slash.
    entries.sort_by_key(|entry| if entry.size.is_none() { format!("{}/", entry.path) } else { entry.path.clone() });
    let mut content = Vec::new();
    for entry in entries {
        let mode = if entry.size.is_some() { "100644" } else { "40000" };
        let name = entry.path.rsplit('/').next().unwrap_or(&entry.path);
        content.extend_from_slice(format!("{mode} {name}\0").as_bytes());
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
    sha1_hex(&[format!("{kind} {}\0", content.len()).as_bytes(), content])
}

fn bytes_of_hex(hex: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Blob {
        Blob::new(text.as_bytes().to_vec())
    }

    #[test]
    fn objects_are_named_as_git_names_them() {
        assert_eq!(file("").sha, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(file("x").sha, "c1b0730e0133447badcfd47fd144e254807b06e1");
        let files = Files::from([("b.txt".to_owned(), file("x"))]);
        assert_eq!(tree_name(&files, ""), "01cc09486627c642a9ec37ee69658e70cf98f230");
    }

    #[test]
    fn a_file_was_last_changed_where_its_content_came_in() {
        let now = DateTime::UNIX_EPOCH;
        let who = Signature { name: "a".to_owned(), email: "a@b.example".to_owned(), when: now };
        let mut git = Git::default();
        let one = Files::from([("a/b".to_owned(), file("1"))]);
        let first = git.record(Vec::new(), one.clone(), "first", who.clone(), who.clone());
        let mut two = one;
        two.insert("c".to_owned(), file("2"));
        let second = git.record(vec![first.sha.clone()], two, "second", who.clone(), who);
        assert_eq!(git.last_change(&second, "a/b").sha, first.sha);
        assert_eq!(git.last_change(&second, "a").sha, first.sha);
        assert_eq!(git.last_change(&second, "c").sha, second.sha);
        assert_eq!(git.merge_base(&first.sha, &second.sha), Some(first.sha.clone()));
    }
}
