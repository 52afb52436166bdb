//! Channels: created, changed, archived, restored, deleted for good.

use serde_json::Value;

use super::bodies::WrongKind;
use super::call::Call;
use super::channel_store::show_channel;
use super::place_refusals::{no_channels, unknown_channel_name, unknown_team_name};
use super::place_rules::{TOWN_SQUARE, is_channel_name};
use super::places::Channel;
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, invalid_url, refuse};
use super::routes::{Route, route};
use super::teams::team_name;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/api/v4/channels", create),
    route("GET", "/api/v4/channels/{channel_id}", get),
    route("PUT", "/api/v4/channels/{channel_id}", update),
    route("DELETE", "/api/v4/channels/{channel_id}", delete),
    route("PUT", "/api/v4/channels/{channel_id}/patch", patch),
    route("PUT", "/api/v4/channels/{channel_id}/privacy", set_privacy),
    route("POST", "/api/v4/channels/{channel_id}/restore", restore),
    route("GET", "/api/v4/teams/{team_id}/channels/name/{channel_name}", get_by_name),
    route("GET", "/api/v4/teams/name/{team_name}/channels/name/{channel_name}", get_by_names),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?.ok_or_else(|| invalid_body("channel"))?;
    let wrong = |_: WrongKind| invalid_body("channel");
    let text = |name| fields.text_or_empty(name).map_err(wrong);
    let whole = |name| fields.whole(name).map(Option::unwrap_or_default).map_err(wrong);
    let (id, delete_at, create_at) = (text("id")?, whole("delete_at")?, whole("create_at")?);
    let create_at = if create_at == 0 { call.now } else { create_at };
    let channel = Channel {
        // The moment of making, and the counters, are taken from the body.
        create_at,
        update_at: create_at,
        team_id: text("team_id")?,
        kind: text("type")?,
        display_name: text("display_name")?,
        name: text("name")?,
        header: text("header")?,
        purpose: text("purpose")?,
        creator_id: call.caller().to_owned(),
        last_post_at: whole("last_post_at")?,
        last_root_post_at: whole("last_root_post_at")?,
        total_msg_count: whole("total_msg_count")?,
        total_msg_count_root: whole("total_msg_count_root")?,
        group_constrained: fields.flag("group_constrained").map_err(wrong)?,
        ..Channel::default()
    };
    for (name, value) in [("team_id", &channel.team_id), ("display_name", &channel.display_name)] {
        if value.is_empty() {
            return Err(invalid_body(name));
        }
    }
    match channel.kind.as_str() {
        "O" => world.require_in_team(call, &channel.team_id, "create_public_channel")?,
        "P" => world.require_in_team(call, &channel.team_id, "create_private_channel")?,
        "D" | "G" => {
            let message = "Must use createDirectChannel API service for direct message channel creation.";
            return Err(refuse(400, "api.channel.create_channel.direct_channel.app_error", message));
        }
        _ => {}
    }
    // A team that does not exist has no channels, and that is all that is noticed of it. Archived ones count here.
    let of_team = world.channels.values().filter(|other| other.team_id == channel.team_id).count();
    if of_team == 0 {
        return Err(no_channels());
    }
    if world.is_at_limit(of_team) {
        let most = world.config.number("TeamSettings", "MaxChannelsPerTeam");
        let message = format!("Unable to create more than {most} channels for current team.");
        return Err(refuse(400, "api.channel.create_channel.max_channel_limit.app_error", message));
    }
    if delete_at != 0 {
        let message = "You can not modify an archived channel.";
        return Err(refuse(400, "store.sql_channel.save.archived_channel.app_error", message));
    }
    if !id.is_empty() {
        let message = "Must call update for existing channel.";
        return Err(refuse(400, "store.sql_channel.save_channel.existing.app_error", message));
    }
    let display_name = channel.display_name.trim().to_owned();
    let channel = world.store_channel(Channel { display_name, ..channel })?;
    world.enter(&channel.id, call.caller(), true);
    let user = world.account(call.caller())?.clone();
    world.tell_joined_channel(&channel.id, &user);
    Ok(Reply::json(201, show_channel(&channel)))
}

fn get(world: &mut World, call: &Call) -> Answer {
    let channel = world.channel(call.id("channel_id")?)?;
    let of_team = channel.kind == "O" && world.may_in_team(call.caller(), &channel.team_id, "read_public_channel");
    if !of_team {
        world.require_in_channel(call, &channel.id, "read_channel")?;
    }
    Ok(Reply::json(200, show_channel(channel)))
}

/// The name in the path, in whatever case.
fn channel_name(call: &Call) -> Result<String, Refusal> {
    let name = call.param("channel_name").to_lowercase();
    if is_channel_name(&name) { Ok(name) } else { Err(invalid_url("channel_name")) }
}

fn get_by_name(world: &mut World, call: &Call) -> Answer {
    let team_id = call.id("team_id")?;
    show_by_name(world, call, team_id, &channel_name(call)?)
}

fn get_by_names(world: &mut World, call: &Call) -> Answer {
    let (team, name) = (team_name(call)?, channel_name(call)?);
    let team_id = world.team_by_name(&team).map(|team| team.id.clone()).ok_or_else(unknown_team_name)?;
    show_by_name(world, call, &team_id, &name)
}

/// Archived channels are shown on request only. Of a private one that is closed to the caller nothing is admitted.
fn show_by_name(world: &World, call: &Call, team_id: &str, name: &str) -> Answer {
    let channel = world.channel_by_name(team_id, name).ok_or_else(unknown_channel_name)?;
    if channel.delete_at != 0 && !call.asks("include_deleted") {
        return Err(unknown_channel_name());
    }
    let in_team = if channel.kind == "O" { "read_public_channel" } else { "manage_team" };
    let may_read = world.may_in_team(call.caller(), team_id, in_team)
        || world.may_in_channel(call.caller(), &channel.id, "read_channel");
    if !may_read {
        return Err(if channel.kind == "O" { forbidden() } else { unknown_channel_name() });
    }
    Ok(Reply::json(200, show_channel(channel)))
}

fn tried() -> Refusal {
    let message = format!("Tried to perform an invalid update of the default channel {TOWN_SQUARE}.");
    refuse(400, "api.channel.update_channel.tried.app_error", message)
}

/// Conversations can be changed by those in them, and only where nobody is named by it.
fn require_properties(world: &World, call: &Call, channel: &Channel) -> Result<(), Refusal> {
    if channel.is_of_a_team() {
        let (public, private) = ("manage_public_channel_properties", "manage_private_channel_properties");
        return world.require_by_kind(call, channel, public, private);
    }
    if world.channel_member(&channel.id, call.caller()).is_some() {
        return Ok(());
    }
    let message = "Failed to update the channel.";
    Err(refuse(403, "api.channel.patch_update_channel.forbidden.app_error", message))
}

/// The whole update: header and purpose that are missing are emptied, names that are missing stay.
fn update(world: &mut World, call: &Call) -> Answer {
    let id = call.id("channel_id")?;
    let fields = call.fields()?.ok_or_else(|| invalid_body("channel"))?;
    let text = |name| fields.text_or_empty(name).map_err(|_: WrongKind| invalid_body("channel"));
    let (body_id, kind, name, shown) = (text("id")?, text("type")?, text("name")?, text("display_name")?);
    let (header, purpose) = (text("header")?, text("purpose")?);
    let constrained = fields.flag("group_constrained").map_err(|_| invalid_body("channel"))?;
    if body_id != id {
        return Err(invalid_body("channel_id"));
    }
    let mut channel = world.channel(id)?.clone();
    require_properties(world, call, &channel)?;
    if channel.delete_at > 0 {
        let message = "The channel has been archived or deleted.";
        return Err(refuse(400, "api.channel.update_channel.deleted.app_error", message));
    }
    if !kind.is_empty() && kind != channel.kind {
        let message = "Channel type cannot be updated.";
        return Err(refuse(400, "api.channel.update_channel.typechange.app_error", message));
    }
    if channel.name == TOWN_SQUARE && !name.is_empty() && name != channel.name {
        return Err(tried());
    }
    let old_shown = channel.display_name.clone();
    channel.header = header;
    channel.purpose = purpose;
    if !shown.is_empty() {
        channel.display_name.clone_from(&shown);
    }
    if !name.is_empty() {
        channel.name = name;
    }
    channel.group_constrained = constrained.or(channel.group_constrained);
    let channel = world.change_channel(channel, call.now)?;
    if old_shown != shown {
        let user = world.account(call.caller())?.clone();
        world.tell_display_name(id, &user, &old_shown, &shown);
    }
    Ok(Reply::json(200, show_channel(&channel)))
}

fn patch(world: &mut World, call: &Call) -> Answer {
    let id = call.id("channel_id")?;
    let fields = call.fields()?.ok_or_else(|| invalid_body("channel"))?;
    let wrong = |_: WrongKind| invalid_body("channel");
    let text = |name| fields.text(name).map_err(wrong);
    let (shown, name, header, purpose) = (text("display_name")?, text("name")?, text("header")?, text("purpose")?);
    let constrained = fields.flag("group_constrained").map_err(wrong)?;
    let translates = fields.flag("autotranslation").map_err(wrong)?;
    let has_banner = fields.has("banner_info");
    let old = world.channel(id)?.clone();
    let texts = [&shown, &name, &header, &purpose];
    let is_changing = texts.into_iter().any(Option::is_some) || constrained.is_some();
    if !is_changing && translates.is_none() && !has_banner {
        let message = "No changes in the patch.";
        return Err(refuse(400, "api.channel.patch_update_channel.no_changes.app_error", message));
    }
    if translates.is_some() {
        let message = "Auto translation feature is not available.";
        return Err(refuse(403, "api.channel.patch_update_channel.feature_not_available.app_error", message));
    }
    if is_changing {
        require_properties(world, call, &old)?;
    }
    if old.name == TOWN_SQUARE && name.as_ref().is_some_and(|name| *name != old.name) {
        return Err(tried());
    }
    if has_banner {
        let message = "Channel Banner feature is not available for the current license";
        return Err(refuse(403, "license_error.feature_unavailable.specific", message));
    }
    let channel = Channel {
        display_name: shown.map_or_else(|| old.display_name.clone(), |shown| shown.trim().to_owned()),
        name: name.unwrap_or_else(|| old.name.clone()),
        header: header.unwrap_or_else(|| old.header.clone()),
        purpose: purpose.unwrap_or_else(|| old.purpose.clone()),
        group_constrained: constrained.or(old.group_constrained),
        ..old.clone()
    };
    let channel = world.change_channel(channel, call.now)?;
    let user = world.account(call.caller())?.clone();
    if old.display_name != channel.display_name {
        world.tell_display_name(id, &user, &old.display_name, &channel.display_name);
    }
    if old.header != channel.header {
        world.tell_header(id, &user, &old.header, &channel.header);
    }
    if old.purpose != channel.purpose {
        world.tell_purpose(id, &user, &old.purpose, &channel.purpose);
    }
    if constrained == Some(true) && old.group_constrained != Some(true) {
        world.empty_constrained_channel(id);
    }
    Ok(Reply::json(200, show_channel(&channel)))
}

fn set_privacy(world: &mut World, call: &Call) -> Answer {
    let id = call.id("channel_id")?;
    let body = call.value_map();
    let kind = body.get("privacy").and_then(Value::as_str).filter(|kind| ["O", "P"].contains(kind));
    let kind = kind.ok_or_else(|| invalid_body("privacy"))?;
    let mut channel = world.channel(id)?.clone();
    let is_public = kind == "O";
    let permission = if is_public { "convert_private_channel_to_public" } else { "convert_public_channel_to_private" };
    world.require_in_channel(call, id, permission)?;
    if channel.name == TOWN_SQUARE && !is_public {
        let message = "The default channel cannot be made private.";
        return Err(refuse(400, "api.channel.update_channel_privacy.default_channel_error", message));
    }
    let user = world.account(call.caller())?.clone();
    channel.kind = kind.to_owned();
    let channel = world.change_channel(channel, call.now)?;
    world.tell_privacy(id, &user, is_public);
    Ok(Reply::json(200, show_channel(&channel)))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let channel = world.channel(call.id("channel_id")?)?.clone();
    if !channel.is_of_a_team() {
        let message = "Unable to delete direct or group message channels";
        return Err(refuse(400, "api.channel.delete_channel.type.invalid", message));
    }
    world.require_by_kind(call, &channel, "delete_public_channel", "delete_private_channel")?;
    if call.asks("permanent") {
        if !world.config.is_on("ServiceSettings", "EnableAPIChannelDeletion") {
            return Err(not_deletable(world, call));
        }
        world.delete_channel_for_good(&channel.id);
        return Ok(Reply::ok());
    }
    if channel.delete_at > 0 {
        let message = "The channel has been archived or deleted.";
        return Err(refuse(400, "api.channel.delete_channel.deleted.app_error", message));
    }
    if channel.name == TOWN_SQUARE {
        let message = format!("Unable to delete the default channel {TOWN_SQUARE}.");
        return Err(refuse(400, "api.channel.delete_channel.cannot.app_error", message));
    }
    let user = world.account(call.caller())?.clone();
    world.tell_archived(&channel.id, &user);
    world.forget_hooks(&channel.id);
    mark(world, &channel.id, call.now, call.now);
    Ok(Reply::ok())
}

/// Sets or takes the mark of an archived channel.
fn mark(world: &mut World, channel_id: &str, delete_at: i64, now: i64) {
    if let Some(channel) = world.channels.get_mut(channel_id) {
        channel.delete_at = delete_at;
        channel.update_at = now;
    }
}

/// An administrator is told which setting forbids it.
fn not_deletable(world: &World, call: &Call) -> Refusal {
    if world.users.get(call.caller()).is_some_and(|user| user.has_role("system_admin")) {
        let message = "Permanent channel deletion feature is not enabled. ServiceSettings.EnableAPIChannelDeletion \
                       must be set to true to use this command. See \
                       https://mattermost.com/pl/environment-configuration-settings for more information";
        refuse(401, "api.user.delete_channel.not_enabled.for_admin.app_error", message)
    } else {
        let message = "Permanent channel deletion feature is not enabled. Please contact your System Administrator.";
        refuse(401, "api.user.delete_channel.not_enabled.app_error", message)
    }
}

fn restore(world: &mut World, call: &Call) -> Answer {
    let channel = world.channel(call.id("channel_id")?)?.clone();
    if !world.may(call.caller(), "sysconsole_write_user_management_channels") {
        world.require_in_team(call, &channel.team_id, "manage_team")?;
    }
    if channel.delete_at == 0 {
        let message = "Unable to unarchive channel. The channel is not archived.";
        return Err(refuse(400, "api.channel.restore_channel.restored.app_error", message));
    }
    mark(world, &channel.id, 0, call.now);
    let user = world.account(call.caller())?.clone();
    world.tell_restored(&channel.id, &user);
    // What is shown is the channel as it was read before, with the mark taken off.
    Ok(Reply::json(200, show_channel(&Channel { delete_at: 0, ..channel })))
}
