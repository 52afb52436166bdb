//! A Backstage with somebody in between: what an emulator is served with, faults and a count of calls, in front of a real one.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use formulary::provider::emulator::{Credentials, Emulator, json_answer};
use serde_json::json;

/// Passes every call on.
pub struct Relay {
    base: String,
    http: reqwest::Client,
}

impl Relay {
    pub fn new(base: &str) -> Arc<Self> {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Arc::new(Self { base: base.trim_end_matches('/').to_owned(), http })
    }

    async fn pass(&self, request: Request<Body>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let path = head.uri.path_and_query().map_or("/", |it| it.as_str());
        let mut call = self.http.request(head.method.clone(), format!("{}{path}", self.base));
        for name in ["authorization", "content-type"] {
            call = head.headers.get(name).into_iter().fold(call, |call, value| call.header(name, value));
        }
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let answer = call.body(body).send().await.unwrap();
        let mut response = Response::new(Body::empty());
        *response.status_mut() = answer.status();
        if let Some(kind) = answer.headers().get("content-type") {
            response.headers_mut().insert("content-type", kind.clone());
        }
        *response.body_mut() = Body::from(answer.bytes().await.unwrap());
        response
    }
}

impl Emulator for Relay {
    fn service(&self) -> &'static str {
        "backstage"
    }

    fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(move |request: Request<Body>| async move { self.pass(request).await })
    }

    /// What is behind it is nobody's to forget.
    fn reset(&self) {}

    fn credentials(&self) -> Credentials {
        Credentials::new()
    }

    fn expire_tokens(&self) {}

    fn error_answer(&self, status: StatusCode, _base: &str) -> Response<Body> {
        let (name, message) = match status.as_u16() {
            401 => ("AuthenticationError", "Illegal token"),
            403 => ("NotAllowedError", ""),
            404 => ("NotFoundError", "not found"),
            _ => ("Error", "an unexpected error"),
        };
        let error = json!({ "name": name, "message": message });
        json_answer(status, &json!({ "error": error, "response": { "statusCode": status.as_u16() } }))
    }
}
