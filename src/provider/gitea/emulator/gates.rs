//! What a route asks of its caller before the operation runs, in the order in which Gitea asks.

use super::access::{Rights, unit};
use super::call::{Call, Credential};
use super::paging::escape_segment;
use super::reply::{Reply, forbidden, not_found, redirect, refuse};
use super::scopes::{Category, spell};
use super::world::{Level, World};

/// One condition of a route. A route lists its own in order; the first that fails answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// A token must have all of these; passwords are not asked.
    Scope(&'static [Category]),
    /// Somebody must be signed in.
    SignedIn,
    SiteAdmin,
    /// Resolves `{username}`.
    User,
    /// Resolves `{username}` and hides people who may not be looked up.
    VisibleUser,
    SelfOrAdmin,
    /// A password, not a token.
    Password,
    /// Resolves `{org}`, whoever asks.
    Org,
    /// Hides the organisation from those who may not know of it.
    OrgVisible,
    OrgMember,
    OrgOwner,
    /// Resolves `{team}` and its organisation.
    Team,
    /// A member of the team, an owner of its organisation, or whom the team's visibility lets look.
    TeamReader,
    TeamMember,
    /// Resolves `{owner}/{repo}`; what the caller may not see is not there.
    Repo,
    RepoAdmin,
    RepoOwner,
    /// Must be able to read this unit.
    Reader(u8),
    /// Must be able to write this unit.
    Writer(u8),
    /// The unit behind this switch must be on.
    Unit(&'static str),
    /// Issues or pull requests must be there to be read.
    Conversations,
    /// Pull requests must be on and possible: there is a first commit.
    Pulls,
    NotArchived,
    /// As [`Gate::NotArchived`], in the words of the routes that edit files.
    Editable,
}

impl Gate {
    /// Lets the call pass or answers it.
    pub(super) fn pass(self, world: &World, call: &mut Call) -> Result<(), Box<Reply>> {
        match self {
            Self::Scope(categories) => scope(call, categories),
            Self::SignedIn if call.doer.is_none() => Err(refuse(401, "token is required")),
            Self::SiteAdmin if !world.is_site_admin(call.doer) => Err(forbidden("user should be the site admin")),
            Self::User => {
                call.user = user_in_path(world, call)?;
                Ok(())
            }
            Self::VisibleUser => {
                call.user = user_in_path(world, call)?;
                let account = world.accounts.at(call.user);
                if call.is_public_only() && account.visibility != "public" {
                    return Err(forbidden("token scope is limited to public users"));
                }
                let is_shown = account.is_org || world.can_look_up(account, call.doer);
                if is_shown { Ok(()) } else { Err(not_found()) }
            }
            Self::SelfOrAdmin if call.doer != Some(call.user) && !world.is_site_admin(call.doer) => {
                Err(forbidden("doer should be the site admin or be same as the contextUser"))
            }
            Self::Password if call.credential != Credential::Password => Err(refuse(401, "auth required")),
            Self::Org => {
                call.org = org_in_path(world, call)?;
                Ok(())
            }
            Self::OrgMember if !world.belongs_to(call.org, call.doer) => {
                Err(forbidden("Must be an organization member"))
            }
            Self::OrgOwner if !world.owns_org(call.org, call.doer) => Err(forbidden("Must be an organization owner")),
            Self::Team => {
                let team = world.orgs.teams.get(&call.id("team")).ok_or_else(not_found)?;
                (call.team, call.org) = (team.id, team.org);
                Ok(())
            }
            Self::TeamReader if !reads_team(world, call) => Err(no_team_member(world, call)),
            Self::TeamMember if !is_in_team(world, call) => Err(no_team_member(world, call)),
            Self::OrgVisible if !world.can_see(world.accounts.at(call.org), call.doer) => Err(not_found()),
            Self::Repo => {
                call.repo = repo_in_path(world, call)?;
                Ok(())
            }
            Self::RepoAdmin if rights(world, call).base < Level::Admin => {
                Err(forbidden("user should be an owner or a collaborator with admin write of a repository"))
            }
            Self::RepoOwner if rights(world, call).base < Level::Owner => {
                Err(forbidden("user should be the owner of the repo"))
            }
            Self::Reader(unit) if rights(world, call).on(unit) < Level::Read => {
                Err(forbidden("user should have specific read permission or be a repo admin or a site admin"))
            }
            Self::Writer(unit) if rights(world, call).on(unit) < Level::Write => {
                Err(forbidden("user should have a permission to write to a repo"))
            }
            Self::Unit(switch) if !world.repos.at(call.repo).has(switch) => Err(not_found()),
            Self::NotArchived if world.repos.at(call.repo).archived.is_some() => Err(refuse(423, "repo is archived")),
            Self::Editable if world.repos.at(call.repo).archived.is_some() => {
                Err(refuse(423, "repo is not allowed to edit"))
            }
            Self::Conversations if !has_conversations(world, call) => Err(not_found()),
            Self::Pulls if !has_pulls(world, call) => Err(not_found()),
            _ => Ok(()),
        }
    }
}

fn scope(call: &Call, categories: &[Category]) -> Result<(), Box<Reply>> {
    let Credential::Token { scope, .. } = &call.credential else {
        return Ok(());
    };
    let write = !call.is_read();
    if scope.allows(categories, write) {
        return Ok(());
    }
    let wanted: Vec<String> = categories.iter().map(|category| spell(*category, write)).collect();
    Err(forbidden(format!(
        "token does not have at least one of required scope(s), required=[{}], token scope={}",
        wanted.join(" "),
        scope.words().join(",")
    )))
}

fn user_in_path(world: &World, call: &Call) -> Result<i64, Box<Reply>> {
    let name = call.param("username");
    find_account(world, call, name)?
        .ok_or_else(|| refuse(404, format!("user redirect does not exist [name: {}]", name.to_lowercase())))
}

fn org_in_path(world: &World, call: &Call) -> Result<i64, Box<Reply>> {
    let id = find_account(world, call, call.param("org"))?.ok_or_else(not_found)?;
    let account = world.accounts.at(id);
    if !account.is_org {
        return Err(not_found());
    }
    if call.is_public_only() && account.visibility != "public" {
        return Err(forbidden("token scope is limited to public orgs"));
    }
    Ok(id)
}

fn rights(world: &World, call: &Call) -> Rights {
    world.rights(world.repos.at(call.repo), call.doer)
}

fn has_conversations(world: &World, call: &Call) -> bool {
    let rights = rights(world, call);
    let issues = world.repos.at(call.repo).has("has_issues") && rights.on(unit::ISSUES) >= Level::Read;
    issues || (has_pulls(world, call) && rights.on(unit::PULLS) >= Level::Read)
}

fn has_pulls(world: &World, call: &Call) -> bool {
    let repo = world.repos.at(call.repo);
    repo.has("has_pull_requests") && !repo.git.is_empty()
}

fn repo_in_path(world: &World, call: &Call) -> Result<i64, Box<Reply>> {
    let (owner, name) = (call.param("owner"), call.param("repo"));
    find_repo(world, call, owner, name)
}

/// The repository of this owner and name; former ones are answered with a redirect.
pub(super) fn find_repo(world: &World, call: &Call, owner: &str, name: &str) -> Result<i64, Box<Reply>> {
    let owner_id = find_account(world, call, owner)?.ok_or_else(not_found)?;
    let Some(repo) = world.repos.named(owner_id, name) else {
        let repo = world.repos.formerly(owner_id, name).ok_or_else(not_found)?;
        let now_at = world.accounts.at(repo.owner);
        let path = |owner: &str, name: &str| format!("{}/{}", escape_segment(owner), escape_segment(name));
        return Err(moved(call, 301, &path(owner, name), &path(&now_at.name, &repo.name)));
    };
    let is_hidden = call.is_public_only() && repo.is_private;
    if world.can_see_repo(repo, call.doer) && !is_hidden { Ok(repo.id) } else { Err(not_found()) }
}

/// The account of this name; a former name is answered with a redirect.
pub(super) fn find_account(world: &World, call: &Call, name: &str) -> Result<Option<i64>, Box<Reply>> {
    if let Some(account) = world.accounts.named(name) {
        return Ok(Some(account.id));
    }
    match world.accounts.formerly(name) {
        Some(account) => Err(moved(call, 307, &escape_segment(name), &escape_segment(&account.name))),
        None => Ok(None),
    }
}

/// A redirect to the same address with one part replaced.
pub(super) fn moved(call: &Call, status: u16, from: &str, to: &str) -> Box<Reply> {
    let path = call.path.replacen(from, to, 1);
    let location = if call.raw_query.is_empty() { path } else { format!("{path}?{}", call.raw_query) };
    redirect(status, location, call.is_read())
}

fn is_in_team(world: &World, call: &Call) -> bool {
    let team = world.orgs.team(call.team);
    call.doer.is_some_and(|doer| team.members.contains(&doer)) || world.owns_org(team.org, call.doer)
}

fn reads_team(world: &World, call: &Call) -> bool {
    let team = world.orgs.team(call.team);
    is_in_team(world, call)
        || match team.visibility.as_str() {
            "public" => world.can_see(world.accounts.at(team.org), call.doer),
            "limited" => world.belongs_to(team.org, call.doer),
            _ => false,
        }
}

fn no_team_member(world: &World, call: &Call) -> Box<Reply> {
    if world.belongs_to(call.org, call.doer) { forbidden("Must be a team member") } else { not_found() }
}
