//! Secrets at the door: resolved where a call is made, and never before.

use std::collections::BTreeMap;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::engine::model::{Failure, FailureClass};

/// Gives secrets by the names that a provider knows them by: `token`, `client_id`, `client_secret`.
#[async_trait]
pub trait SecretSource: Send + Sync {
    /// The secret, fresh from where it is kept; `None` when the config names none.
    ///
    /// # Errors
    /// When the reference cannot be resolved. The failure never holds the secret.
    async fn secret(&self, name: &str) -> Result<Option<SecretString>, Failure>;
}

/// Secrets that are already at hand: for the sandbox and for tests.
#[derive(Default)]
pub struct NamedSecrets(pub BTreeMap<String, SecretString>);

impl NamedSecrets {
    /// Secrets by name.
    pub fn new<const N: usize>(secrets: [(&str, &str); N]) -> Self {
        Self(secrets.into_iter().map(|(name, value)| (name.to_owned(), SecretString::from(value.to_owned()))).collect())
    }
}

#[async_trait]
impl SecretSource for NamedSecrets {
    async fn secret(&self, name: &str) -> Result<Option<SecretString>, Failure> {
        Ok(self.0.get(name).cloned())
    }
}

/// The named secret, or a failure that says which one the config lacks.
pub(super) async fn required(source: &dyn SecretSource, name: &str, instance: &str) -> Result<SecretString, Failure> {
    source.secret(name).await?.ok_or_else(|| {
        Failure::new(
            FailureClass::MissingRights,
            format!("read the credentials of '{instance}'"),
            format!("the config names no '{name}'"),
        )
        .help(format!("add 'services.{instance}.credentials.{name}: env:…' to the config"))
    })
}
