//! What the config says of GitHub (`services.<instance>.options`). The schema beside this file is what is checked; this is
//! the same as a type.

use serde::Deserialize;

/// The JSON Schema of the options.
pub const SCHEMA: &str = include_str!("options.schema.json");

/// The options of one GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Our App's name in addresses.
    pub app: String,
    /// Where people reach it, without a slash at the end.
    #[serde(default = "github")]
    pub web: String,
    /// `owner/name` of the mono-repo.
    #[serde(default)]
    pub repository: Option<String>,
    /// Its number.
    #[serde(default)]
    pub repository_id: Option<i64>,
    /// Where its webhook should lead.
    #[serde(default)]
    pub webhook: Option<String>,
}

fn github() -> String {
    "https://github.com".to_owned()
}

impl Options {
    /// Reads options that the schema has passed.
    ///
    /// # Errors
    /// What does not fit, in serde's words; the schema passes nothing that gets here.
    pub fn read(options: &serde_json::Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(options)
    }

    /// The mono-repo's owner and name.
    pub fn repository(&self) -> Option<(&str, &str)> {
        self.repository.as_deref()?.split_once('/')
    }

    /// Where our App is shown, by the rule of github.com and that of Enterprise Servers (guide, section 1).
    pub fn app_page(&self) -> String {
        let is_cloud = self.web == github() || self.web.ends_with(".ghe.com");
        format!("{}/{}/{}", self.web, if is_cloud { "apps" } else { "github-apps" }, self.app)
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
            "app": "formulary-acme", "web": "https://git.acme.example", "repository": "acme-corp/platform",
            "repository_id": 7, "webhook": "https://formulary.acme.example/webhooks/github",
        });
        assert!(validator.is_valid(&full));
        let options = Options::read(&full).expect("what the schema passes is read");
        assert_eq!(options.app_page(), "https://git.acme.example/github-apps/formulary-acme");
        assert_eq!(options.repository(), Some(("acme-corp", "platform")));
        let least = Options::read(&serde_json::json!({ "app": "f" })).expect("the App alone is enough");
        assert_eq!(least.app_page(), "https://github.com/apps/f");
        assert_eq!(schema["properties"]["web"]["default"], least.web);
        for wrong in [
            serde_json::json!({}),
            serde_json::json!({ "app": "f", "webhook": "https://a" }),
            serde_json::json!({ "app": "f", "web": "https://a/b" }),
            serde_json::json!({ "app": "f", "repository": "alone" }),
        ] {
            assert!(!validator.is_valid(&wrong), "{wrong}");
        }
    }
}
