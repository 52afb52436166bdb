//! What `/healthz` and `/readyz` say. Open to whoever asks: no address, no name of a person, no words of a service.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::time::Instant;

use super::report::{CycleReport, CycleResult};
use crate::engine::model::{FailureClass, Instance};

/// How long the loop may be silent. Longer than the longest thing that it waits for in one piece: a first clone, or one
/// call with all its repeats.
const SILENT: Duration = Duration::from_secs(15 * 60);

/// How the daemon is, for those who watch it.
#[derive(Debug)]
pub struct Health(Mutex<State>);

#[derive(Debug)]
struct State {
    beat: Instant,
    poll: Duration,
    /// Who leads, where it is another.
    other: Option<String>,
    ledger: bool,
    mono_repo: Option<&'static str>,
    degraded: BTreeMap<Instance, FailureClass>,
    last: Option<Last>,
    completed: u64,
}

/// The last cycle.
#[derive(Debug, Clone, Serialize)]
struct Last {
    number: u64,
    ended: DateTime<Utc>,
    result: CycleResult,
    revision: String,
}

/// The answer of `/readyz`.
#[derive(Debug, Clone, Serialize)]
pub struct Readiness {
    /// Whether the daemon does its work.
    pub ready: bool,
    /// Why not.
    pub reasons: Vec<String>,
    /// Services that the last cycle could not read whole, by the class of what failed. The others go on.
    pub degraded: BTreeMap<Instance, FailureClass>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_cycle: Option<Last>,
}

impl Health {
    /// A daemon that has just begun.
    pub(super) fn new(poll: Duration) -> Self {
        Self(Mutex::new(State {
            beat: Instant::now(),
            poll,
            other: None,
            ledger: true,
            mono_repo: None,
            degraded: BTreeMap::new(),
            last: None,
            completed: 0,
        }))
    }

    /// Whether the loop is alive.
    pub fn is_alive(&self) -> bool {
        let state = self.state();
        state.beat.elapsed() < SILENT + state.poll * 2
    }

    /// Whether the daemon does its work, and why not.
    pub fn readiness(&self) -> Readiness {
        let state = self.state();
        let mut reasons = Vec::new();
        if let Some(other) = &state.other {
            reasons.push(format!("another one leads: {other}"));
        }
        if !state.ledger {
            reasons.push("the ledger cannot be used".to_owned());
        }
        reasons.extend(state.mono_repo.map(str::to_owned));
        if state.completed == 0 {
            reasons.push("no cycle was completed yet".to_owned());
        }
        let (degraded, last_cycle) = (state.degraded.clone(), state.last.clone());
        Readiness { ready: reasons.is_empty(), reasons, degraded, last_cycle }
    }

    /// The loop goes on.
    pub(super) fn beat(&self) {
        self.state().beat = Instant::now();
    }

    /// The mono-repo is asked this often.
    pub(super) fn polls(&self, every: Duration) {
        self.state().poll = every;
    }

    /// Another one leads, or nobody else does.
    pub(super) fn led_by(&self, other: Option<String>) {
        self.state().other = other;
    }

    /// Whether the ledger can be used.
    pub(super) fn ledger(&self, usable: bool) {
        self.state().ledger = usable;
    }

    /// What is wrong with the mono-repo.
    pub(super) fn mono_repo(&self, trouble: Option<&'static str>) {
        self.state().mono_repo = trouble;
    }

    /// A cycle ended.
    pub(super) fn cycled(&self, report: &CycleReport, ended: DateTime<Utc>) {
        let mut state = self.state();
        if report.result.is_complete() {
            state.completed += 1;
            let unread = report.services.iter().filter_map(|(of, failure)| Some((of.clone(), failure.as_ref()?.class)));
            state.degraded = unread.collect();
        }
        let (number, result, revision) = (report.number, report.result, report.revision.id.clone());
        state.last = Some(Last { number, ended, result, revision });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_is_silent_for_long_is_not_alive() {
        let health = Health::new(Duration::from_secs(60));
        tokio::time::advance(Duration::from_secs(16 * 60)).await;
        assert!(health.is_alive());
        tokio::time::advance(Duration::from_secs(2 * 60)).await;
        assert!(!health.is_alive());
        health.beat();
        assert!(health.is_alive());
    }

    #[test]
    fn each_thing_that_is_missing_is_a_reason() {
        let health = Health::new(Duration::from_secs(60));
        let reasons = |health: &Health| health.readiness().reasons.join(" · ");
        assert_eq!(reasons(&health), "no cycle was completed yet");
        health.led_by(Some("formulary run, process 7".to_owned()));
        health.ledger(false);
        health.mono_repo(Some("the mono-repo cannot be read"));
        assert_eq!(
            reasons(&health),
            "another one leads: formulary run, process 7 · the ledger cannot be used · the mono-repo cannot be read · \
             no cycle was completed yet"
        );
        assert!(!health.readiness().ready);
    }
}
