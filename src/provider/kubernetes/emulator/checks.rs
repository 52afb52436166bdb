//! What is wrong with an object: all of it at once, metadata first.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::names;
use super::resources::Resource;
use super::status::Cause;

/// Bytes of all values of a ConfigMap together.
const MOST_DATA: usize = 1 << 20;

/// Bytes of all annotations, keys and values.
const MOST_ANNOTATIONS: usize = 256 << 10;

/// All that is wrong with an object that is to be kept; `before` is what it was.
pub(super) fn all(resource: &Resource, object: &Value, before: Option<&Value>) -> Vec<Cause> {
    if resource.plural == "events" {
        let found = event(object);
        if !found.is_empty() {
            return found;
        }
    }
    let mut found = metadata(resource, &object["metadata"]);
    if let Some(before) = before {
        found.extend(held_longer(&before["metadata"], &object["metadata"]));
    }
    match resource.plural {
        "configmaps" => {
            found.extend(config_map(object));
            found.extend(before.map(|before| immutable(before, object)).unwrap_or_default());
        }
        "deployments" => {
            found.extend(deployment(&object["spec"]));
            let selector = &object["spec"]["selector"];
            if before.is_some_and(|it| it["spec"]["selector"] != *selector) {
                found.push(Cause::invalid("spec.selector", selector, "field is immutable"));
            }
        }
        "leases" => found.extend(lease(&object["spec"])),
        _ => {}
    }
    found
}

fn metadata(resource: &Resource, metadata: &Value) -> Vec<Cause> {
    let mut found = Vec::new();
    let rule = if resource.plural == "namespaces" { names::label } else { names::subdomain };
    let name = metadata["name"].as_str().unwrap_or_default();
    // The name of an Event is free.
    let is_free = resource.plural == "events";
    if let Some(beginning) = metadata["generateName"].as_str().filter(|it| !it.is_empty() && !is_free) {
        found.extend(rule("metadata.generateName", &as_whole(beginning)).into_iter().map(|it| it.about(beginning)));
    }
    if name.is_empty() {
        found.push(Cause::required("metadata.name", "name or generateName is required"));
    } else if !is_free {
        found.extend(rule("metadata.name", name));
    }
    found.extend(labels("metadata.labels", &metadata["labels"]));
    let annotations = sorted(&metadata["annotations"]);
    for (key, _) in &annotations {
        found.extend(names::qualified("metadata.annotations", key, true));
    }
    let size: usize = annotations.iter().map(|(key, value)| key.len() + length(value)).sum();
    if size > MOST_ANNOTATIONS {
        found.push(Cause::too_long("metadata.annotations", MOST_ANNOTATIONS));
    }
    for (index, finalizer) in texts(&metadata["finalizers"]).enumerate() {
        found.extend(self::finalizer(&format!("metadata.finalizers[{index}]"), finalizer));
    }
    found
}

/// The beginning of a name, as if it were one: it may end with a dash.
fn as_whole(beginning: &str) -> String {
    match beginning.strip_suffix('-') {
        Some(rest) if rest.len() > 1 => format!("{}a", &rest[..rest.len() - 1]),
        _ => beginning.to_owned(),
    }
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn finalizer(field: &str, name: &str) -> Vec<Cause> {
    const STANDARD_NAMES: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];
    let mut found = names::qualified(field, name, false);
    if !name.contains('/') && !STANDARD_NAMES.contains(&name) {
        let why = "name is neither a standard finalizer name nor is it fully qualified";
        found.push(Cause::invalid(field, &json!(name), why));
    }
    found
}

/// Nothing more may hold back what is already going.
fn held_longer(before: &Value, after: &Value) -> Option<Cause> {
    if before["deletionTimestamp"].is_null() {
        return None;
    }
    let known: Vec<&str> = texts(&before["finalizers"]).collect();
    let more: Vec<String> =
        texts(&after["finalizers"]).filter(|it| !known.contains(it)).map(|it| json!(it).to_string()).collect();
    let why = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        more.join(", ")
    );
    (!more.is_empty()).then(|| Cause::forbidden("metadata.finalizers", &why))
}

fn lease(spec: &Value) -> Vec<Cause> {
    let mut found = Vec::new();
    if spec["leaseDurationSeconds"].as_i64().is_some_and(|it| it <= 0) {
        let value = &spec["leaseDurationSeconds"];
        found.push(Cause::invalid("spec.leaseDurationSeconds", value, "must be greater than 0"));
    }
    if spec["leaseTransitions"].as_i64().is_some_and(|it| it < 0) {
        let value = &spec["leaseTransitions"];
        found.push(Cause::invalid("spec.leaseTransitions", value, "must be greater than or equal to 0"));
    }
    found
}

/// An Event lives with its object; one about what is in no namespace lives in `default`.
fn event(object: &Value) -> Vec<Cause> {
    let here = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let there = object["involvedObject"]["namespace"].as_str().unwrap_or_default();
    if there == here || there.is_empty() && here == "default" {
        return Vec::new();
    }
    vec![Cause::invalid("involvedObject.namespace", &json!(there), "does not match event.namespace")]
}

fn labels(field: &str, labels: &Value) -> Vec<Cause> {
    let mut found = Vec::new();
    for (key, value) in sorted(labels) {
        found.extend(names::qualified(field, key, false));
        found.extend(names::label_value(field, value.as_str().unwrap_or_default()));
    }
    found
}

fn config_map(object: &Value) -> Vec<Cause> {
    let mut found = Vec::new();
    let (data, binary) = (sorted(&object["data"]), sorted(&object["binaryData"]));
    for (key, _) in &data {
        found.extend(names::config_key(&format!("data[{key}]"), key));
        if binary.iter().any(|(other, _)| other == key) {
            let why = "duplicate of key present in binaryData";
            found.push(Cause::invalid(format!("data[{key}]"), &json!(key), why));
        }
    }
    for (key, _) in &binary {
        found.extend(names::config_key(&format!("binaryData[{key}]"), key));
    }
    let decoded = |value: &Value| STANDARD.decode(value.as_str().unwrap_or_default()).map_or(0, |bytes| bytes.len());
    let size: usize = data.iter().map(|(_, value)| length(value)).sum::<usize>()
        + binary.iter().map(|(_, value)| decoded(value)).sum::<usize>();
    if size > MOST_DATA {
        found.push(Cause::too_long("[]", MOST_DATA));
    }
    found
}

/// What an immutable ConfigMap does not let happen.
fn immutable(before: &Value, after: &Value) -> Vec<Cause> {
    const WHY: &str = "field is immutable when `immutable` is set";
    if before["immutable"] != true {
        return Vec::new();
    }
    let mut found = Vec::new();
    if after["immutable"] != true {
        found.push(Cause::forbidden("immutable", WHY));
    }
    found.extend(
        ["data", "binaryData"].iter().filter(|it| before[**it] != after[**it]).map(|it| Cause::forbidden(*it, WHY)),
    );
    found
}

fn deployment(spec: &Value) -> Vec<Cause> {
    let mut found = Vec::new();
    if spec["replicas"].as_i64().is_some_and(|it| it < 0) {
        found.push(Cause::invalid("spec.replicas", &spec["replicas"], "must be greater than or equal to 0"));
    }
    let wanted = spec["selector"]["matchLabels"].as_object().cloned().unwrap_or_default();
    let has_expressions = spec["selector"]["matchExpressions"].as_array().is_some_and(|it| !it.is_empty());
    if spec["selector"].is_null() {
        found.push(Cause::required("spec.selector", ""));
    } else if wanted.is_empty() && !has_expressions {
        found.push(Cause::invalid("spec.selector", &spec["selector"], "empty selector is invalid for deployment"));
    }
    let template = &spec["template"];
    let labels = &template["metadata"]["labels"];
    let fits = !wanted.is_empty() && wanted.iter().all(|(name, value)| labels[name] == *value);
    if !fits && !has_expressions {
        let why = "`selector` does not match template `labels`";
        found.push(Cause::invalid("spec.template.metadata.labels", labels, why));
    }
    for (key, _) in sorted(&template["metadata"]["annotations"]) {
        found.extend(names::qualified("spec.template.annotations", key, true));
    }
    found.extend(pod(&template["spec"]));
    found
}

fn pod(pod: &Value) -> Vec<Cause> {
    let mut found = Vec::new();
    let containers = pod["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    if containers.is_empty() {
        found.push(Cause::required("spec.template.spec.containers", ""));
    }
    for (index, container) in containers.iter().enumerate() {
        let at = format!("spec.template.spec.containers[{index}]");
        match container["name"].as_str().unwrap_or_default() {
            "" => found.push(Cause::required(format!("{at}.name"), "")),
            name => found.extend(names::label(&format!("{at}.name"), name)),
        }
        if container["image"].as_str().is_none_or(str::is_empty) {
            found.push(Cause::required(format!("{at}.image"), ""));
        }
        for (index, variable) in container["env"].as_array().into_iter().flatten().enumerate() {
            if variable["name"].as_str().is_none_or(str::is_empty) {
                found.push(Cause::required(format!("{at}.env[{index}].name"), ""));
            }
        }
    }
    if let Some(policy) = pod["restartPolicy"].as_str().filter(|it| *it != "Always") {
        found.push(Cause::unsupported("spec.template.spec.restartPolicy", &format!("\"{policy}\""), "\"Always\""));
    }
    found
}

fn length(value: &Value) -> usize {
    value.as_str().map_or(0, str::len)
}

fn sorted(map: &Value) -> Vec<(&String, &Value)> {
    let empty: Option<&Map<String, Value>> = map.as_object();
    let mut all: Vec<_> = empty.into_iter().flatten().collect();
    all.sort_by(|a, b| a.0.cmp(b.0));
    all
}
