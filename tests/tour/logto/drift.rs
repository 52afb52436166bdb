//! What somebody does behind our back: what only closes is repaired at once, what opens waits for a word.

use serde_json::json;

use super::Tour;
use crate::documents::{organisation, person, team};
use crate::hand::text;

async fn as_declared(tour: &mut Tour) {
    tour.write("acme", organisation("~acme").called("~Acme").about("The company."));
    tour.write("core", team("~core", "~acme").about("The core."));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~core"]));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]));
    tour.any_leg("as declared").await;
}

pub async fn what_closes_is_repaired_at_once(tour: &mut Tour) {
    as_declared(tour).await;

    let other = json!({ "name": "Alicia", "primaryEmail": tour.named("~other@tour.example") });
    tour.hand.patch(&tour.user_path("~alice").await, other).await;
    let role = format!("/api/organization-roles/{}", tour.role_id("~acme/~core").await);
    tour.hand.patch(&role, json!({ "description": "Rotten." })).await;
    tour.leg("fields edited", &["update logto:user/~alice", "update logto:organization-role/~acme/~core"]).await;
    assert_eq!(tour.user("~alice").await["primaryEmail"], json!(tour.named("~alice@tour.example")));

    let mallory = tour.make_user("~mallory", "Mallory Unknown").await;
    let acme = tour.organization_path("~Acme").await;
    tour.hand.post(&format!("{acme}/users"), json!({ "userIds": [mallory] })).await;
    let core = tour.role_id("~acme/~core").await;
    let roles = json!({ "organizationRoleIds": [core] });
    tour.hand.post(&format!("{acme}/users/{mallory}/roles"), roles).await;
    // Nobody declared her, so that she is known by her address.
    let foreign = "delete logto:organization-role-member/~acme/~core/~mallory@tour.example";
    tour.leg("a member added", &[foreign]).await;
    assert_eq!(tour.user("~mallory").await["isSuspended"], json!(false), "the shadow account is only reported");
    assert_eq!(tour.memberships_of("~mallory").await, tour.names(&["~Acme"]), "and an organisation is additive");

    tour.hand.patch(&role, json!({ "name": tour.named("~kern") })).await;
    tour.leg("a role renamed", &["rename logto:organization-role/~acme/~core"]).await;
    assert_eq!(tour.role_id("~acme/~core").await, core);

    tour.hand.patch(&acme, json!({ "name": tour.named("~Ackme") })).await;
    tour.leg("an organisation renamed", &["update logto:organization/~acme"]).await;
    assert_eq!(tour.organization_path("~Acme").await, acme);

    tour.remove("bob");
    tour.any_leg("somebody leaves").await;
    let path = format!("{}/is-suspended", tour.user_path("~bob").await);
    tour.hand.patch(&path, json!({ "isSuspended": false })).await;
    tour.leg("and is let in again by somebody", &["disable logto:user/~bob"]).await;
}

pub async fn what_opens_waits(tour: &mut Tour) {
    as_declared(tour).await;

    let path = tour.user_path("~alice").await;
    tour.hand.patch(&format!("{path}/is-suspended"), json!({ "isSuspended": true })).await;
    let attempt = tour.attempt().await;
    assert_eq!(attempt.reading.steps(), [tour.named("restore logto:user/~alice (opens access)")]);
    assert_eq!(tour.user("~alice").await["isSuspended"], json!(true), "it waits");
    tour.leg("an account suspended", &["restore logto:user/~alice (opens access)"]).await;
    assert_eq!(tour.user("~alice").await["isSuspended"], json!(false));

    tour.hand.patch(&path, json!({ "username": tour.named("~liz").replace('-', "_") })).await;
    tour.leg("a username changed", &["update logto:user/~alice (sign-in)"]).await;

    let acme = tour.organization_path("~Acme").await;
    let (bob, core) = (tour.user("~bob").await["id"].clone(), tour.role_id("~acme/~core").await);
    tour.hand.delete(&format!("{acme}/users/{}/roles/{core}", text(&bob))).await;
    tour.leg("a role taken", &["create logto:organization-role-member/~acme/~core/~bob (opens access)"]).await;

    // Whoever is taken out of an organisation loses every role in it.
    tour.hand.delete(&format!("{acme}/users/{}", text(&bob))).await;
    tour.leg(
        "a member taken out",
        &[
            "create logto:organization-member/~acme/~bob (opens access)",
            "create logto:organization-role-member/~acme/~core/~bob (opens access)",
        ],
    )
    .await;
    assert_eq!(tour.memberships_of("~bob").await, tour.names(&["~Acme", "~Acme: ~acme/~core"]));
}

pub async fn what_was_deleted_comes_back(tour: &mut Tour) {
    as_declared(tour).await;
    let both = tour.names(&["~Acme", "~Acme: ~acme/~core"]);

    let before = tour.user("~alice").await["id"].clone();
    tour.hand.delete(&tour.user_path("~alice").await).await;
    tour.any_leg("an account deleted").await;
    assert_ne!(tour.user("~alice").await["id"], before);
    assert_eq!(tour.memberships_of("~alice").await, both);

    let role = tour.role_id("~acme/~core").await;
    tour.hand.delete(&format!("/api/organization-roles/{role}")).await;
    tour.any_leg("a role deleted").await;
    assert_ne!(tour.role_id("~acme/~core").await, role);
    assert_eq!(tour.memberships_of("~bob").await, both);

    let acme = tour.organization_path("~Acme").await;
    tour.hand.delete(&acme).await;
    tour.any_leg("an organisation deleted").await;
    assert_ne!(tour.organization_path("~Acme").await, acme);
    assert_eq!(tour.memberships_of("~bob").await, both);
}

pub async fn an_additive_set_is_left_to_others(tour: &mut Tour) {
    tour.write("acme", organisation("~acme").called("~Acme"));
    tour.write("guild", team("~guild", "~acme").with("members", "additive"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~guild"]));
    tour.any_leg("as declared").await;
    let visitor = tour.make_user("~visitor", "Visiting Person").await;
    let acme = tour.organization_path("~Acme").await;
    tour.hand.post(&format!("{acme}/users"), json!({ "userIds": [visitor] })).await;
    let roles = json!({ "organizationRoleIds": [tour.role_id("~acme/~guild").await] });
    tour.hand.post(&format!("{acme}/users/{visitor}/roles"), roles).await;
    tour.leg("somebody joins by themselves", &[]).await;
    let reading = tour.reading().await;
    let seen = tour.named("unowned logto:organization-role-member/~acme/~guild/~visitor@tour.example");
    assert!(reading.changes().contains(&seen), "{:?}", reading.changes());
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    tour.leg("ours are ours", &["delete logto:organization-role-member/~acme/~guild/~alice"]).await;
    assert_eq!(tour.memberships_of("~visitor").await, tour.names(&["~Acme", "~Acme: ~acme/~guild"]));
}

/// Custom data and the profile are replaced whole by the main routes: what applications keep there must not go.
pub async fn what_others_keep_in_custom_data_stays(tour: &mut Tour) {
    as_declared(tour).await;
    let (path, acme) = (tour.user_path("~alice").await, tour.organization_path("~Acme").await);
    tour.hand.patch(&format!("{path}/custom-data"), json!({ "customData": { "app": { "theme": "dark" } } })).await;
    tour.hand
        .patch(&format!("{path}/profile"), json!({ "profile": { "nickname": "Al", "preferredUsername": "al" } }))
        .await;
    let mut data = tour.hand.get(&acme).await["customData"].clone();
    data["crm"] = json!(7);
    tour.hand.patch(&acme, json!({ "customData": data })).await;
    tour.leg("a name that services see is edited", &["update logto:user/~alice"]).await;
    tour.write("acme", organisation("~acme").called("~Acme").about("The company, renewed."));
    tour.any_leg("and the organisation's description").await;
    let alice = tour.user("~alice").await;
    assert_eq!(alice["customData"]["app"], json!({ "theme": "dark" }));
    assert_eq!(alice["profile"]["nickname"], json!("Al"));
    assert_eq!(tour.hand.get(&acme).await["customData"]["crm"], json!(7));

    // Our marks erased by an application that replaces the whole: known by its id, and marked again.
    tour.hand.patch(&path, json!({ "customData": { "app": 1 } })).await;
    tour.hand.patch(&acme, json!({ "customData": { "crm": 8 } })).await;
    tour.leg("marks erased", &["update logto:user/~alice", "update logto:organization/~acme"]).await;
    let alice = tour.user("~alice").await;
    assert_eq!(alice["customData"]["app"], json!(1));
    assert_eq!(alice["customData"]["formulary"]["handle"], json!(tour.named("~alice")));
    assert_eq!(tour.hand.get(&acme).await["customData"]["crm"], json!(8));
}
