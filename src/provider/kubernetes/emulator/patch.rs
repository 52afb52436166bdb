//! Changes of a part of an object: by a merge, by the rules of its type, or step by step.

use serde_json::{Value, json};

use super::applying::applied;
use super::dispatch::Call;
use super::options::Options;
use super::resources::Resource;
use super::settle::{changed, finish, is_current, refuse, with_managers};
use super::status::{Answer, Cause, Reply, bad_request, failure, invalid, not_found};
use super::whole::{fits, is_named, unknown};
use super::world::World;
use super::{json_patch, repeated, strategic};

/// The content type of an apply.
const APPLY: &str = "application/apply-patch+yaml";

/// That of RFC 7396.
const MERGE: &str = "application/merge-patch+json";

/// That of a merge by the rules of the object's type.
const STRATEGIC: &str = "application/strategic-merge-patch+json";

/// `PATCH`.
pub(super) fn patch(world: &mut World, call: &Call, resource: &'static Resource, name: &str) -> Answer {
    let media = call.media.split(';').next().unwrap_or_default().trim();
    match media {
        APPLY => applied(world, call, resource, name),
        MERGE | STRATEGIC | "application/json-patch+json" => partly(world, call, resource, name, media),
        _ => Err(failure(415, "415: Unsupported Media Type", "UnsupportedMediaType", Some(json!({})))),
    }
}

/// All but an apply: what is there is changed, checked and kept.
fn partly(world: &mut World, call: &Call, resource: &'static Resource, name: &str, media: &str) -> Answer {
    let options = Options::read(call, "PatchOptions")?;
    if options.forced {
        let cause = Cause::forbidden("force", "may not be specified for non-apply patch");
        return Err(invalid("PatchOptions", "meta.k8s.io", "", &[cause]));
    }
    let key = (resource.plural, call.place.namespace.clone().unwrap_or_default(), name.to_owned());
    let Some(before) = world.objects.get(&key).cloned() else { return Err(not_found(resource, name)) };
    let mut object = match media {
        MERGE => {
            let patch = map(&call.body)?;
            let mut object = before.shown();
            lay(&mut object, &patch);
            repeated::check(resource, &before, &object, &patch, options.validation == "Strict")?;
            object
        }
        STRATEGIC => strategic::patched(resource, before.shown(), &map(&call.body)?)?,
        _ => json_patch::patched(before.shown(), &call.body)?,
    };
    let warnings = unknown(resource, &mut object);
    if !warnings.is_empty() && options.validation == "Strict" {
        return Err(Reply::NotModelled);
    }
    // Else the real message repeats the whole object.
    fits(resource, &object).map_err(|_| Reply::NotModelled)?;
    let live = with_managers(&object, before.clone());
    match object["metadata"]["name"].as_str() {
        Some(said) => is_named(said, name)?,
        None => return Err(Reply::NotModelled),
    }
    if object["metadata"]["namespace"] != live.object["metadata"]["namespace"] {
        let what = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(bad_request(what));
    }
    let version = object["metadata"]["resourceVersion"].as_str().map(str::to_owned);
    is_current(resource, name, version.as_deref(), &live)?;
    if let Some(uid) = object["metadata"]["uid"].as_str().filter(|it| live.object["metadata"]["uid"] != **it) {
        refuse(resource, name, vec![Cause::invalid("metadata.uid", &json!(uid), "field is immutable")])?;
    }
    let kept = changed(resource, call, &live, object, &options)?;
    let warnings = if options.validation == "Ignore" { Vec::new() } else { warnings };
    Ok(Reply::Json(200, finish(world, &key, &before, kept, &options), warnings))
}

/// A patch that is a map.
fn map(bytes: &[u8]) -> Result<Value, Reply> {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(patch) if patch.is_object() => Ok(patch),
        Ok(Value::Array(_)) => Err(bad_request(
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
        )),
        Ok(_) => Err(Reply::NotModelled),
        Err(_) => Err(bad_request("invalid JSON patch")),
    }
}

/// A merge patch (RFC 7396).
pub(super) fn lay(value: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = json!({});
    }
    for (name, change) in patch {
        if change.is_null() {
            drop(value.as_object_mut().and_then(|it| it.remove(name)));
        } else {
            lay(&mut value[name.as_str()], change);
        }
    }
}
