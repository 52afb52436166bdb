//! Who is in a channel: read, added alone and in lists, removed, given roles.

use serde_json::{Value, json};

use super::call::Call;
use super::ids::is_id;
use super::member_roles::{NewRoles, are_valid, read_scheme};
use super::paging::Page;
use super::place_refusals::{channel_is_constrained, no_list, unknown_channel_member};
use super::places::ChannelRow;
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, refuse};
use super::rights::roles_of;
use super::routes::{Route, route};
use super::world::World;

/// How many people one call adds at most.
const LONGEST_LIST: usize = 1000;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v4/channels/{channel_id}/members", list),
    route("POST", "/api/v4/channels/{channel_id}/members", add),
    route("POST", "/api/v4/channels/{channel_id}/members/ids", list_by_ids),
    route("GET", "/api/v4/channels/{channel_id}/members/{user_id}", get),
    route("DELETE", "/api/v4/channels/{channel_id}/members/{user_id}", remove),
    route("PUT", "/api/v4/channels/{channel_id}/members/{user_id}/roles", set_roles),
    route("PUT", "/api/v4/channels/{channel_id}/members/{user_id}/schemeRoles", set_scheme_roles),
    route("GET", "/api/v4/channels/{channel_id}/stats", stats),
    route("GET", "/api/v4/users/{user_id}/channel_members", of_user),
    route("GET", "/api/v4/users/{user_id}/teams/{team_id}/channels/members", of_user_in_team),
];

/// A row as JSON. When somebody was there last is shown to herself only.
fn show_row(row: &ChannelRow, viewer: &str) -> Value {
    let own = |moment: i64| if row.user_id == viewer { moment } else { -1 };
    let scheme = [(row.is_user, "channel_user"), (row.is_admin, "channel_admin")];
    json!({
        "channel_id": row.channel_id,
        "user_id": row.user_id,
        "roles": roles_of(scheme, &row.explicit_roles),
        "last_viewed_at": own(row.last_viewed_at),
        "msg_count": row.msg_count,
        "mention_count": row.mention_count,
        "mention_count_root": row.mention_count_root,
        "urgent_mention_count": 0,
        "msg_count_root": row.msg_count_root,
        "notify_props": {
            "channel_auto_follow_threads": "off",
            "desktop": "default",
            "email": "default",
            "ignore_channel_mentions": "default",
            "mark_unread": "all",
            "push": "default",
        },
        "last_update_at": own(row.last_update_at),
        "scheme_guest": false,
        "scheme_user": row.is_user,
        "scheme_admin": row.is_admin,
        "explicit_roles": row.explicit_roles,
        "autotranslation_disabled": false,
    })
}

impl World {
    /// How many active people are in a channel.
    pub(super) fn active_in_channel(&self, channel_id: &str) -> usize {
        let people = self.members_of_channel(channel_id).filter_map(|row| self.users.get(&row.user_id));
        people.filter(|user| user.is_active()).count()
    }

    fn channel_row(&self, channel_id: &str, user_id: &str) -> Result<&ChannelRow, Refusal> {
        self.channel_member(channel_id, user_id).ok_or_else(unknown_channel_member)
    }

    fn channel_row_mut(&mut self, channel_id: &str, user_id: &str) -> Result<&mut ChannelRow, Refusal> {
        let key = (channel_id.to_owned(), user_id.to_owned());
        self.channel_rows.get_mut(&key).ok_or_else(unknown_channel_member)
    }
}

/// Deactivated people are among them.
fn list(world: &mut World, call: &Call) -> Answer {
    let channel_id = call.id("channel_id")?;
    world.require_in_channel(call, channel_id, "read_channel")?;
    let rows: Vec<&ChannelRow> = world.members_of_channel(channel_id).collect();
    let page = Page::of(call);
    // A limit of nothing is no limit here, unlike in other lists.
    let cut = if page.size == 0 { &rows[..] } else { page.cut(&rows) };
    Ok(Reply::json(200, cut.iter().map(|row| show_row(row, call.caller())).collect()))
}

fn list_by_ids(world: &mut World, call: &Call) -> Answer {
    let channel_id = call.id("channel_id")?;
    let wanted: Vec<String> = call.json()?.ok_or_else(no_list)?;
    if wanted.is_empty() {
        return Err(invalid_body("user_ids"));
    }
    world.require_in_channel(call, channel_id, "read_channel")?;
    let rows = world.members_of_channel(channel_id).filter(|row| wanted.contains(&row.user_id));
    Ok(Reply::json(200, rows.map(|row| show_row(row, call.caller())).collect()))
}

fn get(world: &mut World, call: &Call) -> Answer {
    let (channel_id, user_id) = (call.id("channel_id")?, call.user_id()?);
    world.require_in_channel(call, channel_id, "read_channel")?;
    Ok(Reply::json(200, show_row(world.channel_row(channel_id, user_id)?, call.caller())))
}

fn stats(world: &mut World, call: &Call) -> Answer {
    let channel_id = call.id("channel_id")?;
    world.require_in_channel(call, channel_id, "read_channel")?;
    let pinned = world.posts.of_channel(channel_id).into_iter().filter(|post| post.is_pinned && post.delete_at == 0);
    let body = json!({
        "channel_id": channel_id,
        "member_count": world.active_in_channel(channel_id),
        "guest_count": 0,
        "pinnedpost_count": pinned.count(),
        "files_count": if call.asks("exclude_files_count") { -1 } else { 0 },
    });
    Ok(Reply::json(200, body))
}

/// Whom a body names: a list, or somebody alone.
fn named(call: &Call) -> Result<Vec<String>, Refusal> {
    let body = call.value_map();
    let id = |value: &Value| value.as_str().filter(|id| is_id(id)).map(str::to_owned);
    let Some(list) = body.get("user_ids").and_then(Value::as_array) else {
        let one = body.get("user_id").and_then(id);
        return one.map(|one| vec![one]).ok_or_else(|| invalid_body("user_id or user_ids"));
    };
    if list.len() > LONGEST_LIST {
        return Err(invalid_body("user_ids"));
    }
    list.iter().map(|value| id(value).ok_or_else(|| invalid_body("user_id in user_ids"))).collect()
}

/// Adds people. Who cannot be added is left out; only if nobody could, the last reason is told.
fn add(world: &mut World, call: &Call) -> Answer {
    let channel_id = call.id("channel_id")?;
    let wanted = named(call)?;
    let channel = world.channel(channel_id)?.clone();
    if !channel.is_of_a_team() {
        let message = "Can not add user to this channel type.";
        return Err(refuse(400, "api.channel.add_user_to_channel.type.app_error", message));
    }
    let is_public = channel.kind == "O";
    let adds_herself = is_public && world.may_in_team(call.caller(), &channel.team_id, "join_public_channels");
    let adds_others = is_public && world.may_in_channel(call.caller(), channel_id, "manage_public_channel_members");
    if !is_public {
        world.require_in_channel(call, channel_id, "manage_private_channel_members")?;
    }
    if channel.group_constrained == Some(true) {
        let is_person = |id: &&String| world.users.contains_key(*id) && !world.is_bot(id);
        let shut_out: Vec<String> = wanted.iter().filter(is_person).cloned().collect();
        if !shut_out.is_empty() {
            return Err(channel_is_constrained(&shut_out));
        }
    }
    let mut rows: Vec<ChannelRow> = Vec::new();
    // The last refusal of all, and the last one that the handler remembers even if somebody was added.
    let (mut last, mut remembered) = (None, None);
    for user_id in wanted {
        let existing = world.channel_member(channel_id, &user_id).cloned();
        let is_herself = user_id == call.caller();
        let may_add = !is_public || if is_herself { adds_herself || existing.is_some() } else { adds_others };
        if !may_add {
            (last, remembered) = (Some(forbidden()), Some(forbidden()));
            continue;
        }
        match existing.map_or_else(|| world.join_channel(channel_id, &user_id, call.caller()), Ok) {
            Ok(row) => rows.push(row),
            Err(refusal) => last = Some(refusal),
        }
    }
    if let Some(refusal) = last.filter(|_| rows.is_empty()) {
        return Err(refusal);
    }
    let shown: Vec<Value> = rows.iter().map(|row| show_row(row, call.caller())).collect();
    let body = match call.value_map().get("user_id").and_then(Value::as_str) {
        Some(one) if rows.len() == 1 && rows[0].user_id == one => shown[0].clone(),
        // Nobody at all is no list.
        _ if shown.is_empty() => Value::Null,
        _ => Value::Array(shown),
    };
    Ok(match remembered {
        Some(refusal) => Reply::broken(201, body.to_string(), refusal),
        None => Reply::json(201, body),
    })
}

fn remove(world: &mut World, call: &Call) -> Answer {
    let (channel_id, user_id) = (call.id("channel_id")?, call.user_id()?);
    let channel = world.channel(channel_id)?.clone();
    world.account(user_id)?;
    if !channel.is_of_a_team() {
        let message = "Unable to remove user from a channel.";
        return Err(refuse(400, "api.channel.remove_channel_member.type.app_error", message));
    }
    if user_id != call.caller() {
        if channel.group_constrained == Some(true) && !world.is_bot(user_id) {
            let message = "Unable to remove a user from a group-constrained channel.";
            return Err(refuse(400, "api.channel.remove_member.group_constrained.app_error", message));
        }
        let permission =
            if channel.kind == "O" { "manage_public_channel_members" } else { "manage_private_channel_members" };
        world.require_in_channel(call, channel_id, permission)?;
    }
    world.leave_channel(channel_id, user_id, Some(call.caller()))?;
    Ok(Reply::ok())
}

fn set_roles(world: &mut World, call: &Call) -> Answer {
    let (channel_id, user_id) = (call.id("channel_id")?, call.user_id()?);
    let roles = call.text_map().remove("roles").unwrap_or_default();
    if !are_valid(&roles) {
        return Err(invalid_body("roles"));
    }
    world.require_in_channel(call, channel_id, "manage_channel_roles")?;
    let row = world.channel_row_mut(channel_id, user_id)?;
    let roles = NewRoles::of_a_channel(&roles)?;
    (row.is_user, row.is_admin, row.explicit_roles) = (true, roles.is_admin, roles.explicit);
    row.last_update_at = call.now;
    Ok(Reply::ok())
}

fn set_scheme_roles(world: &mut World, call: &Call) -> Answer {
    let (channel_id, user_id) = (call.id("channel_id")?, call.user_id()?);
    let scheme = read_scheme(call)?;
    world.require_in_channel(call, channel_id, "manage_channel_roles")?;
    let row = world.channel_row_mut(channel_id, user_id)?;
    row.is_admin = scheme.of_a_channel()?;
    row.last_update_at = call.now;
    Ok(Reply::ok())
}

/// Somebody's rows in all channels, archived ones and conversations too: a page, or all of them line by line.
fn of_user(world: &mut World, call: &Call) -> Answer {
    let user_id = call.user_id()?;
    if user_id != call.caller() && !world.may(call.caller(), "edit_other_users") {
        return Err(forbidden());
    }
    let rows: Vec<&ChannelRow> = world.channel_rows.values().filter(|row| row.user_id == user_id).collect();
    let show = |row: &&ChannelRow| {
        let mut shown = show_row(row, call.caller());
        let team = world.channels.get(&row.channel_id).and_then(|channel| world.teams.get(&channel.team_id));
        shown["team_display_name"] = team.map_or("", |team| &team.display_name).into();
        shown["team_name"] = team.map_or("", |team| &team.name).into();
        shown["team_update_at"] = team.map_or(0, |team| team.update_at).into();
        shown
    };
    if call.ask("page") != "-1" {
        return Ok(Reply::json(200, Page::of(call).cut(&rows).iter().map(show).collect()));
    }
    if rows.is_empty() {
        return Err(unknown_channel_member());
    }
    let lines: String = rows.iter().map(|row| format!("{}\n", show(row))).collect();
    Ok(Reply::text(200, "application/x-ndjson", lines))
}

fn of_user_in_team(world: &mut World, call: &Call) -> Answer {
    let (user_id, team_id) = (call.user_id()?, call.id("team_id")?);
    world.require_in_team(call, team_id, "view_team")?;
    if user_id != call.caller() {
        world.require_in_team(call, team_id, "manage_system")?;
    }
    let in_team = |row: &&ChannelRow| {
        let team = world.channels.get(&row.channel_id).map(|channel| channel.team_id.as_str());
        row.user_id == user_id && team.is_some_and(|team| team == team_id || team.is_empty())
    };
    let rows = world.channel_rows.values().filter(in_team);
    Ok(Reply::json(200, rows.map(|row| show_row(row, call.caller())).collect()))
}
