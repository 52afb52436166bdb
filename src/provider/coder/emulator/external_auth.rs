//! External authentication: what templates ask of the owners of workspaces.

use serde_json::{Value, json};

use super::call::Call;
use super::reply::{Answer, Refusal, Reply, not_found, refuse};
use super::routes::{Route, route};
use super::settings::ExternalAuth;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v2/external-auth", list),
    route("GET", "/api/v2/external-auth/{externalauth}", one),
    route("DELETE", "/api/v2/external-auth/{externalauth}", unlink),
    route("GET", "/api/v2/templateversions/{templateversion}/external-auth", of_version),
];

fn is_linked(world: &World, user_id: &str, id: &str) -> bool {
    world.users.get(user_id).is_some_and(|user| user.external_auth.iter().any(|known| known == id))
}

fn icon(provider: &ExternalAuth) -> String {
    format!("/icon/{}.svg", provider.kind)
}

fn list(world: &mut World, call: &Call) -> Answer {
    let row = |provider: &ExternalAuth| {
        json!({
            "id": provider.id,
            "type": provider.kind,
            "device": false,
            "display_name": provider.display_name,
            "display_icon": icon(provider),
            "allow_refresh": true,
            "allow_validate": true,
            "supports_revocation": false,
            "code_challenge_methods_supported": ["S256"],
        })
    };
    let linked =
        world.settings.external_auth.iter().filter(|provider| is_linked(world, call.caller_id(), &provider.id));
    let links: Vec<Value> =
        linked.map(|provider| json!({ "provider_id": provider.id, "authenticated": true })).collect();
    let providers: Vec<Value> = world.settings.external_auth.iter().map(row).collect();
    Ok(Reply::ok(json!({ "providers": providers, "links": links })))
}

fn provider<'a>(world: &'a World, call: &Call) -> Result<&'a ExternalAuth, Refusal> {
    let id = call.param("externalauth");
    world.settings.external_auth.iter().find(|provider| provider.id == id).ok_or_else(not_found)
}

fn one(world: &mut World, call: &Call) -> Answer {
    let provider = provider(world, call)?;
    Ok(Reply::ok(json!({
        "authenticated": is_linked(world, call.caller_id(), &provider.id),
        "device": false,
        "display_name": provider.display_name,
        "supports_revocation": false,
        "user": null,
        "app_installable": false,
        "installations": [],
        "app_install_url": "",
    })))
}

fn unlink(world: &mut World, call: &Call) -> Answer {
    let id = provider(world, call)?.id.clone();
    if !is_linked(world, call.caller_id(), &id) {
        return Err(not_found());
    }
    if let Some(user) = world.users.get_mut(call.caller_id()) {
        user.external_auth.retain(|known| *known != id);
    }
    Ok(Reply::ok(json!({ "token_revoked": false })))
}

/// What a version asks of the caller.
fn of_version(world: &mut World, call: &Call) -> Answer {
    let version = world.version(call)?;
    if world.import_of(version)?.is_active() {
        return Err(refuse(425, "Template version job has not finished"));
    }
    let asked = version.formula.external_auth(&version.names());
    let rows = asked.into_iter().filter_map(|(id, is_optional)| {
        let provider = world.settings.external_auth.iter().find(|provider| provider.id == id)?;
        let mut row = json!({
            "id": provider.id,
            "type": provider.kind,
            "display_name": provider.display_name,
            "display_icon": icon(provider),
            "authenticate_url": format!("{}/external-auth/{}", call.base, provider.id),
            "authenticated": is_linked(world, call.caller_id(), &provider.id),
        });
        if is_optional {
            row["optional"] = true.into();
        }
        Some(row)
    });
    Ok(Reply::ok(rows.collect()))
}

impl World {
    /// Whether the owner of a new workspace has signed in to all that its version requires.
    pub(super) fn external_auth_is_there(&self, version_id: &str, owner_id: &str) -> Result<(), Refusal> {
        let version = self.versions.get(version_id).ok_or_else(not_found)?;
        let asked = version.formula.external_auth(&version.names());
        let missing: Vec<&ExternalAuth> = asked
            .iter()
            .filter(|(id, is_optional)| !is_optional && !is_linked(self, owner_id, id))
            .filter_map(|(id, _)| self.settings.external_auth.iter().find(|provider| provider.id == *id))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = missing.iter().map(|provider| provider.display_name.as_str()).collect();
        let detail = format!(
            "The workspace owner must authenticate with the following external auth providers: {}.",
            names.join(", ")
        );
        let refusal =
            refuse(403, "External authentication is required to create a workspace with this template.").detail(detail);
        Err(missing.iter().fold(refusal, |refusal, provider| refusal.field("external_auth", provider.id.as_str())))
    }
}
