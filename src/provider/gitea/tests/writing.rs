//! The traps of the guide, one by one.

use serde_json::json;

use super::world::{World, account, step, team};
use crate::engine::model::{FailureClass, Fields, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Look, Performed};
use crate::provider::emulator::faults::{Defect, Fault};
use crate::provider::gitea::kinds::{ORGANIZATION, TEAM, TEAM_MEMBER, USER};

#[tokio::test]
async fn nobody_is_made_twice_for_one_sign_in() {
    let world = World::new().await;
    world.done(step(Verb::Create, USER, "alice", &account(1, "alice@acme.example", "sub-1"))).await;
    // Gitea itself would make the second one without a word.
    let failure = world.fails(step(Verb::Create, USER, "alice2", &account(1, "other@acme.example", "sub-1"))).await;
    assert_eq!(failure.class, FailureClass::Conflict);
    assert!(failure.said.contains("'alice'"), "{failure:?}");
    assert!(matches!(world.look(USER, "alice2").await, Ok(Look::Absent)));
}

#[tokio::test]
async fn names_and_addresses_of_others_are_conflicts() {
    let world = World::new().await;
    world.done(step(Verb::Create, ORGANIZATION, "acme", &[])).await;
    let failure = world.fails(step(Verb::Create, USER, "acme", &account(1, "a@acme.example", "sub-1"))).await;
    assert_eq!(failure.class, FailureClass::Conflict);
    assert!(failure.said.contains("an organisation holds it"), "{failure:?}");
    world.done(step(Verb::Create, USER, "alice", &account(1, "alice@acme.example", "sub-1"))).await;
    let failure = world.fails(step(Verb::Create, USER, "alicia", &account(1, "ALICE@acme.example", "sub-2"))).await;
    assert_eq!(failure.class, FailureClass::Conflict);
    let failure = world.fails(step(Verb::Create, ORGANIZATION, "alice", &[])).await;
    assert!(failure.class == FailureClass::Conflict && failure.said.contains("a person holds it"), "{failure:?}");
    let failure = world.fails(step(Verb::Create, USER, "nobody", &account(99, "n@acme.example", "sub-9"))).await;
    assert_eq!(failure.class, FailureClass::Refused);
    assert!(failure.help.contains("gitea admin auth list"), "{failure:?}");
}

#[tokio::test]
async fn an_organisation_is_never_edited_as_a_person() {
    let world = World::new().await;
    world.done(step(Verb::Create, ORGANIZATION, "acme", &[("full_name", "ACME".into())])).await;
    // PATCH /admin/users/acme would be taken.
    let failure = world.fails(step(Verb::Update, USER, "acme", &[("full_name", "Person".into())])).await;
    assert_eq!(failure.class, FailureClass::Conflict);
    let failure = world.fails(step(Verb::Disable, USER, "acme", &[])).await;
    assert_eq!(failure.class, FailureClass::Conflict);
    let (_, org) = world.raw("GET", "/orgs/acme", None).await;
    assert_eq!(org["full_name"], "ACME");
    world.done(step(Verb::Create, TEAM, "acme/dev", &team("repo.code", "read"))).await;
    let failure = world.fails(step(Verb::Create, TEAM_MEMBER, "acme/dev/acme", &[])).await;
    assert!(failure.class == FailureClass::Conflict && failure.said.contains("is an organisation"), "{failure:?}");
}

#[tokio::test]
async fn an_edit_keeps_whom_the_source_means() {
    let world = World::new().await;
    world.done(step(Verb::Create, USER, "alice", &account(1, "alice@acme.example", "sub-1"))).await;
    // Somebody repaired the link by hand; an edit of another field must not undo it.
    world.raw("PATCH", "/admin/users/alice", Some(json!({"login_name": "sub-by-hand", "source_id": 1}))).await;
    let live = world.done(step(Verb::Update, USER, "alice", &[("full_name", "Alice".into())])).await.expect("there");
    assert_eq!(live.fields["login_name"], Value::from("sub-by-hand"));
    // A local account is bound, and its login name counts only then.
    let local = json!({"username": "loc", "email": "loc@acme.example", "password": "Lab-pass-1", "must_change_password": false});
    world.raw("POST", "/admin/users", Some(local)).await;
    let edited = world.done(step(Verb::Update, USER, "loc", &[("full_name", "Local".into())])).await.expect("there");
    assert_eq!((&edited.fields["login_name"], &edited.fields["source_id"]), (&Value::Null, &Value::Int(0)));
    let bound = [("login_name", "sub-2".into()), ("source_id", Value::Int(1))];
    let bound = world.done(step(Verb::Update, USER, "loc", &bound)).await.expect("there");
    assert_eq!((&bound.fields["login_name"], &bound.fields["source_id"]), (&"sub-2".into(), &Value::Int(1)));
}

#[tokio::test]
async fn a_refusal_midway_tells_what_was_applied() {
    let world = World::new().await;
    world.done(step(Verb::Create, USER, "alice", &account(1, "alice@acme.example", "sub-1"))).await;
    world.done(step(Verb::Create, USER, "bob", &account(1, "bob@acme.example", "sub-2"))).await;
    let edit = [("login_name", "sub-new".into()), ("email", "bob@acme.example".into())];
    let failure = world.fails(step(Verb::Update, USER, "alice", &edit)).await;
    assert_eq!(failure.class, FailureClass::Conflict);
    assert!(failure.said.ends_with("it was applied in part: login_name"), "{failure:?}");
}

#[tokio::test]
async fn what_is_as_wanted_costs_no_write_and_what_changed_meanwhile_is_left() {
    let world = World::new().await;
    let made =
        world.done(step(Verb::Create, USER, "alice", &account(1, "alice@acme.example", "sub-1"))).await.expect("there");
    let again = step(Verb::Update, USER, "alice", &[("full_name", "Somebody".into())]);
    world.done(again).await;
    let writes = |world: &World| world.emulator().requests().list().iter().filter(|it| it.method == "PATCH").count();
    assert_eq!(writes(&world), 0);
    let mut stale = step(Verb::Update, USER, "alice", &[("full_name", "Alice".into())]);
    stale.before = Fields::from([("full_name".into(), "As it was planned".into())]);
    let failure = world.fails(stale).await;
    assert!(failure.class == FailureClass::Conflict && failure.said.contains("'full_name' was changed"), "{failure:?}");
    // The name was freed and taken by another: the number tells.
    world.raw("DELETE", "/admin/users/alice", None).await;
    world.done(step(Verb::Create, USER, "alice", &account(1, "alice@acme.example", "sub-1"))).await;
    let other = Step { external_id: made.external_id, ..step(Verb::Disable, USER, "alice", &[]) };
    assert_eq!(world.fails(other).await.class, FailureClass::Gone);
    assert_eq!(writes(&world), 0);
}

#[tokio::test]
async fn a_team_is_always_written_whole() {
    let world = World::new().await;
    world.done(step(Verb::Create, ORGANIZATION, "acme", &[])).await;
    let wanted = team("repo.code", "write");
    world.done(step(Verb::Create, TEAM, "acme/dev", &wanted)).await;
    // Each of these alone would lose the units at the server.
    for field in
        [("description", Value::from("other")), ("all_repositories", true.into()), ("visibility", "limited".into())]
    {
        let name = field.0;
        let live = world.done(step(Verb::Update, TEAM, "acme/dev", std::slice::from_ref(&field))).await.expect("there");
        assert_eq!(live.fields[name], field.1);
        assert_eq!(live.fields["units"], wanted[2].1, "after {name}");
    }
    // From administrator back, no unit stays at 'admin'.
    world.done(step(Verb::Update, TEAM, "acme/dev", &[("permission", "admin".into())])).await;
    let live = world.done(step(Verb::Update, TEAM, "acme/dev", &team("repo.wiki", "read"))).await.expect("there");
    assert_eq!(live.fields["units"], team("repo.wiki", "read")[2].1);
    assert_eq!(live.fields["permission"], Value::from("none"));
}

#[tokio::test]
async fn owners_are_left_alone_whatever_they_are_called() {
    let world = World::new().await;
    world.done(step(Verb::Create, ORGANIZATION, "acme", &[])).await;
    let failure = world.fails(step(Verb::Delete, TEAM, "acme/owners", &[])).await;
    assert_eq!(failure.class, FailureClass::Refused);
    let (_, teams) = world.raw("GET", "/orgs/acme/teams", None).await;
    let id = teams[0]["id"].as_i64().expect("a number");
    world.raw("PATCH", &format!("/teams/{id}"), Some(json!({"name": "bosses"}))).await;
    let mut rename = step(Verb::Rename, TEAM, "acme/bosses", &[("name", "acme/chiefs".into())]);
    rename.external_id = Some(id.to_string());
    assert_eq!(world.fails(rename).await.class, FailureClass::Refused);
    // The last owner stays: the server's 500 is a refusal, and is not asked again.
    let before = world.emulator().requests().count();
    let failure = world.fails(step(Verb::Delete, TEAM_MEMBER, "acme/bosses/gitea-admin", &[])).await;
    assert!(failure.class == FailureClass::Refused && failure.help.contains("must keep an owner"), "{failure:?}");
    assert_eq!(world.emulator().requests().count() - before, 2, "one look for the team, one attempt");
}

#[tokio::test]
async fn a_lost_answer_is_unclear_and_a_look_settles_it() {
    let world = World::new().await;
    world.emulator().arm(Fault::new(Defect::LostAnswer).on("POST", "/api/v1/admin/users").nth(1)).expect("armed");
    let fields = account(1, "alice@acme.example", "sub-1");
    let failure = world.fails(step(Verb::Create, USER, "alice", &fields)).await;
    assert_eq!(failure.class, FailureClass::Unclear);
    match world.look(USER, "alice").await {
        Ok(Look::Present(live)) => assert_eq!(live.fields["login_name"], Value::from("sub-1")),
        other => panic!("{other:?}"),
    }
    let creations = world.emulator().requests().list().iter().filter(|it| it.method == "POST").count();
    assert_eq!(creations, 1, "it was not repeated");
}

#[tokio::test]
async fn leaving_blocks_the_account_and_returning_opens_it() {
    let world = World::new().await;
    let live =
        world.done(step(Verb::Create, USER, "alice", &account(1, "alice@acme.example", "sub-1"))).await.expect("there");
    let off = Step { external_id: live.external_id.clone(), ..step(Verb::Disable, USER, "alice", &[]) };
    let live = world.done(off).await.expect("there");
    assert_eq!((&live.fields["prohibit_login"], &live.fields["active"]), (&true.into(), &true.into()));
    let on = step(Verb::Restore, USER, "alice", &[("prohibit_login", false.into())]);
    assert_eq!(world.done(on).await.expect("there").fields["prohibit_login"], Value::Bool(false));
}

#[tokio::test]
async fn verbs_that_mean_nothing_are_refused() {
    let world = World::new().await;
    for (verb, kind, key) in [
        (Verb::Transfer, USER, "alice"),
        (Verb::Disable, ORGANIZATION, "acme"),
        (Verb::Rename, TEAM_MEMBER, "acme/dev/alice"),
    ] {
        assert_eq!(world.fails(step(verb, kind, key, &[])).await.class, FailureClass::Refused);
    }
    let before = world.emulator().requests().count();
    assert_eq!(before, 0, "nothing was sent");
    let gone = world.perform(step(Verb::Delete, ORGANIZATION, "nowhere", &[])).await;
    assert_eq!(gone, Ok(Performed::Done(None)));
}
