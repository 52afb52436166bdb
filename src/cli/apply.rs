//! `formulary apply`: make the services equal to the mono-repo. The only command that holds writing halves.

use std::collections::{BTreeMap, BTreeSet};
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
use crate::engine::model::Instance;
use crate::engine::plan::{Plan, Step, StepId};
use crate::engine::report::{json, summary};
use crate::runtime::ledger::SharedLedger;
use crate::runtime::reconcile::{
    Cycle, Cycled, Onlooker, PlannedWorld, Progress, Recovered, StepOutcome, StepProgress, World,
};

/// Up to so many steps are told one by one; of more, every tenth part.
const EACH: usize = 20;

/// Options of `apply`.
#[derive(Debug, Default, Args)]
#[command(
    after_help = "Examples:\n  formulary apply\n  formulary apply --dir .\n  formulary plan -o plan.json && formulary apply plan.json   exactly what was planned, object by object\n  formulary apply --timeout 10m\n\nInstances in mode 'report' are not written to. What waits for approval stays; 'formulary approve' releases it.\nInterrupting finishes the calls under way and begins no more; the next apply goes on from there."
)]
pub struct ApplyArgs {
    /// A plan from `formulary plan -o`: only its steps, and only where nothing moved since.
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// Begin nothing more after this time (90s, 10m, 1h).
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    #[command(flatten)]
    source: SourceArgs,
}

pub(super) async fn run(args: &ApplyArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    let saved = args.plan.as_deref().map(read_plan).transpose()?;
    let context = Context::open(global, shell)?;
    let ledger = context.ledger().await?;
    if let Some(of_plan) =
        saved.as_ref().and_then(|plan| plan.ledger.as_ref()).filter(|it| **it != ledger.identity().id)
    {
        return Err(CommandError::new(
            Exit::Stale,
            format!("the plan was made with ledger {of_plan}, this config has {}", ledger.identity().id),
        )
        .hint("plan again with this config"));
    }
    let stop = CancellationToken::new();
    let interrupted = stop.clone();
    let listening = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupted.cancel();
        }
    });
    let deadline = args.timeout.map(|timeout| Instant::now() + timeout);
    let applied = apply(&context, &ledger, &args.source, saved.as_ref(), stop, deadline, shell).await;
    listening.abort();
    applied
}

/// One cycle, and what came of it.
async fn apply(
    context: &Context,
    ledger: &SharedLedger,
    source: &SourceArgs,
    saved: Option<&Plan>,
    stop: CancellationToken,
    deadline: Option<Instant>,
    shell: &Shell,
) -> Result<Exit, CommandError> {
    let told = Told::new(shell);
    let snapshot = context.snapshot(source).await?;
    told.reading.now("settling what was left open");
    let mut exits = Vec::new();
    let review = |world: &World, planned: &mut PlannedWorld| -> Result<(), CommandError> {
        told.reading.finish();
        context::tell_problems(shell, &world.diagnostics, &snapshot);
        exits = context::exits(world);
        if let Some(saved) = saved {
            exits.extend(without_stale(planned, saved, shell)?);
        }
        let plan = &planned.planned.plan;
        if shell.format == Format::Text {
            show(shell, plan)?;
        }
        told.begin(summary::Summary::of(plan).ready());
        Ok(())
    };
    let holder = format!("formulary apply, process {}", std::process::id());
    let cycle = Cycle { site: context, ledger, holder: &holder, stop, deadline, onlooker: &told };
    let Cycled { planned, outcome, .. } = cycle.run(&snapshot, review).await?;
    told.finish();
    let plan = &planned.planned.plan;
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
        Format::Json => shell.json(&serde_json::json!({ "plan": json::plan(plan), "outcome": applied }))?,
        Format::Markdown => shell.print(&outcome::markdown(&applied))?,
    }
    exits.push(outcome::exit(&applied));
    Ok(Exit::first(exits))
}

/// Takes out what is not in the saved plan, and says which of its steps are stale.
fn without_stale(planned: &mut PlannedWorld, saved: &Plan, shell: &Shell) -> Result<Option<Exit>, CommandError> {
    let stale = keep_only(planned, saved);
    for step in &stale {
        shell.err(&format!(
            "stale: {} {}: it moved since the plan was made, or is done already",
            step.verb, step.address
        ));
    }
    if !stale.is_empty() && planned.planned.plan.steps.is_empty() {
        return Err(CommandError::new(Exit::Stale, "the whole plan is stale").hint("plan again"));
    }
    Ok((!stale.is_empty()).then_some(Exit::Stale))
}

/// Leaves only the steps of a saved plan that are still the same, object by object; gives back those that are not.
fn keep_only(planned: &mut PlannedWorld, saved: &Plan) -> Vec<Step> {
    let plan = &mut planned.planned.plan;
    let fresh: BTreeMap<&str, &Step> = plan.steps.iter().map(|step| (step.digest.as_str(), step)).collect();
    let is_fresh =
        |step: &&Step| fresh.get(step.digest.as_str()).is_some_and(|fresh| fresh.relied_on == step.relied_on);
    let (kept, stale): (Vec<&Step>, Vec<&Step>) = saved.steps.iter().partition(is_fresh);
    let kept: BTreeSet<String> = kept.into_iter().map(|step| step.digest.clone()).collect();
    let stale = stale.into_iter().cloned().collect();
    let mut place: BTreeMap<StepId, StepId> = BTreeMap::new();
    let old = std::mem::take(&mut plan.steps);
    let gone: BTreeSet<StepId> = old.iter().filter(|step| !kept.contains(&step.digest)).map(|step| step.id).collect();
    for mut step in old.into_iter().filter(|step| kept.contains(&step.digest)) {
        let id = StepId(u32::try_from(plan.steps.len()).unwrap_or(u32::MAX));
        // What needs a step that is not in the saved plan cannot be done by it either.
        if step.needs.iter().any(|need| gone.contains(need)) {
            continue;
        }
        place.insert(step.id, id);
        step.needs = step.needs.iter().filter_map(|need| place.get(need).copied()).collect();
        step.id = id;
        plan.steps.push(step);
    }
    for group in &mut plan.waiting {
        group.steps = group.steps.iter().filter_map(|id| place.get(id).copied()).collect();
    }
    plan.waiting.retain(|group| !group.steps.is_empty());
    stale
}

fn read_plan(path: &Path) -> Result<Plan, CommandError> {
    let text = std::fs::read(path).map_err(|error| {
        CommandError::new(Exit::Error, format!("cannot read the plan '{}': {error}", path.display()))
            .hint("'formulary plan -o FILE' writes one")
    })?;
    json::read_plan(&text).map_err(|error| {
        let edited = matches!(error, json::NotAPlan::Edited { .. } | json::NotAPlan::Misleading);
        let exit = if edited { Exit::Stale } else { Exit::Error };
        CommandError::new(exit, format!("'{}' cannot be applied: {error}", path.display())).hint("plan again")
    })
}

/// Tells what is read, and each step as it ends.
struct Told<'a> {
    shell: &'a Shell,
    reading: Activity,
    applying: OnceLock<Applying>,
}

struct Applying {
    activity: Activity,
    total: usize,
    done: AtomicUsize,
}

impl<'a> Told<'a> {
    fn new(shell: &'a Shell) -> Self {
        Self { shell, reading: shell.activity("reading the mono-repo"), applying: OnceLock::new() }
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
}

impl StepProgress for Told<'_> {
    fn started(&self, step: &Step) {
        if let Some(Applying { activity, total, done }) = self.applying.get() {
            let done = done.load(Ordering::Relaxed);
            activity.now(&format!("{done}/{total} {} {}", step.verb, step.address));
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

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = number.parse().map_err(|_| format!("'{text}' is no time; write 90s, 10m or 1h"))?;
    match unit {
        "" | "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number * 60)),
        "h" => Ok(Duration::from_secs(number * 3600)),
        _ => Err(format!("'{unit}' is no unit of time; write 90s, 10m or 1h")),
    }
}
