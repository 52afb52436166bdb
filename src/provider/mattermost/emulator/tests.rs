//! The rules that providers lean on, over the router itself.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use chrono::Duration;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{MailAbout, Mattermost, Settings, SignIn};
use crate::provider::emulator::Emulator;
use crate::runtime::sys::MovableClock;

/// An emulator, its clock, and who calls.
struct Lab {
    mattermost: Arc<Mattermost>,
    clock: Arc<MovableClock>,
    token: String,
}

impl Lab {
    /// A new installation, called by its administrator.
    fn new(settings: Settings) -> Self {
        let clock = Arc::new(MovableClock::default());
        let mattermost = Mattermost::with_settings(clock.clone(), settings);
        let header = mattermost.credentials()["admin token"]["Authorization"].clone();
        let token = header.trim_start_matches("Bearer ").to_owned();
        Self { mattermost, clock, token }
    }

    fn with_gitlab() -> Self {
        Self::new(Settings::default().with("GitLabSettings", "Enable", true))
    }

    /// Sends a call as somebody; nobody where the token is empty.
    async fn send_as(&self, token: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = Request::builder().method(method).uri(format!("/api/v4{path}"));
        let request =
            if token.is_empty() { request } else { request.header("authorization", format!("Bearer {token}")) };
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let answer = self.mattermost.clone().router().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.send_as(&self.token, method, path, body).await
    }

    async fn get(&self, path: &str) -> Value {
        self.send("GET", path, Value::Null).await.1
    }

    /// Makes something and answers its identifier, or the refusal's.
    async fn make(&self, path: &str, body: Value) -> String {
        let (_, made) = self.send("POST", path, body).await;
        let id = made.get("id").or_else(|| made.get("user_id"));
        id.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    async fn person(&self, name: &str) -> String {
        let email = format!("{name}@acme.example");
        self.make("/users", json!({"username": name, "email": email, "password": "Correct-horse-1"})).await
    }

    async fn token_of(&self, user_id: &str) -> String {
        let (_, made) = self.send("POST", &format!("/users/{user_id}/tokens"), json!({"description": "lab"})).await;
        made["token"].as_str().unwrap().to_owned()
    }

    async fn activate(&self, user_id: &str, active: bool) -> u16 {
        self.send("PUT", &format!("/users/{user_id}/active"), json!({ "active": active })).await.0
    }

    async fn status_of(&self, token: &str) -> u16 {
        self.send_as(token, "GET", "/users/me", Value::Null).await.0
    }
}

fn gitlab_says(id: i64, name: &str) -> Value {
    json!({"id": id, "username": name, "name": "Some Body", "email": format!("{name}@acme.example")})
}

#[tokio::test]
async fn a_sign_in_brings_a_deactivated_person_back() {
    let lab = Lab::with_gitlab();
    let alice = lab
        .make(
            "/users",
            json!({"username": "alice", "email": "alice@acme.example", "auth_service": "gitlab", "auth_data": "7"}),
        )
        .await;
    assert_eq!(lab.activate(&alice, false).await, 200);
    let SignIn::Done { user_id, token } = lab.mattermost.sign_in_by_gitlab(&gitlab_says(7, "alice")) else {
        panic!("a known subject is let in");
    };
    assert_eq!((user_id.as_str(), lab.status_of(&token).await), (alice.as_str(), 200));
    let shown = lab.get(&format!("/users/{alice}")).await;
    assert_eq!((&shown["delete_at"], &shown["last_name"]), (&json!(0), &json!("Body")));
}

#[tokio::test]
async fn a_sign_in_never_links_by_address() {
    let lab = Lab::with_gitlab();
    lab.person("bob").await;
    let SignIn::Refused { status, id, .. } = lab.mattermost.sign_in_by_gitlab(&gitlab_says(8, "bob")) else {
        panic!("the address belongs to a password account");
    };
    assert_eq!((status, id.as_str()), (400, "api.user.create_oauth_user.already_attached.app_error"));
    let hook = lab.mattermost.hook("sign-in", gitlab_says(8, "bob").to_string().as_bytes()).unwrap();
    assert_eq!(hook.status(), 400);
    assert!(lab.mattermost.hook("nothing", b"").is_none());
}

#[tokio::test]
async fn tokens_sleep_with_their_owner() {
    let lab = Lab::new(Settings::default());
    let alice = lab.person("alice").await;
    let token = lab.token_of(&alice).await;
    assert_eq!(lab.status_of(&token).await, 200);
    lab.activate(&alice, false).await;
    assert_eq!(lab.status_of(&token).await, 401);
    lab.activate(&alice, true).await;
    assert_eq!(lab.status_of(&token).await, 200);
}

#[tokio::test]
async fn a_bot_goes_with_its_owner_and_does_not_come_back_with_her() {
    let lab = Lab::new(Settings::default());
    let owner = lab.person("owner").await;
    let bot = lab.make("/bots", json!({"username": "daemon"})).await;
    lab.send("POST", &format!("/bots/{bot}/assign/{owner}"), Value::Null).await;
    let token = lab.token_of(&bot).await;
    lab.activate(&owner, false).await;
    lab.activate(&owner, true).await;
    assert_eq!(lab.status_of(&token).await, 401);
    let (status, _) = lab.send("POST", &format!("/bots/{bot}/enable"), Value::Null).await;
    assert_eq!((status, lab.status_of(&token).await), (200, 200));
}

#[tokio::test]
async fn a_caller_without_rights_reads_masks_and_is_told_nothing() {
    let lab = Lab::new(Settings::default());
    let alice = lab.person("alice").await;
    let token = lab.token_of(&alice).await;
    let (status, people) = lab.send_as(&token, "GET", "/users", Value::Null).await;
    assert_eq!((status, &people[0]["auth_data"], people.as_array().unwrap().len()), (200, &json!(""), 2));
    let (_, limits) = lab.send_as(&token, "GET", "/limits/server", Value::Null).await;
    assert_eq!(limits["maxUsersHardLimit"], 0);
    assert!(lab.get(&format!("/users/{alice}")).await.get("auth_data").is_none());
}

#[tokio::test]
async fn the_last_administrator_cannot_be_lowered_but_can_be_deactivated() {
    let lab = Lab::new(Settings::default());
    let me = lab.get("/users/me").await["id"].as_str().unwrap().to_owned();
    let bot = lab.make("/bots", json!({"username": "daemon"})).await;
    let token = lab.token_of(&bot).await;
    lab.send("PUT", &format!("/users/{bot}/roles"), json!({"roles": "system_user system_admin"})).await;
    let path = format!("/users/{me}/roles");
    let (status, refusal) = lab.send_as(&token, "PUT", &path, json!({"roles": "system_user"})).await;
    assert_eq!((status, &refusal["id"]), (400, &json!("app.user.update.lastAdmin.app_error")));
    let path = format!("/users/{me}/active");
    assert_eq!(lab.send_as(&token, "PUT", &path, json!({"active": false})).await.0, 200);
    assert_eq!((lab.status_of(&lab.token).await, lab.status_of(&token).await), (401, 401));
}

#[tokio::test]
async fn the_server_makes_a_bot_of_its_own_after_some_minutes() {
    let lab = Lab::new(Settings::default());
    assert_eq!(lab.get("/users").await.as_array().unwrap().len(), 1);
    lab.clock.advance(Duration::minutes(6));
    assert_eq!(lab.get("/users").await[1]["username"], "system-bot");
}

#[tokio::test]
async fn a_sign_in_moves_the_time_in_lists_and_not_in_the_cache() {
    let lab = Lab::new(Settings::default());
    let alice = lab.person("alice").await;
    let path = format!("/users/{alice}");
    let before = lab.get(&path).await["update_at"].as_i64();
    lab.send_as("", "POST", "/users/login", json!({"login_id": "alice", "password": "Correct-horse-1"})).await;
    assert_eq!(lab.get(&path).await["update_at"].as_i64(), before);
    assert!(lab.get("/users").await[0]["update_at"].as_i64() > before);
}

#[tokio::test]
async fn mails_are_counted_unless_they_are_not_wanted() {
    let lab = Lab::new(Settings::default());
    lab.person("alice").await;
    let quiet = json!({"username": "bob", "email": "bob@acme.example", "password": "Correct-horse-1", "disable_welcome_email": true});
    lab.make("/users", quiet).await;
    let mails = lab.mattermost.mails();
    let shown: Vec<_> = mails.iter().map(|mail| (mail.to.as_str(), mail.about)).collect();
    assert_eq!(shown, [("alice@acme.example", MailAbout::Welcome)]);
}

#[tokio::test]
async fn tokens_that_expired_by_a_fault_come_back() {
    let lab = Lab::new(Settings::default());
    lab.mattermost.expire_tokens();
    assert_eq!(lab.status_of(&lab.token).await, 401);
    lab.mattermost.restore_tokens();
    assert_eq!(lab.status_of(&lab.token).await, 200);
}
