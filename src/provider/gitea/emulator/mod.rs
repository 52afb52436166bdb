//! Gitea in miniature: release 1.27.0 as its API was seen to behave, in memory, over HTTP.
//!
//! State is one [`world::World`] behind a mutex; every operation is a plain function of that world and one call. Axum
//! only carries bytes: routing, credentials and refusals follow Gitea's own order, which no generic router has.
//! It is no Git server and delivers no webhooks.

mod access;
mod accounts;
mod admin_tasks;
mod admin_users;
mod auth;
mod branches;
mod call;
mod changes;
mod collaborators;
mod comments;
mod commit_views;
mod contents;
mod diffs;
mod digests;
mod dispatch;
mod emails;
mod forms;
mod gates;
mod git;
mod hooks;
mod issues;
mod json_text;
mod keys;
mod memberships;
mod merges;
mod names;
mod not_imitated;
mod org_members;
mod orgs;
mod paging;
mod profiles;
mod protections;
mod pull_views;
mod pulls;
mod reply;
mod repo_copies;
mod repo_create;
mod repo_edit;
mod repo_lists;
mod repos;
mod routes;
mod scopes;
mod settings;
mod statuses;
mod team_members;
mod team_repos;
mod teams;
mod templates;
mod token_table;
mod tokens;
mod topics;
mod user_lists;
mod verdicts;
mod whitelists;
mod world;

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

use reply::Reply;

/// The service in miniature. Hand it to the kit that serves emulators, or serve [`Emulator::router`] oneself.
#[derive(Debug)]
pub struct Gitea {
    clock: SharedClock,
    settings: Settings,
    world: Mutex<world::World>,
}

impl Gitea {
    /// A new installation with the default settings, told the time by `clock`.
    pub fn new(clock: SharedClock) -> Arc<Self> {
        Self::with_settings(clock, Settings::default())
    }

    /// A new installation whose `app.ini` differs from the defaults in what `settings` says.
    pub fn with_settings(clock: SharedClock, settings: Settings) -> Arc<Self> {
        let world = world::World::installed(clock.now(), settings.clone());
        Arc::new(Self { clock, settings, world: Mutex::new(world) })
    }

    fn world(&self) -> MutexGuard<'_, world::World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Emulator for Gitea {
    fn service(&self) -> &'static str {
        "gitea"
    }

    fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(move |request: axum::extract::Request| dispatch::serve(Arc::clone(&self), request))
    }

    fn reset(&self) {
        *self.world() = world::World::installed(self.clock.now(), self.settings.clone());
    }

    fn credentials(&self) -> Credentials {
        auth::initial_credentials().into_iter().map(|(name, value)| (name.to_owned(), header(value))).collect()
    }

    /// Gitea's tokens do not expire: every token that exists now answers 401 until it is restored.
    fn expire_tokens(&self) {
        self.world().tokens.expire_all();
    }

    fn restore_tokens(&self) {
        self.world().tokens.restore_all();
    }

    fn error_answer(&self, status: StatusCode, base: &str) -> Response<Body> {
        let reply = match status {
            StatusCode::FORBIDDEN => reply::forbidden(
                "token does not have at least one of required scope(s), required=[write:admin], token scope=read:misc",
            ),
            StatusCode::INTERNAL_SERVER_ERROR => reply::failure("injected fault"),
            // Gitea limits no rates itself: what stands before it does, in words of its own.
            status => {
                let words = status.canonical_reason().unwrap_or_default();
                Box::new(Reply::text(status.as_u16(), "text/plain; charset=utf-8", words))
            }
        };
        reply.render(base, false)
    }
}

fn header(value: String) -> BTreeMap<String, String> {
    BTreeMap::from([("Authorization".to_owned(), value)])
}
