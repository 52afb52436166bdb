//! Issues as far as pull requests are some of them: the list, and what comments hang on.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::accounts::{node_id, simple};
use super::call::{Call, stamp};
use super::members::State;
use super::paging::list;
use super::permissions::Level;
use super::pulls::Pull;
use super::reply::{Answer, refuse};
use super::repos::Repo;
use super::routes::{Route, route};
use super::world::World;

pub(super) const ROUTES: &[Route] =
    &[route("GET", "/repos/{owner}/{repo}/issues", "issues/issues#list-repository-issues", index)
        .needs(&[("issues", Level::Read)])];

/// An issue, or a pull request.
#[derive(Debug, Clone)]
pub(super) struct Issue {
    pub(super) id: i64,
    pub(super) number: i64,
    pub(super) title: String,
    pub(super) body: Option<String>,
    pub(super) user: i64,
    pub(super) open: bool,
    pub(super) locked: bool,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
    pub(super) closed: Option<DateTime<Utc>>,
    pub(super) pull: Option<Pull>,
}

/// What somebody is to a repository.
pub(super) fn association(world: &World, repo: &Repo, account: i64) -> &'static str {
    let member = world.members.get(&(repo.owner, account));
    if repo.owner == account {
        "OWNER"
    } else if member.is_some_and(|member| member.state == State::Active) {
        "MEMBER"
    } else if repo.collaborators.contains_key(&account) {
        "COLLABORATOR"
    } else if has_contributed(world, repo, account) {
        "CONTRIBUTOR"
    } else {
        "NONE"
    }
}

/// Whether somebody wrote a commit of the default branch.
fn has_contributed(world: &World, repo: &Repo, account: i64) -> bool {
    let email = world.accounts.get(&account).map(|account| account.git_email());
    let head = repo.branch(&repo.default_branch).unwrap_or_default();
    world.objects(repo).since("", head).iter().any(|commit| Some(&commit.author.email) == email.as_ref())
}

pub(super) fn reactions(url: &str) -> Value {
    json!({
        "url": format!("{url}/reactions"), "total_count": 0, "+1": 0, "-1": 0, "laugh": 0, "hooray": 0, "confused": 0,
        "heart": 0, "rocket": 0, "eyes": 0,
    })
}

fn show(world: &World, call: &Call, issue: &Issue) -> Value {
    let repo = world.repo(call);
    let (api, html) = (world.api_of(call, repo), format!("{}/{}", call.web, world.full_name(repo)));
    let number = issue.number;
    let url = format!("{api}/issues/{number}");
    let page = if issue.pull.is_some() { "pull" } else { "issues" };
    let comments = repo.comments.values().filter(|comment| comment.issue == number).count();
    let mut shown = json!({
        "url": url,
        "repository_url": api,
        "labels_url": format!("{url}/labels{{/name}}"),
        "comments_url": format!("{url}/comments"),
        "events_url": format!("{url}/events"),
        "html_url": format!("{html}/{page}/{number}"),
        "id": issue.id,
        "node_id": node_id("Issue", issue.id),
        "number": number,
        "title": issue.title,
        "user": simple(world, call, issue.user),
        "labels": [],
        "state": if issue.open { "open" } else { "closed" },
        "locked": issue.locked,
        "assignee": null,
        "assignees": [],
        "milestone": null,
        "comments": comments,
        "created_at": stamp(issue.created),
        "updated_at": stamp(issue.updated),
        "closed_at": issue.closed.map(stamp),
        "author_association": association(world, repo, issue.user),
        "active_lock_reason": null,
        "body": issue.body,
        "reactions": reactions(&url),
        "timeline_url": format!("{url}/timeline"),
        "performed_via_github_app": null,
        "state_reason": null,
    });
    if issue.pull.is_some() {
        let pull = format!("{api}/pulls/{number}");
        shown["pull_request"] = json!({ "url": pull, "html_url": format!("{html}/pull/{number}") });
    }
    shown
}

/// The newest first. Other orders and filters are not known here.
fn index(world: &mut World, call: &Call) -> Answer {
    let state = call.ask("state");
    let is_wanted = |issue: &&Issue| match state {
        "all" => true,
        "closed" => !issue.open,
        _ => issue.open,
    };
    if world.repo(call).without_issues {
        return Err(refuse(410, "Issues are disabled for this repo"));
    }
    let is_odd = ["labels", "assignee", "milestone", "since", "sort", "direction", "creator", "mentioned", "type"];
    if is_odd.iter().any(|name| !call.ask(name).is_empty()) {
        return Err(super::reply::not_modelled());
    }
    let found: Vec<&Issue> = world.repo(call).issues.values().rev().filter(is_wanted).collect();
    Ok(list(world, call, &found, |issue| show(world, call, issue)))
}
