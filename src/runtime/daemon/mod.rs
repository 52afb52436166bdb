//! The daemon: the same cycle as `formulary apply`, again and again, by itself.
//!
//! One task does everything in order: wait until something is due, ask the mono-repo whether it moved, run a cycle, say
//! what came of it. What it says is a report beside the ledger, one log line, metrics, and two answers over HTTP.
//!
//! Guarantees:
//! - One daemon works on a ledger at a time; another waits for its turn and says who leads.
//! - A mono-repo that cannot be read, or that suddenly declares nobody, changes nothing: what was wanted last is wanted
//!   still.
//! - A cycle that fails is repeated later and later, never more seldom than the regular one; a service that is down does
//!   not hold up the others.
//! - When it is stopped, calls under way are finished and recorded, no new one begins, and the lease is given back.
//! - Between cycles it keeps the files of the mono-repo and a few numbers, nothing that was read from a service.

mod cycle;
mod health;
mod lead;
mod metrics;
mod pace;
mod report;
mod reports;
mod serve;
mod wanted;
mod watch;

pub use lead::{Daemon, Options};
pub use serve::bind;
