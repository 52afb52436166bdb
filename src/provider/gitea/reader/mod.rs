//! The reading half: it holds a door that lets only reading routes pass.

mod look;
mod observe;

use async_trait::async_trait;

use super::api::Api;
use super::api::routes::READ_ROUTES;
use super::doctor;
use super::errors::classify;
use super::options::Options;
use crate::engine::model::{Address, Failure, Instance, Observation};
use crate::provider::contract::{Changed, Look, ObserveRequest, Probe, Reader, Related, Trail};
use crate::provider::http::{Connection, Door, StaticHeader};
use crate::runtime::sys::SharedClock;

/// Looks at one installation of Gitea.
pub struct GiteaReader {
    /// What every answer needs, or why no door could be opened.
    open: Result<Open, Failure>,
    instance: Instance,
    clock: SharedClock,
}

struct Open {
    api: Api,
    options: Options,
}

impl GiteaReader {
    /// Looks through a connection. A door that cannot be opened is told at the first question.
    pub fn new(connection: Connection) -> Self {
        let (instance, clock) = (connection.instance.clone(), connection.clock.clone());
        let open = connection
            .read_options::<Options>()
            .and_then(|options| Ok(Open { api: Api::new(door(connection)?.read_only(READ_ROUTES)), options }));
        Self { open, instance, clock }
    }
}

#[async_trait]
impl Reader for GiteaReader {
    async fn probe(&self) -> Result<Probe, Failure> {
        let open = self.open.as_ref().map_err(Clone::clone)?;
        doctor::probe(&open.api, &self.instance, &open.options).await
    }

    async fn observe(&self, request: &ObserveRequest) -> Vec<Observation> {
        let at = self.clock.now();
        match &self.open {
            Ok(open) => observe::observe(&open.api, &self.instance, at, request).await,
            Err(failure) => observe::unseen(&self.instance, at, request, failure),
        }
    }

    /// Its feeds tell of repositories, and of nothing that an administrator does to accounts and teams (guide, section 13).
    async fn causes(&self, _: &[Changed]) -> Result<Trail, Failure> {
        Ok(Trail::None("it keeps no trail of what administrators change".to_owned()))
    }

    async fn look(&self, address: &Address, external_id: Option<&str>, related: &Related) -> Result<Look, Failure> {
        let open = self.open.as_ref().map_err(Clone::clone)?;
        look::look(&open.api, address, external_id, related).await
    }
}

/// The door to an installation, signed with its token.
pub(super) fn door(connection: Connection) -> Result<Door, Failure> {
    let signature = StaticHeader::new(connection.clone(), "token", "token");
    Door::new(connection, Box::new(signature), classify)
}
