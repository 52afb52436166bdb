//! An attempt at a plan under way: what is journalled, what runs, what came back, and what that lets go.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::call::{Hands, Verdict, as_found, attempt};
use super::executor::Apply;
use super::following::follow;
use super::graph::Graph;
use super::inputs::{Ready, resolve};
use super::outcome::{EndedEarly, Held, Outcome, StepOutcome, StepReport};
use super::probe::Boundary;
use super::record::{Records, differences, entries, events};
use crate::engine::diag::with_causes;
use crate::engine::model::{Address, Failure, FailureClass, Instance, Recorded};
use crate::engine::plan::Step;
use crate::provider::contract::{Facts, Inputs, Related};
use crate::provider::http::MayWrite;
use crate::runtime::ledger::{
    Approval, Entry, Finished, Intent, IntentId, IntentResult, LedgerError, NewIntent, Payload, RunId,
};

/// Steps of one installation that are journalled and not begun, at most: the largest number that a service takes in one
/// go (Twenty), so that a batch can be full.
const AHEAD: usize = 60;

/// How long a result waits for others to be journalled with it, at most. Short beside any call over a network, and
/// several times what a disk takes to be sure.
const COMPANY: Duration = Duration::from_millis(50);

/// A step whose call came back, or whose work at the service is over.
struct Called {
    at: usize,
    intent: IntentId,
    payload: Payload,
    inputs: Inputs,
    verdict: Verdict,
    took: Duration,
}

/// What came back at once.
struct Back {
    called: Vec<Called>,
    /// The installation in which a call ended, and others may begin.
    frees: Option<Instance>,
}

/// A step that is journalled and not begun.
type Queued = (usize, IntentId, Ready);

/// The attempt's whole state. One task owns it; calls run beside each other within that task.
pub(super) struct Execution<'a> {
    job: &'a Apply<'a>,
    run: RunId,
    graph: Graph,
    records: Records,
    known: Related,
    open: BTreeMap<Address, Intent>,
    approvals: BTreeMap<i64, Approval>,
    under_way: BTreeMap<Instance, usize>,
    /// Journalled, and not begun.
    queue: BTreeMap<Instance, VecDeque<Queued>>,
    /// Calls, and work at services that is waited for.
    running: FuturesUnordered<BoxFuture<'a, Back>>,
    /// Cancelled when nothing that goes on at a service is waited for any more.
    left: CancellationToken,
    /// Came back, and not journalled yet.
    results: Vec<Called>,
    /// When the first of them is to be journalled at the latest.
    write_by: Option<Instant>,
    reports: Vec<Option<(StepOutcome, Option<Duration>)>>,
    ended_early: Option<EndedEarly>,
}

impl<'a> Execution<'a> {
    pub(super) async fn begin(job: &'a Apply<'a>) -> Result<Self, LedgerError> {
        let now = job.clock.now();
        let recorded = job.ledger.objects().await?;
        let open = job.ledger.open_intents().await?;
        let approvals = job.ledger.approvals(now).await?;
        // What is known now is fresher than what is recorded.
        let facts = |it: &Recorded| Facts { external_id: it.external_id.clone(), outputs: it.outputs.clone() };
        let mut known = Related(recorded.iter().map(|it| (it.address.clone(), facts(it))).collect());
        known.0.extend(job.known.0.iter().map(|(address, facts)| (address.clone(), facts.clone())));
        let run = job.ledger.begin_run(job.fence, &job.plan.revision, &job.plan.digest, now).await?;
        Ok(Self {
            job,
            run,
            graph: Graph::new(&job.plan.steps),
            records: recorded.into_iter().map(|it| (it.address.clone(), it)).collect(),
            known,
            open: open.into_iter().map(|it| (it.payload.step.address.clone(), it)).collect(),
            approvals: approvals.into_iter().map(|it| (it.id, it)).collect(),
            under_way: BTreeMap::new(),
            queue: BTreeMap::new(),
            running: FuturesUnordered::new(),
            left: CancellationToken::new(),
            results: Vec::new(),
            write_by: None,
            reports: vec![None; job.plan.steps.len()],
            ended_early: None,
        })
    }

    /// Goes on until nothing runs and nothing more can.
    pub(super) async fn run(&mut self) {
        for at in 0..self.job.plan.steps.len() {
            let waits = &self.job.plan.steps[at].waits;
            if !waits.is_empty() && self.reports[at].is_none() {
                self.over(at, StepOutcome::Waiting { waits: waits.clone() }, None);
            }
        }
        loop {
            self.look_at_the_time();
            if self.ended_early.is_some() {
                self.left.cancel();
            }
            if self.running.is_empty() || self.write_by.is_some_and(|by| Instant::now() >= by) {
                self.write_results().await;
            }
            while self.ended_early.is_none() && self.journal().await {}
            self.start();
            if !self.running.is_empty() {
                self.wait().await;
            } else if self.results.is_empty() {
                return self.close_queue().await;
            }
        }
    }

    /// Waits until a call comes back or results are to be journalled, and takes all that came back meanwhile.
    async fn wait(&mut self) {
        let may_end = self.ended_early.is_none();
        let deadline = self.job.deadline.filter(|_| may_end);
        let until = |moment: Option<Instant>| async move {
            match moment {
                Some(moment) => tokio::time::sleep_until(moment).await,
                None => std::future::pending().await,
            }
        };
        let mut back = Vec::new();
        tokio::select! {
            biased;
            first = self.running.next() => back.extend(first),
            () = until(self.write_by) => {}
            () = self.job.stop.cancelled(), if may_end => self.ended_early = Some(EndedEarly::Stop),
            () = until(deadline) => self.ended_early = Some(EndedEarly::Deadline),
        }
        while let Some(Some(next)) = self.running.next().now_or_never() {
            back.push(next);
        }
        for Back { called, frees } in back {
            self.job.probe.at(Boundary::Called);
            if let Some(count) = frees.and_then(|instance| self.under_way.get_mut(&instance)) {
                *count = count.saturating_sub(1);
            }
            self.write_by.get_or_insert_with(|| Instant::now() + COMPANY);
            self.results.extend(called);
        }
    }

    fn look_at_the_time(&mut self) {
        if self.ended_early.is_some() {
            return;
        }
        if self.job.stop.is_cancelled() {
            self.ended_early = Some(EndedEarly::Stop);
        } else if self.job.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            self.ended_early = Some(EndedEarly::Deadline);
        }
    }

    /// Journals steps that can go, where an installation has run out of journalled ones. Gives whether more may be able
    /// to go, because some of them were over at once.
    async fn journal(&mut self) -> bool {
        let instances = self.graph.instances();
        if !instances.iter().any(|instance| self.is_idle(instance)) {
            return false;
        }
        let mut batch: Vec<(usize, Ready)> = Vec::new();
        let mut more = false;
        for instance in instances {
            let queued = self.queue.get(&instance).map_or(0, VecDeque::len);
            let mut room = AHEAD.saturating_sub(queued);
            while room > 0
                && let Some(at) = self.graph.take(&instance)
            {
                match self.prepare(at).await {
                    Ok(ready) => {
                        batch.push((at, ready));
                        room -= 1;
                    }
                    Err(outcome) => {
                        self.over(at, outcome, None);
                        more = true;
                    }
                }
            }
        }
        if batch.is_empty() {
            return more;
        }
        let intents: Vec<NewIntent> = batch.iter().map(|(at, ready)| self.intent(*at, ready)).collect();
        self.job.probe.at(Boundary::BeforeIntents);
        match self.job.ledger.begin_intents(self.job.fence, &intents).await {
            Ok(ids) => {
                self.job.probe.at(Boundary::AfterIntents);
                for ((at, ready), id) in batch.into_iter().zip(ids) {
                    match id {
                        Some(id) => {
                            let instance = self.job.plan.steps[at].address.instance.clone();
                            self.queue.entry(instance).or_default().push_back((at, id, ready));
                        }
                        None => {
                            self.over(at, StepOutcome::Held { why: Held::DoneBefore }, None);
                            more = true;
                        }
                    }
                }
            }
            Err(error) => {
                self.ledger_failed(&error);
                for (at, _) in batch {
                    self.over(at, StepOutcome::Held { why: Held::NotStarted }, None);
                }
            }
        }
        more
    }

    /// Whether an installation could do more than is journalled for it.
    fn is_idle(&self, instance: &Instance) -> bool {
        let queued = self.queue.get(instance).map_or(0, VecDeque::len);
        let room = self.job.hands.get(instance).map_or(1, |hands| hands.concurrency.max(1));
        queued == 0 && self.under_way.get(instance).copied().unwrap_or(0) < room
    }

    /// Begins journalled steps wherever there is room.
    fn start(&mut self) {
        if self.ended_early.is_none() && self.job.tenure.has_passed() {
            let said = "this process was paused for longer than its lease lasts; another may be at work".to_owned();
            self.ended_early = Some(EndedEarly::Ledger { said, help: "run it again".to_owned() });
        }
        if self.ended_early.is_some() {
            return;
        }
        let job = self.job;
        let mut begun = Vec::new();
        for (instance, queue) in &mut self.queue {
            let Some(hands) = job.hands.get(instance) else { continue };
            let under_way = self.under_way.entry(instance.clone()).or_default();
            while *under_way < hands.concurrency.max(1)
                && let Some(first) = queue.pop_front()
            {
                *under_way += 1;
                let step = &job.plan.steps[first.0];
                let others = hands.writer.together(step).saturating_sub(1);
                let others = if is_call(step) { take_alike(queue, &job.plan.steps, step, others) } else { Vec::new() };
                begun.push((hands, std::iter::once(first).chain(others).collect()));
            }
        }
        for (hands, batch) in begun {
            self.call(hands, batch);
        }
    }

    /// Checks what can be known before a step is begun, and resolves what it sends.
    async fn prepare(&self, at: usize) -> Result<Ready, StepOutcome> {
        let address = &self.job.plan.steps[at].address;
        // What was begun before goes on at the service: nothing is begun beside it.
        if let Some(handle) = self.open.get(address).and_then(|open| open.handle.clone()) {
            return Err(StepOutcome::Pending { handle });
        }
        self.resolve(at).await.map_err(|why| StepOutcome::Held { why })
    }

    async fn resolve(&self, at: usize) -> Result<Ready, Held> {
        let step = &self.job.plan.steps[at];
        if !self.job.hands.contains_key(&step.address.instance) {
            return Err(Held::NoService);
        }
        if let Some(open) = self.open.get(&step.address) {
            return Err(Held::StillOpen { since: open.began });
        }
        if let Some(approval) = self.job.released.get(&step.digest)
            && !self.approvals.get(approval).is_some_and(|it| it.covers(&step.digest))
        {
            return Err(Held::ApprovalGone { approval: *approval });
        }
        let spec = self.job.kinds.spec(&step.address);
        let (secrets, identity) = (self.job.secrets, self.job.ledger.identity());
        resolve(step, spec, &self.known, secrets, identity, self.job.payloads).await
    }

    fn intent(&self, at: usize, ready: &Ready) -> NewIntent {
        let step = &self.job.plan.steps[at];
        NewIntent {
            run: self.run,
            payload: ready.payload.clone(),
            approval: self.job.released.get(&step.digest).copied(),
            at: self.job.clock.now(),
        }
    }

    /// Begins the call of one step, or of several that go together.
    fn call(&mut self, hands: &'a Hands, batch: Vec<Queued>) {
        let job = self.job;
        let steps = &job.plan.steps;
        batch.iter().for_each(|(at, ..)| job.progress.started(&steps[*at]));
        let Some(first) = batch.first().map(|(at, ..)| &steps[*at]) else { return };
        let frees = Some(first.address.instance.clone());
        let back = move |batch: Vec<Queued>, verdicts: Vec<(Verdict, Duration)>| {
            let called = batch.into_iter().zip(verdicts).map(|((at, intent, ready), (verdict, took))| {
                let Ready { payload, inputs } = ready;
                Called { at, intent, payload, inputs, verdict, took }
            });
            Back { called: called.collect(), frees }
        };
        if !is_call(first) {
            let done = || (Verdict::Done { live: None, settled_by_reading: false }, Duration::ZERO);
            let verdicts = batch.iter().map(|_| done()).collect();
            self.running.push(std::future::ready(back(batch, verdicts)).boxed());
            return;
        }
        let spec = job.kinds.spec(&first.address);
        let tenure = job.tenure.clone();
        let may_write: MayWrite = Arc::new(move || !tenure.has_passed());
        let future = async move {
            let together: Vec<_> = batch.iter().map(|(at, _, ready)| (&steps[*at], &ready.inputs)).collect();
            let verdicts = attempt(hands, &together, spec, may_write).await;
            back(batch, verdicts)
        };
        self.running.push(future.boxed());
    }

    /// Waits for work that a step began, beside everything else. Its handle is journalled.
    fn follow(&mut self, begun: Called, handle: String) {
        let job = self.job;
        let Called { at, intent, payload, inputs, took, .. } = begun;
        let step = &job.plan.steps[at];
        let Some(hands) = job.hands.get(&step.address.instance) else { return };
        let spec = job.kinds.spec(&step.address);
        let left = self.left.clone();
        let future = async move {
            let began = Instant::now();
            let told = |what: &str| job.progress.goes_on(step, what);
            let verdict = follow(hands, step, &inputs, spec, handle, left, told).await;
            let took = took + began.elapsed();
            Back { called: vec![Called { at, intent, payload, inputs, verdict, took }], frees: None }
        };
        self.running.push(future.boxed());
    }

    /// Journals calls that came back, with all that follows from them, and lets go what they held up.
    async fn write_results(&mut self) {
        self.write_by = None;
        let mut called = std::mem::take(&mut self.results);
        if called.is_empty() {
            return;
        }
        // Which call came back first is chance; what is written of them is not.
        called.sort_by_key(|it| it.at);
        let now = self.job.clock.now();
        let mut finished = Vec::new();
        let mut pending = Vec::new();
        let mut followed = Vec::new();
        let mut outcomes = Vec::new();
        for called in called {
            let step = &self.job.plan.steps[called.at];
            let spec = self.job.kinds.spec(&step.address);
            let mut end = Finished {
                intent: called.intent,
                result: IntentResult::Done,
                entries: vec![],
                events: vec![],
                at: now,
            };
            let outcome = match called.verdict {
                Verdict::Done { live, settled_by_reading } => {
                    let mut payload = called.payload;
                    let live = live.as_deref();
                    let did_not_stick =
                        live.map(|live| differences(step, &payload.sent, live, spec)).unwrap_or_default();
                    if let Some(live) = live.filter(|_| settled_by_reading) {
                        payload.sent = as_found(step, &payload.sent, live, spec);
                    }
                    end.entries = entries(&payload, live, &self.records, spec, now);
                    end.events = events(step, live, spec);
                    let external_id = live.and_then(|live| live.external_id.clone());
                    StepOutcome::Done { external_id, did_not_stick, settled_by_reading }
                }
                Verdict::Pending(ref handle) => {
                    pending.push((called.intent, handle.clone()));
                    followed.push((handle.clone(), called));
                    continue;
                }
                Verdict::StillOn(handle) => {
                    outcomes.push((called.at, StepOutcome::Pending { handle }, called.took, Vec::new()));
                    continue;
                }
                Verdict::Unread(failure) => {
                    outcomes.push((called.at, StepOutcome::Failed { failure }, called.took, Vec::new()));
                    continue;
                }
                Verdict::Failed(failure) => {
                    end.result = IntentResult::Failed(failure.clone());
                    StepOutcome::Failed { failure }
                }
                Verdict::Unclear(failure) => {
                    end.result = IntentResult::Unclear(failure.clone());
                    StepOutcome::Failed { failure }
                }
            };
            outcomes.push((called.at, outcome, called.took, end.entries.clone()));
            finished.push(end);
        }
        let written = self.write(&finished, &pending).await;
        for (at, outcome, took, entries) in outcomes {
            match &written {
                Ok(()) => {
                    self.remember(entries);
                    self.over(at, outcome, Some(took));
                }
                Err(error) => {
                    let outcome = unrecorded(&self.job.plan.steps[at], outcome, error);
                    self.over(at, outcome, Some(took));
                }
            }
        }
        for (handle, begun) in followed {
            match &written {
                Ok(()) => self.follow(begun, handle),
                Err(error) => {
                    let (at, took) = (begun.at, begun.took);
                    let outcome = unrecorded(&self.job.plan.steps[at], StepOutcome::Pending { handle }, error);
                    self.over(at, outcome, Some(took));
                }
            }
        }
        if let Err(error) = written {
            self.ledger_failed(&error);
        }
    }

    async fn write(&self, finished: &[Finished], pending: &[(IntentId, String)]) -> Result<(), LedgerError> {
        self.job.probe.at(Boundary::BeforeResults);
        for (intent, handle) in pending {
            self.job.ledger.pend_intent(self.job.fence, *intent, handle).await?;
        }
        if !finished.is_empty() {
            self.job.ledger.finish_intents(self.job.fence, finished).await?;
        }
        self.job.probe.at(Boundary::AfterResults);
        Ok(())
    }

    /// What was recorded is known to the steps that come after.
    fn remember(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            match entry {
                Entry::Put(recorded) => {
                    let facts = Facts { external_id: recorded.external_id.clone(), outputs: recorded.outputs.clone() };
                    self.known.0.insert(recorded.address.clone(), facts);
                    self.records.insert(recorded.address.clone(), *recorded);
                }
                Entry::Forget(address) => {
                    self.known.0.remove(&address);
                    self.records.remove(&address);
                }
            }
        }
    }

    /// A step has ended, one way or the other.
    fn over(&mut self, at: usize, outcome: StepOutcome, took: Option<Duration>) {
        let steps = &self.job.plan.steps;
        self.job.progress.finished(&steps[at], &outcome);
        if outcome.is_done() {
            self.graph.done(at, steps);
        } else {
            // Named is the beginning of the chain, which is where something can be done about it.
            let (root, waits) = match &outcome {
                StepOutcome::Waiting { .. } | StepOutcome::Pending { .. } => (at, true),
                _ => (at, false),
            };
            let never_tried = matches!(outcome, StepOutcome::Held { why: Held::NotStarted });
            for lost in self.graph.not_done(at, steps) {
                let (step, address) = (steps[root].id, steps[root].address.clone());
                let own = &steps[lost].waits;
                let held = match never_tried {
                    _ if !own.is_empty() => StepOutcome::Waiting { waits: own.clone() },
                    true => StepOutcome::Held { why: Held::NotStarted },
                    false => StepOutcome::Held { why: Held::Needs { step, address, waits } },
                };
                self.job.progress.finished(&steps[lost], &held);
                self.reports[lost] = Some((held, None));
            }
        }
        self.reports[at] = Some((outcome, took));
    }

    /// Closes what was journalled and never begun, because everything ended early.
    async fn close_queue(&mut self) {
        let now = self.job.clock.now();
        let queued: Vec<_> = std::mem::take(&mut self.queue).into_values().flatten().collect();
        let never_begun = |(at, intent, _): &Queued| {
            let step = &self.job.plan.steps[*at];
            let doing = format!("{} '{}'", step.verb, step.address);
            let failure = Failure::new(FailureClass::Later, doing, "it was not begun, because the run ended early");
            let result = IntentResult::Failed(failure);
            Finished { intent: *intent, result, entries: Vec::new(), events: Vec::new(), at: now }
        };
        let ends: Vec<Finished> = queued.iter().map(never_begun).collect();
        let ledger_failed = matches!(self.ended_early, Some(EndedEarly::Ledger { .. }));
        // Where the ledger has failed, the entries stay open, and the next run sees that nothing came of them.
        if !ends.is_empty()
            && !ledger_failed
            && let Err(error) = self.write(&ends, &[]).await
        {
            self.ledger_failed(&error);
        }
        for (at, _, _) in queued {
            self.over(at, StepOutcome::Held { why: Held::NotStarted }, None);
        }
    }

    fn ledger_failed(&mut self, error: &LedgerError) {
        self.ended_early = Some(EndedEarly::Ledger { said: with_causes(error), help: error.hint().to_owned() });
    }

    /// Closes the run in the ledger.
    pub(super) async fn end(mut self) -> Outcome {
        for at in 0..self.reports.len() {
            if self.reports[at].is_none() {
                self.over(at, StepOutcome::Held { why: Held::NotStarted }, None);
            }
        }
        let reports = std::mem::take(&mut self.reports);
        let steps = self.job.plan.steps.iter().zip(reports).map(|(step, report)| {
            let (outcome, took) = report.unwrap_or((StepOutcome::Held { why: Held::NotStarted }, None));
            let took_ms = took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
            StepReport { id: step.id, address: step.address.clone(), verb: step.verb, outcome, took_ms }
        });
        let steps = steps.collect();
        let mut outcome =
            Outcome { run: self.run, plan: self.job.plan.digest.clone(), steps, ended_early: self.ended_early };
        let (exit, summary) = (i64::from(outcome.exit()), outcome.summary());
        let closed = self.job.ledger.finish_run(self.job.fence, self.run, exit, &summary, self.job.clock.now()).await;
        if let (Err(error), None) = (closed, &outcome.ended_early) {
            outcome.ended_early = Some(EndedEarly::Ledger { said: with_causes(&error), help: error.hint().to_owned() });
        }
        outcome
    }
}

/// Whether a step needs a call. What is only recorded does not; an adoption that writes a mark does.
fn is_call(step: &Step) -> bool {
    !step.verb.is_record_only() || !step.after.is_empty()
}

/// Takes out of a queue what can go in one call with a step: at most so many of its kind and verb.
fn take_alike(queue: &mut VecDeque<Queued>, steps: &[Step], first: &Step, most: usize) -> Vec<Queued> {
    if most == 0 {
        return Vec::new();
    }
    let is_alike = |(at, ..): &Queued| {
        let step = &steps[*at];
        step.verb == first.verb && step.address.kind == first.address.kind && is_call(step)
    };
    let (mut alike, mut others) = (Vec::new(), VecDeque::with_capacity(queue.len()));
    for queued in queue.drain(..) {
        if alike.len() < most && is_alike(&queued) { alike.push(queued) } else { others.push_back(queued) }
    }
    *queue = others;
    alike
}

/// A step whose call came back and whose result could not be written: what happened is told, and the open entry lets
/// the next run find out by reading.
fn unrecorded(step: &Step, outcome: StepOutcome, error: &LedgerError) -> StepOutcome {
    let what = match &outcome {
        StepOutcome::Done { .. } => "it was done at the service, but could not be recorded".to_owned(),
        StepOutcome::Pending { handle } => format!("it goes on at the service as '{handle}', but that is not recorded"),
        StepOutcome::Failed { failure } => format!("{}; and that could not be recorded", failure.said),
        StepOutcome::Held { .. } | StepOutcome::Waiting { .. } => return outcome,
    };
    let doing = format!("{} '{}'", step.verb, step.address);
    let failure = Failure::new(FailureClass::Unclear, doing, format!("{what}: {}", with_causes(error)))
        .help("the next run reads the service and records what is there");
    StepOutcome::Failed { failure }
}
