//! Repositories of teams: by the team's id, which only an owner of the organisation may use, and by its name.

use serde_json::Value;

use super::call::Call;
use super::gates::Gate;
use super::paging::list;
use super::reply::{Answer, Reply, forbidden, invalid, not_found, refuse};
use super::repos::Repo;
use super::routes::{Route, route};
use super::scopes::Category;
use super::teams;
use super::world::{Level, World};

const TEAM: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Team, Gate::SignedIn, Gate::TeamReader];
const TEAM_MEMBER: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Team, Gate::SignedIn, Gate::TeamMember];
const REPO: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::SignedIn];
const REPO_ADMIN: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::SignedIn, Gate::RepoAdmin];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/teams/{team}/repos", TEAM, list_of_team),
    route("GET", "/teams/{team}/repos/{org}/{repo}", TEAM, read),
    route("PUT", "/teams/{team}/repos/{org}/{repo}", TEAM_MEMBER, add),
    route("DELETE", "/teams/{team}/repos/{org}/{repo}", TEAM_MEMBER, remove),
    route("GET", "/repos/{owner}/{repo}/teams", REPO, list_of_repo),
    route("GET", "/repos/{owner}/{repo}/teams/{name}", REPO, check),
    route("PUT", "/repos/{owner}/{repo}/teams/{name}", REPO_ADMIN, add_by_name),
    route("DELETE", "/repos/{owner}/{repo}/teams/{name}", REPO_ADMIN, remove_by_name),
];

fn list_of_team(world: &mut World, call: &Call) -> Answer {
    let team = world.orgs.team(call.team);
    let mut repos: Vec<&Repo> = team.repos.iter().filter_map(|id| world.repos.get(*id)).collect();
    repos.retain(|repo| world.can_see_repo(repo, call.doer));
    repos.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(list(call, &repos, |repo| world.show_repo(call, repo, call.doer)))
}

/// A repository of the team's own organisation: the owner in the path is not looked at, nor are former names.
fn in_path(world: &World, call: &Call) -> Result<i64, Box<Reply>> {
    let repo = world.repos.named(call.org, call.param("repo")).ok_or_else(not_found)?;
    Ok(repo.id)
}

fn read(world: &mut World, call: &Call) -> Answer {
    let id = in_path(world, call)?;
    let repo = world.repos.at(id);
    let is_hidden = call.is_public_only() && repo.is_private;
    if !world.orgs.team(call.team).repos.contains(&id) || !world.can_see_repo(repo, call.doer) || is_hidden {
        return Err(not_found());
    }
    Ok(Reply::json(200, world.show_repo(call, world.repos.at(id), call.doer)))
}

/// A site admin's rights do not count here: one must own the organisation, or it lets repository admins change teams.
fn refuse_stranger(world: &World, call: &Call, repo: i64) -> Result<(), Box<Reply>> {
    let is_owner = call.doer.is_some_and(|doer| world.orgs.is_owner(call.org, doer));
    if !is_owner && !world.accounts.at(call.org).repo_admin_change_team_access {
        return Err(forbidden("user is nor repo admin nor owner"));
    }
    if world.rights(world.repos.at(repo), call.doer).code() < Level::Admin {
        return Err(forbidden("Must have admin-level access to the repository"));
    }
    Ok(())
}

fn add(world: &mut World, call: &Call) -> Answer {
    let id = in_path(world, call)?;
    refuse_stranger(world, call, id)?;
    world.attach(call.team, id);
    Ok(Reply::empty(204))
}

/// A team that includes all repositories keeps this one too, without a word.
fn remove(world: &mut World, call: &Call) -> Answer {
    let id = in_path(world, call)?;
    refuse_stranger(world, call, id)?;
    let team = world.orgs.team_mut(call.team);
    if !team.includes_all {
        team.repos.remove(&id);
    }
    Ok(Reply::empty(204))
}

fn refuse_personal(world: &World, call: &Call) -> Result<i64, Box<Reply>> {
    let owner = world.repos.at(call.repo).owner;
    if world.accounts.at(owner).is_org { Ok(owner) } else { Err(refuse(405, "repo is not owned by an organization")) }
}

fn list_of_repo(world: &mut World, call: &Call) -> Answer {
    let org = refuse_personal(world, call)?;
    let teams = world.orgs.teams_of(org);
    let attached = teams.iter().filter(|team| team.is_owners() || team.repos.contains(&call.repo));
    Ok(Reply::json(200, attached.map(|team| teams::show(team, Value::Null)).collect()))
}

fn named(world: &World, call: &Call) -> Result<i64, Box<Reply>> {
    let org = refuse_personal(world, call)?;
    let name = call.param("name");
    let unknown = || refuse(404, format!("team does not exist [org_id {org}, team_id 0, name: {name}]"));
    world.orgs.team_named(org, name).map(|team| team.id).ok_or_else(unknown)
}

fn has(world: &World, call: &Call, team: i64) -> bool {
    let team = world.orgs.team(team);
    team.is_owners() || team.repos.contains(&call.repo)
}

fn check(world: &mut World, call: &Call) -> Answer {
    let team = named(world, call)?;
    if !has(world, call, team) {
        return Err(not_found());
    }
    Ok(Reply::json(200, teams::show(world.orgs.team(team), Value::Null)))
}

/// Here a site admin counts as an owner.
fn refuse_mere_admin(world: &World, call: &Call) -> Result<(), Box<Reply>> {
    let org = refuse_personal(world, call)?;
    let is_owner = world.rights(world.repos.at(call.repo), call.doer).base >= Level::Owner;
    if is_owner || world.accounts.at(org).repo_admin_change_team_access {
        return Ok(());
    }
    Err(forbidden("user is nor repo admin nor owner"))
}

/// Unlike the route by id this one is not to be repeated.
fn add_by_name(world: &mut World, call: &Call) -> Answer {
    refuse_mere_admin(world, call)?;
    let team = named(world, call)?;
    if has(world, call, team) {
        return Err(invalid(format!("team '{}' is already added to repo", world.orgs.team(team).name)));
    }
    world.attach(team, call.repo);
    Ok(Reply::empty(204))
}

fn remove_by_name(world: &mut World, call: &Call) -> Answer {
    refuse_mere_admin(world, call)?;
    let team = named(world, call)?;
    if !has(world, call, team) {
        return Err(invalid(format!("team '{}' was not added to repo", world.orgs.team(team).name)));
    }
    let team = world.orgs.team_mut(team);
    if !team.includes_all {
        team.repos.remove(&call.repo);
    }
    Ok(Reply::empty(204))
}
