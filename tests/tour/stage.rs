//! What a tour goes on: documents, a config, a ledger, and the loop's own parts.
//!
//! In documents, steps and API paths `~` stands for the beginning that all names of one tour have, so that it can go on
//! in a server that others use too.

use std::collections::BTreeMap;
use std::sync::Arc;

use formulary::engine::documents;
use formulary::engine::model::{Address, Completeness, Failure};
use formulary::engine::plan::{Approved, Plan, Verb};
use formulary::engine::report::{Look, text};
use formulary::engine::source::snapshot::{Revision, Snapshot};
use formulary::provider::contract::Provider;
use formulary::runtime::config::{Config, ServiceType};
use formulary::runtime::ledger::{NewApproval, SharedLedger, sqlite};
use formulary::runtime::reconcile::causes::name_causes;
use formulary::runtime::reconcile::importing::import;
use formulary::runtime::reconcile::{
    Found, MachineSecrets, Memory, NoProbe, Outcome, PlannedWorld, Platform, Quiet, StepOutcome, Turn, World, read,
};
use formulary::runtime::sys::{Environment, FixedEnvironment, SharedClock};
use tokio_util::sync::CancellationToken;

use super::documents::Document;

/// A platform under test.
pub struct Stage {
    /// What all names begin with.
    pub prefix: String,
    /// The config.
    pub config: String,
    /// Variables of the environment that the config's secrets are in.
    pub secrets: BTreeMap<&'static str, String>,
    providers: Vec<&'static dyn Provider>,
    clock: SharedClock,
    ledger: SharedLedger,
    files: BTreeMap<String, String>,
    revision: u32,
    _folder: tempfile::TempDir,
}

/// One reading and what would be done.
pub struct Reading {
    pub world: World,
    pub planned: PlannedWorld,
}

/// One attempt.
pub struct Attempt {
    pub reading: Reading,
    pub outcome: Outcome,
}

impl Stage {
    /// A platform with no documents and an empty ledger.
    pub async fn new(prefix: &str, providers: Vec<&'static dyn Provider>, clock: SharedClock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = sqlite::open(&folder.path().join("ledger.db"), "tour", clock.now()).await.unwrap();
        Self {
            prefix: prefix.to_owned(),
            config: String::new(),
            secrets: BTreeMap::new(),
            providers,
            clock,
            ledger,
            files: BTreeMap::new(),
            revision: 0,
            _folder: folder,
        }
    }

    /// A text with names as they are on this tour.
    pub fn named(&self, text: &str) -> String {
        text.replace('~', &self.prefix)
    }

    /// Writes a document into the file of this name.
    pub fn write(&mut self, name: &str, document: Document) {
        self.write_text(name, &document.text());
    }

    /// Writes a file.
    pub fn write_text(&mut self, name: &str, content: &str) {
        self.revision += 1;
        self.files.insert(format!("users/{name}.yaml"), self.named(content));
    }

    /// Writes a file at a path of its own.
    pub fn write_at(&mut self, path: &str, content: &str) {
        self.revision += 1;
        let path = self.named(path);
        self.files.insert(path, self.named(content));
    }

    /// Every file of the mono-repo, by its path.
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// Removes a file at a path of its own.
    pub fn remove_at(&mut self, path: &str) {
        self.revision += 1;
        let path = self.named(path);
        self.files.remove(&path).unwrap();
    }

    /// Removes a file.
    pub fn remove(&mut self, name: &str) {
        self.revision += 1;
        self.files.remove(&format!("users/{name}.yaml")).unwrap();
    }

    /// Forgets everything that is known: a new ledger, as after losing the old one.
    pub async fn forget(&mut self) {
        self._folder = tempfile::tempdir().unwrap();
        let path = self._folder.path().join("ledger.db");
        self.ledger = sqlite::open(&path, "tour", self.clock.now()).await.unwrap();
    }

    /// Reads everything and plans.
    pub async fn reading(&self) -> Reading {
        let (platform, _) = self.platform();
        let revision = Revision { id: format!("r{}", self.revision), label: "tour".to_owned() };
        let snapshot = Snapshot::from_texts(revision, self.files.clone());
        let loaded = documents::load(&snapshot, &platform.reading());
        assert!(loaded.is_sound(), "{:#?}", loaded.diagnostics);
        let now = self.clock.now();
        let memory = Memory::of(&*self.ledger, &platform, now).await.unwrap();
        let world = read(&platform, &snapshot.revision.id, loaded, memory, now, &Quiet).await;
        let planned = world.plan(&self.approvals().await);
        Reading { world, planned }
    }

    /// Applies as it stands: what waits is left.
    pub async fn attempt(&self) -> Attempt {
        let (platform, secrets) = self.platform();
        let stop = CancellationToken::new();
        let turn = Turn::begin(&platform, &self.ledger, &self.clock, "the tour", stop).await.unwrap();
        assert_eq!(turn.recover().await.unwrap().len(), 0, "a tour leaves nothing open");
        let reading = self.reading().await;
        turn.remember(&reading.world, &reading.planned).await.unwrap();
        let outcome = turn.apply(&reading.planned, &secrets, &Quiet, &NoProbe, None).await.unwrap();
        turn.end().await.unwrap();
        Attempt { reading, outcome }
    }

    /// Settles what was left open, approves all that waits, and applies; how many steps were not done.
    pub async fn try_all_with_recovery(&self) -> usize {
        let (platform, _) = self.platform();
        let turn =
            Turn::begin(&platform, &self.ledger, &self.clock, "the tour", CancellationToken::new()).await.unwrap();
        // What still goes on is waited for.
        while turn.recover().await.unwrap().iter().any(|it| matches!(it.found, Found::StillOpen(_))) {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        turn.end().await.unwrap();
        self.approve(self.reading().await.plan()).await;
        let outcome = self.attempt().await.outcome;
        outcome.steps.len() - outcome.counts().done
    }

    /// Approves everything that waits.
    pub async fn approve(&self, plan: &Plan) {
        for group in &plan.waiting {
            let steps = plan.steps.iter().filter(|step| group.steps.contains(&step.id));
            let approval = NewApproval {
                digest: group.digest.clone(),
                steps: steps.map(|step| step.digest.clone()).collect(),
                by: "the tour".to_owned(),
                reason: "seen".to_owned(),
                at: self.clock.now(),
                expires: self.clock.now() + chrono::Duration::hours(1),
            };
            self.ledger.approve(&approval).await.unwrap();
        }
    }

    /// One leg: exactly these steps are planned ("verb address", and after it the groups that it waits in), what waits is
    /// approved, everything is done, and a second plan is empty.
    #[track_caller]
    pub fn leg<'s>(&'s self, leg: &'s str, steps: &'s [&'s str]) -> impl Future<Output = ()> + 's {
        let place = std::panic::Location::caller();
        async move {
            let first = self.reading().await;
            let expected: Vec<String> = steps.iter().map(|step| self.named(step)).collect();
            first.expect(leg, place, expected);
            self.approve(&first.planned.planned.plan).await;
            let attempt = self.attempt().await;
            attempt.expect_done(leg);
            self.nothing_left(leg).await;
        }
    }

    /// As [`leg`](Self::leg), whatever the steps are: for legs in which only the end matters.
    pub async fn any_leg(&self, leg: &str) {
        let first = self.reading().await;
        self.approve(&first.planned.planned.plan).await;
        self.attempt().await.expect_done(leg);
        self.nothing_left(leg).await;
    }

    /// Forgets all documents and the ledger, imports what is there, and takes it over: nothing else is planned before, and
    /// nothing after. Gives the documents.
    pub async fn imported(&mut self, leg: &str) -> BTreeMap<String, String> {
        self.forget().await;
        let (platform, _) = self.platform();
        let now = self.clock.now();
        let memory = Memory::of(&*self.ledger, &platform, now).await.unwrap();
        let empty = Snapshot::from_texts(
            Revision { id: "r0".to_owned(), label: "tour".to_owned() },
            BTreeMap::<String, String>::new(),
        );
        let imported = import(&platform, &empty, memory, now, &Quiet).await;
        self.revision += 1;
        self.files = imported.files;
        let first = self.reading().await;
        let ours = |owner: &str| owner.contains(':');
        let changes: Vec<String> = first
            .plan()
            .steps
            .iter()
            .filter(|step| ours(&step.owner.0) && step.verb != Verb::Adopt)
            .map(|step| format!("{} {}", step.verb, step.address))
            .collect();
        assert!(changes.is_empty(), "{leg}: a plan of what was imported would {changes:#?}\n{:#?}", self.files);
        assert!(first.plan().steps.iter().any(|step| ours(&step.owner.0)), "{leg}: nothing is taken over");
        self.any_leg(leg).await;
        self.files.clone()
    }

    /// Who made the differences, as a report tells it but for the time and for ids; and why nobody can be named.
    pub async fn causes(&self) -> (Vec<String>, Vec<String>) {
        let Reading { world, planned } = self.reading().await;
        let mut plan = planned.planned.plan;
        let untold = name_causes(&self.platform().0, &world, &mut plan).await;
        let told = plan.changes.iter().filter_map(|it| {
            let cause = it.cause.as_ref()?;
            let who = cause.who.split(" (id ").next()?;
            Some(format!("{}: {who} {}", it.address, cause.how))
        });
        let untold = untold.into_iter().map(|(instance, why)| format!("{instance}: {why}"));
        (told.collect(), untold.collect())
    }

    /// Plans again, and expects nothing.
    pub async fn nothing_left(&self, leg: &str) {
        let again = self.reading().await;
        let steps = again.steps();
        assert!(steps.is_empty(), "{leg}: a second plan is not empty: {steps:#?}\n{}", again.shown());
    }

    async fn approvals(&self) -> Vec<Approved> {
        let approvals = self.ledger.approvals(self.clock.now()).await.unwrap();
        let usable = approvals.into_iter().map(|approval| Approved {
            id: approval.id,
            steps: approval.given.steps.iter().filter(|step| approval.covers(step)).cloned().collect(),
            expires: approval.given.expires,
        });
        usable.collect()
    }

    pub fn platform(&self) -> (Platform, MachineSecrets) {
        let mut environment = FixedEnvironment::default();
        for (name, value) in &self.secrets {
            environment = environment.with_variable(name, value);
        }
        let types: Vec<ServiceType> = self.providers.iter().map(|it| ServiceType::of(*it)).collect();
        let content = self.named(&self.config);
        let path = "/tour/formulary.yaml".into();
        let config = Config::parse("formulary.yaml", path, content.as_bytes(), &types, &environment);
        let config = config.unwrap_or_else(|problems| panic!("{problems:#?}\n{content}"));
        let environment: Arc<dyn Environment> = Arc::new(environment);
        let platform = Platform::new(&config, &self.providers, &environment, &self.clock);
        (platform, MachineSecrets { environment, folder: "/tour".into() })
    }
}

impl Reading {
    pub fn plan(&self) -> &Plan {
        &self.planned.planned.plan
    }

    /// The steps, each with the groups that it waits in, sorted.
    pub fn steps(&self) -> Vec<String> {
        let waits = |step: &formulary::engine::plan::Step| {
            let groups = step.waits.iter().filter_map(|wait| wait.group());
            groups.map(|group| format!(" ({})", group.split_once(": ").map_or(group, |it| it.1))).collect::<String>()
        };
        let mut steps: Vec<String> =
            self.plan().steps.iter().map(|step| format!("{} {}{}", step.verb, step.address, waits(step))).collect();
        steps.sort();
        steps
    }

    /// The differences: "class address", sorted.
    pub fn changes(&self) -> Vec<String> {
        self.plan().changes.iter().map(|change| format!("{} {}", change.class, change.address)).collect()
    }

    /// Why the difference of a resource is what it is, and why it is left.
    pub fn why(&self, address: &str) -> String {
        let address: Address = address.parse().unwrap();
        let change = self.plan().changes.iter().find(|it| it.address == address);
        let change = change.unwrap_or_else(|| panic!("no difference of {address}:\n{}", self.shown()));
        let left = change.left.iter().cloned();
        let fields = change.fields.iter().filter_map(|field| field.left.clone());
        std::iter::once(change.why.clone()).chain(left).chain(fields).collect::<Vec<_>>().join("; ")
    }

    /// The scopes that were not read whole, and why.
    pub fn unread(&self) -> Vec<(String, &Failure)> {
        let incomplete = self.world.observations.iter().filter_map(|it| match &it.completeness {
            Completeness::Incomplete(failure) => Some((it.scope.to_string(), failure)),
            _ => None,
        });
        incomplete.collect()
    }

    /// Steps that take something away.
    pub fn removals(&self) -> Vec<String> {
        let removals = self.plan().steps.iter().filter(|step| step.verb.is_destructive());
        removals.map(|step| format!("{} {}", step.verb, step.address)).collect()
    }

    /// The plan as a person sees it.
    pub fn shown(&self) -> String {
        text::plan(self.plan(), Look { colour: false, width: 120, verbose: true })
    }

    fn expect(&self, leg: &str, place: &std::panic::Location<'_>, mut expected: Vec<String>) {
        expected.sort();
        let steps = self.steps();
        assert!(
            steps == expected,
            "{leg} ({place}): planned\n  {}\ninstead of\n  {}\n{}\nproblems: {:#?}",
            steps.join("\n  "),
            expected.join("\n  "),
            self.shown(),
            self.world.diagnostics
        );
    }
}

impl Attempt {
    /// Everything was done, and what was sent is what is read.
    pub fn expect_done(&self, leg: &str) {
        for step in &self.outcome.steps {
            let done = matches!(&step.outcome, StepOutcome::Done { did_not_stick, .. } if did_not_stick.is_empty());
            assert!(
                done,
                "{leg}: {} {} came to {:#?}\n{}",
                step.verb,
                step.address,
                step.outcome,
                self.reading.shown()
            );
        }
    }
}
