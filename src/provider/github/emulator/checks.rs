//! Check runs, which Apps alone make, and their annotations (guide, section 6).

use chrono::{DateTime, Duration, Utc};
use serde_json::{Map, Value, json};

use super::accounts::node_id;
use super::apps::show_app;
use super::call::{Call, stamp, text};
use super::commits::found as commit_of;
use super::paging::{unended, wrapped};
use super::permissions::Level;
use super::reply::{Answer, Reply, malformed, missing, not_found, refuse};
use super::routes::{Route, route};
use super::world::World;

const READ: &[(&str, Level)] = &[("checks", Level::Read)];
const WRITE: &[(&str, Level)] = &[("checks", Level::Write)];
const ONE: &str = "/repos/{owner}/{repo}/check-runs/{check_run_id}";

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/repos/{owner}/{repo}/check-runs", "reference/checks#create-a-check-run", create)
        .needs(WRITE)
        .makes(),
    route("GET", ONE, "checks/runs#get-a-check-run", read).needs(READ),
    route("PATCH", ONE, "checks/runs#update-a-check-run", update).needs(WRITE),
    route("GET", "/repos/{owner}/{repo}/check-runs/{check_run_id}/annotations", ANNOTATIONS, annotations).needs(READ),
    route("GET", "/repos/{owner}/{repo}/commits/{ref}/check-runs", LIST, index).needs(READ),
];

const ANNOTATIONS: &str = "checks/runs#list-check-run-annotations";
const LIST: &str = "checks/runs#list-check-runs-for-a-git-reference";
const STATES: [&str; 3] = ["queued", "in_progress", "completed"];
const CONCLUSIONS: [&str; 7] =
    ["success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required"];
/// The most annotations of one call.
const MOST_ANNOTATIONS: usize = 50;
/// The longest text of an output, in characters.
const LONGEST: usize = 65_535;
/// How long a run may stay open.
const STALE: Duration = Duration::days(14);
/// The most runs of one name in a suite; older ones make room.
const MOST_RUNS: usize = 1000;

/// A check run.
#[derive(Debug, Clone)]
pub(super) struct CheckRun {
    id: i64,
    repo: i64,
    app: i64,
    suite: i64,
    name: String,
    sha: String,
    external_id: String,
    details_url: Option<String>,
    status: String,
    conclusion: Option<String>,
    started: Option<DateTime<Utc>>,
    completed: Option<DateTime<Utc>>,
    made: DateTime<Utc>,
    title: Option<String>,
    summary: Option<String>,
    text: Option<String>,
    annotations: Vec<Map<String, Value>>,
}

fn show(world: &World, call: &Call, run: &CheckRun) -> Value {
    let repo = world.repo(call);
    let url = format!("{}/check-runs/{}", world.api_of(call, repo), run.id);
    let app = world.apps.get(&run.app);
    let is_stale = run.status != "completed" && run.made + STALE < call.now;
    let conclusion = if is_stale { Some("stale") } else { run.conclusion.as_deref() };
    let pulls: Vec<Value> = repo
        .issues
        .values()
        .filter_map(|issue| {
            let pull = issue.pull.as_ref()?;
            // Those of forks are not told.
            let is_own = pull.head_repo == Some(repo.id);
            (issue.open && is_own && pull.head_sha == run.sha).then(|| {
                json!({
                    "id": pull.id, "number": issue.number,
                    "url": format!("{}/pulls/{}", world.api_of(call, repo), issue.number),
                    "head": { "ref": pull.head_ref, "sha": pull.head_sha, "repo": brief(world, call) },
                    "base": { "ref": pull.base_ref, "sha": pull.base_sha, "repo": brief(world, call) },
                })
            })
        })
        .collect();
    json!({
        "id": run.id,
        "node_id": node_id("CheckRun", run.id),
        "head_sha": run.sha,
        "external_id": run.external_id,
        "url": url,
        "html_url": format!("{}/{}/runs/{}", call.web, world.full_name(repo), run.id),
        "details_url": run.details_url.clone().or_else(|| app.map(|app| app.external_url.clone())),
        "status": if is_stale { "completed" } else { &run.status },
        "conclusion": conclusion,
        "started_at": run.started.map(stamp),
        "completed_at": run.completed.map(stamp),
        "output": {
            "title": run.title, "summary": run.summary, "text": run.text,
            "annotations_count": run.annotations.len(), "annotations_url": format!("{url}/annotations"),
        },
        "name": run.name,
        "check_suite": { "id": run.suite },
        "app": app.map(|app| show_app(world, call, app)),
        "pull_requests": pulls,
    })
}

fn brief(world: &World, call: &Call) -> Value {
    let repo = world.repo(call);
    json!({ "id": repo.id, "url": world.api_of(call, repo), "name": repo.name })
}

/// What a body says of a run, as far as it says something.
fn fill(run: &mut CheckRun, fields: &Map<String, Value>, now: DateTime<Utc>) -> Result<(), Box<Reply>> {
    let status = text(fields, "status");
    let conclusion = text(fields, "conclusion");
    let no_member = |word: &str, of: &[&str]| malformed(&format!("{word} is not a member of {of:?}."));
    if let Some(word) = status.filter(|word| !STATES.contains(word)) {
        return Err(no_member(word, &STATES));
    }
    if let Some(word) = conclusion.filter(|word| !CONCLUSIONS.contains(word)) {
        return Err(no_member(word, &CONCLUSIONS));
    }
    if status == Some("completed") && conclusion.is_none() {
        let what = "No subschema in \"anyOf\" matched.\n\"conclusion\" wasn't supplied.\n\
                    completed is not a member of [\"queued\", \"in_progress\"].";
        return Err(malformed(what));
    }
    let moment = |name: &str| {
        let sent = text(fields, name).and_then(|moment| DateTime::parse_from_rfc3339(moment).ok());
        sent.map(|moment| moment.with_timezone(&Utc))
    };
    if let Some(output) = fields.get("output").and_then(Value::as_object) {
        fill_output(run, output)?;
    }
    run.started = moment("started_at").or(run.started);
    for (name, place) in [("name", &mut run.name), ("external_id", &mut run.external_id)] {
        if let Some(value) = text(fields, name) {
            *place = value.to_owned();
        }
    }
    if let Some(url) = text(fields, "details_url") {
        run.details_url = Some(url.to_owned());
    }
    // A conclusion alone completes.
    match (status, conclusion) {
        (_, Some(conclusion)) => {
            run.status = "completed".to_owned();
            run.conclusion = Some(conclusion.to_owned());
            run.completed = moment("completed_at").or(run.completed).or(Some(now));
        }
        (Some(status), None) => {
            run.status = status.to_owned();
            (run.conclusion, run.completed) = (None, None);
        }
        (None, None) => {}
    }
    if fields.get("actions").and_then(Value::as_array).is_some_and(|actions| actions.len() > 3) {
        return Err(malformed("No more than 3 items are allowed."));
    }
    Ok(())
}

fn fill_output(run: &mut CheckRun, output: &Map<String, Value>) -> Result<(), Box<Reply>> {
    let summary = text(output, "summary").ok_or_else(|| missing("summary"))?;
    let title = text(output, "title").or(run.title.as_deref()).ok_or_else(|| missing("title"))?.to_owned();
    let words = text(output, "text");
    if [Some(summary), words].into_iter().flatten().any(|text| text.chars().count() > LONGEST) {
        return Err(malformed(&format!("Only {LONGEST} characters are allowed.")));
    }
    if let Some(sent) = output.get("annotations").and_then(Value::as_array) {
        if sent.len() > MOST_ANNOTATIONS {
            let count = sent.len();
            return Err(malformed(&format!(
                "No more than {MOST_ANNOTATIONS} items are allowed; {count} were supplied."
            )));
        }
        let all: Result<Vec<_>, _> = sent.iter().map(annotation).collect();
        run.annotations.extend(all?);
    }
    run.title = Some(title);
    run.summary = Some(summary.to_owned());
    if output.contains_key("text") {
        run.text = words.map(str::to_owned);
    }
    Ok(())
}

fn annotation(sent: &Value) -> Result<Map<String, Value>, Box<Reply>> {
    let fields = sent.as_object().ok_or_else(|| malformed("annotations must be objects."))?;
    for name in ["path", "start_line", "end_line", "annotation_level", "message"] {
        if fields.get(name).is_none_or(Value::is_null) {
            return Err(missing(name));
        }
    }
    let level = text(fields, "annotation_level").unwrap_or_default();
    if !["notice", "warning", "failure"].contains(&level) {
        return Err(malformed(&format!("{level} is not a member of [\"notice\", \"warning\", \"failure\"].")));
    }
    let column = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
    if (column("start_column") || column("end_column")) && fields["start_line"] != fields["end_line"] {
        return Err(malformed("Columns are only allowed where start_line and end_line are equal."));
    }
    Ok(fields.clone())
}

fn create(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?;
    let name = text(&fields, "name").ok_or_else(|| missing("name"))?.to_owned();
    let sha = text(&fields, "head_sha").ok_or_else(|| missing("head_sha"))?.to_owned();
    let Some(app) = world.acting_app(call) else {
        return Err(refuse(403, "You must authenticate via a GitHub App."));
    };
    let sha = commit_of(world, call, &sha)?.sha.clone();
    let mut run = CheckRun {
        id: 0,
        repo: call.repo,
        app,
        suite: 0,
        name,
        sha,
        external_id: String::new(),
        details_url: None,
        status: "queued".to_owned(),
        conclusion: None,
        started: Some(call.now),
        completed: None,
        made: call.now,
        title: None,
        summary: None,
        text: None,
        annotations: Vec::new(),
    };
    fill(&mut run, &fields, call.now)?;
    let is_of_suite = |it: &&CheckRun| it.repo == run.repo && it.app == app && it.sha == run.sha;
    let suite = world.check_runs.values().find(is_of_suite).map(|it| it.suite);
    let same: Vec<i64> =
        world.check_runs.values().filter(is_of_suite).filter(|it| it.name == run.name).map(|it| it.id).collect();
    if same.len() >= MOST_RUNS {
        world.check_runs.remove(&same[0]);
    }
    run.suite = suite.unwrap_or_else(|| world.next_id());
    run.id = world.next_id();
    world.check_runs.insert(run.id, run.clone());
    let shown = show(world, call, &run);
    let place = shown["url"].as_str().unwrap_or_default().to_owned();
    Ok(Reply::json(201, shown).header("location", place))
}

fn found<'a>(world: &'a World, call: &Call) -> Result<&'a CheckRun, Box<Reply>> {
    world.check_runs.get(&call.id("check_run_id")).filter(|run| run.repo == call.repo).ok_or_else(not_found)
}

fn read(world: &mut World, call: &Call) -> Answer {
    let run = found(world, call)?;
    Ok(Reply::json(200, show(world, call, run)))
}

fn update(world: &mut World, call: &Call) -> Answer {
    let mut run = found(world, call)?.clone();
    let app = world.acting_app(call).unwrap_or(0);
    if run.app != app {
        let words = "check run can only be modified by the GitHub App that created it.";
        return Err(refuse(403, format!("Invalid app_id `{app}` - {words}")));
    }
    fill(&mut run, &call.fields()?, call.now)?;
    let shown = show(world, call, &run);
    world.check_runs.insert(run.id, run);
    Ok(Reply::json(200, shown))
}

fn annotations(world: &mut World, call: &Call) -> Answer {
    let run = found(world, call)?;
    let html = format!("{}/{}/blob/{}", call.web, world.full_name(world.repo(call)), run.sha);
    Ok(unended(call, &run.annotations, |annotation| {
        let field = |name: &str| annotation.get(name).cloned().unwrap_or(Value::Null);
        json!({
            "path": field("path"),
            "blob_href": format!("{html}/{}", text(annotation, "path").unwrap_or_default()),
            "start_line": field("start_line"),
            "start_column": field("start_column"),
            "end_line": field("end_line"),
            "end_column": field("end_column"),
            "annotation_level": field("annotation_level"),
            "title": field("title"),
            "message": field("message"),
            "raw_details": field("raw_details"),
        })
    }))
}

/// The newest of each name and App, unless all are asked for.
fn index(world: &mut World, call: &Call) -> Answer {
    let sha = commit_of(world, call, call.param("ref"))?.sha.clone();
    let asked = |name: &str| Some(call.ask(name)).filter(|value| !value.is_empty());
    let mut runs: Vec<&CheckRun> = Vec::new();
    for run in world.check_runs.values().rev().filter(|run| run.repo == call.repo && run.sha == sha) {
        let is_newest = runs.iter().all(|known| (&known.name, known.app) != (&run.name, run.app));
        if is_newest || call.ask("filter") == "all" {
            runs.push(run);
        }
    }
    runs.retain(|run| {
        asked("status").is_none_or(|status| run.status == status)
            && asked("check_name").is_none_or(|name| run.name == name)
            && asked("app_id").is_none_or(|id| run.app.to_string() == id)
    });
    Ok(wrapped(world, call, "check_runs", &runs, |run| show(world, call, run)))
}
