//! Filters in GraphQL's form, which REST's are turned into: checked against the data model, then asked of each record.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::ids::is_uuid;
use super::model::{Kind, Object};
use super::refusal::{Refusal, bad};
use super::values::{self, shown};
use super::world::{Row, World};

/// The operators of texts.
const TEXT: &[&str] = &["eq", "neq", "gt", "gte", "lt", "lte", "in", "is", "like", "ilike", "startsWith", "endsWith"];
/// Of identifiers, times and numbers.
const ORDERED: &[&str] = &["eq", "neq", "gt", "gte", "lt", "lte", "in", "is"];
const SELECT: &[&str] = &["eq", "neq", "gt", "gte", "lt", "lte", "in", "is", "containsAny"];
const BOOLEAN: &[&str] = &["eq", "is"];
const RAW: &[&str] = &["is", "like"];

/// Sources that a record may have come from.
const SOURCES: &[&str] =
    &["EMAIL", "CALENDAR", "WORKFLOW", "AGENT", "API", "IMPORT", "MANUAL", "SYSTEM", "WEBHOOK", "APPLICATION"];

/// A checked filter.
#[derive(Debug, Clone)]
pub(super) enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// A condition on a field or on a part of a composite.
    Test {
        path: Vec<String>,
        operator: String,
        value: Value,
    },
    /// A condition on the live record that a column leads to.
    Through {
        object: String,
        column: String,
        filter: Box<Filter>,
    },
}

impl Filter {
    /// Reads a filter for records of an object. `{}` and null mean every record.
    pub(super) fn read(world: &World, object: &Object, filter: &Value) -> Result<Filter, Refusal> {
        let Some(keys) = filter.as_object() else {
            return Ok(Filter::And(Vec::new()));
        };
        let list = |value: &Value| -> Result<Vec<Filter>, Refusal> {
            let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            items.iter().map(|item| Filter::read(world, object, item)).collect()
        };
        let mut all = Vec::new();
        for (key, value) in keys {
            all.push(match key.as_str() {
                "and" => Filter::And(list(value)?),
                "or" => Filter::Or(list(value)?),
                "not" => Filter::Not(Box::new(Filter::read(world, object, value)?)),
                name => condition(world, object, name, value)?,
            });
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Filter::And(all) })
    }

    /// Whether the filter speaks of deletion, so that deleted records are not hidden from it.
    pub(super) fn names_deletion(&self) -> bool {
        match self {
            Filter::And(all) | Filter::Or(all) => all.iter().any(Filter::names_deletion),
            Filter::Not(filter) => filter.names_deletion(),
            Filter::Test { path, .. } => path[0] == "deletedAt",
            Filter::Through { .. } => false,
        }
    }

    /// Whether a record meets the filter; `None` where the database says neither, as it does of absent values.
    pub(super) fn holds(&self, world: &World, row: &Row) -> Option<bool> {
        match self {
            Filter::And(all) => {
                let found: Vec<_> = all.iter().map(|filter| filter.holds(world, row)).collect();
                if found.contains(&Some(false)) {
                    Some(false)
                } else {
                    found.into_iter().collect::<Option<Vec<_>>>().map(|_| true)
                }
            }
            Filter::Or(all) if all.is_empty() => Some(true),
            Filter::Or(all) => {
                let found: Vec<_> = all.iter().map(|filter| filter.holds(world, row)).collect();
                if found.contains(&Some(true)) {
                    Some(true)
                } else {
                    found.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
                }
            }
            Filter::Not(filter) => filter.holds(world, row).map(|holds| !holds),
            Filter::Test { path, operator, value } => test(at(row, path), operator, value),
            Filter::Through { object, column, filter } => {
                let linked = row.get(column).and_then(Value::as_str).and_then(|id| world.row(object, id));
                linked.and_then(|linked| filter.holds(world, linked))
            }
        }
    }
}

fn refusal(message: String, friendly: String) -> Refusal {
    bad(message).sub("INVALID_ARGS_FILTER", friendly)
}

/// The condition on one name of an object.
fn condition(world: &World, object: &Object, name: &str, value: &Value) -> Result<Filter, Refusal> {
    if object.link_of_column(name).is_some() {
        return leaf(vec![name.to_owned()], Some(Kind::Uuid), value);
    }
    let Some(field) = object.field(name) else {
        return Err(refusal(
            format!("Object {} doesn't have any \"{name}\" field.", object.singular),
            format!("Invalid filter : {} object doesn't have any \"{name}\" field.", object.singular),
        ));
    };
    match field.kind {
        Kind::ManyToOne(target) => {
            let target = world.object(target).ok_or_else(super::refusal::unimitated)?;
            let filter = Box::new(Filter::read(world, target, value)?);
            Ok(Filter::Through { object: target.singular.clone(), column: format!("{name}Id"), filter })
        }
        Kind::OneToMany { .. } | Kind::SearchVector | Kind::Files => Err(super::refusal::unimitated()),
        kind if !kind.parts().is_empty() => {
            let mut all = Vec::new();
            for (part, value) in value.as_object().into_iter().flatten() {
                let Some((_, part_kind)) = kind.parts().iter().find(|(known, _)| known == part) else {
                    let message = format!("Sub field {part} not found in composite type \"{name}\"");
                    return Err(refusal(message, format!("Invalid filter : unknown part \"{part}\"")));
                };
                all.push(leaf(vec![name.to_owned(), part.clone()], *part_kind, value)?);
            }
            Ok(Filter::And(all))
        }
        kind => leaf(vec![name.to_owned()], Some(kind), value),
    }
}

/// One operator with its value.
fn leaf(path: Vec<String>, kind: Option<Kind>, value: &Value) -> Result<Filter, Refusal> {
    let name = path.join(".");
    let operators = value.as_object().filter(|operators| operators.len() == 1);
    let Some((operator, value)) = operators.and_then(|operators| operators.iter().next()) else {
        return Err(refusal(
            format!("Filter for field \"{name}\" must have exactly one operator"),
            "Invalid filter: exactly one operator per field is required".to_owned(),
        ));
    };
    let (allowed, type_name) = match kind {
        None => (RAW, "RAW_JSON"),
        Some(Kind::Boolean) => (BOOLEAN, "BOOLEAN"),
        Some(Kind::Select) => (SELECT, "SELECT"),
        Some(Kind::Text) => (TEXT, "TEXT"),
        Some(kind) => (ORDERED, kind.type_name()),
    };
    if !allowed.contains(&operator.as_str()) {
        return Err(refusal(
            format!(
                "Operator \"{operator}\" is not valid for field \"{name}\" of type {type_name} - Allowed operators: {}",
                allowed.join(", ")
            ),
            format!("Invalid filter : Operator \"{operator}\" is not valid for this \"{name}\" {type_name} field"),
        ));
    }
    let value = operand(&path, kind, operator, value)?;
    Ok(Filter::Test { path, operator: operator.clone(), value })
}

/// The value of an operator, checked.
fn operand(path: &[String], kind: Option<Kind>, operator: &str, value: &Value) -> Result<Value, Refusal> {
    if operator == "is" {
        return match value.as_str() {
            Some("NULL" | "NOT_NULL") => Ok(value.clone()),
            _ => Err(bad("Invalid filter value for \"is\" operator. Expected \"NULL\" or \"NOT_NULL\"")
                .sub("INVALID_ARGS_FILTER", format!("Invalid filter value: \"{}\"", shown(value)))),
        };
    }
    if matches!(operator, "in" | "containsAny") {
        let list = value.as_array().filter(|list| !list.is_empty()).ok_or_else(|| {
            let last = path.last().map_or("", String::as_str);
            bad(format!("Invalid filter value for field {last}. Expected non-empty array"))
                .sub("INVALID_QUERY_INPUT", "Invalid filter value: \"\"")
        })?;
        let list: Result<Vec<_>, _> = list.iter().map(|item| single(path, kind, item)).collect();
        return list.map(Value::from);
    }
    single(path, kind, value)
}

fn single(path: &[String], kind: Option<Kind>, value: &Value) -> Result<Value, Refusal> {
    let name = path.join(".");
    let checked = match kind {
        Some(Kind::Uuid) => values::identifier(value, &name),
        Some(Kind::DateTime) => values::time(value, &name),
        Some(Kind::Number | Kind::Position) => match value {
            Value::String(text) => Ok(text.parse::<f64>().map_or_else(|_| value.clone(), |number| json!(number))),
            _ => Ok(value.clone()),
        },
        Some(Kind::Select) if path.last().is_some_and(|part| part == "source") => {
            let is_known = value.as_str().is_none_or(|value| SOURCES.contains(&value));
            if is_known { Ok(value.clone()) } else { Err(unknown_option(&path[0], "Source", value)) }
        }
        _ => Ok(value.clone()),
    };
    checked.map_err(|refusal| Refusal {
        sub_code: refusal.sub_code.map(|code| if code == "INVALID_ARGS_DATA" { "INVALID_ARGS_FILTER" } else { code }),
        ..refusal
    })
}

/// What the database says of a value that an enumeration does not have.
fn unknown_option(field: &str, part: &str, value: &Value) -> Refusal {
    let written = value.as_str().unwrap_or_default();
    let message = format!(
        "invalid input value for enum workspace_824k586yl5fglovjd2k79xczg.\"person_{field}{part}_enum\": \"{written}\""
    );
    bad(message).friendly("Invalid input provided.")
}

/// The value at a path of a record.
pub(super) fn at<'r>(row: &'r Row, path: &[String]) -> &'r Value {
    const NONE: &Value = &Value::Null;
    let first = row.get(&path[0]).unwrap_or(NONE);
    path[1..].iter().fold(first, |value, part| value.get(part).unwrap_or(NONE))
}

fn is_none(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn test(stored: &Value, operator: &str, value: &Value) -> Option<bool> {
    match operator {
        "is" => return Some(is_none(stored) == (value == "NULL")),
        "eq" if is_none(value) => return Some(is_none(stored)),
        "neq" if is_none(value) => return Some(!is_none(stored)),
        _ => {}
    }
    if is_none(stored) {
        return None;
    }
    let order = || compare(stored, value);
    Some(match operator {
        "eq" => order() == Ordering::Equal,
        "neq" => order() != Ordering::Equal,
        "gt" => order() == Ordering::Greater,
        "gte" => order() != Ordering::Less,
        "lt" => order() == Ordering::Less,
        "lte" => order() != Ordering::Greater,
        "in" | "containsAny" => {
            value.as_array().into_iter().flatten().any(|item| compare(stored, item) == Ordering::Equal)
        }
        "like" => like(&text(stored), &text(value)),
        "ilike" => like(&text(stored).to_lowercase(), &text(value).to_lowercase()),
        "startsWith" => text(stored).starts_with(&text(value)),
        "endsWith" => text(stored).ends_with(&text(value)),
        _ => false,
    })
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The order of two values that are there.
pub(super) fn compare(a: &Value, b: &Value) -> Ordering {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ if a.as_str().is_some_and(is_uuid) => text(a).to_lowercase().cmp(&text(b).to_lowercase()),
        _ => text(a).cmp(&text(b)),
    }
}

/// SQL's `LIKE`: `%` and `_` stand for anything and for one character, a backslash takes their meaning away.
fn like(text: &str, pattern: &str) -> bool {
    fn matches(text: &[char], pattern: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['%', rest @ ..] => (0..=text.len()).any(|skip| matches(&text[skip..], rest)),
            ['_', rest @ ..] => !text.is_empty() && matches(&text[1..], rest),
            ['\\', literal, rest @ ..] | [literal, rest @ ..] => {
                text.first() == Some(literal) && matches(&text[1..], rest)
            }
        }
    }
    matches(&text.chars().collect::<Vec<_>>(), &pattern.chars().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        assert!(like("alice_chen@acme.com", "alice_chen%") && like("alicexchen", "alice_chen"));
        assert!(like("alice_chen", "alice\\_chen") && !like("alicexchen", "alice\\_chen"));
        assert!(!like("acme", "acm"));
    }

    #[test]
    fn absent_values_are_neither() {
        assert_eq!(test(&json!(""), "neq", &json!("x")), None);
        assert_eq!(test(&json!(""), "eq", &json!("")), Some(true));
        assert_eq!(test(&json!("a"), "is", &json!("NOT_NULL")), Some(true));
    }
}
