//! Apply, plan again, expect nothing: documents through the engine to the server and back.
//!
//! The identity provider is played by a table of names and their `sub`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::world::{LEDGER, World, instance};
use crate::engine::desired::placed;
use crate::engine::diag::Span;
use crate::engine::diff::{DiffInput, Kinds, Observed, diff};
use crate::engine::documents::{Options, Quarantine, load};
use crate::engine::model::{
    Address, Allotments, Capabilities, Completeness, Desired, Extent, Failure, Field, Fields, Instance, InstancePolicy,
    KindName, Live, MembershipSet, Mode, ObjectState, Observation, Origin, Owner, Recorded, Scope, ScopeRule, Term,
    Value,
};
use crate::engine::plan::{PlanInput, Step, Verb, plan};
use crate::engine::source::{Revision, Snapshot};
use crate::provider::contract::{Facts, Inputs, LowerInput, ObserveRequest, Performed, Provider, Related};
use crate::provider::emulator::faults::{Defect, Fault};
use crate::provider::gitea::{GiteaProvider, kinds};

/// Worlds of failing calls, unless `FORMULARY_SEEDS` asks for more; each takes about a second.
const SEEDS: u64 = 6;
const ORG: &str = "kind: Group\nmetadata: {name: fml-org, description: Makes things}\nspec: {type: organization, profile: {displayName: ACME}, children: []}\n";
const TEAM: &str = "kind: Group\nmetadata: {name: platform, annotations: {formulary.dev/gitea-team-permission: 'code:write, issues:read'}}\nspec: {type: team, parent: fml-org, children: []}\n";
const ADMINS: &str = "kind: Group\nmetadata: {name: leads, annotations: {formulary.dev/gitea-team-permission: admin, formulary.dev/gitea-all-repositories: 'true'}}\nspec: {type: team, parent: platform, children: []}\n";

fn person(name: &str, member_of: &str) -> String {
    format!(
        "kind: User\nmetadata: {{name: {name}}}\nspec: {{profile: {{displayName: '{name} X', email: {name}@ACME.example}}, memberOf: [{member_of}]}}\n"
    )
}

#[tokio::test]
async fn what_was_applied_is_what_is_planned_next() {
    turns(World::new().await).await;
}

#[tokio::test]
async fn what_was_applied_to_a_real_server_is_what_is_planned_next() {
    let Some(world) = World::real() else {
        eprintln!(
            "\n*** SKIPPED: FORMULARY_GITEA_URL, _TOKEN and _SOURCE_ID are not set; no real Gitea was visited ***\n"
        );
        return;
    };
    clean(&world).await;
    let world = turns(world).await;
    clean(&world).await;
}

async fn turns(world: World) -> World {
    let mut loop_ = Loop::new(world);
    let files = BTreeMap::from([
        ("org.yaml", ORG.to_owned()),
        ("team.yaml", TEAM.to_owned()),
        ("leads.yaml", ADMINS.to_owned()),
        ("ann.yaml", person("fml-ann", "fml-org, platform, leads")),
        ("ben.yaml", person("fml-ben", "fml-org, platform")),
    ]);
    let first = loop_.turn(&files).await;
    assert_eq!(
        first.len(),
        1 + 3 + 2 + 2 + 3 + 1 + 1 + 1,
        "organisation, teams, people, edges, repository, rule, hook"
    );
    assert_eq!(loop_.turn(&files).await, Vec::<String>::new());

    // Somebody changes things behind our back.
    let world = &loop_.world;
    let (_, teams) = world.raw("GET", "/orgs/fml-org/teams", None).await;
    let id = |name: &str| {
        let of = teams.as_array().into_iter().flatten().find(|team| team["name"] == name);
        of.and_then(|team| team["id"].as_i64()).expect("the team is there")
    };
    let widened = json!({"name": "platform", "permission": "admin"});
    world.raw("PATCH", &format!("/teams/{}", id("platform")), Some(widened)).await;
    world.raw("PUT", &format!("/teams/{}/members/fml-ben", id("platform-leads")), None).await;
    world.raw("DELETE", &format!("/teams/{}/members/fml-ann", id("platform")), None).await;
    world.raw("PATCH", "/orgs/fml-org", Some(json!({"description": "theirs"}))).await;
    world
        .raw("PATCH", "/admin/users/fml-ben", Some(json!({"login_name": "sub-fml-ben", "prohibit_login": true})))
        .await;
    world.raw("PATCH", "/repos/fml-org/formulas/branch_protections/main", Some(json!({"required_approvals": 0}))).await;
    assert_eq!(
        loop_.turn(&files).await,
        [
            "update gitea:team/fml-org/platform [permission, units]",
            "delete gitea:team-member/fml-org/platform-leads/fml-ben []",
            "update gitea:branch-protection/fml-org/formulas/main [required_approvals]",
            "update gitea:organization/fml-org [description]",
            "create gitea:team-member/fml-org/platform/fml-ann []",
            "restore gitea:user/fml-ben [prohibit_login]",
        ]
    );
    assert_eq!(loop_.turn(&files).await, Vec::<String>::new());

    // Alice leaves, the team gets a new name, and Carol comes.
    let mut later = files.clone();
    later.remove("ann.yaml");
    later.insert("cem.yaml", person("fml-cem", "fml-org, crew"));
    later.insert("ben.yaml", person("fml-ben", "fml-org, crew"));
    later.insert(
        "team.yaml",
        TEAM.replace(
            "{name: platform, annotations: {",
            "{name: crew, annotations: {formulary.dev/previously: platform, ",
        ),
    );
    later.insert("leads.yaml", ADMINS.replace("parent: platform", "parent: crew"));
    assert_eq!(
        loop_.turn(&later).await,
        [
            "disable gitea:user/fml-ann [prohibit_login]",
            "rename gitea:team/fml-org/crew [name]",
            "rename gitea:team/fml-org/crew-leads [name]",
            "create gitea:user/fml-cem [email, full_name, login_name, prohibit_login, source_id]",
            "create gitea:team-member/fml-org/crew/fml-cem []",
            "create gitea:team-member/fml-org/members/fml-cem []",
        ]
    );
    assert_eq!(
        loop_.turn(&later).await,
        [
            "forget gitea:team-member/fml-org/platform-leads/fml-ann []",
            "forget gitea:team-member/fml-org/platform/fml-ann []",
        ]
    );
    let (_, ann) = loop_.world.raw("GET", "/users/fml-ann", None).await;
    assert_eq!((&ann["prohibit_login"], &ann["active"]), (&json!(true), &json!(true)));

    // She returns, and is let in again.
    later.insert("ann.yaml", person("fml-ann", "fml-org, crew, leads"));
    assert_eq!(
        loop_.turn(&later).await,
        [
            "adopt gitea:team-member/fml-org/crew-leads/fml-ann []",
            "adopt gitea:team-member/fml-org/crew/fml-ann []",
            "restore gitea:user/fml-ann [prohibit_login]",
        ]
    );
    assert_eq!(loop_.turn(&later).await, Vec::<String>::new());
    loop_.world
}

/// Calls that fail in mixed ways delay the end and change nothing about it: nothing is made twice, nobody loses
/// anything, and what a cut list hides is not taken for absent.
#[tokio::test]
async fn a_service_that_fails_in_ten_calls_of_a_hundred_ends_as_it_should() {
    let files = BTreeMap::from([
        ("org.yaml", ORG.to_owned()),
        ("team.yaml", TEAM.to_owned()),
        ("leads.yaml", ADMINS.to_owned()),
        ("ann.yaml", person("fml-ann", "fml-org, platform, leads")),
        ("ben.yaml", person("fml-ben", "fml-org, platform")),
    ]);
    let seeds = std::env::var("FORMULARY_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS);
    for seed in 0..seeds {
        let mut loop_ = Loop::new(World::new().await);
        let capabilities = loop_.capabilities().await;
        let defects = [
            Defect::Status { status: 500, body: None, applied: false },
            Defect::Status { status: 503, body: None, applied: false },
            Defect::LostAnswer,
            Defect::NullList,
            Defect::TruncatedPage { keep: Some(0) },
        ];
        for (at, defect) in defects.into_iter().enumerate() {
            let fault = Fault::new(defect).chance(0.02, seed * 10 + at as u64);
            loop_.world.emulator().arm(fault).expect("armed");
        }
        loop_.rough = Some(capabilities);
        for _ in 0..4 {
            loop_.turn(&files).await;
        }
        loop_.world.emulator().lift_all();
        loop_.rough = None;
        let mut turns = 0;
        while !loop_.turn(&files).await.is_empty() {
            turns += 1;
            assert!(turns < 4, "seed {seed} does not come to rest");
        }
        let requests = loop_.world.emulator().requests().list();
        let deletions: Vec<_> = requests.iter().filter(|it| it.method == "DELETE").collect();
        assert!(deletions.is_empty(), "seed {seed}: {deletions:?}");
        let (_, hooks) = loop_.world.raw("GET", "/repos/fml-org/formulas/hooks", None).await;
        assert_eq!(hooks.as_array().map(Vec::len), Some(1), "seed {seed}");
    }
}

/// Takes away what a run left on a real server.
async fn clean(world: &World) {
    world.raw("DELETE", "/repos/fml-org/formulas", None).await;
    world.raw("DELETE", "/orgs/fml-org", None).await;
    for person in ["fml-ann", "fml-ben", "fml-cem"] {
        world.raw("DELETE", &format!("/admin/users/{person}"), None).await;
    }
}

/// The loop in small: no journal, no guards, every waiting step released.
struct Loop {
    world: World,
    recorded: BTreeMap<Address, Recorded>,
    /// What the installation is, when it may not be asked because calls fail; steps may fail then too.
    rough: Option<Capabilities>,
}

impl Loop {
    fn new(world: World) -> Self {
        Self { world, recorded: BTreeMap::new(), rough: None }
    }

    async fn capabilities(&self) -> Capabilities {
        match &self.rough {
            Some(known) => known.clone(),
            None => self.world.reader.probe().await.expect("the server answers").capabilities,
        }
    }

    /// Reads, plans, performs, and says what was performed.
    async fn turn(&mut self, files: &BTreeMap<&'static str, String>) -> Vec<String> {
        let (desired, sets) = self.wanted(files).await;
        let observed = self.observe(&desired, &sets).await;
        let mut catalogue = Kinds::default();
        catalogue.insert(instance(), kinds::KINDS);
        catalogue.insert(identity(), kinds::KINDS);
        let enforce = InstancePolicy { mode: Mode::Enforce, ..InstancePolicy::default() };
        let policies = BTreeMap::from([(instance(), enforce.clone()), (identity(), enforce)]);
        let recorded: Vec<Recorded> = self.recorded.values().cloned().collect();
        let quarantine = Quarantine::default();
        let own: BTreeSet<Address> = self.capabilities().await.own_accounts.into_iter().collect();
        let input = DiffInput {
            kinds: &catalogue,
            desired: &desired,
            sets: &sets,
            observed: &observed,
            recorded: Some(&recorded),
            ledger: Some(LEDGER),
            policies: &policies,
            attempted: &BTreeSet::new(),
            quarantine: &quarantine,
            own_accounts: &own,
            now: chrono::DateTime::UNIX_EPOCH,
        };
        let changes = diff(&input);
        let planned = plan(&PlanInput {
            diff: &input,
            changes: &changes,
            platform: "acme",
            revision: "test",
            identity: Some(&identity()),
            spent: &BTreeMap::new(),
            repeated: &BTreeMap::new(),
            prices: &BTreeMap::new(),
            approvals: &[],
        });
        let mut known: BTreeMap<Address, Facts> =
            observed.live.values().map(|it| (it.address.clone(), facts(it))).collect();
        let mut said = Vec::new();
        for step in &planned.plan.steps {
            let names: Vec<&str> = step.after.keys().map(|name| name.as_ref()).collect();
            said.push(format!("{} {} [{}]", step.verb, step.address, names.join(", ")));
            if step.verb.is_record_only() && step.after.is_empty() {
                let live = observed.live.get(&step.address).filter(|_| step.verb == Verb::Adopt);
                self.record(step, live, &desired);
                continue;
            }
            let live = match self.perform(step, &known).await {
                Ok(live) => live,
                Err(_) if self.rough.is_some() => continue,
                Err(failure) => panic!("{} {}: {failure:?}", step.verb, step.address),
            };
            self.record(step, live.as_ref(), &desired);
            known.extend(live.map(|live| (step.address.clone(), facts(&live))));
        }
        said
    }

    async fn perform(&self, step: &Step, known: &BTreeMap<Address, Facts>) -> Result<Option<Live>, Failure> {
        let mut fields = Fields::new();
        let mut secrets = BTreeMap::new();
        for (name, term) in &step.after {
            match term {
                Term::Known(value) => drop(fields.insert(name.clone(), value.clone())),
                Term::Output(output) => {
                    drop(fields.insert(name.clone(), known[&output.address].outputs[&output.output].clone()));
                }
                Term::Secret(text) => drop(secrets.insert(name.to_string(), text.clone().into())),
            }
        }
        let used = step.uses.iter().filter_map(|used| Some((used.clone(), known.get(used)?.clone())));
        let inputs = Inputs {
            fields,
            secrets,
            related: Related(used.collect()),
            ledger: LEDGER.to_owned(),
            ..Inputs::default()
        };
        match self.world.writer.perform(step, &inputs).await? {
            Performed::Done(live) => Ok(live.map(|live| *live)),
            Performed::Pending(handle) => panic!("nothing in Gitea is pending: {handle}"),
        }
    }

    /// What the ledger would hold afterwards.
    fn record(&mut self, step: &Step, live: Option<&Live>, desired: &[Desired]) {
        let wanted = desired.iter().find(|it| it.address == step.address);
        let (Some(wanted), Some(live)) = (wanted, live) else {
            match (step.verb, self.recorded.get_mut(&step.address)) {
                (Verb::Disable, Some(known)) => known.state = ObjectState::Disabled(chrono::DateTime::UNIX_EPOCH),
                _ => drop(self.recorded.remove(&step.address)),
            }
            return;
        };
        if step.verb == Verb::Rename {
            self.recorded.retain(|_, known| {
                known.external_id.is_none()
                    || known.external_id != live.external_id
                    || known.address.kind != step.address.kind
            });
        }
        let mut last_applied = live.fields.clone();
        last_applied.retain(|name, _| wanted.fields.contains_key(name));
        let digests = wanted.fields.iter().filter(|(_, it)| matches!(it.term, Term::Secret(_)));
        self.recorded.insert(
            step.address.clone(),
            Recorded {
                address: step.address.clone(),
                external_id: live.external_id.clone(),
                owner: wanted.owner.clone(),
                file: wanted.origin.file.to_string(),
                last_applied,
                digests: digests.map(|(name, _)| (name.to_string(), "digest".to_owned())).collect(),
                outputs: live.outputs.clone(),
                origin: Origin::Created,
                state: ObjectState::Active,
            },
        );
    }

    async fn wanted(&self, files: &BTreeMap<&'static str, String>) -> (Vec<Desired>, Vec<MembershipSet>) {
        let texts =
            files.iter().map(|(path, text)| ((*path).to_owned(), format!("apiVersion: backstage.io/v1alpha1\n{text}")));
        let loaded = load(&Snapshot::from_texts(Revision::default(), texts), &Options::default());
        assert!(loaded.is_sound(), "{:?}", loaded.diagnostics);
        let lowered = GiteaProvider.lower(&LowerInput {
            instance: &instance(),
            platform: "acme",
            catalogue: &loaded.catalogue,
            placed: &placed(&loaded.catalogue, &instance(), &BTreeSet::from(["gitea".to_owned()])),
            options: &options(self.world.source),
            capabilities: &self.capabilities().await,
            allotments: &Allotments::default(),
            roles: &BTreeMap::from([("identity".to_owned(), identity())]),
            identity_offers: &[],
            claims: &[],
        });
        assert!(lowered.diagnostics.is_empty(), "{:?}", lowered.diagnostics);
        let mut desired = lowered.desired;
        let people: Vec<String> = desired
            .iter()
            .filter(|it| it.address.kind.as_str() == kinds::USER)
            .map(|it| it.address.key.to_string())
            .collect();
        for name in people {
            let at = Address::new(&identity(), kinds::USER, &name);
            let mut account = Desired::new(at, Owner(format!("user:default/{name}")), Arc::new(Span::start_of("x")));
            account.extent = Extent::Observe;
            desired.push(account);
        }
        (desired, lowered.sets)
    }

    async fn observe(&mut self, desired: &[Desired], sets: &[MembershipSet]) -> Observed {
        let mut request = ObserveRequest {
            kinds: kinds::KINDS.iter().map(|kind| KindName::new(kind.name)).collect(),
            parents: BTreeMap::new(),
            ledger: Some(LEDGER.to_owned()),
            afresh: false,
        };
        let per_parent = |address: &Address| {
            address.instance == instance()
                && kinds::KINDS.iter().any(|it| it.name == address.kind.as_str() && it.scope == ScopeRule::PerParent)
        };
        let mut add = |address: &Address, parent: Option<&str>| {
            if let Some(parent) = parent.filter(|_| per_parent(address)) {
                request.parents.entry(address.kind.clone()).or_default().insert(parent.to_owned());
            }
        };
        sets.iter().for_each(|set| add(&set.edges, Some(&set.edges.key)));
        desired.iter().for_each(|it| add(&it.address, it.address.parent_key()));
        self.recorded.keys().for_each(|it| add(it, it.parent_key()));
        let mut observations = self.world.reader.observe(&request).await;
        for observation in observations.iter().filter(|_| self.rough.is_none()) {
            assert!(matches!(observation.completeness, Completeness::Complete(_)), "{observation:?}");
        }
        let accounts: Vec<Live> =
            desired.iter().filter(|it| it.address.instance == identity()).map(|it| account(&it.address)).collect();
        for live in &accounts {
            self.recorded.entry(live.address.clone()).or_insert_with(|| Recorded {
                address: live.address.clone(),
                external_id: None,
                owner: Owner(format!("user:default/{}", live.address.key)),
                file: "x".to_owned(),
                last_applied: Fields::new(),
                digests: BTreeMap::new(),
                outputs: live.outputs.clone(),
                origin: Origin::Created,
                state: ObjectState::Active,
            });
        }
        self.recorded
            .retain(|address, _| address.instance == instance() || accounts.iter().any(|it| it.address == *address));
        observations.push(Observation {
            scope: Scope::whole(&identity(), kinds::USER),
            at: chrono::DateTime::UNIX_EPOCH,
            completeness: Completeness::Complete("a table".to_owned()),
            objects: accounts,
        });
        Observed::new(observations)
    }
}

fn identity() -> Instance {
    Instance::new("sso")
}

fn account(address: &Address) -> Live {
    let sub = Value::from(format!("sub-{}", address.key));
    let outputs = Fields::from([(Field::Borrowed("sub"), sub)]);
    Live { address: address.clone(), external_id: None, fields: Fields::new(), outputs, mark: None }
}

fn facts(live: &Live) -> Facts {
    Facts { external_id: live.external_id.clone(), outputs: live.outputs.clone() }
}

fn options(source: i64) -> Json {
    json!({"source_id": source, "repositories": [{
        "owner": "fml-org", "name": "formulas", "default_branch": "main", "description": "What the platform holds",
        "protection": {"push_users": [], "required_approvals": 1},
        "webhook": {"url": "http://127.0.0.1:9/hook", "events": ["push", "pull_request"]}
    }]})
}
