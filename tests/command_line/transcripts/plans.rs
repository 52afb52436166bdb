//! Plans as data: saved, two-way, of a change, offline; and a ledger that is lost.

use git2::{Repository, RepositoryInitOptions, Signature};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::{Bench, REALM, person, team};

/// A mono-repo under Git, in `repo`.
struct Git(Repository);

impl Git {
    fn around(bench: &Bench) -> Self {
        let mut options = RepositoryInitOptions::new();
        options.initial_head("main");
        let git = Self(Repository::init_opts(bench.path("repo"), &options).unwrap());
        git.commit("people");
        git
    }

    /// Commits everything that is in the folder.
    fn commit(&self, message: &str) {
        let mut index = self.0.index().unwrap();
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
        index.update_all(["*"], None).unwrap();
        index.write().unwrap();
        let tree = self.0.find_tree(index.write_tree().unwrap()).unwrap();
        let author = Signature::now("Grace", "grace@acme.example").unwrap();
        let parent = self.0.head().ok().map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<_> = parent.iter().collect();
        self.0.commit(Some("HEAD"), &author, &author, message, &tree, &parents).unwrap();
    }

    fn branch(&self, name: &str) {
        let head = self.0.head().unwrap().peel_to_commit().unwrap();
        self.0.branch(name, &head, true).unwrap();
    }
}

fn json_of(bench: &Bench, path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(bench.path(path)).unwrap()).unwrap()
}

/// Gives a person another last name behind our back.
async fn rename(bench: &Bench, name: &str, last: &str) {
    let keycloak = bench.administrator("keycloak");
    let found = keycloak.get(&format!("/admin/realms/{REALM}/users?username={name}&exact=true")).await.unwrap();
    let path = format!("/admin/realms/{REALM}/users/{}", found[0]["id"].as_str().unwrap());
    let mut account = keycloak.get(&path).await.unwrap();
    account["lastName"] = json!(last);
    keycloak.put(&path, account).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_moved_since_is_refused_object_by_object() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.run("apply --dir repo").exits(0);
    rename(&bench, "alice", "Changed").await;
    rename(&bench, "bob", "Changed").await;
    bench.run("plan --dir repo -o plan.json").exits(0);
    rename(&bench, "alice", "Again").await;
    let said = bench.run("apply plan.json --dir repo").exits(8);
    assert_snapshot!(said.transcript(), @"");
    let said = bench.run("apply plan.json --dir repo").exits(6);
    assert_snapshot!(said.transcript(), @"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_of_another_ledger_or_of_none_is_refused() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.run("plan --dir repo --no-ledger -o reading.json").exits(0).says(&["for reading"]);
    assert!(!bench.path("state/ledger.db").exists(), "reading makes no ledger");
    let said = bench.run("apply reading.json --dir repo").exits(6);
    assert_snapshot!(said.transcript(), @"");
    bench.run("plan --dir repo -o plan.json").exits(0);
    std::fs::remove_dir_all(bench.path("state")).unwrap();
    bench.run("apply plan.json --dir repo").exits(6).says(&["it was made with ledger", "this config has none"]);
    assert!(!bench.path("state/ledger.db").exists(), "a refused plan makes no ledger");
    bench.run("plan --dir repo --offline -o offline.json").exits(1).says(&["--base"]);
    let other = bench.config("enforce").replace("platform: small", "platform: large");
    bench.write("formulary.yaml", &other);
    bench.run("apply plan.json --dir repo").exits(6).says(&["'small'", "'large'"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_previewed_without_drift_that_is_not_its_doing() {
    let bench = Bench::small().await;
    bench.mono_repo();
    let git = Git::around(&bench);
    bench.run("apply --repo repo").exits(0);
    rename(&bench, "alice", "Drifted").await;
    git.branch("before");
    std::fs::remove_file(bench.path("repo/users/acme/bob.yaml")).unwrap();
    bench.write("repo/users/acme/nadia.yaml", &person("nadia", &["acme", "core"]));
    // Not committed yet.
    let said = bench.run("plan --dir repo --base HEAD --detailed-exitcode").exits(2);
    assert_snapshot!(said.transcript(), @"");
    git.commit("Nadia joins, Bob leaves");
    let said = bench.run("plan --repo repo --base before --format markdown").exits(0);
    assert_snapshot!(said.transcript(), @"");
    bench.run("plan --repo repo --base before -o change.json").exits(0);
    let change = json_of(&bench, "change.json");
    assert_eq!(change["applyable"], json!(false));
    let change = &change["formulary"]["change"];
    assert_eq!(change["losing"][0]["person"], json!("bob"));
    assert_eq!(change["drops"], json!([]));
    assert_eq!(change["elsewhere"]["steps"]["keycloak"]["update"], json!(1));
    bench.run("apply change.json --repo repo").exits(1).says(&["the difference of two plans"]);
    bench.run("plan --repo repo --base main --detailed-exitcode").exits(0).says(&["no service changes by it"]);
    // A broken file is the change's problem only where the change brings it.
    bench.write("repo/users/acme/nadia.yaml", "kind: [");
    git.commit("a broken file");
    bench.run("plan --repo repo --base main~1").exits(5).says(&["nadia.yaml"]);
    bench.run("plan --repo repo --base main").exits(0).says(&["not by this change"]);
    bench.run("plan --repo repo --base nowhere").exits(1).says(&["nowhere"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_branch_that_lags_behind_is_told_so() {
    let bench = Bench::small().await;
    bench.mono_repo();
    let git = Git::around(&bench);
    git.branch("feature");
    bench.write("repo/users/acme/nadia.yaml", &person("nadia", &["acme"]));
    git.commit("Nadia joins");
    let said = bench.run("plan --repo repo --rev feature --base main").exits(0);
    said.says(&["this change takes away", "user/nadia", "The base went on"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offline_no_service_is_asked_and_no_secret_resolved() {
    let bench = Bench::small().await;
    bench.mono_repo();
    let git = Git::around(&bench);
    let config = bench.config("enforce");
    let config = config
        .replace(&bench.base("gitea"), "http://127.0.0.1:9")
        .replace(&bench.base("keycloak"), "http://127.0.0.1:9");
    bench.write("formulary.yaml", &config);
    std::fs::remove_file(bench.path("keycloak.secret")).unwrap();
    std::fs::remove_file(bench.path("gitea.secret")).unwrap();
    std::fs::remove_file(bench.path("repo/users/acme/bob.yaml")).unwrap();
    bench.write("repo/users/acme/ops.yaml", &team("ops", "acme"));
    git.commit("a team, and Bob leaves");
    let said = bench.run("plan --repo repo --offline --base main~1").exits(0);
    assert_snapshot!(said.transcript(), @"");
    let said = bench.run("plan --repo repo --offline --base main~1 --format json").exits(0);
    let plan: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&plan["formulary"]["basis"], &plan["applyable"]), (&json!("offline"), &json!(false)));
    assert!(!bench.path("state/ledger.db").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offline_with_a_ledger_it_is_compared_with_what_was_applied() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.run("apply --dir repo").exits(0);
    bench.run("plan --dir repo --offline --detailed-exitcode").exits(0);
    bench.write("repo/users/acme/bob.yaml", &person("bob", &["acme"]).replace("Bob Jones", "Bob Builder"));
    let said = bench.run("plan --dir repo --offline --detailed-exitcode").exits(2);
    assert_snapshot!(said.transcript(), @"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_ledger_is_rebuilt_by_adoption() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.write("repo/users/acme/carol.yaml", &person("carol", &["acme"]));
    bench.run("apply --dir repo").exits(0);
    std::fs::remove_dir_all(bench.path("state")).unwrap();
    std::fs::remove_file(bench.path("repo/users/acme/carol.yaml")).unwrap();
    let said = bench.run("plan --dir repo").exits(4);
    assert_snapshot!(said.transcript(), @"");
    let said = bench.run("drift --dir repo").exits(0);
    said.says(&["Two-way", "unowned   user/carol"]);
    // What waits has the same digests before there is a ledger and after.
    for round in 0.. {
        bench.run("plan --dir repo --no-ledger -o waiting.json");
        let plan = json_of(&bench, "waiting.json");
        let plan = &plan["formulary"]["plan"];
        let verbs: Vec<&Value> = plan["steps"].as_array().unwrap().iter().map(|step| &step["verb"]).collect();
        assert!(verbs.iter().all(|verb| **verb == json!("adopt") || **verb == json!("update")), "{verbs:?}");
        bench.run("plan --dir repo -o waiting.json");
        let plan = json_of(&bench, "waiting.json");
        let waiting = plan["formulary"]["plan"]["waiting"].as_array().unwrap().clone();
        for group in &waiting {
            bench.run(&format!("approve {} --dir repo", group["digest"].as_str().unwrap())).exits(0);
        }
        let said = bench.run("apply --dir repo");
        if said.code == 0 {
            break;
        }
        assert!(round < 3, "it does not come to an end:\n{}", said.transcript());
    }
    let said = bench.run("plan --dir repo --detailed-exitcode").exits(0);
    assert_snapshot!(said.transcript(), @"");
    // Nobody lost anything meanwhile.
    let keycloak = bench.administrator("keycloak");
    let carol = keycloak.get(&format!("/admin/realms/{REALM}/users?username=carol&exact=true")).await.unwrap();
    assert_eq!(carol[0]["enabled"], json!(true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explain_and_graph_as_data() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.run("apply --dir repo").exits(0);
    let said = bench.run("explain gitea:user/alice --dir repo --format json").exits(0);
    let explained: Value = serde_json::from_str(&said.out).unwrap();
    let alice = &explained["resources"][0];
    assert_eq!((&explained["basis"], &alice["class"]), (&json!("three-way"), &json!("in-sync")));
    assert_eq!(alice["declared"]["fields"]["email"]["wanted"], json!({ "known": "alice@acme.example" }));
    assert_eq!(alice["live"]["fields"]["email"], json!("alice@acme.example"));
    assert_eq!(alice["history"][0]["verb"], json!("create"));
    let said = bench.run("graph gitea:user/bob --dir repo --format json").exits(0);
    let graph: Value = serde_json::from_str(&said.out).unwrap();
    let bob = graph["resources"].as_array().unwrap().iter().find(|it| it["address"] == "gitea:user/bob").unwrap();
    assert_eq!(bob["needs"], json!(["keycloak:user/bob"]));
    let said = bench.run("explain FML0110 --format json").exits(0);
    assert_eq!(serde_json::from_str::<Value>(&said.out).unwrap()["code"], json!("FML0110"));
}
