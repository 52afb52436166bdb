//! One attempt at a plan: each step journalled before its call, and after it together with what it changed.
//!
//! Guarantees:
//! - No call is made before the intent of its step is on disk. When the ledger cannot be written, no call is made.
//! - A step runs when all that it needs is done; a failure stops its dependants and nothing else. Steps on one resource
//!   run one after another.
//! - Nothing is repeated here. A lost answer is settled by reading; a step that failed is planned again by the next run.
//! - What goes on at a service after its call is waited for, and holds up nothing but what needs it. Its handle is on disk
//!   before anybody waits.
//! - When it is stopped, calls under way are finished and recorded, and no new one begins; what goes on
//!   at a service is left to the next run. The same when it was paused
//!   for longer than its lease lasts: somebody else may lead by then, and have settled what was journalled here.
//!
//! What it costs to be safe against a power cut is paid for many steps at once: some steps more than can be under way
//! are journalled ahead, and a result may wait a few milliseconds for others (see `execution.rs`). A crash then
//! leaves that many more entries to be settled by reading, which is what recovery does anyway.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::call::Hands;
use super::execution::Execution;
use super::hold::Tenure;
use super::inputs::StepSecrets;
use super::outcome::{Outcome, StepOutcome};
use super::probe::JournalProbe;
use crate::engine::diff::Kinds;
use crate::engine::model::Instance;
use crate::engine::plan::{NoteLevel, Plan, Step};
use crate::provider::contract::{Payloads, Related};
use crate::runtime::ledger::{Fence, Ledger, LedgerError};
use crate::runtime::sys::Clock;

/// Everything that an attempt at a plan takes.
pub struct Apply<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The kinds of every installation.
    pub kinds: &'a Kinds,
    /// Both halves of each installation's provider.
    pub hands: &'a BTreeMap<Instance, Hands>,
    /// Where it is journalled.
    pub ledger: &'a dyn Ledger,
    /// The right to write there.
    pub fence: &'a Fence,
    /// How long that right is surely ours.
    pub tenure: &'a Tenure,
    /// Ids and outputs that are known before anything is done.
    pub known: &'a Related,
    /// Bytes that steps send, by their hash.
    pub payloads: &'a Arc<Payloads>,
    /// Which approval released which step, by the step's digest. It is spent when the step succeeds.
    pub released: &'a BTreeMap<String, i64>,
    /// Where secrets come from.
    pub secrets: &'a dyn StepSecrets,
    /// Told what goes on.
    pub progress: &'a dyn StepProgress,
    /// Told where it could be killed.
    pub probe: &'a dyn JournalProbe,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Ends it early.
    pub stop: CancellationToken,
    /// When no new call may begin any more.
    pub deadline: Option<Instant>,
}

/// Told what goes on, for people who wait.
pub trait StepProgress: Send + Sync {
    /// A step is journalled, and its call begins.
    fn started(&self, step: &Step);
    /// What a step began goes on at the service; what it is at.
    fn goes_on(&self, step: &Step, what: &str) {
        let _ = (step, what);
    }
    /// What came of a step; also of one that was never started.
    fn finished(&self, step: &Step, outcome: &StepOutcome);
}

impl StepProgress for super::Quiet {
    fn started(&self, _: &Step) {}
    fn finished(&self, _: &Step, _: &StepOutcome) {}
}

/// A plan that is not even begun. No call was made.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// It was made without a ledger.
    #[error("the plan was made without a ledger")]
    NoLedger,
    /// It was made with another ledger.
    #[error("the plan relies on ledger '{of_plan}', this one is '{ours}'")]
    OtherLedger {
        /// The plan's.
        of_plan: String,
        /// Ours.
        ours: String,
    },
    /// The linter forbids it.
    #[error("the plan breaks a rule of ours: {0}")]
    Fatal(String),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Makes one attempt at a plan. What came of each step is in the outcome; it is recorded in the ledger as a run.
///
/// # Errors
/// Only before the first call; see [`ApplyError`]. Later troubles are in the outcome.
pub async fn apply(job: &Apply<'_>) -> Result<Outcome, ApplyError> {
    match &job.plan.ledger {
        None => return Err(ApplyError::NoLedger),
        Some(of_plan) if *of_plan != job.ledger.identity().id => {
            let ours = job.ledger.identity().id.clone();
            return Err(ApplyError::OtherLedger { of_plan: of_plan.clone(), ours });
        }
        Some(_) => {}
    }
    if let Some(note) = job.plan.notes.iter().find(|note| note.level == NoteLevel::Fatal) {
        return Err(ApplyError::Fatal(note.message.clone()));
    }
    let mut execution = Execution::begin(job).await?;
    execution.run().await;
    Ok(execution.end().await)
}
