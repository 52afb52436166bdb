//! A pull request beside the commits it is made of, and how the API shows it.

use serde_json::{Value, json};

use super::call::{Call, stamp};
use super::diffs::{self, Change};
use super::git::Commit;
use super::issues::{Issue, show_poster};
use super::pulls::Pull;
use super::repos::Repo;
use super::world::World;

/// A pull request with what its commits say.
pub(super) struct View<'a> {
    pub(super) issue: &'a Issue,
    pub(super) pull: &'a Pull,
    pub(super) base: Option<&'a Commit>,
    pub(super) head: Option<&'a Commit>,
}

pub(super) fn view<'a>(repo: &'a Repo, issue: &'a Issue) -> Option<View<'a>> {
    let pull = issue.pull.as_ref()?;
    Some(View { issue, pull, base: repo.git.branch(&pull.base), head: repo.git.commit(&pull.head_sha) })
}

impl View<'_> {
    pub(super) fn changes(&self, repo: &Repo) -> Vec<Change> {
        let before = repo.git.commit(&self.pull.merge_base);
        match (before, self.head) {
            (Some(before), Some(head)) => diffs::between(&before.files, &head.files),
            _ => Vec::new(),
        }
    }

    /// Whether no file was changed on both sides in different ways.
    pub(super) fn is_mergeable(&self, repo: &Repo) -> bool {
        let (Some(base), Some(head)) = (self.base, self.head) else {
            return false;
        };
        let Some(before) = repo.git.commit(&self.pull.merge_base) else {
            return false;
        };
        self.changes(repo).iter().all(|change| {
            let path = &change.path;
            base.files.get(path) == before.files.get(path) || base.files.get(path) == head.files.get(path)
        })
    }
}

pub(super) fn show(world: &World, call: &Call, issue: &Issue, is_whole: bool) -> Value {
    let repo = world.repos.at(call.repo);
    let Some(view) = view(repo, issue) else {
        return Value::Null;
    };
    let pull = view.pull;
    let address = format!("{}/{}/pulls/{}", call.base, world.full_name(repo), issue.index);
    let head_repo = world.repos.get(pull.head_repo);
    let head_ref = if head_repo.is_some() { pull.head.clone() } else { format!("refs/pull/{}/head", issue.index) };
    let base_sha = view.base.map_or("", |base| &base.sha);
    let mut shown = json!({
        "id": pull.id,
        "url": address,
        "number": issue.index,
        "user": show_poster(world, call, issue.poster),
        "title": issue.title,
        "body": issue.body,
        "labels": [],
        "milestone": null,
        "assignee": null,
        "assignees": [],
        "requested_reviewers": [],
        "requested_reviewers_teams": [],
        "state": issue.state(),
        "draft": issue.title.to_uppercase().starts_with("WIP:") || issue.title.to_uppercase().starts_with("[WIP]"),
        "is_locked": issue.is_locked,
        "comments": issue.comments.len(),
        "html_url": address,
        "diff_url": format!("{address}.diff"),
        "patch_url": format!("{address}.patch"),
        "mergeable": pull.merged.is_some() || (!pull.is_being_checked && view.is_mergeable(repo)),
        "merged": pull.merged.is_some(),
        "merged_at": pull.merged.as_ref().map(|merge| stamp(merge.when)),
        "merge_commit_sha": pull.merged.as_ref().map(|merge| &merge.sha),
        "merged_by": pull.merged.as_ref().map(|merge| show_poster(world, call, merge.by)),
        "allow_maintainer_edit": pull.may_maintainers_edit,
        "base": {
            "label": pull.base,
            "ref": pull.base,
            "sha": base_sha,
            "repo_id": repo.id,
            "repo": world.show_repo(call, repo, call.doer),
        },
        "head": {
            "label": pull.head,
            "ref": head_ref,
            "sha": pull.head_sha,
            "repo_id": pull.head_repo,
            "repo": head_repo.map(|repo| world.show_repo(call, repo, call.doer)),
        },
        "merge_base": pull.merge_base,
        "due_date": null,
        "created_at": stamp(issue.created),
        "updated_at": stamp(issue.updated),
        "closed_at": issue.closed.map(stamp),
        "pin_order": 0,
        "content_version": issue.content_version,
    });
    if is_whole {
        let changes = view.changes(repo);
        shown["additions"] = changes.iter().map(|change| change.additions).sum::<usize>().into();
        shown["deletions"] = changes.iter().map(|change| change.deletions).sum::<usize>().into();
        shown["changed_files"] = changes.len().into();
    }
    shown
}
