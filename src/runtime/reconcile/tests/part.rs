//! One person's document changed: planning that part gives what planning everything gives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::bench::now;
use crate::engine::diff::Observed;
use crate::engine::documents::{Kept, Loaded, Options, load};
use crate::engine::model::*;
use crate::engine::plan::{Plan, Step, StepId};
use crate::engine::source::{FileEntry, Revision, Snapshot};
use crate::provider::{self, contract::Probe};
use crate::runtime::config::{Config, ServiceType};
use crate::runtime::reconcile::cycle::compile;
use crate::runtime::reconcile::{Compiled, Platform, Taken, World};
use crate::runtime::sys::{Environment, FixedClock, FixedEnvironment, SharedClock};

const CONFIG: &str = "platform: acme\nledger: { path: ledger.db }\nroles: { identity: keycloak }\ndefaults: { services: [keycloak, gitea] }\nservices:\n  keycloak:\n    \
    url: http://127.0.0.1:9\n    mode: enforce\n    credentials: { client_id: formulary, client_secret: \"env:SECRET\" }\n    \
    options: { realm: acme, version: 26.7.3, vouch_for_email: true, first_sign_in: none }\n  gitea:\n    \
    url: http://127.0.0.1:9\n    mode: enforce\n    credentials: { token: \"env:SECRET\" }\n    options: { source_id: 1 }\n  backstage:\n    \
    url: http://127.0.0.1:9\n    mode: enforce\n    credentials: { token: \"env:SECRET\" }\n    \
    options: { catalog: { url: \"http://127.0.0.1:9/files\" } }\n";

fn platform() -> Platform {
    let types: Vec<ServiceType> = provider::ALL.iter().map(|it| ServiceType::of(*it)).collect();
    let environment = FixedEnvironment::default().with_variable("SECRET", "secret");
    let path = "/acme/formulary.yaml".into();
    let config = Config::parse("formulary.yaml", path, CONFIG.as_bytes(), &types, &environment).unwrap();
    let environment: Arc<dyn Environment> = Arc::new(environment);
    let clock: SharedClock = Arc::new(FixedClock(now()));
    Platform::new(&config, provider::ALL, &environment, &clock)
}

fn person(number: usize, last: &str, groups: &str) -> (String, String) {
    let name = format!("person-{number}");
    let text = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}}}\nspec:\n  profile: {{displayName: Jo \
         {last}, email: {name}@acme.test}}\n  memberOf: [{groups}]\n"
    );
    (format!("users/acme/{name}.yaml"), text)
}

/// Two organisations, two teams, six people.
fn company() -> Snapshot {
    let group = |name: &str, spec: &str| {
        let text = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {{name: {name}}}\nspec: {{{spec}, children: []}}\n"
        );
        (format!("users/{name}.yaml"), text)
    };
    let groups = [
        group("acme", "type: organization"),
        group("labs", "type: organization"),
        group("core", "type: team, parent: acme"),
        group("tools", "type: team, parent: acme"),
    ];
    let people = (0..6).map(|number| person(number, "Doe", if number < 3 { "acme, core" } else { "acme, labs" }));
    let documents: Vec<(String, String)> = groups.into_iter().chain(people).collect();
    let loaded = load(&Snapshot::from_texts(Revision::default(), documents.clone()), &Options::default());
    let shards = loaded.catalogue.files.shards();
    let indexes = shards.iter().map(|shard| (shard.path(), shard.text().unwrap()));
    Snapshot::from_texts(Revision::default(), documents.into_iter().chain(indexes))
}

/// Everything as it is declared, but for descriptions that somebody changed and objects that somebody removed.
fn world(platform: &Platform, loaded: &Loaded, live: &Loaded, touched: &BTreeSet<usize>) -> World {
    let compiled = |loaded| compile(platform, loaded, &Allotments::default(), &|_| Capabilities::default());
    let (wanted, there) = (compiled(loaded), compiled(live));
    let mut lists: BTreeMap<Scope, Vec<Live>> = BTreeMap::new();
    for (instance, kinds) in wanted.kinds.iter() {
        lists.extend(kinds.iter().map(|kind| (Scope::whole(instance, kind.name), Vec::new())));
    }
    let mut recorded = Vec::new();
    for (number, desired) in there.desired.into_iter().enumerate() {
        let spec = there.kinds.spec(&desired.address).unwrap();
        let value = |it: &Wanted| it.term.known().cloned().unwrap_or_else(|| "a subject".into());
        let fields: Fields = desired.fields.iter().map(|(name, it)| (name.clone(), value(it))).collect();
        let external_id = Some(format!("id-{number}"));
        let mut outputs = Fields::new();
        outputs.insert("sub".into(), "a subject".into());
        let mut seen = fields.clone();
        if touched.contains(&number) {
            seen = seen
                .into_iter()
                .map(|(name, value)| (name, if value.as_text().is_some() { "by hand".into() } else { value }))
                .collect();
        }
        let live = Live {
            address: desired.address.clone(),
            external_id: external_id.clone(),
            fields: seen,
            outputs: outputs.clone(),
            mark: None,
        };
        lists.entry(Scope::of(&desired.address, spec)).or_default().push(live);
        recorded.push(Recorded {
            address: desired.address,
            external_id,
            owner: desired.owner,
            file: desired.origin.file.to_string(),
            last_applied: fields,
            digests: BTreeMap::new(),
            outputs,
            origin: Origin::Created,
            state: ObjectState::Active,
        });
    }
    let whole = || Completeness::Complete("it was listed whole".to_owned());
    let read = |(scope, objects)| Observation { scope, at: now(), completeness: whole(), objects };
    let observations: Vec<Observation> = lists.into_iter().map(read).collect();
    World {
        platform: "acme".to_owned(),
        revision: "next".to_owned(),
        now: now(),
        catalogue: loaded.catalogue.clone(),
        kinds: wanted.kinds,
        desired: wanted.desired,
        sets: wanted.sets,
        payloads: Default::default(),
        quarantine: loaded.quarantine.clone(),
        diagnostics: wanted.diagnostics,
        probes: platform.members.keys().map(|instance| (instance.clone(), Ok(Probe::default()))).collect(),
        observed: Observed::new(observations.iter().cloned()),
        observations,
        recorded: Some(recorded),
        ledger: Some("ours".to_owned()),
        policies: platform.members.iter().map(|(instance, it)| (instance.clone(), it.policy.clone())).collect(),
        own_accounts: BTreeSet::new(),
        identity: Some(Instance::new("keycloak")),
        spent: BTreeMap::new(),
        repeated: BTreeMap::new(),
        prices: BTreeMap::new(),
        attempted: BTreeSet::new(),
        assumed: None,
        given: Vec::new(),
    }
}

/// The steps of a plan about some addresses, their places aside.
fn steps(plan: &Plan, about: &BTreeSet<Address>) -> Vec<Step> {
    let steps = plan.steps.iter().filter(|it| about.contains(&it.address)).cloned();
    steps.map(|step| Step { id: StepId(0), needs: BTreeSet::new(), ..step }).collect()
}

/// Plans the next revision both ways; gives how many steps the part has, where a part tells it.
fn both_ways(next: &(String, String), touched: &BTreeSet<usize>) -> Option<usize> {
    let platform = platform();
    let before = company();
    let kept = Kept::new(&before, Options::default());
    let first = world(&platform, kept.loaded(), kept.loaded(), touched);
    let live = kept.loaded().clone();
    let planned = first.plan(&[]);
    let mut compiled = Compiled::new(kept, first, &planned);
    let entry = FileEntry::from(next.1.as_str());
    let taken = compiled.take(&platform, &Allotments::default(), "next", [(next.0.as_str(), Some(&entry))]);
    let mut after = before;
    after.files.insert(next.0.clone(), entry);
    let loaded = load(&after, &Options::default());
    let whole_world = world(&platform, &loaded, &live, touched);
    if !matches!(taken, Taken::Whole) {
        assert_eq!(compiled.desired(), whole_world.desired, "what is wanted");
    }
    let Taken::Part(part) = taken else { return None };
    let whole = whole_world.plan(&[]);
    let part = part.planned.plan;
    let about: BTreeSet<Address> = part.changes.iter().map(|it| it.address.clone()).collect();
    assert_eq!(steps(&part, &about), steps(&whole.planned.plan, &about));
    // Nothing differs outside that did not differ before.
    let known = planned.planned.plan.changes.iter().map(|it| &it.address);
    let known: BTreeSet<&Address> = known.chain(&about).collect();
    assert!(whole.planned.plan.changes.iter().all(|it| known.contains(&it.address)), "the part misses something");
    Some(part.steps.len())
}

#[test]
fn one_persons_document_is_a_part_unless_something_else_depends_on_it() {
    let steps = |last, groups| both_ways(&person(1, last, groups), &BTreeSet::new());
    assert!(steps("Doe", "acme, tools").is_some_and(|steps| steps >= 2), "out of one team and into another");
    assert!(steps("Roe", "acme, core").is_some_and(|steps| steps >= 1), "another name");
    assert_eq!(steps("Doe", "acme, nowhere"), None, "there is no such team");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_part_is_planned_as_within_everything(
        number in 0usize..6,
        last in "Doe|Roe",
        groups in "acme|acme, core|acme, tools|acme, core, tools|labs, acme|acme, labs, tools|labs",
        touched in prop::collection::btree_set(0usize..40, 0..4),
    ) {
        both_ways(&person(number, &last, &groups), &touched);
    }
}
