//! A platform: the installations of a config, each with its provider, its connection and its rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::engine::documents;
use crate::engine::model::{Failure, FailureClass, Instance, InstancePolicy};
use crate::engine::plan::price::Prices;
use crate::provider::contract::{Probe, Provider, Reader, Writer};
use crate::provider::http::{CallMeter, Connection, Limits, Pace, SecretSource};
use crate::runtime::config::{Config, Credentials, Protected};
use crate::runtime::sys::{Environment, SharedClock};

/// The installations that are kept equal to one mono-repo.
pub struct Platform {
    /// Its name.
    pub name: String,
    /// The installations.
    pub members: BTreeMap<Instance, Member>,
    /// Which installation plays which role.
    pub roles: BTreeMap<String, Instance>,
    /// The services that a person gets when nothing else is said.
    pub default_services: BTreeSet<String>,
    /// How long an approval lasts.
    pub approvals: Duration,
}

/// One installation.
pub struct Member {
    /// Its name.
    pub instance: Instance,
    /// What it is.
    pub provider: &'static dyn Provider,
    /// How it is reached.
    pub connection: Connection,
    /// How far we may go.
    pub policy: InstancePolicy,
    /// How long work that goes on at the service is waited for.
    pub patience: std::time::Duration,
}

impl Member {
    /// What steps cost there.
    pub fn prices(&self) -> Prices {
        Prices { costs: self.provider.costs(), per_minute: self.connection.limits.per_minute }
    }

    /// The reading half.
    pub fn reader(&self) -> Box<dyn Reader> {
        self.provider.reader(self.connection.clone())
    }

    /// The writing half: asked for by `apply` alone.
    pub fn writer(&self) -> Box<dyn Writer> {
        self.provider.writer(self.connection.clone())
    }
}

/// Probes an installation of what is called so. A probe that fails oddly, and without a word of what to do, may have met
/// something else: what every such installation answers was not answered.
///
/// # Errors
/// As [`Reader::probe`].
pub async fn probe(reader: &dyn Reader, title: &str) -> Result<Probe, Failure> {
    reader.probe().await.map_err(|failure| {
        let is_odd = matches!(failure.class, FailureClass::Gone | FailureClass::Refused | FailureClass::Unclear);
        match is_odd && failure.help.is_empty() {
            true => failure.help(format!("check the 'url' of the config: what answers there may not be {title}")),
            false => failure,
        }
    })
}

impl Platform {
    /// How documents of its mono-repo are read.
    pub fn reading(&self) -> documents::Options {
        let services = self.members.keys().map(|instance| instance.as_str().to_owned()).collect();
        let roles = self.roles.iter().map(|(role, instance)| (role.clone(), instance.as_str().to_owned())).collect();
        documents::Options { services: Some(services), roles, ..documents::Options::default() }
    }

    /// Puts a platform together from a config that was checked against `providers`.
    pub fn new(
        config: &Config,
        providers: &[&'static dyn Provider],
        environment: &Arc<dyn Environment>,
        clock: &SharedClock,
    ) -> Self {
        let members = config.services.values().filter_map(|service| {
            let provider = *providers.iter().find(|it| it.service() == service.service_type)?;
            let instance = Instance::new(&service.name);
            let limits = Limits {
                concurrency: service.limits.concurrency as usize,
                per_second: service.limits.requests_per_second,
                per_minute: service.limits.requests_per_minute.or(provider.requests_per_minute()),
                timeout: service.limits.timeout,
                ..Limits::default()
            };
            let connection = Connection {
                platform: config.platform.clone(),
                instance: instance.clone(),
                base: service.url.clone(),
                options: service.options.clone(),
                secrets: Arc::new(ConfigSecrets {
                    instance: service.name.clone(),
                    place: format!("services.{}", service.name),
                    credentials: service.credentials.clone(),
                    environment: Arc::clone(environment),
                }),
                pace: Pace::of(&limits),
                limits,
                clock: Arc::clone(clock),
                meter: None,
            };
            let policy = service.policy(&protected(config, &service.name));
            let patience = service.limits.patience;
            Some((instance.clone(), Member { instance, provider, connection, policy, patience }))
        });
        Self {
            name: config.platform.clone(),
            members: members.collect(),
            roles: config.roles.iter().map(|(role, name)| (role.clone(), Instance::new(name))).collect(),
            default_services: config.defaults.services.iter().cloned().collect(),
            approvals: config.approvals.expire,
        }
    }

    /// Has every call told to `meter`.
    pub fn meter(&mut self, meter: &Arc<dyn CallMeter>) {
        for member in self.members.values_mut() {
            member.connection.meter = Some(Arc::clone(meter));
        }
    }
}

/// The keys of what no plan may narrow in an installation.
fn protected(config: &Config, instance: &str) -> Vec<String> {
    let keys = config.protected.iter().filter_map(|it| match it {
        Protected::Entity(entity) => Some(entity.name().to_owned()),
        Protected::Address(address) => {
            let (of, rest) = address.split_once(':')?;
            (of == instance).then(|| rest.to_owned())
        }
    });
    keys.collect()
}

/// Secrets of an installation, resolved from the config's references when a call is made.
pub(super) struct ConfigSecrets {
    /// Whose they are, for messages.
    pub(super) instance: String,
    /// Where they stand in the config: `services.gitea`.
    pub(super) place: String,
    pub(super) credentials: Credentials,
    pub(super) environment: Arc<dyn Environment>,
}

#[async_trait]
impl SecretSource for ConfigSecrets {
    async fn secret(&self, name: &str) -> Result<Option<SecretString>, Failure> {
        let plain = match name {
            "app_id" => self.credentials.app_id.clone(),
            "client_id" => self.credentials.client_id.clone(),
            "username" => self.credentials.username.clone(),
            _ => None,
        };
        if let Some(plain) = plain {
            return Ok(Some(SecretString::from(plain)));
        }
        let Some(reference) = self.credentials.references().find(|(of, _)| *of == name).map(|(_, it)| it.clone())
        else {
            return Ok(None);
        };
        let environment = Arc::clone(&self.environment);
        let doing = format!("resolve '{reference}' for '{}'", self.instance);
        let is_key = name == "private_key";
        // A command may run for a while, and files may hang on a network.
        let resolved = tokio::task::spawn_blocking(move || match is_key {
            true => reference.resolve_lines(&*environment),
            false => reference.resolve(&*environment),
        });
        let resolved = resolved.await;
        match resolved {
            Ok(Ok(secret)) => Ok(Some(secret)),
            Ok(Err(error)) => Err(Failure::new(FailureClass::MissingRights, doing, error.to_string())
                .help(format!("check '{}.credentials.{name}' in the config", self.place))),
            Err(error) => Err(Failure::new(FailureClass::Later, doing, error.to_string())),
        }
    }
}
