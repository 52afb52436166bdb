//! The options of one installation: `services.<instance>.options` in the config.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The JSON Schema of [`Options`]; the config is held to it before anything here sees it.
pub const SCHEMA: &str = include_str!("options.schema.json");

/// Where a mark lives when nothing else is said.
pub const MARK: &str = "formulary.ledger";

/// What the config says of an installation beyond its address and credentials.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The realm, by name.
    pub realm: String,
    /// The release, where the service does not tell it.
    #[serde(default)]
    pub version: Option<String>,
    /// The attribute that carries our mark.
    #[serde(default = "mark")]
    pub mark_attribute: String,
    /// Whether the mono-repo vouches for the addresses that it declares.
    #[serde(default)]
    pub vouch_for_email: bool,
    /// How a newcomer first signs in.
    #[serde(default)]
    pub first_sign_in: FirstSignIn,
    /// The letter of an invitation.
    #[serde(default)]
    pub invitation: Invitation,
    /// Clients that are kept true.
    #[serde(default)]
    pub clients: Vec<Client>,
    /// Roles of the realm.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Client scopes and the mappers in them.
    #[serde(default)]
    pub client_scopes: Vec<ClientScope>,
    /// Attributes that the user profile declares.
    #[serde(default)]
    pub profile_attributes: Vec<ProfileAttribute>,
    /// Whether the `groups` claim names whole paths.
    #[serde(default)]
    pub full_group_path: bool,
}

/// How a newcomer first signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FirstSignIn {
    /// A letter with a link, once; where the realm cannot send mail, the same actions wait at the first sign-in.
    #[default]
    Invitation,
    /// Another identity provider, which the realm trusts.
    Upstream,
    /// Nothing is prepared.
    None,
}

impl FirstSignIn {
    /// The word in the field `first_sign_in`.
    pub fn word(self) -> &'static str {
        match self {
            FirstSignIn::Invitation => "invitation",
            FirstSignIn::Upstream => "upstream",
            FirstSignIn::None => "none",
        }
    }
}

/// The letter of an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Invitation {
    /// What the newcomer has to do, by Keycloak's names.
    pub actions: Vec<String>,
    /// The client that the newcomer is led to afterwards.
    pub client_id: Option<String>,
    /// Where exactly; must be one of that client's redirect addresses.
    pub redirect_uri: Option<String>,
    /// How long the link works.
    pub lifespan_hours: Option<u32>,
}

impl Default for Invitation {
    fn default() -> Self {
        Self { actions: vec!["UPDATE_PASSWORD".to_owned()], client_id: None, redirect_uri: None, lifespan_hours: None }
    }
}

/// A client that signs people in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its clientId.
    pub client_id: String,
    /// The name that people see.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether it can sign anybody in.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What relative addresses begin with.
    #[serde(default)]
    pub root_url: Option<String>,
    /// Where people are led when they open it from Keycloak.
    #[serde(default)]
    pub base_url: Option<String>,
    /// Addresses that codes may be sent to.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Origins whose scripts may ask for tokens; by default the origins of the redirect addresses.
    #[serde(default)]
    pub web_origins: Option<Vec<String>>,
    /// Addresses that people may be sent to after signing out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Whether it has no secret.
    #[serde(default)]
    pub public: bool,
    /// The challenge that it must use.
    #[serde(default)]
    pub pkce: Option<Pkce>,
    /// Whether it can sign in as itself.
    #[serde(default)]
    pub service_account: bool,
    /// Scopes that every token has; by default those that a realm gives, and those that the services' claims need.
    #[serde(default)]
    pub default_scopes: Option<Vec<String>>,
    /// Scopes that it may ask for; where nothing is said a new client has none, and later ones are left alone.
    #[serde(default)]
    pub optional_scopes: Option<Vec<String>>,
    /// Its secret, by reference.
    #[serde(default)]
    pub secret: Option<String>,
}

/// The challenge of a sign-in (RFC 7636).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Pkce {
    /// A hash.
    S256,
    /// The text itself.
    #[serde(rename = "plain")]
    Plain,
}

impl Pkce {
    /// Keycloak's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Pkce::S256 => "S256",
            Pkce::Plain => "plain",
        }
    }
}

/// A role of the realm.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// What it allows.
    #[serde(default)]
    pub description: Option<String>,
}

/// A client scope.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientScope {
    /// Its name. A scope that every realm has keeps its own settings and only gains the mappers.
    pub name: String,
    /// What it gives.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether tokens name it in `scope`.
    #[serde(default)]
    pub include_in_token_scope: bool,
    /// Its mappers.
    #[serde(default)]
    pub mappers: Vec<Mapper>,
}

/// A mapper: what puts a claim into tokens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapper {
    /// Its name in the scope.
    pub name: String,
    /// Keycloak's name of the mapper.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its settings.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
}

/// An attribute that the user profile declares.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileAttribute {
    /// Its name.
    pub name: String,
    /// What forms call it.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Whether it may hold several values.
    #[serde(default)]
    pub multivalued: bool,
    /// Who may see it.
    #[serde(default = "admin")]
    pub view: Vec<String>,
    /// Who may change it.
    #[serde(default = "admin")]
    pub edit: Vec<String>,
    /// What of a person's document it holds: `title`, `description`, `picture` or `home`.
    /// Without it the values are left to others.
    #[serde(default)]
    pub from: Option<String>,
}

impl ProfileAttribute {
    /// An attribute that administrators alone see and change, for values that are not taken from documents.
    pub fn of_administrators(name: &str) -> Self {
        Self { name: name.to_owned(), display_name: None, multivalued: false, view: admin(), edit: admin(), from: None }
    }
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

fn mark() -> String {
    MARK.to_owned()
}

fn yes() -> bool {
    true
}

fn admin() -> Vec<String> {
    vec!["admin".to_owned()]
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
        assert!(!validator.is_valid(&serde_json::json!({"realm": "acme", "relm": 1})));
        assert!(!validator.is_valid(&serde_json::json!({})));
    }

    #[test]
    fn a_realm_is_all_that_must_be_said() {
        let options = Options::read(&serde_json::json!({"realm": "acme"})).unwrap();
        assert_eq!(options.mark_attribute, MARK);
        assert_eq!(options.first_sign_in, FirstSignIn::Invitation);
        assert!(!options.vouch_for_email);
    }
}
