//! GitHub Apps: what they are, where they are installed, and the tokens that they get there (guide, sections 2 and 9).

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Map, Value, json};

use super::accounts::{Kind, node_id, simple};
use super::call::{Call, Who, stamp};
use super::paging::{list, wrapped};
use super::permissions::Permissions;
use super::reply::{Answer, Reply, invalid, not_found, refuse};
use super::repos::Repo;
use super::routes::{Route, route};
use super::tokens::Grant;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/app", "apps/apps#get-the-authenticated-app", read).app(),
    route("GET", "/app/installations", "apps/apps#list-installations-for-the-authenticated-app", installations).app(),
    route("GET", "/app/installations/{installation_id}", GET, installation).app(),
    route("DELETE", "/app/installations/{installation_id}", DELETE, uninstall).app(),
    route("POST", "/app/installations/{installation_id}/access_tokens", TOKEN, token).app(),
    route("PUT", "/app/installations/{installation_id}/suspended", SUSPEND, suspend).app(),
    route("DELETE", "/app/installations/{installation_id}/suspended", UNSUSPEND, unsuspend).app(),
    route("GET", "/repos/{owner}/{repo}/installation", OF_REPO, of_repo).app(),
    route("GET", "/orgs/{org}/installation", OF_ORG, of_org).app(),
    route("GET", "/users/{username}/installation", OF_USER, of_user).app(),
    route("GET", "/installation/repositories", REPOSITORIES, repositories).signed_in(),
    route("DELETE", "/installation/token", REVOKE, revoke).signed_in(),
    route("GET", "/user/installations", OF_USER_TOKEN, of_user_token).signed_in(),
    route("GET", "/user/installations/{installation_id}/repositories", USERS_REPOSITORIES, users_repositories)
        .signed_in(),
];

const GET: &str = "apps/apps#get-an-installation-for-the-authenticated-app";
const DELETE: &str = "apps/apps#delete-an-installation-for-the-authenticated-app";
const TOKEN: &str = "apps/apps#create-an-installation-access-token-for-an-app";
const SUSPEND: &str = "apps/apps#suspend-an-app-installation";
const UNSUSPEND: &str = "apps/apps#unsuspend-an-app-installation";
const OF_REPO: &str = "apps/apps#get-a-repository-installation-for-the-authenticated-app";
const OF_ORG: &str = "apps/apps#get-an-organization-installation-for-the-authenticated-app";
const OF_USER: &str = "apps/apps#get-a-user-installation-for-the-authenticated-app";
const REPOSITORIES: &str = "apps/installations#list-repositories-accessible-to-the-app-installation";
const REVOKE: &str = "apps/installations#revoke-an-installation-access-token";
const OF_USER_TOKEN: &str = "apps/installations#list-app-installations-accessible-to-the-user-access-token";
const USERS_REPOSITORIES: &str = "apps/installations#list-repositories-accessible-to-the-user-access-token";

/// How long a token of an installation lives.
const LIFE: Duration = Duration::hours(1);
/// The most repositories that a token can be narrowed to.
const MOST_NAMED: usize = 500;

/// An App.
#[derive(Debug, Clone)]
pub(super) struct App {
    pub(super) id: i64,
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) client_id: String,
    pub(super) description: String,
    pub(super) external_url: String,
    pub(super) owner: i64,
    pub(super) bot: i64,
    /// What it asks for; each installation holds what its owner accepted of that.
    pub(super) permissions: Permissions,
    pub(super) events: Vec<String>,
    pub(super) hook: Map<String, Value>,
    pub(super) created: DateTime<Utc>,
    /// Which form its tokens have where a call does not say: the long one since 2026.
    pub(super) stateless_tokens: bool,
}

/// An App at one account.
#[derive(Debug, Clone)]
pub(super) struct Installation {
    pub(super) id: i64,
    pub(super) app: i64,
    pub(super) account: i64,
    pub(super) permissions: Permissions,
    pub(super) events: Vec<String>,
    /// All where there is none.
    pub(super) repositories: Option<BTreeSet<i64>>,
    pub(super) suspended: Option<(DateTime<Utc>, i64)>,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
}

impl Installation {
    /// Whether it was given a repository.
    pub(super) fn covers(&self, repo: &Repo) -> bool {
        repo.owner == self.account && self.repositories.as_ref().is_none_or(|all| all.contains(&repo.id))
    }

    fn selection(&self) -> &'static str {
        if self.repositories.is_some() { "selected" } else { "all" }
    }
}

/// An App as everybody sees it.
pub(super) fn show_app(world: &World, call: &Call, app: &App) -> Value {
    json!({
        "id": app.id,
        "slug": app.slug,
        "node_id": node_id("App", app.id),
        "client_id": app.client_id,
        "owner": simple(world, call, app.owner),
        "name": app.name,
        "description": app.description,
        "external_url": app.external_url,
        "html_url": format!("{}{}/{}", call.web, world.settings.app_pages(), app.slug),
        "created_at": stamp(app.created),
        "updated_at": stamp(app.created),
        "permissions": app.permissions.show(),
        "events": app.events,
    })
}

fn show(world: &World, call: &Call, installation: &Installation) -> Value {
    let app = &world.apps[&installation.app];
    let id = installation.id;
    let account = world.accounts.get(&installation.account);
    let kind = account.map_or(Kind::User, |account| account.kind);
    let login = account.map_or("", |account| &account.login);
    let html = match kind {
        Kind::Organization => format!("{}/organizations/{login}/settings/installations/{id}", call.web),
        _ => format!("{}/settings/installations/{id}", call.web),
    };
    json!({
        "id": id,
        "account": simple(world, call, installation.account),
        "repository_selection": installation.selection(),
        "access_tokens_url": format!("{}/app/installations/{id}/access_tokens", call.base),
        "repositories_url": format!("{}/installation/repositories", call.base),
        "html_url": html,
        "app_id": app.id,
        "app_slug": app.slug,
        "target_id": installation.account,
        "target_type": kind.word(),
        "permissions": installation.permissions.show(),
        "events": installation.events,
        "created_at": stamp(installation.created),
        "updated_at": stamp(installation.updated),
        "single_file_name": null,
        "has_multiple_single_files": false,
        "single_file_paths": [],
        "suspended_by": installation.suspended.map(|(_, by)| simple(world, call, by)),
        "suspended_at": installation.suspended.map(|(at, _)| stamp(at)),
    })
}

impl World {
    fn calling_app(&self, call: &Call) -> &App {
        let Who::App(id) = call.who else { unreachable!("the route lets only Apps pass") };
        &self.apps[&id]
    }

    /// The installation of a call's path, of the App that calls.
    fn installation(&self, call: &Call) -> Result<&Installation, Box<Reply>> {
        let found = self.installations.get(&call.id("installation_id"));
        found.filter(|it| call.who == Who::App(it.app)).ok_or_else(not_found)
    }
}

fn read(world: &mut World, call: &Call) -> Answer {
    let app = world.calling_app(call);
    let mut shown = show_app(world, call, app);
    shown["installations_count"] = json!(world.installations.values().filter(|it| it.app == app.id).count());
    Ok(Reply::json(200, shown))
}

fn installations(world: &mut World, call: &Call) -> Answer {
    let all: Vec<&Installation> = world.installations.values().filter(|it| call.who == Who::App(it.app)).collect();
    Ok(list(world, call, &all, |it| show(world, call, it)))
}

fn installation(world: &mut World, call: &Call) -> Answer {
    Ok(Reply::json(200, show(world, call, world.installation(call)?)))
}

fn uninstall(world: &mut World, call: &Call) -> Answer {
    let id = world.installation(call)?.id;
    world.announce_installation(call, id, "deleted");
    world.installations.remove(&id);
    Ok(Reply::empty(if call.is_2026 { 202 } else { 204 }))
}

fn suspend(world: &mut World, call: &Call) -> Answer {
    let id = world.installation(call)?.id;
    let by = world.calling_app(call).bot;
    if let Some(installation) = world.installations.get_mut(&id) {
        installation.suspended.get_or_insert((call.now, by));
    }
    world.announce_installation(call, id, "suspend");
    Ok(Reply::empty(204))
}

fn unsuspend(world: &mut World, call: &Call) -> Answer {
    let id = world.installation(call)?.id;
    if let Some(installation) = world.installations.get_mut(&id) {
        installation.suspended = None;
    }
    world.announce_installation(call, id, "unsuspend");
    Ok(Reply::empty(204))
}

fn token(world: &mut World, call: &Call) -> Answer {
    let installation = world.installation(call)?.clone();
    if installation.suspended.is_some() {
        return Err(refuse(403, "This installation has been suspended"));
    }
    let fields = call.fields()?;
    let repositories = narrowed(world, &installation, &fields)?;
    let permissions = match fields.get("permissions") {
        None | Some(Value::Null) => installation.permissions.clone(),
        Some(asked) => {
            let asked: Permissions = serde_json::from_value(asked.clone())
                .map_err(|_| invalid(vec![json!("permissions is not an object of permissions")]))?;
            if !asked.is_within(&installation.permissions) {
                return Err(refuse(422, "The permissions requested are not granted to this installation."));
            }
            asked.completed()
        }
    };
    let app = &world.apps[&installation.app];
    let is_stateless = match call.header("x-github-stateless-s2s-token") {
        "enabled" => true,
        "disabled" => false,
        _ => app.stateless_tokens,
    };
    let text = world.installation_token(installation.app, is_stateless);
    let ends = call.now + LIFE;
    let mut shown = json!({
        "token": text,
        "expires_at": stamp(ends),
        "permissions": permissions.show(),
        "repository_selection": if repositories.is_some() { "selected" } else { installation.selection() },
    });
    if let Some(named) = &repositories {
        let repos = named.iter().filter_map(|id| world.repos.get(id));
        shown["repositories"] = repos.map(|repo| super::repos::show(world, call, repo)).collect();
    }
    let grant = Grant::Installation { id: installation.id, repositories, permissions };
    world.tokens.add(text, grant, call.now, Some(ends));
    Ok(Reply::json(201, shown))
}

/// The repositories that a token is narrowed to; none where it is not.
fn narrowed(
    world: &World,
    installation: &Installation,
    fields: &Map<String, Value>,
) -> Result<Option<BTreeSet<i64>>, Box<Reply>> {
    let sent = |name: &str| fields.get(name).and_then(Value::as_array);
    let (names, ids) = (sent("repositories"), sent("repository_ids"));
    if names.is_none() && ids.is_none() {
        return Ok(None);
    }
    if names.map_or(0, Vec::len) + ids.map_or(0, Vec::len) > MOST_NAMED {
        return Err(refuse(422, "Too many repositories requested. The limit is 500."));
    }
    let mine = || world.repos.values().filter(|repo| installation.covers(repo));
    let by_name = names.into_iter().flatten().map(|name| {
        let name = name.as_str().unwrap_or_default();
        mine().find(|repo| repo.name.eq_ignore_ascii_case(name)).map(|repo| repo.id)
    });
    let by_id =
        ids.into_iter().flatten().map(|id| mine().find(|repo| Some(repo.id) == id.as_i64()).map(|repo| repo.id));
    let found: Option<BTreeSet<i64>> = by_name.chain(by_id).collect();
    let unknown =
        "There is at least one repository that does not exist or is not accessible to the parent installation.";
    found.map(Some).ok_or_else(|| refuse(422, unknown))
}

fn of_account(world: &World, call: &Call, account: Option<i64>) -> Answer {
    let found = world.installations.values().find(|it| Some(it.account) == account && call.who == Who::App(it.app));
    Ok(Reply::json(200, show(world, call, found.ok_or_else(not_found)?)))
}

fn of_repo(world: &mut World, call: &Call) -> Answer {
    let repo = world.repo(call);
    let found = world.installations.values().find(|it| call.who == Who::App(it.app) && it.covers(repo));
    Ok(Reply::json(200, show(world, call, found.ok_or_else(not_found)?)))
}

fn of_org(world: &mut World, call: &Call) -> Answer {
    of_account(world, call, Some(call.org))
}

fn of_user(world: &mut World, call: &Call) -> Answer {
    let account = world.account(call.param("username")).map(|account| account.id);
    of_account(world, call, account)
}

/// What the token reaches: nothing, and no word of why, where the App has no permissions at all.
fn repositories(world: &mut World, call: &Call) -> Answer {
    let Who::Token(at) = call.who else { return Err(refuse(401, "Requires authentication")) };
    let Grant::Installation { id, repositories, permissions } = world.tokens.grant(at).clone() else {
        let words = "You must authenticate with an installation access token in order to list repositories for an installation.";
        return Err(refuse(403, words));
    };
    let installation = &world.installations[&id];
    let is_reached = |repo: &&Repo| {
        let is_named = repositories.as_ref().is_none_or(|named| named.contains(&repo.id));
        installation.covers(repo) && is_named && !permissions.0.is_empty()
    };
    let mut repos: Vec<&Repo> = world.repos.values().filter(is_reached).collect();
    repos.sort_by(|a, b| a.name.cmp(&b.name));
    let selection = if repositories.is_some() { "selected" } else { installation.selection() };
    let mut reply = wrapped(world, call, "repositories", &repos, |repo| {
        let mut shown = super::repos::show(world, call, repo);
        shown["permissions"] = json!({ "admin": false, "push": false, "pull": false });
        shown
    });
    if let super::reply::Content::Json(body) = &mut reply.content {
        body["repository_selection"] = json!(selection);
    }
    Ok(reply)
}

fn revoke(world: &mut World, call: &Call) -> Answer {
    let Who::Token(at) = call.who else { return Err(refuse(401, "Requires authentication")) };
    if !matches!(world.tokens.grant(at), Grant::Installation { .. }) {
        return Err(refuse(403, "You must authenticate with an installation access token"));
    }
    world.tokens.revoke(at);
    Ok(Reply::empty(204))
}

/// The App and the person of a token that an App got for somebody.
fn app_user(world: &World, call: &Call) -> Result<(i64, i64), Box<Reply>> {
    let Who::Token(at) = call.who else { return Err(refuse(401, "Requires authentication")) };
    match world.tokens.grant(at) {
        Grant::AppUser { account, app } => Ok((*app, *account)),
        _ => Err(refuse(
            403,
            "You must authenticate with an access token authorized to a GitHub App in order to list installations",
        )),
    }
}

/// Whether a person reaches something of an installation.
fn is_theirs(world: &World, installation: &Installation, account: i64) -> bool {
    installation.account == account
        || world
            .members
            .get(&(installation.account, account))
            .is_some_and(|it| it.state == super::members::State::Active)
}

fn of_user_token(world: &mut World, call: &Call) -> Answer {
    let (app, account) = app_user(world, call)?;
    let all: Vec<&Installation> =
        world.installations.values().filter(|it| it.app == app && is_theirs(world, it, account)).collect();
    Ok(wrapped(world, call, "installations", &all, |it| show(world, call, it)))
}

fn users_repositories(world: &mut World, call: &Call) -> Answer {
    let (app, account) = app_user(world, call)?;
    let found = world.installations.get(&call.id("installation_id")).filter(|it| it.app == app);
    let installation = found.filter(|it| is_theirs(world, it, account)).ok_or_else(not_found)?;
    let repos: Vec<&Repo> = world.repos.values().filter(|repo| installation.covers(repo)).collect();
    let repos: Vec<&Repo> =
        repos.into_iter().filter(|repo| world.role(account, repo) >= super::access::RepoRole::Read).collect();
    Ok(wrapped(world, call, "repositories", &repos, |repo| super::repos::show(world, call, repo)))
}

impl World {
    /// The installation of an App, by its name in addresses, at an account.
    pub(super) fn installation_of(&self, app: &str, account: &str) -> Option<i64> {
        let app = self.apps.values().find(|it| it.slug == app)?.id;
        let account = self.account(account)?.id;
        self.installations.values().find(|it| it.app == app && it.account == account).map(|it| it.id)
    }
}
