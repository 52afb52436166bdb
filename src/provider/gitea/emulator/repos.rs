//! Repositories: the table, how they are found, and how the API shows them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::call::{Call, EPOCH, ZERO_TIME, stamp};
use super::git::Git;
use super::issues::Issue;
use super::keys::DeployKey;
use super::protections::Protection;
use super::statuses::Status;
use super::world::{Level, World};

/// A repository with everything that hangs on it, but for its hooks.
#[derive(Debug, Clone)]
pub(super) struct Repo {
    pub(super) id: i64,
    pub(super) owner: i64,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) website: String,
    pub(super) is_private: bool,
    pub(super) is_template: bool,
    pub(super) archived: Option<DateTime<Utc>>,
    pub(super) fork_of: Option<i64>,
    pub(super) default_branch: String,
    pub(super) licenses: Vec<String>,
    pub(super) topics: BTreeSet<String>,
    /// In the order in which they were added.
    pub(super) collaborators: Vec<(i64, Level)>,
    pub(super) watchers: BTreeSet<i64>,
    /// The units and merge options that `PATCH` knows, by their names in the API.
    pub(super) options: Map<String, Value>,
    pub(super) git: Git,
    pub(super) protections: Vec<Protection>,
    pub(super) last_protection: i64,
    pub(super) keys: Vec<DeployKey>,
    pub(super) statuses: Vec<Status>,
    pub(super) issues: BTreeMap<i64, Issue>,
    /// Who has been offered the repository and has not answered yet.
    pub(super) transfer_to: Option<i64>,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
}

impl Repo {
    pub(super) fn new(owner: i64, name: &str, now: DateTime<Utc>) -> Self {
        Self {
            id: 0,
            owner,
            name: name.to_owned(),
            description: String::new(),
            website: String::new(),
            is_private: false,
            is_template: false,
            archived: None,
            fork_of: None,
            default_branch: "main".to_owned(),
            licenses: Vec::new(),
            topics: BTreeSet::new(),
            collaborators: Vec::new(),
            watchers: BTreeSet::new(),
            options: default_options(),
            git: Git::default(),
            protections: Vec::new(),
            last_protection: 0,
            keys: Vec::new(),
            statuses: Vec::new(),
            issues: BTreeMap::new(),
            transfer_to: None,
            created: now,
            updated: now,
        }
    }

    /// Whether a unit is switched on, by the name of its switch.
    pub(super) fn has(&self, switch: &str) -> bool {
        self.options.get(switch).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// What a new repository allows.
fn default_options() -> Map<String, Value> {
    let on = [
        "has_code",
        "has_issues",
        "has_wiki",
        "has_pull_requests",
        "has_projects",
        "has_releases",
        "has_packages",
        "has_actions",
    ];
    let mut options: Map<String, Value> = on.into_iter().map(|name| (name.to_owned(), Value::from(true))).collect();
    options.insert("projects_mode".to_owned(), Value::from("all"));
    options.extend(MERGE_OPTIONS.iter().map(|(name, preset)| ((*name).to_owned(), Value::from(*preset))));
    options.insert("default_merge_style".to_owned(), Value::from("merge"));
    options.insert("default_update_style".to_owned(), Value::from("merge"));
    options
}

/// Options of pull requests and their presets. While pull requests are off, all are shown as off.
const MERGE_OPTIONS: [(&str, bool); 12] = [
    ("ignore_whitespace_conflicts", false),
    ("allow_merge_commits", true),
    ("allow_rebase", true),
    ("allow_rebase_explicit", true),
    ("allow_squash_merge", true),
    ("allow_fast_forward_only_merge", true),
    ("allow_merge_update", true),
    ("allow_rebase_update", true),
    ("allow_manual_merge", false),
    ("autodetect_manual_merge", false),
    ("default_delete_branch_after_merge", false),
    ("default_allow_maintainer_edit", true),
];

/// The repositories and the names they bore before.
#[derive(Debug, Default)]
pub(super) struct Repos {
    last_id: i64,
    rows: BTreeMap<i64, Repo>,
    by_name: BTreeMap<(i64, String), i64>,
    /// Former owners and folded names.
    redirects: BTreeMap<(i64, String), i64>,
}

impl Repos {
    pub(super) fn get(&self, id: i64) -> Option<&Repo> {
        self.rows.get(&id)
    }

    pub(super) fn at(&self, id: i64) -> &Repo {
        self.rows.get(&id).expect("the id was resolved under the same lock")
    }

    pub(super) fn at_mut(&mut self, id: i64) -> &mut Repo {
        self.rows.get_mut(&id).expect("the id was resolved under the same lock")
    }

    /// By name in any case.
    pub(super) fn named(&self, owner: i64, name: &str) -> Option<&Repo> {
        self.by_name.get(&(owner, name.to_lowercase())).and_then(|id| self.rows.get(id))
    }

    pub(super) fn formerly(&self, owner: i64, name: &str) -> Option<&Repo> {
        self.redirects.get(&(owner, name.to_lowercase())).and_then(|id| self.rows.get(id))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Repo> {
        self.rows.values()
    }

    pub(super) fn of(&self, owner: i64) -> impl Iterator<Item = &Repo> {
        let ids = self.by_name.range((owner, String::new())..(owner + 1, String::new()));
        ids.filter_map(|(_, id)| self.rows.get(id))
    }

    /// Uses up an id: a creation that fails late has already stored its row, and removes it again.
    pub(super) fn waste_id(&mut self) {
        self.last_id += 1;
    }

    pub(super) fn insert(&mut self, mut repo: Repo) -> i64 {
        self.last_id += 1;
        repo.id = self.last_id;
        let key = (repo.owner, repo.name.to_lowercase());
        self.redirects.remove(&key);
        self.by_name.insert(key, repo.id);
        self.rows.insert(repo.id, repo);
        self.last_id
    }

    pub(super) fn remove(&mut self, id: i64) {
        if let Some(repo) = self.rows.remove(&id) {
            self.by_name.remove(&(repo.owner, repo.name.to_lowercase()));
            self.redirects.retain(|_, target| *target != id);
        }
    }

    /// Gives a repository another owner or name and leaves a redirect, unless only the case differs.
    pub(super) fn relocate(&mut self, id: i64, owner: i64, name: &str) {
        let repo = self.at_mut(id);
        let old = (repo.owner, repo.name.to_lowercase());
        (repo.owner, repo.name) = (owner, name.to_owned());
        let new = (owner, name.to_lowercase());
        if old != new {
            self.by_name.remove(&old);
            self.by_name.insert(new.clone(), id);
            self.redirects.remove(&new);
            self.redirects.insert(old, id);
        }
    }

    pub(super) fn forks_of(&self, id: i64) -> impl Iterator<Item = &Repo> {
        self.rows.values().filter(move |repo| repo.fork_of == Some(id))
    }
}

impl World {
    pub(super) fn owns_repositories(&self, owner: i64) -> bool {
        self.repos.of(owner).next().is_some()
    }

    pub(super) fn remove_repositories_of(&mut self, owner: i64) {
        let ids: Vec<i64> = self.repos.of(owner).map(|repo| repo.id).collect();
        ids.into_iter().for_each(|id| self.remove_repository(id));
    }

    /// Removes a repository from everything that knows it. Its forks live on as repositories of their own.
    pub(super) fn remove_repository(&mut self, id: i64) {
        self.repos.remove(id);
        for team in self.orgs.teams.values_mut() {
            team.repos.remove(&id);
        }
        self.hooks.remove_of_repo(id);
        self.repos.rows.values_mut().filter(|repo| repo.fork_of == Some(id)).for_each(|repo| repo.fork_of = None);
    }

    pub(super) fn forget_rights_of(&mut self, user: i64) {
        for repo in self.repos.rows.values_mut() {
            repo.collaborators.retain(|(collaborator, _)| *collaborator != user);
            repo.watchers.remove(&user);
            repo.transfer_to = repo.transfer_to.filter(|recipient| *recipient != user);
        }
        self.hooks.remove_of_owner(user);
        self.keys.remove_of(user);
    }

    /// Gives a team every repository of its organisation.
    pub(super) fn attach_all_repositories(&mut self, team: i64) {
        let org = self.orgs.team(team).org;
        let ids: Vec<i64> = self.repos.of(org).map(|repo| repo.id).collect();
        ids.into_iter().for_each(|id| self.attach(team, id));
    }

    pub(super) fn full_name(&self, repo: &Repo) -> String {
        format!("{}/{}", self.accounts.at(repo.owner).name, repo.name)
    }

    /// A repository as `viewer` may see it.
    pub(super) fn show_repo(&self, call: &Call, repo: &Repo, viewer: Option<i64>) -> Value {
        let (base, full_name) = (&call.base, self.full_name(repo));
        let rights = self.rights(repo, viewer);
        let api = format!("{base}/api/v1/repos/{full_name}");
        let (issues, pulls) = open_counts(repo);
        let mut shown = json!({
            "id": repo.id,
            "owner": self.show_embedded(call, repo.owner),
            "name": repo.name,
            "full_name": full_name,
            "description": repo.description,
            "empty": repo.git.is_empty(),
            "private": repo.is_private,
            "fork": repo.fork_of.is_some(),
            "template": repo.is_template,
            "mirror": false,
            "size": if repo.git.is_empty() { 24 } else { 25 },
            "language": "",
            "languages_url": format!("{api}/languages"),
            "html_url": format!("{base}/{full_name}"),
            "url": api,
            "link": "",
            "ssh_url": format!("git@{}:{full_name}.git", call.domain()),
            "clone_url": format!("{base}/{full_name}.git"),
            "original_url": "",
            "website": repo.website,
            "stars_count": 0,
            "forks_count": self.repos.forks_of(repo.id).count(),
            "watchers_count": repo.watchers.len(),
            "branch_count": repo.git.branches().count(),
            "open_issues_count": issues,
            "open_pr_counter": pulls,
            "release_counter": 0,
            "default_branch": repo.default_branch,
            "archived": repo.archived.is_some(),
            "created_at": stamp(repo.created),
            "updated_at": stamp(repo.updated),
            "archived_at": repo.archived.map_or_else(|| EPOCH.to_owned(), stamp),
            "permissions": {
                "admin": rights.base >= Level::Admin,
                "push": rights.code() >= Level::Write,
                "pull": rights.code() >= Level::Read,
            },
            "avatar_url": "",
            "internal": !repo.is_private && self.accounts.at(repo.owner).visibility == "private",
            "mirror_interval": "",
            "object_format_name": "sha1",
            "mirror_updated": ZERO_TIME,
            "mirror_last_sync_at": ZERO_TIME,
            "topics": repo.topics,
            "licenses": repo.licenses,
        });
        show_options(repo, &mut shown);
        if let Some(parent) = repo.fork_of.and_then(|id| self.repos.get(id)) {
            // The server shows the rights on the fork there, not those on the parent.
            let permissions = shown["permissions"].clone();
            shown["parent"] = self.show_repo(call, parent, viewer);
            shown["parent"]["permissions"] = permissions;
        }
        if let Some(recipient) = repo.transfer_to {
            let show = |id: i64| self.accounts.get(id).map_or(Value::Null, |account| self.show(call, account, viewer));
            shown["repo_transfer"] = json!({"doer": show(repo.owner), "recipient": show(recipient), "teams": null});
        }
        shown
    }
}

fn show_options(repo: &Repo, shown: &mut Value) {
    for (name, value) in &repo.options {
        shown[name] = value.clone();
    }
    if repo.has("has_issues") {
        shown["internal_tracker"] = json!({
            "enable_time_tracker": true,
            "allow_only_contributors_to_track_time": true,
            "enable_issue_dependencies": true,
        });
    }
    if !repo.has("has_pull_requests") {
        for (name, _) in MERGE_OPTIONS {
            shown[name] = Value::from(false);
        }
    }
}

fn open_counts(repo: &Repo) -> (usize, usize) {
    let open = |pulls: bool| repo.issues.values().filter(|issue| issue.is_open() && issue.is_pull() == pulls).count();
    (open(false), open(true))
}
