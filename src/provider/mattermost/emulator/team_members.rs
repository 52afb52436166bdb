//! Who is in a team: read, added one by one and in batches, removed, given roles.

use serde_json::{Value, json};

use super::bodies::{Fields, WrongKind};
use super::call::Call;
use super::ids::is_id;
use super::member_roles::{NewRoles, are_valid, read_scheme};
use super::paging::Page;
use super::place_refusals::{no_list, team_is_constrained, unknown_team, unknown_team_member};
use super::places::{Team, TeamRow};
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, refuse};
use super::rights::roles_of;
use super::routes::{Route, route};
use super::world::World;

/// How many people one call adds at most.
const LARGEST_BATCH: usize = 256;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v4/teams/{team_id}/members", list),
    route("POST", "/api/v4/teams/{team_id}/members", add),
    route("POST", "/api/v4/teams/{team_id}/members/ids", list_by_ids),
    route("POST", "/api/v4/teams/{team_id}/members/batch", add_many),
    route("GET", "/api/v4/teams/{team_id}/members/{user_id}", get),
    route("DELETE", "/api/v4/teams/{team_id}/members/{user_id}", remove),
    route("PUT", "/api/v4/teams/{team_id}/members/{user_id}/roles", set_roles),
    route("PUT", "/api/v4/teams/{team_id}/members/{user_id}/schemeRoles", set_scheme_roles),
    route("GET", "/api/v4/teams/{team_id}/stats", stats),
    route("GET", "/api/v4/users/{user_id}/teams/members", of_user),
];

pub(super) fn show_row(row: &TeamRow) -> Value {
    let scheme = [(row.is_user, "team_user"), (row.is_admin, "team_admin")];
    json!({
        "team_id": row.team_id,
        "user_id": row.user_id,
        "roles": roles_of(scheme, &row.explicit_roles),
        "delete_at": row.delete_at,
        "scheme_guest": false,
        "scheme_user": row.is_user,
        "scheme_admin": row.is_admin,
        "explicit_roles": row.explicit_roles,
    })
}

fn get(world: &mut World, call: &Call) -> Answer {
    let (team_id, user_id) = (call.id("team_id")?, call.user_id()?);
    world.require_in_team(call, team_id, "view_team")?;
    // Who left is still told, with the moment of leaving.
    let row = world.team_rows.get(&(team_id.to_owned(), user_id.to_owned())).ok_or_else(unknown_team_member)?;
    Ok(Reply::json(200, show_row(row)))
}

/// By identifier. Deactivated people are among them; of a team that does not exist there are none.
fn list(world: &mut World, call: &Call) -> Answer {
    let team_id = call.id("team_id")?;
    world.require_in_team(call, team_id, "view_team")?;
    let is_active = |row: &&TeamRow| world.users.get(&row.user_id).is_some_and(|user| user.is_active());
    let drops_inactive = call.asks("exclude_deleted_users");
    let mut rows: Vec<&TeamRow> =
        world.members_of_team(team_id).filter(|row| !drops_inactive || is_active(row)).collect();
    if call.ask("sort") == "Username" {
        rows.sort_by_key(|row| world.users.get(&row.user_id).map(|user| &user.username));
    }
    let shown: Vec<Value> = Page::of(call).cut(&rows).iter().map(|row| show_row(row)).collect();
    Ok(Reply::json(200, shown.into()))
}

fn list_by_ids(world: &mut World, call: &Call) -> Answer {
    let team_id = call.id("team_id")?;
    let wanted: Vec<String> = call.json()?.ok_or_else(no_list)?;
    if wanted.is_empty() {
        return Err(invalid_body("user_ids"));
    }
    world.require_in_team(call, team_id, "view_team")?;
    let rows = world.members_of_team(team_id).filter(|row| wanted.contains(&row.user_id));
    Ok(Reply::json(200, rows.map(show_row).collect()))
}

fn stats(world: &mut World, call: &Call) -> Answer {
    let team_id = call.id("team_id")?;
    world.require_in_team(call, team_id, "view_team")?;
    let people: Vec<_> = world.members_of_team(team_id).filter_map(|row| world.users.get(&row.user_id)).collect();
    let active = people.iter().filter(|user| user.is_active()).count();
    let body = json!({ "team_id": team_id, "total_member_count": people.len(), "active_member_count": active });
    Ok(Reply::json(200, body))
}

/// Somebody's rows with those of teams that she left.
fn of_user(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?;
    if id != call.caller() && !world.may(call.caller(), "read_other_users_teams") {
        return Err(forbidden());
    }
    let mut rows: Vec<&TeamRow> = world.team_rows.values().filter(|row| row.user_id == id).collect();
    rows.sort_by_key(|row| row.create_at);
    Ok(Reply::json(200, rows.into_iter().map(show_row).collect()))
}

fn add(world: &mut World, call: &Call) -> Answer {
    let team_id = call.id("team_id")?;
    let unreadable =
        || refuse(400, "api.team.add_team_member.invalid_body.app_error", "Unable to parse the request body.");
    let fields = call.fields()?.ok_or_else(unreadable)?;
    let user_id = user_of(&fields, team_id).map_err(|name| name.map_or_else(unreadable, invalid_body))?;
    if user_id == call.caller() {
        let team = world.teams.get(team_id).ok_or_else(unknown_team)?;
        let permission = if team.allow_open_invite { "join_public_teams" } else { "join_private_teams" };
        world.require(call, permission)?;
    } else {
        world.require_in_team(call, team_id, "add_user_to_team")?;
        refuse_stranger(world, call, team_id, &user_id)?;
    }
    let team = world.teams.get(team_id).ok_or_else(unknown_team)?;
    if shuts_out(world, team, std::slice::from_ref(&user_id)) {
        return Err(team_is_constrained());
    }
    let row = world.join_team(team_id, &user_id, None, call.now)?;
    Ok(Reply::json(201, show_row(&row)))
}

/// The person whom an item of a body names. The refused name is what is wrong; no name is a value of a wrong kind.
fn user_of(fields: &Fields, team_id: &str) -> Result<String, Option<&'static str>> {
    let text = |name| fields.text_or_empty(name).map_err(|_: WrongKind| None);
    let (team, user) = (text("team_id")?, text("user_id")?);
    if team != team_id {
        return Err(Some("team_id"));
    }
    if is_id(&user) { Ok(user) } else { Err(Some("user_id")) }
}

/// Who may not invite guests is told of unknown people in other words, since the server looks first who it is.
fn refuse_stranger(world: &World, call: &Call, team_id: &str, user_id: &str) -> Result<(), Refusal> {
    if world.may_in_team(call.caller(), team_id, "invite_guest") || world.users.contains_key(user_id) {
        return Ok(());
    }
    Err(refuse(404, "api.team.user.missing_account", "Unable to find the user."))
}

/// Whether a team that is bound to groups shuts out one of these. Bots may come in; of unknown people it is not asked.
fn shuts_out(world: &World, team: &Team, user_ids: &[String]) -> bool {
    let is_person = |id: &String| world.users.contains_key(id) && !world.is_bot(id);
    team.group_constrained == Some(true) && user_ids.iter().any(is_person)
}

fn add_many(world: &mut World, call: &Call) -> Answer {
    let team_id = call.id("team_id")?;
    let is_graceful = !call.ask("graceful").is_empty();
    let items: Vec<Fields> = call.json()?.ok_or_else(|| invalid_body("members"))?;
    if items.len() > LARGEST_BATCH {
        return Err(invalid_body("too many members in batch"));
    }
    if items.is_empty() {
        return Err(invalid_body("no members in batch"));
    }
    let named = |fields: &Fields| fields.text_or_empty("user_id").map_err(|_| invalid_body("members"));
    let all: Vec<String> = items.iter().map(named).collect::<Result<_, _>>()?;
    let team = world.teams.get(team_id).ok_or_else(unknown_team)?;
    if shuts_out(world, team, &all) {
        return Err(team_is_constrained());
    }
    world.require_in_team(call, team_id, "add_user_to_team")?;
    for (fields, user_id) in items.iter().zip(&all) {
        user_of(fields, team_id).map_err(|name| match name {
            Some("team_id") => invalid_body(&format!("team_id for member with user_id={user_id}")),
            name => invalid_body(name.unwrap_or("members")),
        })?;
        refuse_stranger(world, call, team_id, user_id)?;
    }
    let mut shown = Vec::new();
    for user_id in all {
        let joined = world.join_team(team_id, &user_id, Some(call.caller()), call.now);
        shown.push(match joined {
            Ok(row) if is_graceful => json!({ "user_id": user_id, "member": show_row(&row), "error": null }),
            Ok(row) => show_row(&row),
            Err(refusal) if is_graceful => {
                json!({ "user_id": user_id, "member": null, "error": refusal.within_a_list() })
            }
            // Those before it stay in.
            Err(refusal) => return Err(refusal),
        });
    }
    Ok(Reply::json(201, shown.into()))
}

fn remove(world: &mut World, call: &Call) -> Answer {
    let (team_id, user_id) = (call.id("team_id")?, call.user_id()?);
    if user_id != call.caller() {
        world.require_in_team(call, team_id, "remove_user_from_team")?;
    }
    let team = world.teams.get(team_id).ok_or_else(unknown_team)?;
    let is_constrained = team.group_constrained == Some(true);
    world.account(user_id)?;
    if is_constrained && user_id != call.caller() && !world.is_bot(user_id) {
        let message = "Unable to remove a user from a group-constrained team.";
        return Err(refuse(400, "api.team.remove_member.group_constrained.app_error", message));
    }
    world.leave_team(team_id, user_id, call.caller(), call.now)?;
    Ok(Reply::ok())
}

fn set_roles(world: &mut World, call: &Call) -> Answer {
    let (team_id, user_id) = (call.id("team_id")?, call.user_id()?);
    let roles = call.text_map().remove("roles").unwrap_or_default();
    if !are_valid(&roles) {
        return Err(invalid_body("team_member_roles"));
    }
    world.require_in_team(call, team_id, "manage_team_roles")?;
    let row = world.team_rows.get_mut(&(team_id.to_owned(), user_id.to_owned())).ok_or_else(unknown_team_member)?;
    let roles = NewRoles::of_a_team(&roles)?;
    (row.is_user, row.is_admin, row.explicit_roles) = (true, roles.is_admin, roles.explicit);
    Ok(Reply::ok())
}

fn set_scheme_roles(world: &mut World, call: &Call) -> Answer {
    let (team_id, user_id) = (call.id("team_id")?, call.user_id()?);
    let scheme = read_scheme(call)?;
    world.require_in_team(call, team_id, "manage_team_roles")?;
    let row = world.team_rows.get_mut(&(team_id.to_owned(), user_id.to_owned())).ok_or_else(unknown_team_member)?;
    row.is_admin = scheme.of_a_team()?;
    Ok(Reply::ok())
}
