//! How accounts are shown: whole to the person and by changes, without secrets to administrators, masked to others.

use serde_json::{Map, Value, json};

use super::accounts::User;
use super::call::Call;
use super::config::VERSION;
use super::world::World;

/// How much of an account is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// The answer to a create, a login or a change: nothing but the password is left out.
    Changed,
    /// The account itself asks.
    Own,
    /// An administrator reads.
    Administrator,
    /// Anybody else reads: sign-in fields are there and empty.
    Masked,
}

impl View {
    /// How the caller sees accounts that are not her own.
    pub(super) fn of_others(world: &World, call: &Call) -> View {
        if world.may(call.caller(), "manage_system") { View::Administrator } else { View::Masked }
    }
}

/// The tag of one account. It names settings that decide what of names and addresses is shown.
pub(super) fn tag(user: &User) -> String {
    format!("{VERSION}.{}.{}..0.true.true.0", user.id, user.update_at)
}

impl World {
    /// An account as JSON. What is empty is left out where the server leaves it out.
    pub(super) fn show_user(&self, user: &User, view: View) -> Value {
        let is_whole = matches!(view, View::Changed | View::Own);
        let mut shown = Map::new();
        let mut put = |key: &str, value: Value| shown.insert(key.to_owned(), value);
        put("id", user.id.as_str().into());
        put("create_at", user.create_at.into());
        put("update_at", user.update_at.into());
        put("delete_at", user.delete_at.into());
        put("username", user.username.as_str().into());
        match &user.auth_data {
            _ if view == View::Masked => drop(put("auth_data", "".into())),
            Some(auth_data) => drop(put("auth_data", auth_data.as_str().into())),
            None => {}
        }
        let auth_service = if view == View::Masked { "" } else { user.auth_service.as_str() };
        put("auth_service", auth_service.into());
        put("email", user.email.as_str().into());
        if user.email_verified && view == View::Changed {
            put("email_verified", true.into());
        }
        put("nickname", user.nickname.as_str().into());
        put("first_name", user.first_name.as_str().into());
        put("last_name", user.last_name.as_str().into());
        put("position", user.position.as_str().into());
        put("roles", user.roles.as_str().into());
        if !user.props.is_empty() {
            put("props", user.props.clone().into());
        }
        if view != View::Masked && !user.notify_props.is_empty() {
            put("notify_props", user.notify_props.clone().into());
        }
        if is_whole && user.last_password_update != 0 {
            put("last_password_update", user.last_password_update.into());
        }
        if user.last_picture_update != 0 {
            put("last_picture_update", user.last_picture_update.into());
        }
        if view == View::Changed && user.failed_attempts != 0 {
            put("failed_attempts", user.failed_attempts.into());
        }
        put("locale", user.locale.as_str().into());
        put("timezone", user.timezone.clone().map_or(Value::Null, Value::from));
        if let Some(remote_id) = &user.remote_id {
            put("remote_id", remote_id.as_str().into());
        }
        if let Some(bot) = self.bots.get(&user.id) {
            put("is_bot", true.into());
            if !bot.description.is_empty() {
                put("bot_description", bot.description.as_str().into());
            }
        }
        put("disable_welcome_email", json!(false));
        Value::Object(shown)
    }
}
