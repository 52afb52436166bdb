//! Who is in an organisation, and who was invited (guide, section 10).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::accounts::{Kind, simple, simple_organization};
use super::call::{Call, Who, stamp, text};
use super::paging::list;
use super::permissions::Level;
use super::reply::{Answer, Reply, invalid, malformed, not_found, refuse};
use super::routes::{Route, route};
use super::world::World;

const MEMBER: &str = "/orgs/{org}/members/{username}";
const MEMBERSHIP: &str = "/orgs/{org}/memberships/{username}";

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/orgs/{org}/members", "orgs/members#list-organization-members", index),
    route("GET", MEMBER, "orgs/members#check-organization-membership-for-a-user", check).signed_in(),
    route("DELETE", MEMBER, "orgs/members#remove-an-organization-member", remove).signed_in(),
    route("GET", "/orgs/{org}/public_members/{username}", PUBLIC, check_public),
    route("GET", MEMBERSHIP, "orgs/members#get-organization-membership-for-a-user", read).signed_in(),
    route("PUT", MEMBERSHIP, "orgs/members#set-organization-membership-for-a-user", put).signed_in(),
    route("DELETE", MEMBERSHIP, "orgs/members#remove-organization-membership-for-a-user", remove).signed_in(),
    route("GET", "/orgs/{org}/invitations", "orgs/members#list-pending-organization-invitations", invitations)
        .signed_in(),
    route("POST", "/orgs/{org}/invitations", "orgs/members#create-an-organization-invitation", invite)
        .signed_in()
        .makes(),
    route(
        "DELETE",
        "/orgs/{org}/invitations/{invitation_id}",
        "orgs/members#cancel-an-organization-invitation",
        cancel,
    )
    .signed_in(),
    route("GET", "/orgs/{org}/failed_invitations", "orgs/members#list-failed-organization-invitations", failed)
        .signed_in(),
];

const PUBLIC: &str = "reference/orgs#check-public-organization-membership-for-a-user";

/// What somebody is in an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Like most.
    Member,
    /// An owner.
    Admin,
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }
}

/// Whether an invitation was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It was, or none was needed.
    Active,
    /// It waits.
    Pending,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
        }
    }
}

/// A membership.
#[derive(Debug, Clone, Copy)]
pub(super) struct Membership {
    pub(super) role: Role,
    pub(super) state: State,
    /// Whether strangers are shown it.
    pub(super) public: bool,
}

/// An invitation by address.
#[derive(Debug, Clone)]
pub(super) struct Invitation {
    id: i64,
    org: i64,
    email: String,
    role: String,
    inviter: i64,
    created: DateTime<Utc>,
}

fn user<'a>(world: &'a World, call: &Call) -> Option<&'a super::accounts::Account> {
    world.account(call.param("username")).filter(|account| account.kind == Kind::User)
}

fn membership(world: &World, call: &Call) -> Option<(i64, Membership)> {
    let id = user(world, call)?.id;
    world.members.get(&(call.org, id)).map(|found| (id, *found))
}

/// Active ones; to strangers the public ones alone, and no word of it.
fn index(world: &mut World, call: &Call) -> Answer {
    let is_inside = world.is_inside(call, call.org);
    let role = call.ask("role");
    if !["", "all"].contains(&call.ask("filter")) {
        return Err(super::reply::not_modelled());
    }
    let mut found: Vec<i64> = world
        .members
        .iter()
        .filter(|((org, _), it)| *org == call.org && it.state == State::Active && (is_inside || it.public))
        .filter(|(_, it)| ["", "all", it.role.word()].contains(&role))
        .map(|((_, user), _)| *user)
        .collect();
    found.sort_unstable();
    Ok(list(world, call, &found, |id| simple(world, call, *id)))
}

fn check(world: &mut World, call: &Call) -> Answer {
    if !world.is_inside(call, call.org) {
        let name = call.param("username");
        let place = format!("{}/organizations/{}/public_members/{name}", call.base, call.org);
        return Ok(Reply::empty(302).header("location", place));
    }
    match membership(world, call) {
        Some((_, it)) if it.state == State::Active => Ok(Reply::empty(204)),
        _ => Err(refuse(404, "User does not exist or is not a member of the organization")),
    }
}

fn check_public(world: &mut World, call: &Call) -> Answer {
    match membership(world, call) {
        Some((_, it)) if it.state == State::Active && it.public => Ok(Reply::empty(204)),
        _ => Err(refuse(404, "User does not exist or is not a public member of the organization")),
    }
}

fn show(world: &World, call: &Call, user: i64, membership: Membership) -> Value {
    let login = world.accounts.get(&user).map_or("", |account| &account.login);
    let org = format!("{}/orgs/{}", call.base, world.accounts[&call.org].login);
    json!({
        "url": format!("{org}/memberships/{login}"),
        "state": membership.state.word(),
        "role": membership.role.word(),
        "organization_url": org,
        "user": simple(world, call, user),
        "organization": simple_organization(world, call, call.org),
    })
}

fn read(world: &mut World, call: &Call) -> Answer {
    world.may_in_org(call, Level::Read)?;
    let (user, found) = membership(world, call).ok_or_else(not_found)?;
    let reply = Reply::json(200, show(world, call, user, found));
    Ok(reply.header("x-accepted-github-permissions", "members=read"))
}

/// Whoever is no member is invited; a member's role is changed at once.
fn put(world: &mut World, call: &Call) -> Answer {
    world.may_in_org(call, Level::Write)?;
    let fields = call.fields()?;
    let role = match text(&fields, "role").unwrap_or("member") {
        "member" => Role::Member,
        "admin" => Role::Admin,
        other => return Err(malformed(&format!("{other} is not a member of [\"admin\", \"member\"]."))),
    };
    let user = user(world, call).ok_or_else(not_found)?.id;
    let old = world.members.get(&(call.org, user)).copied();
    let is_last =
        old.is_some_and(|old| old.role == Role::Admin && old.state == State::Active) && only_owner(world, call);
    if is_last && role == Role::Member {
        return Err(refuse(403, "You can't change the role of the last owner."));
    }
    let state = old.map_or(State::Pending, |old| old.state);
    let new = Membership { role, state, public: old.is_some_and(|old| old.public) };
    world.members.insert((call.org, user), new);
    Ok(Reply::json(200, show(world, call, user, new)))
}

fn only_owner(world: &World, call: &Call) -> bool {
    let is_owner = |((org, _), it): &(&(i64, i64), &Membership)| {
        *org == call.org && it.role == Role::Admin && it.state == State::Active
    };
    world.members.iter().filter(is_owner).count() <= 1
}

/// Ends a membership or takes back an invitation; whoever goes leaves all teams.
fn remove(world: &mut World, call: &Call) -> Answer {
    let (user, found) = membership(world, call).ok_or_else(not_found)?;
    let is_self = matches!(call.who, Who::Token(_)) && world.actor(call) == user;
    if !is_self {
        world.may_in_org(call, Level::Write)?;
    }
    if found.role == Role::Admin && found.state == State::Active && only_owner(world, call) {
        return Err(refuse(403, "You can't remove the last owner."));
    }
    world.members.remove(&(call.org, user));
    let org = call.org;
    for team in world.teams.values_mut().filter(|team| team.org == org) {
        team.members.remove(&user);
    }
    Ok(Reply::empty(204))
}

fn show_invitation(world: &World, call: &Call, it: &Invitation) -> Value {
    json!({
        "id": it.id, "login": null, "email": it.email, "role": it.role, "created_at": stamp(it.created),
        "failed_at": null, "failed_reason": null, "inviter": simple(world, call, it.inviter), "team_count": 0,
        "node_id": super::accounts::node_id("OrganizationInvitation", it.id),
        "invitation_teams_url": format!("{}/organizations/{}/invitations/{}/teams", call.base, it.org, it.id),
        "invitation_source": "member",
    })
}

fn invitations(world: &mut World, call: &Call) -> Answer {
    world.may_in_org(call, Level::Read)?;
    let all: Vec<&Invitation> = world.invitations.values().filter(|it| it.org == call.org).collect();
    Ok(list(world, call, &all, |it| show_invitation(world, call, it)))
}

fn invite(world: &mut World, call: &Call) -> Answer {
    world.may_in_org(call, Level::Write)?;
    let fields = call.fields()?;
    if fields.contains_key("invitee_id") || fields.contains_key("team_ids") {
        return Err(super::reply::not_modelled());
    }
    let email = text(&fields, "email").ok_or_else(|| super::reply::missing("email"))?.to_owned();
    let role = text(&fields, "role").unwrap_or("direct_member");
    let roles = ["admin", "direct_member", "billing_manager", "reinstate"];
    if !roles.contains(&role) {
        return Err(malformed(&format!("{role} is not a member of {roles:?}.")));
    }
    if world.invitations.values().any(|it| it.org == call.org && it.email.eq_ignore_ascii_case(&email)) {
        let message = "Invitee is already a part of this organization";
        let error = json!({ "resource": "OrganizationInvitation", "code": "unprocessable", "field": "data", "message": message });
        return Err(invalid(vec![error]));
    }
    let (id, inviter) = (world.next_id(), world.actor(call));
    let made = Invitation { id, org: call.org, email, role: role.to_owned(), inviter, created: call.now };
    world.invitations.insert(id, made.clone());
    Ok(Reply::json(201, show_invitation(world, call, &made)))
}

fn cancel(world: &mut World, call: &Call) -> Answer {
    world.may_in_org(call, Level::Write)?;
    let id = call.id("invitation_id");
    world.invitations.get(&id).filter(|it| it.org == call.org).ok_or_else(not_found)?;
    world.invitations.remove(&id);
    Ok(Reply::empty(204))
}

/// None lapses here.
fn failed(world: &mut World, call: &Call) -> Answer {
    world.may_in_org(call, Level::Read)?;
    Ok(list(world, call, &[] as &[i64], |_| Value::Null))
}
