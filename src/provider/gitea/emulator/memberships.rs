//! The table of teams, and who belongs to which organisation.

use std::collections::{BTreeMap, BTreeSet};

use super::world::Level;

/// A team of an organisation.
#[derive(Debug, Clone)]
pub(super) struct Team {
    pub(super) id: i64,
    pub(super) org: i64,
    pub(super) name: String,
    pub(super) description: String,
    /// None, admin or owner: since 1.24 everything below admin is in `units` alone.
    pub(super) level: Level,
    /// By the number of the unit's type, which is also the order in which units are shown.
    pub(super) units: BTreeMap<u8, Level>,
    pub(super) includes_all: bool,
    pub(super) may_create_repos: bool,
    pub(super) visibility: String,
    pub(super) members: BTreeSet<i64>,
    pub(super) repos: BTreeSet<i64>,
}

impl Team {
    pub(super) fn is_owners(&self) -> bool {
        self.level == Level::Owner
    }

    /// What the team grants on a unit of its repositories.
    pub(super) fn unit(&self, unit: u8) -> Level {
        if self.level >= Level::Admin { self.level } else { self.units.get(&unit).copied().unwrap_or_default() }
    }
}

/// Teams and memberships of all organisations.
#[derive(Debug, Default)]
pub(super) struct Orgs {
    last_team: i64,
    pub(super) teams: BTreeMap<i64, Team>,
    teams_of: BTreeMap<i64, BTreeSet<i64>>,
    /// Organisation to its members, and whether the membership is public.
    members: BTreeMap<i64, BTreeMap<i64, bool>>,
}

impl Orgs {
    pub(super) fn team(&self, id: i64) -> &Team {
        self.teams.get(&id).expect("the id was resolved under the same lock")
    }

    pub(super) fn team_mut(&mut self, id: i64) -> &mut Team {
        self.teams.get_mut(&id).expect("the id was resolved under the same lock")
    }

    /// An organisation's teams: `Owners`, then the others by folded name.
    pub(super) fn teams_of(&self, org: i64) -> Vec<&Team> {
        let ids = self.teams_of.get(&org).into_iter().flatten();
        let mut teams: Vec<&Team> = ids.filter_map(|id| self.teams.get(id)).collect();
        teams.sort_by_cached_key(|team| (team.name != "Owners", team.name.to_lowercase()));
        teams
    }

    /// By name in any case.
    pub(super) fn team_named(&self, org: i64, name: &str) -> Option<&Team> {
        let folded = name.to_lowercase();
        let mut ids = self.teams_of.get(&org).into_iter().flatten();
        ids.find_map(|id| self.teams.get(id).filter(|team| team.name.to_lowercase() == folded))
    }

    pub(super) fn add_team(&mut self, mut team: Team) -> i64 {
        self.last_team += 1;
        team.id = self.last_team;
        self.teams_of.entry(team.org).or_default().insert(team.id);
        self.teams.insert(team.id, team);
        self.last_team
    }

    pub(super) fn remove_team(&mut self, id: i64) {
        let Some(team) = self.teams.remove(&id) else {
            return;
        };
        if let Some(ids) = self.teams_of.get_mut(&team.org) {
            ids.remove(&id);
        }
        for member in team.members {
            self.forget_if_teamless(team.org, member);
        }
    }

    pub(super) fn remove_org(&mut self, org: i64) {
        for id in self.teams_of.remove(&org).into_iter().flatten() {
            self.teams.remove(&id);
        }
        self.members.remove(&org);
    }

    pub(super) fn add_member(&mut self, team: i64, user: i64) {
        let team = self.team_mut(team);
        team.members.insert(user);
        let org = team.org;
        self.members.entry(org).or_default().entry(user).or_insert(false);
    }

    pub(super) fn remove_member(&mut self, team: i64, user: i64) {
        let team = self.team_mut(team);
        if team.members.remove(&user) {
            let org = team.org;
            self.forget_if_teamless(org, user);
        }
    }

    /// Takes somebody out of an organisation and all its teams.
    pub(super) fn expel(&mut self, org: i64, user: i64) {
        for id in self.teams_of.get(&org).into_iter().flatten() {
            if let Some(team) = self.teams.get_mut(id) {
                team.members.remove(&user);
            }
        }
        if let Some(members) = self.members.get_mut(&org) {
            members.remove(&user);
        }
    }

    fn forget_if_teamless(&mut self, org: i64, user: i64) {
        let mut ids = self.teams_of.get(&org).into_iter().flatten();
        if !ids.any(|id| self.teams.get(id).is_some_and(|team| team.members.contains(&user)))
            && let Some(members) = self.members.get_mut(&org)
        {
            members.remove(&user);
        }
    }

    pub(super) fn is_member(&self, org: i64, user: i64) -> bool {
        self.members.get(&org).is_some_and(|members| members.contains_key(&user))
    }

    pub(super) fn is_owner(&self, org: i64, user: i64) -> bool {
        let mut ids = self.teams_of.get(&org).into_iter().flatten();
        ids.any(|id| self.teams.get(id).is_some_and(|team| team.is_owners() && team.members.contains(&user)))
    }

    /// Whether the organisation would be without an owner if `user` left.
    pub(super) fn is_last_owner(&self, org: i64, user: i64) -> bool {
        let ids = self.teams_of.get(&org).into_iter().flatten();
        let mut owners = ids.filter_map(|id| self.teams.get(id)).filter(|team| team.is_owners());
        owners.any(|team| team.members.len() == 1 && team.members.contains(&user))
    }

    /// Members and whether each is public.
    pub(super) fn members_of(&self, org: i64) -> impl Iterator<Item = (i64, bool)> {
        self.members.get(&org).into_iter().flatten().map(|(user, public)| (*user, *public))
    }

    pub(super) fn publish(&mut self, org: i64, user: i64, public: bool) {
        if let Some(flag) = self.members.get_mut(&org).and_then(|members| members.get_mut(&user)) {
            *flag = public;
        }
    }

    /// The organisations somebody belongs to, by id.
    pub(super) fn orgs_of(&self, user: i64) -> Vec<i64> {
        self.members.iter().filter(|(_, members)| members.contains_key(&user)).map(|(org, _)| *org).collect()
    }

    pub(super) fn teams_with(&self, org: i64, user: i64) -> impl Iterator<Item = &Team> {
        let ids = self.teams_of.get(&org).into_iter().flatten();
        ids.filter_map(|id| self.teams.get(id)).filter(move |team| team.members.contains(&user))
    }
}
