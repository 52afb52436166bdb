//! Where a service is, who we are there, and how hard we may press.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde::de::DeserializeOwned;
use url::Url;

use super::pace::Pace;
use super::secrets::{SecretSource, required};
use crate::engine::model::{Failure, FailureClass, Instance};
use crate::runtime::sys::SharedClock;

/// How hard we may press one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Calls under way at once.
    pub concurrency: usize,
    /// Calls a second; `None` means no limit but the concurrency.
    pub per_second: Option<u32>,
    /// Calls a minute, of both halves together: so many at once, and then as they come back one by one; `None` means no
    /// such limit.
    pub per_minute: Option<u32>,
    /// The longest that one call may take, its retries not counted.
    pub timeout: Duration,
    /// Attempts at one call, the first included.
    pub attempts: u32,
    /// The shortest wait before a second attempt; it doubles with each one, and jitter adds up to as much again.
    pub first_wait: Duration,
    /// The most bytes of an answer that are read.
    pub max_answer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrency: 4,
            per_second: None,
            per_minute: None,
            timeout: Duration::from_secs(60),
            attempts: 4,
            first_wait: Duration::from_millis(200),
            max_answer: 64 << 20,
        }
    }
}

/// Everything a provider's halves need to reach one installation.
#[derive(Clone)]
pub struct Connection {
    /// The platform that it belongs to: ids that we choose are made of it, so that two platforms choose different ones.
    pub platform: String,
    /// The installation.
    pub instance: Instance,
    /// Its address, without a trailing slash in the path.
    pub base: Url,
    /// Its options from the config.
    pub options: serde_json::Value,
    /// Where its secrets come from.
    pub secrets: Arc<dyn SecretSource>,
    /// How hard we may press.
    pub limits: Limits,
    /// The calls of this minute, counted over all doors of the installation; made of `limits` by [`Pace::of`].
    pub pace: Pace,
    /// The time.
    pub clock: SharedClock,
    /// Told about every call, where somebody counts them.
    pub meter: Option<Arc<dyn CallMeter>>,
}

/// Told about every call to a service. It learns nothing that could be a secret: no path, no body.
pub trait CallMeter: Send + Sync {
    /// A call was made; `status` is nothing when no answer came.
    fn called(&self, instance: &Instance, status: Option<u16>, took: Duration);
    /// A call is made once more.
    fn retried(&self, instance: &Instance);
}

impl Connection {
    /// A secret that the config must name.
    ///
    /// # Errors
    /// When it is not named or cannot be resolved.
    pub async fn required(&self, name: &str) -> Result<SecretString, Failure> {
        required(&*self.secrets, name, self.instance.as_str()).await
    }

    /// The options as a provider's own type.
    ///
    /// # Errors
    /// When they do not fit. The config's check passes only what does, as far as a schema can tell.
    pub fn read_options<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        T::deserialize(&self.options).map_err(|error| {
            Failure::new(FailureClass::Refused, format!("read the options of '{}'", self.instance), error.to_string())
                .help("run 'formulary validate'")
        })
    }

    /// The address of a path that begins with `/`.
    pub(super) fn url(&self, path: &str) -> Result<Url, url::ParseError> {
        Url::parse(&format!("{}{path}", self.base.as_str().trim_end_matches('/')))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("instance", &self.instance).field("base", &self.base.as_str()).finish()
    }
}
