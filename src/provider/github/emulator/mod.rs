//! GitHub in miniature: what its guide says of Apps, tokens, limits, Git data, pull requests, checks and webhooks, in memory,
//! over HTTP.
//!
//! State is one [`world::World`] behind a mutex; every operation is a plain function of that world and one call. Axum
//! only carries bytes: addresses, credentials, limits and refusals follow GitHub's own order, which no generic router
//! has. It is no Git server. What is registered and clicked in a browser comes from a [`Scene`].

mod access;
mod accounts;
mod apps;
mod branches;
mod call;
mod checks;
mod comments;
mod commits;
mod conditional;
mod contents;
mod diffs;
mod dispatch;
mod git;
mod git_data;
mod graphql;
mod hooks;
mod issues;
mod jwt;
mod keys;
mod members;
mod meta;
mod paging;
mod permissions;
mod pulls;
mod rate;
mod refs;
mod reply;
mod repos;
mod routes;
mod scene;
mod settings;
mod statuses;
mod teams;
mod tokens;
mod world;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use chrono::{DateTime, Utc};
use serde_json::json;

use crate::provider::emulator::{Credentials, Emulator, json_answer};
use crate::runtime::sys::SharedClock;

pub use access::RepoRole;
pub use branches::Ruleset;
pub use members::{Role, State};
pub use permissions::{Level, Permissions};
pub use rate::{Limits, Secondary};
pub use scene::{
    AccountScene, AppScene, CommitScene, DeliveryScene, InstallationScene, PullScene, RepositoryScene, Scene,
    TeamScene, TokenOf, TokenScene,
};
pub use settings::Settings;

/// The service in miniature. Hand it to the kit that serves emulators, or serve [`Emulator::router`] oneself.
#[derive(Debug)]
pub struct GitHub {
    clock: SharedClock,
    settings: Mutex<Settings>,
    world: Mutex<world::World>,
    /// Sends webhook deliveries.
    sender: reqwest::Client,
}

impl GitHub {
    /// github.com with one organisation, one App and one repository, told the time by `clock`.
    pub fn new(clock: SharedClock) -> Arc<Self> {
        Self::with_settings(clock, Settings::default())
    }

    /// The service, set up otherwise.
    ///
    /// # Panics
    ///
    /// Where the scene names something that is not in it.
    pub fn with_settings(clock: SharedClock, settings: Settings) -> Arc<Self> {
        let world = installed(&settings, clock.now()).expect("the scene is whole");
        let (settings, world) = (Mutex::new(settings), Mutex::new(world));
        Arc::new(Self { clock, settings, world, sender: reqwest::Client::new() })
    }

    /// Begins anew with other things.
    ///
    /// # Errors
    ///
    /// The name of something that the scene misses; nothing changes then.
    pub fn begin_with(&self, scene: Scene) -> Result<(), String> {
        let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = Settings { scene, ..settings.clone() };
        *self.world() = installed(&changed, self.now())?;
        *settings = changed;
        Ok(())
    }

    /// Adds things to what is there: what people do in a browser.
    ///
    /// # Errors
    ///
    /// The name of something that is not there. What stood before it in the scene was added.
    pub fn add(&self, scene: &Scene) -> Result<(), String> {
        self.world().add(scene, self.now())
    }

    /// Suspends an App where it is installed, or lets it work again, as the account's owner does in a browser.
    pub fn suspend(&self, app: &str, account: &str, by: Option<&str>) {
        let now = self.now();
        let mut world = self.world();
        let by = by.and_then(|login| world.account(login)).map(|account| (now, account.id));
        if let Some(id) = world.installation_of(app, account)
            && let Some(installation) = world.installations.get_mut(&id)
        {
            installation.suspended = by;
            installation.updated = now;
        }
    }

    /// Takes an App away from where it is installed, as the account's owner does in a browser.
    pub fn uninstall(&self, app: &str, account: &str) {
        let mut world = self.world();
        if let Some(id) = world.installation_of(app, account) {
            world.installations.remove(&id);
        }
    }

    /// What an owner accepts of what an App asks for.
    pub fn accept(&self, app: &str, account: &str, permissions: Permissions) {
        let mut world = self.world();
        if let Some(id) = world.installation_of(app, account)
            && let Some(installation) = world.installations.get_mut(&id)
        {
            installation.permissions = permissions;
        }
    }

    /// Which repositories an App is given at an account, as its owner chooses them in a browser.
    pub fn give(&self, app: &str, account: &str, names: &std::collections::BTreeSet<String>) {
        let mut world = self.world();
        let ids = names.iter().filter_map(|name| world.repo_named(account, name).map(|repo| repo.id)).collect();
        if let Some(id) = world.installation_of(app, account)
            && let Some(installation) = world.installations.get_mut(&id)
        {
            installation.repositories = Some(ids);
        }
    }

    /// Deletes a repository, as its owner does in a browser. Pull requests from it stay, and tell of no repository.
    pub fn delete_repository(&self, repository: &str) {
        let mut world = self.world();
        let found = repository.split_once('/').and_then(|(owner, name)| world.repo_named(owner, name));
        let Some(id) = found.map(|repo| repo.id) else { return };
        world.repos.remove(&id);
        world.renamed.retain(|_, leads| *leads != id);
        let pulls =
            world.repos.values_mut().flat_map(|repo| repo.issues.values_mut()).filter_map(|it| it.pull.as_mut());
        pulls.filter(|pull| pull.head_repo == Some(id)).for_each(|pull| pull.head_repo = None);
    }

    /// Gives an account another login, as its owner does in a browser; the old one is free.
    pub fn rename_account(&self, login: &str, new: &str) {
        let mut world = self.world();
        let id = world.account(login).map(|account| account.id);
        if let Some(account) = id.and_then(|id| world.accounts.get_mut(&id)) {
            account.login = new.to_owned();
        }
    }

    /// The private key of every App here, as its owner downloads it: PEM of PKCS #1.
    pub fn private_key() -> String {
        keys::private_key()
    }

    /// The commits of a branch with their trees, the newest first, along first parents; empty where there is no such branch.
    pub fn history(&self, repository: &str, branch: &str) -> Vec<(String, String)> {
        let world = self.world();
        let found = repository.split_once('/').and_then(|(owner, name)| world.repo_named(owner, name));
        let Some((repo, head)) = found.and_then(|repo| Some((repo, repo.branch(branch)?))) else { return Vec::new() };
        let commits = world.objects(repo).since("", head);
        commits.iter().map(|commit| (commit.sha.clone(), commit.tree.clone())).collect()
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn world(&self) -> MutexGuard<'_, world::World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn installed(settings: &Settings, now: DateTime<Utc>) -> Result<world::World, String> {
    let mut world = world::World { settings: settings.clone(), ..world::World::default() };
    world.add(&settings.scene, now)?;
    Ok(world)
}

impl Emulator for GitHub {
    fn service(&self) -> &'static str {
        "github"
    }

    fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(move |request: axum::extract::Request| dispatch::serve(Arc::clone(&self), request))
    }

    fn reset(&self) {
        let settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Ok(world) = installed(&settings, self.now()) {
            *self.world() = world;
        }
    }

    /// Callers send who they are too, because the service refuses those who do not.
    fn credentials(&self) -> Credentials {
        let settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let headers = |value: String| {
            BTreeMap::from([("Authorization".to_owned(), value), ("User-Agent".to_owned(), "sandbox".to_owned())])
        };
        let known = self.world().authorizations(&settings.scene, self.now());
        known.into_iter().map(|(holder, value)| (holder, headers(value))).collect()
    }

    /// Every token that exists now answers 401 until it is restored; Apps can have new ones.
    fn expire_tokens(&self) {
        self.world().tokens.spoil();
    }

    fn restore_tokens(&self) {
        self.world().tokens.restore();
    }

    /// `scene` adds what people would make in a browser.
    fn hook(&self, name: &str, body: &[u8]) -> Option<Response<Body>> {
        if name != "scene" {
            return None;
        }
        let scene = serde_json::from_slice::<Scene>(body).map_err(|error| error.to_string());
        Some(match scene.and_then(|scene| self.add(&scene)) {
            Ok(()) => json_answer(StatusCode::OK, &json!({ "added": true })),
            Err(message) => json_answer(StatusCode::BAD_REQUEST, &json!({ "message": message })),
        })
    }

    fn error_answer(&self, status: StatusCode, _base: &str) -> Response<Body> {
        match status {
            StatusCode::FORBIDDEN => reply::refuse(403, "Resource not accessible by integration").render(""),
            StatusCode::UNAUTHORIZED => reply::refuse(401, "Bad credentials").render(""),
            StatusCode::TOO_MANY_REQUESTS => {
                let words = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
                reply::refuse(429, words).render("")
            }
            // What stands before the service answers with a page.
            status => {
                let page =
                    format!("<html><body><h1>{}</h1></body></html>", status.canonical_reason().unwrap_or_default());
                reply::Reply::text(status.as_u16(), "text/html; charset=utf-8", page).render("")
            }
        }
    }
}
