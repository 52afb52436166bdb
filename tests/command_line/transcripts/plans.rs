//! Plans as data: saved, two-way, of a change, offline; and a ledger that is lost.

use formulary::engine::plan::plan_digest;
use formulary::engine::report::json;
use git2::{Repository, RepositoryInitOptions, Signature};
use insta::assert_snapshot;
use serde_json::{Value, json as data};

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
    account["lastName"] = data!(last);
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
    assert_snapshot!(said.transcript(), @r#"
    keycloak
      ~ user/bob (update) — it was changed at the service users/acme/bob.yaml:1
          last_name: Changed → Jones users/acme/bob.yaml:7

    Plan: 1 to update · 13 in sync · about 3 calls
    revision [digest] · digest [digest]
    Applied: 1 done
    --- stderr
    stale: update keycloak:user/alice: moved: last_name: planned "Changed" → now "Again"
      ✓ 1/1 update keycloak:user/bob
    --- exit 8
    "#);
    let said = bench.run("apply plan.json --dir repo").exits(6);
    assert_snapshot!(said.transcript(), @r#"
    --- stderr
    stale: update keycloak:user/alice: moved: last_name: planned "Changed" → now "Again"
    done already: update keycloak:user/bob
    error: the whole plan is stale
    hint: plan again
    --- exit 6
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_of_another_ledger_or_of_none_is_refused() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.run("plan --dir repo --no-ledger -o reading.json").exits(0).says(&["for reading"]);
    assert!(!bench.path("state/ledger.db").exists(), "reading makes no ledger");
    let said = bench.run("apply reading.json --dir repo").exits(6);
    assert_snapshot!(said.transcript(), @r"
    --- stderr
    error: 'reading.json' cannot be applied: it was made without a ledger: it is two-way and does not know what is ours
    hint: plan -o without --no-ledger makes one that can be applied
    --- exit 6
    ");
    bench.run("plan --dir repo -o plan.json").exits(0);
    std::fs::remove_dir_all(bench.path("state")).unwrap();
    bench.run("apply plan.json --dir repo").exits(6).says(&["it was made with ledger", "this config has none"]);
    assert!(!bench.path("state/ledger.db").exists(), "a refused plan makes no ledger");
    bench.run("plan --dir repo --offline -o offline.json").exits(1).says(&["--base"]);
    // Its time is over, or somebody set its clock back and sealed it again.
    let mut saved = json::read_saved(&std::fs::read(bench.path("plan.json")).unwrap()).unwrap();
    saved.expires = saved.plan.made_for;
    bench.run("plan --dir repo -o state.json").exits(0);
    let ledger = json::read_saved(&std::fs::read(bench.path("state.json")).unwrap()).unwrap().plan.ledger;
    saved.plan.ledger = ledger;
    saved.plan.digest = plan_digest(&saved.plan);
    bench.write("old.json", &json::saved(&saved).to_string());
    let said = bench.run("apply old.json --dir repo").exits(6);
    assert_snapshot!(said.transcript(), @r"
    --- stderr
    error: 'old.json' cannot be applied: it expired at [time] UTC (it was made at [time] UTC)
    hint: plan again (config: plans.expire_hours)
    --- exit 6
    ");
    std::fs::remove_dir_all(bench.path("state")).unwrap();
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
    assert_snapshot!(said.transcript(), @r#"
    this change adds (8)

    gitea
      - user/bob (disable) — declared no more
      + user/nadia users/acme/nadia.yaml:1
          email: nadia@acme.example · full_name: "Nadia Jones" · login_name: known after apply (sub of
            keycloak:user/nadia) · source_id: 1
      + team-member/acme/core/nadia users/acme/nadia.yaml:9
      + team-member/acme/members/nadia users/acme/nadia.yaml:9

    keycloak
      - user/bob (disable) — declared no more
      + user/nadia users/acme/nadia.yaml:1
          email: nadia@acme.example · email_verified: true · enabled: true · first_name: Nadia ·
            first_sign_in: none · last_name: Jones
      + membership/acme/core/nadia users/acme/nadia.yaml:9
      + membership/acme/nadia users/acme/nadia.yaml:9

    people who lose access (1)
      bob disable keycloak:user/bob, disable gitea:user/bob

    not by this change: 1 step planned already · 1 drifted

    gitea: 3 to create · 1 to disable · about 10 calls
    keycloak: 3 to create · 1 to disable · about 10 calls
    base [digest] · head [digest] · change [digest]
    --- exit 2
    "#);
    git.commit("Nadia joins, Bob leaves");
    let said = bench.run("plan --repo repo --base before --format markdown").exits(0);
    assert_snapshot!(said.transcript(), @r"
    ### Formulary: ready

    | service | adds | takes away | does differently | waiting | calls |
    |---|---|---|---|---|---|
    | gitea | 3 create, 1 disable | 0 | 0 | 0 | 10 |
    | keycloak | 3 create, 1 disable | 0 | 0 | 0 | 10 |

    **People who lose access (1)**

    - bob: disable `keycloak:user/bob`, disable `gitea:user/bob`

    <details><summary>Steps that it adds (8)</summary>

    | | resource | why |
    |---|---|---|
    | disable | `keycloak:user/bob` | declared no more |
    | disable | `gitea:user/bob` | declared no more |
    | create | `keycloak:user/nadia` | declared, and not there yet |
    | create | `gitea:user/nadia` | declared, and not there yet |
    | create | `gitea:team-member/acme/core/nadia` | declared, and not there yet |
    | create | `gitea:team-member/acme/members/nadia` | declared, and not there yet |
    | create | `keycloak:membership/acme/core/nadia` | declared, and not there yet |
    | create | `keycloak:membership/acme/nadia` | declared, and not there yet |


    </details>

    Not by this change: 1 step planned already (1 drifted).

    <sub>base `[digest]` · head `[digest]` · change `[digest]`</sub>
    --- exit 0
    ");
    bench.run("plan --repo repo --base before -o change.json").exits(0);
    let change = json_of(&bench, "change.json");
    assert_eq!(change["applyable"], data!(false));
    let change = &change["formulary"]["change"];
    assert_eq!(change["losing"][0]["person"], data!("bob"));
    assert_eq!(change["drops"], data!([]));
    assert_eq!(change["elsewhere"]["steps"]["keycloak"]["update"], data!(1));
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
    assert_snapshot!(said.transcript(), @r"
    Offline: no service was looked at. Declarations are compared with each other or with what was last
      applied; what people did at the services is not known.

    gitea
      - user/bob (disable) — declared no more
      + team/acme/ops users/acme/ops.yaml:1
          permission: none · units: {repo.actions: read, repo.code: read, repo.ext_issues: read,
            repo.ext_wi…

    keycloak
      - user/bob (disable) — declared no more
      + group/acme/ops users/acme/ops.yaml:1

    note: version and edition of gitea, keycloak are not recorded: the most common ones are assumed; an
      apply records them

    Plan: 2 to create, 2 to disable · 11 in sync · about 12 calls
    This plan is for reading: it cannot be applied.
    revision [digest] · digest [digest]
    --- exit 0
    ");
    let said = bench.run("plan --repo repo --offline --base main~1 --format json").exits(0);
    let plan: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&plan["formulary"]["basis"], &plan["applyable"]), (&data!("offline"), &data!(false)));
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
    assert_snapshot!(said.transcript(), @r#"
    Offline: no service was looked at. Declarations are compared with each other or with what was last
      applied; what people did at the services is not known.

    gitea
      ~ user/bob (update) — its declaration changed users/acme/bob.yaml:1
          full_name: "Bob Jones" → "Bob Builder" users/acme/bob.yaml:7

    keycloak
      ~ user/bob (update) — its declaration changed users/acme/bob.yaml:1
          last_name: Jones → Builder users/acme/bob.yaml:7

    Plan: 2 to update · 13 in sync · about 6 calls
    This plan is for reading: it cannot be applied.
    revision [digest] · digest [digest]
    --- exit 2
    "#);
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
    assert_snapshot!(said.transcript(), @r"
    Two-way: without a ledger, what is wanted is compared with what is there alone. Nobody knows what is
      ours, so nothing is removed.

    waits for approval: gitea: adoptions (5 steps)
      it exists already and was never ours
      = organization/acme (adopt) — it exists already and was never ours users/acme/organisation.yaml:1
      = team/acme/core (adopt) — it exists already and was never ours users/acme/core.yaml:1
      = team/acme/members (adopt) — it exists already and was never ours users/acme/organisation.yaml:1
      = user/alice (adopt) — it exists already and was never ours users/acme/alice.yaml:1
      = user/bob (adopt) — it exists already and was never ours users/acme/bob.yaml:1
      formulary approve [digest]

    waits for approval: keycloak: adoptions (2 steps)
      it exists already and was never ours
      = user/alice (adopt) — it exists already and was never ours users/acme/alice.yaml:1
      = user/bob (adopt) — it exists already and was never ours users/acme/bob.yaml:1
      formulary approve [digest]

    waits for approval: keycloak: takes over (2 steps)
      it carries the mark of another ledger ([uuid])
      = group/acme (adopt) — it carries the mark of another ledger
        ([uuid]) users/acme/organisation.yaml:1
      = group/acme/core (adopt) — it carries the mark of another ledger
        ([uuid]) users/acme/core.yaml:1
      formulary approve [digest]

    follows when that is done (6)
      = team-member/acme/core/alice (adopt) — it exists already; it becomes ours users/acme/alice.yaml:9
      = team-member/acme/members/alice (adopt) — it exists already; it becomes ours
        users/acme/alice.yaml:9
      = membership/acme/alice (adopt) — it exists already; it becomes ours users/acme/alice.yaml:9
      = membership/acme/core/alice (adopt) — it exists already; it becomes ours users/acme/alice.yaml:9
      = team-member/acme/members/bob (adopt) — it exists already; it becomes ours users/acme/bob.yaml:9
      = membership/acme/bob (adopt) — it exists already; it becomes ours users/acme/bob.yaml:9

    left as it is (4)
      unowned gitea:team-member/acme/members/carol — it exists, and nobody declared it
      unowned gitea:user/carol — it exists, and nobody declared it: Carol Jones <carol@acme.example>,
        since [day]
      unowned keycloak:membership/acme/carol — it exists, and nobody declared it
      unowned keycloak:user/carol — it exists, and nobody declared it: Carol Jones <carol@acme.example>,
        since [day]

    warning: 2 declared objects carry the mark of ledger [uuid], and no
      ledger is here that remembers anything: this looks like a lost ledger. If it is lost, approve what
      'takes over'; if it is still in use, plan with that one

    Plan: nothing to do · 15 waiting · 0 in sync
    This plan is for reading: it cannot be applied.
    revision [digest] · digest [digest]
    --- stderr
    There is no ledger at [folder]/state/ledger.db. The first 'formulary apply', 'approve' or 'plan -o' makes it; if there should be one, restore it or correct the config before you go on.
    --- exit 4
    ");
    let said = bench.run("drift --dir repo").exits(0);
    said.says(&["Two-way", "unowned user/carol"]);
    // What waits has the same digests before there is a ledger and after.
    for round in 0.. {
        bench.run("plan --dir repo --no-ledger -o waiting.json");
        let plan = json_of(&bench, "waiting.json");
        let plan = &plan["formulary"]["plan"];
        let verbs: Vec<&Value> = plan["steps"].as_array().unwrap().iter().map(|step| &step["verb"]).collect();
        assert!(verbs.iter().all(|verb| **verb == data!("adopt") || **verb == data!("update")), "{verbs:?}");
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
    assert_snapshot!(said.transcript(), @r"
    left as it is (4)
      unowned gitea:team-member/acme/members/carol — it exists, and nobody declared it
      unowned gitea:user/carol — it exists, and nobody declared it: Carol Jones <carol@acme.example>,
        since [day]
      unowned keycloak:membership/acme/carol — it exists, and nobody declared it
      unowned keycloak:user/carol — it exists, and nobody declared it: Carol Jones <carol@acme.example>,
        since [day]

    Plan: nothing to do · 15 in sync
    revision [digest] · digest [digest]
    --- exit 0
    ");
    // Nobody lost anything meanwhile.
    let keycloak = bench.administrator("keycloak");
    let carol = keycloak.get(&format!("/admin/realms/{REALM}/users?username=carol&exact=true")).await.unwrap();
    assert_eq!(carol[0]["enabled"], data!(true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explain_and_graph_as_data() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.run("apply --dir repo").exits(0);
    let said = bench.run("explain gitea:user/alice --dir repo --format json").exits(0);
    let explained: Value = serde_json::from_str(&said.out).unwrap();
    let alice = &explained["resources"][0];
    assert_eq!((&explained["basis"], &alice["class"]), (&data!("three-way"), &data!("in-sync")));
    assert_eq!(alice["declared"]["fields"]["email"]["wanted"], data!({ "known": "alice@acme.example" }));
    assert_eq!(alice["live"]["fields"]["email"], data!("alice@acme.example"));
    assert_eq!(alice["history"][0]["verb"], data!("create"));
    let said = bench.run("graph gitea:user/bob --dir repo --format json").exits(0);
    let graph: Value = serde_json::from_str(&said.out).unwrap();
    let bob = graph["resources"].as_array().unwrap().iter().find(|it| it["address"] == "gitea:user/bob").unwrap();
    assert_eq!(bob["needs"], data!(["keycloak:user/bob"]));
    let said = bench.run("explain FML0110 --format json").exits(0);
    assert_eq!(serde_json::from_str::<Value>(&said.out).unwrap()["code"], data!("FML0110"));
}
