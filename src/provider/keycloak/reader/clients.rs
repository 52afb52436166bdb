//! Clients, roles, client scopes with their mappers, and the user profile: what comes in one answer each.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Parts, Read, shared};
use crate::engine::model::{Failure, FailureClass};
use crate::provider::keycloak::api::wire::{Client, ClientScope};
use crate::provider::keycloak::names;

impl Parts {
    /// Our own client, with its scopes: what proves that lists of clients and scopes are shown to us whole.
    pub async fn own_client(&self) -> Result<Client, Failure> {
        let id = self.client_id().await?;
        let doing = format!("read our own client '{id}' in realm '{}'", self.reads.realm());
        let hidden = |said: &str| {
            Failure::new(FailureClass::MissingRights, &doing, said).help(
                "give our client's service account the role 'manage-clients' (or 'view-clients') of 'realm-management'",
            )
        };
        let found = self.reads.client_named(&id).await?.ok_or_else(|| hidden("it is not shown to us"))?;
        let client = Client::deserialize(&found).unwrap_or_default();
        if client.default_client_scopes.is_empty() {
            return Err(hidden("it is shown without its scopes, so no scope can be trusted"));
        }
        Ok(client)
    }

    pub(super) async fn clients(&self, own: Option<&Result<Client, Failure>>) -> Read {
        let own = shared(own)?;
        let clients = self.reads.clients().await?;
        if !clients.iter().any(|it| it.id == own.id) {
            return Err(Failure::new(
                FailureClass::MissingRights,
                format!("list clients of realm '{}'", self.reads.realm()),
                "our own client is not in the list, so it is not whole",
            )
            .help("give our client's service account the role 'manage-clients' of 'realm-management'"));
        }
        let objects = clients
            .iter()
            .filter(|it| it.id != own.id && !names::is_built_in_client(&it.client_id))
            .map(|it| self.view.client(it));
        Ok((objects.collect(), "one answer, and our own client is in it with its scopes".to_owned()))
    }

    pub async fn roles(&self) -> Read {
        let roles = self.reads.roles().await?;
        let realm = self.reads.realm();
        if !roles.iter().any(|it| it.name == names::default_role(realm)) {
            return Err(Failure::new(
                FailureClass::MissingRights,
                format!("list roles of realm '{realm}'"),
                format!("'{}' is not in the list, so it is not whole", names::default_role(realm)),
            )
            .help("give our client's service account the role 'view-realm' of 'realm-management'"));
        }
        let objects = roles.iter().filter(|it| !names::is_built_in_role(&it.name, realm)).map(|it| self.view.role(it));
        Ok((objects.collect(), "one answer, and the realm's default role is in it".to_owned()))
    }

    pub(super) async fn client_scopes(
        &self,
        own: Option<&Result<Client, Failure>>,
    ) -> Result<Vec<ClientScope>, Failure> {
        let own = shared(own)?;
        let scopes = self.reads.client_scopes().await?;
        let seen: BTreeSet<&str> = scopes.iter().map(|it| it.name.as_str()).collect();
        match own.default_client_scopes.iter().find(|name| !seen.contains(name.as_str())) {
            None => Ok(scopes),
            Some(missing) => Err(Failure::new(
                FailureClass::MissingRights,
                format!("list client scopes of realm '{}'", self.reads.realm()),
                format!("our own client has '{missing}', which is not in the list, so it is not whole"),
            )
            .help("give our client's service account the role 'manage-clients' of 'realm-management'")),
        }
    }

    pub(super) fn client_scope_objects(&self, scopes: Option<&Result<Vec<ClientScope>, Failure>>) -> Read {
        let ours = shared(scopes)?.iter().filter(|it| !names::is_built_in_scope(&it.name) && is_openid(it));
        let objects = ours.map(|it| self.view.client_scope(it)).collect();
        Ok((objects, "one answer, and every scope of our own client is in it".to_owned()))
    }

    pub(super) fn mappers(&self, scope: &str, scopes: Option<&Result<Vec<ClientScope>, Failure>>) -> Read {
        let scopes = shared(scopes)?;
        let Some(found) = scopes.iter().find(|it| it.name == scope) else {
            return Ok((Vec::new(), format!("there is no client scope '{scope}'")));
        };
        let ours = found.protocol_mappers.iter().filter(|it| !names::is_built_in_mapper(scope, &it.name));
        let objects = ours.map(|it| self.view.mapper(scope, it)).collect();
        Ok((objects, "its client scope came with its mappers in one answer".to_owned()))
    }

    pub(super) async fn profile_attributes(&self) -> Read {
        let profile = self.profile().await?;
        let ours = profile.attributes.iter().filter(|it| !names::is_built_in_attribute(&it.name));
        let objects = ours.map(|it| self.view.profile_attribute(it)).collect();
        Ok((objects, "one document, and it declares 'username' and 'email'".to_owned()))
    }
}

fn is_openid(scope: &ClientScope) -> bool {
    scope.protocol.as_deref().is_none_or(|protocol| protocol == "openid-connect")
}
