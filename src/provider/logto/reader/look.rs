//! One object by itself: what settles an unclear write, and what proves an absence where a list could not.
//!
//! By its id an object is there or Logto says by a code of its own that it is not. Custom data cannot be searched, so that
//! without an id the whole list decides.

use serde::Deserialize;
use serde_json::Value;

use super::Parts;
use super::observe::organization_of;
use crate::engine::model::{Address, Failure, FailureClass, Live};
use crate::provider::contract::{Look, Related};
use crate::provider::logto::api::Searched;
use crate::provider::logto::api::wire::{Application, Hook, Organization, OrganizationRole, User};
use crate::provider::logto::convert::{alone, edge_ends, key_of};
use crate::provider::logto::{kinds, names};

impl Parts {
    /// Reads one object by its id, or else by its name.
    ///
    /// # Errors
    /// When the answer proves neither presence nor absence.
    pub async fn look(&self, address: &Address, external_id: Option<&str>, related: &Related) -> Result<Look, Failure> {
        let key = &*address.key;
        let found = match address.kind.as_str() {
            kinds::USER => self.look_user(key, external_id).await?.map(|it| self.view.user(&key_of(&it), &it)),
            kinds::ORGANIZATION => {
                self.look_organization(key, external_id).await?.map(|it| self.view.organization(&alone(&it)))
            }
            kinds::ORGANIZATION_ROLE => self.look_role(key, external_id).await?.and_then(|role| self.view.role(&role)),
            kinds::ORGANIZATION_MEMBER | kinds::ROLE_MEMBER => self.look_edge(address, external_id, related).await?,
            kinds::APPLICATION => self.look_application(key, external_id).await?,
            kinds::WEBHOOK => self.look_hook(key, external_id).await?,
            other => {
                let said = format!("Logto has no kind '{other}'");
                return Err(Failure::new(FailureClass::Refused, format!("look for '{address}'"), said));
            }
        };
        Ok(found.map_or(Look::Absent, |live| Look::Present(Box::new(live))))
    }

    async fn look_user(&self, key: &str, id: Option<&str>) -> Result<Option<User>, Failure> {
        if let Some(id) = id
            && let Some(user) = self.reads.user(id).await?
        {
            return Ok(Some(user));
        }
        // The usual place first: one call, where the whole list may be many.
        if let Ok(username) = names::username(key) {
            let found = self.reads.users_where(Searched::Username, &username).await?;
            if let Some(user) = found.into_iter().find(|it| key_of(it) == key) {
                return Ok(Some(user));
            }
        }
        let everybody = self.reads.users().await?;
        let id = self.view.called(everybody.values()).into_iter().find(|it| it.key == key);
        Ok(id.map(|it| it.thing.clone()))
    }

    async fn look_organization(&self, slug: &str, id: Option<&str>) -> Result<Option<Organization>, Failure> {
        if let Some(id) = id
            && let Some(organization) = self.reads.organization(id).await?
        {
            return Ok(Some(organization));
        }
        let all = self.reads.organizations().await?;
        let found = self.view.called(all.values()).into_iter().find(|it| it.key == slug);
        Ok(found.map(|it| it.thing.clone()))
    }

    /// Roles are few: the list is as good as one of them.
    async fn look_role(&self, name: &str, id: Option<&str>) -> Result<Option<OrganizationRole>, Failure> {
        let mut all = self.reads.organization_roles().await?;
        if let Some(role) = id.and_then(|id| all.remove(id)) {
            return Ok(Some(role));
        }
        Ok(all.into_values().find(|role| role.name == name))
    }

    async fn look_application(&self, key: &str, id: Option<&str>) -> Result<Option<Live>, Failure> {
        if let Some(id) = id
            && let Some(whole) = self.reads.application(id).await?
        {
            let application: Application = read(&whole, "application")?;
            return Ok(Some(self.view.application(&alone(&application))));
        }
        let all = self.reads.applications().await?;
        let found = self.view.called(all.values()).into_iter().find(|it| it.key == key);
        Ok(found.map(|it| self.view.application(&it)))
    }

    async fn look_hook(&self, name: &str, id: Option<&str>) -> Result<Option<Live>, Failure> {
        if let Some(id) = id
            && let Some(whole) = self.reads.hook(id).await?
        {
            let hook: Hook = read(&whole, "webhook")?;
            return Ok(Some(self.view.hook(&key_of(&hook), &hook)));
        }
        let all = self.reads.hooks().await?;
        let found = self.view.called(all.values()).into_iter().find(|it| it.key == name);
        Ok(found.map(|it| self.view.hook(&it.key, it.thing)))
    }

    /// An edge, from the person's side: below a person who does not exist Logto says so, below an organisation that does
    /// not exist it shows an empty list.
    async fn look_edge(&self, address: &Address, id: Option<&str>, related: &Related) -> Result<Option<Live>, Failure> {
        let Some(ends) = self.ends(address, id, related).await? else { return Ok(None) };
        let Some(organizations) = self.reads.organizations_of(&ends.person).await? else { return Ok(None) };
        let Some(organization) = organizations.iter().find(|it| it.id == ends.organization) else { return Ok(None) };
        let (parent, person) = (address.parent_key().unwrap_or_default(), address.leaf());
        Ok(match &ends.role {
            None => Some(self.view.member((parent, &ends.organization), (person, &ends.person))),
            Some(role) => {
                let has = organization.organization_roles.iter().any(|it| it.id == *role);
                has.then(|| self.view.role_member(parent, (&ends.organization, role, &ends.person), person))
            }
        })
    }

    /// What an edge joins, by ids: as told, as its own id says, or as names find it; `None` when one of them is not there.
    pub async fn ends(&self, edge: &Address, id: Option<&str>, related: &Related) -> Result<Option<Ends>, Failure> {
        let known = id.map(edge_ends).unwrap_or_default();
        let parent = edge.parent_key().unwrap_or_default();
        let told = |kind: &str, key: &str| related.id(&Address::new(&edge.instance, kind, key)).map(str::to_owned);
        let slug = organization_of(parent);
        let at = |place: usize| known.get(place).map(|it| (*it).to_owned());
        let is_role = edge.kind.as_str() == kinds::ROLE_MEMBER;

        let organization = match told(kinds::ORGANIZATION, slug).or_else(|| at(0)) {
            Some(id) => Some(id),
            None => self.look_organization(slug, None).await?.map(|it| it.id),
        };
        let person = match told(kinds::USER, edge.leaf()).or_else(|| at(known.len().max(1) - 1)) {
            Some(id) => Some(id),
            None => self.look_user(edge.leaf(), None).await?.map(|it| it.id),
        };
        let role = match told(kinds::ORGANIZATION_ROLE, parent).or_else(|| at(1)).filter(|_| is_role) {
            Some(id) => Some(id),
            None if is_role => self.look_role(parent, None).await?.map(|it| it.id),
            None => None,
        };
        let (Some(organization), Some(person)) = (organization, person) else { return Ok(None) };
        Ok((role.is_some() || !is_role).then_some(Ends { organization, person, role }))
    }
}

/// What an edge joins, by Logto's ids.
pub struct Ends {
    /// The organisation.
    pub organization: String,
    /// The person.
    pub person: String,
    /// The role, where the edge is one of a role.
    pub role: Option<String>,
}

/// Reads an object out of the whole that was sent.
///
/// # Errors
/// When it is not what it should be.
pub fn read<'v, T: Deserialize<'v>>(value: &'v Value, what: &str) -> Result<T, Failure> {
    T::deserialize(value).map_err(|error| {
        Failure::new(FailureClass::Later, format!("read a {what}"), format!("the answer cannot be read: {error}"))
    })
}
