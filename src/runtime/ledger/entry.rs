//! What is written into a ledger and read from it, beside the engine's own types.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::engine::model::{Address, Failure, Fields, Instance, KindClass, Recorded};
use crate::engine::plan::{Step, Verb};

/// The right to write: a lease's name and the number it was taken with. A write with a number that was overtaken
/// fails and changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The lease.
    pub lease: String,
    /// Its number; every taking of the lease has a higher one.
    pub number: i64,
}

/// A lease that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What every write names.
    pub fence: Fence,
    /// Who holds it, for people.
    pub holder: String,
    /// Until when, unless it is renewed.
    pub until: DateTime<Utc>,
}

/// A run's number in its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

/// A journal entry's number in its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentId(pub i64);

/// Everything that is needed to settle a step after a crash, without a secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// The step, without what must not be stored in the clear.
    pub step: Step,
    /// The fields as they are sent, outputs resolved.
    pub sent: Fields,
    /// Keyed digests of what is sent and never read back.
    pub digests: BTreeMap<String, String>,
}

/// A step that is about to be performed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIntent {
    /// The run that it belongs to.
    pub run: RunId,
    /// What is about to happen.
    pub payload: Payload,
    /// The approval that is spent when it succeeds.
    pub approval: Option<i64>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A journal entry without a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Its number.
    pub id: IntentId,
    /// The run that began it.
    pub run: RunId,
    /// What was about to happen.
    pub payload: Payload,
    /// The approval that is spent when it succeeded.
    pub approval: Option<i64>,
    /// Where the work goes on at the service, if it does.
    pub handle: Option<String>,
    /// When it began.
    pub began: DateTime<Utc>,
}

/// How a journal entry ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntentResult {
    /// It happened.
    Done,
    /// It did not happen, for this reason.
    Failed(Failure),
    /// Whether it happened cannot be told, even by reading; the reason says what was seen.
    Unclear(Failure),
}

/// The end of a journal entry and everything that follows from it, written in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Which entry.
    pub intent: IntentId,
    /// How it ended.
    pub result: IntentResult,
    /// What is recorded of objects because of it, in order.
    pub entries: Vec<Entry>,
    /// What it removed or disabled.
    pub events: Vec<DestructiveEvent>,
    /// When.
    pub at: DateTime<Utc>,
}

/// One change of what is recorded of objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// This is what is known now.
    Put(Box<Recorded>),
    /// The object is ours no longer.
    Forget(Address),
}

/// Something that was removed or disabled, as budgets count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestructiveEvent {
    /// The class whose budget it counts in.
    pub class: KindClass,
    /// What the step was about; its instance is the one whose budget counts.
    pub address: Address,
    /// How many objects.
    pub count: u32,
}

/// One thing that was done to an object, newest first in a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// The run.
    pub run: RunId,
    /// What.
    pub verb: Verb,
    /// When it began.
    pub began: DateTime<Utc>,
    /// When it ended, if it has.
    pub ended: Option<DateTime<Utc>>,
    /// `done`, `failed` or `unclear`; nothing while it is open.
    pub result: Option<String>,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

/// An approval about to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApproval {
    /// The digest that was approved: of a set of waiting steps.
    pub digest: String,
    /// The digests of the steps in it.
    pub steps: Vec<String>,
    /// Who approved.
    pub by: String,
    /// Why, in the approver's words; may be empty.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// When it stops counting.
    pub expires: DateTime<Utc>,
}

/// An approval, and which of its steps were used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Its number in the ledger.
    pub id: i64,
    /// What was approved.
    pub given: NewApproval,
    /// When each spent step was spent, by the step's digest.
    pub spent: BTreeMap<String, DateTime<Utc>>,
}

impl Approval {
    /// Whether it still covers a step.
    pub fn covers(&self, step: &str) -> bool {
        self.given.steps.iter().any(|approved| approved == step) && !self.spent.contains_key(step)
    }
}

/// What probing an installation found, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub found: crate::engine::model::Capabilities,
}

/// Capabilities by installation.
pub type ProbedInstances = BTreeMap<Instance, Probed>;

/// A run as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// When it began.
    pub began: DateTime<Utc>,
    /// When it ended; nothing when it is under way or was killed.
    pub ended: Option<DateTime<Utc>>,
    /// The revision of the mono-repo.
    pub revision: String,
    /// The digest of the plan.
    pub plan: String,
    /// The exit code.
    pub exit: Option<i64>,
    /// What came of it.
    pub summary: Option<serde_json::Value>,
}
