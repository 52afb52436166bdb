//! When something is due. Moments come in; nothing here reads a clock or rolls a die.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::time::Instant;

use crate::runtime::config::Schedule;

/// The first wait after a cycle that did not go well; it doubles from there to the regular interval.
const FIRST_RETRY: Duration = Duration::from_secs(10);

/// How long after a change one looks whether it holds.
const VERIFY: Duration = Duration::from_secs(30);

/// Why a cycle is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// The daemon came to lead.
    Start,
    /// The mono-repo moved.
    Moved,
    /// The regular interval passed.
    Interval,
    /// The schedule names this moment.
    Schedule,
    /// The last cycle did not go well.
    Retry,
    /// The last cycle changed something: does it hold?
    Verify,
    /// The config was read again.
    Config,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Ask the mono-repo whether it moved.
    Poll,
    /// Run a cycle, whether it moved or not.
    Cycle(Trigger),
}

/// What a cycle means for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Went {
    /// Nothing was to be done.
    Quietly,
    /// Something was changed.
    Changed,
    /// Something failed, or was not read whole.
    Badly,
}

/// When the next things are due.
#[derive(Debug)]
pub(super) struct Pace {
    poll: Instant,
    cycle: (Instant, Trigger),
    scan: Option<DateTime<Utc>>,
    failures: u32,
}

impl Pace {
    /// Everything is due at once.
    pub(super) fn new(now: Instant) -> Self {
        Self { poll: now, cycle: (now, Trigger::Start), scan: None, failures: 0 }
    }

    /// What is due next, and when.
    pub(super) fn next(&self, now: Instant, moment: DateTime<Utc>) -> (Instant, Due) {
        let scan = self.scan.map(|scan| {
            let wait = (scan - moment).to_std().unwrap_or_default();
            (now + wait, Due::Cycle(Trigger::Schedule))
        });
        let (at, trigger) = self.cycle;
        // Of several at one moment the last counts: a cycle asks the mono-repo, too.
        let all = [Some((self.poll, Due::Poll)), scan, Some((at, Due::Cycle(trigger)))];
        all.into_iter().flatten().rev().min_by_key(|(at, _)| *at).unwrap_or((self.poll, Due::Poll))
    }

    /// The mono-repo was asked.
    pub(super) fn polled(&mut self, now: Instant, every: Duration, random: f64) {
        self.poll = now + jittered(every, random);
    }

    /// A cycle ended.
    pub(super) fn cycled(&mut self, went: Went, schedule: &Schedule, now: Instant, moment: DateTime<Utc>, random: f64) {
        self.failures = if went == Went::Badly { self.failures.saturating_add(1) } else { 0 };
        let (wait, trigger) = match went {
            Went::Quietly => (schedule.every, Trigger::Interval),
            Went::Changed => (VERIFY, Trigger::Verify),
            Went::Badly => (backoff(self.failures), Trigger::Retry),
        };
        let (wait, trigger) = if wait < schedule.every { (wait, trigger) } else { (schedule.every, Trigger::Interval) };
        self.cycle = (now + jittered(wait, random), trigger);
        self.scan = schedule.drift.as_ref().and_then(|cron| cron.after(moment));
    }
}

/// The wait after so many failures in a row, doubled each time.
pub(super) fn backoff(failures: u32) -> Duration {
    FIRST_RETRY.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)))
}

/// A fifth more or less, so that many daemons do not ask at the same moment. `random` is in `0..1`.
pub(super) fn jittered(wait: Duration, random: f64) -> Duration {
    wait.mul_f64(0.8 + 0.4 * random)
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trigger::Start => "the daemon began to lead",
            Trigger::Moved => "the mono-repo moved",
            Trigger::Interval => "the interval passed",
            Trigger::Schedule => "the schedule names this moment",
            Trigger::Retry => "the last cycle did not go well",
            Trigger::Verify => "the last cycle changed something",
            Trigger::Config => "the config was read again",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVEN: f64 = 0.5;

    fn moment(text: &str) -> DateTime<Utc> {
        text.parse().expect("it is a moment")
    }

    fn schedule(every: u64, drift: Option<&str>) -> Schedule {
        let drift = drift.map(|it| it.parse().expect("it is a cron expression"));
        Schedule { every: Duration::from_secs(every), drift }
    }

    #[tokio::test(start_paused = true)]
    async fn everything_is_due_at_the_start() {
        let now = Instant::now();
        assert_eq!(Pace::new(now).next(now, moment("2026-11-26T02:00:00Z")), (now, Due::Cycle(Trigger::Start)));
    }

    #[tokio::test(start_paused = true)]
    async fn polls_come_between_cycles_and_a_schedule_between_both() {
        let (now, at) = (Instant::now(), moment("2026-11-26T02:00:00Z"));
        let mut pace = Pace::new(now);
        pace.polled(now, Duration::from_secs(60), EVEN);
        pace.cycled(Went::Quietly, &schedule(600, Some("5 2 * * *")), now, at, EVEN);
        assert_eq!(pace.next(now, at), (now + Duration::from_secs(60), Due::Poll));
        pace.polled(now, Duration::from_secs(3600), EVEN);
        assert_eq!(pace.next(now, at), (now + Duration::from_secs(300), Due::Cycle(Trigger::Schedule)));
        pace.cycled(Went::Quietly, &schedule(600, None), now, at, EVEN);
        assert_eq!(pace.next(now, at), (now + Duration::from_secs(600), Due::Cycle(Trigger::Interval)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_moment_that_passed_while_something_else_was_done_is_due_at_once() {
        let (now, at) = (Instant::now(), moment("2026-11-26T02:00:00Z"));
        let mut pace = Pace::new(now);
        pace.polled(now, Duration::from_secs(3600), EVEN);
        pace.cycled(Went::Quietly, &schedule(3600, Some("5 2 * * *")), now, at, EVEN);
        let late = moment("2026-11-26T02:07:00Z");
        assert_eq!(pace.next(now, late), (now, Due::Cycle(Trigger::Schedule)));
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_repeated_later_and_later_but_never_later_than_the_interval() {
        let (now, at) = (Instant::now(), moment("2026-11-26T02:00:00Z"));
        let mut pace = Pace::new(now);
        pace.polled(now, Duration::from_secs(36_000), EVEN);
        let mut waits = Vec::new();
        for _ in 0..5 {
            pace.cycled(Went::Badly, &schedule(60, None), now, at, EVEN);
            waits.push((pace.next(now, at).0 - now).as_secs());
        }
        assert_eq!(waits, [10, 20, 40, 60, 60]);
        pace.cycled(Went::Quietly, &schedule(60, None), now, at, EVEN);
        pace.cycled(Went::Badly, &schedule(60, None), now, at, EVEN);
        assert_eq!(pace.next(now, at), (now + Duration::from_secs(10), Due::Cycle(Trigger::Retry)));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_change_one_looks_again_soon() {
        let (now, at) = (Instant::now(), moment("2026-11-26T02:00:00Z"));
        let mut pace = Pace::new(now);
        pace.polled(now, Duration::from_secs(3600), EVEN);
        pace.cycled(Went::Changed, &schedule(600, None), now, at, EVEN);
        assert_eq!(pace.next(now, at), (now + VERIFY, Due::Cycle(Trigger::Verify)));
        pace.cycled(Went::Changed, &schedule(2, None), now, at, EVEN);
        assert_eq!(pace.next(now, at), (now + Duration::from_secs(2), Due::Cycle(Trigger::Interval)));
    }

    #[test]
    fn jitter_is_a_fifth_and_a_hundred_failures_overflow_nothing() {
        assert_eq!(jittered(Duration::from_secs(60), 0.0), Duration::from_secs(48));
        assert!(jittered(Duration::from_secs(60), 0.999) < Duration::from_secs(72));
        assert!(backoff(100) > Duration::from_secs(1_000_000));
    }
}
