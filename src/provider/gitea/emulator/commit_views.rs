//! How commits are shown: in answers about files, in lists, and the headers that such lists carry.

use serde_json::{Value, json};

use super::call::{Call, ZERO_TIME, stamp};
use super::git::{Commit, Signature};
use super::paging::Page;
use super::reply::Reply;
use super::world::World;

/// A commit as lists of commits show it.
pub(super) fn show_commit(world: &World, call: &Call, commit: &Commit) -> Value {
    let full_name = world.full_name(world.repos.at(call.repo));
    let api = format!("{}/api/v1/repos/{full_name}/git", call.base);
    let person = |one: &Signature| json!({"name": one.name, "email": one.email, "date": stamp(one.when)});
    let account = |one: &Signature| {
        let known = world.emails.owner_of(&one.email).and_then(|id| world.accounts.get(id));
        known.map(|account| world.show(call, account, call.doer))
    };
    let created = stamp(commit.committer.when);
    let meta = |kind: &str, sha: &str| json!({"url": format!("{api}/{kind}/{sha}"), "sha": sha, "created": created});
    let own = format!("{api}/commits/{}", commit.sha);
    json!({
        "url": own,
        "sha": commit.sha,
        "created": created,
        "html_url": format!("{}/{full_name}/commit/{}", call.base, commit.sha),
        "commit": {
            "url": own,
            "author": person(&commit.author),
            "committer": person(&commit.committer),
            "message": commit.message,
            "tree": meta("trees", &commit.tree),
            "verification": unverified(),
        },
        "author": account(&commit.author),
        "committer": account(&commit.committer),
        "parents": commit.parents.iter().map(|sha| meta("commits", sha)).collect::<Vec<_>>(),
    })
}

/// A commit as answers about files show it.
pub(super) fn show_file_commit(world: &World, call: &Call, commit: &Commit) -> Value {
    let full_name = world.full_name(world.repos.at(call.repo));
    let api = format!("{}/api/v1/repos/{full_name}/git", call.base);
    let meta = |kind: &str, sha: &str| json!({"url": format!("{api}/{kind}/{sha}"), "sha": sha, "created": ZERO_TIME});
    let person = |one: &Signature| json!({"name": one.name, "email": one.email, "date": stamp(one.when)});
    json!({
        "url": format!("{api}/commits/{}", commit.sha),
        "sha": commit.sha,
        "created": ZERO_TIME,
        "html_url": format!("{}/{full_name}/commit/{}", call.base, commit.sha),
        "author": person(&commit.author),
        "committer": person(&commit.committer),
        "parents": commit.parents.iter().map(|sha| meta("commits", sha)).collect::<Vec<_>>(),
        "message": commit.message,
        "tree": meta("trees", &commit.tree),
    })
}

/// No commit here is signed.
pub(super) fn unverified() -> Value {
    json!({"verified": false, "reason": "gpg.error.not_signed_commit", "signature": "", "signer": null, "payload": ""})
}

/// The headers that lists of commits and of changed files carry besides the usual ones.
pub(super) fn with_counts(reply: Reply, page: Page, total: usize) -> Reply {
    reply
        .header("x-page", page.number.to_string())
        .header("x-perpage", page.size.to_string())
        .header("x-pagecount", page.last(total).to_string())
        .header("x-hasmore", (page.number < page.last(total)).to_string())
}
