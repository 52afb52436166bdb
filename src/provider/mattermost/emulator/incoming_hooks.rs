//! Incoming webhooks: kept for a channel.

use serde_json::{Value, json};

use super::bodies::WrongKind;
use super::call::Call;
use super::hook_table::IncomingHook;
use super::paging::Page;
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, refuse};
use super::routes::{Route, route};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v4/hooks/incoming", list),
    route("POST", "/api/v4/hooks/incoming", create),
    route("GET", "/api/v4/hooks/incoming/{hook_id}", get),
    route("PUT", "/api/v4/hooks/incoming/{hook_id}", update),
    route("DELETE", "/api/v4/hooks/incoming/{hook_id}", delete),
];

const OWN: &str = "manage_own_incoming_webhooks";
const OTHERS: &str = "manage_others_incoming_webhooks";

fn show(hook: &IncomingHook) -> Value {
    json!({
        "id": hook.id,
        "create_at": hook.create_at,
        "update_at": hook.update_at,
        "delete_at": 0,
        "user_id": hook.user_id,
        "channel_id": hook.channel_id,
        "team_id": hook.team_id,
        "display_name": hook.display_name,
        "description": hook.description,
        "username": hook.username,
        "icon_url": hook.icon_url,
        "channel_locked": hook.channel_locked,
    })
}

fn require_enabled(world: &World) -> Result<(), Refusal> {
    if world.config.is_on("ServiceSettings", "EnableIncomingWebhooks") {
        return Ok(());
    }
    let message = "Incoming webhooks have been disabled by the system admin.";
    Err(refuse(501, "api.incoming_webhook.disabled.app_error", message))
}

pub(super) fn hook(world: &World, id: &str) -> Result<IncomingHook, Refusal> {
    require_enabled(world)?;
    let hook = world.incoming_hooks.iter().find(|hook| hook.id == id).cloned();
    hook.ok_or_else(|| refuse(404, "app.webhooks.get_incoming.app_error", "Unable to get the webhook."))
}

/// What a body says of a webhook.
fn read(call: &Call) -> Result<IncomingHook, Refusal> {
    let invalid = || invalid_body("incoming_webhook");
    let fields = call.fields()?.ok_or_else(invalid)?;
    let text = |name| fields.text_or_empty(name).map_err(|_: WrongKind| invalid());
    Ok(IncomingHook {
        id: text("id")?,
        user_id: text("user_id")?,
        channel_id: text("channel_id")?,
        team_id: text("team_id")?,
        display_name: text("display_name")?,
        description: text("description")?,
        username: text("username")?,
        icon_url: text("icon_url")?,
        channel_locked: fields.flag("channel_locked").map_err(|_| invalid())?.unwrap_or(false),
        ..IncomingHook::default()
    })
}

/// Refuses texts that are too long to be stored.
fn check(hook: &IncomingHook) -> Result<(), Refusal> {
    let limits = [
        (&hook.display_name, 64, "model.incoming_hook.display_name.app_error", "Invalid title."),
        (&hook.description, 500, "model.incoming_hook.description.app_error", "Invalid description."),
        (&hook.username, 64, "model.incoming_hook.username.app_error", "Invalid username."),
        (&hook.icon_url, 1024, "model.incoming_hook.icon_url.app_error", "Invalid post icon."),
    ];
    for (text, most, id, message) in limits {
        if text.len() > most {
            return Err(refuse(400, id, message));
        }
    }
    Ok(())
}

pub(super) fn may_override(world: &World, setting: &str) -> bool {
    world.config.is_on("ServiceSettings", setting)
}

fn create(world: &mut World, call: &Call) -> Answer {
    let mut hook = read(call)?;
    let channel = world.channel(&hook.channel_id)?.clone();
    world.require_in_team(call, &channel.team_id, OWN)?;
    if !world.may_read_channel(call.caller(), &channel.id) {
        return Err(forbidden());
    }
    if hook.user_id.is_empty() || hook.user_id == call.caller() {
        hook.user_id = call.caller().to_owned();
    } else {
        world.require_in_team(call, &channel.team_id, OTHERS)?;
        world.account(&hook.user_id)?;
    }
    if !world.may_in_team(call.caller(), &channel.team_id, "bypass_incoming_webhook_channel_lock") {
        hook.channel_locked = true;
    }
    require_enabled(world)?;
    if !may_override(world, "EnablePostUsernameOverride") {
        hook.username.clear();
    }
    if !may_override(world, "EnablePostIconOverride") {
        hook.icon_url.clear();
    }
    if !hook.id.is_empty() {
        let message = "You cannot overwrite an existing IncomingWebhook.";
        return Err(refuse(400, "app.webhooks.save_incoming.existing.app_error", message));
    }
    check(&hook)?;
    let hook =
        IncomingHook { id: world.new_id(), create_at: call.now, update_at: call.now, team_id: channel.team_id, ..hook };
    world.incoming_hooks.push(hook.clone());
    Ok(Reply::json(201, show(&hook)))
}

/// The hooks that the caller may see, her own or all, of one team or of every one.
fn list(world: &mut World, call: &Call) -> Answer {
    let team_id = call.ask("team_id");
    let may = |permission| match team_id {
        "" => world.may(call.caller(), permission),
        team_id => world.may_in_team(call.caller(), team_id, permission),
    };
    if !may(OWN) {
        return Err(forbidden());
    }
    let sees_all = may(OTHERS);
    let is_listed = |hook: &&IncomingHook| {
        (team_id.is_empty() || hook.team_id == team_id) && (sees_all || hook.user_id == call.caller())
    };
    require_enabled(world)?;
    let hooks: Vec<&IncomingHook> = world.incoming_hooks.iter().filter(is_listed).collect();
    let shown: Vec<Value> = Page::of(call).cut(&hooks).iter().map(|hook| show(hook)).collect();
    let body = match call.asks("include_total_count") {
        true => json!({ "incoming_webhooks": shown, "total_count": hooks.len() }),
        false => Value::Array(shown),
    };
    Ok(Reply::json(200, body))
}

/// Refuses a caller who may not look at a hook: at her own in a channel that is closed to her, at another's at all.
fn require_hook(world: &World, call: &Call, hook: &IncomingHook) -> Result<(), Refusal> {
    let channel = world.channel(&hook.channel_id)?;
    if channel.kind != "O" && !world.may_read_channel(call.caller(), &channel.id) {
        return Err(forbidden());
    }
    world.require_in_team(call, &hook.team_id, OWN)?;
    if call.caller() == hook.user_id { Ok(()) } else { world.require_in_team(call, &hook.team_id, OTHERS) }
}

fn get(world: &mut World, call: &Call) -> Answer {
    let hook = hook(world, call.id("hook_id")?)?;
    require_hook(world, call, &hook)?;
    Ok(Reply::json(200, show(&hook)))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let hook = hook(world, call.id("hook_id")?)?;
    require_hook(world, call, &hook)?;
    world.incoming_hooks.retain(|known| known.id != hook.id);
    Ok(Reply::ok())
}

/// The whole update: what is missing is emptied, the lock to the channel is taken off.
fn update(world: &mut World, call: &Call) -> Answer {
    let id = call.id("hook_id")?;
    let told = read(call)?;
    if told.id != id {
        return Err(invalid_body("hook_id"));
    }
    let old = hook(world, id)?;
    if !told.team_id.is_empty() && told.team_id != old.team_id {
        let message = "Unable to update webhook across teams.";
        return Err(refuse(400, "api.webhook.team_mismatch.app_error", message));
    }
    let channel = world.channel(&told.channel_id)?.clone();
    if channel.team_id != old.team_id {
        return Err(invalid_body("channel_id"));
    }
    world.require_in_team(call, &channel.team_id, OWN)?;
    if call.caller() != old.user_id {
        world.require_in_team(call, &channel.team_id, OTHERS)?;
    }
    if channel.kind != "O" && !world.may_read_channel(call.caller(), &channel.id) {
        return Err(forbidden());
    }
    let may_leave = world.may_in_team(call.caller(), &channel.team_id, "bypass_incoming_webhook_channel_lock");
    let overrides = |setting| may_override(world, setting);
    let hook = IncomingHook {
        username: if overrides("EnablePostUsernameOverride") { told.username } else { old.username.clone() },
        icon_url: if overrides("EnablePostIconOverride") { told.icon_url } else { old.icon_url.clone() },
        channel_locked: told.channel_locked || !may_leave,
        channel_id: channel.id,
        display_name: told.display_name,
        description: told.description,
        update_at: call.now,
        ..old
    };
    if let Some(stored) = world.incoming_hooks.iter_mut().find(|known| known.id == hook.id) {
        *stored = hook.clone();
    }
    Ok(Reply::json(201, show(&hook)))
}
