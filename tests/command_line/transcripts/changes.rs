//! Plans, approvals and applies, as one meets them.

use formulary::runtime::sandbox::sample::MonoRepo;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::{Bench, REALM, organisation, person};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_platform_from_nothing() {
    let bench = Bench::small().await;
    bench.mono_repo();
    let said = bench.run("plan --dir repo --detailed-exitcode").exits(2);
    assert_snapshot!(said.transcript(), @r#"
    Two-way: without a ledger, what is wanted is compared with what is there alone. Nobody knows what is
      ours, so nothing is removed.

    gitea
      + organization/acme users/acme/organisation.yaml:1
      + team/acme/core users/acme/core.yaml:1
          permission: none · units: {repo.actions: read, repo.code: read, repo.ext_issues: read,
            repo.ext_wi… · visibility: private
      + team/acme/members users/acme/organisation.yaml:1
          description: "Everybody of acme" · permission: none · visibility: private
      + user/alice users/acme/alice.yaml:1
          email: alice@acme.example · full_name: "Alice Jones" · login_name: known after apply (sub of
            keycloak:user/alice) · source_id: 1
      + team-member/acme/core/alice users/acme/alice.yaml:9
      + team-member/acme/members/ alice, bob
      + user/bob users/acme/bob.yaml:1
          email: bob@acme.example · full_name: "Bob Jones" · login_name: known after apply (sub of
            keycloak:user/bob) · source_id: 1

    keycloak
      + group/acme users/acme/organisation.yaml:1
      + group/acme/core users/acme/core.yaml:1
      + user/alice users/acme/alice.yaml:1
          email: alice@acme.example · email_verified: true · enabled: true · first_name: Alice ·
            first_sign_in: none · last_name: Jones
      + membership/acme/ alice, bob
      + membership/acme/core/alice users/acme/alice.yaml:9
      + user/bob users/acme/bob.yaml:1
          email: bob@acme.example · email_verified: true · enabled: true · first_name: Bob ·
            first_sign_in: none · last_name: Jones

    Plan: 15 to create · 0 in sync · about 30 calls
    This plan is for reading: it cannot be applied.
    revision [digest] · digest [digest]
    --- stderr
    There is no ledger at [folder]/state/ledger.db. The first 'formulary apply', 'approve' or 'plan -o' makes it; if there should be one, restore it or correct the config before you go on.
    --- exit 2
    "#);
    bench
        .run("apply --dir repo")
        .exits(0)
        .says(&["create keycloak:user/alice", "create gitea:team-member/acme/core/alice"]);
    let said = bench.run("apply --dir repo").exits(0);
    assert_snapshot!(said.transcript(), @r"
    Plan: nothing to do · 15 in sync
    revision [digest] · digest [digest]
    --- exit 0
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_run_against_services_full_of_people() {
    let bench = Bench::sample().await;
    let repo = bench.path("sample");
    MonoRepo::create(&repo).unwrap();
    let repo = repo.display();
    let said = bench.run(&format!("plan --dir {repo}")).exits(4);
    said.says(&["keycloak: adoptions", "formulary approve", "old-intern", "nobody declared it"]);
    // Nothing of it is done without a word.
    let said = bench.run(&format!("plan --dir {repo} --format json")).exits(4);
    let plan: Value = serde_json::from_str(&said.out).unwrap();
    let plan = &plan["formulary"]["plan"];
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
    assert_snapshot!(said.transcript(), @r"
    Two-way: without a ledger, what is wanted is compared with what is there alone. Nobody knows what is
      ours, so nothing is removed.

    gitea
      missing organization/acme — declared, and not there yet
          → create
      missing team/acme/core — declared, and not there yet
          → create
      missing team/acme/members — declared, and not there yet
          → create
      missing team-member/acme/core/alice — declared, and not there yet
          → create
      missing team-member/acme/members/alice — declared, and not there yet
          → create
      missing team-member/acme/members/bob — declared, and not there yet
          → left: it needs gitea:user/bob: it needs keycloak:user/bob: a stranger holds the name 'bob':
            it was never ours, and what would prove that it is the declared one (the same email and
            email verified being true) does not hold; rename one of the two, or make them agree at the
            service
      missing user/alice — declared, and not there yet
          → create
      missing user/bob — declared, and not there yet
          → left: it needs keycloak:user/bob: a stranger holds the name 'bob': it was never ours, and
            what would prove that it is the declared one (the same email and email verified being true)
            does not hold; rename one of the two, or make them agree at the service

    keycloak
      missing group/acme — declared, and not there yet
          → create
      missing group/acme/core — declared, and not there yet
          → create
      missing membership/acme/alice — declared, and not there yet
          → create
      missing membership/acme/bob — declared, and not there yet
          → left: it needs keycloak:user/bob: a stranger holds the name 'bob': it was never ours, and
            what would prove that it is the declared one (the same email and email verified being true)
            does not hold; rename one of the two, or make them agree at the service
      missing membership/acme/core/alice — declared, and not there yet
          → create
      missing user/alice — declared, and not there yet
          → create
      conflict user/bob — a stranger holds the name 'bob': it was never ours, and what would prove that
        it is the declared one (the same email and email verified being true) does not hold; rename one
        of the two, or make them agree at the service
      who changed it is not known: our client may not read the events of realm 'small': give it the role
        'view-events'

    Drift: 1 conflict · 14 missing · 0 in sync
    --- stderr
    There is no ledger at [folder]/state/ledger.db. The first 'formulary apply', 'approve' or 'plan -o' makes it; if there should be one, restore it or correct the config before you go on.
    --- exit 0
    ");
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
    assert_snapshot!(said.transcript(), @r"
    gitea
      - user/bob (disable) — declared no more

    Plan: 1 to disable · 13 in sync · about 4 calls
    revision [digest] · digest [digest]
    --- exit 0
    ");
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
    assert_snapshot!(said.transcript(), @r"
    waits for approval: gitea: removal of people (4 steps)
      4 of 6 people would be removed or disabled; at most 3 may be within 24 hours
      - user/alice (disable) — declared no more
      - user/bob (disable) — declared no more
      - user/carol (disable) — declared no more
      - user/dmitri (disable) — declared no more
      formulary approve [digest]

    waits for approval: keycloak: removal of people (4 steps)
      4 of 6 people would be removed or disabled; at most 3 may be within 24 hours
      - user/alice (disable) — declared no more
      - user/bob (disable) — declared no more
      - user/carol (disable) — declared no more
      - user/dmitri (disable) — declared no more
      formulary approve [digest]

    Plan: nothing to do · 8 waiting · 11 in sync
    revision [digest] · digest [digest]
    --- exit 4
    ");
    let plan = waiting(&bench);
    assert_eq!(plan.len(), 2, "{plan:?}");
    bench.run("approve 12345678 --dir repo").exits(4).says(&["removal of people"]);
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
    // What a reviewer sees, and what is applied.
    bench.write("misleading.json", &text.replacen("Alice", "Mallory", 1));
    bench.run("apply misleading.json --dir repo").exits(6).says(&["what it shows is not the plan that it holds"]);
    bench.write("edited.json", &text.replace("Alice", "Mallory"));
    let said = bench.run("apply edited.json --dir repo").exits(6);
    assert_snapshot!(said.transcript(), @r"
    --- stderr
    error: 'edited.json' cannot be applied: it was edited: its digest is [digest], its content has [digest]
    hint: plan again
    --- exit 6
    ");
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
    assert_snapshot!(said.transcript(), @r"
    keycloak
      drifted user/bob — it was changed at the service
          enabled: false → true users/acme/bob.yaml:4
          last_name: Builder → Jones users/acme/bob.yaml:7
          → update
          → restore waits: access was closed at the service; opening it again needs somebody's word
      who changed it is not known: our client may not read the events of realm 'small': give it the role
        'view-events'

    Drift: 1 drifted · 14 in sync
    --- exit 3
    ");
    // When we last wrote it, it was as it should be.
    let since = ["there false", "last applied true", "since: some time after ", "users/acme/bob.yaml:4"];
    bench.run("explain keycloak:user/bob --dir repo").exits(0).says(&since);
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
    let groups = plan["formulary"]["plan"]["waiting"].as_array().unwrap().iter();
    groups.map(|it| (it["name"].as_str().unwrap().to_owned(), it["digest"].as_str().unwrap().to_owned())).collect()
}
