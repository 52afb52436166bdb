//! What was seen: live objects, and how far the reading of them can be trusted.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Address, Failure, Fields, Instance, KindName, KindSpec, ScopeRule, Value};

/// A sign on a live object that some ledger owns it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    /// The identity of the ledger.
    pub ledger: String,
}

/// One object as the service shows it, in canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// Its name; the key as the service folds it.
    pub address: Address,
    /// The service's own id, if it has one beyond its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Its fields; a field that could not be read is missing, one that is empty is `Null`.
    pub fields: Fields,
    /// What others may use.
    #[serde(skip_serializing_if = "Fields::is_empty", default)]
    pub outputs: Fields,
    /// Whose it says it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mark: Option<Mark>,
}

impl Live {
    /// Whether it is switched on, or there and not put away, by the field with which removing it switches it off; `None`
    /// where removing it means something else, or the field is not shown.
    pub fn is_on(&self, spec: &KindSpec) -> Option<bool> {
        let (field, off) = spec.removal.switch()?;
        match self.fields.get(field) {
            Some(Value::Bool(value)) => Some(*value != off),
            _ => None,
        }
    }

    /// A field's text; `None` where it has none, or an empty one.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_text).filter(|text| !text.is_empty())
    }
}

/// A list whose completeness is judged as one: all objects of a kind, or those within one parent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// Which installation.
    pub instance: Instance,
    /// Which kind.
    pub kind: KindName,
    /// The key of the parent, for kinds that are listed per parent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<String>,
}

impl Scope {
    /// All objects of a kind.
    pub fn whole(instance: &Instance, kind: &str) -> Self {
        Self { instance: instance.clone(), kind: KindName::new(kind), parent: None }
    }

    /// Those within one parent.
    pub fn within(instance: &Instance, kind: &str, parent: &str) -> Self {
        Self { instance: instance.clone(), kind: KindName::new(kind), parent: Some(parent.to_owned()) }
    }

    /// The scope that proves the absence of an address of this kind.
    pub fn of(address: &Address, spec: &KindSpec) -> Self {
        let parent = match spec.scope {
            ScopeRule::Whole => None,
            ScopeRule::PerParent => Some(address.parent_key().unwrap_or_default().to_owned()),
        };
        Self { instance: address.instance.clone(), kind: address.kind.clone(), parent }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.instance, self.kind)?;
        self.parent.as_ref().map_or(Ok(()), |parent| write!(f, "/{parent}/*"))
    }
}

/// How far a reading can be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// The list is whole; the text says what proved it. Only this proves absence.
    Complete(String),
    /// It may not be: what is missing from it is unknown, not absent.
    Incomplete(Failure),
    /// It was whole when it was read, which was at this time, not in this cycle.
    Cached(DateTime<Utc>),
}

/// One reading of one scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// What was read.
    pub scope: Scope,
    /// When.
    pub at: DateTime<Utc>,
    /// How far it can be trusted.
    pub completeness: Completeness,
    /// What was there, in order of address.
    pub objects: Vec<Live>,
}

/// What probing found out about an installation: recorded with its date and used offline.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Capabilities {
    /// The service's version as it says it, if it does.
    pub version: Option<String>,
    /// Facts that lowering and planning rely on, by the provider's own names.
    pub facts: BTreeMap<String, Value>,
    /// Our own accounts there: never drift, never removed.
    pub own_accounts: Vec<Address>,
}
