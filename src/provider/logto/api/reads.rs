//! Every read, typed.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::list::{Listed, parsed, whole};
use super::routes;
use super::wire::{Application, Hook, Keys, Organization, OrganizationRole, SignInExperience, User};
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Call, ReadDoor};

/// The header by which a server under development takes anybody for anybody.
const DEVELOPMENT_USER: (&str, &str) = ("development-user-id", "formulary-doctor");

/// The reading calls of one Logto.
#[derive(Clone)]
pub struct Reads {
    door: ReadDoor,
}

impl Reads {
    /// Reads through `door`.
    pub fn new(door: ReadDoor) -> Self {
        Self { door }
    }

    /// Everybody.
    ///
    /// # Errors
    /// As every call.
    pub async fn users(&self) -> Result<Listed<User>, Failure> {
        whole(&self.door, &Call::get(routes::USERS, &[], "list people")).await
    }

    /// Everybody who has exactly this `username` or `primaryEmail`, whatever its case.
    ///
    /// # Errors
    /// As every call.
    pub async fn users_where(&self, field: Searched, value: &str) -> Result<Vec<User>, Failure> {
        let (search, mode, title) = match field {
            Searched::Username => ("search.username", "mode.username", "username"),
            Searched::Email => ("search.primaryEmail", "mode.primaryEmail", "address"),
        };
        let call = Call::get(routes::USERS, &[], format!("look for the {title} '{value}'"))
            .query(search, value)
            .query(mode, "exact");
        let found: Listed<User> = whole(&self.door, &call).await?;
        // A parameter that the server does not know filters nothing.
        let is_it = |user: &User| {
            let held = match field {
                Searched::Username => &user.username,
                Searched::Email => &user.primary_email,
            };
            held.as_deref().is_some_and(|it| it.to_lowercase() == value.to_lowercase())
        };
        Ok(found.into_values().filter(is_it).collect())
    }

    /// One person; `None` when there is none with this id.
    ///
    /// # Errors
    /// As every call.
    pub async fn user(&self, id: &str) -> Result<Option<User>, Failure> {
        self.if_there(&Call::get(routes::USER, &[id], format!("read the person '{id}'"))).await
    }

    /// The organisations that a person is in, with the roles that they have there; `None` when there is no such person.
    ///
    /// # Errors
    /// As every call.
    pub async fn organizations_of(&self, user: &str) -> Result<Option<Vec<Organization>>, Failure> {
        let doing = format!("list the organisations of the person '{user}'");
        self.if_there(&Call::get(routes::USER_ORGANIZATIONS, &[user], doing)).await
    }

    /// All organisations.
    ///
    /// # Errors
    /// As every call.
    pub async fn organizations(&self) -> Result<Listed<Organization>, Failure> {
        whole(&self.door, &Call::get(routes::ORGANIZATIONS, &[], "list organisations")).await
    }

    /// One organisation, whole; `None` when there is none with this id.
    ///
    /// # Errors
    /// As every call.
    pub async fn organization(&self, id: &str) -> Result<Option<Organization>, Failure> {
        self.if_there(&Call::get(routes::ORGANIZATION, &[id], format!("read the organisation '{id}'"))).await
    }

    /// Everybody in an organisation, with the roles that they have there. An organisation that does not exist has
    /// nobody, without an error: it must have been seen.
    ///
    /// # Errors
    /// As every call.
    pub async fn members(&self, organization: &str) -> Result<Listed<User>, Failure> {
        let doing = format!("list the members of the organisation '{organization}'");
        whole(&self.door, &Call::get(routes::MEMBERS, &[organization], doing)).await
    }

    /// All roles of the organisation template.
    ///
    /// # Errors
    /// As every call.
    pub async fn organization_roles(&self) -> Result<Listed<OrganizationRole>, Failure> {
        whole(&self.door, &Call::get(routes::ORGANIZATION_ROLES, &[], "list organisation roles")).await
    }

    /// All applications.
    ///
    /// # Errors
    /// As every call.
    pub async fn applications(&self) -> Result<Listed<Application>, Failure> {
        whole(&self.door, &Call::get(routes::APPLICATIONS, &[], "list applications")).await
    }

    /// One application, whole, as its columns must be sent back; `None` when there is none with this id.
    ///
    /// # Errors
    /// As every call.
    pub async fn application(&self, id: &str) -> Result<Option<Value>, Failure> {
        self.if_there(&Call::get(routes::APPLICATION, &[id], format!("read the application '{id}'"))).await
    }

    /// All webhooks.
    ///
    /// # Errors
    /// As every call.
    pub async fn hooks(&self) -> Result<Listed<Hook>, Failure> {
        whole(&self.door, &Call::get(routes::HOOKS, &[], "list webhooks")).await
    }

    /// One webhook, whole, as its settings must be sent back; `None` when there is none with this id.
    ///
    /// # Errors
    /// As every call.
    pub async fn hook(&self, id: &str) -> Result<Option<Value>, Failure> {
        self.if_there(&Call::get(routes::HOOK, &[id], format!("read the webhook '{id}'"))).await
    }

    /// How people sign in and up.
    ///
    /// # Errors
    /// As every call.
    pub async fn sign_in_experience(&self) -> Result<SignInExperience, Failure> {
        self.one(&Call::get(routes::SIGN_IN_EXPERIENCE, &[], "read how people sign in")).await
    }

    /// The keys that tokens are signed with, the current one first.
    ///
    /// # Errors
    /// As every call.
    pub async fn keys(&self) -> Result<Keys, Failure> {
        self.one(&Call::get(routes::KEYS, &[], "read the keys of tokens")).await
    }

    /// Whether the server takes whoever says so for an administrator, without any token: one that runs for development.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn takes_anybody(&self) -> Result<bool, Failure> {
        let call = Call::get(routes::USERS, &[], "ask without a token").query("page_size", 1).header(DEVELOPMENT_USER);
        Ok(self.door.send_unsigned(&call).await?.is_success())
    }

    async fn one<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Failure> {
        parsed(call, &self.door.send(call).await?)
    }

    async fn if_there<T: DeserializeOwned>(&self, call: &Call) -> Result<Option<T>, Failure> {
        match self.one(call).await {
            Err(failure) if failure.class == FailureClass::Gone => Ok(None),
            other => other.map(Some),
        }
    }
}

/// What people are looked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Searched {
    /// The username.
    Username,
    /// The address.
    Email,
}
