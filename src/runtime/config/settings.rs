//! The config as a value: everything in it was checked, everything left out has its default.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::engine::diag::{Diagnostic, Span};
use crate::engine::model::entity::EntityRef;

use super::services::{Credentials, Service};

/// The settings of one environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that it was read from; relative paths in it start from the folder of this file.
    pub path: PathBuf,
    /// The name of the platform, such as `acme`: marks and plans carry it.
    pub platform: String,
    /// The mono-repo, if the config names one; the command line can name another.
    pub repository: Option<Repository>,
    /// Where it is recorded what we did and own.
    pub ledger: LedgerPlace,
    /// What holds for people and organisations that say nothing themselves.
    pub defaults: Defaults,
    /// Which instance plays which role, such as `identity`. Every role that some type offers exactly once is bound here.
    pub roles: BTreeMap<String, String>,
    /// The service instances, by name.
    pub services: BTreeMap<String, Service>,
    /// What no plan may remove, disable or weaken: break-glass accounts and our own.
    pub protected: Vec<Protected>,
    /// How approvals are treated.
    pub approvals: Approvals,
    /// What was found odd but not wrong while the file was read.
    pub warnings: Vec<Diagnostic>,
    /// The place of every value in the file, by JSON pointer.
    pub(super) places: BTreeMap<String, Span>,
}

/// Where the mono-repo is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// `https://…`, `file://…`, or a path, made absolute.
    pub url: String,
    /// The branch that is kept true; the remote's own default when it is left out.
    pub branch: Option<String>,
    /// How to sign in there, if one must.
    pub credentials: Credentials,
}

/// Where the ledger is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerPlace {
    /// An SQLite file, made when it is missing.
    Path(PathBuf),
    /// A PostgreSQL database, without user and password in the address.
    Url {
        /// `postgres://host:port/database`.
        url: url::Url,
        /// The account that may write there.
        credentials: Box<Credentials>,
    },
}

/// What holds where an organisation, a team or a person says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// The instances that a person gets, sorted. All instances when the config says nothing.
    pub services: Vec<String>,
    /// How far we go with what is declared.
    pub manage: Extent,
    /// How a newcomer first signs in.
    pub first_sign_in: FirstSignIn,
}

/// How far we go with an object (`formulary.dev/manage`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Extent {
    /// It is made, kept true, and offboarded.
    #[default]
    Full,
    /// It is made when it is missing and then left alone.
    CreateOnly,
    /// It is read and compared, and nothing is written.
    Observe,
}

/// How a newcomer gets in for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum FirstSignIn {
    /// The identity provider sends one message with a link to choose a password.
    Invitation,
    /// An upstream identity provider knows the person already.
    Upstream,
    /// Nothing is sent; the first sign-in is arranged elsewhere. The default, because a message cannot be taken back.
    #[default]
    Nothing,
}

/// Something that no plan may remove, disable or weaken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protected {
    /// A person or group, in every service.
    Entity(EntityRef),
    /// One object of one service, as `instance:kind/key`.
    Address(String),
}

/// How approvals are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approvals {
    /// How long an approval can be used after it was given.
    pub expire: Duration,
}

impl Config {
    /// The place of the value at a JSON pointer (`/services/gitea/options/source_id`), or of the nearest value around
    /// it that is in the file. The empty pointer is the whole file.
    pub fn place(&self, pointer: &str) -> Option<&Span> {
        let mut pointer = pointer;
        loop {
            if let Some(span) = self.places.get(pointer) {
                return Some(span);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }

    /// The instance in a role, such as `identity`.
    pub fn in_role(&self, role: &str) -> Option<&Service> {
        self.services.get(self.roles.get(role)?)
    }
}

impl Default for Approvals {
    fn default() -> Self {
        // Three days: what was approved on a Friday can still be applied on the Monday.
        Self { expire: Duration::from_secs(72 * 60 * 60) }
    }
}
