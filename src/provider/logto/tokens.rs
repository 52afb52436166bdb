//! Tokens of our application: asked for with its secret, kept until shortly before they end, renewed once when refused.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, Utc};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;

use super::api::routes;
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Authorize, Body, Call, Connection, Door, Repeat};

/// How long before its end a token is no longer used, at most. Of a short one, a third is kept free.
const LEEWAY_SECONDS: i64 = 60;
/// The one scope of the management API.
pub const SCOPE: &str = "all";
/// What there is to say of a token without it. The server gives one all the same, and refuses whatever is asked with it.
pub const NO_SCOPE: &str = "the token came without the scope 'all'";

/// The tokens of our application.
pub struct Tokens(Arc<Inner>);

struct Inner {
    connection: Connection,
    resource: String,
    /// Held while a token is asked for, so that callers wait for one answer instead of asking each for their own.
    token: Mutex<Option<Token>>,
}

struct Token {
    header: SecretString,
    good_until: DateTime<Utc>,
}

impl Tokens {
    /// Tokens for `resource`, of the application that the connection's credentials name.
    pub fn new(connection: Connection, resource: &str) -> Self {
        Self(Arc::new(Inner { connection, resource: resource.to_owned(), token: Mutex::new(None) }))
    }

    async fn ask(&self, door: &Door) -> Result<Token, Failure> {
        let inner = &*self.0;
        let id = inner.connection.required("client_id").await?;
        let secret = inner.connection.required("client_secret").await?;
        let basic = STANDARD.encode(format!("{}:{}", form_encoded(&id), form_encoded(&secret)));
        let doing = format!("ask for a token for '{}'", inner.resource);
        let form = [("grant_type", "client_credentials"), ("resource", inner.resource.as_str()), ("scope", SCOPE)];
        let form = form.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let call = Call::new(Method::POST, routes::TOKEN, &[], &doing).body(Body::Form(form)).repeat(Repeat::Safe);
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
                .help("check that the URL in the config leads to Logto, without '/api' or '/oidc' at its end")
        })?;
        let scopes = body.get("scope").and_then(Value::as_str).unwrap_or_default();
        if !scopes.split(' ').any(|scope| scope == SCOPE) {
            return Err(Failure::new(FailureClass::MissingRights, &doing, NO_SCOPE).help(GRANT));
        }
        let lives = body.get("expires_in").and_then(Value::as_i64).unwrap_or(60).max(0);
        Ok(Token {
            header: SecretString::from(format!("Bearer {token}")),
            good_until: asked + Duration::seconds(lives - LEEWAY_SECONDS.min(lives / 3)),
        })
    }
}

/// How our application gets its right.
pub const GRANT: &str = "give our application a machine-to-machine role that holds the permission 'all' of the Logto \
                         Management API, such as 'Logto Management API access' (Console: Applications, Roles)";

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

    /// A rotated signing key makes tokens worthless before their end: another one is worth a try.
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
    let body = answer.json().unwrap_or_default();
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let (error, described) = (text("error"), text("error_description").unwrap_or_default());
    let said = match error {
        Some(error) => format!("{error}: {described}"),
        None => format!("status {}", answer.status),
    };
    let (class, help) = match (answer.status, error) {
        (401, Some("invalid_client")) => {
            (FailureClass::MissingRights, "the secret is wrong; check 'credentials.client_secret'")
        }
        (400, Some("invalid_client")) => (
            FailureClass::MissingRights,
            "there is no such application, or it was deleted; 'credentials.client_id' is the id that Logto gave it",
        ),
        (400, Some("invalid_request")) if described.contains("secret has expired") => {
            (FailureClass::MissingRights, "the secret has expired: add another one to our application and name that")
        }
        (400, Some("invalid_target")) => (
            FailureClass::Refused,
            "check 'options.resource': it is a fixed identifier, 'https://default.logto.app/api' on every Logto of one's \
             own, whatever its address, without a slash at the end",
        ),
        (400, Some("unauthorized_client")) => {
            (FailureClass::MissingRights, "our application must be of the type machine-to-machine")
        }
        (400 | 401 | 403, Some(_)) => (FailureClass::MissingRights, "check the credentials in the config"),
        (300..=399, _) => {
            (FailureClass::Refused, "it redirects; the URL in the config must be the one that it redirects to")
        }
        (429 | 500..=599, _) => (FailureClass::Later, ""),
        _ => (FailureClass::Later, "this is not Logto's address; check the URL and its path"),
    };
    Failure::new(class, doing, said).help(help)
}

/// RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
fn form_encoded(secret: &SecretString) -> String {
    url::form_urlencoded::byte_serialize(secret.expose_secret().as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::recorded::all;

    /// What the token endpoint of a running server ever refused to machines, and what we take it for.
    #[test]
    fn every_refusal_has_its_class() {
        let mut rows = std::collections::BTreeSet::new();
        for exchange in all("logto") {
            let machine = exchange.body["grant_type"] == "client_credentials";
            if exchange.path != routes::TOKEN || exchange.method != "POST" || exchange.status < 400 || !machine {
                continue;
            }
            let failure = refusal("x", &exchange.answered().unwrap());
            rows.insert(format!("{} {:?}: {}", exchange.status, failure.class, failure.said));
        }
        if rows.is_empty() {
            return;
        }
        let rows: Vec<String> = rows.into_iter().collect();
        insta::assert_snapshot!(rows.join("\n"), @r#"
        400 MissingRights: invalid_client: invalid client nobody
        400 MissingRights: invalid_client: invalid client r2e531cqcufogphwstfcz
        400 MissingRights: invalid_request: client authentication must only be provided using one mechanism
        400 MissingRights: invalid_request: client secret has expired
        400 MissingRights: invalid_request: no client authentication mechanism provided
        400 Refused: invalid_target: both `resource` and `organization_id` are not provided
        400 Refused: invalid_target: resource indicator is missing, or unknown
        400 Refused: invalid_target: resource indicator must be an absolute URI
        401 MissingRights: invalid_client: client authentication failed
        403 MissingRights: access_denied: app has not associated with the organization
        "#);
    }
}
