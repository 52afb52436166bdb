//! Twenty CRM in miniature: release 2.19.0 as its API was seen to behave, in memory, over HTTP.
//!
//! State is one [`world::World`] behind a mutex; every operation is a plain function of that world and one call. Axum
//! only carries bytes. Reading order: `model` with `standard`, `world`, `keys`; `values`, `contacts`, `writes`, `store`;
//! `filter`, `rest_filter`, `pages`, `view`; `dispatch`, `rest`,
//! `document`, `selected`, `graphql`; `metadata`, `metadata_rest`,
//! `metadata_graphql`.

mod call;
mod contacts;
mod dispatch;
mod document;
mod filter;
mod graphql;
mod ids;
mod keys;
mod metadata;
mod metadata_graphql;
mod metadata_rest;
mod model;
mod pages;
mod rate_limit;
mod refusal;
mod rest;
mod rest_filter;
mod selected;
mod settings;
mod standard;
mod store;
mod values;
mod view;
mod world;
mod writes;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode};

use crate::provider::emulator::{Credentials, Emulator};
use crate::runtime::sys::SharedClock;

pub use settings::Settings;

/// The service in miniature. Hand it to the kit that serves emulators, or serve [`Emulator::router`] oneself.
#[derive(Debug)]
pub struct Twenty {
    clock: SharedClock,
    settings: Settings,
    world: Mutex<world::World>,
}

impl Twenty {
    /// A stock workspace without records, told the time by `clock`.
    pub fn new(clock: SharedClock) -> Arc<Self> {
        Self::with_settings(clock, Settings::default())
    }

    /// A workspace as `settings` describe it.
    pub fn with_settings(clock: SharedClock, settings: Settings) -> Arc<Self> {
        let world = world::World::installed(clock.now(), &settings);
        Arc::new(Self { clock, settings, world: Mutex::new(world) })
    }

    /// Somebody accepts an invitation and becomes a member. That takes a person and a browser, so that no call does it here.
    pub fn join(&self, first: &str, last: &str, address: &str) {
        let now = self.clock.now();
        self.world().join(first, last, address, now);
    }

    /// An administrator removes a member in the settings, which no key can.
    pub fn leave(&self, address: &str) {
        self.world().leave(address);
    }

    fn world(&self) -> MutexGuard<'_, world::World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Emulator for Twenty {
    fn service(&self) -> &'static str {
        "twenty"
    }

    fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(move |request: axum::extract::Request| dispatch::serve(Arc::clone(&self), request))
    }

    fn reset(&self) {
        *self.world() = world::World::installed(self.clock.now(), &self.settings);
    }

    fn credentials(&self) -> Credentials {
        let header = |token: String| BTreeMap::from([("Authorization".to_owned(), format!("Bearer {token}"))]);
        let all = keys::credentials(&self.world().keys, self.clock.now().timestamp());
        all.into_iter().map(|(name, token)| (name.to_owned(), header(token))).collect()
    }

    /// Keys cannot be renewed by their holder: all of them answer 401 until they are restored.
    fn expire_tokens(&self) {
        self.world().are_keys_lapsed = true;
    }

    fn restore_tokens(&self) {
        self.world().are_keys_lapsed = false;
    }

    fn error_answer(&self, status: StatusCode, _base: &str) -> Response<Body> {
        match status {
            StatusCode::UNAUTHORIZED => keys::unauthenticated("Token invalid.").render(),
            // A right that is missing is 400 here.
            StatusCode::FORBIDDEN => refusal::denied(400).render(),
            StatusCode::TOO_MANY_REQUESTS => {
                rate_limit::refusal(self.settings.calls_per_minute.unwrap_or(100).into()).render()
            }
            status => {
                let words = status.canonical_reason().unwrap_or("Error");
                refusal::Refusal { status: status.as_u16(), error: "Error", ..refusal::bad(words) }.render()
            }
        }
    }
}
