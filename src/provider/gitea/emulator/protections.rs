//! Branch protections: kept by rule name, normalised as Gitea normalises them, and asked before every commit.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::call::{Call, stamp};
use super::forms::{Field, Form, Kind, Values, plain};
use super::gates::Gate;
use super::names::{glob_error, glob_matches, is_glob};
use super::reply::{Answer, Reply, forbidden, not_found, refuse};
use super::repos::Repo;
use super::routes::{Route, route};
use super::scopes::Category;
use super::whitelists;
use super::world::World;

const REPO_ADMIN: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::SignedIn, Gate::RepoAdmin];
const REPO_WRITABLE: &[Gate] =
    &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::SignedIn, Gate::RepoAdmin, Gate::NotArchived];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}/branch_protections", REPO_ADMIN, list),
    route("POST", "/repos/{owner}/{repo}/branch_protections", REPO_WRITABLE, create),
    route("POST", "/repos/{owner}/{repo}/branch_protections/priority", REPO_WRITABLE, reorder),
    route("GET", "/repos/{owner}/{repo}/branch_protections/{*rule}", REPO_ADMIN, read),
    route("PATCH", "/repos/{owner}/{repo}/branch_protections/{*rule}", REPO_WRITABLE, edit),
    route("DELETE", "/repos/{owner}/{repo}/branch_protections/{*rule}", REPO_WRITABLE, delete),
];

/// A rule over branches.
#[derive(Debug, Clone)]
pub(super) struct Protection {
    pub(super) id: i64,
    pub(super) rule: String,
    pub(super) priority: i64,
    pub(super) approvals: i64,
    pub(super) flags: BTreeSet<&'static str>,
    /// Accounts by the name of their list.
    pub(super) users: BTreeMap<&'static str, Vec<i64>>,
    /// Teams by the name of their list.
    pub(super) teams: BTreeMap<&'static str, Vec<i64>>,
    pub(super) contexts: Option<Vec<String>>,
    pub(super) protected_files: String,
    pub(super) unprotected_files: String,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
}

pub(super) const USER_LISTS: [&str; 5] = [
    "push_whitelist_usernames",
    "force_push_allowlist_usernames",
    "merge_whitelist_usernames",
    "bypass_allowlist_usernames",
    "approvals_whitelist_username",
];
pub(super) const TEAM_LISTS: [&str; 5] = [
    "push_whitelist_teams",
    "force_push_allowlist_teams",
    "merge_whitelist_teams",
    "bypass_allowlist_teams",
    "approvals_whitelist_teams",
];

/// Flags that are kept as they are sent.
const FREE_FLAGS: [&str; 11] = [
    "enable_merge_whitelist",
    "enable_bypass_allowlist",
    "enable_status_check",
    "enable_approvals_whitelist",
    "block_on_rejected_reviews",
    "block_on_official_review_requests",
    "block_on_outdated_branch",
    "dismiss_stale_approvals",
    "ignore_stale_approvals",
    "require_signed_commits",
    "block_admin_merge_override",
];

/// Two families in which each flag counts only while the one before it is on.
const PUSH: [&str; 3] = ["enable_push", "enable_push_whitelist", "push_whitelist_deploy_keys"];
const FORCE_PUSH: [&str; 3] = ["enable_force_push", "enable_force_push_allowlist", "force_push_allowlist_deploy_keys"];

static FORM: Form = Form { name: "BranchProtectionOption", fields: FIELDS };

const FIELDS: &[Field] = &[
    plain("branch_name", "BranchName", Kind::Text),
    plain("rule_name", "RuleName", Kind::Text),
    plain("priority", "Priority", Kind::Number),
    plain("enable_push", "EnablePush", Kind::Flag),
    plain("enable_push_whitelist", "EnablePushWhitelist", Kind::Flag),
    plain("push_whitelist_usernames", "PushWhitelistUsernames", Kind::Texts),
    plain("push_whitelist_teams", "PushWhitelistTeams", Kind::Texts),
    plain("push_whitelist_deploy_keys", "PushWhitelistDeployKeys", Kind::Flag),
    plain("enable_force_push", "EnableForcePush", Kind::Flag),
    plain("enable_force_push_allowlist", "EnableForcePushAllowlist", Kind::Flag),
    plain("force_push_allowlist_usernames", "ForcePushAllowlistUsernames", Kind::Texts),
    plain("force_push_allowlist_teams", "ForcePushAllowlistTeams", Kind::Texts),
    plain("force_push_allowlist_deploy_keys", "ForcePushAllowlistDeployKeys", Kind::Flag),
    plain("enable_merge_whitelist", "EnableMergeWhitelist", Kind::Flag),
    plain("merge_whitelist_usernames", "MergeWhitelistUsernames", Kind::Texts),
    plain("merge_whitelist_teams", "MergeWhitelistTeams", Kind::Texts),
    plain("enable_bypass_allowlist", "EnableBypassAllowlist", Kind::Flag),
    plain("bypass_allowlist_usernames", "BypassAllowlistUsernames", Kind::Texts),
    plain("bypass_allowlist_teams", "BypassAllowlistTeams", Kind::Texts),
    plain("enable_status_check", "EnableStatusCheck", Kind::Flag),
    plain("status_check_contexts", "StatusCheckContexts", Kind::Texts),
    plain("required_approvals", "RequiredApprovals", Kind::Number),
    plain("enable_approvals_whitelist", "EnableApprovalsWhitelist", Kind::Flag),
    plain("approvals_whitelist_username", "ApprovalsWhitelistUsernames", Kind::Texts),
    plain("approvals_whitelist_teams", "ApprovalsWhitelistTeams", Kind::Texts),
    plain("block_on_rejected_reviews", "BlockOnRejectedReviews", Kind::Flag),
    plain("block_on_official_review_requests", "BlockOnOfficialReviewRequests", Kind::Flag),
    plain("block_on_outdated_branch", "BlockOnOutdatedBranch", Kind::Flag),
    plain("dismiss_stale_approvals", "DismissStaleApprovals", Kind::Flag),
    plain("ignore_stale_approvals", "IgnoreStaleApprovals", Kind::Flag),
    plain("require_signed_commits", "RequireSignedCommits", Kind::Flag),
    plain("protected_file_patterns", "ProtectedFilePatterns", Kind::Text),
    plain("unprotected_file_patterns", "UnprotectedFilePatterns", Kind::Text),
    plain("block_admin_merge_override", "BlockAdminMergeOverride", Kind::Flag),
];

impl Protection {
    pub(super) fn has(&self, flag: &str) -> bool {
        self.flags.contains(flag)
    }

    fn set(&mut self, flag: &'static str, on: bool) {
        if on {
            self.flags.insert(flag);
        } else {
            self.flags.remove(flag);
        }
    }

    pub(super) fn fits(&self, branch: &str) -> bool {
        if is_glob(&self.rule) { glob_matches(&self.rule, branch) } else { self.rule.eq_ignore_ascii_case(branch) }
    }

    /// Whether `user` is on a list, by name or by team.
    pub(super) fn lists(&self, world: &World, users: &str, teams: &str, user: i64) -> bool {
        let is_in = |team: &i64| world.orgs.teams.get(team).is_some_and(|team| team.members.contains(&user));
        self.users.get(users).is_some_and(|ids| ids.contains(&user))
            || self.teams.get(teams).is_some_and(|ids| ids.iter().any(is_in))
    }
}

/// Not paged.
fn list(world: &mut World, call: &Call) -> Answer {
    let repo = world.repos.at(call.repo);
    Ok(Reply::json(200, sorted(repo).into_iter().map(|protection| show(world, repo, protection)).collect()))
}

pub(super) fn sorted(repo: &Repo) -> Vec<&Protection> {
    let mut protections: Vec<&Protection> = repo.protections.iter().collect();
    protections.sort_by_key(|protection| (protection.priority, protection.id));
    protections
}

fn show(world: &World, repo: &Repo, protection: &Protection) -> Value {
    let mut shown = json!({
        "branch_name": if is_glob(&protection.rule) { "" } else { protection.rule.as_str() },
        "rule_name": protection.rule,
        "priority": protection.priority,
    });
    let switches = PUSH.iter().chain(&FORCE_PUSH).chain(&FREE_FLAGS);
    switches.for_each(|flag| shown[*flag] = Value::from(protection.has(flag)));
    for list in USER_LISTS {
        shown[list] = whitelists::shown_users(world, repo, protection.users.get(list)).into();
    }
    for list in TEAM_LISTS {
        shown[list] = whitelists::shown_teams(world, repo, protection.teams.get(list)).into();
    }
    shown["status_check_contexts"] = json!(protection.contexts);
    shown["required_approvals"] = Value::from(protection.approvals);
    shown["protected_file_patterns"] = Value::from(protection.protected_files.clone());
    shown["unprotected_file_patterns"] = Value::from(protection.unprotected_files.clone());
    shown["created_at"] = Value::from(stamp(protection.created));
    shown["updated_at"] = Value::from(stamp(protection.updated));
    shown
}

fn create(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&FORM)?;
    let rule = match form.text("rule_name") {
        rule if rule.is_empty() => form.text("branch_name"),
        rule => rule,
    };
    if rule.is_empty() {
        return Err(refuse(400, "both rule_name and branch_name are empty"));
    }
    let repo = world.repos.at(call.repo);
    if repo.protections.iter().any(|known| known.rule == rule) {
        return Err(forbidden("Branch protection already exist"));
    }
    let highest = repo.protections.iter().map(|known| known.priority).max().unwrap_or(0);
    let mut protection = Protection {
        id: repo.last_protection + 1,
        rule,
        priority: form.sent_number("priority").filter(|priority| *priority != 0).unwrap_or(highest + 1),
        approvals: form.number("required_approvals").max(0),
        flags: BTreeSet::new(),
        users: BTreeMap::new(),
        teams: BTreeMap::new(),
        contexts: form.sent_texts("status_check_contexts"),
        protected_files: form.text("protected_file_patterns"),
        unprotected_files: form.text("unprotected_file_patterns"),
        created: call.now,
        updated: call.now,
    };
    FREE_FLAGS.iter().for_each(|flag| protection.set(flag, form.flag(flag)));
    let mut is_on = true;
    for flag in PUSH {
        is_on &= form.flag(flag);
        protection.set(flag, is_on);
    }
    is_on = form.flag("enable_push");
    for flag in FORCE_PUSH {
        is_on &= form.flag(flag);
        protection.set(flag, is_on);
    }
    whitelists::apply(world, repo, &mut protection, &form)?;
    let shown = show(world, repo, &protection);
    let bad = glob_error(&protection.rule);
    let repo = world.repos.at_mut(call.repo);
    repo.last_protection += 1;
    repo.protections.push(protection);
    // The server panics on a pattern it cannot compile, after it has stored the rule.
    match bad {
        Some(problem) => Ok(Reply::text(500, "text/plain; charset=utf-8", format!("PANIC: {problem}\n"))),
        None => Ok(Reply::json(201, shown)),
    }
}

fn position(world: &World, call: &Call) -> Result<usize, Box<Reply>> {
    let rule = call.param("rule");
    let protections = &world.repos.at(call.repo).protections;
    protections.iter().position(|protection| protection.rule == rule).ok_or_else(not_found)
}

fn read(world: &mut World, call: &Call) -> Answer {
    let at = position(world, call)?;
    let repo = world.repos.at(call.repo);
    Ok(Reply::json(200, show(world, repo, &repo.protections[at])))
}

/// What is left out keeps; the flags of a family count only beside the first of it.
fn edit(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&FORM)?;
    let at = position(world, call)?;
    let repo = world.repos.at(call.repo);
    let mut protection = repo.protections[at].clone();
    for flag in FREE_FLAGS {
        let on = form.sent_flag(flag).unwrap_or_else(|| protection.has(flag));
        protection.set(flag, on);
    }
    edit_family(&mut protection, &form, PUSH);
    edit_family(&mut protection, &form, FORCE_PUSH);
    protection.priority = form.sent_number("priority").unwrap_or(protection.priority);
    protection.approvals =
        form.sent_number("required_approvals").filter(|approvals| *approvals >= 0).unwrap_or(protection.approvals);
    protection.contexts = form.sent_texts("status_check_contexts").or(protection.contexts);
    protection.protected_files = form.sent_text("protected_file_patterns").unwrap_or(protection.protected_files);
    protection.unprotected_files = form.sent_text("unprotected_file_patterns").unwrap_or(protection.unprotected_files);
    whitelists::apply(world, repo, &mut protection, &form)?;
    protection.updated = call.now;
    let shown = show(world, repo, &protection);
    world.repos.at_mut(call.repo).protections[at] = protection;
    Ok(Reply::json(200, shown))
}

fn edit_family(protection: &mut Protection, form: &Values, family: [&'static str; 3]) {
    let mut is_on = true;
    for (depth, flag) in family.into_iter().enumerate() {
        match form.sent_flag(flag) {
            Some(on) => is_on &= on,
            // Without the first flag the others are not looked at.
            None if depth == 0 => return,
            None => is_on &= protection.has(flag),
        }
        protection.set(flag, is_on);
    }
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let at = position(world, call)?;
    world.repos.at_mut(call.repo).protections.remove(at);
    Ok(Reply::empty(204))
}

static REORDER: Form = Form { name: "UpdateBranchProtectionPriories", fields: &[plain("ids", "IDs", Kind::Numbers)] };

fn reorder(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&REORDER)?;
    let ids = form.raw("ids").and_then(Value::as_array).cloned().unwrap_or_default();
    let protections = &mut world.repos.at_mut(call.repo).protections;
    for (priority, id) in (1..).zip(ids.iter().filter_map(Value::as_i64)) {
        if let Some(protection) = protections.iter_mut().find(|protection| protection.id == id) {
            protection.priority = priority;
        }
    }
    Ok(Reply::empty(204))
}
