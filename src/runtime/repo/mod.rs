//! The mono-repo: where it is, and the files of one of its revisions as plain data.
//!
//! A Git repository is fetched into a bare clone and read by object id; nothing is ever checked out, and a link or a
//! submodule is an entry, not a way. A directory is read by the same rules. Every function here blocks: call it off the
//! async threads (`spawn_blocking`).

mod error;
mod selection;

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::engine::source::Snapshot;

pub use error::{RepoError, RepoErrorKind};
pub use selection::Selection;

/// Where a revision is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A folder as it is now, committed or not.
    Dir(PathBuf),
    /// A commit of a Git repository.
    Git {
        /// `https://…`, `http://…`, `file://…`, or a path.
        url: String,
        /// A branch, a tag, or a commit id (7 digits or more); the remote's own default branch when left out.
        rev: Option<String>,
    },
}

/// How a source is read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// Which files, and up to which size.
    pub selection: Selection,
    /// The folder in which bare clones are kept from one run to the next.
    pub cache: PathBuf,
    /// User name and secret for HTTP Basic; sent to the host of the URL alone.
    pub basic: Option<(String, SecretString)>,
    /// How long the fetch may take in all.
    pub deadline: Duration,
    /// The largest pack that is taken from a server, in bytes.
    pub pack_limit: u64,
}
