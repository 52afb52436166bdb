//! The reading half: it holds a door that lets only questions pass, and rehearsals.

mod follow;
mod look;
mod observe;
mod rehearse;

use async_trait::async_trait;

use super::api::Api;
use super::carrier::Kube;
use super::doctor;
use super::errors::classify;
use super::options::Options;
use crate::engine::model::{Address, Failure, Fields, Instance, Observation};
use crate::engine::plan::Step;
use crate::provider::contract::{Changed, Follow, Look, ObserveRequest, Probe, Reader, Related, Trail};
use crate::provider::http::{Connection, Door};

/// Looks at one cluster.
pub struct KubernetesReader {
    open: Result<Open, Failure>,
    connection: Connection,
}

pub(super) struct Open {
    pub(super) api: Api,
    pub(super) options: Options,
}

impl KubernetesReader {
    /// Looks through a connection. A door that cannot be opened is told at the first question.
    pub fn new(connection: Connection) -> Self {
        let open = connection.read_options::<Options>().and_then(|options| {
            let door = door(connection.clone(), options.clone())?;
            Ok(Open { api: Api::new(&door), options })
        });
        Self { open, connection }
    }

    fn instance(&self) -> &Instance {
        &self.connection.instance
    }

    fn open(&self) -> Result<&Open, Failure> {
        self.open.as_ref().map_err(Clone::clone)
    }
}

#[async_trait]
impl Reader for KubernetesReader {
    async fn probe(&self) -> Result<Probe, Failure> {
        let Open { api, options } = self.open()?;
        doctor::probe(api, options).await
    }

    async fn observe(&self, request: &ObserveRequest) -> Vec<Observation> {
        let cycle = observe::Cycle { instance: self.instance(), at: self.connection.clock.now(), request };
        match self.open() {
            Ok(Open { api, options }) => cycle.read(api, options).await,
            Err(failure) => cycle.unseen(&failure),
        }
    }

    /// Who holds and wrote each value is read with it: see `FieldSpec::told_by`.
    async fn causes(&self, _: &[Changed]) -> Result<Trail, Failure> {
        Ok(Trail::Kept(Default::default()))
    }

    async fn look(&self, address: &Address, _: Option<&str>, _: &Related) -> Result<Look, Failure> {
        let Open { api, options } = self.open()?;
        look::look(api, options, self.instance(), address).await
    }

    async fn rehearse(&self, step: &Step, fields: &Fields, ledger: &str) -> Result<(), Failure> {
        rehearse::rehearse(self.open()?, step, fields, ledger).await
    }

    async fn follow(&self, address: &Address, handle: &str, _: &Related) -> Result<Follow, Failure> {
        follow::follow(&self.open()?.api, address, handle).await
    }
}

/// The door to a cluster, through which `kube` carries the calls.
pub(super) fn door(connection: Connection, options: Options) -> Result<Door, Failure> {
    let carrier = Kube::new(connection.clone(), options);
    Door::carried(connection, Box::new(carrier), classify)
}
