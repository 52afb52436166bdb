//! `formulary drift`: what differs from the mono-repo, and why. Built from reading halves alone.

use clap::Args;

use super::context::{self, Context};
use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Format, Global, SourceArgs};
use super::plan::tell_no_ledger;
use super::shell::Shell;
use crate::engine::diff::DriftClass;
use crate::engine::report::{json, markdown, text};
use crate::runtime::reconcile::causes::name_causes;

/// Options of `drift`.
#[derive(Debug, Default, Args)]
#[command(
    after_help = "Examples:\n  formulary drift\n  formulary drift --format json\n  formulary drift --detailed-exitcode      exit 3 when something drifted\n\nClasses: pending (declared, not applied yet) · drifted (changed at the service) · conflict · missing · adoptable\n         unowned (nobody declared it: formulary import) · removed (declared no more) · unknown (could not be read)\n\nWithout a ledger it is two-way: nobody knows what was applied last, so that nothing is drifted or removed."
)]
pub struct DriftArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Exit with 3 when something drifted, with 2 when the mono-repo has changes that are not applied.
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(super) async fn run(args: &DriftArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    let context = Context::open(global, shell)?;
    let activity = shell.activity("reading");
    let ledger = context.existing_ledger().await?;
    let (world, snapshot) = context.world(&args.source, ledger.as_ref(), &activity).await?;
    let approvals = context.approvals_of(ledger.as_ref()).await?;
    let mut plan = world.plan(&approvals).planned.plan;
    activity.now("asking who changed what");
    let untold = name_causes(&context.platform, &world, &mut plan).await;
    activity.finish();
    context::tell_problems(shell, &world.diagnostics, &snapshot);
    match shell.format {
        Format::Text => shell.print(&text::drift(&plan, &untold, shell.look()))?,
        Format::Json => {
            let mut document = json::plan(&plan);
            document["formulary"]["untold"] = serde_json::json!(untold);
            shell.json(&document)?;
        }
        Format::Markdown => shell.print(&markdown::drift(&plan, &untold))?,
    }
    if ledger.is_none() {
        tell_no_ledger(&context, shell);
    }
    let mut exits = context::exits(&world);
    if args.detailed_exitcode {
        let ours = |class| matches!(class, DriftClass::Pending | DriftClass::Removed);
        exits.extend(plan.changes.iter().map(|it| if ours(it.class) { Exit::Changes } else { Exit::Drift }));
    }
    Ok(Exit::first(exits))
}
