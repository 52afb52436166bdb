//! Rules of comparing and planning, on a world of five kinds and nothing else; the laws stand in `tests/laws.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

mod difference;
mod laws;
mod retention;
mod saved;
mod swept;

use chrono::{DateTime, TimeZone, Utc};
use proptest::prelude::*;

use super::price::{Cost, Prices};
use super::{Approved, Basis, Plan, PlanInput, Planned, Step, Totals, Verb, plan};
use crate::engine::diag::Span;
use crate::engine::diff::{Change, ChangeSet, DiffInput, Kinds, Observed, Part, Refresh, diff};
use crate::engine::documents::Quarantine;
use crate::engine::model::*;

const LEVELS: Access = Access::Levels(&["none", "read", "write", "admin"]);

const USER: KindSpec = KindSpec {
    name: "user",
    title: "person",
    class: KindClass::Person,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("email", "address", Compare::Folded),
        FieldSpec::new("verified", "the address is proven", Compare::Plain).access(Access::Vouches),
        FieldSpec::new("enabled", "may sign in", Compare::Plain).access(Access::OpenWhen(true)),
        FieldSpec::new("about", "description", Compare::Text),
        FieldSpec::new("login", "how they sign in", Compare::Plain).access(Access::SignIn),
    ],
    key: "name, folded",
    identity: &[&[Evidence::Same("email"), Evidence::IsTrue("verified")]],
    mark: None,
    outputs: &[("sub", "subject")],
    scope: ScopeRule::Whole,
    absence: "",
    removal: Removal::Disable { field: "enabled", off: false },
    after_retention: false,
    goes_with: &[],
    rename: Rename::InPlace,
    creation_opens: true,
    wakes: "",
    cannot_be_undone: "",
};

const TEAM: KindSpec = KindSpec {
    name: "team",
    title: "team",
    class: KindClass::Team,
    fields: &[
        FieldSpec::new("units", "rights", Compare::Plain).access(LEVELS),
        FieldSpec::new("about", "", Compare::Text),
    ],
    identity: &[&[Evidence::NameByApproval]],
    outputs: &[],
    removal: Removal::DeleteByApproval,
    creation_opens: false,
    ..USER
};

const MEMBER: KindSpec = KindSpec {
    name: "member",
    title: "member",
    class: KindClass::Membership,
    member_of: Some("team"),
    fields: &[
        FieldSpec::new("type", "how they came", Compare::ServerOwned),
        FieldSpec::new("owner", "whether they own the team", Compare::ServerOwned).tells(Tells::Owns),
    ],
    identity: &[&[Evidence::NameIsIdentity]],
    outputs: &[],
    scope: ScopeRule::PerParent,
    removal: Removal::Delete,
    goes_with: &[GoesWith {
        when: Some(("type", "managed")),
        what: "the person's account",
        counts: Some(KindClass::Person),
    }],
    creation_opens: true,
    ..USER
};

const DESK: KindSpec = KindSpec {
    name: "desk",
    title: "desk",
    class: KindClass::Workspace,
    fields: &[
        FieldSpec::new("open", "whether it can be worked at", Compare::CreateOnly),
        FieldSpec::new("label", "what it is called until somebody sits there", Compare::While("status", "new")),
    ],
    identity: &[&[Evidence::NameByApproval]],
    outputs: &[],
    removal: Removal::Disable { field: "open", off: false },
    after_retention: true,
    goes_with: &[GoesWith { when: None, what: "all work on it", counts: None }],
    creation_opens: false,
    ..USER
};

const PAGE: KindSpec = KindSpec {
    name: "page",
    title: "page",
    class: KindClass::Record,
    fields: &[
        FieldSpec::new("text", "what it says", Compare::Plain),
        FieldSpec::new("stray", "why it is told of", Compare::ServerOwned).tells(Tells::Stray),
    ],
    identity: &[&[Evidence::NameIsIdentity]],
    outputs: &[],
    removal: Removal::Swept("it goes by itself within minutes"),
    creation_opens: false,
    ..USER
};

static KINDS: [KindSpec; 5] = [USER, TEAM, MEMBER, DESK, PAGE];

/// A world: what is wanted, what is there, what is remembered.
#[derive(Clone)]
pub(in crate::engine) struct World {
    desired: Vec<Desired>,
    sets: Vec<MembershipSet>,
    pub(in crate::engine) live: BTreeMap<Address, Live>,
    /// Without a ledger there is nothing that is remembered, and nothing that is not.
    has_ledger: bool,
    recorded: Vec<Recorded>,
    incomplete: BTreeSet<Scope>,
    policy: InstancePolicy,
    quarantine: Quarantine,
    own: BTreeSet<Address>,
    spent: BTreeMap<(Instance, KindClass), usize>,
    repeated: BTreeMap<String, u64>,
    prices: BTreeMap<Instance, Prices>,
    approvals: Vec<Approved>,
    identity: Option<Instance>,
    next_id: u32,
}

pub(in crate::engine) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 26, 12, 0, 0).single().expect("a moment")
}

pub(in crate::engine) fn kinds() -> Kinds {
    let mut kinds = Kinds::default();
    kinds.insert(Instance::new("svc"), &KINDS);
    kinds
}

fn span() -> Arc<Span> {
    Arc::new(Span { file: "users/acme/x.yaml".into(), line: 1, column: 1, start: 0, end: 1 })
}

pub(in crate::engine) fn at(kind: &str, key: &str) -> Address {
    Address::new(&Instance::new("svc"), kind, key)
}

/// A world as one cycle sees it.
struct Looked<'a> {
    world: &'a World,
    diff: &'a DiffInput<'a>,
    changes: ChangeSet<'a>,
}

impl Looked<'_> {
    fn planned(&self) -> Planned {
        plan(&PlanInput {
            diff: self.diff,
            changes: &self.changes,
            platform: "acme",
            revision: "r1",
            identity: self.world.identity.as_ref(),
            spent: &self.world.spent,
            repeated: &self.world.repeated,
            prices: &self.world.prices,
            approvals: &self.world.approvals,
        })
    }
}

impl World {
    pub(in crate::engine) fn new() -> Self {
        Self {
            desired: Vec::new(),
            sets: Vec::new(),
            live: BTreeMap::new(),
            has_ledger: true,
            recorded: Vec::new(),
            incomplete: BTreeSet::new(),
            policy: InstancePolicy { mode: Mode::Enforce, ..Default::default() },
            quarantine: Quarantine::default(),
            own: BTreeSet::new(),
            spent: BTreeMap::new(),
            repeated: BTreeMap::new(),
            prices: BTreeMap::new(),
            approvals: Vec::new(),
            identity: None,
            next_id: 1,
        }
    }

    pub(in crate::engine) fn user(mut self, name: &str) -> Self {
        let owner = Owner(format!("user:default/{name}"));
        self.desired.push(
            Desired::new(at("user", name), owner, span())
                .field("email", format!("{name}@acme.test"), Some(span()))
                .field("verified", true, None)
                .field("enabled", true, None)
                .field("about", "", None),
        );
        self
    }

    pub(in crate::engine) fn team(mut self, name: &str, mode: MembershipMode) -> Self {
        let owner = Owner(format!("group:default/{name}"));
        let units = Value::Map([("code".to_owned(), Value::from("write"))].into());
        self.desired.push(Desired::new(at("team", name), owner.clone(), span()).field("units", units, None));
        self.sets.push(MembershipSet { edges: at("member", name), mode, owner, origin: span() });
        self
    }

    pub(in crate::engine) fn member(mut self, team: &str, user: &str) -> Self {
        let owner = Owner(format!("user:default/{user}"));
        self.desired.push(
            Desired::new(at("member", &format!("{team}/{user}")), owner, span())
                .needs(at("team", team))
                .needs(at("user", user)),
        );
        self
    }

    pub(in crate::engine) fn without(mut self, key: &str) -> Self {
        self.desired.retain(|it| !it.address.key.split('/').any(|part| part == key));
        self
    }

    fn desk(mut self, name: &str) -> Self {
        let owner = Owner(format!("resource:default/{name}"));
        self.desired
            .push(Desired::new(at("desk", name), owner, span()).field("open", true, None).field("label", name, None));
        self
    }

    /// A world with a team of these people, applied.
    pub(in crate::engine) fn settled(people: &[&str]) -> Self {
        let mut world = Self::new().team("dev", MembershipMode::Authoritative);
        for name in people {
            world = world.user(name).member("dev", name);
        }
        world.converge();
        world
    }

    fn observed(&self) -> Observed {
        let mut scopes: BTreeSet<Scope> =
            ["user", "team", "desk", "page"].map(|kind| Scope::whole(&Instance::new("svc"), kind)).into();
        let teams = self.live.keys().filter(|it| it.kind.as_str() == "team");
        scopes.extend(teams.map(|team| Scope::within(&team.instance, "member", &team.key)));
        Observed::new(scopes.into_iter().map(|scope| {
            let of = |live: &&Live| {
                live.address.kind == scope.kind
                    && scope.parent.as_deref().is_none_or(|parent| live.address.parent_key() == Some(parent))
            };
            let completeness = if self.incomplete.contains(&scope) {
                Completeness::Incomplete(Failure::new(FailureClass::Later, "list", "503"))
            } else {
                Completeness::Complete("test".to_owned())
            };
            Observation { at: now(), objects: self.live.values().filter(of).cloned().collect(), completeness, scope }
        }))
    }

    pub(in crate::engine) fn plan(&self) -> Planned {
        self.look(|input| input.planned())
    }

    /// Writes what is true and out of date in the records, as the loop does after an apply.
    fn refresh(&mut self) {
        let refresh = self.look(|input| input.changes.refresh.clone());
        for Refresh { was, now } in refresh {
            self.recorded.retain(|it| it.address != was);
            self.recorded.push(now);
        }
    }

    fn look<T>(&self, then: impl FnOnce(&Looked<'_>) -> T) -> T {
        let kinds = kinds();
        let policies = BTreeMap::from([(Instance::new("svc"), self.policy.clone())]);
        let observed = self.observed();
        let input = DiffInput {
            kinds: &kinds,
            desired: &self.desired,
            sets: &self.sets,
            observed: &observed,
            recorded: self.has_ledger.then_some(&*self.recorded),
            ledger: self.has_ledger.then_some("ours"),
            policies: &policies,
            attempted: &BTreeSet::new(),
            quarantine: &self.quarantine,
            own_accounts: &self.own,
            now: now(),
        };
        then(&Looked { world: self, diff: &input, changes: diff(&input) })
    }

    /// Does what a plan says, as an executor and a service would.
    pub(in crate::engine) fn apply(&mut self, plan: &Plan) {
        let mut done = BTreeSet::new();
        for step in &plan.steps {
            if step.waits.is_empty() && step.needs.is_subset(&done) {
                self.perform(step);
                done.insert(step.id);
            }
        }
    }

    fn perform(&mut self, step: &Step) {
        let known = |terms: &BTreeMap<Field, Term>| -> Fields {
            terms.iter().filter_map(|(name, term)| Some((name.clone(), term.known()?.clone()))).collect()
        };
        let place = self.recorded.iter().position(|it| it.address == step.address);
        match step.verb {
            Verb::Create => {
                let external_id = Some(self.next_id.to_string());
                self.next_id += 1;
                let fields = known(&step.after);
                let outputs = Fields::from([(Field::Borrowed("sub"), Value::Text(format!("sub-{}", self.next_id)))]);
                let live = Live { address: step.address.clone(), external_id, fields, outputs, mark: None };
                self.live.insert(step.address.clone(), live);
            }
            Verb::Delete => drop(self.live.remove(&step.address)),
            Verb::Forget | Verb::Adopt => {}
            Verb::Rename => {
                let (_, live) = self
                    .live
                    .iter()
                    .find(|(_, live)| live.external_id == step.external_id)
                    .map(|(address, live)| (address.clone(), live.clone()))
                    .expect("the renamed object is there");
                self.live.remove(&live.address);
                let (old, new) = (live.address.key.to_string(), step.address.key.to_string());
                self.live.insert(step.address.clone(), Live { address: step.address.clone(), ..live });
                // Edges follow the person.
                for mut edge in std::mem::take(&mut self.live).into_values() {
                    if edge.address.kind.as_str() == "member" && edge.address.leaf() == old {
                        let team = edge.address.parent_key().unwrap_or_default();
                        edge.address = at("member", &format!("{team}/{new}"));
                    }
                    self.live.insert(edge.address.clone(), edge);
                }
            }
            _ => {
                let live = self.live.get_mut(&step.address).expect("what is updated is there");
                live.fields.extend(known(&step.after));
            }
        }
        if matches!(step.verb, Verb::Delete | Verb::Forget) {
            self.recorded.retain(|it| it.address != step.address);
            return;
        }
        let live = &self.live[&step.address];
        let state = if step.verb == Verb::Disable { ObjectState::Disabled(now()) } else { ObjectState::Active };
        let mut record = place.map_or_else(
            || Recorded {
                address: step.address.clone(),
                external_id: None,
                owner: step.owner.clone(),
                file: "users/acme/x.yaml".to_owned(),
                last_applied: Fields::new(),
                digests: BTreeMap::new(),
                outputs: Fields::new(),
                origin: if step.verb == Verb::Create { Origin::Created } else { Origin::Adopted },
                state,
            },
            |place| self.recorded[place].clone(),
        );
        record.external_id = live.external_id.clone();
        record.outputs = live.outputs.clone();
        record.state = state;
        let whole = known(&step.after).into_iter().filter(|(name, _)| !step.partly.contains(name));
        record.last_applied.extend(whole);
        self.recorded.retain(|it| it.address != step.address && it.external_id != record.external_id);
        self.recorded.push(record);
    }

    pub(in crate::engine) fn converge(&mut self) {
        let planned = self.plan();
        self.refresh();
        self.apply(&planned.plan);
        let again = self.plan().plan;
        assert!(again.steps.is_empty(), "a second plan is not empty: {}", told(&again));
    }

    fn rename_by_hand(&mut self, from: &Address, to: &Address) {
        let live = self.live.remove(from).expect("it is there");
        self.live.insert(to.clone(), Live { address: to.clone(), ..live });
    }

    pub(in crate::engine) fn set(&mut self, address: &Address, field: &'static str, value: impl Into<Value>) {
        self.live.get_mut(address).expect("it is there").fields.insert(field.into(), value.into());
    }
}

/// A plan in a line a step, for snapshots.
pub(in crate::engine) fn told(plan: &Plan) -> String {
    let mut lines: Vec<String> = plan
        .steps
        .iter()
        .map(|step| {
            let waits: Vec<&str> = step.waits.iter().filter_map(|wait| wait.group()).collect();
            let waits = if waits.is_empty() { String::new() } else { format!(" [waits: {}]", waits.join(", ")) };
            format!("{} {}{waits}", step.verb, step.address)
        })
        .collect();
    lines.extend(plan.changes.iter().filter_map(|change| {
        let stepped = plan.steps.iter().any(|step| step.address == change.address);
        (!stepped)
            .then(|| format!("- {} {}: {}", change.class, change.address, change.left.as_ref().unwrap_or(&change.why)))
    }));
    lines.extend(plan.notes.iter().map(|note| format!("! {}: {}", note.check, note.message)));
    lines.join("\n")
}

#[test]
fn what_is_needed_comes_first() {
    let world = World::new().member("dev", "alice").user("alice").team("dev", MembershipMode::Authoritative);
    insta::assert_snapshot!(told(&world.plan().plan), @r"
    create svc:team/dev
    create svc:user/alice
    create svc:member/dev/alice
    ");
}

#[test]
fn a_leaver_is_blocked_and_keeps_the_memberships_and_returning_restores() {
    let mut world = World::settled(&["alice", "bob"]);
    let here = world.desired.clone();
    world = world.without("bob");
    insta::assert_snapshot!(told(&world.plan().plan), @"disable svc:user/bob");
    world.converge();
    assert!(world.live.contains_key(&at("member", "dev/bob")));
    world.desired = here;
    insta::assert_snapshot!(told(&world.plan().plan), @"restore svc:user/bob");
    world.converge();
}

#[test]
fn steps_that_go_in_one_call_are_counted_once_and_minutes_are_told() {
    let mut world = World::new();
    for name in ["a", "b", "c", "d", "e", "f", "g"] {
        world = world.user(name);
    }
    const COSTS: &[Cost] = &[Cost { kinds: &["user"], verbs: &[Verb::Create], together: 3, calls: 2 }];
    world.prices = [(Instance::new("svc"), Prices { costs: COSTS, per_minute: Some(4) })].into();
    let plan = world.plan().plan;
    assert_eq!(plan.steps.iter().map(|step| step.calls).collect::<Vec<_>>(), [2, 0, 0, 2, 0, 0, 2]);
    let told: Vec<&str> = plan.notes.iter().map(|note| note.message.as_str()).collect();
    assert_eq!(told, ["svc: about 6 calls, 4 a minute: this takes about 2 minutes"]);
    world.prices = [(Instance::new("svc"), Prices { costs: COSTS, per_minute: Some(6) })].into();
    assert_eq!(world.plan().plan.notes, []);
}

#[test]
fn the_last_owner_of_something_is_named_before_they_leave() {
    let mut world = World::settled(&["alice", "bob", "carol"]);
    let mut own = |name: &str| {
        let edge = world.live.get_mut(&at("member", &format!("dev/{name}"))).expect("they are in it");
        edge.fields.insert("owner".into(), true.into());
    };
    ["alice", "bob"].into_iter().for_each(&mut own);
    let notes = |world: &World| {
        let notes = world.plan().plan.notes.into_iter().filter(|note| note.check == "last-owner");
        notes.map(|note| note.message).collect::<Vec<_>>()
    };
    assert_eq!(notes(&world.clone().without("carol")), [""; 0], "carol owns nothing");
    assert_eq!(notes(&world.clone().without("bob")), [""; 0], "alice stays");
    let both = "alice and bob are the only ones who own 'dev' in svc: name another owner there first, or an \
                administrator has to later";
    assert_eq!(notes(&world.clone().without("bob").without("alice")), [both]);
    world = world.without("bob");
    world.converge();
    // Whoever left owns nothing that counts.
    let last =
        "alice is the only one who owns 'dev' in svc: name another owner there first, or an administrator has to later";
    assert_eq!(notes(&world.without("alice")), [last]);
}

#[test]
fn what_is_ours_for_a_while_is_left_alone_afterwards() {
    let mut world = World::new().desk("blue");
    world.converge();
    world.set(&at("desk", "blue"), "status", "new");
    world.set(&at("desk", "blue"), "label", "Blue");
    assert_eq!(told(&world.plan().plan), "", "its case is folded");
    world.set(&at("desk", "blue"), "label", "green");
    assert_eq!(told(&world.plan().plan), "update svc:desk/blue");
    world.set(&at("desk", "blue"), "status", "taken");
    assert_eq!(told(&world.plan().plan), "");
}

#[test]
fn nobody_gets_anything_new_while_their_account_is_closed() {
    let mut world = World::settled(&["alice"]);
    world.set(&at("user", "alice"), "enabled", false);
    world = world.team("ops", MembershipMode::Authoritative).member("ops", "alice");
    let plan = world.plan().plan;
    insta::assert_snapshot!(told(&plan), @r"
    create svc:team/ops
    restore svc:user/alice [waits: svc: opens access]
    create svc:member/ops/alice
    ");
    assert_eq!(plan.held(), [false, true, true]);
}

#[test]
fn access_only_closes_by_itself() {
    let mut world = World::settled(&["alice", "bob"]);
    world.set(&at("user", "alice"), "enabled", false);
    world.set(&at("user", "bob"), "about", "changed by hand");
    world.set(&at("team", "dev"), "units", Value::Map([("code".to_owned(), "admin".into())].into()));
    world.live.remove(&at("member", "dev/bob"));
    insta::assert_snapshot!(told(&world.plan().plan), @r"
    update svc:team/dev
    create svc:member/dev/bob [waits: svc: opens access]
    restore svc:user/alice [waits: svc: opens access]
    update svc:user/bob
    ");
}

#[test]
fn rights_that_were_both_widened_and_narrowed_are_closed_at_once_and_opened_by_approval() {
    let mut world = World::settled(&["alice"]);
    let units = [("code".to_owned(), "read".into()), ("wiki".to_owned(), "admin".into())];
    world.set(&at("team", "dev"), "units", Value::Map(units.into()));
    insta::assert_snapshot!(told(&world.plan().plan), @r"
    update svc:team/dev
    update svc:team/dev [waits: svc: opens access]
    ");
    let plan = world.plan().plan;
    world.apply(&plan);
    insta::assert_snapshot!(told(&world.plan().plan), @"update svc:team/dev [waits: svc: opens access]");
}

#[test]
fn what_was_taken_over_is_not_opened_by_the_next_plan() {
    let mut world = World::new().user("alice");
    let fields = [
        ("email", "alice@acme.test".into()),
        ("verified", true.into()),
        ("enabled", false.into()),
        ("about", "".into()),
    ];
    let live = Live {
        address: at("user", "alice"),
        external_id: Some("9".to_owned()),
        fields: fields.into_iter().map(|(name, value)| (name.into(), value)).collect(),
        outputs: Fields::new(),
        mark: None,
    };
    world.live.insert(at("user", "alice"), live);
    let plan = world.plan().plan;
    let adoption = plan.steps.iter().find(|step| step.verb == Verb::Adopt).expect("an adoption").digest.clone();
    world.approvals = vec![Approved { id: 1, steps: [adoption].into(), expires: now() + chrono::Duration::hours(1) }];
    let plan = world.plan().plan;
    world.apply(&plan);
    insta::assert_snapshot!(told(&world.plan().plan), @"restore svc:user/alice [waits: svc: opens access]");
}

#[test]
fn an_approval_names_exactly_what_waits() {
    let mut world = World::settled(&["alice", "bob"]);
    world.set(&at("user", "alice"), "enabled", false);
    let first = world.plan().plan;
    let approved = |plan: &Plan| Approved {
        id: 7,
        steps: plan.steps.iter().map(|step| step.digest.clone()).collect(),
        expires: now() + chrono::Duration::hours(1),
    };
    world.approvals = vec![approved(&first)];
    world.set(&at("user", "bob"), "about", "unrelated drift does not void it");
    let planned = world.plan();
    insta::assert_snapshot!(told(&planned.plan), @r"
    restore svc:user/alice
    update svc:user/bob
    ");
    assert_eq!(planned.released.values().copied().collect::<Vec<_>>(), [7]);
    world.set(&at("user", "bob"), "enabled", false);
    assert_eq!(world.plan().plan.waiting.len(), 1, "one more step in the group voids it");
    world.approvals[0].expires = now();
    assert_eq!(world.plan().plan.waiting.len(), 1, "an approval ends");
}

#[test]
fn a_foreign_member_is_removed_from_an_authoritative_set_and_reported_in_an_additive_one() {
    let mut world = World::settled(&["alice"]);
    let mallory = at("member", "dev/mallory");
    let live =
        Live { address: mallory.clone(), external_id: None, fields: Fields::new(), outputs: Fields::new(), mark: None };
    world.live.insert(mallory.clone(), live);
    insta::assert_snapshot!(told(&world.plan().plan), @"delete svc:member/dev/mallory");
    world.live.get_mut(&mallory).expect("there").fields.insert("type".into(), "managed".into());
    insta::assert_snapshot!(told(&world.plan().plan), @"delete svc:member/dev/mallory [waits: svc: deletions]");
    world.sets[0].mode = MembershipMode::Additive;
    insta::assert_snapshot!(told(&world.plan().plan), @"- unowned svc:member/dev/mallory: it exists, and nobody declared it");
    world.sets[0].mode = MembershipMode::Authoritative;
    world.own.insert(at("user", "mallory"));
    assert!(world.plan().plan.steps.is_empty(), "our own accounts are never drift");
}

#[test]
fn nothing_in_an_incomplete_scope_is_missing() {
    let mut world = World::settled(&["alice"]).user("bob").member("dev", "bob");
    world.live.remove(&at("user", "alice"));
    world.incomplete.insert(Scope::whole(&Instance::new("svc"), "user"));
    insta::assert_snapshot!(told(&world.plan().plan), @r"
    - missing svc:member/dev/bob: it needs svc:user/bob: it was not seen, but svc:user was not read whole (list: 503)
    - unknown svc:user/alice: it was not seen, but svc:user was not read whole (list: 503)
    - unknown svc:user/bob: it was not seen, but svc:user was not read whole (list: 503)
    ! incomplete: svc:user was not read whole; nothing in it is removed or made: list: 503
    ");
}

#[test]
fn more_than_the_budget_waits_and_the_rest_proceeds() {
    let people = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let mut world = World::settled(&people);
    for name in &people[..4] {
        world = world.without(name);
    }
    world = world.user("newcomer");
    insta::assert_snapshot!(told(&world.plan().plan), @r"
    disable svc:user/a [waits: svc: removal of people]
    disable svc:user/b [waits: svc: removal of people]
    disable svc:user/c [waits: svc: removal of people]
    disable svc:user/d [waits: svc: removal of people]
    create svc:user/newcomer
    ");
    let mut again = World::settled(&people).without("a");
    again.spent.insert((Instance::new("svc"), KindClass::Person), 3);
    assert_eq!(
        again.plan().plan.waiting[0].reason,
        "1 of 8 people would be removed or disabled, after 3 already; at most 3 may be within 24 hours"
    );
}

#[test]
fn what_was_closed_and_is_open_again_is_closed_at_once_whatever_the_budget() {
    let mut world = World::settled(&["alice", "bob", "carol", "dora", "erin"]);
    for name in ["bob", "carol", "dora"] {
        world = world.without(name);
    }
    world.converge();
    world.spent.insert((Instance::new("svc"), KindClass::Person), 3);
    world.set(&at("user", "bob"), "enabled", true);
    assert_eq!(told(&world.plan().plan), "disable svc:user/bob");
    world = world.without("erin");
    let told = told(&world.plan().plan);
    assert!(told.contains("disable svc:user/bob\n") && told.contains("disable svc:user/erin [waits:"), "{told}");
}

#[test]
fn an_emptied_organisation_always_waits() {
    let world = World::settled(&["alice"]).without("alice");
    insta::assert_snapshot!(told(&world.plan().plan), @"disable svc:user/alice [waits: svc: dev is emptied]");
    // Whoever stands because nobody can read what became of them is in it still.
    let mut world = World::settled(&["alice", "bob"]).without("alice").without("bob");
    world.quarantine.entities.insert("user:default/bob".parse().unwrap());
    insta::assert_snapshot!(told(&world.plan().plan), @r"
    disable svc:user/alice
    - removed svc:member/dev/bob: it stands, because the declaration of 'user:default/bob' cannot be read
    - removed svc:user/bob: it stands, because the declaration of 'user:default/bob' cannot be read
    ");
    // A leaver's place may stand; they leave all the same.
    let mut world = World::settled(&["alice"]).without("alice");
    world.quarantine.memberships.insert("group:default/dev".parse().unwrap());
    let told = told(&world.plan().plan);
    assert!(
        told.starts_with("disable svc:user/alice [waits: svc: dev is emptied]\n- removed svc:member/dev/alice:"),
        "{told}"
    );
}

#[test]
fn a_stranger_with_the_name_is_a_conflict_and_its_dependants_wait_with_it() {
    let mut world = World::new().team("dev", MembershipMode::Authoritative).user("alice").member("dev", "alice");
    let fields = Fields::from([("email".into(), "alice@elsewhere.test".into()), ("verified".into(), true.into())]);
    let live = Live {
        address: at("user", "alice"),
        external_id: Some("9".to_owned()),
        fields,
        outputs: Fields::new(),
        mark: None,
    };
    world.live.insert(at("user", "alice"), live);
    insta::assert_snapshot!(told(&world.plan().plan), @r"
    create svc:team/dev
    - missing svc:member/dev/alice: it needs svc:user/alice: a stranger holds the name 'alice': it was never ours, and what would prove that it is the declared one (the same email and verified being true) does not hold; rename one of the two, or make them agree at the service
    - conflict svc:user/alice: a stranger holds the name 'alice': it was never ours, and what would prove that it is the declared one (the same email and verified being true) does not hold; rename one of the two, or make them agree at the service
    ");
    world.set(&at("user", "alice"), "email", "Alice@acme.test");
    world.set(&at("user", "alice"), "enabled", false);
    insta::assert_snapshot!(told(&world.plan().plan), @r"
    adopt svc:user/alice [waits: svc: adoptions]
    create svc:team/dev
    restore svc:user/alice [waits: svc: opens access]
    create svc:member/dev/alice
    ");
}

#[test]
fn a_declared_rename_keeps_identity_and_memberships() {
    let mut world = World::settled(&["alice"]);
    let mut renamed = World::new().team("dev", MembershipMode::Authoritative).user("alicia").member("dev", "alicia");
    renamed.desired[1].previously = vec!["alice".to_owned()];
    world.desired = renamed.desired;
    world.set(&at("user", "alice"), "email", "alicia@acme.test");
    insta::assert_snapshot!(told(&world.plan().plan), @"rename svc:user/alicia");
    world.converge();
}

#[test]
fn what_was_renamed_by_hand_is_renamed_back_and_its_memberships_with_it() {
    let mut world = World::settled(&["alice"]);
    world.rename_by_hand(&at("user", "alice"), &at("user", "alicia"));
    world.rename_by_hand(&at("member", "dev/alice"), &at("member", "dev/alicia"));
    insta::assert_snapshot!(told(&world.plan().plan), @"rename svc:user/alice");
    let mut world = World::settled(&["alice"]);
    world.rename_by_hand(&at("team", "dev"), &at("team", "ops"));
    world.rename_by_hand(&at("member", "dev/alice"), &at("member", "ops/alice"));
    insta::assert_snapshot!(told(&world.plan().plan), @"rename svc:team/dev");
}

#[test]
fn a_list_that_was_not_read_whole_removes_nobody_not_even_who_is_seen_in_it() {
    let mut world = World::settled(&["alice", "bob"]);
    let mallory = at("member", "dev/mallory");
    let live =
        Live { address: mallory.clone(), external_id: None, fields: Fields::new(), outputs: Fields::new(), mark: None };
    world.live.insert(mallory, live);
    world.desired.retain(|it| it.address != at("member", "dev/bob"));
    world.incomplete.insert(Scope::within(&Instance::new("svc"), "member", "dev"));
    let plan = world.plan().plan;
    assert!(plan.steps.is_empty(), "{}", told(&plan));
}

#[test]
fn what_cannot_be_read_in_the_mono_repo_removes_nothing() {
    let mut world = World::settled(&["alice", "bob"]).without("bob");
    world.quarantine.paths.insert("users/acme/x.yaml".to_owned());
    world.quarantine.folders.insert("users/acme".to_owned());
    assert!(world.plan().plan.steps.is_empty(), "{}", told(&world.plan().plan));
}

#[test]
fn a_field_that_two_writers_keep_flipping_is_not_fought_over() {
    let mut world = World::settled(&["alice"]);
    for _ in 0..3 {
        world.set(&at("user", "alice"), "about", "by somebody else");
        let plan = world.plan().plan;
        assert_eq!(told(&plan), "update svc:user/alice");
        *world.repeated.entry(plan.steps[0].digest.clone()).or_default() += 1;
        world.apply(&plan);
    }
    world.set(&at("user", "alice"), "about", "by somebody else");
    insta::assert_snapshot!(told(&world.plan().plan), @"update svc:user/alice [waits: svc: fights]");
}

#[test]
fn an_account_may_be_there_although_the_one_it_is_bound_to_is_not() {
    let mut world = World::new().user("alice").user("bob");
    let elsewhere = Address::new(&Instance::new("other"), "user", "alice");
    world.desired[1].needs.insert(elsewhere);
    world.incomplete.insert(Scope::whole(&Instance::new("svc"), "user"));
    assert!(world.plan().plan.steps.is_empty(), "{}", told(&world.plan().plan));
}

#[test]
fn a_report_only_installation_is_not_written_to() {
    let mut world = World::new().user("alice");
    world.policy.mode = Mode::Report;
    insta::assert_snapshot!(told(&world.plan().plan), @"- missing svc:user/alice: 'svc' is in mode report");
}

#[test]
fn without_a_ledger_nothing_is_removed_and_what_waits_is_the_same_as_with_a_new_one() {
    let mut world = World::settled(&["alice", "bob"]).without("bob");
    let mallory = at("member", "dev/mallory");
    let live = Live { address: mallory.clone(), ..world.live[&at("member", "dev/alice")].clone() };
    world.live.insert(mallory, live);
    world.recorded.clear();
    let fresh = world.plan().plan;
    world.has_ledger = false;
    let two_way = world.plan().plan;
    assert_eq!((two_way.basis, &two_way.ledger), (Basis::TwoWay, &None));
    insta::assert_snapshot!(told(&two_way), @r"
    adopt svc:team/dev [waits: svc: adoptions]
    adopt svc:user/alice [waits: svc: adoptions]
    adopt svc:member/dev/alice
    - unowned svc:member/dev/bob: it exists, and nobody declared it
    - unowned svc:member/dev/mallory: it exists, and nobody declared it
    - unowned svc:user/bob: it exists, and nobody declared it
    ! lost-ledger: 3 of 3 declared objects are there already, and no ledger remembers them. If the ledger was lost, the adoptions rebuild it; what was declared no more meanwhile is reported as unowned, and never removed
    ");
    assert_eq!(two_way.waiting[0].digest, fresh.waiting[0].digest);
}

#[test]
fn what_another_ledger_marked_is_taken_over_by_approval_and_said_to_be_of_a_lost_one() {
    let mut world = World::settled(&["alice"]);
    for live in world.live.values_mut().filter(|it| it.address.kind.as_str() != "member") {
        live.mark = Some(Mark { ledger: "the-old-one".to_owned() });
    }
    world.recorded.clear();
    insta::assert_snapshot!(told(&world.plan().plan), @r"
    adopt svc:team/dev [waits: svc: takes over]
    adopt svc:user/alice [waits: svc: takes over]
    adopt svc:member/dev/alice
    ! other-ledger: 2 declared objects carry the mark of ledger the-old-one, and no ledger is here that remembers anything: this looks like a lost ledger. If it is lost, approve what 'takes over'; if it is still in use, plan with that one
    ");
}

impl World {
    /// Holds the plan of one person's account and membership, where it can be made alone, against that of everything.
    fn part_of(&mut self, person: &str) -> Result<Option<Vec<Verb>>, TestCaseError> {
        self.desired.sort_by(|a, b| a.address.cmp(&b.address));
        self.recorded.sort_by(|a, b| a.address.cmp(&b.address));
        let addresses = BTreeSet::from([at("user", person), at("team", "dev"), at("member", &format!("dev/{person}"))]);
        self.look(|looked| {
            let Some(part) = Part::of(looked.diff, &addresses) else { return Ok(None) };
            let totals = Totals::of(looked.diff);
            let diff_input = part.input(looked.diff);
            let changes = diff(&diff_input);
            let planned = super::plan_part(
                &PlanInput {
                    diff: &diff_input,
                    changes: &changes,
                    platform: "acme",
                    revision: "r1",
                    identity: None,
                    spent: &self.spent,
                    repeated: &self.repeated,
                    prices: &self.prices,
                    approvals: &[],
                },
                &totals,
            );
            let whole = looked.planned().plan;
            let rows = |plan: &Plan| -> Vec<Change> {
                plan.changes.iter().filter(|it| addresses.contains(&it.address)).cloned().collect()
            };
            // Their places in the plan aside.
            let steps = |plan: &Plan| -> Vec<Step> {
                let steps = plan.steps.iter().filter(|it| addresses.contains(&it.address)).cloned();
                steps.map(|step| Step { id: super::StepId(0), needs: BTreeSet::new(), ..step }).collect()
            };
            prop_assert_eq!(rows(&planned.plan), rows(&whole));
            prop_assert_eq!(steps(&planned.plan), steps(&whole));
            prop_assert_eq!(&planned.plan.changes, &rows(&planned.plan));
            Ok(Some(planned.plan.steps.iter().map(|step| step.verb).collect()))
        })
    }
}

#[test]
fn one_change_is_planned_alone() {
    let mut world = World::settled(&["alice", "bob"]);
    assert_eq!(world.part_of("alice").expect("equal"), Some(vec![]));
    world
        .desired
        .iter_mut()
        .find(|it| it.address == at("user", "alice"))
        .expect("declared")
        .fields
        .insert("about".into(), Wanted { term: "speaks Latin".into(), span: None, insists: false, if_there: false });
    world.desired.retain(|it| it.address != at("member", "dev/alice"));
    assert_eq!(world.part_of("alice").expect("equal"), Some(vec![Verb::Delete, Verb::Update]));
    assert_eq!(world.part_of("bob").expect("equal"), Some(vec![]));
    // What was removed at the service may have another name there, which only the whole tells.
    world.live.remove(&at("user", "alice"));
    assert_eq!(world.part_of("alice").expect("equal"), None);
}

/// Accounts carry what the identity provider calls their owners: where another one takes its place, that is said once, with
/// the accounts that would follow it.
#[test]
fn another_identity_provider_is_told() {
    let notes = |world: &World| -> Vec<String> {
        let notes = world.plan().plan.notes;
        notes.into_iter().filter(|note| note.check == "another-identity").map(|note| note.message).collect()
    };
    let mut world = World::settled(&["alice", "bob"]);
    world.identity = Some(Instance::new("svc"));
    let login = OutputRef { address: at("user", "bob"), output: Field::Borrowed("sub") };
    let alice = world.desired.iter_mut().find(|it| it.address == at("user", "alice")).unwrap();
    *alice = alice.clone().field("login", Term::Output(login), None);
    let was = (Field::Borrowed("login"), Value::from("what the former one called her"));
    world.live.get_mut(&at("user", "alice")).unwrap().fields.extend([was.clone()]);
    let recorded = world.recorded.iter_mut().find(|it| it.address == at("user", "alice")).unwrap();
    recorded.last_applied.extend([was]);
    assert_eq!(notes(&world), [""; 0], "no other one is known of");

    let mut former = world.recorded[0].clone();
    former.address.instance = Instance::new("old");
    world.recorded.push(former);
    let told = notes(&world);
    assert_eq!(told.len(), 1, "{told:?}");
    for said in ["through 'svc' now", "names 'old' no more", "1 account of svc is bound"] {
        assert!(told[0].contains(said), "{told:?}");
    }
}
