//! One value laid over another of its type, and taken out of it again.

use serde_json::{Value, json};

use super::paths::Step;
use super::types::{Type, field, key_of};

/// The part of an object that is there before anything is: structures that are always there.
pub(super) fn skeleton(of: &Type) -> Value {
    let mut object = json!({});
    if let Type::Inlined(fields) = of {
        for (name, inner) in fields.iter() {
            match inner {
                Type::Inlined(_) => object[*name] = skeleton(inner),
                Type::Always => object[*name] = "".into(),
                _ => {}
            }
        }
    }
    object
}

/// One value laid over another of its type.
pub(super) fn merged(of: &Type, below: &Value, above: &Value) -> Value {
    match (of, below, above) {
        (Type::Map(inner), Value::Object(one), Value::Object(two)) => {
            let mut all = one.clone();
            for (key, value) in two {
                let value = all.get(key).map_or_else(|| value.clone(), |below| merged(inner, below, value));
                all.insert(key.clone(), value);
            }
            Value::Object(all)
        }
        (Type::Struct(_) | Type::Inlined(_), Value::Object(one), Value::Object(two)) => {
            let mut all = one.clone();
            for (key, value) in two {
                let merged = match (field(of, key), all.get(key)) {
                    (Some(inner), Some(below)) => merged(inner, below, value),
                    _ => value.clone(),
                };
                all.insert(key.clone(), merged);
            }
            Value::Object(all)
        }
        (Type::Items(keys, inner), Value::Array(one), Value::Array(two)) => {
            let mut all = one.clone();
            for item in two {
                let key = key_of(keys, item);
                match all.iter_mut().find(|it| key_of(keys, it) == key) {
                    Some(below) => *below = merged(inner, below, item),
                    None => all.push(item.clone()),
                }
            }
            Value::Array(all)
        }
        (Type::Set, Value::Array(one), Value::Array(two)) => {
            let mut all = one.clone();
            all.extend(two.iter().filter(|it| !one.contains(it)).cloned());
            Value::Array(all)
        }
        (Type::Map(_), below, Value::Null) => below.clone(),
        (_, _, above) => above.clone(),
    }
}

/// A value without what is at a path.
pub(super) fn remove(of: &Type, value: &mut Value, path: &[Step]) {
    let Some((step, rest)) = path.split_first() else { return };
    match (of, step) {
        // What holds others is left when it is empty, and goes by that.
        (Type::Struct(_) | Type::Inlined(_), Step::Field(name)) if rest.is_empty() && is_container(field(of, name)) => {
        }
        (Type::Map(inner), Step::Field(name)) => match value.get_mut(name) {
            Some(below) if !rest.is_empty() => remove(inner, below, rest),
            Some(_) => drop(value.as_object_mut().and_then(|it| it.remove(name))),
            None => {}
        },
        (Type::Struct(_) | Type::Inlined(_), Step::Field(name)) => match (field(of, name), value.get_mut(name)) {
            (Some(inner), Some(below)) if !rest.is_empty() => remove(inner, below, rest),
            (_, Some(_)) => drop(value.as_object_mut().and_then(|it| it.remove(name))),
            _ => {}
        },
        (Type::Items(keys, inner), Step::Item(key)) => {
            let Some(items) = value.as_array_mut() else { return };
            if rest.is_empty() {
                items.retain(|it| key_of(keys, it) != *key);
            } else if let Some(below) = items.iter_mut().find(|it| key_of(keys, it) == *key) {
                remove(inner, below, rest);
            }
        }
        (Type::Set, Step::Member(member)) => {
            if let Some(items) = value.as_array_mut() {
                let gone: Option<Value> = serde_json::from_str(member).ok();
                items.retain(|it| Some(it) != gone.as_ref());
            }
        }
        _ => {}
    }
}

fn is_container(of: Option<&Type>) -> bool {
    matches!(of, Some(Type::Map(_) | Type::Struct(_) | Type::Inlined(_) | Type::Items(..) | Type::Set))
}
