//! What somebody does behind our back: what only closes is repaired at once, what opens waits for a word.

use serde_json::{Value, json};

use super::Tour;
use crate::documents::{organisation, person, team};

async fn as_declared(tour: &mut Tour) {
    tour.write("acme", organisation("~acme").called("Acme").about("The company.").with("gitea-visibility", "limited"));
    tour.write("core", team("~core", "~acme").with("gitea-team-permission", "code:write, issues:read"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~core"]));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]));
    tour.any_leg("as declared").await;
}

async fn edit_team(tour: &Tour, changes: Value) {
    let mut body = json!({ "name": tour.named("~core") });
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    tour.hand.patch(&tour.team_path("~acme", "~core").await, body).await;
}

pub async fn what_closes_is_repaired_at_once(tour: &mut Tour) {
    as_declared(tour).await;

    tour.edit_user("~alice", json!({ "full_name": "Alicia" })).await;
    tour.hand.patch(&tour.named("/api/v1/orgs/~acme"), json!({ "description": "Edited by hand" })).await;
    edit_team(tour, json!({ "description": "Edited by hand" })).await;
    tour.any_leg("fields edited").await;
    assert_eq!(tour.user("~alice").await["full_name"], json!("Alice Chen"));
    assert_eq!(tour.api("/orgs/~acme").await["description"], json!("The company."));

    let wider = json!({ "repo.code": "write", "repo.issues": "write", "repo.pulls": "write", "repo.wiki": "read" });
    edit_team(tour, json!({ "permission": "write", "units_map": wider })).await;
    tour.leg("a team's rights widened", &["update gitea:team/~acme/~core"]).await;
    edit_team(tour, json!({ "permission": "admin" })).await;
    tour.leg("a team made administrator", &["update gitea:team/~acme/~core"]).await;
    edit_team(tour, json!({ "includes_all_repositories": true, "can_create_org_repo": true })).await;
    tour.any_leg("a team let into every repository").await;
    let now = tour.team("~acme", "~core").await;
    assert_eq!((&now["includes_all_repositories"], &now["can_create_org_repo"]), (&json!(false), &json!(false)));

    tour.make_user("~mallory", None).await;
    let join = format!("{}/members/{}", tour.team_path("~acme", "~core").await, tour.named("~mallory"));
    tour.hand.put(&join, Value::Null).await;
    tour.any_leg("a member added").await;
    assert_eq!(tour.members("~acme", "~core").await, ["~alice", "~bob"]);
    assert_eq!(tour.user("~mallory").await["prohibit_login"], json!(false), "the shadow account is only reported");

    tour.hand.patch(&tour.named("/api/v1/orgs/~acme"), json!({ "visibility": "public" })).await;
    tour.leg("an organisation made public", &["update gitea:organization/~acme"]).await;

    edit_team(tour, json!({ "name": tour.named("~kern") })).await;
    tour.leg("a team renamed", &["rename gitea:team/~acme/~core"]).await;
    let rename = json!({ "new_username": tour.named("~robert") });
    tour.hand.post(&tour.named("/api/v1/admin/users/~bob/rename"), rename).await;
    tour.leg("a person renamed", &["rename gitea:user/~bob"]).await;

    tour.remove("bob");
    tour.any_leg("somebody leaves").await;
    tour.edit_user("~bob", json!({ "prohibit_login": false })).await;
    tour.leg("and is switched on again by somebody", &["disable gitea:user/~bob"]).await;
}

pub async fn what_opens_waits(tour: &mut Tour) {
    as_declared(tour).await;

    tour.edit_user("~alice", json!({ "prohibit_login": true })).await;
    tour.attempt().await;
    assert_eq!(tour.user("~alice").await["prohibit_login"], json!(true), "it waits");
    tour.leg("an account switched off", &["restore gitea:user/~alice (opens access)"]).await;

    let path = format!("{}/members/{}", tour.team_path("~acme", "~core").await, tour.named("~bob"));
    tour.hand.delete(&path).await;
    tour.leg("a membership removed", &["create gitea:team-member/~acme/~core/~bob (opens access)"]).await;

    edit_team(tour, json!({ "permission": "read", "units_map": { "repo.code": "read" } })).await;
    tour.leg("a team's rights narrowed", &["update gitea:team/~acme/~core (opens access)"]).await;
    let mixed = json!({ "repo.code": "read", "repo.issues": "write" });
    edit_team(tour, json!({ "permission": "write", "units_map": mixed })).await;
    tour.leg(
        "one unit wider, another narrower",
        &["update gitea:team/~acme/~core", "update gitea:team/~acme/~core (opens access)"],
    )
    .await;
    let units = tour.team("~acme", "~core").await["units_map"].clone();
    assert_eq!((&units["repo.code"], &units["repo.issues"]), (&json!("write"), &json!("read")), "{units}");

    tour.edit_user("~alice", json!({ "login_name": "another-subject" })).await;
    tour.leg("an account bound to somebody else", &["update gitea:user/~alice (sign-in)"]).await;
    assert_eq!(tour.user("~alice").await["login_name"], json!(tour.subject("~alice")));
}

pub async fn what_was_deleted_comes_back(tour: &mut Tour) {
    as_declared(tour).await;

    tour.hand.delete(&tour.named("/api/v1/admin/users/~alice?purge=true")).await;
    tour.any_leg("an account deleted").await;
    assert_eq!(tour.members("~acme", "~core").await, ["~alice", "~bob"]);

    tour.hand.delete(&tour.team_path("~acme", "~core").await).await;
    tour.any_leg("a team deleted").await;
    assert_eq!(tour.members("~acme", "~core").await, ["~alice", "~bob"]);

    tour.hand.delete(&tour.named("/api/v1/orgs/~acme")).await;
    tour.any_leg("an organisation deleted").await;
    assert_eq!(tour.members("~acme", "members").await, ["~alice", "~bob"]);
}

pub async fn an_additive_set_is_left_to_others(tour: &mut Tour) {
    tour.write("acme", organisation("~acme"));
    tour.write("guild", team("~guild", "~acme").with("members", "additive"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~guild"]));
    tour.any_leg("as declared").await;
    tour.make_user("~visitor", None).await;
    let join = format!("{}/members/{}", tour.team_path("~acme", "~guild").await, tour.named("~visitor"));
    tour.hand.put(&join, Value::Null).await;
    tour.leg("somebody joins by themselves", &[]).await;
    let reading = tour.reading().await;
    let seen = tour.named("unowned gitea:team-member/~acme/~guild/~visitor");
    assert!(reading.changes().contains(&seen), "{:?}", reading.changes());
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    tour.leg(
        "ours are ours",
        &["delete gitea:team-member/~acme/~guild/~alice", "delete idp:membership/~acme/~guild/~alice"],
    )
    .await;
    assert_eq!(tour.members("~acme", "~guild").await, ["~visitor"]);
}
