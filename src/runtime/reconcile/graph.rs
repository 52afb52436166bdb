//! Which steps can go now: all needs done, earlier steps on the same resource over. Linear in steps and needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::model::{Address, Instance};
use crate::engine::plan::Step;

/// The steps of a plan by their position in it.
pub(super) struct Graph {
    /// Steps that need this one to be done.
    dependants: Vec<Vec<usize>>,
    /// The next step on the same resource: goes after this one is over, however it ended.
    next: Vec<Option<usize>>,
    /// How many steps each still stands behind.
    behind: Vec<usize>,
    over: Vec<bool>,
    /// Steps that can go, by installation, in the plan's order.
    ready: BTreeMap<Instance, BTreeSet<usize>>,
}

impl Graph {
    pub(super) fn new(steps: &[Step]) -> Self {
        let place: BTreeMap<_, usize> = steps.iter().enumerate().map(|(at, step)| (step.id, at)).collect();
        let mut graph = Self {
            dependants: vec![Vec::new(); steps.len()],
            next: vec![None; steps.len()],
            behind: vec![0; steps.len()],
            over: vec![false; steps.len()],
            ready: BTreeMap::new(),
        };
        let mut last: BTreeMap<&Address, usize> = BTreeMap::new();
        for (at, step) in steps.iter().enumerate() {
            for need in step.needs.iter().filter_map(|need| place.get(need)) {
                graph.dependants[*need].push(at);
                graph.behind[at] += 1;
            }
            if let Some(before) = last.insert(&step.address, at) {
                graph.next[before] = Some(at);
                graph.behind[at] += 1;
            }
        }
        for (at, step) in steps.iter().enumerate() {
            graph.offer(at, step);
        }
        graph
    }

    /// Installations in which something can go.
    pub(super) fn instances(&self) -> Vec<Instance> {
        self.ready.iter().filter(|(_, ready)| !ready.is_empty()).map(|(instance, _)| instance.clone()).collect()
    }

    /// Takes the first step that can go in an installation.
    pub(super) fn take(&mut self, instance: &Instance) -> Option<usize> {
        self.ready.get_mut(instance)?.pop_first()
    }

    /// A step was done: what needs it comes nearer.
    pub(super) fn done(&mut self, at: usize, steps: &[Step]) {
        self.over[at] = true;
        for dependant in std::mem::take(&mut self.dependants[at]) {
            self.nearer(dependant, steps);
        }
        if let Some(next) = self.next[at] {
            self.nearer(next, steps);
        }
    }

    /// A step is over and was not done. Gives every step that can never go because of it; each of those is over too.
    pub(super) fn not_done(&mut self, at: usize, steps: &[Step]) -> Vec<usize> {
        let mut lost = Vec::new();
        let mut ended = vec![at];
        while let Some(at) = ended.pop() {
            if std::mem::replace(&mut self.over[at], true) {
                continue;
            }
            for ready in self.ready.values_mut() {
                ready.remove(&at);
            }
            for dependant in std::mem::take(&mut self.dependants[at]) {
                if !self.over[dependant] {
                    lost.push(dependant);
                    ended.push(dependant);
                }
            }
            if let Some(next) = self.next[at] {
                self.nearer(next, steps);
            }
        }
        lost.sort_unstable();
        lost.dedup();
        lost
    }

    fn nearer(&mut self, at: usize, steps: &[Step]) {
        self.behind[at] = self.behind[at].saturating_sub(1);
        self.offer(at, &steps[at]);
    }

    fn offer(&mut self, at: usize, step: &Step) {
        if self.behind[at] == 0 && !self.over[at] {
            self.ready.entry(step.address.instance.clone()).or_default().insert(at);
        }
    }
}
