//! Two at once: the second says who is at work, or waits; and one that was paused while another took over writes nothing.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use formulary::provider::emulator::faults::{Defect, Fault};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::bench::Bench;

/// Begins an apply whose first creation of a person hangs until the faults are lifted, and waits until it hangs.
async fn hanging(bench: &Bench) -> Child {
    let served = bench.sandbox.service("keycloak").unwrap();
    served.arm(Fault::new(Defect::Hang).on("POST", "/admin/realms/*/users").times(1)).unwrap();
    let child = begin(bench, &["apply", "--dir", "repo"]);
    while served.faults().first().is_none_or(|fault| fault.used == 0) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child
}

fn begin(bench: &Bench, arguments: &[&str]) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("formulary"));
    command.current_dir(bench.folder.path()).env_clear().env("NO_COLOR", "1").env("HOME", bench.folder.path());
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

async fn end(child: Child) -> (Option<i32>, String) {
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_says_who_is_at_work_or_waits() {
    let bench = Bench::small().await;
    bench.mono_repo();
    let first = hanging(&bench).await;
    let pid = first.id();

    let (code, said) = end(begin(&bench, &["apply", "--dir", "repo"])).await;
    assert_eq!(code, Some(1), "{said}");
    let holder = format!("'formulary apply, process {pid} on ");
    for words in [holder.as_str(), ", since 20", "is at work until", "--wait 5m"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // Only reading is nobody's turn.
    let (code, said) = end(begin(&bench, &["plan", "--dir", "repo"])).await;
    assert_eq!(code, Some(0), "{said}");

    let (code, said) = end(begin(&bench, &["apply", "--dir", "repo", "--wait", "1s"])).await;
    assert_eq!(code, Some(1), "it waited in vain: {said}");
    let second = begin(&bench, &["apply", "--dir", "repo", "--wait", "60s"]);
    bench.sandbox.service("keycloak").unwrap().lift_all();
    let (first, second) = tokio::join!(end(first), end(second));
    assert!(matches!(first.0, Some(0 | 8)), "{first:?}");
    assert_eq!(second.0, Some(0), "{second:?}");
    bench.run("plan --dir repo --detailed-exitcode").exits(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_of_a_killed_process_is_free_at_once() {
    let bench = Bench::small().await;
    bench.mono_repo();
    let mut first = hanging(&bench).await;
    first.kill().unwrap();
    first.wait().unwrap();
    bench.sandbox.service("keycloak").unwrap().lift_all();
    let (code, said) = end(begin(&bench, &["apply", "--dir", "repo"])).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("left open by the last run"), "{said}");
    bench.run("plan --dir repo --detailed-exitcode").exits(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_paused_while_another_took_over_writes_nothing_more() {
    let bench = Bench::small().await;
    bench.mono_repo();
    let first = hanging(&bench).await;
    let options = SqliteConnectOptions::new().filename(bench.path("state/ledger.db"));
    let mut ledger = SqliteConnection::connect_with(&options).await.unwrap();
    // Everything else has ended that does not need the one that hangs. What is stopped before its call is sent would
    // send it afterwards: here no minute passes that would tell it that its time is over.
    let mut quiet = 0;
    while quiet < 5 {
        let before = (writes(&bench), journal(&mut ledger).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
        quiet = if before == (writes(&bench), journal(&mut ledger).await) { quiet + 1 } else { 0 };
    }
    signal("-STOP", first.id());
    // A minute passes: the lease runs out.
    sqlx::query("UPDATE leases SET until = '2020-01-01T00:00:00.000000Z'").execute(&mut ledger).await.unwrap();
    bench.sandbox.service("keycloak").unwrap().lift_all();
    let (code, said) = end(begin(&bench, &["apply", "--dir", "repo"])).await;
    assert!(matches!(code, Some(0)), "{code:?} {said}");

    let calls = writes(&bench);
    let rows = journal(&mut ledger).await;
    signal("-CONT", first.id());
    let (code, said) = end(first).await;
    assert!(matches!(code, Some(1 | 8 | 9)), "{code:?} {said}");
    assert!(said.contains("taken over") || said.contains("lease"), "{said}");
    assert_eq!(journal(&mut ledger).await, rows, "it wrote to the ledger: {said}");
    assert_eq!(writes(&bench), calls, "it made a call: {said}");
    bench.run("plan --dir repo --detailed-exitcode").exits(0);
}

fn signal(which: &str, process: u32) {
    assert!(Command::new("kill").args([which, &process.to_string()]).status().unwrap().success());
}

/// Calls that change something, at every service.
fn writes(bench: &Bench) -> usize {
    let requests = bench.sandbox.services().values().flat_map(|served| served.requests().list());
    requests.filter(|it| it.method != "GET" && !it.path.ends_with("/token")).count()
}

/// What a run writes: its journal, its objects, its end.
async fn journal(ledger: &mut SqliteConnection) -> Vec<i64> {
    let mut counts = Vec::new();
    for sql in [
        "SELECT COUNT(*) FROM intents",
        "SELECT COUNT(*) FROM intents WHERE ended IS NULL",
        "SELECT COUNT(*) FROM objects",
        "SELECT COUNT(*) FROM runs WHERE ended IS NOT NULL",
    ] {
        counts.push(sqlx::query_scalar(sql).fetch_one(&mut *ledger).await.unwrap());
    }
    counts
}
