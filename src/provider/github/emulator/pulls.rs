//! Pull requests: opening, reading with a test merge that comes late, lists, files (guide, section 6).

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::access::RepoRole;
use super::accounts::{node_id, simple};
use super::call::{Call, stamp, text};
use super::diffs;
use super::git::{Files, Objects, Signature};
use super::issues::{Issue, association};
use super::paging::list;
use super::permissions::Level;
use super::refs::not_empty;
use super::reply::{Answer, Reply, invalid, missing, not_found, refuse};
use super::routes::{Route, route};
use super::world::World;

const READ: &[(&str, Level)] = &[("pull_requests", Level::Read)];
const WRITE: &[(&str, Level)] = &[("pull_requests", Level::Write)];
const ALL: &str = "/repos/{owner}/{repo}/pulls";
const ONE: &str = "/repos/{owner}/{repo}/pulls/{pull_number}";
const FILES: &str = "/repos/{owner}/{repo}/pulls/{pull_number}/files";

pub(super) const ROUTES: &[Route] = &[
    route("GET", ALL, "pulls/pulls#list-pull-requests", index).needs(READ),
    route("POST", ALL, "reference/pulls#create-a-pull-request", create).needs(WRITE).by(RepoRole::Read).makes(),
    route("GET", ONE, "pulls/pulls#get-a-pull-request", read).needs(READ),
    route("PATCH", ONE, "reference/pulls#update-a-pull-request", update).needs(WRITE).by(RepoRole::Read),
    route("GET", FILES, "pulls/pulls#list-pull-requests-files", files).needs(READ),
];

/// How long the service takes to find out whether something can be merged.
const THINKING: Duration = Duration::seconds(1);
/// The most files that a list shows.
const MOST_FILES: usize = 3000;

/// What makes an issue a pull request.
#[derive(Debug, Clone)]
pub(super) struct Pull {
    pub(super) id: i64,
    /// Where the branch lies; none where that repository was deleted.
    pub(super) head_repo: Option<i64>,
    pub(super) head_owner: i64,
    pub(super) head_ref: String,
    pub(super) head_sha: String,
    pub(super) base_ref: String,
    /// The base as it was at the last update of the request, not as it is.
    pub(super) base_sha: String,
    pub(super) draft: bool,
    /// From when on it is known whether it can be merged; none until somebody asks.
    pub(super) known_from: Option<DateTime<Utc>>,
}

/// What the service found out about merging.
struct Merge {
    is_clean: bool,
    sha: Option<String>,
}

impl World {
    /// Whether a pull request can be merged, once that is known; the commit of the test merge too.
    fn merge(&self, call: &Call, pull: &Pull) -> Option<Merge> {
        pull.known_from.filter(|moment| *moment <= call.now)?;
        let objects = self.objects(self.repo(call));
        let merged = merged(objects, &pull.base_sha, &pull.head_sha);
        let sha = merged.as_ref().map(|files| {
            // Named as Git would name it, without keeping it: nobody asks for it.
            let mut scratch = Objects::default();
            let tree = scratch.add_tree(files.clone());
            let who = Signature {
                name: "GitHub".to_owned(),
                email: "noreply@github.com".to_owned(),
                when: DateTime::UNIX_EPOCH,
            };
            let parents = vec![pull.base_sha.clone(), pull.head_sha.clone()];
            let message = format!("Merge {} into {}", pull.head_sha, pull.base_sha);
            scratch.add_commit(tree, parents, &message, who.clone(), who, true).sha.clone()
        });
        Some(Merge { is_clean: merged.is_some(), sha })
    }

    /// What follows from the move of a branch: open requests from it have another head, and nothing is known of merging.
    pub(super) fn follow_branch(&mut self, repo: i64, branch: &str, sha: Option<&str>, now: DateTime<Utc>) {
        let bases = self.repos.values_mut().flat_map(|base| {
            let id = base.id;
            base.issues.values_mut().map(move |issue| (id, issue))
        });
        let mut heads = Vec::new();
        for (base, issue) in bases.filter(|(_, issue)| issue.open) {
            let Some(pull) = &mut issue.pull else { continue };
            if pull.head_repo == Some(repo) && pull.head_ref == branch {
                match sha {
                    Some(sha) => {
                        pull.head_sha = sha.to_owned();
                        heads.push((base, issue.number, sha.to_owned()));
                    }
                    None => {
                        issue.open = false;
                        issue.closed = Some(now);
                    }
                }
                issue.updated = now;
                pull.known_from = None;
            } else if base == repo && pull.base_ref == branch {
                pull.known_from = None;
            }
        }
        for (base, number, sha) in heads {
            if let Some(repo) = self.repos.get_mut(&base) {
                repo.refs.insert(format!("refs/pull/{number}/head"), sha);
            }
        }
    }
}

/// The files of a merge without conflicts; none where both sides changed a file, each in its own way.
fn merged(objects: &Objects, base: &str, head: &str) -> Option<Files> {
    let origin = objects.files(&objects.merge_base(base, head)?);
    let (ours, theirs) = (objects.files(base), objects.files(head));
    let mut files = (*ours).clone();
    let paths = origin.keys().chain(theirs.keys());
    for path in paths {
        let (was, is_ours, is_theirs) = (origin.get(path), ours.get(path), theirs.get(path));
        if is_theirs == was || is_theirs == is_ours {
            continue;
        }
        if is_ours != was {
            return None;
        }
        match is_theirs {
            Some(file) => files.insert(path.clone(), file.clone()),
            None => files.remove(path),
        };
    }
    Some(files)
}

/// A pull request as lists show it.
pub(super) fn show_brief(world: &World, call: &Call, issue: &Issue) -> Value {
    let repo = world.repo(call);
    let Some(pull) = &issue.pull else { return Value::Null };
    let (api, html) = (world.api_of(call, repo), format!("{}/{}", call.web, world.full_name(repo)));
    let number = issue.number;
    let (own, as_issue) = (format!("{api}/pulls/{number}"), format!("{api}/issues/{number}"));
    let page = format!("{html}/pull/{number}");
    let statuses = format!("{api}/statuses/{}", pull.head_sha);
    let link = |href: &str| json!({ "href": href });
    let side = |owner: i64, of: Option<i64>, branch: &str, sha: &str| {
        let login = world.accounts.get(&owner).map_or("", |account| &account.login);
        json!({
            "label": format!("{login}:{branch}"),
            "ref": branch,
            "sha": sha,
            "user": simple(world, call, owner),
            "repo": of.and_then(|id| world.repos.get(&id)).map(|repo| super::repos::show(world, call, repo)),
        })
    };
    let mut shown = json!({
        "url": own,
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "html_url": page,
        "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"),
        "issue_url": as_issue,
        "number": number,
        "state": if issue.open { "open" } else { "closed" },
        "locked": issue.locked,
        "title": issue.title,
        "user": simple(world, call, issue.user),
        "body": issue.body,
        "created_at": stamp(issue.created),
        "updated_at": stamp(issue.updated),
        "closed_at": issue.closed.map(stamp),
        "merged_at": null,
        "merge_commit_sha": world.merge(call, pull).and_then(|merge| merge.sha),
        "assignee": null,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [],
        "milestone": null,
        "draft": pull.draft,
        "commits_url": format!("{own}/commits"),
        "review_comments_url": format!("{own}/comments"),
        "review_comment_url": format!("{api}/pulls/comments{{/number}}"),
        "comments_url": format!("{as_issue}/comments"),
        "statuses_url": statuses,
        "head": side(pull.head_owner, pull.head_repo, &pull.head_ref, &pull.head_sha),
        "base": side(repo.owner, Some(repo.id), &pull.base_ref, &pull.base_sha),
        "_links": {
            "self": link(&own), "html": link(&page), "issue": link(&as_issue),
            "comments": link(&format!("{as_issue}/comments")),
            "review_comments": link(&format!("{own}/comments")),
            "review_comment": link(&format!("{api}/pulls/comments{{/number}}")),
            "commits": link(&format!("{own}/commits")), "statuses": link(&statuses),
        },
        "author_association": association(world, repo, issue.user),
        "auto_merge": null,
        "active_lock_reason": null,
    });
    if call.is_2026 {
        for gone in ["merge_commit_sha", "assignee"] {
            shown.as_object_mut().map(|fields| fields.shift_remove(gone));
        }
    }
    shown
}

/// A pull request by itself, with what comes of merging.
fn show(world: &World, call: &Call, issue: &Issue) -> Value {
    let mut shown = show_brief(world, call, issue);
    let repo = world.repo(call);
    let Some(pull) = &issue.pull else { return Value::Null };
    let merge = world.merge(call, pull).map(|merge| merge.is_clean);
    let state = match merge {
        None => "unknown",
        Some(true) => "clean",
        Some(false) => "dirty",
    };
    let objects = world.objects(repo);
    let changes = changes(objects, pull);
    let (additions, deletions) = diffs::sums(&changes);
    for (name, value) in [
        ("merged", json!(false)),
        ("mergeable", json!(merge)),
        ("rebaseable", json!(merge)),
        ("mergeable_state", json!(state)),
        ("merged_by", Value::Null),
        ("comments", json!(repo.comments.values().filter(|it| it.issue == issue.number).count())),
        ("review_comments", json!(0)),
        ("maintainer_can_modify", json!(false)),
        ("commits", json!(objects.since(&pull.base_sha, &pull.head_sha).len())),
        ("additions", json!(additions)),
        ("deletions", json!(deletions)),
        ("changed_files", json!(changes.len())),
    ] {
        shown[name] = value;
    }
    shown
}

fn changes(objects: &Objects, pull: &Pull) -> Vec<diffs::Change> {
    let before = objects.merge_base(&pull.base_sha, &pull.head_sha).map(|sha| objects.files(&sha)).unwrap_or_default();
    let after: Arc<Files> = objects.files(&pull.head_sha);
    diffs::between(objects, &before, &after)
}

/// Open ones, the newest first, unless the call says otherwise. A head without its owner is not looked at.
fn index(world: &mut World, call: &Call) -> Answer {
    let repo = world.repo(call);
    let (state, base, head) = (call.ask("state"), call.ask("base"), call.ask("head"));
    let is_wanted = |issue: &&Issue| {
        let Some(pull) = &issue.pull else { return false };
        let by_state = match state {
            "all" => true,
            "closed" => !issue.open,
            _ => issue.open,
        };
        let by_head = head.split_once(':').is_none_or(|(owner, branch)| {
            pull.head_ref == branch && world.account(owner).is_some_and(|account| account.id == pull.head_owner)
        });
        by_state && by_head && (base.is_empty() || pull.base_ref == base)
    };
    let mut found: Vec<&Issue> = repo.issues.values().filter(is_wanted).collect();
    let by_update = match call.ask("sort") {
        "updated" => true,
        "popularity" | "long-running" => return Err(super::reply::not_modelled()),
        _ => false,
    };
    found.sort_by_key(|issue| (if by_update { issue.updated } else { issue.created }, issue.number));
    let is_ascending = match call.ask("direction") {
        "asc" => true,
        "desc" => false,
        // What is ordered by something else than its beginning goes upwards where nothing is said.
        _ => by_update,
    };
    if !is_ascending {
        found.reverse();
    }
    Ok(list(world, call, &found, |issue| show_brief(world, call, issue)))
}

fn wrong(field: &str, message: Option<String>) -> Box<Reply> {
    let mut error = json!({ "resource": "PullRequest", "field": field, "code": "invalid" });
    if let Some(message) = message {
        error["message"] = json!(message);
    }
    invalid(vec![error])
}

fn create(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?;
    let head = text(&fields, "head").ok_or_else(|| missing("head"))?.to_owned();
    let base = text(&fields, "base").ok_or_else(|| missing("base"))?.to_owned();
    let title = text(&fields, "title").ok_or_else(|| missing("title"))?.to_owned();
    let repo = world.repo(call);
    not_empty(repo)?;
    let base_sha = repo.branch(&base).ok_or_else(|| wrong("base", None))?.to_owned();
    let (owner, branch) = match head.split_once(':') {
        Some((owner, branch)) => (world.account(owner).map(|it| it.id), branch.to_owned()),
        None => (Some(repo.owner), head.clone()),
    };
    let owner = owner.ok_or_else(|| wrong("head", None))?;
    let source = world.repos.values().find(|it| it.owner == owner && it.network == repo.network);
    let source = source.ok_or_else(|| wrong("head", None))?;
    let head_sha = source.branch(&branch).ok_or_else(|| wrong("head", None))?.to_owned();
    let source = source.id;
    let label = format!("{}:{branch}", world.accounts[&owner].login);
    let is_same = |issue: &&Issue| {
        let pull = issue.pull.as_ref();
        issue.open
            && pull.is_some_and(|it| it.head_repo == Some(source) && it.head_ref == branch && it.base_ref == base)
    };
    let custom =
        |message: String| invalid(vec![json!({ "resource": "PullRequest", "code": "custom", "message": message })]);
    if repo.issues.values().any(|issue| is_same(&issue)) {
        return Err(custom(format!("A pull request already exists for {label}.")));
    }
    if world.objects(repo).since(&base_sha, &head_sha).is_empty() {
        return Err(custom(format!("No commits between {base} and {branch}")));
    }
    let number = repo.next_number();
    let (issue_id, id, user, now) = (world.next_id(), world.next_id(), world.actor(call), call.now);
    let pull = Pull {
        id,
        head_repo: Some(source),
        head_owner: owner,
        head_ref: branch,
        head_sha: head_sha.clone(),
        base_ref: base,
        base_sha,
        draft: fields.get("draft").and_then(Value::as_bool).unwrap_or(false),
        known_from: Some(now + THINKING),
    };
    let issue = Issue {
        id: issue_id,
        number,
        title,
        body: text(&fields, "body").map(str::to_owned),
        user,
        open: true,
        locked: false,
        created: now,
        updated: now,
        closed: None,
        pull: Some(pull),
    };
    let repo = world.repo_mut(call);
    repo.refs.insert(format!("refs/pull/{number}/head"), head_sha);
    repo.issues.insert(number, issue.clone());
    world.announce_pull(call, number, "opened");
    let shown = show(world, call, &issue);
    let place = shown["url"].as_str().unwrap_or_default().to_owned();
    Ok(Reply::json(201, shown).header("location", place))
}

fn found<'a>(world: &'a World, call: &Call) -> Result<&'a Issue, Box<Reply>> {
    let issue = world.repo(call).issues.get(&call.id("pull_number"));
    issue.filter(|issue| issue.pull.is_some()).ok_or_else(not_found)
}

/// Asking is what makes the service find out.
fn read(world: &mut World, call: &Call) -> Answer {
    let number = found(world, call)?.number;
    let now = call.now;
    if let Some(pull) = world.repo_mut(call).issues.get_mut(&number).and_then(|issue| issue.pull.as_mut()) {
        pull.known_from.get_or_insert(now + THINKING);
    }
    let issue = found(world, call)?;
    if call.wants("diff") || call.wants("patch") {
        return Err(super::reply::not_modelled());
    }
    Ok(Reply::json(200, show(world, call, issue)).modified(issue.updated))
}

fn update(world: &mut World, call: &Call) -> Answer {
    let issue = found(world, call)?;
    let (number, author) = (issue.number, issue.user);
    let fields = call.fields()?;
    let actor = world.actor(call);
    if author != actor && world.acting_app(call).is_none() && world.role(actor, world.repo(call)) < RepoRole::Write {
        return Err(refuse(403, "Must have push access to repository"));
    }
    let base = text(&fields, "base");
    let base_sha = match base {
        Some(name) => {
            let unknown = || wrong("base", Some(format!("Proposed base branch '{name}' was not found")));
            Some(world.repo(call).branch(name).ok_or_else(unknown)?.to_owned())
        }
        None => None,
    };
    let state = text(&fields, "state");
    if state.is_some_and(|state| !["open", "closed"].contains(&state)) {
        return Err(wrong("state", None));
    }
    let now = call.now;
    let Some(issue) = world.repo_mut(call).issues.get_mut(&number) else { return Err(not_found()) };
    if let Some(title) = text(&fields, "title") {
        issue.title = title.to_owned();
    }
    if let Some(body) = text(&fields, "body") {
        issue.body = Some(body.to_owned());
    }
    let was_open = issue.open;
    if let Some(state) = state {
        issue.open = state == "open";
        issue.closed = (!issue.open).then_some(issue.closed.unwrap_or(now));
    }
    if let (Some(pull), Some(name), Some(sha)) = (&mut issue.pull, base, base_sha) {
        (pull.base_ref, pull.base_sha, pull.known_from) = (name.to_owned(), sha, None);
    }
    issue.updated = now;
    let action = match (was_open, issue.open) {
        (true, false) => "closed",
        (false, true) => "reopened",
        _ => "edited",
    };
    world.announce_pull(call, number, action);
    Ok(Reply::json(200, show(world, call, found(world, call)?)))
}

fn files(world: &mut World, call: &Call) -> Answer {
    let issue = found(world, call)?;
    let Some(pull) = &issue.pull else { return Err(not_found()) };
    let mut changes = changes(world.objects(world.repo(call)), pull);
    changes.truncate(MOST_FILES);
    Ok(list(world, call, &changes, |change| diffs::show(world, call, change, &pull.head_sha)))
}
