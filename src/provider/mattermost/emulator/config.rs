//! The server's configuration, as far as a setting changes an answer that is imitated.

use serde_json::{Map, Value, json};

/// Sections of settings. Those that the server has and that change nothing here are not kept.
#[derive(Debug, Clone)]
pub(super) struct Config {
    sections: Map<String, Value>,
    /// How often a setting was changed since the server's start.
    changes: u32,
}

impl Default for Config {
    fn default() -> Self {
        let sections = json!({
            "ServiceSettings": {
                "SiteURL": "http://mattermost.example",
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
                "ExperimentalEnableAutomaticReplies": false,
                "RestrictDirectMessage": "any",
            },
            "EmailSettings": {
                "EnableSignUpWithEmail": true,
                "EnableSignInWithEmail": true,
                "EnableSignInWithUsername": true,
                "RequireEmailVerification": false,
                "SendEmailNotifications": true,
            },
            "PrivacySettings": { "ShowEmailAddress": true, "ShowFullName": true },
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
                "AuthEndpoint": "",
                "TokenEndpoint": "",
                "UserAPIEndpoint": "",
                "DiscoveryEndpoint": "",
                "ButtonText": "",
                "ButtonColor": "",
                "UsePreferredUsername": false,
            },
        });
        let sections = sections.as_object().cloned().unwrap_or_default();
        Config { sections, changes: 0 }
    }
}

impl Config {
    /// A setting, or null.
    pub(super) fn get(&self, section: &str, setting: &str) -> &Value {
        self.sections.get(section).and_then(|section| section.get(setting)).unwrap_or(&Value::Null)
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
        self.changes += 1;
        let section = self.sections.entry(section).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(section) = section {
            section.insert(setting.to_owned(), value);
        }
    }

    /// All sections as the API shows them to an administrator.
    pub(super) fn sections(&self) -> &Map<String, Value> {
        &self.sections
    }
}

/// The release that is imitated.
pub(super) const VERSION: &str = "11.6.0";

impl Config {
    /// How often a setting was changed since the server's start.
    pub(super) fn changes(&self) -> u32 {
        self.changes
    }

    /// The settings that differ from the defaults.
    pub(super) fn changed(&self) -> Map<String, Value> {
        let defaults = Config::default();
        let changed = self.sections.iter().filter_map(|(section, settings)| {
            let settings = settings.as_object()?.iter();
            let differing = settings.filter(|(setting, value)| defaults.get(section, setting) != *value);
            let differing: Map<String, Value> = differing.map(|(key, value)| (key.clone(), value.clone())).collect();
            (!differing.is_empty()).then(|| (section.clone(), Value::Object(differing)))
        });
        changed.collect()
    }

    /// Whether every setting of a patch is of the kind that the setting has.
    pub(super) fn takes(&self, sections: &Map<String, Value>) -> bool {
        let settings = sections.iter().flat_map(|(section, settings)| {
            settings.as_object().into_iter().flatten().map(move |(setting, value)| (section, setting, value))
        });
        settings.into_iter().all(|(section, setting, value)| {
            let known = self.get(section, setting);
            known.is_null() || value.is_null() || std::mem::discriminant(known) == std::mem::discriminant(value)
        })
    }

    /// The header that names version, build, configuration and licence. A changed configuration changes it.
    pub(super) fn version_header(&self, is_licensed: bool) -> String {
        let text = Value::Object(self.sections.clone()).to_string();
        let hash = text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        format!("{VERSION}.{VERSION}.{hash:016x}{hash:016x}{hash:016x}{hash:016x}.{is_licensed}")
    }
}
