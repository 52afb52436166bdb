//! Killed at random instants of plans over every service that the sandbox has: at a boundary of the journal, or by a
//! signal from outside after any while.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use formulary::engine::model::{Live, Value};
use formulary::runtime::reconcile::{Quiet, Site};
use formulary::runtime::repo::Source;
use formulary::runtime::sandbox::sample::{seed, write_config};
use formulary::runtime::sandbox::{Sandbox, SandboxOptions};
use formulary::runtime::sys::{Machine, SystemClock};
use serde_json::Value as Json;
use tempfile::TempDir;

use super::random::Random;

/// Trials of the sample.
const SAMPLE: u64 = 10;
/// Runs within which it must come to its end, those that are killed not counted.
const RUNS: usize = 8;
/// More boundaries than a plan of the sample platform has.
const BOUNDARIES: usize = 60;

#[test]
fn killed_at_random_instants_it_comes_to_the_same_end() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = match number("FORMULARY_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("FORMULARY_SEEDS").unwrap_or(SAMPLE),
    };
    let next = std::sync::atomic::AtomicU64::new(seeds.start);
    let failed: Vec<u64> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(|| trials(&next, seeds.end))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    for seed in &failed {
        eprintln!("again: FORMULARY_SEED={seed} cargo test --test kills -- --nocapture at_random_instants");
    }
    assert!(failed.is_empty(), "{} trials failed", failed.len());
}

/// Takes trials from the common number until it is used up; the seeds of those that failed.
fn trials(next: &std::sync::atomic::AtomicU64, end: u64) -> Vec<u64> {
    // The runtime serves the sandbox while this thread waits for processes.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let place = runtime.block_on(Place::new());
    let began = Instant::now();
    let undisturbed = play(&runtime, &place, None);
    let whole = began.elapsed() / 6;
    let undisturbed = undisturbed.unwrap_or_else(|why| panic!("without any kill: {why}"));
    let mut failed = Vec::new();
    loop {
        let seed = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        if seed >= end {
            return failed;
        }
        let mut killer =
            Killer { random: Random::new(seed, "kills"), whole, left: 1 + (seed % 4) as usize, told: Vec::new() };
        let came = play(&runtime, &place, Some(&mut killer));
        let why = match came {
            Ok(ends) if ends == undisturbed => None,
            Ok(ends) => Some(format!("another end: {:#?}", differences(&undisturbed, &ends))),
            Err(why) => Some(why),
        };
        if let Some(why) = why {
            eprintln!("trial {seed}, {:?}: {why}", killer.told);
            failed.push(seed);
        }
        if (seed + 1).is_multiple_of(50) {
            eprintln!("{} trials", seed + 1);
        }
    }
}

/// A sandbox, a config and a mono-repo.
struct Place {
    folder: TempDir,
    sandbox: Sandbox,
}

/// Ends processes before they are done.
struct Killer {
    random: Random,
    /// How long a run takes, about.
    whole: Duration,
    left: usize,
    told: Vec<String>,
}

type Lines = Vec<String>;

/// Without Coder, whose imports and builds take seconds each: that work which goes on is found again is shown where time
/// costs nothing (`reconcile/tests/following.rs`).
fn three_services() -> SandboxOptions {
    let only = ["keycloak", "gitea", "mattermost"].map(str::to_owned);
    SandboxOptions { only: only.into(), ..SandboxOptions::default() }
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start_fresh(three_services()).await.unwrap();
        write_config(&sandbox, &folder.path().join("formulary.yaml"), None).unwrap();
        Self { folder, sandbox }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The services as they were before we came, the sample mono-repo, and no ledger.
    async fn reset(&self) {
        self.sandbox.reset();
        seed(&self.sandbox).await.unwrap();
        let _ = std::fs::remove_dir_all(self.path(".formulary"));
        let _ = std::fs::remove_dir_all(self.path("repo"));
        for folder in ["users", "formulas"] {
            copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &self.path("repo").join(folder));
        }
    }

    /// The mono-repo changes: somebody leaves, somebody comes, a team is emptied by one.
    fn change(&self) {
        std::fs::remove_file(self.path("repo/users/acme-corp/henry.yaml")).unwrap();
        let farid = std::fs::read_to_string(self.path("repo/users/acme-corp/farid.yaml")).unwrap();
        std::fs::write(self.path("repo/users/acme-corp/zoe.yaml"), farid.replace("farid", "zoe")).unwrap();
        let alice = std::fs::read_to_string(self.path("repo/users/acme-corp/alice.yaml")).unwrap();
        let alice = alice.replace("Alice Chen", "Alice Chen-Okafor");
        std::fs::write(self.path("repo/users/acme-corp/alice.yaml"), alice).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("formulary"));
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path()).env("USER", "grace");
        command.args(["--config", "formulary.yaml"]).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end; its code, and what it said.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.command(arguments).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    }

    /// Approves everything that waits.
    fn approve(&self) {
        let plan = self.path("plan.json");
        self.run(&["plan", "--dir", "repo", "-o", "plan.json"]);
        let plan: Json = serde_json::from_slice(&std::fs::read(plan).unwrap()).unwrap();
        for group in plan["formulary"]["plan"]["waiting"].as_array().into_iter().flatten() {
            let (code, said) = self.run(&["approve", group["digest"].as_str().unwrap(), "--dir", "repo"]);
            assert_eq!(code, Some(0), "{said}");
        }
    }

    /// Everything that is there and recorded, by names: ids are replaced by what they are the ids of.
    async fn end(&self) -> Result<Lines, String> {
        let site = Site::open(Some(&self.path("formulary.yaml")), Arc::new(Machine), Arc::new(SystemClock));
        let site = site.map_err(|problems| format!("{problems:#?}"))?;
        let ledger = site.ledger().await.map_err(|error| error.to_string())?;
        let source = Source::Dir(self.path("repo"));
        let snapshot = site.snapshot(source, None).await.map_err(|error| error.to_string())?;
        let world = site.world(&snapshot, Some(&ledger), &Quiet).await.map_err(|error| error.to_string())?;
        let live = &world.observed.live;
        let open = ledger.open_intents().await.unwrap();
        if !open.is_empty() {
            return Err(format!("{} entries of the journal are open", open.len()));
        }
        let mut lines: Lines = live.values().map(|it| line(it, live)).collect();
        for recorded in ledger.objects().await.unwrap() {
            // Under another name, where a service could not rename it.
            let is_it = |it: &Live| {
                let (of, to) = (&it.address, &recorded.address);
                (of.instance == to.instance && of.kind == to.kind) && it.external_id == recorded.external_id
            };
            let there = match recorded.external_id {
                Some(_) => live.values().any(is_it),
                None => live.contains_key(&recorded.address),
            };
            if !there {
                return Err(format!("'{}' is recorded and not there", recorded.address));
            }
            lines.push(format!(
                "recorded {} {:?} {:?}",
                recorded.address,
                recorded.origin,
                recorded.state == formulary::engine::model::ObjectState::Active
            ));
        }
        let mut ids: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
        for it in live.values() {
            if let Some(id) = it.external_id.as_deref() {
                *ids.entry((it.address.instance.as_str(), it.address.kind.as_str(), id)).or_default() += 1;
            }
        }
        match ids.into_iter().find(|(_, many)| *many > 1) {
            Some((id, _)) => Err(format!("{id:?} is there twice")),
            None => Ok(lines),
        }
    }
}

/// Plays both acts; what is there after each.
fn play(
    runtime: &tokio::runtime::Runtime,
    place: &Place,
    mut killer: Option<&mut Killer>,
) -> Result<Vec<Lines>, String> {
    runtime.block_on(place.reset());
    let mut ends = Vec::new();
    for act in 0..2 {
        if act == 1 {
            place.change();
            if let Some(killer) = killer.as_deref_mut() {
                killer.left = killer.left.max(1);
            }
        }
        converge(place, killer.as_deref_mut())?;
        ends.push(runtime.block_on(place.end())?);
    }
    Ok(ends)
}

/// Applies and approves until nothing is left to do.
fn converge(place: &Place, mut killer: Option<&mut Killer>) -> Result<(), String> {
    let mut runs = 0;
    loop {
        if let Some(killer) = killer.as_deref_mut().filter(|it| it.left > 0) {
            killer.left -= 1;
            match killer.strike(place) {
                // Killed, or over before.
                None => continue,
                Some(0 | 4) => {}
                Some(code) => return Err(format!("a run that was not killed in time ended with {code}")),
            }
        }
        let (code, said) = place.run(&["apply", "--dir", "repo"]);
        match code {
            Some(4) => place.approve(),
            Some(0) => {
                let (code, said) = place.run(&["plan", "--dir", "repo", "--detailed-exitcode"]);
                return if code == Some(0) { Ok(()) } else { Err(format!("the plan is not empty:\n{said}")) };
            }
            code => return Err(format!("apply ended with {code:?}:\n{said}")),
        }
        runs += 1;
        if runs == RUNS {
            return Err(format!("no end in {RUNS} runs; the last one said:\n{said}"));
        }
    }
}

impl Killer {
    /// Begins a run and kills it, if it lasts that long: its code if it does not.
    fn strike(&mut self, place: &Place) -> Option<i32> {
        let mut command = place.command(&["apply", "--dir", "repo"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        if self.random.percent(50) {
            let boundary = 1 + self.random.below(BOUNDARIES);
            self.told.push(format!("at boundary {boundary}"));
            let status = command.env("FORMULARY_TEST_KILL_AT", boundary.to_string()).status().unwrap();
            return status.code();
        }
        let after = self.whole.mul_f64(self.random.below(1000) as f64 / 1000.0);
        self.told.push(format!("after {after:?}"));
        let child: Child = command.spawn().unwrap();
        ended_or_killed(child, after)
    }
}

/// Waits for a process so long, then kills it; its code if it ended by itself.
fn ended_or_killed(mut child: Child, after: Duration) -> Option<i32> {
    std::thread::sleep(after);
    // SIGKILL: nothing in the process can answer it.
    let _ = child.kill();
    child.wait().unwrap().code()
}

/// One live object, with ids of others replaced by their addresses.
fn line(it: &Live, live: &BTreeMap<formulary::engine::model::Address, Live>) -> String {
    let named = |value: &Value| match value.as_text() {
        Some(text) => {
            let of = live.values().find(|other| other.external_id.as_deref() == Some(text) && text.len() > 8);
            of.map_or_else(|| text.to_owned(), |other| format!("the id of {}", other.address))
        }
        None => value.to_string(),
    };
    let fields: Vec<String> = it.fields.iter().map(|(name, value)| format!("{name}={}", named(value))).collect();
    format!("{} {}", it.address, fields.join(" "))
}

fn differences(of: &[Lines], and: &[Lines]) -> Lines {
    let pairs = of.iter().zip(and);
    let differ = pairs.flat_map(|(of, and)| {
        let gone = of.iter().filter(|it| !and.contains(it)).map(|it| format!("- {it}"));
        let new = and.iter().filter(|it| !of.contains(it)).map(|it| format!("+ {it}"));
        gone.chain(new).collect::<Vec<_>>()
    });
    differ.collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(path, to).unwrap();
        }
    }
}
