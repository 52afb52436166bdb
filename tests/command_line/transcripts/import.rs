//! Beginning with what is there already.

use std::collections::BTreeMap;
use std::path::Path;

use formulary::runtime::sandbox::sample::push;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::bench::{Bench, Said, organisation, person, write};

/// What a plan does for documents, but for what it takes over where `taken_over` says that it may. Backstage shows documents,
/// these too, and has nothing of its own that could be changed.
fn changes(plan: &Said, taken_over: bool) -> Vec<String> {
    let plan: Value = serde_json::from_str(&plan.out).unwrap();
    let changes = plan["resource_changes"].as_array().unwrap().iter();
    let steps = changes.filter_map(|it| {
        let ours = &it["formulary"];
        let of_document = ours["owner"].as_str().is_some_and(|it| it.contains(':'));
        let verb = ours["verb"].as_str().filter(|it| of_document && !(taken_over && *it == "adopt"))?;
        let address = it["address"].as_str().filter(|it| !it.starts_with("backstage:"))?;
        Some(format!("{verb} {address}"))
    });
    steps.collect()
}

/// Approves whatever waits until nothing does.
fn approve_all(bench: &Bench, folder: &str) {
    for _ in 0..6 {
        bench.run(&format!("plan --dir {folder} -o waiting.json"));
        let plan: Value = serde_json::from_slice(&std::fs::read(bench.path("waiting.json")).unwrap()).unwrap();
        let waiting = plan["formulary"]["plan"]["waiting"].as_array().unwrap();
        for group in waiting {
            bench.run(&format!("approve {} --dir {folder}", group["digest"].as_str().unwrap())).exits(0);
        }
        bench.run(&format!("apply --dir {folder}"));
        if waiting.is_empty() {
            return;
        }
    }
}

/// The files below a folder.
fn texts(root: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else {
                let place = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.insert(place, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_that_are_there_get_documents_and_are_then_taken_over() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.run("apply --dir repo").exits(0);
    // A company that has all of that, and neither a mono-repo nor a ledger.
    std::fs::remove_dir_all(bench.path("state")).unwrap();
    assert_snapshot!(bench.run("import written").exits(0).transcript(), @r"
    written
      users/acme/alice.yaml
      users/acme/bob.yaml
      users/acme/organisation.yaml
      users/acme/teams/core.yaml
    --- stderr
    wrote 4 documents below written
    read them, then: formulary validate --dir written && formulary plan --dir written
    The first plan takes over 15 objects, once somebody approves it; nothing that is there is changed.
    --- exit 0
    ");
    assert_snapshot!(std::fs::read_to_string(bench.path("written/users/acme/alice.yaml")).unwrap(), @r"
    # Imported from gitea, keycloak.
    apiVersion: backstage.io/v1alpha1
    kind: User
    metadata:
      name: alice
    spec:
      profile:
        displayName: Alice Jones
        email: alice@acme.example
      memberOf:
      - acme
      - core
    ");
    bench.run("validate --dir written").exits(0);

    // The first plan takes over, and nothing else.
    assert_eq!(changes(&bench.run("plan --dir written --format json"), true), [""; 0]);
    approve_all(&bench, "written");
    bench.run("plan --dir written --detailed-exitcode").exits(0);

    // What is there stays as it is, and what is declared is not declared again.
    write(bench.folder.path(), "written/users/acme/alice.yaml", &person("alice", &["acme"]));
    write(bench.folder.path(), "written/users/acme/organisation.yaml", &organisation("acme"));
    bench.run("import written").exits(0).says(&["wrote 0 documents below written"]);
    let kept = std::fs::read_to_string(bench.path("written/users/acme/alice.yaml")).unwrap();
    assert_eq!(kept, person("alice", &["acme"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_imported_is_one_commit_or_nothing_is_written() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.run("apply --dir repo").exits(0);
    std::fs::remove_dir_all(bench.path("state")).unwrap();
    std::fs::write(bench.path("a-file"), "x").unwrap();
    bench.run("import a-file").exits(1).says(&["'a-file' is a file, and documents are written below a folder"]);

    bench.run("import written --commit").exits(1).says(&["lies in no working copy of a Git repository"]);
    assert_eq!(texts(&bench.path("written")), BTreeMap::new());
    let repository = git2::Repository::init(bench.path("written")).unwrap();
    let mut config = repository.config().unwrap();
    config.set_str("user.name", "Ann").unwrap();
    config.set_str("user.email", "ann@acme.test").unwrap();
    std::fs::write(bench.path("written/mine"), "x").unwrap();
    let mut index = repository.index().unwrap();
    index.add_path(Path::new("mine")).unwrap();
    index.write().unwrap();
    bench.run("import written --commit").exits(1).says(&["'mine' among them"]);
    assert!(!bench.path("written/users").exists());
    index.clear().unwrap();
    index.write().unwrap();

    bench.run("import written --commit").exits(0).says(&["committed as [digest]"]);
    let commit = repository.head().unwrap().peel_to_commit().unwrap();
    assert!(commit.message().unwrap().starts_with("Import what exists: "), "{:?}", commit.message());
    let mut committed = Vec::new();
    let walked = commit.tree().unwrap().walk(git2::TreeWalkMode::PreOrder, |folder, entry| {
        if entry.kind() == Some(git2::ObjectType::Blob) {
            committed.push(format!("{folder}{}", entry.name().unwrap()));
        }
        git2::TreeWalkResult::Ok
    });
    walked.unwrap();
    committed.sort();
    let written: Vec<String> =
        texts(&bench.path("written/users")).into_keys().map(|it| format!("users/{it}")).collect();
    assert!(!written.is_empty());
    assert_eq!(committed, written);
    // There is nothing more to import, and so nothing to commit.
    bench.run("import written --commit").exits(0).says(&["wrote 0 documents below written"]);
    assert_eq!(repository.head().unwrap().peel_to_commit().unwrap().id(), commit.id());
}

/// What every emulator holds in the sample platform, and more: settings that are not the usual ones, names that two services
/// spell differently, who is in a team here and not there, people with passwords, repositories of one name, channels.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_right_after_an_import_takes_over_and_changes_nothing() {
    let bench = Bench::everything().await;
    let gitea = bench.administrator("gitea");
    gitea
        .post("/api/v1/orgs", json!({"username": "labs", "full_name": "Labs", "visibility": "private"}))
        .await
        .unwrap();
    for (owner, name, private) in [("acme-corp", "web", false), ("acme-corp", "billing", true), ("labs", "web", true)] {
        let repository = json!({"name": name, "private": private, "description": format!("The {name} of {owner}")});
        gitea.post(&format!("/api/v1/orgs/{owner}/repos"), repository).await.unwrap();
    }
    let team = json!({
        "name": "hands", "permission": "write", "includes_all_repositories": true, "can_create_org_repo": true,
        "units": ["repo.code", "repo.issues"], "units_map": {"repo.code": "write", "repo.issues": "read"},
    });
    let (team, _) = gitea.post("/api/v1/orgs/labs/teams", team).await.unwrap();
    gitea.put(&format!("/api/v1/teams/{}/members/bobby", team["id"]), json!({})).await.unwrap();
    let mattermost = bench.administrator("mattermost");
    let organisation = mattermost.get("/api/v4/teams/name/acme-corp").await.unwrap()["id"].clone();
    for (name, people) in [("everybody", &["carol", "old-intern"][..]), ("only-carol", &["carol"][..])] {
        let channel = json!({"team_id": organisation, "name": name, "display_name": "A channel", "type": "P"});
        let (channel, _) = mattermost.post("/api/v4/channels", channel).await.unwrap();
        for person in people {
            let user = mattermost.get(&format!("/api/v4/users/username/{person}")).await.unwrap()["id"].clone();
            let path = format!("/api/v4/channels/{}/members", channel["id"].as_str().unwrap());
            mattermost.post(&path, json!({"user_id": user})).await.unwrap();
        }
    }
    assert_snapshot!(bench.run("import repo").exits(0).transcript(), @r"
    repo
      users/acme-corp/alice.yaml
      users/acme-corp/carol.yaml
      users/acme-corp/catalog-info.yaml
      users/acme-corp/old-intern.yaml
      users/acme-corp/organisation.yaml
      users/acme-corp/repositories/acme-corp-web.yaml
      users/acme-corp/repositories/billing.yaml
      users/acme-corp/teams/ml-research.yaml
      users/labs/bobby.yaml
      users/labs/catalog-info.yaml
      users/labs/organisation.yaml
      users/labs/repositories/labs-web.yaml
      users/labs/teams/hands.yaml
    --- stderr
    left out: 'platform-bot' is in no organisation: write the document by hand, with 'memberOf' naming a home
    left out: the channel 'acme-corp/ml-research' of 'mattermost' has other people in it than any team: declare a team of them, and name the channel there
    left out: the channel 'acme-corp/only-carol' of 'mattermost' has other people in it than any team: declare a team of them, and name the channel there
    wrote 13 documents below repo
    2 documents must be decided on: search for '=observe', the reason stands above
    read them, then: formulary validate --dir repo && formulary plan --dir repo
    The first plan takes over 19 objects, once somebody approves it; nothing that is there is changed.
    --- exit 0
    ");
    let read = |path: &str| std::fs::read_to_string(bench.path(&format!("repo/users/{path}"))).unwrap();
    let documents =
        ["acme-corp/organisation.yaml", "labs/teams/hands.yaml", "labs/bobby.yaml", "labs/repositories/labs-web.yaml"];
    assert_snapshot!(documents.map(read).join("---\n"), @r"
    # Imported from gitea, keycloak, mattermost.
    # Services disagree. 'displayName: Acme' would
    #   update keycloak:group/acme-corp (display_name).
    apiVersion: backstage.io/v1alpha1
    kind: Group
    metadata:
      name: acme-corp
      annotations:
        formulary.dev/gitea-members-team: none
        formulary.dev/mattermost-channels: everybody:private
        formulary.dev/services: gitea, keycloak, mattermost
    spec:
      type: organization
      children: []
    ---
    # Imported from gitea.
    apiVersion: backstage.io/v1alpha1
    kind: Group
    metadata:
      name: hands
      annotations:
        formulary.dev/gitea-all-repositories: 'true'
        formulary.dev/gitea-create-repositories: 'true'
        formulary.dev/gitea-team-permission: code:write, issues:read
        formulary.dev/services: gitea
    spec:
      type: team
      parent: labs
      children: []
    ---
    # Imported from gitea, keycloak.
    # Services disagree. 'displayName: Robert Okafor' would
    #   update gitea:user/bobby (full_name).
    apiVersion: backstage.io/v1alpha1
    kind: User
    metadata:
      name: bobby
      annotations:
        formulary.dev/gitea-visibility: public
        formulary.dev/services: gitea, keycloak
    spec:
      profile:
        email: robert.okafor@acme.example
      memberOf:
      - labs
      - hands
    ---
    # Imported from gitea.
    apiVersion: backstage.io/v1alpha1
    kind: Component
    metadata:
      name: labs-web
      description: The web of labs
      annotations:
        formulary.dev/gitea-repository: labs/web
    spec:
      type: repository
      lifecycle: production
      owner: labs
    ");
    bench.run("validate --dir repo").exits(0);
    push(&bench.sandbox, &texts(&bench.path("repo"))).await.unwrap();
    assert_eq!(changes(&bench.run("plan --dir repo --format json"), true), [""; 0]);
    approve_all(&bench, "repo");
    assert_eq!(changes(&bench.run("plan --dir repo --format json"), false), [""; 0]);
    bench.run("import repo").exits(0).says(&["wrote 0 documents below repo"]);
}
