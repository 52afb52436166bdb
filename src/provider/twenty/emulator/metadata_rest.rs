//! The data model by REST.

use serde_json::{Value, json};

use super::call::Call;
use super::ids::is_uuid;
use super::metadata;
use super::refusal::{Refusal, denied, framework, unimitated};
use super::store::unknown_model;
use super::world::World;

/// The usual page.
const USUAL: usize = 60;

/// Answers a call below `/rest/metadata`. It costs nothing.
pub(super) fn answer(world: &mut World, call: &Call) -> Result<(u16, Value), Refusal> {
    let parts: Vec<&str> = call.path.split('/').filter(|part| !part.is_empty()).skip(2).collect();
    if !matches!(parts.first(), Some(&("objects" | "fields"))) {
        return Err(unimitated());
    }
    if !call.caller.rights().settings {
        return Err(denied(403));
    }
    if let Some(id) = parts.get(1)
        && !is_uuid(id)
    {
        return Err(framework(400, "Bad Request", json!("Validation failed (uuid is expected)")));
    }
    match (call.method.as_str(), parts.as_slice()) {
        ("GET" | "HEAD", ["objects"]) => page(world.objects.iter().map(metadata::object).collect(), call),
        ("GET" | "HEAD", ["objects", id]) => {
            let object = world.objects.iter().find(|object| object.id == *id);
            let missing = || unknown_model("OBJECT_METADATA_NOT_FOUND", "Object metadata not found");
            object.map(|object| (200, metadata::object(object))).ok_or_else(missing)
        }
        ("GET" | "HEAD", ["fields"]) => {
            let fields = world
                .objects
                .iter()
                .flat_map(|object| object.fields.iter().map(|field| metadata::field(object, field)));
            page(fields.collect(), call)
        }
        ("GET" | "HEAD", ["fields", id]) => {
            let found = metadata::find_field(world, id);
            let missing = || unknown_model("FIELD_METADATA_NOT_FOUND", "Field metadata not found");
            found.map(|(object, field)| (200, metadata::field(object, field))).ok_or_else(missing)
        }
        ("POST", ["fields"]) => {
            let body = call.body.clone().unwrap_or_default();
            metadata::check_arguments(&body)?;
            metadata::create_field(world, &body, call.now).map(|field| (201, field))
        }
        ("PATCH" | "PUT", ["fields", id]) => {
            metadata::update_field(world, id, &call.body.clone().unwrap_or_default(), call.now)
                .map(|field| (200, field))
        }
        ("DELETE", ["fields", id]) => metadata::delete_field(world, id).map(|field| (200, field)),
        _ => Err(unimitated()),
    }
}

/// A page in descending order of identifiers, which are the cursors too.
fn page(mut items: Vec<Value>, call: &Call) -> Result<(u16, Value), Refusal> {
    let id = |item: &Value| item["id"].as_str().unwrap_or_default().to_owned();
    items.sort_by_key(|item| std::cmp::Reverse(id(item)));
    let total = items.len();
    let limit = call.ask("limit").and_then(|text| text.parse().ok()).unwrap_or(USUAL);
    if let Some(cursor) = call.ask("starting_after") {
        items.retain(|item| id(item).as_str() < cursor);
    }
    let mut has_more = items.len() > limit;
    if let Some(cursor) = call.ask("ending_before") {
        items.retain(|item| id(item).as_str() > cursor);
        has_more = items.len() > limit;
        items.drain(..items.len().saturating_sub(limit));
    }
    items.truncate(limit);
    let cursor = |item: Option<&Value>| item.map_or(Value::Null, |item| item["id"].clone());
    let (start, end) = (cursor(items.first()), cursor(items.last()));
    let info = json!({ "hasNextPage": has_more, "startCursor": start, "endCursor": end });
    Ok((200, json!({ "data": items, "pageInfo": info, "totalCount": total })))
}
