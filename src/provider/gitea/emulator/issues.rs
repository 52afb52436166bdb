//! Issues, which pull requests are too: made, read, edited, locked.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::access::unit;
use super::call::{Call, stamp};
use super::forms::{Form, Kind, Rule, plain, ruled};
use super::gates::Gate;
use super::paging::list;
use super::pulls::Pull;
use super::reply::{Answer, Reply, not_found, refuse};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{Level, World, next};

const READER: &[Gate] = &[Gate::Scope(&[Category::Issue]), Gate::Repo, Gate::Conversations];
const SIGNED_IN: &[Gate] = &[Gate::Scope(&[Category::Issue]), Gate::Repo, Gate::Conversations, Gate::SignedIn];
const REPO_ADMIN: &[Gate] =
    &[Gate::Scope(&[Category::Issue]), Gate::Repo, Gate::Conversations, Gate::SignedIn, Gate::RepoAdmin];
const WRITABLE: &[Gate] = &[
    Gate::Scope(&[Category::Issue]),
    Gate::Repo,
    Gate::Conversations,
    Gate::SignedIn,
    Gate::NotArchived,
    Gate::Unit("has_issues"),
    Gate::Reader(unit::ISSUES),
];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}/issues", READER, list_all),
    route("POST", "/repos/{owner}/{repo}/issues", WRITABLE, create),
    route("GET", "/repos/{owner}/{repo}/issues/{index}", READER, read),
    route("PATCH", "/repos/{owner}/{repo}/issues/{index}", SIGNED_IN, edit),
    route("PUT", "/repos/{owner}/{repo}/issues/{index}/lock", REPO_ADMIN, lock),
    route("DELETE", "/repos/{owner}/{repo}/issues/{index}/lock", REPO_ADMIN, unlock),
];

/// An issue, or the conversation of a pull request.
#[derive(Debug, Clone)]
pub(super) struct Issue {
    pub(super) id: i64,
    pub(super) index: i64,
    pub(super) poster: i64,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) is_locked: bool,
    pub(super) closed: Option<DateTime<Utc>>,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
    pub(super) content_version: i64,
    pub(super) comments: Vec<Comment>,
    pub(super) pull: Option<Pull>,
}

/// A comment. It outlives its author.
#[derive(Debug, Clone)]
pub(super) struct Comment {
    pub(super) id: i64,
    pub(super) poster: i64,
    pub(super) body: String,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
}

impl Issue {
    pub(super) fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    pub(super) fn is_pull(&self) -> bool {
        self.pull.is_some()
    }

    /// Whether it is a pull request into this branch.
    pub(super) fn targets(&self, branch: &str) -> bool {
        self.pull.as_ref().is_some_and(|pull| pull.base == branch)
    }

    fn unit(&self) -> u8 {
        if self.is_pull() { unit::PULLS } else { unit::ISSUES }
    }

    /// The word in its web address.
    pub(super) fn kind(&self) -> &'static str {
        if self.is_pull() { "pulls" } else { "issues" }
    }

    pub(super) fn state(&self) -> &'static str {
        if self.is_open() { "open" } else { "closed" }
    }
}

impl World {
    /// Whether the caller may manage an issue, not only take part in it.
    pub(super) fn manages(&self, call: &Call, issue: &Issue) -> bool {
        self.rights(self.repos.at(call.repo), call.doer).on(issue.unit()) >= Level::Write
    }

    /// Adds an issue to the call's repository and gives its number, shared with pull requests.
    pub(super) fn add_issue(&mut self, call: &Call, title: String, body: String, pull: Option<Pull>) -> i64 {
        let id = next(&mut self.last.issue);
        let repo = self.repos.at_mut(call.repo);
        let index = repo.issues.last_key_value().map_or(1, |(last, _)| last + 1);
        let issue = Issue {
            id,
            index,
            poster: call.doer.unwrap_or_default(),
            title,
            body,
            is_locked: false,
            closed: None,
            created: call.now,
            updated: call.now,
            content_version: 0,
            comments: Vec::new(),
            pull,
        };
        repo.issues.insert(index, issue);
        index
    }
}

fn show(world: &World, call: &Call, issue: &Issue) -> Value {
    let repo = world.repos.at(call.repo);
    let owner = &world.accounts.at(repo.owner).name;
    let full_name = world.full_name(repo);
    let pull = issue.pull.as_ref().map(|pull| {
        json!({
            "draft": false,
            "html_url": format!("{}/{full_name}/pulls/{}", call.base, issue.index),
            "merged": pull.merged.is_some(),
            "merged_at": pull.merged.as_ref().map(|merge| stamp(merge.when)),
        })
    });
    json!({
        "id": issue.id,
        "url": format!("{}/api/v1/repos/{full_name}/issues/{}", call.base, issue.index),
        "html_url": format!("{}/{full_name}/{}/{}", call.base, issue.kind(), issue.index),
        "number": issue.index,
        "user": show_poster(world, call, issue.poster),
        "original_author": "",
        "original_author_id": 0,
        "title": issue.title,
        "body": issue.body,
        "ref": "",
        "assets": [],
        "labels": [],
        "milestone": null,
        "projects": null,
        "assignee": null,
        "assignees": null,
        "state": issue.state(),
        "is_locked": issue.is_locked,
        "comments": issue.comments.len(),
        "created_at": stamp(issue.created),
        "updated_at": stamp(issue.updated),
        "closed_at": issue.closed.map(stamp),
        "due_date": null,
        "time_estimate": 0,
        "pull_request": pull,
        "repository": {"id": repo.id, "name": repo.name, "owner": owner, "full_name": full_name},
        "pin_order": 0,
        "content_version": issue.content_version,
    })
}

/// The author as the caller may see them.
pub(super) fn show_poster(world: &World, call: &Call, poster: i64) -> Value {
    match world.accounts.get(poster) {
        Some(account) => world.show(call, account, call.doer),
        None => world.show_to_strangers(call, poster),
    }
}

fn list_all(world: &mut World, call: &Call) -> Answer {
    let (state, kind) = (call.ask("state"), call.ask("type"));
    let words = call.ask("q").to_lowercase();
    let repo = world.repos.at(call.repo);
    let mut issues: Vec<&Issue> = repo
        .issues
        .values()
        .filter(|issue| match state {
            "closed" => !issue.is_open(),
            "all" => true,
            _ => issue.is_open(),
        })
        .filter(|issue| match kind {
            "issues" => !issue.is_pull(),
            "pulls" => issue.is_pull(),
            _ => true,
        })
        .filter(|issue| words.is_empty() || issue.title.to_lowercase().contains(&words))
        .collect();
    issues.reverse();
    Ok(list(call, &issues, |issue| show(world, call, issue)))
}

static CREATE: Form = Form {
    name: "CreateIssueOption",
    fields: &[
        ruled("title", "Title", Kind::Text, &[Rule::Required]),
        plain("body", "Body", Kind::Text),
        plain("closed", "Closed", Kind::Flag),
    ],
};

fn create(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&CREATE)?;
    let index = world.add_issue(call, form.text("title"), form.text("body"), None);
    if form.flag("closed") {
        found_mut(world, call, index)?.closed = Some(call.now);
    }
    Ok(Reply::json(201, show(world, call, found(world, call, index)?)))
}

/// The issue or pull request of a number.
pub(super) fn found<'a>(world: &'a World, call: &Call, index: i64) -> Result<&'a Issue, Box<Reply>> {
    world.repos.at(call.repo).issues.get(&index).ok_or_else(not_found)
}

pub(super) fn found_mut<'a>(world: &'a mut World, call: &Call, index: i64) -> Result<&'a mut Issue, Box<Reply>> {
    world.repos.at_mut(call.repo).issues.get_mut(&index).ok_or_else(not_found)
}

fn read(world: &mut World, call: &Call) -> Answer {
    Ok(Reply::json(200, show(world, call, found(world, call, call.id("index"))?)))
}

/// What an edit of an issue or a pull request may carry.
pub(super) static EDIT: Form = Form {
    name: "EditIssueOption",
    fields: &[
        plain("title", "Title", Kind::Text),
        plain("body", "Body", Kind::Text),
        plain("state", "State", Kind::Text),
        plain("base", "Base", Kind::Text),
        plain("content_version", "ContentVersion", Kind::Number),
        plain("allow_maintainer_edit", "AllowMaintainerEdit", Kind::Flag),
    ],
};

fn edit(world: &mut World, call: &Call) -> Answer {
    apply_edit(world, call)?;
    Ok(Reply::json(201, show(world, call, found(world, call, call.id("index"))?)))
}

/// Applies an edit by its author or somebody who manages the issue. Each change leaves an entry in the sequence of comments.
pub(super) fn apply_edit(world: &mut World, call: &Call) -> Result<(), Box<Reply>> {
    let form = call.form(&EDIT)?;
    let index = call.id("index");
    let issue = found(world, call, index)?;
    if call.doer != Some(issue.poster) && !world.manages(call, issue) {
        return Err(Box::new(Reply::empty(403)));
    }
    if form.sent_number("content_version").is_some_and(|version| version != issue.content_version) {
        return Err(refuse(409, "the issue is already changed"));
    }
    let (mut issue, mut entries) = (issue.clone(), 0);
    let title = form.text("title");
    if !title.is_empty() && title != issue.title {
        issue.title = title;
        entries += 1;
    }
    if let Some(body) = form.sent_text("body")
        && body != issue.body
    {
        issue.body = body;
        issue.content_version += 1;
    }
    let is_merged = issue.pull.as_ref().is_some_and(|pull| pull.merged.is_some());
    match form.text("state").as_str() {
        "open" | "closed" if is_merged => {
            return Err(refuse(412, "cannot change state of this pull request, it was already merged"));
        }
        "closed" if issue.is_open() => (issue.closed, entries) = (Some(call.now), entries + 1),
        "open" if !issue.is_open() => (issue.closed, entries) = (None, entries + 1),
        _ => {}
    }
    issue.updated = call.now;
    world.last.comment += entries;
    *found_mut(world, call, index)? = issue;
    Ok(())
}

fn lock(world: &mut World, call: &Call) -> Answer {
    set_lock(world, call, true)
}

fn unlock(world: &mut World, call: &Call) -> Answer {
    set_lock(world, call, false)
}

fn set_lock(world: &mut World, call: &Call, locked: bool) -> Answer {
    let index = call.id("index");
    let issue = found(world, call, index)?;
    if issue.is_locked != locked {
        found_mut(world, call, index)?.is_locked = locked;
        next(&mut world.last.comment);
    }
    Ok(Reply::empty(204))
}
