//! What Logto sends, as far as we look at it. What every answer holds must be there: an answer without it is not whole.
//!
//! No secret is read: neither an application's nor a webhook's signing key, which every read of one shows.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// An object of JSON.
pub type Object = Map<String, Value>;

/// A person, or a member of an organisation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub id: String,
    pub username: Option<String>,
    pub primary_email: Option<String>,
    pub name: Option<String>,
    pub custom_data: Object,
    #[serde(default, deserialize_with = "or_default")]
    pub profile: Object,
    pub is_suspended: bool,
    #[serde(default)]
    pub created_at: i64,
    /// Of members alone: the roles that they have in the organisation.
    #[serde(default)]
    pub organization_roles: Vec<Named>,
}

/// Something that is referred to by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub custom_data: Object,
    #[serde(default)]
    pub created_at: i64,
    /// In the list of a person's organisations alone: the roles that they have in it.
    #[serde(default)]
    pub organization_roles: Vec<Named>,
}

/// A role of the organisation template.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationRole {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    /// `User` or `MachineToMachine`.
    #[serde(rename = "type")]
    pub sort: String,
}

/// An application.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    #[serde(rename = "type")]
    pub sort: String,
    pub oidc_client_metadata: Addresses,
    #[serde(default, deserialize_with = "or_default")]
    pub custom_client_metadata: ClientSettings,
    pub custom_data: Object,
    #[serde(default)]
    pub created_at: i64,
    /// Whether the answer shows a secret, which releases before 1.42 do.
    #[serde(default, rename = "secret", deserialize_with = "is_there")]
    pub shows_secret: bool,
}

/// Where an application may send people.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Addresses {
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
}

/// Settings of an application.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientSettings {
    pub cors_allowed_origins: Vec<String>,
    pub always_issue_refresh_token: bool,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hook {
    pub id: String,
    pub name: String,
    /// Empty in one of the old form, which has a single `event`.
    #[serde(default, deserialize_with = "or_default")]
    pub events: Vec<String>,
    /// The single event of the old form.
    #[serde(default)]
    pub event: Option<String>,
    pub config: HookConfig,
    pub enabled: bool,
    #[serde(default)]
    pub created_at: i64,
}

/// Where a webhook delivers. Headers may hold secrets and are not read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HookConfig {
    pub url: String,
}

/// How people sign in and up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInExperience {
    pub sign_in: SignIn,
    pub sign_up: SignUp,
    /// `SignIn`, `Register` or `SignInAndRegister`.
    pub sign_in_mode: String,
    /// Releases before 1.41 do not have it.
    #[serde(default)]
    pub username_policy: Option<Object>,
}

/// By what people sign in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SignIn {
    pub methods: Vec<SignInMethod>,
}

/// One way to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInMethod {
    pub identifier: String,
    #[serde(default)]
    pub password: bool,
    #[serde(default)]
    pub verification_code: bool,
}

/// What somebody who signs up is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignUp {
    pub identifiers: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub secondary_identifiers: Vec<Value>,
}

/// The public keys of tokens, the current one first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Keys {
    pub keys: Vec<Key>,
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Key {
    #[serde(default)]
    pub alg: Option<String>,
}

fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// That a value is there, without keeping it.
fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer).map(|_| true)
}
