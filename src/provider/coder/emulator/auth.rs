//! Who calls: where a token may stand, what shape it has, and what is said of one that does not count.

use axum::http::{HeaderMap, Method};
use chrono::{DateTime, Utc};

use super::call::Caller;
use super::reply::{Refusal, RefusalManner, refuse};
use super::world::World;

const NAME: &str = "coder_session_token";
const SIGNED_OUT: &str = "You are signed out or your session has expired. Please sign in again to continue.";

/// A token as it was presented.
#[derive(Debug, Clone)]
pub(super) struct Presented {
    pub(super) token: String,
    pub(super) is_cookie: bool,
}

/// The token of a call: cookie, query, header, bearer, in this order.
pub(super) fn presented(headers: &HeaderMap, query: &[(String, String)]) -> Option<Presented> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let asked = |name: &str| query.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value);
    let found = |token: &str, is_cookie| Some(Presented { token: token.to_owned(), is_cookie });
    let cookie = header("cookie").split(';').filter_map(|pair| pair.trim().split_once('='));
    if let Some((_, token)) = cookie.into_iter().find(|(name, token)| *name == NAME && !token.is_empty()) {
        return found(token, true);
    }
    let bearer = header("authorization").split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let bearer = bearer.map_or("", |(_, token)| token.trim());
    let places = [asked(NAME), header("coder-session-token"), bearer, asked("access_token")];
    places.into_iter().find(|token| !token.is_empty()).and_then(|token| found(token, false))
}

/// Refuses a write whose token came by cookie: the forgery check of browsers, which no client of the API passes.
pub(super) fn forgery_check(method: &Method, headers: &HeaderMap, presented: Option<&Presented>) -> Option<Refusal> {
    let is_read = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    let cookie = presented.filter(|presented| presented.is_cookie && !is_read)?;
    let same = headers.get("coder-session-token").is_some_and(|header| header.as_bytes() == cookie.token.as_bytes());
    let text = "Something is wrong with your CSRF token. Please refresh the page. If this error persists, try clearing \
         your cookies.\n";
    (!same).then(|| refuse(400, text).manner(RefusalManner::Text))
}

impl World {
    /// Whose token it is. Wakes a dormant account and notes that it was seen.
    pub(super) fn identify(
        &mut self,
        presented: Option<&Presented>,
        base: &str,
        now: DateTime<Utc>,
    ) -> Result<Caller, Refusal> {
        let signed_out = |detail: String| unauthorized(SIGNED_OUT, "The access token has expired", base).detail(detail);
        let Some(presented) = presented else {
            return Err(signed_out(format!("Cookie \"{NAME}\" or query parameter must be provided.")));
        };
        let (id, secret) =
            parts(&presented.token).map_err(|fault| signed_out(format!("Invalid API key format: {fault}")))?;
        let is_expired = self.expired_keys.contains(id);
        let key = self.keys.get_mut(id).ok_or_else(|| signed_out("API key is invalid.".to_owned()))?;
        if key.secret != secret {
            return Err(signed_out("API key secret is invalid.".to_owned()));
        }
        if is_expired || key.expires_at <= now {
            let moment = key.expires_at.format("%Y-%m-%d %H:%M:%S%.f +0000 UTC");
            return Err(signed_out(format!("API key expired at \"{moment}\".")));
        }
        let caller = Caller { user_id: key.user_id.clone(), key_id: key.id.clone(), scopes: key.scopes.clone() };
        key.last_used = Some(now);
        let user = self.users.get_mut(&caller.user_id).ok_or_else(|| signed_out("API key is invalid.".to_owned()))?;
        if user.status == "suspended" {
            let message = "User is not active (status = \"suspended\"). Contact an admin to reactivate your account.";
            return Err(unauthorized(message, "The access token is invalid", base));
        }
        if user.status == "dormant" {
            user.status = "active".to_owned();
            user.updated_at = now;
        }
        user.last_seen_at = Some(now);
        Ok(caller)
    }
}

/// The two parts of a token.
fn parts(token: &str) -> Result<(&str, &str), String> {
    let parts: Vec<&str> = token.split('-').collect();
    let [id, secret] = parts[..] else {
        return Err(format!("incorrect amount of API key parts, expected 2 got {}", parts.len()));
    };
    if id.len() != 10 {
        return Err(format!("invalid API key ID length, expected 10 got {}", id.len()));
    }
    if secret.len() != 22 {
        return Err(format!("invalid API key secret length, expected 22 got {}", secret.len()));
    }
    Ok((id, secret))
}

fn unauthorized(message: &str, description: &str, base: &str) -> Refusal {
    let challenge = format!(
        "Bearer realm=\"coder\", error=\"invalid_token\", error_description=\"{description}\", \
         resource_metadata=\"{base}/.well-known/oauth-protected-resource\""
    );
    refuse(401, message).header("www-authenticate", challenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shape_of_a_token() {
        assert_eq!(parts("aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb").map(|(id, _)| id), Ok("aaaaaaaaaa"));
        assert_eq!(parts("a-b-c"), Err("incorrect amount of API key parts, expected 2 got 3".to_owned()));
        assert_eq!(parts("aaaaaaaaaa-b"), Err("invalid API key secret length, expected 22 got 1".to_owned()));
    }

    #[test]
    fn a_cookie_outranks_the_header() {
        let mut headers = HeaderMap::new();
        headers.insert("coder-session-token", "header".parse().expect("a header"));
        headers.insert("cookie", "a=b; coder_session_token=cookie".parse().expect("a header"));
        let found = presented(&headers, &[]).expect("a token");
        assert!(found.is_cookie && found.token == "cookie");
        assert!(forgery_check(&Method::PUT, &headers, Some(&found)).is_some());
        assert!(forgery_check(&Method::GET, &headers, Some(&found)).is_none());
    }
}
