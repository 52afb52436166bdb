//! The API server of a cluster in miniature: release 1.37 as it was seen to behave, in memory, over HTTP.
//!
//! ConfigMaps, Namespaces, Deployments, Leases and Events with whom each of their values belongs to; who may do what;
//! questions about rights.
//! State is one [`world::World`] behind a mutex; every operation is a plain function of that world and one call. No
//! controllers run: Deployments make no progress unless the hook `rollout` says so, namespaces that are deleted stay.
//!
//! Reading order: `status`, `resources` with `types`, `place`, `users`; `world` with `history`; `paths`, `compare`, `overlay`,
//! `managers`, `apply`; `body` with `yaml`, `names`, `checks`, `defaults`; `options`, `whole`, `settle`; `write`, `applying`, `patch` with
//! `strategic`, `json_patch` and `repeated`, `delete`, `parts`; `selectors`, `list` with `pages`, `watch`; `reviews`, `public`,
//! `views`; `dispatch`.

mod apply;
mod applying;
mod body;
mod checks;
mod compare;
mod defaults;
mod delete;
mod dispatch;
mod history;
mod json_patch;
mod list;
mod managers;
mod moments;
mod names;
mod options;
mod overlay;
mod pages;
mod parts;
mod patch;
mod paths;
mod place;
mod public;
mod repeated;
mod resources;
mod reviews;
mod selectors;
mod settings;
mod settle;
mod status;
mod strategic;
mod types;
mod users;
mod views;
mod watch;
mod whole;
mod world;
mod write;
mod yaml;
mod yaml_scalar;
mod yaml_text;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode};

use crate::provider::emulator::{Credentials, Emulator, json_answer};
use crate::runtime::sys::SharedClock;

pub use settings::{Grant, Settings};

/// The API server in miniature. Hand it to the kit that serves emulators, or serve [`Emulator::router`] oneself.
#[derive(Debug)]
pub struct Kubernetes {
    clock: SharedClock,
    settings: Settings,
    world: Mutex<world::World>,
}

impl Kubernetes {
    /// A cluster with the namespaces `coder` and `formulary`, and our service account with its least rights.
    pub fn new(clock: SharedClock) -> Arc<Self> {
        Self::with_settings(clock, Settings::default())
    }

    /// A cluster as `settings` describe it.
    pub fn with_settings(clock: SharedClock, settings: Settings) -> Arc<Self> {
        let world = world::World::installed(&settings, clock.now());
        Arc::new(Self { clock, settings, world: Mutex::new(world) })
    }

    fn world(&self) -> MutexGuard<'_, world::World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Emulator for Kubernetes {
    fn service(&self) -> &'static str {
        "kubernetes"
    }

    fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(move |request: axum::extract::Request| dispatch::serve(Arc::clone(&self), request))
    }

    fn reset(&self) {
        *self.world() = world::World::installed(&self.settings, self.clock.now());
    }

    fn credentials(&self) -> Credentials {
        let header = |value: String| BTreeMap::from([("Authorization".to_owned(), value)]);
        users::credentials().map(|(name, value)| (name.to_owned(), header(value))).collect()
    }

    /// Tokens are rotated where they are mounted: all answer 401 until they are restored.
    fn expire_tokens(&self) {
        self.world().are_tokens_lapsed = true;
    }

    fn restore_tokens(&self) {
        self.world().are_tokens_lapsed = false;
    }

    /// `forget`: what a server that starts again has lost, all earlier moments. `rollout`: what the controllers would do, all
    /// Deployments have their new pods now; `{"stuck": true}`: they make none.
    fn hook(&self, name: &str, body: &[u8]) -> Option<Response<Body>> {
        if name == "forget" {
            self.world().forget();
            return Some(json_answer(StatusCode::OK, &serde_json::json!({})));
        }
        if name != "rollout" {
            return None;
        }
        let asked: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        self.world().roll_out(asked["stuck"] == true);
        Some(json_answer(StatusCode::OK, &serde_json::json!({})))
    }

    fn error_answer(&self, status: StatusCode, _base: &str) -> Response<Body> {
        status::of_its_own(status).render()
    }
}
