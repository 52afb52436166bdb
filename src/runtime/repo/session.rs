//! One fetch from one server, over whichever way: what clone and transport need to know of it.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::http::HttpSession;
use super::ssh::SshSession;

/// A fetch under way.
#[derive(Debug, Clone)]
pub(super) enum Session {
    /// Git's smart HTTP.
    Http(Arc<HttpSession>),
    /// Git's own protocol through an `ssh` process.
    Ssh(Arc<SshSession>),
}

impl Session {
    /// How far it may go, and what ended it.
    pub(super) fn bounds(&self) -> &Bounds {
        match self {
            Self::Http(session) => &session.bounds,
            Self::Ssh(session) => &session.bounds,
        }
    }
}

/// How long a fetch may take and how much it may bring. Remembers what went wrong, because an error that passes through
/// libgit2 comes back as text.
#[derive(Debug)]
pub(super) struct Bounds {
    end: Instant,
    /// In bytes.
    limit: u64,
    received: AtomicU64,
    fault: OnceLock<Fault>,
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

impl Bounds {
    /// Bounds that begin now; `limit` in bytes.
    pub(super) fn new(deadline: Duration, limit: u64) -> Self {
        Self { end: Instant::now() + deadline, limit, received: AtomicU64::new(0), fault: OnceLock::new() }
    }

    /// The time that is left.
    pub(super) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Whether the time is over.
    pub(super) fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// What went wrong, if something did.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault.get().cloned()
    }

    /// Notes a fault (the first one counts) and gives the error that libgit2 carries to its caller.
    pub(super) fn fail(&self, fault: Fault) -> io::Error {
        let text = format!("{fault:?}");
        let _ = self.fault.set(fault);
        io::Error::other(text)
    }

    /// Counts bytes that came.
    ///
    /// # Errors
    /// [`Fault::TooMuch`] once they are more than allowed.
    pub(super) fn receive(&self, count: usize) -> io::Result<usize> {
        let before = self.received.fetch_add(count as u64, Ordering::Relaxed);
        if before + count as u64 > self.limit { Err(self.fail(Fault::TooMuch)) } else { Ok(count) }
    }
}
