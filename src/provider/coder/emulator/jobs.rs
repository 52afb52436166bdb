//! Provisioner jobs: pending until a provisioner is free, running for as long as they take, then ended, by the clock.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::call::stamp;
use super::ids::{Ids, NIL};

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobKind {
    Import,
    DryRun,
    Build,
}

/// Why a job fails: what the job says, and what stands in its log.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) error: String,
    pub(super) code: &'static str,
    pub(super) stage: &'static str,
    pub(super) lines: Vec<String>,
}

impl Failure {
    pub(super) fn new(error: String, stage: &'static str, lines: &[&str]) -> Self {
        Failure { error, code: "", stage, lines: lines.iter().map(|line| (*line).to_owned()).collect() }
    }
}

/// One job.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) kind: JobKind,
    pub(super) file_id: String,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) initiator_id: String,
    /// The version or the build that it is of.
    pub(super) subject: String,
    /// The version whose template it runs.
    pub(super) version_id: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) completed_at: Option<DateTime<Utc>>,
    pub(super) canceled_at: Option<DateTime<Utc>>,
    worker: Option<usize>,
    duration: Duration,
    /// What it will end in, once it has run.
    pub(super) failure: Option<Failure>,
    first_log: i64,
}

/// What a test wants of the next job.
#[derive(Debug, Clone)]
pub(super) enum Wish {
    Fail(Failure),
    Hang,
}

/// Every job, and the provisioners that run them.
#[derive(Debug)]
pub(super) struct Jobs {
    pub(super) all: BTreeMap<String, Job>,
    /// In the order in which they were made.
    pub(super) order: Vec<String>,
    /// Identifiers of the provisioners.
    pub(super) workers: Vec<String>,
    pub(super) started: DateTime<Utc>,
    pub(super) wishes: VecDeque<Wish>,
    pub(super) job_time: Duration,
    next_log: i64,
}

impl Jobs {
    pub(super) fn new(workers: usize, job_time: Duration, ids: &mut Ids, now: DateTime<Utc>) -> Self {
        Jobs {
            all: BTreeMap::new(),
            order: Vec::new(),
            workers: (0..workers).map(|_| ids.uuid()).collect(),
            started: now,
            wishes: VecDeque::new(),
            job_time,
            next_log: 1,
        }
    }

    /// Adds a job that waits for a provisioner. What a test wished for goes before what the job would do.
    pub(super) fn add(&mut self, mut job: Job) {
        match self.wishes.pop_front() {
            Some(Wish::Fail(failure)) => job.failure = Some(failure),
            Some(Wish::Hang) => job.duration = Duration::days(36_500),
            None => {}
        }
        job.first_log = self.next_log;
        self.next_log += 16;
        self.order.push(job.id.clone());
        self.all.insert(job.id.clone(), job);
    }

    /// Lets jobs begin and end as far as `now`. Answers those that ended, in order.
    pub(super) fn settle(&mut self, now: DateTime<Utc>) -> Vec<String> {
        let mut ended = Vec::new();
        loop {
            let running = self.all.values().filter(|job| job.is_running());
            let next_end = running.map(|job| (job.ends_at(), job.id.clone())).min();
            let free = (0..self.workers.len())
                .find(|worker| !self.all.values().any(|job| job.is_running() && job.worker == Some(*worker)));
            let waiting = self
                .order
                .iter()
                .filter_map(|id| self.all.get(id))
                .find(|job| job.is_pending() && self.serves(&job.tags));
            if let (Some(worker), Some(job)) = (free, waiting.filter(|job| job.created_at < now)) {
                let (id, latest) = (job.id.clone(), self.latest_end(worker));
                if let Some(job) = self.all.get_mut(&id) {
                    job.started_at = Some(latest.map_or(job.created_at, |latest| latest.max(job.created_at)));
                    job.worker = Some(worker);
                }
                continue;
            }
            let Some((end, id)) = next_end.filter(|(end, _)| *end <= now) else {
                return ended;
            };
            if let Some(job) = self.all.get_mut(&id) {
                job.completed_at = Some(end);
            }
            ended.push(id);
        }
    }

    fn latest_end(&self, worker: usize) -> Option<DateTime<Utc>> {
        self.all.values().filter(|job| job.worker == Some(worker)).filter_map(|job| job.completed_at).max()
    }

    /// Whether a provisioner has these tags: the built-in ones have none of their own.
    pub(super) fn serves(&self, tags: &BTreeMap<String, String>) -> bool {
        !self.workers.is_empty()
            && tags.iter().all(|(key, value)| match key.as_str() {
                "scope" => value == "organization",
                "owner" => value.is_empty(),
                _ => false,
            })
    }

    /// How many provisioners have the tags, as the answer to a creation tells it.
    pub(super) fn matched(&self, tags: &BTreeMap<String, String>) -> Value {
        let count = if self.serves(tags) { self.workers.len() } else { 0 };
        let seen = if count == 0 { Value::Null } else { stamp(self.started).into() };
        json!({ "count": count, "available": count, "most_recently_seen": seen })
    }

    /// Marks a job as cancelled: at once where it waits, soon where it runs.
    pub(super) fn cancel(&mut self, id: &str, now: DateTime<Utc>) {
        let grace = self.job_time;
        if let Some(job) = self.all.get_mut(id) {
            job.canceled_at = Some(now);
            match job.started_at {
                None => job.completed_at = Some(now),
                Some(started) => {
                    job.duration = job.duration.min(now + grace - started);
                    if job.kind == JobKind::Build {
                        job.failure = Some(Failure::new(
                            "terraform apply: exit status 1".to_owned(),
                            "Starting workspace",
                            &["Interrupted"],
                        ));
                    }
                }
            }
        }
    }

    /// The place of a waiting job and how many wait.
    fn queue(&self, job: &Job) -> (usize, usize) {
        let waiting: Vec<&String> =
            self.order.iter().filter(|id| self.all.get(*id).is_some_and(Job::is_pending)).collect();
        let place = waiting.iter().position(|id| **id == job.id).map_or(0, |at| at + 1);
        (place, waiting.len())
    }

    /// The job as the API shows it, with what is known of where it belongs.
    pub(super) fn view(&self, job: &Job, metadata: Option<Value>) -> Value {
        let mut view = json!({ "id": job.id, "created_at": stamp(job.created_at) });
        let moments =
            [("started_at", job.started_at), ("completed_at", job.completed_at), ("canceled_at", job.canceled_at)];
        for (field, moment) in moments {
            if let Some(moment) = moment {
                view[field] = stamp(moment).into();
            }
        }
        if let Some(failure) = job.ended_in() {
            view["error"] = failure.error.as_str().into();
            if !failure.code.is_empty() {
                view["error_code"] = failure.code.into();
            }
        }
        view["status"] = job.status().into();
        if let Some(worker) = job.worker.and_then(|worker| self.workers.get(worker)) {
            view["worker_id"] = worker.as_str().into();
        }
        let (input, kind) = match job.kind {
            JobKind::Import => ("template_version_id", "template_version_import"),
            JobKind::DryRun => ("template_version_id", "template_version_dry_run"),
            JobKind::Build => ("workspace_build_id", "workspace_build"),
        };
        let (place, waiting) = self.queue(job);
        super::accounts::extend(
            &mut view,
            json!({
                "file_id": job.file_id,
                "tags": job.tags,
                "queue_position": place,
                "queue_size": waiting,
                "initiator_id": job.initiator_id,
                "input": { input: job.subject },
                "type": kind,
                "metadata": metadata.unwrap_or_else(|| json!({
                    "template_version_name": "",
                    "template_id": NIL,
                    "template_name": "",
                    "template_display_name": "",
                    "template_icon": "",
                })),
                "logs_overflowed": false,
            }),
        );
        view
    }

    /// The number of a worker's name.
    pub(super) fn worker_name(&self, job: &Job) -> Option<String> {
        job.worker.map(|worker| format!("sandbox-{worker}"))
    }
}

impl Job {
    /// A job that nobody has taken, as long as jobs usually are.
    pub(super) fn new(
        kind: JobKind,
        id: String,
        subject: &str,
        version_id: &str,
        initiator_id: &str,
        now: DateTime<Utc>,
    ) -> Self {
        Job {
            id,
            kind,
            file_id: String::new(),
            tags: BTreeMap::new(),
            initiator_id: initiator_id.to_owned(),
            subject: subject.to_owned(),
            version_id: version_id.to_owned(),
            created_at: now,
            started_at: None,
            completed_at: None,
            canceled_at: None,
            worker: None,
            duration: Duration::zero(),
            failure: None,
            first_log: 0,
        }
    }

    pub(super) fn lasting(mut self, duration: Duration) -> Self {
        self.duration = duration;
        self
    }

    pub(super) fn is_pending(&self) -> bool {
        self.started_at.is_none() && self.completed_at.is_none()
    }

    pub(super) fn is_running(&self) -> bool {
        self.started_at.is_some() && self.completed_at.is_none()
    }

    pub(super) fn is_active(&self) -> bool {
        self.completed_at.is_none()
    }

    fn ends_at(&self) -> DateTime<Utc> {
        self.started_at.map_or(DateTime::<Utc>::MAX_UTC, |started| started + self.duration)
    }

    /// Why it failed, once it has.
    fn ended_in(&self) -> Option<&Failure> {
        self.failure.as_ref().filter(|_| self.completed_at.is_some() && self.started_at.is_some())
    }

    pub(super) fn status(&self) -> &'static str {
        match (self.completed_at, self.canceled_at) {
            (Some(_), _) if self.ended_in().is_some() => "failed",
            (Some(_), Some(_)) => "canceled",
            (Some(_), None) => "succeeded",
            (None, _) if self.started_at.is_none() => "pending",
            (None, Some(_)) => "canceling",
            (None, None) => "running",
        }
    }

    pub(super) fn succeeded(&self) -> bool {
        self.status() == "succeeded"
    }

    /// What stands in its log so far.
    pub(super) fn logs(&self) -> Vec<Value> {
        let mut lines = Vec::new();
        if self.started_at.is_some() {
            lines.push(("provisioner_daemon", "info", "Setting up", String::new()));
            let stage = "Initializing Terraform Directory";
            lines.push(("provisioner", "info", stage, "Terraform 1.11.4".to_owned()));
        }
        match self.ended_in() {
            Some(failure) if !failure.stage.is_empty() => {
                lines.extend(failure.lines.iter().map(|line| ("provisioner", "error", failure.stage, line.clone())));
            }
            _ => {}
        }
        if self.completed_at.is_some() && self.started_at.is_some() {
            lines.push(("provisioner_daemon", "info", "Cleaning Up", String::new()));
        }
        let at = stamp(self.started_at.unwrap_or(self.created_at));
        let row = |(n, (source, level, stage, output)): (i64, (&str, &str, &str, String))| {
            json!({
                "id": self.first_log + n,
                "created_at": at,
                "log_source": source,
                "log_level": level,
                "stage": stage,
                "output": output,
            })
        };
        (0..).zip(lines).map(row).collect()
    }
}

impl Jobs {
    /// Ends a job that nobody needs to run.
    pub(super) fn complete(&mut self, id: &str, now: DateTime<Utc>) {
        if let Some(job) = self.all.get_mut(id) {
            job.started_at = Some(now);
            job.completed_at = Some(now);
        }
    }
}
