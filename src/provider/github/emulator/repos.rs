//! Repositories: what they hold, how they are shown, and their change of names.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::access::RepoRole;
use super::accounts::{Kind, node_id, simple};
use super::branches::Ruleset;
use super::call::{Call, Who, stamp, text};
use super::comments::Comment;
use super::hooks::Hook;
use super::issues::Issue;
use super::permissions::Level;
use super::reply::{Answer, Reply, invalid};
use super::routes::{Route, route};
use super::statuses::Status;
use super::tokens::Grant;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}", "repos/repos#get-a-repository", read).needs(&[("metadata", Level::Read)]),
    route("PATCH", "/repos/{owner}/{repo}", "repos/repos#update-a-repository", update)
        .needs(&[("administration", Level::Write)])
        .by(RepoRole::Admin),
];

/// A repository.
#[derive(Debug, Clone, Default)]
pub(super) struct Repo {
    pub(super) id: i64,
    pub(super) owner: i64,
    pub(super) name: String,
    pub(super) private: bool,
    pub(super) description: Option<String>,
    pub(super) homepage: Option<String>,
    pub(super) language: Option<String>,
    pub(super) license: Option<String>,
    pub(super) size: i64,
    pub(super) is_fork: bool,
    pub(super) archived: bool,
    /// Whether issues are switched off; pull requests have comments all the same.
    pub(super) without_issues: bool,
    pub(super) topics: Vec<String>,
    /// Whose Git objects it shares.
    pub(super) network: i64,
    pub(super) default_branch: String,
    /// Commits by whole reference: `refs/heads/main`.
    pub(super) refs: BTreeMap<String, String>,
    pub(super) collaborators: BTreeMap<i64, RepoRole>,
    /// Issues and pull requests by number; one row of numbers serves both.
    pub(super) issues: BTreeMap<i64, Issue>,
    /// The last number of one that is not here.
    pub(super) last_number: i64,
    pub(super) comments: BTreeMap<i64, Comment>,
    /// In the order in which they were made.
    pub(super) statuses: Vec<Status>,
    pub(super) protections: BTreeMap<String, Value>,
    pub(super) rulesets: Vec<Ruleset>,
    pub(super) hooks: BTreeMap<i64, Hook>,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
    pub(super) pushed: DateTime<Utc>,
}

impl Repo {
    /// The commit of a branch.
    pub(super) fn branch(&self, name: &str) -> Option<&str> {
        self.refs.get(&format!("refs/heads/{name}")).map(String::as_str)
    }

    /// The number of the next issue or pull request.
    pub(super) fn next_number(&self) -> i64 {
        self.issues.keys().last().copied().unwrap_or(0).max(self.last_number) + 1
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.refs.keys().any(|name| name.starts_with("refs/heads/"))
    }
}

impl World {
    pub(super) fn full_name(&self, repo: &Repo) -> String {
        let owner = self.accounts.get(&repo.owner).map_or("", |account| &account.login);
        format!("{owner}/{}", repo.name)
    }

    /// The API's address of a repository.
    pub(super) fn api_of(&self, call: &Call, repo: &Repo) -> String {
        format!("{}/repos/{}", call.base, self.full_name(repo))
    }
}

/// A repository as it stands in other objects.
pub(super) fn show(world: &World, call: &Call, repo: &Repo) -> Value {
    let full = world.full_name(repo);
    let (api, html) = (world.api_of(call, repo), format!("{}/{full}", call.web));
    let open = repo.issues.values().filter(|issue| issue.open).count();
    let forks = world.repos.values().filter(|other| other.network == repo.network && other.id != repo.network).count();
    let forks = if repo.id == repo.network { forks } else { 0 };
    let host = match &world.settings.enterprise_version {
        Some(_) => call.web.trim_start_matches("http://").split(':').next().unwrap_or_default(),
        None => "github.com",
    };
    let mut shown = json!({
        "id": repo.id,
        "node_id": node_id("Repository", repo.id),
        "name": repo.name,
        "full_name": full,
        "private": repo.private,
        "owner": simple(world, call, repo.owner),
        "html_url": html,
        "description": repo.description,
        "fork": repo.is_fork,
        "url": api,
        "created_at": stamp(repo.created),
        "updated_at": stamp(repo.updated),
        "pushed_at": stamp(repo.pushed),
        "git_url": format!("git://{host}/{full}.git"),
        "ssh_url": format!("git@{host}:{full}.git"),
        "clone_url": format!("{html}.git"),
        "svn_url": html,
    });
    for (name, value) in [
        ("homepage", json!(repo.homepage)),
        ("size", json!(repo.size)),
        ("stargazers_count", json!(0)),
        ("watchers_count", json!(0)),
        ("language", json!(repo.language)),
        ("has_issues", json!(!repo.without_issues)),
        ("has_projects", json!(true)),
        ("has_downloads", json!(true)),
        ("has_wiki", json!(true)),
        ("has_pages", json!(false)),
        ("has_discussions", json!(false)),
        ("forks_count", json!(forks)),
        ("mirror_url", json!(null)),
        ("archived", json!(repo.archived)),
        ("disabled", json!(false)),
        ("open_issues_count", json!(open)),
        ("license", json!(repo.license.as_deref().map(|key| license(call, key)))),
        ("allow_forking", json!(true)),
        ("is_template", json!(false)),
        ("web_commit_signoff_required", json!(false)),
        ("topics", json!(repo.topics)),
        ("visibility", json!(if repo.private { "private" } else { "public" })),
        ("forks", json!(forks)),
        ("open_issues", json!(open)),
        ("watchers", json!(0)),
        ("default_branch", json!(repo.default_branch)),
    ] {
        shown[name] = value;
    }
    for (name, below) in LINKS {
        shown[*name] = json!(format!("{api}/{below}"));
    }
    if call.is_2026 {
        for gone in ["has_downloads", "master_branch"] {
            shown.as_object_mut().map(|fields| fields.shift_remove(gone));
        }
    }
    shown
}

const LINKS: &[(&str, &str)] = &[
    ("forks_url", "forks"),
    ("keys_url", "keys{/key_id}"),
    ("collaborators_url", "collaborators{/collaborator}"),
    ("teams_url", "teams"),
    ("hooks_url", "hooks"),
    ("issue_events_url", "issues/events{/number}"),
    ("events_url", "events"),
    ("assignees_url", "assignees{/user}"),
    ("branches_url", "branches{/branch}"),
    ("tags_url", "tags"),
    ("blobs_url", "git/blobs{/sha}"),
    ("git_tags_url", "git/tags{/sha}"),
    ("git_refs_url", "git/refs{/sha}"),
    ("trees_url", "git/trees{/sha}"),
    ("statuses_url", "statuses/{sha}"),
    ("languages_url", "languages"),
    ("stargazers_url", "stargazers"),
    ("contributors_url", "contributors"),
    ("subscribers_url", "subscribers"),
    ("subscription_url", "subscription"),
    ("commits_url", "commits{/sha}"),
    ("git_commits_url", "git/commits{/sha}"),
    ("comments_url", "comments{/number}"),
    ("issue_comment_url", "issues/comments{/number}"),
    ("contents_url", "contents/{+path}"),
    ("compare_url", "compare/{base}...{head}"),
    ("merges_url", "merges"),
    ("archive_url", "{archive_format}{/ref}"),
    ("downloads_url", "downloads"),
    ("issues_url", "issues{/number}"),
    ("pulls_url", "pulls{/number}"),
    ("milestones_url", "milestones{/number}"),
    ("notifications_url", "notifications{?since,all,participating}"),
    ("labels_url", "labels{/name}"),
    ("releases_url", "releases{/id}"),
    ("deployments_url", "deployments"),
];

fn license(call: &Call, key: &str) -> Value {
    let name = if key == "mit" { "MIT License".to_owned() } else { format!("{key} License") };
    let url = format!("{}/licenses/{key}", call.base);
    json!({ "key": key, "name": name, "spdx_id": key.to_uppercase(), "url": url, "node_id": node_id("License", 13) })
}

/// The same as it is read by itself: with what the caller may do, and settings for who may change them.
fn whole(world: &World, call: &Call, repo: &Repo) -> Value {
    let mut shown = show(world, call, repo);
    let role = match call.who {
        Who::Token(at) => match world.tokens.grant(at) {
            Grant::Installation { permissions, .. } => {
                let allows = |name: &str, level| permissions.allows(name, level);
                if allows("administration", Level::Write) {
                    RepoRole::Admin
                } else if allows("contents", Level::Write) {
                    RepoRole::Write
                } else {
                    RepoRole::Read
                }
            }
            grant => grant.account().map_or(RepoRole::None, |account| world.role(account, repo)),
        },
        _ => RepoRole::None,
    };
    if role > RepoRole::None {
        let (push, admin) = (role >= RepoRole::Write, role >= RepoRole::Admin);
        shown["permissions"] = json!({ "admin": admin, "maintain": admin, "push": push, "triage": push, "pull": true });
        shown["temp_clone_token"] = if repo.private { Value::Null } else { json!("") };
    }
    if role == RepoRole::Admin {
        for (name, value) in [
            ("allow_squash_merge", true),
            ("allow_merge_commit", true),
            ("allow_rebase_merge", true),
            ("allow_auto_merge", false),
            ("delete_branch_on_merge", false),
            ("allow_update_branch", false),
            ("use_squash_pr_title_as_default", false),
        ] {
            shown[name] = json!(value);
        }
    }
    if world.accounts.get(&repo.owner).is_some_and(|owner| owner.kind == Kind::Organization) {
        shown["organization"] = simple(world, call, repo.owner);
    }
    shown["network_count"] = shown["forks_count"].clone();
    shown["subscribers_count"] = json!(0);
    shown
}

fn read(world: &mut World, call: &Call) -> Answer {
    let repo = world.repo(call);
    Ok(Reply::json(200, whole(world, call, repo)).modified(repo.updated))
}

fn update(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?;
    let (owner, old) = (world.repo(call).owner, world.repo(call).name.clone());
    let login = world.accounts[&owner].login.clone();
    let name = text(&fields, "name").filter(|name| *name != old).map(str::to_owned);
    if let Some(name) = &name {
        if world.repo_named(&login, name).is_some_and(|other| other.id != call.repo) {
            let message = "name already exists on this account";
            let error = json!({ "resource": "Repository", "code": "custom", "field": "name", "message": message });
            return Err(invalid(vec![error]));
        }
        // A new name that others once had leads to this one from now on.
        world.renamed.remove(&format!("{login}/{name}").to_lowercase());
        world.renamed.insert(format!("{login}/{old}").to_lowercase(), call.repo);
    }
    if let Some(branch) = text(&fields, "default_branch")
        && world.repo(call).branch(branch).is_none()
    {
        let message =
            format!("The branch {branch} was not found. Please push that ref first or create it via the Git Data API.");
        return Err(invalid(vec![
            json!({ "resource": "Repository", "code": "invalid", "field": "default_branch", "message": message }),
        ]));
    }
    let now = call.now;
    let repo = world.repo_mut(call);
    if let Some(name) = name {
        repo.name = name;
    }
    if let Some(branch) = text(&fields, "default_branch") {
        repo.default_branch = branch.to_owned();
    }
    if let Some(description) = fields.get("description") {
        repo.description = description.as_str().map(str::to_owned);
    }
    for (name, place) in [("private", &mut repo.private), ("archived", &mut repo.archived)] {
        if let Some(value) = fields.get(name).and_then(Value::as_bool) {
            *place = value;
        }
    }
    repo.updated = now;
    let repo = world.repo(call);
    Ok(Reply::json(200, whole(world, call, repo)))
}
