//! People, organisations and the accounts of Apps.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::call::{Call, Who, stamp};
use super::reply::{Answer, Reply, not_found, refuse};
use super::routes::{Route, route};
use super::tokens::Grant;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/user", "users/users#get-the-authenticated-user", me).signed_in(),
    route("GET", "/users/{username}", "users/users#get-a-user", read),
    route("GET", "/orgs/{org}", "orgs/orgs#get-an-organization", organization),
];

/// Somebody or something that owns repositories or acts.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) id: i64,
    pub(super) login: String,
    pub(super) kind: Kind,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) site_admin: bool,
    pub(super) created: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Organization,
    Bot,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Organization => "Organization",
            Self::Bot => "Bot",
        }
    }
}

impl Account {
    /// How Git names the account as an author, where it hides its address.
    pub(super) fn git_email(&self) -> String {
        self.email.clone().unwrap_or_else(|| format!("{}+{}@users.noreply.github.com", self.id, self.login))
    }

    pub(super) fn git_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.login)
    }
}

/// An opaque name that all APIs share, in the older of its two forms.
pub(super) fn node_id(kind: &str, id: impl std::fmt::Display) -> String {
    STANDARD.encode(format!("0{}:{kind}{id}", kind.len()))
}

/// An account as it stands in other objects.
pub(super) fn simple(world: &World, call: &Call, id: i64) -> Value {
    let Some(account) = world.accounts.get(&id) else {
        return Value::Null;
    };
    let (login, api) = (&account.login, format!("{}/users/{}", call.base, account.login));
    let html = match account.kind {
        Kind::Bot => format!("{}{}/{}", call.web, world.settings.app_pages(), login.trim_end_matches("[bot]")),
        _ => format!("{}/{login}", call.web),
    };
    json!({
        "login": login,
        "id": id,
        "node_id": node_id(account.kind.word(), id),
        "avatar_url": avatar(id),
        "gravatar_id": "",
        "url": api,
        "html_url": html,
        "followers_url": format!("{api}/followers"),
        "following_url": format!("{api}/following{{/other_user}}"),
        "gists_url": format!("{api}/gists{{/gist_id}}"),
        "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{api}/subscriptions"),
        "organizations_url": format!("{api}/orgs"),
        "repos_url": format!("{api}/repos"),
        "events_url": format!("{api}/events{{/privacy}}"),
        "received_events_url": format!("{api}/received_events"),
        "type": account.kind.word(),
        "site_admin": account.site_admin,
    })
}

pub(super) fn avatar(id: i64) -> String {
    format!("https://avatars.githubusercontent.com/u/{id}?v=4")
}

/// An organisation as it stands in memberships and teams.
pub(super) fn simple_organization(world: &World, call: &Call, id: i64) -> Value {
    let login = world.accounts.get(&id).map_or("", |account| &account.login);
    let api = format!("{}/orgs/{login}", call.base);
    json!({
        "login": login,
        "id": id,
        "node_id": node_id("Organization", id),
        "url": api,
        "repos_url": format!("{api}/repos"),
        "events_url": format!("{api}/events"),
        "hooks_url": format!("{api}/hooks"),
        "issues_url": format!("{api}/issues"),
        "members_url": format!("{api}/members{{/member}}"),
        "public_members_url": format!("{api}/public_members{{/member}}"),
        "avatar_url": avatar(id),
        "description": null,
    })
}

fn whole(world: &World, call: &Call, account: &Account) -> Value {
    let mut shown = simple(world, call, account.id);
    let repos = world.repos.values().filter(|repo| repo.owner == account.id && !repo.private).count();
    for (name, value) in [
        ("name", json!(account.name)),
        ("company", Value::Null),
        ("blog", json!("")),
        ("location", Value::Null),
        ("email", json!(account.email)),
        ("hireable", Value::Null),
        ("bio", Value::Null),
        ("public_repos", json!(repos)),
        ("public_gists", json!(0)),
        ("followers", json!(0)),
        ("following", json!(0)),
        ("created_at", json!(stamp(account.created))),
        ("updated_at", json!(stamp(account.created))),
    ] {
        shown[name] = value;
    }
    shown
}

fn me(world: &mut World, call: &Call) -> Answer {
    let account = match call.who {
        Who::Token(token) => match world.tokens.grant(token) {
            Grant::Installation { .. } => return Err(refuse(403, "Resource not accessible by integration")),
            grant => grant.account(),
        },
        _ => None,
    };
    let account =
        account.and_then(|id| world.accounts.get(&id)).ok_or_else(|| refuse(401, "Requires authentication"))?;
    Ok(Reply::json(200, whole(world, call, account)))
}

fn read(world: &mut World, call: &Call) -> Answer {
    let account = world.account(call.param("username")).ok_or_else(not_found)?;
    Ok(Reply::json(200, whole(world, call, account)).modified(account.created))
}

fn organization(world: &mut World, call: &Call) -> Answer {
    let account = &world.accounts[&call.org];
    let mut shown = simple_organization(world, call, account.id);
    let public = world.repos.values().filter(|repo| repo.owner == account.id && !repo.private).count();
    let private = world.repos.values().filter(|repo| repo.owner == account.id && repo.private).count();
    for (name, value) in [
        ("is_verified", json!(false)),
        ("has_organization_projects", json!(true)),
        ("has_repository_projects", json!(true)),
        ("public_repos", json!(public)),
        ("public_gists", json!(0)),
        ("followers", json!(0)),
        ("following", json!(0)),
        ("html_url", json!(format!("{}/{}", call.web, account.login))),
        ("created_at", json!(stamp(account.created))),
        ("updated_at", json!(stamp(account.created))),
        ("archived_at", Value::Null),
        ("type", json!("Organization")),
    ] {
        shown[name] = value;
    }
    if let Some(name) = &account.name {
        shown["name"] = json!(name);
    }
    // Owners are told more.
    if world.owns(call, call.org) {
        for (name, value) in [
            ("total_private_repos", json!(private)),
            ("owned_private_repos", json!(private)),
            ("private_gists", json!(0)),
            ("collaborators", json!(0)),
            ("billing_email", json!(account.email)),
            ("default_repository_permission", json!("read")),
            ("members_can_create_repositories", json!(true)),
            ("two_factor_requirement_enabled", json!(false)),
            ("web_commit_signoff_required", json!(false)),
        ] {
            shown[name] = value;
        }
    }
    Ok(Reply::json(200, shown).modified(account.created))
}
