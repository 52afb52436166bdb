//! The control address `/__sandbox/…` beside an emulator's API: reset, faults, clock, what was called, who may call.
//!
//! JSON in, JSON out. It asks for no credentials: the server listens on loopback alone and holds nothing real.
//! Editing the service behind somebody's back needs no control address: its own API and an admin's credentials do it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Router, response::IntoResponse};
use chrono::Duration;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::faults::{Fault, FaultId};
use super::json_answer;
use super::serve::Host;
use crate::runtime::sys::{Clock, SystemClock};

/// Where the control address begins. No service that we imitate has a route of that name.
pub const PREFIX: &str = "/__sandbox";

/// What the control address offers, as it lists it itself.
const ROUTES: [(&str, &str); 10] = [
    ("POST /__sandbox/reset", "a new installation: state, faults and recorded requests are forgotten"),
    ("GET /__sandbox/credentials", "the accounts that a new installation begins with, as headers by name"),
    ("GET /__sandbox/faults", "the armed faults with what they did so far"),
    (
        "POST /__sandbox/faults",
        "arm one fault, or a list: {\"when\": {\"method\", \"path\", \"from\", \"every\", \"times\", \"chance\"}, \"then\": {\"fault\": NAME}}",
    ),
    ("DELETE /__sandbox/faults", "lift all faults; /__sandbox/faults/ID lifts one"),
    ("GET /__sandbox/clock", "the time that the emulator goes by"),
    ("POST /__sandbox/clock", "move it: {\"advance_seconds\": N}"),
    ("GET /__sandbox/requests", "the calls since the last reset"),
    ("DELETE /__sandbox/requests", "forget the recorded calls and count anew"),
    ("POST /__sandbox/hooks/NAME", "what the service's API cannot be asked for; its README lists the names"),
];

/// The routes of the control address.
pub(super) fn router(host: Arc<Host>) -> Router {
    let routes = Router::new()
        .route("/", get(index))
        .route("/reset", post(reset))
        .route("/credentials", get(credentials))
        .route("/faults", get(faults).post(arm).delete(lift_all))
        .route("/faults/{id}", axum::routing::delete(lift))
        .route("/clock", get(clock).post(advance))
        .route("/requests", get(requests).delete(forget_requests))
        .route("/hooks/{name}", post(hook))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .with_state(host.clone());
    // A nested "/" answers at the prefix without a slash alone.
    let slash = Router::new().route(&format!("{PREFIX}/"), get(index)).with_state(host);
    slash.nest(PREFIX, routes)
}

async fn index(State(host): State<Arc<Host>>) -> Response {
    let routes: serde_json::Map<_, _> = ROUTES.iter().map(|(route, does)| ((*route).into(), (*does).into())).collect();
    done(&json!({ "service": host.emulator.service(), "routes": routes }))
}

async fn reset(State(host): State<Arc<Host>>) -> Response {
    host.reset();
    done(&json!({ "service": host.emulator.service(), "reset": true }))
}

async fn credentials(State(host): State<Arc<Host>>) -> Response {
    done(&host.emulator.credentials())
}

async fn faults(State(host): State<Arc<Host>>) -> Response {
    done(&json!({ "faults": host.faults.list() }))
}

async fn arm(State(host): State<Arc<Host>>, body: Bytes) -> Response {
    // Which of the two it is follows from the first character, so that a mistake is reported for what was meant.
    let wanted: Result<Vec<Fault>, Refusal> = match body.trim_ascii_start().first() {
        Some(b'[') => read(&body),
        _ => read(&body).map(|fault| vec![fault]),
    };
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(refusal) => return refusal.into_response(),
    };
    let mut ids = Vec::new();
    for fault in wanted {
        match host.faults.add(fault) {
            Ok(id) => ids.push(id),
            Err(error) => {
                for id in ids {
                    host.lift(id);
                }
                return Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response();
            }
        }
    }
    let mut armed = host.faults.list();
    armed.retain(|fault| ids.contains(&fault.id));
    json_answer(StatusCode::CREATED, &json!({ "faults": armed }))
}

async fn lift_all(State(host): State<Arc<Host>>) -> Response {
    done(&json!({ "lifted": host.lift_all() }))
}

async fn lift(State(host): State<Arc<Host>>, Path(id): Path<String>) -> Response {
    match id.parse::<FaultId>().ok().and_then(|id| host.lift(id)) {
        Some(lifted) => done(&json!({ "lifted": [lifted] })),
        None => Refusal::new(StatusCode::NOT_FOUND, format!("no fault \"{id}\" is armed")).into_response(),
    }
}

async fn clock(State(host): State<Arc<Host>>) -> Response {
    let now = host.clock.now();
    let ahead = (now - SystemClock.now()).num_milliseconds();
    // Reading the two clocks takes a moment; whole seconds hide it.
    let ahead = (ahead as f64 / 1000.0).round() as i64;
    done(&json!({ "now": now, "ahead_seconds": ahead }))
}

async fn advance(State(host): State<Arc<Host>>, body: Bytes) -> Response {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Advance {
        advance_seconds: i64,
    }
    let Advance { advance_seconds } = match read(&body) {
        Ok(wanted) => wanted,
        Err(refusal) => return refusal.into_response(),
    };
    // A century either way keeps every date that an emulator computes within what the calendar can hold.
    const CENTURY: i64 = 100 * 366 * 24 * 3600;
    if advance_seconds.abs() > CENTURY {
        let error = format!("\"advance_seconds\" lies within {CENTURY} either way, got {advance_seconds}");
        return Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, error).into_response();
    }
    host.clock.advance(Duration::seconds(advance_seconds));
    clock(State(host)).await
}

async fn requests(State(host): State<Arc<Host>>) -> Response {
    done(&json!({ "count": host.requests.count(), "requests": host.requests.list() }))
}

async fn forget_requests(State(host): State<Arc<Host>>) -> Response {
    host.requests.reset();
    done(&json!({ "count": 0, "requests": [] }))
}

async fn hook(State(host): State<Arc<Host>>, Path(name): Path<String>, body: Bytes) -> Response {
    host.emulator.hook(&name, &body).unwrap_or_else(|| {
        let error = format!("{} has no hook \"{name}\"", host.emulator.service());
        Refusal::new(StatusCode::NOT_FOUND, error).into_response()
    })
}

async fn unknown(uri: Uri) -> Response {
    Refusal::new(StatusCode::NOT_FOUND, format!("no control route \"{PREFIX}{}\"", uri.path())).into_response()
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    let error = format!("\"{PREFIX}{}\" does not take {method}", uri.path());
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, error).into_response()
}

fn done(body: &impl serde::Serialize) -> Response {
    json_answer(StatusCode::OK, body)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, format!("cannot read the body: {error}")))
}

/// Why a control call was not done.
struct Refusal {
    status: StatusCode,
    error: String,
}

impl Refusal {
    fn new(status: StatusCode, error: String) -> Self {
        Refusal { status, error }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        json_answer(
            self.status,
            &json!({ "error": self.error, "help": format!("GET {PREFIX}/ lists the control routes") }),
        )
    }
}
