//! `formulary plan`: what would be done, and what a change would change in that. Built from reading halves alone.

use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use clap::Args;
use serde_json::{Value, json};

use super::access;
use super::context::{self, Context};
use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Format, Global, SourceArgs};
use super::shell::Shell;
use crate::engine::access::change::AccessChange;
use crate::engine::diag::Diagnostic;
use crate::engine::plan::difference::Problems;
use crate::engine::plan::{Basis, Difference, Plan};
use crate::engine::report::{Page, access as report_access, change, json as report, markdown, summary, text};
use crate::runtime::config::LedgerPlace;
use crate::runtime::ledger::SharedLedger;
use crate::runtime::reconcile::rehearsal::{Refusal, rehearse};
use crate::runtime::reconcile::{PlannedWorld, World};

/// Options of `plan`.
#[derive(Debug, Default, Args)]
#[command(
    after_help = "Examples:\n  formulary plan\n  formulary plan --dir .                   the folder as it is, before committing\n  formulary plan --rev feature -o plan.json\n  formulary plan --base main --rev feature what the branch changes, without drift that is not its doing\n  formulary plan --base HEAD --dir .       what the uncommitted files change\n  formulary plan --base main --format markdown        for a pull request's comment\n  formulary plan --offline --base main     without credentials and without a call\n  formulary plan --access                  with who gains or loses what by it\n  formulary plan --detailed-exitcode       exit 2 when something would change\n\nWithout a ledger a plan is two-way: it compares what is wanted with what is there, removes nothing, and cannot be\napplied. The first apply, approve or plan -o makes the ledger. A saved plan holds for a day (config: plans.expire_hours)."
)]
pub struct PlanArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Show only what the revision changes in the plan of this one: a branch, a tag or a commit.
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// Compare with --base, or with what was last applied, without looking at any service.
    #[arg(long)]
    offline: bool,
    /// Compare two-way, as if there were no ledger.
    #[arg(long, conflicts_with = "offline")]
    no_ledger: bool,
    /// Show who gains or loses what: accounts, memberships, rights that follow from them.
    #[arg(long, conflicts_with = "offline")]
    access: bool,
    /// Write the plan to a file, for `formulary apply FILE`.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Exit with 2 when something would change.
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(super) async fn run(args: &PlanArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    let context = Context::open(global, shell)?;
    match &args.base {
        _ if args.offline => offline(args, &context, shell).await,
        Some(base) => of_a_change(args, base, &context, shell).await,
        None => of_everything(args, &context, shell).await,
    }
}

/// What would be done.
async fn of_everything(args: &PlanArgs, context: &Context, shell: &Shell) -> Result<Exit, CommandError> {
    let activity = shell.activity("planning");
    let ledger = ledger(args, context).await?;
    let (world, snapshot) = context.world(&args.source, ledger.as_ref(), &activity).await?;
    let planned = world.plan(&context.approvals_of(ledger.as_ref()).await?);
    let plan = &planned.planned.plan;
    let refusals = rehearse(&context.platform, plan).await;
    activity.finish();
    context::tell_problems(shell, &world.diagnostics, &snapshot);
    let document = saved(context, &world, &planned);
    let access = args.access.then(|| access::changes(&access::seen(&world, &planned), &[], &plan.steps));
    match shell.format {
        Format::Json => {
            // Of this moment, and no part of what is saved and sealed.
            let mut shown = document.clone();
            shown["formulary"]["refused_in_advance"] = refusals.iter().map(refusal).collect();
            if let Some(access) = &access {
                shown["formulary"]["access"] = json!(access);
            }
            shell.json(&shown)?;
        }
        Format::Text | Format::Markdown => {
            show(shell, plan)?;
            show_access(shell, access.as_deref())?;
        }
    }
    tell_refusals(shell, &refusals);
    if ledger.is_none() && !args.no_ledger {
        tell_no_ledger(context, shell);
    }
    write(args.output.as_deref(), &document, plan.basis, shell)?;
    Ok(exit(args, plan, context::exits(&world)))
}

/// Who gains or loses what, where that was asked for.
fn show_access(shell: &Shell, changes: Option<&[AccessChange]>) -> Result<(), CommandError> {
    let Some(changes) = changes else {
        return Ok(());
    };
    if shell.format == Format::Markdown {
        return shell.print(&markdown::access(changes));
    }
    let mut page = Page::new(shell.look());
    report_access::changes(&mut page, "who gains or loses what, once everything is approved:", changes);
    shell.print(&format!("\n{}", page.finish()))
}

/// A step that its service would refuse, as data.
fn refusal(it: &Refusal<'_>) -> Value {
    json!({ "address": it.step.address, "verb": it.step.verb, "failure": it.failure })
}

fn tell_refusals(shell: &Shell, refusals: &[Refusal<'_>]) {
    for it in refusals {
        shell.say(&format!("warning: the service would not take it: {}", it.failure));
    }
}

/// What the head would do beyond what the base would.
async fn of_a_change(args: &PlanArgs, base: &str, context: &Context, shell: &Shell) -> Result<Exit, CommandError> {
    let activity = shell.activity("reading the mono-repo");
    let pair = context.snapshots(&args.source, base, true).await?;
    let ledger = ledger(args, context).await?;
    let (base, head) = context.worlds((&pair.base, &pair.head), ledger.as_ref(), &activity).await?;
    let approvals = context.approvals_of(ledger.as_ref()).await?;
    let (before, after) = (base.plan(&approvals), head.plan(&approvals));
    let problems = Problems::between(&base.diagnostics, &head.diagnostics);
    let difference = Difference::between(&before.planned.plan, &after.planned.plan, problems);
    let steps = |of: &PlannedWorld| of.planned.plan.steps.clone();
    let access = args.access.then(|| access::changes(&access::seen(&head, &after), &steps(&before), &steps(&after)));
    activity.finish();
    context::tell_problems(shell, &difference.problems.brought, &pair.head);
    context::tell_branching(shell, &pair);
    if ledger.is_none() && !args.no_ledger {
        tell_no_ledger(context, shell);
    }
    let mut document = report::difference(&difference);
    if let Some(access) = &access {
        document["formulary"]["access"] = json!(access);
    }
    match shell.format {
        Format::Text => shell.print(&change::text(&difference, shell.look()))?,
        Format::Json => shell.json(&document)?,
        Format::Markdown => shell.print(&markdown::difference(&difference))?,
    }
    if shell.format != Format::Json {
        show_access(shell, access.as_deref())?;
    }
    write(args.output.as_deref(), &document, Basis::Offline, shell)?;
    // What was wrong before is not this change's doing.
    let mut exits: Vec<Exit> = context::exits(&head).into_iter().filter(|exit| *exit != Exit::Invalid).collect();
    if difference.problems.brought.iter().any(Diagnostic::is_error) {
        exits.push(Exit::Invalid);
    }
    if !difference.waiting.is_empty() {
        exits.push(Exit::Waiting);
    }
    if args.detailed_exitcode && !difference.is_empty() {
        exits.push(Exit::Changes);
    }
    Ok(Exit::first(exits))
}

/// What a change means by itself, or what is declared and not applied yet.
async fn offline(args: &PlanArgs, context: &Context, shell: &Shell) -> Result<Exit, CommandError> {
    let (base, head) = match &args.base {
        Some(base) => {
            let pair = context.snapshots(&args.source, base, false).await?;
            context::tell_branching(shell, &pair);
            (Some(pair.base), pair.head)
        }
        None => (None, context.snapshot_here(&args.source).await?),
    };
    // A ledger on a server would be a call, with credentials.
    let ledger = match &context.config.ledger {
        LedgerPlace::Path(_) => context.existing_ledger().await?,
        LedgerPlace::Url { .. } => None,
    };
    if base.is_none() && ledger.is_none() {
        return Err(CommandError::new(Exit::Error, "there is nothing to compare with offline: no ledger is at hand")
            .hint("compare with another revision: --base REV"));
    }
    let world = context.offline(base.as_ref(), &head, ledger.as_ref()).await?;
    let planned = world.plan(&[]);
    let plan = &planned.planned.plan;
    context::tell_problems(shell, &world.diagnostics, &head);
    let document = saved(context, &world, &planned);
    match shell.format {
        Format::Json => shell.json(&document)?,
        Format::Text | Format::Markdown => show(shell, plan)?,
    }
    write(args.output.as_deref(), &document, plan.basis, shell)?;
    Ok(exit(args, plan, context::exits(&world)))
}

/// The ledger to plan with. A plan that is saved for `apply` names its ledger, so that one is made where there is none.
async fn ledger(args: &PlanArgs, context: &Context) -> Result<Option<SharedLedger>, CommandError> {
    if args.no_ledger {
        Ok(None)
    } else if args.output.is_some() && args.base.is_none() {
        Ok(Some(context.ledger().await?))
    } else {
        Ok(context.existing_ledger().await?)
    }
}

/// Says that there is no ledger, and what makes it.
pub(super) fn tell_no_ledger(context: &Context, shell: &Shell) {
    let place = match &context.config.ledger {
        LedgerPlace::Path(path) => path.display().to_string(),
        LedgerPlace::Url { url, .. } => url.to_string(),
    };
    shell.say(&format!(
        "There is no ledger at {place}. The first 'formulary apply', 'approve' or 'plan -o' makes it; if there should be \
         one, restore it or correct the config before you go on."
    ));
}

fn saved(context: &Context, world: &World, planned: &PlannedWorld) -> Value {
    // The config's schema keeps it far below what a time can hold.
    let lasts = TimeDelta::from_std(context.config.plans.expire).unwrap_or_default();
    report::saved(&world.save(planned, world.now + lasts))
}

fn write(path: Option<&Path>, document: &Value, basis: Basis, shell: &Shell) -> Result<(), CommandError> {
    let Some(path) = path else { return Ok(()) };
    let shown = path.display();
    std::fs::write(path, format!("{document:#}\n"))
        .map_err(|error| CommandError::new(Exit::Error, format!("cannot write the plan to '{shown}': {error}")))?;
    shell.say(&match basis {
        Basis::ThreeWay => format!("wrote {shown}; apply it with: formulary apply {shown}"),
        Basis::TwoWay | Basis::Offline => format!("wrote {shown}; it is for reading and cannot be applied"),
    });
    Ok(())
}

fn exit(args: &PlanArgs, plan: &Plan, mut exits: Vec<Exit>) -> Exit {
    if !plan.waiting.is_empty() {
        exits.push(Exit::Waiting);
    }
    if args.detailed_exitcode && summary::Summary::of(plan).ready() > 0 {
        exits.push(Exit::Changes);
    }
    Exit::first(exits)
}

/// Prints a plan in the format that was asked for.
pub(super) fn show(shell: &Shell, plan: &Plan) -> Result<(), CommandError> {
    match shell.format {
        Format::Text => shell.print(&text::plan(plan, shell.look())),
        Format::Json => shell.json(&report::plan(plan)),
        Format::Markdown => shell.print(&markdown::plan(plan)),
    }
}
