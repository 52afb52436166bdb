//! One service instance: what it is, how it is reached, and how far we may go there.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use crate::engine::model::InstancePolicy;
use crate::provider::contract::Provider;
use crate::runtime::sys::{Environment, SecretError, SecretRef};

/// What the config must know of a type of service; each provider gives one, so that this module names none.
#[derive(Debug, Clone)]
pub struct ServiceType {
    /// The name of the type, such as `gitea`.
    pub name: &'static str,
    /// The roles that an instance of it can play, such as `identity`.
    pub roles: &'static [&'static str],
    /// The kinds that it keeps true. A mode for any other kind is an error.
    pub kinds: Vec<&'static str>,
    /// The sets of credentials it can sign in with; each is enough by itself. Names are those of [`Credentials`].
    /// Where there is none, nothing is checked.
    pub credentials: &'static [&'static [&'static str]],
    /// The JSON Schema (2020-12, without outward references) of `options`.
    pub options: Value,
}

/// One service instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Its name here, which addresses begin with.
    pub name: String,
    /// The name of its [`ServiceType`].
    pub service_type: String,
    /// Where it answers: `http` or `https`, without credentials, query or fragment.
    pub url: url::Url,
    /// How we sign in there.
    pub credentials: Credentials,
    /// What is done about differences, by instance and kind; which are left alone; how much may be taken away.
    /// Whom it protects is told by [`Service::policy`].
    pub rules: InstancePolicy,
    /// How hard it may be called.
    pub limits: Limits,
    /// Facts of the installation, valid by the schema of its type.
    pub options: Value,
}

/// How we sign in: names in clear, secrets by reference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The id of a GitHub App.
    pub app_id: Option<String>,
    /// The private key of that App, PEM.
    pub private_key: Option<SecretRef>,
    /// Where that App is installed; looked up where it is left out.
    pub installation_id: Option<String>,
    /// The id of an OIDC client, or of a GitHub App.
    pub client_id: Option<String>,
    /// The secret of that client.
    pub client_secret: Option<SecretRef>,
    /// The name of an account.
    pub username: Option<String>,
    /// The password of that account.
    pub password: Option<SecretRef>,
    /// A token that is sent as it is.
    pub token: Option<SecretRef>,
}

/// How hard a service may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Calls at the same time.
    pub concurrency: u32,
    /// Calls in a second; unlimited when left out.
    pub requests_per_second: Option<u32>,
    /// Calls in a minute; what the type of service allows when left out.
    pub requests_per_minute: Option<u32>,
    /// How long one call may take.
    pub timeout: Duration,
    /// How long work that goes on at the service (a build) is waited for.
    pub patience: Duration,
}

impl ServiceType {
    /// The type as its provider describes it.
    ///
    /// # Panics
    /// When the provider's schema is not JSON, which its tests find.
    pub fn of(provider: &dyn Provider) -> Self {
        Self {
            name: provider.service(),
            roles: provider.offers(),
            kinds: provider.kinds().iter().map(|it| it.name).collect(),
            credentials: provider.credentials(),
            options: serde_json::from_str(provider.options_schema()).expect("a provider's schema is JSON"),
        }
    }
}

impl Service {
    /// The rules of this instance as the engine applies them. `protected` are keys that no plan may narrow.
    pub fn policy(&self, protected: &[String]) -> InstancePolicy {
        InstancePolicy { protected: protected.to_vec(), ..self.rules.clone() }
    }
}

impl Credentials {
    /// The names that credentials have in the config, sorted.
    pub const NAMES: [&'static str; 8] =
        ["app_id", "client_id", "client_secret", "installation_id", "password", "private_key", "token", "username"];

    /// Every reference to a secret, with the name of the credential it is for.
    pub fn references(&self) -> impl Iterator<Item = (&'static str, &SecretRef)> {
        [
            ("client_secret", &self.client_secret),
            ("password", &self.password),
            ("private_key", &self.private_key),
            ("token", &self.token),
        ]
        .into_iter()
        .filter_map(|(name, reference)| Some((name, reference.as_ref()?)))
    }

    /// User name and secret for HTTP Basic, as a Git remote wants them: a token goes as the password of `username`, or of
    /// `token` where none is named, which every forge accepts.
    ///
    /// # Errors
    /// When the secret cannot be read. Blocks, as [`SecretRef::resolve`] does.
    pub fn basic(&self, environment: &dyn Environment) -> Result<Option<(String, SecretString)>, SecretError> {
        let Some(reference) = self.token.as_ref().or(self.password.as_ref()) else {
            return Ok(None);
        };
        let username = self.username.clone().unwrap_or_else(|| "token".to_owned());
        Ok(Some((username, reference.resolve(environment)?)))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Enough to hide the latency of a service in the same network, little enough for the smallest of them.
            concurrency: 8,
            requests_per_second: None,
            requests_per_minute: None,
            timeout: Duration::from_secs(30),
            // Longer than any honest build of an image; what takes longer is found again by the next run.
            patience: Duration::from_secs(30 * 60),
        }
    }
}
