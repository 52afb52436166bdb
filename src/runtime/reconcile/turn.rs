//! A turn at writing: the lease held for as long as it lasts, what a crash left settled first, one attempt at a plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::executor::{Apply, ApplyError, StepProgress, apply};
use super::inputs::StepSecrets;
use super::outcome::Outcome;
use super::platform::Platform;
use super::probe::JournalProbe;
use super::recovery::{Recovered, recover};
use super::world::{PlannedWorld, World};
use super::{Hands, Member};
use crate::engine::diff::Kinds;
use crate::engine::model::{Completeness, Instance, Observation};
use crate::runtime::ledger::{Entry, Lease, LeaseError, LedgerError, SharedLedger};
use crate::runtime::sys::SharedClock;

/// The lease that whoever writes must hold.
const LEASE: &str = "apply";
/// How long it lasts when it is not renewed: after a crash the next one waits at most this long.
const TTL_SECONDS: i64 = 60;

/// A turn at writing. Dropping it without [`Turn::end`] leaves the lease to run out.
pub struct Turn {
    ledger: SharedLedger,
    lease: Lease,
    clock: SharedClock,
    hands: BTreeMap<Instance, Hands>,
    kinds: Kinds,
    renewal: JoinHandle<()>,
    /// Cancelled when the lease was lost, or by whoever stops the turn.
    pub stop: CancellationToken,
}

impl Turn {
    /// Takes the lease, or says who holds it.
    ///
    /// # Errors
    /// When somebody else is at work, or the ledger cannot be written.
    pub async fn begin(
        platform: &Platform,
        ledger: &SharedLedger,
        clock: &SharedClock,
        holder: &str,
        stop: CancellationToken,
    ) -> Result<Self, LeaseError> {
        let ttl = Duration::seconds(TTL_SECONDS);
        let lease = ledger.acquire_lease(LEASE, holder, ttl, clock.now()).await?;
        let renewal = tokio::spawn(renew(Arc::clone(ledger), lease.clone(), Arc::clone(clock), stop.clone()));
        let mut kinds = Kinds::default();
        for (instance, member) in &platform.members {
            kinds.insert(instance.clone(), member.provider.kinds());
        }
        let hands = platform.members.iter().map(|(instance, member)| (instance.clone(), hands(member))).collect();
        Ok(Self { ledger: Arc::clone(ledger), lease, clock: Arc::clone(clock), hands, kinds, renewal, stop })
    }

    /// Settles what a crash left. Before anything is read or planned.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn recover(&self) -> Result<Vec<Recovered>, LedgerError> {
        recover(&*self.ledger, &self.lease.fence, &self.kinds, &self.hands, &*self.clock).await
    }

    /// Writes what a reading found: capabilities, whole scopes, records that are true but out of date; and the numbers
    /// that people have or are about to be given, so that none is ever given again.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn remember(&self, world: &World, planned: &PlannedWorld) -> Result<(), LedgerError> {
        let now = self.clock.now();
        let fence = &self.lease.fence;
        for (instance, probe) in &world.probes {
            if let Ok(probe) = probe {
                self.ledger.save_capabilities(fence, instance, &probe.capabilities, now).await?;
            }
        }
        self.ledger.keep_numbers(fence, &world.given, now).await?;
        let is_whole = |it: &&Observation| matches!(it.completeness, Completeness::Complete(_));
        let whole: Vec<Observation> = world.observations.iter().filter(is_whole).cloned().collect();
        self.ledger.save_observations(fence, &whole).await?;
        let mut entries = Vec::with_capacity(planned.refresh.len());
        for refresh in &planned.refresh {
            if refresh.was != refresh.now.address {
                entries.push(Entry::Forget(refresh.was.clone()));
            }
            entries.push(Entry::Put(Box::new(refresh.now.clone())));
        }
        if entries.is_empty() { Ok(()) } else { self.ledger.record(fence, &entries, now).await }
    }

    /// Makes one attempt at the plan.
    ///
    /// # Errors
    /// Before the first call; see [`ApplyError`].
    pub async fn apply(
        &self,
        planned: &PlannedWorld,
        secrets: &dyn StepSecrets,
        progress: &dyn StepProgress,
        probe: &dyn JournalProbe,
        deadline: Option<Instant>,
    ) -> Result<Outcome, ApplyError> {
        apply(&Apply {
            plan: &planned.planned.plan,
            kinds: &self.kinds,
            hands: &self.hands,
            ledger: &*self.ledger,
            fence: &self.lease.fence,
            known: &planned.known,
            released: &planned.planned.released,
            secrets,
            progress,
            probe,
            clock: &*self.clock,
            stop: self.stop.clone(),
            deadline,
        })
        .await
    }

    /// Gives the lease back.
    ///
    /// # Errors
    /// When the ledger fails; the lease then runs out by itself.
    pub async fn end(self) -> Result<(), LedgerError> {
        self.ledger.release_lease(&self.lease).await
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

fn hands(member: &Member) -> Hands {
    Hands { reader: member.reader(), writer: member.writer(), concurrency: member.connection.limits.concurrency.max(1) }
}

/// Renews the lease until it ends; when it is lost, nothing more may be begun.
async fn renew(ledger: SharedLedger, lease: Lease, clock: SharedClock, stop: CancellationToken) {
    let third = std::time::Duration::from_secs((TTL_SECONDS / 3).unsigned_abs());
    loop {
        tokio::time::sleep(third).await;
        if let Err(error) = ledger.renew_lease(&lease, Duration::seconds(TTL_SECONDS), clock.now()).await {
            tracing::error!(%error, "the lease could not be renewed; nothing more is begun");
            stop.cancel();
            return;
        }
    }
}
