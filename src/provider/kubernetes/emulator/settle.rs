//! What becomes of a whole object: whether it may be, what the server says of it, and the end of a write.

use serde_json::{Value, json};
use uuid::Uuid;

use super::checks;
use super::defaults::canonical;
use super::dispatch::Call;
use super::managers::{Managers, stamp};
use super::options::Options;
use super::resources::Resource;
use super::status::{Cause, MODIFIED, Reply, conflict, details, failure, internal, invalid};
use super::world::{Kept, Key, World};

/// Whether something can be made in a namespace: it is there, and is not going.
pub(super) fn is_open(world: &World, resource: &Resource, namespace: &str, name: &str) -> Result<(), Reply> {
    if !resource.namespaced {
        return Ok(());
    }
    match world.namespace(namespace) {
        Some(kept) if kept.object["metadata"]["deletionTimestamp"].is_null() => Ok(()),
        Some(_) => {
            let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
            let message = format!("{} \"{name}\" is forbidden: {why}", resource.qualified());
            let mut details = details(resource, name);
            details["causes"] = json!([{
                "reason": "NamespaceTerminating", "message": format!("namespace {namespace} is being terminated"),
                "field": "metadata.namespace",
            }]);
            Err(failure(403, message, "Forbidden", Some(details)))
        }
        None => {
            let message = format!("namespaces \"{namespace}\" not found");
            Err(failure(404, message, "NotFound", Some(json!({ "name": namespace, "kind": "namespaces" }))))
        }
    }
}

/// Whether a version that the caller names is the one that is there.
pub(super) fn is_current(resource: &Resource, name: &str, version: Option<&str>, live: &Kept) -> Result<(), Reply> {
    let Some(version) = version else { return Ok(()) };
    if version.parse::<u64>().is_err() {
        return Err(internal(format!("strconv.ParseUint: parsing \"{version}\": invalid syntax")));
    }
    if live.object["metadata"]["resourceVersion"] != version {
        return Err(conflict(resource, name, MODIFIED));
    }
    Ok(())
}

/// Fills in, and refuses what is not in order.
pub(super) fn settle(resource: &Resource, object: &mut Value, before: Option<&Value>) -> Result<(), Reply> {
    is_imitated(resource, object)?;
    if canonical(resource, object).is_err() {
        return Err(Reply::NotModelled);
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    refuse(resource, &name, checks::all(resource, object, before))
}

/// Events of the newer sort have rules of their own, and owners that are half said are refused in words that are not known.
pub(super) fn is_imitated(resource: &Resource, object: &Value) -> Result<(), Reply> {
    let said = |owner: &Value, field: &str| owner[field].as_str().is_some_and(|it| !it.is_empty());
    let owners = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    let whole = |owner: &Value| ["apiVersion", "kind", "name", "uid"].iter().all(|it| said(owner, it));
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    // The order in which the server writes conditions is not known here.
    let has_expressions = resource.plural == "deployments" && !object["spec"]["selector"]["matchExpressions"].is_null();
    let is_new =
        has_expressions || resource.plural == "events" && (!object["eventTime"].is_null() || name.contains(['/', '%']));
    if is_new || !owners.into_iter().all(whole) { Err(Reply::NotModelled) } else { Ok(()) }
}

pub(super) fn refuse(resource: &Resource, name: &str, causes: Vec<Cause>) -> Result<(), Reply> {
    if causes.is_empty() { Ok(()) } else { Err(invalid(resource.kind, resource.group, name, &causes)) }
}

/// What is there, with the managers that a body names in place of those that are noted: as it was read, they are the same.
pub(super) fn with_managers(body: &Value, live: Kept) -> Kept {
    let said = &body["metadata"]["managedFields"];
    if said.is_null() {
        return live;
    }
    if *said == json!([{}]) {
        return Kept { managers: Managers::default(), ..live };
    }
    // An empty list, and one that is not in order, are ignored without a word.
    match Managers::of_json(said).filter(|it| !it.0.is_empty()) {
        Some(managers) => Kept { managers, ..live },
        None => live,
    }
}

/// What the server alone says of an object.
const SYSTEMS: [&str; 6] =
    ["uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"];

pub(super) fn drop_systems(object: &mut Value) {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|name, _| !SYSTEMS.contains(&name.as_str()) && name != "managedFields");
    }
}

/// An object with what the server says of the one that is there. A change of the spec is a new generation.
pub(super) fn with_systems(mut object: Value, live: &Kept) -> Value {
    drop_systems(&mut object);
    for name in SYSTEMS.iter().filter(|name| !live.object["metadata"][**name].is_null()) {
        object["metadata"][*name] = live.object["metadata"][*name].clone();
    }
    object["status"] = live.object["status"].clone();
    if object["status"].is_null() {
        drop(object.as_object_mut().and_then(|it| it.remove("status")));
    }
    let before = live.object["metadata"]["generation"].as_u64();
    if let Some(before) = before {
        let same = object["spec"] == live.object["spec"];
        object["metadata"]["generation"] = if same { before } else { before + 1 }.into();
    }
    object
}

pub(super) fn born(resource: &Resource, call: &Call, mut object: Value, managers: Managers) -> Kept {
    drop_systems(&mut object);
    object["metadata"]["uid"] = Uuid::new_v4().to_string().into();
    object["metadata"]["creationTimestamp"] = stamp(call.now).into();
    // Nobody makes a state.
    match resource.plural {
        "deployments" => {
            object["metadata"]["generation"] = 1.into();
            object["status"] = json!({});
        }
        "namespaces" => object["status"] = json!({ "phase": "Active" }),
        _ => {}
    }
    Kept { object, managers }
}

pub(super) fn changed(
    resource: &Resource,
    call: &Call,
    live: &Kept,
    object: Value,
    options: &Options,
) -> Result<Kept, Reply> {
    let mut object = with_systems(object, live);
    settle(resource, &mut object, Some(&live.object))?;
    let object = with_systems(object, live);
    let mut managers = live.managers.clone();
    // Where nobody is noted, writers stay unnoted.
    if let Some(of) = resource.schema.filter(|_| !managers.0.is_empty()) {
        managers.written(of, Some(&live.object), &object, &call.manager(options), &resource.api_version(), call.now);
    }
    Ok(Kept { object, managers })
}

pub(super) fn stored(world: &mut World, key: &Key, kept: Kept, dry: bool) -> Kept {
    if dry { kept } else { world.keep(key, kept).clone() }
}

/// The end of a change: what is equal is no write, and what was only held back goes.
pub(super) fn finish(world: &mut World, key: &Key, live: &Kept, kept: Kept, options: &Options) -> Value {
    let same = kept.object == live.object && kept.managers == live.managers;
    let is_going = !kept.object["metadata"]["deletionTimestamp"].is_null() && key.0 != "namespaces";
    if is_going && !is_held(&kept.object) {
        if !options.dry {
            world.remove(key);
        }
        return kept.shown();
    }
    if same || options.dry { kept.shown() } else { world.keep(key, kept).shown() }
}

/// Whether somebody has still to do something before an object goes.
pub(super) fn is_held(object: &Value) -> bool {
    object["metadata"]["finalizers"].as_array().is_some_and(|it| !it.is_empty())
}
