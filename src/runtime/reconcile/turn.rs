//! A turn at writing: the lease held for as long as it lasts, what a crash left settled first, one attempt at a plan.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::executor::{Apply, ApplyError, StepProgress, apply};
use super::following::Patience;
use super::hold::Hold;
use super::inputs::StepSecrets;
use super::outcome::Outcome;
use super::platform::Platform;
use super::probe::JournalProbe;
use super::recovery::{Recovered, recover};
use super::world::{PlannedWorld, World};
use super::{Hands, Member};
use crate::engine::diff::Kinds;
use crate::engine::model::{Completeness, Instance, Observation};
use crate::runtime::ledger::{Entry, LeaseError, LedgerError, SharedLedger};
use crate::runtime::sys::SharedClock;

/// The lease that whoever writes must hold.
const LEASE: &str = "apply";

/// A turn at writing. Dropping it without [`Turn::end`] leaves the lease to run out.
pub struct Turn {
    ledger: SharedLedger,
    hold: Hold,
    clock: SharedClock,
    hands: BTreeMap<Instance, Hands>,
    kinds: Kinds,
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
        let hold = Hold::take(ledger, clock, LEASE, holder, stop.clone()).await?;
        let mut kinds = Kinds::default();
        for (instance, member) in &platform.members {
            kinds.insert(instance.clone(), member.provider.kinds());
        }
        let hands = platform.members.iter().map(|(instance, member)| (instance.clone(), hands(member))).collect();
        Ok(Self { ledger: Arc::clone(ledger), hold, clock: Arc::clone(clock), hands, kinds, stop })
    }

    /// The same turn, waiting no longer than this for work that goes on at a service.
    #[must_use]
    pub fn patient(mut self, at_most: Option<Duration>) -> Self {
        for hands in self.hands.values_mut() {
            hands.patience.whole = hands.patience.whole.min(at_most.unwrap_or(Duration::MAX));
        }
        self
    }

    /// Settles what a crash left. Before anything is read or planned.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn recover(&self) -> Result<Vec<Recovered>, LedgerError> {
        recover(&*self.ledger, self.hold.fence(), &self.kinds, &self.hands, &*self.clock).await
    }

    /// Writes what a reading found: capabilities, whole scopes, records that are true but out of date; and the numbers
    /// that people have or are about to be given, so that none is ever given again.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn remember(&self, world: &World, planned: &PlannedWorld) -> Result<(), LedgerError> {
        let now = self.clock.now();
        let fence = self.hold.fence();
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
            fence: self.hold.fence(),
            tenure: self.hold.tenure(),
            known: &planned.known,
            payloads: &planned.payloads,
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
        self.hold.release().await
    }
}

fn hands(member: &Member) -> Hands {
    Hands {
        reader: member.reader(),
        writer: member.writer(),
        concurrency: member.connection.limits.concurrency.max(1),
        patience: Patience::of(member.patience),
    }
}
