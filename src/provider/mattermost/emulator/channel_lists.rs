//! Lists of channels: of all teams, of one team, of somebody, by a search; and how many people are in them.

use serde_json::{Map, Value, json};

use super::bodies::WrongKind;
use super::call::Call;
use super::channel_store::show_channel;
use super::config::VERSION;
use super::ids::is_id;
use super::paging::Page;
use super::place_refusals::{no_channels, no_list, unknown_channel, unknown_team_member};
use super::places::{Channel, Team};
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, invalid_url, refuse};
use super::routes::{Route, route};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v4/channels", list),
    route("POST", "/api/v4/channels/search", search),
    route("POST", "/api/v4/channels/stats/member_count", count_members),
    route("GET", "/api/v4/teams/{team_id}/channels", list_public),
    route("GET", "/api/v4/teams/{team_id}/channels/private", list_private),
    route("GET", "/api/v4/teams/{team_id}/channels/deleted", list_archived),
    route("POST", "/api/v4/teams/{team_id}/channels/ids", list_public_by_ids),
    route("POST", "/api/v4/teams/{team_id}/channels/search", search_in_team),
    route("GET", "/api/v4/users/{user_id}/channels", of_user),
    route("GET", "/api/v4/users/{user_id}/teams/{team_id}/channels", of_user_in_team),
];

/// How many channels a search without pages finds at most.
const MOST_FOUND: usize = 100;

/// By display name, which is not unique; those that share one in the order in which they were made.
fn by_display_name(channels: &mut [&Channel]) {
    channels.sort_by(|a, b| a.display_name.cmp(&b.display_name).then(a.create_at.cmp(&b.create_at)));
}

/// Channels with their teams, by the display names of both. Conversations are not among them.
fn with_teams(world: &World, is_listed: impl Fn(&Channel) -> bool) -> Vec<(&Channel, &Team)> {
    let channels = world.channels.values().filter(|channel| channel.is_of_a_team() && is_listed(channel));
    let mut found: Vec<_> =
        channels.filter_map(|channel| Some((channel, world.teams.get(&channel.team_id)?))).collect();
    let key = |(channel, team): &(&Channel, &Team)| {
        (channel.display_name.clone(), team.display_name.clone(), channel.create_at)
    };
    found.sort_by_cached_key(key);
    found
}

fn show_with_team((channel, team): &(&Channel, &Team)) -> Value {
    let mut shown = show_channel(channel);
    shown["team_display_name"] = team.display_name.as_str().into();
    shown["team_name"] = team.name.as_str().into();
    shown["team_update_at"] = team.update_at.into();
    shown
}

fn page_of<T>(items: &[T], number: i64, size: i64) -> &[T] {
    Page { number: number.max(0), size: size.max(0) }.cut(items)
}

fn list(world: &mut World, call: &Call) -> Answer {
    world.require(call, "sysconsole_read_user_management_channels")?;
    let excluded = if call.asks("exclude_default_channels") { world.default_channel_names() } else { Vec::new() };
    let is_listed = |channel: &Channel| {
        (channel.delete_at == 0 || call.asks("include_deleted")) && !excluded.contains(&channel.name)
    };
    let found = with_teams(world, is_listed);
    let shown: Vec<Value> = Page::of(call).cut(&found).iter().map(show_with_team).collect();
    let body = match call.asks("include_total_count") {
        true => json!({ "channels": shown, "total_count": found.len() }),
        false => Value::Array(shown),
    };
    Ok(Reply::json(200, body))
}

/// Whether a term stands anywhere in name, display name or purpose, or its words begin words of them.
fn is_found(channel: &Channel, term: &str) -> bool {
    let term = term.to_lowercase();
    let texts = [&channel.name, &channel.display_name, &channel.purpose].map(|text| text.to_lowercase());
    let plain = term.replace('*', "");
    if plain.is_empty() || texts.iter().any(|text| text.contains(&plain)) {
        return true;
    }
    let is_between = |c: char| c.is_whitespace() || "<>+-()~:*\"!@&|".contains(c);
    let words = |text: &str| text.split(is_between).filter(|w| !w.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let held: Vec<String> = texts.iter().flat_map(|text| words(text)).collect();
    let wanted = words(&term);
    !wanted.is_empty() && wanted.iter().all(|word| held.iter().any(|held| held.starts_with(word)))
}

fn search(world: &mut World, call: &Call) -> Answer {
    let wrong = |_: WrongKind| invalid_body("channel_search");
    let fields = call.fields()?.ok_or_else(|| invalid_body("channel_search"))?;
    let term = fields.text_or_empty("term").map_err(wrong)?.trim().to_owned();
    let flag = |name| fields.flag(name).map(Option::unwrap_or_default).map_err(wrong);
    let (page, per_page) = (fields.whole("page").map_err(wrong)?, fields.whole("per_page").map_err(wrong)?);
    let team_ids = fields.list("team_ids").map_err(wrong)?.unwrap_or_default();
    let (public, private, archived_only) = (flag("public")?, flag("private")?, flag("deleted")?);
    let (constrained, unconstrained) = (flag("group_constrained")?, flag("exclude_group_constrained")?);
    let with_archived = flag("include_deleted")? || call.asks("include_deleted");
    let excluded = if flag("exclude_default_channels")? { world.default_channel_names() } else { Vec::new() };
    world.require(call, "sysconsole_read_user_management_channels")?;
    let is_listed = |channel: &Channel| {
        let is_archived = channel.delete_at != 0;
        let is_constrained = channel.group_constrained == Some(true);
        let fits_kind = public == private || (channel.kind == "O") == public;
        let fits_archive = if archived_only { is_archived } else { with_archived || !is_archived };
        let fits_groups = if constrained { is_constrained } else { !unconstrained || !is_constrained };
        let fits_team = team_ids.is_empty() || team_ids.contains(&channel.team_id);
        fits_kind
            && fits_archive
            && fits_groups
            && fits_team
            && !excluded.contains(&channel.name)
            && is_found(channel, &term)
    };
    let found = with_teams(world, is_listed);
    let body = match (page, per_page) {
        (Some(number), Some(size)) => {
            let shown: Vec<Value> = page_of(&found, number, size).iter().map(show_with_team).collect();
            json!({ "channels": shown, "total_count": found.len() })
        }
        _ => found.iter().take(MOST_FOUND).map(show_with_team).collect(),
    };
    Ok(Reply::json(200, body))
}

/// A team's public channels by a term. Who may not list them is shown her own only.
fn search_in_team(world: &mut World, call: &Call) -> Answer {
    let team_id = call.id("team_id")?;
    let fields = call.fields()?.ok_or_else(|| invalid_body("channel_search"))?;
    let term = fields.text_or_empty("term").map_err(|_| invalid_body("channel_search"))?.trim().to_owned();
    let lists = world.may_in_team(call.caller(), team_id, "list_team_channels");
    if !lists && !world.team_rows.contains_key(&(team_id.to_owned(), call.caller().to_owned())) {
        return Err(unknown_team_member());
    }
    let is_listed = |channel: &&Channel| {
        let is_open = lists || world.channel_member(&channel.id, call.caller()).is_some();
        channel.team_id == team_id && channel.kind == "O" && is_open && is_found(channel, &term)
    };
    let mut found: Vec<&Channel> = world.channels.values().filter(is_listed).collect();
    by_display_name(&mut found);
    Ok(Reply::json(200, found.into_iter().take(MOST_FOUND).map(show_channel).collect()))
}

/// A page of a team's channels. Of a team that does not exist there are none.
fn page_in_team(world: &World, call: &Call, team_id: &str, is_listed: impl Fn(&Channel) -> bool) -> Answer {
    let of_team = world.channels.values().filter(|channel| channel.team_id == team_id && is_listed(channel));
    let mut channels: Vec<&Channel> = of_team.collect();
    by_display_name(&mut channels);
    Ok(Reply::json(200, Page::of(call).cut(&channels).iter().map(|channel| show_channel(channel)).collect()))
}

fn list_public(world: &mut World, call: &Call) -> Answer {
    let team_id = call.id("team_id")?;
    world.require_in_team(call, team_id, "list_team_channels")?;
    page_in_team(world, call, team_id, |channel| channel.kind == "O" && channel.delete_at == 0)
}

fn list_private(world: &mut World, call: &Call) -> Answer {
    let team_id = call.id("team_id")?;
    world.require(call, "manage_system")?;
    page_in_team(world, call, team_id, |channel| channel.kind == "P" && channel.delete_at == 0)
}

/// Archived private channels are shown to those in them, and to administrators.
fn list_archived(world: &mut World, call: &Call) -> Answer {
    let team_id = call.id("team_id")?;
    world.require_in_team(call, team_id, "list_team_channels")?;
    let sees_all = world.may(call.caller(), "manage_system");
    page_in_team(world, call, team_id, |channel| {
        let is_open = channel.kind == "O" || world.channel_member(&channel.id, call.caller()).is_some();
        channel.delete_at != 0 && (sees_all || is_open)
    })
}

fn list_public_by_ids(world: &mut World, call: &Call) -> Answer {
    let team_id = call.id("team_id")?;
    let wanted: Vec<String> = call.json()?.ok_or_else(no_list)?;
    if wanted.is_empty() {
        return Err(invalid_body("channel_ids"));
    }
    if !wanted.iter().all(|id| is_id(id)) {
        return Err(invalid_body("channel_id"));
    }
    world.require_in_team(call, team_id, "view_team")?;
    let is_listed = |channel: &&Channel| {
        channel.team_id == team_id && channel.kind == "O" && channel.delete_at == 0 && wanted.contains(&channel.id)
    };
    let mut channels: Vec<&Channel> = world.channels.values().filter(is_listed).collect();
    if channels.is_empty() {
        return Err(refuse(404, "app.channel.get_channels_by_ids.not_found.app_error", "No channel found."));
    }
    by_display_name(&mut channels);
    Ok(Reply::json(200, channels.into_iter().map(show_channel).collect()))
}

/// Whether a call asks for channels that were archived, and since when.
fn archived_since(call: &Call) -> Result<Option<i64>, Refusal> {
    let since = call.ask("last_delete_at").parse::<i64>().unwrap_or(0);
    if since < 0 {
        return Err(invalid_url("last_delete_at"));
    }
    Ok(call.asks("include_deleted").then_some(since))
}

fn require_self(world: &World, call: &Call, user_id: &str) -> Result<(), Refusal> {
    if user_id == call.caller() || world.may(call.caller(), "edit_other_users") { Ok(()) } else { Err(forbidden()) }
}

/// Somebody's channels in all teams. Of somebody in none the list has been begun before that is noticed.
fn of_user(world: &mut World, call: &Call) -> Answer {
    let user_id = call.user_id()?;
    require_self(world, call, user_id)?;
    let since = archived_since(call)?;
    let is_shown = |delete_at: i64| match since {
        None => delete_at == 0,
        Some(0) => true,
        Some(since) => delete_at == 0 || delete_at >= since,
    };
    let is_listed = |channel: &&Channel| {
        is_shown(channel.delete_at) && world.teams.get(&channel.team_id).is_none_or(|team| is_shown(team.delete_at))
    };
    let rows = world.channel_rows.values().filter(|row| row.user_id == user_id);
    let channels: Vec<&Channel> =
        rows.filter_map(|row| world.channels.get(&row.channel_id)).filter(is_listed).collect();
    if channels.is_empty() {
        return Ok(Reply::broken(200, "[", no_channels()));
    }
    let mut text = String::from("[");
    for (n, channel) in channels.iter().enumerate() {
        if n > 0 {
            text.push(',');
        }
        text.push_str(&show_channel(channel).to_string());
        text.push('\n');
    }
    text.push(']');
    Ok(Reply::text(200, "application/json", text))
}

/// The tag of somebody's channels: the one that changed last, and how many there are.
fn tag(channels: &[&Channel]) -> String {
    let (mut id, mut newest) = (String::from("0"), 0);
    for channel in channels {
        for moment in [channel.last_post_at, channel.update_at] {
            if moment > newest {
                (id, newest) = (channel.id.clone(), moment);
            }
        }
    }
    format!("{VERSION}.{id}.{newest}.0.{}", channels.len())
}

fn of_user_in_team(world: &mut World, call: &Call) -> Answer {
    let (user_id, team_id) = (call.user_id()?, call.id("team_id")?);
    require_self(world, call, user_id)?;
    world.require_in_team(call, team_id, "view_team")?;
    let since = archived_since(call)?;
    let is_listed = |channel: &&Channel| {
        let is_shown = match since {
            None => channel.delete_at == 0,
            Some(0) => true,
            Some(since) => channel.delete_at == 0 || channel.delete_at >= since,
        };
        // Conversations belong to every team.
        is_shown && (channel.team_id == team_id || channel.team_id.is_empty())
    };
    let rows = world.channel_rows.values().filter(|row| row.user_id == user_id);
    let mut channels: Vec<&Channel> =
        rows.filter_map(|row| world.channels.get(&row.channel_id)).filter(is_listed).collect();
    if channels.is_empty() {
        return Err(no_channels());
    }
    by_display_name(&mut channels);
    let tag = tag(&channels);
    if call.header("if-none-match") == tag {
        return Ok(Reply::empty(304).header("etag", tag));
    }
    Ok(Reply::json(200, channels.into_iter().map(show_channel).collect()).header("etag", tag))
}

/// How many active people are in each channel. An unknown one has none, unless all are unknown.
fn count_members(world: &mut World, call: &Call) -> Answer {
    let mut wanted: Vec<String> = call.json()?.ok_or_else(no_list)?;
    wanted.sort();
    wanted.dedup();
    let known: Vec<&Channel> = wanted.iter().filter_map(|id| world.channels.get(id)).collect();
    if known.is_empty() {
        return Err(unknown_channel(&format!("[{}]", wanted.join(" "))));
    }
    let may_count = |channel: &&Channel| {
        world.may_in_channel(call.caller(), &channel.id, "read_channel_content")
            || (channel.kind == "O" && world.may_in_team(call.caller(), &channel.team_id, "list_team_channels"))
    };
    if !known.iter().all(may_count) {
        return Err(forbidden());
    }
    let counts: Map<String, Value> =
        wanted.into_iter().map(|id| (id.clone(), world.active_in_channel(&id).into())).collect();
    Ok(Reply::json(200, counts.into()))
}
