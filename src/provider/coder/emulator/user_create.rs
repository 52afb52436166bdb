//! Making accounts.

use serde_json::{Value, json};

use super::accounts::{SITE_ROLES, User};
use super::bodies::{Fields, Kind, Shape};
use super::call::Call;
use super::ids::NIL;
use super::reply::{Answer, Refusal, Reply, refuse, unlicensed};
use super::rights::Object;
use super::routes::{Route, open, route};
use super::rules::{Faults, is_email, is_name, is_shown_name, password_fault};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/api/v2/users", create),
    open("GET", "/api/v2/users/first", first_exists),
    open("POST", "/api/v2/users/first", create_first),
];

const CREATE: Shape = Shape {
    name: "DeprecatedCreateUserRequest",
    prefix: "AliasedReq.",
    fields: &[
        ("email", Kind::Text),
        ("username", Kind::Text),
        ("name", Kind::Text),
        ("password", Kind::Text),
        ("login_type", Kind::Text),
        ("user_status", Kind::Text),
        ("organization_ids", Kind::Uuids),
        ("organization_id", Kind::Uuid),
        ("roles", Kind::Texts),
        ("service_account", Kind::Bool),
    ],
};

const FIRST: Shape = Shape {
    name: "CreateFirstUserRequest",
    prefix: "",
    fields: &[
        ("email", Kind::Text),
        ("username", Kind::Text),
        ("name", Kind::Text),
        ("password", Kind::Text),
        ("trial", Kind::Bool),
    ],
};

fn create(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields(&CREATE)?;
    let is_service_account = fields.flag("service_account") == Some(true);
    let (email, username, name) = (fields.text("email"), fields.text("username"), fields.text("name"));
    let mut faults = Faults::default();
    faults.check(!email.is_empty() || is_service_account, "email", "required_unless", email);
    faults.check(email.is_empty() || is_email(email), "email", "email", email);
    faults.required("username", username, "username", is_name);
    faults.check(is_shown_name(name, 128), "name", "user_real_name", name);
    faults.end()?;
    if is_service_account {
        return Err(unlicensed("Service Accounts"));
    }
    organizations(world, call, &fields)?;
    if !world.may(call, "create", Object::site("user")) {
        return Err(refuse(403, "You are not authorized to create users."));
    }
    if world.user_by_name(username).is_some() || world.user_by_email(email).is_some() {
        return Err(refuse(409, "User already exists."));
    }
    let login_type = sign_in_kind(world, &fields)?;
    let roles = fields.texts("roles");
    let failed = |detail: String| {
        refuse(500, "Internal error creating user.").detail(format!("execute transaction: create user: {detail}"))
    };
    world.may_assign(call, &roles, &[]).map_err(failed)?;
    let status = fields.maybe_text("user_status").filter(|status| !status.is_empty()).unwrap_or("dormant");
    if !["active", "dormant", "suspended"].contains(&status) {
        return Err(failed(format!("pq: invalid input value for enum user_status: \"{status}\"")));
    }
    let user = User {
        status: status.to_owned(),
        roles,
        password: fields.text("password").to_owned(),
        ..world.new_user(call, email, username, name, &login_type)
    };
    let id = user.id.clone();
    world.users.insert(id.clone(), user);
    world.join(&id, call.now);
    let view = world.user_view(world.user(&id)?);
    Ok(Reply::json(201, view))
}

/// Every organisation that is named must be the one there is, and readable by the caller.
fn organizations(world: &World, call: &Call, fields: &Fields) -> Result<(), Refusal> {
    let mut ids = fields.texts("organization_ids");
    ids.extend(fields.id("organization_id").map(str::to_owned));
    if ids.is_empty() {
        let message = "No organization specified to place the user as a member of. It is required to specify at least one \
             organization id to place the user in.";
        return Err(refuse(400, message)
            .detail("required at least 1 value for the array 'organization_ids'")
            .field("organization_ids", "Missing values, this cannot be empty"));
    }
    let may_read = world.may(call, "read", Object::organization("organization"));
    match ids.iter().find(|id| !may_read || *id != NIL && **id != world.organization.id) {
        None => Ok(()),
        Some(id) => Err(refuse(404, format!("Organization does not exist with the provided id \"{id}\"."))),
    }
}

/// How the new account signs in, with its password checked.
fn sign_in_kind(world: &World, fields: &Fields) -> Result<String, Refusal> {
    let kind = fields.maybe_text("login_type").filter(|kind| !kind.is_empty()).unwrap_or("password");
    let password = fields.text("password");
    if kind != "password" && !password.is_empty() {
        return Err(refuse(400, format!("Password cannot be set for non-password (\"{kind}\") authentication.")));
    }
    match kind {
        "password" => match password_fault(password) {
            Some(fault) => Err(refuse(400, "Password is invalid").field("password", fault)),
            None => Ok(kind.to_owned()),
        },
        "oidc" if world.settings.oidc.is_none() => {
            Err(refuse(400, "You must configure OIDC before creating OIDC users."))
        }
        "oidc" | "github" | "none" => Ok(kind.to_owned()),
        other => Err(refuse(400, format!("Unsupported login type \"{other}\" for manually creating new users."))),
    }
}

fn first_exists(world: &mut World, _call: &Call) -> Answer {
    if world.users.is_empty() {
        return Err(refuse(404, "The initial user has not been created!"));
    }
    Ok(Reply::message("The initial user has already been created!"))
}

fn create_first(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields(&FIRST)?;
    let (email, username, name) = (fields.text("email"), fields.text("username"), fields.text("name"));
    let password = fields.text("password");
    let mut faults = Faults::default();
    faults.required("email", email, "email", is_email);
    faults.required("username", username, "username", is_name);
    faults.check(is_shown_name(name, 128), "name", "user_real_name", name);
    faults.check(!password.is_empty(), "password", "required", password);
    faults.end()?;
    if !world.users.is_empty() {
        return Err(refuse(409, "The initial user has already been created."));
    }
    if let Some(fault) = password_fault(password) {
        return Err(refuse(400, "Password is invalid").field("password", fault));
    }
    let user = User {
        status: "active".to_owned(),
        roles: vec!["owner".to_owned()],
        password: password.to_owned(),
        ..world.new_user(call, email, username, name, "password")
    };
    let id = user.id.clone();
    world.users.insert(id.clone(), user);
    world.join(&id, call.now);
    Ok(Reply::json(201, json!({ "user_id": id, "organization_id": world.organization.id })))
}

impl World {
    /// An account that is not in the table yet: dormant, without roles or password.
    pub(super) fn new_user(&mut self, call: &Call, email: &str, username: &str, name: &str, login_type: &str) -> User {
        User {
            id: self.ids.uuid(),
            username: username.to_owned(),
            email: email.to_owned(),
            name: name.to_owned(),
            avatar_url: String::new(),
            password: String::new(),
            status: "dormant".to_owned(),
            login_type: login_type.to_owned(),
            roles: Vec::new(),
            created_at: call.now,
            updated_at: call.now,
            last_seen_at: None,
            is_deleted: false,
            linked_id: None,
            claims: Value::Null,
            external_auth: Vec::new(),
        }
    }

    /// Whether the caller may give and take these site roles, or why not. A user-admin may do neither with those that
    /// open more than her own.
    pub(super) fn may_assign(&self, call: &Call, given: &[String], had: &[String]) -> Result<(), String> {
        if let Some(unknown) = given.iter().find(|role| !SITE_ROLES.iter().any(|(known, _)| known == role)) {
            return Err(format!("\"{unknown}\" is not a supported role"));
        }
        let is_owner = self.users.get(call.caller_id()).is_some_and(User::is_owner);
        let added = given.iter().filter(|role| !had.contains(role));
        let removed = had.iter().filter(|role| !given.contains(role));
        match added.chain(removed).find(|role| !is_owner && *role != "member") {
            None => Ok(()),
            Some(role) => Err(format!("not authorized to assign role \"{role}\"")),
        }
    }
}
