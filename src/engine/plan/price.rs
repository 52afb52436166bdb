//! What a plan costs where calls are few: several steps may go in one call, and a service may count calls by the minute.

use std::collections::BTreeMap;

use super::input::PlanInput;
use super::{Plan, Step, Verb};
use crate::engine::model::Instance;

/// What steps cost at one installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prices {
    /// The steps that cost something else than most do.
    pub costs: &'static [Cost],
    /// Calls a minute that we make there at most.
    pub per_minute: Option<u32>,
}

/// What steps of some kinds and verbs cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// The kinds.
    pub kinds: &'static [&'static str],
    /// The verbs.
    pub verbs: &'static [Verb],
    /// How many steps of one kind and verb go together.
    pub together: usize,
    /// Calls that those take together.
    pub calls: u32,
}

/// What steps of a kind and a verb cost, by the first row that fits.
pub fn cost<'c>(costs: &'c [Cost], kind: &str, verb: Verb) -> Option<&'c Cost> {
    costs.iter().find(|cost| cost.kinds.contains(&kind) && cost.verbs.contains(&verb))
}

/// Writes its calls into each step. Of several that go together the first has those of all, so that every sum is right;
/// what waits goes by itself.
pub(super) fn price(steps: &mut [Step], held: &[bool], prices: &BTreeMap<Instance, Prices>) {
    let mut room: BTreeMap<(Instance, &'static str, Verb, bool), usize> = BTreeMap::new();
    for (step, held) in steps.iter_mut().zip(held) {
        let costs = prices.get(&step.address.instance).map(|it| it.costs).unwrap_or_default();
        let Some(cost) = cost(costs, step.address.kind.as_str(), step.verb) else { continue };
        let Some(kind) = cost.kinds.iter().find(|kind| **kind == step.address.kind.as_str()) else { continue };
        let room = room.entry((step.address.instance.clone(), kind, step.verb, *held)).or_default();
        step.calls = if *room == 0 { cost.calls } else { 0 };
        *room = room.checked_sub(1).unwrap_or(cost.together.saturating_sub(1));
    }
}

/// How long it takes where that is more than a minute.
pub(super) fn pace(plan: &Plan, input: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    let held = plan.held();
    let ready = plan.steps.iter().filter(|step| !held[step.id.0 as usize]);
    let mut calls: BTreeMap<&Instance, u32> = BTreeMap::new();
    ready.for_each(|step| *calls.entry(&step.address.instance).or_default() += step.calls);
    for (instance, calls) in calls {
        let limit = input.prices.get(instance).and_then(|it| it.per_minute).filter(|limit| calls > *limit);
        if let Some(limit) = limit {
            let minutes = calls.div_ceil(limit.max(1));
            note(format!("{instance}: about {calls} calls, {limit} a minute: this takes about {minutes} minutes"));
        }
    }
}
