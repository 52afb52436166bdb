//! The state of the imitated server, all of it behind one lock.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::accounts::{AccessToken, Bot, Session, User};
use super::config::Config;
use super::hook_table::{IncomingHook, OutgoingHook};
use super::ids::Ids;
use super::mail::Mail;
use super::places::{Channel, ChannelRow, Team, TeamRow};
use super::post_table::Posts;
use super::rate_limit::Limiter;
use super::reply::{Refusal, no_account};

/// A pair of identifiers: of a place and of somebody in it.
pub(super) type Pair = (String, String);

/// Everything the server knows. Tables are kept by identifier, those of memberships by place and person.
#[derive(Debug)]
pub(super) struct World {
    pub(super) config: Config,
    pub(super) users: BTreeMap<String, User>,
    /// By the identifier of their account.
    pub(super) bots: BTreeMap<String, Bot>,
    pub(super) tokens: Vec<AccessToken>,
    pub(super) sessions: Vec<Session>,
    pub(super) teams: BTreeMap<String, Team>,
    pub(super) team_rows: BTreeMap<Pair, TeamRow>,
    pub(super) channels: BTreeMap<String, Channel>,
    /// The server lists them without an order of its own: as they lie in the index of the table.
    pub(super) channel_rows: BTreeMap<Pair, ChannelRow>,
    pub(super) posts: Posts,
    /// In the order in which they were made, as the next.
    pub(super) incoming_hooks: Vec<IncomingHook>,
    pub(super) outgoing_hooks: Vec<OutgoingHook>,
    /// Secrets that count as expired until they are restored: a fault of the sandbox, not of the server.
    pub(super) expired_secrets: BTreeSet<String>,
    /// What was sent to people, the oldest first.
    pub(super) mails: Vec<Mail>,
    /// Built when the server starts, where `RateLimitSettings` say so.
    pub(super) limiter: Option<Limiter>,
    /// When the server was started.
    pub(super) started_at: i64,
    pub(super) is_licensed: bool,
    ids: Ids,
    request_ids: Ids,
    latest: i64,
}

impl World {
    /// A server without any account, in its default configuration.
    pub(super) fn empty() -> Self {
        World {
            config: Config::default(),
            users: BTreeMap::new(),
            bots: BTreeMap::new(),
            tokens: Vec::new(),
            sessions: Vec::new(),
            teams: BTreeMap::new(),
            team_rows: BTreeMap::new(),
            channels: BTreeMap::new(),
            channel_rows: BTreeMap::new(),
            posts: Posts::default(),
            incoming_hooks: Vec::new(),
            outgoing_hooks: Vec::new(),
            expired_secrets: BTreeSet::new(),
            mails: Vec::new(),
            limiter: None,
            started_at: 0,
            is_licensed: false,
            ids: Ids::seeded(1),
            request_ids: Ids::seeded(2),
            latest: 0,
        }
    }

    /// A new identifier or secret.
    pub(super) fn new_id(&mut self) -> String {
        self.ids.next()
    }

    /// The identifier of the next request. They have a sequence of their own, so that reads change no later identifier.
    pub(super) fn new_request_id(&mut self) -> String {
        self.request_ids.next()
    }

    /// The moment of a call in milliseconds: no two calls share one, so that what was later can be told by its time.
    pub(super) fn moment(&mut self, now: DateTime<Utc>) -> i64 {
        self.latest = now.timestamp_millis().max(self.latest + 1);
        self.latest
    }

    /// A moment after the one of the call: of what the server writes second.
    pub(super) fn moment_later(&mut self) -> i64 {
        self.latest += 1;
        self.latest
    }

    /// The account of an identifier, active or not.
    pub(super) fn account(&self, id: &str) -> Result<&User, Refusal> {
        self.users.get(id).ok_or_else(|| no_account().detail(format!("resource \"User\" not found, id: {id}")))
    }

    /// The account of a name in lower case, active or not.
    pub(super) fn user_by_name(&self, username: &str) -> Option<&User> {
        self.users.values().find(|user| user.username == username)
    }

    /// The account of an address in lower case, active or not.
    pub(super) fn user_by_email(&self, email: &str) -> Option<&User> {
        self.users.values().find(|user| user.email == email)
    }

    /// Somebody's live membership of a team.
    pub(super) fn team_member(&self, team_id: &str, user_id: &str) -> Option<&TeamRow> {
        let row = self.team_rows.get(&(team_id.to_owned(), user_id.to_owned()))?;
        (row.delete_at == 0).then_some(row)
    }

    /// Somebody's membership of a channel.
    pub(super) fn channel_member(&self, channel_id: &str, user_id: &str) -> Option<&ChannelRow> {
        self.channel_rows.get(&(channel_id.to_owned(), user_id.to_owned()))
    }

    pub(super) fn is_bot(&self, user_id: &str) -> bool {
        self.bots.contains_key(user_id)
    }

    /// Makes every secret that exists now count as expired.
    pub(super) fn expire_secrets(&mut self) {
        let sessions = self.sessions.iter().map(|session| session.token.clone());
        let tokens = self.tokens.iter().map(|token| token.secret.clone());
        self.expired_secrets = sessions.chain(tokens).collect();
    }
}
