//! Refusals of a merge that repeat the whole object, as the server's program writes it.

use serde_json::{Map, Value, json};

use super::resources::Resource;
use super::status::{Reply, failure};
use super::whole::{fits_words, unknown};
use super::world::Kept;

/// The order in which the server writes what it says of an object.
const METADATA: &[&str] = &[
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// Refuses what a merge made of an object where a field is of another type, or unknown under strict eyes.
pub(super) fn check(
    resource: &Resource,
    before: &Kept,
    merged: &Value,
    patch: &Value,
    strict: bool,
) -> Result<(), Reply> {
    let what = match fits_words(resource, merged) {
        Ok(()) => {
            let strange = unknown(resource, &mut merged.clone());
            if strange.is_empty() || !strict {
                return Ok(());
            }
            format!("strict decoding error: {}", strange.join(", "))
        }
        Err(Some(what)) => what,
        Err(None) => return Err(Reply::NotModelled),
    };
    // Of other kinds the order of fields is not known here.
    if resource.plural != "configmaps" {
        return Err(Reply::NotModelled);
    }
    let text = written(&in_order(&before.shown()), patch).to_string();
    // Some signs the program writes in its own way.
    if !text.is_ascii() || text.contains(['<', '>', '&', '\u{7f}']) {
        return Err(Reply::NotModelled);
    }
    let message = format!("Invalid value: {}: {what}", json!(text));
    let cause = json!({ "reason": "FieldValueInvalid", "message": message, "field": "patch" });
    let details = json!({ "causes": [cause] });
    Err(failure(422, format!(" \"\" is invalid: patch: {message}"), "Invalid", Some(details)))
}

/// A ConfigMap in the order of the server's own type.
fn in_order(object: &Value) -> Value {
    let pick = |value: &Value, names: &[&str]| -> Map<String, Value> {
        names.iter().filter_map(|name| Some(((*name).to_owned(), value.get(*name)?.clone()))).collect()
    };
    let mut whole = pick(object, &["kind", "apiVersion", "metadata", "immutable", "data", "binaryData"]);
    whole.insert("metadata".to_owned(), pick(&object["metadata"], METADATA).into());
    Value::Object(whole)
}

/// An object with a patch laid over it: where the patch reaches, fields are sorted.
fn written(value: &Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else { return patch.clone() };
    let mut all = value.as_object().cloned().unwrap_or_default();
    for (name, change) in changes {
        if change.is_null() {
            all.remove(name);
        } else {
            let below = all.get(name).cloned().unwrap_or(Value::Null);
            all.insert(name.clone(), written(&below, change));
        }
    }
    let mut fields: Vec<(String, Value)> = all.into_iter().collect();
    fields.sort_by(|one, two| one.0.cmp(&two.0));
    Value::Object(fields.into_iter().collect())
}
