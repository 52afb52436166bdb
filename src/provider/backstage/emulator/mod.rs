//! Backstage's catalogue in miniature: release 1.55 as its API was seen to behave, in memory, over HTTP.
//!
//! There is no call that adds an entity: Locations are registered, files are read, and what they hold becomes visible some
//! time later. So there is a loop here too: whenever somebody calls, everything that is due by the clock is done first.
//! Reading order: `settings`, `files`, `reference`, `problem`; `envelope`, `kinds`; `addresses`, `world`; `query`; `access`,
//! `dispatch`.

mod access;
mod addresses;
mod dispatch;
mod envelope;
mod files;
mod kinds;
mod problem;
mod query;
mod reference;
mod settings;
mod world;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Deserialize;

use crate::provider::emulator::{Credentials, Emulator, json_answer};
use crate::runtime::sys::SharedClock;

pub use files::{Files, Read, Shelf};
pub use settings::{Restriction, Settings, Token};

/// The service in miniature. Hand it to the kit that serves emulators, or serve [`Emulator::router`] oneself.
#[derive(Debug)]
pub struct Backstage {
    clock: SharedClock,
    settings: Settings,
    files: Arc<dyn Files>,
    /// What the control address puts there, where nothing else holds the files.
    shelf: Option<Arc<Shelf>>,
    world: Mutex<world::World>,
}

impl Backstage {
    /// An empty catalogue, told the time by `clock`, that reads what tests put on its shelf.
    pub fn new(clock: SharedClock) -> Arc<Self> {
        Self::with_settings(clock, Settings::default()).0
    }

    /// A catalogue as `settings` describe it, and the shelf that it reads.
    pub fn with_settings(clock: SharedClock, settings: Settings) -> (Arc<Self>, Arc<Shelf>) {
        let shelf = Arc::new(Shelf::default());
        (Self::made(clock, settings, shelf.clone(), Some(shelf.clone())), shelf)
    }

    /// A catalogue that reads its files elsewhere.
    pub fn reading(clock: SharedClock, settings: Settings, files: Arc<dyn Files>) -> Arc<Self> {
        Self::made(clock, settings, files, None)
    }

    fn made(clock: SharedClock, settings: Settings, files: Arc<dyn Files>, shelf: Option<Arc<Shelf>>) -> Arc<Self> {
        let world = Mutex::new(world::World::installed(&settings, clock.now()));
        Arc::new(Self { clock, settings, files, shelf, world })
    }

    fn world(&self) -> MutexGuard<'_, world::World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Files of the control address: `POST /__sandbox/hooks/files` replaces everything below a root, as a push does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilesHook {
    root: String,
    files: BTreeMap<String, String>,
}

impl Emulator for Backstage {
    fn service(&self) -> &'static str {
        "backstage"
    }

    fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(move |request: axum::extract::Request| dispatch::serve(Arc::clone(&self), request))
    }

    /// What it reads is not its own, and stays.
    fn reset(&self) {
        *self.world() = world::World::installed(&self.settings, self.clock.now());
    }

    fn credentials(&self) -> Credentials {
        let header = |token: &str| BTreeMap::from([("Authorization".to_owned(), format!("Bearer {token}"))]);
        let known = self.settings.tokens.iter().map(|it| (it.holder.to_owned(), header(it.token)));
        known.chain([("unknown bearer".to_owned(), header("a-token-of-nobody"))]).collect()
    }

    /// Static tokens do not expire: all of them answer 401 until they are restored.
    fn expire_tokens(&self) {
        self.world().are_tokens_lapsed = true;
    }

    fn restore_tokens(&self) {
        self.world().are_tokens_lapsed = false;
    }

    fn hook(&self, name: &str, body: &[u8]) -> Option<Response<Body>> {
        let shelf = self.shelf.as_ref().filter(|_| name == "files")?;
        let done = match serde_json::from_slice::<FilesHook>(body) {
            Ok(FilesHook { root, files }) => {
                shelf.replace(&root, &files);
                json_answer(StatusCode::OK, &serde_json::json!({}))
            }
            Err(error) => json_answer(StatusCode::BAD_REQUEST, &serde_json::json!({ "message": error.to_string() })),
        };
        Some(done)
    }

    fn error_answer(&self, status: StatusCode, _base: &str) -> Response<Body> {
        let problem = match status {
            StatusCode::UNAUTHORIZED => problem::Problem::new("AuthenticationError", "Illegal token"),
            StatusCode::FORBIDDEN => problem::Problem::new("NotAllowedError", ""),
            StatusCode::NOT_FOUND => problem::Problem::not_found("Not found"),
            _ => {
                let words = status.canonical_reason().unwrap_or("Error");
                let mut answer = json_answer(
                    status,
                    &serde_json::json!({
                        "error": { "name": "Error", "message": words },
                        "request": { "method": "GET", "url": "/" },
                        "response": { "statusCode": status.as_u16() },
                    }),
                );
                *answer.status_mut() = status;
                return answer;
            }
        };
        dispatch::refusal(&problem, "GET", "/")
    }
}
