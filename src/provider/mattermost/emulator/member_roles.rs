//! Roles of a membership, of a team or of a channel: the two of the scheme, and those beside it.

use super::bodies::WrongKind;
use super::call::Call;
use super::reply::{Refusal, invalid_body, refuse};

/// Roles that a membership may hold beside those of the scheme.
const FREE: [&str; 12] = [
    "custom_group_user",
    "secure_connection_manager",
    "shared_channel_manager",
    "system_custom_group_admin",
    "system_manager",
    "system_post_all",
    "system_post_all_public",
    "system_read_only_admin",
    "system_user_access_token",
    "system_user_manager",
    "team_post_all",
    "team_post_all_public",
];

/// Roles that belong to a scheme, of whatever kind of place.
const OF_A_SCHEME: [&str; 13] = [
    "channel_admin",
    "channel_guest",
    "channel_user",
    "playbook_admin",
    "playbook_member",
    "run_admin",
    "run_member",
    "system_admin",
    "system_guest",
    "system_user",
    "team_admin",
    "team_guest",
    "team_user",
];

/// Whether a list of roles is well formed. The administrator's role alone is not.
pub(super) fn are_valid(roles: &str) -> bool {
    let is_role = |role: &str| {
        role.len() <= 64 && role.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    roles.split_whitespace().all(is_role) && !roles.split_whitespace().eq(["system_admin"])
}

/// What a list of roles makes of a membership, which always holds the member's role.
#[derive(Debug)]
pub(super) struct NewRoles {
    pub(super) is_admin: bool,
    pub(super) explicit: String,
}

/// The words of one kind of place.
struct Place {
    user: &'static str,
    admin: &'static str,
    guest: &'static str,
    name: &'static str,
    scheme_role: (&'static str, &'static str),
    both: &'static str,
    guest_change: (&'static str, &'static str),
    no_user: (&'static str, &'static str),
    as_guest: (&'static str, &'static str),
}

const TEAM: Place = Place {
    user: "team_user",
    admin: "team_admin",
    guest: "team_guest",
    name: "team",
    scheme_role: (
        "api.channel.update_team_member_roles.scheme_role.app_error",
        "The provided role is managed by a Scheme and therefore cannot be applied directly to a Team Member.",
    ),
    both: "api.team.update_team_member_roles.guest_and_user.app_error",
    guest_change: (
        "api.channel.update_team_member_roles.changing_guest_role.app_error",
        "Invalid team member update: You can't add or remove the guest role manually.",
    ),
    no_user: (
        "api.team.update_team_member_roles.unset_user_scheme.app_error",
        "Invalid team member update: A team member always has a user scheme.",
    ),
    as_guest: (
        "api.team.update_team_member_roles.user_and_guest.app_error",
        "Invalid team member update: A guest cannot be set for a single team, a System Admin must promote or demote \
         users to/from guests.",
    ),
};

const CHANNEL: Place = Place {
    user: "channel_user",
    admin: "channel_admin",
    guest: "channel_guest",
    name: "channel",
    scheme_role: (
        "api.channel.update_channel_member_roles.scheme_role.app_error",
        "The provided role is managed by a Scheme and therefore cannot be applied directly to a Channel Member.",
    ),
    both: "api.channel.update_channel_member_roles.guest_and_user.app_error",
    guest_change: (
        "api.channel.update_channel_member_roles.changing_guest_role.app_error",
        "Invalid channel member update: You can't add or remove the guest role manually.",
    ),
    no_user: (
        "api.channel.update_channel_member_roles.unset_user_scheme.app_error",
        "Invalid channel member update: A channel member always has a user scheme.",
    ),
    as_guest: (
        "api.channel.update_channel_member_roles.user_and_guest.app_error",
        "Invalid channel member update: A guest cannot be set for a single channel, a System Admin must promote or \
         demote users to/from guests.",
    ),
};

fn refused((id, message): (&'static str, &'static str)) -> Refusal {
    refuse(400, id, message)
}

impl NewRoles {
    pub(super) fn of_a_team(roles: &str) -> Result<Self, Refusal> {
        Self::of(roles, &TEAM)
    }

    pub(super) fn of_a_channel(roles: &str) -> Result<Self, Refusal> {
        Self::of(roles, &CHANNEL)
    }

    fn of(roles: &str, place: &Place) -> Result<Self, Refusal> {
        let (mut is_user, mut is_admin, mut is_guest) = (false, false, false);
        let mut explicit = Vec::new();
        for role in roles.split_whitespace() {
            if role == place.user {
                is_user = true;
            } else if role == place.admin {
                is_admin = true;
            } else if role == place.guest {
                is_guest = true;
            } else if OF_A_SCHEME.contains(&role) {
                return Err(refused(place.scheme_role));
            } else if FREE.contains(&role) {
                explicit.push(role);
            } else {
                return Err(refuse(400, "app.role.get_by_name.app_error", "Unable to get role."));
            }
        }
        if is_guest && is_user {
            let message =
                format!("Invalid {} member update: A user must be a guest or a user but not both.", place.name);
            return Err(refuse(400, place.both, message));
        }
        if is_guest {
            return Err(refused(place.guest_change));
        }
        if !is_user {
            return Err(refused(place.no_user));
        }
        Ok(Self { is_admin, explicit: explicit.join(" ") })
    }
}

/// The flags that the other call for roles takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct SchemeRoles {
    is_guest: bool,
    is_user: bool,
    is_admin: bool,
}

/// Reads the flags of a body. One that is missing is false.
pub(super) fn read_scheme(call: &Call) -> Result<SchemeRoles, Refusal> {
    let invalid = || invalid_body("scheme_roles");
    let fields = call.fields()?.ok_or_else(invalid)?;
    let flag = |name| fields.flag(name).map(|flag| flag.unwrap_or(false)).map_err(|_: WrongKind| invalid());
    Ok(SchemeRoles { is_guest: flag("scheme_guest")?, is_user: flag("scheme_user")?, is_admin: flag("scheme_admin")? })
}

impl SchemeRoles {
    /// Whether they make a member an administrator of a team, or why they are refused.
    pub(super) fn of_a_team(self) -> Result<bool, Refusal> {
        self.of(&TEAM)
    }

    /// Whether they make a member an administrator of a channel, or why they are refused.
    pub(super) fn of_a_channel(self) -> Result<bool, Refusal> {
        self.of(&CHANNEL)
    }

    fn of(self, place: &Place) -> Result<bool, Refusal> {
        if self.is_guest {
            return Err(refused(place.as_guest));
        }
        if !self.is_user {
            return Err(refused(place.no_user));
        }
        Ok(self.is_admin)
    }
}
