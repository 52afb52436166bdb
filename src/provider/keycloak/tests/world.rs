//! A whole cycle in a test: documents in, one realm kept true, everything remembered in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Duration, Utc};
use secrecy::SecretString;
use serde_json::Value as Json;

use crate::engine::desired::Placed;
use crate::engine::diff::{DiffInput, Kinds, Observed, Refresh, diff, numbers};
use crate::engine::documents::{Catalogue, Options, Quarantine, load};
use crate::engine::model::{
    Address, Allotments, Capabilities, Desired, Fields, Instance, InstancePolicy, Live, Mode, ObjectState, Origin,
    OutputRef, Recorded, Rename, Term,
};
use crate::engine::plan::{Approved, Plan, PlanInput, Step, Verb, plan};
use crate::engine::source::Snapshot;
use crate::provider::contract::{
    Facts, Inputs, LowerInput, Lowered, ObserveRequest, Performed, Provider, Reader, Related, Wish, Writer,
};
use crate::provider::http::{Connection, Limits, NamedSecrets, Pace};
use crate::provider::keycloak::{Keycloak, kinds};
use crate::runtime::sys::SystemClock;

/// Our ledger in tests.
pub const LEDGER: &str = "ledger-of-the-tests";

/// One realm, what is declared for it, and what is remembered.
pub struct World {
    pub instance: Instance,
    pub options: Json,
    pub catalogue: Catalogue,
    pub claims: Vec<Wish>,
    pub recorded: BTreeMap<Address, Recorded>,
    pub capabilities: Capabilities,
    pub reader: Box<dyn Reader>,
    pub writer: Box<dyn Writer>,
    secrets: BTreeMap<String, String>,
}

/// A connection to a realm.
pub fn connection(base: &str, client: &str, secret: &str, options: &Json) -> Connection {
    Connection {
        platform: "acme".to_owned(),
        instance: Instance::new("keycloak"),
        base: base.parse().unwrap(),
        options: options.clone(),
        secrets: Arc::new(NamedSecrets::new([("client_id", client), ("client_secret", secret)])),
        limits: Limits::default(),
        clock: Arc::new(SystemClock),
        pace: Pace::default(),
        meter: None,
    }
}

impl World {
    pub fn new(connection: Connection) -> Self {
        Self {
            instance: connection.instance.clone(),
            options: connection.options.clone(),
            catalogue: Catalogue::default(),
            claims: Vec::new(),
            recorded: BTreeMap::new(),
            capabilities: Capabilities::default(),
            reader: Keycloak.reader(connection.clone()),
            writer: Keycloak.writer(connection),
            secrets: BTreeMap::new(),
        }
    }

    /// Declares these files and nothing else.
    pub fn declare(&mut self, files: &[(&str, &str)]) {
        self.catalogue = catalogue(files);
    }

    /// A secret that the config refers to.
    pub fn secret(&mut self, reference: &str, value: &str) {
        self.secrets.insert(reference.to_owned(), value.to_owned());
    }

    pub fn lowered(&self) -> Lowered {
        lower(&self.catalogue, &self.options, &self.capabilities, &self.claims)
    }

    pub async fn observed(&self, lowered: &Lowered) -> Observed {
        let mut request = ObserveRequest { ledger: Some(LEDGER.to_owned()), ..ObserveRequest::default() };
        let wanted = lowered.desired.iter().map(|it| &it.address).chain(self.recorded.keys());
        for address in wanted.chain(lowered.sets.iter().map(|it| &it.edges)) {
            request.kinds.insert(address.kind.clone());
        }
        for address in lowered.desired.iter().map(|it| &it.address).chain(self.recorded.keys()) {
            if let Some(parent) = address.parent_key() {
                request.parents.entry(address.kind.clone()).or_default().insert(parent.to_owned());
            }
        }
        for set in &lowered.sets {
            request.parents.entry(set.edges.kind.clone()).or_default().insert(set.edges.key.to_string());
        }
        Observed::new(self.reader.observe(&request).await)
    }

    /// The plan for what is declared, with every waiting group approved if `approve` says so.
    pub async fn plan(&self, approve: bool) -> (Plan, Vec<Refresh>, Observed) {
        let mut lowered = self.lowered();
        let observed = self.observed(&lowered).await;
        let numbers = numbers::allot(&mut lowered.desired, &self.kinds(), &observed, &Allotments::new());
        assert!(numbers.diagnostics.is_empty(), "{:#?}", numbers.diagnostics);
        let (planned, refresh) = self.planned(&lowered, &observed, &[]);
        let approvals: Vec<Approved> = planned
            .waiting
            .iter()
            .enumerate()
            .map(|(at, group)| Approved {
                id: at as i64,
                steps: planned
                    .steps
                    .iter()
                    .filter(|it| group.steps.contains(&it.id))
                    .map(|it| it.digest.clone())
                    .collect(),
                expires: Utc::now() + Duration::hours(1),
            })
            .collect();
        let plan = if approve { self.planned(&lowered, &observed, &approvals).0 } else { planned };
        (plan, refresh, observed)
    }

    fn kinds(&self) -> Kinds {
        let mut kinds = Kinds::default();
        kinds.insert(self.instance.clone(), Keycloak.kinds());
        kinds
    }

    fn planned(&self, lowered: &Lowered, observed: &Observed, approvals: &[Approved]) -> (Plan, Vec<Refresh>) {
        let kinds = self.kinds();
        let recorded: Vec<Recorded> = self.recorded.values().cloned().collect();
        let policy = InstancePolicy { mode: Mode::Enforce, ..InstancePolicy::default() };
        let policies = BTreeMap::from([(self.instance.clone(), policy)]);
        let own_accounts = BTreeSet::new();
        let input = DiffInput {
            kinds: &kinds,
            desired: &lowered.desired,
            sets: &lowered.sets,
            observed,
            recorded: Some(&recorded),
            ledger: Some(LEDGER),
            policies: &policies,
            attempted: &BTreeSet::new(),
            quarantine: &Quarantine::default(),
            own_accounts: &own_accounts,
            now: Utc::now(),
        };
        let changes = diff(&input);
        let input = PlanInput {
            diff: &input,
            changes: &changes,
            platform: "tests",
            revision: "test",
            identity: Some(&self.instance),
            spent: &BTreeMap::new(),
            repeated: &BTreeMap::new(),
            prices: &BTreeMap::new(),
            approvals,
        };
        (plan(&input).plan, changes.refresh.clone())
    }

    /// Applies what is declared, everything approved, and says what was done.
    pub async fn apply(&mut self) -> Vec<String> {
        let lowered = self.lowered();
        let (plan, refresh, observed) = self.plan(true).await;
        for Refresh { was, now } in refresh {
            self.recorded.remove(&was);
            self.recorded.insert(now.address.clone(), now);
        }
        let mut done = Vec::new();
        for step in &plan.steps {
            assert!(step.waits.is_empty(), "{} {} waits: {:?}", step.verb, step.address, step.waits);
            match self.perform(step, &observed, &lowered).await {
                Ok(Performed::Done(live)) => {
                    self.remember(step, live.map(|it| *it), &lowered);
                    done.push(format!("{} {}", step.verb, step.address));
                }
                other => panic!("{} {}: {other:?}", step.verb, step.address),
            }
        }
        done
    }

    /// Asserts that there is nothing left to do, and nothing that is not known.
    pub async fn assert_settled(&self) {
        let (plan, ..) = self.plan(false).await;
        assert!(plan.incomplete.is_empty(), "{:#?}", plan.incomplete);
        let steps: Vec<String> = plan
            .steps
            .iter()
            .map(|it| format!("{} {} {:?} -> {:?}: {}", it.verb, it.address, it.before, it.after, it.why))
            .collect();
        assert!(steps.is_empty(), "{steps:#?}");
        let blocked: Vec<String> = plan
            .changes
            .iter()
            .filter(|it| it.owner.is_some() && it.class != crate::engine::diff::DriftClass::InSync)
            .map(|it| format!("{} {}: {} {:?}", it.class, it.address, it.why, it.left))
            .collect();
        assert!(blocked.is_empty(), "{blocked:#?}");
    }

    pub async fn perform(
        &self,
        step: &Step,
        observed: &Observed,
        lowered: &Lowered,
    ) -> Result<Performed, crate::engine::model::Failure> {
        let _ = lowered;
        let mut related = Related::default();
        for used in &step.uses {
            let recorded = self.recorded.get(used).map(|it| (it.external_id.clone(), it.outputs.clone()));
            let seen = || observed.live.get(used).map(|it| (it.external_id.clone(), it.outputs.clone()));
            if let Some((external_id, outputs)) = recorded.or_else(seen) {
                related.0.insert(used.clone(), Facts { external_id, outputs });
            }
        }
        let mut fields = Fields::new();
        let mut secrets = BTreeMap::new();
        for (name, term) in &step.after {
            match term {
                Term::Known(value) => {
                    fields.insert(name.clone(), value.clone());
                }
                Term::Output(OutputRef { address, output }) => {
                    fields.insert(name.clone(), related.0[address].outputs[output].clone());
                }
                Term::Secret(reference) => {
                    secrets.insert(name.to_string(), SecretString::from(self.secrets[reference].clone()));
                }
            }
        }
        let inputs = Inputs { fields, secrets, related, ledger: LEDGER.to_owned(), ..Inputs::default() };
        self.writer.perform(step, &inputs).await
    }

    fn remember(&mut self, step: &Step, live: Option<Live>, lowered: &Lowered) {
        let former: Vec<Address> = lowered
            .desired
            .iter()
            .find(|it| it.address == step.address)
            .map(|it| {
                it.previously.iter().map(|key| Address { key: key.as_str().into(), ..it.address.clone() }).collect()
            })
            .unwrap_or_default();
        let before =
            self.recorded.remove(&step.address).or_else(|| former.iter().find_map(|it| self.recorded.remove(it)));
        let Some(live) = live.filter(|_| !matches!(step.verb, Verb::Delete | Verb::Forget)) else { return };
        let desired: Option<&Desired> = lowered.desired.iter().find(|it| it.address == step.address);
        let mut last_applied = before.as_ref().map(|it| it.last_applied.clone()).unwrap_or_default();
        for (name, wanted) in desired.into_iter().flat_map(|it| &it.fields) {
            let sent = step.after.contains_key(name) || step.verb == Verb::Adopt;
            if let (Some(value), true) = (wanted.term.known(), sent) {
                last_applied.insert(name.clone(), value.clone());
            }
        }
        let state = match step.verb {
            Verb::Disable => ObjectState::Disabled(Utc::now()),
            _ => ObjectState::Active,
        };
        let kept = kinds::kind(step.address.kind.as_str()).is_some_and(|it| it.rename != Rename::InPlace);
        let address = if kept && before.is_some() { step.address.clone() } else { live.address.clone() };
        self.recorded.insert(
            address.clone(),
            Recorded {
                address,
                external_id: live.external_id,
                owner: step.owner.clone(),
                file: step.origin.as_ref().map(|it| it.file.to_string()).unwrap_or_default(),
                last_applied,
                digests: BTreeMap::new(),
                outputs: live.outputs,
                origin: if step.verb == Verb::Adopt { Origin::Adopted } else { Origin::Created },
                state,
            },
        );
    }
}

/// The catalogue of some files, which must be without problems.
pub fn catalogue(files: &[(&str, &str)]) -> Catalogue {
    let snapshot = Snapshot::from_texts(Default::default(), files.iter().copied());
    let loaded = load(&snapshot, &Options::default());
    let problems: Vec<String> = loaded.diagnostics.iter().filter(|it| it.is_error()).map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{problems:#?}");
    loaded.catalogue
}

/// What a catalogue means, everything placed.
pub fn lower(catalogue: &Catalogue, options: &Json, capabilities: &Capabilities, claims: &[Wish]) -> Lowered {
    let name = |it: &crate::engine::model::EntityRef| it.name().to_owned();
    let placed = Placed {
        people: catalogue.people.keys().map(name).collect(),
        organisations: catalogue.organisations.keys().map(name).collect(),
        teams: catalogue.teams.keys().map(name).collect(),
    };
    let instance = Instance::new("keycloak");
    Keycloak.lower(&LowerInput {
        instance: &instance,
        platform: "tests",
        catalogue,
        placed: &placed,
        options,
        capabilities,
        allotments: &Allotments::new(),
        roles: &BTreeMap::from([("identity".to_owned(), instance.clone())]),
        identity_offers: &[],
        claims,
    })
}
