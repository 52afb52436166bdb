//! Accounts as the server stores them: people, what a bot adds to one, personal tokens, sessions.

use serde_json::{Map, Value};

/// A person or a bot. Times are milliseconds since 1970; `delete_at` of 0 means active.
#[derive(Debug, Clone, Default)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) create_at: i64,
    /// As reads by identifier show it, which come from a cache.
    pub(super) update_at: i64,
    /// When somebody last signed in: the database moves `update_at` then, and the cache does not notice.
    pub(super) last_login: i64,
    pub(super) delete_at: i64,
    pub(super) username: String,
    /// None where the account signs in otherwise, or not at all.
    pub(super) password: Option<String>,
    /// The subject at the login provider. Unique over all services.
    pub(super) auth_data: Option<String>,
    /// The login provider's name; empty for a password account. Never validated by the server.
    pub(super) auth_service: String,
    pub(super) email: String,
    pub(super) email_verified: bool,
    pub(super) nickname: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) position: String,
    /// Roles of the whole server, separated by blanks, as they were sent.
    pub(super) roles: String,
    pub(super) props: Map<String, Value>,
    pub(super) notify_props: Map<String, Value>,
    pub(super) last_password_update: i64,
    pub(super) last_picture_update: i64,
    pub(super) failed_attempts: i64,
    pub(super) locale: String,
    /// Absent after a whole update that did not name it.
    pub(super) timezone: Option<Map<String, Value>>,
    pub(super) remote_id: Option<String>,
}

impl User {
    pub(super) fn is_active(&self) -> bool {
        self.delete_at == 0
    }

    /// `update_at` as the database has it, which is what lists show.
    pub(super) fn stored_update_at(&self) -> i64 {
        self.update_at.max(self.last_login)
    }

    /// Whether the account belongs to a connected server, and not to this one.
    pub(super) fn is_remote(&self) -> bool {
        self.remote_id.as_deref().is_some_and(|id| !id.is_empty())
    }

    /// Whether a login provider over OAuth owns name and address.
    pub(super) fn is_by_oauth(&self) -> bool {
        ["gitlab", "google", "office365", "openid"].contains(&self.auth_service.as_str())
    }

    /// Whether the account holds a role of the whole server.
    pub(super) fn has_role(&self, role: &str) -> bool {
        self.roles.split_whitespace().any(|held| held == role)
    }
}

/// What makes an account a bot. Its own `delete_at` is set by the bot calls only, not by deactivating the account.
#[derive(Debug, Clone)]
pub(super) struct Bot {
    /// The account.
    pub(super) user_id: String,
    pub(super) description: String,
    pub(super) owner_id: String,
    pub(super) create_at: i64,
    pub(super) update_at: i64,
    pub(super) delete_at: i64,
}

/// A personal access token, of a person or of a bot.
#[derive(Debug, Clone)]
pub(super) struct AccessToken {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) user_id: String,
    pub(super) description: String,
    pub(super) is_active: bool,
}

/// A sign-in, or what a personal token opens by its first call.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) token: String,
    pub(super) csrf: String,
    pub(super) create_at: i64,
    pub(super) expires_at: i64,
    pub(super) user_id: String,
    pub(super) kind: SessionKind,
    /// The roles that the person held when the session began, as the session's record shows them.
    pub(super) roles: String,
}

/// Where a session comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionKind {
    Login,
    /// By a sign-in through a login provider.
    SingleSignOn,
    PersonalToken,
}
