//! What every entity must be, whatever its kind (guide, section 1): the form of the whole, and the form of its names.

use serde_json::{Map, Value};

use super::problem::Problem;
use super::reference::Reference;

const NAME: &str =
    "a string that is sequences of [a-zA-Z0-9] separated by any of [-_.], at most 63 characters in total";
const NAMESPACE: &str = "a string that is sequences of [a-z0-9] separated by [-], at most 63 characters in total";
const TAG: &str = "a string that is sequences of [a-z0-9+#] separated by [-], at most 63 characters in total";
const KEY: &str = "a valid prefix and/or suffix";
const MORE: &str = "To learn more about catalog file format, visit: \
                    https://github.com/backstage/backstage/blob/master/docs/architecture-decisions/adr002-default-catalog-file-format.md";

/// Checks an entity as the catalogue's policies do, in their order.
pub(super) fn check(entity: &Value) -> Result<(), Problem> {
    let refused = |cause: String| {
        Problem::caused(&format!("Policy check failed for {}", Reference::of(entity)), "Error", cause)
    };
    form(entity).map_err(|why| refused(format!("Malformed envelope, {why}")))?;
    let fields = entity.as_object().into_iter().flat_map(Map::keys);
    if let Some(foreign) = fields.into_iter().find(|key| !["apiVersion", "kind", "metadata", "spec"].contains(&key.as_str())) {
        return Err(refused(format!("Unknown field {foreign}")));
    }
    names(entity).map_err(refused)
}

/// The form: what there must be, and of what type. The first thing that is wrong.
fn form(entity: &Value) -> Result<(), String> {
    let Some(whole) = entity.as_object() else { return Err("<root> must be object".to_owned()) };
    for key in ["apiVersion", "kind", "metadata"] {
        if !whole.contains_key(key) {
            return Err(format!("<root> must have required property '{key}'"));
        }
    }
    for key in ["apiVersion", "kind"] {
        filled(&whole[key], &format!("/{key}"))?;
    }
    let Some(metadata) = whole["metadata"].as_object() else { return Err("/metadata must be object".to_owned()) };
    if !metadata.contains_key("name") {
        return Err("/metadata must have required property 'name'".to_owned());
    }
    for key in ["name", "namespace", "title", "uid", "etag"] {
        if let Some(value) = metadata.get(key) {
            filled(value, &format!("/metadata/{key}"))?;
        }
    }
    if let Some(description) = metadata.get("description") {
        text(description, "/metadata/description")?;
    }
    for key in ["labels", "annotations"] {
        let Some(map) = metadata.get(key) else { continue };
        let Some(map) = map.as_object() else { return Err(format!("/metadata/{key} must be object")) };
        for (name, value) in map {
            text(value, &format!("/metadata/{key}/{}", name.replace('~', "~0").replace('/', "~1")))?;
        }
    }
    if let Some(tags) = metadata.get("tags") {
        let Some(tags) = tags.as_array() else { return Err("/metadata/tags must be array".to_owned()) };
        for (at, tag) in tags.iter().enumerate() {
            filled(tag, &format!("/metadata/tags/{at}"))?;
        }
    }
    if let Some(links) = metadata.get("links") {
        let Some(links) = links.as_array() else { return Err("/metadata/links must be array".to_owned()) };
        for (at, link) in links.iter().enumerate() {
            let Some(url) = link.get("url") else {
                return Err(format!("/metadata/links/{at} must have required property 'url'"));
            };
            filled(url, &format!("/metadata/links/{at}/url"))?;
        }
    }
    match whole.get("spec") {
        Some(spec) if !spec.is_object() => Err("/spec must be object".to_owned()),
        _ => Ok(()),
    }
}

fn text<'v>(value: &'v Value, at: &str) -> Result<&'v str, String> {
    value.as_str().ok_or_else(|| format!("{at} must be string"))
}

fn filled(value: &Value, at: &str) -> Result<(), String> {
    match text(value, at)? {
        "" => Err(format!("{at} must NOT have fewer than 1 characters")),
        _ => Ok(()),
    }
}

/// The form of names, in the order in which the catalogue looks at them.
fn names(entity: &Value) -> Result<(), String> {
    let invalid = |field: &str, expected: &str, found: &str| {
        Err(format!("\"{field}\" is not valid; expected {expected} but found \"{found}\". {MORE}"))
    };
    let at = |pointer: &str| entity.pointer(pointer).and_then(Value::as_str);
    let api_version = at("/apiVersion").unwrap_or_default();
    if !is_api_version(api_version) {
        return invalid("apiVersion", "a valid API version", api_version);
    }
    let kind = at("/kind").unwrap_or_default();
    if !is_kind(kind) {
        return invalid("kind", "a string that is a sequence of [a-zA-Z][a-z0-9A-Z]*, at most 63 characters in total", kind);
    }
    let name = at("/metadata/name").unwrap_or_default();
    if !is_name(name) {
        return invalid("metadata.name", NAME, name);
    }
    if let Some(namespace) = at("/metadata/namespace").filter(|it| !is_label(it)) {
        return invalid("metadata.namespace", NAMESPACE, namespace);
    }
    let map = |pointer: &str| entity.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
    for (key, value) in map("/metadata/labels") {
        if !is_key(key) {
            return invalid(&format!("labels.{key}"), KEY, key);
        }
        let value = value.as_str().unwrap_or_default();
        if !(value.is_empty() || is_name(value)) {
            return invalid(&format!("labels.{key}"), NAME, value);
        }
    }
    for (key, _) in map("/metadata/annotations") {
        if !is_key(key) {
            return invalid(&format!("annotations.{key}"), KEY, key);
        }
    }
    for (at, tag) in entity.pointer("/metadata/tags").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let tag = tag.as_str().unwrap_or_default();
        if !is_tag(tag) {
            return invalid(&format!("tags.{at}"), TAG, tag);
        }
    }
    Ok(())
}

/// Letters and digits at both ends, `-_.` also inside.
fn is_name(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && ends(text.chars().next())
        && ends(text.chars().last())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// A label of a domain: lower case, `-` only inside and never twice.
fn is_label(text: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    text.len() <= 63 && text.split('-').all(part)
}

fn is_domain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

/// A name, with a domain and one `/` before it if one likes.
fn is_key(text: &str) -> bool {
    match text.split_once('/') {
        Some((domain, name)) => is_domain(domain) && is_name(name),
        None => is_name(text),
    }
}

fn is_kind(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
}

fn is_api_version(text: &str) -> bool {
    let version = |part: &str| {
        !part.is_empty() && part.len() <= 63 && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    match text.split_once('/') {
        Some((domain, part)) => is_domain(domain) && version(part),
        None => version(text),
    }
}

fn is_tag(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ":+#".contains(c);
    text.len() <= 63 && text.split('-').all(|part| !part.is_empty() && part.chars().all(allowed))
}
