//! Values by their types: what of them can be owned, and what differs between two.

use serde_json::Value;

use super::paths::{Path, Paths, Shown, Step};
use super::types::{Type, field, key_of};

/// Why a body is no object of its type.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// What the server says, after the path.
    Wrong(String),
    /// It uses what is not imitated.
    Elsewhere,
}

/// Everything of a value that an applier owns.
pub(super) fn owned(of: &Type, value: &Value) -> Result<Paths, Misfit> {
    let mut found = Paths::default();
    own(of, value, &mut Vec::new(), &mut found)?;
    found.0.retain(|path| !is_systems(path));
    Ok(found)
}

/// What differs between two objects.
#[derive(Debug, Default)]
pub(super) struct Difference {
    pub(super) added: Paths,
    pub(super) modified: Paths,
    pub(super) removed: Paths,
}

/// What differs, without what nobody owns.
pub(super) fn difference(of: &Type, before: &Value, after: &Value) -> Difference {
    let mut found = Difference::default();
    differ(of, Some(before), Some(after), &mut Vec::new(), &mut found);
    for paths in [&mut found.added, &mut found.modified, &mut found.removed] {
        paths.0.retain(|path| !is_systems(path));
    }
    found
}

fn own(of: &Type, value: &Value, path: &mut Path, found: &mut Paths) -> Result<(), Misfit> {
    let wrong = |path: &Path, what: String| Err(Misfit::Wrong(format!("{}: {what}", Shown(path))));
    let go = |value: &Value| format!("&value.valueUnstructured{{Value:{}}}", as_go(value));
    match (of, value) {
        (Type::Elsewhere, _) => return Err(Misfit::Elsewhere),
        (Type::Map(_) | Type::Struct(_) | Type::Inlined(_) | Type::Items(..) | Type::Set, Value::Null) => {
            found.0.insert(path.clone());
        }
        (Type::Map(inner), Value::Object(map)) => {
            if map.is_empty() && !path.is_empty() {
                found.0.insert(path.clone());
            }
            for (key, value) in map {
                path.push(Step::Field(key.clone()));
                own(inner, value, path, found)?;
                path.pop();
            }
        }
        (Type::Struct(_) | Type::Inlined(_), Value::Object(map)) => {
            if map.is_empty() && !path.is_empty() {
                found.0.insert(path.clone());
            }
            for (key, value) in map {
                path.push(Step::Field(key.clone()));
                let Some(inner) = field(of, key) else {
                    return wrong(path, "field not declared in schema".to_owned());
                };
                own(inner, value, path, found)?;
                path.pop();
            }
        }
        (Type::Whole(_), Value::Object(map)) => {
            // What is in it is looked at, and not owned for itself.
            for (key, value) in map {
                path.push(Step::Field(key.clone()));
                let Some(inner) = field(of, key) else {
                    return wrong(path, "field not declared in schema".to_owned());
                };
                own(inner, value, path, &mut Paths::default())?;
                path.pop();
            }
            found.0.insert(path.clone());
        }
        (Type::Whole(_), Value::Null) => drop(found.0.insert(path.clone())),
        (Type::Texts, Value::Array(items)) if items.iter().all(Value::is_string) => {
            found.0.insert(path.clone());
        }
        (Type::Texts, Value::Null) => drop(found.0.insert(path.clone())),
        // Members are named by their place in a list.
        (Type::Texts, _) => return Err(Misfit::Elsewhere),
        (Type::Map(_) | Type::Struct(_) | Type::Inlined(_) | Type::Whole(_), other) => {
            return wrong(path, format!("expected map, got {}", as_go_value(other)));
        }
        (Type::Items(keys, inner), Value::Array(items)) => {
            if items.is_empty() {
                found.0.insert(path.clone());
            }
            let mut seen = std::collections::BTreeSet::new();
            for item in items {
                let key = key_of(keys, item);
                let step = Step::Item(key.clone());
                if !seen.insert(key) {
                    let shown = Shown(std::slice::from_ref(&step)).to_string();
                    return wrong(path, format!("duplicate entries for key {shown}"));
                }
                path.push(step);
                found.0.insert(path.clone());
                own(inner, item, path, found)?;
                path.pop();
            }
        }
        (Type::Set, Value::Array(items)) => {
            for item in items {
                path.push(Step::Member(item.to_string()));
                found.0.insert(path.clone());
                path.pop();
            }
        }
        (Type::Items(..) | Type::Set, other) => return wrong(path, format!("expected list, got {}", go(other))),
        (
            Type::Text | Type::Bytes | Type::Said | Type::Always | Type::Time | Type::MicroTime,
            Value::Null | Value::String(_),
        )
        | (Type::Bool, Value::Null | Value::Bool(_))
        | (Type::Int, Value::Null | Value::Number(_))
        | (Type::Quantity | Type::Atomic, _) => {
            found.0.insert(path.clone());
        }
        (Type::Text | Type::Bytes | Type::Said | Type::Always | Type::Time | Type::MicroTime, other) => {
            return wrong(path, format!("expected string, got {}", go(other)));
        }
        (Type::Bool, other) => return wrong(path, format!("expected boolean, got {}", go(other))),
        (Type::Int, other) => return wrong(path, format!("expected numeric (int or float), got {}", go(other))),
    }
    Ok(())
}

fn differ(of: &Type, before: Option<&Value>, after: Option<&Value>, path: &mut Path, found: &mut Difference) {
    let before = before.filter(|it| !it.is_null());
    let after = after.filter(|it| !it.is_null());
    match (before, after) {
        (None, None) => return,
        (None, Some(_)) if !path.is_empty() => drop(found.added.0.insert(path.clone())),
        (Some(_), None) if !path.is_empty() => drop(found.removed.0.insert(path.clone())),
        _ => {}
    }
    let step = |name: &str| Step::Field(name.to_owned());
    match of {
        Type::Map(inner) => {
            for name in names(before, after) {
                path.push(step(&name));
                differ(inner, before.and_then(|it| it.get(&name)), after.and_then(|it| it.get(&name)), path, found);
                path.pop();
            }
        }
        Type::Struct(_) | Type::Inlined(_) => {
            for name in names(before, after) {
                let Some(inner) = field(of, &name) else { continue };
                path.push(step(&name));
                differ(inner, before.and_then(|it| it.get(&name)), after.and_then(|it| it.get(&name)), path, found);
                path.pop();
            }
            // A structure that is there and empty can be owned; one with something in it is owned by that.
        }
        Type::Items(keys, inner) => {
            let all = |value: Option<&Value>| -> Vec<(String, Value)> {
                let items = value.and_then(Value::as_array).into_iter().flatten();
                items.map(|item| (key_of(keys, item), item.clone())).collect()
            };
            let (one, two) = (all(before), all(after));
            let mut every: Vec<&String> = one.iter().chain(&two).map(|(key, _)| key).collect();
            every.sort();
            every.dedup();
            for key in every {
                let find = |all: &[(String, Value)]| all.iter().find(|(it, _)| it == key).map(|(_, item)| item.clone());
                path.push(Step::Item(key.clone()));
                differ(inner, find(&one).as_ref(), find(&two).as_ref(), path, found);
                path.pop();
            }
        }
        Type::Set => {
            let all = |value: Option<&Value>| -> Vec<String> {
                value.and_then(Value::as_array).into_iter().flatten().map(Value::to_string).collect()
            };
            let (one, two) = (all(before), all(after));
            let with = |member: &String| [path.as_slice(), &[Step::Member(member.clone())]].concat();
            found.added.0.extend(two.iter().filter(|it| !one.contains(it)).map(with));
            found.removed.0.extend(one.iter().filter(|it| !two.contains(it)).map(with));
        }
        _ => {
            if let (Some(before), Some(after)) = (before, after)
                && before != after
            {
                found.modified.0.insert(path.clone());
            }
        }
    }
}

fn names(one: Option<&Value>, two: Option<&Value>) -> Vec<String> {
    let keys = |value: Option<&Value>| -> Vec<String> {
        value.and_then(Value::as_object).into_iter().flat_map(|it| it.keys().cloned()).collect()
    };
    let mut all = keys(one);
    all.extend(keys(two));
    all.sort();
    all.dedup();
    all
}

/// What the server writes and nobody owns.
fn is_systems(path: &[Step]) -> bool {
    let names: Vec<&str> = path
        .iter()
        .map_while(|step| match step {
            Step::Field(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    const OF_METADATA: &[&str] = &[
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "generation",
        "managedFields",
        "selfLink",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ];
    match names.as_slice() {
        ["apiVersion" | "kind" | "status", ..] | ["metadata"] => true,
        ["metadata", name, ..] => OF_METADATA.contains(name),
        _ => false,
    }
}

/// A value as Go prints it.
fn as_go(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) => {
            let inner: Vec<String> = map.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
            format!("map[string]interface {{}}{{{}}}", inner.join(", "))
        }
        other => other.to_string(),
    }
}

fn as_go_value(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let inner: Vec<String> = items.iter().map(as_go).collect();
            format!("&{{[{}]}}", inner.join(" "))
        }
        other => format!("&value.valueUnstructured{{Value:{}}}", as_go(other)),
    }
}
