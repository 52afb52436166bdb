//! `formulary apply`: make the services equal to the mono-repo. The only command that holds writing halves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use clap::Args;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::context::{self, Context};
use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Format, Global, SourceArgs};
use super::outcome;
use super::plan::{show, usable_approvals};
use super::shell::{Activity, Shell};
use crate::engine::plan::{Plan, Step, StepId};
use crate::engine::report::{json, summary};
use crate::runtime::ledger::{LeaseError, SharedLedger};
use crate::runtime::reconcile::{Found, MachineSecrets, Outcome, PlannedWorld, StepOutcome, StepProgress, Turn, probe};

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

/// One turn: lease, recovery, reading, plan, attempt, and what came of it.
pub(super) async fn apply(
    context: &Context,
    ledger: &SharedLedger,
    source: &SourceArgs,
    saved: Option<&Plan>,
    stop: CancellationToken,
    deadline: Option<Instant>,
    shell: &Shell,
) -> Result<Exit, CommandError> {
    let holder = format!("formulary apply, process {}", std::process::id());
    let turn =
        Turn::begin(&context.platform, ledger, &context.clock, &holder, stop).await.map_err(|error| match error {
            LeaseError::Held { .. } => CommandError::of(Exit::Error, &error)
                .hint("wait until it is done; a crashed one is over within a minute by itself"),
            LeaseError::Ledger(error) => context::ledger_error(&error),
        })?;
    let applied = in_turn(&turn, context, ledger, source, saved, deadline, shell).await;
    let ended = turn.end().await.map_err(|error| context::ledger_error(&error));
    let exit = applied?;
    ended?;
    Ok(exit)
}

async fn in_turn(
    turn: &Turn,
    context: &Context,
    ledger: &SharedLedger,
    source: &SourceArgs,
    saved: Option<&Plan>,
    deadline: Option<Instant>,
    shell: &Shell,
) -> Result<Exit, CommandError> {
    let activity = shell.activity("settling what was left open");
    for recovered in turn.recover().await.map_err(|error| context::ledger_error(&error))? {
        let what = match &recovered.found {
            Found::Happened => "had happened".to_owned(),
            Found::DidNot(_) => "had not happened".to_owned(),
            Found::Unclear(failure) => format!("is unclear: {failure}"),
            Found::StillOpen(why) => format!("stays open: {why}"),
        };
        activity.done(&format!("left open by the last run: {} {} {what}", recovered.verb, recovered.address));
    }
    let (world, snapshot) = context.world(source, Some(ledger), &activity).await?;
    let approvals = usable_approvals(ledger, context).await?;
    let mut planned = world.plan(&approvals);
    activity.finish();
    context::tell_problems(shell, &world.diagnostics, &snapshot);
    let mut exits = context::exits(&world);
    if let Some(saved) = saved {
        let stale = keep_only(&mut planned, saved);
        for step in &stale {
            shell.err(&format!(
                "stale: {} {}: it moved since the plan was made, or is done already",
                step.verb, step.address
            ));
        }
        if !stale.is_empty() && planned.planned.plan.steps.is_empty() {
            return Err(CommandError::new(Exit::Stale, "the whole plan is stale").hint("plan again"));
        }
        if !stale.is_empty() {
            exits.push(Exit::Stale);
        }
    }
    turn.remember(&world, &planned).await.map_err(|error| context::ledger_error(&error))?;
    let plan = &planned.planned.plan;
    if shell.format == Format::Text {
        show(shell, plan)?;
    }
    if summary::Summary::of(plan).ready() == 0 {
        if !plan.waiting.is_empty() {
            exits.push(Exit::Waiting);
        }
        if shell.format != Format::Text {
            show(shell, plan)?;
        }
        return Ok(Exit::first(exits));
    }
    let activity = shell.activity("applying");
    let progress =
        Told { activity: activity.clone(), total: summary::Summary::of(plan).ready(), done: Mutex::default() };
    let secrets = MachineSecrets {
        environment: std::sync::Arc::clone(&context.environment),
        folder: context.config.path.parent().unwrap_or(Path::new(".")).to_path_buf(),
    };
    let probe = probe::from_environment(&*context.environment);
    let applied = turn.apply(&planned, &secrets, &progress, &*probe, deadline).await;
    drop(progress);
    activity.finish();
    let applied: Outcome = applied.map_err(|error| CommandError::of(Exit::Error, &error))?;
    match shell.format {
        Format::Text => shell.print(&outcome::text(&applied, shell.look()))?,
        Format::Json => shell.json(&serde_json::json!({ "plan": json::plan(plan), "outcome": applied }))?,
        Format::Markdown => shell.print(&outcome::markdown(&applied))?,
    }
    exits.push(outcome::exit(&applied));
    Ok(Exit::first(exits))
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

/// Tells each step as it ends.
struct Told {
    activity: Activity,
    total: usize,
    done: Mutex<usize>,
}

impl StepProgress for Told {
    fn started(&self, step: &Step) {
        let done = self.done.lock().map_or(0, |done| *done);
        self.activity.now(&format!("{done}/{} {} {}", self.total, step.verb, step.address));
    }

    fn finished(&self, step: &Step, outcome: &StepOutcome) {
        let mark = match outcome {
            StepOutcome::Done { .. } => "✓",
            StepOutcome::Pending { .. } => "…",
            StepOutcome::Failed { .. } => "✗",
            StepOutcome::Held { .. } | StepOutcome::Waiting { .. } => return,
        };
        let done = self.done.lock().map_or(0, |mut done| {
            *done += 1;
            *done
        });
        let failed = matches!(outcome, StepOutcome::Failed { .. });
        let tenth = (self.total / 10).max(1);
        if failed || self.total <= EACH || self.activity.is_verbose() {
            self.activity.done(&format!("  {mark} {done}/{} {} {}", self.total, step.verb, step.address));
        } else if done.is_multiple_of(tenth) || done == self.total {
            self.activity.done(&format!("  … {done}/{}", self.total));
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
