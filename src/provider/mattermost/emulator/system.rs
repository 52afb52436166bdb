//! What the server says of itself: health, licence, limits, configuration; and what has no licence here.

use serde_json::{Map, Value, json};

use super::call::Call;
use super::config::VERSION;
use super::reply::{Answer, Reply, invalid_body, refuse};
use super::routes::{Route, open, route};
use super::user_table::{HARD_LIMIT, SOFT_LIMIT};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    open("GET", "/api/v4/system/ping", ping),
    open("GET", "/api/v4/license/client", license),
    open("GET", "/api/v4/config/client", client_config),
    route("GET", "/api/v4/config", config),
    route("PUT", "/api/v4/config/patch", patch_config),
    route("GET", "/api/v4/limits/server", limits),
    route("POST", "/api/v4/caches/invalidate", invalidate_caches),
    route("GET", "/api/v4/ldap/groups", directory_groups),
    route("GET", "/api/v4/groups", groups),
    route("GET", "/api/v4/schemes", schemes),
];

fn ping(_: &mut World, call: &Call) -> Answer {
    let mut status = json!({
        "ActiveSearchBackend": "database",
        "AndroidLatestVersion": "",
        "AndroidMinVersion": "",
        "IosLatestVersion": "",
        "IosMinVersion": "",
        "status": "OK",
    });
    if call.ask("get_server_status") == "true" {
        status["database_status"] = json!("OK");
        status["filestore_status"] = json!("OK");
    }
    Ok(Reply::json(200, status))
}

fn license(world: &mut World, call: &Call) -> Answer {
    match call.ask("format") {
        "old" => Ok(Reply::json(200, json!({ "IsLicensed": world.is_licensed.to_string() }))),
        "" => {
            let message = "New format for the client license is not supported yet. Please specify format=old in the query string.";
            Err(refuse(400, "api.license.client.old_format.app_error", message))
        }
        _ => Err(invalid_body("format")),
    }
}

/// Little to anybody, more to who has signed in; all values are texts.
fn client_config(world: &mut World, call: &Call) -> Answer {
    let config = &world.config;
    let shown = |section: &str, setting: &str| match config.get(section, setting) {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut values = Map::new();
    let mut put = |key: &str, value: String| {
        values.insert(key.to_owned(), value.into());
    };
    for key in ["Version", "BuildNumber"] {
        put(key, VERSION.to_owned());
    }
    put("BuildEnterpriseReady", "false".to_owned());
    for key in
        ["EnableSignUpWithOpenId", "EnableSignUpWithGoogle", "EnableSignUpWithOffice365", "EnableSaml", "EnableLdap"]
    {
        put(key, "false".to_owned());
    }
    let open = [
        ("EmailSettings", "EnableSignUpWithEmail"),
        ("EmailSettings", "EnableSignInWithEmail"),
        ("EmailSettings", "EnableSignInWithUsername"),
        ("TeamSettings", "EnableOpenServer"),
        ("TeamSettings", "EnableUserCreation"),
        ("TeamSettings", "SiteName"),
        ("ServiceSettings", "EnableBotAccountCreation"),
        ("ServiceSettings", "SiteURL"),
        ("LocalizationSettings", "DefaultClientLocale"),
    ];
    let signed_in = [
        ("ServiceSettings", "EnableUserAccessTokens"),
        ("ServiceSettings", "EnablePostUsernameOverride"),
        ("ServiceSettings", "EnablePostIconOverride"),
        ("ServiceSettings", "EnableIncomingWebhooks"),
        ("ServiceSettings", "EnableOutgoingWebhooks"),
        ("TeamSettings", "RestrictDirectMessage"),
        ("ServiceSettings", "ExperimentalEnableDefaultChannelLeaveJoinMessages"),
        ("EmailSettings", "RequireEmailVerification"),
    ];
    let more = if call.session.is_some() { &signed_in[..] } else { &[] };
    for (section, setting) in open.iter().chain(more) {
        put(setting, shown(section, setting));
    }
    if call.session.is_some() {
        put("MaxPostSize", "16383".to_owned());
    }
    put("NoAccounts", world.users.is_empty().to_string());
    Ok(Reply::json(200, values.into()))
}

fn config(world: &mut World, call: &Call) -> Answer {
    world.require(call, "sysconsole_read")?;
    let sections = if call.asks("remove_defaults") { world.config.changed() } else { world.config.sections().clone() };
    Ok(Reply::json(200, masked(sections)))
}

/// Secrets are shown as stars.
fn masked(mut sections: Map<String, Value>) -> Value {
    if let Some(secret) = sections.get_mut("GitLabSettings").and_then(|section| section.get_mut("Secret"))
        && secret.as_str().is_some_and(|secret| !secret.is_empty())
    {
        *secret = "*".repeat(32).into();
    }
    Value::Object(sections)
}

fn patch_config(world: &mut World, call: &Call) -> Answer {
    let sections: Map<String, Value> = call.json()?.ok_or_else(|| invalid_body("config"))?;
    if sections.values().any(|section| !section.is_object() && !section.is_null()) || !world.config.takes(&sections) {
        return Err(invalid_body("config"));
    }
    world.require(call, "sysconsole_write")?;
    let old = world.config.text("ServiceSettings", "SiteURL");
    let cleared = sections.get("ServiceSettings").and_then(|section| section.get("SiteURL")).and_then(Value::as_str);
    if !old.is_empty() && cleared == Some("") {
        let message = "Site URL cannot be cleared.";
        return Err(refuse(400, "api.config.update_config.clear_siteurl.app_error", message));
    }
    for (section, settings) in &sections {
        for (setting, value) in settings.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            world.config.set(section, setting, value.clone());
        }
    }
    Ok(Reply::json(200, masked(world.config.sections().clone())))
}

/// Zeros to who is no administrator, and no refusal.
fn limits(world: &mut World, call: &Call) -> Answer {
    let is_admin = world.may(call.caller(), "manage_system");
    let shown = |number: usize| if is_admin { number } else { 0 };
    let limit = |number: usize| if world.is_licensed { 0 } else { shown(number) };
    Ok(Reply::json(
        200,
        json!({
            "maxUsersLimit": limit(SOFT_LIMIT),
            "maxUsersHardLimit": limit(HARD_LIMIT),
            "activeUserCount": shown(world.active_people()),
            "singleChannelGuestCount": 0,
            "singleChannelGuestLimit": 0,
            "postHistoryLimit": 0,
            "lastAccessiblePostTime": 0,
        }),
    ))
}

/// From now on reads by identifier show what the database holds.
fn invalidate_caches(world: &mut World, call: &Call) -> Answer {
    world.require(call, "invalidate_caches")?;
    for user in world.users.values_mut() {
        user.update_at = user.stored_update_at();
    }
    Ok(Reply::ok())
}

fn directory_groups(world: &mut World, call: &Call) -> Answer {
    world.require(call, "sysconsole_read_user_management_groups")?;
    Err(refuse(501, "api.ldap_groups.license_error", "your license does not support ldap groups"))
}

fn groups(_: &mut World, _: &Call) -> Answer {
    Err(refuse(501, "api.license_error", "api endpoint requires a license"))
}

fn schemes(world: &mut World, call: &Call) -> Answer {
    world.require(call, "sysconsole_read_user_management_permissions")?;
    let message = "This API endpoint is not accessible as required migrations have not yet completed.";
    Err(refuse(501, "app.schemes.is_phase_2_migration_completed.not_completed.app_error", message))
}
