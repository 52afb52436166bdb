//! Writes to one object, one after the other: Logto has no version check, and the last writer wins.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::{Mutex, MutexGuard};

use crate::engine::model::Address;
use crate::provider::logto::kinds;

/// How many lines there are. Two objects in one line wait for each other now and then, which costs little.
const LINES: usize = 64;

/// Lines to stand in; an object always has the same one.
pub(super) struct Locks([Mutex<()>; LINES]);

impl Default for Locks {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl Locks {
    /// Waits until nobody else writes to what is behind `address`: a person has one line with everything they are in.
    pub(super) async fn stand_in_line(&self, address: &Address) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        match address.kind.as_str() {
            kinds::USER | kinds::ORGANIZATION_MEMBER | kinds::ROLE_MEMBER => {
                (kinds::USER, address.leaf()).hash(&mut hasher);
            }
            _ => address.hash(&mut hasher),
        }
        let line = usize::try_from(hasher.finish() % LINES as u64).unwrap_or(0);
        self.0[line].lock().await
    }
}
