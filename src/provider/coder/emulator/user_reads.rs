//! Reading accounts: one, and in bulk.

use serde_json::{Value, json};

use super::accounts::User;
use super::call::Call;
use super::ids::NIL;
use super::reply::{Answer, Refusal, Reply, not_found, refuse};
use super::rights::Object;
use super::routes::{Route, route};
use super::search::{Page, Search, contains};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v2/users", list),
    route("GET", "/api/v2/users/{user}", one),
    route("GET", "/api/v2/users/{user}/login-type", login_type),
    route("GET", "/api/v2/users/{user}/roles", roles),
    route("GET", "/api/v2/users/{user}/organizations", organizations),
];

const KEYS: [&str; 10] = [
    "name",
    "status",
    "role",
    "login_type",
    "service_account",
    "last_seen_before",
    "last_seen_after",
    "created_before",
    "created_after",
    "github_com_user_id",
];

impl World {
    /// The account of the path: by identifier, deleted or not, by name in any case, or the caller's as `me`. Never by
    /// address.
    pub(super) fn account(&self, call: &Call) -> Result<&User, Refusal> {
        let asked = call.param("user");
        let user = match asked {
            "me" => self.users.get(call.caller_id()),
            asked => match super::ids::parse_uuid(asked) {
                Ok(id) => self.users.get(&id),
                Err(_) => self.user_by_name(asked),
            },
        };
        user.filter(|user| self.may(call, "read", Object::site("user").of(&user.id))).ok_or_else(not_found)
    }

    /// The accounts that a query matches and the caller may read, by name.
    pub(super) fn search_users(&self, call: &Call) -> Result<Vec<&User>, Refusal> {
        let search = Search::read(call, "user", &KEYS, "search")?;
        let statuses = search.many("status", &["active", "dormant", "suspended"])?;
        let kinds = ["password", "github", "oidc", "token", "none", "oauth2_provider_app"];
        let login_types = search.many("login_type", &kinds)?;
        let roles: Option<Vec<String>> = search.get("role").map(|roles| roles.split(',').map(str::to_owned).collect());
        let (seen_before, seen_after) = (search.moment("last_seen_before")?, search.moment("last_seen_after")?);
        let (created_before, created_after) = (search.moment("created_before")?, search.moment("created_after")?);
        let is_service = search.truth("service_account")?;
        let matches = |user: &&User| {
            let seen = user.last_seen_at.unwrap_or(chrono::DateTime::<chrono::Utc>::MIN_UTC);
            let has = |role: &String| role == "member" || user.roles.contains(role);
            search.get("search").is_none_or(|text| contains(&user.email, text) || contains(&user.username, text))
                && search.get("name").is_none_or(|text| contains(&user.name, text))
                && statuses.as_ref().is_none_or(|all| all.contains(&user.status))
                && login_types.as_ref().is_none_or(|all| all.contains(&user.login_type))
                && roles.as_ref().is_none_or(|all| all.iter().any(has))
                && seen_before.is_none_or(|moment| seen <= moment)
                && seen_after.is_none_or(|moment| seen >= moment)
                && created_before.is_none_or(|moment| user.created_at <= moment)
                && created_after.is_none_or(|moment| user.created_at >= moment)
                && is_service != Some(true)
        };
        let mut users: Vec<&User> = self.users.values().filter(|user| !user.is_deleted).filter(matches).collect();
        users.sort_by_key(|user| user.username.to_lowercase());
        Ok(users)
    }
}

/// The rows behind the account of `after_id`, which may be deleted. Behind an unknown one there are none.
fn after<'a>(world: &World, users: Vec<&'a User>, page: &Page) -> Vec<&'a User> {
    match page.after_id.as_deref().filter(|id| *id != NIL) {
        None => users,
        Some(id) => match world.users.get(id) {
            None => Vec::new(),
            Some(cursor) => {
                let name = cursor.username.to_lowercase();
                users.into_iter().filter(|user| user.username.to_lowercase() > name).collect()
            }
        },
    }
}

/// A page with its total, which is counted on its rows: an empty page counts nothing.
pub(super) fn paged<'a>(world: &World, users: Vec<&'a User>, page: &Page) -> (Vec<&'a User>, usize) {
    let users = after(world, users, page);
    let total = users.len();
    let users = page.cut(users);
    let count = if users.is_empty() { 0 } else { total };
    (users, count)
}

fn list(world: &mut World, call: &Call) -> Answer {
    let mut users = world.search_users(call)?;
    let page = Page::read(call)?;
    users.retain(|user| world.may(call, "read", Object::site("user").of(&user.id)));
    let (users, count) = paged(world, users, &page);
    let users: Value = users.into_iter().map(|user| world.listed_user(user)).collect();
    Ok(Reply::ok(json!({ "users": users, "count": count })))
}

fn one(world: &mut World, call: &Call) -> Answer {
    Ok(Reply::ok(world.user_view(world.account(call)?)))
}

fn login_type(world: &mut World, call: &Call) -> Answer {
    let user = world.account(call)?;
    if user.id != call.caller_id() {
        return Err(refuse(403, "You are not authorized to view this user's login type."));
    }
    Ok(Reply::ok(json!({ "login_type": user.login_type })))
}

fn roles(world: &mut World, call: &Call) -> Answer {
    let user = world.account(call)?;
    let mut organization = serde_json::Map::new();
    if let Some(row) = world.organization.members.get(&user.id) {
        organization.insert(world.organization.id.clone(), json!(row.roles));
    }
    Ok(Reply::ok(json!({ "roles": user.roles, "organization_roles": organization })))
}

fn organizations(world: &mut World, call: &Call) -> Answer {
    let user = world.account(call)?;
    let is_member = world.organization.members.contains_key(&user.id);
    let is_seen = is_member && world.may(call, "read", Object::organization("organization"));
    let list: Vec<Value> = is_seen.then(|| world.organization.view()).into_iter().collect();
    Ok(Reply::ok(json!(list)))
}
