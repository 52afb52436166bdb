//! Killed at any moment and started again, it comes to the same end: nothing twice, nothing lost.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::bench::{Bench, REALM};

/// More boundaries than any run of this size has.
const MOST: u32 = 400;
/// What stands for the exit of a process that was killed.
const KILLED: i32 = -1;

/// Every boundary of a run that touches both services: an adoption that was approved, creations, memberships. The even
/// and the odd ones go side by side, each in a world of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)] // Two wait for a process, the others serve it.
async fn at_every_boundary_of_the_journal() {
    let (odd, even) = tokio::join!(tokio::spawn(kill_at_each(1)), tokio::spawn(kill_at_each(2)));
    assert!(odd.unwrap() + even.unwrap() > 20, "there are fewer boundaries than steps: nothing was killed");
}

/// Kills at the first boundary, two after it, and so on until a run ends by itself. Answers how often it killed.
async fn kill_at_each(first: u32) -> u32 {
    let bench = Bench::small().await;
    bench.mono_repo();
    start(&bench).await;
    copy(&bench.path("state"), &bench.path("approved"));
    apply(&bench, None).exits(0);
    let undisturbed = state(&bench).await;
    assert_eq!(undisturbed["keycloak people"].len(), 2);

    for (killed, n) in (0..).zip((first..MOST).step_by(2)) {
        bench.sandbox.reset();
        bench.fill().await;
        there_already(&bench).await;
        copy(&bench.path("approved"), &bench.path("state"));
        let first = apply(&bench, Some(n));
        if first.code != KILLED {
            first.exits(0);
            return killed;
        }
        let again = apply(&bench, None).exits(0);
        assert_eq!(state(&bench).await, undisturbed, "killed at {n}, then:\n{}", again.transcript());
        bench.run("plan --dir repo --detailed-exitcode").exits(0);
    }
    panic!("no run ends within {MOST} boundaries");
}

/// A group that is there before we come.
async fn there_already(bench: &Bench) {
    let keycloak = bench.administrator("keycloak");
    keycloak.post(&format!("/admin/realms/{REALM}/groups"), json!({ "name": "acme" })).await.unwrap();
}

/// A ledger with nothing but the approval that this group may be adopted.
async fn start(bench: &Bench) {
    there_already(bench).await;
    let plan = bench.path("plan.json");
    bench.run("plan --dir repo -o plan.json").exits(4);
    let plan: Value = serde_json::from_slice(&std::fs::read(plan).unwrap()).unwrap();
    let waiting = plan["formulary"]["plan"]["waiting"].as_array().unwrap();
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    bench.run(&format!("approve {} --dir repo", waiting[0]["digest"].as_str().unwrap())).exits(0);
}

/// Puts a copy of a ledger's folder in the place of another.
fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().map(Result::unwrap).filter(|it| it.path().is_file()) {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

fn apply(bench: &Bench, kill_at: Option<u32>) -> super::bench::Said {
    let n = kill_at.map(|n| n.to_string());
    let variables: Vec<(&str, &str)> = n.iter().map(|n| ("FORMULARY_TEST_KILL_AT", n.as_str())).collect();
    bench.run_with("apply --dir repo", &variables)
}

/// Everything that is there, by names, doubles and all.
async fn state(bench: &Bench) -> BTreeMap<String, Vec<String>> {
    let mut state = BTreeMap::new();
    let keycloak = bench.administrator("keycloak");
    let realm = format!("/admin/realms/{REALM}");
    let people = keycloak.get(&format!("{realm}/users?max=1000")).await.unwrap();
    let subjects: BTreeMap<String, String> =
        list(&people).map(|it| (text(&it["id"]), format!("subject of {}", text(&it["username"])))).collect();
    put(&mut state, "keycloak people", list(&people).map(|it| row(it, &["username", "email", "enabled", "lastName"])));
    let mut groups: Vec<Value> = list(&keycloak.get(&format!("{realm}/groups")).await.unwrap()).cloned().collect();
    let mut at = 0;
    while let Some(group) = groups.get(at).cloned() {
        let id = text(&group["id"]);
        let below = keycloak.get(&format!("{realm}/groups/{id}/children?max=1000")).await.unwrap();
        groups.extend(list(&below).cloned());
        let members = keycloak.get(&format!("{realm}/groups/{id}/members?max=1000")).await.unwrap();
        let path = text(&group["path"]);
        put(&mut state, &format!("keycloak group {path}"), list(&members).map(|it| row(it, &["username"])));
        at += 1;
    }
    put(&mut state, "keycloak groups", groups.iter().map(|it| row(it, &["path"])));

    let gitea = bench.administrator("gitea");
    let people = gitea.get("/api/v1/admin/users?limit=50").await.unwrap();
    let people = list(&people).map(|it| {
        let subject = subjects.get(&text(&it["login_name"])).cloned().unwrap_or_default();
        format!("{} {subject}", row(it, &["login", "email", "full_name", "prohibit_login"]))
    });
    put(&mut state, "gitea people", people);
    let organisations = gitea.get("/api/v1/admin/orgs?limit=50").await.unwrap();
    put(&mut state, "gitea organisations", list(&organisations).map(|it| row(it, &["username", "full_name"])));
    for organisation in list(&organisations).map(|it| text(&it["username"])) {
        let teams = gitea.get(&format!("/api/v1/orgs/{organisation}/teams?limit=50")).await.unwrap();
        let rows = list(&teams).map(|it| row(it, &["name", "permission", "units_map", "description"]));
        put(&mut state, &format!("gitea teams of {organisation}"), rows);
        for team in list(&teams) {
            let members = gitea.get(&format!("/api/v1/teams/{}/members?limit=50", team["id"])).await.unwrap();
            let name = format!("gitea team {organisation}/{}", text(&team["name"]));
            put(&mut state, &name, list(&members).map(|it| row(it, &["login"])));
        }
    }
    state
}

fn put(state: &mut BTreeMap<String, Vec<String>>, what: &str, rows: impl Iterator<Item = String>) {
    let mut rows: Vec<String> = rows.collect();
    rows.sort();
    assert!(state.insert(what.to_owned(), rows).is_none(), "'{what}' is there twice");
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn row(value: &Value, fields: &[&str]) -> String {
    fields.iter().map(|field| value[*field].to_string()).collect::<Vec<_>>().join(" ")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
