//! A client that calls the emulator without a network between them.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use serde_json::{Value, json};

use super::super::{Mattermost, Settings, dispatch};
use crate::provider::emulator::Emulator;
use crate::runtime::sys::SystemClock;

/// Somebody who calls.
pub(super) struct Client {
    mattermost: Arc<Mattermost>,
    /// The whole header, empty for nobody.
    authorization: String,
}

impl Client {
    /// The administrator of a new installation.
    pub(super) fn administrator(settings: Settings) -> Self {
        let mattermost = Mattermost::with_settings(Arc::new(SystemClock), settings);
        let authorization = mattermost.credentials()["admin token"]["Authorization"].clone();
        Client { mattermost, authorization }
    }

    /// Status and body of an answer. A body that is no JSON is a text.
    pub(super) async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path).header("authorization", &self.authorization);
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let answer = dispatch::serve(Arc::clone(&self.mattermost), request.body(body).unwrap()).await;
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let body =
            serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into());
        (status, body)
    }

    /// The body of an answer that must be a success.
    pub(super) async fn done(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, path, body).await;
        assert!(status < 300, "{method} {path}: {status} {answer}");
        answer
    }

    /// Status and identifier of a refusal.
    pub(super) async fn refused(&self, method: &str, path: &str, body: Value) -> (u16, String) {
        let (status, answer) = self.call(method, path, body).await;
        assert!(status >= 400, "{method} {path}: {status} {answer}");
        (status, answer["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Makes a person. Her identifier, and herself as a client.
    pub(super) async fn person(&self, name: &str) -> (String, Client) {
        let body = json!({
            "username": name, "email": format!("{name}@acme.example"), "password": "Correct-horse-1",
        });
        let id = text(&self.done("POST", "/api/v4/users", body).await["id"]);
        let path = format!("/api/v4/users/{id}/tokens");
        let token = self.done("POST", &path, json!({ "description": "test" })).await;
        let authorization = format!("Bearer {}", text(&token["token"]));
        (id, Client { mattermost: Arc::clone(&self.mattermost), authorization })
    }

    /// Makes a team and answers its identifier.
    pub(super) async fn team(&self, name: &str) -> String {
        let body = json!({ "name": name, "display_name": name, "type": "O" });
        text(&self.done("POST", "/api/v4/teams", body).await["id"])
    }

    /// Makes a channel and answers its identifier.
    pub(super) async fn channel(&self, team_id: &str, name: &str, kind: &str) -> String {
        let body = json!({ "team_id": team_id, "name": name, "display_name": name, "type": kind });
        text(&self.done("POST", "/api/v4/channels", body).await["id"])
    }

    /// Puts somebody into a team.
    pub(super) async fn join(&self, team_id: &str, user_id: &str) {
        let body = json!({ "team_id": team_id, "user_id": user_id });
        self.done("POST", &format!("/api/v4/teams/{team_id}/members"), body).await;
    }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
