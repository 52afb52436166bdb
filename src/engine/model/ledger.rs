//! What we remember: objects that we made or adopted, as the engine needs to know them.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Address, Fields, Value};

/// Who declares a resource: an entity of the mono-repo (`user:default/alice`) or the config (`config`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Owner(pub String);

impl Owner {
    /// What the config declares.
    pub fn config() -> Self {
        Self("config".to_owned())
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How an object came to be ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// We made it.
    Created,
    /// It was there and was adopted.
    Adopted,
}

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectState {
    /// Declared and kept true.
    Active,
    /// No longer declared; switched off by us at this time, data kept until retention ends.
    Disabled(DateTime<Utc>),
    /// No longer declared but left standing (the memberships of somebody who left), since this time.
    Retained(DateTime<Utc>),
}

/// One object in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its name when it was last written.
    pub address: Address,
    /// The service's own id.
    pub external_id: Option<String>,
    /// Who declared it.
    pub owner: Owner,
    /// The file that declared it last: what this file declared stands while the file cannot be read.
    pub file: String,
    /// The fields as they were last applied or found equal.
    pub last_applied: Fields,
    /// Keyed digests of write-only fields as last sent.
    pub digests: BTreeMap<String, String>,
    /// What others may use.
    pub outputs: Fields,
    /// How it came to be ours.
    pub origin: Origin,
    /// Where it stands.
    pub state: ObjectState,
}

/// Numbers given out once and never again, by name of the pool and of what they were given to.
pub type Allotments = BTreeMap<(String, String), Value>;
