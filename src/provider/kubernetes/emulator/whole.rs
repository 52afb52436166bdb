//! Whole objects as they are sent: which fields there are, of which types, and whose object it is to be.

use serde_json::{Value, json};

use super::body::{self, Body};
use super::compare::{Misfit, owned};
use super::defaults::canonical;
use super::dispatch::Call;
use super::options::Options;
use super::resources::Resource;
use super::status::{Reply, bad_request, failure};
use super::types::{Type, field};

const UNKNOWN_FORMAT: &str = "the body of the request was in an unknown format - accepted media types include: \
     application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// A whole object as it was sent, and what is to be said of it.
pub(super) fn whole(call: &Call, resource: &Resource, options: &Options) -> Result<(Value, Vec<String>), Reply> {
    let media = call.media.split(';').next().unwrap_or_default().trim();
    let Body { value: mut object, twice, by_yaml } = match media {
        "application/json" | "" => body::json(&call.body, resource.kind)?,
        "application/yaml" => body::yaml(&call.body)?,
        "application/vnd.kubernetes.protobuf" => return Err(Reply::NotModelled),
        _ => return Err(failure(415, UNKNOWN_FORMAT, "UnsupportedMediaType", None)),
    };
    if !object.is_object() {
        return Err(Reply::NotModelled);
    }
    is_of_kind(resource, &object)?;
    object["apiVersion"] = resource.api_version().into();
    object["kind"] = resource.kind.into();
    fits(resource, &object)?;
    let mut warnings = unknown(resource, &mut object);
    let is_mixed = by_yaml && !warnings.is_empty() && !twice.is_empty();
    warnings.extend(twice);
    if !warnings.is_empty() && options.validation == "Strict" {
        if is_mixed {
            return Err(Reply::NotModelled);
        }
        let lead = if by_yaml && warnings.iter().all(|it| it.starts_with("line ")) {
            "yaml: unmarshal errors:\n  "
        } else {
            ""
        };
        return Err(bad_request(format!(
            "{kind} in version \"v1\" cannot be handled as a {kind}: strict decoding error: {lead}{}",
            warnings.join(if lead.is_empty() { ", " } else { "\n  " }),
            kind = resource.kind
        )));
    }
    if options.validation == "Ignore" {
        warnings.clear();
    }
    Ok((object, warnings))
}

/// Kinds of the core beside those that are imitated.
const OF_CORE: [&str; 8] = [
    "Endpoints",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "ReplicationController",
    "Secret",
    "Service",
    "ServiceAccount",
];

/// Whether a body says, or leaves open, that it is of this kind.
fn is_of_kind(resource: &Resource, object: &Value) -> Result<(), Reply> {
    let said = |field: &str| object[field].as_str().filter(|it| !it.is_empty());
    let ours = resource.api_version();
    let (version, kind) = (said("apiVersion").unwrap_or(&ours), said("kind").unwrap_or(resource.kind));
    if version == ours && kind == resource.kind {
        return Ok(());
    }
    let why = if resource.plural != "configmaps" {
        return Err(Reply::NotModelled);
    } else if version == "v1" && OF_CORE.contains(&kind) {
        format!("converting (v1.{kind}) to (core.ConfigMap): unknown conversion")
    } else if kind == resource.kind {
        format!("no kind \"{kind}\" is registered for version \"{version}\" in scheme \"pkg/runtime/scheme.go:111\"")
    } else {
        return Err(Reply::NotModelled);
    };
    let short = version.rsplit('/').next().unwrap_or_default();
    Err(bad_request(format!("{kind} in version \"{short}\" cannot be handled as a ConfigMap: {why}")))
}

/// Takes fields out that do not exist, and names them.
pub(super) fn unknown(resource: &Resource, object: &mut Value) -> Vec<String> {
    fn walk(of: &Type, value: &mut Value, path: &str, found: &mut Vec<String>) {
        match (of, value) {
            (Type::Struct(_) | Type::Inlined(_) | Type::Whole(_), Value::Object(map)) => {
                let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                // Those further in are told before those beside them.
                for (name, value) in map.iter_mut() {
                    if let Some(inner) = field(of, name) {
                        walk(inner, value, &at(name), found);
                    }
                }
                let strange: Vec<String> = map.keys().filter(|name| field(of, name).is_none()).cloned().collect();
                for name in strange {
                    map.remove(&name);
                    found.push(format!("unknown field \"{}\"", at(&name)));
                }
            }
            (Type::Items(_, inner), Value::Array(items)) => {
                for (index, item) in items.iter_mut().enumerate() {
                    walk(inner, item, &format!("{path}[{index}]"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    if let Some(of) = resource.schema {
        walk(of, object, "", &mut found);
    }
    found
}

/// Refuses values of other types, in the words of a reader of JSON.
pub(super) fn fits(resource: &Resource, object: &Value) -> Result<(), Reply> {
    fits_words(resource, object).map_err(|words| match words {
        Some(what) => {
            bad_request(format!("{kind} in version \"v1\" cannot be handled as a {kind}: {what}", kind = resource.kind))
        }
        None => Reply::NotModelled,
    })
}

/// What a reader of JSON says of values of other types, where its words are known.
pub(super) fn fits_words(resource: &Resource, object: &Value) -> Result<(), Option<String>> {
    let Some(of) = resource.schema else { return Err(None) };
    let mut known = object.clone();
    unknown(resource, &mut known);
    match owned(of, &known) {
        Ok(_) => {}
        Err(Misfit::Elsewhere) => return Err(None),
        Err(Misfit::Wrong(_)) => {
            let mut values = known["data"].as_object().into_iter().flat_map(|map| map.values());
            let what = match values.find(|it| !it.is_string() && !it.is_null()) {
                Some(Value::Number(_)) => "number",
                Some(Value::Bool(_)) => "bool",
                // The words name types of the server's own program.
                _ => return Err(None),
            };
            return Err(Some(format!(
                "json: cannot unmarshal {what} into Go struct field ConfigMap.data of type string"
            )));
        }
    }
    canonical(resource, &mut known).map_err(|odd| odd.told())
}

/// The namespace of the path, written into the object.
pub(super) fn in_namespace(call: &Call, object: &mut Value) -> Result<String, Reply> {
    let namespace = call.place.namespace.clone().unwrap_or_default();
    if object["metadata"].is_null() {
        object["metadata"] = json!({});
    }
    if object["metadata"]["namespace"].as_str().is_some_and(|it| !it.is_empty() && it != namespace) {
        return Err(bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = namespace.as_str().into();
    }
    Ok(namespace)
}

/// A body does not say whose it is.
pub(super) fn unnamed(name: &str) -> Reply {
    bad_request(format!("the name of the object ({name} based on URL) was undeterminable: name must be provided"))
}

pub(super) fn is_named(said: &str, name: &str) -> Result<(), Reply> {
    if said == name {
        return Ok(());
    }
    Err(bad_request(format!("the name of the object ({said}) does not match the name on the URL ({name})")))
}
