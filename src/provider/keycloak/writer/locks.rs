//! Writes to one object, one after the other.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::{Mutex, MutexGuard};

use crate::engine::model::Address;
use crate::provider::keycloak::kinds;

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
    /// Waits until nobody else writes to what is behind `address`. What is written as one document or lies in one
    /// list has one line: the user profile, a client scope with its mappers, a person with everything they are in.
    pub(super) async fn stand_in_line(&self, address: &Address) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        match address.kind.as_str() {
            kinds::PROFILE_ATTRIBUTE => kinds::PROFILE_ATTRIBUTE.hash(&mut hasher),
            kinds::CLIENT_SCOPE => address.key.hash(&mut hasher),
            kinds::MAPPER => address.parent_key().hash(&mut hasher),
            kinds::USER | kinds::NUMBER | kinds::MEMBERSHIP | kinds::ORGANIZATION_MEMBER => {
                (kinds::USER, address.leaf()).hash(&mut hasher);
            }
            _ => address.hash(&mut hasher),
        }
        let line = usize::try_from(hasher.finish() % LINES as u64).unwrap_or(0);
        self.0[line].lock().await
    }
}
