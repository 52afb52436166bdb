//! A platform of two installations in memory (`id` signs people in, `app` follows it), a ledger, and the whole loop.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Duration, TimeZone, Utc};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::engine::diag::Span;
use crate::engine::diff::{Kinds, Observed};
use crate::engine::documents::{Catalogue, Quarantine};
use crate::engine::model::{
    Address, Desired, Failure, FailureClass, Instance, InstancePolicy, KindName, Live, MembershipMode, MembershipSet,
    Mode, OutputRef, Owner, Recorded, Term, Value,
};
use crate::engine::plan::{Basis, Plan, Step, StepId};
use crate::provider::contract::{ObserveRequest, Related};
use crate::provider::inmemory::{InMemory, KINDS, World as Service};
use crate::runtime::ledger::{Birth, Entry, Fence, SharedLedger, in_memory};
use crate::runtime::reconcile::{
    Apply, ApplyError, Boundary, Hands, JournalProbe, NoProbe, Outcome, Patience, PlannedWorld, Recovered, StepOutcome,
    StepProgress, StepSecrets, Tenure, World, apply, recover,
};
use crate::runtime::sys::{FixedClock, SharedClock};

pub(super) const CONCURRENCY: usize = 3;

/// How work that goes on is waited for: in milliseconds. The clock cannot be paused, because the ledger works in threads
/// of its own.
pub(super) const PATIENCE: Patience = Patience {
    first: std::time::Duration::from_millis(2),
    longest: std::time::Duration::from_millis(5),
    whole: std::time::Duration::from_millis(300),
};

pub(super) struct Bench {
    pub(super) service: Service,
    pub(super) ledger: SharedLedger,
    pub(super) fence: Fence,
    pub(super) tenure: Tenure,
    pub(super) hands: BTreeMap<Instance, Hands>,
    pub(super) kinds: Kinds,
    pub(super) clock: FixedClock,
    pub(super) stop: CancellationToken,
    pub(super) deadline: Option<tokio::time::Instant>,
    pub(super) told: Told,
}

/// What is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) people: BTreeSet<String>,
    pub(super) groups: BTreeMap<String, BTreeSet<String>>,
}

/// Notes what it is told.
#[derive(Default)]
pub(super) struct Told(pub(super) Mutex<Vec<String>>);

impl StepProgress for Told {
    fn started(&self, step: &Step) {
        self.0.lock().unwrap().push(format!("start {} {}", step.verb, step.address));
    }

    fn goes_on(&self, step: &Step, what: &str) {
        self.0.lock().unwrap().push(format!("{what} {} {}", step.verb, step.address));
    }

    fn finished(&self, step: &Step, outcome: &StepOutcome) {
        self.0.lock().unwrap().push(format!("{} {} {}", outcome.word(), step.verb, step.address));
    }
}

/// Knows one secret.
pub(super) struct OneSecret;

#[async_trait]
impl StepSecrets for OneSecret {
    async fn secret(&self, reference: &str) -> Result<SecretString, Failure> {
        match reference {
            "env:PASSWORD" => Ok(SecretString::from("hunter2")),
            other => Err(Failure::new(FailureClass::MissingRights, format!("resolve '{other}'"), "it is not set")),
        }
    }
}

impl Bench {
    pub(super) async fn new() -> Self {
        let ledger = in_memory("acme", Birth::Fixed(7), now()).await.unwrap();
        Self::on(ledger, InMemory::default()).await
    }

    pub(super) async fn on(ledger: SharedLedger, provider: InMemory) -> Self {
        let lease = ledger.acquire_lease("platform", "test", Duration::hours(1), now()).await.unwrap();
        let clock = FixedClock(now());
        let shared: SharedClock = Arc::new(clock);
        let mut kinds = Kinds::default();
        let mut hands = BTreeMap::new();
        for instance in [id(), app()] {
            kinds.insert(instance.clone(), KINDS);
            let (reader, writer) = (provider.reader_of(&instance, &shared), provider.writer_of(&instance, &shared));
            hands.insert(instance, Hands { reader, writer, concurrency: CONCURRENCY, patience: PATIENCE });
        }
        Self {
            service: provider.world,
            ledger,
            fence: lease.fence,
            tenure: Tenure::until(lease.until, &shared),
            hands,
            kinds,
            clock,
            stop: CancellationToken::new(),
            deadline: None,
            told: Told::default(),
        }
    }

    /// Reads, compares and plans.
    pub(super) async fn plan(&self, wish: &Wish) -> PlannedWorld {
        let (desired, sets) = wish.lowered();
        let recorded = self.ledger.objects().await.unwrap();
        let mut observations = Vec::new();
        for (instance, hands) in &self.hands {
            let parents =
                sets.iter().filter(|set| set.edges.instance == *instance).map(|set| set.edges.key.to_string());
            let known = recorded.iter().filter(|it| it.address.instance == *instance);
            let known = known.filter(|it| it.address.kind.as_str() == "membership");
            let known = known.filter_map(|it| it.address.parent_key().map(str::to_owned));
            let request = ObserveRequest {
                kinds: KINDS.iter().map(|kind| KindName::new(kind.name)).collect(),
                parents: [(KindName::new("membership"), parents.chain(known).collect())].into(),
                ledger: Some(self.ledger.identity().id.clone()),
                afresh: false,
            };
            observations.extend(hands.reader.observe(&request).await);
        }
        let enforce = InstancePolicy { mode: Mode::Enforce, ..InstancePolicy::default() };
        World {
            platform: "acme".to_owned(),
            revision: "r1".to_owned(),
            now: now(),
            catalogue: Catalogue::default(),
            kinds: self.kinds.clone(),
            desired,
            sets,
            payloads: Default::default(),
            quarantine: Quarantine::default(),
            diagnostics: Vec::new(),
            probes: BTreeMap::new(),
            observed: Observed::new(observations.iter().cloned()),
            observations,
            recorded: Some(recorded),
            ledger: Some(self.ledger.identity().id.clone()),
            attempted: self.ledger.attempted_since(now()).await.unwrap(),
            policies: [(id(), enforce.clone()), (app(), enforce)].into(),
            own_accounts: BTreeSet::new(),
            identity: Some(id()),
            spent: BTreeMap::new(),
            repeated: BTreeMap::new(),
            prices: BTreeMap::new(),
            assumed: None,
            given: Vec::new(),
        }
        .plan(&[])
    }

    pub(super) async fn apply(&self, planned: &PlannedWorld) -> Outcome {
        self.try_apply(&planned.planned.plan, &planned.known, &planned.planned.released, &NoProbe).await.unwrap()
    }

    pub(super) async fn apply_plan(&self, plan: &Plan) -> Outcome {
        self.try_apply(plan, &Related::default(), &BTreeMap::new(), &NoProbe).await.unwrap()
    }

    pub(super) async fn try_apply(
        &self,
        plan: &Plan,
        known: &Related,
        released: &BTreeMap<String, i64>,
        probe: &dyn JournalProbe,
    ) -> Result<Outcome, ApplyError> {
        apply(&Apply {
            plan,
            kinds: &self.kinds,
            hands: &self.hands,
            ledger: &*self.ledger,
            fence: &self.fence,
            tenure: &self.tenure,
            known,
            payloads: &Arc::default(),
            released,
            secrets: &OneSecret,
            progress: &self.told,
            probe,
            clock: &self.clock,
            stop: self.stop.clone(),
            deadline: self.deadline,
        })
        .await
    }

    pub(super) async fn recover(&self) -> Vec<Recovered> {
        recover(&*self.ledger, &self.fence, &self.kinds, &self.hands, &self.clock).await.unwrap()
    }

    /// Writes the records that are true but out of date, as the loop does.
    pub(super) async fn refresh(&self, planned: &PlannedWorld) {
        for refresh in &planned.refresh {
            let entries = [Entry::Forget(refresh.was.clone()), Entry::Put(Box::new(refresh.now.clone()))];
            self.ledger.record(&self.fence, &entries, now()).await.unwrap();
        }
    }

    pub(super) async fn recorded(&self, address: &Address) -> Option<Recorded> {
        self.ledger.objects().await.unwrap().into_iter().find(|it| it.address == *address)
    }
}

impl Wish {
    pub(super) fn of(people: &[&str], groups: &[(&str, &[&str])]) -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            people: owned(people),
            groups: groups.iter().map(|(name, members)| ((*name).to_owned(), owned(members))).collect(),
        }
    }

    fn lowered(&self) -> (Vec<Desired>, Vec<MembershipSet>) {
        let (mut desired, mut sets) = (Vec::new(), Vec::new());
        for instance in [id(), app()] {
            let at = |kind: &str, key: &str| Address::new(&instance, kind, key);
            for name in &self.people {
                let mut user = Desired::new(at("user", name), owner(name), span(name))
                    .field("name", name.as_str(), None)
                    .field("email", format!("{name}@acme.test"), None)
                    .field("enabled", true, None);
                if instance == app() {
                    let sub = OutputRef { address: Address::new(&id(), "user", name), output: "sub".into() };
                    user = user.field("login", Term::Output(sub), None);
                }
                desired.push(user);
            }
            for (group, members) in &self.groups {
                let address = at("group", group);
                desired.push(Desired::new(address.clone(), owner(group), span(group)).field(
                    "title",
                    group.as_str(),
                    None,
                ));
                sets.push(MembershipSet {
                    edges: at("membership", group),
                    mode: MembershipMode::Authoritative,
                    owner: owner(group),
                    origin: span(group),
                });
                for person in members.intersection(&self.people) {
                    let edge =
                        Desired::new(at("membership", &format!("{group}/{person}")), owner(person), span(person));
                    let edge = edge.field("role", "member", None).needs(address.clone()).needs(at("user", person));
                    desired.push(edge);
                }
            }
        }
        desired.sort_by(|a, b| a.address.cmp(&b.address));
        (desired, sets)
    }
}

/// Ends the run at the n-th boundary as a crash would: nothing after it happens.
pub(super) struct CrashAt(pub(super) std::sync::atomic::AtomicI64);

impl CrashAt {
    pub(super) fn new(n: i64) -> Self {
        Self(n.into())
    }
}

impl JournalProbe for CrashAt {
    fn at(&self, _: Boundary) {
        if self.0.fetch_sub(1, std::sync::atomic::Ordering::SeqCst) == 1 {
            std::panic::resume_unwind(Box::new("crash"));
        }
    }
}

/// A plan of hand-made steps.
pub(super) fn plan_of(bench: &Bench, steps: Vec<Step>) -> Plan {
    Plan {
        format_version: "1.0".to_owned(),
        platform: "acme".to_owned(),
        revision: "r1".to_owned(),
        basis: Basis::ThreeWay,
        ledger: Some(bench.ledger.identity().id.clone()),
        made_for: now(),
        snapshot: String::new(),
        changes: Vec::new(),
        in_sync: 0,
        steps,
        waiting: Vec::new(),
        incomplete: Vec::new(),
        notes: Vec::new(),
        digest: "plan".to_owned(),
    }
}

/// A step at a place, needing others, sending fields.
pub(super) fn step(
    place: u32,
    verb: crate::engine::plan::Verb,
    address: &str,
    needs: &[u32],
    after: &[(&'static str, Term)],
) -> Step {
    let address: Address = address.parse().unwrap();
    let spec = KINDS.iter().find(|kind| kind.name == address.kind.as_str()).unwrap();
    Step {
        id: StepId(place),
        verb,
        class: spec.class,
        owner: Owner("user:default/alice".to_owned()),
        origin: Some((*span("alice")).clone()),
        external_id: None,
        before: Default::default(),
        after: after.iter().map(|(name, term)| ((*name).into(), term.clone())).collect(),
        uses: BTreeSet::new(),
        needs: needs.iter().map(|need| StepId(*need)).collect(),
        relied_on: None,
        goes_with: Vec::new(),
        waits: Vec::new(),
        why: "declared".to_owned(),
        undo: None,
        partly: Default::default(),
        begun: false,
        calls: 1,
        digest: format!("{place} {verb} {address}"),
        address,
    }
}

pub(super) fn live(address: &str, fields: &[(&'static str, Value)]) -> Live {
    Live {
        address: address.parse().unwrap(),
        external_id: None,
        fields: fields.iter().map(|(name, value)| ((*name).into(), value.clone())).collect(),
        outputs: Default::default(),
        mark: None,
    }
}

pub(super) fn at(text: &str) -> Address {
    text.parse().unwrap()
}

pub(super) fn id() -> Instance {
    Instance::new("id")
}

pub(super) fn app() -> Instance {
    Instance::new("app")
}

/// A clock that stands still.
pub(super) fn clock() -> SharedClock {
    Arc::new(FixedClock(now()))
}

pub(super) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 26, 12, 0, 0).unwrap()
}

fn owner(name: &str) -> Owner {
    Owner(format!("user:default/{name}"))
}

fn span(name: &str) -> Arc<Span> {
    Arc::new(Span::start_of(format!("users/acme/{name}.yaml")))
}
