//! Commit statuses: every report is a row of its own, the newest of each context counts, nothing is validated.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::access::unit;
use super::call::{Call, stamp};
use super::forms::{Form, Kind, plain};
use super::gates::Gate;
use super::paging::{Page, list};
use super::reply::{Answer, Reply, failure, not_modelled, refuse};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{World, next};

const REPO: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::Reader(unit::CODE)];
const WRITER: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::SignedIn, Gate::Writer(unit::CODE)];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}/statuses/{sha}", REPO, list_of_sha),
    route("POST", "/repos/{owner}/{repo}/statuses/{sha}", WRITER, report),
    route("GET", "/repos/{owner}/{repo}/commits/{*ref}", REPO, of_ref),
];

/// One report.
#[derive(Debug, Clone)]
pub(super) struct Status {
    id: i64,
    sha: String,
    state: String,
    context: String,
    description: String,
    target_url: String,
    creator: i64,
    created: DateTime<Utc>,
}

static REPORT: Form = Form {
    name: "CreateStatusOption",
    fields: &[
        plain("state", "State", Kind::Text),
        plain("target_url", "TargetURL", Kind::Text),
        plain("description", "Description", Kind::Text),
        plain("context", "Context", Kind::Text),
    ],
};

/// A branch's name or a short object name serves as well; an unknown one is a failure, not a 404.
fn report(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&REPORT)?;
    let wanted = call.param("sha");
    let Some(commit) = world.repos.at(call.repo).git.resolve(wanted) else {
        return Err(failure(format!("GetCommit[{wanted}]: object does not exist [id: {wanted}, rel_path: ]")));
    };
    let status = Status {
        id: next(&mut world.last.status),
        sha: commit.sha.clone(),
        state: form.text("state"),
        context: form.text("context"),
        description: form.text("description"),
        target_url: form.text("target_url"),
        creator: call.doer.unwrap_or_default(),
        created: call.now,
    };
    let shown = show(world, call, &status);
    world.repos.at_mut(call.repo).statuses.push(status);
    Ok(Reply::json(201, shown))
}

fn show(world: &World, call: &Call, status: &Status) -> Value {
    let full_name = world.full_name(world.repos.at(call.repo));
    json!({
        "id": status.id,
        "status": status.state,
        "target_url": status.target_url,
        "description": status.description,
        "url": format!("{}/api/v1/repos/{full_name}/statuses/{}", call.base, status.sha),
        "context": status.context,
        "creator": world.show_to_strangers(call, status.creator),
        "created_at": stamp(status.created),
        "updated_at": stamp(status.created),
    })
}

/// Of an unknown object there are simply none.
fn list_of_sha(world: &mut World, call: &Call) -> Answer {
    let wanted = call.param("sha");
    let sha = world.repos.at(call.repo).git.resolve(wanted).map_or(wanted.to_owned(), |commit| commit.sha.clone());
    list_of(world, call, &sha)
}

/// Branches have slashes in their names, so the last part of the path says what is asked.
fn of_ref(world: &mut World, call: &Call) -> Answer {
    match call.param("ref").rsplit_once('/') {
        Some((reference, "status")) => combined(world, call, reference),
        Some((reference, "statuses")) => {
            let sha = resolved(world, call, reference)?;
            list_of(world, call, &sha)
        }
        Some((_, "pull")) => Err(not_modelled()),
        _ => Ok(Reply::text(404, "text/plain; charset=utf-8", "404 page not found\n")),
    }
}

fn resolved(world: &World, call: &Call, wanted: &str) -> Result<String, Box<Reply>> {
    let unknown = || refuse(404, format!("object does not exist [id: {wanted}, rel_path: ]"));
    world.repos.at(call.repo).git.resolve(wanted).map(|commit| commit.sha.clone()).ok_or_else(unknown)
}

fn list_of(world: &World, call: &Call, sha: &str) -> Answer {
    let state = call.ask("state");
    let mut statuses: Vec<&Status> = world
        .repos
        .at(call.repo)
        .statuses
        .iter()
        .filter(|status| status.sha == sha && (state.is_empty() || status.state == state))
        .collect();
    match call.ask("sort") {
        "recentupdate" | "highestindex" => statuses.reverse(),
        _ => {}
    }
    Ok(list(call, &statuses, |status| show(world, call, status)))
}

/// The state and count of this page; only the header knows the whole. Pages count from the newest row, a page's rows are
/// shown oldest first.
fn combined(world: &World, call: &Call, reference: &str) -> Answer {
    let sha = resolved(world, call, reference)?;
    let repo = world.repos.at(call.repo);
    let mut latest: BTreeMap<&str, &Status> = BTreeMap::new();
    for status in repo.statuses.iter().filter(|status| status.sha == sha) {
        latest.insert(&status.context, status);
    }
    let mut statuses: Vec<&Status> = latest.into_values().collect();
    statuses.sort_by_key(|status| std::cmp::Reverse(status.id));
    let page = Page::of(call);
    let mut shown: Vec<&Status> = page.cut(&statuses).to_vec();
    shown.sort_by_key(|status| status.id);
    let full_name = world.full_name(repo);
    let api = format!("{}/api/v1/repos/{full_name}/commits/{sha}", call.base);
    let rendered: Vec<Value> = shown.iter().map(|status| show(world, call, status)).collect();
    Ok(Reply::json(
        200,
        json!({
            "state": overall(&shown),
            "sha": sha,
            "total_count": shown.len(),
            "statuses": if rendered.is_empty() { Value::Null } else { Value::Array(rendered) },
            "repository": world.show_repo(call, repo, call.doer),
            "commit_url": api,
            "url": format!("{api}/status"),
        }),
    )
    .paged(call, page, statuses.len()))
}

/// Failure as soon as anything is wrong, pending while anything is or nothing is there, else success.
fn overall(statuses: &[&Status]) -> &'static str {
    let any = |states: &[&str]| statuses.iter().any(|status| states.contains(&status.state.as_str()));
    match () {
        () if any(&["error", "failure", "warning"]) => "failure",
        () if any(&["pending"]) || statuses.is_empty() => "pending",
        () if any(&["success", "skipped"]) => "success",
        () => "pending",
    }
}
