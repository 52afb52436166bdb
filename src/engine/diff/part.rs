//! A part of the world by itself: some addresses with all that comparing and planning them looks at.

use std::collections::BTreeSet;

use super::{DiffInput, Observed};
use crate::engine::model::{Address, Desired, MembershipSet, Recorded, Scope};

/// What is wanted, seen and remembered of some addresses.
///
/// Comparing a part gives what comparing the whole gives for its addresses, so that a change of one declaration is
/// planned at the cost of what depends on it. That holds for addresses that are closed under needs in both directions:
/// what one of them needs, and what needs one of them, is among them. The first half is checked here; the second is the
/// caller's to know.
#[derive(Debug, Clone, Default)]
pub struct Part {
    desired: Vec<Desired>,
    sets: Vec<MembershipSet>,
    observed: Observed,
    recorded: Option<Vec<Recorded>>,
}

impl Part {
    /// The part of `whole`, whose resources and records are in order of address, that is about some addresses. `None`
    /// where only the whole tells what they are: something is held back, or one of them was renamed, replaced or
    /// removed at the service, or needs what is not among them.
    pub fn of(whole: &DiffInput<'_>, addresses: &BTreeSet<Address>) -> Option<Self> {
        if !whole.quarantine.is_empty() {
            return None;
        }
        let mut addresses: BTreeSet<Address> = addresses.clone();
        let around: Vec<Address> = addresses.iter().flat_map(|address| around(whole, address)).collect();
        addresses.extend(around);
        let mut part = Self { recorded: whole.recorded.map(|_| Vec::new()), ..Self::default() };
        for address in &addresses {
            part.add(whole, address)?;
        }
        let within = |need: &Address| addresses.contains(need);
        if !part.desired.iter().all(|it| it.previously.is_empty() && it.needs.iter().all(within)) {
            return None;
        }
        let parents: BTreeSet<Address> = addresses.iter().filter_map(parent).collect();
        part.sets = whole.sets.iter().filter(|set| parents.contains(&set.edges)).cloned().collect();
        Some(part)
    }

    /// What a comparison of this part looks at, by the rules of the whole.
    pub fn input<'a>(&'a self, whole: &DiffInput<'a>) -> DiffInput<'a> {
        DiffInput {
            desired: &self.desired,
            sets: &self.sets,
            observed: &self.observed,
            recorded: self.recorded.as_deref(),
            ..*whole
        }
    }

    fn add(&mut self, whole: &DiffInput<'_>, address: &Address) -> Option<()> {
        self.desired.extend(desired(whole, address).cloned());
        let recorded = whole.recorded.and_then(|all| {
            let at = all.binary_search_by(|it| it.address.cmp(address)).ok()?;
            Some(&all[at])
        });
        let live = whole.observed.live.get(address);
        let id = recorded.and_then(|it| it.external_id.as_deref());
        if id.is_some() && live.and_then(|it| it.external_id.as_deref()) != id {
            return None;
        }
        if let (Some(records), Some(recorded)) = (&mut self.recorded, recorded) {
            records.push(recorded.clone());
        }
        self.observed.live.extend(live.map(|live| (address.clone(), live.clone())));
        self.observed.absent.extend(whole.observed.absent.get(address).cloned());
        let scope = Scope::of(address, whole.kinds.spec(address)?);
        let completeness = whole.observed.scopes.get(&scope).cloned();
        self.observed.scopes.extend(completeness.map(|it| (scope, it)));
        Some(())
    }
}

/// What lies around an address and is there or wanted.
fn around(whole: &DiffInput<'_>, address: &Address) -> Vec<Address> {
    let known = |it: &Address| whole.observed.live.contains_key(it) || desired(whole, it).is_some();
    whole.kinds.around(address).filter(known).collect()
}

fn desired<'a>(whole: &DiffInput<'a>, address: &Address) -> Option<&'a Desired> {
    let at = whole.desired.binary_search_by(|it| it.address.cmp(address)).ok()?;
    Some(&whole.desired[at])
}

fn parent(address: &Address) -> Option<Address> {
    address.parent_key().map(|key| Address { key: key.into(), ..address.clone() })
}
