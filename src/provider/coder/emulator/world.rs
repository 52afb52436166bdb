//! The state of the imitated server, all of it behind one lock.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, DurationRound, Utc};
use serde_json::{Value, json};

use super::accounts::{Key, Membership, Organization, User};
use super::files::StoredFile;
use super::ids::Ids;
use super::jobs::Jobs;
use super::rate_limit::Limiter;
use super::reply::{Refusal, not_found};
use super::settings::Settings;
use super::templates::Template;
use super::versions::Version;
use super::workspaces::Workspace;

/// Everything the server knows. Tables are kept by identifier.
#[derive(Debug)]
pub(super) struct World {
    pub(super) settings: Settings,
    pub(super) deployment_id: String,
    pub(super) organization: Organization,
    pub(super) users: BTreeMap<String, User>,
    /// By the part of the token before the dash.
    pub(super) keys: BTreeMap<String, Key>,
    pub(super) files: BTreeMap<String, StoredFile>,
    pub(super) jobs: Jobs,
    pub(super) versions: BTreeMap<String, Version>,
    pub(super) templates: BTreeMap<String, Template>,
    pub(super) workspaces: BTreeMap<String, Workspace>,
    /// Keys that count as expired until they are restored: a fault of the sandbox, not of the server.
    pub(super) expired_keys: BTreeSet<String>,
    pub(super) limiter: Limiter,
    pub(super) notifier_paused: bool,
    pub(super) ids: Ids,
    latest: DateTime<Utc>,
}

impl World {
    /// A server without any account.
    pub(super) fn empty(settings: Settings, now: DateTime<Utc>) -> Self {
        let mut ids = Ids::seeded(1);
        let organization =
            Organization { id: ids.uuid(), created_at: now, members: BTreeMap::new(), groups: BTreeMap::new() };
        World {
            deployment_id: ids.uuid(),
            organization,
            users: BTreeMap::new(),
            keys: BTreeMap::new(),
            files: BTreeMap::new(),
            jobs: Jobs::new(settings.provisioners, settings.job_time, &mut ids, now),
            versions: BTreeMap::new(),
            templates: BTreeMap::new(),
            workspaces: BTreeMap::new(),
            expired_keys: BTreeSet::new(),
            limiter: Limiter::default(),
            notifier_paused: false,
            settings,
            ids,
            latest: DateTime::UNIX_EPOCH,
        }
    }

    /// The moment of a call: no two calls share one, so that what was later can be told by its time.
    pub(super) fn moment(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        let now = now.duration_trunc(Duration::microseconds(1)).unwrap_or(now);
        self.latest = now.max(self.latest + Duration::microseconds(1));
        self.latest
    }

    /// A live account by its name in any case.
    pub(super) fn user_by_name(&self, username: &str) -> Option<&User> {
        let username = username.to_lowercase();
        self.users.values().find(|user| !user.is_deleted && user.username.to_lowercase() == username)
    }

    /// A live account by its address in any case.
    pub(super) fn user_by_email(&self, email: &str) -> Option<&User> {
        let email = email.to_lowercase();
        self.users.values().find(|user| !user.is_deleted && user.email.to_lowercase() == email)
    }

    /// An account that is known to be there.
    pub(super) fn user(&self, id: &str) -> Result<&User, Refusal> {
        self.users.get(id).ok_or_else(not_found)
    }

    pub(super) fn user_mut(&mut self, id: &str) -> Result<&mut User, Refusal> {
        self.users.get_mut(id).ok_or_else(not_found)
    }

    /// The name of an account, deleted or not.
    pub(super) fn username(&self, id: &str) -> &str {
        self.users.get(id).map_or("", |user| &user.username)
    }

    /// An account as the API shows it alone: who is in no organisation has an empty list.
    pub(super) fn user_view(&self, user: &User) -> Value {
        user.view(self.organizations_of(user).unwrap_or_else(|| json!([])))
    }

    /// An account as lists show it: who is in no organisation has `null`.
    pub(super) fn listed_user(&self, user: &User) -> Value {
        user.view(self.organizations_of(user).unwrap_or(Value::Null))
    }

    fn organizations_of(&self, user: &User) -> Option<Value> {
        self.organization.members.contains_key(&user.id).then(|| json!([self.organization.id]))
    }

    /// Makes somebody a member of the organisation.
    pub(super) fn join(&mut self, user_id: &str, now: DateTime<Utc>) {
        let row = Membership { roles: Vec::new(), created_at: now, updated_at: now };
        self.organization.members.insert(user_id.to_owned(), row);
    }

    /// Takes every key of somebody away.
    pub(super) fn drop_keys(&mut self, user_id: &str) {
        self.keys.retain(|_, key| key.user_id != user_id);
    }
}
