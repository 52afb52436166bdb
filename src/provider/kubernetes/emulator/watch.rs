//! Watches: one event a line, from a moment on, until the time that was asked for is over.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::stream;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::Kubernetes;
use super::dispatch::Call;
use super::history::Change;
use super::list::{Listing, integer, within};
use super::resources::Resource;
use super::selectors::Selector;
use super::status::{Answer, Cause, Reply, expired, internal, invalid};
use super::views::View;
use super::world::World;

/// How long a watch lasts where nobody says so.
const LONG: Duration = Duration::from_secs(300);

/// How often somebody looks whether anything happened.
const PACE: Duration = Duration::from_millis(20);

/// What is watched, and how far it was told.
#[derive(Debug)]
pub(super) struct Watch {
    plural: &'static str,
    namespace: Option<String>,
    selector: Selector,
    pub(super) view: View,
    /// Events that come first.
    told: Vec<Value>,
    /// The version of the last change that was told; `None` where nothing comes any more.
    after: Option<u64>,
    lasts: Duration,
}

/// Reads what is to be watched.
pub(super) fn begin(world: &World, call: &Call, resource: &'static Resource) -> Answer {
    let listing = Listing::read(call, resource)?;
    let seconds = call.query("timeoutSeconds").map(integer).transpose()?;
    let initial = call.query("sendInitialEvents").filter(|it| !it.is_empty());
    let causes = wrongs(call, initial.is_some());
    if !causes.is_empty() {
        return Err(invalid("ListOptions", "meta.k8s.io", "", &causes));
    }
    let initial = match initial {
        None => None,
        Some("true" | "1") => Some(true),
        Some(_) => return Err(Reply::NotModelled),
    };
    let version = match listing.version.as_deref() {
        None | Some("0") => None,
        Some(text) => Some(text.parse::<u64>().map_err(|_| {
            let shown = Value::from(text);
            internal(format!(
                "resourceVersion: Invalid value: {shown}: strconv.ParseUint: parsing {shown}: invalid syntax"
            ))
        })?),
    };
    let mut watch = Watch {
        plural: resource.plural,
        namespace: call.place.namespace.clone(),
        selector: listing.selector,
        view: View::Whole,
        told: Vec::new(),
        after: Some(world.version()),
        lasts: seconds.and_then(|it| u64::try_from(it).ok()).filter(|it| *it > 0).map_or(LONG, Duration::from_secs),
    };
    match version {
        Some(version) if initial.is_none() => watch.from(world, version),
        Some(version) if version > world.version() => return Err(Reply::NotModelled),
        _ => {
            let all = within(&world.objects, call, resource).filter(|(_, kept)| watch.selector.takes(&kept.object));
            watch.told.extend(all.map(|(_, kept)| event("ADDED", kept.shown())));
            if initial.is_some() && call.query("allowWatchBookmarks").is_some_and(|it| it == "true" || it == "1") {
                watch.told.push(bookmark(resource, world.version()));
            }
        }
    }
    Ok(Reply::Watch(Box::new(watch)))
}

/// What is wrong with what a query says of the beginning.
fn wrongs(call: &Call, initial: bool) -> Vec<Cause> {
    const FIELD: &str = "resourceVersionMatch";
    let matching = call.query(FIELD).filter(|it| !it.is_empty());
    let mut found = Vec::new();
    if initial && matching != Some("NotOlderThan") {
        found.push(Cause::forbidden(FIELD, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
    }
    if let Some(matching) = matching {
        if !initial {
            let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            found.push(Cause::forbidden(FIELD, why));
        }
        if matching != "NotOlderThan" {
            found.push(Cause::unsupported(FIELD, &Value::from(matching).to_string(), "\"NotOlderThan\""));
        }
    }
    found
}

impl Watch {
    /// Begins after a version: that may be lost, or still to come.
    fn from(&mut self, world: &World, version: u64) {
        match world.history.since(version) {
            Some(_) => self.after = Some(version),
            None => {
                let message = format!("too old resource version: {version} ({})", world.history.oldest());
                if let Reply::Json(_, status, _) = expired(message, json!({})) {
                    self.told.push(event("ERROR", status));
                }
                self.after = None;
            }
        }
    }

    /// What of the changes since then belongs to it.
    fn news(&mut self, world: &World) -> Vec<Value> {
        let mut told = std::mem::take(&mut self.told);
        let Some(after) = self.after else { return told };
        let Some(changes) = world.history.since(after) else {
            self.from(world, after);
            return std::mem::take(&mut self.told);
        };
        for change in changes {
            told.extend(self.told_of(change));
            self.after = Some(change.version);
        }
        told
    }

    /// A change as those see it who look at a part of all objects: what comes in is new to them.
    fn told_of(&self, change: &Change) -> Option<Value> {
        let (plural, namespace, _) = &change.key;
        if *plural != self.plural || self.namespace.as_ref().is_some_and(|it| it != namespace) {
            return None;
        }
        let before = change.before.as_ref().filter(|it| self.selector.takes(&it.object));
        let after = change.after.as_ref().filter(|it| self.selector.takes(&it.object));
        match (before, after) {
            (None, None) => None,
            (None, Some(after)) => Some(event("ADDED", after.shown())),
            (Some(_), Some(after)) => Some(event("MODIFIED", after.shown())),
            (Some(before), None) => {
                let mut last = before.shown();
                last["metadata"]["resourceVersion"] = change.version.to_string().into();
                Some(event("DELETED", last))
            }
        }
    }

    /// The events as they come.
    pub(super) fn stream(self, cluster: Arc<Kubernetes>) -> Body {
        let end = Instant::now() + self.lasts;
        let step = move |mut watch: Watch| {
            let cluster = Arc::clone(&cluster);
            async move {
                loop {
                    let news = watch.news(&cluster.world());
                    if !news.is_empty() {
                        let lines: String = news.into_iter().map(|it| format!("{}\n", watch.view.event(it))).collect();
                        return Some((Ok::<_, std::io::Error>(Bytes::from(lines)), watch));
                    }
                    if watch.after.is_none() || Instant::now() >= end {
                        return None;
                    }
                    sleep(PACE).await;
                }
            }
        };
        Body::from_stream(stream::unfold(self, step))
    }
}

fn event(kind: &str, object: Value) -> Value {
    json!({ "type": kind, "object": object })
}

/// All that is there was told.
fn bookmark(resource: &Resource, version: u64) -> Value {
    let metadata = json!({
        "resourceVersion": version.to_string(), "annotations": { "k8s.io/initial-events-end": "true" },
    });
    event("BOOKMARK", json!({ "kind": resource.kind, "apiVersion": resource.api_version(), "metadata": metadata }))
}
