//! From a request's bytes to an operation and back: the route first, then who calls, then the operation.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, Response};
use percent_encoding::percent_decode_str;

use super::Mattermost;
use super::call::Call;
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
    let mut world = mattermost.world();
    let Some((route, params)) = routes::find(head.method.as_str(), &path) else {
        return nowhere(&head.method, &path);
    };
    let limit = world.config.number("ServiceSettings", "MaximumPayloadSizeBytes").saturating_add(SLACK);
    let call = Call {
        method: head.method,
        is_too_large: i64::try_from(body.len()).unwrap_or(i64::MAX) > limit,
        path,
        query: parse_query(head.uri.query().unwrap_or("")),
        params,
        headers: head.headers,
        body,
        base,
        now: world.moment(mattermost.clock.now()),
        session: None,
    };
    let request_id = world.new_request_id();
    let manner = Manner {
        request_id: request_id.clone(),
        is_candid: world.config.is_on("ServiceSettings", "EnableDeveloper"),
        is_hardened: world.config.is_on("ServiceSettings", "ExperimentalEnableHardenedMode"),
    };
    let answer = answer(&mut world, call, route);
    let version = world.config.version_header();
    drop(world);
    let mut response = match answer {
        Ok(reply) => reply.render(&manner),
        Err(refusal) => refusal.render(&manner),
    };
    for (name, value) in [("x-request-id", request_id), ("x-version-id", version)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn answer(world: &mut World, mut call: Call, route: routes::Route) -> Answer {
    call.session = world.identify(&call, route.access)?;
    (route.operation)(world, &call)
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

fn parse_query(raw: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect()
}
