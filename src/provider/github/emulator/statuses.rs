//! Statuses of commits: appended, never changed, and summed up (guide, section 6).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::accounts::{avatar, node_id, simple};
use super::call::{Call, stamp, text};
use super::commits::found;
use super::paging::{Page, list};
use super::permissions::Level;
use super::reply::{Answer, Reply, invalid, malformed, missing};
use super::routes::{Route, route};
use super::world::World;

const READ: &[(&str, Level)] = &[("statuses", Level::Read)];
const WRITE: &[(&str, Level)] = &[("statuses", Level::Write)];

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/repos/{owner}/{repo}/statuses/{sha}", "commits/statuses#create-a-commit-status", create)
        .needs(WRITE)
        .makes(),
    route("GET", "/repos/{owner}/{repo}/commits/{ref}/statuses", LIST, index).needs(READ),
    route("GET", "/repos/{owner}/{repo}/commits/{ref}/status", COMBINED, combined).needs(READ),
];

const LIST: &str = "commits/statuses#list-commit-statuses-for-a-reference";
const COMBINED: &str = "commits/statuses#get-the-combined-status-for-a-specific-reference";
/// The longest description in characters.
const LONGEST: usize = 140;
/// The most statuses of a commit under one context.
const MOST: usize = 1000;

/// A status.
#[derive(Debug, Clone)]
pub(super) struct Status {
    id: i64,
    sha: String,
    state: String,
    context: String,
    description: Option<String>,
    target_url: Option<String>,
    creator: i64,
    created: DateTime<Utc>,
}

fn show(world: &World, call: &Call, status: &Status) -> Value {
    let mut shown = show_brief(world, call, status);
    shown["creator"] = simple(world, call, status.creator);
    shown
}

fn show_brief(world: &World, call: &Call, status: &Status) -> Value {
    json!({
        "url": format!("{}/statuses/{}", world.api_of(call, world.repo(call)), status.sha),
        "avatar_url": avatar(status.creator),
        "id": status.id,
        "node_id": node_id("StatusContext", status.id),
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": stamp(status.created),
        "updated_at": stamp(status.created),
    })
}

fn create(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?;
    let state = text(&fields, "state").ok_or_else(|| missing("state"))?;
    if !["error", "failure", "pending", "success"].contains(&state) {
        return Err(malformed(&format!(
            "{state} is not a member of [\"error\", \"failure\", \"pending\", \"success\"]."
        )));
    }
    let commit = found(world, call, call.param("sha"))?;
    let description = text(&fields, "description").map(str::to_owned);
    let custom = |field: &str, message: String| {
        invalid(vec![json!({ "resource": "Status", "code": "custom", "field": field, "message": message })])
    };
    if description.as_ref().is_some_and(|text| text.chars().count() > LONGEST) {
        return Err(custom("description", format!("description is too long (maximum is {LONGEST} characters)")));
    }
    let context = text(&fields, "context").unwrap_or("default").to_owned();
    let same = world.repo(call).statuses.iter().filter(|it| it.sha == commit.sha && it.context == context).count();
    if same >= MOST {
        return Err(custom("base", "This SHA and context has reached the maximum number of statuses.".to_owned()));
    }
    let status = Status {
        id: world.next_id(),
        sha: commit.sha.clone(),
        state: state.to_owned(),
        context,
        description,
        target_url: text(&fields, "target_url").map(str::to_owned),
        creator: world.actor(call),
        created: call.now,
    };
    world.repo_mut(call).statuses.push(status.clone());
    let shown = show(world, call, &status);
    let place = shown["url"].as_str().unwrap_or_default().to_owned();
    Ok(Reply::json(201, shown).header("location", place))
}

/// The newest first, all of them.
fn index(world: &mut World, call: &Call) -> Answer {
    let commit = found(world, call, call.param("ref"))?;
    let all: Vec<&Status> = world.repo(call).statuses.iter().rev().filter(|it| it.sha == commit.sha).collect();
    Ok(list(world, call, &all, |status| show(world, call, status)))
}

/// The newest of each context; `pending` also where there is none at all.
fn combined(world: &mut World, call: &Call) -> Answer {
    let commit = found(world, call, call.param("ref"))?;
    let repo = world.repo(call);
    let mut newest: Vec<&Status> = Vec::new();
    for status in repo.statuses.iter().rev().filter(|it| it.sha == commit.sha) {
        if newest.iter().all(|known| known.context != status.context) {
            newest.push(status);
        }
    }
    newest.reverse();
    let any = |states: &[&str]| newest.iter().any(|status| states.contains(&status.state.as_str()));
    let state = if any(&["error", "failure"]) {
        "failure"
    } else if any(&["pending"]) || newest.is_empty() {
        "pending"
    } else {
        "success"
    };
    let api = world.api_of(call, repo);
    let shown: Vec<Value> = Page::of(call).cut(&newest).iter().map(|it| show_brief(world, call, it)).collect();
    let body = json!({
        "state": state,
        "statuses": shown,
        "sha": commit.sha,
        "total_count": newest.len(),
        "repository": super::repos::show(world, call, repo),
        "commit_url": format!("{api}/commits/{}", commit.sha),
        "url": format!("{api}/commits/{}/status", commit.sha),
    });
    Ok(Reply::json(200, body))
}
