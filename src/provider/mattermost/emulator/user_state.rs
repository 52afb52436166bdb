//! Whether an account is active, what roles it holds, and its end.

use super::accounts::User;
use super::call::Call;
use super::mail::MailAbout;
use super::reply::{Answer, Refusal, Reply, invalid_body, refuse};
use super::rights::{KNOWN_ROLES, LICENSED_ROLES, SYSTEM_ADMIN};
use super::routes::{Route, route};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("PUT", "/api/v4/users/{user_id}/active", set_active),
    route("DELETE", "/api/v4/users/{user_id}", delete),
    route("PUT", "/api/v4/users/{user_id}/roles", set_roles),
    route("POST", "/api/v4/users/{user_id}/demote", demote),
    route("POST", "/api/v4/users/{user_id}/promote", promote),
];

fn set_active(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?.to_owned();
    let active = call.value_map().get("active").and_then(serde_json::Value::as_bool);
    let active = active.ok_or_else(|| invalid_body("active"))?;
    let is_leaving = !active && id == call.caller();
    if !is_leaving && !world.may(call.caller(), "sysconsole_write_user_management_users") {
        let message = "You do not have the appropriate permissions.";
        return Err(refuse(403, "api.user.update_active.permissions.app_error", message));
    }
    if is_leaving && !world.config.is_on("TeamSettings", "EnableUserDeactivation") {
        return Err(may_not_leave());
    }
    let user = world.account(&id)?.clone();
    world.may_edit_administrator(call, &user)?;
    if user.auth_service == "ldap" {
        let id = "api.user.update_active.cannot_modify_status_when_user_is_managed_by_ldap.app_error";
        return Err(refuse(403, id, "You cannot modify user status. User is managed by LDAP"));
    }
    world.set_active(&id, active, call.now)?;
    if is_leaving {
        world.send(&user.email, MailAbout::Deactivated);
    }
    Ok(Reply::ok())
}

fn may_not_leave() -> Refusal {
    let message =
        "You cannot deactivate yourself because this feature is not enabled. Please contact your System Administrator.";
    refuse(401, "api.user.update_active.not_enable.app_error", message)
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?.to_owned();
    world.may_edit(call, &id)?;
    let is_admin = world.may(call.caller(), "manage_system");
    if id == call.caller() && !is_admin && !world.config.is_on("TeamSettings", "EnableUserDeactivation") {
        return Err(may_not_leave());
    }
    let user = world.account(&id)?.clone();
    world.may_edit_administrator(call, &user)?;
    if !call.asks("permanent") {
        world.set_active(&id, false, call.now)?;
        return Ok(Reply::ok());
    }
    if !world.config.is_on("ServiceSettings", "EnableAPIUserDeletion") {
        return Err(if is_admin {
            let message = "Permanent user deletion feature is not enabled. ServiceSettings.EnableAPIUserDeletion must be set \
                           to true to use this command. See https://mattermost.com/pl/environment-configuration-settings \
                           for more information.";
            refuse(401, "api.user.delete_user.not_enabled.for_admin.app_error", message)
        } else {
            let message = "Permanent user deletion feature is not enabled. Please contact your System Administrator.";
            refuse(401, "api.user.delete_user.not_enabled.app_error", message)
        });
    }
    world.set_active(&id, false, call.now)?;
    world.forget_user(&id);
    Ok(Reply::ok())
}

fn set_roles(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?.to_owned();
    let roles = call.text_map().remove("roles").unwrap_or_default();
    let names: Vec<&str> = roles.split_whitespace().collect();
    let is_name = |name: &&str| {
        let is_fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        name.len() <= 64 && name.bytes().all(is_fine)
    };
    if !names.iter().all(is_name) || names == [SYSTEM_ADMIN] {
        return Err(invalid_body("roles"));
    }
    if names.iter().any(|name| LICENSED_ROLES.contains(name)) {
        let message = "Custom Permission Schemes not supported by current license";
        return Err(refuse(400, "api.user.update_user_roles.license.app_error", message));
    }
    world.require(call, "manage_roles")?;
    let user = world.account(&id).map_err(|refusal| Refusal { status: 400, ..refusal })?.clone();
    if !names.iter().all(|name| KNOWN_ROLES.contains(name) || LICENSED_ROLES.contains(name)) {
        let message = "The provided role does not exist";
        return Err(refuse(400, "app.role.check_roles_exist.role_not_found", message));
    }
    let is_admin = |user: &User| user.has_role(SYSTEM_ADMIN);
    if is_admin(&user) && !roles.contains(SYSTEM_ADMIN) {
        let counts = |user: &&User| user.is_active() && is_admin(user) && !world.is_bot(&user.id);
        if world.users.values().filter(counts).count() <= 1 {
            let message = "Cannot demote last System Admin.";
            return Err(refuse(400, "app.user.update.lastAdmin.app_error", message));
        }
    }
    for session in world.sessions.iter_mut().filter(|session| session.user_id == id) {
        session.roles.clone_from(&roles);
    }
    world.store_user(User { roles, ..user }, true, call.now)?;
    Ok(Reply::ok())
}

fn demote(world: &mut World, call: &Call) -> Answer {
    call.user_id()?;
    world.require(call, "demote_to_guest")?;
    let message = "Your license does not support guest accounts";
    Err(refuse(501, "api.team.demote_user_to_guest.license.error", message))
}

fn promote(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?;
    world.require(call, "promote_guest")?;
    world.account(id)?;
    let message = "Unable to convert the guest to regular user because is not a guest.";
    Err(refuse(501, "api.user.promote_guest_to_user.no_guest.app_error", message))
}

impl World {
    /// Activates or deactivates an account. Deactivating ends its sessions, and the bots that it owns go with it.
    pub(super) fn set_active(&mut self, user_id: &str, active: bool, now: i64) -> Result<(), Refusal> {
        if active && self.is_full() {
            let message = "Can't activate user. Server exceeds safe user limit. ERROR_SAFETY_LIMITS_EXCEEDED.";
            return Err(refuse(400, "app.user.update_active.user_limit.exceeded", message));
        }
        let user = self.account(user_id)?.clone();
        let delete_at = if active { 0 } else { now };
        self.store_user(User { delete_at, ..user }, true, now)?;
        if !active {
            self.end_sessions(user_id);
            if self.config.is_on("ServiceSettings", "DisableBotsWhenOwnerIsDeactivated") {
                let owned = self.bots.values().filter(|bot| bot.owner_id == user_id && bot.delete_at == 0);
                let owned: Vec<String> = owned.map(|bot| bot.user_id.clone()).filter(|id| id != user_id).collect();
                for bot in owned {
                    self.set_bot_active(&bot, false, now)?;
                }
            }
        }
        Ok(())
    }

    /// Removes an account with everything that hangs on it.
    fn forget_user(&mut self, user_id: &str) {
        self.end_sessions(user_id);
        self.tokens.retain(|token| token.user_id != user_id);
        self.channel_rows.retain(|_, row| row.user_id != user_id);
        self.team_rows.retain(|_, row| row.user_id != user_id);
        self.posts.forget_author(user_id);
        self.incoming_hooks.retain(|hook| hook.user_id != user_id);
        self.outgoing_hooks.retain(|hook| hook.creator_id != user_id);
        self.bots.remove(user_id);
        self.users.remove(user_id);
    }
}
