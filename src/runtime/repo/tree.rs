//! The files of a commit, read by object id. A tree is what somebody pushed, so its names are checked like any input.

use std::collections::BTreeMap;
use std::path::Path;

use git2::{Odb, Oid, Repository, Tree};

use crate::engine::source::FileEntry;

use super::error::RepoError;
use super::selection::{Selection, fault_of_name};

/// The deepest folder that is entered; a tree can be made to hold itself almost for ever.
const DEPTH_LIMIT: usize = 64;

/// Reads the entries of a commit that `selection` takes, below `folder` and by their paths from there. `place` is for
/// errors.
pub(super) fn read(
    repository: &Repository,
    commit: Oid,
    folder: &str,
    selection: &Selection,
    place: &str,
) -> Result<BTreeMap<String, FileEntry>, RepoError> {
    let git = |what: &'static str| move |source| RepoError::Git { what, source };
    let mut tree = repository.find_commit(commit).and_then(|it| it.tree()).map_err(git("read the commit"))?;
    if !folder.is_empty() {
        let inner = tree.get_path(Path::new(folder)).and_then(|entry| repository.find_tree(entry.id()));
        tree = match inner {
            Ok(inner) => inner,
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(BTreeMap::new()),
            Err(source) => return Err(git("read the folder")(source)),
        };
    }
    let odb = repository.odb().map_err(git("read the objects"))?;
    let mut reader = TreeReader { repository, odb, selection, place, files: BTreeMap::new() };
    reader.enter(&tree, "", 0)?;
    Ok(reader.files)
}

struct TreeReader<'a> {
    repository: &'a Repository,
    odb: Odb<'a>,
    selection: &'a Selection,
    place: &'a str,
    files: BTreeMap<String, FileEntry>,
}

impl TreeReader<'_> {
    fn enter(&mut self, tree: &Tree<'_>, folder: &str, depth: usize) -> Result<(), RepoError> {
        for entry in tree {
            let name = String::from_utf8_lossy(entry.name_bytes());
            let path = if folder.is_empty() { name.clone().into_owned() } else { format!("{folder}/{name}") };
            if let Some(fault) = fault_of_name(entry.name_bytes()) {
                self.add(path, FileEntry::Unreadable(fault.to_owned()))?;
                continue;
            }
            match entry.filemode_raw() & 0o170_000 {
                0o040_000 if !self.selection.enters(&path) => {}
                0o040_000 if depth >= DEPTH_LIMIT => {
                    let reason = format!("folders are nested more than {DEPTH_LIMIT} deep");
                    self.add(path, FileEntry::Unreadable(reason))?;
                }
                0o040_000 => match self.repository.find_tree(entry.id()) {
                    Ok(tree) => self.enter(&tree, &path, depth + 1)?,
                    Err(error) => {
                        self.add(path, FileEntry::Unreadable(error.message().to_owned()))?;
                    }
                },
                0o160_000 => self.add(path, FileEntry::Submodule)?,
                0o120_000 => {
                    let link = self.link(entry.id());
                    self.add(path, link)?;
                }
                0o100_000 if self.selection.takes(&path) => {
                    let file = match self.blob(entry.id()) {
                        FileEntry::Blob(bytes) if entry.filemode_raw() & 0o100 != 0 => FileEntry::Executable(bytes),
                        other => other,
                    };
                    self.add(path, file)?;
                }
                0o100_000 => {}
                mode => {
                    let reason = format!("it is of an unknown mode ({mode:o})");
                    self.add(path, FileEntry::Unreadable(reason))?;
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, path: String, entry: FileEntry) -> Result<(), RepoError> {
        if self.files.len() >= self.selection.count_limit {
            return Err(RepoError::TooMany { place: self.place.to_owned(), limit: self.selection.count_limit });
        }
        self.files.insert(path, entry);
        Ok(())
    }

    /// A file; its size is asked first, so that a huge one is never unpacked.
    fn blob(&self, id: Oid) -> FileEntry {
        let read = || {
            let (size, _) = self.odb.read_header(id)?;
            if size as u64 > self.selection.size_limit {
                return Ok(FileEntry::TooLarge(size as u64));
            }
            Ok(FileEntry::Blob(self.odb.read(id)?.data().into()))
        };
        read().unwrap_or_else(|error: git2::Error| FileEntry::Unreadable(error.message().to_owned()))
    }

    fn link(&self, id: Oid) -> FileEntry {
        match self.blob(id) {
            FileEntry::Blob(target) => FileEntry::Symlink(String::from_utf8_lossy(&target).into_owned()),
            other => other,
        }
    }
}
