//! How a realm gives tokens to our client, what they say of its roles, and what a refusal means.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::Value;

use super::api::routes;
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Body, Call, ClientGrant, ClientTokens};

/// The tokens of our client.
pub type Tokens = ClientTokens<Realm>;

/// The realm that our client is of, by name.
pub struct Realm(pub String);

impl ClientGrant for Realm {
    /// The roles of `realm-management` that a token carries; `None` when it carries none at all (a lightweight one).
    type Kept = Option<BTreeSet<String>>;

    const ADDRESS: &'static str = "check that the URL in the config leads to Keycloak";

    fn call(&self) -> Call {
        Call::new(Method::POST, routes::TOKEN, &[&self.0], format!("sign in to realm '{}'", self.0))
            .body(Body::Form(vec![("grant_type".to_owned(), "client_credentials".to_owned())]))
    }

    fn refusal(&self, doing: &str, answer: &Answer) -> Failure {
        refusal(doing, answer)
    }

    fn keep(&self, token: &str, _answer: &Value) -> Result<Self::Kept, Failure> {
        Ok(roles_of(token))
    }
}

/// What a refusal of the token endpoint means.
fn refusal(doing: &str, answer: &Answer) -> Failure {
    let said = super::errors::said(answer);
    let text = said.clone().unwrap_or_else(|| format!("status {}", answer.status));
    let code = answer.json().and_then(|it| it.get("error").and_then(Value::as_str).map(str::to_owned));
    let (class, help) = match (answer.status, code.as_deref()) {
        (401, Some("invalid_client")) => (
            FailureClass::MissingRights,
            "there is no such client in the realm, or it is disabled; check 'credentials.client_id'",
        ),
        (401, Some("invalid_request")) => (
            FailureClass::MissingRights,
            "the client's service account is disabled; enable the person 'service-account-<client>'",
        ),
        (400 | 401, _) => (
            FailureClass::MissingRights,
            "check 'credentials.client_secret', and that the client is confidential and has a service account",
        ),
        (403, _) => (FailureClass::Refused, "the realm is disabled"),
        (404, Some(_)) => {
            (FailureClass::Refused, "there is no such realm; check 'options.realm', which is case-sensitive")
        }
        (300..=399, _) => {
            (FailureClass::Refused, "Keycloak redirects; the URL in the config must be the one that it redirects to")
        }
        (404, None) => (FailureClass::Later, "this is not Keycloak's address; check the URL and its path"),
        (429 | 500..=599, _) => (FailureClass::Later, ""),
        _ => (FailureClass::Refused, "check the URL and the credentials in the config"),
    };
    Failure::new(class, doing, text).help(help)
}

/// The roles of `realm-management` within an access token. Nothing is verified: the token came from the realm itself,
/// and what it says is only told to people.
fn roles_of(token: &str) -> Option<BTreeSet<String>> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let payload: Value = serde_json::from_slice(&payload).ok()?;
    let roles = payload.pointer("/resource_access/realm-management/roles")?.as_array()?;
    Some(roles.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_from_the_token_itself() {
        let payload = URL_SAFE_NO_PAD.encode(r#"{"resource_access":{"realm-management":{"roles":["view-users"]}}}"#);
        assert_eq!(roles_of(&format!("h.{payload}.s")), Some(BTreeSet::from(["view-users".to_owned()])));
        assert_eq!(roles_of("opaque"), None);
    }
}
