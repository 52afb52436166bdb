//! One whole cycle that may write: lease, recovery, reading, plan, attempt. What `formulary apply` does once, and the
//! daemon again and again.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::cycle::Progress;
use super::executor::{ApplyError, StepProgress};
use super::outcome::Outcome;
use super::probe;
use super::recovery::Recovered;
use super::site::{Site, usable_approvals};
use super::turn::Turn;
use super::world::{PlannedWorld, World};
use crate::engine::report::summary::Summary;
use crate::engine::source::Snapshot;
use crate::runtime::ledger::{LeaseError, LedgerError, SharedLedger};

/// Everything that a cycle takes.
pub struct Cycle<'a> {
    /// The platform.
    pub site: &'a Site,
    /// Its ledger.
    pub ledger: &'a SharedLedger,
    /// Who we are, for whoever finds the lease held.
    pub holder: &'a str,
    /// Ends it: a reading is broken off, calls that write are finished and no new one begins.
    pub stop: CancellationToken,
    /// When no new call that writes may begin any more.
    pub deadline: Option<Instant>,
    /// How long work that goes on at a service is waited for, at most; each service has a time of its own, too.
    pub patience: Option<Duration>,
    /// Told what goes on.
    pub onlooker: &'a dyn Onlooker,
}

/// Told what goes on in a cycle.
pub trait Onlooker: Progress + StepProgress {
    /// What the last run had left open was looked at.
    fn recovered(&self, recovered: &[Recovered]);

    /// Somebody else is at work: after how long to ask again. `None` gives up.
    fn busy(&self, held: &LeaseError) -> Option<Duration> {
        let _ = held;
        None
    }
}

/// What came of a cycle.
pub struct Cycled {
    /// What the last run had left open.
    pub recovered: Vec<Recovered>,
    /// What was read.
    pub world: World,
    /// What was planned.
    pub planned: PlannedWorld,
    /// What was done; `None` when no step was ready.
    pub outcome: Option<Outcome>,
}

/// Why a cycle ended before its plan was attempted. No step was begun.
#[derive(Debug, thiserror::Error)]
pub enum CycleError {
    /// Somebody else is at work.
    #[error(transparent)]
    Lease(LeaseError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The plan was refused.
    #[error(transparent)]
    Refused(#[from] ApplyError),
    /// It was stopped while the services were read.
    #[error("stopped before anything was done")]
    Stopped,
}

impl From<LeaseError> for CycleError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Ledger(error) => Self::Ledger(error),
            held @ LeaseError::Held { .. } => Self::Lease(held),
        }
    }
}

impl Cycle<'_> {
    /// Runs it. `review` sees the plan before anything is done, may take steps out of it, and may end the cycle there
    /// by an error of its own. The lease is given back however it ends.
    ///
    /// # Errors
    /// [`CycleError`], or that of `review`. A service that fails is no error: it is in the world and in the outcome.
    pub async fn run<E: From<CycleError>>(
        &self,
        snapshot: &Snapshot,
        review: impl FnOnce(&World, &mut PlannedWorld) -> Result<(), E>,
    ) -> Result<Cycled, E> {
        let turn = self.begin().await?;
        let cycled = self.in_turn(&turn, snapshot, review).await;
        // What came of it is told all the same; a lease that is not given back runs out by itself.
        if let Err(error) = turn.end().await {
            tracing::warn!(%error, "the lease could not be given back");
        }
        cycled
    }

    /// Takes the lease, or waits for whoever holds it as long as the onlooker does.
    async fn begin(&self) -> Result<Turn, CycleError> {
        let Site { platform, clock, .. } = self.site;
        loop {
            let error = match Turn::begin(platform, self.ledger, clock, self.holder, self.stop.clone()).await {
                Ok(turn) => return Ok(turn.patient(self.patience)),
                Err(error) => error,
            };
            let pause = match &error {
                LeaseError::Held { .. } => self.onlooker.busy(&error),
                LeaseError::Ledger(_) => None,
            };
            let Some(pause) = pause else { return Err(error.into()) };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stop.cancelled() => return Err(CycleError::Stopped),
            }
        }
    }

    async fn in_turn<E: From<CycleError>>(
        &self,
        turn: &Turn,
        snapshot: &Snapshot,
        review: impl FnOnce(&World, &mut PlannedWorld) -> Result<(), E>,
    ) -> Result<Cycled, E> {
        let (recovered, world) = tokio::select! {
            biased;
            read = self.read(turn, snapshot) => read?,
            () = self.stop.cancelled() => return Err(CycleError::Stopped.into()),
        };
        let approvals = usable_approvals(&**self.ledger, self.site.now()).await.map_err(CycleError::Ledger)?;
        let mut planned = world.plan(&approvals);
        review(&world, &mut planned)?;
        turn.remember(&world, &planned).await.map_err(CycleError::Ledger)?;
        let outcome = if Summary::of(&planned.planned.plan).ready() == 0 {
            None
        } else {
            let (secrets, probe) = (self.site.secrets(), probe::from_environment(&*self.site.environment));
            let applied = turn.apply(&planned, &secrets, self.onlooker, &*probe, self.deadline).await;
            Some(applied.map_err(CycleError::Refused)?)
        };
        Ok(Cycled { recovered, world, planned, outcome })
    }

    /// Settles what was left open, and reads everything. Breaking off does no harm: an entry is settled whole or not at
    /// all, and reading writes nothing.
    async fn read(&self, turn: &Turn, snapshot: &Snapshot) -> Result<(Vec<Recovered>, World), CycleError> {
        let recovered = turn.recover().await?;
        self.onlooker.recovered(&recovered);
        let world = self.site.world(snapshot, Some(self.ledger), self.onlooker).await?;
        Ok((recovered, world))
    }
}
