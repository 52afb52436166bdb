//! One cycle's reading: in bulk, page by page, concurrently, and each scope with its proof.
//!
//! Ids of teams and channels are taken from this cycle's full lists only, because to an id that is gone the server
//! answers 200 with nothing; and a list counts only while our account is a system administrator before and after.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures::{StreamExt, join};

use crate::engine::model::{
    Completeness, Failure, FailureClass, Instance, KindName, KindSpec, Live, Observation, Scope, ScopeRule,
};
use crate::provider::contract::ObserveRequest;
use crate::provider::mattermost::api::wire::{Channel, Member, Team, User};
use crate::provider::mattermost::api::{Api, Listing};
use crate::provider::mattermost::names::DEFAULT_CHANNELS;
use crate::provider::mattermost::{convert, kinds};

/// Lists under way at once; the door bounds the calls.
const AT_ONCE: usize = 8;

/// Reads what is asked for. Kinds that are not ours are left out.
pub(super) async fn observe(
    api: &Api,
    instance: &Instance,
    at: DateTime<Utc>,
    request: &ObserveRequest,
) -> Vec<Observation> {
    if let Err(failure) = api.rights().await {
        return unseen(instance, at, request, &failure);
    }
    let cycle = Cycle { instance, at, request };
    let mut observations = cycle.read(api).await;
    if let Err(failure) = api.rights().await {
        for observation in &mut observations {
            if matches!(observation.completeness, Completeness::Complete(_)) {
                observation.completeness = Completeness::Incomplete(failure.clone());
            }
        }
    }
    observations.sort_by(|a, b| a.scope.cmp(&b.scope));
    observations
}

/// Everything that is asked for as incomplete, for one reason.
pub(super) fn unseen(
    instance: &Instance,
    at: DateTime<Utc>,
    request: &ObserveRequest,
    failure: &Failure,
) -> Vec<Observation> {
    let cycle = Cycle { instance, at, request };
    let mut observations: Vec<Observation> = cycle
        .scopes()
        .into_iter()
        .map(|scope| cycle.observation(scope, Completeness::Incomplete(failure.clone()), Vec::new()))
        .collect();
    observations.sort_by(|a, b| a.scope.cmp(&b.scope));
    observations
}

struct Cycle<'a> {
    instance: &'a Instance,
    at: DateTime<Utc>,
    request: &'a ObserveRequest,
}

/// The lists that everything else is looked up in.
struct Lists {
    users: Listing<User>,
    teams: Listing<Team>,
    channels: Listing<Channel>,
}

/// The same by name.
struct Places<'a> {
    lists: &'a Lists,
    teams: BTreeMap<&'a str, &'a Team>,
    channels: BTreeMap<(&'a str, &'a str), &'a Channel>,
}

impl<'a> Places<'a> {
    fn of(lists: &'a Lists) -> Self {
        let teams = lists.teams.items.values().map(|team| (team.name.as_str(), team)).collect();
        let channels = lists.channels.items.values();
        let channels = channels.map(|channel| ((channel.team_id.as_str(), channel.name.as_str()), channel)).collect();
        Self { lists, teams, channels }
    }

    fn team(&self, key: &str) -> Parent<'a, Team> {
        Parent::of(self.teams.get(key).copied(), &self.lists.teams.whole)
    }

    /// The channels of a team, by name.
    fn channels_of(&self, team: &'a Team) -> impl Iterator<Item = &'a Channel> {
        let team = team.id.as_str();
        self.channels.range((team, "")..).take_while(move |((of, _), _)| *of == team).map(|(_, channel)| *channel)
    }

    fn channel(&self, key: &str) -> Parent<'a, Channel> {
        let Some((team, name)) = key.rsplit_once('/') else { return Parent::Absent };
        match self.team(team) {
            Parent::Seen(team) => {
                Parent::of(self.channels.get(&(team.id.as_str(), name)).copied(), &self.lists.channels.whole)
            }
            Parent::Absent => Parent::Absent,
            Parent::Unknown(failure) => Parent::Unknown(failure),
        }
    }
}

/// Something that others lie in.
enum Parent<'a, T> {
    /// It is there.
    Seen(&'a T),
    /// It is proven absent, and so is everything in it.
    Absent,
    /// Neither is known.
    Unknown(Failure),
}

impl<'a, T> Parent<'a, T> {
    fn of(found: Option<&'a T>, whole: &Result<String, Failure>) -> Self {
        match (found, whole) {
            (Some(found), _) => Self::Seen(found),
            (None, Ok(_)) => Self::Absent,
            (None, Err(failure)) => Self::Unknown(failure.clone()),
        }
    }
}

impl Cycle<'_> {
    async fn read(&self, api: &Api) -> Vec<Observation> {
        let lists = self.lists(api).await;
        let mut observations = Vec::new();
        if self.wants(kinds::TEAM) {
            let live = lists.teams.items.values().map(|team| convert::team(self.instance, team)).collect();
            observations.push(self.observation(self.whole(kinds::TEAM), completeness(&lists.teams.whole), live));
        }
        if self.wants(kinds::USER) {
            // Accounts of another server are that server's business.
            let ours = lists.users.items.values().filter(|user| user.is_bot || user.is_person());
            let live = ours.map(|user| convert::user(self.instance, user)).collect();
            observations.push(self.observation(self.whole(kinds::USER), completeness(&lists.users.whole), live));
        }
        let places = Places::of(&lists);
        observations.extend(self.parents(kinds::CHANNEL).iter().map(|team| self.channels(&places, team)));
        let (teams, members) = join!(self.team_members(api, &places), self.channel_members(api, &places));
        observations.extend(teams);
        observations.extend(members);
        observations
    }

    /// Only what is needed for what is asked.
    async fn lists(&self, api: &Api) -> Lists {
        let in_channels = !self.parents(kinds::CHANNEL).is_empty() || !self.parents(kinds::CHANNEL_MEMBER).is_empty();
        let in_teams = !self.parents(kinds::TEAM_MEMBER).is_empty();
        let empty = || Ok("nothing was asked for".to_owned());
        let users = async {
            match self.wants(kinds::USER) || in_teams || in_channels {
                true => api.users().await,
                false => Listing { items: BTreeMap::new(), whole: empty() },
            }
        };
        let teams = async {
            match self.wants(kinds::TEAM) || in_teams || in_channels {
                true => api.teams().await,
                false => Listing { items: BTreeMap::new(), whole: empty() },
            }
        };
        let channels = async {
            match in_channels {
                true => api.channels().await,
                false => Listing { items: BTreeMap::new(), whole: empty() },
            }
        };
        let (users, teams, channels) = join!(users, teams, channels);
        Lists { users, teams, channels }
    }

    /// The channels of one team but those that every team has.
    fn channels(&self, places: &Places<'_>, key: &str) -> Observation {
        let scope = Scope::within(self.instance, kinds::CHANNEL, key);
        match places.team(key) {
            Parent::Seen(team) => {
                let live = places
                    .channels_of(team)
                    .filter(|channel| !DEFAULT_CHANNELS.contains(&channel.name.as_str()))
                    .map(|channel| convert::channel(self.instance, key, channel))
                    .collect();
                self.observation(scope, completeness(&places.lists.channels.whole), live)
            }
            other => self.nothing(scope, other, "the team"),
        }
    }

    async fn team_members(&self, api: &Api, places: &Places<'_>) -> Vec<Observation> {
        let parents = self.parents(kinds::TEAM_MEMBER).iter();
        let readings: Vec<_> = parents.map(|key| self.team(api, places, key)).collect();
        futures::stream::iter(readings).buffer_unordered(AT_ONCE).collect().await
    }

    /// The people of one team.
    async fn team(&self, api: &Api, places: &Places<'_>, key: &str) -> Observation {
        let scope = Scope::within(self.instance, kinds::TEAM_MEMBER, key);
        let team = match places.team(key) {
            Parent::Seen(team) => team,
            other => return self.nothing(scope, other, "the team"),
        };
        let members = api.team_members(team).await;
        let whole = if team.group_constrained { Err(super::constrained("team", key)) } else { members.whole };
        let ids = members.items.values().map(|it: &Member| &it.user_id);
        let live =
            |user: &User| Some(convert::team_member(self.instance, key, &user.username, members.items.get(&user.id)?));
        self.people(scope, whole, ids, places.lists, live)
    }

    async fn channel_members(&self, api: &Api, places: &Places<'_>) -> Vec<Observation> {
        let parents = self.parents(kinds::CHANNEL_MEMBER);
        let seen = parents.iter().filter_map(|key| match places.channel(key) {
            Parent::Seen(channel) => Some(channel.id.as_str()),
            Parent::Absent | Parent::Unknown(_) => None,
        });
        let counts = api.channel_counts(&seen.collect::<Vec<_>>()).await;
        let readings: Vec<_> = parents.iter().map(|key| self.channel(api, places, key, &counts)).collect();
        futures::stream::iter(readings).buffer_unordered(AT_ONCE).collect().await
    }

    /// The people of one channel.
    async fn channel(
        &self,
        api: &Api,
        places: &Places<'_>,
        key: &str,
        counts: &Result<BTreeMap<String, usize>, Failure>,
    ) -> Observation {
        let scope = Scope::within(self.instance, kinds::CHANNEL_MEMBER, key);
        let channel = match places.channel(key) {
            Parent::Seen(channel) => channel,
            other => return self.nothing(scope, other, "the channel"),
        };
        let accounts = match counts {
            Ok(counts) => {
                let active = counts.get(&channel.id).copied().unwrap_or_default();
                api.channel_accounts(channel, active).await
            }
            Err(failure) => Listing::failed(failure.clone()),
        };
        let whole = if channel.group_constrained { Err(super::constrained("channel", key)) } else { accounts.whole };
        let live = |user: &User| Some(convert::channel_member(self.instance, key, &user.username));
        self.people(scope, whole, accounts.items.keys(), places.lists, live)
    }

    /// The edges of these accounts, as far as the list of accounts knows them.
    fn people<'i>(
        &self,
        scope: Scope,
        whole: Result<String, Failure>,
        ids: impl Iterator<Item = &'i String>,
        lists: &Lists,
        live: impl Fn(&User) -> Option<Live>,
    ) -> Observation {
        let mut objects = Vec::new();
        let mut whole = whole.and_then(|proof| lists.users.whole.clone().map(|_| proof));
        for id in ids {
            match lists.users.items.get(id) {
                Some(user) if user.is_bot || user.is_person() => objects.extend(live(user)),
                Some(_) => {}
                // Somebody who came after the accounts were listed.
                None if whole.is_ok() => {
                    let said = format!("account {id} is in it and was not among the accounts");
                    let failure = Failure::new(FailureClass::Later, format!("read {scope}"), said);
                    whole = Err(failure.help("the next cycle reads it again"));
                }
                None => {}
            }
        }
        self.observation(scope, completeness(&whole), objects)
    }

    fn nothing<T>(&self, scope: Scope, parent: Parent<'_, T>, what: &str) -> Observation {
        let completeness = match parent {
            Parent::Unknown(failure) => Completeness::Incomplete(failure),
            Parent::Seen(_) | Parent::Absent => Completeness::Complete(format!("{what} is proven absent")),
        };
        self.observation(scope, completeness, Vec::new())
    }

    fn observation(&self, scope: Scope, completeness: Completeness, mut objects: Vec<Live>) -> Observation {
        objects.sort_by(|a, b| a.address.cmp(&b.address));
        Observation { scope, at: self.at, completeness, objects }
    }

    fn wants(&self, kind: &str) -> bool {
        self.request.kinds.contains(&KindName::new(kind))
    }

    fn whole(&self, kind: &str) -> Scope {
        Scope::whole(self.instance, kind)
    }

    /// The parents of a kind that is asked for.
    fn parents(&self, kind: &str) -> &BTreeSet<String> {
        static NONE: BTreeSet<String> = BTreeSet::new();
        let kind = KindName::new(kind);
        if self.request.kinds.contains(&kind) { self.request.parents.get(&kind).unwrap_or(&NONE) } else { &NONE }
    }

    /// Every scope that is asked for.
    fn scopes(&self) -> Vec<Scope> {
        let asked = kinds::KINDS.iter().filter(|spec| self.wants(spec.name));
        let of = |spec: &KindSpec| match spec.scope {
            ScopeRule::Whole => vec![self.whole(spec.name)],
            ScopeRule::PerParent => {
                let parents = self.parents(spec.name).iter();
                parents.map(|parent| Scope::within(self.instance, spec.name, parent)).collect()
            }
        };
        asked.flat_map(of).collect()
    }
}

fn completeness(whole: &Result<String, Failure>) -> Completeness {
    match whole {
        Ok(proof) => Completeness::Complete(proof.clone()),
        Err(failure) => Completeness::Incomplete(failure.clone()),
    }
}
