//! Teams of an organisation and who is in them (guide, section 10).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::access::RepoRole;
use super::accounts::{node_id, simple, simple_organization};
use super::call::{Call, stamp, text};
use super::members::State;
use super::paging::list;
use super::permissions::Level;
use super::reply::{Answer, Reply, invalid, malformed, missing, not_found};
use super::routes::{Route, route};
use super::world::World;

const ONE: &str = "/orgs/{org}/teams/{team_slug}";
const MEMBERSHIP: &str = "/orgs/{org}/teams/{team_slug}/memberships/{username}";

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/orgs/{org}/teams", "teams/teams#list-teams", index).signed_in(),
    route("POST", "/orgs/{org}/teams", "teams/teams#create-a-team", create).signed_in(),
    route("GET", ONE, "teams/teams#get-a-team-by-name", read).signed_in(),
    route("GET", "/orgs/{org}/teams/{team_slug}/members", "teams/members#list-team-members", members).signed_in(),
    route(
        "GET",
        "/orgs/{org}/teams/{team_slug}/invitations",
        "teams/members#list-pending-team-invitations",
        invitations,
    )
    .signed_in(),
    route("GET", MEMBERSHIP, "reference/teams#get-team-membership-for-a-user", membership).signed_in(),
    route("PUT", MEMBERSHIP, "teams/members#add-or-update-team-membership-for-a-user", put).signed_in(),
    route("DELETE", MEMBERSHIP, "teams/members#remove-team-membership-for-a-user", remove).signed_in(),
];

/// A team.
#[derive(Debug, Clone)]
pub(super) struct Team {
    pub(super) id: i64,
    pub(super) org: i64,
    pub(super) name: String,
    pub(super) slug: String,
    pub(super) description: Option<String>,
    pub(super) privacy: String,
    /// Who is in it, and whether as a maintainer.
    pub(super) members: BTreeMap<i64, bool>,
    pub(super) repos: BTreeMap<i64, RepoRole>,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
}

/// The name of a team in addresses.
pub(super) fn slug(name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let dashed: String = name.chars().map(plain).collect();
    dashed.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

fn url(call: &Call, team: &Team) -> String {
    format!("{}/organizations/{}/team/{}", call.base, team.org, team.id)
}

/// A team as it stands in lists.
pub(super) fn show(world: &World, call: &Call, team: &Team) -> Value {
    let url = url(call, team);
    let org = world.accounts.get(&team.org).map_or("", |account| &account.login);
    json!({
        "name": team.name,
        "id": team.id,
        "node_id": node_id("Team", team.id),
        "slug": team.slug,
        "description": team.description,
        "privacy": team.privacy,
        "notification_setting": "notifications_enabled",
        "url": url,
        "html_url": format!("{}/orgs/{org}/teams/{}", call.web, team.slug),
        "members_url": format!("{url}/members{{/member}}"),
        "repositories_url": format!("{url}/repos"),
        "permission": "pull",
        "parent": null,
    })
}

fn whole(world: &World, call: &Call, team: &Team) -> Value {
    let mut shown = show(world, call, team);
    let mut organization = simple_organization(world, call, team.org);
    let account = &world.accounts[&team.org];
    organization["html_url"] = json!(format!("{}/{}", call.web, account.login));
    organization["type"] = json!("Organization");
    organization["created_at"] = json!(stamp(account.created));
    organization["updated_at"] = json!(stamp(account.created));
    for (name, value) in [
        ("public_repos", json!(world.repos.values().filter(|repo| repo.owner == team.org && !repo.private).count())),
        ("public_gists", json!(0)),
        ("followers", json!(0)),
        ("following", json!(0)),
        ("has_organization_projects", json!(true)),
        ("has_repository_projects", json!(true)),
        ("archived_at", Value::Null),
    ] {
        organization[name] = value;
    }
    for (name, value) in [
        ("created_at", json!(stamp(team.created))),
        ("updated_at", json!(stamp(team.updated))),
        ("members_count", json!(active(world, team).len())),
        ("repos_count", json!(team.repos.len())),
        ("organization", organization),
    ] {
        shown[name] = value;
    }
    shown
}

/// Those of a team who are in the organisation already, by account.
fn active(world: &World, team: &Team) -> Vec<i64> {
    let is_active = |user: &i64| state(world, team, *user) == State::Active;
    team.members.keys().copied().filter(is_active).collect()
}

fn state(world: &World, team: &Team, user: i64) -> State {
    world.members.get(&(team.org, user)).map_or(State::Pending, |it| it.state)
}

fn index(world: &mut World, call: &Call) -> Answer {
    world.may_in_org(call, Level::Read)?;
    let all: Vec<&Team> = world.teams.values().filter(|team| team.org == call.org).collect();
    Ok(list(world, call, &all, |team| show(world, call, team)))
}

fn create(world: &mut World, call: &Call) -> Answer {
    world.may_in_org(call, Level::Write)?;
    let fields = call.fields()?;
    let name = text(&fields, "name").ok_or_else(|| missing("name"))?.to_owned();
    let slug = slug(&name);
    if world.teams.values().any(|team| team.org == call.org && team.slug == slug) {
        let message = "Name must be unique for this org";
        return Err(invalid(vec![
            json!({ "resource": "Team", "code": "already_exists", "field": "name", "message": message }),
        ]));
    }
    if fields.contains_key("parent_team_id") || fields.contains_key("repo_names") {
        return Err(super::reply::not_modelled());
    }
    let (id, now) = (world.next_id(), call.now);
    let maintainers = fields.get("maintainers").and_then(Value::as_array).into_iter().flatten();
    let members = maintainers.filter_map(|login| Some((world.account(login.as_str()?)?.id, true))).collect();
    let team = Team {
        id,
        org: call.org,
        name,
        slug,
        description: text(&fields, "description").map(str::to_owned),
        privacy: text(&fields, "privacy").unwrap_or("secret").to_owned(),
        members,
        repos: BTreeMap::new(),
        created: now,
        updated: now,
    };
    let shown = whole(world, call, &team);
    world.teams.insert(id, team);
    Ok(Reply::json(201, shown))
}

fn found<'a>(world: &'a World, call: &Call) -> Result<&'a Team, Box<Reply>> {
    if !world.is_inside(call, call.org) {
        return Err(not_found());
    }
    world.team_of(call).ok_or_else(not_found)
}

fn read(world: &mut World, call: &Call) -> Answer {
    let team = found(world, call)?;
    Ok(Reply::json(200, whole(world, call, team)).modified(team.updated))
}

/// Owners of the organisation count as maintainers wherever they are.
fn is_maintainer(world: &World, team: &Team, user: i64) -> bool {
    team.members.get(&user) == Some(&true) || world.is_owner(team.org, user)
}

fn members(world: &mut World, call: &Call) -> Answer {
    let team = found(world, call)?;
    let role = call.ask("role");
    let is_wanted = |user: &i64| match role {
        "maintainer" => is_maintainer(world, team, *user),
        "member" => !is_maintainer(world, team, *user),
        _ => true,
    };
    let all: Vec<i64> = active(world, team).into_iter().filter(is_wanted).collect();
    Ok(list(world, call, &all, |user| simple(world, call, *user)))
}

fn invitations(world: &mut World, call: &Call) -> Answer {
    let team = found(world, call)?;
    let waiting: Vec<i64> =
        team.members.keys().copied().filter(|user| state(world, team, *user) == State::Pending).collect();
    Ok(list(world, call, &waiting, |user| {
        let login = world.accounts.get(user).map(|account| &account.login);
        json!({
            "id": user, "login": login, "email": null, "role": "direct_member", "created_at": stamp(team.updated),
            "failed_at": null, "failed_reason": null, "inviter": simple(world, call, team.org), "team_count": 1,
            "node_id": node_id("OrganizationInvitation", user), "invitation_source": "member",
            "invitation_teams_url": format!("{}/organizations/{}/invitations/{user}/teams", call.base, call.org),
        })
    }))
}

fn show_membership(world: &World, call: &Call, team: &Team, user: i64) -> Value {
    let login = world.accounts.get(&user).map_or("", |account| &account.login);
    json!({
        "state": state(world, team, user).word(),
        "role": if is_maintainer(world, team, user) { "maintainer" } else { "member" },
        "url": format!("{}/memberships/{login}", url(call, team)),
    })
}

fn user(world: &World, call: &Call) -> Result<i64, Box<Reply>> {
    world.account(call.param("username")).map(|account| account.id).ok_or_else(not_found)
}

fn membership(world: &mut World, call: &Call) -> Answer {
    let team = found(world, call)?;
    let user = user(world, call)?;
    team.members.get(&user).ok_or_else(not_found)?;
    Ok(Reply::json(200, show_membership(world, call, team, user)))
}

/// Members of the organisation are in at once; others are invited to both.
fn put(world: &mut World, call: &Call) -> Answer {
    let id = found(world, call)?.id;
    world.may_in_org(call, Level::Write)?;
    let fields = call.fields()?;
    let is_maintainer = match text(&fields, "role").unwrap_or("member") {
        "member" => false,
        "maintainer" => true,
        other => return Err(malformed(&format!("{other} is not a member of [\"member\", \"maintainer\"]."))),
    };
    let user = user(world, call)?;
    let pending =
        super::members::Membership { role: super::members::Role::Member, state: State::Pending, public: false };
    world.members.entry((call.org, user)).or_insert(pending);
    let now = call.now;
    if let Some(team) = world.teams.get_mut(&id) {
        team.members.insert(user, is_maintainer);
        team.updated = now;
    }
    let shown = show_membership(world, call, &world.teams[&id], user);
    Ok(Reply::json(200, shown))
}

fn remove(world: &mut World, call: &Call) -> Answer {
    let id = found(world, call)?.id;
    world.may_in_org(call, Level::Write)?;
    let user = user(world, call)?;
    let gone = world.teams.get_mut(&id).and_then(|team| team.members.remove(&user));
    gone.map(|_| Reply::empty(204)).ok_or_else(not_found)
}
