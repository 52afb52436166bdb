//! Who may see and change accounts, organisations, teams and repositories.

use super::repos::Repo;
use super::teams::UNIT_COUNT;
use super::world::{Account, Level, World};

/// The numbers of the units that operations ask about.
pub(super) mod unit {
    pub(in super::super) const CODE: u8 = 1;
    pub(in super::super) const ISSUES: u8 = 2;
    pub(in super::super) const PULLS: u8 = 3;
}

/// What somebody may do with a repository.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rights {
    /// On the repository as such: its settings from admin on.
    pub(super) base: Level,
    units: [Level; UNIT_COUNT as usize + 1],
}

impl Rights {
    fn all(level: Level) -> Self {
        Self { base: level, units: [level; UNIT_COUNT as usize + 1] }
    }

    fn raise(&mut self, level: Level) {
        self.base = self.base.max(level);
        self.units.iter_mut().for_each(|unit| *unit = (*unit).max(level));
    }

    pub(super) fn on(&self, unit: u8) -> Level {
        self.units[usize::from(unit)]
    }

    pub(super) fn code(&self) -> Level {
        self.on(unit::CODE)
    }

    /// The highest level on anything.
    pub(super) fn highest(&self) -> Level {
        self.units.iter().copied().max().unwrap_or_default().max(self.base)
    }
}

impl World {
    pub(super) fn is_site_admin(&self, doer: Option<i64>) -> bool {
        doer.and_then(|id| self.accounts.get(id)).is_some_and(|account| account.is_admin)
    }

    /// Whether `doer` may know of an organisation, or of anything that `owner` owns.
    pub(super) fn can_see(&self, owner: &Account, doer: Option<i64>) -> bool {
        let Some(viewer) = doer.and_then(|id| self.accounts.get(id)) else {
            return owner.visibility == "public";
        };
        if viewer.is_admin || viewer.id == owner.id {
            return true;
        }
        // A restricted account sees only what it belongs to.
        let is_closed = owner.visibility == "private" || viewer.is_restricted;
        !is_closed || self.orgs.is_member(owner.id, viewer.id)
    }

    /// Whether `doer` may look at a profile by its name.
    pub(super) fn can_look_up(&self, account: &Account, doer: Option<i64>) -> bool {
        let viewer = doer.and_then(|id| self.accounts.get(id));
        match (viewer, account.visibility.as_str()) {
            (Some(viewer), _) if viewer.is_admin || viewer.id == account.id => true,
            (_, "public") => true,
            (Some(viewer), "limited") => !viewer.is_restricted,
            _ => false,
        }
    }

    /// Whether `doer` finds a person in searches: a restricted account finds nobody but itself.
    pub(super) fn can_find(&self, account: &Account, doer: Option<i64>) -> bool {
        let viewer = doer.and_then(|id| self.accounts.get(id));
        let is_shut_in =
            viewer.is_some_and(|viewer| viewer.is_restricted && !viewer.is_admin && viewer.id != account.id);
        !is_shut_in && self.can_look_up(account, doer)
    }

    /// Whether `doer` counts as an owner of the organisation: site admins do.
    pub(super) fn owns_org(&self, org: i64, doer: Option<i64>) -> bool {
        self.is_site_admin(doer) || doer.is_some_and(|id| self.orgs.is_owner(org, id))
    }

    pub(super) fn belongs_to(&self, org: i64, doer: Option<i64>) -> bool {
        self.is_site_admin(doer) || doer.is_some_and(|id| self.orgs.is_member(org, id))
    }

    /// What `doer` may do with a repository: the sum of ownership, teams, collaboration and being public.
    pub(super) fn rights(&self, repo: &Repo, doer: Option<i64>) -> Rights {
        let owner = self.accounts.at(repo.owner);
        let account = doer.and_then(|id| self.accounts.get(id));
        if account.is_some_and(|account| account.is_admin || account.id == repo.owner) {
            return Rights::all(Level::Owner);
        }
        let mut rights = Rights::default();
        let collaborates = |account: &Account| repo.collaborators.iter().any(|(user, _)| *user == account.id);
        if !self.can_see(owner, doer) && !account.is_some_and(collaborates) {
            return rights;
        }
        let is_restricted = account.is_some_and(|account| account.is_restricted);
        if !repo.is_private && (!is_restricted || owner.visibility == "public") {
            rights.raise(Level::Read);
        }
        let Some(account) = account else {
            return rights;
        };
        if let Some((_, level)) = repo.collaborators.iter().find(|(user, _)| *user == account.id) {
            rights.raise(*level);
        }
        if owner.is_org {
            for team in self.orgs.teams_with(owner.id, account.id) {
                if team.level >= Level::Admin && (team.is_owners() || team.repos.contains(&repo.id)) {
                    rights.raise(Level::Owner);
                } else if team.repos.contains(&repo.id) {
                    for (unit, level) in &team.units {
                        let known = &mut rights.units[usize::from(*unit)];
                        *known = (*known).max(*level);
                    }
                }
            }
        }
        rights
    }

    /// Whether a repository is there at all for `doer`.
    pub(super) fn can_see_repo(&self, repo: &Repo, doer: Option<i64>) -> bool {
        self.rights(repo, doer).highest() >= Level::Read
    }
}
