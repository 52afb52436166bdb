//! What branch protections say of a branch and a person, asked before every commit and shown with every branch.

use super::access::Rights;
use super::names::glob_matches;
use super::protections::sorted;
use super::repos::Repo;
use super::world::{Level, World};

/// What the first fitting rule says of a branch and a person.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) is_protected: bool,
    pub(super) can_push: bool,
    pub(super) can_merge: bool,
    pub(super) rule: String,
    pub(super) approvals: i64,
    pub(super) checks_status: bool,
    pub(super) contexts: Option<Vec<String>>,
    protected_files: String,
    unprotected_files: String,
}

impl Verdict {
    /// Whether a commit may touch a file. Rules bind site admins too.
    pub(super) fn allows(&self, path: &str) -> bool {
        let is_in = |patterns: &str| {
            patterns
                .split(';')
                .map(str::trim)
                .filter(|one| !one.is_empty())
                .any(|one| glob_matches(&one.to_lowercase(), &path.to_lowercase()))
        };
        (self.can_push || is_in(&self.unprotected_files)) && !is_in(&self.protected_files)
    }
}

impl World {
    pub(super) fn verdict(&self, repo: &Repo, branch: &str, doer: Option<i64>, rights: &Rights) -> Verdict {
        let writes = rights.code() >= Level::Write;
        let Some(rule) = sorted(repo).into_iter().find(|protection| protection.fits(branch)) else {
            let contexts = Some(Vec::new());
            return Verdict { can_push: writes, can_merge: writes, contexts, ..Verdict::default() };
        };
        let user = doer.unwrap_or_default();
        let on_push_list = !rule.has("enable_push_whitelist")
            || rule.lists(self, "push_whitelist_usernames", "push_whitelist_teams", user);
        let on_merge_list = !rule.has("enable_merge_whitelist")
            || rule.lists(self, "merge_whitelist_usernames", "merge_whitelist_teams", user);
        Verdict {
            is_protected: true,
            can_push: writes && rule.has("enable_push") && on_push_list,
            can_merge: writes && on_merge_list,
            // Only those who may read rules are told which one it is.
            rule: if rights.base >= Level::Admin { rule.rule.clone() } else { String::new() },
            approvals: rule.approvals,
            checks_status: rule.has("enable_status_check"),
            contexts: rule.contexts.clone(),
            protected_files: rule.protected_files.clone(),
            unprotected_files: rule.unprotected_files.clone(),
        }
    }
}
