//! `formulary plan`: what would be done. Built from reading halves alone.

use std::path::PathBuf;

use clap::Args;

use super::context::{self, Context};
use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Format, Global, SourceArgs};
use super::shell::Shell;
use crate::engine::plan::Plan;
use crate::engine::report::{json, markdown, summary, text};

/// Options of `plan`.
#[derive(Debug, Default, Args)]
#[command(
    after_help = "Examples:\n  formulary plan\n  formulary plan --dir .                   the folder as it is, before committing\n  formulary plan --rev feature -o plan.json\n  formulary plan --format markdown         for a pull request's comment\n  formulary plan --detailed-exitcode       exit 2 when something would change"
)]
pub struct PlanArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Write the plan to a file, for `formulary apply FILE`.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Exit with 2 when something would change.
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(super) async fn run(args: &PlanArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    let context = Context::open(global, shell)?;
    let activity = shell.activity("planning");
    // The first plan makes the ledger: without one nothing could be approved.
    let ledger = context.ledger().await?;
    let (world, snapshot) = context.world(&args.source, Some(&ledger), &activity).await?;
    let approvals = context.approvals(&ledger).await?;
    let plan = world.plan(&approvals).planned.plan;
    activity.finish();
    context::tell_problems(shell, &world.diagnostics, &snapshot);
    show(shell, &plan)?;
    if let Some(path) = &args.output {
        let document = format!("{:#}\n", json::plan(&plan));
        std::fs::write(path, document).map_err(|error| {
            CommandError::new(Exit::Error, format!("cannot write the plan to '{}': {error}", path.display()))
        })?;
        shell.say(&format!("wrote {}; apply it with: formulary apply {}", path.display(), path.display()));
    }
    let mut exits = context::exits(&world);
    if !plan.waiting.is_empty() {
        exits.push(Exit::Waiting);
    }
    if args.detailed_exitcode && summary::Summary::of(&plan).ready() > 0 {
        exits.push(Exit::Changes);
    }
    Ok(Exit::first(exits))
}

/// Prints a plan in the format that was asked for.
pub(super) fn show(shell: &Shell, plan: &Plan) -> Result<(), CommandError> {
    match shell.format {
        Format::Text => shell.print(&text::plan(plan, shell.look())),
        Format::Json => shell.json(&json::plan(plan)),
        Format::Markdown => shell.print(&markdown::plan(plan)),
    }
}
