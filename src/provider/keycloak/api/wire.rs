//! What Keycloak shows, as far as we look at it. Absent keys are what Keycloak leaves out when a value is empty.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// Attributes of people, groups, organisations and roles: lists of texts by name.
pub type Attributes = BTreeMap<String, Vec<String>>;

/// A person, as lists and single reads show one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    pub id: String,
    pub username: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub enabled: bool,
    /// Milliseconds since 1970.
    pub created_timestamp: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    pub attributes: Attributes,
    /// Only in lists of an organisation's members.
    pub membership_type: Option<String>,
}

/// A group. Attributes are left out of brief lists.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Group {
    pub id: String,
    pub name: String,
    /// `/acme-corp/platform`; ambiguous when a name holds a `/`.
    pub path: String,
    pub parent_id: Option<String>,
    pub sub_group_count: Option<u64>,
    #[serde(deserialize_with = "or_default")]
    pub attributes: Attributes,
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Organization {
    pub id: String,
    pub name: String,
    pub alias: String,
    pub enabled: bool,
    pub description: Option<String>,
    pub redirect_url: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub domains: Vec<Domain>,
    #[serde(deserialize_with = "or_default")]
    pub attributes: Attributes,
}

/// A mail domain of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Domain {
    pub name: String,
    pub verified: bool,
}

/// A client.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Client {
    pub id: String,
    pub client_id: String,
    pub name: Option<String>,
    pub description: Option<String>,
    pub enabled: bool,
    pub root_url: Option<String>,
    pub base_url: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub redirect_uris: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub web_origins: Vec<String>,
    pub public_client: bool,
    pub standard_flow_enabled: bool,
    pub direct_access_grants_enabled: bool,
    pub implicit_flow_enabled: bool,
    pub service_accounts_enabled: bool,
    #[serde(deserialize_with = "or_default")]
    pub attributes: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    pub default_client_scopes: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub optional_client_scopes: Vec<String>,
}

/// A role of the realm.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Role {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub attributes: Attributes,
}

/// A client scope with its mappers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientScope {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub protocol: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub attributes: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    pub protocol_mappers: Vec<Mapper>,
}

/// A mapper within a client scope.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Mapper {
    pub id: String,
    pub name: String,
    pub protocol: Option<String>,
    pub protocol_mapper: String,
    #[serde(deserialize_with = "or_default")]
    pub config: BTreeMap<String, String>,
}

/// The realm's user profile.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Profile {
    #[serde(deserialize_with = "or_default")]
    pub attributes: Vec<ProfileAttribute>,
    pub unmanaged_attribute_policy: Option<String>,
}

/// One attribute that the profile declares.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProfileAttribute {
    pub name: String,
    pub display_name: Option<String>,
    pub multivalued: bool,
    #[serde(deserialize_with = "or_default")]
    pub permissions: Permissions,
}

/// Who sees and changes a profile attribute.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Permissions {
    #[serde(deserialize_with = "or_default")]
    pub view: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub edit: Vec<String>,
}

/// The realm. A caller without `view-realm` is shown a few keys only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Realm {
    pub realm: String,
    pub enabled: Option<bool>,
    pub organizations_enabled: Option<bool>,
    pub edit_username_allowed: Option<bool>,
    pub registration_email_as_username: Option<bool>,
    pub duplicate_emails_allowed: Option<bool>,
    pub smtp_server: Option<BTreeMap<String, serde_json::Value>>,
}

/// `null` where a list or map belongs means that there is none.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Which events a realm keeps.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventsConfig {
    /// What people do.
    #[serde(default)]
    pub events_enabled: bool,
    /// What administrators do.
    #[serde(default)]
    pub admin_events_enabled: bool,
}

/// Something that an administrator did.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdminEvent {
    /// When, in milliseconds since 1970.
    pub time: i64,
    /// `CREATE`, `UPDATE`, `DELETE` or `ACTION`.
    pub operation_type: String,
    /// Who.
    #[serde(default)]
    pub auth_details: AuthDetails,
    /// Names that the event carries beside the path, such as `username`.
    #[serde(default)]
    pub details: BTreeMap<String, String>,
}

/// Who did something.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthDetails {
    /// The account, by its id; it may be one of another realm.
    pub user_id: Option<String>,
}

/// Something that a person did.
#[derive(Debug, Clone, Deserialize)]
pub struct UserEvent {
    /// When, in milliseconds since 1970.
    pub time: i64,
    /// Such as `UPDATE_PROFILE`.
    #[serde(rename = "type")]
    pub kind: String,
}
