//! Posts as the server stores them.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::world::World;

/// How long the server remembers what a client called a post before it had an identifier.
const PENDING_LENGTH: i64 = 30_000;

/// A message in a channel, of somebody or of the server in somebody's name.
#[derive(Debug, Clone, Default)]
pub(super) struct Post {
    pub(super) id: String,
    pub(super) create_at: i64,
    pub(super) update_at: i64,
    /// 0 until the message or its attachments are changed.
    pub(super) edit_at: i64,
    pub(super) delete_at: i64,
    pub(super) is_pinned: bool,
    pub(super) user_id: String,
    pub(super) channel_id: String,
    /// The post that this one answers; empty for one that begins a thread.
    pub(super) root_id: String,
    pub(super) message: String,
    /// Empty for what people write, `system_…` for what the server writes.
    pub(super) kind: String,
    pub(super) props: Map<String, Value>,
    pub(super) hashtags: String,
}

/// All posts, in the order in which they were written.
#[derive(Debug, Default)]
pub(super) struct Posts {
    rows: IndexMap<String, Post>,
    /// The post that a client's own name for it led to, and until when that is remembered.
    pending: BTreeMap<String, (String, i64)>,
}

impl Posts {
    /// A post that is not deleted.
    pub(super) fn live(&self, id: &str) -> Option<&Post> {
        self.rows.get(id).filter(|post| post.delete_at == 0)
    }

    /// A post, deleted or not.
    pub(super) fn any(&self, id: &str) -> Option<&Post> {
        self.rows.get(id)
    }

    pub(super) fn edit(&mut self, id: &str) -> Option<&mut Post> {
        self.rows.get_mut(id)
    }

    /// The posts of a channel, the oldest first, with deleted ones.
    pub(super) fn of_channel(&self, channel_id: &str) -> Vec<&Post> {
        let mut posts: Vec<&Post> = self.rows.values().filter(|post| post.channel_id == channel_id).collect();
        posts.sort_by_key(|post| post.create_at);
        posts
    }

    /// How many answers a thread has.
    pub(super) fn replies(&self, root_id: &str) -> usize {
        self.rows.values().filter(|post| post.root_id == root_id && post.delete_at == 0).count()
    }

    /// Deletes a post and the answers to it.
    pub(super) fn delete(&mut self, id: &str, by: &str, now: i64) {
        for post in self.rows.values_mut().filter(|post| post.id == id || post.root_id == id) {
            post.delete_at = now;
            post.update_at = now;
            post.props.insert("deleteBy".to_owned(), by.into());
        }
    }

    /// Forgets a post and the answers to it.
    pub(super) fn forget(&mut self, id: &str) {
        self.rows.retain(|_, post| post.id != id && post.root_id != id);
    }

    /// Forgets every post of a channel.
    pub(super) fn forget_channel(&mut self, channel_id: &str) {
        self.rows.retain(|_, post| post.channel_id != channel_id);
    }

    /// Forgets every post of somebody.
    pub(super) fn forget_author(&mut self, user_id: &str) {
        self.rows.retain(|_, post| post.user_id != user_id);
    }

    /// The post that a client has already sent under this name of its own.
    pub(super) fn sent_before(&self, pending: &str, now: i64) -> Option<&str> {
        let (id, until) = self.pending.get(pending)?;
        (*until > now).then_some(id.as_str())
    }

    pub(super) fn remember(&mut self, pending: &str, id: &str, now: i64) {
        self.pending.insert(pending.to_owned(), (id.to_owned(), now + PENDING_LENGTH));
    }
}

impl Post {
    /// Whether it tells of somebody who came or went: such posts are not counted.
    fn is_of_coming_and_going(&self) -> bool {
        let kinds = [
            "system_join_leave",
            "system_add_remove",
            "system_join_channel",
            "system_leave_channel",
            "system_join_team",
            "system_leave_team",
            "system_add_to_channel",
            "system_remove_from_channel",
            "system_add_to_team",
            "system_remove_from_team",
        ];
        kinds.contains(&self.kind.as_str())
    }

    /// Whether the server wrote it.
    pub(super) fn is_of_the_server(&self) -> bool {
        self.kind.starts_with("system_")
    }
}

impl World {
    /// Stores a post and counts it in its channel. Whether it may be written has been decided.
    pub(super) fn store_post(&mut self, mut post: Post) -> Post {
        post.id = self.new_id();
        post.update_at = post.create_at;
        let counts = i64::from(!post.is_of_coming_and_going());
        if let Some(channel) = self.channels.get_mut(&post.channel_id) {
            channel.last_post_at = channel.last_post_at.max(post.create_at);
            channel.total_msg_count += counts;
            if post.root_id.is_empty() {
                channel.last_root_post_at = channel.last_root_post_at.max(post.create_at);
                channel.total_msg_count_root += counts;
            }
        }
        if let Some(root) = self.posts.edit(&post.root_id) {
            root.update_at = post.create_at;
        }
        self.posts.rows.insert(post.id.clone(), post.clone());
        post
    }
}
