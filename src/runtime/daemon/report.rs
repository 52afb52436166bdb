//! What came of one cycle: a value, a page for people, a document for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::pace::{Trigger, Went};
use crate::engine::diag::render;
use crate::engine::diag::with_causes;
use crate::engine::model::{Completeness, Failure, Instance};
use crate::engine::report::summary::Summary;
use crate::engine::report::{Look, json, text};
use crate::engine::source::Revision;
use crate::runtime::reconcile::{Counts, CycleError, Cycled, StepOutcome, World};

/// Columns of a page.
const WIDTH: usize = 100;

/// What came of one cycle.
#[derive(Debug, Clone, Serialize)]
pub struct CycleReport {
    /// Its number since the daemon was started.
    pub number: u64,
    /// When it began.
    pub began: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Why it was run.
    pub because: Trigger,
    /// What it amounts to.
    pub result: CycleResult,
    /// The revision that it made true.
    pub revision: Revision,
    /// Why that is not the newest one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mono_repo: Option<String>,
    /// Why it ended before its plan was attempted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Each service, and why it was not read whole.
    pub services: BTreeMap<Instance, Option<Failure>>,
    /// The plan in numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Summary>,
    /// The groups that wait for approval.
    pub waiting: Vec<String>,
    /// What was done, in numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<Counts>,
    /// Calls to services.
    pub calls: u64,
}

/// What a cycle amounts to, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CycleResult {
    /// It ended before its plan was attempted.
    Failed,
    /// Somebody else was at work.
    Skipped,
    /// Something that was to be done is not.
    Partial,
    /// A service was not read whole. The others were taken care of.
    Incomplete,
    /// Something waits for approval.
    Waiting,
    /// Everything that was to be done is.
    Applied,
    /// Something differs that is only reported.
    Differs,
    /// Everything is as declared.
    InSync,
}

impl CycleResult {
    /// Whether the services were read and the plan was attempted.
    pub fn is_complete(self) -> bool {
        !matches!(self, CycleResult::Failed | CycleResult::Skipped)
    }

    /// Whether nothing went wrong.
    pub fn is_good(self) -> bool {
        self > CycleResult::Incomplete
    }

    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            CycleResult::Failed => "failed",
            CycleResult::Skipped => "skipped",
            CycleResult::Partial => "partial",
            CycleResult::Incomplete => "incomplete",
            CycleResult::Waiting => "waiting",
            CycleResult::Applied => "applied",
            CycleResult::Differs => "differs",
            CycleResult::InSync => "in-sync",
        }
    }
}

/// What is known of a cycle before it runs, and what it cost.
pub(super) struct Frame {
    pub(super) number: u64,
    pub(super) began: DateTime<Utc>,
    pub(super) took_ms: u64,
    pub(super) because: Trigger,
    pub(super) revision: Revision,
    pub(super) mono_repo: Option<String>,
    pub(super) calls: u64,
}

impl CycleReport {
    /// What came of a cycle.
    pub(super) fn of(frame: Frame, cycled: &Result<Cycled, CycleError>) -> Self {
        let Frame { number, began, took_ms, because, revision, mono_repo, calls } = frame;
        let mut report = Self {
            number,
            began,
            took_ms,
            because,
            result: CycleResult::Failed,
            revision,
            mono_repo,
            error: None,
            services: BTreeMap::new(),
            plan: None,
            waiting: Vec::new(),
            done: None,
            calls,
        };
        match cycled {
            Ok(cycled) => report.with(cycled),
            Err(error) => {
                if matches!(error, CycleError::Lease(_)) {
                    report.result = CycleResult::Skipped;
                }
                report.error = Some(with_causes(error));
            }
        }
        report
    }

    fn with(&mut self, cycled: &Cycled) {
        let plan = &cycled.planned.planned.plan;
        self.services = services(&cycled.world);
        self.waiting = plan.waiting.iter().map(|group| group.name.clone()).collect();
        let summary = Summary::of(plan);
        let counts = cycled.outcome.as_ref().map(|outcome| outcome.counts());
        let undone = counts.is_some_and(|it| it.failed + it.held + it.not_started > 0);
        self.result = if undone {
            CycleResult::Partial
        } else if self.services.values().any(Option::is_some) {
            CycleResult::Incomplete
        } else if !plan.waiting.is_empty() {
            CycleResult::Waiting
        } else if counts.is_some() {
            CycleResult::Applied
        } else if summary.classes.is_empty() {
            CycleResult::InSync
        } else {
            CycleResult::Differs
        };
        (self.plan, self.done) = (Some(summary), counts);
    }

    /// What it means for the next one.
    pub(super) fn went(&self) -> Went {
        if !self.result.is_good() {
            Went::Badly
        } else if self.done.is_some_and(|it| it.done + it.pending > 0) {
            Went::Changed
        } else {
            Went::Quietly
        }
    }

    /// Whether it tells more than the one before: only then it is kept.
    pub(super) fn is_remarkable(&self) -> bool {
        self.result != CycleResult::InSync || self.mono_repo.is_some()
    }

    /// The page for people.
    pub(super) fn page(&self, cycled: Option<&Cycled>) -> String {
        let look = Look { colour: false, width: WIDTH, verbose: false };
        let mut page = format!(
            "cycle {}, {}, because {}: {}\nrevision {} ({})\n",
            self.number,
            self.began.format("%F %T UTC"),
            self.because,
            self.result.word(),
            self.revision.label,
            self.revision.id,
        );
        // Writing to a text cannot fail.
        let mut line = |text: String| {
            let _ = writeln!(page, "{text}");
        };
        for (what, why) in [("mono-repo", &self.mono_repo), ("error", &self.error)] {
            if let Some(why) = why {
                line(format!("{what}: {why}"));
            }
        }
        for (instance, failure) in &self.services {
            match failure {
                None => line(format!("{instance}: read whole")),
                Some(failure) => line(format!("{instance}: not read whole: {failure}")),
            }
        }
        for group in &self.waiting {
            line(format!("waits for approval: {group}"));
        }
        if let Some(Cycled { recovered, outcome, world, planned }) = cycled {
            for it in recovered {
                line(format!("left open by the last run: {} {} {}", it.verb, it.address, it.found));
            }
            for step in outcome.iter().flat_map(|outcome| &outcome.steps) {
                let why = match &step.outcome {
                    StepOutcome::Done { .. } | StepOutcome::Pending { .. } => String::new(),
                    StepOutcome::Failed { failure } => format!(": {failure}"),
                    StepOutcome::Held { why } => format!(": {why}"),
                    StepOutcome::Waiting { .. } => continue,
                };
                line(format!("{} {} {}{why}", step.outcome.word(), step.verb, step.address));
            }
            line(String::new());
            if !world.diagnostics.is_empty() {
                let plain = render::Look { colour: false, width: WIDTH };
                line(render::text(&world.diagnostics, |_| None, plain));
            }
            line(text::drift(&planned.planned.plan, &BTreeMap::new(), look).trim_end().to_owned());
        }
        page
    }

    /// The document for programs: the cycle, its plan in the form of `formulary plan --format json`, and each step's
    /// outcome.
    pub(super) fn document(&self, cycled: Option<&Cycled>) -> serde_json::Value {
        serde_json::json!({
            "cycle": self,
            "plan": cycled.map(|it| json::plan(&it.planned.planned.plan)),
            "outcome": cycled.and_then(|it| it.outcome.as_ref()),
            "problems": cycled.map(|it| render::json(&it.world.diagnostics)),
        })
    }
}

/// Each service, and the first reason why it was not read whole.
fn services(world: &World) -> BTreeMap<Instance, Option<Failure>> {
    let mut services: BTreeMap<Instance, Option<Failure>> = BTreeMap::new();
    for (instance, probe) in &world.probes {
        services.insert(instance.clone(), probe.as_ref().err().cloned());
    }
    for (scope, completeness) in &world.observed.scopes {
        if let Completeness::Incomplete(failure) = completeness {
            services.entry(scope.instance.clone()).or_default().get_or_insert_with(|| failure.clone());
        }
    }
    services
}
