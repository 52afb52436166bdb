//! Merging pull requests, and asking whether one has been merged.

use super::call::Call;
use super::forms::{Form, Kind, Rule, plain, ruled};
use super::git::Signature;
use super::issues::found_mut;
use super::pull_views::view;
use super::pulls::{Merge, READER, WRITABLE, pull_of};
use super::reply::{Answer, Reply, not_found, refuse};
use super::routes::{Route, route};
use super::world::{Level, World, next};

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}/pulls/{index}/merge", READER, is_merged),
    route("POST", "/repos/{owner}/{repo}/pulls/{index}/merge", WRITABLE, merge),
];

fn is_merged(world: &mut World, call: &Call) -> Answer {
    let issue = pull_of(world, call, call.id("index"))?;
    let is_merged = issue.pull.as_ref().is_some_and(|pull| pull.merged.is_some());
    if is_merged { Ok(Reply::empty(204)) } else { Err(not_found()) }
}

static MERGE: Form = Form {
    name: "MergePullRequestForm",
    fields: &[
        ruled(
            "Do",
            "Do",
            Kind::Text,
            &[
                Rule::Required,
                Rule::In(&["merge", "rebase", "rebase-merge", "squash", "fast-forward-only", "manually-merged"]),
            ],
        ),
        plain("MergeTitleField", "MergeTitleField", Kind::Text),
        plain("MergeMessageField", "MergeMessageField", Kind::Text),
        plain("head_commit_id", "HeadCommitID", Kind::Text),
        plain("delete_branch_after_merge", "DeleteBranchAfterMerge", Kind::Flag),
    ],
};

fn merge(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&MERGE)?;
    let index = call.id("index");
    let issue = pull_of(world, call, index)?;
    let repo = world.repos.at(call.repo);
    let Some(view) = view(repo, issue) else {
        return Err(not_found());
    };
    if view.pull.merged.is_some() {
        return Err(refuse(405, "The PR is already merged"));
    }
    if !issue.is_open() {
        return Err(not_found());
    }
    let rights = world.rights(repo, call.doer);
    let verdict = world.verdict(repo, &view.pull.base, call.doer, &rights);
    if rights.code() < Level::Write || !verdict.can_merge {
        return Err(refuse(405, "User not allowed to merge PR"));
    }
    if !view.is_mergeable(repo) {
        return Err(refuse(405, "Please try again later"));
    }
    let expected = form.text("head_commit_id");
    if !expected.is_empty() && expected != view.pull.head_sha {
        found_mut(world, call, index)?.pull.iter_mut().for_each(|pull| pull.is_being_checked = true);
        return Err(refuse(409, "head out of date"));
    }
    let (Some(base), Some(head)) = (view.base, view.head) else {
        return Err(not_found());
    };
    let mut files = base.files.as_ref().clone();
    for change in view.changes(repo) {
        match head.files.get(&change.path) {
            Some(blob) => drop(files.insert(change.path, blob.clone())),
            None => drop(files.remove(&change.path)),
        }
    }
    let title = match form.text("MergeTitleField") {
        title if title.is_empty() => format!("{} (#{index})", view.issue.title),
        title => title,
    };
    let mut parents = vec![base.sha.clone()];
    if form.text("Do") != "squash" {
        parents.push(head.sha.clone());
    }
    let (branch, who): (String, Signature) = (view.pull.base.clone(), world.signature(call));
    let (head_repo, head_branch) = (view.pull.head_repo, view.pull.head.clone());
    let repo = world.repos.at_mut(call.repo);
    let commit = repo.git.record(parents, files, &title, who.clone(), who);
    repo.git.point(&branch, &commit.sha);
    repo.updated = call.now;
    let issue = found_mut(world, call, index)?;
    issue.closed = Some(call.now);
    issue.updated = call.now;
    if let Some(pull) = issue.pull.as_mut() {
        pull.merged = Some(Merge { when: call.now, by: call.doer.unwrap_or_default(), sha: commit.sha.clone() });
    }
    next(&mut world.last.comment);
    if form.flag("delete_branch_after_merge") && world.repos.get(head_repo).is_some() {
        world.repos.at_mut(head_repo).git.remove_branch(&head_branch);
    }
    world.branch_moved(call.repo, &branch, call.now);
    Ok(Reply::empty(200))
}
