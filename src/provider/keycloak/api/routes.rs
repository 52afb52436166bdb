//! The addresses of everything that is called, and those that a reading half may call.

use reqwest::Method;

use crate::provider::http::ReadRoute;

pub const TOKEN: &str = "/realms/{realm}/protocol/openid-connect/token";
pub const SERVER_INFO: &str = "/admin/serverinfo";
pub const REALM: &str = "/admin/realms/{realm}";

pub const USERS: &str = "/admin/realms/{realm}/users";
pub const USERS_COUNT: &str = "/admin/realms/{realm}/users/count";
pub const USER: &str = "/admin/realms/{realm}/users/{user}";
pub const USER_GROUPS: &str = "/admin/realms/{realm}/users/{user}/groups";
pub const USER_GROUP: &str = "/admin/realms/{realm}/users/{user}/groups/{group}";
pub const LOGOUT: &str = "/admin/realms/{realm}/users/{user}/logout";
pub const ACTIONS_EMAIL: &str = "/admin/realms/{realm}/users/{user}/execute-actions-email";
pub const PROFILE: &str = "/admin/realms/{realm}/users/profile";

pub const GROUPS: &str = "/admin/realms/{realm}/groups";
pub const GROUPS_COUNT: &str = "/admin/realms/{realm}/groups/count";
pub const GROUP: &str = "/admin/realms/{realm}/groups/{group}";
pub const CHILDREN: &str = "/admin/realms/{realm}/groups/{group}/children";
pub const GROUP_MEMBERS: &str = "/admin/realms/{realm}/groups/{group}/members";

pub const ORGANIZATIONS: &str = "/admin/realms/{realm}/organizations";
pub const ORGANIZATIONS_COUNT: &str = "/admin/realms/{realm}/organizations/count";
pub const ORGANIZATION: &str = "/admin/realms/{realm}/organizations/{organization}";
pub const ORGANIZATION_MEMBERS: &str = "/admin/realms/{realm}/organizations/{organization}/members";
pub const ORGANIZATION_MEMBERS_COUNT: &str = "/admin/realms/{realm}/organizations/{organization}/members/count";
pub const ORGANIZATION_MEMBER: &str = "/admin/realms/{realm}/organizations/{organization}/members/{user}";

pub const CLIENTS: &str = "/admin/realms/{realm}/clients";
pub const CLIENT: &str = "/admin/realms/{realm}/clients/{client}";
pub const CLIENT_DEFAULT_SCOPE: &str = "/admin/realms/{realm}/clients/{client}/default-client-scopes/{scope}";
pub const CLIENT_OPTIONAL_SCOPE: &str = "/admin/realms/{realm}/clients/{client}/optional-client-scopes/{scope}";

pub const ROLES: &str = "/admin/realms/{realm}/roles";
pub const ROLE: &str = "/admin/realms/{realm}/roles/{role}";

pub const CLIENT_SCOPES: &str = "/admin/realms/{realm}/client-scopes";
pub const CLIENT_SCOPE: &str = "/admin/realms/{realm}/client-scopes/{scope}";
pub const MAPPERS: &str = "/admin/realms/{realm}/client-scopes/{scope}/protocol-mappers/models";
pub const MAPPER: &str = "/admin/realms/{realm}/client-scopes/{scope}/protocol-mappers/models/{mapper}";

pub const EVENTS: &str = "/admin/realms/{realm}/events";
pub const EVENTS_CONFIG: &str = "/admin/realms/{realm}/events/config";
pub const ADMIN_EVENTS: &str = "/admin/realms/{realm}/admin-events";

/// What a reading half may send: reads, all of them, and nothing else.
pub static READS: &[ReadRoute] = &[
    (Method::GET, SERVER_INFO),
    (Method::GET, REALM),
    (Method::GET, USERS),
    (Method::GET, USERS_COUNT),
    (Method::GET, USER),
    (Method::GET, USER_GROUPS),
    (Method::GET, EVENTS),
    (Method::GET, EVENTS_CONFIG),
    (Method::GET, ADMIN_EVENTS),
    (Method::GET, PROFILE),
    (Method::GET, GROUPS),
    (Method::GET, GROUPS_COUNT),
    (Method::GET, GROUP),
    (Method::GET, CHILDREN),
    (Method::GET, GROUP_MEMBERS),
    (Method::GET, ORGANIZATIONS),
    (Method::GET, ORGANIZATIONS_COUNT),
    (Method::GET, ORGANIZATION),
    (Method::GET, ORGANIZATION_MEMBERS),
    (Method::GET, ORGANIZATION_MEMBERS_COUNT),
    (Method::GET, ORGANIZATION_MEMBER),
    (Method::GET, CLIENTS),
    (Method::GET, CLIENT),
    (Method::GET, ROLES),
    (Method::GET, ROLE),
    (Method::GET, CLIENT_SCOPES),
    (Method::GET, CLIENT_SCOPE),
];
