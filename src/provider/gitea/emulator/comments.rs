//! Comments on issues and pull requests: anyone who may read may write one, unless the conversation is locked.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::call::{Call, stamp};
use super::forms::{Form, Kind, Rule, ruled};
use super::gates::Gate;
use super::issues::{Comment, Issue, found_mut};
use super::json_text;
use super::paging::unlinked_list;
use super::reply::{Answer, Reply, failure, forbidden, not_found, refuse};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{World, next};

const READER: &[Gate] = &[Gate::Scope(&[Category::Issue]), Gate::Repo, Gate::Conversations];
const SIGNED_IN: &[Gate] = &[Gate::Scope(&[Category::Issue]), Gate::Repo, Gate::Conversations, Gate::SignedIn];
const WRITABLE: &[Gate] =
    &[Gate::Scope(&[Category::Issue]), Gate::Repo, Gate::Conversations, Gate::SignedIn, Gate::NotArchived];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}/issues/comments", READER, list_of_repo),
    route("GET", "/repos/{owner}/{repo}/issues/comments/{comment}", READER, read),
    route("PATCH", "/repos/{owner}/{repo}/issues/comments/{comment}", WRITABLE, edit),
    route("DELETE", "/repos/{owner}/{repo}/issues/comments/{comment}", SIGNED_IN, delete),
    route("GET", "/repos/{owner}/{repo}/issues/{index}/comments", READER, list_of_issue),
    route("POST", "/repos/{owner}/{repo}/issues/{index}/comments", WRITABLE, create),
];

fn show(world: &World, call: &Call, issue: &Issue, comment: &Comment) -> Value {
    let full_name = world.full_name(world.repos.at(call.repo));
    let address = format!("{}/{full_name}/{}/{}", call.base, issue.kind(), issue.index);
    let (pull, plain) = if issue.is_pull() { (address.as_str(), "") } else { ("", address.as_str()) };
    json!({
        "id": comment.id,
        "html_url": format!("{address}#issuecomment-{}", comment.id),
        "pull_request_url": pull,
        "issue_url": plain,
        "user": world.show_to_strangers(call, comment.poster),
        "original_author": "",
        "original_author_id": 0,
        "body": comment.body,
        "assets": [],
        "created_at": stamp(comment.created),
        "updated_at": stamp(comment.updated),
    })
}

/// The bounds of time that a list may be given, over the last change.
fn is_within(call: &Call, comment: &Comment) -> bool {
    let bound = |name: &str| -> Option<DateTime<Utc>> { json_text::moment(&Value::from(call.ask(name))).ok() };
    bound("since").is_none_or(|since| comment.updated >= since)
        && bound("before").is_none_or(|before| comment.updated <= before)
}

/// A missing number is a failure, not a 404. `page` and `limit` are not looked at.
fn list_of_issue(world: &mut World, call: &Call) -> Answer {
    let issue = of_index(world, call)?;
    let comments = issue.comments.iter().filter(|comment| is_within(call, comment));
    let shown: Vec<Value> = comments.map(|comment| show(world, call, issue, comment)).collect();
    let total = shown.len();
    Ok(Reply::json(200, Value::Array(shown)).total(total))
}

fn of_index<'a>(world: &'a World, call: &Call) -> Result<&'a Issue, Box<Reply>> {
    let (repo, index) = (world.repos.at(call.repo), call.id("index"));
    let missing = || failure(format!("issue does not exist [id: 0, repo_id: {}, index: {index}]", repo.id));
    repo.issues.get(&index).ok_or_else(missing)
}

fn list_of_repo(world: &mut World, call: &Call) -> Answer {
    let issues = world.repos.at(call.repo).issues.values();
    let mut comments: Vec<(&Issue, &Comment)> =
        issues.flat_map(|issue| issue.comments.iter().map(move |comment| (issue, comment))).collect();
    comments.retain(|(_, comment)| is_within(call, comment));
    comments.sort_by_key(|(_, comment)| comment.id);
    Ok(unlinked_list(call, &comments, |(issue, comment)| show(world, call, issue, comment)))
}

static COMMENT: Form =
    Form { name: "CreateIssueCommentOption", fields: &[ruled("body", "Body", Kind::Text, &[Rule::Required])] };

fn create(world: &mut World, call: &Call) -> Answer {
    let body = call.form(&COMMENT)?.text("body");
    let issue = of_index(world, call)?;
    if issue.is_locked && !world.manages(call, issue) {
        return Err(forbidden("You cannot comment on a locked issue."));
    }
    let index = issue.index;
    let id = next(&mut world.last.comment);
    let comment = Comment { id, poster: call.doer.unwrap_or_default(), body, created: call.now, updated: call.now };
    let issue = found_mut(world, call, index)?;
    issue.comments.push(comment.clone());
    issue.updated = call.now;
    Ok(Reply::json(201, show(world, call, of_index(world, call)?, &comment)))
}

/// Where a comment stands: the number of its issue and its place there.
fn locate(world: &World, call: &Call) -> Result<(i64, usize), Box<Reply>> {
    let id = call.id("comment");
    let issues = world.repos.at(call.repo).issues.values();
    let mut places = issues.filter_map(|issue| {
        let at = issue.comments.iter().position(|comment| comment.id == id)?;
        Some((issue.index, at))
    });
    places.next().ok_or_else(|| refuse(404, format!("comment does not exist [id: {id}, issue_id: 0]")))
}

fn at<'a>(world: &'a World, call: &Call, place: (i64, usize)) -> Result<(&'a Issue, &'a Comment), Box<Reply>> {
    let issue = world.repos.at(call.repo).issues.get(&place.0).ok_or_else(not_found)?;
    Ok((issue, issue.comments.get(place.1).ok_or_else(not_found)?))
}

fn read(world: &mut World, call: &Call) -> Answer {
    let (issue, comment) = at(world, call, locate(world, call)?)?;
    Ok(Reply::json(200, show(world, call, issue, comment)))
}

/// Its author and those who manage the issue; anybody else is refused without a word.
fn refuse_stranger(world: &World, call: &Call, place: (&Issue, &Comment)) -> Result<(), Box<Reply>> {
    let (issue, comment) = place;
    if call.doer == Some(comment.poster) || world.manages(call, issue) {
        return Ok(());
    }
    Err(Box::new(Reply::empty(403)))
}

/// An edit that changes nothing writes nothing, and its answer forgets the author.
fn edit(world: &mut World, call: &Call) -> Answer {
    let body = call.form(&COMMENT)?.text("body");
    let place = locate(world, call)?;
    let (issue, comment) = at(world, call, place)?;
    refuse_stranger(world, call, (issue, comment))?;
    if comment.body == body {
        let mut shown = show(world, call, issue, comment);
        shown["user"] = Value::Null;
        return Ok(Reply::json(200, shown));
    }
    if let Some(comment) = found_mut(world, call, place.0)?.comments.get_mut(place.1) {
        comment.body = body;
        comment.updated = call.now;
    }
    let (issue, comment) = at(world, call, place)?;
    Ok(Reply::json(200, show(world, call, issue, comment)))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let place = locate(world, call)?;
    refuse_stranger(world, call, at(world, call, place)?)?;
    found_mut(world, call, place.0)?.comments.remove(place.1);
    Ok(Reply::empty(204))
}
