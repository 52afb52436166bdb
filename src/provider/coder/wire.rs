//! What Coder shows, as far as we read it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    pub id: String,
    pub username: String,
    #[serde(default)]
    pub name: String,
    pub email: String,
    pub status: String,
    pub login_type: String,
    #[serde(default)]
    pub created_at: String,
    #[serde(default)]
    pub roles: Vec<Role>,
    /// `null` for somebody in none.
    #[serde(default, deserialize_with = "or_empty")]
    pub organization_ids: Vec<String>,
}

/// A role in the whole installation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Role {
    pub name: String,
}

/// A page of accounts.
#[derive(Debug, Clone, Deserialize)]
pub struct Users {
    pub users: Vec<User>,
    pub count: usize,
}

/// A group of the organisation. `Everyone` has the organisation's id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Group {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub display_name: String,
    pub organization_id: String,
    pub members: Vec<GroupMember>,
    /// How many are in it, whoever may be seen.
    pub total_member_count: usize,
    #[serde(default)]
    pub source: String,
}

impl Group {
    /// Whether somebody is in it, by the username.
    pub fn holds(&self, person: &str) -> bool {
        self.members.iter().any(|it| it.username.eq_ignore_ascii_case(person))
    }
}

/// Somebody in a group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GroupMember {
    pub username: String,
}

/// How the identity provider sets groups.
#[derive(Debug, Clone, Deserialize)]
pub struct GroupSync {
    /// The claim; empty where it does not.
    pub field: String,
}

/// A template.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Template {
    pub id: String,
    pub name: String,
    pub organization_id: String,
    #[serde(default)]
    pub display_name: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub icon: String,
    pub active_version_id: String,
    #[serde(default)]
    pub allow_user_cancel_workspace_jobs: bool,
    #[serde(default)]
    pub deprecated: bool,
}

/// A template version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Version {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub message: String,
    pub template_id: Option<String>,
    pub job: Job,
    #[serde(default)]
    pub matched_provisioners: Option<Provisioners>,
}

/// Work of a provisioner.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Job {
    pub status: String,
    #[serde(default, deserialize_with = "or_empty")]
    pub error: String,
    #[serde(default)]
    pub queue_position: i64,
    #[serde(default)]
    pub queue_size: i64,
}

/// Who could work on a version; told by the answer that makes it alone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Provisioners {
    pub count: i64,
    pub available: i64,
}

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Workspace {
    pub id: String,
    pub name: String,
    pub owner_name: String,
    pub template_id: String,
    pub template_name: String,
    #[serde(default)]
    pub outdated: bool,
    #[serde(default)]
    pub is_prebuild: bool,
    pub latest_build: Build,
}

/// A page of workspaces.
#[derive(Debug, Clone, Deserialize)]
pub struct Workspaces {
    pub workspaces: Vec<Workspace>,
    pub count: usize,
}

/// A build of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Build {
    pub id: String,
    pub template_version_id: String,
    #[serde(default)]
    pub template_version_name: String,
    pub transition: String,
    pub status: String,
    pub job: Job,
    #[serde(default)]
    pub resources: Vec<Resource>,
}

/// A resource of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Resource {
    #[serde(default)]
    pub agents: Option<Vec<Agent>>,
}

/// An agent in a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Agent {
    pub name: String,
    pub status: String,
    #[serde(default)]
    pub lifecycle_state: String,
    #[serde(default)]
    pub parent_id: Option<String>,
}

/// A parameter of a template version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Parameter {
    pub name: String,
    #[serde(default)]
    pub mutable: bool,
    #[serde(default)]
    pub ephemeral: bool,
    #[serde(default)]
    pub required: bool,
}

/// A value of a parameter in a build.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Value {
    pub name: String,
    pub value: String,
}

/// A line of a job's log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LogLine {
    #[serde(default)]
    pub log_level: String,
    #[serde(default)]
    pub output: String,
}

/// Work in the queue of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct QueuedJob {
    #[serde(default)]
    pub input: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    pub metadata: BTreeMap<String, serde_json::Value>,
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Organization {
    pub id: String,
    pub name: String,
}

/// What the installation is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BuildInfo {
    pub version: String,
    #[serde(default)]
    pub dashboard_url: String,
}

/// What somebody uploaded. The field is called a hash and holds the file's id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Uploaded {
    pub hash: String,
}

/// A text, and nothing as the empty one.
fn or_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl Version {
    /// Whether it belongs to no template yet.
    pub fn is_orphan(&self) -> bool {
        // The nil UUID stands for none.
        self.template_id.as_deref().is_none_or(|id| id.chars().all(|c| matches!(c, '0' | '-')))
    }
}

impl User {
    /// Whether it may do everything.
    pub fn is_owner(&self) -> bool {
        self.roles.iter().any(|role| role.name == "owner")
    }

    /// Whether it may sign in: a dormant account wakes by doing so.
    pub fn is_active(&self) -> bool {
        self.status != "suspended"
    }
}

impl Job {
    /// Whether nothing more comes of it.
    pub fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "succeeded" | "failed" | "canceled")
    }

    /// Whether it came to what it was for.
    pub fn succeeded(&self) -> bool {
        self.status == "succeeded"
    }

    /// What it is at, in a few words.
    pub fn what(&self) -> String {
        match self.status.as_str() {
            "pending" if self.queue_size > 0 => {
                format!("pending, {} of {} in the queue", self.queue_position, self.queue_size)
            }
            status => status.to_owned(),
        }
    }
}
