//! The server's configuration, as far as a setting changes an answer that is imitated.

use serde_json::{Map, Value, json};

/// Sections of settings. Those that the server has and that change nothing here are not kept.
#[derive(Debug, Clone)]
pub(super) struct Config(Map<String, Value>);

impl Default for Config {
    fn default() -> Self {
        let sections = json!({
            "ServiceSettings": {
                "SiteURL": "",
                "EnableUserAccessTokens": false,
                "EnableBotAccountCreation": false,
                "DisableBotsWhenOwnerIsDeactivated": true,
                "EnableDeveloper": false,
                "ExperimentalEnableHardenedMode": false,
                "EnableIncomingWebhooks": true,
                "EnableOutgoingWebhooks": true,
                "ExperimentalEnableDefaultChannelLeaveJoinMessages": true,
                "EnablePostUsernameOverride": false,
                "EnablePostIconOverride": false,
                "EnableAPIUserDeletion": false,
                "EnableAPITeamDeletion": false,
                "EnableAPIChannelDeletion": false,
                "MaximumPayloadSizeBytes": 300_000,
            },
            "TeamSettings": {
                "SiteName": "Mattermost",
                "MaxUsersPerTeam": 50,
                "MaxChannelsPerTeam": 2000,
                "EnableOpenServer": false,
                "EnableUserCreation": true,
                "EnableUserDeactivation": false,
                "RestrictCreationToDomains": "",
                "ExperimentalDefaultChannels": [],
            },
            "EmailSettings": {
                "EnableSignUpWithEmail": true,
                "EnableSignInWithEmail": true,
                "EnableSignInWithUsername": true,
                "RequireEmailVerification": false,
            },
            "PasswordSettings": {
                "MinimumLength": 8,
                "Lowercase": false,
                "Number": false,
                "Uppercase": false,
                "Symbol": false,
            },
            "RateLimitSettings": {
                "Enable": false,
                "PerSec": 10,
                "MaxBurst": 100,
                "MemoryStoreSize": 10_000,
                "VaryByRemoteAddr": true,
                "VaryByUser": false,
                "VaryByHeader": "",
            },
            "LocalizationSettings": {
                "DefaultServerLocale": "en",
                "DefaultClientLocale": "en",
                "AvailableLocales": "",
            },
            "GitLabSettings": {
                "Enable": false,
                "Secret": "",
                "Id": "",
                "Scope": "",
                "UsePreferredUsername": false,
            },
        });
        match sections {
            Value::Object(sections) => Config(sections),
            _ => Config(Map::new()),
        }
    }
}

impl Config {
    fn get(&self, section: &str, setting: &str) -> &Value {
        self.0.get(section).and_then(|section| section.get(setting)).unwrap_or(&Value::Null)
    }

    /// A setting that is a truth value. A setting that is not kept is off.
    pub(super) fn is_on(&self, section: &str, setting: &str) -> bool {
        self.get(section, setting).as_bool().unwrap_or(false)
    }

    /// A setting that is a whole number.
    pub(super) fn number(&self, section: &str, setting: &str) -> i64 {
        self.get(section, setting).as_i64().unwrap_or(0)
    }

    /// A setting that is a text.
    pub(super) fn text(&self, section: &str, setting: &str) -> &str {
        self.get(section, setting).as_str().unwrap_or("")
    }

    /// A setting that is a list of texts.
    pub(super) fn list(&self, section: &str, setting: &str) -> Vec<&str> {
        self.get(section, setting).as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Sets one setting, known or not.
    pub(super) fn set(&mut self, section: &str, setting: &str, value: Value) {
        let section = self.0.entry(section).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(section) = section {
            section.insert(setting.to_owned(), value);
        }
    }

    /// All sections as the API shows them to an administrator.
    pub(super) fn sections(&self) -> &Map<String, Value> {
        &self.0
    }
}

/// The release that is imitated.
pub(super) const VERSION: &str = "11.6.0";

impl Config {
    /// The header that names version, build, configuration and licence. A changed configuration changes it.
    pub(super) fn version_header(&self) -> String {
        let text = Value::Object(self.0.clone()).to_string();
        let hash = text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        format!("{VERSION}.{VERSION}.{hash:016x}{hash:016x}{hash:016x}{hash:016x}.false")
    }
}
