//! What the config says of one installation of Gitea (`services.<instance>.options`). The schema beside this file is
//! what is checked; this is the same as a type.

use serde::Deserialize;

/// The JSON Schema of the options.
pub const SCHEMA: &str = include_str!("options.schema.json");

/// The options of one installation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The number of the sign-in source; accounts are bound to it. `None`: no accounts can be made.
    pub source_id: Option<i64>,
    /// The source's name, for people: Gitea tells neither by its API.
    pub source_name: Option<String>,
    /// Who sees an account that says nothing of it. `None`: the server decides, and it is not kept true.
    pub user_visibility: Option<String>,
    /// Whether accounts that say nothing of it see only what they were given a right on.
    pub user_restricted: Option<bool>,
    /// Who sees an organisation that says nothing of it. `None`: the server decides, and it is not kept true.
    pub organization_visibility: Option<String>,
    /// Who writes the full name of a person.
    pub full_name: FullName,
    /// The team that holds everybody of an organisation; `none` to have none.
    pub members_team: String,
    /// What a team may do that says nothing of it: one level on every unit.
    pub team_permission: String,
    /// Repositories of the installation's own.
    pub repositories: Vec<Repository>,
}

/// Who writes the full name of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FullName {
    /// We do, from the mono-repo.
    Managed,
    /// The sign-in source has a full-name claim and writes it at each sign-in.
    SignIn,
}

/// A repository that the config declares.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    /// The organisation or person that owns it.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// Whether only people with a right on it see it.
    #[serde(default = "yes")]
    pub private: bool,
    /// What it is.
    pub description: Option<String>,
    /// The branch that is shown and cloned.
    pub default_branch: Option<String>,
    /// Whether it takes no more changes.
    pub archived: Option<bool>,
    /// Its topics.
    pub topics: Option<Vec<String>>,
    /// How its branches are protected.
    pub protection: Option<Protection>,
    /// A hook on it.
    pub webhook: Option<Webhook>,
}

/// One rule of branch protection. What is not said is not kept true.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// The branches, as a glob; the default branch where nothing is said.
    pub rule: Option<String>,
    /// People who may push past it.
    pub push_users: Option<Vec<String>>,
    /// Teams that may push past it.
    pub push_teams: Option<Vec<String>>,
    /// People who may merge.
    pub merge_users: Option<Vec<String>>,
    /// Teams that may merge.
    pub merge_teams: Option<Vec<String>>,
    /// Approvals that a merge needs.
    pub required_approvals: Option<u32>,
    /// Whether new commits take approvals away.
    pub dismiss_stale_approvals: Option<bool>,
    /// Whether a rejection stops the merge.
    pub block_on_rejected_reviews: Option<bool>,
    /// Whether a branch must be up to date to be merged.
    pub block_on_outdated_branch: Option<bool>,
    /// Statuses that must succeed before a merge.
    pub status_checks: Option<Vec<String>>,
    /// Whether commits must be signed.
    pub require_signed_commits: Option<bool>,
    /// Whether the rule binds administrators' merges too.
    pub block_admin_merge_override: Option<bool>,
}

/// A hook on a repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where it delivers.
    pub url: String,
    /// What deliveries are signed with, as a reference.
    pub secret: Option<String>,
    /// What it tells of.
    #[serde(default = "events")]
    pub events: Vec<String>,
    /// Branches that it tells of, as a glob.
    #[serde(default)]
    pub branch_filter: String,
}

impl Options {
    /// Reads options that the schema has passed. What is not there is the default.
    ///
    /// # Errors
    /// What does not fit, in serde's words; the schema passes nothing that gets here.
    pub fn read(options: &serde_json::Value) -> Result<Self, serde_json::Error> {
        match options {
            serde_json::Value::Null => Ok(Self::default()),
            given => Self::deserialize(given),
        }
    }

    /// Whether the options declare the repository with this key.
    pub fn declares(&self, key: &str) -> bool {
        let same = |it: &Repository| key.eq_ignore_ascii_case(&format!("{}/{}", it.owner, it.name));
        self.repositories.iter().any(same)
    }

    /// The name of the team that holds everybody of an organisation, if there is to be one.
    pub fn members_team(&self) -> Option<&str> {
        (self.members_team != "none").then_some(self.members_team.as_str())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            source_id: None,
            source_name: None,
            user_visibility: None,
            user_restricted: None,
            organization_visibility: None,
            full_name: FullName::Managed,
            members_team: "members".to_owned(),
            team_permission: "read".to_owned(),
            repositories: Vec::new(),
        }
    }
}

fn yes() -> bool {
    true
}

fn events() -> Vec<String> {
    ["push", "pull_request", "delete"].map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> serde_json::Value {
        serde_json::from_str(SCHEMA).expect("the schema is JSON")
    }

    #[test]
    fn the_schema_and_the_type_agree() {
        let validator = jsonschema::validator_for(&schema()).expect("the schema is a schema");
        let full = serde_json::json!({
            "source_id": 1, "source_name": "corp-sso", "user_visibility": "limited", "user_restricted": true,
            "full_name": "sign-in", "members_team": "none", "team_permission": "read",
            "repositories": [{
                "owner": "platform", "name": "platform-formulas", "private": true, "description": "x",
                "default_branch": "main", "archived": false, "topics": ["gitops"],
                "protection": {
                    "rule": "main", "push_users": ["bot"], "push_teams": [], "merge_users": [], "merge_teams": ["platform"],
                    "required_approvals": 1, "dismiss_stale_approvals": true, "block_on_rejected_reviews": true,
                    "block_on_outdated_branch": true, "status_checks": ["formulary/plan"],
                    "require_signed_commits": false, "block_admin_merge_override": true
                },
                "webhook": {"url": "https://formulary.acme.example/hooks/gitea", "secret": "env:HOOK", "events": ["push"],
                            "branch_filter": "main"}
            }]
        });
        assert!(validator.is_valid(&full), "{:?}", validator.iter_errors(&full).collect::<Vec<_>>());
        let options = Options::read(&full).expect("what the schema passes is read");
        assert_eq!(options.repositories[0].webhook.as_ref().unwrap().secret.as_deref(), Some("env:HOOK"));
        for wrong in [
            serde_json::json!({"sourceid": 1}),
            serde_json::json!({"source_id": 0}),
            serde_json::json!({"user_visibility": "hidden"}),
            serde_json::json!({"repositories": [{"name": "x"}]}),
            serde_json::json!({"repositories": [{"owner": "a", "name": "b", "webhook": {"url": "nonsense"}}]}),
            serde_json::json!({"repositories": [{"owner": "a", "name": "b", "webhook": {"url": "http://a", "secret": "plain"}}]}),
        ] {
            assert!(!validator.is_valid(&wrong), "{wrong}");
        }
    }

    #[test]
    fn defaults_stand_in_the_schema_as_in_the_type() {
        let schema = schema();
        let of = |name: &str| schema["properties"][name]["default"].clone();
        let options = Options::default();
        assert_eq!(of("members_team"), options.members_team);
        assert_eq!(of("team_permission"), options.team_permission);
        assert_eq!(of("full_name"), "managed");
    }
}
