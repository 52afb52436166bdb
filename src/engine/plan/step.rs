//! One thing to do to one resource.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::engine::diag::Span;
use crate::engine::model::{Address, Field, Fields, KindClass, Owner, Term};

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Gives an object its new name.
    Rename,
    /// Records an object that was there as ours. Writes nothing but a mark, where the service can carry one.
    Adopt,
    /// Makes it.
    Create,
    /// Sets some of its fields.
    Update,
    /// Switches an account on again, or gives back what was taken away behind our back.
    Restore,
    /// Hands it to another owner.
    Transfer,
    /// A one-time action, never repeated.
    RunOnce,
    /// Waits for something that others do.
    Await,
    /// Switches an account off and logs it out.
    Disable,
    /// Removes it.
    Delete,
    /// Takes it out of the ledger without touching it.
    Forget,
}

impl Verb {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Verb::Rename => "rename",
            Verb::Adopt => "adopt",
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Restore => "restore",
            Verb::Transfer => "transfer",
            Verb::RunOnce => "run once",
            Verb::Await => "await",
            Verb::Disable => "disable",
            Verb::Delete => "delete",
            Verb::Forget => "forget",
        }
    }

    /// Whether it removes or disables something, and so counts in a budget.
    pub fn is_destructive(self) -> bool {
        matches!(self, Verb::Disable | Verb::Delete)
    }

    /// Whether the service is not written to.
    pub fn is_record_only(self) -> bool {
        matches!(self, Verb::Adopt | Verb::Forget)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a step waits for. A step with any is not executed until each is gone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "kebab-case")]
pub enum Wait {
    /// Somebody's approval of the group of steps with this name ("adoptions", "opens access", "deletions").
    Approval {
        /// The group that is approved together.
        group: String,
        /// Why, for people.
        reason: String,
    },
    /// More would be removed than the budget allows. An approval of the group releases it.
    Budget {
        /// The group that is approved together.
        group: String,
        /// "5 of 12 people; at most 3 in one plan".
        reason: String,
    },
    /// A moment.
    Until {
        /// When.
        at: DateTime<Utc>,
        /// Why.
        reason: String,
    },
}

impl Wait {
    /// The approval group, if an approval can release it.
    pub fn group(&self) -> Option<&str> {
        match self {
            Wait::Approval { group, .. } | Wait::Budget { group, .. } => Some(group),
            Wait::Until { .. } => None,
        }
    }

    /// Why it waits.
    pub fn reason(&self) -> &str {
        match self {
            Wait::Approval { reason, .. } | Wait::Budget { reason, .. } | Wait::Until { reason, .. } => reason,
        }
    }
}

/// What the service removes together with the object of a step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Consequence {
    /// What goes, for people.
    pub what: String,
    /// The class in whose budget it counts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counts: Option<KindClass>,
}

/// A step's place in its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub u32);

/// One thing to do to one resource. Immutable; its digest covers everything that matters to somebody who approves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its place in the plan's order.
    pub id: StepId,
    /// The resource.
    pub address: Address,
    /// What is done to it.
    pub verb: Verb,
    /// What the resource is about.
    pub class: KindClass,
    /// Who declares it (or declared it last).
    pub owner: Owner,
    /// Where that is said; `None` for what is no longer declared.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub origin: Option<Span>,
    /// The service's own id, as far as known when the plan was made.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external_id: Option<String>,
    /// The live fields that the step changes or relies on. Sensitive ones are left out.
    pub before: Fields,
    /// What is sent: all declared fields on create, only the changed ones on update; on rename the new key in `name`.
    pub after: BTreeMap<Field, Term>,
    /// Fields that this step brings only part of the way, to where everything is closed that is to be closed. They are
    /// not recorded as applied: what is left to open stays drift, and waits for its own step.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub partly: BTreeSet<Field>,
    /// It adopts what we began to make ourselves and never heard of: that is recorded as made by us.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub begun: bool,
    /// Resources whose ids and outputs the writing half is handed: what this one lies in, refers to, or needs.
    pub uses: BTreeSet<Address>,
    /// Steps that must have succeeded first.
    pub needs: BTreeSet<StepId>,
    /// Digest of all live fields that were seen, to tell a stale plan; `None` when the object was absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub relied_on: Option<String>,
    /// What else goes with it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub goes_with: Vec<Consequence>,
    /// What it waits for.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub waits: Vec<Wait>,
    /// Why it is done, for people ("no longer declared", "permission was widened at the service").
    pub why: String,
    /// How to undo it, if that is possible.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub undo: Option<String>,
    /// Calls it is expected to take. Of several steps that go in one call the first has those of all.
    pub calls: u32,
    /// SHA-256 of what an approver agrees to: address, verb, before, after, what goes with it. Without place and time.
    pub digest: String,
}

impl Step {
    /// The id at the service by which what came of the step is looked for; nothing has one before it is made.
    pub fn looked_for_by(&self) -> Option<&str> {
        self.external_id.as_deref().filter(|_| self.verb != Verb::Create)
    }
}
