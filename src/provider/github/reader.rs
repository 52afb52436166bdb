//! The reading half: its doors let only reading routes pass.

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures::future::join_all;

use super::api::{Api, Hook, Installation};
use super::options::Options;
use super::{convert, doctor, kinds, link};
use crate::engine::model::{Address, Completeness, Failure, FailureClass, KindName, Live, Observation, Scope};
use crate::provider::contract::{Look, ObserveRequest, Probe, Reader, Related};
use crate::provider::http::Connection;

/// Looks at GitHub.
pub struct GitHubReader {
    open: Result<Open, Failure>,
    connection: Connection,
}

struct Open {
    api: Api,
    options: Options,
}

impl GitHubReader {
    /// Looks through a connection. A door that cannot be opened is told at the first question.
    pub fn new(connection: Connection) -> Self {
        let open = connection.read_options::<Options>().and_then(|options| {
            let api = Api::new(&connection, options.clone())?;
            Ok(Open { api, options })
        });
        Self { open, connection }
    }

    /// Our App at each of these accounts.
    async fn installations(&self, logins: &BTreeSet<String>) -> Vec<Observation> {
        let listed = match &self.open {
            Ok(open) => open.api.installations().await,
            Err(failure) => Err(failure.clone()),
        };
        let count = listed.as_ref().map_or(0, Vec::len);
        let observed = logins.iter().map(async |login| {
            let read = match (&self.open, &listed) {
                (Ok(open), Ok(listed)) => self.installation(open, listed, login).await,
                (Err(failure), _) | (_, Err(failure)) => Err(failure.clone()),
            };
            let proof = format!("{count} installations in the App's own list, read to its end");
            self.observation(kinds::INSTALLATION, login, read, proof)
        });
        join_all(observed).await
    }

    async fn installation(&self, open: &Open, listed: &[Installation], login: &str) -> Result<Live, Failure> {
        let key = format!("{login}/{}", open.options.app);
        let instance = &self.connection.instance;
        match listed.iter().find(|it| it.account.login.eq_ignore_ascii_case(login)) {
            Some(found) => Ok(convert::installation(instance, &key, found)),
            None if open.api.is_installed(login).await? => {
                let said = format!("the list of installations lacks '{login}', where the App is installed");
                Err(Failure::new(FailureClass::Later, "list the installations of our App", said))
            }
            None => {
                let link = link::to_install(&open.api, &open.options, &self.connection, login).await?;
                Ok(convert::pending(instance, &key, login, &link))
            }
        }
    }

    /// The webhook of each of these repositories, of which there is one.
    async fn webhooks(&self, repositories: &BTreeSet<String>) -> Vec<Observation> {
        let mut observations = Vec::new();
        for repository in repositories {
            let read = self.webhook(repository).await;
            let proof = "the repository's own list, read to its end".to_owned();
            observations.push(self.observation(kinds::WEBHOOK, repository, read, proof));
        }
        observations
    }

    async fn webhook(&self, repository: &str) -> Result<Live, Failure> {
        let open = self.open.as_ref().map_err(Clone::clone)?;
        let (Some(known), Some(address)) = (&open.options.repository, &open.options.webhook) else {
            return Err(Failure::new(FailureClass::Gone, "read the webhook", "the options name none any more"));
        };
        if !known.eq_ignore_ascii_case(repository) {
            return Err(Failure::new(FailureClass::Gone, "read the webhook", "the options name another repository"));
        }
        let hooks = open.api.hooks().await?;
        let leads = |hook: &&Hook| hook.config.get("url").and_then(|url| url.as_str()) == Some(address);
        let page = format!("{}/{known}/settings/hooks", open.options.web);
        let key = format!("{repository}/push");
        Ok(convert::webhook(&self.connection.instance, &key, &page, address, hooks.iter().find(leads)))
    }

    fn observation(&self, kind: &str, parent: &str, read: Result<Live, Failure>, proof: String) -> Observation {
        let (completeness, objects) = match read {
            Ok(live) => (Completeness::Complete(proof), vec![live]),
            Err(failure) => (Completeness::Incomplete(failure), Vec::new()),
        };
        let scope = Scope::within(&self.connection.instance, kind, parent);
        Observation { scope, at: self.connection.clock.now(), completeness, objects }
    }
}

#[async_trait]
impl Reader for GitHubReader {
    async fn probe(&self) -> Result<Probe, Failure> {
        let open = self.open.as_ref().map_err(Clone::clone)?;
        doctor::probe(&open.api, &open.options).await
    }

    async fn observe(&self, request: &ObserveRequest) -> Vec<Observation> {
        let asked = |kind: &str| {
            let kind = KindName::new(kind);
            request.parents.get(&kind).filter(|_| request.kinds.contains(&kind)).cloned().unwrap_or_default()
        };
        let mut observations = Vec::new();
        let logins = asked(kinds::INSTALLATION);
        if !logins.is_empty() {
            observations.extend(self.installations(&logins).await);
        }
        observations.extend(self.webhooks(&asked(kinds::WEBHOOK)).await);
        observations.sort_by(|a, b| a.scope.cmp(&b.scope));
        observations
    }

    /// What is not there is there as something to be done, so that nothing is ever absent.
    async fn look(&self, address: &Address, _: Option<&str>, _: &Related) -> Result<Look, Failure> {
        let parent = address.parent_key().unwrap_or_default().to_owned();
        let seen = match address.kind.as_str() {
            kinds::INSTALLATION => self.installations(&BTreeSet::from([parent])).await,
            _ => self.webhooks(&BTreeSet::from([parent])).await,
        };
        let Some(observation) = seen.into_iter().next() else { return Ok(Look::Absent) };
        match (observation.completeness, observation.objects.into_iter().next()) {
            (Completeness::Incomplete(failure), _) => Err(failure),
            (_, Some(live)) => Ok(Look::Present(Box::new(live))),
            (_, None) => Ok(Look::Absent),
        }
    }
}
