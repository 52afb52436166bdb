//! Webhooks of repositories, owners and the server: kept and shown as Gitea does, never delivered.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::call::{Call, is_yes, stamp};
use super::forms::{Form, Kind, Rule, Values, plain, ruled};
use super::gates::Gate;
use super::names;
use super::paging::unlinked_list;
use super::reply::{Answer, Reply, invalid, not_found};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::World;

const ADMIN: &[Gate] = &[Gate::Scope(&[Category::Admin]), Gate::SignedIn, Gate::SiteAdmin];
const OWN: &[Gate] = &[Gate::Scope(&[Category::User]), Gate::SignedIn];
const ORG: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Org, Gate::SignedIn, Gate::OrgOwner];
const REPO: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::SignedIn, Gate::RepoAdmin];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}/hooks", REPO, list),
    route("POST", "/repos/{owner}/{repo}/hooks", REPO, create),
    route("GET", "/repos/{owner}/{repo}/hooks/{hook}", REPO, read),
    route("PATCH", "/repos/{owner}/{repo}/hooks/{hook}", REPO, edit),
    route("DELETE", "/repos/{owner}/{repo}/hooks/{hook}", REPO, delete),
    route("POST", "/repos/{owner}/{repo}/hooks/{hook}/tests", REPO, test),
    route("GET", "/orgs/{org}/hooks", ORG, list),
    route("POST", "/orgs/{org}/hooks", ORG, create),
    route("GET", "/orgs/{org}/hooks/{hook}", ORG, read),
    route("PATCH", "/orgs/{org}/hooks/{hook}", ORG, edit),
    route("DELETE", "/orgs/{org}/hooks/{hook}", ORG, delete),
    route("GET", "/user/hooks", OWN, list),
    route("POST", "/user/hooks", OWN, create),
    route("GET", "/user/hooks/{hook}", OWN, read),
    route("PATCH", "/user/hooks/{hook}", OWN, edit),
    route("DELETE", "/user/hooks/{hook}", OWN, delete),
    route("GET", "/admin/hooks", ADMIN, list),
    route("POST", "/admin/hooks", ADMIN, create),
    route("GET", "/admin/hooks/{hook}", ADMIN, read),
    route("PATCH", "/admin/hooks/{hook}", ADMIN, edit),
    route("DELETE", "/admin/hooks/{hook}", ADMIN, delete),
];

/// Whose a hook is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Repo(i64),
    /// A person or an organisation.
    Owner(i64),
    /// The server: fires for everything.
    System,
    /// The server: copied into every new repository.
    Default,
}

#[derive(Debug, Clone)]
struct Hook {
    id: i64,
    place: Place,
    name: String,
    kind: String,
    url: String,
    content_type: String,
    branch_filter: String,
    events: BTreeSet<&'static str>,
    is_active: bool,
    created: DateTime<Utc>,
    updated: DateTime<Utc>,
}

/// All hooks of the server.
#[derive(Debug, Default)]
pub(super) struct Hooks {
    last_id: i64,
    rows: BTreeMap<i64, Hook>,
}

impl Hooks {
    pub(super) fn remove_of_repo(&mut self, repo: i64) {
        self.rows.retain(|_, hook| hook.place != Place::Repo(repo));
    }

    pub(super) fn remove_of_owner(&mut self, owner: i64) {
        self.rows.retain(|_, hook| hook.place != Place::Owner(owner));
    }
}

/// What a sent event stands for. Three of them stand for a family; an unknown one for nothing.
const EVENTS: [(&str, &[&str]); 26] = [
    ("create", &["create"]),
    ("delete", &["delete"]),
    ("fork", &["fork"]),
    ("push", &["push"]),
    ("issues", &["issues", "issue_assign", "issue_label", "issue_milestone", "issue_comment"]),
    ("issues_only", &["issues"]),
    ("issue_assign", &["issue_assign"]),
    ("issue_label", &["issue_label"]),
    ("issue_milestone", &["issue_milestone"]),
    ("issue_comment", &["issue_comment"]),
    (
        "pull_request",
        &[
            "pull_request",
            "pull_request_assign",
            "pull_request_label",
            "pull_request_milestone",
            "pull_request_comment",
            "pull_request_review",
            "pull_request_review_request",
            "pull_request_sync",
        ],
    ),
    ("pull_request_only", &["pull_request"]),
    ("pull_request_assign", &["pull_request_assign"]),
    ("pull_request_label", &["pull_request_label"]),
    ("pull_request_milestone", &["pull_request_milestone"]),
    ("pull_request_comment", &["pull_request_comment"]),
    ("pull_request_review", &["pull_request_review"]),
    ("pull_request_review_request", &["pull_request_review_request"]),
    ("pull_request_sync", &["pull_request_sync"]),
    ("wiki", &["wiki"]),
    ("repository", &["repository"]),
    ("release", &["release"]),
    ("package", &["package"]),
    ("status", &["status"]),
    ("workflow_run", &["workflow_run"]),
    ("workflow_job", &["workflow_job"]),
];

/// Without any event sent, a hook gets pushes only.
fn expand(events: Option<Vec<String>>) -> BTreeSet<&'static str> {
    let sent = events.filter(|events| !events.is_empty()).unwrap_or_else(|| vec!["push".to_owned()]);
    let known = EVENTS.iter().filter(|(name, _)| sent.iter().any(|event| event.eq_ignore_ascii_case(name)));
    known.flat_map(|(_, family)| family.iter().copied()).collect()
}

const KINDS: [&str; 11] = [
    "gitea",
    "gogs",
    "slack",
    "discord",
    "dingtalk",
    "telegram",
    "msteams",
    "feishu",
    "matrix",
    "wechatwork",
    "packagist",
];

/// Where the call's route keeps its hooks.
fn place(call: &Call) -> Place {
    match () {
        () if call.repo != 0 => Place::Repo(call.repo),
        () if call.org != 0 => Place::Owner(call.org),
        () if call.path.starts_with("/api/v1/admin/") => Place::System,
        () => Place::Owner(call.doer.unwrap_or_default()),
    }
}

fn is_at(hook: &Hook, place: Place) -> bool {
    hook.place == place || (place == Place::System && hook.place == Place::Default)
}

fn list(world: &mut World, call: &Call) -> Answer {
    let place = place(call);
    let is_listed = |hook: &&Hook| match (place, call.ask("type")) {
        (Place::System, "default") => hook.place == Place::Default,
        (Place::System, "all") => is_at(hook, place),
        _ => hook.place == place,
    };
    let hooks: Vec<&Hook> = world.hooks.rows.values().filter(is_listed).collect();
    Ok(unlinked_list(call, &hooks, |hook| show(hook)))
}

/// The secret is never shown, nor, since 1.27, the header.
fn show(hook: &Hook) -> Value {
    json!({
        "id": hook.id,
        "name": hook.name,
        "type": hook.kind,
        "branch_filter": hook.branch_filter,
        "config": {"content_type": hook.content_type, "url": hook.url},
        "events": hook.events,
        "authorization_header": "",
        "active": hook.is_active,
        "updated_at": stamp(hook.updated),
        "created_at": stamp(hook.created),
    })
}

static CREATE: Form = Form {
    name: "CreateHookOption",
    fields: &[
        ruled("type", "Type", Kind::Text, &[Rule::Required]),
        ruled("config", "Config", Kind::TextMap, &[Rule::Required]),
        plain("events", "Events", Kind::Texts),
        ruled("branch_filter", "BranchFilter", Kind::Text, &[Rule::Glob]),
        plain("active", "Active", Kind::Flag),
        plain("authorization_header", "AuthorizationHeader", Kind::Text),
        ruled("name", "Name", Kind::Text, &[Rule::MaxSize(255)]),
    ],
};

fn create(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&CREATE)?;
    let kind = form.text("type");
    if !KINDS.contains(&kind.as_str()) {
        return Err(invalid(format!("Invalid hook type: {kind}")));
    }
    let config: BTreeMap<String, String> = form.text_map("config").into_iter().collect();
    let option =
        |name: &str| config.get(name).cloned().ok_or_else(|| invalid(format!("Missing config option: {name}")));
    let (url, content_type) = (option("url")?, option("content_type")?);
    check_content_type(&content_type)?;
    if !names::is_url(&url) {
        return Err(invalid("Invalid url"));
    }
    if kind == "slack" && config.get("channel").is_none_or(String::is_empty) {
        return Err(invalid("Missing config option: channel"));
    }
    let is_system = match config.get("is_system_webhook").map_or("", String::as_str) {
        "" => false,
        word @ ("1" | "t" | "T" | "true" | "TRUE" | "True" | "0" | "f" | "F" | "false" | "FALSE" | "False") => {
            is_yes(word)
        }
        _ => return Err(invalid("Invalid is_system_webhook value")),
    };
    let place = match place(call) {
        Place::System if !is_system => Place::Default,
        place => place,
    };
    world.hooks.last_id += 1;
    let hook = Hook {
        id: world.hooks.last_id,
        place,
        name: form.text("name").trim().to_owned(),
        kind,
        url,
        content_type,
        branch_filter: form.text("branch_filter"),
        events: expand(form.sent_texts("events")),
        is_active: form.flag("active"),
        created: call.now,
        updated: call.now,
    };
    let shown = show(&hook);
    world.hooks.rows.insert(hook.id, hook);
    Ok(Reply::json(201, shown))
}

fn check_content_type(word: &str) -> Result<(), Box<Reply>> {
    if matches!(word, "json" | "form") { Ok(()) } else { Err(invalid("Invalid content type")) }
}

fn found(world: &World, call: &Call) -> Result<i64, Box<Reply>> {
    let place = place(call);
    let hook = world.hooks.rows.get(&call.id("hook")).filter(|hook| is_at(hook, place));
    hook.map(|hook| hook.id).ok_or_else(not_found)
}

fn read(world: &mut World, call: &Call) -> Answer {
    let id = found(world, call)?;
    Ok(Reply::json(200, world.hooks.rows.get(&id).map_or(Value::Null, show)))
}

static EDIT: Form = Form {
    name: "EditHookOption",
    fields: &[
        plain("config", "Config", Kind::TextMap),
        plain("events", "Events", Kind::Texts),
        ruled("branch_filter", "BranchFilter", Kind::Text, &[Rule::Glob]),
        plain("active", "Active", Kind::Flag),
        plain("authorization_header", "AuthorizationHeader", Kind::Text),
        ruled("name", "Name", Kind::Text, &[Rule::MaxSize(255)]),
    ],
};

/// Left-out events fall back to pushes and a left-out filter to none; the rest keeps. The secret cannot be changed.
fn edit(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&EDIT)?;
    let id = found(world, call)?;
    let Some(hook) = world.hooks.rows.get_mut(&id) else {
        return Err(not_found());
    };
    apply_config(hook, &form)?;
    hook.events = expand(form.sent_texts("events"));
    hook.branch_filter = form.text("branch_filter");
    hook.is_active = form.sent_flag("active").unwrap_or(hook.is_active);
    if let Some(name) = form.sent_text("name") {
        hook.name = name.trim().to_owned();
    }
    hook.updated = call.now;
    Ok(Reply::json(200, show(hook)))
}

fn apply_config(hook: &mut Hook, form: &Values) -> Result<(), Box<Reply>> {
    for (name, value) in form.text_map("config") {
        match name.as_str() {
            "url" if !names::is_url(&value) => return Err(invalid("Invalid url")),
            "url" => hook.url = value,
            "content_type" => {
                check_content_type(&value)?;
                hook.content_type = value;
            }
            _ => {}
        }
    }
    Ok(())
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let id = found(world, call)?;
    world.hooks.rows.remove(&id);
    Ok(Reply::empty(204))
}

/// Would deliver a push; nothing is delivered here.
fn test(world: &mut World, call: &Call) -> Answer {
    found(world, call)?;
    Ok(Reply::empty(204))
}
