//! When to try again: a pure function, so that a table test can hold it.

use std::time::Duration;

use crate::engine::model::{Failure, FailureClass};

use super::Repeat;

/// The shortest wait before a second attempt.
const FIRST: Duration = Duration::from_millis(200);
/// The longest wait that a call sits out itself; what takes longer is the loop's business.
const LONGEST: Duration = Duration::from_secs(20);

/// What to do after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Try again after this long.
    After(Duration),
    /// Report the failure.
    No,
}

/// Whether and when to repeat a call that failed for the `attempt`-th time (from 1). `dice` is in `0.0..1.0` and
/// spreads the waits ("full jitter" over the upper half), so that many clients do not come back at once.
///
/// Only failures after which nothing happened are repeated, and unclear ones where a repeat is safe.
pub fn delay_before(attempt: u32, attempts: u32, failure: &Failure, repeat: Repeat, dice: f64) -> Retry {
    let may = match failure.class {
        FailureClass::Retry | FailureClass::Later => true,
        FailureClass::Unclear => repeat == Repeat::Safe,
        FailureClass::Refused | FailureClass::MissingRights | FailureClass::Gone | FailureClass::Conflict => false,
    };
    if !may || attempt >= attempts {
        return Retry::No;
    }
    if let Some(seconds) = failure.retry_after {
        let asked = Duration::from_secs(seconds);
        return if asked <= LONGEST { Retry::After(asked + FIRST.mul_f64(dice)) } else { Retry::No };
    }
    let ceiling = FIRST.saturating_mul(1 << attempt.min(10)).min(LONGEST);
    Retry::After(ceiling.mul_f64(0.5 + dice / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let decided = delay_before(1, 4, &failure(class, None), repeat, 0.5);
            assert_eq!(decided != super::Retry::No, again, "{class:?} {repeat:?}");
        }
    }

    #[test]
    fn the_service_is_obeyed_when_it_names_a_wait() {
        assert_eq!(
            delay_before(1, 4, &failure(FailureClass::Later, Some(2)), Repeat::Safe, 0.0),
            Retry::After(Duration::from_secs(2))
        );
        assert_eq!(delay_before(1, 4, &failure(FailureClass::Later, Some(3600)), Repeat::Safe, 0.0), Retry::No);
    }

    #[test]
    fn waits_grow_and_end() {
        let wait = |attempt| delay_before(attempt, 4, &failure(FailureClass::Retry, None), Repeat::Safe, 1.0);
        assert_eq!(wait(1), Retry::After(Duration::from_millis(400)));
        assert_eq!(wait(2), Retry::After(Duration::from_millis(800)));
        assert_eq!(wait(4), Retry::No);
    }
}
