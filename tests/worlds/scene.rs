//! One world: emulators on loopback, a ledger, a mono-repo, and the loop's own parts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use formulary::engine::documents::{self, Options};
use formulary::engine::model::{Address, Completeness, ObjectState};
use formulary::engine::report::{Look, text};
use formulary::engine::source::snapshot::{Revision, Snapshot};
use formulary::provider::contract::Provider;
use formulary::provider::emulator::serve::{ServeOptions, Served, serve};
use formulary::runtime::config::{Config, ServiceType};
use formulary::runtime::ledger::{Birth, SharedLedger, in_memory};
use formulary::runtime::reconcile::{
    MachineSecrets, Memory, NoProbe, PlannedWorld, Platform, Quiet, Turn, World, read,
};
use formulary::runtime::sandbox::SERVICES as EMULATORS;
use formulary::runtime::sys::{Clock, Environment, FixedEnvironment, MovableClock, SharedClock};
use tokio_util::sync::CancellationToken;

use super::holdings::{Holdings, SERVICES, Service};
use super::oracle::{Subjects, Watch, Watched};
use super::sabotage::Sabotage;
use super::story::{Phase, Story};
use super::trouble;

/// How long a call may take in trouble: what hangs costs as much.
const SHORT: Duration = Duration::from_millis(500);
/// How long it may take else, on a machine that has other things to do.
const LONG: Duration = Duration::from_secs(30);

/// What strangers are taken out of may be more than the usual budget of memberships, which is another test's matter. That of
/// people stands.
const BUDGET: &str = "budgets: { other: { at_least: 30 } }";

/// One world.
pub struct Scene {
    clock: Arc<MovableClock>,
    stands: BTreeMap<&'static str, Stand>,
    ledger: SharedLedger,
    platform: Platform,
    secrets: MachineSecrets,
    sabotage: Option<Sabotage>,
    cycles: usize,
}

/// One service of it.
pub struct Stand {
    service: Service,
    served: Served,
    pub watch: Arc<Watch>,
}

/// One cycle.
pub struct Cycle {
    pub world: World,
    pub planned: PlannedWorld,
}

/// Everything that is there at the end of a phase, by names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub holdings: BTreeMap<&'static str, Holdings>,
    /// What the ledger holds: address, and whether it is kept open.
    pub recorded: BTreeMap<String, bool>,
}

impl Scene {
    pub async fn new(attempts: u32, sabotage: Option<Sabotage>) -> Self {
        let clock = Arc::new(MovableClock::default());
        let subjects = Subjects::default();
        let mut stands = BTreeMap::new();
        let mut config = "platform: world\nservices:\n".to_owned();
        let mut environment = FixedEnvironment::default();
        for service in SERVICES {
            let made = EMULATORS.iter().find(|it| it.name == service.name).unwrap();
            let (watched, watch) = Watched::new(service, (made.make)(Arc::clone(&clock)), &subjects);
            let options = ServeOptions { clock: Arc::clone(&clock), ..ServeOptions::default() };
            let served = serve(watched, options).await.unwrap();
            let secret = (service.found)(&watch.desk).await;
            environment = environment.with_variable(&format!("SECRET_{}", service.name.to_uppercase()), &secret);
            let (name, url, more) = (service.name, served.base(), service.config);
            config.push_str(&format!("  {name}:\n    url: {url}\n    mode: enforce\n    {BUDGET}\n    {more}\n"));
            stands.insert(service.name, Stand { service, served, watch });
        }
        let providers: Vec<&'static dyn Provider> = formulary::provider::ALL.to_vec();
        let types: Vec<ServiceType> = providers.iter().map(|it| ServiceType::of(*it)).collect();
        let parsed =
            Config::parse("formulary.yaml", "/world/formulary.yaml".into(), config.as_bytes(), &types, &environment);
        let parsed = parsed.unwrap_or_else(|problems| panic!("{problems:#?}\n{config}"));
        let environment: Arc<dyn Environment> = Arc::new(environment);
        let shared: SharedClock = clock.clone();
        let mut platform = Platform::new(&parsed, &providers, &environment, &shared);
        for member in platform.members.values_mut() {
            member.connection.limits.first_wait = Duration::from_millis(1);
            member.connection.limits.attempts = attempts;
        }
        let ledger = in_memory("world", Birth::Random, clock.now()).await.unwrap();
        let secrets = MachineSecrets { environment, folder: "/world".into() };
        Self { clock, stands, ledger, platform, secrets, sabotage, cycles: 0 }
    }

    /// A phase begins: a day passes, people do things by hand, and the oracle is told how it ends undisturbed.
    pub async fn begin(&self, phase: &Phase, end: Option<&End>) {
        self.clock.advance(chrono::Duration::hours(25));
        for stand in self.stands.values() {
            for hand in &phase.hands {
                (stand.service.hand)(&stand.watch.desk, hand).await;
            }
        }
        for service in SERVICES {
            let measure = end.map(|end| end.holdings[service.name].clone());
            self.stands[service.name].watch.begin(measure).await;
        }
    }

    /// One cycle, in trouble if a seed is given.
    pub async fn cycle(&mut self, phase: &Phase, trouble: Option<u64>) -> Cycle {
        self.cycles += 1;
        self.clock.advance(chrono::Duration::seconds(20));
        for member in self.platform.members.values_mut() {
            member.connection.limits.timeout = if trouble.is_some() { SHORT } else { LONG };
        }
        if let Some(seed) = trouble {
            for (name, stand) in &self.stands {
                for fault in trouble::of(seed, name, self.cycles) {
                    stand.served.arm(fault).unwrap();
                }
            }
        }
        let cycle = self.turn(phase).await;
        for stand in self.stands.values() {
            stand.served.lift_all();
            stand.watch.look("the end of the cycle").await;
        }
        cycle
    }

    async fn turn(&self, phase: &Phase) -> Cycle {
        let clock: SharedClock = self.clock.clone();
        let stop = CancellationToken::new();
        let turn = Turn::begin(&self.platform, &self.ledger, &clock, "the world", stop).await.unwrap();
        turn.recover().await.unwrap();
        let revision = Revision { id: "r1".to_owned(), label: "world".to_owned() };
        let snapshot = Snapshot::from_texts(revision, phase.files.clone());
        let services = self.platform.members.keys().map(|instance| instance.as_str().to_owned()).collect();
        let loaded = documents::load(&snapshot, &Options { services: Some(services), ..Options::default() });
        let now = self.clock.now();
        let memory = Memory::of(&*self.ledger, &self.platform, now).await.unwrap();
        let mut world = read(&self.platform, &snapshot.revision.id, loaded, memory, now, &Quiet).await;
        if let Some(sabotage) = self.sabotage {
            sabotage.take_out(&mut world);
        }
        let planned = world.plan(&[]);
        turn.remember(&world, &planned).await.unwrap();
        turn.apply(&planned, &self.secrets, &Quiet, &NoProbe, None).await.unwrap();
        turn.end().await.unwrap();
        Cycle { world, planned }
    }

    /// What is there now.
    pub async fn end(&self) -> End {
        let mut holdings = BTreeMap::new();
        for service in SERVICES {
            holdings.insert(service.name, self.stands[service.name].watch.holdings().await);
        }
        let objects = self.ledger.objects().await.unwrap();
        let recorded = objects.iter().map(|it| (it.address.to_string(), it.state == ObjectState::Active));
        End { holdings, recorded: recorded.collect() }
    }

    /// What the oracles saw and is wrong.
    pub fn wrong(&self) -> Vec<String> {
        self.stands.values().flat_map(|stand| stand.watch.wrong()).collect()
    }

    /// Whether the journal is closed, and no record is of another object than the one that is there.
    pub async fn is_consistent(&self, cycle: &Cycle) -> Vec<String> {
        let mut wrong = Vec::new();
        let open = self.ledger.open_intents().await.unwrap();
        wrong.extend(open.iter().map(|it| format!("left open: {} {}", it.payload.step.verb, it.payload.step.address)));
        for recorded in self.ledger.objects().await.unwrap() {
            let live = cycle.world.observed.live.get(&recorded.address);
            if live.is_some_and(|live| live.external_id != recorded.external_id) {
                wrong.push(format!("{} is recorded as {:?} and is {live:?}", recorded.address, recorded.external_id));
            }
        }
        wrong
    }
}

impl Cycle {
    /// The plan as a person sees it.
    pub fn shown(&self) -> String {
        text::plan(&self.planned.planned.plan, Look { colour: false, width: 120, verbose: true })
    }

    /// Steps that would be done, and scopes that were not read whole.
    pub fn left(&self) -> Vec<String> {
        let plan = &self.planned.planned.plan;
        let ready = plan.steps.iter().zip(plan.held()).filter(|(_, held)| !held);
        let mut left: Vec<String> = ready.map(|(step, _)| format!("{} {}", step.verb, step.address)).collect();
        left.extend(self.world.observations.iter().filter_map(|it| match &it.completeness {
            Completeness::Incomplete(failure) => Some(format!("{} was not read whole: {failure}", it.scope)),
            _ => None,
        }));
        left
    }
}

impl End {
    /// Without the services' own ids, so that two worlds can be compared; accounts name whom they are bound to.
    pub fn by_names(mut self) -> Self {
        let identity = SERVICES.iter().find(|it| it.is_identity()).unwrap();
        let subjects: BTreeMap<String, String> = self.holdings[identity.name]
            .people
            .iter()
            .map(|(name, account)| (account.id.clone(), name.clone()))
            .collect();
        for holdings in self.holdings.values_mut() {
            for account in holdings.people.values_mut() {
                account.id.clear();
                account.subject = subjects.get(&account.subject).cloned().unwrap_or_default();
            }
            holdings.containers.values_mut().for_each(String::clear);
        }
        self
    }

    /// Without what the ledger may hold of people who left in one world and not in another, both being right:
    ///
    /// * their memberships: where the list and the look at the single one lied in one cycle, a place of somebody who left is
    ///   forgotten, and stays as it is at the service;
    /// * once more people left than a budget lets go: what of them was recorded as closed. A plan that could read a part of
    ///   them only stays within the budget, and does more than the one that saw them all.
    #[must_use]
    pub fn without_what_may_differ(mut self, story: &Story, phase: usize) -> Self {
        let declared = &story.phases[phase].declared;
        let many_left = story.phases[..=phase].iter().any(|it| it.mass_leave);
        self.recorded.retain(|address, _| {
            let address: Address = address.parse().unwrap();
            let of_a_person = address.kind.as_str() == "user" || address.kind.as_str().ends_with("membership");
            let of_a_person = of_a_person || address.kind.as_str().ends_with("member");
            let left = of_a_person && !declared.contains_key(address.leaf());
            !left || (address.kind.as_str() == "user" && !many_left)
        });
        self
    }

    /// What differs, a line each.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let lines = |end: &Self| -> Vec<String> {
            let mut lines = Vec::new();
            for (service, holdings) in &end.holdings {
                lines.extend(holdings.people.iter().map(|(name, it)| format!("{service} {name} {it:?}")));
                lines.extend(holdings.containers.keys().map(|it| format!("{service} {it}")));
                lines.extend(holdings.edges.iter().map(|(path, name)| format!("{service} {name} in {path}")));
            }
            lines.extend(end.recorded.iter().map(|(address, open)| format!("recorded {address} open: {open}")));
            lines
        };
        let (ours, theirs) = (lines(self), lines(other));
        let only = |a: &[String], b: &[String], sign| -> Vec<String> {
            a.iter().filter(|it| !b.contains(it)).map(|it| format!("{sign} {it}")).collect()
        };
        let mut differences = only(&ours, &theirs, '-');
        differences.extend(only(&theirs, &ours, '+'));
        differences
    }
}
