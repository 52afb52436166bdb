//! How a call is signed.

use async_trait::async_trait;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;

use super::{Connection, Door};
use crate::engine::model::{Failure, FailureClass};

/// Signs calls, and gets a new signature when the service no longer takes the old one.
#[async_trait]
pub trait Authorize: Send + Sync {
    /// The value of `Authorization` for the next call; `None` to send none. `door` is for asking for a token.
    ///
    /// # Errors
    /// When no signature can be had.
    async fn authorization(&self, door: &Door) -> Result<Option<SecretString>, Failure>;

    /// Called once when the service refused a call with 401: returns whether it is worth trying again with a new one.
    /// Calls run concurrently, so the signature that was refused may have been replaced already.
    async fn refused(&self, signature: &SecretString) -> bool {
        let _ = signature;
        false
    }
}

/// A header that never changes: `token <secret>`, `Bearer <secret>`.
pub struct StaticHeader {
    connection: Connection,
    scheme: &'static str,
    name: &'static str,
    value: OnceCell<SecretString>,
}

impl StaticHeader {
    /// Signs with `<scheme> <secret named name>`; the secret is resolved at the first call.
    pub fn new(connection: Connection, scheme: &'static str, name: &'static str) -> Self {
        Self { connection, scheme, name, value: OnceCell::new() }
    }
}

#[async_trait]
impl Authorize for StaticHeader {
    async fn authorization(&self, _door: &Door) -> Result<Option<SecretString>, Failure> {
        let value = self
            .value
            .get_or_try_init(|| async {
                let secret = self.connection.required(self.name).await?;
                Ok(SecretString::from(format!("{} {}", self.scheme, secret.expose_secret())))
            })
            .await?;
        Ok(Some(value.clone()))
    }
}

/// Signs nothing: whoever carries the calls does.
pub(super) struct Unsigned;

#[async_trait]
impl Authorize for Unsigned {
    async fn authorization(&self, _door: &Door) -> Result<Option<SecretString>, Failure> {
        Ok(None)
    }
}

/// A header value that the client will not print.
pub(super) fn sensitive(value: &SecretString, doing: &str) -> Result<HeaderValue, Failure> {
    let mut header = HeaderValue::from_str(value.expose_secret()).map_err(|_| {
        Failure::new(FailureClass::MissingRights, doing, "the credential holds characters that no header can carry")
            .help("check the secret for line breaks and other invisible characters")
    })?;
    header.set_sensitive(true);
    Ok(header)
}
