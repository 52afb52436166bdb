//! Wanted × last applied × live, field by field, by the kinds' descriptions. No service is named here.
//!
//! [`numbers::allot`] first gives numbers to those who still need one. [`diff`] looks at every declared resource once, in an order in which what a resource needs comes before it, and then
//! at what is left: objects that are ours and declared no more, and objects that nobody declared. It says what differs
//! and what the situation is; what is done about it is the business of `plan`.

pub mod change;
mod declared;
mod field;
mod input;
mod matching;
mod names;
pub mod numbers;
mod observed;
mod undeclared;

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::model::{Address, Desired, KindSpec, Live, Recorded};

pub use change::{Change, DriftClass, Effect, FieldChange, Shown};
pub use field::{closing_part, effect, is_compared, same};
pub use input::{DiffInput, Kinds};
pub use matching::Approval;
pub use observed::{Absence, Observed};

/// One resource that needs a word or a step: what differs, and what the situation is.
#[derive(Debug, Clone)]
pub struct Compared<'a> {
    /// What differs, for people and for plans.
    pub change: Change,
    /// The kind.
    pub spec: &'static KindSpec,
    /// What is wanted.
    pub desired: Option<&'a Desired>,
    /// What is there.
    pub live: Option<&'a Live>,
    /// What is remembered.
    pub recorded: Option<&'a Recorded>,
    /// What the situation is.
    pub situation: Situation,
}

/// What the situation of a resource is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Situation {
    /// Declared, never ours, proven absent: to be made.
    New,
    /// Declared, ours, proven absent: somebody removed it.
    Vanished,
    /// Declared, there, to be taken over; by approval, if so.
    Adopt(Option<Approval>),
    /// Declared, ours, and there.
    Ours,
    /// Declared, ours, and there under another name, which the service can change.
    Misnamed,
    /// To be forgotten without touching it: released, or recorded under a name that it has no longer.
    Release,
    /// Ours, declared no more, and there.
    Undeclared,
    /// Ours, declared no more, and gone already.
    Gone,
    /// Nobody's, in a set that its declared parent owns: to be removed.
    Foreign,
    /// Nothing is to be done: unowned, in conflict, unknown, or held back; the change says why.
    Report,
}

/// Everything that differs.
#[derive(Debug, Clone, Default)]
pub struct ChangeSet<'a> {
    /// Resources that need a word or a step, in order of address.
    pub compared: Vec<Compared<'a>>,
    /// Declared resources that are as they should be.
    pub in_sync: usize,
    /// Records that are true but out of date (another file declares the object now, a field is declared for the first
    /// time and agrees): to be written without a step.
    pub refresh: Vec<Refresh>,
    /// The declared name of every live object that belongs to a declaration.
    pub matched: BTreeMap<Address, &'a Live>,
    /// Declared resources that are proven absent.
    pub absent: BTreeSet<Address>,
    /// Declared resources that cannot be relied on in this cycle: in conflict, or not known to be there.
    pub unsettled: BTreeMap<Address, String>,
}

/// A record to be replaced without a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    /// The name that it is recorded under.
    pub was: Address,
    /// What is to be recorded.
    pub now: Recorded,
}

/// Compares everything.
pub fn diff<'a>(input: &DiffInput<'a>) -> ChangeSet<'a> {
    let index = names::Index::new(input);
    let mut changes = ChangeSet::default();
    let mut taken: BTreeSet<Address> = BTreeSet::new();
    for desired in in_order_of_need(input.desired) {
        declared::compare(input, &index, desired, &mut changes, &mut taken);
    }
    undeclared::compare(input, &index, &taken, &mut changes);
    changes.compared.sort_by(|a, b| a.change.address.cmp(&b.change.address));
    changes
}

/// What a resource needs comes before it; within that, order of address. What lies on a cycle comes last (the planner
/// reports the cycle).
pub(super) fn in_order_of_need(desired: &[Desired]) -> Vec<&Desired> {
    let by_address: BTreeMap<&Address, &Desired> = desired.iter().map(|it| (&it.address, it)).collect();
    let mut order = Vec::with_capacity(desired.len());
    let mut state: BTreeMap<&Address, bool> = BTreeMap::new();
    for start in by_address.keys() {
        // Depth first with an explicit stack: a chain of needs may be as long as the mono-repo.
        let mut stack = vec![(*start, false)];
        while let Some((address, leaving)) = stack.pop() {
            let Some(desired) = by_address.get(address) else { continue };
            if leaving {
                order.push(*desired);
                continue;
            }
            if state.insert(address, true).is_some() {
                continue;
            }
            stack.push((address, true));
            stack.extend(desired.needs.iter().rev().map(|need| (need, false)));
        }
    }
    order
}
