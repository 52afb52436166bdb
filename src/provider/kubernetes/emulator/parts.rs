//! Parts of objects that have paths of their own: the state of a Deployment, and the end of a namespace.

use serde_json::{Map, Value, json};

use super::dispatch::Call;
use super::options::Options;
use super::patch::lay;
use super::paths::Step;
use super::resources::Resource;
use super::settle::{finish, is_current};
use super::status::{Answer, Reply, not_found};
use super::world::{Kept, Key, World};

/// Answers a method on a part.
pub(super) fn answer(world: &mut World, call: &Call, resource: &'static Resource, asked: (&str, &str)) -> Answer {
    let name = call.place.name.as_deref().unwrap_or_default();
    let key = (resource.plural, call.place.namespace.clone().unwrap_or_default(), name.to_owned());
    let live = world.objects.get(&key).cloned();
    match asked {
        ("status", "GET") => live.map(|kept| Reply::ok(kept.shown())).ok_or_else(|| not_found(resource, name)),
        ("finalize", "PUT") if resource.plural == "namespaces" => {
            let Some(live) = live else { return Err(not_found(resource, name)) };
            let options = Options::read(call, "UpdateOptions")?;
            let body: Value = serde_json::from_slice(&call.body).map_err(|_| Reply::NotModelled)?;
            is_current(resource, name, body["metadata"]["resourceVersion"].as_str(), &live)?;
            let is_empty = body["spec"]["finalizers"].as_array().is_none_or(Vec::is_empty);
            // Anything but the end is not imitated.
            if !is_empty || live.object["metadata"]["deletionTimestamp"].is_null() || options.dry {
                return Err(Reply::NotModelled);
            }
            let mut shown = live.shown();
            if let Some(spec) = shown["spec"].as_object_mut() {
                spec.remove("finalizers");
            }
            world.remove(&key);
            Ok(Reply::ok(shown))
        }
        ("scale", "GET") => live.ok_or_else(|| not_found(resource, name)).and_then(|kept| scale(&kept)),
        ("scale" | "status", "PATCH") if resource.plural == "deployments" => {
            let Some(live) = live else { return Err(not_found(resource, name)) };
            changed(world, call, &key, live, asked.0)
        }
        _ => Err(Reply::NotModelled),
    }
}

/// A merge by the path of a part, which changes that part alone.
fn changed(world: &mut World, call: &Call, key: &Key, live: Kept, part: &str) -> Answer {
    let options = Options::read(call, "PatchOptions")?;
    let media = call.media.split(';').next().unwrap_or_default().trim();
    let patch: Value = serde_json::from_slice(&call.body).map_err(|_| Reply::NotModelled)?;
    let fields = patch.as_object().ok_or(Reply::NotModelled)?;
    let within = if part == "status" { "status" } else { "spec" };
    if media != "application/merge-patch+json" || options.forced || fields.keys().any(|it| it != within) {
        return Err(Reply::NotModelled);
    }
    let mut kept = live.clone();
    if part == "status" {
        // Whom a state belongs to is not noted.
        lay(&mut kept.object["status"], &patch["status"]);
        return Ok(Reply::ok(finish(world, key, &live, kept, &options)));
    }
    let replicas = patch["spec"]["replicas"].as_u64().ok_or(Reply::NotModelled)?;
    if kept.object["spec"]["replicas"] != replicas {
        kept.object["spec"]["replicas"] = replicas.into();
        let generation = kept.object["metadata"]["generation"].as_u64().unwrap_or_default();
        kept.object["metadata"]["generation"] = (generation + 1).into();
        let path = ["spec", "replicas"].map(|it| Step::Field(it.to_owned())).to_vec();
        kept.managers.written_by_part(path, &call.manager(&options), "apps/v1", part);
    }
    finish(world, key, &live, kept.clone(), &options);
    scale(world.objects.get(key).filter(|_| !options.dry).unwrap_or(&kept))
}

/// How many Pods a Deployment is to have, and has.
fn scale(kept: &Kept) -> Answer {
    let (metadata, spec) = (&kept.object["metadata"], &kept.object["spec"]);
    let selector = &spec["selector"];
    if selector["matchExpressions"].as_array().is_some_and(|it| !it.is_empty()) {
        return Err(Reply::NotModelled);
    }
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let mut labels: Vec<String> =
        labels.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default())).collect();
    labels.sort();
    let said = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"];
    let said: Map<String, Value> = said.iter().map(|it| ((*it).to_owned(), metadata[*it].clone())).collect();
    // None is not written.
    let wanted = if spec["replicas"] == 0 { json!({}) } else { json!({ "replicas": spec["replicas"] }) };
    let there = kept.object["status"]["replicas"].as_u64().unwrap_or_default();
    Ok(Reply::ok(json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": said,
        "spec": wanted, "status": { "replicas": there, "selector": labels.join(",") },
    })))
}
