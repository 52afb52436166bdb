//! The tokens that an App signs itself, and what the service wants of them (guide, sections 1 and 2).

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::keys;
use super::reply::{DOCS, Reply, refuse};
use super::world::World;

/// The longest life in seconds, by the service's clock.
const LONGEST: i64 = 600;

/// The App that signed the token of a call.
pub(super) fn signer(world: &World, headers: &HeaderMap, now: DateTime<Utc>) -> Result<i64, Box<Reply>> {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    // `token` is not taken here.
    let token = header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|it| it.1);
    let claims = token.and_then(verified).ok_or_else(undecodable)?;
    let app = match &claims["iss"] {
        Value::String(issuer) => {
            let by_id = issuer.parse::<i64>().ok().filter(|id| world.apps.contains_key(id));
            by_id.or_else(|| world.apps.values().find(|app| app.client_id == *issuer).map(|app| app.id))
        }
        Value::Number(id) => id.as_i64().filter(|id| world.apps.contains_key(id)),
        _ => return Err(undecodable()),
    };
    let app = app.ok_or_else(|| refuse(404, "Integration not found").page(DOCS))?;
    let now = now.timestamp();
    if claims["iat"].as_i64().is_none_or(|issued| issued > now) {
        let what = "must be an Integer representing the time that the assertion was issued";
        return Err(refuse(401, format!("'Issued at' claim ('iat') {what}")).page(DOCS));
    }
    match claims["exp"].as_i64() {
        Some(ends) if ends > now + LONGEST => {
            Err(refuse(401, "'Expiration time' claim ('exp') is too far in the future").page(DOCS))
        }
        Some(ends) if ends > now => Ok(app),
        _ => {
            let what = "must be a numeric value representing the future time at which the assertion expires";
            Err(refuse(401, format!("'Expiration time' claim ('exp') {what}")).page(DOCS))
        }
    }
}

/// Whether a text has the form of such a token, so that a user's route can tell it apart.
pub(super) fn looks_signed(token: &str) -> bool {
    token.split('.').count() == 3 && !token.starts_with("ghs_")
}

fn undecodable() -> Box<Reply> {
    refuse(401, "A JSON web token could not be decoded").page(DOCS)
}

/// The claims of a token whose algorithm and signature are right.
fn verified(token: &str) -> Option<Value> {
    let (text, signature) = token.rsplit_once('.')?;
    let (head, claims) = text.split_once('.')?;
    let decoded = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    if decoded(head)?["alg"] != "RS256" || !keys::is_signed(text, &URL_SAFE_NO_PAD.decode(signature).ok()?) {
        return None;
    }
    decoded(claims).filter(Value::is_object)
}
