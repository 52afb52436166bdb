//! Members of a team. Nothing checks that a member is a person: an organisation is taken as well.

use super::call::Call;
use super::gates::{Gate, find_account};
use super::org_members::refuse_last_owner;
use super::paging::list;
use super::reply::{Answer, Reply, not_found};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{Account, World};

const TEAM: &[Gate] =
    &[Gate::Scope(&[Category::Organization]), Gate::Team, Gate::SignedIn, Gate::TeamReader, Gate::OrgMember];
const TEAM_OWNER: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Team, Gate::SignedIn, Gate::OrgOwner];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/teams/{team}/members", TEAM, members),
    route("GET", "/teams/{team}/members/{member}", TEAM, member),
    route("PUT", "/teams/{team}/members/{member}", TEAM_OWNER, add),
    route("DELETE", "/teams/{team}/members/{member}", TEAM_OWNER, remove),
];

fn named(world: &World, call: &Call) -> Result<i64, Box<Reply>> {
    find_account(world, call, call.param("member"))?.ok_or_else(not_found)
}

fn members(world: &mut World, call: &Call) -> Answer {
    let team = world.orgs.team(call.team);
    let mut accounts: Vec<&Account> = team.members.iter().filter_map(|id| world.accounts.get(*id)).collect();
    accounts.sort_by(|one, other| (&one.full_name, &one.name).cmp(&(&other.full_name, &other.name)));
    Ok(list(call, &accounts, |account| world.show(call, account, call.doer)))
}

fn member(world: &mut World, call: &Call) -> Answer {
    let user = named(world, call)?;
    if !world.orgs.team(call.team).members.contains(&user) {
        return Err(not_found());
    }
    Ok(Reply::json(200, world.show(call, world.accounts.at(user), call.doer)))
}

fn add(world: &mut World, call: &Call) -> Answer {
    let user = named(world, call)?;
    world.orgs.add_member(call.team, user);
    let repos: Vec<i64> = world.orgs.team(call.team).repos.iter().copied().collect();
    for repo in repos {
        world.repos.at_mut(repo).watchers.insert(user);
    }
    Ok(Reply::empty(204))
}

/// Somebody who is no member is no error; the last owner is.
fn remove(world: &mut World, call: &Call) -> Answer {
    let user = named(world, call)?;
    if world.orgs.team(call.team).is_owners() {
        refuse_last_owner(world, call.org, user)?;
    }
    world.orgs.remove_member(call.team, user);
    Ok(Reply::empty(204))
}
