//! Making objects and replacing them.

use serde_json::{Value, json};
use uuid::Uuid;

use super::dispatch::Call;
use super::managers::Managers;
use super::options::Options;
use super::place::Place;
use super::resources::Resource;
use super::settle::{born, changed, finish, is_current, is_open, settle, stored, with_managers};
use super::status::{Answer, Cause, Reply, already_exists, being_deleted, conflict, internal, invalid, not_found};
use super::users::forbidden;
use super::whole::{in_namespace, is_named, unnamed, whole};
use super::world::{Key, World};

/// `POST`.
pub(super) fn create(world: &mut World, call: &Call, resource: &'static Resource) -> Answer {
    let options = Options::read(call, "CreateOptions")?;
    let (mut object, warnings) = whole(call, resource, &options)?;
    let namespace = in_namespace(call, &mut object)?;
    let is_made_up = generate_name(&mut object);
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let set = object["metadata"]["resourceVersion"].as_str().is_some_and(|it| !it.is_empty());
    if set {
        return Err(internal("resourceVersion should not be set on objects to be created"));
    }
    is_open(world, resource, &namespace, &name)?;
    let key = (resource.plural, namespace, name.clone());
    settle(resource, &mut object, None)?;
    if let Some(there) = world.objects.get(&key) {
        return Err(if there.object["metadata"]["deletionTimestamp"].is_null() {
            already_exists(resource, &name, is_made_up)
        } else {
            being_deleted(resource, &name)
        });
    }
    Ok(Reply::Json(201, made(world, call, resource, &key, object, &options), warnings))
}

/// A new object of whoever sends it.
fn made(world: &mut World, call: &Call, resource: &Resource, key: &Key, object: Value, options: &Options) -> Value {
    let mut managers = Managers::default();
    if let Some(of) = resource.schema {
        managers.written(of, None, &object, &call.manager(options), &resource.api_version(), call.now);
    }
    let kept = born(resource, call, object, managers);
    stored(world, key, kept, options.dry).shown()
}

/// Letters of made-up names: no vowels, and nothing that looks like something else.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Makes up a name where the beginning of one is said. Whether it was said.
fn generate_name(object: &mut Value) -> bool {
    let metadata = &mut object["metadata"];
    let Some(prefix) = metadata["generateName"].as_str().filter(|it| !it.is_empty()).map(str::to_owned) else {
        return false;
    };
    if metadata["name"].as_str().is_none_or(str::is_empty) {
        let chance = Uuid::new_v4();
        let letters = chance.as_bytes().iter().take(5).map(|it| char::from(LETTERS[usize::from(*it) % LETTERS.len()]));
        let prefix: String = prefix.chars().take(58).collect();
        metadata["name"] = prefix.chars().chain(letters).collect::<String>().into();
    }
    true
}

/// `PUT`.
pub(super) fn replace(world: &mut World, call: &Call, resource: &'static Resource, name: &str) -> Answer {
    let options = Options::read(call, "UpdateOptions")?;
    let (mut object, warnings) = whole(call, resource, &options)?;
    let namespace = in_namespace(call, &mut object)?;
    match object["metadata"]["name"].as_str().filter(|it| !it.is_empty()) {
        Some(said) => is_named(said, name)?,
        None => return Err(unnamed(name)),
    }
    let key = (resource.plural, namespace, name.to_owned());
    let Some(before) = world.objects.get(&key).cloned() else {
        if !resource.is_made_by_put() {
            return Err(not_found(resource, name));
        }
        return replaced_by_new(world, call, resource, &key, object, &options).map(|it| Reply::Json(201, it, warnings));
    };
    let live = with_managers(&object, before.clone());
    let version = object["metadata"]["resourceVersion"].as_str().filter(|it| !it.is_empty() && *it != "0");
    if version.is_none() && resource.plural == "leases" {
        let cause = Cause::invalid("metadata.resourceVersion", &json!(0), "must be specified for an update");
        return Err(invalid(resource.plural, resource.group, name, &[cause]));
    }
    is_current(resource, name, version, &live)?;
    if let Some(uid) = object["metadata"]["uid"].as_str().filter(|it| live.object["metadata"]["uid"] != **it) {
        let there = live.object["metadata"]["uid"].as_str().unwrap_or_default();
        let key = format!("/registry/{}/{}/{name}", resource.plural, key.1);
        return Err(conflict(
            resource,
            name,
            &format!(
                "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition \
                 failed: UID in precondition: {uid}, UID in object meta: {there}"
            ),
        ));
    }
    let kept = changed(resource, call, &live, object, &options)?;
    Ok(Reply::Json(200, finish(world, &key, &before, kept, &options), warnings))
}

/// A Lease or an Event that is not there is made, whatever version was meant to be replaced.
fn replaced_by_new(
    world: &mut World,
    call: &Call,
    resource: &'static Resource,
    key: &Key,
    mut object: Value,
    options: &Options,
) -> Result<Value, Reply> {
    if object["metadata"]["uid"].as_str().is_some_and(|it| !it.is_empty()) {
        return Err(Reply::NotModelled);
    }
    let place = Place { name: Some(key.2.clone()), ..call.place.clone() };
    if !call.caller.may(&world.grants, "create", &place) {
        return Err(forbidden(call.caller, "create", &place));
    }
    is_open(world, resource, &key.1, &key.2)?;
    settle(resource, &mut object, None)?;
    Ok(made(world, call, resource, key, object, options))
}
