//! Reading one account: by identifier, by name, by address.

use std::collections::BTreeSet;

use super::accounts::User;
use super::call::Call;
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, invalid_url, no_account, refuse};
use super::routes::{Route, route};
use super::user_rules::{is_email, is_username};
use super::user_view::{View, tag};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v4/users/{user_id}", get),
    route("GET", "/api/v4/users/username/{username}", by_name),
    route("GET", "/api/v4/users/email/{email}", by_email),
];

fn get(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?;
    if !world.sees(call.caller(), id) {
        return Err(forbidden());
    }
    let user = world.account(id)?;
    let view = if id == call.caller() { View::Whole } else { View::of_others(world, call) };
    Ok(world.tagged(call, user, view, user.update_at))
}

fn by_name(world: &mut World, call: &Call) -> Answer {
    let name = call.param("username");
    if !is_username(name) {
        return Err(invalid_body("username"));
    }
    let missing = || {
        let message = "Unable to find an existing account matching your username for this team. This team may require an \
                       invite from the team owner to join.";
        refuse(404, "app.user.get_by_username.app_error", message)
    };
    let user = found(world, call, world.user_by_name(name), missing)?;
    let view = if user.id == call.caller() { View::Whole } else { View::of_others(world, call) };
    Ok(world.tagged(call, user, view, user.stored_update_at()))
}

fn by_email(world: &mut World, call: &Call) -> Answer {
    let email = call.param("email").to_lowercase();
    if !is_email(&email) {
        return Err(invalid_url("email"));
    }
    let view = View::of_others(world, call);
    if view == View::Masked && !world.config.is_on("PrivacySettings", "ShowEmailAddress") {
        let id = "api.user.get_user_by_email.permissions.app_error";
        return Err(refuse(403, id, "Unable to get user by email."));
    }
    let user = found(world, call, world.user_by_email(&email), no_account)?;
    Ok(world.tagged(call, user, view, user.stored_update_at()))
}

/// Somebody who was looked for: a caller who sees a part of the people only is not told whether there is anybody.
fn found<'w>(
    world: &World,
    call: &Call,
    user: Option<&'w User>,
    missing: impl FnOnce() -> Refusal,
) -> Result<&'w User, Refusal> {
    match user {
        Some(user) if world.sees(call.caller(), &user.id) => Ok(user),
        None if world.visible(call.caller()).is_none() => Err(missing()),
        _ => Err(forbidden()),
    }
}

impl World {
    /// One account with its tag, or nothing but the tag where the caller has it.
    fn tagged(&self, call: &Call, user: &User, view: View, update_at: i64) -> Reply {
        let tag = tag(user, update_at, &self.config);
        if call.header("if-none-match") == tag {
            return Reply::empty(304).header("etag", tag);
        }
        let shown = User { update_at, ..user.clone() };
        Reply::json(200, self.show_user(&shown, view)).header("etag", tag)
    }

    /// Whom a caller sees: everybody (none), or who shares a channel with one whose roles do not say so.
    pub(super) fn visible(&self, caller: &str) -> Option<BTreeSet<&str>> {
        if self.may(caller, "view_members") {
            return None;
        }
        let in_channels =
            self.channel_rows.values().filter(|row| self.channel_member(&row.channel_id, caller).is_some());
        Some(in_channels.map(|row| row.user_id.as_str()).collect())
    }

    /// Whether a caller sees somebody. Everybody sees herself.
    fn sees(&self, caller: &str, user_id: &str) -> bool {
        caller == user_id || self.visible(caller).is_none_or(|visible| visible.contains(user_id))
    }
}
