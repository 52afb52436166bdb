//! Repositories, their protection and their hooks.

use serde_json::json;

use super::world::{LEDGER, World, account, step};
use crate::engine::model::{FailureClass, Live, Mark, Term, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::emulator::faults::{Defect, Fault};
use crate::provider::gitea::emulator::Settings;
use crate::provider::gitea::kinds::{BRANCH_PROTECTION, ORGANIZATION, REPOSITORY, USER, WEBHOOK};

const REPO: &str = "acme/formulas";
const HOOK: &str = "acme/formulas/http:%2F%2F127.0.0.1:9%2Fhook";

#[tokio::test]
async fn a_repository_is_made_marked_and_kept() {
    let world = with_repository().await;
    let seen = world.observe(&[], &[(REPOSITORY, &["acme", "nobody"])]).await;
    assert_eq!(seen.keys(REPOSITORY, Some("acme")), [REPO]);
    assert!(seen.keys(REPOSITORY, Some("nobody")).is_empty());
    let live = seen.live(REPOSITORY, REPO);
    assert_eq!(live.mark, Some(Mark { ledger: LEDGER.to_owned() }));
    assert_eq!(live.fields["topics"], Value::set(["gitops"]));
    assert_eq!((&live.fields["private"], &live.fields["default_branch"]), (&true.into(), &"main".into()));

    // Somebody opens it and adds a topic; the repair takes nothing else along.
    world.raw("PATCH", "/repos/acme/formulas", Some(json!({"private": false, "description": "theirs"}))).await;
    world.raw("PUT", "/repos/acme/formulas/topics/odd", None).await;
    let live = world.done(step(Verb::Update, REPOSITORY, REPO, &[("private", true.into())])).await.expect("there");
    assert_eq!((&live.fields["private"], &live.fields["description"]), (&true.into(), &"theirs".into()));
    assert_eq!(live.fields["topics"], Value::set(["gitops", "odd"]));
    let live =
        world.done(step(Verb::Update, REPOSITORY, REPO, &[("topics", Value::set(["gitops"]))])).await.expect("there");
    assert_eq!((live.fields["topics"].clone(), live.mark.is_some()), (Value::set(["gitops"]), true));

    let renamed = of(&live, step(Verb::Rename, REPOSITORY, REPO, &[("name", "acme/recipes".into())]));
    assert_eq!(&*world.done(renamed).await.expect("there").address.key, "acme/recipes");
    assert_eq!(world.look(REPOSITORY, REPO).await.expect_err("it was renamed").class, FailureClass::Conflict);
    // What somebody else made under the freed name is not what the plan meant.
    world.raw("POST", "/orgs/acme/repos", Some(json!({"name": "formulas"}))).await;
    let archived = of(&live, step(Verb::Update, REPOSITORY, REPO, &[("archived", true.into())]));
    assert_eq!(&*world.done(archived).await.expect("there").address.key, "acme/recipes");
}

#[tokio::test]
async fn adopting_marks_and_changes_nothing_else() {
    let world = World::new().await;
    world.done(step(Verb::Create, ORGANIZATION, "acme", &[])).await;
    let body = json!({"name": "formulas", "auto_init": true, "description": "theirs"});
    world.raw("POST", "/orgs/acme/repos", Some(body)).await;
    world.raw("PUT", "/repos/acme/formulas/topics/odd", None).await;
    let live = world.done(step(Verb::Adopt, REPOSITORY, REPO, &[])).await.expect("there");
    assert!(live.mark.is_some());
    assert_eq!((&live.fields["description"], &live.fields["topics"]), (&"theirs".into(), &Value::set(["odd"])));
    let edits = world.emulator().requests().list().iter().filter(|it| it.method == "PATCH").count();
    assert_eq!(edits, 0);
}

#[tokio::test]
async fn a_directory_on_disk_is_not_destroyed_by_creating() {
    let stray = vec!["acme/formulas".to_owned()];
    let world = World::with(Settings { stray_directories: stray, ..Settings::default() }).await;
    world.done(step(Verb::Create, ORGANIZATION, "acme", &[])).await;
    let failure = world.fails(step(Verb::Create, REPOSITORY, REPO, &[])).await;
    assert_eq!(failure.class, FailureClass::Conflict);
    assert!(failure.help.contains("Unadopted Repositories"), "{failure:?}");
    let (_, left) = world.raw("GET", "/admin/unadopted", None).await;
    assert_eq!(left, json!(["acme/formulas"]));
}

#[tokio::test]
async fn a_server_that_never_held_a_repository_takes_its_first() {
    let world = World::new().await;
    world.done(step(Verb::Create, ORGANIZATION, "acme", &[])).await;
    // What a real 1.27 answers as long as its directory of repositories was never made.
    let body = json!({"message": "lstat /data/repositories: no such file or directory", "url": ""});
    let fault = Fault::new(Defect::Status { status: 500, body: Some(body), applied: false });
    world.emulator().arm(fault.on("GET", "/api/v1/admin/unadopted")).expect("armed");
    assert!(world.done(step(Verb::Create, REPOSITORY, REPO, &[])).await.is_some());
}

#[tokio::test]
async fn protection_is_compared_as_gitea_keeps_it() {
    let world = with_repository().await;
    world.done(step(Verb::Create, USER, "alice", &account(1, "alice@acme.example", "sub-1"))).await;
    world.raw("PUT", "/repos/acme/formulas/collaborators/alice", Some(json!({"permission": "write"}))).await;
    let key = "acme/formulas/release%2F**";
    let wanted = [
        ("push", "listed".into()),
        ("push_users", Value::set(["alice"])),
        ("required_approvals", Value::Int(1)),
        ("status_checks", Value::set(["formulary/plan"])),
    ];
    let live = world.done(step(Verb::Create, BRANCH_PROTECTION, key, &wanted)).await.expect("there");
    has(&live, &wanted);
    let seen = world.observe(&[], &[(BRANCH_PROTECTION, &[REPO, "acme/nothing"])]).await;
    assert_eq!(seen.keys(BRANCH_PROTECTION, Some(REPO)), [key]);
    assert!(seen.keys(BRANCH_PROTECTION, Some("acme/nothing")).is_empty());

    // Closing pushes keeps the names at the server; here the list is empty.
    let closed =
        world.done(step(Verb::Update, BRANCH_PROTECTION, key, &[("push", "nobody".into())])).await.expect("there");
    has(&closed, &[("push", "nobody".into()), ("push_users", Value::set(Vec::<String>::new()))]);
    has(&closed, &wanted[2..]);
    // Whoever has no write access is dropped without a word, and reading back shows it.
    world.done(step(Verb::Create, USER, "bob", &account(1, "bob@acme.example", "sub-2"))).await;
    let open = [("push", "listed".into()), ("push_users", Value::set(["alice", "bob"]))];
    let live = world.done(step(Verb::Update, BRANCH_PROTECTION, key, &open)).await.expect("there");
    has(&live, &[("push_users", Value::set(["alice"]))]);

    let before = world.emulator().requests().count();
    let failure = world.fails(step(Verb::Create, BRANCH_PROTECTION, "acme/formulas/a[b", &[])).await;
    assert_eq!(failure.class, FailureClass::Refused);
    assert_eq!(world.emulator().requests().count(), before, "a malformed glob is never sent");
    assert_eq!(world.done(step(Verb::Delete, BRANCH_PROTECTION, key, &[])).await, None);
    assert_eq!(world.done(step(Verb::Delete, BRANCH_PROTECTION, key, &[])).await, None);
}

#[tokio::test]
async fn an_edit_of_a_hook_resets_nothing_and_a_new_secret_is_a_new_hook() {
    let world = with_repository().await;
    let events = crate::provider::gitea::events::expand(["push", "pull_request"]).expect("known");
    let wanted = [("events", Value::set(events)), ("active", true.into()), ("branch_filter", "main".into())];
    let made = world.done(with_secret(step(Verb::Create, WEBHOOK, HOOK, &wanted), "one")).await.expect("there");
    has(&made, &wanted);
    let seen = world.observe(&[], &[(WEBHOOK, &[REPO])]).await;
    assert_eq!(seen.keys(WEBHOOK, Some(REPO)), [HOOK]);

    let id = made.external_id.clone().expect("hooks have numbers");
    world.raw("PATCH", &format!("/repos/acme/formulas/hooks/{id}"), Some(json!({"active": false}))).await;
    let back = of(&made, step(Verb::Update, WEBHOOK, HOOK, &wanted[1..2]));
    let live = world.done(back).await.expect("there");
    has(&live, &[("active", true.into()), ("events", Value::set(["push"]))]);
    let live = world.done(of(&made, step(Verb::Update, WEBHOOK, HOOK, &wanted))).await.expect("there");
    has(&live, &wanted);
    assert_eq!(live.external_id, made.external_id);

    let rotated = with_secret(of(&made, step(Verb::Update, WEBHOOK, HOOK, &[])), "two");
    let rotated = world.done(rotated).await.expect("there");
    has(&rotated, &wanted);
    assert_ne!(rotated.external_id, made.external_id);
    let (_, hooks) = world.raw("GET", "/repos/acme/formulas/hooks", None).await;
    assert_eq!(hooks.as_array().map(Vec::len), Some(1), "the old one is gone");
}

#[tokio::test]
async fn of_two_hooks_with_one_address_the_older_is_meant() {
    let world = with_repository().await;
    world.done(step(Verb::Create, WEBHOOK, HOOK, &[("events", Value::set(["push"]))])).await;
    let body = json!({"type": "gitea", "config": {"url": "http://127.0.0.1:9/hook", "content_type": "json"}});
    world.raw("POST", "/repos/acme/formulas/hooks", Some(body)).await;
    let seen = world.observe(&[], &[(WEBHOOK, &[REPO])]).await;
    let keys = seen.keys(WEBHOOK, Some(REPO));
    assert_eq!(keys.len(), 2);
    assert!(keys[0] == HOOK && keys[1].starts_with(HOOK) && keys[1].contains('#'), "{keys:?}");
    let second = seen.live(WEBHOOK, &keys[1]).clone();
    assert_eq!(world.done(of(&second, step(Verb::Delete, WEBHOOK, &keys[1], &[]))).await, None);
    assert_eq!(world.observe(&[], &[(WEBHOOK, &[REPO])]).await.keys(WEBHOOK, Some(REPO)), [HOOK]);
}

#[tokio::test]
async fn hooks_and_rules_beyond_our_rights_are_unknown_not_absent() {
    let world = with_repository().await;
    let refused = Defect::Status { status: 403, body: None, applied: false };
    for path in ["/api/v1/repos/acme/formulas/hooks", "/api/v1/repos/acme/formulas/branch_protections"] {
        world.emulator().arm(Fault::new(refused.clone()).on("GET", path)).expect("armed");
    }
    let seen = world.observe(&[], &[(WEBHOOK, &[REPO]), (BRANCH_PROTECTION, &[REPO])]).await;
    for kind in [WEBHOOK, BRANCH_PROTECTION] {
        assert_eq!(seen.incomplete(kind, Some(REPO)).class, FailureClass::MissingRights);
    }
}

async fn with_repository() -> World {
    let world = World::new().await;
    world.done(step(Verb::Create, ORGANIZATION, "acme", &[])).await;
    let fields = [("private", true.into()), ("default_branch", "main".into()), ("topics", Value::set(["gitops"]))];
    let live = world.done(step(Verb::Create, REPOSITORY, REPO, &fields)).await.expect("there");
    has(&live, &fields);
    assert!(live.outputs["clone_url"].as_text().is_some_and(|url| url.ends_with("/acme/formulas.git")));
    world
}

fn with_secret(mut step: Step, secret: &str) -> Step {
    step.after.insert("secret".into(), Term::Secret(secret.to_owned()));
    step
}

fn of(live: &Live, step: Step) -> Step {
    Step { external_id: live.external_id.clone(), ..step }
}

#[track_caller]
fn has(live: &Live, fields: &[(&'static str, Value)]) {
    for (name, value) in fields {
        assert_eq!(live.fields.get(name), Some(value), "{name} of {}", live.address);
    }
}
