//! Comments on issues and pull requests (guide, section 6).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::access::RepoRole;
use super::accounts::{node_id, simple};
use super::apps::show_app;
use super::call::{Call, stamp, text};
use super::issues::{association, reactions};
use super::paging::list;
use super::permissions::Level;
use super::reply::{Answer, Reply, invalid, missing, not_found, refuse};
use super::routes::{Route, route};
use super::world::World;

const READ: &[(&str, Level)] = &[("issues", Level::Read), ("pull_requests", Level::Read)];
const WRITE: &[(&str, Level)] = &[("issues", Level::Write), ("pull_requests", Level::Write)];
const OF_ISSUE: &str = "/repos/{owner}/{repo}/issues/{issue_number}/comments";
const ONE: &str = "/repos/{owner}/{repo}/issues/comments/{comment_id}";

pub(super) const ROUTES: &[Route] = &[
    route("GET", OF_ISSUE, "issues/comments#list-issue-comments", index).needs(READ),
    route("POST", OF_ISSUE, "issues/comments#create-an-issue-comment", create).needs(WRITE).by(RepoRole::Read).makes(),
    route("GET", ONE, "issues/comments#get-an-issue-comment", read).needs(READ),
    route("PATCH", ONE, "issues/comments#update-an-issue-comment", update).needs(WRITE).by(RepoRole::Read),
    route("DELETE", ONE, "issues/comments#delete-an-issue-comment", delete).needs(WRITE).by(RepoRole::Read),
];

/// The longest body in characters.
const LONGEST: usize = 65_536;

/// A comment.
#[derive(Debug, Clone)]
pub(super) struct Comment {
    pub(super) id: i64,
    pub(super) issue: i64,
    pub(super) user: i64,
    pub(super) app: Option<i64>,
    pub(super) body: String,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
}

fn show(world: &World, call: &Call, comment: &Comment) -> Value {
    let repo = world.repo(call);
    let (api, html) = (world.api_of(call, repo), format!("{}/{}", call.web, world.full_name(repo)));
    let (id, number) = (comment.id, comment.issue);
    let is_pull = repo.issues.get(&number).is_some_and(|issue| issue.pull.is_some());
    let page = if is_pull { "pull" } else { "issues" };
    let url = format!("{api}/issues/comments/{id}");
    json!({
        "url": url,
        "html_url": format!("{html}/{page}/{number}#issuecomment-{id}"),
        "issue_url": format!("{api}/issues/{number}"),
        "id": id,
        "node_id": node_id("IssueComment", id),
        "user": simple(world, call, comment.user),
        "created_at": stamp(comment.created),
        "updated_at": stamp(comment.updated),
        "author_association": association(world, repo, comment.user),
        "body": comment.body,
        "reactions": reactions(&url),
        "performed_via_github_app": comment.app.and_then(|id| world.apps.get(&id)).map(|app| show_app(world, call, app)),
    })
}

/// By number, the oldest first; `since` tells since when it was changed, that second included.
fn index(world: &mut World, call: &Call) -> Answer {
    let repo = world.repo(call);
    let number = call.id("issue_number");
    if !repo.issues.contains_key(&number) {
        return Err(not_found());
    }
    let since = DateTime::parse_from_rfc3339(call.ask("since")).ok();
    let is_wanted = |comment: &&Comment| {
        let is_late = since.is_none_or(|since| comment.updated.timestamp() >= since.timestamp());
        comment.issue == number && is_late
    };
    let found: Vec<&Comment> = repo.comments.values().filter(is_wanted).collect();
    Ok(list(world, call, &found, |comment| show(world, call, comment)))
}

/// The body of a comment, neither blank nor too long.
fn body(call: &Call) -> Result<String, Box<Reply>> {
    let fields = call.fields()?;
    let body = text(&fields, "body").ok_or_else(|| missing("body"))?;
    let error = |message: &str, code: &str| json!({ "resource": "IssueComment", "code": code, "field": "data", "message": message });
    if body.trim().is_empty() {
        return Err(invalid(vec![error("Body cannot be blank", "unprocessable")]));
    }
    if body.chars().count() > LONGEST {
        let words = format!("Body is too long (maximum is {LONGEST} characters)");
        return Err(invalid(vec![error(&words, "unprocessable")]));
    }
    Ok(body.to_owned())
}

fn create(world: &mut World, call: &Call) -> Answer {
    let number = call.id("issue_number");
    let (user, app, now) = (world.actor(call), world.acting_app(call), call.now);
    let repo = world.repo(call);
    let issue = repo.issues.get(&number).ok_or_else(not_found)?;
    if issue.locked && world.role(user, repo) < RepoRole::Write {
        return Err(refuse(403, "Unable to create comment because issue is locked."));
    }
    let body = body(call)?;
    let id = world.next_id();
    let comment = Comment { id, issue: number, user, app, body, created: now, updated: now };
    let repo = world.repo_mut(call);
    repo.comments.insert(id, comment.clone());
    // A comment moves what it stands under.
    if let Some(issue) = repo.issues.get_mut(&number) {
        issue.updated = now;
    }
    let shown = show(world, call, &comment);
    let place = shown["url"].as_str().unwrap_or_default().to_owned();
    Ok(Reply::json(201, shown).header("location", place))
}

fn found<'a>(world: &'a World, call: &Call) -> Result<&'a Comment, Box<Reply>> {
    world.repo(call).comments.get(&call.id("comment_id")).ok_or_else(not_found)
}

fn read(world: &mut World, call: &Call) -> Answer {
    let comment = found(world, call)?;
    Ok(Reply::json(200, show(world, call, comment)).modified(comment.updated))
}

/// Whether the caller may change a comment: its author, or who may push.
fn may_change(world: &World, call: &Call, comment: &Comment) -> Result<(), Box<Reply>> {
    let actor = world.actor(call);
    let is_allowed = comment.user == actor || world.role(actor, world.repo(call)) >= RepoRole::Write;
    // An App that may write issues may write those of others too.
    if is_allowed || world.acting_app(call).is_some() {
        Ok(())
    } else {
        Err(refuse(403, "Must have admin rights to Repository."))
    }
}

fn update(world: &mut World, call: &Call) -> Answer {
    let comment = found(world, call)?;
    may_change(world, call, comment)?;
    let (body, id, now) = (body(call)?, comment.id, call.now);
    if let Some(comment) = world.repo_mut(call).comments.get_mut(&id) {
        (comment.body, comment.updated) = (body, now);
    }
    Ok(Reply::json(200, show(world, call, found(world, call)?)))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let comment = found(world, call)?;
    may_change(world, call, comment)?;
    let id = comment.id;
    world.repo_mut(call).comments.remove(&id);
    Ok(Reply::empty(204))
}
