//! Changing what an account says of its person: patch, whole update, sign-in, address, password.

use serde_json::json;

use super::accounts::User;
use super::call::Call;
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, refuse};
use super::routes::{Route, route};
use super::user_form::{UserForm, UserPatch};
use super::user_rules::check_password;
use super::user_view::View;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("PUT", "/api/v4/users/{user_id}/patch", patch),
    route("PUT", "/api/v4/users/{user_id}", update),
    route("PUT", "/api/v4/users/{user_id}/auth", set_auth),
    route("PUT", "/api/v4/users/{user_id}/password", set_password),
    route("POST", "/api/v4/users/{user_id}/email/verify/member", verify_email),
];

fn patch(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?.to_owned();
    let fields = call.fields()?.ok_or_else(|| invalid_body("user"))?;
    let patch = UserPatch::read(&fields).map_err(|_| invalid_body("user"))?;
    world.may_edit(call, &id)?;
    let old = world.account(&id).map_err(|_| invalid_body("user_id"))?.clone();
    world.may_edit_administrator(call, &old)?;
    if let Some(field) = owned_field(&old, &patch) {
        return Err(owned("patch_user", field));
    }
    if patch.email.as_ref().is_some_and(|email| *email != old.email) && id == call.caller() {
        let password = patch.password.as_deref().ok_or_else(|| invalid_body("password"))?;
        world.check_own_password(&id, password)?;
    }
    let mut user = old;
    patch.apply(&mut user);
    user.timezone.get_or_insert_default();
    world.update_user(user, call.now)?;
    Ok(Reply::json(200, world.show_user(world.account(&id)?, View::Whole)))
}

fn update(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?.to_owned();
    let fields = call.fields()?.ok_or_else(|| invalid_body("user"))?;
    let form = UserForm::read(&fields).map_err(|_| invalid_body("user"))?;
    if form.user.id != id {
        return Err(invalid_body("user_id"));
    }
    world.may_edit(call, &id)?;
    let old = world.account(&id)?.clone();
    world.may_edit_administrator(call, &old)?;
    if let Some(field) = owned_field(&old, &form.as_patch()) {
        return Err(owned("update_user", field));
    }
    if !form.user.email.is_empty() && form.user.email != old.email && id == call.caller() {
        world.check_own_password(&id, &form.password).map_err(|_| invalid_body("password"))?;
    }
    world.update_user(form.user, call.now)?;
    Ok(Reply::json(200, world.show_user(world.account(&id)?, View::Whole)))
}

/// The field of a patch that the account's login provider owns.
fn owned_field(user: &User, patch: &UserPatch) -> Option<&'static str> {
    let changes = |new: &Option<String>, old: &String| new.as_ref().is_some_and(|new| new != old);
    if !user.auth_service.is_empty() && changes(&patch.username, &user.username) {
        return Some("username");
    }
    let renames = changes(&patch.first_name, &user.first_name) || changes(&patch.last_name, &user.last_name);
    (user.is_by_oauth() && renames).then_some("full name")
}

fn owned(operation: &str, field: &str) -> Refusal {
    let message = format!("Field '{field}' must be set through user's login provider.");
    refuse(409, format!("api.user.{operation}.login_provider_attribute_set.app_error"), message)
}

/// Hands an account over to a login provider. Nobody looks whether the account exists.
fn set_auth(world: &mut World, call: &Call) -> Answer {
    world.require(call, "manage_system")?;
    let id = call.user_id()?.to_owned();
    let fields = call.fields()?.ok_or_else(|| invalid_body("user"))?;
    let field = |name| fields.text_or_empty(name).map_err(|_| invalid_body("user"));
    let (auth_data, auth_service) = (field("auth_data")?, field("auth_service")?);
    if auth_data.is_empty() || auth_service.is_empty() {
        let message = "Request is missing either AuthData or AuthService parameter.";
        return Err(refuse(400, "api.user.update_user_auth.invalid_request", message));
    }
    world.hand_over(&id, &auth_service, Some(auth_data.clone()), call.now)?;
    Ok(Reply::json(200, json!({ "auth_data": auth_data, "auth_service": auth_service })))
}

fn set_password(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?.to_owned();
    let props = call.text_map();
    let text = |name: &str| props.get(name).map_or("", String::as_str);
    let new = text("new_password");
    let is_own = id == call.caller();
    let may_set = world.users.contains_key(&id) && world.may(call.caller(), "manage_system");
    let elsewhere = || {
        let message = "Update password failed because context user_id did not match props user_id.";
        refuse(403, "api.user.update_password.context.app_error", message)
    };
    if text("already_hashed") == "true" {
        return Err(match (may_set, is_own) {
            (true, _) => super::reply::not_modelled(), // Passwords are kept as they are here, not hashed.
            (false, true) => {
                let message = "Only system administrators can set already-hashed passwords.";
                refuse(401, "api.user.update_password.user_and_hashed.app_error", message)
            }
            (false, false) => elsewhere(),
        });
    }
    if is_own {
        let current = text("current_password");
        if current.is_empty() {
            return Err(invalid_body("current_password"));
        }
        let user = world.account(&id)?;
        if user.auth_data.is_some() {
            let message = "Update password failed because the user is logged in through an OAuth service.";
            return Err(refuse(400, "api.user.update_password.oauth.app_error", message));
        }
        world.check_own_password(&id, current).map_err(|_| {
            let message =
                "The \"Current Password\" you entered is incorrect. Please check that Caps Lock is off and try again.";
            refuse(400, "api.user.update_password.incorrect.app_error", message)
        })?;
    } else if !may_set {
        return Err(elsewhere());
    }
    check_password(&world.config, new)?;
    let (new, now) = (new.to_owned(), call.now);
    if let Some(user) = world.users.get_mut(&id) {
        (user.password, user.auth_data, user.auth_service) = (Some(new), None, String::new());
        (user.last_password_update, user.update_at, user.failed_attempts) = (now, now, 0);
    }
    Ok(Reply::ok())
}

fn verify_email(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?.to_owned();
    let mut user = world.account(&id)?.clone();
    world.require(call, "manage_system")?;
    user.timezone.get_or_insert_default();
    let shown = world.show_user(&user, View::Administrator);
    // The answer is from before the mark was written.
    world.users.insert(id, User { email_verified: true, update_at: call.now, ..user });
    Ok(Reply::json(200, shown))
}

impl World {
    /// Whether the caller may change somebody: herself, a bot that she may manage, or anybody as an administrator.
    pub(super) fn may_edit(&self, call: &Call, user_id: &str) -> Result<(), Refusal> {
        let may = match self.bots.contains_key(user_id) {
            true => self.may_manage_bot(call, user_id).is_ok(),
            false => user_id == call.caller() || self.may(call.caller(), "manage_system"),
        };
        if may { Ok(()) } else { Err(forbidden()) }
    }

    /// Only an administrator may change another.
    pub(super) fn may_edit_administrator(&self, call: &Call, user: &User) -> Result<(), Refusal> {
        if user.has_role(super::rights::SYSTEM_ADMIN) { self.require(call, "manage_system") } else { Ok(()) }
    }

    /// Compares a password that somebody gives for her own account; wrong ones are counted.
    pub(super) fn check_own_password(&mut self, user_id: &str, password: &str) -> Result<(), Refusal> {
        let Some(user) = self.users.get_mut(user_id) else {
            return Err(super::reply::no_account());
        };
        if user.failed_attempts >= super::logins::MOST_ATTEMPTS {
            return Err(super::logins::too_many_attempts());
        }
        if user.password.as_deref() == Some(password) {
            user.failed_attempts = 0;
            return Ok(());
        }
        user.failed_attempts += 1;
        let message = "Login failed because of invalid password.";
        Err(refuse(401, "api.user.check_user_password.invalid.app_error", message))
    }

    /// Makes an account sign in through a provider from now on, or by nothing at all.
    pub(super) fn hand_over(
        &mut self,
        user_id: &str,
        auth_service: &str,
        auth_data: Option<String>,
        now: i64,
    ) -> Result<(), Refusal> {
        if !self.users.contains_key(user_id) {
            return Ok(());
        }
        let is_taken = |other: &User| other.id != user_id && auth_data.is_some() && other.auth_data == auth_data;
        if self.users.values().any(is_taken) {
            let message =
                "Unable to switch account to <no value>. An account using the email <no value> already exists.";
            return Err(refuse(400, "app.user.update_auth_data.email_exists.app_error", message));
        }
        if auth_service.len() > 32 || auth_data.as_ref().is_some_and(|data| data.chars().count() > 128) {
            return Err(refuse(500, "app.user.update_auth_data.app_error", "Unable to update the auth data."));
        }
        if let Some(user) = self.users.get_mut(user_id) {
            user.password = None;
            (user.last_password_update, user.update_at, user.failed_attempts) = (now, now, 0);
            user.auth_service = auth_service.to_owned();
            user.auth_data = auth_data;
        }
        Ok(())
    }
}
