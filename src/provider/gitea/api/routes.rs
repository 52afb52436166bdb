//! Every route that this provider uses, and those that a reading half may send.

use reqwest::Method;

use super::source::SOURCE_PROBE;
use crate::provider::http::ReadRoute;

/// The release.
pub const VERSION: &str = "/api/v1/version";
/// Page sizes.
pub const SETTINGS: &str = "/api/v1/settings/api";
/// The token that a call is made with (from 1.27).
pub const TOKEN: &str = "/api/v1/token";
/// Our own account.
pub const ME: &str = "/api/v1/user";
/// People, for a site administrator.
pub const ADMIN_USERS: &str = "/api/v1/admin/users";
/// One person, for a site administrator: edit and delete.
pub const ADMIN_USER: &str = "/api/v1/admin/users/{user}";
/// A person's new name.
pub const ADMIN_USER_RENAME: &str = "/api/v1/admin/users/{user}/rename";
/// A repository for somebody, a person or an organisation.
pub const ADMIN_USER_REPOS: &str = "/api/v1/admin/users/{user}/repos";
/// Organisations, for a site administrator.
pub const ADMIN_ORGS: &str = "/api/v1/admin/orgs";
/// Repositories that lie on the server's disk and that Gitea does not know.
pub const ADMIN_UNADOPTED: &str = "/api/v1/admin/unadopted";
/// One person or organisation; the answer does not say which.
pub const OWNER: &str = "/api/v1/users/{user}";
/// People and bots by search; used to find one by id.
pub const USER_SEARCH: &str = "/api/v1/users/search";
/// A new organisation.
pub const ORGS: &str = "/api/v1/orgs";
/// One organisation.
pub const ORG: &str = "/api/v1/orgs/{org}";
/// An organisation's new name (from 1.24).
pub const ORG_RENAME: &str = "/api/v1/orgs/{org}/rename";
/// The teams of an organisation.
pub const ORG_TEAMS: &str = "/api/v1/orgs/{org}/teams";
/// One team.
pub const TEAM: &str = "/api/v1/teams/{id}";
/// The people of a team.
pub const TEAM_MEMBERS: &str = "/api/v1/teams/{id}/members";
/// One person of a team.
pub const TEAM_MEMBER: &str = "/api/v1/teams/{id}/members/{user}";
/// Repositories by search.
pub const REPO_SEARCH: &str = "/api/v1/repos/search";
/// One repository.
pub const REPO: &str = "/api/v1/repos/{owner}/{repo}";
/// The topics of a repository.
pub const TOPICS: &str = "/api/v1/repos/{owner}/{repo}/topics";
/// One topic of a repository.
pub const TOPIC: &str = "/api/v1/repos/{owner}/{repo}/topics/{topic}";
/// The protection rules of a repository; not paged.
pub const PROTECTIONS: &str = "/api/v1/repos/{owner}/{repo}/branch_protections";
/// One protection rule.
pub const PROTECTION: &str = "/api/v1/repos/{owner}/{repo}/branch_protections/{rule}";
/// The hooks of a repository.
pub const HOOKS: &str = "/api/v1/repos/{owner}/{repo}/hooks";
/// One hook.
pub const HOOK: &str = "/api/v1/repos/{owner}/{repo}/hooks/{id}";

/// What a reading half may send. All are reads but the last, which Gitea refuses by design (see [`super::source`]).
pub const READ_ROUTES: &[ReadRoute] = &[
    (Method::GET, VERSION),
    (Method::GET, SETTINGS),
    (Method::GET, TOKEN),
    (Method::GET, ME),
    (Method::GET, ADMIN_USERS),
    (Method::GET, ADMIN_ORGS),
    (Method::GET, ADMIN_UNADOPTED),
    (Method::GET, OWNER),
    (Method::GET, USER_SEARCH),
    (Method::GET, ORG),
    (Method::GET, ORG_TEAMS),
    (Method::GET, TEAM),
    (Method::GET, TEAM_MEMBERS),
    (Method::GET, TEAM_MEMBER),
    (Method::GET, REPO_SEARCH),
    (Method::GET, REPO),
    (Method::GET, PROTECTIONS),
    (Method::GET, PROTECTION),
    (Method::GET, HOOKS),
    (Method::GET, HOOK),
    (Method::POST, SOURCE_PROBE),
];
