//! What would be done: an immutable, ordered list of steps with everything a reviewer and an executor need.
//!
//! A plan is data throughout: stored, compared, shown, digested, replayed. It leaves the executor nothing to decide.

mod build;
mod digest;
mod draft;
mod guard;
mod input;
mod lint;
mod order;
pub mod step;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::engine::diff::Change;
use crate::engine::model::{Failure, Instance, Scope};

#[cfg(test)]
mod tests;

pub use build::{Planned, plan, plan_digest, plan_part};
pub use guard::Totals;
pub use input::{Approved, PlanInput};
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
    /// The identity of the ledger that it relies on; `None` when it was made without one: such a plan is two-way and
    /// cannot be applied.
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
