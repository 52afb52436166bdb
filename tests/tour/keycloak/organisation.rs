//! Organisations in Keycloak's own sense.

use formulary::provider::keycloak::emulator::UpstreamPerson;
use serde_json::{Value, json};

use super::Tour;
use crate::documents::{Document, organisation, person};
use crate::hand::{item, text};

fn acme() -> Document {
    organisation("acme")
        .called("Acme")
        .about("The company.")
        .with("keycloak-organization", "true")
        .with("email-domains", "tour.example")
}

pub async fn it_is_kept_true(tour: &mut Tour) {
    tour.write("acme", acme());
    tour.write("alice", person("alice", "Alice Chen", &["acme"]));
    tour.write("bob", person("bob", "Bob Okafor", &["acme"]));
    tour.leg(
        "an organisation with its people",
        &[
            "create keycloak:group/acme",
            "create keycloak:organization/acme",
            "create keycloak:user/alice",
            "create keycloak:user/bob",
            "create keycloak:membership/acme/alice",
            "create keycloak:membership/acme/bob",
            "create keycloak:organization-member/acme/alice",
            "create keycloak:organization-member/acme/bob",
        ],
    )
    .await;
    assert_eq!(members(tour).await, ["alice", "bob"]);

    let mut edited = found(tour).await;
    let path = tour.at_realm(&format!("/organizations/{}", text(&edited["id"])));
    edited["description"] = json!("Edited by hand");
    edited["domains"] = json!([{ "name": "tour.example" }, { "name": "evil.example" }]);
    tour.hand.put(&path, edited).await;
    tour.leg("edited by hand, domains widened", &["update keycloak:organization/acme"]).await;
    let now = found(tour).await;
    assert_eq!(now["description"], json!("The company."));
    assert_eq!(now["domains"].as_array().unwrap().len(), 1, "{now}");

    let mut off = found(tour).await;
    off["enabled"] = json!(false);
    tour.hand.put(&path, off).await;
    tour.leg("switched off by hand", &["update keycloak:organization/acme (opens access)"]).await;
    assert_eq!(found(tour).await["enabled"], json!(true));

    let alice = text(&tour.user("alice").await["id"]).to_owned();
    tour.hand.delete(&format!("{path}/members/{alice}")).await;
    tour.leg("a member removed", &["create keycloak:organization-member/acme/alice (opens access)"]).await;
    assert_eq!(members(tour).await, ["alice", "bob"]);

    tour.write("bob", person("bob", "Bob Okafor", &["globex"]));
    tour.write("globex", organisation("globex"));
    tour.leg(
        "moved between organisations",
        &[
            "create keycloak:group/globex",
            "create keycloak:membership/globex/bob",
            "delete keycloak:membership/acme/bob",
            "delete keycloak:organization-member/acme/bob",
        ],
    )
    .await;
    assert_eq!(members(tour).await, ["alice"]);
    assert_eq!(tour.user("bob").await["enabled"], json!(true), "an unmanaged member stays a person");

    managed_member(tour, &path).await;

    tour.write("acme", organisation("acme").called("Acme").about("The company."));
    let reading = tour.reading().await;
    assert!(
        reading.steps().contains(&"delete keycloak:organization/acme (deletions)".to_owned()),
        "{}",
        reading.shown()
    );
}

/// A member who came through the organisation's own identity provider: leaving it deletes the person, so it waits.
async fn managed_member(tour: &mut Tour, path: &str) {
    let Some(emulator) = tour.emulator.clone() else { return };
    let provider = json!({
        "alias": "upstream", "providerId": "oidc", "enabled": true,
        "config": {
            "clientId": "x", "clientSecret": "y", "authorizationUrl": "https://upstream.example/auth",
            "tokenUrl": "https://upstream.example/token",
        },
    });
    tour.hand.post(&tour.at_realm("/identity-provider/instances"), provider).await;
    tour.hand.post(&format!("{path}/identity-providers"), json!("upstream")).await;
    let upstream = UpstreamPerson {
        id: "u-1".to_owned(),
        username: "dana".to_owned(),
        email: Some("dana@tour.example".to_owned()),
        first_name: Some("Dana".to_owned()),
        last_name: Some("Lindqvist".to_owned()),
    };
    let realm = tour.realm.rsplit('/').next().unwrap().to_owned();
    emulator.sign_in_through(&realm, "upstream", &upstream).unwrap();
    tour.write("dana", person("dana", "Dana Lindqvist", &["acme"]));
    tour.any_leg("a person who came by themselves is declared").await;
    tour.write("dana", person("dana", "Dana Lindqvist", &["globex"]));
    let reading = tour.reading().await;
    let step = "delete keycloak:organization-member/acme/dana (deletions)".to_owned();
    assert!(reading.steps().contains(&step), "{:?}\n{}", reading.steps(), reading.shown());
    assert!(reading.shown().contains("deletes a managed member"), "{}", reading.shown());
    tour.attempt().await;
    assert_eq!(tour.user("dana").await["enabled"], json!(true), "the person is still there");
    tour.write("dana", person("dana", "Dana Lindqvist", &["acme", "globex"]));
    tour.any_leg("and stays").await;
}

async fn found(tour: &Tour) -> Value {
    let list = tour.hand.get(&tour.at_realm("/organizations?briefRepresentation=false")).await;
    let id = text(&item(&list, "alias", "acme")["id"]).to_owned();
    tour.hand.get(&tour.at_realm(&format!("/organizations/{id}"))).await
}

async fn members(tour: &Tour) -> Vec<String> {
    let organization = text(&found(tour).await["id"]).to_owned();
    let members = tour.hand.get(&tour.at_realm(&format!("/organizations/{organization}/members?max=100"))).await;
    let mut names: Vec<String> =
        members.as_array().unwrap().iter().map(|it| text(&it["username"]).to_owned()).collect();
    names.sort();
    names
}
