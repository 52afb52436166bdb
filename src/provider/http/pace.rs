//! Calls a minute. A minute is longer than a door lives, so the count is shared by all doors of an installation.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::clock::DefaultClock;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::Limits;

/// How many calls of this minute are left; clones count together.
#[derive(Clone, Default)]
pub struct Pace(Option<Arc<RateLimiter<NotKeyed, InMemoryState, DefaultClock>>>);

impl Pace {
    /// The pace that limits ask for; without a limit nothing is waited for.
    pub fn of(limits: &Limits) -> Self {
        let quota = limits.per_minute.and_then(NonZeroU32::new).map(Quota::per_minute);
        Self(quota.map(|quota| Arc::new(RateLimiter::direct(quota))))
    }

    /// Waits until one more call may be made.
    pub(super) async fn until_ready(&self) {
        if let Some(limiter) = &self.0 {
            limiter.until_ready().await;
        }
    }
}
