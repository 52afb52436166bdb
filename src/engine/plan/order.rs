//! The order of a plan: everything after what it needs, and otherwise by rank and address, so that it depends neither on
//! files nor on hashes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Verb;
use super::draft::{self, Draft};
use super::input::PlanInput;
use crate::engine::model::{Address, KindClass};

/// The order of the drafts.
pub(super) struct Order {
    /// Indices of drafts, in order. Those on a cycle are left out.
    pub sequence: Vec<usize>,
    /// For each draft, the drafts that must have succeeded first.
    pub needs: Vec<BTreeSet<usize>>,
    /// Resources that need each other, if there are any.
    pub cycle: Option<Cycle>,
}

/// Resources that need each other, the first one again at the end.
pub(super) struct Cycle(pub Vec<Address>);

pub(super) fn order(input: &PlanInput<'_>, drafts: &[Draft<'_, '_>]) -> Order {
    let needs = needs(drafts);
    let mut dependants: Vec<Vec<usize>> = vec![Vec::new(); drafts.len()];
    let mut open: Vec<usize> = needs.iter().map(BTreeSet::len).collect();
    for (at, needs) in needs.iter().enumerate() {
        for need in needs {
            dependants[*need].push(at);
        }
    }
    let key = |at: usize| (rank(input, &drafts[at]), drafts[at].address(), at);
    let mut frontier: BTreeSet<_> = (0..drafts.len()).filter(|at| open[*at] == 0).map(key).collect();
    let mut sequence = Vec::with_capacity(drafts.len());
    while let Some((_, _, at)) = frontier.pop_first() {
        sequence.push(at);
        for dependant in &dependants[at] {
            open[*dependant] -= 1;
            if open[*dependant] == 0 {
                frontier.insert(key(*dependant));
            }
        }
    }
    let cycle = (sequence.len() < drafts.len()).then(|| cycle(drafts, &needs, &open));
    Order { sequence, needs, cycle }
}

/// Which drafts each draft needs.
fn needs(drafts: &[Draft<'_, '_>]) -> Vec<BTreeSet<usize>> {
    let mut established: HashMap<&Address, usize> = HashMap::with_capacity(drafts.len());
    let mut restored: HashMap<&Address, usize> = HashMap::new();
    let mut deletions: BTreeMap<&Address, Vec<usize>> = BTreeMap::new();
    let mut last: HashMap<&Address, usize> = HashMap::with_capacity(drafts.len());
    let mut needs: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); drafts.len()];
    for (at, draft) in drafts.iter().enumerate() {
        // Steps on one resource are done one after another.
        if let Some(before) = last.insert(draft.address(), at) {
            needs[at].insert(before);
        }
        if draft.establishes() {
            established.insert(draft.address(), at);
        }
        if draft.verb == Verb::Restore {
            restored.insert(draft.address(), at);
        }
        if draft.verb == Verb::Delete {
            deletions.entry(draft.address()).or_default().push(at);
        }
    }
    for (at, draft) in drafts.iter().enumerate() {
        if draft.verb.is_destructive() || draft.verb == Verb::Forget {
            continue;
        }
        let declared = draft.compared.desired.into_iter().flat_map(|desired| &desired.needs);
        for need in declared.chain(draft::outputs(draft)) {
            needs[at].extend(established.get(need).filter(|need| **need != at));
            // Nobody gets anything new while their account is closed (Mattermost takes no deactivated account into a
            // channel), and nothing is made in what is put away.
            if draft.verb == Verb::Create {
                needs[at].extend(restored.get(need));
            }
        }
    }
    // What lies in something is deleted before it: walk up each deletion's key.
    let by_place: BTreeMap<(&str, &str), Vec<usize>> =
        deletions.iter().fold(BTreeMap::new(), |mut map, (address, at)| {
            map.entry((address.instance.as_str(), &*address.key)).or_insert_with(Vec::new).extend(at);
            map
        });
    for (address, inner) in &deletions {
        for (end, _) in address.key.match_indices('/') {
            for outer in by_place.get(&(address.instance.as_str(), &address.key[..end])).into_iter().flatten() {
                needs[*outer].extend(inner);
            }
        }
    }
    needs
}

/// What comes first when nothing else decides: whoever leaves is blocked where everybody signs in, then everywhere;
/// then what closes; then what becomes known, is made or changed; what is deleted comes last.
fn rank(input: &PlanInput<'_>, draft: &Draft<'_, '_>) -> u8 {
    match draft.verb {
        Verb::Disable if Some(&draft.address().instance) == input.identity => 0,
        Verb::Disable => 1,
        Verb::Delete if draft.compared.spec.class == KindClass::Membership => 2,
        _ if draft.closes && draft.verb != Verb::Delete => 2,
        Verb::Adopt | Verb::Forget => 3,
        Verb::Delete => 5,
        _ => 4,
    }
}

/// Follows needs among what could not be ordered until an address comes again.
fn cycle(drafts: &[Draft<'_, '_>], needs: &[BTreeSet<usize>], open: &[usize]) -> Cycle {
    let stuck = |at: &usize| open[*at] > 0;
    let mut at = (0..drafts.len()).find(stuck).unwrap_or_default();
    let mut path: Vec<usize> = Vec::new();
    while !path.contains(&at) {
        path.push(at);
        match needs[at].iter().copied().find(stuck) {
            Some(next) => at = next,
            None => break,
        }
    }
    let from = path.iter().position(|it| *it == at).unwrap_or_default();
    let mut addresses: Vec<Address> = path[from..].iter().map(|at| drafts[*at].address().clone()).collect();
    addresses.push(drafts[at].address().clone());
    addresses.dedup();
    Cycle(addresses)
}
