//! From a request's bytes to an operation and back.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::Response;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::place::{self, Place};
use super::status::{Answer, Reply, failure, not_found};
use super::users::{Caller, forbidden, forbidden_path, identify};
use super::world::World;
use super::write::{self, Options};
use super::{Kubernetes, list, reviews};

/// Bytes of a body that are read.
const MOST_BYTES: usize = 3 << 20;

/// A call whose caller is known.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) caller: Caller,
    pub(super) place: Place,
    pub(super) media: String,
    pub(super) body: Bytes,
    pub(super) now: DateTime<Utc>,
    query: Vec<(String, String)>,
    agent: String,
}

impl Call {
    /// The first value of a query parameter.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a query parameter.
    pub(super) fn queries<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whoever writes: as they say, or by the name of their program.
    pub(super) fn manager(&self, options: &Options) -> String {
        let program = self.agent.split('/').next().unwrap_or_default();
        let name = options.manager().unwrap_or(if program.is_empty() { "unknown" } else { program });
        name.chars().take(128).collect()
    }
}

/// Answers one request.
pub(super) async fn serve(cluster: Arc<Kubernetes>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let header = |name: &str| head.headers.get(name).and_then(|it| it.to_str().ok());
    // Tables, other encodings and streams are not imitated.
    let takes_json = header("accept").is_none_or(|it| {
        it.is_empty()
            || !it.contains("as=")
                && (it.contains("*/*") || it.split(',').any(|part| part.trim() == "application/json"))
    });
    let Ok(body) = to_bytes(body, usize::MAX).await else { return Reply::NotModelled.render() };
    let mut world = cluster.world();
    let now = cluster.clock.now();
    let caller = match identify(header("authorization"), world.are_tokens_lapsed) {
        Ok(caller) => caller,
        Err(refusal) => return refusal.render(),
    };
    let path = head.uri.path();
    let verb = head.method.as_str();
    let query = url::form_urlencoded::parse(head.uri.query().unwrap_or("").as_bytes()).into_owned().collect();
    let Some(place) = place::read(path) else {
        let asks = head.uri.query().is_some();
        return if asks { Reply::NotModelled } else { other(caller, verb, path) }.render();
    };
    // Names that are none lead to answers of their own.
    if place.name.as_ref().is_some_and(|it| it.contains('/') || it.starts_with("..") || it == ".") {
        return Reply::NotModelled.render();
    }
    let call = Call {
        caller,
        place,
        media: header("content-type").unwrap_or_default().to_owned(),
        body,
        now,
        query,
        agent: header("user-agent").unwrap_or_default().to_owned(),
    };
    if !takes_json {
        return Reply::NotModelled.render();
    }
    answer(&mut world, &call, verb).unwrap_or_else(|refusal| refusal).render()
}

fn answer(world: &mut World, call: &Call, method: &str) -> Answer {
    let place = &call.place;
    let named = place.name.is_some();
    let verb = match (method, named) {
        ("GET" | "HEAD", true) => "get",
        ("GET" | "HEAD", false) if call.query("watch").is_some_and(|it| it != "false" && it != "0") => "watch",
        ("GET" | "HEAD", false) => "list",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "delete",
        ("DELETE", false) => "deletecollection",
        _ => return Err(Reply::NotModelled),
    };
    // What somebody makes has no name yet that a rule could be for.
    let asked = match method {
        "POST" => Place { name: None, ..place.clone() },
        // A list of one name is asked for by that name.
        "GET" | "DELETE" if !named => {
            let name = call.query("fieldSelector").and_then(|it| it.strip_prefix("metadata.name="));
            Place { name: name.map(str::to_owned), ..place.clone() }
        }
        _ => place.clone(),
    };
    if !call.caller.may(&world.grants, verb, &asked) {
        return Err(forbidden(call.caller, verb, &asked));
    }
    let missing = || failure(404, "the server could not find the requested resource", "NotFound", Some(json!({})));
    let Some(resource) = place.resource else {
        return Err(if place.served { missing() } else { Reply::Text(404, "404 page not found\n") });
    };
    if resource.plural.starts_with("selfsubject") {
        return if method == "POST" { reviews::answer(world, call) } else { Err(Reply::NotModelled) };
    }
    if resource.schema.is_none() || place.sub.is_some() {
        return Err(Reply::NotModelled);
    }
    if call.body.len() > MOST_BYTES {
        let message = format!("Request entity too large: limit is {MOST_BYTES}");
        return Err(failure(413, message, "RequestEntityTooLarge", None));
    }
    let of_cluster = resource.namespaced && place.namespace.is_none();
    match (method, place.name.as_deref()) {
        ("GET", None) => list::list(world, call, resource),
        _ if of_cluster => Err(Reply::NotModelled),
        // Of the past and of the future.
        ("GET", Some(_)) if call.query("resourceVersion").is_some() => Err(Reply::NotModelled),
        ("GET", Some(name)) => {
            let key = (resource.plural, place.namespace.clone().unwrap_or_default(), name.to_owned());
            world.objects.get(&key).map(|kept| Reply::ok(kept.shown())).ok_or_else(|| not_found(resource, name))
        }
        ("POST", None) => write::create(world, call, resource),
        ("PUT", Some(name)) => write::replace(world, call, resource, name),
        ("PATCH", Some(name)) => write::patch(world, call, resource, name),
        ("DELETE", Some(name)) => write::delete(world, call, resource, name),
        _ => Err(Reply::NotModelled),
    }
}

/// Paths that are no resources.
fn other(caller: Caller, method: &str, path: &str) -> Reply {
    let is_public = ["/version", "/healthz", "/livez", "/readyz"].contains(&path);
    let is_discovery = path == "/api"
        || path.starts_with("/api/")
        || path == "/apis"
        || path.starts_with("/apis/")
        || path.starts_with("/openapi");
    if !(is_public || caller == Caller::Admin || (is_discovery && caller != Caller::Anonymous)) {
        return forbidden_path(caller, &method.to_lowercase(), path);
    }
    match path {
        _ if method != "GET" => Reply::NotModelled,
        "/version" => Reply::ok(json!({
            "major": "1", "minor": "37", "emulationMajor": "1", "emulationMinor": "37", "minCompatibilityMajor": "1",
            "minCompatibilityMinor": "36", "gitVersion": "v1.37.2", "gitCommit": "unknown", "gitTreeState": "clean",
            "buildDate": "2026-11-01T00:00:00Z", "goVersion": "go1.26.8", "compiler": "gc", "platform": "linux/amd64",
        })),
        _ if is_public => Reply::Text(200, "ok"),
        _ if path.starts_with("/readyz/") || path.starts_with("/livez/") => Reply::NotModelled,
        _ if is_discovery || path == "/metrics" => Reply::NotModelled,
        _ => Reply::Text(404, "404 page not found\n"),
    }
}
