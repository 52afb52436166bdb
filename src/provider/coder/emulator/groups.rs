//! Groups of a licensed server, from its source: nobody recorded them. `Everyone` has the organisation's identifier.

use serde_json::{Value, json};

use super::accounts::{Group, ORGANIZATION_DISPLAY_NAME, ORGANIZATION_NAME};
use super::bodies::{Kind, Shape};
use super::call::{Call, stamp, stamp_or_never};
use super::ids::parse_uuid;
use super::reply::{Answer, Refusal, Reply, denied, not_found, refuse, unlicensed};
use super::rights::Object;
use super::routes::{Route, route};
use super::rules::{Faults, is_group_name, is_shown_name};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v2/groups/{group}", by_id),
    route("PATCH", "/api/v2/groups/{group}", change),
    route("DELETE", "/api/v2/groups/{group}", delete),
    route("GET", "/api/v2/organizations/{organization}/groups", list),
    route("POST", "/api/v2/organizations/{organization}/groups", make),
    route("GET", "/api/v2/organizations/{organization}/groups/{groupName}", by_name),
];

/// The group that everybody of the organisation is in.
const EVERYONE: &str = "Everyone";
/// What a right that is missing when the database is written says here.
const INTERNAL: &str = "An internal server error occurred.";

const MAKE: Shape = Shape {
    name: "CreateGroupRequest",
    prefix: "",
    fields: &[
        ("name", Kind::Text),
        ("display_name", Kind::Text),
        ("avatar_url", Kind::Text),
        ("quota_allowance", Kind::Integer),
    ],
};

const CHANGE: Shape = Shape {
    name: "PatchGroupRequest",
    prefix: "",
    fields: &[
        ("add_users", Kind::Texts),
        ("remove_users", Kind::Texts),
        ("name", Kind::Text),
        ("display_name", Kind::Text),
        ("avatar_url", Kind::Text),
        ("quota_allowance", Kind::Integer),
    ],
};

fn may(world: &World, call: &Call, action: &str) -> bool {
    world.may(call, action, Object::organization("group"))
}

/// The licence comes before everything else, for reads too.
pub(super) fn licensed(world: &World) -> Result<(), Refusal> {
    if world.settings.has_groups { Ok(()) } else { Err(unlicensed("Template RBAC")) }
}

/// A group as the caller may see it: whoever may not read members sees how many there are, and none of them.
fn view(world: &World, call: &Call, id: &str) -> Value {
    let organization = &world.organization;
    let everyone = Group { name: EVERYONE.to_owned(), ..Group::default() };
    let group = organization.groups.get(id).unwrap_or(&everyone);
    let is_in = |user_id: &String| match id == organization.id {
        true => organization.members.contains_key(user_id),
        false => group.members.contains(user_id),
    };
    let members: Vec<_> = world.users.values().filter(|user| !user.is_deleted && is_in(&user.id)).collect();
    let sees = |user: &str| world.may(call, "read", Object::organization("group_member").of(user));
    let row = |user: &&super::accounts::User| {
        json!({
            "id": user.id,
            "username": user.username,
            "name": user.name,
            "email": user.email,
            "created_at": stamp(user.created_at),
            "updated_at": stamp(user.updated_at),
            "last_seen_at": stamp_or_never(user.last_seen_at),
            "status": user.status,
            "login_type": user.login_type,
        })
    };
    json!({
        "id": id,
        "name": group.name,
        "display_name": group.display_name,
        "organization_id": organization.id,
        "members": members.iter().filter(|user| sees(&user.id)).map(row).collect::<Vec<_>>(),
        "total_member_count": members.len(),
        "avatar_url": group.avatar_url,
        "quota_allowance": group.quota_allowance,
        "source": "user",
        "organization_name": ORGANIZATION_NAME,
        "organization_display_name": ORGANIZATION_DISPLAY_NAME,
    })
}

fn list(world: &mut World, call: &Call) -> Answer {
    licensed(world)?;
    world.in_organization(call)?;
    if !may(world, call, "read") {
        return Ok(Reply::ok(json!([])));
    }
    let ids = std::iter::once(&world.organization.id).chain(world.organization.groups.keys());
    Ok(Reply::ok(ids.map(|id| view(world, call, id)).collect()))
}

fn by_name(world: &mut World, call: &Call) -> Answer {
    licensed(world)?;
    world.in_organization(call)?;
    let name = call.param("groupName");
    let named = world.organization.groups.iter().find(|(_, group)| group.name == name).map(|(id, _)| id.clone());
    let id = named.or_else(|| (name == EVERYONE).then(|| world.organization.id.clone())).ok_or_else(not_found)?;
    if may(world, call, "read") { Ok(Reply::ok(view(world, call, &id))) } else { Err(not_found()) }
}

/// The group of the path.
fn meant(world: &World, call: &Call) -> Result<String, Refusal> {
    licensed(world)?;
    let id = call.id("group")?;
    let is_there = id == world.organization.id || world.organization.groups.contains_key(&id);
    if is_there && may(world, call, "read") { Ok(id) } else { Err(not_found()) }
}

fn by_id(world: &mut World, call: &Call) -> Answer {
    let id = meant(world, call)?;
    Ok(Reply::ok(view(world, call, &id)))
}

fn make(world: &mut World, call: &Call) -> Answer {
    licensed(world)?;
    world.in_organization(call)?;
    let body = call.fields(&MAKE)?;
    let (name, shown) = (body.text("name").to_owned(), body.text("display_name").to_owned());
    let mut faults = Faults::default();
    faults.required("name", &name, "group_name", is_group_name);
    faults.check(is_shown_name(&shown, 64), "display_name", "group_display_name", &shown);
    faults.end()?;
    if name == EVERYONE {
        let detail = format!("\"{EVERYONE}\" is a reserved group name");
        return Err(refuse(400, "Invalid group name.").field("name", detail));
    }
    if !may(world, call, "create") {
        return Err(denied(INTERNAL, "insert group"));
    }
    if world.organization.groups.values().any(|group| group.name == name) {
        let message = format!("A group named \"{name}\" already exists.");
        return Err(refuse(409, message).field("name", "Group names must be unique"));
    }
    let id = world.ids.uuid();
    let group = Group {
        name,
        display_name: shown,
        avatar_url: body.text("avatar_url").to_owned(),
        quota_allowance: body.get("quota_allowance").and_then(Value::as_i64).unwrap_or(0),
        ..Group::default()
    };
    world.organization.groups.insert(id.clone(), group);
    Ok(Reply::json(201, view(world, call, &id)))
}

fn change(world: &mut World, call: &Call) -> Answer {
    let id = meant(world, call)?;
    let body = call.fields(&CHANGE)?;
    let is_everyone = id == world.organization.id;
    let (add, remove) = (body.texts("add_users"), body.texts("remove_users"));
    let name = body.text("name").to_owned();
    if is_everyone && !name.is_empty() && name != EVERYONE {
        return Err(refuse(400, format!("Cannot rename the \"{EVERYONE}\" group!")));
    }
    if is_everyone && !body.text("display_name").is_empty() {
        return Err(refuse(400, format!("Cannot update the Display Name for the \"{EVERYONE}\" group!")));
    }
    if name == EVERYONE && !is_everyone {
        return Err(refuse(400, format!("\"{EVERYONE}\" is a reserved group name!")));
    }
    if is_everyone && !(add.is_empty() && remove.is_empty()) {
        return Err(refuse(403, format!("Cannot add or remove users from the \"{EVERYONE}\" group!")));
    }
    for user in add.iter().chain(&remove) {
        let user = parse_uuid(user).map_err(|_| refuse(400, format!("ID \"{user}\" must be a valid user UUID.")))?;
        if !world.organization.members.contains_key(&user) {
            let group = &world.organization.groups[&id].name;
            return Err(refuse(400, format!("User must be a member of organization \"{group}\"")));
        }
    }
    if !may(world, call, "update") {
        return Err(refuse(400, "Failed to add or remove non-existent group member"));
    }
    let is_taken = world.organization.groups.iter().any(|(other, group)| *other != id && group.name == name);
    if !name.is_empty() && is_taken {
        return Err(refuse(409, format!("A group with name \"{name}\" already exists.")));
    }
    let Some(group) = world.organization.groups.get_mut(&id) else {
        return Ok(Reply::ok(view(world, call, &id)));
    };
    if add.iter().any(|user| group.members.contains(user)) {
        return Err(refuse(400, "Cannot add the same user to a group twice!"));
    }
    group.members.extend(add);
    group.members.retain(|user| !remove.contains(user));
    if !name.is_empty() {
        group.name = name;
    }
    if let Some(shown) = body.maybe_text("display_name") {
        group.display_name = shown.to_owned();
    }
    if let Some(avatar) = body.maybe_text("avatar_url") {
        group.avatar_url = avatar.to_owned();
    }
    if let Some(quota) = body.get("quota_allowance").and_then(Value::as_i64) {
        group.quota_allowance = quota;
    }
    Ok(Reply::ok(view(world, call, &id)))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let id = meant(world, call)?;
    if id == world.organization.id {
        return Err(refuse(400, format!("\"{EVERYONE}\" is a reserved group and cannot be deleted!")));
    }
    if !may(world, call, "delete") {
        return Err(denied(INTERNAL, "delete group"));
    }
    world.organization.groups.remove(&id);
    Ok(Reply::message("Successfully deleted group!"))
}
