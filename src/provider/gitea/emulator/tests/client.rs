//! A client of one emulator that speaks HTTP without a socket.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::super::{Gitea, Settings};
use crate::provider::emulator::Emulator;
use crate::runtime::sys::FixedClock;

/// An answer as a client sees it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Value,
}

impl Answer {
    /// The refusal's text.
    pub(super) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or("")
    }

    /// One field of every item of a list, wrapped or not.
    pub(super) fn each(&self, field: &str) -> Vec<String> {
        let items = self.body.as_array().or_else(|| self.body["data"].as_array()).expect("a list");
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        items.iter().map(|item| text(&item[field])).collect()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A caller: an emulator and what is sent as `Authorization`.
#[derive(Clone)]
pub(super) struct Client {
    router: Router,
    authorization: Option<String>,
}

impl Client {
    /// The site admin's token on a new installation.
    pub(super) fn admin() -> Self {
        Self::of(&Gitea::with_settings(clock(), Settings::default()))
    }

    pub(super) fn of(gitea: &Arc<Gitea>) -> Self {
        let authorization = gitea.credentials()["admin token"]["Authorization"].clone();
        Self { router: Arc::clone(gitea).router(), authorization: Some(authorization) }
    }

    pub(super) fn with(&self, authorization: &str) -> Self {
        Self { authorization: Some(authorization.to_owned()), ..self.clone() }
    }

    pub(super) fn anonymous(&self) -> Self {
        Self { authorization: None, ..self.clone() }
    }

    /// The password of an account that [`Client::add_user`] made.
    pub(super) fn user(&self, name: &str) -> Self {
        self.with(&format!("Basic {}", STANDARD.encode(format!("{name}:Lab-pass-1"))))
    }

    /// A token that the account mints for itself.
    pub(super) async fn token(&self, name: &str, scopes: &[&str]) -> Self {
        let path = format!("/users/{name}/tokens");
        let minted = self.user(name).post(&path, json!({"name": scopes.join(","), "scopes": scopes})).await;
        assert_eq!(minted.status, 201, "{}", minted.body);
        self.with(&format!("token {}", minted.body["sha1"].as_str().expect("a token")))
    }

    pub(super) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request =
            Request::builder().method(method).uri(format!("/api/v1{path}")).header("host", "gitea.test:3000");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let request = request.body(Body::from(body.unwrap_or("").to_owned())).expect("a request");
        let answer = self.router.clone().oneshot(request).await.expect("the router answers everything");
        let status = answer.status().as_u16();
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or("").to_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
        Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    async fn write(&self, method: &str, path: &str, body: Value) -> Answer {
        self.send(method, path, &[("content-type", "application/json")], Some(&body.to_string())).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Answer {
        self.write("POST", path, body).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Answer {
        self.write("PUT", path, body).await
    }

    pub(super) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.write("PATCH", path, body).await
    }

    pub(super) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None).await
    }

    pub(super) async fn add_user(&self, name: &str) {
        let body = json!({"username": name, "email": format!("{name}@example.com"), "password": "Lab-pass-1", "must_change_password": false});
        assert_eq!(self.post("/admin/users", body).await.status, 201);
    }

    pub(super) async fn add_org(&self, name: &str) {
        assert_eq!(self.post("/orgs", json!({"username": name})).await.status, 201);
    }

    /// A team of an organisation with one unit; gives its id.
    pub(super) async fn add_team(&self, org: &str, name: &str, level: &str) -> i64 {
        let body = json!({"name": name, "permission": level, "units_map": {"repo.code": level, "repo.pulls": level}});
        let made = self.post(&format!("/orgs/{org}/teams"), body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.body["id"].as_i64().expect("an id")
    }

    /// A repository with a first commit.
    pub(super) async fn add_repo(&self, owner: &str, name: &str, private: bool) {
        let body = json!({"name": name, "auto_init": true, "private": private});
        assert_eq!(self.post(&format!("/admin/users/{owner}/repos"), body).await.status, 201);
    }
}

/// A clock that stands still.
pub(super) fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock(DateTime::UNIX_EPOCH + chrono::Duration::days(20_000)))
}
