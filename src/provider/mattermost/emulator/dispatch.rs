//! From a request's bytes to an operation and back: the route first, then who calls, then the operation.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, Response};
use percent_encoding::percent_decode_str;

use super::Mattermost;
use super::auth::presented;
use super::call::Call;
use super::rate_limit::{self, Verdict};
use super::reply::{Answer, Manner, Reply, unknown_route};
use super::routes;
use super::world::World;

/// The largest body that is read. What the server takes is a setting, and far below.
const MOST_BYTES: usize = 64 << 20;

/// Go's reader lets through this much more than the setting says.
const SLACK: i64 = 512;

/// Answers one request.
pub(super) async fn serve(mattermost: Arc<Mattermost>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let host = head.headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or("localhost");
    let base = format!("http://{host}");
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return Reply::empty(413).render(&Manner::default());
    };
    let path = percent_decode_str(head.uri.path()).decode_utf8_lossy().into_owned();
    if let Some(clean) = cleaned(head.uri.path()) {
        let query = head.uri.query().map_or_else(String::new, |query| format!("?{query}"));
        return Reply::empty(301).header("location", format!("{clean}{query}")).render(&Manner::default());
    }
    let mut world = mattermost.world();
    let now = world.moment(mattermost.clock.now());
    world.make_system_bot_in_time(now);
    let query = parse_query(head.uri.query().unwrap_or(""));
    let first = match world.limiter.as_mut() {
        Some(limiter) => {
            let secret = presented(&head.headers, &query).map(|(secret, _)| secret);
            Some(limiter.admit(secret.as_deref(), &head.headers, now))
        }
        None => None,
    };
    if let Some(verdict) = first.filter(|verdict| !verdict.passes()) {
        let mut answer = rate_limit::refusal();
        verdict.tell(answer.headers_mut());
        return answer;
    }
    let mut response = match routes::find(head.method.as_str(), &path) {
        Some((route, params)) => {
            let call = Call {
                is_too_large: is_too_large(&world, body.len()),
                method: head.method,
                query,
                params,
                headers: head.headers,
                body,
                base,
                now,
                session: None,
            };
            handle(&mut world, call, route)
        }
        None => nowhere(&head.method, &path),
    };
    if let Some(verdict) = first {
        let second: Vec<_> = response.extensions_mut().remove::<Verdict>().into_iter().collect();
        for verdict in [verdict].into_iter().chain(second) {
            verdict.tell(response.headers_mut());
        }
    }
    response
}

/// Answers a call that has a route.
fn handle(world: &mut World, call: Call, route: routes::Route) -> Response<Body> {
    let request_id = world.new_request_id();
    let manner = Manner {
        request_id: request_id.clone(),
        is_candid: world.config.is_on("ServiceSettings", "EnableDeveloper"),
        is_hardened: world.config.is_on("ServiceSettings", "ExperimentalEnableHardenedMode"),
    };
    let version = world.config.version_header(world.is_licensed);
    let (answer, verdict) = answer(world, call, route);
    if let Some(verdict) = verdict.filter(|verdict| !verdict.passes()) {
        let mut answer = rate_limit::refusal();
        answer.extensions_mut().insert(verdict);
        return answer;
    }
    let mut response = match answer {
        Ok(reply) => reply.render(&manner),
        Err(refusal) => refusal.render(&manner),
    };
    for (name, value) in [("x-request-id", request_id), ("x-version-id", version)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    if let Some(verdict) = verdict {
        response.extensions_mut().insert(verdict);
    }
    response
}

/// The operation's outcome, and what the limiter says of the caller where it tells users apart.
fn answer(world: &mut World, mut call: Call, route: routes::Route) -> (Answer, Option<Verdict>) {
    let caller = world.identify(&call, route.access);
    let mut verdict = None;
    if let Some(limiter) = world.limiter.as_mut()
        && presented(&call.headers, &call.query).is_some()
    {
        let user_id = caller.as_ref().ok().and_then(Option::as_ref).map_or("", |caller| &caller.user_id);
        verdict = limiter.admit_user(user_id, call.now);
        if verdict.is_some_and(|verdict| !verdict.passes()) {
            return (Ok(Reply::empty(429)), verdict);
        }
    }
    let answer = caller.and_then(|caller| {
        call.session = caller;
        (route.operation)(world, &call)
    });
    (answer, verdict)
}

/// Whether a body is longer than the configuration allows.
fn is_too_large(world: &World, length: usize) -> bool {
    let limit = world.config.number("ServiceSettings", "MaximumPayloadSizeBytes").saturating_add(SLACK);
    i64::try_from(length).unwrap_or(i64::MAX) > limit
}

/// No route: the API answers in JSON, everything beside it is the web application, which is not imitated.
fn nowhere(method: &Method, path: &str) -> Response<Body> {
    if *method == Method::HEAD {
        return Reply::empty(404).render(&Manner::default());
    }
    if path.starts_with("/api/") {
        return unknown_route(path).render(&Manner::default());
    }
    super::reply::not_modelled().render(&Manner::default())
}

/// The path without empty parts and with dots resolved, where it differs: the server sends the caller there.
fn cleaned(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let end = if path.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    let clean = format!("/{}{end}", parts.join("/"));
    (clean != path).then_some(clean)
}

fn parse_query(raw: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect()
}
