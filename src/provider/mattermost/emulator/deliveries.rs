//! Deliveries to incoming webhooks, by whoever knows the identifier of one.

use serde_json::{Map, Value};

use super::attachments;
use super::bodies::{Fields, first};
use super::call::Call;
use super::hook_table::IncomingHook;
use super::incoming_hooks::{hook, may_override};
use super::place_refusals::unknown_channel;
use super::places::Channel;
use super::post_table::Post;
use super::posts::LONGEST_MESSAGE;
use super::reply::{Answer, Refusal, Reply, not_modelled, refuse};
use super::routes::{Route, open};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[open("POST", "/hooks/{hook_id}", deliver)];

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
    let first_said = |told: String, otherwise: &str| if told.is_empty() { otherwise.to_owned() } else { told };
    if may_override(world, "EnablePostUsernameOverride") {
        let name = first_said(first_said(payload.username, &hook.username), "webhook");
        props.insert("override_username".to_owned(), name.into());
    }
    if may_override(world, "EnablePostIconOverride") {
        for (key, value) in [
            ("override_icon_url", first_said(payload.icon_url, &hook.icon_url)),
            ("override_icon_emoji", payload.icon_emoji),
        ] {
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
            create_at: if n == 0 { call.now } else { world.moment_later() },
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
