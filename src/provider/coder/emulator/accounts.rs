//! People, their keys, and the organisation that all of them live in.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::call::{stamp, stamp_or_never};

/// An account. Deleted ones stay, since the server answers for their identifiers.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) username: String,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) avatar_url: String,
    pub(super) password: String,
    /// `active`, `dormant` or `suspended`.
    pub(super) status: String,
    pub(super) login_type: String,
    /// Site roles in the order in which they are shown.
    pub(super) roles: Vec<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) last_seen_at: Option<DateTime<Utc>>,
    pub(super) is_deleted: bool,
    /// Issuer and subject of the identity provider, once somebody came from there.
    pub(super) linked_id: Option<String>,
    /// What the identity provider said last.
    pub(super) claims: Value,
    /// Providers of external authentication that she has signed in to.
    pub(super) external_auth: Vec<String>,
}

/// A session or token.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) user_id: String,
    /// `password`, `oidc` or `token`.
    pub(super) login_type: String,
    pub(super) token_name: String,
    pub(super) scopes: Vec<String>,
    pub(super) lifetime_seconds: i64,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) last_used: Option<DateTime<Utc>>,
}

/// Somebody's membership of the organisation.
#[derive(Debug, Clone)]
pub(super) struct Membership {
    pub(super) roles: Vec<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

/// The one organisation of an unlicensed server.
#[derive(Debug, Clone)]
pub(super) struct Organization {
    pub(super) id: String,
    pub(super) created_at: DateTime<Utc>,
    /// By the account's identifier.
    pub(super) members: BTreeMap<String, Membership>,
    /// By identifier; without `Everyone`, which needs no list.
    pub(super) groups: BTreeMap<String, Group>,
}

/// A group of a licensed server.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) display_name: String,
    pub(super) avatar_url: String,
    pub(super) quota_allowance: i64,
    /// Identifiers of accounts.
    pub(super) members: BTreeSet<String>,
}

pub(super) const ORGANIZATION_NAME: &str = "coder";
pub(super) const ORGANIZATION_DISPLAY_NAME: &str = "Coder";

/// Site roles with what people see; `member` is everybody's.
pub(super) const SITE_ROLES: [(&str, &str); 5] = [
    ("owner", "Owner"),
    ("user-admin", "User Admin"),
    ("template-admin", "Template Admin"),
    ("auditor", "Auditor"),
    ("member", "Member"),
];

/// Organisation roles with what people see.
pub(super) const ORGANIZATION_ROLES: [(&str, &str); 7] = [
    ("organization-admin", "Organization Admin"),
    ("organization-auditor", "Organization Auditor"),
    ("organization-template-admin", "Organization Template Admin"),
    ("organization-user-admin", "Organization User Admin"),
    ("organization-workspace-creation-ban", "Organization Workspace Creation Ban"),
    ("organization-workspace-access", "Organization Workspace Access"),
    ("agents-access", "Coder Agents User"),
];

/// What people see of a role.
pub(super) fn display_name<'a>(roles: &[(&'static str, &'static str)], name: &'a str) -> &'a str
where
    'static: 'a,
{
    roles.iter().find(|(known, _)| *known == name).map_or(name, |(_, shown)| shown)
}

impl User {
    pub(super) fn is_owner(&self) -> bool {
        self.roles.iter().any(|role| role == "owner")
    }

    /// Site roles as the API shows them.
    pub(super) fn shown_roles(&self) -> Value {
        let role = |name: &String| json!({ "name": name, "display_name": display_name(&SITE_ROLES, name) });
        self.roles.iter().map(role).collect()
    }

    /// The account as the API shows it, with what stands for its organisations.
    pub(super) fn view(&self, organization_ids: Value) -> Value {
        let mut view = json!({ "id": self.id, "username": self.username });
        for (field, text) in [("name", &self.name), ("avatar_url", &self.avatar_url)] {
            if !text.is_empty() {
                view[field] = text.as_str().into();
            }
        }
        let rest = json!({
            "email": self.email,
            "created_at": stamp(self.created_at),
            "updated_at": stamp(self.updated_at),
            "last_seen_at": stamp_or_never(self.last_seen_at),
            "status": self.status,
            "login_type": self.login_type,
            "organization_ids": organization_ids,
            "roles": self.shown_roles(),
            "has_ai_seat": false,
        });
        extend(&mut view, rest);
        view
    }

    /// What versions and templates tell of who made them.
    pub(super) fn minimal(&self) -> Value {
        let mut view = json!({ "id": self.id, "username": self.username });
        if !self.name.is_empty() {
            view["name"] = self.name.as_str().into();
        }
        view
    }
}

impl Key {
    /// The key as the API shows it; its secret is shown once, when it is made.
    pub(super) fn view(&self) -> Value {
        let scope = if self.is_unlimited() { "all".to_owned() } else { self.scopes.join(",") };
        json!({
            "id": self.id,
            "user_id": self.user_id,
            "last_used": stamp_or_never(self.last_used),
            "expires_at": stamp(self.expires_at),
            "created_at": stamp(self.created_at),
            "updated_at": stamp(self.updated_at),
            "login_type": self.login_type,
            "scope": scope,
            "scopes": self.scopes,
            "token_name": self.token_name,
            "lifetime_seconds": self.lifetime_seconds,
            "allow_list": ["*:*"],
        })
    }

    pub(super) fn is_unlimited(&self) -> bool {
        self.scopes.iter().any(|scope| scope == "coder:all")
    }
}

/// Adds the fields of one object to another.
pub(super) fn extend(target: &mut Value, more: Value) {
    if let (Value::Object(target), Value::Object(more)) = (target, more) {
        target.extend(more);
    }
}
