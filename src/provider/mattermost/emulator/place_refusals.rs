//! Refusals that several operations on teams and channels share.

use super::reply::{Refusal, refuse};

pub(super) fn unknown_team() -> Refusal {
    refuse(404, "app.team.get.find.app_error", "Unable to find the existing team.")
}

pub(super) fn unknown_team_name() -> Refusal {
    refuse(404, "app.team.get_by_name.missing.app_error", "Unable to find the existing team.")
}

/// Nobody of that identifier has ever been in the team.
pub(super) fn unknown_team_member() -> Refusal {
    refuse(404, "app.team.get_member.missing.app_error", "No team member found for that user ID and team ID.")
}

/// `shown` is what the server names as missing: one identifier, or several in brackets.
pub(super) fn unknown_channel(shown: &str) -> Refusal {
    let message = format!("Unable to find the existing channel {shown}.");
    refuse(404, "app.channel.get.existing.app_error", message)
}

/// Also the answer to who may not know that a private channel exists.
pub(super) fn unknown_channel_name() -> Refusal {
    refuse(404, "app.channel.get_by_name.missing.app_error", "Channel does not exist.")
}

pub(super) fn unknown_channel_member() -> Refusal {
    let message = "No channel member found for that user ID and channel ID.";
    refuse(404, "app.channel.get_member.missing.app_error", message)
}

/// A list of channels of somebody, or of a team, that has none.
pub(super) fn no_channels() -> Refusal {
    refuse(404, "app.channel.get_channels.not_found.app_error", "No channels were found.")
}

/// The body is not the list that it should be.
pub(super) fn no_list() -> Refusal {
    refuse(400, "api.payload.parse.error", "An error occurred while parsing the payload.")
}

/// The address of somebody belongs to none of the domains that the team, or the server, allows.
pub(super) fn domain_not_allowed(id: &'static str) -> Refusal {
    let message = "The user cannot be added as the domain associated with the account is not permitted. Contact your \
                   System Administrator for additional details.";
    refuse(400, id, message)
}

/// A team whose members are those of groups, which nobody is in without a licence.
pub(super) fn team_is_constrained() -> Refusal {
    let message = "This team is managed by groups.  This user is not part of a group that is synced to this team.";
    refuse(400, "api.team.add_members.user_denied", message)
}

/// A channel whose members are those of groups, which nobody is in without a licence.
pub(super) fn channel_is_constrained(user_ids: &[String]) -> Refusal {
    let users = user_ids.join(" ");
    let message = format!("Channel membership denied to the following users because of group constraints: [{users}]");
    refuse(400, "api.channel.add_members.user_denied", message)
}
