//! Making, changing and deleting objects.

use serde_json::{Value, json};
use uuid::Uuid;

use super::apply::{Applied, apply, gv};
use super::body::{self, Body};
use super::compare::{Misfit, owned};
use super::defaults::{NotBase64, canonical};
use super::dispatch::Call;
use super::managers::{Managers, stamp};
use super::resources::Resource;
use super::status::{
    Answer, Cause, MODIFIED, Reply, already_exists, bad_request, conflict, details, failure, internal, invalid,
    not_found,
};
use super::users::forbidden;
use super::world::{Kept, Key, World};
use super::{checks, json_patch, place::Place};

/// The content type of an apply.
const APPLY: &str = "application/apply-patch+yaml";

/// `POST`.
pub(super) fn create(world: &mut World, call: &Call, resource: &'static Resource) -> Answer {
    let options = Options::read(call, "CreateOptions")?;
    let (mut object, warnings) = whole(call, resource, &options)?;
    let namespace = in_namespace(call, &mut object)?;
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let set = object["metadata"]["resourceVersion"].as_str().is_some_and(|it| !it.is_empty());
    if set {
        return Err(internal("resourceVersion should not be set on objects to be created"));
    }
    is_open(world, resource, &namespace, &name)?;
    let key = (resource.plural, namespace, name.clone());
    settle(resource, &mut object, None)?;
    if world.objects.contains_key(&key) {
        return Err(already_exists(resource, &name));
    }
    let Some(of) = resource.schema else { return Err(Reply::NotModelled) };
    let mut managers = Managers::default();
    managers.written(of, None, &object, &call.manager(&options), &resource.api_version(), call.now);
    let kept = born(resource, call, object, managers);
    Ok(Reply::Json(201, stored(world, &key, kept, &options).shown(), warnings))
}

/// `PUT`.
pub(super) fn replace(world: &mut World, call: &Call, resource: &'static Resource, name: &str) -> Answer {
    let options = Options::read(call, "UpdateOptions")?;
    let (mut object, warnings) = whole(call, resource, &options)?;
    let namespace = in_namespace(call, &mut object)?;
    match object["metadata"]["name"].as_str().filter(|it| !it.is_empty()) {
        Some(said) => is_named(said, name)?,
        None => {
            return Err(bad_request(format!(
                "the name of the object ({name} based on URL) was undeterminable: name must be provided"
            )));
        }
    }
    let key = (resource.plural, namespace, name.to_owned());
    let Some(before) = world.objects.get(&key).cloned() else { return Err(not_found(resource, name)) };
    let live = with_managers(&object, before.clone())?;
    let version = object["metadata"]["resourceVersion"].as_str().filter(|it| !it.is_empty() && *it != "0");
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

/// `PATCH`.
pub(super) fn patch(world: &mut World, call: &Call, resource: &'static Resource, name: &str) -> Answer {
    let media = call.media.split(';').next().unwrap_or_default().trim();
    match media {
        APPLY => applied(world, call, resource, name),
        "application/merge-patch+json" => merge(world, call, resource, name, false),
        "application/strategic-merge-patch+json" if resource.plural == "configmaps" => {
            merge(world, call, resource, name, true)
        }
        "application/json-patch+json" => patch_by_json(world, call, resource, name),
        "application/strategic-merge-patch+json" => Err(Reply::NotModelled),
        _ => Err(failure(415, "415: Unsupported Media Type", "UnsupportedMediaType", Some(json!({})))),
    }
}

fn applied(world: &mut World, call: &Call, resource: &'static Resource, name: &str) -> Answer {
    let options = Options::read(call, "PatchOptions")?;
    let Some(manager) = options.manager.clone().filter(|it| !it.is_empty()) else {
        let cause = Cause::required("fieldManager", "is required for apply patch");
        return Err(invalid("PatchOptions", "meta.k8s.io", "", &[cause]));
    };
    let Body { value: mut object, twice } = body::applied(&call.body)?;
    let warnings = if twice.is_empty() {
        Vec::new()
    } else {
        let told: Vec<String> = twice.iter().map(|it| already_set(it)).collect();
        if options.validation == "Strict" {
            return Err(bad_request(format!(
                "error strict decoding patch: error converting YAML to JSON: yaml: unmarshal errors:\n  {}",
                told.join("\n  ")
            )));
        }
        if options.validation == "Ignore" { Vec::new() } else { told }
    };
    let said = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
    let (version, kind) = (said("apiVersion"), said("kind"));
    if version != resource.api_version() || kind != resource.kind {
        let shown = if version.contains('/') { version } else { format!("/{version}") };
        return Err(bad_request(format!("invalid object type: {shown}, Kind={kind}")));
    }
    if !object["metadata"]["managedFields"].is_null() {
        return Err(bad_request("metadata.managedFields must be nil"));
    }
    if let Some(said) = object["metadata"]["name"].as_str() {
        is_named(said, name)?;
    }
    is_imitated(&object)?;
    let namespace = in_namespace(call, &mut object)?;
    let key = (resource.plural, namespace.clone(), name.to_owned());
    let live = world.objects.get(&key).cloned();
    let metadata = object["metadata"].clone();
    let canonical = |object: &mut Value| {
        let kind = format!("{}, Kind={}", gv(resource), resource.kind);
        canonical(resource, object).map_err(|NotBase64(at)| {
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
        return Ok(Reply::Json(201, stored(world, &key, kept, &options).shown(), warnings));
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

fn merge(world: &mut World, call: &Call, resource: &'static Resource, name: &str, strategic: bool) -> Answer {
    let options = Options::read(call, "PatchOptions")?;
    if options.forced {
        let cause = Cause::forbidden("force", "may not be specified for non-apply patch");
        return Err(invalid("PatchOptions", "meta.k8s.io", "", &[cause]));
    }
    let key = (resource.plural, call.place.namespace.clone().unwrap_or_default(), name.to_owned());
    let Some(live) = world.objects.get(&key).cloned() else { return Err(not_found(resource, name)) };
    let Ok(patch) = serde_json::from_slice::<Value>(&call.body) else { return Err(Reply::NotModelled) };
    let directs = strategic && patch.to_string().contains("\"$");
    if !patch.is_object() || directs {
        return Err(Reply::NotModelled);
    }
    let before = live;
    let live = with_managers(&patch, before.clone())?;
    let version = patch["metadata"]["resourceVersion"].as_str().map(str::to_owned);
    let mut object = live.object.clone();
    lay(&mut object, &patch);
    let warnings = unknown(resource, &mut object);
    if !warnings.is_empty() && options.validation == "Strict" {
        // The real message repeats the whole object.
        return Err(Reply::NotModelled);
    }
    // The real message repeats the whole object.
    fits(resource, &object).map_err(|_| Reply::NotModelled)?;
    if let Some(said) = patch["metadata"]["name"].as_str() {
        is_named(said, name)?;
    }
    is_current(resource, name, version.as_deref(), &live)?;
    if let Some(uid) = patch["metadata"]["uid"].as_str().filter(|it| live.object["metadata"]["uid"] != **it) {
        refuse(resource, name, vec![Cause::invalid("metadata.uid", &json!(uid), "field is immutable")])?;
    }
    let kept = changed(resource, call, &live, object, &options)?;
    let warnings = if options.validation == "Ignore" { Vec::new() } else { warnings };
    Ok(Reply::Json(200, finish(world, &key, &before, kept, &options), warnings))
}

fn patch_by_json(world: &mut World, call: &Call, resource: &'static Resource, name: &str) -> Answer {
    let options = Options::read(call, "PatchOptions")?;
    let key = (resource.plural, call.place.namespace.clone().unwrap_or_default(), name.to_owned());
    let Some(before) = world.objects.get(&key).cloned() else { return Err(not_found(resource, name)) };
    let object = json_patch::patched(before.shown(), &call.body)?;
    fits(resource, &object).map_err(|_| Reply::NotModelled)?;
    let live = with_managers(&object, before.clone())?;
    let version = object["metadata"]["resourceVersion"].as_str().map(str::to_owned);
    is_current(resource, name, version.as_deref(), &live)?;
    let kept = changed(resource, call, &live, object, &options)?;
    Ok(Reply::Json(200, finish(world, &key, &before, kept, &options), Vec::new()))
}

/// `DELETE` of one object.
pub(super) fn delete(world: &mut World, call: &Call, resource: &'static Resource, name: &str) -> Answer {
    let options = Options::read(call, "DeleteOptions")?;
    let asked: Value = if call.body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(&call.body).map_err(|_| Reply::NotModelled)?
    };
    let key = (resource.plural, call.place.namespace.clone().unwrap_or_default(), name.to_owned());
    let said = ["propagationPolicy", "orphanDependents", "gracePeriodSeconds"];
    if said.iter().any(|it| !asked[*it].is_null() || call.query(it).is_some()) || !asked.is_object() {
        // What waits for the garbage collector.
        return Err(Reply::NotModelled);
    }
    let known = ["kind", "apiVersion", "preconditions", "dryRun"];
    if asked.as_object().is_some_and(|it| it.keys().any(|key| !known.contains(&key.as_str())))
        || asked["kind"].as_str().is_some_and(|it| it != "DeleteOptions")
    {
        return Err(Reply::NotModelled);
    }
    if resource.plural == "namespaces" && name == "default" {
        let message = "namespaces \"default\" is forbidden: this namespace may not be deleted";
        return Err(failure(403, message, "Forbidden", Some(details(resource, name))));
    }
    let Some(live) = world.objects.get(&key) else { return Err(not_found(resource, name)) };
    let metadata = &live.object["metadata"];
    for (field, what, hint) in [
        ("uid", "UID", "The object might have been deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", "The object might have been modified"),
    ] {
        if let Some(wanted) = asked["preconditions"][field].as_str().filter(|it| metadata[field] != **it) {
            let there = metadata[field].as_str().unwrap_or_default();
            let why = format!(
                "the {what} in the precondition ({wanted}) does not match the {what} in record ({there}). {hint}"
            );
            let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.kind);
            let mut details = json!({ "name": name });
            if !resource.group.is_empty() {
                details["group"] = resource.group.into();
            }
            details["kind"] = resource.kind.into();
            return Err(failure(409, message, "Conflict", Some(details)));
        }
    }
    let uid = metadata["uid"].clone();
    let dry = options.dry || asked["dryRun"].as_array().is_some_and(|it| it.iter().any(|it| it == "All"));
    if resource.plural == "namespaces" {
        // It goes once it is empty, which only a controller sees.
        let mut kept = live.clone();
        if kept.object["metadata"]["deletionTimestamp"].is_null() {
            kept.object["metadata"]["deletionTimestamp"] = stamp(call.now).into();
            kept.object["status"]["phase"] = "Terminating".into();
            kept = stored(world, &key, kept, &options);
        }
        return Ok(Reply::ok(kept.shown()));
    }
    if !dry {
        world.objects.remove(&key);
        world.next_version();
    }
    let mut details = details(resource, name);
    details["uid"] = uid;
    Ok(Reply::ok(json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
    })))
}

/// What a query says of a write.
#[derive(Debug, Clone)]
pub(super) struct Options {
    dry: bool,
    /// Whether others lose what they hold.
    force: bool,
    /// Whether `force` was said at all.
    forced: bool,
    manager: Option<String>,
    validation: String,
}

impl Options {
    fn read(call: &Call, kind: &str) -> Result<Self, Reply> {
        let mut causes = Vec::new();
        let dry: Vec<&str> = call.queries("dryRun").collect();
        if dry.iter().any(|it| *it != "All") {
            let said: Vec<String> = dry.iter().map(|it| format!("\"{it}\"")).collect();
            causes.push(Cause::unsupported("dryRun", &format!("[{}]", said.join(",")), "\"All\""));
        }
        let manager = call.query("fieldManager").map(str::to_owned);
        if let Some(name) = &manager {
            if name.len() > 128 {
                causes.push(Cause::too_long("fieldManager", 128));
            }
            if let Some((at, c)) = name.char_indices().find(|(_, c)| c.is_control()) {
                let shown = name.replace(c, &format!("\\x{:02x}", c as u32));
                causes.push(Cause {
                    reason: "FieldValueInvalid",
                    message: format!(
                        "Invalid value: \"{shown}\": invalid character U+{:04X} (at position {at})",
                        c as u32
                    ),
                    field: "fieldManager".to_owned(),
                });
            }
        }
        let validation = call.query("fieldValidation").unwrap_or_default().to_owned();
        if !["", "Ignore", "Strict", "Warn"].contains(&validation.as_str()) {
            let known = "\"\", \"Ignore\", \"Strict\", \"Warn\"";
            causes.push(Cause::unsupported("fieldValidation", &format!("\"{validation}\""), known));
        }
        if !causes.is_empty() {
            return Err(invalid(kind, "meta.k8s.io", "", &causes));
        }
        let said = call.query("force");
        let force = said.is_some_and(|it| !["false", "0"].contains(&it));
        Ok(Self { dry: !dry.is_empty(), force, forced: said.is_some(), manager, validation })
    }

    pub(super) fn manager(&self) -> Option<&str> {
        self.manager.as_deref().filter(|it| !it.is_empty())
    }
}

/// A whole object as it was sent, and what is to be said of it.
fn whole(call: &Call, resource: &Resource, options: &Options) -> Result<(Value, Vec<String>), Reply> {
    let media = call.media.split(';').next().unwrap_or_default().trim();
    if !["application/json", ""].contains(&media) {
        return Err(Reply::NotModelled);
    }
    let Body { value: mut object, twice } = body::json(&call.body, resource.kind)?;
    if !object.is_object() {
        return Err(Reply::NotModelled);
    }
    let (version, kind) = (&object["apiVersion"], &object["kind"]);
    if version.as_str().is_some_and(|it| it != resource.api_version())
        || kind.as_str().is_some_and(|it| it != resource.kind)
    {
        // Which words it finds depends on what else it knows.
        return Err(Reply::NotModelled);
    }
    object["apiVersion"] = resource.api_version().into();
    object["kind"] = resource.kind.into();
    fits(resource, &object)?;
    let mut warnings = unknown(resource, &mut object);
    warnings.extend(twice.iter().map(|it| format!("duplicate field \"{it}\"")));
    if !warnings.is_empty() && options.validation == "Strict" {
        return Err(bad_request(format!(
            "{kind} in version \"v1\" cannot be handled as a {kind}: strict decoding error: {}",
            warnings.join(", "),
            kind = resource.kind
        )));
    }
    if options.validation == "Ignore" {
        warnings.clear();
    }
    Ok((object, warnings))
}

/// Takes fields out that do not exist, and names them.
fn unknown(resource: &Resource, object: &mut Value) -> Vec<String> {
    fn walk(of: &super::types::Type, value: &mut Value, path: &str, found: &mut Vec<String>) {
        use super::types::Type;
        match (of, value) {
            (Type::Struct(_) | Type::Inlined(_), Value::Object(map)) => {
                let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                // Those further in are told before those beside them.
                for (name, value) in map.iter_mut() {
                    if let Some(inner) = super::compare::field(of, name) {
                        walk(inner, value, &at(name), found);
                    }
                }
                let strange: Vec<String> =
                    map.keys().filter(|name| super::compare::field(of, name).is_none()).cloned().collect();
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
fn fits(resource: &Resource, object: &Value) -> Result<(), Reply> {
    let Some(of) = resource.schema else { return Err(Reply::NotModelled) };
    let mut known = object.clone();
    unknown(resource, &mut known);
    match owned(of, &known) {
        Ok(_) => {}
        Err(Misfit::Elsewhere) => return Err(Reply::NotModelled),
        Err(Misfit::Wrong(_)) => {
            let number =
                known["data"].as_object().and_then(|map| map.values().find(|it| !it.is_string() && !it.is_null()));
            let what = match number {
                Some(Value::Number(_)) => "number",
                Some(Value::Bool(_)) => "bool",
                // The words name types of the server's own program.
                _ => return Err(Reply::NotModelled),
            };
            return Err(bad_request(format!(
                "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal {what} into Go struct \
                 field ConfigMap.data of type string"
            )));
        }
    }
    canonical(resource, &mut known).map_err(|NotBase64(at)| {
        bad_request(format!(
            "{kind} in version \"v1\" cannot be handled as a {kind}: illegal base64 data at input byte {at}",
            kind = resource.kind
        ))
    })
}

/// The namespace of the path, written into the object.
fn in_namespace(call: &Call, object: &mut Value) -> Result<String, Reply> {
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

fn is_named(said: &str, name: &str) -> Result<(), Reply> {
    if said == name {
        return Ok(());
    }
    Err(bad_request(format!("the name of the object ({said}) does not match the name on the URL ({name})")))
}

/// Whether something can be made in a namespace: it is there, and is not going.
fn is_open(world: &World, resource: &Resource, namespace: &str, name: &str) -> Result<(), Reply> {
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
fn is_current(resource: &Resource, name: &str, version: Option<&str>, live: &Kept) -> Result<(), Reply> {
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
fn settle(resource: &Resource, object: &mut Value, before: Option<&Value>) -> Result<(), Reply> {
    is_imitated(object)?;
    // What Pods are told apart by cannot change, in words that repeat the whole.
    if resource.plural == "deployments" && before.is_some_and(|it| it["spec"]["selector"] != object["spec"]["selector"])
    {
        return Err(Reply::NotModelled);
    }
    if canonical(resource, object).is_err() {
        return Err(Reply::NotModelled);
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    refuse(resource, &name, checks::all(resource, object, before))
}

/// What holds an object back, whom it belongs to, and names that the server makes up are not imitated.
fn is_imitated(object: &Value) -> Result<(), Reply> {
    let metadata = &object["metadata"];
    let any = ["finalizers", "ownerReferences", "generateName"].iter().any(|it| !metadata[*it].is_null());
    if any { Err(Reply::NotModelled) } else { Ok(()) }
}

fn refuse(resource: &Resource, name: &str, causes: Vec<Cause>) -> Result<(), Reply> {
    if causes.is_empty() { Ok(()) } else { Err(invalid(resource.kind, resource.group, name, &causes)) }
}

/// What is there, with the managers that a body names in place of those that are noted: as it was read, they are the same.
fn with_managers(body: &Value, live: Kept) -> Result<Kept, Reply> {
    let said = &body["metadata"]["managedFields"];
    if said.is_null() {
        return Ok(live);
    }
    if *said == json!([{}]) {
        return Ok(Kept { managers: Managers::default(), ..live });
    }
    // An empty list, and one that is not in order, are ignored by rules of their own.
    match Managers::of_json(said).filter(|it| !it.0.is_empty()) {
        Some(managers) => Ok(Kept { managers, ..live }),
        None => Err(Reply::NotModelled),
    }
}

/// What the server alone says of an object.
const SYSTEMS: [&str; 5] = ["uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "selfLink"];

fn drop_systems(object: &mut Value) {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|name, _| !SYSTEMS.contains(&name.as_str()) && name != "managedFields");
    }
}

/// An object with what the server says of the one that is there. A change of the spec is a new generation.
fn with_systems(mut object: Value, live: &Kept) -> Value {
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

fn born(resource: &Resource, call: &Call, mut object: Value, managers: Managers) -> Kept {
    drop_systems(&mut object);
    object["metadata"]["uid"] = Uuid::new_v4().to_string().into();
    object["metadata"]["creationTimestamp"] = stamp(call.now).into();
    if resource.plural == "deployments" {
        object["metadata"]["generation"] = 1.into();
    }
    Kept { object, managers }
}

fn changed(resource: &Resource, call: &Call, live: &Kept, object: Value, options: &Options) -> Result<Kept, Reply> {
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

fn stored(world: &mut World, key: &Key, kept: Kept, options: &Options) -> Kept {
    if options.dry { kept } else { world.keep(key, kept).clone() }
}

/// The end of a change: what is equal is no write.
fn finish(world: &mut World, key: &Key, live: &Kept, kept: Kept, options: &Options) -> Value {
    let same = kept.object == live.object && kept.managers == live.managers;
    if same || options.dry { kept.shown() } else { world.keep(key, kept).shown() }
}

/// A merge patch (RFC 7396).
fn lay(value: &mut Value, patch: &Value) {
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

/// A key that stands twice, as a reader of YAML tells it. All of a JSON body is its first line.
fn already_set(path: &str) -> String {
    format!("line 1: key \"{}\" already set in map", path.rsplit('.').next().unwrap_or_default())
}
