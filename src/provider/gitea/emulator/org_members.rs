//! Who belongs to an organisation, and who may know.

use serde_json::json;

use super::call::Call;
use super::gates::{Gate, find_account};
use super::paging::{Page, escape_segment};
use super::reply::{Answer, Reply, failure, forbidden, not_found, redirect};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{Account, Level, World};

const ORG: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Org, Gate::OrgVisible];
const ORG_SIGNED_IN: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Org, Gate::OrgVisible, Gate::SignedIn];
const ORG_MEMBER: &[Gate] =
    &[Gate::Scope(&[Category::Organization]), Gate::Org, Gate::OrgVisible, Gate::SignedIn, Gate::OrgMember];
const ORG_OWNER: &[Gate] =
    &[Gate::Scope(&[Category::Organization]), Gate::Org, Gate::OrgVisible, Gate::SignedIn, Gate::OrgOwner];
const PERMISSIONS: &[Gate] =
    &[Gate::Scope(&[Category::User, Category::Organization]), Gate::User, Gate::SignedIn, Gate::Org, Gate::OrgVisible];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/orgs/{org}/members", ORG_SIGNED_IN, members),
    route("GET", "/orgs/{org}/members/{member}", ORG_SIGNED_IN, is_member),
    route("DELETE", "/orgs/{org}/members/{member}", ORG_OWNER, expel),
    route("GET", "/orgs/{org}/public_members", ORG, public_members),
    route("GET", "/orgs/{org}/public_members/{member}", ORG, is_public_member),
    route("PUT", "/orgs/{org}/public_members/{member}", ORG_MEMBER, publish),
    route("DELETE", "/orgs/{org}/public_members/{member}", ORG_MEMBER, conceal),
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

/// Pages are cut by id, and each page is shown by name.
fn show_members(world: &World, call: &Call, with_private: bool) -> Answer {
    let members = world.orgs.members_of(call.org).filter(|(_, is_public)| with_private || *is_public);
    let accounts: Vec<&Account> = members.filter_map(|(user, _)| world.accounts.get(user)).collect();
    let page = Page::of(call);
    let mut shown: Vec<&Account> = page.cut(&accounts).to_vec();
    shown.sort_by(|one, other| one.name.cmp(&other.name));
    let rendered = shown.into_iter().map(|account| world.show(call, account, call.doer)).collect();
    Ok(Reply::json(200, rendered).paged(call, page, accounts.len()))
}

fn is_member(world: &mut World, call: &Call) -> Answer {
    let user = named(world, call)?;
    if !world.belongs_to(call.org, call.doer) {
        if call.doer == Some(user) {
            return Err(not_found());
        }
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
    set_public(world, call, true)
}

fn conceal(world: &mut World, call: &Call) -> Answer {
    set_public(world, call, false)
}

fn set_public(world: &mut World, call: &Call, public: bool) -> Answer {
    let user = named(world, call)?;
    if call.doer != Some(user) && !world.owns_org(call.org, call.doer) {
        return Err(forbidden("Cannot change member visibility"));
    }
    world.orgs.publish(call.org, user, public);
    Ok(Reply::empty(204))
}

/// By the teams' own levels, which since 1.24 are none below admin: a plain member may do nothing by this account.
fn permissions(world: &mut World, call: &Call) -> Answer {
    let teams = || world.orgs.teams_with(call.org, call.user);
    let highest = teams().map(|team| team.level).max().unwrap_or_default();
    let may_create = teams().any(|team| team.is_owners() || team.may_create_repos);
    Ok(Reply::json(
        200,
        json!({
            "is_owner": highest >= Level::Owner,
            "is_admin": highest >= Level::Admin,
            "can_write": highest >= Level::Write,
            "can_read": highest >= Level::Read,
            "can_create_repository": may_create,
        }),
    ))
}
