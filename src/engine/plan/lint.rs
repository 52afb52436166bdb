//! Invariants of a finished plan, as one table. A fatal note means that the plan must not be applied: it would be a
//! defect of ours, found before it did harm.

use std::collections::{BTreeMap, BTreeSet};

use super::input::PlanInput;
use super::{Note, NoteLevel, Plan, Step, StepId, Verb};
use crate::engine::model::{Access, Address, Desired, Instance, Rename, Scope, Term};

type Check = fn(&Plan, &PlanInput<'_>, &mut dyn FnMut(String));

/// Every check: its name, how serious a finding is, and the check.
const CHECKS: &[(&str, NoteLevel, Check)] = &[
    ("orphan-need", NoteLevel::Fatal, orphan_need),
    ("need-after", NoteLevel::Fatal, need_after),
    ("two-owners", NoteLevel::Fatal, two_owners),
    ("twice", NoteLevel::Fatal, twice),
    ("secret-in-a-field", NoteLevel::Fatal, secret_in_a_field),
    ("removal-of-what-is-not-ours", NoteLevel::Fatal, removal_of_what_is_not_ours),
    ("removal-without-proof", NoteLevel::Fatal, removal_without_proof),
    ("our-own-account", NoteLevel::Fatal, our_own_account),
    ("made-and-removed", NoteLevel::Fatal, made_and_removed),
    ("incomplete", NoteLevel::Warning, incomplete),
    ("last-owner", NoteLevel::Warning, super::owners::last_owners),
    ("other-ledger", NoteLevel::Warning, other_ledger),
    ("lost-ledger", NoteLevel::Info, lost_ledger),
    ("another-identity", NoteLevel::Warning, another_identity),
    ("alias", NoteLevel::Info, alias),
    ("pace", NoteLevel::Info, super::price::pace),
];

/// Runs every check.
pub(super) fn lint(plan: &Plan, input: &PlanInput<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    for (check, level, run) in CHECKS {
        run(plan, input, &mut |message| notes.push(Note { level: *level, check: (*check).to_owned(), message }));
    }
    notes
}

fn orphan_need(plan: &Plan, _: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    let ids: BTreeSet<StepId> = plan.steps.iter().map(|step| step.id).collect();
    for step in &plan.steps {
        if let Some(need) = step.needs.iter().find(|need| !ids.contains(need)) {
            note(format!("{} {} needs step {}, which is not in the plan", step.verb, step.address, need.0));
        }
    }
}

fn need_after(plan: &Plan, _: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    for step in plan.steps.iter().filter(|step| step.needs.iter().any(|need| *need >= step.id)) {
        note(format!("{} {} comes before what it needs", step.verb, step.address));
    }
}

fn two_owners(_: &Plan, input: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    let mut desired: Vec<_> = input.diff.desired.iter().collect();
    desired.sort_by(|a, b| a.address.cmp(&b.address));
    for pair in desired.windows(2).filter(|pair| pair[0].address == pair[1].address) {
        note(format!("{} is declared by '{}' and by '{}'", pair[0].address, pair[0].owner, pair[1].owner));
    }
}

fn twice(plan: &Plan, _: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for step in &plan.steps {
        if !seen.insert(&step.digest) {
            note(format!("{} {} stands in the plan twice", step.verb, step.address));
        }
    }
}

fn secret_in_a_field(plan: &Plan, input: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    for step in &plan.steps {
        let Some(spec) = input.diff.kinds.spec(&step.address) else { continue };
        let shown = step.after.iter().filter(|(_, term)| matches!(term, Term::Known(_))).map(|(name, _)| name);
        for name in shown.chain(step.before.keys()) {
            if spec.field(name).is_some_and(|field| field.sensitive) {
                note(format!("the field '{name}' of {} must not be shown", step.address));
            }
        }
    }
}

/// Only what the ledger records may be removed, or what stands in a set that a declaration owns.
fn removal_of_what_is_not_ours(plan: &Plan, input: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    if destructive(plan).next().is_none() {
        return;
    }
    let ours = ours(input);
    let sets: BTreeSet<&Address> = input.diff.sets.iter().map(|set| &set.edges).collect();
    let removed: BTreeSet<&Address> = destructive(plan).map(|step| &step.address).collect();
    let declared = input.diff.desired.iter().map(|it| &it.address).filter(|address| removed.contains(address));
    let declared: BTreeSet<&Address> = declared.collect();
    for step in destructive(plan) {
        let parent = step.address.parent_key().map(|key| Address { key: key.into(), ..step.address.clone() });
        let known = ours.contains(&step.address) || declared.contains(&step.address);
        if !known && !parent.is_some_and(|parent| sets.contains(&parent)) {
            note(format!("{} {}: it is not ours", step.verb, step.address));
        }
    }
}

/// A foreign member is removed only after a complete reading of its parent.
fn removal_without_proof(plan: &Plan, input: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    let ours = ours(input);
    for step in destructive(plan).filter(|step| step.verb == Verb::Delete) {
        let Some(spec) = input.diff.kinds.spec(&step.address) else { continue };
        if !ours.contains(&step.address) && !input.diff.observed.is_complete(&Scope::of(&step.address, spec)) {
            note(format!("{} {}: its scope was not read whole", step.verb, step.address));
        }
    }
}

fn our_own_account(plan: &Plan, input: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    for step in destructive(plan).filter(|step| input.diff.own_accounts.contains(&step.address)) {
        note(format!("{} {}: this is one of our own accounts", step.verb, step.address));
    }
}

fn made_and_removed(plan: &Plan, _: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    let made: BTreeSet<&Address> =
        plan.steps.iter().filter(|step| step.verb == Verb::Create).map(|step| &step.address).collect();
    for step in destructive(plan).filter(|step| made.contains(&step.address)) {
        note(format!("{} is made and removed in one plan", step.address));
    }
}

/// One note a reason: a service that is down leaves dozens of lists unread, for one reason.
fn incomplete(plan: &Plan, _: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    let mut reasons: BTreeMap<(&Instance, String), Vec<&Scope>> = BTreeMap::new();
    for unread in &plan.incomplete {
        let help = if unread.failure.help.is_empty() { String::new() } else { format!(" ({})", unread.failure.help) };
        let reason = format!("{}{help}", unread.failure);
        reasons.entry((&unread.scope.instance, reason)).or_default().push(&unread.scope);
    }
    for ((instance, reason), scopes) in reasons {
        let what = match scopes.as_slice() {
            [scope] => format!("{scope} was not read whole"),
            scopes => format!("{instance}: {} lists were not read whole", scopes.len()),
        };
        note(format!("{what}; nothing in it is removed or made: {reason}"));
    }
}

/// Objects that another ledger marked, where ours remembers nothing: most likely that one is lost.
fn other_ledger(_: &Plan, input: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    for (ledger, count) in marked_by_others(input) {
        note(format!(
            "{count} declared {} the mark of ledger {ledger}, and no ledger is here that remembers anything: this looks \
             like a lost ledger. If it is lost, approve what 'takes over'; if it is still in use, plan with that one",
            if count == 1 { "object carries" } else { "objects carry" }
        ));
    }
}

/// Nearly everything is there already, and nobody remembers it.
fn lost_ledger(_: &Plan, input: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    let (there, declared) = (input.changes.matched.len(), input.diff.desired.len());
    if !remembers_nothing(input) || there * 5 < declared * 4 || there == 0 || !marked_by_others(input).is_empty() {
        return;
    }
    note(format!(
        "{there} of {declared} declared objects are there already, and no ledger remembers them. If the ledger was lost, \
         the adoptions rebuild it; what was declared no more meanwhile is reported as unowned, and never removed"
    ));
}

fn remembers_nothing(input: &PlanInput<'_>) -> bool {
    input.diff.recorded.is_none_or(<[_]>::is_empty)
}

/// How many declared objects carry the mark of each other ledger, where ours remembers nothing.
fn marked_by_others<'a>(input: &'a PlanInput<'_>) -> BTreeMap<&'a str, usize> {
    let mut marks: BTreeMap<&str, usize> = BTreeMap::new();
    if remembers_nothing(input) {
        let marked = input.changes.matched.values().filter_map(|live| live.mark.as_ref());
        for mark in marked.filter(|mark| Some(mark.ledger.as_str()) != input.diff.ledger) {
            *marks.entry(&mark.ledger).or_default() += 1;
        }
    }
    marks
}

/// Another installation plays the role `identity` than before, and accounts elsewhere are bound to subjects of the former
/// one. Each of those steps waits; what they mean together is said once.
fn another_identity(plan: &Plan, input: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    let Some(identity) = input.identity else { return };
    let recorded = input.diff.recorded.into_iter().flatten();
    let unknown = recorded.filter(|it| input.diff.kinds.spec(&it.address).is_none());
    let former: BTreeSet<&Instance> = unknown.map(|it| &it.address.instance).collect();
    let rebound: BTreeSet<&Address> =
        plan.steps.iter().filter(|it| it.verb == Verb::Update).map(|it| &it.address).collect();
    if former.is_empty() || rebound.is_empty() {
        return;
    }
    let binds = |desired: &Desired, step: &Step| {
        step.after.keys().any(|name| {
            let spec = input.diff.kinds.spec(&desired.address).and_then(|spec| spec.field(name));
            let wanted = desired.fields.get(name).map(|wanted| &wanted.term);
            spec.is_some_and(|field| field.access == Access::SignIn)
                && matches!(wanted, Some(Term::Output(output)) if output.address.instance == *identity)
        })
    };
    let desired = input.diff.desired.iter().filter(|it| rebound.contains(&it.address));
    let desired: BTreeMap<&Address, &Desired> = desired.map(|it| (&it.address, it)).collect();
    let mut accounts: BTreeMap<&Instance, usize> = BTreeMap::new();
    for step in plan.steps.iter().filter(|step| step.verb == Verb::Update) {
        if desired.get(&step.address).is_some_and(|desired| binds(desired, step)) {
            *accounts.entry(&step.address.instance).or_default() += 1;
        }
    }
    let names: Vec<&str> = former.iter().map(|instance| instance.as_str()).collect();
    for (instance, count) in accounts {
        let (who, are) = if count == 1 { ("account", "is") } else { ("accounts", "are") };
        note(format!(
            "people sign in through '{identity}' now, and the config names {} no more, where all stays as it is. {count} {who} \
             of {instance} {are} bound to what the former one calls their owners: nobody is made twice, and once this is \
             approved they sign in through '{identity}' alone. Let {instance} trust '{identity}' first, and see that they can \
             sign in there; until then nothing changes for them",
            quoted(&names)
        ));
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(" and ")
}

/// What was renamed in the mono-repo and keeps its old name where the service cannot rename it.
fn alias(_: &Plan, input: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    for desired in input.diff.desired.iter().filter(|desired| !desired.previously.is_empty()) {
        let Some(live) = input.changes.matched.get(&desired.address) else { continue };
        let reason = input.diff.kinds.spec(&desired.address).map(|spec| spec.rename);
        if let Some(Rename::KeepsOldName(reason)) = reason.filter(|_| live.address != desired.address) {
            note(format!("{} is still '{}' there: {reason}", desired.address, live.address.key));
        }
    }
}

fn destructive(plan: &Plan) -> impl Iterator<Item = &Step> {
    plan.steps.iter().filter(|step| step.verb.is_destructive())
}

fn ours<'a>(input: &'a PlanInput<'_>) -> BTreeSet<&'a Address> {
    let recorded = input.changes.compared.iter().filter(|it| it.recorded.is_some());
    recorded.map(|it| &it.change.address).collect()
}
