//! What an installation begins with.

use chrono::Duration;
use serde_json::{Value, json};

/// What the operator of the imitated server has set, and whether anybody has an account there.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether the server has no account at all, so that the first one that is made becomes its administrator.
    pub is_empty: bool,
    /// Settings that differ from the defaults, by section, as the server's configuration file writes them. Of
    /// `RateLimitSettings` only what stands here counts: the limiter is built when the server starts.
    pub config: Value,
    /// People who have an account already, in the order in which they got it.
    pub people: Vec<Person>,
    /// Whether it has a licence: then it says so, and takes any number of people. Nothing else that one brings is imitated.
    pub is_licensed: bool,
    /// How long the server has been running. Some minutes after its start it makes a bot of its own.
    pub running_for: Duration,
}

/// Somebody who has an account from the beginning, with the address `<username>@acme.example`.
#[derive(Debug, Clone)]
pub struct Person {
    /// The identifier, where it matters.
    pub id: Option<String>,
    /// The name.
    pub username: String,
    /// Service and subject of the login provider; a password where there is none.
    pub auth: Option<(String, String)>,
}

impl Default for Settings {
    /// One administrator, and tokens and bots switched on: what the recordings begin with.
    fn default() -> Self {
        let config = json!({
            "ServiceSettings": { "EnableUserAccessTokens": true, "EnableBotAccountCreation": true },
        });
        Settings { is_empty: false, config, people: Vec::new(), is_licensed: false, running_for: Duration::zero() }
    }
}

impl Settings {
    /// A new server in its default configuration: nobody has an account, tokens and bots are switched off.
    pub fn empty() -> Self {
        Settings {
            is_empty: true,
            config: json!({}),
            people: Vec::new(),
            is_licensed: false,
            running_for: Duration::zero(),
        }
    }

    /// Sets one setting more.
    #[must_use]
    pub fn with(mut self, section: &str, setting: &str, value: impl Into<Value>) -> Self {
        self.config[section][setting] = value.into();
        self
    }
}
