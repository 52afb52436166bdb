//! What the server sends, as far as we read it. Times are milliseconds; 0 means never.

use serde::{Deserialize, Deserializer};

/// Something that is told apart by an id of 26 letters and digits.
pub trait Identified {
    /// Its id.
    fn id(&self) -> &str;
}

/// An account: a person's, or a bot's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// Its id.
    pub id: String,
    /// Its name, in lower case.
    pub username: String,
    /// Its address, in lower case.
    #[serde(default)]
    pub email: String,
    /// The first name.
    #[serde(default)]
    pub first_name: String,
    /// The last name.
    #[serde(default)]
    pub last_name: String,
    /// What signs it in; empty for a password.
    #[serde(default)]
    pub auth_service: String,
    /// Whom that means. `None` where there is nothing; **present and empty where it is hidden from us**.
    #[serde(default)]
    pub auth_data: Option<String>,
    /// Its roles, separated by blanks, in any order.
    #[serde(default)]
    pub roles: String,
    /// When it was made, in milliseconds since 1970.
    #[serde(default)]
    pub create_at: i64,
    /// When it was deactivated.
    #[serde(default)]
    pub delete_at: i64,
    /// Whether it is a bot.
    #[serde(default)]
    pub is_bot: bool,
    /// The server that it belongs to, if it is another.
    #[serde(default, deserialize_with = "nothing")]
    pub remote_id: String,
}

impl User {
    /// Whether it may sign in.
    pub fn is_active(&self) -> bool {
        self.delete_at == 0
    }

    /// Whether it administers everything.
    pub fn is_administrator(&self) -> bool {
        self.roles.split_whitespace().any(|role| role == ADMINISTRATOR)
    }

    /// Whether its sign-in is hidden from us: then it looks like an account with a password, and is not to be believed.
    pub fn is_masked(&self) -> bool {
        self.auth_data.as_deref() == Some("")
    }

    /// Whether it belongs to a person of this server.
    pub fn is_person(&self) -> bool {
        !self.is_bot && self.remote_id.is_empty()
    }
}

/// The role that administers everything.
pub const ADMINISTRATOR: &str = "system_admin";

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Team {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The name that people see.
    #[serde(default)]
    pub display_name: String,
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// `O` or `I`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Whether anybody may join, where the type is `O`.
    #[serde(default)]
    pub allow_open_invite: bool,
    /// Whether its people come from directory groups alone.
    #[serde(default, deserialize_with = "nothing")]
    pub group_constrained: bool,
    /// When it was archived.
    #[serde(default)]
    pub delete_at: i64,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: String,
    /// Its team's id; empty for conversations.
    #[serde(default)]
    pub team_id: String,
    /// `O` for public, `P` for private.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Its name within its team.
    pub name: String,
    /// The name that people see.
    #[serde(default)]
    pub display_name: String,
    /// What stands above it.
    #[serde(default)]
    pub header: String,
    /// What it is for.
    #[serde(default)]
    pub purpose: String,
    /// Whether its people come from directory groups alone.
    #[serde(default, deserialize_with = "nothing")]
    pub group_constrained: bool,
    /// When it was archived.
    #[serde(default)]
    pub delete_at: i64,
}

/// One person in a team or in a channel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Member {
    /// The account.
    pub user_id: String,
    /// When they left a team; channels keep no such row.
    #[serde(default)]
    pub delete_at: i64,
    /// Whether they administer it.
    #[serde(default)]
    pub scheme_admin: bool,
}

/// How many are in a team.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TeamStats {
    /// All of them, deactivated ones too.
    pub total_member_count: usize,
}

/// How many accounts there are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UserStats {
    /// As the filter asked.
    pub total_users_count: usize,
}

/// A bot's record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Bot {
    /// Its account.
    pub user_id: String,
    /// Its name.
    pub username: String,
    /// Who made it; when they are deactivated, so may the bot be.
    #[serde(default)]
    pub owner_id: String,
}

/// A personal access token, without the token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Token {
    /// Its id.
    pub id: String,
}

/// Limits of the server, and how far they are used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ServerLimits {
    /// Active people; the next one is refused. 0 for no limit.
    #[serde(default, rename = "maxUsersHardLimit")]
    pub most_people: i64,
    /// Active people now, bots not counted.
    #[serde(default, rename = "activeUserCount")]
    pub active_people: i64,
}

impl Identified for User {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Identified for Team {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Identified for Channel {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Identified for Member {
    fn id(&self) -> &str {
        &self.user_id
    }
}

impl Identified for Bot {
    fn id(&self) -> &str {
        &self.user_id
    }
}

/// Null, which some releases send for what is empty, as the empty value.
fn nothing<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
