//! Bulk reading. What several kinds are made of is read once: the members of an organisation come with their roles.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join_all, join5};

use super::{Parts, Read, scopes};
use crate::engine::model::{Completeness, Failure, FailureClass, Live, Observation, Scope};
use crate::provider::contract::ObserveRequest;
use crate::provider::logto::api::Listed;
use crate::provider::logto::api::wire::{Application, Hook, Organization, OrganizationRole, User};
use crate::provider::logto::convert::{View, key_of, keys};
use crate::provider::logto::kinds;

/// Everything that was read in one cycle; `None` is what nobody asked for.
struct Seen {
    view: View,
    users: Option<Result<Listed<User>, Failure>>,
    organizations: Option<Result<Listed<Organization>, Failure>>,
    roles: Option<Result<Listed<OrganizationRole>, Failure>>,
    applications: Option<Result<Listed<Application>, Failure>>,
    hooks: Option<Result<Listed<Hook>, Failure>>,
    /// The keys of people, by id; of those alone whose list was read.
    people: BTreeMap<String, String>,
    /// The ids of organisations, by key.
    by_slug: BTreeMap<String, String>,
    /// Members by the id of their organisation.
    members: BTreeMap<String, Result<Listed<User>, Failure>>,
}

impl Parts {
    pub(super) async fn observe(&self, request: &ObserveRequest) -> Vec<Observation> {
        let at = self.connection.clock.now();
        let scopes = scopes(&self.connection.instance, request);
        let seen = self.see(request, &scopes).await;
        let read = |scope: Scope| {
            let (completeness, mut objects) = match seen.read(&scope) {
                Ok((objects, proof)) => (Completeness::Complete(proof), objects),
                Err(failure) => (Completeness::Incomplete(failure), Vec::new()),
            };
            objects.sort_by(|a, b| a.address.cmp(&b.address));
            Observation { scope, at, completeness, objects }
        };
        scopes.into_iter().map(read).collect()
    }

    async fn see(&self, request: &ObserveRequest, scopes: &[Scope]) -> Seen {
        let wants = |kinds: &[&str]| request.kinds.iter().any(|kind| kinds.contains(&kind.as_str()));
        let edges = [kinds::ORGANIZATION_MEMBER, kinds::ROLE_MEMBER];
        let lies_in = scopes.iter().any(|scope| edges.contains(&scope.kind.as_str()));
        let reads = &self.reads;
        let (users, organizations, roles, applications, hooks) = join5(
            when(wants(&[kinds::USER]), reads.users()),
            when(lies_in || wants(&[kinds::ORGANIZATION]), reads.organizations()),
            when(lies_in || wants(&[kinds::ORGANIZATION_ROLE]), reads.organization_roles()),
            when(wants(&[kinds::APPLICATION]), reads.applications()),
            when(wants(&[kinds::WEBHOOK]), reads.hooks()),
        )
        .await;
        let view = View { ledger: request.ledger.clone(), ..self.view.clone() };
        let listed = |users: &Listed<User>| keys(&view.called(users.values()));
        let people = users.as_ref().and_then(|it| it.as_ref().ok()).map(listed).unwrap_or_default();
        let slugs = |all: &Listed<Organization>| -> BTreeMap<String, String> {
            keys(&view.called(all.values())).into_iter().map(|(id, key)| (key, id)).collect()
        };
        let by_slug = organizations.as_ref().and_then(|it| it.as_ref().ok()).map(slugs).unwrap_or_default();
        let wanted: BTreeSet<&String> = scopes
            .iter()
            .filter(|scope| edges.contains(&scope.kind.as_str()))
            .filter_map(|scope| by_slug.get(organization_of(scope.parent.as_deref()?)))
            .collect();
        let members = join_all(wanted.into_iter().map(|id| async move { (id.clone(), reads.members(id).await) }));
        let members = members.await.into_iter().collect();
        Seen { view, users, organizations, roles, applications, hooks, people, by_slug, members }
    }
}

impl Seen {
    fn read(&self, scope: &Scope) -> Read {
        let parent = scope.parent.as_deref().unwrap_or_default();
        match scope.kind.as_str() {
            kinds::USER => {
                let users = shared(self.users.as_ref())?;
                let objects = self.view.called(users.values()).into_iter().map(|it| self.view.user(&it.key, it.thing));
                Ok((objects.collect(), proof(users.len(), "people")))
            }
            kinds::ORGANIZATION => {
                let all = shared(self.organizations.as_ref())?;
                let objects = self.view.called(all.values()).into_iter().map(|it| self.view.organization(&it));
                Ok((objects.collect(), proof(all.len(), "organisations")))
            }
            kinds::ORGANIZATION_ROLE => {
                let all = shared(self.roles.as_ref())?;
                let objects = all.values().filter_map(|role| self.view.role(role));
                Ok((objects.collect(), proof(all.len(), "organisation roles")))
            }
            kinds::APPLICATION => {
                let all = shared(self.applications.as_ref())?;
                let objects = self.view.called(all.values()).into_iter().map(|it| self.view.application(&it));
                Ok((objects.collect(), proof(all.len(), "applications")))
            }
            kinds::WEBHOOK => {
                let all = shared(self.hooks.as_ref())?;
                let objects = self.view.called(all.values()).into_iter().map(|it| self.view.hook(&it.key, it.thing));
                Ok((objects.collect(), proof(all.len(), "webhooks")))
            }
            kinds::ORGANIZATION_MEMBER => self.members_of(parent),
            kinds::ROLE_MEMBER => self.role_members_of(parent),
            other => Err(Failure::new(FailureClass::Refused, format!("read '{other}'"), "Logto has no such kind")),
        }
    }

    /// The id and the members of an organisation; `None` when there is none with this key. The members of one that is not
    /// there are never asked for: the answer would be an empty list.
    fn organization(&self, slug: &str) -> Result<Option<(&str, &Listed<User>)>, Failure> {
        shared(self.organizations.as_ref())?;
        let Some(id) = self.by_slug.get(slug) else { return Ok(None) };
        Ok(Some((id, shared(self.members.get(id))?)))
    }

    fn members_of(&self, slug: &str) -> Read {
        let Some((id, members)) = self.organization(slug)? else { return Ok(none("organisation", slug)) };
        let edge = |user: &User| self.view.member((slug, id), (&self.key_of(user), &user.id));
        Ok((members.values().map(edge).collect(), proof(members.len(), "members")))
    }

    fn role_members_of(&self, name: &str) -> Read {
        let slug = organization_of(name);
        let role = shared(self.roles.as_ref())?.values().find(|role| role.name == name);
        let Some((id, members)) = self.organization(slug)? else { return Ok(none("organisation", slug)) };
        let Some(role) = role else { return Ok(none("organisation role", name)) };
        let has = |user: &&User| user.organization_roles.iter().any(|it| it.id == role.id);
        let edge = |user: &User| self.view.role_member(name, (id, &role.id, &user.id), &self.key_of(user));
        let objects: Vec<Live> = members.values().filter(has).map(edge).collect();
        Ok((objects, format!("{}, each with their roles", proof(members.len(), "members"))))
    }

    fn key_of(&self, user: &User) -> String {
        self.people.get(&user.id).cloned().unwrap_or_else(|| key_of(user))
    }
}

/// The organisation that a role is named after.
pub(super) fn organization_of(role: &str) -> &str {
    role.split_once('/').map_or(role, |(organization, _)| organization)
}

fn proof(count: usize, what: &str) -> String {
    format!("{count} different {what}, as 'Total-Number' says")
}

fn none(what: &str, name: &str) -> (Vec<Live>, String) {
    (Vec::new(), format!("there is no {what} '{name}'"))
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
