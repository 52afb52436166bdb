//! Mattermost in miniature: Team Edition 11.6.0 without licence as its API was seen to behave, in memory, over HTTP.
//!
//! State is one [`world::World`] behind a mutex; every operation is a plain function of that world and one call. Axum
//! only carries bytes. Reading order: `world` with `accounts` and `places`; `dispatch`, `routes`, `auth`, `rights`,
//! `call`, `bodies`, `reply`, `paging`; then the operations, one area a file.

mod accounts;
mod attachments;
mod auth;
mod bodies;
mod bots;
mod call;
mod channel_lists;
mod channel_members;
mod channel_store;
mod channels;
mod config;
mod deliveries;
mod dispatch;
mod hook_table;
mod ids;
mod incoming_hooks;
mod installation;
mod joining;
mod logins;
mod mail;
mod member_roles;
mod not_imitated;
mod outgoing_hooks;
mod paging;
mod place_refusals;
mod place_rules;
mod places;
mod post_lists;
mod post_table;
mod post_view;
mod posts;
mod rate_limit;
mod reply;
mod rights;
mod routes;
mod settings;
mod single_sign_on;
mod system;
mod system_messages;
mod team_lists;
mod team_members;
mod teams;
mod tokens;
mod user_changes;
mod user_create;
mod user_form;
mod user_lists;
mod user_reads;
mod user_rules;
mod user_search;
mod user_state;
mod user_table;
mod user_view;
mod world;

#[cfg(test)]
mod place_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode};

use crate::provider::emulator::{Credentials, Emulator, json_answer};
use crate::runtime::sys::SharedClock;

pub use mail::{Mail, MailAbout};
pub use settings::{Person, Settings};
pub use single_sign_on::SignIn;

use reply::{Manner, Reply, forbidden, refuse};

/// The service in miniature. Hand it to the kit that serves emulators, or serve [`Emulator::router`] oneself.
#[derive(Debug)]
pub struct Mattermost {
    clock: SharedClock,
    settings: Settings,
    world: Mutex<world::World>,
}

impl Mattermost {
    /// A new installation with one administrator, told the time by `clock`.
    pub fn new(clock: SharedClock) -> Arc<Self> {
        Self::with_settings(clock, Settings::default())
    }

    /// A new installation as `settings` describe it.
    pub fn with_settings(clock: SharedClock, settings: Settings) -> Arc<Self> {
        let world = world::World::installed(clock.now(), &settings);
        Arc::new(Self { clock, settings, world: Mutex::new(world) })
    }

    /// The mails that the server would have sent since its start, the oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.world().mails.clone()
    }

    fn world(&self) -> MutexGuard<'_, world::World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Emulator for Mattermost {
    fn service(&self) -> &'static str {
        "mattermost"
    }

    fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(move |request: axum::extract::Request| dispatch::serve(Arc::clone(&self), request))
    }

    fn reset(&self) {
        *self.world() = world::World::installed(self.clock.now(), &self.settings);
    }

    fn credentials(&self) -> Credentials {
        let header = |secret| BTreeMap::from([("Authorization".to_owned(), format!("Bearer {secret}"))]);
        let first = installation::initial_credentials(&self.settings);
        first.into_iter().map(|(name, secret)| (name.to_owned(), header(secret))).collect()
    }

    /// Mattermost's personal tokens do not expire: every secret that exists now answers 401 until it is restored.
    fn expire_tokens(&self) {
        self.world().expire_secrets();
    }

    fn restore_tokens(&self) {
        self.world().expired_secrets.clear();
    }

    fn hook(&self, name: &str, body: &[u8]) -> Option<Response<Body>> {
        match name {
            "sign-in" => Some(self.sign_in_hook(body)),
            "mails" => Some(json_answer(StatusCode::OK, &self.mails())),
            _ => None,
        }
    }

    fn error_answer(&self, status: StatusCode, _base: &str) -> Response<Body> {
        let manner = Manner { request_id: self.world().new_request_id(), ..Manner::default() };
        match status {
            StatusCode::FORBIDDEN => forbidden().render(&manner),
            StatusCode::TOO_MANY_REQUESTS => rate_limit::refusal(),
            StatusCode::INTERNAL_SERVER_ERROR => {
                refuse(500, "app.user.save.app_error", "Unable to save the account.").render(&manner)
            }
            // What stands before the server answers in words of its own.
            status => {
                let words = status.canonical_reason().unwrap_or_default();
                Reply::text(status.as_u16(), "text/plain; charset=utf-8", words).render(&manner)
            }
        }
    }
}
