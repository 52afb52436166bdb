//! A plan in numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::engine::diff::DriftClass;
use crate::engine::plan::{Basis, NoteLevel, Plan, Verb};

/// A plan in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// Steps that would be done, by verb.
    pub ready: BTreeMap<Verb, usize>,
    /// Steps that wait, or need one that waits.
    pub waiting: usize,
    /// Resources by class of difference.
    pub classes: BTreeMap<DriftClass, usize>,
    /// Declared resources that are as they should be.
    pub in_sync: usize,
    /// Calls that the ready steps are expected to take.
    pub calls: u32,
    /// Scopes that were not read whole.
    pub incomplete: usize,
}

impl Summary {
    /// Counts a plan.
    pub fn of(plan: &Plan) -> Self {
        let held = plan.held();
        let mut summary = Self { in_sync: plan.in_sync, incomplete: plan.incomplete.len(), ..Self::default() };
        for step in &plan.steps {
            if held[step.id.0 as usize] {
                summary.waiting += 1;
            } else {
                *summary.ready.entry(step.verb).or_default() += 1;
                summary.calls += step.calls;
            }
        }
        for change in &plan.changes {
            *summary.classes.entry(change.class).or_default() += 1;
        }
        summary
    }

    /// Steps that would be done.
    pub fn ready(&self) -> usize {
        self.ready.values().sum()
    }

    /// "3 to create, 1 to update": the ready steps in words; "nothing to do" when there are none.
    pub fn in_words(&self) -> String {
        if self.ready.is_empty() {
            return "nothing to do".to_owned();
        }
        let words: Vec<String> = self.ready.iter().map(|(verb, count)| format!("{count} to {verb}")).collect();
        words.join(", ")
    }
}

/// Whether a plan may be applied as far as it is ready.
pub fn is_applyable(plan: &Plan) -> bool {
    plan.basis == Basis::ThreeWay && plan.notes.iter().all(|note| note.level != NoteLevel::Fatal)
}
