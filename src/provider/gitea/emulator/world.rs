//! The state of the imitated server, all of it behind one lock.

pub(super) use super::accounts::{Account, Accounts, Email, Emails};
use super::hooks::Hooks;
use super::keys::UserKeys;
pub(super) use super::memberships::{Orgs, Team};
use super::repos::Repos;
use super::settings::Settings;
pub(super) use super::token_table::{Token, Tokens};

/// Everything the server knows.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) settings: Settings,
    pub(super) accounts: Accounts,
    pub(super) emails: Emails,
    pub(super) tokens: Tokens,
    pub(super) orgs: Orgs,
    pub(super) repos: Repos,
    pub(super) hooks: Hooks,
    pub(super) keys: UserKeys,
    /// Counters of what is numbered across all repositories.
    pub(super) last: Sequences,
}

/// The last id given out of each kind.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    pub(super) status: i64,
    pub(super) issue: i64,
    pub(super) pull: i64,
    pub(super) comment: i64,
    pub(super) public_key: i64,
    pub(super) deploy_key: i64,
}

/// The next number of a sequence.
pub(super) fn next(last: &mut i64) -> i64 {
    *last += 1;
    *last
}

/// What somebody may do, in rising order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    #[default]
    None,
    Read,
    Write,
    Admin,
    Owner,
}

impl Level {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// The level that a word grants; `owner` and unknown words grant none.
    pub(super) fn parse(word: &str) -> Self {
        match word {
            "read" => Self::Read,
            "write" => Self::Write,
            "admin" => Self::Admin,
            _ => Self::None,
        }
    }
}
