//! From a request's bytes to an operation and back: credentials first, then the route, then its gates.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Response};
use percent_encoding::percent_decode_str;

use super::Gitea;
use super::call::{Call, Credential, stamp};
use super::reply::{Answer, Reply, refuse};
use super::routes::{self, Match};
use super::world::World;

/// The largest body that is read.
const MOST_BYTES: usize = 64 << 20;

const API: &str = "/api/v1";

/// Answers one request.
pub(super) async fn serve(gitea: Arc<Gitea>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let host = head.headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or("localhost");
    let base = format!("http://{host}");
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return Reply::empty(413).render(&base, false);
    };
    let (path, raw_query) = (head.uri.path().to_owned(), head.uri.query().unwrap_or("").to_owned());
    let now = gitea.clock.now();
    if path == "/api/healthz" {
        return healthy(stamp(now)).render(&base, false);
    }
    let Some(segments) = api_segments(&path) else {
        return elsewhere(&path).render(&base, false);
    };
    let mut call = Call {
        method: head.method,
        path: format!("{API}/{}", segments.join("/")).trim_end_matches('/').to_owned(),
        query: parse_query(&raw_query),
        raw_query,
        params: Vec::new(),
        headers: head.headers,
        body,
        base: base.clone(),
        now,
        doer: None,
        credential: Credential::Nothing,
        user: 0,
        org: 0,
        team: 0,
        repo: 0,
    };
    let mut world = gitea.world();
    let reply = answer(&mut world, &mut call, &segments).unwrap_or_else(|refusal| *refusal);
    let candid = world.is_site_admin(call.doer);
    drop(world);
    let is_head = call.method == Method::HEAD;
    let mut response = reply.render(&base, candid);
    if is_head {
        *response.body_mut() = Body::empty();
    }
    response.headers_mut().insert("cache-control", CACHE.clone());
    response
}

static CACHE: axum::http::HeaderValue =
    axum::http::HeaderValue::from_static("max-age=0, private, must-revalidate, no-transform");

fn answer(world: &mut World, call: &mut Call, segments: &[String]) -> Answer {
    let query_token = [call.ask("token"), call.ask("access_token")].into_iter().find(|token| !token.is_empty());
    let query_token = query_token.unwrap_or("").to_owned();
    (call.doer, call.credential) = world.identify(&call.headers, &query_token, &call.base, call.now)?;
    let decoded: Vec<String> =
        segments.iter().map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect();
    match routes::find(&call.method, &decoded) {
        Match::Route(route, params) => {
            call.params = params;
            call.doer = world.act_for(call.doer, &sudo(&call.headers, call.ask("sudo")))?;
            for gate in route.gates {
                gate.pass(world, call)?;
            }
            (route.operation)(world, call)
        }
        Match::OtherMethods(methods) => Ok(Reply::empty(405).header("allow", methods.join(", "))),
        Match::Nothing => Ok(Reply::text(404, "text/plain; charset=utf-8", "404 page not found\n")),
    }
}

fn sudo(headers: &HeaderMap, query: &str) -> String {
    if !query.is_empty() {
        return query.to_owned();
    }
    headers.get("sudo").and_then(|value| value.to_str().ok()).unwrap_or("").to_owned()
}

/// The path below the API's root, cleaned as Gitea cleans it: no empty parts, `.` and `..` resolved.
fn api_segments(path: &str) -> Option<Vec<String>> {
    let mut segments: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(part),
        }
    }
    let below = segments.strip_prefix(&["api", "v1"])?;
    Some(below.iter().map(|part| (*part).to_owned()).collect())
}

fn parse_query(raw: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = raw.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

fn healthy(time: String) -> Reply {
    let check = serde_json::json!([{"status": "pass", "time": time}]);
    let body = serde_json::json!({
        "status": "pass",
        "description": "Gitea",
        "checks": {"cache:ping": check, "database:ping": check},
    });
    Reply::text(200, "application/json", body.to_string())
}

/// Everything beside the API is web pages and Git, which is not imitated.
fn elsewhere(path: &str) -> Reply {
    if path.starts_with("/api/") {
        return *refuse(404, "not found");
    }
    *super::reply::not_modelled()
}
