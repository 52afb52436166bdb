//! `formulary explain`: a resource, a person across all services, a problem's code, or what Claude Code may do.

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Map, Value, json};

use super::claude;
use super::context::{self, Context};
use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Format, Global, SourceArgs};
use super::shell::Shell;
use crate::engine::diag::codes;
use crate::engine::diff::{Change, DriftClass};
use crate::engine::model::{self, Address, Desired, EntityRef, Fields, KindSpec, Live, Recorded, Term};
use crate::engine::plan::Step;
use crate::engine::report::{Page, Tone, text::short};
use crate::runtime::ledger::Deed;
use crate::runtime::reconcile::{PlannedWorld, World};

/// How many deeds of an object's history are shown.
const HISTORY: u32 = 5;

/// Options of `explain`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  formulary explain user:default/alice     a person: everything they have, in every service\n  formulary explain user/alice             the same\n  formulary explain gitea:user/alice       one resource: wanted, there, remembered, and why it differs\n  formulary explain FML0110                a problem's code\n  formulary explain claude                 what Claude Code may do in the workspaces of each formula\n  formulary explain claude/ml-research     the same of one\n  formulary explain user/alice --format json | jq '.resources[].class'"
)]
pub struct ExplainArgs {
    /// An address, an entity, a code, or `claude`.
    #[arg(value_name = "WHAT")]
    what: String,
    #[command(flatten)]
    source: SourceArgs,
}

pub(super) async fn run(args: &ExplainArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    if args.what.to_ascii_uppercase().starts_with("FML") {
        return code(&args.what, shell);
    }
    if let Some(formula) = claude::asks(&args.what) {
        return claude::run(formula, &args.source, global, shell).await;
    }
    let context = Context::open(global, shell)?;
    let activity = shell.activity("reading");
    let ledger = context.existing_ledger().await?;
    let (world, _) = context.world(&args.source, ledger.as_ref(), &activity).await?;
    let planned = world.plan(&context.approvals_of(ledger.as_ref()).await?);
    activity.finish();
    let mut resources = Vec::new();
    for address in resolve(&args.what, &context, &world)? {
        let history = match &ledger {
            Some(ledger) => ledger.history(&address, HISTORY).await?,
            None => Vec::new(),
        };
        resources.push(Resource::new(&world, &planned, address, history));
    }
    match shell.format {
        Format::Json => {
            let basis = planned.planned.plan.basis;
            let resources: Vec<Value> = resources.iter().map(Resource::json).collect();
            shell.json(&json!({ "basis": basis, "about": basis.about(), "resources": resources }))?;
        }
        Format::Text | Format::Markdown => {
            let mut page = Page::new(shell.look());
            if let Some(about) = planned.planned.plan.basis.about() {
                page.line(0, Tone::Wait, about);
            }
            resources.iter().for_each(|it| it.text(&mut page, &world));
            shell.print(&page.finish())?;
        }
    }
    Ok(Exit::first(context::exits(&world).into_iter().filter(|exit| *exit == Exit::Unreachable)))
}

fn code(code: &str, shell: &Shell) -> Result<Exit, CommandError> {
    match codes::page(code) {
        Some(page) if shell.format == Format::Json => {
            shell.json(&json!({ "code": page.code, "title": page.title, "text": page.text }))?;
            Ok(Exit::Done)
        }
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
    let entity = entity(what);
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
    Err(unknown(what, context, known))
}

/// The entity that a word names: `user:default/alice`, or `user/alice` for short.
pub(super) fn entity(what: &str) -> Option<EntityRef> {
    let short = || what.split_once('/').and_then(|(kind, name)| format!("{kind}:default/{name}").parse().ok());
    what.parse().ok().or_else(short)
}

/// That nothing is known of what was asked for, with the nearest of what is.
pub(super) fn unknown(what: &str, context: &Context, known: Vec<String>) -> CommandError {
    let is_instance = |address: &Address| context.platform.members.contains_key(&address.instance);
    let asked = match (what.parse::<Address>().ok().filter(is_instance), entity(what)) {
        (None, Some(entity)) => entity.to_string(),
        _ => what.to_owned(),
    };
    let near = crate::engine::diag::did_you_mean(&asked, known.iter().map(String::as_str));
    let names = || "name a resource (gitea:user/alice), an entity (user:default/alice) or a code".to_owned();
    CommandError::new(Exit::Error, format!("nothing is known of '{what}'")).hint(near.unwrap_or_else(names))
}

/// Everything that is known of one resource.
struct Resource<'a> {
    address: Address,
    spec: Option<&'static KindSpec>,
    desired: Option<&'a Desired>,
    recorded: Option<&'a Recorded>,
    live: Option<&'a Live>,
    change: Option<&'a Change>,
    steps: Vec<&'a Step>,
    history: Vec<Deed>,
}

impl<'a> Resource<'a> {
    fn new(world: &'a World, planned: &'a PlannedWorld, address: Address, history: Vec<Deed>) -> Self {
        let plan = &planned.planned.plan;
        Self {
            spec: world.kinds.spec(&address),
            desired: world.desired.iter().find(|it| it.address == address),
            recorded: world.recorded.iter().flatten().find(|it| it.address == address),
            live: world.there(planned, &address),
            change: plan.changes.iter().find(|it| it.address == address),
            steps: plan.steps.iter().filter(|step| step.address == address).collect(),
            history,
            address,
        }
    }

    fn class(&self) -> &'static str {
        let without = if self.desired.is_some() { DriftClass::InSync.word() } else { "not declared" };
        self.change.map_or(without, |it| it.class.word())
    }

    /// The moment after which somebody changed it at the service: when we last wrote it, it was as it should be.
    fn differs_after(&self) -> Option<DateTime<Utc>> {
        let changed = |change: &&Change| matches!(change.class, DriftClass::Drifted | DriftClass::Conflict);
        self.change.filter(changed)?;
        self.history.iter().filter(|deed| deed.result.as_deref() == Some("done")).filter_map(|deed| deed.ended).max()
    }

    /// As data. Values that must not be shown are left out.
    fn json(&self) -> Value {
        let is_sensitive =
            |name: &str| self.spec.and_then(|spec| spec.field(name)).is_some_and(|field| field.sensitive);
        let shown = |fields: &Fields| -> Value {
            let known = fields.iter().filter(|(name, _)| !is_sensitive(name));
            known.map(|(name, value)| (name.to_string(), json!(value))).collect::<Map<_, _>>().into()
        };
        let wanted = |desired: &Desired| -> Value {
            let fields = desired.fields.iter().map(|(name, wanted)| {
                let term = match &wanted.term {
                    Term::Known(_) if is_sensitive(name) => json!({ "sensitive": true }),
                    term => json!(term),
                };
                (name.to_string(), json!({ "wanted": term, "at": wanted.span.as_deref() }))
            });
            fields.collect::<Map<_, _>>().into()
        };
        json!({
            "address": self.address,
            "class": self.class(),
            "declared": self.desired.map(|it| json!({
                "owner": it.owner, "at": *it.origin, "extent": it.extent, "needs": it.needs, "fields": wanted(it),
            })),
            "recorded": self.recorded.map(|it| json!({
                "origin": it.origin, "owner": it.owner, "file": it.file, "state": it.state,
                "last_applied": shown(&it.last_applied),
            })),
            "live": self.live.map(|it| json!({
                "address": it.address, "external_id": it.external_id, "fields": shown(&it.fields), "mark": it.mark,
            })),
            "difference": self.change,
            "differs_after": self.differs_after(),
            "steps": self.steps,
            "cannot_be_undone": self.spec.map(|spec| spec.cannot_be_undone).filter(|it| !it.is_empty()),
            "history": self.history.iter().map(|it| json!({
                "verb": it.verb, "began": it.began, "ended": it.ended, "result": it.result, "failure": it.failure,
            })).collect::<Vec<_>>(),
        })
    }

    fn text(&self, page: &mut Page, world: &World) {
        page.gap();
        page.pieces(0, &[(Tone::Strong, &self.address.to_string()), (Tone::Change, self.class())]);
        if let Some(desired) = self.desired {
            let place = format!("{}:{}:{}", desired.origin.file, desired.origin.line, desired.origin.column);
            page.line(2, Tone::Plain, &format!("declared by {} at {place}", desired.owner));
        }
        if let Some(recorded) = self.recorded {
            let origin = match recorded.origin {
                model::Origin::Created => "made by us",
                model::Origin::Adopted => "adopted",
            };
            page.line(2, Tone::Plain, &format!("ours: {origin}, declared by {} in {}", recorded.owner, recorded.file));
        }
        match self.live {
            Some(live) => {
                let id = live.external_id.as_deref().map(|id| format!(", id {id}")).unwrap_or_default();
                let renamed = live.address != self.address;
                let name = if renamed { format!(" as '{}'", live.address.key) } else { String::new() };
                page.line(2, Tone::Plain, &format!("there{name}{id}"));
            }
            None => page.line(2, Tone::Plain, "not seen at the service"),
        }
        if let Some(change) = self.change {
            page.line(2, Tone::Plain, &format!("why: {}", change.why));
            if let Some(after) = self.differs_after() {
                page.line(
                    2,
                    Tone::Plain,
                    &format!("since: some time after {}, when we last wrote it", after.format("%F %T")),
                );
            }
            if let Some(left) = &change.left {
                page.line(2, Tone::Plain, &format!("left as it is: {left}"));
            }
        }
        if let Some(spec) = self.spec {
            fields(page, world, spec, self.desired, self.live, self.recorded);
            if !spec.cannot_be_undone.is_empty() {
                page.line(2, Tone::Faint, &format!("cannot be undone: {}", spec.cannot_be_undone));
            }
        }
        for step in &self.steps {
            let waits = step.waits.first().map(|wait| format!(", waits: {}", wait.reason())).unwrap_or_default();
            page.line(2, Tone::Change, &format!("next: {}{waits} ({})", step.verb, short(&step.digest)));
        }
        for deed in &self.history {
            let result = deed.result.as_deref().unwrap_or("open");
            let failure = deed.failure.as_ref().map(|failure| format!(": {failure}")).unwrap_or_default();
            page.line(2, Tone::Faint, &format!("{}  {} {result}{failure}", deed.began.format("%F %T"), deed.verb));
        }
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
        if wanted.is_none() && there.is_none_or(|value| *value == model::Value::Null) {
            continue;
        }
        let show = |value: &model::Value| if field.sensitive { "(not shown)".to_owned() } else { value.to_string() };
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
