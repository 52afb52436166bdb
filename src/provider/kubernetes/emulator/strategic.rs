//! Strategic merge: a patch is laid over an object by the rules of its type, lists by what tells their items apart.

use serde_json::{Map, Value};

use super::resources::Resource;
use super::status::Reply;
use super::types::{Type, field};

/// What tells the patch how a value is to be treated.
const DIRECTIVE: &str = "$patch";

pub(super) fn patched(resource: &Resource, mut object: Value, patch: &Value) -> Result<Value, Reply> {
    let Some(of) = resource.schema else { return Err(Reply::NotModelled) };
    lay(Some(of), &mut object, patch)?;
    Ok(object)
}

fn lay(of: Option<&Type>, value: &mut Value, patch: &Value) -> Result<(), Reply> {
    match (of, patch) {
        (Some(Type::Items(keys, inner)), Value::Array(changes)) => {
            let Some((key, _)) = keys.first() else { return Err(Reply::NotModelled) };
            lay_items(key, inner, value, changes)
        }
        (Some(Type::Set), Value::Array(more)) => {
            let mut all = value.as_array().cloned().unwrap_or_default();
            all.extend(more.iter().filter(|it| !value.as_array().is_some_and(|all| all.contains(it))).cloned());
            *value = all.into();
            Ok(())
        }
        (_, Value::Object(changes)) => lay_map(of, value, changes),
        _ => {
            *value = patch.clone();
            Ok(())
        }
    }
}

fn lay_map(of: Option<&Type>, value: &mut Value, changes: &Map<String, Value>) -> Result<(), Reply> {
    match changes.get(DIRECTIVE).map(Value::as_str) {
        None | Some(Some("merge")) => {}
        Some(Some("replace")) => {
            let rest = changes.iter().filter(|(name, _)| *name != DIRECTIVE);
            *value = Value::Object(rest.map(|(name, value)| (name.clone(), value.clone())).collect());
            return Ok(());
        }
        Some(_) => return Err(Reply::NotModelled),
    }
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    for (name, change) in changes.iter().filter(|(name, _)| *name != DIRECTIVE) {
        // Orders of lists, keys to be kept, members to be taken away.
        if name.starts_with('$') {
            return Err(Reply::NotModelled);
        }
        let inner = match of {
            Some(Type::Map(inner)) => Some(*inner),
            Some(of) => field(of, name),
            None => None,
        };
        if change.is_null() {
            drop(value.as_object_mut().and_then(|it| it.remove(name)));
        } else {
            lay(inner, &mut value[name.as_str()], change)?;
        }
    }
    Ok(())
}

fn lay_items(key: &str, of: &Type, value: &mut Value, changes: &[Value]) -> Result<(), Reply> {
    let mut all = value.as_array().cloned().unwrap_or_default();
    for change in changes {
        let is_it = |it: &Value| it[key] == change[key];
        if change[key].is_null() {
            return Err(Reply::NotModelled);
        }
        match (change.get(DIRECTIVE).map(Value::as_str), all.iter_mut().find(|it| is_it(it))) {
            (Some(Some("delete")), _) => all.retain(|it| !is_it(it)),
            (None, Some(item)) => lay(Some(of), item, change)?,
            (None, None) => all.push(change.clone()),
            (Some(_), _) => return Err(Reply::NotModelled),
        }
    }
    *value = all.into();
    Ok(())
}
