//! From a request's bytes to an operation and back.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response};
use chrono::{DateTime, Utc};

use super::options::Options;
use super::place::{self, Place};
use super::resources::Resource;
use super::status::{Answer, Reply, failure, not_allowed, not_found, nowhere};
use super::users::{Caller, forbidden, identify};
use super::views::Form;
use super::world::World;
use super::{Kubernetes, delete, list, parts, patch, public, reviews, selectors, watch, write};

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
        options.manager().map_or_else(|| self.program(), |name| name.chars().take(128).collect())
    }

    /// The name of the program that calls.
    pub(super) fn program(&self) -> String {
        let program = self.agent.split('/').next().unwrap_or_default();
        if program.is_empty() { "unknown".to_owned() } else { program.chars().take(128).collect() }
    }
}

/// Answers one request.
pub(super) async fn serve(cluster: Arc<Kubernetes>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return Reply::NotModelled.render() };
    let reply = {
        let mut world = cluster.world();
        let now = cluster.clock.now();
        answer(&mut world, &head, body, now).unwrap_or_else(|refusal| refusal)
    };
    match reply {
        Reply::Watch(watch) => stream(watch.stream(cluster)),
        reply => reply.render(),
    }
}

/// An answer without an end of its own.
fn stream(body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    answer.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    answer
}

fn answer(world: &mut World, head: &Parts, body: Bytes, now: DateTime<Utc>) -> Answer {
    let header = |name: &str| head.headers.get(name).and_then(|it| it.to_str().ok());
    let caller = identify(header("authorization"), world.are_tokens_lapsed)?;
    let verb = head.method.as_str();
    let path = head.uri.path();
    let Some(place) = place::read(path) else {
        return Err(public::answer(caller, verb, path, head.uri.query().is_some()));
    };
    let query = url::form_urlencoded::parse(head.uri.query().unwrap_or("").as_bytes()).into_owned().collect();
    let media = header("content-type").unwrap_or_default().to_owned();
    let agent = header("user-agent").unwrap_or_default().to_owned();
    let call = Call { caller, place, media, body, now, query, agent };
    let form = Form::read(header("accept"));
    // Refusals come in the form that is wanted too; who wants none that there is gets JSON.
    let written = form.as_ref().map_or(Form::JSON, |form| *form);
    let reply = may(world, &call, verb).and_then(|resource| {
        form?;
        at(world, &call, resource, verb)
    });
    Ok(written.of(reply.unwrap_or_else(|refusal| refusal)))
}

/// Whether the caller may do it; where they may, what it is done to.
fn may(world: &World, call: &Call, method: &str) -> Result<&'static Resource, Reply> {
    let place = &call.place;
    let named = place.name.is_some();
    let watched = place.watched || call.query("watch").is_some_and(|it| it != "false" && it != "0");
    let verb = match (method, named) {
        ("GET" | "HEAD", true) if !place.watched => "get",
        ("GET" | "HEAD", _) if watched => "watch",
        ("GET" | "HEAD", _) => "list",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "delete",
        ("DELETE", false) => "deletecollection",
        _ => return Err(Reply::NotModelled),
    };
    // What somebody makes has no name yet that a rule could be for; a list of one name is asked for by that name.
    let asked = match method {
        "POST" if place.sub.is_none() => Place { name: None, ..place.clone() },
        "GET" | "DELETE" if !named => {
            Place { name: call.query("fieldSelector").and_then(selectors::exact_name), ..place.clone() }
        }
        _ => place.clone(),
    };
    if !call.caller.may(&world.grants, verb, &asked) {
        return Err(forbidden(call.caller, verb, &asked));
    }
    place.check()
}

fn at(world: &mut World, call: &Call, resource: &'static Resource, method: &str) -> Answer {
    let place = &call.place;
    if resource.plural.starts_with("selfsubject") {
        return if method == "POST" { reviews::answer(world, call) } else { Err(not_allowed()) };
    }
    if resource.schema.is_none() {
        return Err(Reply::NotModelled);
    }
    if let Some(part) = &place.sub {
        return if resource.parts().contains(&part.as_str()) {
            parts::answer(world, call, resource, (part, method))
        } else {
            Err(nowhere())
        };
    }
    if call.body.len() > MOST_BYTES {
        let message = format!("Request entity too large: limit is {MOST_BYTES}");
        return Err(failure(413, message, "RequestEntityTooLarge", None));
    }
    let of_cluster = resource.namespaced && place.namespace.is_none();
    let watched = place.watched || call.query("watch").is_some_and(|it| it != "false" && it != "0");
    match (method, place.name.as_deref()) {
        // One object that is watched by its path.
        ("GET", Some(_)) if place.watched => Err(Reply::NotModelled),
        ("GET", None) if watched => watch::begin(world, call, resource),
        ("GET", None) => list::list(world, call, resource),
        ("HEAD", _) => Err(not_allowed()),
        _ if of_cluster => Err(Reply::NotModelled),
        ("GET", Some(name)) => get(world, call, resource, name),
        ("POST", None) => write::create(world, call, resource),
        ("PUT", Some(name)) => write::replace(world, call, resource, name),
        ("PATCH", Some(name)) => patch::patch(world, call, resource, name),
        ("DELETE", Some(name)) => delete::delete(world, call, resource, name),
        ("DELETE", None) if resource.namespaced => delete::delete_all(world, call, resource),
        _ => Err(not_allowed()),
    }
}

/// One object. A version that is named is one that it has at least.
fn get(world: &World, call: &Call, resource: &'static Resource, name: &str) -> Answer {
    match call.query("resourceVersion").filter(|it| !it.is_empty()).map(str::parse::<u64>) {
        Some(Err(_)) => return Err(Reply::NotModelled),
        Some(Ok(version)) if version > world.version() => return Err(list::too_new(version, world.version())),
        _ => {}
    }
    let key = (resource.plural, call.place.namespace.clone().unwrap_or_default(), name.to_owned());
    world.objects.get(&key).map(|kept| Reply::ok(kept.shown())).ok_or_else(|| not_found(resource, name))
}
