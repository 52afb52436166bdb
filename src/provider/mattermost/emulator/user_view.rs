//! How accounts are shown: whole to the person and by changes, without secrets to administrators, masked to others.

use serde_json::{Map, Value, json};

use super::accounts::User;
use super::call::Call;
use super::config::{Config, VERSION};
use super::world::World;

/// How much of an account is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// To the account itself, and as the answer to a change: nothing but the password is left out.
    Whole,
    /// An administrator reads.
    Administrator,
    /// Anybody else reads: sign-in fields are there and empty.
    Masked,
}

impl View {
    /// How the caller sees accounts in lists, her own among them.
    pub(super) fn of_others(world: &World, call: &Call) -> View {
        if world.may(call.caller(), "manage_system") { View::Administrator } else { View::Masked }
    }
}

/// The tag of one account. It names the settings that decide what of names and addresses is shown.
pub(super) fn tag(user: &User, update_at: i64, config: &Config) -> String {
    let shows = |setting| config.is_on("PrivacySettings", setting);
    let (names, addresses) = (shows("ShowFullName"), shows("ShowEmailAddress"));
    format!("{VERSION}.{}.{update_at}..0.{names}.{addresses}.0", user.id)
}

impl World {
    /// An account as JSON, as the cache has it.
    pub(super) fn show_user(&self, user: &User, view: View) -> Value {
        self.show_user_at(user, view, user.update_at)
    }

    /// An account as JSON, as the database has it.
    pub(super) fn show_stored_user(&self, user: &User, view: View) -> Value {
        self.show_user_at(user, view, user.stored_update_at())
    }

    /// What is empty is left out where the server leaves it out.
    fn show_user_at(&self, user: &User, view: View, update_at: i64) -> Value {
        let is_masked = view == View::Masked;
        let hides = |setting| is_masked && !self.config.is_on("PrivacySettings", setting);
        let name = |text: &str| if hides("ShowFullName") { Value::from("") } else { Value::from(text) };
        let mut shown = Map::new();
        let mut put = |key: &str, value: Value| {
            shown.insert(key.to_owned(), value);
        };
        put("id", user.id.as_str().into());
        put("create_at", user.create_at.into());
        put("update_at", update_at.into());
        put("delete_at", user.delete_at.into());
        put("username", user.username.as_str().into());
        if is_masked {
            put("auth_data", "".into());
        } else if let Some(auth_data) = &user.auth_data {
            put("auth_data", auth_data.as_str().into());
        }
        put("auth_service", if is_masked { "" } else { user.auth_service.as_str() }.into());
        put("email", if hides("ShowEmailAddress") { "" } else { user.email.as_str() }.into());
        if user.email_verified && view == View::Whole {
            put("email_verified", true.into());
        }
        put("nickname", user.nickname.as_str().into());
        put("first_name", name(&user.first_name));
        put("last_name", name(&user.last_name));
        put("position", user.position.as_str().into());
        put("roles", user.roles.as_str().into());
        if !user.props.is_empty() {
            put("props", user.props.clone().into());
        }
        if !is_masked && !user.notify_props.is_empty() {
            put("notify_props", user.notify_props.clone().into());
        }
        if view == View::Whole && user.last_password_update != 0 {
            put("last_password_update", user.last_password_update.into());
        }
        if user.last_picture_update != 0 {
            put("last_picture_update", user.last_picture_update.into());
        }
        if !is_masked && user.failed_attempts != 0 {
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
