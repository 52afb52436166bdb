//! Single reads, whole lists, and how an answer becomes a type.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::list::{Listing, PAGE};
use super::routes;
use super::wire::{ADMINISTRATOR, Bot, Channel, Member, ServerLimits, Team, TeamStats, Token, User, UserStats};
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Call, ReadDoor, Repeat};

/// Channels whose people are counted by one call: ids of 26 characters, far below the server's limit for a body.
const COUNTED_AT_ONCE: usize = 1000;

/// Everything that is read. Cannot write: it holds a door that lets only reading routes pass.
pub struct Api {
    door: ReadDoor,
}

impl Api {
    /// Reads through a door.
    pub fn new(door: ReadDoor) -> Self {
        Self { door }
    }

    /// Makes a call on a reading route.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn send(&self, call: &Call) -> Result<Answer, Failure> {
        self.door.send(call).await
    }

    /// Reads one object.
    ///
    /// # Errors
    /// As the table of errors says, and when the answer is not one JSON value: the server writes some errors behind the
    /// beginning of a success.
    pub async fn one<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Failure> {
        decode(call, &self.send(call).await?)
    }

    /// Reads one object that may be absent, by Mattermost's own word for it.
    ///
    /// # Errors
    /// As the table of errors says, but for what is gone.
    pub async fn maybe<T: DeserializeOwned>(&self, call: &Call) -> Result<Option<T>, Failure> {
        match self.one(call).await {
            Ok(found) => Ok(Some(found)),
            Err(failure) if failure.class == FailureClass::Gone => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Our own account.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses the token.
    pub async fn me(&self) -> Result<User, Failure> {
        self.one(&Call::get(routes::ME, &[], "read our own account")).await
    }

    /// Our own account, if it administers everything: to others Mattermost answers 200 and shows less, or nothing.
    ///
    /// # Errors
    /// Why nothing that is read proves an absence.
    pub async fn rights(&self) -> Result<User, Failure> {
        let me = self.me().await?;
        if me.is_administrator() {
            return Ok(me);
        }
        let said = format!("'{}' has the roles '{}', and '{ADMINISTRATOR}' is not among them", me.username, me.roles);
        Err(Failure::new(FailureClass::MissingRights, "check that our account is a system administrator", said)
            .help(format!("give it the role: mmctl roles system-admin {}; 'doctor' shows what is needed", me.username)))
    }

    /// All accounts: deactivated ones and bots too.
    pub async fn users(&self) -> Listing<User> {
        let call = Call::get(routes::USERS, &[], "list accounts");
        let total = || async {
            let call = Call::get(routes::USERS_STATS, &[], "count accounts")
                .query("include_deleted", "true")
                .query("include_bots", "true");
            self.one::<UserStats>(&call).await.map(|stats| stats.total_users_count)
        };
        let mut users = self.list::<User, _>(&call, total).await;
        if users.whole.is_ok() && users.items.values().any(User::is_masked) {
            users.whole = Err(masked("list accounts"));
        }
        users
    }

    /// Active accounts, in pages until one is short: for counting, not for proving.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn active_users(&self, doing: &str, filter: &[(&'static str, &str)]) -> Result<Vec<User>, Failure> {
        let mut all = Vec::new();
        for page in 0.. {
            let call = Call::get(routes::USERS, &[], doing).query("active", "true");
            let call = filter.iter().fold(call, |call, (name, value)| call.query(name, value));
            let found: Vec<User> = self.one(&call.query("page", page).query("per_page", PAGE)).await?;
            let is_last = found.len() < PAGE;
            all.extend(found);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// One account, by its id.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn user(&self, id: &str) -> Result<Option<User>, Failure> {
        self.maybe(&Call::get(routes::USER, &[id], format!("read account {id}"))).await
    }

    /// One account, by its name in lower case.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn user_named(&self, name: &str) -> Result<Option<User>, Failure> {
        self.maybe(&Call::get(routes::USER_NAMED, &[name], format!("read account '{name}'"))).await
    }

    /// The personal access tokens of an account.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn tokens(&self, user: &User) -> Result<Vec<Token>, Failure> {
        let doing = format!("list personal access tokens of '{}'", user.username);
        let mut all = Vec::new();
        for page in 0.. {
            let call = Call::get(routes::USER_TOKENS, &[&user.id], &doing).query("page", page).query("per_page", PAGE);
            let found: Vec<Token> = self.one(&call).await?;
            let is_last = found.len() < PAGE;
            all.extend(found);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// Bots, disabled ones too.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn bots(&self) -> Result<Vec<Bot>, Failure> {
        let mut all = Vec::new();
        for page in 0.. {
            let call = Call::get(routes::BOTS, &[], "list bots").query("include_deleted", "true");
            let found: Vec<Bot> = self.one(&call.query("page", page).query("per_page", PAGE)).await?;
            let is_last = found.len() < PAGE;
            all.extend(found);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// Limits of the server.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn limits(&self) -> Result<ServerLimits, Failure> {
        self.one(&Call::get(routes::LIMITS, &[], "read the server's limits")).await
    }

    /// All teams, archived ones too.
    pub async fn teams(&self) -> Listing<Team> {
        self.counted(&Call::get(routes::TEAMS, &[], "list teams"), "teams").await
    }

    /// One team, by its id.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn team(&self, id: &str) -> Result<Option<Team>, Failure> {
        self.maybe(&Call::get(routes::TEAM, &[id], format!("read team {id}"))).await
    }

    /// One team, by its name; archived ones too.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn team_named(&self, name: &str) -> Result<Option<Team>, Failure> {
        self.maybe(&Call::get(routes::TEAM_NAMED, &[name], format!("read team '{name}'"))).await
    }

    /// The people of a team that was seen in this cycle, by account; to an unknown one the server answers 200 with nothing.
    pub async fn team_members(&self, team: &Team) -> Listing<Member> {
        let call = Call::get(routes::TEAM_MEMBERS, &[&team.id], format!("list people of team '{}'", team.name));
        let total = || async {
            let doing = format!("count people of team '{}'", team.name);
            self.one::<TeamStats>(&Call::get(routes::TEAM_STATS, &[&team.id], doing))
                .await
                .map(|stats| stats.total_member_count)
        };
        self.list(&call, total).await
    }

    /// One person of a team; somebody who left is none.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn team_member(&self, team: &str, user: &str) -> Result<Option<Member>, Failure> {
        let call = Call::get(routes::TEAM_MEMBER, &[team, user], format!("look for account {user} in team {team}"));
        let found: Option<Member> = self.maybe(&call).await?;
        Ok(found.filter(|member| member.delete_at == 0))
    }

    /// All channels of all teams, archived ones too; conversations are not among them.
    pub async fn channels(&self) -> Listing<Channel> {
        let call = Call::get(routes::CHANNELS, &[], "list channels").query("include_deleted", "true");
        self.counted(&call, "channels").await
    }

    /// One channel, by its id.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn channel(&self, id: &str) -> Result<Option<Channel>, Failure> {
        self.maybe(&Call::get(routes::CHANNEL, &[id], format!("read channel {id}"))).await
    }

    /// One channel of a team, by its name; archived ones too, which stay invisible otherwise.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn channel_named(&self, team: &str, name: &str) -> Result<Option<Channel>, Failure> {
        let call = Call::get(routes::CHANNEL_NAMED, &[team, name], format!("read channel '{name}'"));
        self.maybe(&call.query("include_deleted", "true")).await
    }

    /// How many active accounts are in each of these channels. An id that the server does not know counts 0.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn channel_counts(&self, ids: &[&str]) -> Result<BTreeMap<String, usize>, Failure> {
        let mut counts = BTreeMap::new();
        for ids in ids.chunks(COUNTED_AT_ONCE) {
            let call = Call::new(Method::POST, routes::CHANNEL_COUNTS, &[], "count people of channels");
            let call = call.json(json!(ids)).repeat(Repeat::Safe);
            counts.extend(self.one::<BTreeMap<String, usize>>(&call).await?);
        }
        Ok(counts)
    }

    /// The accounts in a channel that was seen in this cycle. The server counts only the active ones (`active`), by
    /// another way than it lists them; the list of members itself has no order, so that its pages overlap.
    pub async fn channel_accounts(&self, channel: &Channel, active: usize) -> Listing<User> {
        let mut counted = active;
        let mut listing = Listing::failed(Failure::new(FailureClass::Later, "", ""));
        for round in 0..2 {
            listing = self.accounts_in(channel).await;
            let found = listing.items.values().filter(|user| user.is_active()).count();
            if listing.whole.is_err() {
                return listing;
            }
            if found == counted {
                listing.whole = Ok(format!("{found} active accounts of {counted}, by the channel's own count"));
                return listing;
            }
            let doing = format!("list people of channel '{}'", channel.name);
            let said =
                format!("the list does not settle: {found} active accounts were read and the server counts {counted}");
            listing.whole = Err(Failure::new(FailureClass::Later, doing, said)
                .help("nothing in it is deleted; the next cycle reads it again"));
            if round == 0 {
                // Somebody came or went between counting and listing.
                match self.channel_counts(&[&channel.id]).await {
                    Ok(counts) => counted = counts.get(&channel.id).copied().unwrap_or_default(),
                    Err(failure) => return Listing::failed(failure),
                }
            }
        }
        listing
    }

    async fn accounts_in(&self, channel: &Channel) -> Listing<User> {
        let doing = format!("list people of channel '{}'", channel.name);
        let mut items = BTreeMap::new();
        for page in 0.. {
            let call = Call::get(routes::USERS, &[], &doing).query("in_channel", &channel.id);
            let found: Result<Vec<User>, Failure> = self.one(&call.query("page", page).query("per_page", PAGE)).await;
            match found {
                Ok(found) => {
                    let is_last = found.len() < PAGE;
                    items.extend(found.into_iter().map(|user| (user.id.clone(), user)));
                    if is_last {
                        break;
                    }
                }
                Err(failure) => return Listing { items, whole: Err(failure) },
            }
        }
        Listing { items, whole: Ok(String::new()) }
    }

    /// One person of a channel.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn channel_member(&self, channel: &str, user: &str) -> Result<Option<Member>, Failure> {
        let doing = format!("look for account {user} in channel {channel}");
        self.maybe(&Call::get(routes::CHANNEL_MEMBER, &[channel, user], doing)).await
    }

    /// A part of the configuration, of which an administrator sees everything but secrets.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn config(&self) -> Result<Json, Failure> {
        self.one(&Call::get(routes::CONFIG, &[], "read the configuration")).await
    }
}

/// An answer as a type.
///
/// # Errors
/// When the body is not exactly one JSON value of this form.
pub fn decode<T: DeserializeOwned>(call: &Call, answer: &Answer) -> Result<T, Failure> {
    serde_json::from_slice(&answer.body).map_err(|error| odd(call, &error))
}

/// A body that is not what it should be: a failed read, whatever its status says.
pub(super) fn odd(call: &Call, error: &serde_json::Error) -> Failure {
    not_one_value(call, &format!("the answer cannot be read: {error}"))
}

/// As [`odd`], in words of ours.
pub(super) fn not_one_value(call: &Call, said: &str) -> Failure {
    Failure::new(FailureClass::Refused, &call.doing, said)
        .help("Mattermost writes some errors behind the beginning of a success; nothing is taken for gone by it")
}

/// Accounts whose sign-in is hidden from us.
pub fn masked(doing: &str) -> Failure {
    Failure::new(FailureClass::MissingRights, doing, "how accounts sign in is hidden from our account")
        .help("the account that owns the token must be a system administrator")
}
