//! From a request's bytes to an operation and back.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Twenty;
use super::call::{Call, read_body};
use super::keys::{self, Caller};
use super::refusal::{Refusal, framework};
use super::world::World;
use super::{graphql, metadata_graphql, metadata_rest, rest};

/// The largest body that is read.
const MOST_BYTES: usize = 64 << 20;

/// The largest head of a request that the server reads: 431 beyond it.
const MOST_HEAD: usize = 16 << 10;

/// Answers one request.
pub(super) async fn serve(twenty: Arc<Twenty>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let sent = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>();
    if head.uri.to_string().len() + sent > MOST_HEAD {
        return bare(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    if head.method == "OPTIONS" {
        return bare(StatusCode::NO_CONTENT);
    }
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return bare(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let path = percent_decode_str(head.uri.path()).decode_utf8_lossy().into_owned();
    let method = head.method.as_str().to_owned();
    let is_graphql = ["/graphql", "/metadata"].contains(&path.as_str());
    match (method.as_str(), path.as_str()) {
        ("GET" | "HEAD", "/healthz") => {
            return tagged(200, &json!({ "status": "ok", "info": {}, "error": {}, "details": {} }), &head.headers);
        }
        ("GET" | "HEAD", "/client-config") => return tagged(200, &client_config(), &head.headers),
        (_, path) if !is_graphql && !path.starts_with("/rest/") => {
            let message = json!(format!("Cannot {method} {path}"));
            return framework(404, "Not Found", message).render();
        }
        _ => {}
    }
    let mut world = twenty.world();
    let now = world.moment(twenty.clock.now());
    let query = url::form_urlencoded::parse(head.uri.query().unwrap_or("").as_bytes()).into_owned().collect();
    let answer = read_body(&head.headers, &body).and_then(|body| {
        if is_graphql {
            return graphql_answer(
                &mut world,
                &head.headers,
                Call { method, path, query, body, caller: Caller::Member, now },
            );
        }
        let caller = identify(&world, &head.headers, now)?;
        let call = Call { method, path, query, body, caller, now };
        answer(&mut world, &call)
    });
    match answer {
        Ok((status, body)) => tagged(status, &body, &head.headers),
        Err(refusal) => refusal.render(),
    }
}

/// Answers a document: who calls is asked once it is read, and only where a token was sent.
fn graphql_answer(world: &mut World, headers: &HeaderMap, mut call: Call) -> Result<(u16, Value), Refusal> {
    let document = match graphql::document(&call)? {
        Ok(document) => document,
        Err(answer) => return Ok((200, answer)),
    };
    match identify(world, headers, call.now) {
        Ok(caller) => call.caller = caller,
        Err(_) if bearer(headers).is_none() && call.path == "/metadata" => {
            if document.fields.iter().any(|field| !metadata_graphql::needs_caller(&field.name)) {
                return Err(super::refusal::unimitated());
            }
            let extensions = json!({ "code": "FORBIDDEN", "userFriendlyMessage": "An error occurred." });
            let error = json!({ "message": "Forbidden resource", "extensions": extensions });
            return Ok((200, json!({ "errors": [error], "data": null })));
        }
        // Nobody in particular sees a schema without the workspace.
        Err(_) if bearer(headers).is_none() => {
            let root = document.fields.iter().find(|field| !field.name.starts_with("__"));
            let typename = || json!({ "data": { "__typename": "Query" } });
            return Ok((200, root.map_or_else(typename, |root| graphql::unknown_root(&document, root))));
        }
        Err(refusal) => return Ok((200, json!({ "errors": [keys::entry(&refusal)] }))),
    }
    if call.path == "/metadata" {
        return metadata_graphql::answer(world, &call, &document).map(|answer| (200, answer));
    }
    graphql::answer(world, &call, &document).map(|answer| (200, answer))
}

fn answer(world: &mut World, call: &Call) -> Result<(u16, Value), Refusal> {
    if call.path.starts_with("/rest/open-api/") {
        return Err(super::refusal::unimitated());
    }
    if call.path.starts_with("/rest/metadata/") {
        return metadata_rest::answer(world, call);
    }
    rest::answer(world, call)
}

/// Who calls by REST.
fn identify(world: &World, headers: &HeaderMap, now: i64) -> Result<Caller, Refusal> {
    let token = bearer(headers).ok_or_else(|| keys::forbidden("Missing authentication token"))?;
    keys::identify(&world.keys, token, now / 1000, world.are_keys_lapsed)
}

/// The token that is sent. Another scheme counts as none.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get("authorization")?.to_str().ok()?;
    sent.strip_prefix("Bearer ").map(str::trim).filter(|token| !token.is_empty())
}

/// What anybody may know of the installation, as far as a client asks for it.
fn client_config() -> Value {
    json!({
        "appVersion": "2.19.0",
        "authProviders": { "google": false, "magicLink": false, "password": true, "microsoft": false, "sso": [] },
        "isMultiWorkspaceEnabled": false, "isEmailVerificationRequired": false, "signInPrefilled": false,
        "api": { "mutationMaximumAffectedRecords": 100 },
    })
}

/// An answer without a body.
fn bare(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer
}

/// A JSON answer with a tag of its body, or 304 where the caller has that already.
fn tagged(status: u16, body: &Value, headers: &HeaderMap) -> Response<Body> {
    let text = body.to_string();
    let digest = STANDARD_NO_PAD.encode(&Sha256::digest(text.as_bytes())[..20]);
    let tag = format!("W/\"{:x}-{digest}\"", text.len());
    let is_known = headers.get("if-none-match").is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut answer =
        if is_known && status == 200 { bare(StatusCode::NOT_MODIFIED) } else { Response::new(Body::from(text)) };
    if answer.status() != StatusCode::NOT_MODIFIED {
        *answer.status_mut() = StatusCode::from_u16(status).expect("operations have known status codes");
        let media = HeaderValue::from_static("application/json; charset=utf-8");
        answer.headers_mut().insert(header::CONTENT_TYPE, media);
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    answer
}
