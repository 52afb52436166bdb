//! Deletion: preconditions, what holds an object back, collections.

use serde_json::{Map, Value, json};

use super::dispatch::Call;
use super::list::{Listing, item, within};
use super::managers::stamp;
use super::options::Options;
use super::resources::Resource;
use super::settle::{is_held, stored};
use super::status::{Answer, Cause, Reply, bad_request, details, failure, invalid, not_found};
use super::world::{Kept, Key, World};

/// What is held back until a collector of garbage has been by.
const FOREGROUND: &str = "foregroundDeletion";

/// The same, for objects whose belongings are to stay.
const ORPHAN: &str = "orphan";

/// How something is to be deleted.
#[derive(Debug, Default)]
struct Manner {
    uid: Option<String>,
    version: Option<String>,
    finalizer: Option<&'static str>,
    dry: bool,
}

/// `DELETE` of one object.
pub(super) fn delete(world: &mut World, call: &Call, resource: &'static Resource, name: &str) -> Answer {
    let manner = Manner::read(call)?;
    if resource.plural == "namespaces" && name == "default" {
        let message = "namespaces \"default\" is forbidden: this namespace may not be deleted";
        return Err(failure(403, message, "Forbidden", Some(details(resource, name))));
    }
    let key = (resource.plural, call.place.namespace.clone().unwrap_or_default(), name.to_owned());
    let Some(live) = world.objects.get(&key).cloned() else { return Err(not_found(resource, name)) };
    manner.fits(resource, name, &live.object["metadata"])?;
    Ok(gone(world, call, resource, &key, live, &manner))
}

/// `DELETE` of all that a list would show.
pub(super) fn delete_all(world: &mut World, call: &Call, resource: &'static Resource) -> Answer {
    let manner = Manner::read(call)?;
    let listing = Listing::read(call, resource)?;
    let odd = ["limit", "continue", "resourceVersion", "resourceVersionMatch"];
    if odd.iter().any(|it| call.query(it).is_some()) || manner.uid.is_some() || manner.version.is_some() {
        return Err(Reply::NotModelled);
    }
    let version = world.version().to_string();
    let all = within(&world.objects, call, resource).filter(|(_, kept)| listing.selector.takes(&kept.object));
    let all: Vec<(Key, Kept)> = all.map(|(key, kept)| (key.clone(), kept.clone())).collect();
    let items: Vec<Value> = all.iter().map(|(_, kept)| item(kept)).collect();
    for (key, live) in all {
        gone(world, call, resource, &key, live, &manner);
    }
    Ok(Reply::ok(json!({
        "kind": format!("{}List", resource.kind), "apiVersion": resource.api_version(),
        "metadata": { "resourceVersion": version }, "items": items,
    })))
}

impl Manner {
    fn read(call: &Call) -> Result<Self, Reply> {
        let options = Options::read(call, "DeleteOptions")?;
        let asked = asked(call)?;
        let policy = asked.get("propagationPolicy").and_then(Value::as_str).map(str::to_owned);
        let orphans = asked.get("orphanDependents").and_then(Value::as_bool);
        const FIELD: &str = "propagationPolicy";
        let cause = match (policy.as_deref(), orphans) {
            (Some(policy), Some(_)) => {
                let why = "orphanDependents and deletionPropagation cannot be both set";
                Some(Cause::invalid(FIELD, &json!(policy), why))
            }
            (Some(policy), None) if !["Foreground", "Background", "Orphan"].contains(&policy) => {
                let known = "\"Foreground\", \"Background\", \"Orphan\", \"nil\"";
                Some(Cause::unsupported(FIELD, &json!(policy).to_string(), known))
            }
            _ => None,
        };
        if let Some(cause) = cause {
            return Err(invalid("DeleteOptions", "meta.k8s.io", "", &[cause]));
        }
        let finalizer = match (policy.as_deref(), orphans) {
            (Some("Foreground"), _) => Some(FOREGROUND),
            (Some("Orphan"), _) | (_, Some(true)) => Some(ORPHAN),
            _ => None,
        };
        let condition = |field: &str| Some(asked.get("preconditions")?.get(field)?.as_str()?.to_owned());
        let dry = asked.get("dryRun").and_then(Value::as_array).is_some_and(|it| it.iter().any(|it| it == "All"));
        let (uid, version) = (condition("uid"), condition("resourceVersion"));
        Ok(Self { uid, version, finalizer, dry: dry || options.dry })
    }

    /// Whether the object is the one that is meant.
    fn fits(&self, resource: &Resource, name: &str, metadata: &Value) -> Result<(), Reply> {
        for (field, wanted, what, hint) in [
            ("uid", &self.uid, "UID", "The object might have been deleted and then recreated"),
            ("resourceVersion", &self.version, "ResourceVersion", "The object might have been modified"),
        ] {
            let Some(wanted) = wanted.as_ref().filter(|it| metadata[field] != **it) else { continue };
            let there = metadata[field].as_str().unwrap_or_default();
            let why = format!(
                "the {what} in the precondition ({wanted}) does not match the {what} in record ({there}). {hint}"
            );
            let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.kind_qualified());
            let mut details = json!({ "name": name });
            if !resource.group.is_empty() {
                details["group"] = resource.group.into();
            }
            details["kind"] = resource.kind.into();
            return Err(failure(409, message, "Conflict", Some(details)));
        }
        Ok(())
    }
}

/// What a body asks for, or else a query.
fn asked(call: &Call) -> Result<Map<String, Value>, Reply> {
    if call.body.is_empty() {
        let mut asked = Map::new();
        if let Some(policy) = call.query("propagationPolicy") {
            asked.insert("propagationPolicy".to_owned(), policy.into());
        }
        match call.query("orphanDependents") {
            None => {}
            Some(truth @ ("true" | "false")) => {
                drop(asked.insert("orphanDependents".to_owned(), (truth == "true").into()))
            }
            Some(_) => return Err(Reply::NotModelled),
        }
        return Ok(asked);
    }
    let Ok(Value::Object(asked)) = serde_json::from_slice::<Value>(&call.body) else { return Err(Reply::NotModelled) };
    let said = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default();
    match (said("kind"), said("apiVersion")) {
        ("DeleteOptions", _) | ("", "") => {}
        (kind, "v1") if !kind.is_empty() => {
            let scheme = "in scheme \"pkg/runtime/scheme.go:111\"";
            return Err(bad_request(format!("no kind \"{kind}\" is registered for version \"v1\" {scheme}")));
        }
        _ => return Err(Reply::NotModelled),
    }
    const KNOWN: [&str; 7] = [
        "kind",
        "apiVersion",
        "preconditions",
        "dryRun",
        "propagationPolicy",
        "orphanDependents",
        "gracePeriodSeconds",
    ];
    if asked.keys().any(|it| !KNOWN.contains(&it.as_str())) {
        return Err(Reply::NotModelled);
    }
    Ok(asked)
}

/// An object goes, or is marked where something holds it.
fn gone(world: &mut World, call: &Call, resource: &Resource, key: &Key, live: Kept, manner: &Manner) -> Reply {
    let mut kept = live;
    let is_marked = !kept.object["metadata"]["deletionTimestamp"].is_null();
    if let Some(finalizer) = manner.finalizer.filter(|_| !is_marked) {
        let mut all = kept.object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
        all.retain(|it| it != FOREGROUND && it != ORPHAN);
        all.push(finalizer.into());
        kept.object["metadata"]["finalizers"] = all.into();
    }
    // A namespace goes once it is empty, which only a controller sees.
    let is_namespace = resource.plural == "namespaces";
    if is_namespace || is_held(&kept.object) {
        if !is_marked {
            let metadata = &mut kept.object["metadata"];
            metadata["deletionTimestamp"] = stamp(call.now).into();
            if is_namespace {
                kept.object["status"]["phase"] = "Terminating".into();
            } else {
                metadata["deletionGracePeriodSeconds"] = 0.into();
            }
            if let Some(generation) = kept.object["metadata"]["generation"].as_u64() {
                kept.object["metadata"]["generation"] = (generation + 1).into();
            }
            kept = stored(world, key, kept, manner.dry);
        }
        return Reply::ok(kept.shown());
    }
    if !manner.dry {
        world.remove(key);
    }
    let mut details = details(resource, &key.2);
    details["uid"] = kept.object["metadata"]["uid"].clone();
    Reply::ok(json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
    }))
}
