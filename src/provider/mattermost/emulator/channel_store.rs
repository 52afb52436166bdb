//! How channels are shown, stored and removed, and which rights they ask for.

use serde_json::{Value, json};

use super::call::Call;
use super::place_refusals::unknown_channel;
use super::place_rules::{LONGEST_NAME, check_channel};
use super::places::Channel;
use super::reply::{Refusal, forbidden, refuse};
use super::world::World;

pub(super) fn show_channel(channel: &Channel) -> Value {
    json!({
        "id": channel.id,
        "create_at": channel.create_at,
        "update_at": channel.update_at,
        "delete_at": channel.delete_at,
        "team_id": channel.team_id,
        "type": channel.kind,
        "display_name": channel.display_name,
        "name": channel.name,
        "header": channel.header,
        "purpose": channel.purpose,
        "last_post_at": channel.last_post_at,
        "total_msg_count": channel.total_msg_count,
        "extra_update_at": 0,
        "creator_id": channel.creator_id,
        "scheme_id": null,
        "props": null,
        "group_constrained": channel.group_constrained,
        "autotranslation": false,
        "shared": null,
        "total_msg_count_root": channel.total_msg_count_root,
        "policy_id": null,
        "last_root_post_at": channel.last_root_post_at,
        "banner_info": null,
        "policy_enforced": false,
        "policy_is_active": false,
        "default_category_name": "",
    })
}

fn name_taken() -> Refusal {
    let message = "A channel with that name already exists on the same team.";
    refuse(400, "store.sql_channel.save_channel.exists.app_error", message)
}

impl World {
    pub(super) fn channel(&self, channel_id: &str) -> Result<&Channel, Refusal> {
        self.channels.get(channel_id).ok_or_else(|| unknown_channel(channel_id))
    }

    /// Refuses a caller who lacks a permission in a channel.
    pub(super) fn require_in_channel(&self, call: &Call, channel_id: &str, permission: &str) -> Result<(), Refusal> {
        if self.may_in_channel(call.caller(), channel_id, permission) { Ok(()) } else { Err(forbidden()) }
    }

    /// Refuses a caller who lacks the permission that channels of this kind ask for.
    pub(super) fn require_by_kind(
        &self,
        call: &Call,
        channel: &Channel,
        public: &str,
        private: &str,
    ) -> Result<(), Refusal> {
        let permission = if channel.kind == "O" { public } else { private };
        self.require_in_channel(call, &channel.id, permission)
    }

    /// Stores a new channel, or refuses it in the words of the database.
    pub(super) fn store_channel(&mut self, mut channel: Channel) -> Result<Channel, Refusal> {
        check_channel(&mut channel)?;
        let of_team = self.channels.values().filter(|other| other.team_id == channel.team_id);
        let live = of_team.filter(|other| other.delete_at == 0 && other.is_of_a_team()).count();
        if self.is_at_limit(live) {
            let message = "You've reached the limit of the number of allowed channels.";
            return Err(refuse(400, "store.sql_channel.save_channel.limit.app_error", message));
        }
        if channel.name.len() > LONGEST_NAME {
            return Err(refuse(500, "app.channel.create_channel.internal_error", "Unable to save channel."));
        }
        // Archived channels keep their names.
        if self.channel_by_name(&channel.team_id, &channel.name).is_some() {
            return Err(name_taken());
        }
        channel.id = self.new_id();
        self.channels.insert(channel.id.clone(), channel.clone());
        Ok(channel)
    }

    pub(super) fn is_at_limit(&self, channels: usize) -> bool {
        let limit = self.config.number("TeamSettings", "MaxChannelsPerTeam");
        i64::try_from(channels).is_ok_and(|channels| channels >= limit)
    }

    /// Makes a channel that a new team begins with. Nobody counts as its maker.
    pub(super) fn store_default_channel(&mut self, team: &str, name: &str, shown: &str) -> Result<(), Refusal> {
        let now = self.moment_later();
        self.store_channel(Channel {
            create_at: now,
            update_at: now,
            team_id: team.to_owned(),
            kind: "O".to_owned(),
            name: name.to_owned(),
            display_name: shown.to_owned(),
            ..Channel::default()
        })?;
        Ok(())
    }

    /// Stores a channel that was changed, at the moment of the call. One that is archived cannot be changed.
    pub(super) fn change_channel(&mut self, mut channel: Channel, now: i64) -> Result<Channel, Refusal> {
        if channel.delete_at != 0 {
            return Err(refuse(400, "app.channel.update.bad_id", "Unable to update the channel."));
        }
        check_channel(&mut channel)?;
        if channel.name.len() > LONGEST_NAME {
            return Err(refuse(500, "app.channel.update_channel.internal_error", "Unable to update channel."));
        }
        if self.channel_by_name(&channel.team_id, &channel.name).is_some_and(|other| other.id != channel.id) {
            return Err(name_taken());
        }
        channel.update_at = now;
        self.channels.insert(channel.id.clone(), channel.clone());
        Ok(channel)
    }

    /// Removes a channel with its members, posts and webhooks.
    pub(super) fn delete_channel_for_good(&mut self, channel_id: &str) {
        self.posts.forget_channel(channel_id);
        self.channel_rows.retain(|(channel, _), _| channel != channel_id);
        self.forget_hooks(channel_id);
        self.channels.remove(channel_id);
    }

    /// Deletes the webhooks of a channel. They do not come back with it.
    pub(super) fn forget_hooks(&mut self, channel_id: &str) {
        self.incoming_hooks.retain(|hook| hook.channel_id != channel_id);
        self.outgoing_hooks.retain(|hook| hook.channel_id != channel_id);
    }
}
