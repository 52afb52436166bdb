//! The administrator's own desk in an emulator: calls that no fault befalls and nobody counts.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use formulary::provider::emulator::Emulator;
use serde_json::Value;
use tower::ServiceExt;

/// The administrator's names among an emulator's credentials.
const ADMINISTRATORS: [&str; 2] = ["admin token", "admin"];

/// What was asked and how it was refused.
#[derive(Debug)]
pub struct Refused(#[expect(dead_code, reason = "shown by a test that fails")] String);

pub struct Desk {
    emulator: Arc<dyn Emulator>,
    router: Router,
}

impl Desk {
    pub fn new(emulator: Arc<dyn Emulator>) -> Self {
        let router = Arc::clone(&emulator).router();
        Self { emulator, router }
    }

    /// The administrator's token, without its scheme.
    pub fn administrators_token(&self) -> String {
        let credentials = self.emulator.credentials();
        let headers = ADMINISTRATORS.iter().find_map(|name| credentials.get(*name)).unwrap();
        headers["Authorization"].split_once(' ').unwrap().1.to_owned()
    }

    /// Makes a call; the body, and the id at the end of `Location`.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Result<(Value, String), Refused> {
        let credentials = self.emulator.credentials();
        let headers = ADMINISTRATORS.iter().find_map(|name| credentials.get(*name)).unwrap();
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        if !head.status.is_success() {
            let body = String::from_utf8_lossy(&body).into_owned();
            return Err(Refused(format!("{method} {path}: {} {body}", head.status)));
        }
        let location = head.headers.get("location").and_then(|it| it.to_str().ok()).unwrap_or_default();
        let id = location.rsplit('/').next().unwrap_or_default().to_owned();
        Ok((serde_json::from_slice(&body).unwrap_or(Value::Null), id))
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Result<Value, Refused> {
        self.call("GET", path, None).await.map(|(body, _)| body)
    }

    /// Does what must succeed.
    pub async fn must(&self, method: &str, path: &str, body: Value) -> (Value, String) {
        let body = (!body.is_null()).then_some(body);
        self.call(method, path, body).await.unwrap_or_else(|refused| panic!("{refused:?}"))
    }
}
