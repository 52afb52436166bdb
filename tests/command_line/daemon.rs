//! The daemon as it is run: a process of its own, looked at from outside. Nothing here waits for a time; each step waits
//! until what it is about has come true.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use formulary::provider::emulator::faults::{Defect, Fault};
use formulary::runtime::sandbox::sample::MonoRepo;
use regex::Regex;
use serde_json::{Value, json};

use crate::bench::{Bench, REALM, person};

/// How long anything may take to come true, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often one looks.
const LOOK: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_is_kept_true() {
    let (bench, mono_repo) = platform().await;
    let mut daemon = Daemon::start(&bench, "one");
    daemon.is_ready().await;
    assert!(bench.has("alice").await && bench.has("bob").await, "it is ready before it did its work");

    mono_repo.write("users/acme/carol.yaml", &person("carol", &["acme", "core"])).unwrap();
    mono_repo.commit("Carol joins").unwrap();
    wait("Carol has her accounts", async || bench.has("carol").await).await;

    bench.rename_behind_our_back("alice", "Edited by hand").await;
    wait("the edit is undone", async || bench.in_keycloak("alice").await["lastName"] == "Jones").await;
    wait("a report names the edit", async || {
        bench.reports().iter().any(|page| {
            ["drifted", "user/alice", "Edited by hand", "done update keycloak:user/alice"]
                .iter()
                .all(|it| page.contains(it))
        })
    })
    .await;
    let metrics = daemon.metrics().await;
    for line in [
        "formulary_steps_total{instance=\"keycloak\",verb=\"update\",outcome=\"done\"}",
        "formulary_resources{instance=\"keycloak\",class=\"in-sync\"}",
        "formulary_calls_total{instance=\"gitea\",status=\"2xx\"}",
        "formulary_leading 1",
    ] {
        assert!(metrics.contains(line), "{line} is not in:\n{metrics}");
    }

    // A mono-repo that suddenly declares nobody is nobody's wish.
    std::fs::remove_dir_all(mono_repo.folder().join("users")).unwrap();
    mono_repo.commit("Oops").unwrap();
    wait("it says so", async || {
        daemon.readiness().await.is_some_and(|it| it["reasons"].to_string().contains("declares nobody"))
    })
    .await;
    let before = daemon.cycles().await;
    wait("cycles go on", async || daemon.cycles().await > before + 1).await;
    assert!(bench.has("alice").await && bench.has("bob").await && bench.has("carol").await);
    assert_eq!(bench.in_keycloak("alice").await["enabled"], true, "somebody was offboarded");
    assert_eq!(daemon.stop("TERM"), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_down_holds_up_nobody_else() {
    let (bench, mono_repo) = platform().await;
    let mut daemon = Daemon::start(&bench, "one");
    daemon.is_ready().await;
    let gitea = bench.sandbox.service("gitea").unwrap();
    let broken = Fault::new(Defect::Status { status: 500, body: None, applied: false });
    let fault = gitea.arm(broken).unwrap();
    mono_repo.write("users/acme/dave.yaml", &person("dave", &["acme"])).unwrap();
    mono_repo.commit("Dave joins").unwrap();
    wait("readiness names it", async || {
        daemon.readiness().await.is_some_and(|it| it["ready"] == true && !it["degraded"]["gitea"].is_null())
    })
    .await;
    wait("the others go on", async || bench.has_in_keycloak("dave").await).await;
    wait("the report names it", async || bench.latest().contains("gitea: not read whole")).await;
    assert!(daemon.metrics().await.contains("formulary_reading_complete{instance=\"gitea\"} 0"));
    gitea.lift(fault).unwrap();
    wait("it is caught up with", async || bench.has("dave").await).await;
    wait("readiness forgets it", async || {
        daemon.readiness().await.is_some_and(|it| it["degraded"].as_object().is_some_and(serde_json::Map::is_empty))
    })
    .await;

    // A config that is wrong changes nothing.
    let config = std::fs::read_to_string(bench.path("formulary.yaml")).unwrap();
    bench.write("formulary.yaml", &config.replace("mode: enforce", "mode: enforced"));
    daemon.signal("HUP");
    wait("it says so", async || daemon.log().contains("what was read before stands")).await;
    bench.write("formulary.yaml", &config);
    daemon.signal("HUP");
    wait("it takes the right one", async || daemon.log().contains("the config was read again")).await;
    assert_eq!(daemon.stop("INT"), Some(0));
    assert!(!daemon.log().contains("the-secret"), "a secret is in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_in_the_middle_it_ends_well_and_the_next_one_goes_on() {
    interrupted("TERM", Some(0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_the_next_one_goes_on() {
    interrupted("KILL", None).await;
}

/// Ends a daemon while it makes the platform, and lets another finish it.
async fn interrupted(by: &str, code: Option<i32>) {
    let (bench, _mono_repo) = platform().await;
    let gitea = bench.sandbox.service("gitea").unwrap();
    // So slow that it is in the middle for long.
    let slow = Fault::new(Defect::Latency { ms: 1500, up_to_ms: None, seed: 0 }).on("POST", "/**");
    let fault = gitea.arm(slow).unwrap();
    let mut first = Daemon::start(&bench, "one");
    wait("it is in the middle", async || bench.has_in_keycloak("bob").await).await;
    assert_eq!(first.stop(by), code, "{}", first.log());
    gitea.lift(fault).unwrap();
    let left = bench.run("plan --detailed-exitcode");
    assert!([2, 4].contains(&left.code), "nothing was left to do:\n{}", left.transcript());

    let mut second = Daemon::start(&bench, "two");
    second.is_ready().await;
    wait("it is complete", async || bench.has("alice").await && bench.has("bob").await).await;
    wait("everything is in sync", async || bench.latest().contains(": in-sync\n")).await;
    assert_eq!(second.stop("TERM"), Some(0));
    bench.run("plan --detailed-exitcode").exits(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_on_one_ledger_one_leads() {
    let (bench, _mono_repo) = platform().await;
    let mut first = Daemon::start(&bench, "one");
    first.is_ready().await;
    let mut second = Daemon::start(&bench, "two");
    wait("it says who leads", async || {
        second.readiness().await.is_some_and(|it| {
            it["ready"] == false && it["reasons"].to_string().contains(&format!("process {}", first.child.id()))
        })
    })
    .await;
    wait("somebody else takes a turn between two cycles", async || bench.run("apply").code == 0).await;
    assert_eq!(second.cycles().await, 0);
    assert_eq!(first.stop("TERM"), Some(0));
    second.is_ready().await;
    assert_eq!(second.stop("TERM"), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_followed_as_it_changes() {
    let (bench, _mono_repo) = platform().await;
    // Neither a poll nor the interval is near: only the change itself can be the reason.
    let config = std::fs::read_to_string(bench.path("formulary.yaml")).unwrap();
    bench.write("formulary.yaml", &config.replace("poll: 1s", "poll: 1h").replace("every: 2s", "every: 1h"));
    let mut daemon = Daemon::start_with(&bench, "one", &["--dir", "repo", "--log-format", "json"]);
    daemon.is_ready().await;
    bench.write("repo/users/acme/erin.yaml", &person("erin", &["acme"]));
    wait("the change is noticed", async || bench.has("erin").await).await;
    assert_eq!(daemon.stop("TERM"), Some(0));
    let log = daemon.log();
    let events: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let cycle = events.iter().find(|it| it["message"] == "cycle").unwrap_or_else(|| panic!("no cycle in:\n{log}"));
    assert_eq!((&cycle["result"], &cycle["failed"]), (&json!("applied"), &json!(0)), "{cycle}");
    assert!(cycle["calls"].as_u64() > Some(10) && cycle["revision"].is_string(), "{cycle}");
}

/// A small platform whose mono-repo is a Git repository, and a config in a hurry.
async fn platform() -> (Bench, MonoRepo) {
    let bench = Bench::small().await;
    let mono_repo = MonoRepo::create(&bench.path("repo")).unwrap();
    for folder in ["users", "formulas", "enterprise"] {
        std::fs::remove_dir_all(bench.path("repo").join(folder)).unwrap();
    }
    bench.mono_repo();
    mono_repo.commit("A small platform").unwrap();
    let more = "repository: { url: repo, poll: 1s }\nschedule: { every: 2s }\nserve: { listen: \"127.0.0.1:0\" }\n";
    bench.write("formulary.yaml", &format!("{}{more}", bench.config("enforce")));
    (bench, mono_repo)
}

/// Waits until something is true.
async fn wait(what: &str, is_true: impl AsyncFn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_true().await {
        assert!(Instant::now() < until, "it does not come true that {what}");
        tokio::time::sleep(LOOK).await;
    }
}

/// A daemon that runs. Dropping it kills it.
struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    fn start(bench: &Bench, name: &str) -> Self {
        Self::start_with(bench, name, &[])
    }

    fn start_with(bench: &Bench, name: &str, arguments: &[&str]) -> Self {
        let log = bench.path(&format!("{name}.log"));
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("formulary"));
        command.current_dir(bench.folder.path()).env_clear().env("NO_COLOR", "1").env("HOME", bench.folder.path());
        command.args(["run", "--config", "formulary.yaml"]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log).unwrap());
        Self { child: command.spawn().unwrap(), log }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// What it answers on a path, once it listens.
    async fn get(&self, path: &str) -> Option<(u16, String)> {
        let place = Regex::new(r"http://(127\.0\.0\.1:\d+)/readyz").unwrap();
        let log = self.log();
        let address = &place.captures(&log)?[1];
        let answer = reqwest::get(format!("http://{address}{path}")).await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    async fn readiness(&self) -> Option<Value> {
        let (status, text) = self.get("/readyz").await?;
        let readiness: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(status == 200, readiness["ready"] == true, "{status}: {readiness}");
        Some(readiness)
    }

    async fn is_ready(&self) {
        wait("it is ready", async || self.get("/readyz").await.is_some_and(|(status, _)| status == 200)).await;
        assert_eq!(self.get("/healthz").await.map(|(status, _)| status), Some(200));
    }

    async fn metrics(&self) -> String {
        self.get("/metrics").await.unwrap().1
    }

    /// Cycles so far.
    async fn cycles(&self) -> u64 {
        let metrics = self.metrics().await;
        let counts = metrics.lines().filter(|line| line.starts_with("formulary_cycles_total{"));
        counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// Sends a signal and answers how it ended; `None` for one that was killed.
    fn stop(&mut self, signal: &str) -> Option<i32> {
        self.signal(signal);
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < until, "it does not end:\n{}", self.log());
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Bench {
    /// Somebody's account, or null.
    async fn in_keycloak(&self, name: &str) -> Value {
        let path = format!("/admin/realms/{REALM}/users?username={name}&exact=true");
        self.administrator("keycloak").get(&path).await.unwrap()[0].clone()
    }

    async fn has_in_keycloak(&self, name: &str) -> bool {
        !self.in_keycloak(name).await.is_null()
    }

    async fn rename_behind_our_back(&self, name: &str, last_name: &str) {
        let mut account = self.in_keycloak(name).await;
        account["lastName"] = json!(last_name);
        let path = format!("/admin/realms/{REALM}/users/{}", account["id"].as_str().unwrap());
        self.administrator("keycloak").put(&path, account).await.unwrap();
    }

    /// Whether somebody has an account in each service.
    async fn has(&self, name: &str) -> bool {
        let gitea = self.administrator("gitea").get(&format!("/api/v1/users/{name}")).await;
        gitea.is_ok() && self.has_in_keycloak(name).await
    }

    fn latest(&self) -> String {
        std::fs::read_to_string(self.path("state/reports/latest.txt")).unwrap_or_default()
    }

    /// Every page that is kept.
    fn reports(&self) -> Vec<String> {
        let folder = std::fs::read_dir(self.path("state/reports")).into_iter().flatten().flatten();
        let pages = folder.map(|it| it.path()).filter(|it| it.extension().is_some_and(|ending| ending == "txt"));
        pages.filter_map(|it| std::fs::read_to_string(it).ok()).collect()
    }
}
