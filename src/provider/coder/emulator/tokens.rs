//! API keys: tokens that are made by hand, and sessions.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::accounts::{Key, extend};
use super::bodies::{Kind, Shape};
use super::call::Call;
use super::reply::{Answer, Refusal, Reply, denied, not_found, refuse, taken};
use super::rights::Object;
use super::routes::{Route, open, route};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v2/users/{user}/keys/tokens", list),
    route("POST", "/api/v2/users/{user}/keys/tokens", create),
    route("GET", "/api/v2/users/{user}/keys/tokens/tokenconfig", limits),
    route("GET", "/api/v2/users/{user}/keys/tokens/{token_name}", by_name),
    route("GET", "/api/v2/users/{user}/keys/{key}", by_id),
    route("DELETE", "/api/v2/users/{user}/keys/{key}", delete),
    route("PUT", "/api/v2/users/{user}/keys/{key}/expire", expire),
    open("GET", "/api/v2/auth/scopes", scopes),
];

const CREATE: Shape = Shape {
    name: "CreateTokenRequest",
    prefix: "",
    fields: &[
        ("token_name", Kind::Text),
        ("lifetime", Kind::Integer),
        ("scope", Kind::Text),
        ("scopes", Kind::Texts),
        ("allow_list", Kind::Any),
    ],
};

/// Nanoseconds.
const WEEK: i64 = 604_800_000_000_000;
/// Nanoseconds: about a century, for whoever is no owner.
pub(super) const CENTURY: i64 = 3_155_760_000_000_000_000;

/// The scopes that a token may be asked for.
const SCOPES: &str = "api_key:* api_key:create api_key:delete api_key:read api_key:update coder:all \
     coder:apikeys.manage_self coder:application_connect coder:templates.author coder:templates.build \
     coder:workspaces.access coder:workspaces.create coder:workspaces.delete coder:workspaces.operate file:* file:create \
     file:read organization:* organization:delete organization:read organization:update task:* task:create task:delete \
     task:read task:update template:* template:create template:delete template:read template:update template:use user:* \
     user:read user:read_personal user:update_personal user_secret:* user_secret:create user_secret:delete \
     user_secret:read user_secret:update user_skill:* user_skill:create user_skill:delete user_skill:read \
     user_skill:update workspace:* workspace:application_connect workspace:create workspace:delete workspace:read \
     workspace:ssh workspace:start workspace:stop workspace:update";

fn scopes(_world: &mut World, _call: &Call) -> Answer {
    Ok(Reply::ok(json!({ "external": SCOPES.split_whitespace().collect::<Vec<_>>() })))
}

/// Nanoseconds that a token of this person may live: the rule looks at whose it will be, not at who asks.
fn most(world: &World, user_id: &str) -> i64 {
    if world.users.get(user_id).is_some_and(super::accounts::User::is_owner) { WEEK } else { CENTURY }
}

fn limits(world: &mut World, call: &Call) -> Answer {
    let id = world.account(call)?.id.clone();
    Ok(Reply::ok(json!({ "max_token_lifetime": most(world, &id) })))
}

fn create(world: &mut World, call: &Call) -> Answer {
    let id = world.account(call)?.id.clone();
    let fields = call.fields(&CREATE)?;
    let failed = || refuse(400, "Failed to create API key.");
    let mut scopes = fields.texts("scopes");
    match fields.text("scope") {
        "" => {}
        "all" => scopes.push("coder:all".to_owned()),
        "application_connect" => scopes.push("coder:application_connect".to_owned()),
        other => return Err(failed().detail(format!("invalid or unsupported API key scope: \"{other}\""))),
    }
    if let Some(other) = scopes.iter().find(|scope| !SCOPES.split_whitespace().any(|known| known == *scope)) {
        return Err(failed().detail(format!("invalid or unsupported API key scope: \"{other}\"")));
    }
    if scopes.is_empty() {
        scopes.push("coder:all".to_owned());
    }
    scopes.sort();
    scopes.dedup();
    if fields.has("allow_list") {
        return Err(super::reply::not_modelled());
    }
    let lifetime = fields.number("lifetime").unwrap_or(0);
    let invalid = |detail: String| refuse(400, "Failed to validate create API key request.").detail(detail);
    if lifetime < 0 {
        return Err(invalid("lifetime must be positive number greater than 0".to_owned()));
    }
    let most = most(world, &id);
    if lifetime > most {
        return Err(invalid(format!("lifetime must be less than {}h0m0s", most / 3_600_000_000_000)));
    }
    let name = match fields.text("token_name") {
        "" => world.ids.suffix(),
        name => name.to_owned(),
    };
    if !world.may(call, "create", Object::site("api_key").of(&id)) {
        return Err(denied("Failed to create API key.", "insert API key"));
    }
    if world.keys.values().any(|key| key.user_id == id && key.token_name == name) {
        return Err(taken(format!("A token with name \"{name}\" already exists.")));
    }
    let lifetime = Duration::nanoseconds(if lifetime == 0 { WEEK } else { lifetime });
    let token = world.new_key(&id, "token", &name, scopes, lifetime, call.now);
    Ok(Reply::json(201, json!({ "key": token })))
}

impl World {
    /// Makes a key and answers the token, which nobody is told again.
    pub(super) fn new_key(
        &mut self,
        user_id: &str,
        login_type: &str,
        name: &str,
        scopes: Vec<String>,
        lifetime: Duration,
        now: DateTime<Utc>,
    ) -> String {
        let (id, secret) = (self.ids.text(10), self.ids.text(22));
        let token = format!("{id}-{secret}");
        let key = Key {
            id: id.clone(),
            secret,
            user_id: user_id.to_owned(),
            login_type: login_type.to_owned(),
            token_name: name.to_owned(),
            scopes,
            lifetime_seconds: lifetime.num_seconds(),
            created_at: now,
            updated_at: now,
            expires_at: now + lifetime,
            last_used: None,
        };
        self.keys.insert(id, key);
        token
    }

    /// A key of the person of the path that the caller may do this to.
    fn key(&self, call: &Call, action: &str) -> Result<&Key, Refusal> {
        let user = self.account(call)?;
        let key = self.keys.get(call.param("key")).filter(|key| key.user_id == user.id).ok_or_else(not_found)?;
        let may = self.may(call, action, Object::site("api_key").of(&key.user_id));
        if may { Ok(key) } else { Err(not_found()) }
    }
}

/// Somebody else's tokens are `null` for whoever may not see them, and for whoever has none.
fn list(world: &mut World, call: &Call) -> Answer {
    let user = world.account(call)?;
    let is_seen = |key: &&Key| {
        key.user_id == user.id
            && key.login_type == "token"
            && (call.asks("include_expired") || key.expires_at > call.now)
            && world.may(call, "read", Object::site("api_key").of(&key.user_id))
    };
    let mut keys: Vec<&Key> = world.keys.values().filter(is_seen).collect();
    keys.sort_by_key(|key| std::cmp::Reverse(key.created_at));
    let rows = keys.into_iter().map(|key| {
        let mut row = key.view();
        extend(&mut row, json!({ "username": world.username(&key.user_id) }));
        row
    });
    let rows: Vec<Value> = rows.collect();
    Ok(Reply::ok(if rows.is_empty() { Value::Null } else { Value::Array(rows) }))
}

fn by_name(world: &mut World, call: &Call) -> Answer {
    let user = world.account(call)?;
    let name = call.param("token_name");
    let key = world.keys.values().find(|key| key.user_id == user.id && key.token_name == name).ok_or_else(not_found)?;
    if !world.may(call, "read", Object::site("api_key").of(&key.user_id)) {
        return Err(not_found());
    }
    Ok(Reply::ok(key.view()))
}

fn by_id(world: &mut World, call: &Call) -> Answer {
    Ok(Reply::ok(world.key(call, "read")?.view()))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let id = world.key(call, "delete")?.id.clone();
    world.keys.remove(&id);
    Ok(Reply::empty(204))
}

fn expire(world: &mut World, call: &Call) -> Answer {
    let id = world.key(call, "update")?.id.clone();
    if let Some(key) = world.keys.get_mut(&id).filter(|key| key.expires_at > call.now) {
        key.expires_at = call.now;
        key.updated_at = call.now;
    }
    Ok(Reply::empty(204))
}
