//! Webhooks as the server stores them. Deleted ones are forgotten: no call shows them.

/// An address that takes messages for a channel from whoever knows its identifier.
#[derive(Debug, Clone, Default)]
pub(super) struct IncomingHook {
    pub(super) id: String,
    pub(super) create_at: i64,
    pub(super) update_at: i64,
    pub(super) user_id: String,
    pub(super) channel_id: String,
    pub(super) team_id: String,
    pub(super) display_name: String,
    pub(super) description: String,
    pub(super) username: String,
    pub(super) icon_url: String,
    pub(super) channel_locked: bool,
}

/// An order to tell another server of messages. It is kept and shown; nothing is sent.
#[derive(Debug, Clone, Default)]
pub(super) struct OutgoingHook {
    pub(super) id: String,
    pub(super) token: String,
    pub(super) create_at: i64,
    pub(super) update_at: i64,
    pub(super) creator_id: String,
    /// Empty for all public channels of the team.
    pub(super) channel_id: String,
    pub(super) team_id: String,
    pub(super) trigger_words: Vec<String>,
    pub(super) trigger_when: i64,
    pub(super) callback_urls: Vec<String>,
    pub(super) display_name: String,
    pub(super) description: String,
    pub(super) content_type: String,
    pub(super) username: String,
    pub(super) icon_url: String,
}
