//! The files of a folder as it is now. The rules are those of a commit, so that both give the same snapshot.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::engine::source::{FileEntry, Revision, Snapshot};

use super::error::RepoError;
use super::selection::{Selection, fault_of_name};

/// The deepest folder that is entered.
const DEPTH_LIMIT: usize = 64;

/// Reads the entries of `folder` that `selection` takes. What `.gitignore` leaves out of a commit is left out here.
pub(super) fn read(folder: &Path, selection: &Selection) -> Result<Snapshot, RepoError> {
    if !folder.is_dir() {
        return Err(RepoError::NoFolder(folder.to_owned()));
    }
    let mut walk = Walk {
        selection,
        // A folder that is no repository of its own has no ignore rules to obey.
        ignores: git2::Repository::open(folder).ok(),
        files: BTreeMap::new(),
    };
    walk.enter(folder, "", 0).map_err(|error| match error {
        Stop::Io(source) => RepoError::Io { path: folder.to_owned(), source },
        Stop::TooMany => RepoError::TooMany { place: folder.display().to_string(), limit: selection.count_limit },
    })?;
    Ok(Snapshot {
        revision: Revision { id: digest(&walk.files), label: folder.display().to_string() },
        files: walk.files,
    })
}

struct Walk<'a> {
    selection: &'a Selection,
    ignores: Option<git2::Repository>,
    files: BTreeMap<String, FileEntry>,
}

enum Stop {
    Io(io::Error),
    TooMany,
}

impl Walk<'_> {
    fn enter(&mut self, folder: &Path, path: &str, depth: usize) -> Result<(), Stop> {
        for entry in fs::read_dir(folder).map_err(Stop::Io)? {
            let entry = entry.map_err(Stop::Io)?;
            let name = entry.file_name();
            let shown = name.to_string_lossy();
            let path = if path.is_empty() { shown.into_owned() } else { format!("{path}/{shown}") };
            // Git's own folder is no entry of a tree.
            if name == ".git" {
                continue;
            }
            if let Some(fault) = fault_of_name(name.as_encoded_bytes()) {
                self.add(path, FileEntry::Unreadable(fault.to_owned()))?;
                continue;
            }
            // Of the entry itself, never of what a link leads to.
            let kind = match entry.file_type() {
                Ok(kind) => kind,
                Err(error) => {
                    self.add(path, unreadable(&error))?;
                    continue;
                }
            };
            if kind.is_dir() {
                self.folder(&entry.path(), path, depth)?;
            } else if kind.is_symlink() {
                if !self.ignored(&path, false) {
                    let link = match fs::read_link(entry.path()) {
                        Ok(target) => FileEntry::Symlink(target.to_string_lossy().into_owned()),
                        Err(error) => unreadable(&error),
                    };
                    self.add(path, link)?;
                }
            } else if self.selection.takes(&path) && !self.ignored(&path, false) {
                let file = if kind.is_file() {
                    self.file(&entry.path())
                } else {
                    // Opening a pipe could wait for ever.
                    FileEntry::Unreadable("it is no regular file".to_owned())
                };
                self.add(path, file)?;
            }
        }
        Ok(())
    }

    fn folder(&mut self, folder: &Path, path: String, depth: usize) -> Result<(), Stop> {
        if !self.selection.enters(&path) || self.ignored(&path, true) {
            return Ok(());
        }
        if folder.join(".git").exists() {
            return self.add(path, FileEntry::Submodule);
        }
        if depth >= DEPTH_LIMIT {
            let reason = format!("folders are nested more than {DEPTH_LIMIT} deep");
            return self.add(path, FileEntry::Unreadable(reason));
        }
        match self.enter(folder, &path, depth + 1) {
            Err(Stop::Io(error)) => self.add(path, unreadable(&error)),
            other => other,
        }
    }

    fn file(&self, path: &Path) -> FileEntry {
        let read = || {
            let file = fs::File::open(path)?;
            let metadata = file.metadata()?;
            let (size, executable) = (metadata.len(), may_be_executed(&metadata));
            if size > self.selection.size_limit {
                return Ok(FileEntry::TooLarge(size));
            }
            let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
            // It may grow while it is read.
            file.take(self.selection.size_limit + 1).read_to_end(&mut content)?;
            if content.len() as u64 > self.selection.size_limit {
                return Ok(FileEntry::TooLarge(content.len() as u64));
            }
            Ok(if executable { FileEntry::Executable(content.into()) } else { FileEntry::Blob(content.into()) })
        };
        read().unwrap_or_else(|error: io::Error| unreadable(&error))
    }

    fn ignored(&self, path: &str, is_folder: bool) -> bool {
        let Some(repository) = &self.ignores else {
            return false;
        };
        // Relative to the repository, whose root is the folder: libgit2 takes the dot of `./users` for a hidden name.
        // A pattern such as `target/` is for folders, which Git tells by the slash.
        let path = if is_folder { format!("{path}/") } else { path.to_owned() };
        repository.is_path_ignored(path).unwrap_or(false)
    }

    fn add(&mut self, path: String, entry: FileEntry) -> Result<(), Stop> {
        if self.files.len() >= self.selection.count_limit {
            return Err(Stop::TooMany);
        }
        self.files.insert(path, entry);
        Ok(())
    }
}

fn unreadable(error: &io::Error) -> FileEntry {
    FileEntry::Unreadable(error.to_string())
}

/// What Git keeps of a file's mode: whether its owner may execute it.
#[cfg(unix)]
fn may_be_executed(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o100 != 0
}

/// There is no such thing.
#[cfg(not(unix))]
fn may_be_executed(_: &fs::Metadata) -> bool {
    false
}

/// The identity of a folder's content: paths, kinds and bytes, and nothing of times; of modes what Git keeps.
fn digest(files: &BTreeMap<String, FileEntry>) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        // The length before each part keeps `ab` + `c` apart from `a` + `bc`.
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    for (path, entry) in files {
        part(path.as_bytes());
        match entry {
            FileEntry::Blob(content) => {
                part(b"file");
                part(content);
            }
            FileEntry::Executable(content) => {
                part(b"executable");
                part(content);
            }
            FileEntry::Symlink(target) => {
                part(b"link");
                part(target.as_bytes());
            }
            FileEntry::Submodule => part(b"submodule"),
            FileEntry::TooLarge(size) => {
                part(b"large");
                part(&size.to_be_bytes());
            }
            FileEntry::Unreadable(_) => part(b"unreadable"),
        }
    }
    let digits: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}
