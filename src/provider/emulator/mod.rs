//! What every emulator is built on: a service in miniature, over real HTTP on loopback, able to fail on purpose.
//!
//! An emulator knows its service's rules and holds its state; this module serves it, adds the control address
//! `/__sandbox/…` beside its API, and injects the defects that a test or a demo asks for. `README.md` beside this file
//! shows the control address with examples.

pub mod control;
pub mod faults;
mod inject;
pub mod requests;
pub mod serve;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode};

/// Headers by the name that the recordings call `as` ("admin token" → `Authorization: token …`).
pub type Credentials = BTreeMap<String, BTreeMap<String, String>>;

/// A service in miniature. Its state lives behind `&self`; requests may come concurrently.
pub trait Emulator: Send + Sync + 'static {
    /// The service's type name: `keycloak`, `gitea`.
    fn service(&self) -> &'static str;

    /// The service's API. Operations that are not modelled answer [`not_modelled`].
    fn router(self: Arc<Self>) -> Router;

    /// Forgets everything and begins again as a new installation, with the accounts that the recordings begin with.
    fn reset(&self);

    /// The accounts that a new installation begins with.
    fn credentials(&self) -> Credentials;

    /// Makes every token that was handed out so far count as expired (the fault "token expired in the middle").
    /// Services whose tokens do not expire revoke nothing and answer 401 until the fault is lifted.
    fn expire_tokens(&self);

    /// Undoes [`expire_tokens`](Self::expire_tokens) where the service's tokens do not expire by themselves: called
    /// when the fault is lifted. Services whose tokens are renewed by asking again leave it empty.
    fn restore_tokens(&self) {}

    /// Does what the service's own API cannot be asked for, such as a sign-in in a browser: `POST /__sandbox/hooks/NAME`.
    ///
    /// `None` where the service has no hook of that name.
    fn hook(&self, _name: &str, _body: &[u8]) -> Option<Response<Body>> {
        None
    }

    /// The service's own answer where it fails or refuses for reasons of its own: 403 for missing rights, 429, 500.
    ///
    /// The injected faults use it, so that a provider meets the error bodies that it will meet in earnest. `base` is
    /// where the caller reached the service, for bodies that name it.
    fn error_answer(&self, status: StatusCode, _base: &str) -> Response<Body> {
        let message = status.canonical_reason().unwrap_or("error");
        json_answer(status, &serde_json::json!({ "message": message }))
    }
}

/// A JSON answer with the given status.
pub fn json_answer(status: StatusCode, body: &impl serde::Serialize) -> Response<Body> {
    let text = serde_json::to_vec(body).expect("answers are plain data with text keys");
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert("content-type", axum::http::HeaderValue::from_static("application/json"));
    answer
}

/// The answer to an operation that exists in the real service and that the emulator does not imitate.
pub fn not_modelled() -> Response<Body> {
    let mut answer = Response::new(Body::from("{\"message\":\"not modelled by the sandbox\"}"));
    *answer.status_mut() = StatusCode::NOT_IMPLEMENTED;
    answer.headers_mut().insert("x-sandbox", axum::http::HeaderValue::from_static("not-modelled"));
    answer.headers_mut().insert("content-type", axum::http::HeaderValue::from_static("application/json"));
    answer
}
