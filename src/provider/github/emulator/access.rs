//! Who sees what and may do what: visibility first, then the right (guide, sections 1 and 2).

use super::accounts::Kind;
use super::call::{Call, Who};
use super::members::{Role, State};
use super::permissions::{Level, accepted};
use super::reply::{Reply, not_found, refuse};
use super::repos::Repo;
use super::routes::Route;
use super::tokens::Grant;
use super::world::World;

/// What somebody may do in a repository, in rising order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RepoRole {
    /// Nothing.
    #[default]
    None,
    /// Look.
    Read,
    /// Push.
    Write,
    /// Everything.
    Admin,
}

/// What may be changed of what was archived.
const ADMINISTRATION: &[(&str, Level)] = &[("administration", Level::Write)];

/// Permissions that are asked for on public repositories too.
const NEVER_PUBLIC: [&str; 3] = ["administration", "repository_hooks", "security_events"];

impl World {
    /// What a person may do in a repository.
    pub(super) fn role(&self, account: i64, repo: &Repo) -> RepoRole {
        let owner = self.accounts.get(&repo.owner);
        let as_owner = match owner.map(|owner| owner.kind) {
            Some(Kind::Organization) => match self.members.get(&(repo.owner, account)) {
                Some(member) if member.state == State::Active && member.role == Role::Admin => RepoRole::Admin,
                Some(member) if member.state == State::Active => RepoRole::Read,
                _ => RepoRole::None,
            },
            _ if repo.owner == account => RepoRole::Admin,
            _ => RepoRole::None,
        };
        let through_teams = self.teams.values().filter(|team| team.members.contains_key(&account));
        let through_teams = through_teams.filter_map(|team| team.repos.get(&repo.id).copied()).max();
        let public = if repo.private { RepoRole::None } else { RepoRole::Read };
        let own = repo.collaborators.get(&account).copied().unwrap_or_default();
        as_owner.max(own).max(through_teams.unwrap_or_default()).max(public)
    }

    /// Whether the caller's token reaches a repository at all, were it private.
    pub(super) fn reaches(&self, grant: &Grant, repo: &Repo) -> bool {
        match grant {
            Grant::Installation { id, repositories, permissions } => {
                let is_selected = self.installations.get(id).is_some_and(|it| it.covers(repo));
                let is_named = repositories.as_ref().is_none_or(|named| named.contains(&repo.id));
                is_selected && is_named && permissions.allows("metadata", Level::Read)
            }
            Grant::Classic { account, scopes } => {
                scopes.iter().any(|scope| scope == "repo") && self.role(*account, repo) >= RepoRole::Read
            }
            Grant::Fine { account, owner, repositories, .. } => {
                let is_named = repositories.as_ref().is_none_or(|named| named.contains(&repo.id));
                *owner == repo.owner && is_named && self.role(*account, repo) >= RepoRole::Read
            }
            Grant::AppUser { account, app } => {
                let is_installed = self.installations.values().any(|it| it.app == *app && it.covers(repo));
                is_installed && self.role(*account, repo) >= RepoRole::Read
            }
        }
    }

    /// Whether the caller can tell that a repository is there.
    pub(super) fn sees(&self, who: Who, repo: &Repo) -> bool {
        match who {
            Who::Token(at) => !repo.private || self.reaches(self.tokens.grant(at), repo),
            Who::Nobody => !repo.private,
            Who::App(app) => !repo.private || self.installations.values().any(|it| it.app == app && it.covers(repo)),
        }
    }

    /// Refuses a call for a repository that the caller may not see, or may not use so.
    pub(super) fn may(&self, call: &Call, route: &Route) -> Result<(), Box<Reply>> {
        let (repo, needs) = (self.repo(call), route.needs);
        if !self.sees(call.who, repo) {
            return Err(not_found());
        }
        if repo.archived && !call.is_read() && route.wants() < Level::Admin && needs != ADMINISTRATION {
            return Err(refuse(403, "Repository was archived so is read-only."));
        }
        let is_open =
            !repo.private && needs.iter().all(|(name, level)| *level == Level::Read && !NEVER_PUBLIC.contains(name));
        let Who::Token(at) = call.who else {
            return if is_open || needs.is_empty() { Ok(()) } else { Err(refuse(401, "Requires authentication")) };
        };
        let grant = self.tokens.grant(at);
        let is_checks = needs.first().is_some_and(|(name, _)| *name == "checks");
        let person = match grant {
            _ if needs.is_empty() => None,
            Grant::Installation { permissions, .. } | Grant::Fine { permissions, .. } => {
                let is_fine = matches!(grant, Grant::Fine { .. });
                let is_granted = needs.iter().any(|(name, level)| permissions.allows(name, *level));
                // Checks are closed to a person's fine-grained token whatever it says.
                let passes = !(is_fine && is_checks) && (is_open || is_granted && self.reaches(grant, repo));
                if !passes {
                    let holder = if is_fine { "personal access token" } else { "integration" };
                    let mut refusal = refuse(403, format!("Resource not accessible by {holder}"));
                    refusal.headers.push(("x-accepted-github-permissions", accepted(needs)));
                    return Err(refusal);
                }
                grant.account()
            }
            Grant::Classic { .. } | Grant::AppUser { .. } if is_checks && route.wants() > Level::Read => {
                return Err(refuse(403, "You must authenticate via a GitHub App."));
            }
            Grant::Classic { .. } | Grant::AppUser { .. } => grant.account(),
        };
        let Some(person) = person else { return Ok(()) };
        if let Grant::Classic { scopes, .. } = grant {
            // What a scope lacks is hidden as a right would be.
            let has = |scope: &str| scopes.iter().any(|held| held == scope);
            let of_need = needs.first().is_some_and(|(name, _)| match *name {
                "statuses" => has("repo:status"),
                "repository_hooks" => has("admin:repo_hook"),
                _ => false,
            });
            let reaches = has("repo") || !repo.private && has("public_repo") || of_need;
            if !reaches && (!is_open || route.wants() > Level::Read) {
                return Err(not_found());
            }
        }
        let by_level = match route.wants() {
            Level::Read => RepoRole::Read,
            Level::Write => RepoRole::Write,
            Level::Admin => RepoRole::Admin,
        };
        match (self.role(person, repo), route.role.unwrap_or(by_level)) {
            (held, wanted) if held >= wanted => Ok(()),
            (RepoRole::Write, _) => Err(refuse(403, "Must have admin rights to Repository.")),
            _ if call.is_read() && route.role != Some(RepoRole::Admin) => {
                Err(refuse(403, "Must have push access to repository"))
            }
            // Whoever may only look is not told that there is something to change.
            _ => Err(not_found()),
        }
    }

    /// Whether the caller is an owner of an organisation, or an App that may manage it.
    pub(super) fn owns(&self, call: &Call, org: i64) -> bool {
        let Who::Token(at) = call.who else { return false };
        match self.tokens.grant(at) {
            Grant::Installation { id, permissions, .. } => {
                let is_here = self.installations.get(id).is_some_and(|it| it.account == org);
                is_here && permissions.allows("members", Level::Write)
            }
            grant => {
                may_manage(grant, &["admin:org", "write:org"])
                    && grant.account().is_some_and(|account| self.is_owner(org, account))
            }
        }
    }

    pub(super) fn is_owner(&self, org: i64, account: i64) -> bool {
        self.members.get(&(org, account)).is_some_and(|it| it.state == State::Active && it.role == Role::Admin)
    }

    /// Whether the caller sees all members of an organisation.
    pub(super) fn is_inside(&self, call: &Call, org: i64) -> bool {
        let Who::Token(at) = call.who else { return false };
        match self.tokens.grant(at) {
            Grant::Installation { id, permissions, .. } => {
                let is_here = self.installations.get(id).is_some_and(|it| it.account == org);
                is_here && permissions.allows("members", Level::Read)
            }
            grant => {
                may_manage(grant, &["admin:org", "write:org", "read:org"])
                    && grant.account().is_some_and(|account| {
                        self.members.get(&(org, account)).is_some_and(|member| member.state == State::Active)
                    })
            }
        }
    }

    /// Refuses whoever may not read (or manage) who is in an organisation.
    pub(super) fn may_in_org(&self, call: &Call, level: Level) -> Result<(), Box<Reply>> {
        let allowed = if level == Level::Read { self.is_inside(call, call.org) } else { self.owns(call, call.org) };
        if allowed {
            return Ok(());
        }
        let Who::Token(at) = call.who else { return Err(refuse(401, "Requires authentication")) };
        match self.tokens.grant(at) {
            Grant::Installation { .. } => {
                let mut refusal = refuse(403, "Resource not accessible by integration");
                refusal.headers.push(("x-accepted-github-permissions", accepted(&[("members", level)])));
                Err(refusal)
            }
            _ if level == Level::Read => Err(refuse(403, "You must be a member of the organization.")),
            _ => Err(refuse(403, "You must be an admin to perform this action.")),
        }
    }

    /// The account that acts: a person, or the bot of an App.
    pub(super) fn actor(&self, call: &Call) -> i64 {
        let Who::Token(at) = call.who else { return 0 };
        match self.tokens.grant(at) {
            Grant::Installation { id, .. } => {
                let app = self.installations.get(id).map(|it| it.app);
                app.and_then(|app| self.apps.get(&app)).map_or(0, |app| app.bot)
            }
            grant => grant.account().unwrap_or(0),
        }
    }

    /// The App in whose name a call is made, where it is one's.
    pub(super) fn acting_app(&self, call: &Call) -> Option<i64> {
        let Who::Token(at) = call.who else { return None };
        match self.tokens.grant(at) {
            Grant::Installation { id, .. } => self.installations.get(id).map(|it| it.app),
            Grant::AppUser { app, .. } => Some(*app),
            _ => None,
        }
    }
}

/// Whether a person's token is for an organisation at all: by one of these scopes, where it has any.
fn may_manage(grant: &Grant, scopes: &[&str]) -> bool {
    match grant {
        Grant::Classic { scopes: held, .. } => held.iter().any(|scope| scopes.contains(&scope.as_str())),
        Grant::Fine { permissions, .. } => permissions.allows("members", Level::Read),
        _ => true,
    }
}
