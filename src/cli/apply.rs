//! `formulary apply`: make the services equal to the mono-repo. The only command that holds writing halves.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clap::Args;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::context::{self, Context};
use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Format, Global, SourceArgs};
use super::outcome;
use super::plan::show;
use super::shell::{Activity, Shell};
use crate::engine::diag::render::visible;
use crate::engine::model::Instance;
use crate::engine::plan::saved::{Refused, Unusable};
use crate::engine::plan::{Saved, Step};
use crate::engine::report::text::short;
use crate::engine::report::{json, summary};
use crate::runtime::config::duration;
use crate::runtime::ledger::{LeaseError, SharedLedger};
use crate::runtime::reconcile::{
    Cycle, Cycled, Onlooker, PlannedWorld, Progress, Recovered, StepOutcome, StepProgress, World,
};

/// Up to so many steps are told one by one; of more, every tenth part.
const EACH: usize = 20;

/// How often somebody who waits for another run asks again.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// Options of `apply`.
#[derive(Debug, Default, Args)]
#[command(
    after_help = "Examples:\n  formulary apply\n  formulary apply --dir .\n  formulary plan -o plan.json && formulary apply plan.json   exactly what was planned, object by object\n  formulary apply --timeout 10m\n  formulary apply --wait 5m                                another run may be at work: wait for it\n\nInstances in mode 'report' are not written to. What waits for approval stays; 'formulary approve' releases it.\nA saved plan is refused object by object where something moved since, and as a whole after a day (config:\nplans.expire_hours), when it was edited, or when it was made with another ledger.\nInterrupting finishes the calls under way and begins no more; the next apply goes on from there."
)]
pub struct ApplyArgs {
    /// A plan from `formulary plan -o`: only its steps, and only where nothing moved since.
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// Begin nothing more after this time (90s, 10m, 1h).
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// Wait so long for another run that is at work; without it, say who it is and end.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    wait: Option<Duration>,
    #[command(flatten)]
    source: SourceArgs,
}

pub(super) async fn run(args: &ApplyArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    let saved = args.plan.as_deref().map(read_saved).transpose()?;
    let context = Context::open(global, shell)?;
    let ledger = ledger(&context, args.plan.as_deref(), saved.as_ref()).await?;
    let stop = CancellationToken::new();
    let interrupted = stop.clone();
    let listening = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupted.cancel();
        }
    });
    let now = Instant::now();
    let deadline = args.timeout.map(|timeout| now + timeout);
    let wait_until = now + args.wait.unwrap_or_default();
    let told = Told::new(shell, deadline.map_or(wait_until, |deadline| wait_until.min(deadline)));
    let applied = apply(&context, &ledger, &args.source, saved.as_ref(), stop, deadline, told).await;
    listening.abort();
    applied
}

/// One cycle, and what came of it.
async fn apply(
    context: &Context,
    ledger: &SharedLedger,
    source: &SourceArgs,
    saved: Option<&Saved>,
    stop: CancellationToken,
    deadline: Option<Instant>,
    told: Told<'_>,
) -> Result<Exit, CommandError> {
    let shell = told.shell;
    let snapshot = context.snapshot(source).await?;
    told.reading.now("settling what was left open");
    let (mut exits, mut refused) = (Vec::new(), Vec::new());
    let review = |world: &World, planned: &mut PlannedWorld| -> Result<(), CommandError> {
        told.reading.finish();
        context::tell_problems(shell, &world.diagnostics, &snapshot);
        exits = context::exits(world);
        if let Some(saved) = saved {
            refused = narrow(world, planned, saved, shell)?;
        }
        let plan = &planned.planned.plan;
        if shell.format == Format::Text {
            show(shell, plan)?;
        }
        told.begin(summary::Summary::of(plan).ready());
        Ok(())
    };
    let holder = context.holder("formulary apply");
    let cycle = Cycle { site: context, ledger, holder: &holder, stop, deadline, patience: None, onlooker: &told };
    let Cycled { planned, outcome, .. } = cycle.run(&snapshot, review).await?;
    told.finish();
    let plan = &planned.planned.plan;
    if !refused.is_empty() {
        // What is refused of a plan that is done otherwise was not applied: the whole is applied in part.
        let some_done = outcome.as_ref().is_some_and(|outcome| outcome.counts().done > 0);
        exits.push(if some_done { Exit::Partial } else { Exit::Stale });
    }
    let Some(applied) = outcome else {
        if !plan.waiting.is_empty() {
            exits.push(Exit::Waiting);
        }
        if shell.format != Format::Text {
            show(shell, plan)?;
        }
        return Ok(Exit::first(exits));
    };
    match shell.format {
        Format::Text => shell.print(&outcome::text(&applied, shell.look()))?,
        Format::Json => {
            shell.json(&serde_json::json!({ "plan": json::plan(plan), "outcome": applied, "refused": refused }))?;
        }
        Format::Markdown => shell.print(&outcome::markdown(&applied))?,
    }
    exits.push(outcome::exit(&applied));
    Ok(Exit::first(exits))
}

/// Takes out what is not in the saved plan, and says which of its steps are refused, and why.
fn narrow(
    world: &World,
    planned: &mut PlannedWorld,
    saved: &Saved,
    shell: &Shell,
) -> Result<Vec<Refused>, CommandError> {
    let (refused, done) = world.narrow(planned, saved);
    for it in &refused {
        shell.err(&format!("stale: {} {}: {}", it.verb, it.address, visible(&it.why.to_string())));
    }
    for (verb, address) in &done {
        shell.say(&format!("done already: {verb} {address}"));
    }
    if planned.planned.plan.steps.is_empty() && !saved.plan.steps.is_empty() {
        let why =
            if refused.is_empty() { "the whole plan is stale: it is done already" } else { "the whole plan is stale" };
        let revision = &planned.planned.plan.revision;
        let hint = if *revision == saved.plan.revision {
            "plan again".to_owned()
        } else {
            format!(
                "plan again; it was made of revision {}, and {} is read now (--rev says which)",
                short(&saved.plan.revision),
                short(revision)
            )
        };
        return Err(CommandError::new(Exit::Stale, why).hint(hint));
    }
    Ok(refused)
}

fn read_saved(path: &Path) -> Result<Saved, CommandError> {
    let text = std::fs::read(path).map_err(|error| {
        CommandError::new(Exit::Error, format!("cannot read the plan '{}': {error}", path.display()))
            .hint("'formulary plan -o FILE' writes one")
    })?;
    json::read_saved(&text).map_err(|error| {
        let exit = if error.is_edited() { Exit::Stale } else { Exit::Error };
        CommandError::new(exit, format!("'{}' cannot be applied: {error}", path.display())).hint("plan again")
    })
}

/// The ledger; for a saved plan the one that it was made with. That one is never made here: a new ledger is another one.
async fn ledger(context: &Context, path: Option<&Path>, saved: Option<&Saved>) -> Result<SharedLedger, CommandError> {
    let (Some(path), Some(saved)) = (path, saved) else { return Ok(context.ledger().await?) };
    let ledger = context.existing_ledger().await?;
    let ours = ledger.as_ref().map_or("none", |ledger| &ledger.identity().id);
    saved.check(&context.platform.name, ours, context.now()).map_err(|why| {
        let hint = match why {
            Unusable::OtherPlatform { .. } | Unusable::OtherLedger { .. } => "plan again with this config",
            Unusable::TwoWay => "plan -o without --no-ledger makes one that can be applied",
            Unusable::Offline => "plan again without --offline",
            Unusable::Expired { .. } => "plan again (config: plans.expire_hours)",
        };
        CommandError::new(Exit::Stale, format!("'{}' cannot be applied: {why}", path.display())).hint(hint)
    })?;
    ledger.ok_or_else(|| CommandError::new(Exit::Error, "there is no ledger"))
}

/// Tells what is read, and each step as it ends.
struct Told<'a> {
    shell: &'a Shell,
    reading: Activity,
    applying: OnceLock<Applying>,
    /// How long another run is waited for.
    wait_until: Instant,
    /// That we wait was said.
    waiting: OnceLock<()>,
}

struct Applying {
    activity: Activity,
    total: usize,
    done: AtomicUsize,
}

impl<'a> Told<'a> {
    fn new(shell: &'a Shell, wait_until: Instant) -> Self {
        let reading = shell.activity("reading the mono-repo");
        Self { shell, reading, applying: OnceLock::new(), wait_until, waiting: OnceLock::new() }
    }

    /// So many steps follow.
    fn begin(&self, total: usize) {
        if total > 0 {
            self.applying.get_or_init(|| Applying {
                activity: self.shell.activity("applying"),
                total,
                done: AtomicUsize::new(0),
            });
        }
    }

    fn finish(self) {
        if let Some(applying) = self.applying.get() {
            applying.activity.finish();
        }
    }
}

impl Progress for Told<'_> {
    fn reading(&self, instance: &Instance, what: &str) {
        self.reading.reading(instance, what);
    }

    fn was_read(&self, instance: &Instance, objects: usize) {
        self.reading.was_read(instance, objects);
    }
}

impl Onlooker for Told<'_> {
    fn recovered(&self, recovered: &[Recovered]) {
        for it in recovered {
            self.reading.done(&format!("left open by the last run: {} {} {}", it.verb, it.address, it.found));
        }
    }

    fn busy(&self, held: &LeaseError) -> Option<Duration> {
        if Instant::now() >= self.wait_until {
            return None;
        }
        self.waiting.get_or_init(|| self.reading.done(&format!("waiting: {held}")));
        Some(ASK_AGAIN)
    }
}

impl StepProgress for Told<'_> {
    fn started(&self, step: &Step) {
        if let Some(Applying { activity, total, done }) = self.applying.get() {
            let done = done.load(Ordering::Relaxed);
            activity.now(&format!("{done}/{total} {} {}", step.verb, step.address));
        }
    }

    fn goes_on(&self, step: &Step, what: &str) {
        if let Some(Applying { activity, total, done }) = self.applying.get() {
            let done = done.load(Ordering::Relaxed);
            activity.now(&format!("{done}/{total} {} {}: {what}", step.verb, step.address));
        }
    }

    fn finished(&self, step: &Step, outcome: &StepOutcome) {
        let mark = match outcome {
            StepOutcome::Done { .. } => "✓",
            StepOutcome::Pending { .. } => "…",
            StepOutcome::Failed { .. } => "✗",
            StepOutcome::Held { .. } | StepOutcome::Waiting { .. } => return,
        };
        let Some(Applying { activity, total, done }) = self.applying.get() else { return };
        let (total, done) = (*total, done.fetch_add(1, Ordering::Relaxed) + 1);
        let failed = matches!(outcome, StepOutcome::Failed { .. });
        let tenth = (total / 10).max(1);
        if failed || total <= EACH || activity.is_verbose() {
            activity.done(&format!("  {mark} {done}/{total} {} {}", step.verb, step.address));
        } else if done.is_multiple_of(tenth) || done == total {
            activity.done(&format!("  … {done}/{total}"));
        }
    }
}
