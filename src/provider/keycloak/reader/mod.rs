//! The reading half: bulk lists, page by page, each with its proof of being whole.
//!
//! Every cycle checks our rights before and after: without them Keycloak answers empty lists, not refusals.

mod causes;
mod clients;
mod groups;
mod look;
mod organizations;
mod people;

pub use look::read;

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::future::{join_all, join5};
use secrecy::ExposeSecret;

use self::organizations::SWITCHED_OFF;
use super::api::{Access, Reads};
use super::convert::View;
use super::doctor;
use super::kinds;
use super::names::SERVICE_ACCOUNT;
use super::options::Options;
use super::tokens::Tokens;
use crate::engine::model::{Address, Completeness, Failure, FailureClass, Instance, Live, Observation, Scope};
use crate::provider::contract::{Changed, Look, ObserveRequest, Probe, Reader, Related, Trail};
use crate::provider::http::Connection;

/// The reading half. An installation whose options cannot be used answers everything with that failure.
pub struct KeycloakReader {
    parts: Result<Parts, Failure>,
    instance: Instance,
}

/// What reading needs.
#[derive(Clone)]
pub struct Parts {
    pub connection: Connection,
    pub options: Options,
    pub reads: Reads,
    pub tokens: Tokens,
    pub view: View,
}

/// Objects that were read, and what proves that they are all.
pub type Read = Result<(Vec<Live>, String), Failure>;

impl KeycloakReader {
    /// A reading half for one installation.
    pub fn new(connection: Connection) -> Self {
        let instance = connection.instance.clone();
        let parts = Access::open(connection.clone()).map(|access| Parts::new(connection, &access));
        Self { parts, instance }
    }
}

impl Parts {
    /// What reading needs, of an open way.
    pub fn new(connection: Connection, access: &Access) -> Self {
        let view = View { instance: connection.instance.clone(), mark: access.options.mark_attribute.clone() };
        Self { connection, options: access.options.clone(), reads: access.reads(), tokens: access.tokens.clone(), view }
    }

    /// Our clientId.
    ///
    /// # Errors
    /// When the config names none.
    pub async fn client_id(&self) -> Result<String, Failure> {
        Ok(self.connection.required("client_id").await?.expose_secret().to_owned())
    }

    /// Proves that we see people at all: our own service account must be found, for without rights a list is empty
    /// and no error.
    ///
    /// # Errors
    /// When it is not found.
    pub async fn sees_people(&self) -> Result<(), Failure> {
        let own = format!("{SERVICE_ACCOUNT}{}", self.client_id().await?.to_lowercase());
        if self.reads.users_where("username", &own).await?.is_empty() {
            return Err(Failure::new(
                FailureClass::MissingRights,
                format!("look for our own account '{own}' in realm '{}'", self.reads.realm()),
                "it is not shown to us, so no list can be trusted",
            )
            .help(
                "give our client's service account the roles 'view-users' and 'manage-users' of 'realm-management'; a \
                 client of another realm cannot be used",
            ));
        }
        Ok(())
    }
}

#[async_trait]
impl Reader for KeycloakReader {
    async fn probe(&self) -> Result<Probe, Failure> {
        doctor::probe(self.parts.as_ref().map_err(Clone::clone)?).await
    }

    async fn observe(&self, request: &ObserveRequest) -> Vec<Observation> {
        match &self.parts {
            Ok(parts) => parts.observe(request).await,
            Err(failure) => scopes(&self.instance, request)
                .into_iter()
                .map(|scope| Observation {
                    scope,
                    at: DateTime::<Utc>::UNIX_EPOCH,
                    completeness: Completeness::Incomplete(failure.clone()),
                    objects: Vec::new(),
                })
                .collect(),
        }
    }

    async fn look(&self, address: &Address, external_id: Option<&str>, related: &Related) -> Result<Look, Failure> {
        self.parts.as_ref().map_err(Clone::clone)?.look(address, external_id, related).await
    }

    async fn causes(&self, changed: &[Changed]) -> Result<Trail, Failure> {
        self.parts.as_ref().map_err(Clone::clone)?.causes(changed).await
    }
}

impl Parts {
    async fn observe(&self, request: &ObserveRequest) -> Vec<Observation> {
        let at = self.connection.clock.now();
        let wants = |kinds: &[&str]| request.kinds.iter().any(|kind| kinds.contains(&kind.as_str()));
        let people = wants(&[kinds::USER, kinds::NUMBER, kinds::MEMBERSHIP, kinds::ORGANIZATION_MEMBER]);
        let numbers = request.parents.iter().any(|(kind, keys)| kind.as_str() == kinds::NUMBER && !keys.is_empty());
        // What several kinds are made of is read once.
        let (rights, listed, groups, organizations, own_client) = join5(
            when(people || wants(&[kinds::GROUP]), self.sees_people()),
            when(wants(&[kinds::USER]) || numbers, self.list_people(numbers)),
            when(wants(&[kinds::GROUP, kinds::MEMBERSHIP]), self.groups()),
            when(wants(&[kinds::USER, kinds::ORGANIZATION, kinds::ORGANIZATION_MEMBER]), self.organizations()),
            when(wants(&[kinds::CLIENT, kinds::CLIENT_SCOPE, kinds::MAPPER]), self.own_client()),
        )
        .await;
        let scopes_read =
            when(wants(&[kinds::CLIENT_SCOPE, kinds::MAPPER]), self.client_scopes(own_client.as_ref())).await;

        let readings = scopes(&self.connection.instance, request).into_iter().map(|scope| {
            let (groups, organizations, scopes_read, own_client) = (&groups, &organizations, &scopes_read, &own_client);
            let listed = listed.as_ref();
            async move {
                let parent = scope.parent.as_deref().unwrap_or_default();
                let read = match scope.kind.as_str() {
                    kinds::USER => self.people(listed, organizations.as_ref()).await,
                    kinds::NUMBER => self.numbers(parent, listed),
                    kinds::GROUP => self.group_objects(groups.as_ref()),
                    kinds::MEMBERSHIP => self.memberships(parent, groups.as_ref()).await,
                    kinds::ORGANIZATION => self.organization_objects(organizations.as_ref()),
                    kinds::ORGANIZATION_MEMBER => self.members(parent, organizations.as_ref()).await,
                    kinds::CLIENT => self.clients(own_client.as_ref()).await,
                    kinds::ROLE => self.roles().await,
                    kinds::CLIENT_SCOPE => self.client_scope_objects(scopes_read.as_ref()),
                    kinds::MAPPER => self.mappers(parent, scopes_read.as_ref()),
                    kinds::PROFILE_ATTRIBUTE => self.profile_attributes().await,
                    other => {
                        Err(Failure::new(FailureClass::Refused, format!("read '{other}'"), "Keycloak has no such kind"))
                    }
                };
                (scope, read)
            }
        });
        let readings = join_all(readings).await;
        // Rights that were taken away in the middle would have emptied what came after.
        let still = when(people || wants(&[kinds::GROUP]), self.sees_people()).await;
        let refused = [rights, still].into_iter().flatten().find_map(Result::err);

        readings
            .into_iter()
            // What nobody asks for and we may not see is no reading that failed.
            .filter(|(scope, read)| read.is_ok() || self.is_asked_for(scope, request) || !is_hidden(read))
            .map(|(scope, read)| {
                let needs_people = matches!(
                    scope.kind.as_str(),
                    kinds::USER | kinds::NUMBER | kinds::GROUP | kinds::MEMBERSHIP | kinds::ORGANIZATION_MEMBER
                );
                let (completeness, mut objects) = match (read, refused.clone().filter(|_| needs_people)) {
                    (Ok((objects, _)), Some(failure)) => (Completeness::Incomplete(failure), objects),
                    (Ok((objects, proof)), None) => (Completeness::Complete(proof), objects),
                    (Err(failure), _) => (Completeness::Incomplete(failure), Vec::new()),
                };
                objects.sort_by(|a, b| a.address.cmp(&b.address));
                Observation { scope, at, completeness, objects }
            })
            .collect()
    }
}

impl Parts {
    /// Whether the config, or the mono-repo, has anything of a kind that is left alone otherwise. Every kind of a
    /// service is always requested; a realm without organisations, or a client without rights on clients, is fine as
    /// long as none are declared.
    fn is_asked_for(&self, scope: &Scope, request: &ObserveRequest) -> bool {
        let lies_in = |kind: &str| request.parents.iter().any(|(it, keys)| it.as_str() == kind && !keys.is_empty());
        match scope.kind.as_str() {
            kinds::ORGANIZATION => lies_in(kinds::ORGANIZATION_MEMBER),
            kinds::CLIENT => !self.options.clients.is_empty(),
            kinds::CLIENT_SCOPE => lies_in(kinds::MAPPER),
            kinds::ROLE => !self.options.roles.is_empty(),
            _ => true,
        }
    }
}

/// Whether a reading failed because what it looks for is hidden from us: by missing rights, or switched off.
fn is_hidden(read: &Read) -> bool {
    matches!(read, Err(failure) if failure.class == FailureClass::MissingRights || failure.said == SWITCHED_OFF)
}

/// What is asked for, as scopes, in a fixed order.
fn scopes(instance: &Instance, request: &ObserveRequest) -> Vec<Scope> {
    let mut scopes = BTreeSet::new();
    for kind in &request.kinds {
        let per_parent =
            kinds::kind(kind.as_str()).is_some_and(|spec| spec.scope == crate::engine::model::ScopeRule::PerParent);
        if per_parent {
            let parents = request.parents.get(kind).into_iter().flatten();
            scopes.extend(parents.map(|parent| Scope::within(instance, kind.as_str(), parent)));
        } else {
            scopes.insert(Scope::whole(instance, kind.as_str()));
        }
    }
    scopes.into_iter().collect()
}

/// The result, if it is wanted.
async fn when<T>(wanted: bool, work: impl Future<Output = Result<T, Failure>>) -> Option<Result<T, Failure>> {
    if wanted { Some(work.await) } else { None }
}

/// What was read for several kinds, or why not.
fn shared<T>(read: Option<&Result<T, Failure>>) -> Result<&T, Failure> {
    match read {
        Some(Ok(value)) => Ok(value),
        Some(Err(failure)) => Err(failure.clone()),
        None => Err(Failure::new(FailureClass::Later, "read what it lies in", "it was not asked for")),
    }
}
