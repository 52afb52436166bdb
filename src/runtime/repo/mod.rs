//! The mono-repo: where it is, and the files of one of its revisions as plain data.
//!
//! A Git repository is fetched into a bare clone and read by object id; nothing is ever checked out, and a link or a
//! submodule is an entry, not a way. A directory is read by the same rules. Every function here blocks: call it off the
//! async threads (`spawn_blocking`).

mod clone;
mod commit;
mod directory;
mod error;
mod git;
mod http;
mod refs;
mod selection;
mod session;
mod ssh;
mod transport;
mod tree;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::engine::source::{Revision, Snapshot};

pub use commit::{Checkout, CommitError};
pub use error::{RepoError, RepoErrorKind};
pub use git::GitRepository;
pub use selection::Selection;
pub use ssh::Ssh;

/// Where a revision is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A folder as it is now, committed or not.
    Dir(PathBuf),
    /// A commit of a Git repository.
    Git {
        /// `https://…`, `ssh://user@…` (or `user@host:path`), `file://…`, or a path; `http://…` on loopback. Never with
        /// credentials inside.
        url: String,
        /// A branch, a tag, or a commit id (7 digits or more), each also with Git's `~2` and `^` behind it; the
        /// default branch when left out.
        rev: Option<String>,
    },
}

/// How a source is read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// Which files, and up to which size.
    pub selection: Selection,
    /// The folder in which bare clones are kept from one run to the next; made when it is missing.
    pub cache: PathBuf,
    /// User name and secret for HTTP Basic; sent to the host of the address alone.
    pub basic: Option<(String, SecretString)>,
    /// How ssh is called, for addresses that need it.
    pub ssh: Ssh,
    /// How long a fetch may take in all.
    pub deadline: Duration,
    /// How much is taken from a server in one fetch, in bytes.
    pub pack_limit: u64,
    /// Whether a server is asked at all; else the clone is read as the last fetch left it.
    pub fetch: bool,
}

/// Reads one revision. Of several revisions of one repository use [`GitRepository`], which fetches once.
///
/// What is odd about an entry is in the snapshot; an error means that there is no snapshot at all, and then what was
/// read before stands.
///
/// # Errors
/// [`RepoError`]; its kind tells a wrong request from a server that does not answer.
pub fn read(source: &Source, options: &ReadOptions) -> Result<Snapshot, RepoError> {
    match source {
        Source::Dir(folder) => directory::read(folder, &options.selection),
        Source::Git { url, rev } => {
            let repository = GitRepository::open(url, rev.as_deref().as_slice(), options)?;
            let revision = repository.resolve(rev.as_deref())?;
            repository.snapshot(&revision, &options.selection)
        }
    }
}

/// As [`read`], but nothing when the revision is still `known` (by its id): no file of a Git repository is read then.
///
/// # Errors
/// As [`read`].
pub fn read_moved(source: &Source, options: &ReadOptions, known: Option<&str>) -> Result<Option<Snapshot>, RepoError> {
    if let (Source::Git { url, rev }, Some(known)) = (source, known) {
        let repository = GitRepository::open(url, rev.as_deref().as_slice(), options)?;
        let revision = repository.resolve(rev.as_deref())?;
        let moved = (revision.id != known).then(|| repository.snapshot(&revision, &options.selection));
        return moved.transpose();
    }
    let snapshot = read(source, options)?;
    Ok((known != Some(snapshot.revision.id.as_str())).then_some(snapshot))
}

/// A change of the mono-repo: the files of what it starts from, and of itself.
#[derive(Debug, Clone)]
pub struct Pair {
    /// What it starts from.
    pub base: Snapshot,
    /// The change.
    pub head: Snapshot,
    /// Where the change left the history of the base, when the base went on since: what came to the base after it
    /// looks as if the change took it away.
    pub left_at: Option<Revision>,
}

/// Reads two revisions of one repository: `base`, and the source's own. A folder is compared with a commit of the
/// repository that it lies in.
///
/// # Errors
/// As [`read`].
pub fn read_pair(source: &Source, base: &str, options: &ReadOptions) -> Result<Pair, RepoError> {
    let (repository, within, head, at) = match source {
        Source::Dir(folder) => {
            let (repository, within) = GitRepository::around(folder)?;
            let at = repository.resolve(Some("HEAD"))?;
            (repository, within, directory::read(folder, &options.selection)?, at)
        }
        Source::Git { url, rev } => {
            let wanted: Vec<&str> = rev.iter().flat_map(|rev| [rev.as_str(), base]).collect();
            let repository = GitRepository::open(url, &wanted, options)?;
            let at = repository.resolve(rev.as_deref())?;
            let head = repository.snapshot(&at, &options.selection)?;
            (repository, String::new(), head, at)
        }
    };
    let base = repository.resolve(Some(base))?;
    let left_at = repository.common(&base, &at)?.filter(|common| common.id != base.id);
    Ok(Pair { base: repository.snapshot_within(&base, &within, &options.selection)?, head, left_at })
}

impl ReadOptions {
    /// The usual limits, with clones kept in `cache` and no sign-in.
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        Self {
            selection: Selection::default(),
            cache: cache.into(),
            basic: None,
            ssh: Ssh::default(),
            // A first clone of a large mono-repo takes a minute or two over a slow line.
            deadline: Duration::from_secs(300),
            // A hundred thousand small files pack into some ten megabytes; a gigabyte is somebody's mistake.
            pack_limit: 1024 * 1024 * 1024,
            fetch: true,
        }
    }
}
