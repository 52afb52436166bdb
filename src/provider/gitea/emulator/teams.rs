//! Teams: made, edited, deleted, listed. Nothing about units is validated, as in the real service.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::admin_users::VISIBILITIES;
use super::call::Call;
use super::forms::{Form, Kind, Rule, Values, plain, ruled};
use super::gates::Gate;
use super::orgs;
use super::paging::{list, search};
use super::reply::{Answer, Reply, failure, invalid};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{Level, Team, World};

const ORG_MEMBER: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Org, Gate::SignedIn, Gate::OrgMember];
const ORG_OWNER: &[Gate] =
    &[Gate::Scope(&[Category::Organization]), Gate::Org, Gate::SignedIn, Gate::OrgMember, Gate::OrgOwner];
const TEAM: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Team, Gate::SignedIn, Gate::TeamReader];
const TEAM_OWNER: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Team, Gate::SignedIn, Gate::OrgOwner];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/orgs/{org}/teams", ORG_MEMBER, list_of_org),
    route("POST", "/orgs/{org}/teams", ORG_OWNER, create),
    route("GET", "/orgs/{org}/teams/search", ORG_MEMBER, search_org),
    route("GET", "/teams/{team}", TEAM, read),
    route("PATCH", "/teams/{team}", TEAM_OWNER, edit),
    route("DELETE", "/teams/{team}", TEAM_OWNER, delete),
    route("GET", "/user/teams", &[Gate::Scope(&[Category::User]), Gate::SignedIn], list_own),
];

/// Units by the number of their type: name, and the highest level one can have on it. Number 0 is every unknown unit.
pub(super) const UNITS: [(&str, Level); 11] = [
    ("", Level::Admin),
    ("repo.code", Level::Admin),
    ("repo.issues", Level::Admin),
    ("repo.pulls", Level::Admin),
    ("repo.releases", Level::Admin),
    ("repo.wiki", Level::Admin),
    ("repo.ext_wiki", Level::Read),
    ("repo.ext_issues", Level::Read),
    ("repo.projects", Level::Admin),
    ("repo.packages", Level::Admin),
    ("repo.actions", Level::Admin),
];

/// How many units there are beside the unknown one.
pub(super) const UNIT_COUNT: u8 = 10;

/// A team as the API shows it. Only some routes fill in the organisation.
pub(super) fn show(team: &Team, organisation: Value) -> Value {
    let is_complete = team.level >= Level::Admin;
    let numbers: Vec<u8> = if is_complete { (1..=UNIT_COUNT).collect() } else { team.units.keys().copied().collect() };
    let name = |unit: &u8| UNITS[usize::from(*unit)].0;
    let mut map: Vec<(&str, &str)> = numbers.iter().map(|unit| (name(unit), team.unit(*unit).name())).collect();
    map.sort_unstable();
    json!({
        "id": team.id,
        "name": team.name,
        "description": team.description,
        "organization": organisation,
        "includes_all_repositories": team.includes_all,
        "permission": team.level.name(),
        "units": numbers.iter().map(name).collect::<Vec<_>>(),
        "units_map": map.into_iter().map(|(unit, level)| (unit.to_owned(), Value::from(level))).collect::<serde_json::Map<_, _>>(),
        "can_create_org_repo": team.may_create_repos,
        "visibility": team.visibility,
    })
}

fn show_with_org(world: &World, call: &Call, team: &Team) -> Value {
    show(team, orgs::show(call, world.accounts.at(team.org)))
}

fn list_of_org(world: &mut World, call: &Call) -> Answer {
    Ok(list(call, &seen_teams(world, call), |team| show(team, Value::Null)))
}

fn search_org(world: &mut World, call: &Call) -> Answer {
    let words = call.ask("q").to_lowercase();
    let mut teams = seen_teams(world, call);
    teams.retain(|team| {
        team.name.to_lowercase().contains(&words)
            || (call.ask_flag("include_desc").unwrap_or(true) && team.description.to_lowercase().contains(&words))
    });
    Ok(search(call, &teams, |team| show(team, Value::Null)))
}

/// A plain member sees their own teams and those that are not private.
fn seen_teams<'a>(world: &'a World, call: &Call) -> Vec<&'a Team> {
    let sees_all = world.owns_org(call.org, call.doer);
    let mut teams = world.orgs.teams_of(call.org);
    teams.retain(|team| {
        sees_all || team.visibility != "private" || call.doer.is_some_and(|doer| team.members.contains(&doer))
    });
    teams
}

fn list_own(world: &mut World, call: &Call) -> Answer {
    let doer = call.doer.unwrap_or_default();
    let mut teams: Vec<&Team> =
        world.orgs.orgs_of(doer).into_iter().flat_map(|org| world.orgs.teams_with(org, doer)).collect();
    teams.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(list(call, &teams, |team| show_with_org(world, call, team)))
}

static CREATE: Form = Form {
    name: "CreateTeamOption",
    fields: &[
        ruled("name", "Name", Kind::Text, &[Rule::Required, Rule::AlphaDashDot, Rule::MaxSize(255)]),
        ruled("description", "Description", Kind::Text, &[Rule::MaxSize(255)]),
        plain("includes_all_repositories", "IncludesAllRepositories", Kind::Flag),
        plain("permission", "Permission", Kind::Text),
        plain("units", "Units", Kind::Texts),
        plain("units_map", "UnitsMap", Kind::TextMap),
        plain("can_create_org_repo", "CanCreateOrgRepo", Kind::Flag),
        ruled("visibility", "Visibility", Kind::Text, &[Rule::In(VISIBILITIES)]),
    ],
};

fn create(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&CREATE)?;
    let permission = Level::parse(&form.text("permission"));
    let is_admin = permission == Level::Admin;
    let Some(units) = (if is_admin { Some(every_unit()) } else { sent_units(&form, permission) }) else {
        return Err(failure("units permission should not be empty"));
    };
    let name = form.text("name");
    if name.to_lowercase() == "new" {
        return Err(failure("name is reserved [name: new]"));
    }
    if let Some(text) = taken(world, call.org, 0, &name) {
        return Err(invalid(text));
    }
    let includes_all = form.flag("includes_all_repositories");
    let visibility = form.text("visibility");
    let id = world.orgs.add_team(Team {
        id: 0,
        org: call.org,
        name,
        description: form.text("description"),
        level: if is_admin { Level::Admin } else { Level::None },
        units,
        includes_all,
        may_create_repos: form.flag("can_create_org_repo"),
        visibility: if visibility.is_empty() { "private".to_owned() } else { visibility },
        members: BTreeSet::new(),
        repos: BTreeSet::new(),
    });
    if includes_all {
        world.attach_all_repositories(id);
    }
    Ok(Reply::json(201, show_with_org(world, call, world.orgs.team(id))))
}

/// The units that a form names, if it names any: a map with a level each, or a list of one level.
fn sent_units(form: &Values, level: Level) -> Option<BTreeMap<u8, Level>> {
    let (map, names) = (form.text_map("units_map"), form.texts("units"));
    if !map.is_empty() {
        return Some(map.iter().map(|(name, word)| (unit_number(name), Level::parse(word))).collect());
    }
    (!names.is_empty()).then(|| names.iter().map(|name| (unit_number(name), level)).collect())
}

fn unit_number(name: &str) -> u8 {
    let known = (1..=UNIT_COUNT).find(|number| UNITS[usize::from(*number)].0 == name);
    known.unwrap_or(0)
}

fn every_unit() -> BTreeMap<u8, Level> {
    (1..=UNIT_COUNT).map(|number| (number, UNITS[usize::from(number)].1)).collect()
}

fn taken(world: &World, org: i64, team: i64, name: &str) -> Option<String> {
    let holder = world.orgs.team_named(org, name).filter(|holder| holder.id != team)?;
    Some(format!("team already exists [org_id: {org}, name: {}]", holder.name.to_lowercase()))
}

fn read(world: &mut World, call: &Call) -> Answer {
    Ok(Reply::json(200, show_with_org(world, call, world.orgs.team(call.team))))
}

static EDIT: Form = Form {
    name: "EditTeamOption",
    fields: &[
        ruled("name", "Name", Kind::Text, &[Rule::AlphaDashDot, Rule::MaxSize(255)]),
        ruled("description", "Description", Kind::Text, &[Rule::MaxSize(255)]),
        plain("includes_all_repositories", "IncludesAllRepositories", Kind::Flag),
        plain("permission", "Permission", Kind::Text),
        plain("units", "Units", Kind::Texts),
        plain("units_map", "UnitsMap", Kind::TextMap),
        plain("can_create_org_repo", "CanCreateOrgRepo", Kind::Flag),
        ruled("visibility", "Visibility", Kind::Text, &[Rule::In(VISIBILITIES)]),
    ],
};

/// With its traps: `includes_all_repositories` counts only beside `permission`; a map replaces the whole map; a list alone
/// sets every level to none; leaving admin without either leaves every unit at admin; the team `Owners` keeps its rights.
fn edit(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&EDIT)?;
    let name = form.text("name");
    if let Some(text) = taken(world, call.org, call.team, &name) {
        return Err(failure(text));
    }
    let permission = form.text("permission");
    let team = world.orgs.team_mut(call.team);
    if !name.is_empty() {
        team.name = name;
    }
    if let Some(description) = form.sent_text("description") {
        team.description = description;
    }
    if let Some(may) = form.sent_flag("can_create_org_repo") {
        team.may_create_repos = team.is_owners() || may;
    }
    if let Some(visibility) = form.sent_text("visibility").filter(|word| !word.is_empty() && !team.is_owners()) {
        team.visibility = visibility;
    }
    let mut joins_all = false;
    if !team.is_owners() {
        if !permission.is_empty() {
            team.level = if permission == "admin" { Level::Admin } else { Level::None };
            if let Some(all) = form.sent_flag("includes_all_repositories") {
                joins_all = all && !team.includes_all;
                team.includes_all = all;
            }
        }
        if team.level >= Level::Admin {
            team.units = every_unit();
        } else if let Some(units) = sent_units(&form, Level::parse(&permission)) {
            team.units = units;
        }
    }
    if joins_all {
        world.attach_all_repositories(call.team);
    }
    Ok(Reply::json(200, show(world.orgs.team(call.team), Value::Null)))
}

/// `Owners` too.
fn delete(world: &mut World, call: &Call) -> Answer {
    world.orgs.remove_team(call.team);
    Ok(Reply::empty(204))
}
