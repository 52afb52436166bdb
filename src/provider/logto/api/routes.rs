//! The addresses of everything that is called, and those that a reading half may call.

use reqwest::Method;

use crate::provider::http::ReadRoute;

pub const TOKEN: &str = "/oidc/token";
pub const KEYS: &str = "/oidc/jwks";
pub const SIGN_IN_EXPERIENCE: &str = "/api/sign-in-exp";

pub const USERS: &str = "/api/users";
pub const USER: &str = "/api/users/{user}";
pub const USER_CUSTOM_DATA: &str = "/api/users/{user}/custom-data";
pub const USER_PROFILE: &str = "/api/users/{user}/profile";
pub const USER_SUSPENDED: &str = "/api/users/{user}/is-suspended";
pub const USER_ORGANIZATIONS: &str = "/api/users/{user}/organizations";

pub const ORGANIZATIONS: &str = "/api/organizations";
pub const ORGANIZATION: &str = "/api/organizations/{organization}";
pub const MEMBERS: &str = "/api/organizations/{organization}/users";
pub const MEMBER: &str = "/api/organizations/{organization}/users/{user}";
pub const MEMBER_ROLES: &str = "/api/organizations/{organization}/users/{user}/roles";
pub const MEMBER_ROLE: &str = "/api/organizations/{organization}/users/{user}/roles/{role}";

pub const ORGANIZATION_ROLES: &str = "/api/organization-roles";
pub const ORGANIZATION_ROLE: &str = "/api/organization-roles/{role}";

pub const APPLICATIONS: &str = "/api/applications";
pub const APPLICATION: &str = "/api/applications/{application}";
pub const APPLICATION_CUSTOM_DATA: &str = "/api/applications/{application}/custom-data";

pub const HOOKS: &str = "/api/hooks";
pub const HOOK: &str = "/api/hooks/{hook}";

/// What a reading half may send: reads, all of them, and nothing else. Secrets of applications are not among them.
pub static READS: &[ReadRoute] = &[
    (Method::GET, KEYS),
    (Method::GET, SIGN_IN_EXPERIENCE),
    (Method::GET, USERS),
    (Method::GET, USER),
    (Method::GET, USER_ORGANIZATIONS),
    (Method::GET, ORGANIZATIONS),
    (Method::GET, ORGANIZATION),
    (Method::GET, MEMBERS),
    (Method::GET, ORGANIZATION_ROLES),
    (Method::GET, APPLICATIONS),
    (Method::GET, APPLICATION),
    (Method::GET, HOOKS),
    (Method::GET, HOOK),
];
