//! One service instance: what it is, how it is reached, and how far we may go there.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use secrecy::SecretString;
use serde_json::Value;

use crate::runtime::sys::{Environment, SecretError, SecretRef};

/// What the config must know of a type of service; each provider gives one, so that this module names none.
#[derive(Debug, Clone)]
pub struct ServiceType {
    /// The name of the type, such as `gitea`.
    pub name: &'static str,
    /// The roles that an instance of it can play, such as `identity`.
    pub roles: &'static [&'static str],
    /// The kinds that it keeps true. A mode for any other kind is an error.
    pub kinds: &'static [&'static str],
    /// The sets of credentials it can sign in with; each is enough by itself. Names are those of [`Credentials`].
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
    /// What is done about differences, unless the kind says otherwise.
    pub mode: Mode,
    /// What holds for single kinds.
    pub kinds: BTreeMap<String, KindPolicy>,
    /// Differences that are known and left alone.
    pub ignore: Vec<IgnoreRule>,
    /// How hard it may be called.
    pub limits: Limits,
    /// How much may be taken away before somebody is asked.
    pub budgets: Budgets,
    /// Facts of the installation, valid by the schema of its type.
    pub options: Value,
}

/// How we sign in: names in clear, secrets by reference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The id of an OIDC client.
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

/// What is done about differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Mode {
    /// They are repaired.
    Enforce,
    /// They are reported, and nothing is written. The default: a new instance is watched first.
    #[default]
    Report,
    /// They are neither reported nor repaired.
    Ignore,
}

/// What holds for one kind of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindPolicy {
    /// What is done about differences of this kind.
    pub mode: Mode,
}

/// A difference that is known and left alone for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoreRule {
    /// Which objects: an address in which `*` stands for anything within a segment and `**` for anything.
    pub address: String,
    /// Which field; every field when it is left out.
    pub field: Option<String>,
    /// Why it is left alone.
    pub reason: String,
    /// The last day that the rule holds, in UTC.
    pub until: NaiveDate,
}

/// How hard a service may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Calls at the same time.
    pub concurrency: u32,
    /// Calls in a second; unlimited when left out.
    pub requests_per_second: Option<u32>,
    /// How long one call may take.
    pub timeout: Duration,
    /// Objects in one page of a list; the provider's own choice when left out.
    pub page: Option<u32>,
}

/// How much may be removed or disabled before the destructive part of a plan waits for approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budgets {
    /// For people.
    pub people: Budget,
    /// For each other kind.
    pub other: Budget,
    /// The rolling time over which removals are counted.
    pub window: Duration,
}

/// The larger of a share and a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Of the owned objects, in percent.
    pub percent: u8,
    /// This many may go, however few there are.
    pub at_least: u32,
}

impl Service {
    /// What is done about differences of a kind.
    pub fn mode_of(&self, kind: &str) -> Mode {
        self.kinds.get(kind).map_or(self.mode, |it| it.mode)
    }
}

impl Credentials {
    /// The names of those that are given, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        let given = [
            ("client_id", self.client_id.is_some()),
            ("client_secret", self.client_secret.is_some()),
            ("password", self.password.is_some()),
            ("token", self.token.is_some()),
            ("username", self.username.is_some()),
        ];
        given.into_iter().filter_map(|(name, is_given)| is_given.then_some(name)).collect()
    }

    /// Every reference to a secret, with the name of the credential it is for.
    pub fn references(&self) -> impl Iterator<Item = (&'static str, &SecretRef)> {
        [("client_secret", &self.client_secret), ("password", &self.password), ("token", &self.token)]
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

impl IgnoreRule {
    /// Whether the rule still holds at `now`.
    pub fn holds_at(&self, now: DateTime<Utc>) -> bool {
        now.date_naive() <= self.until
    }
}

impl Budget {
    /// How many of `owned` objects may go: the larger of the share, rounded down, and the number.
    pub fn of(self, owned: usize) -> usize {
        let share = owned / 100 * usize::from(self.percent) + owned % 100 * usize::from(self.percent) / 100;
        share.max(self.at_least as usize)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Enough to hide the latency of a service in the same network, little enough for the smallest of them.
            concurrency: 8,
            requests_per_second: None,
            timeout: Duration::from_secs(30),
            page: None,
        }
    }
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            people: Budget { percent: 5, at_least: 3 },
            other: Budget { percent: 10, at_least: 3 },
            window: Duration::from_secs(24 * 60 * 60),
        }
    }
}

impl Service {
    /// The rules of this instance as the engine applies them. `protected` are keys that no plan may narrow.
    pub fn policy(&self, protected: &[String]) -> crate::engine::model::InstancePolicy {
        use crate::engine::model;
        let mode = |mode| match mode {
            Mode::Enforce => model::Mode::Enforce,
            Mode::Report => model::Mode::Report,
            Mode::Ignore => model::Mode::Ignore,
        };
        let budget = |it: Budget| model::Budget { at_least: it.at_least, percent: it.percent.into() };
        model::InstancePolicy {
            mode: mode(self.mode),
            kinds: self.kinds.iter().map(|(kind, it)| (model::KindName::new(kind), mode(it.mode))).collect(),
            budgets: model::Budgets {
                people: budget(self.budgets.people),
                other: budget(self.budgets.other),
                window_hours: (self.budgets.window.as_secs() / 3600) as u32,
            },
            ignore: self
                .ignore
                .iter()
                .map(|rule| model::IgnoreRule {
                    address: rule.address.clone(),
                    field: rule.field.clone(),
                    reason: rule.reason.clone(),
                    // The rule holds through its last day.
                    until: rule.until.succ_opt().and_then(|day| Some(day.and_hms_opt(0, 0, 0)?.and_utc())),
                })
                .collect(),
            protected: protected.to_vec(),
        }
    }
}
