//! What somebody does behind our back: what only closes is repaired at once, what opens waits for a word.

use serde_json::json;

use super::Tour;
use crate::documents::{organisation, person, team};

async fn as_declared(tour: &mut Tour) {
    tour.write("acme", organisation("acme").called("Acme").about("The company."));
    tour.write("core", team("core", "acme").called("Core"));
    tour.write("alice", person("alice", "Alice Chen", &["acme", "core"]));
    tour.write("bob", person("bob", "Bob Okafor", &["acme", "core"]));
    tour.any_leg("as declared").await;
}

pub async fn what_closes_is_repaired_at_once(tour: &mut Tour) {
    as_declared(tour).await;

    tour.edit_user("alice", json!({ "firstName": "Alicia", "email": "other@tour.example" })).await;
    let group = tour.group_id("acme/core").await;
    let renamed = json!({ "name": "core", "attributes": { "display-name": ["Rotten"] } });
    tour.hand.put(&tour.at_realm(&format!("/groups/{group}")), renamed).await;
    tour.leg("fields edited", &["update keycloak:user/alice", "update keycloak:group/acme/core"]).await;
    assert_eq!(tour.user("alice").await["email"], json!("alice@tour.example"));

    tour.make_user("mallory", ("Mallory", "Unknown"), true).await;
    tour.hand.put(&tour.membership("acme/core", "mallory").await, json!(null)).await;
    tour.leg("a member added", &["delete keycloak:membership/acme/core/mallory"]).await;
    assert_eq!(tour.user("mallory").await["enabled"], json!(true), "the shadow account is only reported");

    let group = tour.group_id("acme/core").await;
    tour.hand.put(&tour.at_realm(&format!("/groups/{group}")), json!({ "name": "kern" })).await;
    tour.leg("a group renamed", &["rename keycloak:group/acme/core"]).await;
    assert_eq!(tour.group_id("acme/core").await, group);

    tour.remove("bob");
    tour.any_leg("somebody leaves").await;
    tour.edit_user("bob", json!({ "enabled": true })).await;
    tour.leg("and is switched on again by somebody", &["disable keycloak:user/bob"]).await;
}

pub async fn what_opens_waits(tour: &mut Tour) {
    as_declared(tour).await;

    tour.edit_user("alice", json!({ "enabled": false })).await;
    let attempt = tour.attempt().await;
    assert_eq!(attempt.reading.steps(), ["restore keycloak:user/alice (opens access)"]);
    assert_eq!(tour.user("alice").await["enabled"], json!(false), "it waits");
    tour.leg("an account switched off", &["restore keycloak:user/alice (opens access)"]).await;
    assert_eq!(tour.user("alice").await["enabled"], json!(true));

    tour.hand.delete(&tour.membership("acme/core", "bob").await).await;
    tour.leg("a membership removed", &["create keycloak:membership/acme/core/bob (opens access)"]).await;
    assert_eq!(tour.groups_of("bob").await, ["/acme", "/acme/core"]);
}

pub async fn what_was_deleted_comes_back(tour: &mut Tour) {
    as_declared(tour).await;

    let before = tour.user("alice").await["id"].clone();
    tour.hand.delete(&tour.user_path("alice").await).await;
    tour.any_leg("an account deleted").await;
    assert_ne!(tour.user("alice").await["id"], before);
    assert_eq!(tour.groups_of("alice").await, ["/acme", "/acme/core"]);

    let group = tour.group_id("acme/core").await;
    tour.hand.delete(&tour.at_realm(&format!("/groups/{group}"))).await;
    tour.any_leg("a group deleted").await;
    assert_ne!(tour.group_id("acme/core").await, group);
    assert_eq!(tour.groups_of("bob").await, ["/acme", "/acme/core"]);
}

pub async fn an_additive_set_is_left_to_others(tour: &mut Tour) {
    tour.write("acme", organisation("acme"));
    tour.write("guild", team("guild", "acme").with("members", "additive"));
    tour.write("alice", person("alice", "Alice Chen", &["acme", "guild"]));
    tour.any_leg("as declared").await;
    tour.make_user("visitor", ("Visiting", "Person"), true).await;
    tour.hand.put(&tour.membership("acme/guild", "visitor").await, json!(null)).await;
    tour.leg("somebody joins by themselves", &[]).await;
    let reading = tour.reading().await;
    let seen = "unowned keycloak:membership/acme/guild/visitor".to_owned();
    assert!(reading.changes().contains(&seen), "{:?}", reading.changes());
    tour.write("alice", person("alice", "Alice Chen", &["acme"]));
    tour.leg("ours are ours", &["delete keycloak:membership/acme/guild/alice"]).await;
    assert_eq!(tour.groups_of("visitor").await, ["/acme/guild"]);
}
