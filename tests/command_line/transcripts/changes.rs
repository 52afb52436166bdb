//! Plans, approvals and applies, as one meets them.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::{Bench, REALM, organisation, person};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_platform_from_nothing() {
    let bench = Bench::small().await;
    bench.mono_repo();
    let said = bench.run("plan --dir repo --detailed-exitcode").exits(2);
    assert_snapshot!(said.transcript(), @"");
    bench
        .run("apply --dir repo")
        .exits(0)
        .says(&["create keycloak:user/alice", "create gitea:team-member/acme/core/alice"]);
    let said = bench.run("apply --dir repo").exits(0);
    assert_snapshot!(said.transcript(), @"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_run_against_services_full_of_people() {
    let bench = Bench::sample().await;
    let repo = concat!(env!("CARGO_MANIFEST_DIR"), "/users");
    let said = bench.run(&format!("plan --dir {repo}")).exits(4);
    said.says(&["keycloak: adoptions", "formulary approve", "old-intern", "nobody declared it"]);
    // Nothing of it is done without a word.
    let said = bench.run(&format!("plan --dir {repo} --format json")).exits(4);
    let plan: Value = serde_json::from_str(&said.out).unwrap();
    let adoptions = plan["steps"].as_array().unwrap().iter().filter(|step| step["verb"] == "adopt");
    for step in adoptions {
        let waits = step["waits"].as_array().is_some_and(|waits| !waits.is_empty());
        assert!(waits || step["address"].as_str().unwrap().contains("member"), "{step}");
    }
    assert!(plan["steps"].as_array().unwrap().iter().all(|step| step["verb"] != "delete" && step["verb"] != "disable"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_holds_a_username() {
    let bench = Bench::small().await;
    bench.mono_repo();
    let stranger = json!({ "username": "bob", "email": "robert@elsewhere.example", "enabled": true });
    bench.administrator("keycloak").post(&format!("/admin/realms/{REALM}/users"), stranger).await.unwrap();
    let said =
        bench.run("plan --dir repo").says(&["conflict", "keycloak", "user/bob", "a stranger holds the name 'bob'"]);
    assert!(!said.out.contains("create gitea:user/bob"), "{}", said.transcript());
    let said = bench.run("drift --dir repo");
    assert_snapshot!(said.transcript(), @"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_taken_out_of_one_service_only() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.run("apply --dir repo").exits(0);
    let out = person("bob", &["acme"])
        .replace("  name: bob\n", "  name: bob\n  annotations:\n    formulary.dev/services: -gitea\n");
    bench.write("repo/users/acme/bob.yaml", &out);
    let said = bench.run("plan --dir repo").exits(0);
    assert_snapshot!(said.transcript(), @"");
    bench.run("apply --dir repo").exits(0);
    bench.run("plan --dir repo --detailed-exitcode").exits(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_stop_is_approved_and_applied() {
    let bench = Bench::small().await;
    bench.write("repo/users/acme/organisation.yaml", &organisation("acme"));
    let people = ["alice", "bob", "carol", "dmitri", "elena", "farid"];
    for name in people {
        bench.write(&format!("repo/users/acme/{name}.yaml"), &person(name, &["acme"]));
    }
    bench.run("apply --dir repo").exits(0);
    for name in &people[..4] {
        std::fs::remove_file(bench.path(&format!("repo/users/acme/{name}.yaml"))).unwrap();
    }
    let said = bench.run("apply --dir repo").exits(4);
    assert_snapshot!(said.transcript(), @"");
    let plan = waiting(&bench);
    assert_eq!(plan.len(), 2, "{plan:?}");
    bench.run("approve 12345678 --dir repo").exits(1).says(&["removal of people"]);
    bench.run("approve 123 --dir repo").exits(1).says(&["too short"]);
    for (name, digest) in plan {
        let said = bench.run(&format!("approve {} --dir repo --reason moved", &digest[..12])).exits(0);
        said.says(&[&format!("approved: {name} (4 steps)"), "now: formulary apply"]);
    }
    bench.run("apply --dir repo").exits(0).says(&["disable keycloak:user/alice", "disable gitea:user/dmitri"]);
    bench.run("plan --dir repo --detailed-exitcode").exits(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_plan_is_applied_and_an_edited_one_is_not() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.run("plan --dir repo -o plan.json").exits(0).says(&["formulary apply plan.json"]);
    let text = std::fs::read_to_string(bench.path("plan.json")).unwrap();
    bench.write("edited.json", &text.replacen("Alice", "Mallory", 1));
    let said = bench.run("apply edited.json --dir repo").exits(6);
    assert_snapshot!(said.transcript(), @"");
    bench.run("apply plan.json --dir repo").exits(0).says(&["create keycloak:user/alice"]);
    let said = bench.run("apply plan.json --dir repo").exits(6);
    assert!(said.err.contains("stale"), "{}", said.transcript());
    bench.run("apply nothing.json --dir repo").exits(1);
    bench.write("noise.json", "{}");
    bench.run("apply noise.json --dir repo").exits(1).says(&["noise.json"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_and_its_exit_codes() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.run("drift --dir repo --detailed-exitcode").says(&["missing"]);
    bench.run("apply --dir repo").exits(0);
    bench.run("drift --dir repo --detailed-exitcode").exits(0);
    bench.administrator("gitea").patch("/api/v1/orgs/acme", json!({ "visibility": "private" })).await.unwrap();
    let keycloak = bench.administrator("keycloak");
    let bob = keycloak.get(&format!("/admin/realms/{REALM}/users?username=bob&exact=true")).await.unwrap();
    let path = format!("/admin/realms/{REALM}/users/{}", bob[0]["id"].as_str().unwrap());
    let mut bob = keycloak.get(&path).await.unwrap();
    bob["enabled"] = json!(false);
    bob["lastName"] = json!("Builder");
    keycloak.put(&path, bob).await.unwrap();
    let said = bench.run("drift --dir repo --detailed-exitcode").exits(3);
    assert_snapshot!(said.transcript(), @"");
    bench.run("apply --dir repo").exits(4).says(&["update keycloak:user/bob"]);
    for (_, digest) in waiting(&bench) {
        bench.run(&format!("approve {digest} --dir repo")).exits(0);
    }
    bench.run("apply --dir repo").exits(0).says(&["restore keycloak:user/bob"]);
    bench.run("drift --dir repo --detailed-exitcode").exits(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_of_60_columns() {
    let bench = Bench::small().await;
    bench.mono_repo();
    for line in ["plan --dir repo", "drift --dir repo", "doctor", "explain user/alice --dir repo"] {
        let said = bench.run_with(line, &[("COLUMNS", "60")]);
        let wide: Vec<&str> = said.out.lines().filter(|it| it.chars().count() > 60).collect();
        // Names and addresses are not torn apart; everything else is folded.
        let torn = |line: &&&str| line.split_whitespace().all(|word| word.chars().count() <= 56);
        assert!(wide.iter().filter(torn).count() == 0, "{line}: {wide:#?}\n{}", said.transcript());
    }
}

fn waiting(bench: &Bench) -> Vec<(String, String)> {
    bench.run("plan --dir repo -o waiting.json");
    let plan: Value = serde_json::from_slice(&std::fs::read(bench.path("waiting.json")).unwrap()).unwrap();
    let groups = plan["waiting"].as_array().unwrap().iter();
    groups.map(|it| (it["name"].as_str().unwrap().to_owned(), it["digest"].as_str().unwrap().to_owned())).collect()
}
