//! The table of repositories: found by owner and name, followed through renames.

use std::collections::BTreeMap;

use super::world::World;

/// A repository.
#[derive(Debug, Clone)]
pub(super) struct Repo {
    pub(super) id: i64,
    pub(super) owner: i64,
}

/// The repositories and the names they bore before.
#[derive(Debug, Default)]
pub(super) struct Repos {
    rows: BTreeMap<i64, Repo>,
}

impl World {
    pub(super) fn owns_repositories(&self, owner: i64) -> bool {
        self.repos.rows.values().any(|repo| repo.owner == owner)
    }

    pub(super) fn remove_repositories_of(&mut self, owner: i64) {
        self.repos.rows.retain(|_, repo| repo.owner != owner);
    }

    pub(super) fn forget_rights_of(&mut self, _user: i64) {}

    /// Gives a team every repository of its organisation.
    pub(super) fn attach_all_repositories(&mut self, team: i64) {
        let team = self.orgs.team_mut(team);
        team.repos.extend(self.repos.rows.values().filter(|repo| repo.owner == team.org).map(|repo| repo.id));
    }
}
