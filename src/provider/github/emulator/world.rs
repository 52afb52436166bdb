//! The state of the imitated service, all of it behind one lock.

use std::collections::BTreeMap;

use super::accounts::Account;
use super::apps::{App, Installation};
use super::call::Call;
use super::checks::CheckRun;
use super::git::Objects;
use super::hooks::{Delivery, Outgoing};
use super::members::{Invitation, Membership};
use super::rate::Counters;
use super::repos::Repo;
use super::settings::Settings;
use super::teams::Team;
use super::tokens::Tokens;

/// Everything the service knows.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) settings: Settings,
    pub(super) accounts: BTreeMap<i64, Account>,
    pub(super) apps: BTreeMap<i64, App>,
    pub(super) installations: BTreeMap<i64, Installation>,
    pub(super) tokens: Tokens,
    pub(super) repos: BTreeMap<i64, Repo>,
    /// What the names of repositories that are called otherwise now lead to, folded.
    pub(super) renamed: BTreeMap<String, i64>,
    /// Git objects by network: a repository and its forks share theirs.
    pub(super) networks: BTreeMap<i64, Objects>,
    /// By organisation and person.
    pub(super) members: BTreeMap<(i64, i64), Membership>,
    pub(super) invitations: BTreeMap<i64, Invitation>,
    pub(super) teams: BTreeMap<i64, Team>,
    pub(super) check_runs: BTreeMap<i64, CheckRun>,
    pub(super) deliveries: Vec<Delivery>,
    /// What is to be sent to receivers of webhooks once the lock is let go.
    pub(super) outbox: Vec<Outgoing>,
    pub(super) counters: Counters,
    pub(super) last_id: i64,
}

/// Identifiers begin beyond 32 bits, so that whoever cuts them is found out.
const FIRST_ID: i64 = 5_000_000_000;

impl World {
    /// The next identifier; one row of them serves all tables.
    pub(super) fn next_id(&mut self) -> i64 {
        self.last_id = self.last_id.max(FIRST_ID) + 1;
        self.last_id
    }

    /// An account by its login, in any case of letters.
    pub(super) fn account(&self, login: &str) -> Option<&Account> {
        self.accounts.values().find(|account| account.login.eq_ignore_ascii_case(login))
    }

    /// A repository by its owner and name, in any case of letters.
    pub(super) fn repo_named(&self, owner: &str, name: &str) -> Option<&Repo> {
        let owner = self.account(owner)?.id;
        self.repos.values().find(|repo| repo.owner == owner && repo.name.eq_ignore_ascii_case(name))
    }

    /// The repository of a call. Routes resolve it before their operation runs.
    pub(super) fn repo(&self, call: &Call) -> &Repo {
        &self.repos[&call.repo]
    }

    pub(super) fn repo_mut(&mut self, call: &Call) -> &mut Repo {
        self.repos.get_mut(&call.repo).expect("routes resolve the repository first")
    }

    pub(super) fn objects(&self, repo: &Repo) -> &Objects {
        &self.networks[&repo.network]
    }

    pub(super) fn objects_mut(&mut self, call: &Call) -> &mut Objects {
        let network = self.repo(call).network;
        self.networks.entry(network).or_default()
    }

    /// The team of a call's `{org}` and `{team_slug}`.
    pub(super) fn team_of(&self, call: &Call) -> Option<&Team> {
        self.teams.values().find(|team| team.org == call.org && team.slug == call.param("team_slug"))
    }
}
