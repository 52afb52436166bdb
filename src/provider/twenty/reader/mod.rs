//! The reading half: it holds a door that lets only reading routes pass, and one question on the data model.

mod look;
mod observe;

use async_trait::async_trait;

use super::api::{Api, DOCUMENTS, READ_ROUTES};
use super::doctor;
use super::errors::classify;
use super::options::Options;
use crate::engine::model::{Address, Failure, Instance, Observation};
use crate::provider::contract::{Look, ObserveRequest, Probe, Reader, Related};
use crate::provider::http::{Connection, Door, StaticHeader};

/// Looks at one workspace of Twenty.
pub struct TwentyReader {
    open: Result<Open, Failure>,
    connection: Connection,
}

struct Open {
    api: Api,
    options: Options,
}

impl TwentyReader {
    /// Looks through a connection. A door that cannot be opened is told at the first question.
    pub fn new(connection: Connection) -> Self {
        let open = connection.read_options::<Options>().and_then(|options| {
            let door = door(connection.clone())?.read_only(READ_ROUTES).asking(DOCUMENTS);
            Ok(Open { api: Api::new(door, options.clone()), options })
        });
        Self { open, connection }
    }

    fn instance(&self) -> &Instance {
        &self.connection.instance
    }
}

#[async_trait]
impl Reader for TwentyReader {
    async fn probe(&self) -> Result<Probe, Failure> {
        let open = self.open.as_ref().map_err(Clone::clone)?;
        doctor::probe(&open.api, &open.options, &self.connection).await
    }

    async fn observe(&self, request: &ObserveRequest) -> Vec<Observation> {
        let cycle = observe::Cycle { connection: &self.connection, at: self.connection.clock.now(), request };
        let mut observations = match &self.open {
            Ok(open) => cycle.read(&open.api, &open.options).await,
            Err(failure) => cycle.unseen(failure),
        };
        observations.sort_by(|a, b| a.scope.cmp(&b.scope));
        observations
    }

    async fn look(&self, address: &Address, external_id: Option<&str>, _: &Related) -> Result<Look, Failure> {
        let open = self.open.as_ref().map_err(Clone::clone)?;
        debug_assert_eq!(address.instance, *self.instance());
        look::look(&open.api, &open.options, &self.connection, address, external_id).await
    }
}

/// The door to a workspace, signed with its key.
pub(super) fn door(connection: Connection) -> Result<Door, Failure> {
    let signature = StaticHeader::new(connection.clone(), "Bearer", "token");
    Door::new(connection, Box::new(signature), classify)
}

/// What links to a workspace begin with.
pub(super) fn base(connection: &Connection) -> &str {
    connection.base.as_str().trim_end_matches('/')
}
