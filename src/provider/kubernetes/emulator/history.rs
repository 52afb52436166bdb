//! What became of objects, change by change: lists of an earlier moment are made from it, and watches tell it.

use std::collections::{BTreeMap, VecDeque};

use super::world::{Kept, Key};

/// Changes that are remembered. The server forgets by time; here nobody waits for it.
const REMEMBERED: usize = 1_000;

/// One change of one object.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// The version that it made.
    pub(super) version: u64,
    pub(super) key: Key,
    /// Nothing where the object was made.
    pub(super) before: Option<Kept>,
    /// Nothing where it went.
    pub(super) after: Option<Kept>,
}

/// The changes that are remembered, the oldest first.
#[derive(Debug, Default)]
pub(super) struct History {
    changes: VecDeque<Change>,
    /// Moments before this version are lost.
    forgotten: u64,
}

impl History {
    pub(super) fn note(&mut self, change: Change) {
        self.changes.push_back(change);
        if self.changes.len() > REMEMBERED
            && let Some(lost) = self.changes.pop_front()
        {
            self.forgotten = lost.version;
        }
    }

    /// Loses every moment before a version, as a server that starts again.
    pub(super) fn forget(&mut self, version: u64) {
        self.changes.clear();
        self.forgotten = version;
    }

    /// The oldest moment that is known.
    pub(super) fn oldest(&self) -> u64 {
        self.forgotten
    }

    /// What happened after a moment; `None` where that is lost.
    pub(super) fn since(&self, version: u64) -> Option<impl Iterator<Item = &Change>> {
        let changes = self.changes.iter().skip_while(move |it| it.version <= version);
        (version >= self.forgotten).then_some(changes)
    }

    /// All objects at a moment, from those of now; `None` where it is lost.
    pub(super) fn at(&self, version: u64, now: &BTreeMap<Key, Kept>) -> Option<BTreeMap<Key, Kept>> {
        let mut objects = now.clone();
        let undone: Vec<&Change> = self.since(version)?.collect();
        for change in undone.into_iter().rev() {
            match &change.before {
                Some(kept) => drop(objects.insert(change.key.clone(), kept.clone())),
                None => drop(objects.remove(&change.key)),
            }
        }
        Some(objects)
    }
}
