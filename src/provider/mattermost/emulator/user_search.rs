//! Searching people, the way the search fields of the web application do, and the reports of the system console.

use serde_json::{Map, Value, json};

use super::accounts::User;
use super::bodies::WrongKind;
use super::call::Call;
use super::ids::is_id;
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, not_modelled, refuse};
use super::routes::{Route, route};
use super::user_lists::RoleFilter;
use super::user_view::View;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/api/v4/users/search", search),
    route("GET", "/api/v4/users/autocomplete", autocomplete),
    route("GET", "/api/v4/reports/users", report),
    route("GET", "/api/v4/reports/users/count", report_count),
];

const DEFAULT_LIMIT: i64 = 100;
const LARGEST_LIMIT: i64 = 1000;
const LARGEST_REPORT: i64 = 100;

fn search(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?.ok_or_else(|| invalid_body("props"))?;
    let wrong = |_: WrongKind| invalid_body("props");
    let text = |name: &str| fields.text_or_empty(name).map_err(wrong);
    let flag = |name: &str| Ok::<_, Refusal>(fields.flag(name).map_err(wrong)?.unwrap_or(false));
    let list = |name: &str| Ok::<_, Refusal>(fields.list(name).map_err(wrong)?.unwrap_or_default());
    let limit = match fields.whole("limit").map_err(wrong)? {
        None | Some(0) => DEFAULT_LIMIT,
        Some(limit) => limit,
    };
    let term = text("term")?;
    let (team, not_team) = (text("team_id")?, text("not_in_team_id")?);
    let (channel, not_channel) = (text("in_channel_id")?, text("not_in_channel_id")?);
    let (allow_inactive, without_team) = (flag("allow_inactive")?, flag("without_team")?);
    let roles = RoleFilter {
        role: text("role")?,
        system: list("roles")?,
        team: list("team_roles")?,
        channel: list("channel_roles")?,
    };
    if term.is_empty() {
        return Err(invalid_body("term"));
    }
    if team.is_empty() && !not_channel.is_empty() {
        return Err(invalid_body("team_id"));
    }
    if !text("in_group_id")?.is_empty() || !text("not_in_group_id")?.is_empty() {
        return Err(not_modelled()); // Groups need a licence.
    }
    let caller = call.caller();
    for channel in [&channel, &not_channel] {
        if !channel.is_empty() && !world.may_in_channel(caller, channel, "read_channel") {
            return Err(forbidden());
        }
    }
    for team in [&team, &not_team] {
        if !team.is_empty() && !world.may_in_team(caller, team, "view_team") {
            return Err(forbidden());
        }
    }
    if !(1..=LARGEST_LIMIT).contains(&limit) {
        return Err(invalid_body("limit"));
    }
    let is_member = |team: &str, user: &User| world.team_member(team, &user.id).is_some();
    let is_in = |channel: &str, user: &User| world.channel_member(channel, &user.id).is_some();
    let is_in_any = |user: &User| world.team_rows.values().any(|row| row.user_id == user.id && row.delete_at == 0);
    let is_wanted = |user: &User| {
        if without_team {
            !is_in_any(user)
        } else if !channel.is_empty() {
            is_in(&channel, user)
        } else if !not_channel.is_empty() {
            is_member(&team, user) && !is_in(&not_channel, user)
        } else if !not_team.is_empty() {
            !is_member(&not_team, user)
        } else {
            team.is_empty() || is_member(&team, user)
        }
    };
    let mut users = world.matching(call, &term, true);
    users.retain(|user| {
        (allow_inactive || user.is_active()) && is_wanted(user) && roles.fits(world, user, &team, &channel)
    });
    users.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(Reply::json(200, world.show_users(call, &users)))
}

fn autocomplete(world: &mut World, call: &Call) -> Answer {
    let (channel, team) = (call.ask("in_channel"), call.ask("in_team"));
    let limit = match call.ask("limit") {
        "" => DEFAULT_LIMIT,
        text => text.parse::<i64>().unwrap_or(0).clamp(0, LARGEST_LIMIT),
    };
    let caller = call.caller();
    if !channel.is_empty() && !world.may_in_channel(caller, channel, "read_channel") {
        return Err(forbidden());
    }
    if !team.is_empty() && !world.may_in_team(caller, team, "view_team") {
        return Err(forbidden());
    }
    if !channel.is_empty() && team.is_empty() {
        let message = "Team id parameter is required to autocomplete by channel.";
        return Err(refuse(500, "api.user.autocomplete_users.missing_team_id.app_error", message));
    }
    let limit = usize::try_from(limit).unwrap_or(0);
    let mut users = world.matching(call, call.ask("name"), false);
    users.retain(|user| user.is_active() && (team.is_empty() || world.team_member(team, &user.id).is_some()));
    let (inside, outside): (Vec<&User>, Vec<&User>) =
        users.into_iter().partition(|user| channel.is_empty() || world.channel_member(channel, &user.id).is_some());
    let cut = |users: Vec<&User>| world.show_users(call, &users[..limit.min(users.len())]);
    let mut answer = Map::from_iter([("users".to_owned(), cut(inside))]);
    if !channel.is_empty() {
        answer.insert("out_of_channel".to_owned(), cut(outside));
    }
    Ok(Reply::json(200, answer.into()))
}

impl World {
    /// The people in whose names every word of a term stands, in whatever case, among those that the caller sees.
    ///
    /// What the privacy settings hide is not searched, and addresses only where `by_email` says so.
    fn matching(&self, call: &Call, term: &str, by_email: bool) -> Vec<&User> {
        let is_admin = self.may(call.caller(), "manage_system");
        let shows = |setting| is_admin || self.config.is_on("PrivacySettings", setting);
        let (by_email, by_name) = (by_email && shows("ShowEmailAddress"), shows("ShowFullName"));
        let visible = self.visible(call.caller());
        let words: Vec<String> =
            term.split_whitespace().map(|word| word.trim_start_matches('@').to_lowercase()).collect();
        let mut users = self.by_name();
        users.retain(|user| {
            let mut texts = vec![&user.username, &user.nickname];
            if by_name {
                texts.extend([&user.first_name, &user.last_name]);
            }
            if by_email {
                texts.push(&user.email);
            }
            let holds = |word: &String| user.id == *word || texts.iter().any(|text| text.to_lowercase().contains(word));
            visible.as_ref().is_none_or(|visible| visible.contains(user.id.as_str())) && words.iter().all(holds)
        });
        users
    }

    /// The people whom a report is about: no bots.
    fn reported(&self, call: &Call) -> Result<Vec<&User>, Refusal> {
        let (team, role) = (call.ask("team_filter"), call.ask("role_filter"));
        if !team.is_empty() && !is_id(team) {
            let id = "api.getUsersForReporting.invalid_team_filter";
            return Err(refuse(400, id, "Invalid team id provided."));
        }
        let (hides_active, hides_inactive) = (call.ask("hide_active") == "true", call.ask("hide_inactive") == "true");
        if hides_active && hides_inactive {
            let id = "api.getUsersForReporting.invalid_active_filter";
            return Err(refuse(400, id, "Cannot hide both active and inactive users."));
        }
        if !call.ask("guest_filter").is_empty() {
            return Err(not_modelled()); // Guests need a licence.
        }
        let is_in_any = |user: &User| self.team_rows.values().any(|row| row.user_id == user.id && row.delete_at == 0);
        let mut users = self.matching(call, call.ask("search_term"), true);
        users.retain(|user| {
            let is_hidden = if user.is_active() { hides_active } else { hides_inactive };
            !self.is_bot(&user.id)
                && !is_hidden
                && (role.is_empty() || user.has_role(role))
                && if call.ask("has_no_team") == "true" {
                    !is_in_any(user)
                } else {
                    team.is_empty() || self.team_member(team, &user.id).is_some()
                }
        });
        Ok(users)
    }
}

fn report(world: &mut World, call: &Call) -> Answer {
    world.require(call, "sysconsole_read_user_management_users")?;
    let mut users = world.reported(call)?;
    let size = call.ask("page_size").parse::<i64>().unwrap_or(50);
    if !(1..=LARGEST_REPORT).contains(&size) {
        let message = "Page size is invalid or too large.";
        return Err(refuse(400, "api.getUsersForReporting.invalid_page_size", message));
    }
    let column: fn(&User) -> String = match call.ask("sort_column") {
        "" | "Username" => |user| user.username.clone(),
        "CreateAt" => |user| user.create_at.to_string(),
        "FirstName" => |user| user.first_name.clone(),
        "LastName" => |user| user.last_name.clone(),
        "Nickname" => |user| user.nickname.clone(),
        "Email" => |user| user.email.clone(),
        "Roles" => |user| user.roles.clone(),
        _ => {
            let message = "Provided sort column is not valid.";
            return Err(refuse(400, "model.user_report_options.is_valid.invalid_sort_column", message));
        }
    };
    let (is_descending, is_back) = (call.ask("sort_direction") == "desc", call.ask("direction") == "prev");
    let place = |user: &User| (column(user), user.id.clone());
    users.sort_by_key(|user| place(user));
    let from = (call.ask("from_column_value").to_owned(), call.ask("from_id").to_owned());
    let has_from = !from.0.is_empty() && !from.1.is_empty();
    let runs_down = is_descending != is_back;
    if has_from {
        users.retain(|user| if runs_down { place(user) < from } else { place(user) > from });
    }
    let size = usize::try_from(size).unwrap_or(0);
    if runs_down && has_from || is_descending && !has_from {
        users.reverse();
    }
    users.truncate(size);
    if is_back && has_from {
        users.reverse();
    }
    let shown: Vec<Value> = users
        .into_iter()
        .map(|user| {
            let mut shown = world.show_stored_user(user, View::Administrator);
            if user.last_login != 0 {
                shown["last_login"] = json!(user.last_login);
            }
            shown
        })
        .collect();
    Ok(Reply::json(200, shown.into()))
}

fn report_count(world: &mut World, call: &Call) -> Answer {
    world.require(call, "sysconsole_read_user_management_users")?;
    Ok(Reply::json(200, json!(world.reported(call)?.len())))
}
