//! The reading half: it holds a door that lets only reading routes pass.
//!
//! To a narrow right Coder answers 200 with fewer rows, or none (trap 39). So our rights are asked for before and after,
//! and a list counts only while we may read everything of its sort.

mod follow;
mod look;
mod observe;

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::api::{Api, READ_ROUTES};
use super::doctor;
use super::errors::classify;
use super::options::Options;
use crate::engine::model::{Address, Failure, FailureClass, Instance, Observation};
use crate::provider::contract::{Changed, Follow, Look, ObserveRequest, Probe, Reader, Related, Trail};
use crate::provider::http::{Connection, Door, StaticHeader};
use crate::runtime::sys::SharedClock;

/// Looks at one installation of Coder.
pub struct CoderReader {
    open: Result<Open, Failure>,
    instance: Instance,
    clock: SharedClock,
}

struct Open {
    api: Api,
    options: Options,
    connection: Connection,
}

impl CoderReader {
    /// Looks through a connection. A door that cannot be opened is told at the first question.
    pub fn new(connection: Connection) -> Self {
        let (instance, clock) = (connection.instance.clone(), connection.clock.clone());
        let open = connection.read_options::<Options>().and_then(|options| {
            let door = door(connection.clone())?.read_only(READ_ROUTES);
            Ok(Open { api: Api::new(door, &connection.base, &options.organization), options, connection })
        });
        Self { open, instance, clock }
    }
}

#[async_trait]
impl Reader for CoderReader {
    async fn probe(&self) -> Result<Probe, Failure> {
        let open = self.open.as_ref().map_err(Clone::clone)?;
        doctor::probe(&open.api, &self.instance, &open.options, &open.connection).await
    }

    async fn observe(&self, request: &ObserveRequest) -> Vec<Observation> {
        let cycle = observe::Cycle {
            instance: &self.instance,
            at: self.clock.now(),
            request,
            groups: self.open.as_ref().is_ok_and(|open| open.options.groups),
        };
        let mut observations = match &self.open {
            Ok(open) => cycle.read(&open.api).await,
            Err(failure) => cycle.unseen(failure),
        };
        observations.sort_by(|a, b| a.scope.cmp(&b.scope));
        observations
    }

    /// Its audit log is recorded by the licensed edition alone.
    async fn causes(&self, _: &[Changed]) -> Result<Trail, Failure> {
        Ok(Trail::None("its audit log is not read yet".to_owned()))
    }

    async fn look(&self, address: &Address, external_id: Option<&str>, _: &Related) -> Result<Look, Failure> {
        let open = self.open.as_ref().map_err(Clone::clone)?;
        look::look(&open.api, &self.instance, address, external_id).await
    }

    async fn follow(&self, address: &Address, handle: &str, _: &Related) -> Result<Follow, Failure> {
        let open = self.open.as_ref().map_err(Clone::clone)?;
        follow::follow(&open.api, address, handle).await
    }
}

/// The door to an installation, signed with its token.
pub(super) fn door(connection: Connection) -> Result<Door, Failure> {
    let signature = StaticHeader::new(connection.clone(), "Bearer", "token");
    Door::new(connection, Box::new(signature), classify)
}

/// The failure of a right that we do not have.
fn missing(right: &str, rights: &BTreeMap<String, bool>) -> Option<Failure> {
    (rights.get(right) != Some(&true)).then(|| {
        Failure::new(
            FailureClass::MissingRights,
            right,
            "our account may not, so that lists may be shorter than they are",
        )
        .help("our account needs user-admin and template-admin, and organization-admin in its organisation")
    })
}
