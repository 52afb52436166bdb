//! The rules that providers lean on, over the router itself.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request as HttpRequest;
use chrono::Duration;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Keycloak, UpstreamPerson};
use crate::provider::emulator::Emulator;
use crate::runtime::sys::MovableClock;

/// An emulator, its clock, and who calls.
struct Lab {
    keycloak: Arc<Keycloak>,
    clock: Arc<MovableClock>,
    authorization: Option<String>,
}

/// An answer in short: status, last segment of `Location`, body.
struct Met {
    status: u16,
    made: String,
    body: Value,
}

impl Lab {
    /// An emulator with realm `acme`, organisations on, called by the administrator.
    async fn new() -> Self {
        let clock = Arc::new(MovableClock::default());
        let keycloak = Keycloak::new(clock.clone());
        let authorization = keycloak.credentials()["admin"]["Authorization"].clone();
        let lab = Self { keycloak, clock, authorization: Some(authorization) };
        lab.send("POST", "/admin/realms", json!({"realm": "acme", "enabled": true, "organizationsEnabled": true}))
            .await;
        lab
    }

    /// The same emulator, called with another token.
    fn with_token(&self, token: &str) -> Self {
        Self {
            keycloak: self.keycloak.clone(),
            clock: self.clock.clone(),
            authorization: Some(format!("Bearer {token}")),
        }
    }

    async fn raw(&self, method: &str, path: &str, media: &str, body: Vec<u8>) -> Met {
        let mut request = HttpRequest::builder().method(method).uri(path).header("host", "id.example");
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        if !body.is_empty() {
            request = request.header("content-type", media);
        }
        let request = request.body(Body::from(body)).expect("the parts are valid");
        let answer = self.keycloak.clone().router().oneshot(request).await.expect("the router is infallible");
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("the body is in memory");
        let location = parts.headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
        Met {
            status: parts.status.as_u16(),
            made: location.rsplit('/').next().unwrap_or_default().to_owned(),
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        }
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> Met {
        self.raw(method, path, "application/json", body.to_string().into_bytes()).await
    }

    async fn get(&self, path: &str) -> Met {
        self.raw("GET", path, "", Vec::new()).await
    }

    async fn delete(&self, path: &str) -> Met {
        self.raw("DELETE", path, "", Vec::new()).await
    }

    /// Calls a path of realm `acme`.
    async fn acme(&self, method: &str, path: &str, body: Value) -> Met {
        self.send(method, &format!("/admin/realms/acme/{path}"), body).await
    }

    async fn read(&self, path: &str) -> Value {
        self.get(&format!("/admin/realms/acme/{path}")).await.body
    }

    async fn person(&self, name: &str) -> String {
        let body = json!({"username": name, "enabled": true, "email": format!("{name}@acme.test"),
                          "firstName": name, "lastName": "Test"});
        self.acme("POST", "users", body).await.made
    }

    async fn token(&self, realm: &str, client: &str, secret: &str) -> Met {
        let form = format!("grant_type=client_credentials&client_id={client}&client_secret={secret}");
        let path = format!("/realms/{realm}/protocol/openid-connect/token");
        self.raw("POST", &path, "application/x-www-form-urlencoded", form.into_bytes()).await
    }

    /// A service account that holds rights over the realm, as a caller.
    async fn service_account(&self, rights: &[&str]) -> Self {
        let client = self
            .acme("POST", "clients", json!({"clientId": "sa", "secret": "s", "serviceAccountsEnabled": true}))
            .await
            .made;
        let user = self.read(&format!("clients/{client}/service-account-user")).await["id"].as_str().map(str::to_owned);
        let management = self.read("clients?clientId=realm-management").await[0]["id"].as_str().map(str::to_owned);
        let (user, management) = (user.expect("it has one"), management.expect("every realm has it"));
        for right in rights {
            let role = self.read(&format!("clients/{management}/roles/{right}")).await;
            self.acme("POST", &format!("users/{user}/role-mappings/clients/{management}"), json!([role])).await;
        }
        let token = self.token("acme", "sa", "s").await.body["access_token"].as_str().map(str::to_owned);
        self.with_token(&token.expect("the secret is right"))
    }
}

#[tokio::test]
async fn master_tokens_live_sixty_seconds_and_a_realms_five_minutes() {
    let lab = Lab::new().await;
    let answer = lab.token("master", "boot", "boot-secret").await;
    assert_eq!(answer.body["expires_in"], 60);
    assert_eq!(answer.body["refresh_expires_in"], 0);
    assert!(answer.body.get("refresh_token").is_none());
    let caller = lab.with_token(answer.body["access_token"].as_str().expect("a token"));
    assert_eq!(caller.get("/admin/realms/acme/users/count").await.status, 200);
    lab.clock.advance(Duration::seconds(61));
    assert_eq!(caller.get("/admin/realms/acme/users/count").await.status, 401);
    lab.acme("POST", "clients", json!({"clientId": "sa", "secret": "s", "serviceAccountsEnabled": true})).await;
    assert_eq!(lab.token("acme", "sa", "s").await.body["expires_in"], 300);
}

#[tokio::test]
async fn expiring_tokens_ends_those_handed_out_but_not_the_administrators() {
    let lab = Lab::new().await;
    let token = lab.token("master", "boot", "boot-secret").await.body["access_token"].as_str().map(str::to_owned);
    let caller = lab.with_token(&token.expect("a token"));
    lab.keycloak.expire_tokens();
    assert_eq!(caller.get("/admin/realms/acme").await.status, 401);
    assert_eq!(lab.get("/admin/realms/acme").await.status, 200);
    lab.keycloak.reset();
    assert_eq!(lab.get("/admin/realms/acme").await.status, 404);
    assert_eq!(lab.get("/admin/realms/master").await.status, 200);
}

#[tokio::test]
async fn rights_are_read_live_and_missing_view_rights_give_an_empty_list() {
    let lab = Lab::new().await;
    lab.person("alice").await;
    let caller = lab.service_account(&["query-users"]).await;
    assert_eq!(caller.read("users").await, json!([]));
    assert_eq!(caller.read("users/count").await, json!(1));
    assert_eq!(caller.get("/admin/realms/acme/groups").await.status, 403);
    let client = lab.read("clients?clientId=sa").await[0]["id"].as_str().map(str::to_owned).expect("it was made");
    lab.acme("PUT", &format!("clients/{client}"), json!({"enabled": false})).await;
    assert_eq!(caller.get("/admin/realms/acme/users").await.status, 401);
}

#[tokio::test]
async fn a_put_with_attributes_clears_the_names_that_it_leaves_out() {
    let lab = Lab::new().await;
    let alice = lab.person("alice").await;
    let path = format!("users/{alice}");
    assert_eq!(lab.acme("PUT", &path, json!({"lastName": "Archer"})).await.status, 204);
    let read = lab.read(&path).await;
    assert_eq!((&read["firstName"], &read["lastName"]), (&json!("alice"), &json!("Archer")));
    assert_eq!(lab.acme("PUT", &path, json!({"attributes": {}})).await.status, 204);
    let read = lab.read(&path).await;
    assert!(["firstName", "lastName", "email"].iter().all(|name| read.get(*name).is_none()), "{read}");
}

#[tokio::test]
async fn undeclared_attributes_are_taken_and_not_stored() {
    let lab = Lab::new().await;
    let body = json!({"username": "alice", "attributes": {"mark": ["x"]}});
    let alice = lab.acme("POST", "users", body).await;
    assert_eq!(alice.status, 201);
    let path = format!("users/{}", alice.made);
    assert!(lab.read(&path).await.get("attributes").is_none());
    let mut profile = lab.read("users/profile").await;
    profile["unmanagedAttributePolicy"] = json!("ADMIN_EDIT");
    assert_eq!(lab.acme("PUT", "users/profile", profile).await.status, 200);
    lab.acme("PUT", &path, json!({"attributes": {"mark": ["x"]}})).await;
    assert_eq!(lab.read(&path).await["attributes"], json!({"mark": ["x"]}));
}

#[tokio::test]
async fn of_two_collisions_the_email_is_named() {
    let lab = Lab::new().await;
    lab.person("alice").await;
    let again = lab.acme("POST", "users", json!({"username": "ALICE", "email": "Alice@acme.test"})).await;
    assert_eq!((again.status, &again.body), (409, &json!({"errorMessage": "User exists with same email"})));
    let named = lab.acme("POST", "users", json!({"username": "alice@acme.test"})).await;
    assert_eq!(named.body, json!({"errorMessage": "User exists with same username"}));
}

#[tokio::test]
async fn several_violations_come_in_one_answer() {
    let lab = Lab::new().await;
    let met = lab.acme("POST", "users", json!({"username": "x", "email": "nope", "firstName": "<>"})).await;
    let messages: Vec<&str> = met.body["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|error| error["errorMessage"].as_str())
        .collect();
    assert_eq!(messages, ["error-invalid-length", "error-invalid-email", "error-person-name-invalid-character"]);
}

#[tokio::test]
async fn unknown_fields_are_told_with_their_place() {
    let lab = Lab::new().await;
    let met = lab.raw("POST", "/admin/realms/acme/users", "application/json", b"{\n \"nick\": [1]}".to_vec()).await;
    let text = "Invalid json representation for UserRepresentation. Unrecognized field \"nick\" at line 2 column 11.";
    assert_eq!((met.status, &met.body), (400, &json!({"error": text})));
}

#[tokio::test]
async fn lists_are_paged_by_their_own_defaults() {
    let lab = Lab::new().await;
    let people: Vec<Value> = (0..1_000).rev().map(|n| json!({"username": format!("p{n:04}")})).collect();
    let met = lab.acme("POST", "partialImport", json!({"users": people})).await;
    assert_eq!(met.body["added"], 1_000);
    let count = async |path: &str| lab.read(path).await.as_array().map(Vec::len);
    assert_eq!(count("users").await, Some(100));
    assert_eq!(count("users?max=-1").await, Some(1_000));
    assert_eq!(count("users?max=0").await, Some(0));
    assert_eq!(lab.read("users?first=998").await[0]["username"], "p0998");
    assert_eq!(lab.get("/admin/realms/acme/users?max=ten").await.status, 404);
    let group = lab.acme("POST", "groups", json!({"name": "g"})).await.made;
    for n in 0..12 {
        lab.acme("POST", &format!("groups/{group}/children"), json!({"name": format!("c{n:02}")})).await;
        lab.acme("POST", "organizations", json!({"name": format!("o{n:02}")})).await;
    }
    assert_eq!(count(&format!("groups/{group}/children")).await, Some(10));
    assert_eq!(count("organizations").await, Some(10));
}

#[tokio::test]
async fn service_accounts_show_as_soon_as_a_filter_is_used() {
    let lab = Lab::new().await;
    lab.person("robin").await;
    lab.acme("POST", "clients", json!({"clientId": "robot", "serviceAccountsEnabled": true})).await;
    let names = async |query: &str| {
        let found = lab.read(&format!("users?{query}")).await;
        let names = found.as_array().into_iter().flatten().filter_map(|user| user["username"].as_str());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["robin"]);
    assert_eq!(names("search=*ro*").await, ["robin"]);
    assert_eq!(names("username=rob").await, ["robin", "service-account-robot"]);
    assert_eq!(names("username=r_b%25n").await, ["robin"]);
}

#[tokio::test]
async fn switching_service_accounts_off_deletes_the_account_and_leaving_it_out_does_not() {
    let lab = Lab::new().await;
    let body = json!({"clientId": "tool", "secret": "s", "serviceAccountsEnabled": true, "redirectUris": ["https://t.example/cb"]});
    let client = lab.acme("POST", "clients", body).await.made;
    let path = format!("clients/{client}");
    let account = format!("{path}/service-account-user");
    let before = lab.read(&account).await["id"].clone();
    lab.acme("PUT", &path, json!({"name": "Tool", "attributes": {"a": "1"}})).await;
    assert_eq!(lab.read(&account).await["id"], before);
    lab.acme("PUT", &path, json!({"serviceAccountsEnabled": false})).await;
    assert_eq!(lab.get(&format!("/admin/realms/acme/{account}")).await.status, 400);
    lab.acme("PUT", &path, json!({"serviceAccountsEnabled": true, "attributes": {"a": ""}})).await;
    assert_ne!(lab.read(&account).await["id"], before);
    let read = lab.read(&path).await;
    assert_eq!((&read["secret"], &read["webOrigins"]), (&json!("s"), &json!(["https://t.example"])));
    assert!(read["attributes"].get("a").is_none());
}

#[tokio::test]
async fn removing_a_managed_member_deletes_the_person() {
    let lab = Lab::new().await;
    let provider = json!({"alias": "up", "providerId": "oidc", "trustEmail": true, "config": {}});
    lab.acme("POST", "identity-provider/instances", provider).await;
    let org = lab.acme("POST", "organizations", json!({"name": "partner"})).await.made;
    let members = format!("/admin/realms/acme/organizations/{org}/members");
    let link = format!("/admin/realms/acme/organizations/{org}/identity-providers");
    assert_eq!(lab.raw("POST", &link, "application/json", b"up".to_vec()).await.status, 204);
    let pat = UpstreamPerson {
        id: "7".into(),
        username: "Pat".into(),
        email: Some("pat@up.test".into()),
        ..Default::default()
    };
    let pat = lab.keycloak.sign_in_through("acme", "up", &pat).expect("the provider exists");
    let zoe = lab.person("zoe").await;
    assert_eq!(lab.raw("POST", &members, "application/json", zoe.clone().into_bytes()).await.status, 201);
    assert_eq!(lab.get(&format!("{members}?membershipType=MANAGED")).await.body[0]["id"], json!(pat));
    lab.acme("PUT", &format!("organizations/{org}"), json!({"name": "partner", "enabled": false})).await;
    assert_eq!(lab.read(&format!("users/{pat}")).await["enabled"], false);
    assert_eq!(lab.acme("PUT", &format!("users/{pat}"), json!({"firstName": "P"})).await.status, 400);
    lab.acme("PUT", &format!("organizations/{org}"), json!({"name": "partner"})).await;
    assert_eq!(lab.delete(&format!("{members}/{pat}")).await.status, 204);
    assert_eq!(lab.delete(&format!("{members}/{zoe}")).await.status, 204);
    assert_eq!(lab.get(&format!("/admin/realms/acme/users/{pat}")).await.status, 404);
    assert_eq!(lab.get(&format!("/admin/realms/acme/users/{zoe}")).await.status, 200);
}

#[tokio::test]
async fn an_organisation_put_replaces_and_its_alias_is_fixed() {
    let lab = Lab::new().await;
    let body = json!({"name": "Acme Corp", "alias": "acme-corp", "enabled": false, "description": "d",
                      "domains": [{"name": "acme.test"}], "attributes": {"a": ["1"]}});
    let org = lab.acme("POST", "organizations", body).await.made;
    let path = format!("organizations/{org}");
    assert_eq!(
        lab.acme("PUT", &path, json!({"name": "Acme Corp"})).await.body["errorMessage"],
        "Cannot change the alias"
    );
    assert_eq!(lab.acme("PUT", &path, json!({"name": "Acme", "alias": "acme-corp"})).await.status, 204);
    let expected =
        json!({"id": org, "name": "Acme", "alias": "acme-corp", "enabled": true, "attributes": {"a": ["1"]}});
    assert_eq!(lab.read(&path).await, expected);
}

#[tokio::test]
async fn writes_leave_admin_events_and_refusals_do_not() {
    let lab = Lab::new().await;
    lab.acme("PUT", "events/config", json!({"adminEventsEnabled": true, "adminEventsDetailsEnabled": true})).await;
    let body = json!({"enabled": true, "username": "alice", "credentials": [{"type": "password", "value": "pw"}]});
    let alice = lab.acme("POST", "users", body.clone()).await.made;
    assert_eq!(lab.acme("POST", "users", body).await.status, 409);
    let events = lab.read("admin-events").await;
    assert_eq!(events.as_array().map(Vec::len), Some(2));
    assert_eq!(events[0]["resourcePath"], json!(format!("users/{alice}")));
    assert_eq!(events[0]["representation"], json!("{\"username\":\"alice\",\"enabled\":true}"));
    assert_eq!(lab.get("/admin/realms/acme/admin-events?operationTypes=NOPE").await.status, 500);
}

#[tokio::test]
async fn groups_claim_and_roles_are_in_example_tokens() {
    let lab = Lab::new().await;
    let alice = lab.person("alice").await;
    let group = lab.acme("POST", "groups", json!({"name": "devs"})).await.made;
    lab.acme("PUT", &format!("users/{alice}/groups/{group}"), json!({})).await;
    let mapper = json!({"name": "groups", "protocol": "openid-connect", "protocolMapper": "oidc-group-membership-mapper",
                        "config": {"claim.name": "groups", "id.token.claim": "true"}});
    let client = lab.acme("POST", "clients", json!({"clientId": "git", "protocolMappers": [mapper]})).await.made;
    let path = format!("clients/{client}/evaluate-scopes/generate-example-userinfo?userId={alice}&scope=openid");
    let claims = lab.read(&path).await;
    assert_eq!((&claims["sub"], &claims["groups"]), (&json!(alice), &json!(["devs"])));
}

#[tokio::test]
async fn what_is_not_modelled_says_so() {
    let lab = Lab::new().await;
    assert_eq!(lab.get("/admin/realms/acme/components").await.status, 501);
    assert_eq!(lab.get("/admin/realms/acme/nonsense").await.status, 404);
    assert_eq!(lab.acme("PATCH", "users", json!({})).await.status, 405);
}
