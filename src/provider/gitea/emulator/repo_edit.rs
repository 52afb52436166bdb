//! Editing, deleting and handing over repositories. Being archived stops none of it.

use serde_json::Value;

use super::call::Call;
use super::forms::{Form, Kind, Rule, plain, ruled};
use super::gates::Gate;
use super::names;
use super::reply::{Answer, Reply, forbidden, invalid, not_found, refuse};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::World;

const REPO: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo];
const REPO_ADMIN: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::SignedIn, Gate::RepoAdmin];
const REPO_OWNER: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::SignedIn, Gate::RepoOwner];
const REPO_SIGNED_IN: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::SignedIn];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}", REPO, read),
    route("PATCH", "/repos/{owner}/{repo}", REPO_ADMIN, edit),
    route("DELETE", "/repos/{owner}/{repo}", REPO_OWNER, delete),
    route("POST", "/repos/{owner}/{repo}/transfer", REPO_OWNER, transfer),
    route("POST", "/repos/{owner}/{repo}/transfer/accept", REPO_SIGNED_IN, accept_transfer),
    route("POST", "/repos/{owner}/{repo}/transfer/reject", REPO_SIGNED_IN, reject_transfer),
    route("GET", "/repositories/{id}", &[Gate::Scope(&[Category::Repository])], by_id),
];

fn read(world: &mut World, call: &Call) -> Answer {
    answer(world, call, 200)
}

fn answer(world: &World, call: &Call, status: u16) -> Answer {
    Ok(Reply::json(status, world.show_repo(call, world.repos.at(call.repo), call.doer)))
}

fn by_id(world: &mut World, call: &Call) -> Answer {
    let repo = world.repos.get(call.id("id")).ok_or_else(not_found)?;
    if !world.can_see_repo(repo, call.doer) || (call.is_public_only() && repo.is_private) {
        return Err(not_found());
    }
    Ok(Reply::json(200, world.show_repo(call, repo, call.doer)))
}

/// The switches and merge options, all optional; `default_merge_style` takes any word.
const FLAGS: [&str; 20] = [
    "has_code",
    "has_issues",
    "has_wiki",
    "has_pull_requests",
    "has_projects",
    "has_releases",
    "has_packages",
    "has_actions",
    "ignore_whitespace_conflicts",
    "allow_merge_commits",
    "allow_rebase",
    "allow_rebase_explicit",
    "allow_squash_merge",
    "allow_fast_forward_only_merge",
    "allow_merge_update",
    "allow_rebase_update",
    "allow_manual_merge",
    "autodetect_manual_merge",
    "default_delete_branch_after_merge",
    "default_allow_maintainer_edit",
];
const WORDS: [&str; 3] = ["projects_mode", "default_merge_style", "default_update_style"];

static EDIT: Form = Form {
    name: "EditRepoOption",
    fields: &[
        ruled("name", "Name", Kind::Text, &[Rule::AlphaDashDot, Rule::MaxSize(100)]),
        ruled("description", "Description", Kind::Text, &[Rule::MaxSize(2048)]),
        ruled("website", "Website", Kind::Text, &[Rule::MaxSize(1024)]),
        plain("private", "Private", Kind::Flag),
        plain("template", "Template", Kind::Flag),
        plain("has_code", "HasCode", Kind::Flag),
        plain("has_issues", "HasIssues", Kind::Flag),
        plain("has_wiki", "HasWiki", Kind::Flag),
        plain("default_branch", "DefaultBranch", Kind::Text),
        plain("has_pull_requests", "HasPullRequests", Kind::Flag),
        plain("has_projects", "HasProjects", Kind::Flag),
        ruled("projects_mode", "ProjectsMode", Kind::Text, &[Rule::In(&["repo", "owner", "all"])]),
        plain("has_releases", "HasReleases", Kind::Flag),
        plain("has_packages", "HasPackages", Kind::Flag),
        plain("has_actions", "HasActions", Kind::Flag),
        plain("ignore_whitespace_conflicts", "IgnoreWhitespaceConflicts", Kind::Flag),
        plain("allow_merge_commits", "AllowMerge", Kind::Flag),
        plain("allow_rebase", "AllowRebase", Kind::Flag),
        plain("allow_rebase_explicit", "AllowRebaseMerge", Kind::Flag),
        plain("allow_squash_merge", "AllowSquash", Kind::Flag),
        plain("allow_fast_forward_only_merge", "AllowFastForwardOnly", Kind::Flag),
        plain("allow_merge_update", "AllowMergeUpdate", Kind::Flag),
        plain("allow_rebase_update", "AllowRebaseUpdate", Kind::Flag),
        plain("allow_manual_merge", "AllowManualMerge", Kind::Flag),
        plain("autodetect_manual_merge", "AutodetectManualMerge", Kind::Flag),
        plain("default_delete_branch_after_merge", "DefaultDeleteBranchAfterMerge", Kind::Flag),
        plain("default_merge_style", "DefaultMergeStyle", Kind::Text),
        plain("default_update_style", "DefaultUpdateStyle", Kind::Text),
        plain("default_allow_maintainer_edit", "DefaultAllowMaintainerEdit", Kind::Flag),
        plain("archived", "Archived", Kind::Flag),
    ],
};

fn edit(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&EDIT)?;
    let repo = world.repos.at(call.repo);
    let (owner, old) = (repo.owner, repo.name.clone());
    if let Some(name) = form.sent_text("name").filter(|name| *name != old) {
        if name.to_lowercase() != old.to_lowercase() {
            check_new_name(world, owner, &name)?;
        }
        world.repos.relocate(call.repo, owner, &name);
    }
    let base_is_private =
        world.repos.at(call.repo).fork_of.and_then(|id| world.repos.get(id)).map(|base| base.is_private);
    let repo = world.repos.at_mut(call.repo);
    if let Some(description) = form.sent_text("description") {
        repo.description = description;
    }
    if let Some(website) = form.sent_text("website") {
        repo.website = website;
    }
    if let Some(is_private) = form.sent_flag("private") {
        // A fork is as private as what it was forked from, whatever is asked.
        repo.is_private = base_is_private.unwrap_or(is_private);
    }
    repo.is_template = form.sent_flag("template").unwrap_or(repo.is_template);
    // A branch that does not exist is passed over without a word; an empty repository takes any name.
    if let Some(branch) = form.sent_text("default_branch").filter(|branch| !branch.is_empty())
        && (repo.git.is_empty() || repo.git.branch(&branch).is_some())
    {
        repo.default_branch = branch;
    }
    for name in FLAGS {
        if let Some(flag) = form.sent_flag(name) {
            repo.options.insert(name.to_owned(), Value::from(flag));
        }
    }
    for name in WORDS {
        if let Some(word) = form.sent_text(name).filter(|word| !word.is_empty()) {
            repo.options.insert(name.to_owned(), Value::from(word));
        }
    }
    match form.sent_flag("archived") {
        Some(true) => repo.archived = repo.archived.or(Some(call.now)),
        Some(false) => repo.archived = None,
        None => {}
    }
    repo.updated = call.now;
    answer(world, call, 200)
}

/// Every refusal of a new name is a 422, also those that a creation answers with 500.
fn check_new_name(world: &World, owner: i64, name: &str) -> Result<(), Box<Reply>> {
    if name.is_empty() {
        return Err(invalid("ChangeRepositoryName: name is empty"));
    }
    if name.contains("..") {
        return Err(invalid(format!("ChangeRepositoryName: {}", names::bad_characters(name))));
    }
    names::check_repository(name)?;
    if world.repos.named(owner, name).is_some() {
        return Err(taken(world, owner, name));
    }
    Ok(())
}

fn taken(world: &World, owner: i64, name: &str) -> Box<Reply> {
    invalid(format!("repository already exists [uname: {}, name: {name}]", world.accounts.at(owner).name))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let owner = world.accounts.at(world.repos.at(call.repo).owner);
    // The rights of an admin team reach as far as the gate, not as far as this.
    if owner.is_org && !world.owns_org(owner.id, call.doer) {
        return Err(forbidden("Given user is not owner of organization."));
    }
    world.remove_repository(call.repo);
    Ok(Reply::empty(204))
}

static TRANSFER: Form = Form {
    name: "TransferRepoOption",
    fields: &[
        ruled("new_owner", "NewOwner", Kind::Text, &[Rule::Required]),
        plain("team_ids", "TeamIDs", Kind::Numbers),
    ],
};

/// At once by a site admin or into what the caller owns; otherwise offered until the new owner answers.
fn transfer(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&TRANSFER)?;
    let Some(new_owner) = world.accounts.named(&form.text("new_owner")) else {
        return Err(refuse(404, "The new owner does not exist or cannot be found"));
    };
    let (new_owner, is_org) = (new_owner.id, new_owner.is_org);
    if is_org && !world.can_see(world.accounts.at(new_owner), call.doer) {
        return Err(refuse(404, "The new owner does not exist or cannot be found"));
    }
    let teams: Vec<i64> = form
        .raw("team_ids")
        .and_then(Value::as_array)
        .map(|ids| ids.iter().filter_map(Value::as_i64).collect())
        .unwrap_or_default();
    if form.raw("team_ids").is_some() && !is_org {
        return Err(invalid("Teams can only be added to organization-owned repositories"));
    }
    for id in &teams {
        match world.orgs.teams.get(id) {
            None => return Err(invalid(format!("team {id} not found"))),
            Some(team) if team.org != new_owner => {
                return Err(forbidden(format!("team {id} belongs not to org {new_owner}")));
            }
            Some(_) => {}
        }
    }
    let repo = world.repos.at(call.repo);
    if repo.transfer_to.is_some() {
        return Err(refuse(409, "repository is already being transferred [uname: , name: ]"));
    }
    if world.repos.named(new_owner, &repo.name).is_some() {
        let name = repo.name.clone();
        return Err(taken(world, new_owner, &name));
    }
    let may_create = |doer: i64| {
        let mut teams = world.orgs.teams_with(new_owner, doer);
        teams.any(|team| team.is_owners() || team.may_create_repos)
    };
    let is_theirs = call.doer == Some(new_owner) || call.doer.is_some_and(may_create);
    if world.is_site_admin(call.doer) || is_theirs {
        hand_over(world, call.repo, new_owner);
        for id in teams {
            world.attach(id, call.repo);
        }
        return answer(world, call, 202);
    }
    world.repos.at_mut(call.repo).transfer_to = Some(new_owner);
    answer(world, call, 201)
}

fn hand_over(world: &mut World, id: i64, new_owner: i64) {
    let repo = world.repos.at_mut(id);
    repo.transfer_to = None;
    repo.collaborators.retain(|(user, _)| *user != new_owner);
    let name = repo.name.clone();
    world.repos.relocate(id, new_owner, &name);
    for team in world.orgs.teams.values_mut() {
        if team.org == new_owner && team.includes_all {
            team.repos.insert(id);
        } else {
            team.repos.remove(&id);
        }
    }
}

fn accept_transfer(world: &mut World, call: &Call) -> Answer {
    let recipient = pending(world, call)?;
    hand_over(world, call.repo, recipient);
    answer(world, call, 202)
}

fn reject_transfer(world: &mut World, call: &Call) -> Answer {
    pending(world, call)?;
    world.repos.at_mut(call.repo).transfer_to = None;
    answer(world, call, 200)
}

/// The recipient of an offer that the caller may answer.
fn pending(world: &World, call: &Call) -> Result<i64, Box<Reply>> {
    let repo = world.repos.at(call.repo);
    let none = || refuse(404, format!("repository doesn't have a pending transfer [repo_id: {}]", repo.id));
    let recipient = repo.transfer_to.ok_or_else(none)?;
    let is_recipient = call.doer == Some(recipient)
        || (world.accounts.get(recipient).is_some_and(|account| account.is_org)
            && world.owns_org(recipient, call.doer));
    if is_recipient || world.is_site_admin(call.doer) {
        Ok(recipient)
    } else {
        Err(forbidden("user does not have permission to accept or reject the transfer"))
    }
}
