//! What the config says of one Backstage (`services.<instance>.options`). The schema beside this file is what is checked; this
//! is the same as a type.

use serde::Deserialize;

use super::place::Place;

/// The JSON Schema of the options.
pub const SCHEMA: &str = include_str!("options.schema.json");

/// The options of one installation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// How the catalogue reads the mono-repo.
    pub catalog: Catalog,
}

/// How the catalogue reads the mono-repo.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// Where: an address of the mono-repo's root at its branch, which the catalogue has an integration for.
    pub url: Place,
    /// Seconds that a file may take, from its refresh to the catalogue, before that is called a failure.
    #[serde(default = "patience")]
    pub patience_seconds: u32,
    /// Entities a page.
    #[serde(default = "page_size")]
    pub page_size: usize,
}

const fn patience() -> u32 {
    60
}

const fn page_size() -> usize {
    500
}

impl Options {
    /// Reads options that the schema has passed.
    ///
    /// # Errors
    /// What does not fit, in serde's words: an address that the schema cannot tell from a good one.
    pub fn read(options: &serde_json::Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(options)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_schema_and_the_type_agree() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let url = "https://git.acme.example/platform/platform-formulas/src/branch/main";
        let full = json!({ "catalog": { "url": url, "patience_seconds": 30, "page_size": 100 } });
        assert!(validator.is_valid(&full));
        assert_eq!(Options::read(&full).unwrap().catalog.page_size, 100);
        let least = json!({ "catalog": { "url": url } });
        assert!(validator.is_valid(&least));
        let options = Options::read(&least).unwrap();
        let properties = &schema["properties"]["catalog"]["properties"];
        assert_eq!(properties["patience_seconds"]["default"], options.catalog.patience_seconds);
        assert_eq!(properties["page_size"]["default"], options.catalog.page_size);
        for wrong in [
            json!({}),
            json!({ "catalog": {} }),
            json!({ "catalog": { "url": "ssh://git.acme.example/x" } }),
            json!({ "catalog": { "url": url, "page_size": 0 } }),
        ] {
            assert!(!validator.is_valid(&wrong), "{wrong}");
        }
        // What only the type knows, with the reason.
        let slash = json!({ "catalog": { "url": format!("{url}/of/alice") } });
        assert!(Options::read(&slash).unwrap_err().to_string().contains("slash"));
    }
}
