//! The reading half: each list read whole, page by page, with its proof.
//!
//! The one right of the management API is all or nothing, so that no list is shorter for want of rights. What makes lists
//! untrue here are parents that do not exist (their lists are empty, without an error), rows that move between pages, and
//! pages for people in the place of answers.

mod look;
mod observe;

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::api::{Access, Reads};
use super::convert::View;
use super::options::Options;
use super::{doctor, kinds};
use crate::engine::model::{Address, Completeness, Failure, Instance, Live, Observation, Scope, ScopeRule};
use crate::provider::contract::{Changed, Look, ObserveRequest, Probe, Reader, Related, Trail};
use crate::provider::http::Connection;

/// The reading half. An installation whose options cannot be used answers everything with that failure.
pub struct LogtoReader {
    parts: Result<Parts, Failure>,
    instance: Instance,
}

/// What reading needs.
#[derive(Clone)]
pub struct Parts {
    pub connection: Connection,
    pub options: Options,
    pub reads: Reads,
    pub view: View,
}

/// Objects that were read, and what proves that they are all.
pub type Read = Result<(Vec<Live>, String), Failure>;

impl LogtoReader {
    /// A reading half for one installation.
    pub fn new(connection: Connection) -> Self {
        let instance = connection.instance.clone();
        let parts = Access::open(connection.clone()).map(|access| Parts::new(connection, &access));
        Self { parts, instance }
    }
}

impl Parts {
    /// What reading needs, of an open way.
    pub fn new(connection: Connection, access: &Access) -> Self {
        let view = View { instance: connection.instance.clone(), ledger: None };
        Self { connection, options: access.options.clone(), reads: access.reads(), view }
    }
}

#[async_trait]
impl Reader for LogtoReader {
    async fn probe(&self) -> Result<Probe, Failure> {
        doctor::probe(self.parts.as_ref().map_err(Clone::clone)?).await
    }

    async fn observe(&self, request: &ObserveRequest) -> Vec<Observation> {
        match &self.parts {
            Ok(parts) => parts.observe(request).await,
            Err(failure) => scopes(&self.instance, request)
                .into_iter()
                .map(|scope| Observation {
                    scope,
                    at: DateTime::<Utc>::UNIX_EPOCH,
                    completeness: Completeness::Incomplete(failure.clone()),
                    objects: Vec::new(),
                })
                .collect(),
        }
    }

    async fn look(&self, address: &Address, external_id: Option<&str>, related: &Related) -> Result<Look, Failure> {
        self.parts.as_ref().map_err(Clone::clone)?.look(address, external_id, related).await
    }

    async fn causes(&self, _: &[Changed]) -> Result<Trail, Failure> {
        let why =
            "Logto's audit log tells of sign-ins and tokens, and of nothing that was changed by its API or its console";
        Ok(Trail::None(why.to_owned()))
    }
}

/// What is asked for, as scopes, in a fixed order.
fn scopes(instance: &Instance, request: &ObserveRequest) -> Vec<Scope> {
    let mut scopes = BTreeSet::new();
    for kind in &request.kinds {
        if kinds::kind(kind.as_str()).is_some_and(|spec| spec.scope == ScopeRule::PerParent) {
            let parents = request.parents.get(kind).into_iter().flatten();
            scopes.extend(parents.map(|parent| Scope::within(instance, kind.as_str(), parent)));
        } else {
            scopes.insert(Scope::whole(instance, kind.as_str()));
        }
    }
    scopes.into_iter().collect()
}
