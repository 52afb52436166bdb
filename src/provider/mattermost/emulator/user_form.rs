//! Accounts as calls send them: whole ones, and patches.

use serde_json::{Map, Value};

use super::accounts::User;
use super::bodies::{Fields, WrongKind};

/// A whole account as a body holds it.
#[derive(Debug)]
pub(super) struct UserForm {
    pub(super) user: User,
    pub(super) password: String,
    /// Echoed by a create, and not stored.
    pub(super) is_bot: bool,
    pub(super) disable_welcome_email: bool,
}

impl UserForm {
    /// Reads a body. A field of another kind spoils the whole, also one that is not used.
    pub(super) fn read(fields: &Fields) -> Result<Self, WrongKind> {
        for text in ["mfa_secret", "bot_description", "terms_of_service_id"] {
            fields.text(text)?;
        }
        for flag in ["allow_marketing", "mfa_active"] {
            fields.flag(flag)?;
        }
        for number in ["last_password_update", "failed_attempts", "last_activity_at", "bot_last_icon_update"] {
            fields.whole(number)?;
        }
        let user = User {
            id: fields.text_or_empty("id")?,
            create_at: fields.whole("create_at")?.unwrap_or(0),
            update_at: fields.whole("update_at")?.unwrap_or(0),
            last_login: fields.whole("last_login")?.map_or(0, |_| 0),
            delete_at: fields.whole("delete_at")?.unwrap_or(0),
            username: fields.text_or_empty("username")?,
            password: None,
            auth_data: fields.text("auth_data")?,
            auth_service: fields.text_or_empty("auth_service")?,
            email: fields.text_or_empty("email")?,
            email_verified: fields.flag("email_verified")?.unwrap_or(false),
            nickname: fields.text_or_empty("nickname")?,
            first_name: fields.text_or_empty("first_name")?,
            last_name: fields.text_or_empty("last_name")?,
            position: fields.text_or_empty("position")?,
            roles: fields.text_or_empty("roles")?,
            props: fields.texts("props")?.unwrap_or_default(),
            notify_props: fields.texts("notify_props")?.unwrap_or_default(),
            last_password_update: 0,
            last_picture_update: fields.whole("last_picture_update")?.unwrap_or(0),
            failed_attempts: 0,
            locale: fields.text_or_empty("locale")?,
            timezone: fields.texts("timezone")?,
            remote_id: fields.text("remote_id")?,
        };
        Ok(UserForm {
            user,
            password: fields.text_or_empty("password")?,
            is_bot: fields.flag("is_bot")?.unwrap_or(false),
            disable_welcome_email: fields.flag("disable_welcome_email")?.unwrap_or(false),
        })
    }

    /// The whole account as a patch: every text is named, if only by nothing.
    pub(super) fn as_patch(&self) -> UserPatch {
        UserPatch {
            username: Some(self.user.username.clone()),
            first_name: Some(self.user.first_name.clone()),
            last_name: Some(self.user.last_name.clone()),
            ..UserPatch::default()
        }
    }
}

/// The fields that a patch may carry; all others are dropped.
#[derive(Debug, Default)]
pub(super) struct UserPatch {
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
    pub(super) nickname: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) position: Option<String>,
    pub(super) email: Option<String>,
    pub(super) props: Option<Map<String, Value>>,
    pub(super) notify_props: Option<Map<String, Value>>,
    pub(super) locale: Option<String>,
    pub(super) timezone: Option<Map<String, Value>>,
    pub(super) remote_id: Option<String>,
}

impl UserPatch {
    pub(super) fn read(fields: &Fields) -> Result<Self, WrongKind> {
        Ok(UserPatch {
            username: fields.text("username")?,
            password: fields.text("password")?,
            nickname: fields.text("nickname")?,
            first_name: fields.text("first_name")?,
            last_name: fields.text("last_name")?,
            position: fields.text("position")?,
            email: fields.text("email")?,
            props: fields.texts("props")?,
            notify_props: fields.texts("notify_props")?,
            locale: fields.text("locale")?,
            timezone: fields.texts("timezone")?,
            remote_id: fields.text("remote_id")?,
        })
    }

    /// Puts what the patch names into an account.
    pub(super) fn apply(&self, user: &mut User) {
        let texts = [
            (&self.username, &mut user.username),
            (&self.nickname, &mut user.nickname),
            (&self.first_name, &mut user.first_name),
            (&self.last_name, &mut user.last_name),
            (&self.position, &mut user.position),
            (&self.email, &mut user.email),
            (&self.locale, &mut user.locale),
        ];
        for (text, field) in texts {
            if let Some(text) = text {
                field.clone_from(text);
            }
        }
        if let Some(props) = &self.props {
            user.props.clone_from(props);
        }
        if let Some(notify_props) = &self.notify_props {
            user.notify_props.clone_from(notify_props);
        }
        if self.timezone.is_some() {
            user.timezone.clone_from(&self.timezone);
        }
        if self.remote_id.is_some() {
            user.remote_id.clone_from(&self.remote_id);
        }
    }
}
