//! What came of a plan, as data: each step's result, and what the whole amounts to.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::engine::model::{Address, Failure, FailureClass, Field, OutputRef, Value};
use crate::engine::plan::{StepId, Verb, Wait};
use crate::runtime::ledger::RunId;

/// What came of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The run in the ledger.
    pub run: RunId,
    /// The digest of the plan.
    pub plan: String,
    /// Each step's result, in the plan's order.
    pub steps: Vec<StepReport>,
    /// Why it ended before everything was tried, if it did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended_early: Option<EndedEarly>,
}

/// One step's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// Its place in the plan.
    pub id: StepId,
    /// The resource.
    pub address: Address,
    /// What was to be done.
    pub verb: Verb,
    /// What came of it.
    pub outcome: StepOutcome,
    /// How long it took, in milliseconds; nothing for what was not tried.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub took_ms: Option<u64>,
}

/// What came of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum StepOutcome {
    /// It is done and recorded.
    Done {
        /// The service's own id of what is there now.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        external_id: Option<String>,
        /// What was sent and reads back differently: the service did not take it, or somebody changed it at once.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        did_not_stick: Vec<Difference>,
        /// The answer was lost; reading showed that it happened.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        settled_by_reading: bool,
    },
    /// It goes on at the service.
    Pending {
        /// Where.
        handle: String,
    },
    /// It was tried and is not done; of class `unclear` when even reading does not tell.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// It was not tried.
    Held {
        /// Why.
        why: Held,
    },
    /// It waits for somebody or something, as the plan says.
    Waiting {
        /// For what.
        waits: Vec<Wait>,
    },
}

/// A field that reads back differently from what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The field.
    pub field: Field,
    /// What was sent; nothing when it may not be shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sent: Option<Value>,
    /// What is there; nothing when it may not be shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub found: Option<Value>,
}

/// Why a step was not tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum Held {
    /// A step that it needs did not succeed. Named is the one at the beginning of the chain.
    Needs {
        /// The step.
        step: StepId,
        /// Its resource.
        address: Address,
        /// Whether that one only waits: then this one is tried once it is approved.
        waits: bool,
    },
    /// It needs an output that nothing gave.
    Unresolved {
        /// Which.
        output: OutputRef,
    },
    /// A secret that it sends cannot be had.
    NoSecret {
        /// Why.
        failure: Failure,
    },
    /// What was begun on this resource before is not settled.
    StillOpen {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// The approval that released it was spent or has expired since the plan was made.
    ApprovalGone {
        /// Its number.
        approval: i64,
    },
    /// The one-time action was begun before.
    DoneBefore,
    /// No writing half is at hand for its installation.
    NoService,
    /// Everything ended before its turn.
    NotStarted,
}

/// Why everything ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum EndedEarly {
    /// Somebody stopped it.
    Stop,
    /// The time that was given is over.
    Deadline,
    /// The ledger could not be written, so no further call was allowed.
    Ledger {
        /// What it says.
        said: String,
        /// What to do.
        help: String,
    },
}

/// How many steps came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Done and recorded.
    pub done: usize,
    /// Going on at the service.
    pub pending: usize,
    /// Tried and not done.
    pub failed: usize,
    /// Not tried because of something that failed or is missing.
    pub held: usize,
    /// Waiting, or needing something that waits.
    pub waiting: usize,
    /// Not tried because everything ended early.
    pub not_started: usize,
}

impl Outcome {
    /// How many steps came to what.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in &self.steps {
            *match &step.outcome {
                StepOutcome::Done { .. } => &mut counts.done,
                StepOutcome::Pending { .. } => &mut counts.pending,
                StepOutcome::Failed { .. } => &mut counts.failed,
                StepOutcome::Held { why: Held::Needs { waits: true, .. } } | StepOutcome::Waiting { .. } => {
                    &mut counts.waiting
                }
                StepOutcome::Held { why: Held::NotStarted } => &mut counts.not_started,
                StepOutcome::Held { .. } => &mut counts.held,
            } += 1;
        }
        counts
    }

    /// The failures, in the plan's order.
    pub fn failures(&self) -> impl Iterator<Item = (&StepReport, &Failure)> {
        self.steps.iter().filter_map(|step| match &step.outcome {
            StepOutcome::Failed { failure } => Some((step, failure)),
            _ => None,
        })
    }

    /// The exit code: of those that hold the first of 9 (deadline or cancelled), 8 (applied in part), 1 (the ledger
    /// failed), 7 (a service was unreachable and nothing was done), 4 (something waits), 0.
    pub fn exit(&self) -> u8 {
        let counts = self.counts();
        let undone = counts.failed + counts.held > 0;
        let unreachable = |failure: &Failure| matches!(failure.class, FailureClass::Retry | FailureClass::Later);
        let only_unreachable =
            counts.done == 0 && counts.failed > 0 && self.failures().all(|(_, failure)| unreachable(failure));
        match &self.ended_early {
            Some(EndedEarly::Stop | EndedEarly::Deadline) if counts.not_started > 0 => 9,
            Some(EndedEarly::Ledger { .. }) if counts.done == 0 => 1,
            Some(EndedEarly::Ledger { .. }) => 8,
            _ if undone && only_unreachable => 7,
            _ if undone => 8,
            _ if counts.waiting + counts.pending > 0 => 4,
            _ => 0,
        }
    }

    /// What the ledger keeps of it: the counts, and every step that is not simply done.
    pub fn summary(&self) -> serde_json::Value {
        let simply_done = |step: &&StepReport| matches!(&step.outcome, StepOutcome::Done { did_not_stick, .. } if did_not_stick.is_empty());
        let rest: Vec<&StepReport> = self.steps.iter().filter(|step| !simply_done(step)).collect();
        serde_json::json!({ "counts": self.counts(), "ended_early": self.ended_early, "steps": rest })
    }
}

impl StepOutcome {
    /// Whether what needs it may go on.
    pub fn is_done(&self) -> bool {
        matches!(self, StepOutcome::Done { .. })
    }

    /// The word for people.
    pub fn word(&self) -> &'static str {
        match self {
            StepOutcome::Done { .. } => "done",
            StepOutcome::Pending { .. } => "pending",
            StepOutcome::Failed { failure } if failure.class == FailureClass::Unclear => "unclear",
            StepOutcome::Failed { .. } => "failed",
            StepOutcome::Held { .. } => "held",
            StepOutcome::Waiting { .. } => "waiting",
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Held::Needs { address, waits: true, .. } => write!(f, "needs '{address}', which waits"),
            Held::Needs { address, waits: false, .. } => write!(f, "needs '{address}', which was not done"),
            Held::Unresolved { output } => {
                write!(f, "'{}' of '{}' is not known", output.output, output.address)
            }
            Held::NoSecret { failure } => failure.fmt(f),
            Held::StillOpen { since } => {
                write!(f, "what was begun at {} is not settled yet", since.format("%F %T UTC"))
            }
            Held::ApprovalGone { approval } => write!(f, "approval {approval} was spent or has expired"),
            Held::DoneBefore => f.write_str("was done before, and is done once only"),
            Held::NoService => f.write_str("no connection to its service"),
            Held::NotStarted => f.write_str("not started"),
        }
    }
}
