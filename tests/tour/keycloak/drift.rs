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

/// Trap "admin events show every new person": what people do to their own accounts is elsewhere, and what we do is no cause.
pub async fn who_did_it_is_told_where_events_are_kept(tour: &mut Tour) {
    as_declared(tour).await;
    let helpdesk = tour.client("helpdesk", &["manage-users"]).await;
    let alice = tour.user_path("alice").await;
    let edit = async |called: &str| {
        let mut user = tour.user("alice").await;
        user["firstName"] = json!(called);
        helpdesk.put(&alice, user).await;
    };

    edit("Alicia").await;
    let (told, untold) = tour.stage.causes().await;
    assert_eq!(told, [""; 0]);
    assert_eq!(
        untold,
        ["keycloak: our client may not read the events of realm '~': give it the role 'view-events'"
            .replace('~', tour.realm.rsplit('/').next().unwrap())]
    );

    tour.grant("view-events").await;
    let (told, untold) = tour.stage.causes().await;
    assert_eq!(told, [""; 0]);
    assert!(untold[0].contains("admin events are switched off"), "{untold:?}");

    let config = json!({ "adminEventsEnabled": true, "adminEventsDetailsEnabled": false, "eventsEnabled": true });
    tour.hand.put(&tour.at_realm("/events/config"), config).await;
    // Nothing was recorded until now: nobody is named, and nothing is made up.
    assert_eq!(tour.stage.causes().await, (vec![], vec![]));

    edit("Alicia Maria").await;
    helpdesk.delete(&tour.membership("acme/core", "bob").await).await;
    tour.make_user("mallory", ("Mallory", "Unknown"), true).await;
    helpdesk.put(&tour.membership("acme/core", "mallory").await, json!({})).await;
    let (told, untold) = tour.stage.causes().await;
    assert_eq!(untold, [""; 0]);
    assert_eq!(
        told,
        [
            "keycloak:membership/acme/core/bob: the client 'helpdesk' removed it by the admin console or API",
            "keycloak:membership/acme/core/mallory: the client 'helpdesk' made it by the admin console or API",
            "keycloak:user/alice: the client 'helpdesk' changed it by the admin console or API",
            "keycloak:user/mallory: an administrator of another realm made it by the admin console or API",
        ]
    );

    // What we put right is our own doing, and no cause of what comes after.
    tour.any_leg("put right").await;
    edit("Alissa").await;
    let (told, _) = tour.stage.causes().await;
    assert_eq!(told[0], "keycloak:user/alice: the client 'helpdesk' changed it by the admin console or API");

    // Of very many not all are asked about, and that is said: 'alice' and 'mallory' come before these.
    for number in 0..50 {
        tour.make_user(&format!("stranger-{number}"), ("Stranger", "Unknown"), true).await;
    }
    let (told, untold) = tour.stage.causes().await;
    assert_eq!(told.len(), 50);
    assert_eq!(untold, ["keycloak: it was asked about 50 differences, and not about 2 more"]);
}
