//! Lists of accounts: all, by membership, by roles, by identifiers and names; and how many there are.

use serde_json::{Value, json};

use super::accounts::User;
use super::call::{Call, parse_bool};
use super::config::VERSION;
use super::paging::Page;
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, invalid_url, not_modelled, refuse};
use super::rights::{KNOWN_ROLES, LICENSED_ROLES, SYSTEM_ADMIN, SYSTEM_USER};
use super::routes::{Route, route};
use super::user_view::View;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v4/users", list),
    route("POST", "/api/v4/users/ids", by_ids),
    route("POST", "/api/v4/users/usernames", by_names),
    route("GET", "/api/v4/users/stats", stats),
    route("GET", "/api/v4/users/stats/filtered", filtered_stats),
];

/// Roles that a list is narrowed to: somebody fits who holds one of them.
#[derive(Debug, Default)]
pub(super) struct RoleFilter {
    /// One role of the server, by its text.
    pub(super) role: String,
    pub(super) system: Vec<String>,
    pub(super) team: Vec<String>,
    pub(super) channel: Vec<String>,
}

fn list(world: &mut World, call: &Call) -> Answer {
    let ask = |name| call.ask(name);
    let (in_team, not_in_team) = (ask("in_team"), ask("not_in_team"));
    let (in_channel, not_in_channel) = (ask("in_channel"), ask("not_in_channel"));
    if !not_in_channel.is_empty() && in_team.is_empty() {
        return Err(invalid_url("team_id"));
    }
    check_sort(call)?;
    let roles = RoleFilter::of(call, in_team, in_channel)?;
    let is_at_odds = call.asks("inactive") && call.asks("active");
    // Of the two filters the first one that is asked wins.
    let is_wanted = |user: &&User| match (call.asks("inactive"), call.asks("active")) {
        (true, _) => !user.is_active(),
        (false, true) => user.is_active(),
        (false, false) => true,
    };
    let visible = world.visible(call.caller());
    let mut users: Vec<&User> = world.by_name();
    users.retain(|user| visible.as_ref().is_none_or(|visible| visible.contains(user.id.as_str())));
    let is_in_team = |team: &str, user: &User| world.team_member(team, &user.id).is_some();
    let is_in_channel = |channel: &str, user: &User| world.channel_member(channel, &user.id).is_some();
    let may = |allowed: bool| if allowed { Ok(()) } else { Err(forbidden()) };
    let caller = call.caller();
    let mut tag = None;
    if parse_bool(ask("without_team")) == Some(true) {
        may(world.may(caller, "list_users_without_team"))?;
        let in_a_team = |user: &User| world.team_rows.values().any(|row| row.user_id == user.id && row.delete_at == 0);
        users.retain(|user| is_wanted(user) && roles.fits(world, user, "", "") && !in_a_team(user));
    } else if !not_in_channel.is_empty() {
        may(world.may_in_channel(caller, not_in_channel, "read_channel"))?;
        users.retain(|user| is_in_team(in_team, user) && !is_in_channel(not_in_channel, user));
    } else if !not_in_team.is_empty() {
        may(world.may_in_team(caller, not_in_team, "view_team"))?;
        // The tag is that of `in_team`, whatever `not_in_team` says.
        let outside: Vec<&User> = world.users.values().filter(|user| !is_in_team(in_team, user)).collect();
        let newest = outside.iter().map(|user| user.stored_update_at()).max().unwrap_or(call.now);
        tag = Some(format!("{VERSION}.{newest}.{}.{}", outside.len(), world.privacy_tag()));
        users.retain(|user| !is_in_team(not_in_team, user));
    } else if !in_team.is_empty() {
        may(world.may_in_team(caller, in_team, "view_team"))?;
        users.retain(|user| is_in_team(in_team, user));
        match ask("sort") {
            "create_at" => users.sort_by_key(|user| std::cmp::Reverse(user.create_at)),
            "last_activity_at" => return Err(not_modelled()), // Nobody is ever online here.
            _ => {
                // Who has left counts too.
                let rows = world.team_rows.values().filter(|row| row.team_id == in_team);
                let times = rows.filter_map(|row| world.users.get(&row.user_id)).map(User::stored_update_at);
                tag = Some(format!("{VERSION}.{}.{}", times.max().unwrap_or(call.now), world.privacy_tag()));
                users.retain(|user| is_wanted(user) && roles.fits(world, user, in_team, ""));
            }
        }
    } else if !in_channel.is_empty() {
        may(world.may_in_channel(caller, in_channel, "read_channel"))?;
        users.retain(|user| {
            is_in_channel(in_channel, user) && is_wanted(user) && roles.fits(world, user, "", in_channel)
        });
        match ask("sort") {
            "admin" => {
                users.sort_by_key(|user| !world.channel_member(in_channel, &user.id).is_some_and(|row| row.is_admin))
            }
            "status" => return Err(not_modelled()), // Nobody is ever online here.
            _ => {}
        }
    } else if !ask("in_group").is_empty() || !ask("not_in_group").is_empty() {
        return Err(not_modelled()); // Groups need a licence.
    } else {
        users.retain(|user| is_wanted(user) && roles.fits(world, user, "", ""));
    }
    if let Some(tag) = tag.as_ref().filter(|tag| call.header("if-none-match") == tag.as_str()) {
        return Ok(Reply::empty(304).header("etag", tag.clone()));
    }
    let shown = world.show_users(call, Page::of(call).cut(&users));
    if is_at_odds {
        return Ok(Reply::then(shown, invalid_url("inactive")));
    }
    let reply = Reply::json(200, shown);
    Ok(match tag {
        Some(tag) => reply.header("etag", tag),
        None => reply,
    })
}

/// Each order goes with one filter only.
fn check_sort(call: &Call) -> Result<(), Refusal> {
    let has = |name: &str| !call.ask(name).is_empty();
    let others = |names: &[&str]| names.iter().any(|name| has(name));
    let is_fine = match call.ask("sort") {
        "" => true,
        "last_activity_at" | "create_at" => {
            let against = ["not_in_team", "in_channel", "not_in_channel", "without_team", "in_group", "not_in_group"];
            has("in_team") && !others(&against)
        }
        "status" | "admin" => has("in_channel"),
        "display_name" => {
            let against = ["not_in_group", "in_team", "not_in_team", "in_channel", "not_in_channel", "without_team"];
            has("in_group") && !others(&against)
        }
        _ => false,
    };
    if is_fine { Ok(()) } else { Err(invalid_url("sort")) }
}

impl RoleFilter {
    fn of(call: &Call, in_team: &str, in_channel: &str) -> Result<Self, Refusal> {
        let named = |query: &str, name: &str, counts: bool| -> Result<Vec<String>, Refusal> {
            let text = call.ask(query);
            if text.is_empty() || !counts {
                return Ok(Vec::new());
            }
            let names: Vec<String> = text.split(',').map(|role| role.trim().to_owned()).collect();
            let is_known =
                |role: &String| KNOWN_ROLES.contains(&role.as_str()) || LICENSED_ROLES.contains(&role.as_str());
            if names.iter().all(is_known) { Ok(names) } else { Err(invalid_body(name)) }
        };
        let one = named("role", "role", true)?;
        if one.len() > 1 {
            return Err(invalid_body("role"));
        }
        let several = named("roles", "roles", true)?;
        Ok(RoleFilter {
            role: call.ask("role").to_owned(),
            system: if several.is_empty() { one } else { several },
            channel: named("channel_roles", "channelRoles", !in_channel.is_empty())?,
            team: named("team_roles", "teamRoles", !in_team.is_empty())?,
        })
    }

    /// Whether somebody holds one of the roles; `team` and `channel` are where roles of these kinds are looked for.
    ///
    /// Who is more than an ordinary person is not found by the role of one, and administrators of the server are found
    /// by no role of a place.
    pub(super) fn fits(&self, world: &World, user: &User, team: &str, channel: &str) -> bool {
        if !self.role.is_empty() && !user.roles.contains(&self.role) {
            return false;
        }
        if self.system.is_empty() && self.team.is_empty() && self.channel.is_empty() {
            return true;
        }
        let is_site_admin = user.roles.contains(SYSTEM_ADMIN);
        let by_system = self.system.iter().any(|role| match role.as_str() {
            SYSTEM_USER => user.roles == SYSTEM_USER,
            "system_guest" | SYSTEM_ADMIN => user.roles.contains(role.as_str()),
            role => LICENSED_ROLES.contains(&role) && user.roles.contains(role),
        });
        let in_place = |roles: &[String], scheme: Option<(bool, bool)>, words: [&str; 2]| {
            let Some((is_user, is_admin)) = scheme.filter(|_| !is_site_admin) else {
                return false;
            };
            roles.iter().any(|role| (role == words[0] && is_admin) || (role == words[1] && is_user && !is_admin))
        };
        let team_row = world.team_member(team, &user.id).map(|row| (row.is_user, row.is_admin));
        let channel_row = world.channel_member(channel, &user.id).map(|row| (row.is_user, row.is_admin));
        by_system
            || in_place(&self.team, team_row, ["team_admin", "team_user"])
            || in_place(&self.channel, channel_row, ["channel_admin", "channel_user"])
    }
}

fn by_ids(world: &mut World, call: &Call) -> Answer {
    let ids = texts(call, "user_ids")?;
    let since = match call.ask("since") {
        "" => 0,
        text => text.parse::<i64>().map_err(|_| invalid_body("since"))?,
    };
    let visible = world.visible(call.caller());
    let mut users = world.by_name();
    users.retain(|user| {
        let is_seen = visible.as_ref().is_none_or(|visible| visible.contains(user.id.as_str()));
        is_seen && ids.contains(&user.id) && (since == 0 || user.stored_update_at() > since)
    });
    let view = View::of_others(world, call);
    Ok(Reply::json(200, users.into_iter().map(|user| world.show_user(user, view)).collect()))
}

fn by_names(world: &mut World, call: &Call) -> Answer {
    let names = texts(call, "usernames")?;
    let visible = world.visible(call.caller());
    let mut users = world.by_name();
    users.retain(|user| {
        names.contains(&user.username) && visible.as_ref().is_none_or(|visible| visible.contains(user.id.as_str()))
    });
    Ok(Reply::json(200, world.show_users(call, &users)))
}

/// A body that is a list of texts, and not an empty one.
fn texts(call: &Call, name: &str) -> Result<Vec<String>, Refusal> {
    let unreadable = || refuse(400, "api.payload.parse.error", "An error occurred while parsing the payload.");
    let texts: Option<Vec<String>> = call.json()?.ok_or_else(unreadable)?;
    let texts = texts.unwrap_or_default();
    if texts.is_empty() { Err(invalid_body(name)) } else { Ok(texts) }
}

fn stats(world: &mut World, call: &Call) -> Answer {
    let visible = world.visible(call.caller());
    let counts = |user: &&User| {
        let is_seen = visible.as_ref().is_none_or(|visible| visible.contains(user.id.as_str()));
        user.is_active() && !user.is_remote() && is_seen
    };
    Ok(total(world.users.values().filter(counts).count()))
}

fn filtered_stats(world: &mut World, call: &Call) -> Answer {
    let (team, channel) = (call.ask("in_team"), call.ask("in_channel"));
    let split = |name: &str, counts: bool| -> Vec<String> {
        let text = if counts { call.ask(name) } else { "" };
        text.split(',').map(|role| role.trim().to_owned()).filter(|role| !role.is_empty()).collect()
    };
    let roles = RoleFilter {
        role: String::new(),
        system: split("roles", true),
        team: split("team_roles", !team.is_empty()),
        channel: split("channel_roles", !channel.is_empty()),
    };
    world.require(call, "sysconsole_read_user_management_users")?;
    let counts = |user: &&User| {
        (call.asks("include_deleted") || user.is_active())
            && (call.asks("include_bots") || !world.is_bot(&user.id))
            && (call.asks("include_remote_users") || !user.is_remote())
            && (team.is_empty() || world.team_member(team, &user.id).is_some())
            && (channel.is_empty() || world.channel_member(channel, &user.id).is_some())
            && roles.fits(world, user, team, channel)
    };
    Ok(total(world.users.values().filter(counts).count()))
}

fn total(count: usize) -> Reply {
    Reply::json(200, json!({ "total_users_count": count }))
}

impl World {
    /// All accounts in the order of their names, byte by byte.
    pub(super) fn by_name(&self) -> Vec<&User> {
        let mut users: Vec<&User> = self.users.values().collect();
        users.sort_by(|a, b| a.username.cmp(&b.username));
        users
    }

    /// Accounts as a list shows them to the caller.
    pub(super) fn show_users(&self, call: &Call, users: &[&User]) -> Value {
        let view = View::of_others(self, call);
        users.iter().map(|user| self.show_stored_user(user, view)).collect()
    }

    /// The end of a list's tag: where two settings lie in the server's memory, which each change of settings moves.
    fn privacy_tag(&self) -> String {
        let place = 0x2ed7_0000_0000_u64 | u64::from(self.config.changes()) << 4;
        format!("{:#x}.{:#x}.", place | 3, place | 2)
    }
}
