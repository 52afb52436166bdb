//! Every route that this provider uses, and those that a reading half may send.

use reqwest::Method;

use crate::provider::http::ReadRoute;

/// Our own account.
pub const ME: &str = "/api/v4/users/me";
/// The licence, as every client may see it.
pub const LICENSE: &str = "/api/v4/license/client";
/// The configuration, for an administrator.
pub const CONFIG: &str = "/api/v4/config";
/// Limits and their use; zeros for everybody but an administrator.
pub const LIMITS: &str = "/api/v4/limits/server";
/// The version, as every client may see it.
pub const CLIENT_CONFIG: &str = "/api/v4/config/client";
/// Bots.
pub const BOTS: &str = "/api/v4/bots";
/// Accounts: list, create.
pub const USERS: &str = "/api/v4/users";
/// The number of accounts, for an administrator.
pub const USERS_STATS: &str = "/api/v4/users/stats/filtered";
/// One account.
pub const USER: &str = "/api/v4/users/{id}";
/// One account by its name.
pub const USER_NAMED: &str = "/api/v4/users/username/{name}";
/// A change of some fields of an account.
pub const USER_PATCH: &str = "/api/v4/users/{id}/patch";
/// Whether an account may sign in.
pub const USER_ACTIVE: &str = "/api/v4/users/{id}/active";
/// What signs an account in.
pub const USER_AUTH: &str = "/api/v4/users/{id}/auth";
/// The personal access tokens of an account.
pub const USER_TOKENS: &str = "/api/v4/users/{id}/tokens";
/// Revokes one personal access token, named in the body.
pub const TOKEN_REVOKE: &str = "/api/v4/users/tokens/revoke";
/// Ends all sessions of an account.
pub const SESSIONS_REVOKE: &str = "/api/v4/users/{id}/sessions/revoke/all";
/// Teams: list, create.
pub const TEAMS: &str = "/api/v4/teams";
/// One team; deleting it archives it.
pub const TEAM: &str = "/api/v4/teams/{id}";
/// One team by its name.
pub const TEAM_NAMED: &str = "/api/v4/teams/name/{name}";
/// A change of some fields of a team.
pub const TEAM_PATCH: &str = "/api/v4/teams/{id}/patch";
/// Whether a team is open: its type and its invitation at once.
pub const TEAM_PRIVACY: &str = "/api/v4/teams/{id}/privacy";
/// Brings an archived team back.
pub const TEAM_RESTORE: &str = "/api/v4/teams/{id}/restore";
/// How many are in a team.
pub const TEAM_STATS: &str = "/api/v4/teams/{id}/stats";
/// The people of a team: list, add.
pub const TEAM_MEMBERS: &str = "/api/v4/teams/{id}/members";
/// One person of a team.
pub const TEAM_MEMBER: &str = "/api/v4/teams/{id}/members/{user}";
/// Channels: list of all for an administrator, create.
pub const CHANNELS: &str = "/api/v4/channels";
/// One channel; deleting it archives it.
pub const CHANNEL: &str = "/api/v4/channels/{id}";
/// One channel by its name.
pub const CHANNEL_NAMED: &str = "/api/v4/teams/{id}/channels/name/{name}";
/// A change of some fields of a channel.
pub const CHANNEL_PATCH: &str = "/api/v4/channels/{id}/patch";
/// Whether a channel is private.
pub const CHANNEL_PRIVACY: &str = "/api/v4/channels/{id}/privacy";
/// Brings an archived channel back.
pub const CHANNEL_RESTORE: &str = "/api/v4/channels/{id}/restore";
/// The people of a channel: add.
pub const CHANNEL_MEMBERS: &str = "/api/v4/channels/{id}/members";
/// One person of a channel.
pub const CHANNEL_MEMBER: &str = "/api/v4/channels/{id}/members/{user}";
/// How many active accounts are in each of some channels: a read, although it is a `POST`.
pub const CHANNEL_COUNTS: &str = "/api/v4/channels/stats/member_count";

/// What a reading half may send. All of it changes nothing.
pub const READ_ROUTES: &[ReadRoute] = &[
    (Method::GET, ME),
    (Method::GET, LICENSE),
    (Method::GET, CONFIG),
    (Method::GET, LIMITS),
    (Method::GET, CLIENT_CONFIG),
    (Method::GET, BOTS),
    (Method::GET, USERS),
    (Method::GET, USERS_STATS),
    (Method::GET, USER),
    (Method::GET, USER_NAMED),
    (Method::GET, USER_TOKENS),
    (Method::GET, TEAMS),
    (Method::GET, TEAM),
    (Method::GET, TEAM_NAMED),
    (Method::GET, TEAM_STATS),
    (Method::GET, TEAM_MEMBERS),
    (Method::GET, TEAM_MEMBER),
    (Method::GET, CHANNELS),
    (Method::GET, CHANNEL),
    (Method::GET, CHANNEL_NAMED),
    (Method::GET, CHANNEL_MEMBER),
    (Method::POST, CHANNEL_COUNTS),
];
