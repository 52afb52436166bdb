//! What the engine is given to read: the files of one revision, as plain data.
//!
//! Whoever can reach a directory or a Git repository makes a [`Snapshot`]; nothing behind it opens a file again.
//! Everything that is odd about an entry (a link, a submodule, a size, a failed read) is a value here, not an
//! error there, so that it can be reported beside all other problems.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The files of one revision of the mono-repo.
///
/// Keys are paths from its root, with forward slashes and without a leading `./`. Entries are shared by reference:
/// cloning a snapshot copies no file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Which revision this is.
    pub revision: Revision,
    /// Every entry of the tree that is not a folder, by path.
    pub files: BTreeMap<String, FileEntry>,
}

/// Names a revision: exactly for the machine, and readably for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Revision {
    /// The identity: a commit id, or a digest of the contents where there is no commit.
    pub id: String,
    /// What a person calls it, such as `main (3f2a91c)` or a folder.
    pub label: String,
}

/// One entry of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileEntry {
    /// A file with its bytes.
    Blob(Arc<[u8]>),
    /// A file that its owner may execute, with its bytes. As a document it is like any other file.
    Executable(Arc<[u8]>),
    /// A symbolic link with its target; never followed.
    Symlink(String),
    /// A Git submodule; never entered.
    Submodule,
    /// A file beyond the size that is read, with its size in bytes.
    TooLarge(u64),
    /// The entry exists and could not be read, with the reason.
    Unreadable(String),
}

impl Snapshot {
    /// A snapshot of files given as text; for tests, the sandbox and the demo.
    pub fn from_texts<P, T>(revision: Revision, files: impl IntoIterator<Item = (P, T)>) -> Self
    where
        P: Into<String>,
        T: AsRef<str>,
    {
        let files = files.into_iter().map(|(path, text)| (path.into(), FileEntry::from(text.as_ref()))).collect();
        Self { revision, files }
    }

    /// The text of a file, if it is there, is a file, and is UTF-8.
    pub fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.files.get(path)?.bytes()?).ok()
    }
}

impl FileEntry {
    /// The bytes of a file that was read.
    pub fn bytes(&self) -> Option<&Arc<[u8]>> {
        match self {
            Self::Blob(bytes) | Self::Executable(bytes) => Some(bytes),
            Self::Symlink(_) | Self::Submodule | Self::TooLarge(_) | Self::Unreadable(_) => None,
        }
    }
}

impl From<&str> for FileEntry {
    fn from(text: &str) -> Self {
        Self::Blob(Arc::from(text.as_bytes()))
    }
}
