//! Tokens of a client that signs in with its own secret (RFC 6749, section 4.4): asked for once for all calls, kept until
//! shortly before they end, renewed once when refused.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;

use super::{Answer, Authorize, Call, Connection, Door, Repeat};
use crate::engine::model::{Failure, FailureClass};

/// How long before its end a token is no longer used, at most. Of a short one, a third is kept free.
const LEEWAY_SECONDS: i64 = 60;

/// How a service gives tokens to its clients.
pub trait ClientGrant: Send + Sync + 'static {
    /// What is kept of a token beside what signs calls.
    type Kept: Clone + Send + 'static;

    /// What to do when the answer is no service's: where the address must lead.
    const ADDRESS: &'static str;

    /// The call for a token, without the client's credentials.
    fn call(&self) -> Call;

    /// What a refusal means.
    fn refusal(&self, doing: &str, answer: &Answer) -> Failure;

    /// Reads what is to be kept of a token and the answer around it.
    ///
    /// # Errors
    /// When the token is good for nothing.
    fn keep(&self, token: &str, answer: &Value) -> Result<Self::Kept, Failure>;
}

/// The tokens of the client that the credentials `client_id` and `client_secret` name. Clones share what they hold.
pub struct ClientTokens<G: ClientGrant>(Arc<Inner<G>>);

struct Inner<G: ClientGrant> {
    connection: Connection,
    grant: G,
    /// Held while a token is asked for, so that callers wait for one answer instead of asking each for their own.
    token: Mutex<Option<Token<G::Kept>>>,
}

struct Token<K> {
    header: SecretString,
    good_until: DateTime<Utc>,
    kept: K,
}

impl<G: ClientGrant> Clone for ClientTokens<G> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<G: ClientGrant> ClientTokens<G> {
    /// Tokens as `grant` says. Nothing is asked for before the first call.
    pub fn new(connection: Connection, grant: G) -> Self {
        Self(Arc::new(Inner { connection, grant, token: Mutex::new(None) }))
    }

    /// What was kept of the present token; `None` when there is none yet.
    pub async fn kept(&self) -> Option<G::Kept> {
        self.0.token.lock().await.as_ref().map(|it| it.kept.clone())
    }

    async fn ask(&self, door: &Door) -> Result<Token<G::Kept>, Failure> {
        let Inner { connection, grant, .. } = &*self.0;
        let id = connection.required("client_id").await?;
        let secret = connection.required("client_secret").await?;
        let basic = STANDARD.encode(format!("{}:{}", form_encoded(&id), form_encoded(&secret)));
        let call = grant.call().repeat(Repeat::Safe);
        let asked = connection.clock.now();
        let answer = door
            .send_once(&call, Some(&SecretString::from(format!("Basic {basic}"))))
            .await
            // A token that was made and lost costs nothing: what matters is that the call it was for never began.
            .map_err(|failure| match failure.class {
                FailureClass::Unclear => Failure { class: FailureClass::Later, ..failure },
                _ => failure,
            })?;
        if !answer.is_success() {
            return Err(grant.refusal(&call.doing, &answer));
        }
        let body = answer.json().unwrap_or_default();
        let token = body.get("access_token").and_then(Value::as_str).ok_or_else(|| {
            Failure::new(FailureClass::Later, &call.doing, "the answer holds no token").help(G::ADDRESS)
        })?;
        let lives = body.get("expires_in").and_then(Value::as_i64).unwrap_or(60).max(0);
        Ok(Token {
            header: SecretString::from(format!("Bearer {token}")),
            good_until: asked + Duration::seconds(lives - LEEWAY_SECONDS.min(lives / 3)),
            kept: grant.keep(token, &body)?,
        })
    }
}

#[async_trait]
impl<G: ClientGrant> Authorize for ClientTokens<G> {
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

/// RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
fn form_encoded(secret: &SecretString) -> String {
    url::form_urlencoded::byte_serialize(secret.expose_secret().as_bytes()).collect()
}
