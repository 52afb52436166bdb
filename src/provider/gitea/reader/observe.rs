//! One cycle's reading: in bulk, page by page, concurrently, and each scope with its proof.
//!
//! A list counts only when what it lies in was seen in the same cycle (an organisation in the list of organisations, a
//! team in the list of its organisation), and only while our account is a site administrator before and after: to
//! others Gitea answers 200 and leaves out what they may not see.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures::{StreamExt, join};

use crate::engine::model::{
    Completeness, Failure, FailureClass, Instance, KindName, Live, Observation, Scope, ScopeRule,
};
use crate::provider::contract::ObserveRequest;
use crate::provider::gitea::api::wire::{Org, Repo, Team, User};
use crate::provider::gitea::api::{Api, Listing};
use crate::provider::gitea::{convert, kinds, names::fold};

/// Lists under way at once; the door bounds the calls.
const AT_ONCE: usize = 8;

/// Reads what is asked for. Kinds that are not ours are left out.
pub(super) async fn observe(
    api: &Api,
    instance: &Instance,
    at: DateTime<Utc>,
    request: &ObserveRequest,
) -> Vec<Observation> {
    if let Err(failure) = rights_before(api).await {
        return unseen(instance, at, request, &failure);
    }
    let cycle = Cycle { api, instance, at, request };
    let mut observations = cycle.read().await;
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
    let mut observations = Vec::new();
    for spec in kinds::KINDS.iter().filter(|spec| request.kinds.contains(&KindName::new(spec.name))) {
        let scopes: Vec<Scope> = match spec.scope {
            ScopeRule::Whole => vec![Scope::whole(instance, spec.name)],
            ScopeRule::PerParent => {
                parents(request, spec.name).iter().map(|parent| Scope::within(instance, spec.name, parent)).collect()
            }
        };
        observations.extend(scopes.into_iter().map(|scope| {
            let completeness = Completeness::Incomplete(failure.clone());
            Observation { scope, at, completeness, objects: Vec::new() }
        }));
    }
    observations.sort_by(|a, b| a.scope.cmp(&b.scope));
    observations
}

/// Rights at the beginning: a token that sees public things only would pass for an empty installation.
async fn rights_before(api: &Api) -> Result<(), Failure> {
    api.rights().await?;
    let token = api.token().await?;
    if token.is_some_and(|token| token.scopes.iter().any(|scope| scope == "public-only")) {
        return Err(Failure::new(
            FailureClass::MissingRights,
            "check what our token may see",
            "the token has the scope 'public-only' and sees nothing private",
        )
        .help("mint a token without it, with the scopes that 'doctor' lists"));
    }
    Ok(())
}

fn parents<'a>(request: &'a ObserveRequest, kind: &str) -> &'a BTreeSet<String> {
    static NONE: BTreeSet<String> = BTreeSet::new();
    request.parents.get(&KindName::new(kind)).unwrap_or(&NONE)
}

struct Cycle<'a> {
    api: &'a Api,
    instance: &'a Instance,
    at: DateTime<Utc>,
    request: &'a ObserveRequest,
}

/// Something that others lie in.
#[derive(Debug, Clone)]
enum Parent<T> {
    /// It is there.
    Seen(T),
    /// It is proven absent, and so is everything in it.
    Absent,
    /// Neither is known.
    Unknown(Failure),
}

/// The people of the teams of one organisation.
struct Members<'a> {
    of_team: BTreeMap<i64, &'a Listing<User>>,
}

impl Cycle<'_> {
    async fn read(&self) -> Vec<Observation> {
        let (orgs, people) = join!(self.organizations(), self.people());
        let mut observations = Vec::new();
        if self.wants(kinds::ORGANIZATION)
            && let Some(orgs) = &orgs
        {
            let scope = Scope::whole(self.instance, kinds::ORGANIZATION);
            observations.push(self.seen(scope, orgs, |org| Some(convert::org(self.instance, org))));
        }
        if let Some(people) = &people {
            let scope = Scope::whole(self.instance, kinds::USER);
            observations.push(self.seen(scope, people, |user| Some(convert::user(self.instance, user))));
        }
        let (teams, repositories) = join!(self.teams(orgs.as_ref()), self.repositories());
        observations.extend(teams);
        observations.extend(repositories);
        observations
    }

    fn wants(&self, kind: &str) -> bool {
        self.request.kinds.contains(&KindName::new(kind))
    }

    /// The parents of a kind that is asked for.
    fn parents(&self, kind: &str) -> &BTreeSet<String> {
        static NONE: BTreeSet<String> = BTreeSet::new();
        if self.wants(kind) { parents(self.request, kind) } else { &NONE }
    }

    async fn organizations(&self) -> Option<Listing<Org>> {
        let needed = self.wants(kinds::ORGANIZATION)
            || !self.parents(kinds::TEAM).is_empty()
            || !self.parents(kinds::TEAM_MEMBER).is_empty();
        if needed { Some(self.api.organizations().await) } else { None }
    }

    async fn people(&self) -> Option<Listing<User>> {
        if self.wants(kinds::USER) { Some(self.api.people().await) } else { None }
    }

    /// Teams and their people, organisation by organisation.
    async fn teams(&self, orgs: Option<&Listing<Org>>) -> Vec<Observation> {
        let with_people: BTreeSet<String> = self
            .parents(kinds::TEAM_MEMBER)
            .iter()
            .filter_map(|team| Some(team.rsplit_once('/')?.0.to_owned()))
            .collect();
        let asked: BTreeSet<String> = self.parents(kinds::TEAM).iter().chain(&with_people).cloned().collect();
        let mut of_orgs = futures::stream::iter(asked)
            .map(|key| {
                let with_people = with_people.contains(&key);
                self.organization_of_teams(key, orgs, with_people)
            })
            .buffer_unordered(AT_ONCE);
        let mut observations = Vec::new();
        while let Some(more) = of_orgs.next().await {
            observations.extend(more);
        }
        observations
    }

    async fn organization_of_teams(
        &self,
        key: String,
        orgs: Option<&Listing<Org>>,
        with_people: bool,
    ) -> Vec<Observation> {
        let teams = match organization(orgs, &key) {
            Parent::Seen(org) => Parent::Seen(self.api.teams(&org.name).await),
            Parent::Absent => Parent::Absent,
            Parent::Unknown(failure) => Parent::Unknown(failure),
        };
        let mut observations = Vec::new();
        if self.parents(kinds::TEAM).contains(&key) {
            let scope = Scope::within(self.instance, kinds::TEAM, &key);
            // `Owners` is Gitea's own in every organisation: it is neither declared nor foreign.
            let live = |team: &Team| (!team.is_owners()).then(|| convert::team(self.instance, &key, team));
            observations.push(self.within(scope, &teams, "the organisation", live));
        }
        if with_people {
            observations.extend(self.members(&key, &teams).await);
        }
        observations
    }

    /// The people of an organisation's teams. All teams are read, asked for or not: whether somebody leaves the
    /// organisation with a team depends on the others.
    async fn members(&self, org: &str, teams: &Parent<Listing<Team>>) -> Vec<Observation> {
        let asked: Vec<&String> = self
            .parents(kinds::TEAM_MEMBER)
            .iter()
            .filter(|team| team.rsplit_once('/').is_some_and(|(parent, _)| parent == org))
            .collect();
        let Parent::Seen(teams) = teams else {
            let none = match teams {
                Parent::Unknown(failure) => Parent::Unknown(failure.clone()),
                _ => Parent::<Listing<User>>::Absent,
            };
            return asked
                .into_iter()
                .map(|team| {
                    let scope = Scope::within(self.instance, kinds::TEAM_MEMBER, team);
                    self.within(scope, &none, "the organisation", |_| None)
                })
                .collect();
        };
        let named: Vec<(i64, String)> = teams.items.values().map(|team| (team.id, team.name.clone())).collect();
        let lists: BTreeMap<i64, Listing<User>> = futures::stream::iter(named)
            .map(|(id, name)| async move { (id, self.api.team_members(id, &name).await) })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let members = Members { of_team: lists.iter().map(|(id, list)| (*id, list)).collect() };
        asked
            .into_iter()
            .map(|key| {
                let scope = Scope::within(self.instance, kinds::TEAM_MEMBER, key);
                let leaf = key.rsplit_once('/').map_or(key.as_str(), |(_, leaf)| leaf);
                let team = teams.items.values().find(|team| fold(&team.name) == leaf);
                match (team.and_then(|team| lists.get(&team.id)), &teams.whole) {
                    (Some(list), _) => self.seen(scope, list, |user| {
                        Some(convert::member(self.instance, key, user, Some(members.is_only_team(user.id))))
                    }),
                    (None, Ok(_)) => self.within(scope, &Parent::<Listing<User>>::Absent, "the team", |_| None),
                    (None, Err(failure)) => {
                        self.within(scope, &Parent::<Listing<User>>::Unknown(failure.clone()), "the team", |_| None)
                    }
                }
            })
            .collect()
    }

    /// Repositories by owner, then protections and hooks by repository.
    async fn repositories(&self) -> Vec<Observation> {
        let inside: BTreeSet<&String> =
            self.parents(kinds::BRANCH_PROTECTION).union(self.parents(kinds::WEBHOOK)).collect();
        let owners: BTreeSet<String> = self
            .parents(kinds::REPOSITORY)
            .iter()
            .map(String::as_str)
            .chain(inside.iter().filter_map(|repository| Some(repository.rsplit_once('/')?.0)))
            .map(str::to_owned)
            .collect();
        let mut of_owners = futures::stream::iter(owners)
            .map(|owner| {
                let repositories: Vec<&String> = inside
                    .iter()
                    .copied()
                    .filter(|it| it.rsplit_once('/').is_some_and(|(parent, _)| parent == owner))
                    .collect();
                self.owner(owner, repositories)
            })
            .buffer_unordered(AT_ONCE);
        let mut observations = Vec::new();
        while let Some(more) = of_owners.next().await {
            observations.extend(more);
        }
        observations
    }

    async fn owner(&self, owner: String, inside: Vec<&String>) -> Vec<Observation> {
        let repositories = match self.api.owner(&owner).await {
            Ok(Some(found)) => Parent::Seen(self.api.repositories_of(&found).await),
            Ok(None) => Parent::Absent,
            Err(failure) => Parent::Unknown(failure),
        };
        let mut observations = Vec::new();
        if self.parents(kinds::REPOSITORY).contains(&owner) {
            let scope = Scope::within(self.instance, kinds::REPOSITORY, &owner);
            let ledger = self.request.ledger.as_deref();
            let live = |repo: &Repo| Some(convert::repo(self.instance, repo, ledger));
            observations.push(self.within(scope, &repositories, "the owner", live));
        }
        for key in inside {
            observations.extend(self.in_repository(key, &repositories).await);
        }
        observations
    }

    async fn in_repository(&self, key: &str, repositories: &Parent<Listing<Repo>>) -> Vec<Observation> {
        let found = match repositories {
            Parent::Seen(list) => match (list.items.values().find(|repo| fold(&repo.full_name) == key), &list.whole) {
                (Some(repo), _) => Parent::Seen(repo),
                (None, Ok(_)) => Parent::Absent,
                (None, Err(failure)) => Parent::Unknown(failure.clone()),
            },
            Parent::Absent => Parent::Absent,
            Parent::Unknown(failure) => Parent::Unknown(failure.clone()),
        };
        let mut observations = Vec::new();
        if self.parents(kinds::BRANCH_PROTECTION).contains(key) {
            let scope = Scope::within(self.instance, kinds::BRANCH_PROTECTION, key);
            observations.push(match &found {
                Parent::Seen(repo) => match self.api.protections(&repo.owner.login, &repo.name).await {
                    Ok(rules) => {
                        let proof = format!("{} rules in one answer that is not paged", rules.len());
                        let live = rules.iter().map(|rule| convert::protection(self.instance, key, rule)).collect();
                        self.observation(scope, Completeness::Complete(proof), live)
                    }
                    Err(failure) => self.observation(scope, Completeness::Incomplete(failure), Vec::new()),
                },
                other => self.nothing(scope, other, "the repository"),
            });
        }
        if self.parents(kinds::WEBHOOK).contains(key) {
            let scope = Scope::within(self.instance, kinds::WEBHOOK, key);
            observations.push(match &found {
                Parent::Seen(repo) => {
                    let hooks = self.api.hooks(&repo.owner.login, &repo.name).await;
                    let live = convert::hooks(self.instance, key, hooks.items.values());
                    self.observation(scope, completeness(&hooks.whole), live)
                }
                other => self.nothing(scope, other, "the repository"),
            });
        }
        observations
    }

    /// What a list says.
    fn seen<T>(&self, scope: Scope, list: &Listing<T>, live: impl Fn(&T) -> Option<Live>) -> Observation {
        self.observation(scope, completeness(&list.whole), list.items.values().filter_map(live).collect())
    }

    /// What a list within something says.
    fn within<T>(
        &self,
        scope: Scope,
        list: &Parent<Listing<T>>,
        parent: &str,
        live: impl Fn(&T) -> Option<Live>,
    ) -> Observation {
        match list {
            Parent::Seen(list) if is_gone(&list.whole) => self.nothing(scope, &Parent::<()>::Absent, parent),
            Parent::Seen(list) => self.seen(scope, list, live),
            other => self.nothing(scope, other, parent),
        }
    }

    fn nothing<T>(&self, scope: Scope, parent: &Parent<T>, what: &str) -> Observation {
        let completeness = match parent {
            Parent::Unknown(failure) => Completeness::Incomplete(failure.clone()),
            _ => Completeness::Complete(format!("{what} is proven absent")),
        };
        self.observation(scope, completeness, Vec::new())
    }

    fn observation(&self, scope: Scope, completeness: Completeness, mut objects: Vec<Live>) -> Observation {
        objects.sort_by(|a, b| a.address.cmp(&b.address));
        Observation { scope, at: self.at, completeness, objects }
    }
}

impl Members<'_> {
    /// Whether somebody is in no other team of the organisation, as far as was seen: what could not be read counts as
    /// a team without them, so that a plan names too much rather than too little.
    fn is_only_team(&self, user: i64) -> bool {
        self.of_team.values().filter(|list| list.items.contains_key(&user)).count() <= 1
    }
}

fn organization<'a>(orgs: Option<&'a Listing<Org>>, key: &str) -> Parent<&'a Org> {
    let Some(orgs) = orgs else { return Parent::Absent };
    match (orgs.items.values().find(|org| fold(&org.name) == key), &orgs.whole) {
        (Some(org), _) => Parent::Seen(org),
        (None, Ok(_)) => Parent::Absent,
        (None, Err(failure)) => Parent::Unknown(failure.clone()),
    }
}

fn completeness(whole: &Result<String, Failure>) -> Completeness {
    match whole {
        Ok(proof) => Completeness::Complete(proof.clone()),
        Err(failure) => Completeness::Incomplete(failure.clone()),
    }
}

/// Whether the list is of something that vanished while we read.
fn is_gone(whole: &Result<String, Failure>) -> bool {
    whole.as_ref().is_err_and(|failure| failure.class == FailureClass::Gone)
}
