//! One write at a time on one object, and one deactivation at a time in all: the last administrator can only be told from
//! the others while nobody else is being deactivated.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::engine::plan::{Step, Verb};

/// The locks of one writing half. A lock is made at its first use and kept: there are as many as objects written.
#[derive(Default)]
pub struct Locks(Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Locks {
    /// Waits until nobody else writes what the step writes, and holds it.
    pub async fn hold(&self, step: &Step) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            locks.entry(object(step)).or_default().clone()
        };
        lock.lock_owned().await
    }
}

fn object(step: &Step) -> String {
    let kind = &step.address.kind;
    match step.verb {
        Verb::Disable => format!("{kind}: switching off"),
        _ => format!("{kind}/{}", step.address.key),
    }
}
