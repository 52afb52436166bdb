//! What the config says of one installation of Mattermost (`services.<instance>.options`). The schema beside this file is
//! what is checked; this is the same as a type.

use serde::Deserialize;

use crate::provider::contract::{Claim, Holds};

/// The JSON Schema of the options.
pub const SCHEMA: &str = include_str!("options.schema.json");

/// The options of one installation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How people sign in. `None`: no accounts can be made.
    pub sign_in: Option<SignIn>,
    /// The client of the identity provider that signs people in.
    pub sign_in_client: String,
    /// The pool of numbers by which Mattermost knows people, named as the attribute that holds them.
    pub number_attribute: String,
    /// Whether the mono-repo vouches for addresses.
    pub vouch_for_email: bool,
    /// Whether the server writes to people for whom an account is made.
    pub welcome_mail: bool,
    /// Whether teams that say nothing of it may be joined by anybody. `None`: made closed, and not kept true.
    pub open_teams: Option<bool>,
    /// Whether channels that say nothing of it are private.
    pub private_channels: bool,
}

/// How people sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignIn {
    /// Through the GitLab settings, by the number that the claim `id` carries. Works in every edition.
    GitLab,
    /// OpenID Connect, by the `sub`. Needs a licence.
    OpenId,
    /// SAML, by the attribute that the settings name as the id. Needs a licence.
    Saml,
    /// A password.
    Password,
}

impl SignIn {
    /// The server's word for it: `auth_service` of an account; none where it has a password.
    pub fn auth_service(self) -> Option<&'static str> {
        match self {
            Self::GitLab => Some("gitlab"),
            Self::OpenId => Some("openid"),
            Self::Saml => Some("saml"),
            Self::Password => None,
        }
    }

    /// Whether the server needs a licence for it.
    pub fn needs_licence(self) -> bool {
        matches!(self, Self::OpenId | Self::Saml)
    }
}

impl Options {
    /// Reads options that the schema has passed. What is not there is the default.
    ///
    /// # Errors
    /// What does not fit, in serde's words; the schema passes nothing that gets here.
    pub fn read(options: &serde_json::Value) -> Result<Self, serde_json::Error> {
        match options {
            serde_json::Value::Null => Ok(Self::default()),
            given => Self::deserialize(given),
        }
    }

    /// What is wanted of the identity provider. The GitLab settings look for an integer `id`, and Mattermost must not ask
    /// for the scope `openid` (it would take another, licensed, way), without which Keycloak tells nothing: so that scope
    /// is to be given unasked (guide, section 3.3). The username is taken from `username`.
    pub fn claims(&self) -> Vec<Claim> {
        if self.sign_in != Some(SignIn::GitLab) {
            return Vec::new();
        }
        vec![Claim {
            name: "id".to_owned(),
            holds: Holds::Number(self.number_attribute.clone()),
            client: Some(self.sign_in_client.clone()),
            scope: Some("openid".to_owned()),
            why: "Mattermost knows people by the integer 'id' of the user-info answer".to_owned(),
        }]
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sign_in: None,
            sign_in_client: "mattermost".to_owned(),
            number_attribute: "mattermost_id".to_owned(),
            vouch_for_email: false,
            welcome_mail: false,
            open_teams: None,
            private_channels: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> serde_json::Value {
        serde_json::from_str(SCHEMA).expect("the schema is JSON")
    }

    #[test]
    fn the_schema_and_the_type_agree() {
        let validator = jsonschema::validator_for(&schema()).expect("the schema is a schema");
        let full = serde_json::json!({
            "sign_in": "gitlab", "sign_in_client": "chat", "number_attribute": "chat_number", "vouch_for_email": true,
            "welcome_mail": true, "open_teams": false, "private_channels": false,
        });
        assert!(validator.is_valid(&full));
        let options = Options::read(&full).expect("what the schema passes is read");
        assert_eq!(options.sign_in, Some(SignIn::GitLab));
        for wrong in [
            // Stored by the server, and then matched by nothing.
            serde_json::json!({"sign_in": "oidc"}),
            serde_json::json!({"sign_in": "email"}),
            serde_json::json!({"number_attribute": "Has Blanks"}),
            serde_json::json!({"open_team": true}),
        ] {
            assert!(!validator.is_valid(&wrong), "{wrong}");
        }
    }

    #[test]
    fn defaults_stand_in_the_schema_as_in_the_type() {
        let schema = schema();
        let of = |name: &str| schema["properties"][name]["default"].clone();
        let options = Options::default();
        assert_eq!(of("sign_in_client"), options.sign_in_client);
        assert_eq!(of("number_attribute"), options.number_attribute);
        assert_eq!(of("vouch_for_email"), options.vouch_for_email);
        assert_eq!(of("welcome_mail"), options.welcome_mail);
        assert_eq!(of("private_channels"), options.private_channels);
    }
}
