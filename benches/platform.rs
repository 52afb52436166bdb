//! The platform in numbers: `cargo bench --bench platform`. What the engine alone costs is in `engine.rs`.
//!
//! * one process that reads 5,000 documents from a folder, the ledger and the live state recorded in it, and prints a plan;
//! * one changed file among 100,000 documents, compiled and planned;
//! * the journal of 5,000 creations on disk;
//! * the calls of a steady cycle, counted by the emulators;
//! * the whole platform of five services and 1,000 people: first apply and steady cycle, with the calls of each service;
//! * a real Keycloak with 1,000 people, where `FORMULARY_KEYCLOAK_URL`, `FORMULARY_KEYCLOAK_ADMIN_CLIENT_ID` and
//!   `FORMULARY_KEYCLOAK_ADMIN_CLIENT_SECRET` say how to reach one. It gets a realm of its own, which is removed again.
//!
//! `cargo bench --bench platform -- journal five-services` runs some of them alone: `process`, `one-file`, `journal`,
//! `steady`, `five-services`, `keycloak`.
//!
//! Nothing here is asserted but that the work was done; `docs/performance.md` records a run.

#![allow(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

mod measure;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use formulary::engine::diff::Observed;
use formulary::engine::documents::{Kept, Loaded, Options};
use formulary::engine::model::*;
use formulary::engine::plan::{Basis, FORMAT_VERSION, Plan, Step, StepId, Verb};
use formulary::engine::report::{Look, text};
use formulary::engine::source::{FileEntry, Revision, Snapshot};
use formulary::provider::contract::{Probe, Related};
use formulary::provider::emulator::Emulator;
use formulary::provider::emulator::serve::{ServeOptions, Served, serve};
use formulary::provider::inmemory::InMemory;
use formulary::provider::{self, inmemory};
use formulary::provider::{
    coder::emulator as coder, gitea::emulator as gitea, keycloak::emulator as keycloak_emulator,
    mattermost::emulator as mattermost, twenty::emulator as twenty,
};
use formulary::runtime::config::{Config, ServiceType};
use formulary::runtime::ledger::{Entry, SharedLedger, sqlite};
use formulary::runtime::reconcile::cycle::compile;
use formulary::runtime::reconcile::{
    Apply, Compiled, Hands, MachineSecrets, Memory, NoProbe, Outcome, Patience, Platform, Quiet, Taken, Tenure, Turn,
    World, apply, read,
};
use formulary::runtime::repo::{ReadOptions, Source};
use formulary::runtime::sandbox::{Sandbox, SandboxOptions};
use formulary::runtime::sys::{Environment, FixedEnvironment, MovableClock, SharedClock, SystemClock};
use measure::{Measured, child, measure, nanoseconds, peak, table};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

/// What a real `terraform` took on two cores, in seconds: a plan that changes nothing, and the first apply.
const TERRAFORM_PLAN_5000: f64 = 5.6;
const TERRAFORM_APPLY: [(usize, f64); 2] = [(1_000, 13.9), (5_000, 381.0)];
/// The same with its Keycloak provider and 1,000 people: the quickest plan, the apply, and listing them all.
const KEYCLOAK_PLAN: f64 = 6.6;
const KEYCLOAK_APPLY: f64 = 27.0;
const KEYCLOAK_LIST: f64 = 0.23;
const FOLDER: &str = "FORMULARY_BENCH_FOLDER";
const REALM: &str = "formulary-bench";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts");
    if measure::as_child(|what, count| match what {
        "process" => runtime.block_on(process()),
        "one-file" => one_file(count),
        _ => unreachable!("the parent asks for one of these"),
    }) {
        return;
    }
    // Those that are named, or all: cargo passes flags of its own.
    let named: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|it| name.contains(it.as_str()));
    if wanted("process") {
        // The second means 5,000 resources, as many as Terraform had.
        runtime.block_on(whole_process(5_000));
        runtime.block_on(whole_process(1_680));
    }
    if wanted("one-file") {
        table("one person's file changed: compiled and planned", "documents", &[child("one-file", 100_000)]);
    }
    if wanted("journal") {
        runtime.block_on(journal());
    }
    if wanted("steady") {
        runtime.block_on(steady_cycle(1_000));
    }
    if wanted("five-services") {
        runtime.block_on(five_services(1_000));
    }
    if wanted("keycloak") {
        runtime.block_on(real_keycloak(1_000));
    }
}

/// A company: an organisation, teams of a hundred, people; `count` files in all.
fn company(count: usize) -> BTreeMap<String, String> {
    let entity = |kind: &str, name: &str, spec: &str| {
        format!("apiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n{spec}")
    };
    let group = |name: &str, spec: &str| entity("Group", name, &format!("  children: []\n  {spec}\n"));
    let mut files = BTreeMap::from([("users/acme/organisation.yaml".to_owned(), group("acme", "type: organization"))]);
    let mut number = 0;
    while files.len() < count {
        let team = format!("team-{}", number / 100);
        if number % 100 == 0 {
            files.insert(format!("users/acme/teams/{team}.yaml"), group(&team, "type: team\n  parent: acme"));
        }
        let name = format!("person-{number}");
        files.insert(format!("users/acme/{name}.yaml"), person(&name, "Jo", &team));
        number += 1;
    }
    files
}

fn person(name: &str, first: &str, team: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata:\n  name: {name}\nspec:\n  profile:\n    displayName: \
         {first} {name}\n    email: {name}@acme.example\n  memberOf: [acme, {team}]\n"
    )
}

fn snapshot(files: BTreeMap<String, String>) -> Snapshot {
    Snapshot::from_texts(Revision { id: "bench".to_owned(), label: "bench".to_owned() }, files)
}

/// A platform of the services whose entries are given.
fn platform(services: &str, environment: FixedEnvironment) -> (Platform, MachineSecrets) {
    let types: Vec<ServiceType> = provider::ALL.iter().map(|it| ServiceType::of(*it)).collect();
    let content = format!("platform: bench\nledger: {{ path: ledger.db }}\nservices:\n{services}");
    let config =
        Config::parse("formulary.yaml", "/bench/formulary.yaml".into(), content.as_bytes(), &types, &environment)
            .unwrap_or_else(|problems| panic!("{problems:#?}"));
    let environment: Arc<dyn Environment> = Arc::new(environment);
    let platform = Platform::new(&config, provider::ALL, &environment, &clock());
    (platform, MachineSecrets { environment, folder: "/bench".into() })
}

fn keycloak(url: &str) -> (Platform, MachineSecrets) {
    let entry = format!(
        "  keycloak:\n    url: {url}\n    mode: enforce\n    credentials: {{ client_id: formulary, client_secret: \
         \"env:SECRET\" }}\n    options: {{ realm: {REALM}, version: 26.7.3, vouch_for_email: true, first_sign_in: none }}\n"
    );
    platform(&entry, FixedEnvironment::default().with_variable("SECRET", "the-secret"))
}

fn clock() -> SharedClock {
    Arc::new(SystemClock)
}

fn now() -> DateTime<Utc> {
    clock().now()
}

/// Everything as it is declared: what was read, and what is remembered.
fn settled(platform: &Platform, loaded: &Loaded) -> (Vec<Observation>, Vec<Recorded>) {
    let wanted = compile(platform, loaded, &Allotments::default(), &|_| Capabilities::default());
    let mut lists: BTreeMap<Scope, Vec<Live>> = BTreeMap::new();
    for (instance, kinds) in wanted.kinds.iter() {
        for kind in kinds.iter().filter(|kind| kind.scope == ScopeRule::Whole) {
            lists.entry(Scope::whole(instance, kind.name)).or_default();
        }
    }
    let mut recorded = Vec::new();
    for (number, desired) in wanted.desired.into_iter().enumerate() {
        let spec = wanted.kinds.spec(&desired.address).expect("a provider lowers to its own kinds");
        let value = |it: &Wanted| it.term.known().cloned().unwrap_or(Value::Null);
        let fields: Fields = desired.fields.iter().map(|(name, it)| (name.clone(), value(it))).collect();
        let external_id = Some(format!("id-{number}"));
        let address = desired.address;
        lists.entry(Scope::of(&address, spec)).or_default().push(Live {
            address: address.clone(),
            external_id: external_id.clone(),
            fields: fields.clone(),
            outputs: Fields::new(),
            mark: None,
        });
        recorded.push(Recorded {
            address,
            external_id,
            owner: desired.owner,
            file: desired.origin.file.to_string(),
            last_applied: fields,
            digests: BTreeMap::new(),
            outputs: Fields::new(),
            origin: Origin::Created,
            state: ObjectState::Active,
        });
    }
    let completeness = || Completeness::Complete("it was listed whole".to_owned());
    let observations = lists.into_iter().map(|(scope, objects)| Observation {
        scope,
        at: now(),
        completeness: completeness(),
        objects,
    });
    (observations.collect(), recorded)
}

/// What a cycle knows once it has read.
fn world(platform: &Platform, loaded: &Loaded, observations: Vec<Observation>, memory: Memory) -> World {
    let wanted = compile(platform, loaded, &memory.allotments, &|_| Capabilities::default());
    World {
        platform: platform.name.clone(),
        revision: "bench".to_owned(),
        now: now(),
        catalogue: loaded.catalogue.clone(),
        kinds: wanted.kinds,
        desired: wanted.desired,
        sets: wanted.sets,
        payloads: Default::default(),
        quarantine: loaded.quarantine.clone(),
        diagnostics: loaded.diagnostics.clone(),
        probes: platform.members.keys().map(|instance| (instance.clone(), Ok(Probe::default()))).collect(),
        observed: Observed::new(observations.iter().cloned()),
        observations,
        recorded: Some(memory.recorded),
        ledger: memory.ledger,
        policies: platform.members.iter().map(|(instance, it)| (instance.clone(), it.policy.clone())).collect(),
        own_accounts: BTreeSet::new(),
        identity: None,
        spent: memory.spent,
        repeated: memory.repeated,
        prices: BTreeMap::new(),
        attempted: BTreeSet::new(),
        assumed: None,
        given: Vec::new(),
    }
}

/// A process of its own, from its start to its end: documents from a folder, the ledger, the live state recorded there.
async fn whole_process(count: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let files = company(count);
    for (path, text) in &files {
        let path = folder.path().join("repo").join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let kept = Kept::new(&snapshot(files), Options::default());
    let (platform, _) = keycloak("http://127.0.0.1:9");
    let (observations, recorded) = settled(&platform, kept.loaded());
    let resources = recorded.len();
    let ledger = sqlite::open(&folder.path().join("ledger.db"), "bench", now()).await.expect("a ledger");
    let lease = ledger.acquire_lease("apply", "bench", chrono::Duration::hours(1), now()).await.expect("a lease");
    let entries: Vec<Entry> = recorded.into_iter().map(|it| Entry::Put(Box::new(it))).collect();
    ledger.record(&lease.fence, &entries, now()).await.expect("recorded");
    ledger.save_observations(&lease.fence, &observations).await.expect("saved");
    ledger.release_lease(&lease).await.expect("released");
    drop(ledger);
    let program = std::env::current_exe().expect("a benchmark is a program");
    let mut best = Measured { wall: u64::MAX, ..Measured::default() };
    for _ in 0..7 {
        let mut command = std::process::Command::new(&program);
        command.args(["--measure", "process", "0"]).env(FOLDER, folder.path());
        let began = Instant::now();
        let output = command.output().expect("it starts");
        let wall = nanoseconds(began.elapsed());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told: Measured = serde_json::from_slice(&output.stdout).expect("what it measured");
        if wall < best.wall {
            best = Measured { label: count.to_string(), count, wall, ..told };
        }
    }
    let title =
        format!("one process: documents, ledger and recorded live state of {resources} resources, plan printed");
    table(&title, "documents", std::slice::from_ref(&best));
    against(&format!("no-op plan of {resources} resources as a process"), best.wall as f64 / 1e9, TERRAFORM_PLAN_5000);
}

/// What `formulary plan --dir` does, with the live state that the ledger recorded last in the place of a reading.
async fn process() -> Measured {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("the parent says where"));
    let ledger = sqlite::open(&folder.join("ledger.db"), "bench", now()).await.expect("a ledger");
    let source = Source::Dir(folder.join("repo"));
    let snapshot = formulary::runtime::repo::read(&source, &ReadOptions::new(&folder)).expect("documents");
    let (platform, _) = keycloak("http://127.0.0.1:9");
    // Beside each other, as `Site::world` has them.
    let documents = move || formulary::engine::documents::load(&snapshot, &Options::default());
    let (loaded, memory) = tokio::join!(tokio::task::spawn_blocking(documents), Memory::of(&*ledger, &platform, now()));
    let (loaded, memory) = (loaded.expect("documents"), memory.expect("a memory"));
    let observations = ledger.observations().await.expect("observations");
    let planned = world(&platform, &loaded, observations, memory).plan(&[]);
    let plan = planned.planned.plan;
    assert!(plan.steps.is_empty(), "{:#?}", plan.steps.first());
    let look = Look { colour: false, width: 100, verbose: false };
    std::fs::write("/dev/null", text::plan(&plan, look)).expect("printed");
    Measured { cpu: used(), memory: peak(), ..Measured::default() }
}

/// What this process has had of the processor, in nanoseconds: all its threads, in hundredths of a second.
fn used() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|it| it.parse::<u64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) * 10_000_000
}

/// One person changes teams, then name, and so on.
fn one_file(count: usize) -> Measured {
    let files = company(count);
    let kept = Kept::new(&snapshot(files), Options::default());
    let (platform, _) = keycloak("http://127.0.0.1:9");
    let (observations, recorded) = settled(&platform, kept.loaded());
    let memory = Memory { ledger: Some("bench".to_owned()), recorded, ..Memory::default() };
    let world = world(&platform, kept.loaded(), observations, memory);
    let planned = world.plan(&[]);
    assert!(planned.planned.plan.steps.is_empty(), "{:#?}", planned.planned.plan.steps.first());
    let mut compiled = Compiled::new(kept, world, &planned);
    let mut round = 0;
    let mut measured = measure(21, || {
        round += 1;
        let name = format!("person-{}", 4711 % (count / 2));
        let entry = FileEntry::from(person(&name, &format!("Jo{round}"), &format!("team-{}", round % 2)).as_str());
        let path = format!("users/acme/{name}.yaml");
        let taken = compiled.take(&platform, &Allotments::default(), "next", [(path.as_str(), Some(&entry))]);
        let Taken::Part(part) = taken else { panic!("one file is a part: {taken:?}") };
        assert!(!part.planned.plan.steps.is_empty(), "something is to be done");
    });
    measured.label = count.to_string();
    measured
}

/// Creations in a service that answers at once: what journalling them on disk costs.
async fn journal() {
    println!("apply: journal of creations on disk (WAL, synchronous FULL), 64 at once");
    println!("{:>12} {:>11} {:>12} {:>8}", "creations", "clock", "each", "growth");
    let mut first = None;
    for (count, terraform) in TERRAFORM_APPLY {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = sqlite::open(&folder.path().join("ledger.db"), "bench", now()).await.expect("a ledger");
        let took = creations(&ledger, count).await.as_secs_f64();
        let each = took / count as f64;
        println!(
            "{count:>12} {:>8.1} ms {:>9.1} µs {:>7.2}×",
            took * 1e3,
            each * 1e6,
            each / *first.get_or_insert(each)
        );
        against(&format!("apply of {count}"), took, terraform);
    }
    println!();
}

async fn creations(ledger: &SharedLedger, count: usize) -> Duration {
    let instance = Instance::new("id");
    let mut kinds = formulary::engine::diff::Kinds::default();
    kinds.insert(instance.clone(), inmemory::KINDS);
    let service = InMemory::default();
    let halves = (service.reader_of(&instance, &clock()), service.writer_of(&instance, &clock()));
    let hands = Hands {
        reader: halves.0,
        writer: halves.1,
        concurrency: 64,
        patience: Patience::of(std::time::Duration::ZERO),
    };
    let lease = ledger.acquire_lease("apply", "bench", chrono::Duration::hours(1), now()).await.expect("a lease");
    let steps: Vec<Step> = (0..count).map(|number| creation(&instance, number)).collect();
    let plan = Plan {
        format_version: FORMAT_VERSION.to_owned(),
        platform: "bench".to_owned(),
        revision: "bench".to_owned(),
        ledger: Some(ledger.identity().id.clone()),
        basis: Basis::ThreeWay,
        made_for: now(),
        snapshot: String::new(),
        changes: Vec::new(),
        in_sync: 0,
        steps,
        waiting: Vec::new(),
        incomplete: Vec::new(),
        notes: Vec::new(),
        digest: "bench".to_owned(),
    };
    let environment: Arc<dyn Environment> = Arc::new(FixedEnvironment::default());
    let began = Instant::now();
    let outcome = apply(&Apply {
        plan: &plan,
        kinds: &kinds,
        hands: &BTreeMap::from([(instance, hands)]),
        ledger: &**ledger,
        fence: &lease.fence,
        tenure: &Tenure::until(lease.until, &clock()),
        known: &Related::default(),
        payloads: &Default::default(),
        released: &BTreeMap::new(),
        secrets: &MachineSecrets { environment, folder: "/bench".into() },
        progress: &Quiet,
        probe: &NoProbe,
        clock: &SystemClock,
        stop: CancellationToken::new(),
        deadline: None,
    })
    .await
    .expect("it begins");
    let took = began.elapsed();
    assert_eq!(outcome.counts().done, count, "all are made");
    took
}

fn creation(instance: &Instance, number: usize) -> Step {
    let address = Address::new(instance, "user", &format!("person-{number}"));
    let email = Term::Known(format!("person-{number}@acme.example").into());
    Step {
        id: StepId(u32::try_from(number).unwrap_or(u32::MAX)),
        verb: Verb::Create,
        class: KindClass::Person,
        owner: Owner(format!("user:default/person-{number}")),
        origin: None,
        external_id: None,
        before: Fields::new(),
        after: [(Field::Borrowed("email"), email)].into(),
        partly: BTreeSet::new(),
        begun: false,
        uses: BTreeSet::new(),
        needs: BTreeSet::new(),
        relied_on: None,
        goes_with: Vec::new(),
        waits: Vec::new(),
        why: "declared".to_owned(),
        undo: None,
        calls: 2,
        digest: format!("create {address}"),
        address,
    }
}

/// A platform that is led by its documents, and its ledger.
struct Stage {
    platform: Platform,
    secrets: MachineSecrets,
    ledger: SharedLedger,
    snapshot: Snapshot,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new((platform, secrets): (Platform, MachineSecrets), snapshot: Snapshot) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = sqlite::open(&folder.path().join("ledger.db"), "bench", now()).await.expect("a ledger");
        Self { platform, secrets, ledger, snapshot, _folder: folder }
    }

    async fn read(&self) -> World {
        let loaded = formulary::engine::documents::load(&self.snapshot, &Options::default());
        let memory = Memory::of(&*self.ledger, &self.platform, now()).await.expect("a memory");
        read(&self.platform, "bench", loaded, memory, now(), &Quiet).await
    }

    async fn apply(&self) -> Outcome {
        let stop = CancellationToken::new();
        let turn = Turn::begin(&self.platform, &self.ledger, &clock(), "bench", stop).await.expect("a turn");
        let world = self.read().await;
        let planned = world.plan(&[]);
        turn.remember(&world, &planned).await.expect("remembered");
        let outcome = turn.apply(&planned, &self.secrets, &Quiet, &NoProbe, None).await.expect("it begins");
        turn.end().await.expect("ended");
        for (step, failure) in outcome.failures().take(3) {
            println!("failed: {} {}: {failure}", step.verb, step.address);
        }
        outcome
    }
}

/// Calls of a cycle in which nothing is to be done, as the emulator counts them.
async fn steady_cycle(people: usize) {
    let options = SandboxOptions { only: vec!["keycloak".to_owned()], ..SandboxOptions::default() };
    let sandbox = Sandbox::start_fresh(options).await.expect("a sandbox");
    let served = sandbox.service("keycloak").expect("it was asked for");
    let admin = Admin::new(served.base(), "boot", "boot-secret");
    admin.make_realm().await;
    let stage = Stage::new(keycloak(served.base()), snapshot(company(people))).await;
    stage.apply().await;
    served.requests().reset();
    let world = stage.read().await;
    let calls = served.requests().count();
    assert!(world.plan(&[]).planned.plan.steps.is_empty(), "nothing is left to do");
    let pages: usize = world.observations.iter().map(|it| it.objects.len().div_ceil(100).max(1)).sum();
    println!("steady cycle: calls of Keycloak with {people} documents: {calls}; bar: {pages} pages and 10\n");
    sandbox.stop().await;
}

/// Five services that nobody was in, and the config of a platform of them.
async fn start_five() -> (BTreeMap<&'static str, Served>, (Platform, MachineSecrets)) {
    let clock = Arc::new(MovableClock::default());
    // A licence takes any number of people. Limits of calls a minute, Twenty's and Coder's, would be all that is measured.
    let licensed = mattermost::Settings { is_licensed: true, ..mattermost::Settings::default() }
        .with("TeamSettings", "MaxUsersPerTeam", 10_000)
        .with("GitLabSettings", "Enable", true);
    let mut unlimited = twenty::Settings::default().unlimited();
    for object in ["company", "person", "opportunity"] {
        unlimited = unlimited.with_text_field(object, "formularyKey", true);
    }
    let emulators: [Arc<dyn Emulator>; 5] = [
        keycloak_emulator::Keycloak::new(clock.clone()),
        gitea::Gitea::new(clock.clone()),
        mattermost::Mattermost::with_settings(clock.clone(), licensed),
        coder::Coder::with_settings(
            clock.clone(),
            coder::Settings { rate_limit: u32::MAX as _, ..coder::Settings::default() },
        ),
        twenty::Twenty::with_settings(clock.clone(), unlimited),
    ];
    let mut running = BTreeMap::new();
    for emulator in emulators {
        let options = ServeOptions { clock: clock.clone(), ..ServeOptions::default() };
        let served = serve(emulator, options).await.expect("an emulator");
        running.insert(served.service(), served);
    }
    Admin::new(running["keycloak"].base(), "boot", "boot-secret").make_realm().await;
    let mut environment = FixedEnvironment::default().with_variable("SECRET", "the-secret");
    let mut entries = String::new();
    let chat = running["mattermost"].base();
    let realm = format!(
        "realm: {REALM}, version: 26.7.3, vouch_for_email: true, first_sign_in: none, clients: [{{ client_id: mattermost, \
         name: Chat, root_url: \"{chat}\", redirect_uris: [\"{chat}/signup/gitlab/complete\"] }}]"
    );
    for (service, principal, header, credentials, options) in [
        ("keycloak", "", "", "client_id: formulary, client_secret: \"env:SECRET\"", realm.as_str()),
        ("gitea", "admin token", "Authorization", "token: \"env:GITEA\"", "source_id: 1"),
        (
            "mattermost",
            "admin token",
            "Authorization",
            "token: \"env:MATTERMOST\"",
            "sign_in: gitlab, sign_in_client: mattermost",
        ),
        ("coder", "daemon", "Coder-Session-Token", "token: \"env:CODER\"", "sign_in: password"),
        ("twenty", "writer key", "Authorization", "token: \"env:TWENTY\"", "opportunities: none"),
    ] {
        let served = &running[service];
        let secret = served.credentials().get(principal).and_then(|headers| headers.get(header)).cloned();
        let secret = secret.unwrap_or_default();
        environment = environment.with_variable(&service.to_uppercase(), secret.rsplit(' ').next().unwrap_or_default());
        entries.push_str(&format!(
            "  {service}:\n    url: {}\n    mode: enforce\n    credentials: {{ {credentials} }}\n    options: {{ {options} \
             }}\n    limits: {{ requests_per_minute: 10000 }}\n",
            served.base()
        ));
    }
    let platform = platform(&entries, environment);
    (running, platform)
}

/// Records a page, by service.
const PAGES: [(&str, usize); 5] =
    [("keycloak", 100), ("gitea", 50), ("mattermost", 200), ("coder", 100), ("twenty", 200)];

/// First apply and steady cycle of the whole platform. The emulators work in the same process, so that the times are theirs
/// as well.
async fn five_services(people: usize) {
    let (running, platform) = start_five().await;
    let stage = Stage::new(platform, snapshot(company(people))).await;
    let calls =
        || running.iter().map(|(service, served)| (*service, served.requests().count())).collect::<BTreeMap<_, _>>();
    let reset = || running.values().for_each(|served| served.requests().reset());
    reset();
    let began = Instant::now();
    let outcome = stage.apply().await;
    let (applied, counts, first) = (began.elapsed().as_secs_f64(), outcome.counts(), calls());
    reset();
    let began = Instant::now();
    let world = stage.read().await;
    let left = world.plan(&[]).planned.plan.steps.len();
    let (planned, steady) = (began.elapsed().as_secs_f64(), calls());
    println!("the whole platform of {people} documents in five services, emulated in the same process:");
    println!(
        "  first apply: {} steps in {applied:.1} s, {} not done; steady cycle: {planned:.2} s, {left} left",
        counts.done, counts.failed
    );
    for (service, page) in PAGES {
        let of_it = world.observations.iter().filter(|it| it.scope.instance.as_str() == service);
        let pages: usize = of_it.map(|it| it.objects.len().div_ceil(page).max(1)).sum();
        println!(
            "  {service}: {} calls in the first apply; {} in a steady cycle; bar: {pages} pages and 10",
            first[service], steady[service]
        );
    }
    println!();
}

/// First apply and no-op plan of a real Keycloak, beside listing all people.
async fn real_keycloak(people: usize) {
    let variable = |name: &str| std::env::var(name).ok().filter(|it| !it.is_empty());
    let [url, id, secret] =
        ["URL", "ADMIN_CLIENT_ID", "ADMIN_CLIENT_SECRET"].map(|name| variable(&format!("FORMULARY_KEYCLOAK_{name}")));
    let (Some(url), Some(id), Some(secret)) = (url, id, secret) else {
        println!("a real Keycloak: not measured, because FORMULARY_KEYCLOAK_URL and its credentials are not set");
        return;
    };
    let admin = Admin::new(&url, &id, &secret);
    admin.make_realm().await;
    let stage = Stage::new(keycloak(&url), snapshot(company(people))).await;
    let began = Instant::now();
    let outcome = stage.apply().await;
    let applied = began.elapsed().as_secs_f64();
    let counts = outcome.counts();
    println!(
        "a real Keycloak, {people} documents: {} steps done, {} not, in the first apply",
        counts.done, counts.failed
    );
    let mut planned = f64::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        let steps = stage.read().await.plan(&[]).planned.plan.steps.len();
        planned = planned.min(began.elapsed().as_secs_f64());
        assert_eq!(steps, 0, "nothing is left to do");
    }
    let listed = admin.list_people(people).await;
    against("first apply", applied, KEYCLOAK_APPLY);
    against("no-op plan", planned, KEYCLOAK_PLAN);
    println!("  listing all people: {listed:.2} s here, {KEYCLOAK_LIST} s there");
    admin.remove_realm().await;
}

/// Prints a time beside another one.
fn against(what: &str, took: f64, theirs: f64) {
    println!("  {what}: {took:.3} s; Terraform {theirs} s: {:.1} times faster", theirs / took);
}

/// Whoever administers all of a Keycloak.
struct Admin {
    base: String,
    http: reqwest::Client,
    id: String,
    secret: String,
}

/// What our client may do in the realm.
const RIGHTS: [&str; 5] = ["manage-users", "manage-organizations", "manage-clients", "view-realm", "manage-realm"];

impl Admin {
    fn new(base: &str, id: &str, secret: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { base: base.to_owned(), http, id: id.to_owned(), secret: secret.to_owned() }
    }

    async fn call(&self, method: reqwest::Method, path: &str, body: Option<Json>) -> Json {
        // For one call each: a token lasts a minute, and tells the rights in the realms that there were when it was made.
        let form = [("grant_type", "client_credentials"), ("client_id", &self.id), ("client_secret", &self.secret)];
        let url = format!("{}/realms/master/protocol/openid-connect/token", self.base);
        let answer: Json = self.http.post(url).form(&form).send().await.expect("an answer").json().await.expect("JSON");
        let token = answer["access_token"].as_str().expect("a token");
        let request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        serde_json::from_slice(&answer.bytes().await.expect("a body")).unwrap_or_default()
    }

    async fn get(&self, path: &str) -> Json {
        self.call(reqwest::Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Json) -> Json {
        self.call(reqwest::Method::POST, path, Some(body)).await
    }

    /// A realm with our client in it, as the set-up guide makes it.
    async fn make_realm(&self) {
        self.post("/admin/realms", json!({ "realm": REALM, "enabled": true, "organizationsEnabled": true })).await;
        let realm = format!("/admin/realms/{REALM}");
        let ours = json!({
            "clientId": "formulary", "secret": "the-secret", "serviceAccountsEnabled": true,
            "standardFlowEnabled": false, "publicClient": false,
        });
        self.post(&format!("{realm}/clients"), ours).await;
        let id = |found: &Json| found[0]["id"].as_str().unwrap_or_default().to_owned();
        let ours = id(&self.get(&format!("{realm}/clients?clientId=formulary")).await);
        let account = self.get(&format!("{realm}/clients/{ours}/service-account-user")).await;
        let account = account["id"].as_str().unwrap_or_default().to_owned();
        let management = id(&self.get(&format!("{realm}/clients?clientId=realm-management")).await);
        let mut roles = Vec::new();
        for right in RIGHTS {
            let role = self.get(&format!("{realm}/clients/{management}/roles/{right}")).await;
            roles.push(json!({ "id": role["id"], "name": role["name"] }));
        }
        self.post(&format!("{realm}/users/{account}/role-mappings/clients/{management}"), Json::Array(roles)).await;
    }

    async fn remove_realm(&self) {
        self.call(reqwest::Method::DELETE, &format!("/admin/realms/{REALM}"), None).await;
    }

    /// Seconds that listing everybody takes, in one page.
    async fn list_people(&self, people: usize) -> f64 {
        let began = Instant::now();
        self.get(&format!("/admin/realms/{REALM}/users?max={people}")).await;
        began.elapsed().as_secs_f64()
    }
}
