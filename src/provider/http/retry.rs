//! When to try again. Whether a failure may be repeated at all is a pure question, so that a table test can hold it; the
//! waits and their jitter are `backon`'s.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::Repeat;
use crate::engine::model::{Failure, FailureClass};

/// The longest wait that a call sits out itself; what takes longer is the loop's business.
const LONGEST: Duration = Duration::from_secs(20);

/// The waits of one call: growing, spread so that many clients do not come back at once, and one fewer than attempts.
pub struct Waits(ExponentialBackoff);

impl Waits {
    /// Waits for a call that may be attempted so often in all, the first of them at least so long.
    pub fn new(attempts: u32, first: Duration) -> Self {
        let growing = ExponentialBuilder::new().with_min_delay(first).with_max_delay(LONGEST).with_jitter();
        Self(growing.with_max_times(attempts.saturating_sub(1) as usize).build())
    }

    /// How long to wait before the call is made again; nothing when the failure is to be reported.
    ///
    /// Only failures after which nothing happened are repeated, and unclear ones where a repeat is safe. A wait that the
    /// service asks for is kept, unless it is longer than a call sits out.
    pub fn next(&mut self, failure: &Failure, repeat: Repeat) -> Option<Duration> {
        let may = match failure.class {
            FailureClass::Retry | FailureClass::Later => true,
            FailureClass::Unclear => repeat == Repeat::Safe,
            FailureClass::Refused | FailureClass::MissingRights | FailureClass::Gone | FailureClass::Conflict => false,
        };
        let ours = self.0.next().filter(|_| may)?;
        match failure.retry_after.map(Duration::from_secs) {
            Some(asked) if asked > LONGEST => None,
            Some(asked) => Some(asked.max(ours)),
            None => Some(ours),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(200);

    fn failure(class: FailureClass, retry_after: Option<u64>) -> Failure {
        Failure { retry_after, ..Failure::new(class, "x", "y") }
    }

    #[test]
    fn only_what_did_not_happen_is_repeated() {
        use FailureClass::*;
        for (class, repeat, again) in [
            (Retry, Repeat::Unsafe, true),
            (Later, Repeat::Unsafe, true),
            (Unclear, Repeat::Unsafe, false),
            (Unclear, Repeat::Safe, true),
            (Refused, Repeat::Safe, false),
            (MissingRights, Repeat::Safe, false),
            (Gone, Repeat::Safe, false),
            (Conflict, Repeat::Safe, false),
        ] {
            assert_eq!(
                Waits::new(4, FIRST).next(&failure(class, None), repeat).is_some(),
                again,
                "{class:?} {repeat:?}"
            );
        }
    }

    #[test]
    fn the_service_is_obeyed_when_it_names_a_wait() {
        let wait = |seconds| Waits::new(4, FIRST).next(&failure(FailureClass::Later, Some(seconds)), Repeat::Safe);
        assert_eq!(wait(2), Some(Duration::from_secs(2)));
        assert_eq!(wait(3600), None);
    }

    #[test]
    fn waits_grow_and_end() {
        let failure = failure(FailureClass::Retry, None);
        let mut waits = Waits::new(4, FIRST);
        for least in [200, 400, 800] {
            let wait = waits.next(&failure, Repeat::Safe).expect("there is another attempt").as_millis();
            assert!((least..=2 * least).contains(&wait), "{wait} ms, at least {least}");
        }
        assert_eq!(waits.next(&failure, Repeat::Safe), None);
        assert_eq!(Waits::new(1, FIRST).next(&failure, Repeat::Safe), None);
    }
}
