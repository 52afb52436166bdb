//! Effective access: what an account has in the end, and through what. The closure over memberships, over what a team
//! lies in, and over what a team has a right on.
//!
//! What gives what is said by the kinds ([`KindSpec::member_of`](crate::engine::model::KindSpec::member_of) and
//! [`Gives`](crate::engine::model::Gives)); this module follows it and knows no service. It counts what is read: a right
//! that no kind describes (a repository's collaborator, a role given by hand) is not in it.

pub mod change;
mod closure;
mod state;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::engine::model::Address;

pub use state::State;

/// One thing that an account has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Holding {
    /// What: the account itself, where it may sign in; a team it is in; a repository; a workspace.
    pub on: Address,
    /// How far, where that can be told: `write`, `owner`; `administrator`, beside that the account may sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Through what, from the account on; empty for what it has by itself. The shortest way, if there are several.
    pub through: Vec<Address>,
}

/// What is known of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It may sign in.
    On,
    /// It is switched off: whatever it is in gives nothing until it is switched on again.
    Off,
    /// It is not there, or was not seen.
    Absent,
}
