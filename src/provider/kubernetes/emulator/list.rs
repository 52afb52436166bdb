//! Lists: sorted by name, by page, of this moment or an earlier one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::dispatch::Call;
use super::pages::{self, Page};
use super::resources::Resource;
use super::selectors::Selector;
use super::status::{Answer, Cause, Reply, bad_request, expired, failure, invalid};
use super::world::{Kept, Key, World};

/// What a query says of a list, or of a watch.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) selector: Selector,
    /// Nothing where there is no limit.
    limit: Option<usize>,
    pub(super) version: Option<String>,
    exactly: Option<bool>,
}

impl Listing {
    pub(super) fn read(call: &Call, resource: &Resource) -> Result<Self, Reply> {
        let number = |name: &str| call.query(name).map(integer).transpose();
        let limit = number("limit")?.and_then(|it| usize::try_from(it).ok()).filter(|it| *it > 0);
        number("timeoutSeconds")?;
        let selector = Selector::read(resource, call.query("labelSelector"), call.query("fieldSelector"))?;
        let said = call.query("resourceVersion").filter(|it| !it.is_empty());
        let matching = call.query("resourceVersionMatch").filter(|it| !it.is_empty());
        let exactly = matching.map(|it| it == "Exact");
        Ok(Self { selector, limit, version: said.map(str::to_owned), exactly })
    }
}

/// A number as the server reads it in a query.
pub(super) fn integer(text: &str) -> Result<i64, Reply> {
    let shown = Value::from(text);
    text.parse().map_err(|_| bad_request(format!("strconv.ParseInt: parsing {shown}: invalid syntax")))
}

pub(super) fn list(world: &World, call: &Call, resource: &'static Resource) -> Answer {
    let listing = Listing::read(call, resource)?;
    let causes = wrongs(call);
    if !causes.is_empty() {
        return Err(invalid("ListOptions", "meta.k8s.io", "", &causes));
    }
    let page = call.query("continue").filter(|it| !it.is_empty()).map(Page::read).transpose()?;
    let now = world.version();
    let Some(moment) = moment(&listing, page.as_ref(), now)? else {
        let after = page.as_ref().map_or(String::new(), |it| it.after.clone());
        return Ok(shown(call, resource, listing, &world.objects, now, &after));
    };
    let Some(objects) = world.history.at(moment, &world.objects) else {
        return Err(too_old(page.as_ref()));
    };
    let after = page.map_or(String::new(), |it| it.after);
    Ok(shown(call, resource, listing, &objects, moment, &after))
}

/// What is wrong with what a query says of versions.
fn wrongs(call: &Call) -> Vec<Cause> {
    const FIELD: &str = "resourceVersionMatch";
    let said = |name: &str| call.query(name).filter(|it| !it.is_empty());
    let version = said("resourceVersion");
    let mut found = Vec::new();
    if let Some(matching) = said(FIELD) {
        if version.is_none() {
            found.push(Cause::forbidden(FIELD, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
        }
        if said("continue").is_some() {
            found.push(Cause::forbidden(FIELD, "resourceVersionMatch is forbidden when continue is provided"));
        }
        if !["Exact", "NotOlderThan"].contains(&matching) {
            let known = "\"Exact\", \"NotOlderThan\", \"\"";
            found.push(Cause::unsupported(FIELD, &Value::from(matching).to_string(), known));
        }
        if matching == "Exact" && version == Some("0") {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            found.push(Cause::forbidden(FIELD, why));
        }
    }
    if said("sendInitialEvents").is_some() {
        found.push(Cause::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
    }
    found
}

/// The moment that a list is to show; `None` for that of now.
fn moment(listing: &Listing, page: Option<&Page>, now: u64) -> Result<Option<u64>, Reply> {
    if let Some(page) = page {
        return match listing.version.as_deref() {
            None | Some("0") => Ok(page.version),
            Some(_) => Err(bad_request("specifying resource version is not allowed when using continue")),
        };
    }
    let Some(text) = &listing.version else { return Ok(None) };
    let Ok(version) = text.parse::<u64>() else {
        let shown = Value::from(text.as_str());
        return Err(bad_request(format!(
            "invalid resource version: resourceVersion: Invalid value: {shown}: strconv.ParseUint: parsing {shown}: invalid syntax"
        )));
    };
    // A page of what is there at that moment at least is, for old times' sake, one of that moment.
    let exactly = listing.exactly.unwrap_or(listing.limit.is_some() && version > 0);
    match (exactly, version > now) {
        (true, true) => Err(Reply::NotModelled),
        (true, false) => Ok(Some(version)),
        (false, true) => Err(too_new(version, now)),
        (false, false) => Ok(None),
    }
}

/// A moment that is lost; whoever reads by page may have the inconsistent rest.
fn too_old(page: Option<&Page>) -> Reply {
    let Some(page) = page else { return expired("The resourceVersion for the provided list is too old.", json!({})) };
    expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the \
         continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing \
         with the provided token results in an inconsistent list - objects that were created, modified, or deleted between \
         the time the first chunk was returned and now may show up in the list.",
        json!({ "continue": pages::write(None, &page.after) }),
    )
}

/// The server waits for a version to come, and gives up.
pub(super) fn too_new(version: u64, now: u64) -> Reply {
    let cause = json!({ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" });
    let message = format!("Timeout: Too large resource version: {version}, current: {now}");
    failure(504, message, "Timeout", Some(json!({ "causes": [cause], "retryAfterSeconds": 1 })))
}

fn shown(
    call: &Call,
    resource: &Resource,
    listing: Listing,
    objects: &BTreeMap<Key, Kept>,
    version: u64,
    after: &str,
) -> Reply {
    let whole = call.place.namespace.is_none();
    let of = |namespace: &str, name: &str| {
        if whole && resource.namespaced { format!("{namespace}/{name}") } else { name.to_owned() }
    };
    let all = within(objects, call, resource);
    let found: Vec<(String, &Kept)> = all
        .filter(|(_, kept)| listing.selector.takes(&kept.object))
        .map(|((_, namespace, name), kept)| (of(namespace, name), kept))
        .filter(|(place, _)| after.is_empty() || place.as_str() > after)
        .collect();
    // From the server's memory everything comes at once.
    let limit = listing.limit.filter(|_| listing.version.as_deref() != Some("0")).unwrap_or(usize::MAX);
    let mut metadata = json!({ "resourceVersion": version.to_string() });
    if found.len() > limit {
        metadata["continue"] = pages::write(Some(version), &found[limit - 1].0).into();
        if listing.selector.is_empty() {
            metadata["remainingItemCount"] = (found.len() - limit).into();
        }
    }
    let items: Vec<Value> = found.iter().take(limit).map(|(_, kept)| item(kept)).collect();
    Reply::ok(json!({
        "kind": format!("{}List", resource.kind), "apiVersion": resource.api_version(),
        "metadata": metadata, "items": items,
    }))
}

/// The objects of a resource at a place, sorted by namespace and name.
pub(super) fn within<'w>(
    objects: &'w BTreeMap<Key, Kept>,
    call: &'w Call,
    resource: &'w Resource,
) -> impl Iterator<Item = (&'w Key, &'w Kept)> {
    objects.iter().filter(|((plural, namespace, _), _)| {
        *plural == resource.plural && call.place.namespace.as_ref().is_none_or(|it| it == namespace)
    })
}

/// Within a list its kind is said once.
pub(super) fn item(kept: &Kept) -> Value {
    let mut object = kept.shown();
    if let Some(map) = object.as_object_mut() {
        map.retain(|name, _| !["kind", "apiVersion"].contains(&name.as_str()));
    }
    object
}
