//! The JSON Schema of the config with what each type of service adds to it: what an editor is given.

use serde_json::{Value, json};

use super::SCHEMA;
use super::services::ServiceType;

/// The schema of the config for these types of service. An instance takes the options of its `type`, or of the type that
/// its name is.
pub fn schema(types: &[ServiceType]) -> Value {
    let mut schema = base();
    let by_type: Vec<Value> = types
        .iter()
        .map(|it| {
            json!({
                "if": {"required": ["type"], "properties": {"type": {"const": it.name}}},
                "then": {"properties": {"options": it.options}}
            })
        })
        .collect();
    let by_name: serde_json::Map<String, Value> = types
        .iter()
        .map(|it| {
            let options = json!({
                "$ref": "#/$defs/service",
                "if": {"not": {"required": ["type"]}},
                "then": {"properties": {"options": it.options}}
            });
            (it.name.to_owned(), options)
        })
        .collect();
    schema["$defs"]["service"]["allOf"] = Value::Array(by_type);
    schema["properties"]["services"]["properties"] = Value::Object(by_name);
    schema
}

/// The schema without types.
pub(super) fn base() -> Value {
    serde_json::from_str(SCHEMA).expect("the schema in the binary is JSON")
}
