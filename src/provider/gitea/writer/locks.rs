//! One write at a time on one object: of two that meet, Gitea loses one or answers 500 to the loser.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::engine::model::Address;
use crate::provider::gitea::kinds;

/// The locks of one writing half. A lock is made at its first use and kept: there are as many as objects written.
#[derive(Default)]
pub struct Locks(Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Locks {
    /// Waits until nobody else writes to the object, and holds it.
    pub async fn hold(&self, address: &Address) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            locks.entry(object(address)).or_default().clone()
        };
        lock.lock_owned().await
    }
}

/// The object that a write changes: rules and hooks are written into their repository, which also loses races.
fn object(address: &Address) -> String {
    match address.kind.as_str() {
        kinds::BRANCH_PROTECTION | kinds::WEBHOOK => {
            format!("{}/{}", kinds::REPOSITORY, address.parent_key().unwrap_or_default())
        }
        kind => format!("{kind}/{}", address.key),
    }
}
