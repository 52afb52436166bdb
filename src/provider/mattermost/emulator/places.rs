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
    pub(super) total_msg_count: i64,
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
}
