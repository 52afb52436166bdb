//! One cycle of the daemon: run, reported, counted.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::health::Health;
use super::lead::Daemon;
use super::metrics::Metrics;
use super::pace::{Trigger, Went};
use super::report::{CycleReport, Frame};
use crate::engine::diff::DriftClass;
use crate::engine::model::Instance;
use crate::engine::plan::Step;
use crate::engine::source::Snapshot;
use crate::runtime::reconcile::{
    Cycle, CycleError, Cycled, Onlooker, Progress, Recovered, StepOutcome, StepProgress, World,
};

/// How long a cycle waits for work that goes on at a service, when nothing else is left to do: somebody who signs up
/// must not wait for somebody's build. The next cycle comes soon, and goes on with it.
const PATIENCE: Duration = Duration::from_secs(20);

impl Daemon {
    /// Runs a cycle and says what came of it. `None` when it was stopped before it could do anything.
    pub(super) async fn cycle(&mut self, because: Trigger, term: &CancellationToken) -> Option<Went> {
        let Some(snapshot) = self.wanted.last() else {
            tracing::warn!("nothing is wanted yet: no revision of the mono-repo could be acted on");
            return Some(Went::Badly);
        };
        self.cycles += 1;
        let (began, start, calls) = (self.site.now(), Instant::now(), self.metrics.calls());
        // What stops one cycle (a lease that was lost) does not stop the daemon.
        let cycled = self.run_once(snapshot, term.child_token()).await;
        if matches!(cycled, Err(CycleError::Stopped)) && term.is_cancelled() {
            return None;
        }
        self.health.ledger(!matches!(cycled, Err(CycleError::Ledger(_))));
        let report = CycleReport::of(
            Frame {
                number: self.cycles,
                began,
                took_ms: start.elapsed().as_millis().try_into().unwrap_or(u64::MAX),
                because,
                revision: snapshot.revision.clone(),
                mono_repo: self.wanted.trouble().map(ToString::to_string),
                calls: self.metrics.calls() - calls,
            },
            &cycled,
        );
        self.say(&report, cycled.as_ref().ok());
        Some(report.went())
    }

    async fn run_once(&self, snapshot: &Snapshot, stop: CancellationToken) -> Result<Cycled, CycleError> {
        let onlooker = Told { health: Arc::clone(&self.health), metrics: Arc::clone(&self.metrics) };
        let (site, ledger, holder) = (&self.site, &self.ledger, &self.holder);
        let cycle = Cycle { site, ledger, holder, stop, deadline: None, patience: Some(PATIENCE), onlooker: &onlooker };
        let cycled = cycle.run(snapshot, |_: &World, _| Ok(())).await;
        self.metrics.lease(false);
        cycled
    }

    /// Everything that is said of a cycle: metrics, health, a report, a log line.
    fn say(&self, report: &CycleReport, cycled: Option<&Cycled>) {
        let ended: DateTime<Utc> = self.site.now();
        self.metrics.cycled(report, cycled, ended);
        self.health.cycled(report, ended);
        if let Err(error) = self.reports.leave(report, cycled) {
            tracing::warn!(%error, folder = %self.site.config.reports().display(), "the report could not be written");
        }
        log(report);
    }
}

/// One event a cycle, the same fields in each.
fn log(report: &CycleReport) {
    let class = |class| report.plan.as_ref().and_then(|it| it.classes.get(&class)).copied().unwrap_or_default();
    let done = report.done.unwrap_or_default();
    let unread: Vec<&str> = report
        .services
        .iter()
        .filter(|(_, failure)| failure.is_some())
        .map(|(instance, _)| instance.as_str())
        .collect();
    macro_rules! event {
        ($level:ident) => {
            tracing::$level!(
                cycle = report.number,
                because = %report.because,
                result = report.result.word(),
                revision = report.revision.id,
                in_sync = report.plan.as_ref().map_or(0, |it| it.in_sync),
                pending = class(DriftClass::Pending),
                drifted = class(DriftClass::Drifted),
                conflict = class(DriftClass::Conflict),
                missing = class(DriftClass::Missing),
                adoptable = class(DriftClass::Adoptable),
                unowned = class(DriftClass::Unowned),
                removed = class(DriftClass::Removed),
                unknown = class(DriftClass::Unknown),
                applied = done.done,
                failed = done.failed + done.held + done.not_started,
                waiting = report.waiting.len(),
                unread = unread.join(","),
                error = report.error,
                calls = report.calls,
                duration_ms = report.took_ms,
                "cycle"
            )
        };
    }
    if report.result.is_good() {
        event!(info);
    } else {
        event!(warn);
    }
}

/// Notes that the loop is alive, and that the lease is held.
struct Told {
    health: Arc<Health>,
    metrics: Arc<Metrics>,
}

impl Progress for Told {
    fn reading(&self, _: &Instance, _: &str) {
        self.health.beat();
    }

    fn was_read(&self, instance: &Instance, objects: usize) {
        self.health.beat();
        tracing::debug!(%instance, objects, "read");
    }
}

impl Onlooker for Told {
    fn recovered(&self, recovered: &[Recovered]) {
        self.health.beat();
        self.metrics.lease(true);
        for it in recovered {
            tracing::info!(verb = %it.verb, address = %it.address, found = %it.found, "left open by the last run");
        }
    }
}

impl StepProgress for Told {
    fn started(&self, step: &Step) {
        self.health.beat();
        tracing::debug!(verb = %step.verb, address = %step.address, "step begins");
    }

    fn goes_on(&self, step: &Step, what: &str) {
        self.health.beat();
        tracing::debug!(verb = %step.verb, address = %step.address, what, "step goes on at the service");
    }

    fn finished(&self, step: &Step, outcome: &StepOutcome) {
        self.health.beat();
        let (verb, address) = (&step.verb, &step.address);
        match outcome {
            StepOutcome::Failed { failure } => tracing::warn!(%verb, %address, %failure, "step failed"),
            other => tracing::debug!(%verb, %address, outcome = other.word(), "step ended"),
        }
    }
}
