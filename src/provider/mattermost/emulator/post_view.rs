//! How posts are shown.

use serde_json::{Map, Value, json};

use super::attachments;
use super::post_table::Post;
use super::world::World;

/// A post as JSON. `pending` is the name that its sender gave it, which only the answer to the sending shows.
pub(super) fn show_post(post: &Post, replies: usize, pending: &str) -> Value {
    json!({
        "id": post.id,
        "create_at": post.create_at,
        "update_at": post.update_at,
        "edit_at": post.edit_at,
        "delete_at": post.delete_at,
        "is_pinned": post.is_pinned,
        "user_id": post.user_id,
        "channel_id": post.channel_id,
        "root_id": post.root_id,
        "original_id": "",
        "message": post.message,
        "type": post.kind,
        "props": post.props,
        "hashtags": post.hashtags,
        "file_ids": [],
        "pending_post_id": pending,
        "remote_id": "",
        "reply_count": replies,
        "last_reply_at": 0,
        "participants": null,
        "metadata": metadata(post),
    })
}

/// What a client needs to draw a post, as far as it follows from the post itself.
fn metadata(post: &Post) -> Value {
    let has_attachments = post.props.get(attachments::KEY).and_then(Value::as_array).is_some_and(|a| !a.is_empty());
    if has_attachments { json!({ "embeds": [{ "type": "message_attachment" }] }) } else { json!({}) }
}

impl World {
    /// A post as it is shown by itself: with the number of answers in its thread.
    pub(super) fn show_single_post(&self, post: &Post, pending: &str) -> Value {
        let root = if post.root_id.is_empty() { &post.id } else { &post.root_id };
        show_post(post, self.posts.replies(root), pending)
    }
}

/// A list of posts: identifiers in order, and the posts by identifier with those of the threads that they belong to.
pub(super) fn show_list(order: &[&Post], all: &[&Post], next: &str, previous: &str) -> Value {
    let posts: Map<String, Value> =
        all.iter().chain(order).map(|post| (post.id.clone(), show_post(post, 0, ""))).collect();
    let order: Vec<&str> = order.iter().map(|post| post.id.as_str()).collect();
    json!({
        "order": order,
        "posts": posts,
        "next_post_id": next,
        "prev_post_id": previous,
        "first_inaccessible_post_time": 0,
    })
}

/// The words of a message that begin with `#`, as a search finds them.
pub(super) fn hashtags(message: &str) -> String {
    let trimmed = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '#' && c != '_').to_owned();
    let is_tag = |word: &String| {
        let mut inside = word.chars().skip(1);
        let begins = word.starts_with('#') && inside.next().is_some_and(char::is_alphabetic);
        let ends = word.chars().last().is_some_and(char::is_alphanumeric);
        begins
            && ends
            && word.chars().count() > 2
            && word.chars().skip(2).all(|c| c.is_alphanumeric() || "-_.".contains(c))
    };
    message.split_whitespace().map(trimmed).filter(is_tag).collect::<Vec<_>>().join(" ")
}
