//! What Backstage would make of a step, asked without doing it: reading a file without registering it, and checking an entity
//! without storing it.

use serde_json::{Map, Value as Json, json};

use crate::engine::model::{Failure, Fields, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::backstage::api::Api;
use crate::provider::backstage::{errors, kinds, place};

/// Asks; what cannot be asked has nothing against it.
pub(super) async fn rehearse(api: &Api, step: &Step, fields: &Fields) -> Result<(), Failure> {
    let catalog = &api.options().catalog;
    match (step.address.kind.as_str(), step.verb) {
        (kinds::LOCATION, Verb::Create) => match api.found_at(&catalog.url.url(&step.address.key)).await {
            // What a pull request adds is not on the branch yet.
            Err(failure) if errors::is_unserved(&failure) => Ok(()),
            // It is told by the step of that entity.
            Err(failure) if errors::is_about_one_entity(&failure) => Ok(()),
            answer => answer.map(drop),
        },
        (kinds::ENTITY, Verb::Create) => match entity(step, fields) {
            Some(entity) => {
                let file = fields.get(kinds::FILE).and_then(Value::as_text).unwrap_or_default();
                api.judge(&entity, &catalog.url.url(file)).await
            }
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// The entity that fields were made of; nothing where they do not hold all of it.
fn entity(step: &Step, fields: &Fields) -> Option<Json> {
    let reference = place::entity(&step.address.key)?;
    let yaml = |name: &str| -> Option<Json> {
        serde_yaml::from_str(fields.get(name).and_then(Value::as_text).unwrap_or("null")).ok()
    };
    let plain = |name: &str| fields.get(name).map(|value| serde_json::to_value(value).unwrap_or_default());
    let mut metadata: Map<String, Json> = yaml("metadata")?.as_object().cloned().unwrap_or_default();
    metadata.insert("namespace".to_owned(), reference.namespace().into());
    let given = ["name", "title", "description", "tags", "labels", "annotations"].map(|name| (name, plain(name)));
    let links = ("links", yaml("links"));
    for (name, value) in given.into_iter().chain([links]) {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            metadata.insert(name.to_owned(), value);
        }
    }
    fields.get("spec")?;
    let kind = reference.kind();
    Some(
        json!({ "apiVersion": plain("api_version")?, "kind": kind_as_written(kind), "metadata": metadata, "spec": yaml("spec")? }),
    )
}

/// A kind with its capital letters: the key folds them, and Backstage's checks go by them.
fn kind_as_written(kind: &str) -> String {
    if kind == "api" {
        return "API".to_owned();
    }
    let mut letters = kind.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
