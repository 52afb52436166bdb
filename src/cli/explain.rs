//! `formulary explain`: a resource, a person across all services, or a problem's code.

use clap::Args;

use super::context::{self, Context};
use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Global, SourceArgs};
use super::shell::Shell;
use crate::engine::diag::codes;
use crate::engine::model::{Address, Desired, EntityRef, KindSpec, Live, Recorded, Term, Value};
use crate::engine::plan::{Plan, Step};
use crate::engine::report::{Page, Tone, text::short};
use crate::runtime::ledger::{Deed, SharedLedger};
use crate::runtime::reconcile::World;

/// How many deeds of an object's history are shown.
const HISTORY: u32 = 5;

/// Options of `explain`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  formulary explain user:default/alice     a person: everything they have, in every service\n  formulary explain user/alice             the same\n  formulary explain gitea:user/alice       one resource: wanted, there, remembered, and why it differs\n  formulary explain FML0110                a problem's code"
)]
pub struct ExplainArgs {
    /// An address, an entity, or a code.
    #[arg(value_name = "WHAT")]
    what: String,
    #[command(flatten)]
    source: SourceArgs,
}

pub(super) async fn run(args: &ExplainArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    if args.what.to_ascii_uppercase().starts_with("FML") {
        return code(&args.what, shell);
    }
    let context = Context::open(global, shell)?;
    let activity = shell.activity("reading");
    let ledger = context.existing_ledger().await?;
    let (world, _) = context.world(&args.source, ledger.as_ref(), &activity).await?;
    let approvals = match &ledger {
        Some(ledger) => context.approvals(ledger).await?,
        None => Vec::new(),
    };
    let plan = world.plan(&approvals).planned.plan;
    activity.finish();
    let addresses = resolve(&args.what, &context, &world)?;
    let mut page = Page::new(shell.look());
    let matched = world.matched();
    for address in &addresses {
        let history = match &ledger {
            Some(ledger) => history(ledger, address).await?,
            None => Vec::new(),
        };
        let live = matched.get(address).or_else(|| world.observed.live.get(address));
        resource(&mut page, &world, &plan, address, live, &history);
    }
    shell.print(&page.finish())?;
    Ok(Exit::first(context::exits(&world).into_iter().filter(|exit| *exit == Exit::Unreachable)))
}

fn code(code: &str, shell: &Shell) -> Result<Exit, CommandError> {
    match codes::page(code) {
        Some(page) => {
            shell.print(&page.to_string())?;
            Ok(Exit::Done)
        }
        None => {
            let error = CommandError::new(Exit::Error, format!("there is no code '{code}'"));
            Err(error.hint(codes::did_you_mean(code).unwrap_or_else(|| "codes look like FML0110".to_owned())))
        }
    }
}

/// The resources that a word is about: one address, or all that an entity declares or declared.
fn resolve(what: &str, context: &Context, world: &World) -> Result<Vec<Address>, CommandError> {
    let is_instance = |address: &Address| context.platform.members.contains_key(&address.instance);
    let is_known = |address: &Address| {
        world.desired.iter().any(|it| it.address == *address)
            || world.recorded.iter().flatten().any(|it| it.address == *address)
            || world.observed.live.contains_key(address)
    };
    if let Some(address) = what.parse::<Address>().ok().filter(is_instance).filter(is_known) {
        return Ok(vec![address]);
    }
    let entity: Option<EntityRef> = what
        .parse()
        .ok()
        .or_else(|| what.split_once('/').and_then(|(kind, name)| format!("{kind}:default/{name}").parse().ok()));
    if let Some(entity) = &entity {
        let owner = entity.to_string();
        let wanted = world.desired.iter().filter(|it| it.owner.0 == owner).map(|it| it.address.clone());
        let recorded = world.recorded.iter().flatten().filter(|it| it.owner.0 == owner).map(|it| it.address.clone());
        let mut addresses: Vec<Address> = wanted.chain(recorded).collect();
        // The edges of a person may be declared by the group.
        let edge = |it: &Desired| it.address.leaf() == entity.name() && it.address.key.contains('/');
        if entity.kind() == "user" {
            addresses.extend(world.desired.iter().filter(|it| edge(it)).map(|it| it.address.clone()));
        }
        addresses.sort();
        addresses.dedup();
        if !addresses.is_empty() {
            return Ok(addresses);
        }
    }
    let mut known: Vec<String> = world.catalogue.entities().map(|it| it.reference.to_string()).collect();
    known.extend(world.desired.iter().map(|it| it.address.to_string()));
    let asked = match (what.parse::<Address>().ok().filter(is_instance), entity) {
        (None, Some(entity)) => entity.to_string(),
        _ => what.to_owned(),
    };
    let near = crate::engine::diag::did_you_mean(&asked, known.iter().map(String::as_str));
    Err(CommandError::new(Exit::Error, format!("nothing is known of '{what}'")).hint(
        near.unwrap_or_else(|| {
            "name a resource (gitea:user/alice), an entity (user:default/alice) or a code".to_owned()
        }),
    ))
}

async fn history(ledger: &SharedLedger, address: &Address) -> Result<Vec<Deed>, CommandError> {
    ledger.history(address, HISTORY).await.map_err(|error| context::ledger_error(&error))
}

fn resource(page: &mut Page, world: &World, plan: &Plan, address: &Address, live: Option<&Live>, history: &[Deed]) {
    let desired = world.desired.iter().find(|it| it.address == *address);
    let recorded = world.recorded.iter().flatten().find(|it| it.address == *address);
    let change = plan.changes.iter().find(|it| it.address == *address);
    let class = change.map_or(if desired.is_some() { "in-sync" } else { "not declared" }, |it| it.class.word());
    page.gap();
    page.pieces(0, &[(Tone::Strong, &address.to_string()), (Tone::Change, class)]);
    if let Some(desired) = desired {
        let place = format!("{}:{}:{}", desired.origin.file, desired.origin.line, desired.origin.column);
        page.line(2, Tone::Plain, &format!("declared by {} at {place}", desired.owner));
    }
    if let Some(recorded) = recorded {
        let origin = match recorded.origin {
            crate::engine::model::Origin::Created => "made by us",
            crate::engine::model::Origin::Adopted => "adopted",
        };
        page.line(2, Tone::Plain, &format!("ours: {origin}, declared by {} in {}", recorded.owner, recorded.file));
    }
    match live {
        Some(live) => {
            let id = live.external_id.as_deref().map(|id| format!(", id {id}")).unwrap_or_default();
            let renamed = live.address != *address;
            let name = if renamed { format!(" as '{}'", live.address.key) } else { String::new() };
            page.line(2, Tone::Plain, &format!("there{name}{id}"));
        }
        None => page.line(2, Tone::Plain, "not seen at the service"),
    }
    if let Some(change) = change {
        page.line(2, Tone::Plain, &format!("why: {}", change.why));
        if let Some(left) = &change.left {
            page.line(2, Tone::Plain, &format!("left as it is: {left}"));
        }
    }
    if let Some(spec) = world.kinds.spec(address) {
        fields(page, world, spec, desired, live, recorded);
        if !spec.cannot_be_undone.is_empty() {
            page.line(2, Tone::Faint, &format!("cannot be undone: {}", spec.cannot_be_undone));
        }
    }
    let steps: Vec<&Step> = plan.steps.iter().filter(|step| step.address == *address).collect();
    for step in steps {
        let waits = step.waits.first().map(|wait| format!(", waits: {}", wait.reason())).unwrap_or_default();
        page.line(2, Tone::Change, &format!("next: {}{waits} ({})", step.verb, short(&step.digest)));
    }
    for deed in history {
        let result = deed.result.as_deref().unwrap_or("open");
        let failure = deed.failure.as_ref().map(|failure| format!(": {failure}")).unwrap_or_default();
        page.line(2, Tone::Faint, &format!("{}  {} {result}{failure}", deed.began.format("%F %T"), deed.verb));
    }
}

/// A row a field: wanted, there, last applied, and where it is said.
fn fields(
    page: &mut Page,
    world: &World,
    spec: &'static KindSpec,
    desired: Option<&Desired>,
    live: Option<&Live>,
    recorded: Option<&Recorded>,
) {
    for field in spec.fields {
        let wanted = desired.and_then(|desired| desired.fields.get(field.name));
        let there = live.and_then(|live| live.fields.get(field.name));
        if wanted.is_none() && there.is_none_or(|value| *value == Value::Null) {
            continue;
        }
        let show = |value: &Value| if field.sensitive { "(not shown)".to_owned() } else { value.to_string() };
        let mut pieces = vec![(Tone::Strong, format!("{}:", field.name))];
        let output = wanted.and_then(|it| match &it.term {
            Term::Output(output) => world.observed.live.get(&output.address)?.outputs.get(&output.output),
            Term::Known(_) | Term::Secret(_) => None,
        });
        match wanted.map(|it| &it.term) {
            Some(Term::Known(value)) if there == Some(value) => pieces.push((Tone::Plain, show(value))),
            Some(Term::Output(of)) if output.is_some() && there == output => {
                let text = format!("{} (the {} of {})", output.map(show).unwrap_or_default(), of.output, of.address);
                pieces.push((Tone::Plain, text));
            }
            wanted => {
                let wanted = match wanted {
                    None => "not declared".to_owned(),
                    Some(Term::Known(value)) => format!("wanted {}", show(value)),
                    Some(Term::Output(output)) => format!("wanted the {} of {}", output.output, output.address),
                    Some(Term::Secret(reference)) => format!("wanted from {reference}"),
                };
                pieces.push((Tone::Plain, wanted));
                pieces.push((Tone::Change, there.map_or("not there".to_owned(), |it| format!("there {}", show(it)))));
                if let Some(last) = recorded.and_then(|recorded| recorded.last_applied.get(field.name)) {
                    pieces.push((Tone::Faint, format!("last applied {}", show(last))));
                }
            }
        }
        if let Some(span) = wanted.and_then(|it| it.span.as_deref()) {
            pieces.push((Tone::Faint, format!("{}:{}", span.file, span.line)));
        }
        let pieces: Vec<(Tone, &str)> = pieces.iter().map(|(tone, text)| (*tone, text.as_str())).collect();
        page.pieces(4, &pieces);
    }
}
