//! What would be done: an immutable, ordered list of steps with everything a reviewer and an executor need.
//!
//! A plan is data throughout: stored, compared, shown, digested, replayed. It leaves the executor nothing to decide.

mod build;
pub mod difference;
mod digest;
mod draft;
mod guard;
mod input;
mod lint;
mod order;
mod owners;
pub mod price;
pub mod saved;
pub mod step;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::engine::diff::Change;
use crate::engine::model::{Failure, Instance, Scope};

#[cfg(test)]
pub(super) mod tests;

pub use build::{Planned, plan, plan_digest, plan_part};
pub use difference::Difference;
pub use guard::Totals;
pub use input::{Approved, PlanInput};
pub use saved::Saved;
pub use step::{Consequence, Step, StepId, Verb, Wait};

/// The version of the plan's form.
pub const FORMAT_VERSION: &str = "1.0";

/// A plan: changes, the steps that settle them in order, and what waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of this form.
    pub format_version: String,
    /// The platform that it is for, by the config's name.
    pub platform: String,
    /// The revision of the mono-repo that it was made from.
    pub revision: String,
    /// What was compared.
    pub basis: Basis,
    /// The identity of the ledger that it relies on; only a three-way plan has one.
    pub ledger: Option<String>,
    /// The moment that it was made for. An input; outside every digest.
    pub made_for: DateTime<Utc>,
    /// Digest of everything that it relies on: desired state, what was read, the ledger's records, capabilities.
    pub snapshot: String,
    /// What differs, in order of address.
    pub changes: Vec<Change>,
    /// How many declared resources are as they should be.
    pub in_sync: usize,
    /// What is done, in an order in which everything comes after what it needs.
    pub steps: Vec<Step>,
    /// What waits for somebody, grouped as it is approved.
    pub waiting: Vec<WaitingGroup>,
    /// What was not read whole, and why.
    pub incomplete: Vec<IncompleteScope>,
    /// What the linter has to say.
    pub notes: Vec<Note>,
    /// SHA-256 over everything but the moment: equal inputs give equal digests.
    pub digest: String,
}

/// What a plan compared. Only a three-way one can be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// What is wanted, what was last applied, and what is there.
    ThreeWay,
    /// What is wanted and what is there: without a ledger nobody knows what is ours, so nothing is removed.
    TwoWay,
    /// What is wanted and what was wanted or applied before. No service was looked at.
    Offline,
}

impl Basis {
    /// What a reader must know of a plan that is not three-way.
    pub fn about(self) -> Option<&'static str> {
        match self {
            Basis::ThreeWay => None,
            Basis::TwoWay => Some(
                "Two-way: without a ledger, what is wanted is compared with what is there alone. Nobody knows what is \
                 ours, so nothing is removed.",
            ),
            Basis::Offline => Some(
                "Offline: no service was looked at. Declarations are compared with each other or with what was last \
                 applied; what people did at the services is not known.",
            ),
        }
    }
}

impl Plan {
    /// For each step, whether it waits or needs one that does.
    pub fn held(&self) -> Vec<bool> {
        held(&self.steps)
    }

    /// The same plan, said to know nothing of what is there, with what else is to be said of that.
    #[must_use]
    pub fn offline(mut self, notes: &[Note]) -> Self {
        (self.basis, self.ledger) = (Basis::Offline, None);
        self.notes.extend_from_slice(notes);
        self.notes.sort();
        self.digest = plan_digest(&self);
        self
    }
}

fn held(steps: &[Step]) -> Vec<bool> {
    let mut held = vec![false; steps.len()];
    for (at, step) in steps.iter().enumerate() {
        let waits = |need: &StepId| held.get(need.0 as usize).copied().unwrap_or(true);
        held[at] = !step.waits.is_empty() || step.needs.iter().any(waits);
    }
    held
}

/// Steps that are approved together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingGroup {
    /// The group's name: "keycloak: adoptions".
    pub name: String,
    /// The installation.
    pub instance: Instance,
    /// Why it waits.
    pub reason: String,
    /// The steps, in the plan's order.
    pub steps: Vec<StepId>,
    /// What an approval names: SHA-256 over the digests of the steps, sorted.
    pub digest: String,
}

/// A scope that was not read whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncompleteScope {
    /// Which.
    pub scope: Scope,
    /// Why.
    pub failure: Failure,
}

/// How serious a note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteLevel {
    /// The plan must not be applied: one of our own invariants does not hold.
    Fatal,
    /// Look before you apply.
    Warning,
    /// Worth knowing.
    Info,
}

/// A remark of the linter, or of the guards, on a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    /// How serious.
    pub level: NoteLevel,
    /// The check's name, as in the linter's table.
    pub check: String,
    /// What was found.
    pub message: String,
}
