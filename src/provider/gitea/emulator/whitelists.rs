//! The lists of people and teams in a branch protection: who gets onto them, and who is still shown.

use super::access::unit;
use super::collaborators::unknown_user;
use super::forms::Values;
use super::protections::{Protection, TEAM_LISTS, USER_LISTS};
use super::reply::{Reply, invalid};
use super::repos::Repo;
use super::world::{Level, Team, World};

/// Takes over the lists that were sent. Whoever cannot write is dropped without a word, as are teams where there are none.
pub(super) fn apply(world: &World, repo: &Repo, protection: &mut Protection, form: &Values) -> Result<(), Box<Reply>> {
    // The names of those who may bypass count only while bypassing is on.
    let may_bypass = protection.has("enable_bypass_allowlist");
    let is_asked = |list: &&str| may_bypass || !list.starts_with("bypass");
    for list in USER_LISTS.into_iter().filter(is_asked) {
        if let Some(names) = form.sent_texts(list) {
            let sent = users_named(world, &names)?;
            let is_right = |user: &i64| is_user_right(world, repo, list, *user);
            replace(protection.users.entry(list).or_default(), sent, is_right);
        }
    }
    if !world.accounts.at(repo.owner).is_org {
        return Ok(());
    }
    for list in TEAM_LISTS.into_iter().filter(is_asked) {
        if let Some(names) = form.sent_texts(list) {
            let sent = teams_named(world, repo, &names)?;
            let is_right = |team: &i64| reads(repo, world.orgs.team(*team));
            replace(protection.teams.entry(list).or_default(), sent, is_right);
        }
    }
    Ok(())
}

/// The same list again is kept as it is; another one is sifted.
fn replace(known: &mut Vec<i64>, mut sent: Vec<i64>, is_right: impl FnMut(&i64) -> bool) {
    sent.sort_unstable();
    sent.dedup();
    if *known != sent {
        sent.retain(is_right);
        *known = sent;
    }
}

fn users_named(world: &World, names: &[String]) -> Result<Vec<i64>, Box<Reply>> {
    let find = |name: &String| world.accounts.named(name).map(|account| account.id).ok_or_else(|| unknown_user(name));
    names.iter().map(find).collect()
}

fn teams_named(world: &World, repo: &Repo, names: &[String]) -> Result<Vec<i64>, Box<Reply>> {
    let org = repo.owner;
    let unknown = |name: &str| invalid(format!("team does not exist [org_id {org}, team_id 0, name: {name}]"));
    let find = |name: &String| world.orgs.team_named(org, name).map(|team| team.id).ok_or_else(|| unknown(name));
    names.iter().map(find).collect()
}

fn is_user_right(world: &World, repo: &Repo, list: &str, user: i64) -> bool {
    let rights = world.rights(repo, Some(user));
    match list {
        "approvals_whitelist_username" => rights.on(unit::PULLS) >= Level::Read,
        _ => rights.code() >= Level::Write,
    }
}

fn reads(repo: &Repo, team: &Team) -> bool {
    let reaches = team.is_owners() || team.repos.contains(&repo.id);
    reaches && (team.unit(unit::CODE) >= Level::Read || team.unit(unit::PULLS) >= Level::Read)
}

/// The people of a list who can still read the repository, by name.
pub(super) fn shown_users(world: &World, repo: &Repo, ids: Option<&Vec<i64>>) -> Vec<String> {
    let can_read = |user: &&i64| {
        let rights = world.rights(repo, Some(**user));
        rights.code() >= Level::Read || rights.on(unit::PULLS) >= Level::Read
    };
    let accounts = ids.into_iter().flatten().filter(can_read).filter_map(|id| world.accounts.get(*id));
    let mut names: Vec<String> = accounts.map(|account| account.name.clone()).collect();
    names.sort();
    names
}

/// The teams of a list that can still read the repository, by name.
pub(super) fn shown_teams(world: &World, repo: &Repo, ids: Option<&Vec<i64>>) -> Vec<String> {
    let teams = ids.into_iter().flatten().filter_map(|id| world.orgs.teams.get(id)).filter(|team| reads(repo, team));
    let mut names: Vec<String> = teams.map(|team| team.name.clone()).collect();
    names.sort();
    names
}
