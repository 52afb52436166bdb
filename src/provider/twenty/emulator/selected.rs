//! What a selection shows of records.

use serde_json::{Map, Value, json};

use super::document::Selection;
use super::model::{Kind, Object};
use super::pages::{self, By, Wish};
use super::refusal::{Refusal, bad, unimitated};
use super::view::{MOST_NESTED, linking, live};
use super::world::{Row, World};

/// The page without a wish.
const USUAL: usize = 200;

/// A list of records with what is known of the whole.
#[derive(Debug)]
pub(super) struct Connection<'w> {
    pub(super) rows: Vec<&'w Row>,
    pub(super) total: usize,
    pub(super) has_more: bool,
}

/// The part of a list that the arguments ask for. There is no upper limit.
pub(super) fn wish(arguments: &Map<String, Value>) -> Result<Wish, Refusal> {
    let number = |name: &str| arguments.get(name).and_then(Value::as_i64);
    let text = |name: &str| arguments.get(name).and_then(Value::as_str).map(str::to_owned);
    let refuse = |code, message: &str| Err(bad(message).sub(code, "An error occurred."));
    let (first, last) = (number("first"), number("last"));
    let (after, before) = (text("after"), text("before"));
    let conflicts = [
        (before.is_some() && after.is_some(), "before and after"),
        (first.is_some() && last.is_some(), "first and last"),
        (before.is_some() && first.is_some(), "before and first"),
        (after.is_some() && last.is_some(), "after and last"),
    ];
    if let Some((_, both)) = conflicts.iter().find(|(conflicts, _)| *conflicts) {
        return refuse("ARGS_CONFLICT", &format!("Cannot provide both {both}"));
    }
    if first.is_some_and(|first| first < 0) {
        return refuse("INVALID_ARGS_FIRST", "First argument must be non-negative");
    }
    if last.is_some_and(|last| last < 0) {
        return refuse("INVALID_ARGS_LAST", "Last argument must be non-negative");
    }
    let limit = first.or(last).and_then(|limit| usize::try_from(limit).ok()).unwrap_or(USUAL);
    let offset = number("offset").and_then(|offset| usize::try_from(offset).ok()).unwrap_or(0);
    Ok(Wish { limit, after, before, offset })
}

/// A list as a selection shows it. Cursors hold only what the nodes show.
pub(super) fn connection(
    world: &World,
    object: &Object,
    list: &Connection<'_>,
    order: &[By],
    fields: &[Selection],
    lists_around: usize,
) -> Result<Value, Refusal> {
    let nodes = nodes(fields);
    check_lists(world, object, nodes, lists_around)?;
    let cursor = |row: Option<&&Row>| row.map_or(Value::Null, |row| pages::cursor(&narrowed(row, nodes), order).into());
    let mut shown = Map::new();
    for field in fields {
        let value = match field.name.as_str() {
            "edges" => {
                let mut edges = Vec::new();
                for row in &list.rows {
                    let mut edge = Map::new();
                    for part in &field.fields {
                        let value = match part.name.as_str() {
                            "node" => record(world, object, row, &part.fields, lists_around)?,
                            "cursor" => cursor(Some(row)),
                            _ => Value::Null,
                        };
                        edge.insert(part.key().to_owned(), value);
                    }
                    edges.push(Value::Object(edge));
                }
                edges.into()
            }
            "totalCount" => list.total.into(),
            "pageInfo" => {
                let info = json!({ "hasNextPage": list.has_more, "hasPreviousPage": false,
                    "startCursor": cursor(list.rows.first()), "endCursor": cursor(list.rows.last()) });
                picked(&info, &field.fields)
            }
            _ => Value::Null,
        };
        shown.insert(field.key().to_owned(), value);
    }
    Ok(Value::Object(shown))
}

/// What is selected of the records of a list.
fn nodes(fields: &[Selection]) -> &[Selection] {
    let edges = fields.iter().find(|field| field.name == "edges");
    edges.and_then(|edges| edges.field("node")).map_or(&[], |node| &node.fields)
}

/// Refuses a list within a list within a record, whether or not there are records.
fn check_lists(world: &World, object: &Object, fields: &[Selection], around: usize) -> Result<(), Refusal> {
    for field in fields {
        let (target, around) = match object.field(&field.name).map(|found| found.kind) {
            Some(Kind::OneToMany { .. }) if around > 0 => return Err(too_complex()),
            Some(Kind::OneToMany { object, .. }) => (object, around + 1),
            Some(Kind::ManyToOne(target)) => (target, around),
            _ => continue,
        };
        if let Some(target) = world.object(target) {
            let inner = if field.field("edges").is_some() { nodes(&field.fields) } else { &field.fields };
            check_lists(world, target, inner, around)?;
        }
    }
    Ok(())
}

fn too_complex() -> Refusal {
    let message =
        "Query complexity is too high. One-to-Many relation cannot be nested in another One-to-Many relation.";
    bad(message).sub("TOO_COMPLEX_QUERY", "An error occurred.")
}

/// The stored values that a selection shows, and the identifier.
fn narrowed(row: &Row, nodes: &[Selection]) -> Row {
    let mut narrow = Row::new();
    for (name, value) in row {
        match nodes.iter().find(|node| node.name == *name) {
            Some(node) if value.is_object() => drop(narrow.insert(name.clone(), picked(value, &node.fields))),
            Some(_) => drop(narrow.insert(name.clone(), value.clone())),
            None if name == "id" => drop(narrow.insert(name.clone(), value.clone())),
            None if value.is_object() => drop(narrow.insert(name.clone(), json!({}))),
            None => {}
        }
    }
    narrow
}

/// The selected keys of a plain object; null where it has none of the name.
pub(super) fn picked(value: &Value, fields: &[Selection]) -> Value {
    match value {
        Value::Object(keys) if !fields.is_empty() => {
            let pick = |field: &Selection| {
                let value = keys.get(&field.name).unwrap_or(&Value::Null);
                (field.key().to_owned(), picked(value, &field.fields))
            };
            Value::Object(fields.iter().map(pick).collect())
        }
        Value::Array(items) if !fields.is_empty() => items.iter().map(|item| picked(item, fields)).collect(),
        value => value.clone(),
    }
}

/// A record as a selection shows it. What is not known is null, as is a composite without its parts. An identifier of a
/// link is hidden where the link itself is selected and leads to a deleted record.
pub(super) fn record(
    world: &World,
    object: &Object,
    row: &Row,
    fields: &[Selection],
    lists_around: usize,
) -> Result<Value, Refusal> {
    let mut shown = Map::new();
    for field in fields {
        let name = field.name.as_str();
        let value = if name == "__typename" {
            object.title().into()
        } else if let Some((link, target)) = object.link_of_column(name) {
            let is_selected = fields.iter().any(|other| other.name == link.name);
            let id = row.get(name);
            if is_selected && live(world, target, id).is_none() { Value::Null } else { id.cloned().unwrap_or_default() }
        } else {
            match object.field(name).map(|found| (found, found.kind)) {
                None => Value::Null,
                Some((found, Kind::ManyToOne(target))) => {
                    let linked = found.column().and_then(|column| live(world, target, row.get(&column)));
                    match linked.zip(world.object(target)) {
                        Some((linked, target)) if !field.fields.is_empty() => {
                            record(world, target, linked, &field.fields, lists_around)?
                        }
                        _ => Value::Null,
                    }
                }
                Some((_, Kind::OneToMany { object: other, column })) => {
                    nested(world, other, column, row, field, lists_around)?
                }
                Some((_, kind)) if !kind.parts().is_empty() => {
                    if field.fields.is_empty() {
                        Value::Null
                    } else {
                        picked(row.get(name).unwrap_or(&Value::Null), &field.fields)
                    }
                }
                Some(_) => row.get(name).cloned().unwrap_or_default(),
            }
        };
        shown.insert(field.key().to_owned(), value);
    }
    Ok(Value::Object(shown))
}

/// A list within a record: cut, and saying that it is whole.
fn nested(
    world: &World,
    other: &str,
    column: &'static str,
    row: &Row,
    field: &Selection,
    around: usize,
) -> Result<Value, Refusal> {
    if around > 0 {
        return Err(too_complex());
    }
    let other = world.object(other).ok_or_else(unimitated)?;
    let rows: Vec<&Row> = linking(world, &other.singular, column, &row["id"]).take(MOST_NESTED).collect();
    let order = pages::read_order(other, "")?;
    let list = Connection { total: rows.len(), rows, has_more: false };
    connection(world, other, &list, &order, &field.fields, around + 1)
}
