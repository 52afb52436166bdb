//! Coder in miniature: main of 2026-06-26 without a licence as its API was seen to behave, in memory, over HTTP.
//!
//! State is one [`world::World`] behind a mutex; every operation is a plain function of that world and one call. Axum
//! only carries bytes. Reading order: `world` with `accounts`; `dispatch`, `routes`, `auth`, `rights`, `call`, `bodies`,
//! `rules`, `search`, `reply`; `import` (Terraform itself is read in `coder::terraform`), `jobs`, `parameters`; then the operations, one
//! area a file.

mod accounts;
mod archive;
mod auth;
mod authcheck;
mod bodies;
mod builds;
mod call;
mod dispatch;
mod external_auth;
mod files;
mod groups;
mod ids;
mod import;
mod installation;
mod jobs;
mod licensed;
mod logins;
mod members;
mod not_imitated;
mod organizations;
mod parameters;
mod provisioners;
mod rate_limit;
mod reply;
mod rights;
mod routes;
mod rules;
mod search;
mod settings;
mod single_sign_on;
mod system;
mod template_changes;
mod templates;
mod tokens;
mod user_changes;
mod user_create;
mod user_reads;
mod version_changes;
mod version_reads;
mod versions;
mod workspace_create;
mod workspace_settings;
mod workspaces;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::provider::emulator::{Credentials, Emulator, json_answer};
use crate::runtime::sys::SharedClock;

pub use settings::{ExternalAuth, Oidc, Settings};
pub use single_sign_on::SignIn;

use jobs::{Failure, Wish};
use reply::{denied, forbidden, refuse};

/// The service in miniature. Hand it to the kit that serves emulators, or serve [`Emulator::router`] oneself.
#[derive(Debug)]
pub struct Coder {
    clock: SharedClock,
    settings: Settings,
    world: Mutex<world::World>,
}

impl Coder {
    /// A new installation with the accounts of the recordings, told the time by `clock`.
    pub fn new(clock: SharedClock) -> Arc<Self> {
        Self::with_settings(clock, Settings::default())
    }

    /// A new installation as `settings` describe it.
    pub fn with_settings(clock: SharedClock, settings: Settings) -> Arc<Self> {
        let world = world::World::installed(clock.now(), &settings);
        Arc::new(Self { clock, settings, world: Mutex::new(world) })
    }

    /// Lets the next job that is made fail with this error.
    pub fn fail_next_job(&self, error: &str) {
        let line = format!("Error: {error}");
        let failure = Failure::new(error.to_owned(), "Starting workspace", &[&line]);
        self.world().jobs.wishes.push_back(Wish::Fail(failure));
    }

    fn world(&self) -> MutexGuard<'_, world::World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the next job is to come to: `{"next": "fail", "error", "code"}` or `{"next": "hang"}`.
    fn jobs_hook(&self, body: &[u8]) -> Response<Body> {
        let wish: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| wish.get(name).and_then(Value::as_str).unwrap_or("");
        let wish = match text("next") {
            "hang" => Wish::Hang,
            "fail" => {
                let error = match text("error") {
                    "" => "terraform apply: exit status 1",
                    error => error,
                };
                let code = match text("code") {
                    "INSUFFICIENT_QUOTA" => "INSUFFICIENT_QUOTA",
                    _ => "",
                };
                let line = format!("Error: {error}");
                Wish::Fail(Failure { code, ..Failure::new(error.to_owned(), "Starting workspace", &[&line]) })
            }
            _ => {
                let error = json!({ "error": "\"next\" is \"fail\" or \"hang\"" });
                return json_answer(StatusCode::BAD_REQUEST, &error);
            }
        };
        let mut world = self.world();
        world.jobs.wishes.push_back(wish);
        json_answer(StatusCode::OK, &json!({ "waiting": world.jobs.wishes.len() }))
    }

    /// How many provisioners there are from now on: `{"count": 0}`.
    fn provisioners_hook(&self, body: &[u8]) -> Response<Body> {
        let wanted: Value = serde_json::from_slice(body).unwrap_or_default();
        let Some(count) = wanted.get("count").and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok())
        else {
            return json_answer(StatusCode::BAD_REQUEST, &json!({ "error": "\"count\" is a number" }));
        };
        let mut world = self.world();
        let workers = (0..count.min(64)).map(|_| world.ids.uuid()).collect();
        world.jobs.workers = workers;
        json_answer(StatusCode::OK, &json!({ "count": world.jobs.workers.len() }))
    }
}

impl Emulator for Coder {
    fn service(&self) -> &'static str {
        "coder"
    }

    fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(move |request: axum::extract::Request| dispatch::serve(Arc::clone(&self), request))
    }

    fn reset(&self) {
        *self.world() = world::World::installed(self.clock.now(), &self.settings);
    }

    fn credentials(&self) -> Credentials {
        installation::initial_credentials(&self.settings)
    }

    /// Coder's tokens expire at a date: every one that exists now answers 401 until it is restored.
    fn expire_tokens(&self) {
        let mut world = self.world();
        world.expired_keys = world.keys.keys().cloned().collect();
    }

    fn restore_tokens(&self) {
        self.world().expired_keys.clear();
    }

    fn hook(&self, name: &str, body: &[u8]) -> Option<Response<Body>> {
        match name {
            "sign-in" => Some(self.sign_in_hook(body)),
            "jobs" => Some(self.jobs_hook(body)),
            "provisioners" => Some(self.provisioners_hook(body)),
            _ => None,
        }
    }

    fn error_answer(&self, status: StatusCode, _base: &str) -> Response<Body> {
        match status {
            StatusCode::FORBIDDEN => forbidden().render(),
            StatusCode::TOO_MANY_REQUESTS => dispatch::too_many(i64::from(self.settings.rate_limit)).render(),
            StatusCode::INTERNAL_SERVER_ERROR => denied("An internal server error occurred.", "").render(),
            status => refuse(status.as_u16(), status.canonical_reason().unwrap_or_default()).render(),
        }
    }
}
