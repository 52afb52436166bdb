//! Outgoing webhooks: kept and shown. Nothing is sent from here.

use serde_json::{Value, json};

use super::bodies::WrongKind;
use super::call::Call;
use super::hook_table::OutgoingHook;
use super::ids::is_id;
use super::paging::Page;
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, refuse};
use super::routes::{Route, route};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v4/hooks/outgoing", list),
    route("POST", "/api/v4/hooks/outgoing", create),
    route("GET", "/api/v4/hooks/outgoing/{hook_id}", get),
    route("PUT", "/api/v4/hooks/outgoing/{hook_id}", update),
    route("DELETE", "/api/v4/hooks/outgoing/{hook_id}", delete),
    route("POST", "/api/v4/hooks/outgoing/{hook_id}/regen_token", renew),
];

const OWN: &str = "manage_own_outgoing_webhooks";
const OTHERS: &str = "manage_others_outgoing_webhooks";

fn show(hook: &OutgoingHook) -> Value {
    json!({
        "id": hook.id,
        "token": hook.token,
        "create_at": hook.create_at,
        "update_at": hook.update_at,
        "delete_at": 0,
        "creator_id": hook.creator_id,
        "channel_id": hook.channel_id,
        "team_id": hook.team_id,
        "trigger_words": hook.trigger_words,
        "trigger_when": hook.trigger_when,
        "callback_urls": hook.callback_urls,
        "display_name": hook.display_name,
        "description": hook.description,
        "content_type": hook.content_type,
        "username": hook.username,
        "icon_url": hook.icon_url,
    })
}

fn require_enabled(world: &World) -> Result<(), Refusal> {
    if world.config.is_on("ServiceSettings", "EnableOutgoingWebhooks") {
        return Ok(());
    }
    let message = "Outgoing webhooks have been disabled by the system admin.";
    Err(refuse(501, "api.outgoing_webhook.disabled.app_error", message))
}

fn hook(world: &World, id: &str) -> Result<OutgoingHook, Refusal> {
    require_enabled(world)?;
    let hook = world.outgoing_hooks.iter().find(|hook| hook.id == id).cloned();
    hook.ok_or_else(|| refuse(404, "app.webhooks.get_outgoing.app_error", "Unable to get the webhook."))
}

/// What a body says of a webhook.
fn read(call: &Call) -> Result<OutgoingHook, Refusal> {
    let invalid = || invalid_body("outgoing_webhook");
    let fields = call.fields()?.ok_or_else(invalid)?;
    let text = |name| fields.text_or_empty(name).map_err(|_: WrongKind| invalid());
    let list = |name| fields.list(name).map(Option::unwrap_or_default).map_err(|_: WrongKind| invalid());
    Ok(OutgoingHook {
        id: text("id")?,
        token: text("token")?,
        creator_id: text("creator_id")?,
        channel_id: text("channel_id")?,
        team_id: text("team_id")?,
        trigger_words: list("trigger_words")?,
        trigger_when: fields.whole("trigger_when").map_err(|_| invalid())?.unwrap_or(0),
        callback_urls: list("callback_urls")?,
        display_name: text("display_name")?,
        description: text("description")?,
        content_type: text("content_type")?,
        username: text("username")?,
        icon_url: text("icon_url")?,
        ..OutgoingHook::default()
    })
}

/// Refuses a webhook that cannot be stored.
fn check(hook: &OutgoingHook) -> Result<(), Refusal> {
    let invalid = |id, message: &str| Err(refuse(400, id, message));
    // The server measures lists as Go writes them: in brackets, separated by blanks.
    let length = |list: &[String]| list.join(" ").len() + 2;
    if !hook.channel_id.is_empty() && !is_id(&hook.channel_id) {
        return invalid("model.outgoing_hook.is_valid.channel_id.app_error", "Invalid channel id.");
    }
    if !is_id(&hook.team_id) {
        return invalid("model.outgoing_hook.is_valid.team_id.app_error", "Invalid team ID.");
    }
    if length(&hook.trigger_words) > 1024 {
        return invalid("model.outgoing_hook.is_valid.words.app_error", "Invalid trigger words.");
    }
    if hook.trigger_words.iter().any(String::is_empty) {
        return invalid("model.outgoing_hook.is_valid.trigger_words.app_error", "Invalid trigger words.");
    }
    if hook.callback_urls.is_empty() || length(&hook.callback_urls) > 1024 {
        return invalid("model.outgoing_hook.is_valid.callback.app_error", "Invalid callback URLs.");
    }
    let is_address = |text: &String| {
        url::Url::parse(text).is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host())
    };
    if !hook.callback_urls.iter().all(is_address) {
        let message = "Invalid callback URLs. Each must be a valid URL and start with http:// or https://.";
        return invalid("model.outgoing_hook.is_valid.url.app_error", message);
    }
    let limits = [
        (&hook.display_name, 64, "model.outgoing_hook.is_valid.display_name.app_error", "Invalid title."),
        (&hook.description, 500, "model.outgoing_hook.is_valid.description.app_error", "Invalid description."),
        (
            &hook.content_type,
            128,
            "model.outgoing_hook.is_valid.content_type.app_error",
            "Invalid value for content_type.",
        ),
        (&hook.username, 64, "model.outgoing_hook.username.app_error", "Invalid username."),
        (&hook.icon_url, 1024, "model.outgoing_hook.icon_url.app_error", "Invalid icon."),
    ];
    for (text, most, id, message) in limits {
        if text.len() > most {
            return invalid(id, message);
        }
    }
    if hook.trigger_when > 1 {
        let message = "Invalid value for content_type.";
        return invalid("model.outgoing_hook.is_valid.content_type.app_error", message);
    }
    Ok(())
}

/// Whether another webhook of the team answers to the same words at the same address.
fn overlaps(world: &World, hook: &OutgoingHook) -> bool {
    let share = |a: &[String], b: &[String]| a.iter().any(|text| b.contains(text));
    world.outgoing_hooks.iter().any(|other| {
        other.id != hook.id
            && other.team_id == hook.team_id
            && other.channel_id == hook.channel_id
            && share(&other.callback_urls, &hook.callback_urls)
            && share(&other.trigger_words, &hook.trigger_words)
    })
}

const OVERLAP: &str = "Outgoing webhooks from the same channel cannot have the same trigger words/callback URLs.";
const NO_TRIGGER: &str = "Either trigger_words or channel_id must be set.";

fn create(world: &mut World, call: &Call) -> Answer {
    let mut hook = read(call)?;
    world.require_in_team(call, &hook.team_id, OWN)?;
    if hook.creator_id.is_empty() {
        hook.creator_id = call.caller().to_owned();
    } else {
        world.require_in_team(call, &hook.team_id, OTHERS)?;
        world.account(&hook.creator_id)?;
    }
    require_enabled(world)?;
    if !hook.channel_id.is_empty() {
        let channel = world.channel(&hook.channel_id)?;
        if channel.kind != "O" {
            let message = "Outgoing webhooks have been disabled by the system admin.";
            return Err(refuse(403, "api.outgoing_webhook.disabled.app_error", message));
        }
        if channel.team_id != hook.team_id {
            let message = "Invalid permissions to create outgoing webhook.";
            return Err(refuse(403, "api.webhook.create_outgoing.permissions.app_error", message));
        }
    } else if hook.trigger_words.is_empty() {
        return Err(refuse(400, "api.webhook.create_outgoing.triggers.app_error", NO_TRIGGER));
    }
    if overlaps(world, &hook) {
        return Err(refuse(500, "api.webhook.create_outgoing.intersect.app_error", OVERLAP));
    }
    if !hook.id.is_empty() {
        let message = "You cannot overwrite an existing OutgoingWebhook.";
        return Err(refuse(400, "app.webhooks.save_outgoing.override.app_error", message));
    }
    let token = if hook.token.is_empty() { world.new_id() } else { hook.token.clone() };
    if token.len() != 26 {
        return Err(refuse(400, "model.outgoing_hook.is_valid.token.app_error", "Invalid token."));
    }
    check(&hook)?;
    let hook = OutgoingHook { id: world.new_id(), token, create_at: call.now, update_at: call.now, ..hook };
    world.outgoing_hooks.push(hook.clone());
    Ok(Reply::json(201, show(&hook)))
}

/// The hooks that the caller may see, her own or all, of one channel, of one team or of every one.
fn list(world: &mut World, call: &Call) -> Answer {
    let (channel_id, team_id) = (call.ask("channel_id"), call.ask("team_id"));
    let may = |permission| match (channel_id, team_id) {
        ("", "") => world.may(call.caller(), permission),
        ("", team_id) => world.may_in_team(call.caller(), team_id, permission),
        (channel_id, _) => world.may_in_channel(call.caller(), channel_id, permission),
    };
    if !may(OWN) {
        return Err(forbidden());
    }
    let sees_all = may(OTHERS);
    require_enabled(world)?;
    let is_listed = |hook: &&OutgoingHook| {
        let fits = match (channel_id, team_id) {
            ("", "") => true,
            ("", team_id) => hook.team_id == team_id,
            (channel_id, _) => hook.channel_id == channel_id,
        };
        fits && (sees_all || hook.creator_id == call.caller())
    };
    let hooks: Vec<&OutgoingHook> = world.outgoing_hooks.iter().filter(is_listed).collect();
    Ok(Reply::json(200, Page::of(call).cut(&hooks).iter().map(|hook| show(hook)).collect()))
}

/// The hook that the path names, if the caller may have to do with it.
fn allowed(world: &World, call: &Call) -> Result<OutgoingHook, Refusal> {
    let hook = hook(world, call.id("hook_id")?)?;
    world.require_in_team(call, &hook.team_id, OWN)?;
    if call.caller() != hook.creator_id {
        world.require_in_team(call, &hook.team_id, OTHERS)?;
    }
    Ok(hook)
}

fn get(world: &mut World, call: &Call) -> Answer {
    Ok(Reply::json(200, show(&allowed(world, call)?)))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let hook = allowed(world, call)?;
    world.outgoing_hooks.retain(|known| known.id != hook.id);
    Ok(Reply::ok())
}

fn renew(world: &mut World, call: &Call) -> Answer {
    let hook = OutgoingHook { token: world.new_id(), update_at: call.now, ..allowed(world, call)? };
    Ok(store(world, hook))
}

fn store(world: &mut World, hook: OutgoingHook) -> Reply {
    let shown = show(&hook);
    if let Some(stored) = world.outgoing_hooks.iter_mut().find(|known| known.id == hook.id) {
        *stored = hook;
    }
    Reply::json(200, shown)
}

/// The whole update: what is missing is emptied, the token too.
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
    world.require_in_team(call, &old.team_id, OWN)?;
    if call.caller() != old.creator_id {
        world.require_in_team(call, &old.team_id, OTHERS)?;
    }
    if !told.channel_id.is_empty() {
        let channel = world.channel(&told.channel_id)?;
        if channel.kind != "O" {
            let message = "Outgoing webhooks can only be created for public channels.";
            return Err(refuse(403, "api.webhook.create_outgoing.not_open.app_error", message));
        }
        if channel.team_id != old.team_id {
            let message = "Invalid permissions to create outgoing webhook.";
            return Err(refuse(403, "api.webhook.create_outgoing.permissions.app_error", message));
        }
    } else if told.trigger_words.is_empty() {
        return Err(refuse(500, "api.webhook.create_outgoing.triggers.app_error", NO_TRIGGER));
    }
    let hook = OutgoingHook {
        id: old.id,
        creator_id: old.creator_id,
        create_at: old.create_at,
        team_id: old.team_id,
        update_at: call.now,
        ..told
    };
    if overlaps(world, &hook) {
        return Err(refuse(400, "api.webhook.update_outgoing.intersect.app_error", OVERLAP));
    }
    Ok(store(world, hook))
}
