//! How the mono-repo is signed in to as a GitHub App: by a token that reads this one repository for an hour, made again
//! before a fetch that it would not outlast. Any other way is a name and a secret of the config.

use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::OnceCell;
use url::Url;

use super::platform::ConfigSecrets;
use super::site::Site;
use crate::engine::model::{Failure, FailureClass, Instance};
use crate::provider::github::source::{Tokens, USER, named};
use crate::provider::http::{Connection, Limits, Pace};
use crate::runtime::config::{Credentials, Repository};

/// What is kept from one fetch to the next.
#[derive(Default)]
pub(super) struct SignIn(OnceCell<Tokens>);

impl SignIn {
    /// User name and token for a fetch that begins now.
    ///
    /// # Errors
    /// When the address is not one of a forge that has Apps, or none is given.
    pub(super) async fn as_app(&self, site: &Site, repository: &Repository) -> Result<(String, SecretString), Failure> {
        let tokens = self.0.get_or_try_init(|| async { tokens(site, repository) }).await?;
        Ok((USER.to_owned(), tokens.token().await?))
    }
}

fn tokens(site: &Site, repository: &Repository) -> Result<Tokens, Failure> {
    let refused = |said: &str, help: &str| {
        Failure::new(FailureClass::Refused, "sign in to the mono-repo as an App", said).help(help)
    };
    let url = Url::parse(&repository.url).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
    let url = url.ok_or_else(|| refused("an App fetches by https", "write 'repository.url' as 'https://…'"))?;
    let name = named(url.path());
    let name = name.ok_or_else(|| refused("the address names no repository", "it ends in 'owner/name.git'"))?;
    let api = repository.api.clone().or_else(|| api_of(&url));
    let api = api.ok_or_else(|| {
        refused("it is not known where the API answers", "add 'repository.api: https://HOST/api/v3' to the config")
    })?;
    let Credentials { app_id, client_id, installation_id, .. } = &repository.credentials;
    if app_id.is_none() && client_id.is_none() {
        let help = "add 'repository.credentials.app_id' to the config";
        return Err(refused("the private key is that of an App, and none is named", help));
    }
    let limits = Limits::default();
    let connection = Connection {
        platform: site.config.platform.clone(),
        instance: Instance::new("repository"),
        base: api,
        options: serde_json::Value::Null,
        secrets: Arc::new(ConfigSecrets {
            instance: "repository".to_owned(),
            place: "repository".to_owned(),
            credentials: repository.credentials.clone(),
            environment: Arc::clone(&site.environment),
        }),
        pace: Pace::of(&limits),
        limits,
        clock: Arc::clone(&site.clock),
        meter: None,
    };
    Tokens::new(&connection, name, installation_id.as_deref())
}

/// Where the API answers, of the hosts of which that is known.
fn api_of(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    if host != "github.com" && !host.ends_with(".ghe.com") {
        return None;
    }
    Url::parse(&format!("https://api.{host}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_of_an_unknown_host_is_not_guessed() {
        let of = |url: &str| api_of(&Url::parse(url).expect("an address")).map(|url| url.to_string());
        assert_eq!(of("https://github.com/a/b.git").as_deref(), Some("https://api.github.com/"));
        assert_eq!(of("https://acme.ghe.com/a/b.git").as_deref(), Some("https://api.acme.ghe.com/"));
        assert_eq!(of("https://git.acme.example/a/b.git"), None);
        assert_eq!(of("https://notgithub.com/a/b.git"), None);
    }
}
