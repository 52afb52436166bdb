//! Branches and commits: listed, read, made, renamed, deleted.

use serde_json::{Value, json};

use super::access::unit;
use super::call::{Call, stamp};
use super::commit_views::{show_commit, unverified, with_counts};
use super::contents::no_object;
use super::forms::{Form, Kind, Rule, ruled};
use super::gates::Gate;
use super::git::{Commit, Signature};
use super::paging::{Page, list};
use super::reply::{Answer, Reply, failure, forbidden, invalid, not_found, refuse};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::World;

const READER: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::Reader(unit::CODE)];
const WRITER: &[Gate] = &[
    Gate::Scope(&[Category::Repository]),
    Gate::Repo,
    Gate::Reader(unit::CODE),
    Gate::SignedIn,
    Gate::Writer(unit::CODE),
    Gate::NotArchived,
];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}/branches", READER, list_all),
    route("POST", "/repos/{owner}/{repo}/branches", WRITER, create),
    route("GET", "/repos/{owner}/{repo}/branches/{*branch}", READER, read),
    route("PATCH", "/repos/{owner}/{repo}/branches/{*branch}", WRITER, rename),
    route("DELETE", "/repos/{owner}/{repo}/branches/{*branch}", WRITER, delete),
    route("GET", "/repos/{owner}/{repo}/commits", READER, commits),
    route("GET", "/repos/{owner}/{repo}/git/commits/{sha}", READER, commit),
];

/// Newest commit first; `null` in an empty repository.
fn list_all(world: &mut World, call: &Call) -> Answer {
    let repo = world.repos.at(call.repo);
    if repo.git.is_empty() {
        return Ok(Reply::json(200, Value::Null).total(0));
    }
    let mut branches: Vec<(&str, &Commit)> = repo.git.branches().collect();
    branches.sort_by(|one, other| (other.1.committer.when, one.0).cmp(&(one.1.committer.when, other.0)));
    Ok(list(call, &branches, |(name, commit)| show(world, call, name, commit)))
}

fn show(world: &World, call: &Call, name: &str, commit: &Commit) -> Value {
    let repo = world.repos.at(call.repo);
    let verdict = world.verdict(repo, name, call.doer, &world.rights(repo, call.doer));
    let person = |one: &Signature| {
        let known = world.emails.owner_of(&one.email).and_then(|id| world.accounts.get(id));
        json!({"name": one.name, "email": one.email, "username": known.map_or("", |account| &account.name)})
    };
    json!({
        "name": name,
        "commit": {
            "id": commit.sha,
            "message": commit.message,
            "url": format!("{}/{}/commit/{}", call.base, world.full_name(repo), commit.sha),
            "author": person(&commit.author),
            "committer": person(&commit.committer),
            "verification": unverified(),
            "timestamp": stamp(commit.committer.when),
            "added": null,
            "removed": null,
            "modified": null,
        },
        "protected": verdict.is_protected,
        "required_approvals": verdict.approvals,
        "enable_status_check": verdict.checks_status,
        "status_check_contexts": verdict.contexts,
        "user_can_push": verdict.can_push,
        "user_can_merge": verdict.can_merge,
        "effective_branch_protection_name": verdict.rule,
    })
}

fn read(world: &mut World, call: &Call) -> Answer {
    let name = call.param("branch");
    let commit = world.repos.at(call.repo).git.branch(name).ok_or_else(not_found)?;
    Ok(Reply::json(200, show(world, call, name, commit)))
}

static CREATE: Form = Form {
    name: "CreateBranchRepoOption",
    fields: &[
        ruled("new_branch_name", "BranchName", Kind::Text, &[Rule::Required, Rule::GitRefName, Rule::MaxSize(100)]),
        ruled("old_branch_name", "OldBranchName", Kind::Text, &[Rule::GitRefName, Rule::MaxSize(100)]),
        ruled("old_ref_name", "OldRefName", Kind::Text, &[Rule::GitRefName, Rule::MaxSize(100)]),
    ],
};

fn create(world: &mut World, call: &Call) -> Answer {
    let repo = world.repos.at(call.repo);
    if repo.git.is_empty() {
        return Err(refuse(404, "Git Repository is empty."));
    }
    let form = call.form(&CREATE)?;
    let (reference, branch) = (form.text("old_ref_name"), form.text("old_branch_name"));
    let commit = if !reference.is_empty() {
        let missing = || failure(format!("object does not exist [id: {reference}, rel_path: ]"));
        repo.git.resolve(&reference).ok_or_else(missing)?
    } else {
        let branch = if branch.is_empty() { &repo.default_branch } else { &branch };
        repo.git.branch(branch).ok_or_else(|| refuse(404, "The old branch does not exist"))?
    };
    let sha = commit.sha.clone();
    let name = form.text("new_branch_name");
    check_free(world, call, &name)?;
    world.repos.at_mut(call.repo).git.point(&name, &sha);
    let repo = world.repos.at(call.repo);
    let commit = repo.git.branch(&name).ok_or_else(not_found)?;
    Ok(Reply::json(201, show(world, call, &name, commit)))
}

/// Neither the name itself nor one above or below it may be taken: branches are files.
fn check_free(world: &World, call: &Call, name: &str) -> Result<(), Box<Reply>> {
    let repo = world.repos.at(call.repo);
    let clashes = |known: &str| known.starts_with(&format!("{name}/")) || name.starts_with(&format!("{known}/"));
    if repo.git.branch(name).is_some() {
        return Err(refuse(409, "The branch already exists."));
    }
    if repo.git.branches().any(|(known, _)| clashes(known)) {
        return Err(refuse(409, "The branch with the same name already exists."));
    }
    Ok(())
}

static RENAME: Form = Form {
    name: "RenameBranchRepoOption",
    fields: &[ruled("name", "Name", Kind::Text, &[Rule::Required, Rule::GitRefName, Rule::MaxSize(100)])],
};

fn rename(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&RENAME)?;
    let (old, name) = (call.param("branch"), form.text("name"));
    let repo = world.repos.at(call.repo);
    if repo.git.is_empty() {
        return Err(refuse(404, "Git Repository is empty."));
    }
    if repo.git.branch(&name).is_some() {
        let text = "Cannot rename a branch using the same name or rename to a branch that already exists.";
        return Err(invalid(text));
    }
    let sha = match repo.git.branch(old) {
        Some(commit) => commit.sha.clone(),
        None => return Err(refuse(404, "Branch doesn't exist.")),
    };
    let repo = world.repos.at_mut(call.repo);
    repo.git.remove_branch(old);
    repo.git.point(&name, &sha);
    if repo.default_branch == old {
        repo.default_branch = name;
    }
    Ok(Reply::empty(204))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let name = call.param("branch");
    let repo = world.repos.at(call.repo);
    if repo.git.is_empty() {
        return Err(refuse(404, "Git Repository is empty."));
    }
    if repo.git.branch(name).is_none() {
        return Err(not_found());
    }
    if repo.default_branch == name {
        return Err(forbidden("can not delete default or pull request target branch"));
    }
    if repo.issues.values().any(|issue| issue.is_open() && issue.targets(name)) {
        return Err(forbidden("can not delete default or pull request target branch"));
    }
    if world.verdict(repo, name, call.doer, &world.rights(repo, call.doer)).is_protected {
        return Err(forbidden("branch protected"));
    }
    world.repos.at_mut(call.repo).git.remove_branch(name);
    Ok(Reply::empty(204))
}

fn commits(world: &mut World, call: &Call) -> Answer {
    let repo = world.repos.at(call.repo);
    if repo.git.is_empty() {
        return Err(refuse(409, "Git Repository is empty."));
    }
    let asked = call.ask("sha");
    let reference = if asked.is_empty() { &repo.default_branch } else { asked };
    let head = repo.git.resolve(reference).ok_or_else(|| no_object(reference, ""))?;
    let history = repo.git.history(head);
    let page = Page::of(call);
    let shown: Vec<Value> = page.cut(&history).iter().map(|commit| show_commit(world, call, commit)).collect();
    Ok(with_counts(Reply::json(200, Value::Array(shown)), page, history.len()).paged(call, page, history.len()))
}

fn commit(world: &mut World, call: &Call) -> Answer {
    let wanted = call.param("sha");
    let commit = world.repos.at(call.repo).git.resolve(wanted).ok_or_else(not_found)?;
    Ok(Reply::json(200, show_commit(world, call, commit)))
}
