//! Posts: written, changed, deleted, read one by one.

use serde_json::{Map, Value};

use super::attachments;
use super::bodies::{Fields, WrongKind};
use super::call::Call;
use super::config::VERSION;
use super::post_table::Post;
use super::post_view::hashtags;
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, invalid_url, refuse};
use super::routes::{Route, route};
use super::world::World;

/// The longest message, in characters.
pub(super) const LONGEST_MESSAGE: usize = 16_383;

/// The longest properties, in characters of their JSON.
const LONGEST_PROPS: usize = 800_000;

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/api/v4/posts", create),
    route("GET", "/api/v4/posts/{post_id}", get),
    route("PUT", "/api/v4/posts/{post_id}", update),
    route("DELETE", "/api/v4/posts/{post_id}", delete),
    route("PUT", "/api/v4/posts/{post_id}/patch", patch),
];

fn invalid_param(name: &str) -> Refusal {
    refuse(400, "api.context.invalid_param.app_error", format!("Invalid {name} parameter."))
}

fn unknown_post() -> Refusal {
    refuse(404, "app.post.get.app_error", "Unable to get the post.")
}

/// A field that holds an object. `None` where it is not sent.
fn object(fields: &Fields, name: &str) -> Result<Option<Map<String, Value>>, Refusal> {
    let Some(value) = fields.get(name) else {
        return Ok(None);
    };
    value.as_object().cloned().map(Some).ok_or_else(|| invalid_body("post"))
}

/// Refuses a post that cannot be stored.
fn check(post: &Post) -> Result<(), Refusal> {
    let invalid = |id, message: &str| Err(refuse(400, id, message));
    if post.message.chars().count() > LONGEST_MESSAGE {
        let message = "Post Message property is longer than the maximum permitted length.";
        return invalid("model.post.is_valid.message_length.app_error", message);
    }
    if post.hashtags.chars().count() > 1000 {
        return invalid("model.post.is_valid.hashtags.app_error", "Invalid hashtags.");
    }
    let known = ["", "slack_attachment", "add_bot_teams_channels", "reminder", "me"];
    if !known.contains(&post.kind.as_str()) && !post.is_of_the_server() && !post.kind.starts_with("custom_") {
        return invalid("model.post.is_valid.type.app_error", "Invalid type.");
    }
    if Value::Object(post.props.clone()).to_string().chars().count() > LONGEST_PROPS {
        return invalid("model.post.is_valid.props.app_error", "Invalid props.");
    }
    Ok(())
}

impl World {
    /// Writes a post of somebody, once it is known that she may. What depends on the author is filled in.
    pub(super) fn write_post(&mut self, mut post: Post) -> Result<Post, Refusal> {
        if self.is_bot(&post.user_id) {
            post.props.insert("from_bot".to_owned(), "true".into());
        }
        self.check_root(&post)?;
        post.hashtags = hashtags(&post.message);
        attachments::normalise(&mut post.props);
        check(&post)?;
        Ok(self.store_post(post))
    }

    /// Refuses an answer to what is no beginning of a thread in the same channel.
    fn check_root(&self, post: &Post) -> Result<(), Refusal> {
        if post.root_id.is_empty() {
            return Ok(());
        }
        match self.posts.live(&post.root_id) {
            Some(root) if root.channel_id != post.channel_id => {
                let message = "Invalid ChannelId for RootId parameter.";
                Err(refuse(400, "api.post.create_post.channel_root_id.app_error", message))
            }
            Some(root) if root.root_id.is_empty() => Ok(()),
            _ => Err(refuse(400, "api.post.create_post.root_id.app_error", "Invalid RootId parameter.")),
        }
    }

    /// Whether somebody may read what is written in a channel.
    pub(super) fn may_read_channel(&self, user_id: &str, channel_id: &str) -> bool {
        let of_team = |permission| {
            let channel = self.channels.get(channel_id).filter(|channel| channel.kind == "O");
            channel.is_some_and(|channel| self.may_in_team(user_id, &channel.team_id, permission))
        };
        self.may_in_channel(user_id, channel_id, "read_channel_content") || of_team("read_public_channel")
    }

    /// Refuses who may not write into a channel, and everybody where there is none.
    fn require_writing(&self, call: &Call, channel_id: &str) -> Result<(), Refusal> {
        let in_public = self
            .channels
            .get(channel_id)
            .filter(|channel| channel.kind == "O")
            .is_some_and(|channel| self.may_in_team(call.caller(), &channel.team_id, "create_post_public"));
        if in_public { Ok(()) } else { self.require_in_channel(call, channel_id, "create_post") }
    }

    /// Who writes has seen all that was written before.
    fn see_channel(&mut self, channel_id: &str, user_id: &str) {
        let Some(channel) = self.channels.get(channel_id) else {
            return;
        };
        if let Some(row) = self.channel_rows.get_mut(&(channel_id.to_owned(), user_id.to_owned())) {
            row.last_viewed_at = channel.last_post_at;
            row.msg_count = channel.total_msg_count;
            row.msg_count_root = channel.total_msg_count_root;
            (row.mention_count, row.mention_count_root) = (0, 0);
        }
    }
}

fn create(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?.ok_or_else(|| invalid_body("post"))?;
    let text = |name| fields.text_or_empty(name).map_err(|_: WrongKind| invalid_body("post"));
    let (id, pending) = (text("id")?, text("pending_post_id")?);
    let create_at = fields.whole("create_at").map_err(|_| invalid_body("post"))?.unwrap_or(0);
    let post = Post {
        // Only an administrator's word on when it was written counts.
        create_at: if create_at != 0 && world.may(call.caller(), "manage_system") { create_at } else { call.now },
        user_id: call.caller().to_owned(),
        channel_id: text("channel_id")?,
        root_id: text("root_id")?,
        message: text("message")?,
        kind: text("type")?,
        props: object(&fields, "props")?.unwrap_or_default(),
        is_pinned: fields.flag("is_pinned").map_err(|_| invalid_body("post"))?.unwrap_or(false),
        ..Post::default()
    };
    world.require_writing(call, &post.channel_id)?;
    if post.is_of_the_server() {
        return Err(invalid_param("post.type"));
    }
    if world.channel(&post.channel_id)?.delete_at != 0 {
        let message = "Can not post to deleted channel.";
        return Err(refuse(400, "api.post.create_post.can_not_post_to_deleted.error", message));
    }
    if let Some(shown) = sent_before(world, call, &pending) {
        return Ok(Reply::json(201, shown));
    }
    if !id.is_empty() {
        world.check_root(&post)?;
        return Err(refuse(400, "app.post.save.existing.app_error", "You cannot update an existing Post."));
    }
    let post = world.write_post(post)?;
    if !pending.is_empty() {
        world.posts.remember(&pending, &post.id, call.now);
    }
    if !post.props.contains_key("from_webhook") && !post.props.contains_key("from_bot") {
        world.see_channel(&post.channel_id, call.caller());
    }
    Ok(Reply::json(201, world.show_single_post(&post, &pending)))
}

/// The post that the same sending has already made, as the store has it: without what is worked out for clients.
fn sent_before(world: &World, call: &Call, pending: &str) -> Option<Value> {
    let id = world.posts.sent_before(pending, call.now).filter(|_| !pending.is_empty())?;
    let post = world.posts.live(id)?;
    if !world.may_read_channel(call.caller(), &post.channel_id) {
        return None;
    }
    let mut shown = world.show_single_post(post, "");
    if let Some(shown) = shown.as_object_mut() {
        shown.remove("metadata");
    }
    Some(shown)
}

fn get(world: &mut World, call: &Call) -> Answer {
    let id = post_id(call)?;
    let with_deleted = call.asks("include_deleted");
    if with_deleted {
        world.require(call, "manage_system")?;
    }
    let post = if with_deleted { world.posts.any(id) } else { world.posts.live(id) }.ok_or_else(unknown_post)?;
    if !world.may_read_channel(call.caller(), &post.channel_id) {
        return Err(forbidden());
    }
    let tag = format!("{VERSION}.{}.{}", post.id, post.update_at);
    if call.header("if-none-match") == tag {
        return Ok(Reply::empty(304).header("etag", tag));
    }
    Ok(Reply::json(200, world.show_single_post(post, "")).header("etag", tag))
}

fn post_id(call: &Call) -> Result<&str, Refusal> {
    call.id("post_id").map_err(|_| invalid_url("post_id"))
}

/// What of a post is changed; `None` stays as it is.
struct Change {
    message: Option<String>,
    props: Option<Map<String, Value>>,
    is_pinned: Option<bool>,
}

impl Change {
    fn read(fields: &Fields) -> Result<Self, Refusal> {
        Ok(Change {
            message: fields.text("message").map_err(|_| invalid_body("post"))?,
            props: object(fields, "props")?,
            is_pinned: fields.flag("is_pinned").map_err(|_| invalid_body("post"))?,
        })
    }
}

/// The post that a change names. One that does not exist is forbidden.
fn original(world: &World, id: &str) -> Result<Post, Refusal> {
    world.posts.live(id).cloned().ok_or_else(forbidden)
}

/// The whole update: properties that are missing are emptied.
fn update(world: &mut World, call: &Call) -> Answer {
    let id = post_id(call)?;
    let fields = call.fields()?.ok_or_else(|| invalid_body("post"))?;
    let change = Change::read(&fields)?;
    if fields.text_or_empty("id").map_err(|_| invalid_body("post"))? != id {
        return Err(invalid_body("id"));
    }
    let post = original(world, id)?;
    world.require_in_channel(call, &post.channel_id, "edit_post")?;
    world.require_writing(call, &post.channel_id)?;
    if post.user_id != call.caller() {
        world.require_in_channel(call, &post.channel_id, "edit_others_posts")?;
    }
    let whole = Change {
        message: Some(change.message.unwrap_or_default()),
        props: Some(change.props.unwrap_or_default()),
        is_pinned: Some(change.is_pinned.unwrap_or(false)),
    };
    refuse_message_of_the_server(&post)?;
    refuse_archived(world, &post, "api.post.update_post.can_not_update_post_in_deleted.error")?;
    store_change(world, call, post, whole)
}

fn patch(world: &mut World, call: &Call) -> Answer {
    let id = post_id(call)?;
    let change = Change::read(&call.fields()?.ok_or_else(|| invalid_body("post"))?)?;
    let post = original(world, id)?;
    let permission = if post.user_id == call.caller() { "edit_post" } else { "edit_others_posts" };
    world.require_in_channel(call, &post.channel_id, permission)?;
    world.require_writing(call, &post.channel_id)?;
    refuse_archived(world, &post, "api.post.patch_post.can_not_update_post_in_deleted.error")?;
    store_change(world, call, post, change)
}

fn refuse_archived(world: &World, post: &Post, id: &'static str) -> Result<(), Refusal> {
    if world.channel(&post.channel_id)?.delete_at == 0 {
        return Ok(());
    }
    Err(refuse(400, id, "Can not update a post in a deleted channel."))
}

fn refuse_message_of_the_server(post: &Post) -> Result<(), Refusal> {
    if !post.is_of_the_server() {
        return Ok(());
    }
    Err(refuse(400, "api.post.update_post.system_message.app_error", "Unable to update system message."))
}

fn store_change(world: &mut World, call: &Call, old: Post, change: Change) -> Answer {
    refuse_message_of_the_server(&old)?;
    let mut post = old.clone();
    if let Some(message) = change.message.filter(|message| *message != old.message) {
        post.hashtags = hashtags(&message);
        post.message = message;
        post.edit_at = call.now;
    }
    if let Some(mut props) = change.props {
        attachments::normalise(&mut props);
        post.props = props;
    }
    if let Some(is_pinned) = change.is_pinned {
        post.is_pinned = is_pinned;
    }
    if post.props.get(attachments::KEY) != old.props.get(attachments::KEY) {
        post.edit_at = call.now;
    }
    check(&post)?;
    post.update_at = call.now;
    let shown = world.show_single_post(&post, "");
    if let Some(stored) = world.posts.edit(&post.id) {
        *stored = post;
    }
    Ok(Reply::json(200, shown))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let id = post_id(call)?;
    if call.asks("permanent") {
        let message = "Cannot delete post, ServiceSettings.EnableAPIPostDeletion is not enabled.";
        if !world.config.is_on("ServiceSettings", "EnableAPIPostDeletion") {
            return Err(refuse(501, "api.post.delete_post.not_enabled.app_error", message));
        }
        world.require(call, "manage_system")?;
        let post = world.posts.any(id).cloned().ok_or_else(unknown_post)?;
        world.posts.forget(&post.id);
        return Ok(Reply::ok());
    }
    let post = world.posts.live(id).cloned().ok_or_else(unknown_post)?;
    let permission = if post.user_id == call.caller() { "delete_post" } else { "delete_others_posts" };
    world.require_in_channel(call, &post.channel_id, permission)?;
    if world.channel(&post.channel_id)?.delete_at != 0 {
        let message = "Can not delete a post in a deleted channel.";
        return Err(refuse(400, "api.post.delete_post.can_not_delete_post_in_deleted.error", message));
    }
    world.posts.delete(&post.id, call.caller(), call.now);
    Ok(Reply::ok())
}
