//! From a set of changes to a plan: drafts, guards, order, approvals, digests.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Serialize, Serializer};

use super::draft::{self, Draft};
use super::guard::{self, Totals};
use super::input::PlanInput;
use super::order::{Cycle, Order, order};
use super::price::price;
use super::{
    Basis, Consequence, FORMAT_VERSION, IncompleteScope, Note, NoteLevel, Plan, Step, StepId, Verb, Wait, WaitingGroup,
    digest, held, lint,
};
use crate::engine::diff::{Change, DiffInput, Situation, in_order_of_need};
use crate::engine::model::{Address, ByField, Completeness, Field, Fields, KindClass, Owner, Recorded, Term, Wanted};

/// Done so often within a day, a repair is a fight.
const FIGHT: u64 = 3;

/// A plan, and which approvals release which of its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// Step digest → approval that released it.
    pub released: BTreeMap<String, i64>,
}

/// Makes the plan.
pub fn plan(input: &PlanInput<'_>) -> Planned {
    build(input, None)
}

/// Makes the plan of a part of the world; the guards count what the whole has.
pub fn plan_part(input: &PlanInput<'_>, totals: &Totals) -> Planned {
    build(input, Some(totals))
}

fn build(input: &PlanInput<'_>, totals: Option<&Totals>) -> Planned {
    let mut rows: Vec<Change> = input.changes.compared.iter().map(|it| it.change.clone()).collect();
    let mut notes = Vec::new();
    let mut drafts = ready_drafts(input, &mut rows);
    guard::apply(input, totals, &mut drafts);
    let Order { sequence, needs, cycle } = order(input, &drafts);
    if let Some(Cycle(path)) = cycle {
        let path: Vec<String> = path.iter().map(ToString::to_string).collect();
        notes.push(Note {
            level: NoteLevel::Fatal,
            check: "cycle".to_owned(),
            message: format!("these need each other: {}", path.join(" → ")),
        });
    }
    let place: BTreeMap<usize, StepId> =
        sequence.iter().enumerate().map(|(place, draft)| (*draft, StepId(place as u32))).collect();
    let mut steps: Vec<Step> = sequence
        .iter()
        .map(|at| {
            let needs = needs[*at].iter().filter_map(|need| place.get(need).copied()).collect();
            step(input, place[at], &drafts[*at], needs)
        })
        .collect();
    fights(input, &mut steps, &sequence, &drafts);
    let released = release(input, &mut steps);
    let held = held(&steps);
    price(&mut steps, &held, input.prices);
    let mut plan = Plan {
        format_version: FORMAT_VERSION.to_owned(),
        platform: input.platform.to_owned(),
        revision: input.revision.to_owned(),
        basis: if input.diff.recorded.is_some() { Basis::ThreeWay } else { Basis::TwoWay },
        ledger: input.diff.ledger.filter(|_| input.diff.recorded.is_some()).map(str::to_owned),
        made_for: input.diff.now,
        snapshot: snapshot(input),
        changes: rows,
        in_sync: input.changes.in_sync,
        waiting: waiting(&steps),
        steps,
        incomplete: incomplete(input),
        notes,
        digest: String::new(),
    };
    plan.notes.extend(lint::lint(&plan, input));
    plan.notes.sort();
    plan.digest = plan_digest(&plan);
    Planned { plan, released }
}

/// The plan's digest: over everything but the moment and the digest itself.
pub fn plan_digest(plan: &Plan) -> String {
    // Taken apart by name, so that a field that is added later is not forgotten here.
    let Plan {
        format_version,
        platform,
        revision,
        basis,
        ledger,
        made_for: _,
        snapshot,
        changes,
        in_sync,
        steps,
        waiting,
        incomplete,
        notes,
        digest: _,
    } = plan;
    let about = (format_version, platform, revision, basis, ledger, snapshot);
    digest::of(&(about, changes, in_sync, steps, waiting, incomplete, notes))
}

/// The drafts of every change that can be settled now; the others get the reason why not.
fn ready_drafts<'r, 'a>(input: &'r PlanInput<'a>, rows: &mut [Change]) -> Vec<Draft<'r, 'a>> {
    if input.changes.compared.is_empty() {
        return Vec::new();
    }
    let compared = &input.changes.compared;
    let mut place: HashMap<&Address, usize> = HashMap::with_capacity(compared.len());
    let mut drafts: Vec<Vec<Draft<'r, 'a>>> = Vec::with_capacity(compared.len());
    for (at, it) in compared.iter().enumerate() {
        place.entry(&it.change.address).or_insert(at);
        drafts.push(draft::drafts(input.diff, it).unwrap_or_else(|why| {
            rows[at].left = Some(why);
            Vec::new()
        }));
    }
    // What needs something that will not be there cannot be made. In order of need, so that this passes on.
    let mut blocked: HashMap<&Address, String> =
        input.changes.unsettled.iter().map(|(address, why)| (address, why.clone())).collect();
    let known = Known { input, addresses: OnceCell::new() };
    let declared = (0..compared.len()).filter(|at| place.get(&compared[*at].change.address) == Some(at));
    let order = in_order_of_need(compared.len(), declared, |at| {
        let needs = compared[at].desired.into_iter().flat_map(|desired| &desired.needs);
        needs.filter_map(|need| place.get(need).copied())
    });
    for at in order {
        let Some(desired) = compared[at].desired else { continue };
        let needs_outputs: BTreeSet<&Address> = drafts[at].iter().flat_map(draft::outputs).collect();
        let absent = input.changes.absent.contains(&desired.address);
        let reason = desired.needs.iter().filter(|need| absent || needs_outputs.contains(need)).find_map(|need| {
            if let Some(why) = blocked.get(need) {
                return Some(format!("it needs {need}: {why}"));
            }
            (!known.contains(need)).then(|| format!("it needs {need}, which is neither declared nor there"))
        });
        if let Some(reason) = reason {
            drafts[at].clear();
            rows[at].left.get_or_insert_with(|| reason.clone());
            blocked.insert(&desired.address, reason);
        } else if absent && drafts[at].is_empty() {
            let why = rows[at].left.clone().unwrap_or_else(|| "it will not be made".to_owned());
            blocked.insert(&desired.address, why);
        }
    }
    drafts.into_iter().flatten().collect()
}

/// Every address that is declared, remembered or there.
struct Known<'r, 'a> {
    input: &'r PlanInput<'a>,
    addresses: OnceCell<HashSet<&'a Address>>,
}

impl Known<'_, '_> {
    fn contains(&self, address: &Address) -> bool {
        let &DiffInput { desired, recorded, observed, .. } = self.input.diff;
        let addresses = self.addresses.get_or_init(|| {
            let recorded = recorded.into_iter().flatten().map(|it| &it.address);
            desired.iter().map(|it| &it.address).chain(recorded).collect()
        });
        addresses.contains(address) || observed.live.contains_key(address)
    }
}

fn step(input: &PlanInput<'_>, id: StepId, draft: &Draft<'_, '_>, needs: BTreeSet<StepId>) -> Step {
    let compared = draft.compared;
    let change = &compared.change;
    let mut uses: BTreeSet<Address> = draft::outputs(draft).cloned().collect();
    uses.extend(compared.desired.into_iter().flat_map(|desired| desired.needs.iter().cloned()));
    uses.extend(guard::surroundings(input, &change.address));
    uses.remove(&change.address);
    let relied_on = compared.live.map(|live| digest::of(&(&live.external_id, &live.fields)));
    let owner = change.owner.clone().unwrap_or_else(|| Owner("nobody".to_owned()));
    Step {
        id,
        digest: step_digest(&change.address, draft.verb, &draft.before, &draft.after, &draft.goes_with),
        address: change.address.clone(),
        verb: draft.verb,
        class: compared.spec.class,
        owner,
        origin: change.origin.clone(),
        external_id: change.external_id.clone(),
        before: draft.before.clone(),
        after: draft.after.clone(),
        partly: draft.partly.clone(),
        begun: matches!(compared.situation, Situation::Begun),
        uses,
        needs,
        relied_on,
        goes_with: draft.goes_with.clone(),
        waits: draft.waits.clone(),
        why: draft.why.clone(),
        undo: undo(draft),
        calls: calls(draft),
    }
}

fn step_digest(
    address: &Address,
    verb: Verb,
    before: &Fields,
    after: &BTreeMap<Field, Term>,
    goes_with: &[Consequence],
) -> String {
    digest::of(&(address, verb, before, after, goes_with))
}

fn undo(draft: &Draft<'_, '_>) -> Option<String> {
    let verb = match draft.verb {
        Verb::Create => "remove its declaration",
        Verb::Adopt => "release it (formulary.dev/manage: release)",
        Verb::Update | Verb::Rename | Verb::Transfer => "declare the former value",
        Verb::Restore => "remove its declaration",
        Verb::Disable => "declare it again",
        Verb::Delete if draft.compared.spec.class == KindClass::Membership => "declare it again",
        Verb::Forget => "declare it again",
        Verb::Delete | Verb::RunOnce | Verb::Await => return None,
    };
    Some(verb.to_owned())
}

/// Calls a step is expected to take: the write, and the reading back; an update reads first.
fn calls(draft: &Draft<'_, '_>) -> u32 {
    match draft.verb {
        Verb::Forget | Verb::Await => 0,
        Verb::Adopt => u32::from(!draft.after.is_empty()) * 3,
        Verb::Create | Verb::Delete | Verb::RunOnce => 2,
        Verb::Update | Verb::Rename | Verb::Restore | Verb::Transfer => 3,
        Verb::Disable => 4,
    }
}

/// A step that was done again and again from the same values to the same values has another writer against it: it is
/// not fought over, but left to somebody's word. What closes access is closed all the same.
fn fights(input: &PlanInput<'_>, steps: &mut [Step], sequence: &[usize], drafts: &[Draft<'_, '_>]) {
    for (step, draft) in steps.iter_mut().zip(sequence.iter().map(|at| &drafts[*at])) {
        let times = input.repeated.get(&step.digest).copied().unwrap_or_default();
        if times >= FIGHT && !draft.closes {
            step.waits.push(Wait::Approval {
                group: format!("{}: fights", step.address.instance),
                reason: format!("another writer undoes it: it was done {times} times within a day"),
            });
        }
    }
}

/// Takes the waits from steps whose whole group is approved. A group with a step that the approval does not cover stays
/// as it is: one more deletion voids an approval, unrelated drift does not.
fn release(input: &PlanInput<'_>, steps: &mut [Step]) -> BTreeMap<String, i64> {
    let mut released = BTreeMap::new();
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for step in steps.iter() {
        for group in step.waits.iter().filter_map(Wait::group) {
            groups.entry(group.to_owned()).or_default().insert(step.digest.clone());
        }
    }
    for (group, digests) in groups {
        let usable = input.approvals.iter().filter(|approval| input.diff.now < approval.expires);
        let Some(approval) = usable.filter(|approval| digests.is_subset(&approval.steps)).min_by_key(|it| it.id) else {
            continue;
        };
        for step in steps.iter_mut().filter(|step| digests.contains(&step.digest)) {
            step.waits.retain(|wait| wait.group() != Some(group.as_str()));
            released.insert(step.digest.clone(), approval.id);
        }
    }
    released
}

fn waiting(steps: &[Step]) -> Vec<WaitingGroup> {
    let mut groups: BTreeMap<&str, WaitingGroup> = BTreeMap::new();
    for step in steps {
        for wait in &step.waits {
            let Some(name) = wait.group() else { continue };
            let group = groups.entry(name).or_insert_with(|| WaitingGroup {
                name: name.to_owned(),
                instance: step.address.instance.clone(),
                reason: wait.reason().to_owned(),
                steps: Vec::new(),
                digest: String::new(),
            });
            // A step may wait twice in one group; its waits come one after another.
            if group.steps.last() != Some(&step.id) {
                group.steps.push(step.id);
            }
        }
    }
    let by_id: BTreeMap<StepId, &str> = steps.iter().map(|step| (step.id, step.digest.as_str())).collect();
    let mut groups: Vec<WaitingGroup> = groups.into_values().collect();
    for group in &mut groups {
        let digests: BTreeSet<&str> = group.steps.iter().filter_map(|id| by_id.get(id).copied()).collect();
        group.digest = digest::of(&digests);
    }
    groups
}

fn incomplete(input: &PlanInput<'_>) -> Vec<IncompleteScope> {
    let scopes = input.diff.observed.scopes.iter();
    scopes
        .filter_map(|(scope, completeness)| match completeness {
            Completeness::Incomplete(failure) => {
                Some(IncompleteScope { scope: scope.clone(), failure: failure.clone() })
            }
            Completeness::Complete(_) | Completeness::Cached(_) => None,
        })
        .collect()
}

/// The digest of everything that the plan relies on.
fn snapshot(input: &PlanInput<'_>) -> String {
    let mut digester = digest::Digester::default();
    for desired in input.diff.desired {
        let fields = Terms(&desired.fields);
        digester.add(&(&desired.address, &desired.owner, desired.extent, fields, &desired.needs));
    }
    for live in input.diff.observed.live.values() {
        digester.add(&(&live.address, &live.external_id, &live.fields, &live.mark));
    }
    for (scope, completeness) in &input.diff.observed.scopes {
        digester.add(&(scope, matches!(completeness, Completeness::Complete(_))));
    }
    let mut recorded: Vec<&Recorded> = input.diff.recorded.into_iter().flatten().collect();
    // A ledger gives them in this order; sorting what is sorted costs one pass.
    recorded.sort_by(|a, b| a.address.cmp(&b.address));
    for object in recorded {
        digester.add(&(&object.address, &object.external_id, &object.owner, &object.last_applied, object.origin));
    }
    digester.hex()
}

/// Wanted fields without the places that say them.
struct Terms<'a>(&'a ByField<Wanted>);

impl Serialize for Terms<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, wanted)| (name, &wanted.term)))
    }
}
