//! From a request's bytes to an operation and back: the route first, then who calls, then the limit, then the operation.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, Response};
use percent_encoding::percent_decode_str;

use super::Coder;
use super::auth::{forgery_check, presented};
use super::call::Call;
use super::files::MOST_BYTES;
use super::rate_limit::Verdict;
use super::reply::{Answer, Refusal, RefusalManner, Reply, refuse, unknown_route};
use super::routes::{Access, Found, Route, find};
use super::system::VERSION;
use super::world::World;

/// The header by which an owner asks not to be limited.
const BYPASS: &str = "x-coder-bypass-ratelimit";

/// Answers one request.
pub(super) async fn serve(coder: Arc<Coder>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let host = head.headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or("localhost");
    let base = format!("http://{host}");
    // What is longer than any upload may be is cut off, so that the operation sees that it is too long.
    let body = to_bytes(body, MOST_BYTES + 1).await.unwrap_or_else(|_| vec![0; MOST_BYTES + 1].into());
    let path = cleaned(&percent_decode_str(head.uri.path()).decode_utf8_lossy());
    let mut response = if is_preflight(&head.method, &head.headers) {
        Reply::empty(200).render()
    } else {
        match find(head.method.as_str(), &path) {
            Found::Nothing => unknown_route().render(),
            Found::OtherMethods(methods) => Reply::empty(405).header("allow", methods.join(", ")).render(),
            Found::Route(route, params) => {
                let query = url::form_urlencoded::parse(head.uri.query().unwrap_or("").as_bytes());
                let mut world = coder.world();
                let now = world.moment(coder.clock.now());
                world.settle(now);
                let call = Call {
                    method: head.method,
                    path,
                    query: query.into_owned().collect(),
                    params,
                    headers: head.headers,
                    body,
                    base,
                    now,
                    caller: None,
                };
                handle(&mut world, call, route)
            }
        }
    };
    response.headers_mut().insert("x-coder-build-version", HeaderValue::from_static(VERSION));
    response
}

/// Answers a call that has a route.
fn handle(world: &mut World, mut call: Call, route: Route) -> Response<Body> {
    let presented = presented(&call.headers, &call.query);
    if let Some(refusal) = forgery_check(&call.method, &call.headers, presented.as_ref()) {
        return refusal.render();
    }
    let caller = match route.access {
        Access::Session => world.identify(presented.as_ref(), &call.base, call.now).map(Some),
        Access::Anybody => Ok(None),
    };
    if let Ok(caller) = &caller {
        call.caller.clone_from(caller);
    }
    let verdict = match limited(world, &call) {
        Ok(verdict) => verdict,
        Err(refusal) => return refusal.render(),
    };
    let mut response = match verdict.filter(|verdict| !verdict.passes) {
        Some(verdict) => too_many(verdict.limit).render(),
        None => render(caller.and_then(|_| (route.operation)(world, &call))),
    };
    if let Some(verdict) = verdict {
        verdict.tell(response.headers_mut());
    }
    response
}

fn render(answer: Answer) -> Response<Body> {
    match answer {
        Ok(reply) => reply.render(),
        Err(refusal) => refusal.render(),
    }
}

/// Counts a call of the API. Everybody of a sandbox calls from one address.
fn limited(world: &mut World, call: &Call) -> Result<Option<Verdict>, Refusal> {
    if !call.path.starts_with("/api/v2/") {
        return Ok(None);
    }
    let user = world.users.get(call.caller_id());
    let mut is_free = false;
    if let Some(user) = user
        && call.header(BYPASS) == "true"
    {
        if !user.is_owner() {
            let text = "\"X-Coder-Bypass-Ratelimit\" provided but user is not owner\n";
            return Err(refuse(428, text).manner(RefusalManner::Text));
        }
        is_free = true;
    }
    let limit = match call.path.as_str() {
        path if path.starts_with("/api/v2/files") => 12,
        "/api/v2/users/login" | "/api/v2/users/oidc/callback" => 60,
        path if path.starts_with("/api/v2/users/otp/") || path == "/api/v2/users/validate-password" => 60,
        _ => world.settings.rate_limit,
    };
    let who = if call.caller.is_some() { call.caller_id() } else { "127.0.0.1" };
    let mut verdict = world.limiter.admit(who, &call.path, limit, call.now);
    verdict.passes |= is_free;
    Ok(Some(verdict))
}

/// 429: one call too many.
pub(super) fn too_many(limit: i64) -> Refusal {
    refuse(429, format!("You've been rate limited for sending more than {limit} requests in 1m0s."))
}

/// A browser that asks what another origin may do.
fn is_preflight(method: &Method, headers: &axum::http::HeaderMap) -> bool {
    *method == Method::OPTIONS
        && headers.contains_key("origin")
        && headers.contains_key("access-control-request-method")
}

/// The path without doubled slashes and without one at its end, which the server tolerates.
fn cleaned(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    format!("/{}", parts.join("/"))
}
