//! Incoming webhooks: kept for a channel, and called by whoever knows their identifier.

use serde_json::{Map, Value, json};

use super::attachments;
use super::bodies::{Fields, WrongKind, first};
use super::call::Call;
use super::hook_table::IncomingHook;
use super::paging::Page;
use super::place_refusals::unknown_channel;
use super::places::Channel;
use super::post_table::Post;
use super::posts::LONGEST_MESSAGE;
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, not_modelled, refuse};
use super::routes::{Route, open, route};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v4/hooks/incoming", list),
    route("POST", "/api/v4/hooks/incoming", create),
    route("GET", "/api/v4/hooks/incoming/{hook_id}", get),
    route("PUT", "/api/v4/hooks/incoming/{hook_id}", update),
    route("DELETE", "/api/v4/hooks/incoming/{hook_id}", delete),
    open("POST", "/hooks/{hook_id}", deliver),
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

fn hook(world: &World, id: &str) -> Result<IncomingHook, Refusal> {
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

fn may_override(world: &World, setting: &str) -> bool {
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

/// What a delivery carries.
struct Payload {
    text: String,
    username: String,
    icon_url: String,
    icon_emoji: String,
    channel: String,
    kind: String,
    props: Map<String, Value>,
    /// `None` where none were sent, which is not the same as an empty list.
    attachments: Option<Vec<Value>>,
}

impl Payload {
    fn read(body: &[u8]) -> Option<Self> {
        let fields: Fields = first(body)?;
        let text = |name| fields.text_or_empty(name).ok();
        let object = |name: &str| match fields.get(name) {
            None => Some(Map::new()),
            Some(value) => value.as_object().cloned(),
        };
        let attachments = match fields.get(attachments::KEY) {
            None => None,
            Some(value) => Some(value.as_array()?.clone()),
        };
        Some(Payload {
            text: text("text")?,
            username: text("username")?,
            icon_url: text("icon_url")?,
            icon_emoji: text("icon_emoji")?,
            channel: text("channel")?,
            kind: text("type")?,
            props: object("props")?,
            attachments,
        })
    }
}

/// A delivery. Whatever is wrong with it, the refusal says only that it could not be handled.
fn deliver(world: &mut World, call: &Call) -> Answer {
    let id = call.param("hook_id");
    let media_type = call.header("content-type").split(';').next().unwrap_or("").trim().to_lowercase();
    let told =
        |what: &str| format!("Failed to {what} the payload of media type {media_type} for incoming webhook {id}.");
    let payload = match media_type.as_str() {
        "application/x-www-form-urlencoded" => {
            let mut form = url::form_urlencoded::parse(&call.body);
            form.find(|(name, _)| name == "payload").and_then(|(_, text)| Payload::read(text.as_bytes()))
        }
        "multipart/form-data" => return Err(not_modelled()),
        _ => Payload::read(&call.body),
    };
    let Some(payload) = payload else {
        return Err(refuse(400, "web.incoming_webhook.decode.app_error", told("decode")));
    };
    match handle(world, call, id, payload) {
        Ok(()) => Ok(Reply::text(200, "text/plain", "ok")),
        Err(refusal) if refusal.is_not_modelled() => Err(refusal),
        Err(refusal) => Err(refuse(refusal.status, "web.incoming_webhook.general.app_error", told("handle"))),
    }
}

fn handle(world: &mut World, call: &Call, id: &str, payload: Payload) -> Result<(), Refusal> {
    let failed = |status| refuse(status, "", "");
    if !world.config.is_on("ServiceSettings", "EnableIncomingWebhooks") {
        return Err(failed(501));
    }
    if payload.text.is_empty() && payload.attachments.is_none() {
        return Err(failed(400));
    }
    let hook = hook(world, id).map_err(|_| failed(400))?;
    let channel = channel_of(world, &hook, &payload.channel)?.clone();
    if hook.channel_locked && hook.channel_id != channel.id {
        return Err(failed(403));
    }
    world.account(&hook.user_id).map_err(|_| failed(403))?;
    if channel.kind != "O" && !world.may_in_channel(&hook.user_id, &channel.id, "read_channel_content") {
        return Err(failed(403));
    }
    let attachments = payload.attachments.unwrap_or_default();
    let kind = if attachments.is_empty() { payload.kind } else { "slack_attachment".to_owned() };
    if kind.starts_with("system_") {
        return Err(failed(400));
    }
    let mut props = payload.props;
    for owned_by_the_server in ["override_username", "override_icon_url", "from_webhook", attachments::KEY] {
        props.remove(owned_by_the_server);
    }
    props.insert("webhook_display_name".to_owned(), hook.display_name.as_str().into());
    props.insert("from_webhook".to_owned(), "true".into());
    let or = |told: String, else_: &str| if told.is_empty() { else_.to_owned() } else { told };
    if may_override(world, "EnablePostUsernameOverride") {
        let name = or(or(payload.username, &hook.username), "webhook");
        props.insert("override_username".to_owned(), name.into());
    }
    if may_override(world, "EnablePostIconOverride") {
        for (key, value) in
            [("override_icon_url", or(payload.icon_url, &hook.icon_url)), ("override_icon_emoji", payload.icon_emoji)]
        {
            if !value.is_empty() {
                props.insert(key.to_owned(), value.into());
            }
        }
    }
    let texts = portions(&payload.text);
    let last = texts.len() - 1;
    for (n, message) in texts.into_iter().enumerate() {
        let mut props = props.clone();
        if n == last && !attachments.is_empty() {
            props.insert(attachments::KEY.to_owned(), attachments.clone().into());
        }
        let post = Post {
            create_at: if n == 0 { call.now } else { world.next_moment() },
            user_id: hook.user_id.clone(),
            channel_id: channel.id.clone(),
            message,
            kind: kind.clone(),
            props,
            ..Post::default()
        };
        world.write_post(post).map_err(|_| failed(500))?;
    }
    Ok(())
}

/// The channel that a delivery names, or the hook's own. Archived channels are not found by name.
fn channel_of<'w>(world: &'w World, hook: &IncomingHook, name: &str) -> Result<&'w Channel, Refusal> {
    if name.is_empty() {
        return world.channel(&hook.channel_id);
    }
    // A conversation with somebody.
    if name.starts_with('@') {
        return Err(not_modelled());
    }
    let found = world.channel_by_name(&hook.team_id, name.strip_prefix('#').unwrap_or(name));
    found.filter(|channel| channel.delete_at == 0).ok_or_else(|| unknown_channel(name))
}

/// A long text in the portions in which it is posted.
fn portions(text: &str) -> Vec<String> {
    let mut portions = Vec::new();
    let mut rest = text;
    while let Some((at, _)) = rest.char_indices().nth(LONGEST_MESSAGE) {
        portions.push(rest[..at].to_owned());
        rest = &rest[at..];
    }
    portions.push(rest.to_owned());
    portions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_at_characters() {
        assert_eq!(portions("").len(), 1);
        let lengths = |text: &str| portions(text).iter().map(|p| p.chars().count()).collect::<Vec<_>>();
        assert_eq!(lengths(&"ä".repeat(LONGEST_MESSAGE)), [LONGEST_MESSAGE]);
        assert_eq!(lengths(&"ä".repeat(LONGEST_MESSAGE + 2)), [LONGEST_MESSAGE, 2]);
    }
}
