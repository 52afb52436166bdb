//! A server-side apply as it comes in: what it must carry, and what becomes of the object.

use serde_json::{Value, json};

use super::apply::{Applied, apply, gv};
use super::body::{self, Body};
use super::checks;
use super::defaults::{Odd, canonical};
use super::dispatch::Call;
use super::options::Options;
use super::place::Place;
use super::resources::Resource;
use super::settle::{born, drop_systems, finish, is_current, is_imitated, is_open, refuse, stored, with_systems};
use super::status::{Answer, Cause, Reply, bad_request, conflict, internal, invalid};
use super::users::forbidden;
use super::whole::{in_namespace, is_named, unnamed};
use super::world::{Kept, World};

pub(super) fn applied(world: &mut World, call: &Call, resource: &'static Resource, name: &str) -> Answer {
    let options = Options::read(call, "PatchOptions")?;
    let Some(manager) = options.manager.clone().filter(|it| !it.is_empty()) else {
        let cause = Cause::required("fieldManager", "is required for apply patch");
        return Err(invalid("PatchOptions", "meta.k8s.io", "", &[cause]));
    };
    let Body { value: mut object, twice, .. } = body::applied(&call.body)?;
    if !twice.is_empty() && options.validation == "Strict" {
        return Err(bad_request(format!(
            "error strict decoding patch: error converting YAML to JSON: yaml: unmarshal errors:\n  {}",
            twice.join("\n  ")
        )));
    }
    let warnings = if options.validation == "Ignore" { Vec::new() } else { twice };
    let said = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
    let (version, kind) = (said("apiVersion"), said("kind"));
    if version != resource.api_version() || kind != resource.kind {
        let shown = if version.contains('/') { version } else { format!("/{version}") };
        return Err(bad_request(format!("invalid object type: {shown}, Kind={kind}")));
    }
    if !object["metadata"]["managedFields"].is_null() {
        return Err(bad_request("metadata.managedFields must be nil"));
    }
    match object["metadata"]["name"].as_str() {
        Some(said) => is_named(said, name)?,
        None if object["metadata"]["generateName"].is_string() => return Err(unnamed(name)),
        None => {}
    }
    is_imitated(resource, &object)?;
    let namespace = in_namespace(call, &mut object)?;
    let key = (resource.plural, namespace.clone(), name.to_owned());
    let live = world.objects.get(&key).cloned();
    let metadata = object["metadata"].clone();
    let canonical = |object: &mut Value| {
        let kind = format!("{}, Kind={}", gv(resource), resource.kind);
        canonical(resource, object).map_err(|misfit| {
            let Odd::Base64(at) = misfit else { return Reply::NotModelled };
            internal(format!(
                "failed to convert new object (/{name}; {kind}) to proper version: unable to convert unstructured object to \
                 {kind}: error decoding from json: illegal base64 data at input byte {at}"
            ))
        })
    };
    let who = (manager.as_str(), options.force);
    let Some(live) = live else {
        if let Some(uid) = metadata["uid"].as_str() {
            let why =
                format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
            return Err(conflict(resource, name, &why));
        }
        let Applied { mut object, managers } = apply(resource, None, &object, who, call.now, canonical)?;
        object["metadata"]["name"] = name.into();
        if resource.namespaced {
            object["metadata"]["namespace"] = namespace.as_str().into();
        }
        drop_systems(&mut object);
        refuse(resource, name, checks::all(resource, &object, None))?;
        let place = Place { name: Some(name.to_owned()), ..call.place.clone() };
        if !call.caller.may(&world.grants, "create", &place) {
            return Err(forbidden(call.caller, "create", &place));
        }
        is_open(world, resource, &namespace, name)?;
        let kept = born(resource, call, object, managers);
        return Ok(Reply::Json(201, stored(world, &key, kept, options.dry).shown(), warnings));
    };
    let Applied { object, managers } =
        apply(resource, Some((&live.object, &live.managers)), &object, who, call.now, canonical)?;
    if let Some(uid) = metadata["uid"].as_str().filter(|it| live.object["metadata"]["uid"] != **it) {
        refuse(resource, name, vec![Cause::invalid("metadata.uid", &json!(uid), "field is immutable")])?;
    }
    is_current(resource, name, metadata["resourceVersion"].as_str(), &live)?;
    let object = with_systems(object, &live);
    refuse(resource, name, checks::all(resource, &object, Some(&live.object)))?;
    let kept = Kept { object, managers };
    Ok(Reply::Json(200, finish(world, &key, &live, kept, &options), warnings))
}
