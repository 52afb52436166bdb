//! The server itself: what it is, what it may, how it is configured.

use serde_json::{Map, Value, json};

use super::bodies::{Kind, Shape};
use super::call::{Call, stamp};
use super::reply::{Answer, Reply, forbidden};
use super::rights::Object;
use super::routes::{Route, open, route};
use super::tokens::CENTURY;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    open("GET", "/healthz", alive),
    open("GET", "/api/v2/buildinfo", build),
    open("GET", "/api/v2/entitlements", entitlements),
    route("GET", "/api/v2/deployment/config", config),
    route("GET", "/api/v2/debug/health", health),
    route("GET", "/api/v2/licenses", licenses),
    route("GET", "/api/v2/regions", regions),
    route("GET", "/api/v2/applications/host", wildcard),
    route("GET", "/api/v2/notifications/settings", notifications),
    route("PUT", "/api/v2/notifications/settings", pause),
];

/// The release that is imitated.
pub(super) const VERSION: &str = "v2.35.0-devel+db6e5a2a55";

/// What a licence could open.
const FEATURES: &str = "access_control advanced_template_scheduling ai_governance_user_limit aibridge appearance audit_log \
     boundary browser_only connection_log control_shared_ports custom_roles external_provisioner_daemons \
     external_token_encryption high_availability managed_agent_limit multiple_external_auth multiple_organizations scim \
     service_accounts task_batch_actions template_rbac user_limit user_role_management workspace_batch_actions \
     workspace_external_agent workspace_prebuilds workspace_proxy";

fn alive(_world: &mut World, _call: &Call) -> Answer {
    Ok(Reply::bytes(200, "text/plain; charset=utf-8", "OK"))
}

fn build(world: &mut World, call: &Call) -> Answer {
    Ok(Reply::ok(json!({
        "external_url": "https://github.com/coder/coder",
        "version": VERSION,
        "dashboard_url": call.base,
        "telemetry": false,
        "workspace_proxy": false,
        "agent_api_version": "1.0",
        "provisioner_api_version": "1.18",
        "upgrade_message": "",
        "deployment_id": world.deployment_id,
    })))
}

fn entitlements(world: &mut World, call: &Call) -> Answer {
    let mut features = Map::new();
    for name in FEATURES.split_whitespace() {
        features.insert(name.to_owned(), json!({ "entitlement": "not_entitled", "enabled": false }));
    }
    if world.settings.has_groups {
        features["template_rbac"] = json!({ "entitlement": "entitled", "enabled": true });
    }
    let active = world.users.values().filter(|user| !user.is_deleted && user.status == "active").count();
    features["user_limit"]["actual"] = active.into();
    Ok(Reply::ok(json!({
        "features": features,
        "warnings": [],
        "errors": [],
        "has_license": world.settings.has_groups,
        "trial": false,
        "require_telemetry": false,
        "refreshed_at": stamp(call.now),
    })))
}

/// The part of the configuration that tells how people sign in and what is limited.
fn config(world: &mut World, call: &Call) -> Answer {
    if !world.may(call, "read", Object::site("deployment_config")) {
        return Err(forbidden());
    }
    let mut config = json!({
        "access_url": call.base,
        "rate_limit": { "disable_all": false, "api": world.settings.rate_limit },
        "session_lifetime": {
            "default_duration": 86_400_000_000_000_i64,
            "refresh_default_duration": 2_592_000_000_000_000_i64,
            "default_token_lifetime": 604_800_000_000_000_i64,
            "max_token_lifetime": CENTURY,
            "max_admin_token_lifetime": 604_800_000_000_000_i64,
        },
        "allow_workspace_renames": Some(true).filter(|_| world.settings.allow_workspace_renames),
        "disable_password_auth": null,
    });
    if let Some(oidc) = &world.settings.oidc {
        config["oidc"] = json!({ "allow_signups": oidc.allow_signups, "issuer_url": oidc.issuer });
    }
    Ok(Reply::ok(json!({ "config": config })))
}

fn health(world: &mut World, call: &Call) -> Answer {
    if !world.may(call, "read", Object::site("debug_info")) {
        return Err(forbidden());
    }
    Err(super::reply::not_modelled())
}

fn licenses(_world: &mut World, _call: &Call) -> Answer {
    Ok(Reply::ok(json!([])))
}

fn regions(world: &mut World, call: &Call) -> Answer {
    let region = json!({
        "id": world.deployment_id,
        "name": "primary",
        "display_name": "Default",
        "icon_url": "/emojis/1f3e1.png",
        "healthy": true,
        "path_app_url": call.base,
        "wildcard_hostname": "",
    });
    Ok(Reply::ok(json!({ "regions": [region] })))
}

fn wildcard(_world: &mut World, _call: &Call) -> Answer {
    Ok(Reply::ok(json!({ "host": "" })))
}

const PAUSE: Shape = Shape { name: "NotificationsSettings", prefix: "", fields: &[("notifier_paused", Kind::Bool)] };

fn notifications(world: &mut World, _call: &Call) -> Answer {
    Ok(Reply::ok(json!({ "notifier_paused": world.notifier_paused })))
}

fn pause(world: &mut World, call: &Call) -> Answer {
    if !world.may(call, "update", Object::site("deployment_config")) {
        return Err(forbidden());
    }
    let wanted = call.fields(&PAUSE)?.flag("notifier_paused") == Some(true);
    if wanted == world.notifier_paused {
        return Ok(Reply::empty(304));
    }
    world.notifier_paused = wanted;
    let answer: Value = json!({ "notifier_paused": wanted });
    Ok(Reply::ok(answer))
}
