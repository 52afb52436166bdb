//! What every emulator is built on: a service in miniature, over real HTTP on loopback, able to fail on purpose.
//!
//! An emulator knows its service's rules and holds its state; this module serves it, adds the control address
//! `/__sandbox/…` beside its API, and injects the defects that a test or a demo asks for.

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
}

/// The answer to an operation that exists in the real service and that the emulator does not imitate.
pub fn not_modelled() -> Response<Body> {
    let mut answer = Response::new(Body::from("{\"message\":\"not modelled by the sandbox\"}"));
    *answer.status_mut() = StatusCode::NOT_IMPLEMENTED;
    answer.headers_mut().insert(
        "x-sandbox",
        axum::http::HeaderValue::from_static("not-modelled"),
    );
    answer.headers_mut().insert(
        "content-type",
        axum::http::HeaderValue::from_static("application/json"),
    );
    answer
}
