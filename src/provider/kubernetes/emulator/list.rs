//! Lists: sorted by name, by page, by labels and names.

use serde_json::{Value, json};

use super::dispatch::Call;
use super::resources::Resource;
use super::status::{Answer, Reply};
use super::world::World;

/// Parameters that change what a list is, in ways that are not imitated.
const ELSEWHERE: &[&str] =
    &["watch", "continue", "resourceVersion", "resourceVersionMatch", "limit", "sendInitialEvents"];

pub(super) fn list(world: &World, call: &Call, resource: &'static Resource) -> Answer {
    if ELSEWHERE.iter().any(|name| call.query(name).is_some()) {
        return Err(Reply::NotModelled);
    }
    let labels = call.query("labelSelector").map(equalities).transpose()?.unwrap_or_default();
    let fields = call.query("fieldSelector").map(equalities).transpose()?.unwrap_or_default();
    if fields.iter().any(|(name, _)| name != "metadata.name") {
        return Err(Reply::NotModelled);
    }
    let in_place = |namespace: &str| call.place.namespace.as_ref().is_none_or(|it| it == namespace);
    let found = world.objects.iter().filter(|((plural, namespace, name), kept)| {
        let has = |(key, value): &(String, String)| kept.object["metadata"]["labels"][key] == *value;
        *plural == resource.plural
            && in_place(namespace)
            && labels.iter().all(has)
            && fields.iter().all(|(_, value)| value == name)
    });
    let items: Vec<Value> = found
        .map(|(_, kept)| {
            // Within a list its kind is said once.
            let mut object = kept.shown();
            let map = object.as_object_mut().expect("an object is one");
            map.retain(|name, _| !["kind", "apiVersion"].contains(&name.as_str()));
            object
        })
        .collect();
    Ok(Reply::ok(json!({
        "kind": format!("{}List", resource.kind), "apiVersion": resource.api_version(),
        "metadata": { "resourceVersion": world.last_version() }, "items": items,
    })))
}

/// `a=b,c==d`. Other conditions are not imitated.
fn equalities(selector: &str) -> Result<Vec<(String, String)>, Reply> {
    let simple = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let read = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let value = value.strip_prefix('=').unwrap_or(value);
        (!name.is_empty() && name.matches('/').count() < 2 && name.chars().all(simple) && value.chars().all(simple))
            .then(|| (name.to_owned(), value.to_owned()))
    };
    let parts = selector.split(',').filter(|_| !selector.is_empty());
    parts.map(|part| read(part.trim()).ok_or(Reply::NotModelled)).collect()
}
