//! What the config says of one workspace of Twenty (`services.<instance>.options`). The schema beside this file is what is
//! checked; this is the same as a type.

use serde::Deserialize;

/// The JSON Schema of the options.
pub const SCHEMA: &str = include_str!("options.schema.json");

/// The options of one workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The custom text field, on companies, people and opportunities, that carries our mark.
    pub key_field: String,
    /// The custom field of opportunities that holds where the workspace is opened.
    pub workspace_url_field: String,
    /// What becomes an opportunity.
    pub opportunities: Opportunities,
    /// Which stages are ours; needed where something becomes an opportunity.
    pub stages: Option<Stages>,
    /// Records a page.
    pub page_size: usize,
    /// Minutes after which everything is read again; in between only what changed.
    pub full_read_minutes: i64,
}

/// What becomes an opportunity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Opportunities {
    /// Nothing.
    None,
    /// Each request for a workspace.
    Workspaces,
}

/// The values of an opportunity's stage that are ours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stages {
    /// While the workspace is asked for.
    pub open: String,
    /// Once it is asked for no more.
    pub ended: String,
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
            key_field: "formularyKey".to_owned(),
            workspace_url_field: "workspaceUrl".to_owned(),
            opportunities: Opportunities::None,
            stages: None,
            page_size: 200,
            full_read_minutes: 60,
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
            "key_field": "ourKey", "workspace_url_field": "deskUrl", "opportunities": "workspaces",
            "stages": { "open": "NEW", "ended": "CUSTOMER" }, "page_size": 60, "full_read_minutes": 15,
        });
        assert!(validator.is_valid(&full));
        let options = Options::read(&full).expect("what the schema passes is read");
        assert_eq!(options.stages.map(|it| it.ended).as_deref(), Some("CUSTOMER"));
        for wrong in [
            serde_json::json!({"opportunities": "workspaces"}),
            serde_json::json!({"stages": {"open": "NEW"}}),
            serde_json::json!({"stages": {"open": "new", "ended": "CUSTOMER"}}),
            serde_json::json!({"key_field": "workspace_url"}),
            serde_json::json!({"page_size": 201}),
        ] {
            assert!(!validator.is_valid(&wrong), "{wrong}");
        }
        let default = Options::default();
        assert_eq!(schema["properties"]["key_field"]["default"], default.key_field);
        assert_eq!(schema["properties"]["workspace_url_field"]["default"], default.workspace_url_field);
        assert_eq!(schema["properties"]["opportunities"]["default"], "none");
        assert_eq!(schema["properties"]["page_size"]["default"], default.page_size);
        assert_eq!(schema["properties"]["full_read_minutes"]["default"], default.full_read_minutes);
    }
}
