//! Guards over a plan: budgets, emptied organisations. Each only adds a wait; none removes a step.

use std::collections::{BTreeMap, BTreeSet};

use super::Wait;
use super::draft::Draft;
use super::input::PlanInput;
use crate::engine::model::{Address, Budgets, Instance, KindClass, ObjectState, Recorded};

pub(super) fn apply(input: &PlanInput<'_>, drafts: &mut [Draft<'_, '_>]) {
    if !drafts.iter().any(|draft| draft.verb.is_destructive()) {
        return;
    }
    emptied_organisations(input, drafts);
    budgets(input, drafts);
}

/// More than the budget, in this plan and over the rolling window, waits: all of that class, because nobody can tell
/// which of them were meant.
fn budgets(input: &PlanInput<'_>, drafts: &mut [Draft<'_, '_>]) {
    let mut owned: BTreeMap<(Instance, KindClass), usize> = BTreeMap::new();
    for recorded in input.diff.recorded.into_iter().flatten() {
        if let Some(spec) = input.diff.kinds.spec(&recorded.address)
            && recorded.state == ObjectState::Active
        {
            *owned.entry((recorded.address.instance.clone(), spec.class)).or_default() += 1;
        }
    }
    let mut wanted: BTreeMap<(Instance, KindClass), usize> = BTreeMap::new();
    for draft in drafts.iter().filter(|draft| draft.verb.is_destructive()) {
        for class in counted(draft) {
            *wanted.entry((draft.address().instance.clone(), class)).or_default() += 1;
        }
    }
    let defaults = Budgets::default();
    for ((instance, class), count) in wanted {
        let budgets = input.diff.policies.get(&instance).map_or(&defaults, |policy| &policy.budgets);
        let key = (instance.clone(), class);
        let owned = owned.get(&key).copied().unwrap_or_default();
        let spent = input.spent.get(&key).copied().unwrap_or_default();
        let allowed = budgets.of(class).allows(owned);
        if count + spent <= allowed {
            continue;
        }
        let what = plural(class);
        let reason = format!(
            "{count} of {owned} {what} would be removed or disabled{}; at most {allowed} may be within {} hours",
            if spent > 0 { format!(", after {spent} already") } else { String::new() },
            budgets.window_hours
        );
        let group = format!("{instance}: removal of {what}");
        for draft in drafts.iter_mut().filter(|draft| draft.verb.is_destructive()) {
            if draft.address().instance == instance && counted(draft).any(|it| it == class) {
                draft.waits.push(Wait::Budget { group: group.clone(), reason: reason.clone() });
            }
        }
    }
}

/// The classes in whose budgets a destructive step counts: its own, and those of what goes with it.
fn counted<'d>(draft: &'d Draft<'_, '_>) -> impl Iterator<Item = KindClass> + 'd {
    let own = std::iter::once(draft.compared.spec.class);
    own.chain(draft.goes_with.iter().filter_map(|goes| goes.counts))
}

/// An organisation of ours that nobody would be in any more always waits, however small it is.
fn emptied_organisations(input: &PlanInput<'_>, drafts: &mut [Draft<'_, '_>]) {
    let active = |recorded: &&Recorded| recorded.state == ObjectState::Active;
    let edges = input.diff.recorded.into_iter().flatten().filter(active).filter_map(|recorded| {
        let spec = input.diff.kinds.spec(&recorded.address)?;
        (spec.class == KindClass::Membership).then_some(&recorded.address)
    });
    let mut had: BTreeMap<(&Instance, &str), Vec<&Address>> = BTreeMap::new();
    for edge in edges {
        had.entry((&edge.instance, top(edge))).or_default().push(edge);
    }
    let kept: BTreeSet<(&Instance, &str)> = input
        .diff
        .desired
        .iter()
        .filter(|it| input.diff.kinds.spec(&it.address).is_some_and(|spec| spec.class == KindClass::Membership))
        .map(|it| (&it.address.instance, top(&it.address)))
        .collect();
    for ((instance, organisation), edges) in had {
        if kept.contains(&(instance, organisation)) {
            continue;
        }
        let people: BTreeSet<&str> = edges.iter().map(|edge| edge.leaf()).collect();
        for draft in drafts.iter_mut().filter(|it| it.verb.is_destructive() && it.address().instance == *instance) {
            let address = draft.address();
            let concerned = match draft.compared.spec.class {
                KindClass::Person => people.contains(&*address.key),
                KindClass::Membership => top(address) == organisation,
                _ => false,
            };
            if concerned {
                draft.waits.push(Wait::Approval {
                    group: format!("{instance}: {organisation} is emptied"),
                    reason: format!("nobody would be in '{organisation}' any more"),
                });
            }
        }
    }
}

/// The organisation of an edge: the first part of its key.
fn top(edge: &Address) -> &str {
    edge.key.split('/').next().unwrap_or_default()
}

/// What lies around a resource: its container, and an edge's person, as far as they are known. A writing half needs
/// their ids.
pub(super) fn surroundings(input: &PlanInput<'_>, address: &Address) -> BTreeSet<Address> {
    let Some(spec) = input.diff.kinds.spec(address) else { return BTreeSet::new() };
    let Some((_, kinds)) = input.diff.kinds.iter().find(|(instance, _)| **instance == address.instance) else {
        return BTreeSet::new();
    };
    let known = |it: &Address| {
        input.diff.observed.live.contains_key(it)
            || input.changes.matched.contains_key(it)
            || input.changes.absent.contains(it)
    };
    let mut around = BTreeSet::new();
    for kind in kinds {
        if let Some(parent) = address.parent_key() {
            around.insert(Address::new(&address.instance, kind.name, parent));
        }
        let of_person = matches!(spec.class, KindClass::Membership | KindClass::Number);
        if of_person && kind.class == KindClass::Person {
            around.insert(Address::new(&address.instance, kind.name, address.leaf()));
        }
    }
    around.retain(known);
    around
}

fn plural(class: KindClass) -> &'static str {
    match class {
        KindClass::Person => "people",
        KindClass::Organisation => "organisations",
        KindClass::Team => "teams",
        KindClass::Channel => "channels",
        KindClass::Membership => "memberships",
        KindClass::Number => "numbers",
        KindClass::Repository => "repositories",
        KindClass::Grant => "grants",
        KindClass::Client => "clients",
        KindClass::Setting => "settings",
    }
}
