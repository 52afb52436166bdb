//! Tokens of our client: asked for with its secret, kept until shortly before they end, renewed once when refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;

use super::api::routes;
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Authorize, Body, Call, Connection, Door, Repeat};

/// How long before its end a token is no longer used, at most. Of a short one, a third is kept free.
const LEEWAY_SECONDS: i64 = 30;

/// The tokens of our client. Clones share what they hold.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    connection: Connection,
    realm: String,
    /// Held while a token is asked for, so that callers wait for one answer instead of asking each for their own.
    token: Mutex<Option<Token>>,
}

struct Token {
    header: SecretString,
    good_until: DateTime<Utc>,
    roles: Option<BTreeSet<String>>,
}

impl Tokens {
    /// Tokens of the client that the connection's credentials name, in `realm`.
    pub fn new(connection: Connection, realm: &str) -> Self {
        Self(Arc::new(Inner { connection, realm: realm.to_owned(), token: Mutex::new(None) }))
    }

    /// The roles of `realm-management` that the present token carries; `None` when there is no token yet, or when it
    /// carries no roles at all (a lightweight one).
    pub async fn roles(&self) -> Option<BTreeSet<String>> {
        self.0.token.lock().await.as_ref()?.roles.clone()
    }

    async fn ask(&self, door: &Door) -> Result<Token, Failure> {
        let inner = &*self.0;
        let id = inner.connection.required("client_id").await?;
        let secret = inner.connection.required("client_secret").await?;
        let basic = STANDARD.encode(format!("{}:{}", form_encoded(&id), form_encoded(&secret)));
        let doing = format!("sign in to realm '{}'", inner.realm);
        let call = Call::new(Method::POST, routes::TOKEN, &[&inner.realm], &doing)
            .body(Body::Form(vec![("grant_type".to_owned(), "client_credentials".to_owned())]))
            .repeat(Repeat::Safe);
        let asked = inner.connection.clock.now();
        let answer = door
            .send_once(&call, Some(&SecretString::from(format!("Basic {basic}"))))
            .await
            // A token that was made and lost costs nothing: what matters is that the call it was for never began.
            .map_err(|failure| match failure.class {
                FailureClass::Unclear => Failure { class: FailureClass::Later, ..failure },
                _ => failure,
            })?;
        if !answer.is_success() {
            return Err(refusal(&doing, &answer));
        }
        let body = answer.json().unwrap_or_default();
        let token = body.get("access_token").and_then(Value::as_str).ok_or_else(|| {
            Failure::new(FailureClass::Later, &doing, "the answer holds no token")
                .help("check that the URL in the config leads to Keycloak")
        })?;
        let lives = body.get("expires_in").and_then(Value::as_i64).unwrap_or(60).max(0);
        Ok(Token {
            header: SecretString::from(format!("Bearer {token}")),
            good_until: asked + Duration::seconds(lives - LEEWAY_SECONDS.min(lives / 3)),
            roles: roles_of(token),
        })
    }
}

#[async_trait]
impl Authorize for Tokens {
    async fn authorization(&self, door: &Door) -> Result<Option<SecretString>, Failure> {
        let mut held = self.0.token.lock().await;
        let now = self.0.connection.clock.now();
        if let Some(token) = held.as_ref().filter(|token| now < token.good_until) {
            return Ok(Some(token.header.clone()));
        }
        let token = self.ask(door).await?;
        let header = token.header.clone();
        *held = Some(token);
        Ok(Some(header))
    }

    async fn refused(&self, signature: &SecretString) -> bool {
        let mut held = self.0.token.lock().await;
        // Many calls may be refused for one token: only the first throws it away.
        if held.as_ref().is_some_and(|token| token.header.expose_secret() == signature.expose_secret()) {
            *held = None;
        }
        true
    }
}

/// What a refusal of the token endpoint means.
pub fn refusal(doing: &str, answer: &Answer) -> Failure {
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

/// RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
fn form_encoded(secret: &SecretString) -> String {
    url::form_urlencoded::byte_serialize(secret.expose_secret().as_bytes()).collect()
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
