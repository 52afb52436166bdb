//! What the reading half proves, and what it does not.

use serde_json::{Value as Json, json};

use super::world::{Seen, World, account, request, step, team};
use crate::engine::model::{Completeness, FailureClass, Value};
use crate::engine::plan::Verb;
use crate::provider::contract::{Held, Look};
use crate::provider::emulator::faults::{Defect, Fault};
use crate::provider::gitea::kinds::{ORGANIZATION, TEAM, TEAM_MEMBER, USER};

#[tokio::test]
async fn a_list_of_many_pages_is_whole_and_costs_its_pages() {
    let world = World::new().await;
    for at in 0..120 {
        let body = json!({"username": format!("p{at:03}"), "email": format!("p{at:03}@acme.example"), "source_id": 1,
            "login_name": format!("sub-{at}"), "must_change_password": false});
        assert_eq!(world.raw("POST", "/admin/users", Some(body)).await.0, 201);
    }
    let before = world.emulator().requests().count();
    let seen = world.observe(&[USER], &[]).await;
    let calls = world.emulator().requests().count() - before;
    assert_eq!(seen.keys(USER, None).len(), 121);
    // Three pages; rights before and after, the token, and the page size.
    assert_eq!(calls, 3 + 4);
}

#[tokio::test]
async fn absence_is_proven_only_within_what_was_seen() {
    let world = World::new().await;
    world.done(step(Verb::Create, ORGANIZATION, "acme", &[])).await;
    world.emulator().arm(Fault::new(status(500)).on("GET", "/api/v1/admin/orgs")).expect("armed");
    let seen = world.observe(&[], &[(TEAM, &["acme", "nowhere"]), (TEAM_MEMBER, &["acme/dev"])]).await;
    for (kind, parent) in [(TEAM, "acme"), (TEAM, "nowhere"), (TEAM_MEMBER, "acme/dev")] {
        assert_eq!(seen.incomplete(kind, Some(parent)).class, FailureClass::Unclear, "{kind} of {parent}");
    }
    world.emulator().lift_all();
    let seen = world.observe(&[], &[(TEAM, &["acme", "nowhere"]), (TEAM_MEMBER, &["acme/dev"])]).await;
    assert!(seen.keys(TEAM, Some("acme")).is_empty(), "the team of owners is Gitea's own");
    assert!(seen.keys(TEAM, Some("nowhere")).is_empty() && seen.keys(TEAM_MEMBER, Some("acme/dev")).is_empty());
}

#[tokio::test]
async fn nothing_is_proven_without_the_right_to_see_everything() {
    let world = World::new().await;
    for (token, class) in [("wrong", FailureClass::MissingRights), ("", FailureClass::MissingRights)] {
        let seen = world.reader_with(token).observe(&request(&[USER, ORGANIZATION], &[(TEAM, &["acme"])])).await;
        assert_eq!(seen.len(), 3);
        for observation in seen {
            match observation.completeness {
                Completeness::Incomplete(failure) => assert_eq!(failure.class, class, "{failure:?}"),
                other => panic!("{} counts as {other:?}", observation.scope),
            }
        }
    }
}

#[tokio::test]
async fn rights_that_are_lost_on_the_way_void_what_was_read() {
    let world = World::new().await;
    // The first call asks for rights, the second lists, the third asks again.
    world.emulator().arm(Fault::new(status(403)).on("GET", "/api/v1/admin/users").nth(3)).expect("armed");
    let seen = world.observe(&[USER], &[]).await;
    assert_eq!(seen.incomplete(USER, None).class, FailureClass::MissingRights);
    assert_eq!(seen.scope(USER, None).objects.len(), 1, "what was read is shown all the same");
}

#[tokio::test]
async fn a_null_or_shortened_list_is_not_whole() {
    let world = World::new().await;
    for (body, class) in
        [(Json::Null, FailureClass::MissingRights), (json!({"message": "odd"}), FailureClass::MissingRights)]
    {
        let fault = Fault::new(Defect::Status { status: 200, body: Some(body), applied: false });
        world.emulator().arm(fault.on("GET", "/api/v1/admin/orgs")).expect("armed");
        let seen = world.observe(&[ORGANIZATION], &[]).await;
        let failure = seen.incomplete(ORGANIZATION, None);
        assert!(failure.class == class || failure.said.contains("total"), "{failure:?}");
        world.emulator().lift_all();
    }
    for at in 0..3 {
        world.done(step(Verb::Create, ORGANIZATION, &format!("org-{at}"), &[])).await;
    }
    world
        .emulator()
        .arm(Fault::new(Defect::TruncatedPage { keep: Some(2) }).on("GET", "/api/v1/admin/orgs"))
        .expect("armed");
    let seen = world.observe(&[ORGANIZATION], &[]).await;
    let failure = seen.incomplete(ORGANIZATION, None);
    assert!(failure.said.contains("does not settle") || failure.class == FailureClass::Later, "{failure:?}");
}

#[tokio::test]
async fn a_service_that_answers_html_is_named_as_such() {
    let world = World::new().await;
    world.emulator().arm(Fault::new(Defect::Html { status: 200 })).expect("armed");
    let failure = world.reader.probe().await.expect_err("that is no Gitea");
    assert_eq!(failure.class, FailureClass::Refused);
    assert!(failure.help.contains("check the URL"), "{failure:?}");
}

#[tokio::test]
async fn a_look_tells_strangers_redirects_and_absences_apart() {
    let world = World::new().await;
    world.done(step(Verb::Create, ORGANIZATION, "acme", &[])).await;
    let stranger = world.look(USER, "acme").await.expect_err("an organisation is no person");
    assert_eq!(stranger.class, FailureClass::Conflict);
    assert!(stranger.said.contains("organisation holds the name"), "{stranger:?}");
    assert!(matches!(world.look(USER, "nobody").await, Ok(Look::Absent)));
    assert!(matches!(world.look(TEAM, "nowhere/dev").await, Ok(Look::Absent)));
    world.raw("POST", "/orgs/acme/rename", Some(json!({"new_name": "acme-corp"}))).await;
    let renamed = world.look(ORGANIZATION, "acme").await.expect_err("the name leads elsewhere");
    assert_eq!(renamed.class, FailureClass::Conflict);
    assert!(renamed.said.contains("/api/v1/orgs/acme-corp"), "{renamed:?}");
}

#[tokio::test]
async fn drift_behind_our_back_is_seen() {
    let world = World::new().await;
    world.done(step(Verb::Create, ORGANIZATION, "acme", &[])).await;
    let dev = world.done(step(Verb::Create, TEAM, "acme/dev", &team("repo.code", "read"))).await.expect("made");
    world.done(step(Verb::Create, USER, "alice", &account(1, "alice@acme.example", "sub-1"))).await;
    let id = dev.external_id.expect("teams have numbers");
    world.raw("PATCH", &format!("/teams/{id}"), Some(json!({"name": "dev", "permission": "admin"}))).await;
    world.raw("PUT", &format!("/teams/{id}/members/alice"), None).await;
    world.raw("PATCH", "/admin/users/alice", Some(json!({"login_name": "sub-1", "prohibit_login": true}))).await;
    let seen = world.observe(&[USER], &[(TEAM, &["acme"]), (TEAM_MEMBER, &["acme/dev"])]).await;
    assert_eq!(seen.live(TEAM, "acme/dev").fields["permission"], Value::from("admin"));
    assert_eq!(seen.keys(TEAM_MEMBER, Some("acme/dev")), ["acme/dev/alice"]);
    assert_eq!(seen.live(USER, "alice").fields["prohibit_login"], Value::Bool(true));
}

#[tokio::test]
async fn doctor_names_what_is_held_and_what_is_not() {
    let world = World::new().await;
    let probe = world.reader.probe().await.expect("it answers");
    assert_eq!(probe.capabilities.version.as_deref(), Some("1.27.0"));
    assert_eq!(probe.capabilities.own_accounts, [super::world::address(USER, "gitea-admin")]);
    assert!(probe.rights.iter().all(|right| right.held == Held::Yes), "{:?}", probe.rights);
    assert!(probe.findings.iter().any(|it| it.ok && it.what.contains("sign-in source 1 ('corp-sso') exists")));
    let people = world.observe(&[USER], &[]).await;
    assert_eq!(people.keys(USER, None), ["gitea-admin"], "asking for the source made nobody");

    let token = mint(&world, "gitea-admin", &["write:repository", "read:user"]).await;
    let probe = world.reader_with(&token).probe().await.expect("it answers");
    let held = |name: &str| probe.rights.iter().find(|it| it.name == name).map(|it| it.held);
    assert_eq!(held("write:repository"), Some(Held::Yes));
    assert_eq!((held("write:admin"), held("write:organization")), (Some(Held::No), Some(Held::No)));
    let grant = &probe.rights[0].grant;
    assert!(grant.contains("--username gitea-admin") && grant.contains("write:admin,write:organization"), "{grant}");
}

#[tokio::test]
async fn a_token_that_only_reads_is_enough_to_look() {
    let world = World::new().await;
    world.done(step(Verb::Create, ORGANIZATION, "acme", &[])).await;
    let scopes = ["read:admin", "read:organization", "read:repository", "read:user"];
    let reader = world.reader_with(&mint(&world, "gitea-admin", &scopes).await);
    let seen = Seen(reader.observe(&request(&[USER, ORGANIZATION], &[(TEAM, &["acme"])])).await);
    assert_eq!(seen.keys(ORGANIZATION, None), ["acme"]);
    assert!(seen.keys(TEAM, Some("acme")).is_empty());
    let probe = reader.probe().await.expect("it answers");
    let missing: Vec<&str> = probe.rights.iter().filter(|it| it.held == Held::No).map(|it| it.name.as_str()).collect();
    assert_eq!(missing, ["write:admin", "write:organization", "write:repository"]);
}

#[tokio::test]
async fn a_token_that_sees_public_things_only_proves_nothing() {
    let world = World::new().await;
    let scopes = ["read:admin", "read:organization", "read:user", "public-only"];
    let reader = world.reader_with(&mint(&world, "gitea-admin", &scopes).await);
    let seen = Seen(reader.observe(&request(&[USER], &[])).await);
    assert!(seen.incomplete(USER, None).said.contains("public-only"));
}

#[tokio::test]
async fn a_source_that_does_not_exist_is_told() {
    use crate::provider::gitea::emulator::Settings;
    let world = World::with(Settings { login_sources: vec![7], ..Settings::default() }).await;
    let probe = world.reader.probe().await.expect("it answers");
    let told = probe.findings.iter().find(|it| it.what.contains("no sign-in source 1")).expect("it is told");
    assert!(!told.ok && told.help.contains("gitea admin auth list"), "{told:?}");
}

async fn mint(world: &World, user: &str, scopes: &[&str]) -> String {
    let credentials = world.emulator().credentials();
    let basic = &credentials["gitea-admin basic"]["Authorization"];
    let answer = reqwest::Client::new()
        .post(format!("{}/api/v1/users/{user}/tokens", world.base))
        .header("authorization", basic)
        .json(&json!({"name": "narrow", "scopes": scopes}))
        .send()
        .await
        .expect("the server answers");
    let made: Json = answer.json().await.expect("a token");
    made["sha1"].as_str().expect("its text").to_owned()
}

fn status(status: u16) -> Defect {
    Defect::Status { status, body: None, applied: false }
}
