//! Checking what is sent, before anything is written.

use serde_json::{Map, Value, json};

use super::ids::may_be_chosen;
use super::model::{Kind, Object};
use super::refusal::{Refusal, bad, bad_value, coded, named};
use super::values;
use super::world::{Row, World, is_deleted};

/// A record as it was sent, checked: the fields and columns that change, composites by their changing parts.
pub(super) type Change = Map<String, Value>;

/// The most records that one call may write.
const MOST: usize = 200;

/// Checks the data of one record. `is_new` tells a creation, whose identifier may be chosen.
pub(super) fn check(world: &World, object: &Object, data: &Value, is_new: bool) -> Result<Change, Refusal> {
    let mut change = Change::new();
    let sent: Vec<(String, &Value)> = match data {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        // What a list's indexes look like to the server.
        Value::Array(items) => items.iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect(),
        _ => return Err(bad("data must be an object")),
    };
    for (name, value) in sent {
        if let Some((field, _)) = object.link_of_column(&name) {
            if data.get(&field.name).is_some() {
                return Err(bad(format!("{} and {name} cannot be both provided.", field.name)));
            }
            change.insert(name.clone(), values::identifier(value, &name)?);
            continue;
        }
        let Some(field) = object.field(&name) else {
            return Err(bad_value(
                format!("Object {} doesn't have any \"{name}\" field.", object.singular),
                "An error occurred.",
            ));
        };
        match field.kind {
            Kind::ManyToOne(target) => {
                if let Some(link) = link(world, object, &name, target, value)? {
                    change.insert(format!("{name}Id"), link);
                }
            }
            _ if name == "id" => {
                if !value.is_null() && is_new && !value.as_str().is_some_and(may_be_chosen) {
                    return Err(coded("INVALID_QUERY_INPUT", format!("Value {value} is not a valid UUID"))
                        .friendly("Invalid UUID format."));
                }
                change.insert(name, value.clone());
            }
            Kind::Position => {
                change.insert(name, position(world, object, value)?);
            }
            _ => {
                let checked = values::checked(field, value)?;
                // A composite that is set to null stays as it is.
                if !checked.is_null() || field.kind.parts().is_empty() {
                    change.insert(name, checked);
                }
            }
        }
    }
    not_null(object, &change)?;
    Ok(change)
}

/// What the database says of columns that must have a value.
fn not_null(object: &Object, change: &Change) -> Result<(), Refusal> {
    for field in object.fields.iter().filter(|field| !field.is_nullable) {
        if change.get(&field.name).is_some_and(Value::is_null) {
            let message = format!(
                "null value in column \"{}\" of relation \"{}\" violates not-null constraint",
                field.name, object.singular
            );
            return Err(bad(message).friendly("A required value is missing."));
        }
    }
    Ok(())
}

/// Checks a list of records.
pub(super) fn check_all(world: &World, object: &Object, data: &Value) -> Result<Vec<Change>, Refusal> {
    let Some(items) = data.as_array() else {
        return Err(named("TypeError", "args.data.forEach is not a function"));
    };
    if items.len() > MOST {
        let message = format!("Maximum number of records to upsert is {MOST}.");
        return Err(bad(message.clone()).sub("TOO_MANY_RECORDS_TO_UPDATE", message));
    }
    items.iter().map(|item| check(world, object, item, true)).collect()
}

/// `first` and `last` are places beyond the others.
fn position(world: &World, object: &Object, value: &Value) -> Result<Value, Refusal> {
    let places = || world.table(&object.singular).filter_map(|row| row.get("position").and_then(Value::as_f64));
    match value {
        Value::Number(_) => Ok(value.clone()),
        Value::String(text) if text == "first" => Ok(first_place(world, &object.singular)),
        Value::String(text) if text == "last" => {
            Ok(places().reduce(f64::max).map_or(json!(0), |last| whole(last + 1.0)))
        }
        _ => Err(bad_value(
            format!("Invalid position value {} for field \"position\"", values::shown(value)),
            "An error occurred.",
        )),
    }
}

/// The place before all others, where new records go.
pub(super) fn first_place(world: &World, object: &str) -> Value {
    let places = world.table(object).filter_map(|row| row.get("position").and_then(Value::as_f64));
    places.reduce(f64::min).map_or(json!(0), |first| whole(first - 1.0))
}

fn whole(number: f64) -> Value {
    if number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
}

/// The identifier that `connect` or `disconnect` means; `None` where the link stays.
fn link(world: &World, object: &Object, name: &str, target: &str, value: &Value) -> Result<Option<Value>, Refusal> {
    if let Some(disconnect) = value.get("disconnect") {
        return Ok((disconnect == &json!(true)).then_some(Value::Null));
    }
    let Some(connect) = value.get("connect") else {
        let message = format!("Relation \"{name}\" requires connect or disconnect operation");
        return Err(bad_value(message, "An error occurred."));
    };
    let Some(wanted) = connect.get("where").and_then(Value::as_object) else {
        let message = format!(
            "Property \"{name}.connect\" was not found in \"{}\". Make sure your query is correct.",
            object.singular
        );
        return Err(named("EntityPropertyNotFoundError", message));
    };
    let target = world.object(target).ok_or_else(super::refusal::unimitated)?;
    let conditions = unique_conditions(target, wanted)?;
    if conditions.is_empty() {
        let said = |of: &str| {
            format!("Missing required fields: at least one unique constraint have to be fully populated for {of}.")
        };
        return Err(bad(said(&format!("'{name}'"))).friendly(said("{connectFieldName}")));
    }
    let meets = |row: &&Row| conditions.iter().all(|(path, value)| super::filter::at(row, path) == value);
    let found: Vec<_> = world.table(&target.singular).filter(|row| !is_deleted(row)).filter(meets).collect();
    match found.as_slice() {
        [row] => Ok(row.get("id").cloned()),
        _ => {
            let told = |(path, value): &(Vec<String>, Value)| {
                let column =
                    path[0].clone() + &path.get(1).map_or(String::new(), |part| super::model::capitalised(part));
                format!("{column} = {}", value.as_str().unwrap_or_default())
            };
            let told = conditions.iter().map(told).collect::<Vec<_>>().join(" and ");
            let count = found.len();
            let friendly = format!("Can't connect to {name}. No unique record found with condition: {told}");
            Err(bad(format!("Expected 1 record to connect to {name}, but found {count} for {told}")).friendly(friendly))
        }
    }
}

/// The conditions of `where` that are on unique fields, normalised as written values are.
fn unique_conditions(target: &Object, wanted: &Map<String, Value>) -> Result<Vec<(Vec<String>, Value)>, Refusal> {
    let mut conditions = Vec::new();
    for (name, value) in wanted {
        if name == "id" {
            conditions.push((vec![name.clone()], values::identifier(value, name)?));
            continue;
        }
        let Some(field) = target.field(name).filter(|field| field.is_unique) else { continue };
        let checked = values::checked(field, value)?;
        let part = field.unique_part();
        let (path, value) = match part {
            "" => (vec![name.clone()], checked),
            part => (vec![name.clone(), part.to_owned()], checked[part].clone()),
        };
        if value.as_str().is_some_and(|text| !text.is_empty()) {
            conditions.push((path, value));
        }
    }
    Ok(conditions)
}
