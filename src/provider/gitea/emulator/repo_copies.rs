//! Repositories made of others: generated from a template, forked.

use serde_json::json;

use super::access::unit;
use super::call::Call;
use super::forms::{Form, Kind, Rule, plain, ruled};
use super::gates::{Gate, find_account};
use super::git::Git;
use super::reply::{Answer, Reply, forbidden, invalid, not_found, refuse};
use super::repo_create::{check_place, commit_first, refuse_organisation, show_to_maker};
use super::repos::Repo;
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::World;

const REPO: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::SignedIn, Gate::Reader(unit::CODE)];

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/repos/{owner}/{repo}/generate", REPO, generate),
    route("POST", "/repos/{owner}/{repo}/forks", REPO, fork),
];

static GENERATE: Form = Form {
    name: "GenerateRepoOption",
    fields: &[
        ruled("owner", "Owner", Kind::Text, &[Rule::Required]),
        ruled("name", "Name", Kind::Text, &[Rule::Required, Rule::AlphaDashDot, Rule::MaxSize(100)]),
        ruled("default_branch", "DefaultBranch", Kind::Text, &[Rule::GitRefName]),
        ruled("description", "Description", Kind::Text, &[Rule::MaxSize(2048)]),
        plain("private", "Private", Kind::Flag),
        plain("git_content", "GitContent", Kind::Flag),
        plain("topics", "Topics", Kind::Flag),
        plain("git_hooks", "GitHooks", Kind::Flag),
        plain("webhooks", "Webhooks", Kind::Flag),
        plain("avatar", "Avatar", Kind::Flag),
        plain("labels", "Labels", Kind::Flag),
        plain("protected_branch", "ProtectedBranch", Kind::Flag),
    ],
};

fn generate(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&GENERATE)?;
    let template = world.repos.at(call.repo).clone();
    if !template.is_template {
        return Err(invalid("this is not a template repo"));
    }
    refuse_organisation(world, call)?;
    let parts = ["git_content", "topics", "git_hooks", "webhooks", "avatar", "labels", "protected_branch"];
    if !parts.iter().any(|part| form.flag(part)) {
        return Err(invalid("must select at least one template item"));
    }
    let owner_name = form.text("owner");
    let Some(owner) = world.accounts.named(&owner_name).map(|account| account.id) else {
        // This one refusal has another key than all others.
        let text = format!("request owner `{owner_name}` does not exist");
        return Err(Box::new(Reply::json(404, json!({"error": text}))));
    };
    let is_org = world.accounts.at(owner).is_org;
    if call.doer != Some(owner) && !world.is_site_admin(call.doer) {
        let may = |doer: i64| world.orgs.teams_with(owner, doer).any(|team| team.is_owners() || team.may_create_repos);
        if !is_org {
            return Err(forbidden("Only admin can generate repository for other user."));
        }
        if !call.doer.is_some_and(may) {
            return Err(forbidden("Given user is not allowed to create repository in organization."));
        }
    }
    let name = form.text("name");
    check_place(world, call, owner, &name)?;
    let mut repo = Repo::new(owner, &name, call.now);
    repo.description = form.text("description");
    repo.is_private = form.flag("private");
    let branch = form.text("default_branch");
    repo.default_branch = if branch.is_empty() { template.default_branch.clone() } else { branch };
    if form.flag("git_content")
        && let Some(head) = template.git.branch(&template.default_branch)
    {
        let files = head.files.as_ref().clone();
        commit_first(&mut repo, files, world.signature(call));
    }
    if form.flag("topics") {
        repo.topics = template.topics.clone();
    }
    if form.flag("protected_branch") {
        repo.protections = template.protections.clone();
    }
    let id = world.add_repository(repo, call.doer);
    Ok(Reply::json(201, show_to_maker(world, call, id)))
}

static FORK: Form = Form {
    name: "CreateForkOption",
    fields: &[
        plain("organization", "Organization", Kind::Text),
        ruled("name", "Name", Kind::Text, &[Rule::AlphaDashDot, Rule::MaxSize(100)]),
    ],
};

fn fork(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&FORK)?;
    let source = world.repos.at(call.repo).clone();
    let org = form.text("organization");
    let owner = if org.is_empty() {
        call.doer.unwrap_or_default()
    } else {
        let id = find_account(world, call, &org)?.ok_or_else(|| invalid("organization does not exist"))?;
        if !world.accounts.at(id).is_org {
            return Err(not_found());
        }
        if !world.belongs_to(id, call.doer) {
            return Err(forbidden(format!("User is no Member of Organisation '{org}'")));
        }
        id
    };
    let name = form.sent_text("name").filter(|name| !name.is_empty()).unwrap_or_else(|| source.name.clone());
    if let Some(known) = world.repos.forks_of(source.id).find(|fork| fork.owner == owner) {
        return Err(refuse(
            409,
            format!(
                "repository is already forked by user [uname: {}, repo path: {}, fork path: {}]",
                world.accounts.at(owner).name,
                world.full_name(&source),
                world.full_name(known)
            ),
        ));
    }
    check_place(world, call, owner, &name)?;
    let mut repo = Repo::new(owner, &name, call.now);
    repo.description = source.description.clone();
    repo.is_private = source.is_private;
    repo.default_branch = source.default_branch.clone();
    repo.fork_of = Some(source.id);
    repo.git = Git::clone(&source.git);
    // `[repository] DEFAULT_FORK_REPO_UNITS`: code and pull requests.
    for switch in ["has_issues", "has_wiki", "has_projects", "has_releases", "has_packages", "has_actions"] {
        repo.options.insert(switch.to_owned(), false.into());
    }
    let id = world.add_repository(repo, call.doer);
    Ok(Reply::json(202, world.show_repo(call, world.repos.at(id), call.doer)))
}
