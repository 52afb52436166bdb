//! The engine alone, in numbers: `cargo bench --bench engine`.
//!
//! Each row is measured in a process of its own, so that its peak of memory is its own. Times of the processor mean more
//! than times of the clock on a machine that others use too, and ratios mean more than either. Nothing here is asserted;
//! `docs/performance.md` records a run and says how the bars are met.

#![allow(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

mod measure;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::DateTime;
use formulary::engine::diag::Span;
use formulary::engine::diff::{DiffInput, Kinds, Observed, diff};
use formulary::engine::documents::{Changed, Kept, Options, Quarantine};
use formulary::engine::model::*;
use formulary::engine::plan::{PlanInput, plan};
use formulary::engine::source::{FileEntry, Revision, Snapshot};
use measure::{Measured, child, measure, peak, status, table};

const USER: KindSpec = KindSpec {
    name: "user",
    title: "person",
    class: KindClass::Person,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("email", "", Compare::Folded),
        FieldSpec::new("name", "", Compare::Plain),
        FieldSpec::new("enabled", "", Compare::Plain).access(Access::OpenWhen(true)),
    ],
    key: "",
    identity: &[&[Evidence::Same("email")]],
    mark: None,
    outputs: &[],
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
    class: KindClass::Team,
    member_of: None,
    gives: &[],
    fields: &[FieldSpec::new("name", "", Compare::Plain)],
    identity: &[&[Evidence::NameByApproval]],
    removal: Removal::DeleteByApproval,
    ..USER
};
const MEMBER: KindSpec = KindSpec {
    name: "member",
    class: KindClass::Membership,
    member_of: None,
    gives: &[],
    fields: &[FieldSpec::new("role", "", Compare::Plain)],
    identity: &[&[Evidence::NameIsIdentity]],
    scope: ScopeRule::PerParent,
    removal: Removal::Delete,
    ..USER
};
static KINDS: [KindSpec; 3] = [USER, TEAM, MEMBER];

/// People in a team.
const TEAM_OF: usize = 100;
const SIZES: [usize; 4] = [1_000, 5_000, 100_000, 1_000_000];

fn main() {
    if measure::as_child(|what, count| match what {
        "no-op" => World::new(count, true).measured(0),
        "first" => World::new(count, false).measured(count),
        "documents" => documents(count),
        "one-file" => one_file(count),
        _ => unreachable!("the parent asks for one of these"),
    }) {
        return;
    }
    let rows = |what, sizes: &[usize]| sizes.iter().map(|size| child(what, *size)).collect::<Vec<Measured>>();
    table("no-op plan (documents and live state in memory)", "resource", &rows("no-op", &SIZES));
    table("first plan (nothing is there yet)", "resource", &rows("first", &SIZES[..3]));
    table("documents from memory to the catalogue", "file", &rows("documents", &SIZES[..3]));
    table("one person's file changed: to the catalogue again", "file", &rows("one-file", &SIZES[..3]));
}

/// Teams of a hundred people, who are as they should be, or not there yet.
struct World {
    kinds: Kinds,
    desired: Vec<Desired>,
    observed: Observed,
    recorded: Vec<Recorded>,
    before: u64,
}

impl World {
    /// A world of about so many resources: half of them accounts, half memberships, and the teams.
    fn new(count: usize, settled: bool) -> Self {
        let before = status("VmRSS:");
        let instance = Instance::new("svc");
        let mut kinds = Kinds::default();
        kinds.insert(instance.clone(), &KINDS);
        let mut desired = Vec::with_capacity(count);
        let people = count * TEAM_OF / (2 * TEAM_OF + 1);
        let at = |kind: &str, key: &str| Address::new(&instance, kind, key);
        for number in 0..people {
            let (name, team) = (format!("person-{number:07}"), format!("team-{:05}", number / TEAM_OF));
            let span =
                Arc::new(Span { file: format!("users/{name}.yaml").into(), line: 1, column: 1, start: 0, end: 1 });
            let owner = Owner(format!("user:default/{name}"));
            let of = |kind, key: &str| Desired::new(at(kind, key), owner.clone(), Arc::clone(&span));
            let said = || Some(Arc::clone(&span));
            if number % TEAM_OF == 0 {
                desired.push(of("team", &team).field("name", team.as_str(), said()));
            }
            let user = of("user", &name).field("email", format!("{name}@acme.example"), said());
            desired.push(user.field("name", format!("Person {number}"), said()).field("enabled", true, said()));
            let member = of("member", &format!("{team}/{name}")).field("role", "member", said());
            desired.push(member.needs(at("team", &team)).needs(at("user", &name)));
        }
        // As lowering, the ledger and a reading hand them over.
        desired.sort_by(|a, b| a.address.cmp(&b.address));
        share_names(desired.iter_mut().map(|it| &mut it.address));
        let (mut objects, mut recorded) = (Vec::new(), Vec::new());
        for (number, desired) in desired.iter().enumerate().filter(|_| settled) {
            let known = |it: &Wanted| it.term.known().cloned().unwrap_or(Value::Null);
            let fields = || desired.fields.iter().map(|(name, wanted)| (name.clone(), known(wanted))).collect();
            let external_id = Some(number.to_string());
            objects.push(Live {
                address: desired.address.clone(),
                external_id: external_id.clone(),
                fields: fields(),
                outputs: Fields::new(),
                mark: None,
            });
            recorded.push(Recorded {
                address: desired.address.clone(),
                external_id,
                owner: desired.owner.clone(),
                file: desired.origin.file.to_string(),
                last_applied: fields(),
                digests: BTreeMap::new(),
                outputs: Fields::new(),
                origin: Origin::Created,
                state: ObjectState::Active,
            });
        }
        let seen = |scope, objects| Observation {
            scope,
            at: DateTime::UNIX_EPOCH,
            completeness: Completeness::Complete("bench".to_owned()),
            objects,
        };
        let teams = desired.iter().filter(|it| it.address.kind.as_str() == "team");
        let lists = teams.map(|team| seen(Scope::within(&instance, "member", &team.address.key), Vec::new()));
        let whole = ["user", "team"].map(|kind| seen(Scope::whole(&instance, kind), Vec::new()));
        let everything = seen(Scope::whole(&instance, "member"), objects);
        let observed = Observed::new(lists.chain(whole).chain([everything]));
        Self { kinds, desired, observed, recorded, before }
    }

    fn measured(&self, steps: usize) -> Measured {
        let mut measured = measure(if self.desired.len() > 10_000 { 3 } else { 20 }, || self.plan(steps));
        measured.count = self.desired.len();
        measured.memory = peak().saturating_sub(self.before);
        measured
    }

    fn plan(&self, steps: usize) {
        let instance = Instance::new("svc");
        let enforce = InstancePolicy { mode: Mode::Enforce, ..InstancePolicy::default() };
        let input = DiffInput {
            kinds: &self.kinds,
            desired: &self.desired,
            sets: &[],
            observed: &self.observed,
            recorded: Some(&self.recorded),
            ledger: Some("bench"),
            policies: &BTreeMap::from([(instance, enforce)]),
            attempted: &BTreeSet::new(),
            quarantine: &Quarantine::default(),
            own_accounts: &BTreeSet::new(),
            now: DateTime::UNIX_EPOCH,
        };
        let changes = diff(&input);
        let planned = plan(&PlanInput {
            diff: &input,
            changes: &changes,
            platform: "bench",
            revision: "bench",
            identity: None,
            spent: &BTreeMap::new(),
            repeated: &BTreeMap::new(),
            prices: &BTreeMap::new(),
            approvals: &[],
        });
        let expected = if steps > 0 { self.desired.len() } else { 0 };
        assert_eq!(planned.plan.steps.len(), expected, "the plan makes everything, or nothing");
    }
}

fn documents(count: usize) -> Measured {
    let snapshot = files(count);
    let before = status("VmRSS:");
    let mut measured = measure(3, || {
        let kept = Kept::new(&snapshot, Options::default());
        assert_eq!(kept.loaded().catalogue.people.len() + 1, count, "every file is a person or the organisation");
    });
    measured.count = count;
    measured.memory = peak().saturating_sub(before);
    measured
}

/// What one changed file costs; the count is one, whatever lies around it.
fn one_file(count: usize) -> Measured {
    let snapshot = files(count);
    let mut kept = Kept::new(&snapshot, Options::default());
    let path = format!("users/acme/person-{}.yaml", count / 2);
    let text = snapshot.text(&path).unwrap_or_default().to_owned();
    let mut round = 0;
    let mut measured = measure(20, || {
        round += 1;
        let entry = FileEntry::from(text.replace("displayName: ", &format!("displayName: Dr {round} ")).as_str());
        let changed = kept.take([(path.as_str(), Some(&entry))]);
        assert!(matches!(changed, Changed::People(_)), "it is about one person");
    });
    measured.label = format!("of {count}");
    measured
}

fn files(count: usize) -> Snapshot {
    let revision = Revision { id: "bench".to_owned(), label: "bench".to_owned() };
    let organisation = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: acme\nspec:\n  type: \
                        organization\n  children: []\n";
    let people = (1..count).map(|number| {
        let text = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata:\n  name: person-{number}\nspec:\n  profile:\n    \
             displayName: Person {number}\n    email: person-{number}@acme.example\n  memberOf: [acme]\n"
        );
        (format!("users/acme/person-{number}.yaml"), text)
    });
    Snapshot::from_texts(revision, [("users/acme.yaml".to_owned(), organisation.to_owned())].into_iter().chain(people))
}
