//! Who may do what: the permissions of the roles that exist without a licence, and where they are held.
//!
//! Permissions bear the server's names. A system administrator holds all of them. Roles cannot be edited without a
//! licence, so the table is fixed.

use super::call::Call;
use super::reply::{Refusal, forbidden};
use super::world::World;

/// The role that holds every permission.
pub(super) const SYSTEM_ADMIN: &str = "system_admin";
/// The role of everybody.
pub(super) const SYSTEM_USER: &str = "system_user";

/// The roles that a call may name without a licence, on whatever level they are meant to be held.
pub(super) const KNOWN_ROLES: [&str; 20] = [
    "channel_admin",
    "channel_guest",
    "channel_user",
    "custom_group_user",
    "playbook_admin",
    "playbook_member",
    "run_admin",
    "run_member",
    SYSTEM_ADMIN,
    "system_custom_group_admin",
    "system_guest",
    "system_post_all",
    "system_post_all_public",
    SYSTEM_USER,
    "system_user_access_token",
    "team_admin",
    "team_guest",
    "team_post_all",
    "team_post_all_public",
    "team_user",
];
/// The roles that exist and that nobody can be given without a licence.
pub(super) const LICENSED_ROLES: [&str; 5] = [
    "secure_connection_manager",
    "shared_channel_manager",
    "system_manager",
    "system_read_only_admin",
    "system_user_manager",
];

/// What a role permits, wherever it is held.
fn permissions(role: &str) -> &'static [&'static str] {
    match role {
        SYSTEM_USER => &[
            "list_public_teams",
            "join_public_teams",
            "create_direct_channel",
            "create_group_channel",
            "view_members",
            "create_team",
        ],
        "system_post_all" | "team_post_all" => &["create_post"],
        "system_post_all_public" | "team_post_all_public" => &["create_post_public"],
        "system_user_access_token" => {
            &["create_user_access_token", "read_user_access_token", "revoke_user_access_token"]
        }
        "team_user" => &[
            "list_team_channels",
            "join_public_channels",
            "read_public_channel",
            "view_team",
            "create_public_channel",
            "create_private_channel",
            "invite_user",
            "add_user_to_team",
        ],
        "team_admin" => &[
            "remove_user_from_team",
            "manage_team",
            "import_team",
            "manage_team_roles",
            "manage_channel_roles",
            "manage_own_incoming_webhooks",
            "manage_others_incoming_webhooks",
            "bypass_incoming_webhook_channel_lock",
            "manage_own_outgoing_webhooks",
            "manage_others_outgoing_webhooks",
            "convert_public_channel_to_private",
            "convert_private_channel_to_public",
            "delete_post",
            "delete_others_posts",
            "create_post",
            "manage_public_channel_members",
            "manage_private_channel_members",
        ],
        "channel_user" => &[
            "read_channel",
            "read_channel_content",
            "create_post",
            "edit_post",
            "delete_post",
            "manage_public_channel_members",
            "manage_private_channel_members",
            "manage_public_channel_properties",
            "manage_private_channel_properties",
            "delete_public_channel",
            "delete_private_channel",
        ],
        "channel_admin" => {
            &["manage_channel_roles", "create_post", "manage_public_channel_members", "manage_private_channel_members"]
        }
        _ => &[],
    }
}

/// Whether one of the roles grants a permission.
fn grant<'r>(roles: impl IntoIterator<Item = &'r str>, permission: &str) -> bool {
    roles.into_iter().any(|role| role == SYSTEM_ADMIN || permissions(role).contains(&permission))
}

/// The roles of a membership: those of the scheme first, as answers show them.
pub(super) fn roles_of(scheme: [(bool, &'static str); 2], explicit: &str) -> String {
    let scheme = scheme.into_iter().filter(|(is_held, _)| *is_held).map(|(_, role)| role);
    explicit.split_whitespace().chain(scheme).collect::<Vec<_>>().join(" ")
}

impl World {
    /// Whether somebody may do a thing anywhere on the server.
    pub(super) fn may(&self, user_id: &str, permission: &str) -> bool {
        self.users.get(user_id).is_some_and(|user| grant(user.roles.split_whitespace(), permission))
    }

    /// Whether somebody may do a thing in a team: by a role there, or anywhere.
    pub(super) fn may_in_team(&self, user_id: &str, team_id: &str, permission: &str) -> bool {
        if team_id.is_empty() {
            return false;
        }
        let by_team = self.team_member(team_id, user_id).is_some_and(|row| {
            let roles = roles_of([(row.is_user, "team_user"), (row.is_admin, "team_admin")], &row.explicit_roles);
            grant(roles.split_whitespace(), permission)
        });
        by_team || self.may(user_id, permission)
    }

    /// Whether somebody may do a thing in a channel: by a role there, in its team, or anywhere. In a channel that does
    /// not exist nobody may do anything.
    pub(super) fn may_in_channel(&self, user_id: &str, channel_id: &str, permission: &str) -> bool {
        let Some(channel) = self.channels.get(channel_id) else {
            return false;
        };
        let by_channel = self.channel_member(channel_id, user_id).is_some_and(|row| {
            let scheme = [(row.is_user, "channel_user"), (row.is_admin, "channel_admin")];
            grant(roles_of(scheme, &row.explicit_roles).split_whitespace(), permission)
        });
        by_channel
            || self.may_in_team(user_id, &channel.team_id, permission)
            || (channel.team_id.is_empty() && self.may(user_id, permission))
    }

    /// Refuses a caller who lacks a permission on the server as a whole.
    pub(super) fn require(&self, call: &Call, permission: &str) -> Result<(), Refusal> {
        if self.may(call.caller(), permission) { Ok(()) } else { Err(forbidden()) }
    }
}
