//! Members of the organisation and their roles in it.

use serde_json::{Value, json};

use super::accounts::{Membership, ORGANIZATION_DISPLAY_NAME, ORGANIZATION_ROLES, User, display_name, extend};
use super::bodies::{Kind, Shape};
use super::call::{Call, stamp, stamp_or_never};
use super::reply::{Answer, Refusal, Reply, forbidden, not_found, refuse};
use super::rights::Object;
use super::routes::{Route, route};
use super::search::Page;
use super::user_reads::paged;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v2/organizations/{organization}/members", list),
    route("GET", "/api/v2/organizations/{organization}/paginated-members", pages),
    route("GET", "/api/v2/organizations/{organization}/members/roles", assignable),
    route("GET", "/api/v2/organizations/{organization}/members/{user}", one),
    route("POST", "/api/v2/organizations/{organization}/members/{user}", add),
    route("DELETE", "/api/v2/organizations/{organization}/members/{user}", remove),
    route("PUT", "/api/v2/organizations/{organization}/members/{user}/roles", roles),
    route("GET", "/api/v2/organizations/{organization}/members/{user}/workspace-quota", quota),
    route("GET", "/api/v2/users/roles", site_roles),
];

const ROLES: Shape = Shape { name: "UpdateRoles", prefix: "", fields: &[("roles", Kind::Texts)] };
const KIND: &str = "organization_member";

fn may(world: &World, call: &Call, action: &str, user_id: &str) -> bool {
    world.may(call, action, Object::organization(KIND).of(user_id))
}

/// The membership alone, as changes answer it.
fn bare(world: &World, user_id: &str, row: &Membership) -> Value {
    let role = |name: &String| {
        let shown = display_name(&ORGANIZATION_ROLES, name);
        json!({ "name": name, "display_name": shown, "organization_id": world.organization.id })
    };
    json!({
        "user_id": user_id,
        "organization_id": world.organization.id,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
        "roles": row.roles.iter().map(role).collect::<Vec<_>>(),
    })
}

/// The membership with what lists tell of the account.
fn full(world: &World, user: &User, row: &Membership) -> Value {
    let mut view = json!({ "username": user.username });
    for (field, text) in [("name", &user.name), ("avatar_url", &user.avatar_url)] {
        if !text.is_empty() {
            view[field] = text.as_str().into();
        }
    }
    let account = json!({
        "email": user.email,
        "status": user.status,
        "login_type": user.login_type,
        "last_seen_at": stamp_or_never(user.last_seen_at),
        "user_created_at": stamp(user.created_at),
        "user_updated_at": stamp(user.updated_at),
        "global_roles": user.shown_roles(),
        "has_ai_seat": false,
    });
    extend(&mut view, account);
    extend(&mut view, bare(world, &user.id, row));
    view
}

fn readable<'a>(world: &'a World, call: &Call, users: Vec<&'a User>) -> Vec<&'a User> {
    let is_seen =
        |user: &&User| world.organization.members.contains_key(&user.id) && may(world, call, "read", &user.id);
    users.into_iter().filter(is_seen).collect()
}

fn rows(world: &World, users: &[&User]) -> Vec<Value> {
    let row = |user: &&User| Some(full(world, user, world.organization.members.get(&user.id)?));
    users.iter().filter_map(row).collect()
}

fn list(world: &mut World, call: &Call) -> Answer {
    world.in_organization(call)?;
    let users = world.users.values().filter(|user| !user.is_deleted).collect();
    let users = readable(world, call, users);
    Ok(Reply::ok(json!(rows(world, &users))))
}

fn pages(world: &mut World, call: &Call) -> Answer {
    world.in_organization(call)?;
    let users = readable(world, call, world.search_users(call)?);
    let page = Page::read(call)?;
    let (users, count) = paged(world, users, &page);
    Ok(Reply::ok(json!({ "members": rows(world, &users), "count": count })))
}

/// The person of the path, who need not be a member.
fn person<'a>(world: &'a World, call: &Call) -> Result<&'a User, Refusal> {
    world.in_organization(call)?;
    world.account(call).map_err(|_| not_found())
}

/// The member of the path, whom members may read.
fn member<'a>(world: &'a World, call: &Call) -> Result<(&'a User, &'a Membership), Refusal> {
    world.in_organization(call)?;
    let asked = call.param("user");
    let user = match asked {
        "me" => world.users.get(call.caller_id()),
        asked => super::ids::parse_uuid(asked).map_or_else(|_| world.user_by_name(asked), |id| world.users.get(&id)),
    };
    let user = user.filter(|user| may(world, call, "read", &user.id)).ok_or_else(not_found)?;
    let row = world.organization.members.get(&user.id).ok_or_else(not_found)?;
    Ok((user, row))
}

fn one(world: &mut World, call: &Call) -> Answer {
    let (user, row) = member(world, call)?;
    Ok(Reply::ok(full(world, user, row)))
}

fn add(world: &mut World, call: &Call) -> Answer {
    let user = person(world, call)?;
    let (id, name) = (user.id.clone(), user.username.clone());
    if world.organization.members.contains_key(&id) {
        return Err(refuse(400, "User is already an organization member")
            .detail(format!("{name} is already a member of {ORGANIZATION_DISPLAY_NAME}")));
    }
    if !may(world, call, "create", &id) {
        return Err(not_found());
    }
    world.join(&id, call.now);
    let row = &world.organization.members[&id];
    Ok(Reply::ok(bare(world, &id, row)))
}

fn remove(world: &mut World, call: &Call) -> Answer {
    let id = member(world, call)?.0.id.clone();
    if id == call.caller_id() {
        return Err(refuse(400, "cannot remove self from an organization"));
    }
    if !may(world, call, "delete", &id) {
        return Err(not_found());
    }
    world.organization.members.remove(&id);
    world.organization.groups.values_mut().for_each(|group| {
        group.members.remove(&id);
    });
    Ok(Reply::empty(204))
}

fn roles(world: &mut World, call: &Call) -> Answer {
    let id = member(world, call)?.0.id.clone();
    let mut roles = call.fields(&ROLES)?.texts("roles");
    if id == call.caller_id() {
        return Err(refuse(400, "You cannot change your own organization roles.")
            .detail("Another user with the appropriate permissions must change your roles."));
    }
    if !world.may(call, "assign", Object::organization("assign_org_role")) {
        return Err(forbidden());
    }
    if let Some(unknown) = roles.iter().find(|role| !ORGANIZATION_ROLES.iter().any(|(known, _)| known == role)) {
        let organization = &world.organization.id;
        return Err(refuse(400, format!("\"{unknown}:{organization}\" is not a supported role")));
    }
    roles.sort();
    roles.dedup();
    if let Some(row) = world.organization.members.get_mut(&id) {
        row.roles = roles;
    }
    let row = &world.organization.members[&id];
    Ok(Reply::ok(bare(world, &id, row)))
}

fn assignable(world: &mut World, call: &Call) -> Answer {
    world.in_organization(call)?;
    let may = world.may(call, "assign", Object::organization("assign_org_role"));
    let row = |(name, shown): &(&str, &str)| {
        json!({
            "name": name,
            "organization_id": world.organization.id,
            "display_name": shown,
            "assignable": may,
            "built_in": true,
        })
    };
    Ok(Reply::ok(ORGANIZATION_ROLES.iter().map(row).collect()))
}

/// The site's roles, without the long lists of permissions behind each.
fn site_roles(world: &mut World, call: &Call) -> Answer {
    let is_owner = world.users.get(call.caller_id()).is_some_and(User::is_owner);
    let roles = super::accounts::SITE_ROLES.iter().filter(|(name, _)| *name != "member");
    let row = |(name, shown): &(&str, &str)| json!({ "name": name, "display_name": shown, "assignable": is_owner, "built_in": true });
    Ok(Reply::ok(roles.map(row).collect()))
}

fn quota(world: &mut World, call: &Call) -> Answer {
    member(world, call)?;
    Ok(Reply::ok(json!({ "credits_consumed": 0, "budget": -1 })))
}
