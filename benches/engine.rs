//! The engine alone, in numbers: `cargo bench --bench engine`.
//!
//! Plain times on a shared machine mean little; the ratios do: time and memory per resource must stay flat as the
//! platform grows. Nothing here is asserted; `docs/performance.md` records a run.

#![allow(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::DateTime;
use formulary::engine::diag::Span;
use formulary::engine::diff::{DiffInput, Kinds, Observed, diff};
use formulary::engine::documents::{self, Options, Quarantine};
use formulary::engine::model::*;
use formulary::engine::plan::{PlanInput, plan};
use formulary::engine::source::{Revision, Snapshot};

const USER: KindSpec = KindSpec {
    name: "user",
    title: "person",
    class: KindClass::Person,
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
    goes_with: &[],
    rename: Rename::InPlace,
    creation_opens: true,
    wakes: "",
    cannot_be_undone: "",
};
static KINDS: [KindSpec; 1] = [USER];

fn main() {
    println!("no-op plan, engine alone (documents and live state in memory)");
    println!("{:>10} {:>12} {:>14} {:>8}", "resources", "best of 5", "per resource", "growth");
    let mut first = None;
    for count in [1_000, 5_000, 100_000] {
        let world = World::new(count);
        let best = (0..5).map(|_| world.plan()).min().unwrap_or_default();
        row(count, best, &mut first);
    }
    println!("\ndocuments from memory to the catalogue");
    println!("{:>10} {:>12} {:>14} {:>8}", "files", "best of 3", "per file", "growth");
    let mut first = None;
    for count in [1_000, 5_000, 100_000] {
        let snapshot = files(count);
        let best = (0..3).map(|_| load(&snapshot)).min().unwrap_or_default();
        row(count, best, &mut first);
    }
    if let Some(peak) = peak_memory() {
        println!("\npeak memory of all of this: {peak}");
    }
}

fn row(count: usize, took: Duration, first: &mut Option<f64>) {
    let per = took.as_secs_f64() / count as f64;
    let growth = per / *first.get_or_insert(per);
    println!("{count:>10} {:>9.1} ms {:>11.2} µs {growth:>7.2}×", took.as_secs_f64() * 1e3, per * 1e6);
}

/// People who are as they should be.
struct World {
    kinds: Kinds,
    desired: Vec<Desired>,
    observed: Observed,
    recorded: Vec<Recorded>,
}

impl World {
    fn new(count: usize) -> Self {
        let instance = Instance::new("svc");
        let mut kinds = Kinds::default();
        kinds.insert(instance.clone(), &KINDS);
        let span = Arc::new(Span { file: "users/acme/x.yaml".into(), line: 1, column: 1, start: 0, end: 1 });
        let at = DateTime::UNIX_EPOCH;
        let (mut desired, mut objects, mut recorded) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..count {
            let address = Address::new(&instance, "user", &format!("person-{number}"));
            let fields: Fields = [
                ("email", Value::from(format!("person-{number}@acme.example"))),
                ("name", Value::from(format!("Person {number}"))),
                ("enabled", Value::from(true)),
            ]
            .into_iter()
            .map(|(name, value)| (Field::Borrowed(name), value))
            .collect();
            let owner = Owner(format!("user:default/person-{number}"));
            let mut wanted = Desired::new(address.clone(), owner.clone(), Arc::clone(&span));
            for (name, value) in &fields {
                let term = Term::Known(value.clone());
                wanted.fields.insert(name.clone(), Wanted { term, span: Some(Arc::clone(&span)) });
            }
            desired.push(wanted);
            let external_id = Some(number.to_string());
            objects.push(Live {
                address: address.clone(),
                external_id: external_id.clone(),
                fields: fields.clone(),
                outputs: Fields::new(),
                mark: None,
            });
            recorded.push(Recorded {
                address,
                external_id,
                owner,
                file: "users/acme/x.yaml".to_owned(),
                last_applied: fields,
                digests: BTreeMap::new(),
                outputs: Fields::new(),
                origin: Origin::Created,
                state: ObjectState::Active,
            });
        }
        let observed = Observed::new([Observation {
            scope: Scope::whole(&instance, "user"),
            at,
            completeness: Completeness::Complete("bench".to_owned()),
            objects,
        }]);
        Self { kinds, desired, observed, recorded }
    }

    fn plan(&self) -> Duration {
        let began = Instant::now();
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
            approvals: &[],
        });
        assert!(planned.plan.steps.is_empty(), "the plan must be empty");
        began.elapsed()
    }
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

fn load(snapshot: &Snapshot) -> Duration {
    let began = Instant::now();
    let loaded = documents::load(snapshot, &Options::default());
    assert_eq!(loaded.catalogue.people.len() + 1, snapshot.files.len(), "every file is a person or the organisation");
    began.elapsed()
}

fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.trim_start_matches("VmHWM:").trim().to_owned())
}
