//! `formulary approve`: somebody's word for a group of waiting steps, by its digest.

use std::collections::BTreeSet;

use clap::Args;

use super::context::{self, Context};
use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Global, SourceArgs};
use super::shell::Shell;
use crate::engine::plan::{Plan, WaitingGroup};
use crate::engine::report::text::short;
use crate::runtime::ledger::NewApproval;

/// The fewest characters of a digest that name a group.
const SHORTEST: usize = 8;

/// Options of `approve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  formulary plan                           shows each waiting group with its digest\n  formulary approve 3f9a2c11d0e4\n  formulary approve 3f9a2c11d0e4 --reason 'Bob is back from leave'\n\nAn approval covers exactly the steps that the group has now: one more deletion voids it, unrelated drift does not.\nIt expires (config: approvals.expire_hours) and is spent once."
)]
pub struct ApproveArgs {
    /// The digest of a waiting group, or its first 8 characters or more.
    #[arg(value_name = "DIGEST")]
    digest: String,
    /// Why; recorded with the approval.
    #[arg(long, default_value = "")]
    reason: String,
    /// Who approves; the user that runs the command by default.
    #[arg(long, env = "USER", default_value = "somebody")]
    by: String,
    #[command(flatten)]
    source: SourceArgs,
}

impl ApproveArgs {
    /// What one would type.
    pub(super) fn new(digest: &str, reason: &str, by: &str) -> Self {
        Self { digest: digest.to_owned(), reason: reason.to_owned(), by: by.to_owned(), source: SourceArgs::default() }
    }
}

pub(super) async fn run(args: &ApproveArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    let context = Context::open(global, shell)?;
    if args.digest.len() < SHORTEST {
        return Err(CommandError::new(Exit::Error, format!("'{}' is too short to name a group", args.digest))
            .hint(format!("give at least {SHORTEST} characters; 'formulary plan' shows them")));
    }
    let activity = shell.activity("planning");
    let ledger = context.ledger().await?;
    let (world, _) = context.world(&args.source, Some(&ledger), &activity).await?;
    let plan = world.plan(&context.approvals(&ledger).await?).planned.plan;
    activity.finish();
    let group = find(&plan, &args.digest)?;
    approve(&context, &ledger, &plan, group, &args.by, &args.reason).await?;
    let expires = context.now() + context.platform.approvals;
    shell.print(&format!(
        "approved: {} ({} {}), until {}\n",
        group.name,
        group.steps.len(),
        if group.steps.len() == 1 { "step" } else { "steps" },
        expires.format("%F %H:%M UTC")
    ))?;
    shell.say("now: formulary apply");
    Ok(Exit::Done)
}

/// Records an approval of a group.
pub(super) async fn approve(
    context: &Context,
    ledger: &crate::runtime::ledger::SharedLedger,
    plan: &Plan,
    group: &WaitingGroup,
    by: &str,
    reason: &str,
) -> Result<(), CommandError> {
    let ids: BTreeSet<_> = group.steps.iter().collect();
    let steps = plan.steps.iter().filter(|step| ids.contains(&step.id)).map(|step| step.digest.clone()).collect();
    let approval = NewApproval {
        digest: group.digest.clone(),
        steps,
        by: by.to_owned(),
        reason: reason.to_owned(),
        at: context.now(),
        expires: context.now() + context.platform.approvals,
    };
    ledger.approve(&approval).await.map_err(|error| context::ledger_error(&error))?;
    Ok(())
}

fn find<'p>(plan: &'p Plan, digest: &str) -> Result<&'p WaitingGroup, CommandError> {
    let mut fitting = plan.waiting.iter().filter(|group| group.digest.starts_with(&digest.to_lowercase()));
    match (fitting.next(), fitting.next()) {
        (Some(group), None) => Ok(group),
        (Some(_), Some(_)) => Err(CommandError::new(Exit::Error, format!("'{digest}' names several groups"))
            .hint("give more characters of the digest")),
        (None, _) => {
            let waiting: Vec<String> =
                plan.waiting.iter().map(|group| format!("{}  {}", short(&group.digest), group.name)).collect();
            let hint = if waiting.is_empty() {
                "nothing waits for approval now".to_owned()
            } else {
                format!("what waits now:\n{}\nit may have changed since the plan you read", waiting.join("\n"))
            };
            Err(CommandError::new(Exit::Waiting, format!("no waiting group has the digest '{digest}'")).hint(hint))
        }
    }
}
