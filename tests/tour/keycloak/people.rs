//! People, organisations and teams: every change that the mono-repo can ask for.

use serde_json::json;

use super::Tour;
use crate::documents::{organisation, person, team};
use crate::hand::text;

pub async fn they_join_move_leave_and_return(tour: &mut Tour) {
    tour.nothing_left("an empty mono-repo").await;

    tour.write("acme", organisation("acme").called("Acme").about("The company."));
    tour.leg("an empty organisation", &["create keycloak:group/acme"]).await;

    tour.write("core", team("core", "acme").called("Core"));
    tour.write("alice", person("alice", "Alice Chen", &["acme", "core"]));
    tour.write("bob", person("bob", "Bob Okafor", &["acme"]));
    tour.leg(
        "people join",
        &[
            "create keycloak:group/acme/core",
            "create keycloak:user/alice",
            "create keycloak:user/bob",
            "create keycloak:membership/acme/alice",
            "create keycloak:membership/acme/bob",
            "create keycloak:membership/acme/core/alice",
        ],
    )
    .await;
    let alice = tour.user("alice").await;
    assert_eq!(alice["enabled"], json!(true));
    assert_eq!(alice["emailVerified"], json!(true));
    assert_eq!(alice["lastName"], json!("Chen"));

    tour.write("infra", team("infra", "core"));
    tour.write("bob", person("bob", "Bob Okafor", &["acme", "infra"]));
    tour.leg(
        "a team in a team",
        &["create keycloak:group/acme/core/infra", "create keycloak:membership/acme/core/infra/bob"],
    )
    .await;

    tour.write("bob", person("bob", "Bob Okafor", &["acme", "core"]));
    tour.leg(
        "moved between teams",
        &["create keycloak:membership/acme/core/bob", "delete keycloak:membership/acme/core/infra/bob"],
    )
    .await;

    tour.write("bob", person("bob", "Bob Okafor", &["acme", "core"]).with("services", "none"));
    tour.leg("taken out of this service", &["disable keycloak:user/bob"]).await;
    assert_eq!(tour.user("bob").await["enabled"], json!(false));
    tour.write("bob", person("bob", "Bob Okafor", &["acme", "core"]));
    tour.leg("placed here again", &["restore keycloak:user/bob"]).await;

    let before = tour.user("alice").await["id"].clone();
    tour.remove("alice");
    tour.leg("somebody leaves", &["disable keycloak:user/alice"]).await;
    assert_eq!(tour.user("alice").await["enabled"], json!(false));
    assert_eq!(tour.groups_of("alice").await, ["/acme", "/acme/core"], "a leaver's memberships stay");
    tour.write("alice", person("alice", "Alice Chen", &["acme", "core"]));
    tour.leg("and returns", &["restore keycloak:user/alice"]).await;
    assert_eq!(tour.user("alice").await["id"], before);

    tour.remove("infra");
    tour.leg("a team is declared no more", &["delete keycloak:group/acme/core/infra (deletions)"]).await;
}

pub async fn names_change(tour: &mut Tour) {
    tour.write("acme", organisation("acme").called("Acme"));
    tour.write("lab", team("lab", "acme").called("The Lab"));
    tour.write("robert", person("robert", "Robert Okafor", &["acme", "lab"]));
    tour.any_leg("as it was").await;
    let (lab, robert) = (tour.group_id("acme/lab").await, tour.user("robert").await["id"].clone());

    tour.write("robert", person("robert", "Bob Okafor-Chen", &["acme", "lab"]).email("bob@tour.example"));
    tour.write("acme", organisation("acme").called("Acme Corporation").about("All of it,\nin two lines."));
    tour.leg("names and addresses", &["update keycloak:user/robert", "update keycloak:group/acme"]).await;
    let now = tour.user("robert").await;
    assert_eq!(now["email"], json!("bob@tour.example"));
    assert_eq!(now["firstName"], json!("Bob"));

    tour.remove("lab");
    tour.write("research", team("research", "acme").called("Research").with("previously", "lab"));
    tour.write("robert", person("robert", "Bob Okafor-Chen", &["acme", "research"]).email("bob@tour.example"));
    tour.leg("a team is renamed", &["rename keycloak:group/acme/research", "update keycloak:group/acme/research"])
        .await;
    assert_eq!(tour.group_id("acme/research").await, lab, "it is the same group");
    assert_eq!(tour.groups_of("robert").await, ["/acme", "/acme/research"]);

    tour.remove("robert");
    let bob = person("bob", "Bob Okafor-Chen", &["acme", "research"]).email("bob@tour.example");
    tour.write("bob", bob.with("previously", "robert"));
    tour.any_leg("a person is renamed, and keeps the old name here").await;
    let still = tour.user("robert").await;
    assert_eq!((&still["id"], &still["enabled"]), (&robert, &json!(true)));
    assert_eq!(tour.groups_of("robert").await, ["/acme", "/acme/research"]);

    let bob = person("bob", "Bob O. Chen", &["acme"]).email("bob@tour.example");
    tour.write("bob", bob.with("previously", "robert"));
    tour.any_leg("and goes on being kept true").await;
    assert_eq!(tour.user("robert").await["lastName"], json!("O. Chen"));
    assert_eq!(tour.groups_of("robert").await, ["/acme"]);
}

pub async fn extents(tour: &mut Tour) {
    tour.write("acme", organisation("acme").called("Acme"));
    let once = || person("once", "Once Only", &["acme"]).with("manage", "create-only");
    tour.write("once", once());
    tour.write("seen", person("seen", "Only Seen", &["acme"]).with("manage", "observe"));
    tour.leg(
        "made once, and never written",
        &["create keycloak:group/acme", "create keycloak:user/once", "create keycloak:membership/acme/once"],
    )
    .await;

    tour.edit_user("once", json!({ "firstName": "Changed" })).await;
    tour.make_user("seen", ("Somebody", "Else"), true).await;
    tour.leg("differences are reported only", &[]).await;
    let reading = tour.reading().await;
    assert!(reading.changes().contains(&"drifted keycloak:user/once".to_owned()), "{:?}", reading.changes());
    assert!(reading.changes().iter().any(|it| it.ends_with("keycloak:user/seen")), "{:?}", reading.changes());

    tour.write("once", once().with("manage", "release"));
    tour.leg("released", &["forget keycloak:user/once", "forget keycloak:membership/acme/once"]).await;
    tour.remove("once");
    tour.leg("gone from the mono-repo, and not touched", &[]).await;
    assert_eq!(tour.user("once").await["enabled"], json!(true));
}

pub async fn what_was_there_is_adopted(tour: &mut Tour) {
    let alice = tour.make_user("alice", ("Alice", "Old"), true).await;
    let (_, acme) = tour.hand.post(&tour.at_realm("/groups"), json!({ "name": "acme" })).await;
    tour.hand.put(&tour.at_realm(&format!("/users/{alice}/groups/{acme}")), json!(null)).await;
    tour.write("acme", organisation("acme").called("Acme"));
    tour.write("alice", person("alice", "Alice Chen", &["acme"]));
    let first = tour.reading().await;
    assert!(first.plan().waiting.iter().any(|group| group.name == "keycloak: adoptions"), "{}", first.shown());
    tour.any_leg("adopted").await;
    let now = tour.user("alice").await;
    assert_eq!((text(&now["id"]), &now["lastName"]), (alice.as_str(), &json!("Chen")));
    assert_eq!(tour.group_id("acme").await, acme);

    tour.forget().await;
    tour.any_leg("the ledger was lost: adopted again").await;
    assert_eq!(text(&tour.user("alice").await["id"]), alice);
}

pub async fn a_stranger_is_not_touched(tour: &mut Tour) {
    tour.make_user("alice", ("Somebody", "Else"), false).await;
    let before = tour.user("alice").await;
    tour.write("acme", organisation("acme"));
    tour.write("alice", person("alice", "Alice Chen", &["acme"]));
    tour.leg("the name is taken by a stranger", &["create keycloak:group/acme"]).await;
    let reading = tour.reading().await;
    assert!(reading.changes().contains(&"conflict keycloak:user/alice".to_owned()), "{:?}", reading.changes());
    assert!(reading.why("keycloak:user/alice").contains("stranger"), "{}", reading.why("keycloak:user/alice"));
    assert_eq!(tour.user("alice").await, before);
    assert!(tour.groups_of("alice").await.is_empty());
}

/// A realm that grew by hand: people in groups and in none, a group below another, one who is switched off.
pub async fn what_exists_is_imported(tour: &mut Tour) {
    for group in ["acme", "globex"] {
        tour.hand.post(&tour.at_realm("/groups"), json!({ "name": group, "attributes": {} })).await;
    }
    let acme = tour.group_id("acme").await;
    tour.hand.post(&tour.at_realm(&format!("/groups/{acme}/children")), json!({ "name": "platform" })).await;
    for (person, called) in [("alice", ("Alice", "Chen")), ("bob", ("Bob", "Okafor")), ("carol", ("Carol", "Diaz"))] {
        tour.make_user(person, called, person != "carol").await;
    }
    for (group, person) in [("acme", "alice"), ("acme/platform", "alice"), ("globex", "bob")] {
        let path = tour.membership(group, person).await;
        tour.hand.put(&path, json!({})).await;
    }
    tour.make_user("gone", ("Gone", "Long"), true).await;
    tour.edit_user("gone", json!({ "enabled": false })).await;
    let documents = tour.stage.imported("a realm that grew by hand").await;
    let paths: Vec<&str> = documents.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "users/acme/alice.yaml",
            "users/acme/organisation.yaml",
            "users/acme/teams/platform.yaml",
            "users/globex/bob.yaml",
            "users/globex/organisation.yaml",
        ]
    );
}
