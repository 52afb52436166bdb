//! Lists of teams: all of them, by a search, of somebody.

use serde_json::{Value, json};

use super::bodies::WrongKind;
use super::call::Call;
use super::paging::Page;
use super::places::Team;
use super::reply::{Answer, Reply, forbidden, invalid_body, refuse};
use super::routes::{Route, route};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v4/teams", list),
    route("POST", "/api/v4/teams/search", search),
    route("GET", "/api/v4/users/{user_id}/teams", of_user),
];

/// By display name, which is not unique; those that share one in the order in which they were made.
fn by_display_name(teams: &mut [&Team]) {
    teams.sort_by(|a, b| a.display_name.cmp(&b.display_name).then(a.create_at.cmp(&b.create_at)));
}

fn list(world: &mut World, call: &Call) -> Answer {
    let lists = |permission| world.may(call.caller(), permission);
    let (private, public) = (lists("list_private_teams"), lists("list_public_teams"));
    if !private && !public {
        let message = "You don't have the appropriate permissions to list all teams";
        return Err(refuse(403, "api.team.get_all_teams.insufficient_permissions", message));
    }
    // Archived teams are among them.
    let is_listed = |team: &&Team| if team.allow_open_invite { public } else { private };
    let mut teams: Vec<&Team> = world.teams.values().filter(is_listed).collect();
    by_display_name(&mut teams);
    let show = |team: &&Team| world.show_team(team, call.caller());
    let shown: Vec<Value> = Page::of(call).cut(&teams).iter().map(show).collect();
    let body = match call.asks("include_total_count") {
        true => json!({ "teams": shown, "total_count": teams.len() }),
        false => Value::Array(shown),
    };
    Ok(Reply::json(200, body))
}

fn search(world: &mut World, call: &Call) -> Answer {
    let wrong = |_: WrongKind| invalid_body("team_search");
    let fields = call.fields()?.ok_or_else(|| invalid_body("team_search"))?;
    let term = fields.text_or_empty("term").map_err(wrong)?.replace('\\', "").to_lowercase();
    let open = fields.flag("allow_open_invite").map_err(wrong)?;
    let constrained = fields.flag("group_constrained").map_err(wrong)?;
    let (page, per_page) = (fields.whole("page").map_err(wrong)?, fields.whole("per_page").map_err(wrong)?);
    let (private, public) =
        (world.may(call.caller(), "list_private_teams"), world.may(call.caller(), "list_public_teams"));
    if !private && (page.is_some() || per_page.is_some()) && public {
        let message = "Pagination not implemented for public-only team search.";
        return Err(refuse(501, "api.team.search_teams.pagination_not_implemented.public_team_search", message));
    }
    let is_found = |team: &&Team| {
        let names_it = team.name.to_lowercase().contains(&term) || team.display_name.to_lowercase().contains(&term);
        let is_constrained = team.group_constrained == Some(true);
        let fits = match (open, constrained) {
            (None, None) => true,
            (open, constrained) => {
                open.is_some_and(
                    |open| if open { team.allow_open_invite } else { !team.allow_open_invite && !is_constrained },
                ) || constrained.is_some_and(|constrained| constrained == is_constrained)
            }
        };
        let may_see = private || (public && team.allow_open_invite && team.kind == "O");
        names_it && fits && may_see
    };
    let mut teams: Vec<&Team> = world.teams.values().filter(is_found).collect();
    by_display_name(&mut teams);
    let show = |team: &&Team| world.show_team(team, call.caller());
    let body = match (page, per_page) {
        (Some(number), Some(size)) => {
            let shown: Vec<Value> =
                Page { number: number.max(0), size: size.max(0) }.cut(&teams).iter().map(show).collect();
            json!({ "teams": shown, "total_count": teams.len() })
        }
        _ => teams.iter().map(show).collect(),
    };
    Ok(Reply::json(200, body))
}

/// Somebody's teams in the order in which she joined them, without archived ones.
fn of_user(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?;
    if id != call.caller() && !world.may(call.caller(), "sysconsole_read_user_management_users") {
        return Err(forbidden());
    }
    let mut rows: Vec<_> = world.team_rows.values().filter(|row| row.user_id == id && row.delete_at == 0).collect();
    rows.sort_by_key(|row| row.create_at);
    let teams = rows.into_iter().filter_map(|row| world.teams.get(&row.team_id)).filter(|team| team.delete_at == 0);
    let shown: Vec<Value> = teams.map(|team| world.show_team(team, call.caller())).collect();
    Ok(Reply::json(200, shown.into()))
}
