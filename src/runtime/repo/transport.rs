//! Registers our own HTTP and ssh with libgit2, once. The one file where unsafe code is allowed: the registration must not race
//! with a transport being made, which a lock around it and the registration before every use see to.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::sync::OnceLock;

use git2::transport::Transport;

use super::http::Connection;
use super::session::Session;
use super::ssh::SshConnection;

/// Runs `work` with `session` answering for every `http`, `https` and `ssh` remote that this thread connects to meanwhile.
///
/// libgit2 makes a transport on the thread that fetches and knows only the address, so the session travels by thread.
pub(super) fn with_session<T>(
    session: &Session,
    work: impl FnOnce() -> Result<T, git2::Error>,
) -> Result<T, git2::Error> {
    register()?;
    SESSION.set(Some(session.clone()));
    let done = work();
    SESSION.set(None);
    done
}

thread_local! {
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

fn register() -> Result<(), git2::Error> {
    static REGISTERED: OnceLock<Result<(), String>> = OnceLock::new();
    REGISTERED
        .get_or_init(|| {
            for prefix in ["http", "https", "ssh"] {
                // SAFETY: this runs once, under the lock of the cell, and every transport of ours is made after it by
                // a caller of `with_session`. Other transports (local paths) are looked up in a list that libgit2
                // changes only here.
                unsafe { git2::transport::register(prefix, transport) }.map_err(|error| error.message().to_owned())?;
            }
            Ok(())
        })
        .clone()
        .map_err(|message| git2::Error::from_str(&message))
}

fn transport(remote: &git2::Remote<'_>) -> Result<Transport, git2::Error> {
    let session = SESSION
        .with_borrow(Clone::clone)
        .ok_or_else(|| git2::Error::from_str("no session was opened for this remote"))?;
    // HTTP keeps no state between the requests of a negotiation (`true`); a process does.
    match session {
        Session::Http(session) => Transport::smart(remote, true, Connection::new(session)),
        Session::Ssh(session) => Transport::smart(remote, false, SshConnection::new(session)),
    }
}
