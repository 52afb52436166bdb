//! The data model by GraphQL: objects with their fields, fields that are added, changed and removed, a key that is
//! revoked. Everything else at this address is not imitated.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::document::{Document, Selection};
use super::keys::{self, Caller};
use super::metadata;
use super::model::Object;
use super::refusal::{Refusal, coded, denied, unimitated};
use super::selected::picked;
use super::world::World;

/// The usual page of objects and of fields.
const USUAL: usize = 10;

/// Whether a root field is one of those that nobody may ask for without a token. Signing in and up is not imitated.
pub(super) fn needs_caller(root: &str) -> bool {
    ["objects", "object", "createOneField", "updateOneField", "deleteOneField", "revokeApiKey"].contains(&root)
}

/// Answers a document with one root field.
pub(super) fn answer(world: &mut World, call: &Call, document: &Document) -> Result<Value, Refusal> {
    let [root] = document.fields.as_slice() else {
        return Err(unimitated());
    };
    let value = match (document.is_mutation, root.name.as_str()) {
        (false, "objects") => Ok(objects(world, root)),
        (false, "object") => object(world, root),
        (true, "createOneField") => change(call).and_then(|()| {
            let field = input(root, "field")?;
            metadata::check_arguments(&field)?;
            metadata::create_field(world, &field, call.now)
        }),
        (true, "updateOneField") => change(call).and_then(|()| {
            let update = input(root, "update")?;
            metadata::update_field(world, &identifier(root)?, &update, call.now)
        }),
        (true, "deleteOneField") => change(call).and_then(|()| metadata::delete_field(world, &identifier(root)?)),
        (true, "revokeApiKey") => revoke(world, call, &identifier(root)?),
        _ => return Err(unimitated()),
    };
    match value {
        Ok(value) => {
            let is_shown = matches!(root.name.as_str(), "objects" | "object");
            let value = if is_shown { value } else { picked(&value, &root.fields) };
            Ok(json!({ "data": { root.key(): value } }))
        }
        Err(refusal) if refusal.status == 501 => Err(refusal),
        Err(refusal) => Ok(json!({ "errors": [entry(&refusal)], "data": null })),
    }
}

/// A refusal; one of the data model's checks carries what they found.
fn entry(refusal: &Refusal) -> Value {
    let mut entry = refusal.entry();
    if let Some(errors) = refusal.body.as_ref().and_then(|body| body.get("errors")) {
        entry["extensions"]["errors"] = errors.clone();
    }
    entry
}

fn change(call: &Call) -> Result<(), Refusal> {
    if call.caller.rights().settings { Ok(()) } else { Err(denied(403)) }
}

fn input(root: &Selection, name: &str) -> Result<Value, Refusal> {
    root.arguments.get("input").and_then(|input| input.get(name)).cloned().ok_or_else(unimitated)
}

fn identifier(root: &Selection) -> Result<String, Refusal> {
    let input = root.arguments.get("input").and_then(|input| input.get("id"));
    input.and_then(Value::as_str).map(str::to_owned).ok_or_else(unimitated)
}

/// A key cannot do that to keys: it takes somebody who signed in.
fn revoke(world: &mut World, call: &Call, id: &str) -> Result<Value, Refusal> {
    if matches!(call.caller, Caller::Key { .. }) {
        let refusal = coded("FORBIDDEN_EXCEPTION", "This endpoint requires a session access token");
        let friendly = "You do not have permission to perform this action.";
        return Err(Refusal { graphql: "FORBIDDEN", ..refusal.friendly(friendly) });
    }
    let moment = chrono::DateTime::from_timestamp_millis(call.now).unwrap_or_default();
    keys::revoke(&mut world.keys, id).ok_or_else(unimitated)?;
    Ok(json!({ "id": id, "revokedAt": super::values::written(moment) }))
}

fn objects(world: &World, root: &Selection) -> Value {
    let wanted = root.arguments.get("filter").and_then(|filter| filter.pointer("/id/eq"));
    let mut found: Vec<&Object> =
        world.objects.iter().filter(|object| wanted.is_none_or(|id| id.as_str() == Some(&object.id))).collect();
    found.sort_by(|a, b| b.id.cmp(&a.id));
    connection(&found, &root.arguments, &root.fields, |object, fields| shown(object, fields))
}

fn object(world: &World, root: &Selection) -> Result<Value, Refusal> {
    let id = root.arguments.get("id").and_then(Value::as_str).unwrap_or_default();
    let missing = || super::store::unknown_model("OBJECT_METADATA_NOT_FOUND", "Object metadata not found");
    world.objects.iter().find(|object| object.id == id).map(|object| shown(object, &root.fields)).ok_or_else(missing)
}

/// An object. Of its fields the connection does not tell which stock ones are unique; the plain list does.
fn shown(object: &Object, fields: &[Selection]) -> Value {
    let whole = metadata::object(object);
    let mut keys = Map::new();
    for field in fields {
        let value = match field.name.as_str() {
            "fieldsList" => {
                let all = object.fields.iter().map(|one| picked(&metadata::field(object, one), &field.fields));
                all.collect()
            }
            "fields" => {
                let one = |one: &&super::model::Field, fields: &[Selection]| {
                    let mut value = metadata::field(object, one);
                    if !one.is_custom {
                        value["isUnique"] = Value::Null;
                    }
                    picked(&value, fields)
                };
                let mut all: Vec<&super::model::Field> = object.fields.iter().collect();
                all.sort_by(|a, b| b.id.cmp(&a.id));
                connection(&all, &field.arguments, &field.fields, one)
            }
            name => whole.get(name).cloned().unwrap_or_default(),
        };
        keys.insert(field.key().to_owned(), value);
    }
    Value::Object(keys)
}

/// A page. Cursors tell places in the list.
fn connection<T>(
    all: &[T],
    arguments: &Map<String, Value>,
    fields: &[Selection],
    node: impl Fn(&T, &[Selection]) -> Value,
) -> Value {
    let paging = arguments.get("paging");
    let first = paging.and_then(|paging| paging.get("first")).and_then(Value::as_u64);
    let limit = first.and_then(|first| usize::try_from(first).ok()).unwrap_or(USUAL);
    let after = paging.and_then(|paging| paging.get("after")).and_then(Value::as_str).and_then(place);
    let from = after.map_or(0, |place| place + 1).min(all.len());
    let page = &all[from..(from + limit).min(all.len())];
    let cursor = |n: usize| STANDARD.encode(format!("{MARK}{n}"));
    let end = |n: Option<usize>| n.map_or(Value::Null, |n| cursor(from + n).into());
    let mut keys = Map::new();
    for field in fields {
        let value = match field.name.as_str() {
            "edges" => {
                let edge = |(n, item): (usize, &T)| -> Value {
                    let part = |part: &Selection| match part.name.as_str() {
                        "node" => (part.key().to_owned(), node(item, &part.fields)),
                        _ => (part.key().to_owned(), cursor(from + n).into()),
                    };
                    Value::Object(field.fields.iter().map(part).collect())
                };
                page.iter().enumerate().map(edge).collect()
            }
            "pageInfo" => {
                let info = json!({ "hasNextPage": from + page.len() < all.len(), "hasPreviousPage": after.is_some(),
                    "startCursor": end((!page.is_empty()).then_some(0)), "endCursor": end(page.len().checked_sub(1)) });
                picked(&info, &field.fields)
            }
            _ => Value::Null,
        };
        keys.insert(field.key().to_owned(), value);
    }
    Value::Object(keys)
}

/// What cursors of the data model begin with.
const MARK: &str = "arrayconnection:";

/// The place that a cursor tells.
fn place(cursor: &str) -> Option<usize> {
    String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?.strip_prefix(MARK)?.parse().ok()
}
