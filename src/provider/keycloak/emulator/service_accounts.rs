//! Service accounts: the users that stand for clients.

use std::collections::BTreeSet;

use super::answer::{Answer, Outcome, error};
use super::call::Call;
use super::users::Detail;
use super::world::{Client, Id, Realm, User, new_id};

/// A scope that clients with a service account get beside the defaults.
const SERVICE_SCOPE: &str = "service_account";

impl Realm {
    /// Makes the user that stands for a client, and gives the client the scope that says so.
    pub fn add_service_account(&mut self, id: &str, now: i64) {
        let Some(client) = self.clients.get(id) else {
            return;
        };
        let user = service_account(client, new_id(), now, &self.default_role);
        let user_id = user.id.clone();
        let scope = self.scope_named(SERVICE_SCOPE).map(|scope| scope.id.clone());
        self.put_user(user);
        if let Some(client) = self.clients.get_mut(id) {
            client.service_account = Some(user_id);
            if let Some(scope) = scope
                && !client.default_scopes.contains(&scope)
                && !client.optional_scopes.contains(&scope)
            {
                client.default_scopes.push(scope);
            }
        }
    }

    pub fn remove_service_account(&mut self, id: &str) {
        let scope = self.scope_named(SERVICE_SCOPE).map(|scope| scope.id.clone());
        let Some(client) = self.clients.get_mut(id) else {
            return;
        };
        client.default_scopes.retain(|known| Some(known) != scope.as_ref());
        if let Some(user) = client.service_account.take() {
            self.remove_user(&user);
        }
    }
}

impl Call<'_> {
    pub fn service_account_user(&self, id: &str) -> Outcome {
        let client = self.visible_client(id)?;
        let user = client.service_account.as_ref().and_then(|id| self.realm.users.get(id));
        let user = user
            .ok_or_else(|| error(400, format!("Service account not enabled for the client '{}'", client.client_id)))?;
        Ok(Answer::json(self.realm.show_user(user, Detail::Full)))
    }
}

/// Somebody who does the work of a client.
pub(super) fn service_account(client: &Client, id: Id, now: i64, default_role: &str) -> User {
    User {
        id,
        username: format!("service-account-{}", client.client_id.to_lowercase()),
        enabled: true,
        created: now,
        roles: BTreeSet::from([default_role.to_owned()]),
        service_account_of: Some(client.id.clone()),
        ..User::default()
    }
}
