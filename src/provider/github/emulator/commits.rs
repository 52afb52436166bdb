//! Commits by reference, the difference between two, and the pull requests that hold one.

use std::sync::Arc;

use serde_json::{Value, json};

use super::accounts::{node_id, simple};
use super::call::Call;
use super::diffs;
use super::git::{Commit, Signature};
use super::git_data::show_signature;
use super::paging::list;
use super::permissions::Level;
use super::pulls::show_brief;
use super::refs::not_empty;
use super::reply::{Answer, Reply, not_found, refuse};
use super::repos::Repo;
use super::routes::{Route, route};
use super::world::World;

const READ: &[(&str, Level)] = &[("contents", Level::Read)];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}/commits/{*ref}", "commits/commits#get-a-commit", read).needs(READ),
    route("GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls", PULLS, pulls)
        .needs(&[("pull_requests", Level::Read)]),
    route("GET", "/repos/{owner}/{repo}/compare/{*basehead}", "commits/commits#compare-two-commits", compare)
        .needs(READ),
];

const PULLS: &str = "commits/commits#list-pull-requests-associated-with-a-commit";
/// The most files that a comparison shows.
const MOST_FILES: usize = 300;

/// The commit that a branch, a reference or an object name stands for. Objects of the whole network of forks are found.
pub(super) fn resolve(world: &World, repo: &Repo, reference: &str) -> Option<Arc<Commit>> {
    let objects = world.objects(repo);
    let whole = [
        format!("refs/heads/{reference}"),
        format!("refs/tags/{reference}"),
        format!("refs/{reference}"),
        reference.to_owned(),
    ];
    let by_name = whole.iter().find_map(|name| repo.refs.get(name)).and_then(|sha| objects.commit(sha));
    by_name.or_else(|| objects.find(reference)).cloned()
}

pub(super) fn found(world: &World, call: &Call, reference: &str) -> Result<Arc<Commit>, Box<Reply>> {
    let repo = world.repo(call);
    not_empty(repo)?;
    resolve(world, repo, reference).ok_or_else(|| refuse(422, format!("No commit found for SHA: {reference}")))
}

/// Whether a commit is signed, and by whom.
pub(super) fn verification(commit: &Commit) -> Value {
    if commit.signed {
        let signature = "-----BEGIN PGP SIGNATURE-----\n\nsandbox\n-----END PGP SIGNATURE-----\n";
        return json!({ "verified": true, "reason": "valid", "signature": signature, "payload": commit.message });
    }
    json!({ "verified": false, "reason": "unsigned", "signature": null, "payload": null })
}

/// A commit as the service shows it.
pub(super) fn show(world: &World, call: &Call, commit: &Commit) -> Value {
    let repo = world.repo(call);
    let (api, html) = (world.api_of(call, repo), format!("{}/{}", call.web, world.full_name(repo)));
    let sha = &commit.sha;
    let account = |signature: &Signature| {
        let found = world.accounts.values().find(|account| account.git_email() == signature.email);
        found.map(|account| simple(world, call, account.id))
    };
    let parent = |sha: &String| {
        json!({
            "sha": sha, "url": format!("{api}/commits/{sha}"), "html_url": format!("{html}/commit/{sha}"),
        })
    };
    json!({
        "sha": sha,
        "node_id": node_id("Commit", format!("{}:{sha}", repo.id)),
        "commit": {
            "author": show_signature(&commit.author),
            "committer": show_signature(&commit.committer),
            "message": commit.message,
            "tree": { "sha": commit.tree, "url": format!("{api}/git/trees/{}", commit.tree) },
            "url": format!("{api}/git/commits/{sha}"),
            "comment_count": 0,
            "verification": verification(commit),
        },
        "url": format!("{api}/commits/{sha}"),
        "html_url": format!("{html}/commit/{sha}"),
        "comments_url": format!("{api}/commits/{sha}/comments"),
        "author": account(&commit.author),
        "committer": account(&commit.committer),
        "parents": commit.parents.iter().map(parent).collect::<Vec<_>>(),
    })
}

/// The cheapest question: the object name alone, whose tag is itself.
fn read(world: &mut World, call: &Call) -> Answer {
    let commit = found(world, call, call.param("ref"))?;
    if call.wants("sha") {
        let media = "application/vnd.github.sha; charset=utf-8";
        return Ok(Reply::text(200, media, commit.sha.clone()).tagged(commit.sha.clone()));
    }
    let repo = world.repo(call);
    let objects = world.objects(repo);
    let before = commit.parents.first().map(|sha| objects.files(sha)).unwrap_or_default();
    let changes = diffs::between(objects, &before, &objects.files(&commit.sha));
    let mut shown = show(world, call, &commit);
    let (added, deleted) = diffs::sums(&changes);
    shown["stats"] = json!({ "total": added + deleted, "additions": added, "deletions": deleted });
    shown["files"] = changes.iter().map(|change| diffs::show(world, call, change, &commit.sha)).collect();
    Ok(Reply::json(200, shown).modified(commit.committer.when))
}

fn pulls(world: &mut World, call: &Call) -> Answer {
    let commit = found(world, call, call.param("commit_sha"))?;
    let repo = world.repo(call);
    let objects = world.objects(repo);
    let holds = |issue: &&super::issues::Issue| {
        issue
            .pull
            .as_ref()
            .is_some_and(|pull| objects.since(&pull.base_sha, &pull.head_sha).iter().any(|held| held.sha == commit.sha))
    };
    let found: Vec<_> = repo.issues.values().rev().filter(holds).collect();
    Ok(list(world, call, &found, |issue| show_brief(world, call, issue)))
}

fn compare(world: &mut World, call: &Call) -> Answer {
    let repo = world.repo(call);
    let (base, head) = call.param("basehead").split_once("...").ok_or_else(not_found)?;
    let (base, head) =
        (resolve(world, repo, base).ok_or_else(not_found)?, resolve(world, repo, head).ok_or_else(not_found)?);
    let objects = world.objects(repo);
    let merge_base = objects.merge_base(&base.sha, &head.sha).ok_or_else(not_found)?;
    let merge_base = objects.commit(&merge_base).cloned().ok_or_else(not_found)?;
    let mut ahead = objects.since(&base.sha, &head.sha);
    let behind = objects.since(&head.sha, &base.sha).len();
    ahead.reverse();
    let status = match (ahead.len(), behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let mut changes = diffs::between(objects, &objects.files(&merge_base.sha), &objects.files(&head.sha));
    changes.truncate(MOST_FILES);
    let (api, html) = (world.api_of(call, repo), format!("{}/{}", call.web, world.full_name(repo)));
    let range = call.param("basehead");
    Ok(Reply::json(
        200,
        json!({
            "url": format!("{api}/compare/{range}"),
            "html_url": format!("{html}/compare/{range}"),
            "permalink_url": format!("{html}/compare/{}...{}", base.sha, head.sha),
            "diff_url": format!("{html}/compare/{range}.diff"),
            "patch_url": format!("{html}/compare/{range}.patch"),
            "base_commit": show(world, call, &base),
            "merge_base_commit": show(world, call, &merge_base),
            "status": status,
            "ahead_by": ahead.len(),
            "behind_by": behind,
            "total_commits": ahead.len(),
            "commits": ahead.iter().map(|commit| show(world, call, commit)).collect::<Vec<_>>(),
            "files": changes.iter().map(|change| diffs::show(world, call, change, &head.sha)).collect::<Vec<_>>(),
        }),
    ))
}
