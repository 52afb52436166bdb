//! Records by GraphQL, without the schema's checks, as the server runs such documents itself: what is not known among
//! the selected fields is null, and each root field occurs once.

use serde_json::{Map, Value, json};

use super::call::Call;
use super::document::{self, Document, Selection, Unread};
use super::filter::Filter;
use super::keys::Deed;
use super::model::Object;
use super::refusal::{Refusal, bad, coded, no_record, unimitated};
use super::rest::admit;
use super::selected::{self, Connection};
use super::store::Stroke;
use super::world::World;
use super::{pages, writes};

/// The most root fields of a document.
const MOST_ROOTS: usize = 20;
/// The most records that one filter may change.
const MOST_UPDATED: usize = 200;

/// What a root field does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    One,
    Many,
    Create,
    CreateMany,
    Update,
    UpdateMany,
    Delete,
    DeleteMany,
    Restore,
    RestoreMany,
    Destroy,
    DestroyMany,
    /// Known to the schema, and not imitated.
    Unimitated,
}

/// Reads the document of a call; a document that is none is answered by its own error.
pub(super) fn document(call: &Call) -> Result<Result<Document, Value>, Refusal> {
    let sent = match &call.body {
        Some(Value::Array(_)) => {
            let body = json!({ "errors": [{ "message": "Batching is not supported." }] });
            return Err(Refusal { body: Some(Box::new(body)), ..bad("Batching is not supported.") });
        }
        Some(body) => body.clone(),
        None => json!({ "query": call.ask("query") }),
    };
    let empty = Map::new();
    let variables = sent.get("variables").and_then(Value::as_object).unwrap_or(&empty);
    match document::read(sent.get("query").and_then(Value::as_str).unwrap_or_default(), variables) {
        Ok(document) => Ok(Ok(document)),
        Err(Unread::Syntax(message, place)) => Ok(Err(json!({ "errors": [located(&message, place)] }))),
        Err(Unread::Unimitated) => Err(unimitated()),
    }
}

fn located(message: &str, (line, column): (usize, usize)) -> Value {
    json!({ "message": message, "locations": [{ "line": line, "column": column }] })
}

/// What the schema says of a root field that it does not have.
pub(super) fn unknown_root(document: &Document, field: &Selection) -> Value {
    let of = if document.is_mutation { "Mutation" } else { "Query" };
    let message = format!("Cannot query field \"{}\" on type \"{of}\".", field.name);
    json!({ "errors": [located(&message, field.place)] })
}

/// Answers a document.
pub(super) fn answer(world: &mut World, call: &Call, document: &Document) -> Result<Value, Refusal> {
    let mut roots = Vec::new();
    for field in &document.fields {
        if field.name == "__typename" {
            continue;
        }
        if field.name.starts_with("__") {
            return Err(unimitated());
        }
        match root(world, document.is_mutation, &field.name) {
            None => return Ok(unknown_root(document, field)),
            Some((_, Verb::Unimitated)) => return Err(unimitated()),
            Some((object, verb)) => roots.push((field, object, verb)),
        }
    }
    let refused = |message: String| json!({ "data": {}, "errors": [{ "message": message, "extensions": { "code": "BAD_USER_INPUT" } }] });
    for (n, (field, ..)) in roots.iter().enumerate() {
        if roots[..n].iter().any(|(other, ..)| other.name == field.name) {
            return Ok(refused(format!("Duplicate root resolver: \"{}\"", field.name)));
        }
    }
    if roots.len() > MOST_ROOTS {
        return Ok(refused(format!(
            "Query too complex - Too many root resolvers requested: {} - Maximum allowed root resolvers: {MOST_ROOTS}",
            roots.len()
        )));
    }
    let (mut data, mut errors) = (Map::new(), Vec::new());
    for field in document.fields.iter().filter(|field| field.name == "__typename") {
        data.insert(field.key().to_owned(), if document.is_mutation { "Mutation" } else { "Query" }.into());
    }
    for (field, object, verb) in roots {
        let value = match run(world, call, &object, verb, field) {
            Ok(value) => value,
            Err(refusal) if refusal.status == 501 => return Err(refusal),
            Err(refusal) => {
                errors.push(refusal.entry());
                Value::Null
            }
        };
        data.insert(field.key().to_owned(), value);
    }
    let mut answer = json!({ "data": data });
    if !errors.is_empty() {
        answer["errors"] = errors.into();
    }
    Ok(answer)
}

/// The object and the deed that a root field names.
fn root(world: &World, is_mutation: bool, name: &str) -> Option<(Object, Verb)> {
    if !is_mutation && name == "search" {
        return world.objects.first().map(|object| (object.clone(), Verb::Unimitated));
    }
    world.objects.iter().find_map(|object| {
        let verb = if is_mutation { mutation(object, name) } else { query(object, name) }?;
        Some((object.clone(), if object.is_imitated { verb } else { Verb::Unimitated }))
    })
}

fn query(object: &Object, name: &str) -> Option<Verb> {
    match name {
        _ if name == object.singular => Some(Verb::One),
        _ if name == object.plural => Some(Verb::Many),
        _ if name == format!("{}Duplicates", object.singular) || name == format!("{}GroupBy", object.plural) => {
            Some(Verb::Unimitated)
        }
        _ => None,
    }
}

fn mutation(object: &Object, name: &str) -> Option<Verb> {
    const VERBS: [(&str, Verb, Verb); 5] = [
        ("create", Verb::Create, Verb::CreateMany),
        ("update", Verb::Update, Verb::UpdateMany),
        ("delete", Verb::Delete, Verb::DeleteMany),
        ("restore", Verb::Restore, Verb::RestoreMany),
        ("destroy", Verb::Destroy, Verb::DestroyMany),
    ];
    if name == format!("merge{}", object.plural_title()) {
        return Some(Verb::Unimitated);
    }
    VERBS.iter().find_map(|(verb, one, many)| match name.strip_prefix(verb)? {
        title if title == object.title() => Some(*one),
        title if title == object.plural_title() => Some(*many),
        _ => None,
    })
}

fn missing(name: &str, what: &str) -> Refusal {
    coded("INVALID_QUERY_INPUT", format!("Missing required argument: \"{name}\" ({what})"))
}

fn run(world: &mut World, call: &Call, object: &Object, verb: Verb, field: &Selection) -> Result<Value, Refusal> {
    let deed = match verb {
        Verb::One | Verb::Many => Deed::Read,
        Verb::Create | Verb::CreateMany | Verb::Update | Verb::UpdateMany => Deed::Write,
        Verb::Destroy | Verb::DestroyMany => Deed::Destroy,
        _ => Deed::SoftDelete,
    };
    admit(world, call, deed)?;
    let by = call.stroke();
    match verb {
        Verb::One => one(world, object, field),
        Verb::Many => many(world, object, field),
        Verb::Create | Verb::CreateMany => create(world, object, verb, field, by),
        Verb::Update | Verb::Delete | Verb::Restore | Verb::Destroy => {
            let id = field.arguments.get("id").and_then(Value::as_str).filter(|id| super::ids::is_uuid(id));
            let id = id.ok_or_else(|| missing("id", "UUID"))?;
            let shown = change(world, object, verb, field, &[id.to_lowercase()], by)?;
            Ok(shown.into_iter().next().unwrap_or_default())
        }
        _ => {
            let filter = field.arguments.get("filter").ok_or_else(|| missing("filter", "object"))?;
            let filter = Filter::read(world, object, filter)?;
            let ids = if verb == Verb::RestoreMany {
                world.table(&object.singular).filter(|row| filter.holds(world, row) == Some(true)).collect()
            } else {
                pages::matching(world, object, &filter)
            };
            let ids: Vec<String> = ids.iter().filter_map(|row| row["id"].as_str()).map(str::to_owned).collect();
            change(world, object, verb, field, &ids, by).map(Value::Array)
        }
    }
}

fn one(world: &World, object: &Object, field: &Selection) -> Result<Value, Refusal> {
    let filter = field.arguments.get("filter");
    let filter = filter.ok_or_else(|| coded("INVALID_QUERY_INPUT", "Missing filter argument"))?;
    let filter = Filter::read(world, object, filter)?;
    let row = pages::matching(world, object, &filter).into_iter().next().ok_or_else(no_record)?;
    selected::record(world, object, row, &field.fields, 0)
}

fn many(world: &World, object: &Object, field: &Selection) -> Result<Value, Refusal> {
    let wish = selected::wish(&field.arguments)?;
    let order = pages::order_of(object, field.arguments.get("orderBy").unwrap_or(&Value::Null))?;
    let filter = Filter::read(world, object, field.arguments.get("filter").unwrap_or(&Value::Null))?;
    let page = pages::page(pages::matching(world, object, &filter), &order, &wish)?;
    let connection = Connection { rows: page.rows, total: page.total, has_more: page.has_more };
    selected::connection(world, object, &connection, &order, &field.fields, 0)
}

fn create(world: &mut World, object: &Object, verb: Verb, field: &Selection, by: Stroke<'_>) -> Result<Value, Refusal> {
    if object.singular == "workspaceMember" {
        return Err(super::refusal::denied(400));
    }
    let what = if verb == Verb::Create { "object" } else { "array" };
    let data = field.arguments.get("data").filter(|data| !data.is_null()).ok_or_else(|| missing("data", what))?;
    let changes = match verb {
        Verb::Create => vec![writes::check(world, object, data, true)?],
        _ => writes::check_all(world, object, data)?,
    };
    let is_upsert = field.arguments.get("upsert") == Some(&json!(true));
    let ids = if is_upsert { world.upsert(object, changes, by)? } else { world.create(object, changes, by)? };
    let mut shown = show(world, object, field, &ids)?;
    Ok(if verb == Verb::Create { shown.pop().unwrap_or_default() } else { shown.into() })
}

fn change(
    world: &mut World,
    object: &Object,
    verb: Verb,
    field: &Selection,
    ids: &[String],
    by: Stroke<'_>,
) -> Result<Vec<Value>, Refusal> {
    match verb {
        Verb::Update | Verb::UpdateMany => {
            let data = field.arguments.get("data").ok_or_else(|| missing("data", "object"))?;
            let change = writes::check(world, object, data, false)?;
            if ids.len() > MOST_UPDATED {
                let message = format!("Cannot update more than {MOST_UPDATED} records at once");
                return Err(bad(message).friendly(format!("You can only update up to {MOST_UPDATED} records at once.")));
            }
            for id in ids {
                world.update(object, id, change.clone(), by)?;
            }
        }
        Verb::Destroy | Verb::DestroyMany => {
            if ids.iter().any(|id| world.row(&object.singular, id).is_none()) {
                return Err(no_record());
            }
            // Shown as they were.
            let shown = show(world, object, field, ids)?;
            for id in ids {
                world.destroy(object, id)?;
            }
            return Ok(shown);
        }
        Verb::Restore | Verb::RestoreMany => {
            for id in ids {
                world.restore(object, id, by)?;
            }
        }
        _ => {
            for id in ids {
                world.soft_delete(object, id, by)?;
            }
        }
    }
    show(world, object, field, ids)
}

fn show(world: &World, object: &Object, field: &Selection, ids: &[String]) -> Result<Vec<Value>, Refusal> {
    let rows = ids.iter().filter_map(|id| world.row(&object.singular, id));
    rows.map(|row| selected::record(world, object, row, &field.fields, 0)).collect()
}
