//! What Gitea's answers look like, as far as we read them. Fields that a release lacks are empty.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Something with Gitea's number.
pub trait Identified {
    /// The number.
    fn id(&self) -> i64;
}

/// A person, or an organisation that stands where a person could.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct User {
    /// Number; people and organisations share one sequence.
    pub id: i64,
    /// Username.
    pub login: String,
    /// Whom the source means; empty for local accounts and for callers without rights.
    pub login_name: String,
    /// The source; 0 for local accounts and for callers without rights.
    pub source_id: i64,
    /// Full name.
    pub full_name: String,
    /// Address; a placeholder for callers without rights.
    pub email: String,
    /// Page.
    pub html_url: String,
    /// When the account was made.
    pub created: String,
    /// Site administrator.
    pub is_admin: bool,
    /// The year 1 when it is hidden from us, 1970 when there was none.
    pub last_login: String,
    /// Sees only what it was given a right on.
    pub restricted: bool,
    /// Not switched off.
    pub active: bool,
    /// Closed.
    pub prohibit_login: bool,
    /// Who sees it.
    pub visibility: String,
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Org {
    /// Number.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Full name.
    pub full_name: String,
    /// What it is.
    pub description: String,
    /// Address on the web.
    pub website: String,
    /// Where it is.
    pub location: String,
    /// Who sees it.
    pub visibility: String,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Team {
    /// Number.
    pub id: i64,
    /// Name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its organisation; not told in lists and after an edit.
    pub organization: Option<Org>,
    /// On every repository.
    pub includes_all_repositories: bool,
    /// `none`, `admin`, `owner`; up to 1.23 also `read` and `write`.
    pub permission: String,
    /// Level by unit.
    pub units_map: Option<BTreeMap<String, String>>,
    /// Its people may create repositories.
    pub can_create_org_repo: bool,
    /// Who sees it; from 1.27.
    pub visibility: Option<String>,
}

/// The owner of a repository, without its private fields.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct RepoOwner {
    /// Name.
    pub login: String,
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Repo {
    /// Number.
    pub id: i64,
    /// Owner.
    pub owner: RepoOwner,
    /// Name.
    pub name: String,
    /// owner/name.
    pub full_name: String,
    /// What it is.
    pub description: String,
    /// Seen only by people with a right on it.
    pub private: bool,
    /// Takes no more changes.
    pub archived: bool,
    /// The branch that is shown.
    pub default_branch: String,
    /// Topics.
    pub topics: Option<Vec<String>>,
    /// HTTPS.
    pub clone_url: String,
    /// SSH.
    pub ssh_url: String,
    /// Page.
    pub html_url: String,
}

/// A protection rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Protection {
    /// The branches, as a glob.
    pub rule_name: String,
    /// Pushing is possible.
    pub enable_push: bool,
    /// Only for those listed.
    pub enable_push_whitelist: bool,
    /// People listed; they stay when the list is switched off.
    pub push_whitelist_usernames: Option<Vec<String>>,
    /// Teams listed.
    pub push_whitelist_teams: Option<Vec<String>>,
    /// Merging only for those listed.
    pub enable_merge_whitelist: bool,
    /// People listed.
    pub merge_whitelist_usernames: Option<Vec<String>>,
    /// Teams listed.
    pub merge_whitelist_teams: Option<Vec<String>>,
    /// Statuses are asked for.
    pub enable_status_check: bool,
    /// Which.
    pub status_check_contexts: Option<Vec<String>>,
    /// Approvals that a merge needs.
    pub required_approvals: i64,
    /// A rejection stops the merge.
    pub block_on_rejected_reviews: bool,
    /// The branch must be up to date.
    pub block_on_outdated_branch: bool,
    /// New commits take approvals away.
    pub dismiss_stale_approvals: bool,
    /// Signed commits only.
    pub require_signed_commits: bool,
    /// Administrators are bound.
    pub block_admin_merge_override: bool,
}

/// A hook.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Hook {
    /// Number.
    pub id: i64,
    /// `gitea`, or a chat's name.
    pub r#type: String,
    /// url and content_type; never the secret.
    pub config: BTreeMap<String, String>,
    /// Written out, in random order.
    pub events: Option<Vec<String>>,
    /// Delivers.
    pub active: bool,
    /// Branches.
    pub branch_filter: String,
}

/// The token that a call was made with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Token {
    /// Name.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Whose it is.
    pub user: RepoOwner,
}

impl Identified for User {
    fn id(&self) -> i64 {
        self.id
    }
}

impl Identified for Org {
    fn id(&self) -> i64 {
        self.id
    }
}

impl Identified for Team {
    fn id(&self) -> i64 {
        self.id
    }
}

impl Identified for Repo {
    fn id(&self) -> i64 {
        self.id
    }
}

impl Identified for Hook {
    fn id(&self) -> i64 {
        self.id
    }
}

impl User {
    /// Whether the private fields are hidden from us: they are there, with zero values, and only this one's zero
    /// differs from every true value.
    pub fn is_hidden(&self) -> bool {
        self.last_login.starts_with("0001-")
    }
}

impl Team {
    /// Whether it is the organisation's `Owners`, whatever its name.
    pub fn is_owners(&self) -> bool {
        self.permission == "owner"
    }
}
