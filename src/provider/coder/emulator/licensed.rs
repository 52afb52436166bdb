//! Routes that need a licence, and say so: for reads too.

use super::call::Call;
use super::reply::{Answer, not_modelled, refuse, unlicensed};
use super::routes::{Route, route};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/api/v2/organizations", organizations),
    route("PATCH", "/api/v2/organizations/{organization}", organizations),
    route("DELETE", "/api/v2/organizations/{organization}", organizations),
    route("GET", "/api/v2/groups", groups),
    route("GET", "/api/v2/templates/{template}/acl", groups),
    route("PATCH", "/api/v2/templates/{template}/acl", groups),
    route("GET", "/api/v2/templates/{template}/acl/available", groups),
    route("POST", "/api/v2/organizations/{organization}/members/roles", roles),
    route("PUT", "/api/v2/organizations/{organization}/members/roles", roles),
    route("DELETE", "/api/v2/organizations/{organization}/members/roles/{roleName}", roles),
    route("GET", "/api/v2/organizations/{organization}/provisionerkeys", provisioners),
    route("POST", "/api/v2/organizations/{organization}/provisionerkeys", provisioners),
    route("GET", "/api/v2/workspaceproxies", proxies),
    route("POST", "/api/v2/workspaceproxies", proxies),
    route("GET", "/api/v2/connectionlog", connections),
    route("GET", "/api/v2/users/{user}/quiet-hours", quiet_hours),
    route("PUT", "/api/v2/users/{user}/quiet-hours", quiet_hours),
];

fn organizations(_world: &mut World, _call: &Call) -> Answer {
    Err(unlicensed("Multiple Organizations"))
}

/// What the licence opens beside the groups of the organisation is not imitated.
fn groups(world: &mut World, _call: &Call) -> Answer {
    super::groups::licensed(world)?;
    Err(not_modelled())
}

fn roles(_world: &mut World, _call: &Call) -> Answer {
    Err(unlicensed("Custom Roles"))
}

fn provisioners(_world: &mut World, _call: &Call) -> Answer {
    Err(unlicensed("External Provisioner Daemons"))
}

fn proxies(_world: &mut World, _call: &Call) -> Answer {
    Err(unlicensed("Workspace Proxy"))
}

fn connections(_world: &mut World, _call: &Call) -> Answer {
    Err(unlicensed("Connection Log"))
}

fn quiet_hours(_world: &mut World, _call: &Call) -> Answer {
    let feature = "Advanced template scheduling (and user quiet hours schedule)";
    Err(refuse(403, format!("{feature} is an Enterprise feature. Contact sales!")))
}
