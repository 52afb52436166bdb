//! What the config says of one installation of Coder (`services.<instance>.options`). The schema beside this file is what
//! is checked; this is the same as a type.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The JSON Schema of the options.
pub const SCHEMA: &str = include_str!("options.schema.json");

/// The options of one installation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The organisation that everything lives in: its name, or `default`.
    pub organization: String,
    /// How people sign in.
    pub sign_in: SignIn,
    /// Whether accounts are made active, which takes a seat at once, instead of dormant.
    pub active_accounts: bool,
    /// Whether organisations and teams become groups, which takes a licence.
    pub groups: bool,
    /// What templates are imported with, by the name of the formula.
    pub templates: BTreeMap<String, Import>,
}

/// How people sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignIn {
    /// By the identity provider: the first sign-in finds the account by its verified address.
    Oidc,
    /// By a password, which nobody knows until the person sets another.
    Password,
}

/// What one template is imported with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Import {
    /// Values of its Terraform variables.
    pub variables: BTreeMap<String, String>,
    /// A reference to a secret that holds more of them: a JSON object of names and texts.
    pub secret_variables: Option<String>,
    /// The tags of the provisioners that may work on it.
    pub tags: BTreeMap<String, String>,
}

impl SignIn {
    /// Coder's word for it.
    pub fn login_type(self) -> &'static str {
        match self {
            Self::Oidc => "oidc",
            Self::Password => "password",
        }
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
}

impl Default for Options {
    fn default() -> Self {
        Self {
            organization: "default".to_owned(),
            sign_in: SignIn::Oidc,
            active_accounts: false,
            groups: false,
            templates: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_and_the_type_agree() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
        let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
        let full = serde_json::json!({
            "organization": "acme", "sign_in": "password", "active_accounts": true, "groups": true,
            "templates": { "ml": {
                "variables": { "region": "north" }, "secret_variables": "env:ML_VARIABLES", "tags": { "zone": "a" },
            } },
        });
        assert!(validator.is_valid(&full));
        let options = Options::read(&full).expect("what the schema passes is read");
        assert_eq!(options.templates["ml"].variables["region"], "north");
        for wrong in [
            serde_json::json!({"sign_in": "github"}),
            serde_json::json!({"templates": {"ml": {"variables": {"count": 3}}}}),
            serde_json::json!({"templates": {"ml": {"secret_variables": "hunter2"}}}),
        ] {
            assert!(!validator.is_valid(&wrong), "{wrong}");
        }
        let default = Options::default();
        assert_eq!(schema["properties"]["organization"]["default"], default.organization);
        assert_eq!(schema["properties"]["sign_in"]["default"], default.sign_in.login_type());
        assert_eq!(schema["properties"]["active_accounts"]["default"], default.active_accounts);
        assert_eq!(schema["properties"]["groups"]["default"], default.groups);
    }
}
