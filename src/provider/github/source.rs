//! Tokens to fetch a repository with, for whoever reads the mono-repo from GitHub: of our App where it is installed,
//! narrowed to reading that one repository (guide, section 4).

use chrono::Duration;
use secrecy::SecretString;

use super::api::HEADERS;
use super::errors::classify;
use super::signature::{App, AsInstallation, Narrow, Place};
use crate::engine::model::Failure;
use crate::provider::http::{Connection, Door};

/// The user name that goes with such a token.
pub const USER: &str = "x-access-token";

/// Longer than any fetch takes.
const FETCH: Duration = Duration::minutes(6);

/// Gives tokens for one repository, and the same one as long as it lasts.
pub struct Tokens {
    door: Door,
    signature: AsInstallation,
}

impl Tokens {
    /// Tokens for `owner/name`, as the App of the connection's secrets: by the number of the installation where that is
    /// known, or else by asking where the repository belongs.
    ///
    /// # Errors
    /// When no door can be opened.
    pub fn new(connection: &Connection, repository: (&str, &str), installation: Option<&str>) -> Result<Self, Failure> {
        let app = App::new(connection.clone());
        let (owner, name) = repository;
        let place = match installation {
            Some(number) => Place::Number(number.to_owned()),
            None => Place::Repository(owner.to_owned(), name.to_owned()),
        };
        let narrow = Narrow { permissions: &[("contents", "read")], repository: Some(name.to_owned()) };
        let signature = AsInstallation::new(app.clone(), place, narrow);
        let door = Door::new(connection.clone(), Box::new(super::signature::AsApp(app)), classify)?.saying(HEADERS);
        Ok(Self { door, signature })
    }

    /// A token that lasts for a fetch that begins now.
    ///
    /// # Errors
    /// When GitHub gives none: the App is not installed there, is suspended, or may not read it.
    pub async fn token(&self) -> Result<SecretString, Failure> {
        Ok(self.signature.token(&self.door, FETCH).await?.0)
    }
}

/// Owner and name of a repository by the address that it is fetched from.
pub fn named(path: &str) -> Option<(&str, &str)> {
    let path = path.trim_matches('/');
    let (owner, name) = path.strip_suffix(".git").unwrap_or(path).split_once('/')?;
    (!owner.is_empty() && !name.is_empty() && !name.contains('/')).then_some((owner, name))
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_repository_is_two_names_and_no_more() {
        assert_eq!(named("/acme-corp/platform.git"), Some(("acme-corp", "platform")));
        assert_eq!(named("/acme-corp/platform/"), Some(("acme-corp", "platform")));
        assert_eq!(named("/a/b/c"), None);
        assert_eq!(named("/a"), None);
    }
}
