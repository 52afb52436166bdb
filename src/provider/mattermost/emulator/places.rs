//! Teams and channels as the server stores them, and who is in them.

/// A team. Its name stays taken when it is archived.
#[derive(Debug, Clone, Default)]
pub(super) struct Team {
    pub(super) id: String,
    pub(super) create_at: i64,
    pub(super) update_at: i64,
    /// 0 unless the team is archived.
    pub(super) delete_at: i64,
    pub(super) display_name: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) email: String,
    /// `O` or `I`.
    pub(super) kind: String,
    pub(super) company_name: String,
    pub(super) allowed_domains: String,
    pub(super) invite_id: String,
    pub(super) allow_open_invite: bool,
    pub(super) group_constrained: Option<bool>,
}

/// Somebody's membership of a team. The row outlives the membership: who left has a `delete_at`.
#[derive(Debug, Clone)]
pub(super) struct TeamRow {
    pub(super) team_id: String,
    pub(super) user_id: String,
    pub(super) delete_at: i64,
    pub(super) create_at: i64,
    /// Whether the scheme's role of a member is held; false only for guests, which need a licence.
    pub(super) is_user: bool,
    pub(super) is_admin: bool,
    /// Roles beyond those of the scheme, separated by blanks.
    pub(super) explicit_roles: String,
}

/// A channel of a team, or a conversation of people, which has no team.
#[derive(Debug, Clone, Default)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) create_at: i64,
    pub(super) update_at: i64,
    /// 0 unless the channel is archived.
    pub(super) delete_at: i64,
    pub(super) team_id: String,
    /// `O`, `P`, `D` or `G`.
    pub(super) kind: String,
    pub(super) display_name: String,
    pub(super) name: String,
    pub(super) header: String,
    pub(super) purpose: String,
    pub(super) creator_id: String,
    pub(super) last_post_at: i64,
    pub(super) last_root_post_at: i64,
    /// Posts, but for those that tell of who came and went.
    pub(super) total_msg_count: i64,
    pub(super) total_msg_count_root: i64,
    pub(super) group_constrained: Option<bool>,
}

/// Somebody's membership of a channel. Leaving deletes the row.
#[derive(Debug, Clone)]
pub(super) struct ChannelRow {
    pub(super) channel_id: String,
    pub(super) user_id: String,
    pub(super) is_user: bool,
    pub(super) is_admin: bool,
    /// Roles beyond those of the scheme, separated by blanks.
    pub(super) explicit_roles: String,
    pub(super) last_update_at: i64,
    pub(super) last_viewed_at: i64,
    pub(super) msg_count: i64,
    pub(super) msg_count_root: i64,
    pub(super) mention_count: i64,
    pub(super) mention_count_root: i64,
}

impl Channel {
    /// Whether it is a channel of a team, and no conversation.
    pub(super) fn is_of_a_team(&self) -> bool {
        self.kind != "D" && self.kind != "G"
    }
}

impl ChannelRow {
    /// The row of somebody who comes in.
    pub(super) fn new(channel_id: &str, user_id: &str, is_admin: bool, now: i64) -> Self {
        ChannelRow {
            channel_id: channel_id.to_owned(),
            user_id: user_id.to_owned(),
            is_user: true,
            is_admin,
            explicit_roles: String::new(),
            last_update_at: now,
            last_viewed_at: 0,
            msg_count: 0,
            msg_count_root: 0,
            mention_count: 0,
            mention_count_root: 0,
        }
    }
}
