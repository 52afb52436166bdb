//! `formulary access`: what somebody has in the end, and through what; or who has a thing.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::{Value, json};

use super::context::{self, Context};
use super::exit::Exit;
use super::explain::{entity, unknown};
use super::failure::CommandError;
use super::options::{Format, Global, SourceArgs};
use super::shell::Shell;
use crate::engine::access::change::{AccessChange, between};
use crate::engine::access::{Holding, State};
use crate::engine::model::{Address, EntityRef, KindClass};
use crate::engine::plan::Step;
use crate::engine::report::access::{self as report, COUNTED};
use crate::engine::report::{Page, Tone};
use crate::runtime::reconcile::{PlannedWorld, World};

/// Options of `access`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  formulary access user/alice              a person: everything they have, in every service, and through what\n  formulary access gitea:user/alice        one account, declared or not\n  formulary access gitea:repository/acme-corp/web      who has it\n  formulary access user/alice --format json | jq '.accounts[].holds'\n  formulary plan --access                  who gains or loses what by a plan\n\nShown is what is there now; below it, what the plan would change. Nothing is written."
)]
pub struct AccessArgs {
    /// A person, an account, or a thing that people have.
    #[arg(value_name = "WHAT")]
    what: String,
    #[command(flatten)]
    source: SourceArgs,
}

pub(super) async fn run(args: &AccessArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    let context = Context::open(global, shell)?;
    let activity = shell.activity("reading");
    let ledger = context.existing_ledger().await?;
    let (world, _) = context.world(&args.source, ledger.as_ref(), &activity).await?;
    let planned = world.plan(&context.approvals_of(ledger.as_ref()).await?);
    activity.finish();
    let now = seen(&world, &planned);
    let after = now.after(&planned.planned.plan.steps);
    let unread = unread(&world);
    let mut page = Page::new(shell.look());
    let shown = match resolve(&args.what, &context, &world, [&now, &after])? {
        What::Accounts(accounts) => {
            let changes = between(&now, &after, &accounts);
            for account in &accounts {
                report::account(&mut page, account, now.standing(account), &now.effective(account));
            }
            report::changes(&mut page, "by the plan:", &changes);
            let account =
                |it: &Address| json!({ "account": it, "standing": now.standing(it), "holds": now.effective(it) });
            json!({ "accounts": accounts.iter().map(account).collect::<Vec<_>>(), "changes": changes })
        }
        What::Thing(thing) => {
            let holders = holders(&now, &thing);
            report::thing(&mut page, &thing, &holders);
            let holders: Vec<Value> = holders
                .iter()
                .map(|(account, it)| json!({ "account": account, "level": it.level, "through": it.through }))
                .collect();
            json!({ "thing": thing, "holders": holders })
        }
    };
    match shell.format {
        Format::Json => {
            let mut shown = shown;
            shown["counted"] = COUNTED.into();
            shown["unread"] = json!(unread);
            shell.json(&shown)?;
        }
        Format::Text | Format::Markdown => {
            page.gap();
            unread
                .iter()
                .for_each(|it| page.line(0, Tone::Wait, &format!("not read, so that more may be there: {it}")));
            page.line(0, Tone::Faint, COUNTED);
            shell.print(&page.finish())?;
        }
    }
    Ok(Exit::first(context::exits(&world).into_iter().filter(|exit| *exit == Exit::Unreachable)))
}

/// What is there now, by its declared names.
pub(super) fn seen<'w>(world: &'w World, planned: &PlannedWorld) -> State<'w> {
    State::seen(&world.kinds, world.observed.live.values(), &planned.aliases)
}

/// Who gains or loses what by steps, beyond what other steps do anyway.
pub(super) fn changes(now: &State<'_>, base: &[Step], head: &[Step]) -> Vec<AccessChange> {
    let (before, after) = (now.after(base), now.after(head));
    let accounts = crate::engine::access::change::touched([&before, &after], base.iter().chain(head));
    between(&before, &after, &accounts)
}

/// The readings that failed.
fn unread(world: &World) -> BTreeSet<String> {
    let failed = world.probes.iter().filter_map(|(instance, probe)| Some((instance, probe.as_ref().err()?)));
    let probes = failed.map(|(instance, failure)| format!("{instance}: {failure}"));
    let scopes = world.observed.scopes.iter().filter_map(|(scope, completeness)| match completeness {
        crate::engine::model::Completeness::Incomplete(failure) => Some(format!("{scope}: {failure}")),
        _ => None,
    });
    probes.chain(scopes).collect()
}

/// What a question is about.
enum What {
    Accounts(BTreeSet<Address>),
    Thing(Address),
}

fn resolve(what: &str, context: &Context, world: &World, states: [&State<'_>; 2]) -> Result<What, CommandError> {
    let is_account = |it: &Address| world.kinds.spec(it).is_some_and(|spec| spec.class == KindClass::Person);
    let address = what.parse::<Address>().ok().filter(|it| context.platform.members.contains_key(&it.instance));
    if let Some(address) = address.filter(|it| states.iter().any(|state| state.contains(it))) {
        let account = is_account(&address);
        return Ok(if account { What::Accounts(BTreeSet::from([address])) } else { What::Thing(address) });
    }
    let asked: Option<EntityRef> = entity(what);
    if let Some(owner) = asked.map(|it| it.to_string()) {
        let wanted = world.desired.iter().filter(|it| it.owner.0 == owner).map(|it| &it.address);
        let recorded = world.recorded.iter().flatten().filter(|it| it.owner.0 == owner).map(|it| &it.address);
        let accounts: BTreeSet<Address> = wanted.chain(recorded).filter(|it| is_account(it)).cloned().collect();
        if !accounts.is_empty() {
            return Ok(What::Accounts(accounts));
        }
    }
    let people = world.catalogue.entities().map(|it| it.reference.to_string()).filter(|it| it.starts_with("user:"));
    let things = world.observed.live.keys().map(ToString::to_string);
    Err(unknown(what, context, people.chain(things).collect()))
}

/// Every account that has a thing, with how far and through what.
fn holders(state: &State<'_>, thing: &Address) -> Vec<(Address, Holding)> {
    let there = state.accounts().filter(|account| account.instance == thing.instance);
    let of = |account: &Address| {
        let holdings = state.effective(account).into_iter().filter(|it| it.on == *thing);
        holdings.map(|it| (account.clone(), it)).collect::<Vec<_>>()
    };
    there.flat_map(of).collect()
}
