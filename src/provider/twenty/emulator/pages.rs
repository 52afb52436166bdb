//! Orders, cursors and pages.

use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::filter::{Filter, at, compare};
use super::model::{Kind, Object};
use super::refusal::{Refusal, bad, coded};
use super::world::{Row, World, is_deleted};

const DIRECTIONS: [&str; 4] = ["AscNullsFirst", "AscNullsLast", "DescNullsFirst", "DescNullsLast"];

/// One thing that records are ordered by.
#[derive(Debug, Clone)]
pub(super) struct By {
    path: Vec<String>,
    is_descending: bool,
    are_nulls_first: bool,
}

/// Which part of the matching records is asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Wish {
    pub(super) limit: usize,
    pub(super) after: Option<String>,
    pub(super) before: Option<String>,
    pub(super) offset: usize,
}

/// A page of records.
#[derive(Debug)]
pub(super) struct Page<'w> {
    pub(super) rows: Vec<&'w Row>,
    pub(super) total: usize,
    pub(super) has_more: bool,
}

/// Reads an order in REST's form: `createdAt[DescNullsLast],emails.primaryEmail`. The identifier always decides last.
pub(super) fn read_order(object: &Object, text: &str) -> Result<Vec<By>, Refusal> {
    let mut order = Vec::new();
    for item in text.split(',').filter(|item| !item.is_empty()) {
        let (path, direction) = match item.split_once('[') {
            Some((path, direction)) => (path, direction.trim_end_matches(']')),
            None => (item, DIRECTIONS[0]),
        };
        if !DIRECTIONS.contains(&direction) {
            let known = DIRECTIONS.map(|direction| format!("'{direction}'")).join(", ");
            return Err(bad(format!(
                "'order_by' direction '{direction}' invalid. Allowed values are {known}. eg: ?order_by=field_1[AscNullsFirst],field_2[DescNullsLast],field_3"
            )));
        }
        order.push(by(object, path, direction)?);
    }
    Ok(finished(order))
}

/// Reads an order in GraphQL's form: a list of fields with directions, parts of composites within.
pub(super) fn order_of(object: &Object, value: &Value) -> Result<Vec<By>, Refusal> {
    let mut order = Vec::new();
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    for (name, wish) in items.iter().filter_map(Value::as_object).flatten() {
        match wish {
            Value::String(direction) => order.push(by(object, name, direction)?),
            Value::Object(parts) => {
                for (part, direction) in parts {
                    order.push(by(object, &format!("{name}.{part}"), direction.as_str().unwrap_or(DIRECTIONS[0]))?);
                }
            }
            _ => {}
        }
    }
    Ok(finished(order))
}

/// The tie-breaker is appended, and wins over any wish about identifiers.
fn finished(order: Vec<By>) -> Vec<By> {
    let last = By { path: vec!["id".to_owned()], is_descending: false, are_nulls_first: true };
    order.into_iter().filter(|by| by.path[0] != "id").chain([last]).collect()
}

fn by(object: &Object, path: &str, direction: &str) -> Result<By, Refusal> {
    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
    let name = &path[0];
    let kind = match object.field(name) {
        Some(field) => Some(field.kind),
        None => object.link_of_column(name).map(|_| Kind::Uuid),
    };
    let unknown = || coded("FIELD_NOT_FOUND", format!("Field \"{name}\" does not exist or is not sortable"));
    let parts = kind.ok_or_else(unknown)?.parts();
    if !parts.is_empty() && path.len() == 1 {
        let message = format!(
            "Composite field \"{name}\" requires subfield ordering (e.g., {{ {name}: {{ subFieldName: 'AscNullsFirst' }} }})"
        );
        return Err(coded("INVALID_QUERY_INPUT", message));
    }
    let is_known = match path.as_slice() {
        [_] => kind.is_some_and(Kind::is_stored),
        [_, part] => parts.iter().any(|(known, _)| known == part),
        _ => false,
    };
    if !is_known {
        return Err(unknown());
    }
    let (is_descending, are_nulls_first) = (direction.starts_with("Desc"), direction.ends_with("First"));
    Ok(By { path, is_descending, are_nulls_first })
}

/// The matching records in order. Deleted ones are hidden unless the filter speaks of deletion.
pub(super) fn matching<'w>(world: &'w World, object: &Object, filter: &Filter) -> Vec<&'w Row> {
    let shows_deleted = filter.names_deletion();
    let rows = world.table(&object.singular).filter(|row| shows_deleted || !is_deleted(row));
    rows.filter(|row| filter.holds(world, row) == Some(true)).collect()
}

/// The page that is asked for.
pub(super) fn page<'w>(mut rows: Vec<&'w Row>, order: &[By], wish: &Wish) -> Result<Page<'w>, Refusal> {
    if wish.after.is_some() && wish.before.is_some() {
        return Err(bad("Cannot provide both before and after").sub("ARGS_CONFLICT", "An error occurred."));
    }
    let total = rows.len();
    rows.sort_by(|a, b| in_order(a, b, order));
    let is_backward = wish.before.is_some();
    if let Some(cursor) = wish.after.as_ref().or(wish.before.as_ref()) {
        let mark = read_cursor(cursor, order)?;
        // A composite without the part that decides stands nowhere: the first page comes again, for ever.
        let is_lost = order.iter().any(|by| {
            let held = mark.get(&by.path[0]).and_then(Value::as_object);
            held.is_some_and(|parts| by.path.get(1).is_some_and(|part| !parts.contains_key(part)))
        });
        let wanted = if is_backward { Ordering::Less } else { Ordering::Greater };
        rows.retain(|row| is_lost || beside(row, &mark, order) == wanted);
    }
    if is_backward {
        rows.reverse();
    }
    let rest: Vec<&Row> = rows.into_iter().skip(wish.offset).collect();
    let has_more = rest.len() > wish.limit;
    let mut rows: Vec<&Row> = rest.into_iter().take(wish.limit).collect();
    if is_backward {
        rows.reverse();
    }
    Ok(Page { rows, total, has_more })
}

fn is_none(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn one(a: &Value, b: &Value, by: &By) -> Ordering {
    let nulls = |order: Ordering| if by.are_nulls_first { order } else { order.reverse() };
    match (is_none(a), is_none(b)) {
        (true, true) => Ordering::Equal,
        (true, false) => nulls(Ordering::Less),
        (false, true) => nulls(Ordering::Greater),
        (false, false) if by.is_descending => compare(b, a),
        (false, false) => compare(a, b),
    }
}

fn in_order(a: &Row, b: &Row, order: &[By]) -> Ordering {
    order
        .iter()
        .map(|by| one(at(a, &by.path), at(b, &by.path), by))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Where a record stands to a cursor. A value that the cursor lacks is not asked for.
fn beside(row: &Row, mark: &Row, order: &[By]) -> Ordering {
    let held = order
        .iter()
        .filter(|by| by.path.iter().skip(1).fold(mark.get(&by.path[0]), |v, p| v.and_then(|v| v.get(p))).is_some());
    held.map(|by| one(at(row, &by.path), at(mark, &by.path), by)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// The cursor of a record: what it is ordered by, and its identifier.
pub(super) fn cursor(row: &Row, order: &[By]) -> String {
    let mut mark = Map::new();
    for by in order {
        let value = at(row, &by.path).clone();
        match by.path.get(1) {
            Some(part) => mark.insert(by.path[0].clone(), json!({ part.as_str(): value })),
            None => mark.insert(by.path[0].clone(), value),
        };
    }
    STANDARD.encode(Value::Object(mark).to_string())
}

fn read_cursor(text: &str, order: &[By]) -> Result<Row, Refusal> {
    let refusal = |message: String| bad(message).sub("INVALID_CURSOR", "An error occurred.");
    let mark = STANDARD.decode(text).ok().and_then(|bytes| serde_json::from_slice::<Row>(&bytes).ok());
    let mark = mark.ok_or_else(|| refusal(format!("Invalid cursor: {text}")))?;
    let is_of_order = mark.keys().all(|key| order.iter().any(|by| by.path[0] == *key));
    if is_of_order && mark.get("id").is_some_and(Value::is_string) {
        Ok(mark)
    } else {
        Err(refusal("Invalid cursor".to_owned()))
    }
}
