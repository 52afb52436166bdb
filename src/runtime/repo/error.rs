//! What can go wrong between us and the mono-repo, sorted by what a caller does about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::ssh::SSH;
use crate::engine::diag::{Code, Diagnostic, codes, with_causes};

/// Why a revision could not be read.
///
/// No variant holds a credential: addresses are shown without user, password and query.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// The address is none that can be fetched from.
    #[error("'{url}' is not the address of a Git repository: {reason}")]
    Address {
        /// The address, without credentials.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is no such folder.
    #[error("there is no folder '{}'", .0.display())]
    NoFolder(PathBuf),
    /// There is a path, but no repository in it.
    #[error("there is no Git repository at '{url}'")]
    NoRepository {
        /// The address, without credentials.
        url: String,
        /// What Git says.
        source: Option<git2::Error>,
    },
    /// The repository has no commit.
    #[error("the repository '{url}' is empty")]
    Empty {
        /// The address, without credentials.
        url: String,
    },
    /// The repository has no such branch, tag or commit.
    #[error("the repository '{url}' has no branch, tag or commit '{revision}'")]
    NoRevision {
        /// The address, without credentials.
        url: String,
        /// What was asked for.
        revision: String,
        /// Names that are close to it, the closest first; some of its branches when none is close.
        near: Vec<String>,
    },
    /// A short commit id fits several commits.
    #[error("'{revision}' is the beginning of several commit ids in '{url}'")]
    Ambiguous {
        /// The address, without credentials.
        url: String,
        /// What was asked for.
        revision: String,
    },
    /// The server wants other credentials, or any.
    #[error("'{url}' refused the sign-in ({said})")]
    Denied {
        /// The address, without credentials.
        url: String,
        /// The HTTP status, or `ssh`.
        said: String,
        /// Whether credentials were sent.
        signed_in: bool,
    },
    /// The server did not answer as a Git server does.
    #[error("cannot reach the repository '{url}': {reason}")]
    Unreachable {
        /// The address, without credentials.
        url: String,
        /// What happened, in a few words.
        reason: String,
    },
    /// The fetch took too long.
    #[error("fetching '{url}' took longer than {deadline:?}")]
    Deadline {
        /// The address, without credentials.
        url: String,
        /// The time it was given.
        deadline: Duration,
    },
    /// The server sent more than is taken.
    #[error("'{url}' sent more than {limit} bytes")]
    PackTooLarge {
        /// The address, without credentials.
        url: String,
        /// The limit that it went over.
        limit: u64,
    },
    /// There are more entries than any mono-repo has.
    #[error("there are more than {limit} files in '{place}'")]
    TooMany {
        /// The folder or address.
        place: String,
        /// The limit.
        limit: usize,
    },
    /// The cache folder or the directory could not be used.
    #[error("cannot use '{}'", .path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Git itself failed.
    #[error("cannot {what}")]
    Git {
        /// What was attempted.
        what: &'static str,
        /// What Git says.
        source: git2::Error,
    },
}

/// What a caller does about a [`RepoError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RepoErrorKind {
    /// What was asked for is wrong: an address, a folder, a branch. Asking again changes nothing.
    Request,
    /// The repository is there and holds nothing to plan from: the last good desired state stands.
    Empty,
    /// The repository did not answer, or not in time: the last good desired state stands, and a repeat may help.
    Unreachable,
    /// The repository answered and refused us.
    Denied,
    /// This machine, or what the repository holds, is not in order.
    Broken,
}

impl RepoError {
    /// What a caller does about it.
    pub fn kind(&self) -> RepoErrorKind {
        match self {
            RepoError::Address { .. }
            | RepoError::NoFolder(_)
            | RepoError::NoRepository { .. }
            | RepoError::NoRevision { .. }
            | RepoError::Ambiguous { .. } => RepoErrorKind::Request,
            RepoError::Empty { .. } => RepoErrorKind::Empty,
            RepoError::Unreachable { .. } | RepoError::Deadline { .. } => RepoErrorKind::Unreachable,
            RepoError::Denied { .. } => RepoErrorKind::Denied,
            RepoError::PackTooLarge { .. }
            | RepoError::TooMany { .. }
            | RepoError::Io { .. }
            | RepoError::Git { .. } => RepoErrorKind::Broken,
        }
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            RepoError::Address { .. } => codes::REPOSITORY_ADDRESS,
            RepoError::NoFolder(_) => codes::NO_FOLDER,
            RepoError::NoRepository { .. } => codes::NO_REPOSITORY,
            RepoError::Empty { .. } => codes::EMPTY_REPOSITORY,
            RepoError::NoRevision { .. } => codes::NO_REVISION,
            RepoError::Ambiguous { .. } => codes::AMBIGUOUS_REVISION,
            RepoError::Denied { .. } => codes::REPOSITORY_DENIED,
            RepoError::Unreachable { .. } => codes::REPOSITORY_UNREACHABLE,
            RepoError::Deadline { .. } => codes::REPOSITORY_DEADLINE,
            RepoError::PackTooLarge { .. } | RepoError::TooMany { .. } => codes::REPOSITORY_TOO_LARGE,
            RepoError::Io { .. } | RepoError::Git { .. } => codes::REPOSITORY_BROKEN,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            RepoError::Address { .. } => {
                "give an https:// or ssh:// address, a file:// address, or the path of a repository".into()
            }
            RepoError::NoFolder(_) => "check the path; `--dir` reads a folder, `--repo` a Git repository".into(),
            RepoError::NoRepository { .. } => "check the address; a folder without Git is read with `--dir`".into(),
            RepoError::Empty { .. } => {
                "push a first commit; nothing is planned from an empty repository, so nothing is removed".into()
            }
            RepoError::NoRevision { near, .. } if near.is_empty() => {
                "give a branch, a tag, or at least 7 digits of a commit id".into()
            }
            RepoError::NoRevision { near, .. } => {
                let names: Vec<String> = near.iter().map(|name| format!("'{name}'")).collect();
                format!("did you mean {}?", names.join(" or "))
            }
            RepoError::Ambiguous { .. } => "give more digits of the commit id".into(),
            RepoError::Denied { said, .. } if said == SSH => {
                "check with 'ssh -o BatchMode=yes' that this user's key, or 'repository.ssh.key' of the config, may read it"
                    .into()
            }
            RepoError::Denied { signed_in: false, .. } => {
                "name credentials under `repository:` in the config; some servers answer 404 to strangers".into()
            }
            RepoError::Denied { .. } => {
                "check that the token is right, has not expired, and may read this repository".into()
            }
            RepoError::Unreachable { .. } => {
                "check the address and the network; what was applied before stays as it is".into()
            }
            RepoError::Deadline { .. } => "try again, or allow more time".into(),
            RepoError::PackTooLarge { .. } | RepoError::TooMany { .. } => {
                "keep large files and generated trees out of the mono-repo".into()
            }
            RepoError::Io { .. } => "check that the path exists and that this user may use it".into(),
            RepoError::Git { source, .. } if source.code() == git2::ErrorCode::Owner => {
                "the repository belongs to another user; allow it with `git config --global --add safe.directory PATH`"
                    .into()
            }
            RepoError::Git { .. } => "if it happens again, remove the cached clone; it is made anew".into(),
        }
    }

    /// The error as a diagnostic of the whole repository, with its causes in the message.
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::error(self.code(), with_causes(self)).help(self.hint())
    }
}
