//! One fetch from one server, over whichever way: what clone and transport need to know of it.

use super::http::HttpSession;
use super::ssh::SshSession;

/// A fetch under way. Remembers what went wrong, because an error that passes through libgit2 comes back as text.
#[derive(Debug)]
pub(super) enum Session {
    /// Git's smart HTTP.
    Http(HttpSession),
    /// Git's own protocol through an `ssh` process.
    Ssh(SshSession),
}

/// What went wrong in a [`Session`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server refused the sign-in: a status, or what ssh said.
    Denied(String),
    /// There is no such repository.
    Missing,
    /// No connection, no answer, or none that Git understands.
    Unreachable(String),
    /// The time was over.
    Deadline,
    /// More bytes than allowed.
    TooMuch,
}

impl Session {
    /// What went wrong, if something did.
    pub(super) fn fault(&self) -> Option<Fault> {
        match self {
            Self::Http(session) => session.fault(),
            Self::Ssh(session) => session.fault(),
        }
    }

    /// Whether the time is over.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Http(session) => session.is_over(),
            Self::Ssh(session) => session.is_over(),
        }
    }

    /// Ends the session with [`Fault::Deadline`].
    pub(super) fn end(&self) {
        match self {
            Self::Http(session) => session.end(),
            Self::Ssh(session) => session.end(),
        }
    }
}
