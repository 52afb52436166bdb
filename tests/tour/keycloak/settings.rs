//! What the config declares: clients, client scopes and their mappers, roles, profile attributes.

use serde_json::{Value, json};

use super::Tour;
use crate::documents::{organisation, person};
use crate::hand::{item, text};

const OPTIONS: &str = r#"
      profile_attributes:
        - { name: formulary.ledger }
        - { name: job, from: title, display_name: Job }
      roles:
        - { name: developer, description: Writes code. }
      client_scopes:
        - name: corp
          description: What the company wants.
          mappers:
            - name: job
              type: oidc-usermodel-attribute-mapper
              config: { "user.attribute": job, "claim.name": job, "jsonType.label": String, "access.token.claim": "true" }
      clients:
        - client_id: wiki
          name: Wiki
          description: Where knowledge is kept.
          root_url: https://wiki.tour.example
          redirect_uris: ["https://wiki.tour.example/callback"]
          default_scopes: [basic, email, profile, corp]
          pkce: S256
          secret: env:WIKI_SECRET
"#;

pub async fn they_are_kept_true(tour: &mut Tour) {
    tour.secrets.insert("WIKI_SECRET", "the-wiki-secret".to_owned());
    tour.configure(OPTIONS);
    tour.leg(
        "settings are made",
        &[
            "create keycloak:profile-attribute/formulary.ledger",
            "create keycloak:profile-attribute/job",
            "create keycloak:role/developer",
            "create keycloak:client-scope/corp",
            "create keycloak:mapper/corp/job",
            "create keycloak:client/wiki",
        ],
    )
    .await;
    let wiki = client(tour).await;
    let secret = tour.hand.get(&tour.at_realm(&format!("/clients/{}/client-secret", text(&wiki["id"])))).await;
    assert_eq!(secret["value"], json!("the-wiki-secret"));

    tour.write("acme", organisation("acme"));
    tour.write_text(
        "alice",
        &person("alice", "Alice Chen", &["acme"])
            .text()
            .replace("\"annotations\"", "\"title\": \"Engineer\", \"annotations\""),
    );
    tour.any_leg("a person with an attribute and our mark").await;
    assert_eq!(tour.user("alice").await["attributes"]["job"], json!(["Engineer"]));

    drift(tour).await;

    tour.config = tour.config.replace("description: Writes code.", "description: Writes and reads code.");
    tour.config = tour.config.replace("https://wiki.tour.example/callback", "https://wiki.tour.example/back");
    tour.config = tour.config.replace("[basic, email, profile, corp]", "[basic, email, corp]");
    tour.leg("changed in the config", &["update keycloak:role/developer", "update keycloak:client/wiki"]).await;

    tour.secrets.insert("WIKI_SECRET", "another-secret".to_owned());
    tour.any_leg("another secret").await;
}

async fn drift(tour: &mut Tour) {
    let mut wiki = client(tour).await;
    let path = tour.at_realm(&format!("/clients/{}", text(&wiki["id"])));
    wiki["name"] = json!("Vicky");
    wiki["redirectUris"] = json!(["https://wiki.tour.example/callback", "https://evil.example/*"]);
    tour.hand.put(&path, wiki).await;
    tour.leg("a client edited, redirects widened", &["update keycloak:client/wiki"]).await;
    assert_eq!(client(tour).await["redirectUris"], json!(["https://wiki.tour.example/callback"]));

    let mut wiki = client(tour).await;
    wiki["enabled"] = json!(false);
    tour.hand.put(&path, wiki).await;
    tour.leg("a client switched off", &["update keycloak:client/wiki (opens access)"]).await;

    let scopes = tour.hand.get(&tour.at_realm("/client-scopes")).await;
    let scope = item(&scopes, "name", "corp").clone();
    let mapper = item(&scope["protocolMappers"], "name", "job").clone();
    let mappers = tour.at_realm(&format!("/client-scopes/{}/protocol-mappers/models", text(&scope["id"])));
    let mut edited = mapper.clone();
    edited["config"]["claim.name"] = json!("position");
    tour.hand.put(&format!("{mappers}/{}", text(&mapper["id"])), edited).await;
    let role = tour.at_realm("/roles/developer");
    tour.hand.put(&role, json!({ "name": "developer", "description": "Edited" })).await;
    let mut profile = tour.hand.get(&tour.at_realm("/users/profile")).await;
    let job = profile["attributes"].as_array_mut().unwrap().iter_mut().find(|it| it["name"] == "job").unwrap();
    job["permissions"] = json!({ "view": ["admin", "user"], "edit": ["admin", "user"] });
    tour.hand.put(&tour.at_realm("/users/profile"), profile).await;
    tour.edit_user("alice", json!({ "attributes": { "job": ["Boss"] } })).await;
    tour.any_leg("mapper, role, attribute's rights and values edited").await;
    assert_eq!(tour.user("alice").await["attributes"]["job"], json!(["Engineer"]));

    tour.hand.delete(&format!("{mappers}/{}", text(&mapper["id"]))).await;
    tour.hand.delete(&role).await;
    tour.any_leg("mapper and role deleted").await;
    tour.hand.delete(&path).await;
    tour.any_leg("a client deleted").await;
    let scope = tour.at_realm(&format!("/client-scopes/{}", text(&scope["id"])));
    tour.hand.delete(&scope).await;
    tour.any_leg("a client scope deleted, with its mapper").await;
}

async fn client(tour: &Tour) -> Value {
    let found = tour.hand.get(&tour.at_realm("/clients?clientId=wiki")).await;
    item(&found, "clientId", "wiki").clone()
}
