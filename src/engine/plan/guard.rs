//! Guards over a plan: budgets, emptied organisations. Each only adds a wait; none removes a step.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::draft::Draft;
use super::input::PlanInput;
use super::{Verb, Wait};
use crate::engine::diff::{DiffInput, Kinds, Situation};
use crate::engine::model::{Address, Budgets, Instance, KindClass, ObjectState};

/// What guards count in the whole world. A plan that is made of a part of it is handed these numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Objects that are ours and declared, by installation and class.
    pub owned: BTreeMap<(Instance, KindClass), usize>,
    /// Organisations of an installation in which memberships are ours and declared.
    pub peopled: BTreeSet<(Instance, String)>,
    /// How many memberships are wanted in each organisation of an installation.
    pub wanted: BTreeMap<(Instance, String), usize>,
}

impl Totals {
    /// Counts a world.
    pub fn of(diff: &DiffInput<'_>) -> Self {
        let mut totals = Self::default();
        for recorded in diff.recorded.into_iter().flatten().filter(|it| it.state == ObjectState::Active) {
            if let Some(spec) = diff.kinds.spec(&recorded.address) {
                *totals.owned.entry((recorded.address.instance.clone(), spec.class)).or_default() += 1;
                if spec.class == KindClass::Membership {
                    totals.peopled.insert(organisation(&recorded.address));
                }
            }
        }
        for desired in diff.desired {
            totals.add(diff.kinds, &desired.address);
        }
        totals
    }

    /// Counts one more wanted resource.
    pub fn add(&mut self, kinds: &Kinds, address: &Address) {
        if is_edge(kinds, address) {
            *self.wanted.entry(organisation(address)).or_default() += 1;
        }
    }

    /// Counts one wanted resource less.
    pub fn take(&mut self, kinds: &Kinds, address: &Address) {
        if let Some(count) = self.wanted.get_mut(&organisation(address)).filter(|_| is_edge(kinds, address)) {
            *count = count.saturating_sub(1);
        }
    }

    /// Organisations in which somebody was, and in which nobody is wanted any more.
    fn emptied(&self) -> impl Iterator<Item = &(Instance, String)> {
        self.peopled.iter().filter(|it| self.wanted.get(it).is_none_or(|count| *count == 0))
    }
}

fn is_edge(kinds: &Kinds, address: &Address) -> bool {
    kinds.spec(address).is_some_and(|spec| spec.class == KindClass::Membership)
}

fn organisation(edge: &Address) -> (Instance, String) {
    (edge.instance.clone(), top(edge).to_owned())
}

pub(super) fn apply(input: &PlanInput<'_>, totals: Option<&Totals>, drafts: &mut [Draft<'_, '_>]) {
    if !drafts.iter().any(|draft| draft.verb.is_destructive()) {
        return;
    }
    let totals = totals.map_or_else(|| Cow::Owned(Totals::of(input.diff)), Cow::Borrowed);
    emptied_organisations(input, &totals, drafts);
    budgets(input, &totals, drafts);
}

/// More than the budget, in this plan and over the rolling window, waits: all of that class, because nobody can tell
/// which of them were meant.
fn budgets(input: &PlanInput<'_>, totals: &Totals, drafts: &mut [Draft<'_, '_>]) {
    let mut wanted: BTreeMap<(Instance, KindClass), usize> = BTreeMap::new();
    for draft in drafts.iter().filter(|draft| is_bounded(draft)) {
        for class in counted(draft) {
            *wanted.entry((draft.address().instance.clone(), class)).or_default() += 1;
        }
    }
    let defaults = Budgets::default();
    for ((instance, class), count) in wanted {
        let budgets = input.diff.policies.get(&instance).map_or(&defaults, |policy| &policy.budgets);
        let key = (instance.clone(), class);
        let owned = totals.owned.get(&key).copied().unwrap_or_default();
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
        for draft in drafts.iter_mut().filter(|draft| is_bounded(draft)) {
            if draft.address().instance == instance && counted(draft).any(|it| it == class) {
                draft.waits.push(Wait::Budget { group: group.clone(), reason: reason.clone() });
            }
        }
    }
}

/// Whether a step takes something away that nobody took away before: what we closed and somebody opened again was counted
/// then, and is closed at once.
fn is_bounded(draft: &Draft<'_, '_>) -> bool {
    let was_closed = draft.compared.recorded.is_some_and(|it| matches!(it.state, ObjectState::Disabled(_)));
    draft.verb.is_destructive() && !(draft.verb == Verb::Disable && was_closed)
}

/// The classes in whose budgets a destructive step counts: its own, and those of what goes with it.
fn counted<'d>(draft: &'d Draft<'_, '_>) -> impl Iterator<Item = KindClass> + 'd {
    let own = std::iter::once(draft.compared.spec.class);
    own.chain(draft.goes_with.iter().filter_map(|goes| goes.counts))
}

/// An organisation of ours that nobody would be in any more always waits, however small it is. Whoever stands because their
/// declaration cannot be read is in it still; a leaver is not, although their place may stand.
fn emptied_organisations(input: &PlanInput<'_>, totals: &Totals, drafts: &mut [Draft<'_, '_>]) {
    let closing = drafts.iter().filter(|it| it.verb.is_destructive() && it.compared.spec.class == KindClass::Person);
    let leavers: BTreeSet<(&Instance, &str)> =
        closing.map(|it| (&it.compared.change.address.instance, &*it.compared.change.address.key)).collect();
    let standing = input.changes.compared.iter().filter(|it| it.situation == Situation::Held && it.live.is_some());
    let standing = standing.map(|it| &it.change.address).filter(|it| is_edge(input.diff.kinds, it));
    let standing = standing.filter(|it| !leavers.contains(&(&it.instance, it.leaf())));
    let standing: BTreeSet<(Instance, String)> = standing.map(organisation).collect();
    for (instance, organisation) in totals.emptied().filter(|it| !standing.contains(*it)) {
        let active = input.diff.recorded.into_iter().flatten().filter(|it| it.state == ObjectState::Active);
        let edges = active.map(|it| &it.address).filter(|it| is_edge(input.diff.kinds, it));
        let inside = edges.filter(|edge| edge.instance == *instance && top(edge) == organisation);
        let people: BTreeSet<&str> = inside.map(Address::leaf).collect();
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

/// What lies around a resource, as far as it is known.
pub(super) fn surroundings<'a>(input: &'a PlanInput<'_>, address: &'a Address) -> impl Iterator<Item = Address> + 'a {
    let known = |it: &Address| {
        input.diff.observed.live.contains_key(it)
            || input.changes.matched.contains_key(it)
            || input.changes.absent.contains(it)
    };
    input.diff.kinds.around(address).filter(known)
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
        KindClass::Workspace => "workspaces",
        KindClass::Record => "records",
    }
}
