//! What a service holds of people and what they may do, read at the administrator's desk. Who adds a service to the
//! worlds writes one file here.

mod gitea;
mod keycloak;
mod mattermost;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::desk::{Desk, Refused};
use super::story::Hand;

/// Everything that a service holds and a wrong step could take away or give away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Accounts by name.
    pub people: BTreeMap<String, Account>,
    /// What people are in (groups, organisations, teams, repositories): by kind and path, with the service's id.
    pub containers: BTreeMap<String, String>,
    /// Who is in what: the container's kind and path, and the person's name.
    pub edges: BTreeSet<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The service's id.
    pub id: String,
    /// Whether it can be signed in to.
    pub open: bool,
    /// Its address.
    pub email: String,
    /// The name that people see.
    pub called: String,
    /// Whose it is: the id at the identity provider; empty for what signs in by itself.
    pub subject: String,
}

/// A service that takes part in the worlds.
#[derive(Clone, Copy)]
pub struct Service {
    /// Its type's name in the sandbox.
    pub name: &'static str,
    /// Makes what the platform needs before it is kept true: a realm, our account. Gives our secret there.
    pub found: for<'d> fn(&'d Desk) -> Pinned<'d, String>,
    /// Its part of the config; `{url}` stands for its address. The secret is in the variable `SECRET_` with its name.
    pub config: &'static str,
    /// Counts what it holds.
    pub count: for<'d> fn(&'d Desk) -> Pinned<'d, Result<Holdings, Refused>>,
    /// Somebody does something there.
    pub hand: for<'d> fn(&'d Desk, &'d Hand) -> Pinned<'d, ()>,
}

impl Service {
    /// Whether it is where people's identities come from.
    pub fn is_identity(&self) -> bool {
        self.name == SERVICES[0].name
    }
}

pub type Pinned<'d, T> = futures::future::BoxFuture<'d, T>;

/// The services of the worlds, the identity provider first.
pub const SERVICES: [Service; 3] = [keycloak::SERVICE, gitea::SERVICE, mattermost::SERVICE];

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
