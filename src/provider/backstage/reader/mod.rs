//! The reading half: it holds a door that lets only reading routes pass, and one that registers as long as nothing is to be done.

mod follow;
mod look;
mod observe;
mod rehearse;

use async_trait::async_trait;

use super::api::{Api, READ_ROUTES};
use super::doctor;
use super::errors::classify;
use super::options::Options;
use crate::engine::model::{Address, Failure, Fields, Observation};
use crate::engine::plan::Step;
use crate::provider::contract::{Follow, Look, ObserveRequest, Probe, Reader, Related};
use crate::provider::http::{Connection, Door, StaticHeader};

/// Looks at one Backstage.
pub struct BackstageReader {
    open: Result<Api, Failure>,
    connection: Connection,
}

impl BackstageReader {
    /// Looks through a connection. A door that cannot be opened is told at the first question.
    pub fn new(connection: Connection) -> Self {
        let open = connection
            .read_options::<Options>()
            .and_then(|options| Ok(Api::new(door(connection.clone())?.read_only(READ_ROUTES), options)));
        Self { open, connection }
    }

    fn api(&self) -> Result<&Api, Failure> {
        self.open.as_ref().map_err(Clone::clone)
    }
}

#[async_trait]
impl Reader for BackstageReader {
    async fn probe(&self) -> Result<Probe, Failure> {
        doctor::probe(self.api()?).await
    }

    async fn observe(&self, request: &ObserveRequest) -> Vec<Observation> {
        observe::observe(&self.open, &self.connection, request).await
    }

    async fn look(&self, address: &Address, external_id: Option<&str>, _: &Related) -> Result<Look, Failure> {
        look::look(self.api()?, address, external_id).await
    }

    async fn rehearse(&self, step: &Step, fields: &Fields, _ledger: &str) -> Result<(), Failure> {
        rehearse::rehearse(self.api()?, step, fields).await
    }

    async fn follow(&self, address: &Address, handle: &str, _: &Related) -> Result<Follow, Failure> {
        follow::follow(self.api()?, address, handle, self.connection.clock.now()).await
    }
}

/// The door to a Backstage, signed with our token.
pub(super) fn door(connection: Connection) -> Result<Door, Failure> {
    let signature = StaticHeader::new(connection.clone(), "Bearer", "token");
    Door::new(connection, Box::new(signature), classify)
}
