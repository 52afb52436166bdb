//! The organisation, which without a licence is one and stays as it is.

use serde_json::{Value, json};

use super::accounts::{ORGANIZATION_DISPLAY_NAME, ORGANIZATION_NAME, Organization};
use super::call::{Call, stamp};
use super::ids::{NIL, parse_uuid};
use super::reply::{Answer, Refusal, Reply, not_found};
use super::rights::Object;
use super::routes::{Route, route};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v2/organizations", list),
    route("GET", "/api/v2/organizations/{organization}", one),
    route("GET", "/api/v2/organizations/{organization}/settings/idpsync/groups", group_sync),
    route("GET", "/api/v2/organizations/{organization}/settings/idpsync/roles", role_sync),
    route("GET", "/api/v2/settings/idpsync/organization", organization_sync),
];

impl Organization {
    pub(super) fn view(&self) -> Value {
        json!({
            "id": self.id,
            "name": ORGANIZATION_NAME,
            "display_name": ORGANIZATION_DISPLAY_NAME,
            "icon": "",
            "description": "Builtin default organization.",
            "created_at": stamp(self.created_at),
            "updated_at": stamp(self.created_at),
            "is_default": true,
            "default_org_member_roles": ["organization-workspace-access"],
        })
    }
}

impl World {
    /// Checks that the path names the organisation, by identifier, by name in any case, or as the default one, and that
    /// the caller may read it.
    pub(super) fn in_organization(&self, call: &Call) -> Result<(), Refusal> {
        let asked = call.param("organization");
        let id = parse_uuid(asked);
        let is_ours = asked == "default"
            || asked.eq_ignore_ascii_case(ORGANIZATION_NAME)
            || id.is_ok_and(|id| id == NIL || id == self.organization.id);
        let is_readable = self.may(call, "read", Object::organization("organization"));
        if is_ours && is_readable { Ok(()) } else { Err(not_found()) }
    }
}

fn list(world: &mut World, call: &Call) -> Answer {
    let is_readable = world.may(call, "read", Object::organization("organization"));
    let list: Vec<Value> = is_readable.then(|| world.organization.view()).into_iter().collect();
    Ok(Reply::ok(json!(list)))
}

fn one(world: &mut World, call: &Call) -> Answer {
    world.in_organization(call)?;
    Ok(Reply::ok(world.organization.view()))
}

fn group_sync(world: &mut World, call: &Call) -> Answer {
    sync_is_readable(world, call)?;
    Ok(Reply::ok(
        json!({ "field": world.settings.group_claim, "mapping": {}, "regex_filter": null, "auto_create_missing_groups": false }),
    ))
}

fn role_sync(world: &mut World, call: &Call) -> Answer {
    sync_is_readable(world, call)?;
    Ok(Reply::ok(json!({ "field": "", "mapping": {} })))
}

fn sync_is_readable(world: &World, call: &Call) -> Result<(), Refusal> {
    world.in_organization(call)?;
    let may = world.may(call, "read", Object::organization("idpsync_settings"));
    if may { Ok(()) } else { Err(super::reply::forbidden()) }
}

fn organization_sync(world: &mut World, call: &Call) -> Answer {
    if !world.may(call, "read", Object::site("idpsync_settings")) {
        return Err(super::reply::forbidden());
    }
    Ok(Reply::ok(json!({ "field": "", "mapping": {}, "organization_assign_default": true })))
}
