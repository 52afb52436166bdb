//! Changing accounts: profile, site roles, status, password, deletion.

use super::bodies::{Kind, Shape};
use super::call::Call;
use super::reply::{Answer, Reply, denied, forbidden, not_found, refuse};
use super::rights::Object;
use super::routes::{Route, route};
use super::rules::{Faults, is_name, is_shown_name, password_fault};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("DELETE", "/api/v2/users/{user}", delete),
    route("PUT", "/api/v2/users/{user}/profile", profile),
    route("PUT", "/api/v2/users/{user}/roles", roles),
    route("PUT", "/api/v2/users/{user}/status/suspend", suspend),
    route("PUT", "/api/v2/users/{user}/status/activate", activate),
    route("PUT", "/api/v2/users/{user}/password", password),
];

const PROFILE: Shape =
    Shape { name: "UpdateUserProfileRequest", prefix: "", fields: &[("username", Kind::Text), ("name", Kind::Text)] };
const ROLES: Shape = Shape { name: "UpdateRoles", prefix: "", fields: &[("roles", Kind::Texts)] };
const PASSWORD: Shape = Shape {
    name: "UpdateUserPasswordRequest",
    prefix: "",
    fields: &[("old_password", Kind::Text), ("password", Kind::Text)],
};

fn shown(world: &World, id: &str) -> Answer {
    Ok(Reply::ok(world.user_view(world.user(id)?)))
}

/// A username is taken, or a missing name blanks it: both are always written.
fn profile(world: &mut World, call: &Call) -> Answer {
    let id = world.account(call)?.id.clone();
    let fields = call.fields(&PROFILE)?;
    let (username, name) = (fields.text("username"), fields.text("name"));
    let mut faults = Faults::default();
    faults.required("username", username, "username", is_name);
    faults.check(is_shown_name(name, 128), "name", "user_real_name", name);
    faults.end()?;
    if world.user_by_name(username).is_some_and(|other| other.id != id) {
        return Err(refuse(409, "A user with this username already exists.")
            .field("username", "This username is already in use."));
    }
    if !world.may(call, "update_personal", Object::site("user").of(&id)) {
        return Err(denied("Internal error updating user.", ""));
    }
    let now = call.now;
    let user = world.user_mut(&id)?;
    user.username = username.to_owned();
    user.name = name.to_owned();
    user.updated_at = now;
    shown(world, &id)
}

fn roles(world: &mut World, call: &Call) -> Answer {
    let user = world.account(call)?;
    let (id, had) = (user.id.clone(), user.roles.clone());
    let mut roles = call.fields(&ROLES)?.texts("roles");
    if id == call.caller_id() {
        return Err(refuse(400, "You cannot change your own roles."));
    }
    if !world.may(call, "assign", Object::site("assign_role")) {
        return Err(forbidden());
    }
    roles.sort();
    roles.dedup();
    world.may_assign(call, &roles, &had).map_err(|text| refuse(400, text))?;
    let now = call.now;
    let user = world.user_mut(&id)?;
    user.roles = roles;
    user.updated_at = now;
    shown(world, &id)
}

fn suspend(world: &mut World, call: &Call) -> Answer {
    let user = world.account(call)?;
    if user.id == call.caller_id() {
        return Err(refuse(400, "You cannot suspend yourself."));
    }
    if user.is_owner() {
        let message = "You cannot suspend a user with the \"owner\" role. You must remove the role first.";
        return Err(refuse(400, message));
    }
    set_status(world, call, "suspended")
}

fn activate(world: &mut World, call: &Call) -> Answer {
    set_status(world, call, "active")
}

fn set_status(world: &mut World, call: &Call, status: &str) -> Answer {
    let id = world.account(call)?.id.clone();
    if !world.may(call, "update", Object::site("user").of(&id)) {
        return Err(denied(format!("Internal error updating user's status to \"{status}\"."), ""));
    }
    let now = call.now;
    let user = world.user_mut(&id)?;
    user.status = status.to_owned();
    user.updated_at = now;
    shown(world, &id)
}

/// Sets a password and ends every session and token. Somebody else's only an owner may set.
fn password(world: &mut World, call: &Call) -> Answer {
    let user = world.account(call)?;
    let (id, old, kind) = (user.id.clone(), user.password.clone(), user.login_type.clone());
    let fields = call.fields(&PASSWORD)?;
    let new = fields.text("password");
    let mut faults = Faults::default();
    faults.check(!new.is_empty(), "password", "required", new);
    faults.end()?;
    if !world.may(call, "update_personal", Object::site("user").of(&id)) {
        return Err(not_found());
    }
    if kind != "password" {
        return Err(refuse(400, "Users without password login type cannot change their password."));
    }
    if let Some(fault) = password_fault(new) {
        return Err(refuse(400, "Invalid password.").field("password", fault));
    }
    // Whoever changes her own proves that she knows the old one.
    let is_own = id == call.caller_id();
    if (is_own || fields.has("old_password")) && fields.text("old_password") != old {
        return Err(refuse(400, "Old password is incorrect.").field("old_password", "Old password is incorrect."));
    }
    if new == old {
        return Err(refuse(400, "New password cannot match old password."));
    }
    if !world.may(call, "delete", Object::site("api_key").of(&id)) {
        let step = "execute transaction: delete api keys by user ID";
        return Err(denied("Internal error updating user's password.", step));
    }
    world.user_mut(&id)?.password = new.to_owned();
    world.drop_keys(&id);
    Ok(Reply::empty(204))
}

/// A soft deletion: name and address are free at once; the identifier is answered for ever, and may be deleted again.
fn delete(world: &mut World, call: &Call) -> Answer {
    let id = world.account(call)?.id.clone();
    if id == call.caller_id() {
        return Err(refuse(403, "You cannot delete yourself!"));
    }
    if !world.may(call, "delete", Object::site("user").of(&id)) {
        return Err(forbidden());
    }
    if world.workspaces.values().any(|workspace| workspace.owner_id == id && !workspace.is_deleted) {
        let message = "You cannot delete a user that has workspaces. Delete their workspaces and try again!";
        return Err(refuse(417, message));
    }
    world.drop_keys(&id);
    world.organization.members.remove(&id);
    let now = call.now;
    let user = world.user_mut(&id)?;
    user.is_deleted = true;
    user.linked_id = None;
    user.updated_at = now;
    Ok(Reply::message("User has been deleted!"))
}
