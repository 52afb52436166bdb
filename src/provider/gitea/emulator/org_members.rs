//! Who belongs to an organisation, and who may know.

use serde_json::json;

use super::call::Call;
use super::gates::{Gate, find_account};
use super::paging::{escape_segment, list};
use super::reply::{Answer, Reply, failure, forbidden, not_found, redirect};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{Account, Level, World};

const ORG: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Org];
const ORG_SIGNED_IN: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Org, Gate::SignedIn];
const ORG_OWNER: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Org, Gate::SignedIn, Gate::OrgOwner];
const PERMISSIONS: &[Gate] =
    &[Gate::Scope(&[Category::User, Category::Organization]), Gate::SignedIn, Gate::VisibleUser, Gate::Org];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/orgs/{org}/members", ORG_SIGNED_IN, members),
    route("GET", "/orgs/{org}/members/{member}", ORG_SIGNED_IN, is_member),
    route("DELETE", "/orgs/{org}/members/{member}", ORG_OWNER, expel),
    route("GET", "/orgs/{org}/public_members", ORG, public_members),
    route("GET", "/orgs/{org}/public_members/{member}", ORG, is_public_member),
    route("PUT", "/orgs/{org}/public_members/{member}", ORG_SIGNED_IN, publish),
    route("DELETE", "/orgs/{org}/public_members/{member}", ORG_SIGNED_IN, conceal),
    route("GET", "/users/{username}/orgs/{org}/permissions", PERMISSIONS, permissions),
];

fn named(world: &World, call: &Call) -> Result<i64, Box<Reply>> {
    find_account(world, call, call.param("member"))?.ok_or_else(not_found)
}

/// Outsiders are not refused: they get the public members only.
fn members(world: &mut World, call: &Call) -> Answer {
    show_members(world, call, world.belongs_to(call.org, call.doer))
}

/// A site admin gets all members here too.
fn public_members(world: &mut World, call: &Call) -> Answer {
    show_members(world, call, world.is_site_admin(call.doer))
}

fn show_members(world: &World, call: &Call, with_private: bool) -> Answer {
    let members = world.orgs.members_of(call.org).filter(|(_, is_public)| with_private || *is_public);
    let mut accounts: Vec<&Account> = members.filter_map(|(user, _)| world.accounts.get(user)).collect();
    accounts.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(list(call, &accounts, |account| world.show(call, account, call.doer)))
}

fn is_member(world: &mut World, call: &Call) -> Answer {
    let user = named(world, call)?;
    if !world.belongs_to(call.org, call.doer) {
        let (org, member) = (&world.accounts.at(call.org).name, &world.accounts.at(user).name);
        let location = format!("/api/v1/orgs/{}/public_members/{}", escape_segment(org), escape_segment(member));
        return Err(redirect(303, location, call.is_read()));
    }
    if world.orgs.is_member(call.org, user) { Ok(Reply::empty(204)) } else { Err(not_found()) }
}

fn is_public_member(world: &mut World, call: &Call) -> Answer {
    let user = named(world, call)?;
    let mut members = world.orgs.members_of(call.org);
    if members.any(|member| member == (user, true)) { Ok(Reply::empty(204)) } else { Err(not_found()) }
}

/// Takes somebody out of all teams; somebody who is in none is no error.
fn expel(world: &mut World, call: &Call) -> Answer {
    let user = named(world, call)?;
    refuse_last_owner(world, call.org, user)?;
    world.orgs.expel(call.org, user);
    Ok(Reply::empty(204))
}

/// 500 when the organisation would be left without an owner.
pub(super) fn refuse_last_owner(world: &World, org: i64, user: i64) -> Result<(), Box<Reply>> {
    if world.orgs.is_last_owner(org, user) {
        return Err(failure(format!("user is the last member of owner team [uid: {user}]")));
    }
    Ok(())
}

fn publish(world: &mut World, call: &Call) -> Answer {
    let user = named(world, call)?;
    if call.doer != Some(user) && !world.is_site_admin(call.doer) {
        return Err(forbidden("Cannot publicize another member"));
    }
    world.orgs.publish(call.org, user, true);
    Ok(Reply::empty(204))
}

fn conceal(world: &mut World, call: &Call) -> Answer {
    let user = named(world, call)?;
    if call.doer != Some(user) && !world.is_site_admin(call.doer) {
        return Err(forbidden("Cannot conceal another member"));
    }
    world.orgs.publish(call.org, user, false);
    Ok(Reply::empty(204))
}

fn permissions(world: &mut World, call: &Call) -> Answer {
    let is_admin = world.accounts.at(call.user).is_admin;
    let teams = || world.orgs.teams_with(call.org, call.user);
    let is_owner = world.orgs.is_owner(call.org, call.user);
    let highest = teams().map(|team| team.level).max().unwrap_or_default();
    let grants =
        |least: Level| teams().any(|team| team.level >= least || team.units.values().any(|level| *level >= least));
    Ok(Reply::json(
        200,
        json!({
            "is_owner": is_owner || is_admin,
            "is_admin": is_admin || highest >= Level::Admin,
            "can_write": is_admin || grants(Level::Write),
            "can_read": is_admin || grants(Level::Read) || world.can_see(world.accounts.at(call.org), Some(call.user)),
            "can_create_repository": is_admin || is_owner || teams().any(|team| team.may_create_repos),
        }),
    ))
}
