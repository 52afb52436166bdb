//! What the service makes of a client's body, and what it refuses in one.

use serde_json::{Value, json};

use super::answer::{Refusal, described};
use super::clients::PLAIN;
use super::hash_order;
use super::realms::text;
use super::validators::is_uri;
use super::world::{Client, Mapper, Object};

pub(super) fn apply_fields(client: &mut Client, body: &Object) {
    for name in PLAIN {
        if let Some(value) = body.get(*name) {
            let value = match *name {
                "redirectUris" | "webOrigins" => hash_order::of_value(value),
                _ => value.clone(),
            };
            client.fields.insert((*name).into(), value);
        }
    }
}

/// What a body that names its protocol gets beside what it says.
pub(super) fn protocol_defaults(client: &mut Client, body: &Object) {
    let has_redirects = body.get("redirectUris").and_then(Value::as_array).is_some_and(|uris| !uris.is_empty());
    if let Some(root) = text(body, "rootUrl").filter(|root| !root.is_empty()) {
        if !has_redirects {
            let all = json!([format!("{}/*", root.trim_end_matches('/'))]);
            if !body.contains_key("webOrigins") {
                client
                    .fields
                    .insert("webOrigins".into(), origins(&Object::from_iter([("redirectUris".into(), all.clone())])));
            }
            client.fields.insert("redirectUris".into(), all);
        }
        if !body.contains_key("adminUrl") {
            client.fields.insert("adminUrl".into(), json!(root));
        }
    }
    for (name, value) in
        [("backchannel.logout.session.required", "true"), ("backchannel.logout.revoke.offline.tokens", "false")]
    {
        client.attributes.entry(name.into()).or_insert_with(|| value.into());
    }
}

/// Merges key by key; an empty or absent value takes the key away.
pub(super) fn apply_attributes(client: &mut Client, body: &Object) {
    for (name, value) in body.get("attributes").and_then(Value::as_object).into_iter().flatten() {
        match value.as_str().filter(|value| !value.is_empty()) {
            Some(value) => {
                client.attributes.insert(name.clone(), value.to_owned());
            }
            None => {
                client.attributes.remove(name);
            }
        }
    }
}

/// The given mappers, each keeping the id of the one that had its name.
pub(super) fn merge_mappers(old: &[Mapper], mut given: Vec<Mapper>) -> Vec<Mapper> {
    for mapper in &mut given {
        if let Some(known) = old.iter().find(|known| known.name == mapper.name && known.protocol == mapper.protocol) {
            mapper.id = known.id.clone();
        }
    }
    given
}

/// The origins of the redirect URIs, each once.
pub(super) fn origins(body: &Object) -> Value {
    let mut found: Vec<String> = Vec::new();
    for uri in body.get("redirectUris").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !uri.starts_with("http://") && !uri.starts_with("https://") {
            continue;
        }
        let start = uri.find("://").map_or(0, |at| at + 3);
        let end = uri[start..].find('/').map_or(uri.len(), |at| at + start);
        let origin = uri[..end].to_owned();
        if !found.contains(&origin) {
            found.push(origin);
        }
    }
    json!(found)
}

/// What the service refuses in a client; all of it is told at once.
pub(super) fn check(body: &Object) -> Result<(), Refusal> {
    let mut errors: Vec<String> = Vec::new();
    if let Some(protocol) =
        text(body, "protocol").filter(|name| !matches!(*name, "openid-connect" | "saml" | "docker-v2"))
    {
        errors.push(format!("Invalid protocol: {protocol}"));
    }
    for (name, words) in [("rootUrl", "Root URL"), ("baseUrl", "Base URL")] {
        let Some(url) = text(body, name).filter(|url| !url.is_empty()) else {
            continue;
        };
        if is_illegal(url) {
            errors.push(format!("{words} uses an illegal scheme"));
        } else if name == "rootUrl" && url.contains('#') {
            errors.push(format!("{words} must not contain an URL fragment"));
        } else if !(is_uri(url) || name == "baseUrl" && url.starts_with('/')) {
            errors.push(format!("{words} is not a valid URL"));
        }
    }
    for uri in body.get("redirectUris").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if is_illegal(uri) {
            errors.push("A redirect URI uses an illegal scheme".into());
        } else if uri.contains('#') {
            errors.push("A redirect URI must not contain an URL fragment".into());
        } else if !is_reference(uri) {
            errors.push("A redirect URI is not a valid URI".into());
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(described(400, "invalid_input", errors.join("; "))) }
}

pub(super) fn is_illegal(url: &str) -> bool {
    ["javascript:", "data:", "vbscript:"].iter().any(|scheme| url.to_ascii_lowercase().starts_with(scheme))
}

/// Whether Java would read this as a URI, absolute or relative.
pub(super) fn is_reference(uri: &str) -> bool {
    let scheme_is_right = match uri.find([':', '/', '?']) {
        Some(at) if uri.as_bytes()[at] == b':' => {
            let scheme = &uri[..at];
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
                && at + 1 < uri.len()
        }
        _ => true,
    };
    scheme_is_right && !uri.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
}
