//! The options of one installation: `services.<instance>.options` in the config.

use serde::Deserialize;

/// The JSON Schema of [`Options`]; the config is held to it before anything here sees it.
pub const SCHEMA: &str = include_str!("options.schema.json");

/// The indicator of the management API of every Logto of one's own, whatever its host.
pub const RESOURCE: &str = "https://default.logto.app/api";

/// What the config says of an installation beyond its address and credentials.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// What tokens are asked for: an identifier, not an address.
    #[serde(default = "resource")]
    pub resource: String,
    /// The release, which the service does not tell.
    #[serde(default)]
    pub version: Option<String>,
    /// Whether the mono-repo vouches for the addresses that it declares.
    #[serde(default)]
    pub vouch_for_email: bool,
    /// Whether people get a username.
    #[serde(default = "yes")]
    pub usernames: bool,
    /// Applications that are kept true.
    #[serde(default)]
    pub applications: Vec<Application>,
    /// Webhooks that are kept true.
    #[serde(default)]
    pub webhooks: Vec<Webhook>,
}

/// An application that signs people in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// What we call it.
    pub key: String,
    /// The name that people see.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// How it signs people in.
    #[serde(rename = "type", default)]
    pub sort: ApplicationType,
    /// Addresses that codes may be sent to.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Addresses that people may be sent to after signing out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Origins whose scripts may ask for tokens.
    #[serde(default)]
    pub cors_allowed_origins: Vec<String>,
    /// Whether it gets a refresh token without asking for consent.
    #[serde(default)]
    pub always_issue_refresh_token: bool,
}

/// How an application signs people in, by Logto's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum ApplicationType {
    /// With a secret, by codes.
    #[default]
    Traditional,
    /// In a browser, without a secret.
    #[serde(rename = "SPA")]
    SinglePage,
    /// On a device, without a secret.
    Native,
    /// As itself.
    MachineToMachine,
}

impl ApplicationType {
    /// Logto's word for it.
    pub fn word(self) -> &'static str {
        match self {
            ApplicationType::Traditional => "Traditional",
            ApplicationType::SinglePage => "SPA",
            ApplicationType::Native => "Native",
            ApplicationType::MachineToMachine => "MachineToMachine",
        }
    }
}

/// An address that is told of what happens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// What it is known by.
    pub name: String,
    /// The address.
    pub url: String,
    /// What it is told of.
    pub events: Vec<String>,
    /// Whether it is told anything.
    #[serde(default = "yes")]
    pub enabled: bool,
}

impl Options {
    /// Reads options that are valid against [`SCHEMA`].
    ///
    /// # Errors
    /// When they are not.
    pub fn read(options: &serde_json::Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(options)
    }
}

fn resource() -> String {
    RESOURCE.to_owned()
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_schema_are_valid_and_readable() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let examples = schema["examples"].as_array().unwrap();
        assert!(!examples.is_empty());
        for example in examples {
            assert!(validator.is_valid(example), "{example}");
            Options::read(example).unwrap();
        }
        for wrong in [
            serde_json::json!({"realm": "acme"}),
            serde_json::json!({"resource": "https://default.logto.app/api/"}),
            serde_json::json!({"applications": [{"name": "no key"}]}),
            serde_json::json!({"webhooks": [{"name": "a", "url": "https://a.example", "events": []}]}),
        ] {
            assert!(!validator.is_valid(&wrong), "{wrong}");
        }
    }

    #[test]
    fn nothing_must_be_said() {
        let options = Options::read(&serde_json::json!({})).unwrap();
        assert_eq!(options.resource, RESOURCE);
        assert!(options.usernames && !options.vouch_for_email);
    }
}
