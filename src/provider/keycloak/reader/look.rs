//! One object by itself: what settles an unclear write, and what proves an absence where a list could not.
//!
//! Absence is believed where Keycloak says it of an id, or where a search finds nothing while we demonstrably see
//! people (or clients).

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Parts;
use crate::engine::model::{Address, Failure, FailureClass, Live};
use crate::provider::contract::{Look, Related};
use crate::provider::keycloak::api::wire::{Client, ClientScope, Group, Organization, Role, User};
use crate::provider::keycloak::convert::edge_ends;
use crate::provider::keycloak::kinds;

impl Parts {
    /// Reads one object by its id, or else by its name.
    ///
    /// # Errors
    /// When the answer proves neither presence nor absence.
    pub async fn look(&self, address: &Address, external_id: Option<&str>, related: &Related) -> Result<Look, Failure> {
        let found = match address.kind.as_str() {
            kinds::USER => self.look_user(&address.key, external_id).await?,
            kinds::NUMBER => self.look_number(address, external_id, related).await?,
            kinds::GROUP => self.look_group(&address.key, external_id).await?,
            kinds::MEMBERSHIP => self.look_membership(address, external_id, related).await?,
            kinds::ORGANIZATION => self.look_organization(&address.key, external_id).await?,
            kinds::ORGANIZATION_MEMBER => self.look_member(address, external_id, related).await?,
            kinds::CLIENT => self.look_client(&address.key, external_id).await?,
            kinds::ROLE => self.look_role(&address.key).await?,
            kinds::CLIENT_SCOPE => self.scope_named(&address.key).await?.map(|it| self.view.client_scope(&it)),
            kinds::MAPPER => self.look_mapper(address).await?,
            kinds::PROFILE_ATTRIBUTE => {
                let profile = self.profile().await?;
                let declared = profile.attributes.iter().find(|it| *it.name == *address.key);
                declared.map(|it| self.view.profile_attribute(it))
            }
            other => {
                return Err(Failure::new(FailureClass::Refused, format!("look for '{address}'"), {
                    format!("Keycloak has no kind '{other}'")
                }));
            }
        };
        Ok(found.map_or(Look::Absent, |live| Look::Present(Box::new(live))))
    }

    async fn look_user(&self, username: &str, id: Option<&str>) -> Result<Option<Live>, Failure> {
        if let Some(id) = id
            && let Some(user) = self.reads.user(id).await?
        {
            return Ok(self.view.user(&read(&user, "person")?));
        }
        let found = self.reads.users_where("username", username).await?;
        match found.first() {
            Some(user) => Ok(self.view.user(user)),
            None => self.sees_people().await.map(|()| None),
        }
    }

    async fn look_number(
        &self,
        address: &Address,
        id: Option<&str>,
        related: &Related,
    ) -> Result<Option<Live>, Failure> {
        let Some(id) = self.user_id(address, id, related).await? else {
            return self.sees_people().await.map(|()| None);
        };
        let Some(user) = self.reads.user(&id).await? else { return Ok(None) };
        let live = self.view.number(address.parent_key().unwrap_or_default(), &read(&user, "person")?);
        Ok(live.map(|live| Live { address: address.clone(), ..live }))
    }

    async fn look_group(&self, path: &str, id: Option<&str>) -> Result<Option<Live>, Failure> {
        if let Some(id) = id
            && let Some(group) = self.reads.group(id).await?
        {
            let group: Group = read(&group, "group")?;
            return Ok(Some(self.view.group(group.path.trim_start_matches('/'), &group)));
        }
        match self.group_at(path).await? {
            Some(group) => Ok(Some(self.view.group(path, &group))),
            None => self.sees_people().await.map(|()| None),
        }
    }

    async fn look_membership(
        &self,
        address: &Address,
        id: Option<&str>,
        related: &Related,
    ) -> Result<Option<Live>, Failure> {
        let path = address.parent_key().unwrap_or_default();
        let (Some(group), Some(user)) =
            (self.group_id(address, id, related).await?, self.user_id(address, id, related).await?)
        else {
            return self.sees_people().await.map(|()| None);
        };
        let Some(groups) = self.reads.groups_of(&user).await? else { return Ok(None) };
        if groups.iter().any(|it| it.id == group) {
            let user = User { id: user, username: address.leaf().to_owned(), ..User::default() };
            return Ok(self.view.membership(path, &group, &user));
        }
        // The list of a person's groups is cut to what we may see; so the group itself must be visible.
        match self.reads.group(&group).await? {
            Some(_) => self.sees_people().await.map(|()| None),
            None => Ok(None),
        }
    }

    async fn look_organization(&self, alias: &str, id: Option<&str>) -> Result<Option<Live>, Failure> {
        if let Some(id) = id
            && let Some(found) = self.reads.organization(id).await?
        {
            return Ok(Some(self.view.organization(&read(&found, "organisation")?)));
        }
        let found = self.reads.organizations_with_alias(alias).await?;
        if let Some(organization) = found.first() {
            return Ok(Some(self.view.organization(organization)));
        }
        // The search is by a key that older releases may not know: the whole list decides.
        let organizations = self.organizations().await?.ok_or_else(|| self.switched_off())?;
        Ok(organizations.by_alias.get(alias).map(|it| self.view.organization(it)))
    }

    async fn look_member(
        &self,
        address: &Address,
        id: Option<&str>,
        related: &Related,
    ) -> Result<Option<Live>, Failure> {
        let alias = address.parent_key().unwrap_or_default();
        let organization = self.organization_id(address, id, related).await?;
        let (Some(organization), Some(user)) = (organization, self.user_id(address, id, related).await?) else {
            return self.sees_people().await.map(|()| None);
        };
        let Some(member) = self.reads.organization_member(&organization, &user).await? else {
            // Keycloak says the same of a person who is not in it and of an organisation that is not there.
            return self.sees_people().await.map(|()| None);
        };
        let member = User { username: address.leaf().to_owned(), ..member };
        Ok(self.view.organization_member(alias, &organization, &member))
    }

    async fn look_client(&self, client_id: &str, id: Option<&str>) -> Result<Option<Live>, Failure> {
        if let Some(id) = id
            && let Some(client) = self.reads.client(id).await?
        {
            return Ok(Some(self.view.client(&read::<Client>(&client, "client")?)));
        }
        match self.reads.client_named(client_id).await? {
            Some(client) => Ok(Some(self.view.client(&read::<Client>(&client, "client")?))),
            None => self.own_client().await.map(|_| None),
        }
    }

    async fn look_role(&self, name: &str) -> Result<Option<Live>, Failure> {
        let found = self.reads.role(name).await?;
        found.map(|role| Ok(self.view.role(&read::<Role>(&role, "role")?))).transpose()
    }

    async fn look_mapper(&self, address: &Address) -> Result<Option<Live>, Failure> {
        let scope = address.parent_key().unwrap_or_default();
        let Some(found) = self.scope_named(scope).await? else { return Ok(None) };
        let mapper = found.protocol_mappers.iter().find(|it| it.name == address.leaf());
        Ok(mapper.map(|it| self.view.mapper(scope, it)))
    }

    /// The client scope of a name, out of the whole list.
    pub async fn scope_named(&self, name: &str) -> Result<Option<ClientScope>, Failure> {
        let own = self.own_client().await;
        Ok(self.client_scopes(Some(&own)).await?.into_iter().find(|it| it.name == name))
    }

    /// The group at a path.
    pub async fn group_at(&self, path: &str) -> Result<Option<Group>, Failure> {
        let leaf = path.rsplit('/').next().unwrap_or(path);
        let found = self.reads.groups_named(leaf).await?;
        Ok(found.into_iter().find(|it| it.path.trim_start_matches('/') == path))
    }

    /// The id of the group that an edge lies in: as told, as its own id says, or as its path finds it.
    pub async fn group_id(
        &self,
        edge: &Address,
        id: Option<&str>,
        related: &Related,
    ) -> Result<Option<String>, Failure> {
        let path = edge.parent_key().unwrap_or_default();
        if let Some(known) = known_end(related, edge, kinds::GROUP, path, id, End::Container) {
            return Ok(Some(known));
        }
        Ok(self.group_at(path).await?.map(|it| it.id))
    }

    /// The id of the organisation that an edge lies in.
    pub async fn organization_id(
        &self,
        edge: &Address,
        id: Option<&str>,
        related: &Related,
    ) -> Result<Option<String>, Failure> {
        let alias = edge.parent_key().unwrap_or_default();
        if let Some(known) = known_end(related, edge, kinds::ORGANIZATION, alias, id, End::Container) {
            return Ok(Some(known));
        }
        Ok(self.reads.organizations_with_alias(alias).await?.into_iter().next().map(|it: Organization| it.id))
    }

    /// The id of the person that an edge joins.
    pub async fn user_id(
        &self,
        edge: &Address,
        id: Option<&str>,
        related: &Related,
    ) -> Result<Option<String>, Failure> {
        if let Some(known) = known_end(related, edge, kinds::USER, edge.leaf(), id, End::Person) {
            return Ok(Some(known));
        }
        Ok(self.reads.users_where("username", edge.leaf()).await?.into_iter().next().map(|it| it.id))
    }
}

fn known_end(related: &Related, edge: &Address, kind: &str, key: &str, id: Option<&str>, end: End) -> Option<String> {
    let told = related.id(&Address::new(&edge.instance, kind, key));
    let own = || {
        let (container, person) = edge_ends(id?)?;
        Some(match end {
            End::Container => container,
            End::Person => person,
        })
    };
    told.or_else(own).map(str::to_owned)
}

/// One of the two things that an edge joins.
#[derive(Debug, Clone, Copy)]
enum End {
    Container,
    Person,
}

/// Reads an object out of the whole that was sent.
pub fn read<T: DeserializeOwned>(value: &Value, what: &str) -> Result<T, Failure> {
    T::deserialize(value).map_err(|error| {
        Failure::new(FailureClass::Later, format!("read a {what}"), format!("the answer cannot be read: {error}"))
    })
}
