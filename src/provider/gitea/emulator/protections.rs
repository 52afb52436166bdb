//! Branch protections: kept by rule name, normalised as Gitea normalises them, and asked before every commit.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::access::Rights;
use super::call::{Call, stamp};
use super::collaborators::unknown_user;
use super::forms::{Field, Form, Kind, Values, plain};
use super::gates::Gate;
use super::names::{glob_error, glob_matches, is_glob};
use super::reply::{Answer, Reply, forbidden, invalid, not_found, refuse};
use super::repos::Repo;
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{Level, World};

const REPO_ADMIN: &[Gate] = &[
    Gate::Scope(&[Category::Repository]),
    Gate::Repo,
    Gate::SignedIn,
    Gate::RepoAdmin,
];
const REPO_WRITABLE: &[Gate] = &[
    Gate::Scope(&[Category::Repository]),
    Gate::Repo,
    Gate::SignedIn,
    Gate::RepoAdmin,
    Gate::NotArchived,
];

pub(super) const ROUTES: &[Route] = &[
    route(
        "GET",
        "/repos/{owner}/{repo}/branch_protections",
        REPO_ADMIN,
        list,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/branch_protections",
        REPO_WRITABLE,
        create,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/branch_protections/priority",
        REPO_WRITABLE,
        reorder,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/branch_protections/{*rule}",
        REPO_ADMIN,
        read,
    ),
    route(
        "PATCH",
        "/repos/{owner}/{repo}/branch_protections/{*rule}",
        REPO_WRITABLE,
        edit,
    ),
    route(
        "DELETE",
        "/repos/{owner}/{repo}/branch_protections/{*rule}",
        REPO_WRITABLE,
        delete,
    ),
];

/// A rule over branches.
#[derive(Debug, Clone)]
pub(super) struct Protection {
    id: i64,
    rule: String,
    priority: i64,
    approvals: i64,
    flags: BTreeSet<&'static str>,
    /// Accounts by the name of their list.
    users: BTreeMap<&'static str, Vec<i64>>,
    /// Teams by the name of their list.
    teams: BTreeMap<&'static str, Vec<i64>>,
    contexts: Option<Vec<String>>,
    protected_files: String,
    unprotected_files: String,
    created: DateTime<Utc>,
    updated: DateTime<Utc>,
}

const USER_LISTS: [&str; 5] = [
    "push_whitelist_usernames",
    "force_push_allowlist_usernames",
    "merge_whitelist_usernames",
    "bypass_allowlist_usernames",
    "approvals_whitelist_username",
];
const TEAM_LISTS: [&str; 5] = [
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
const PUSH: [&str; 3] = [
    "enable_push",
    "enable_push_whitelist",
    "push_whitelist_deploy_keys",
];
const FORCE_PUSH: [&str; 3] = [
    "enable_force_push",
    "enable_force_push_allowlist",
    "force_push_allowlist_deploy_keys",
];

static FORM: Form = Form {
    name: "BranchProtectionOption",
    fields: FIELDS,
};

const FIELDS: &[Field] = &[
    plain("branch_name", "BranchName", Kind::Text),
    plain("rule_name", "RuleName", Kind::Text),
    plain("priority", "Priority", Kind::Number),
    plain("enable_push", "EnablePush", Kind::Flag),
    plain("enable_push_whitelist", "EnablePushWhitelist", Kind::Flag),
    plain(
        "push_whitelist_usernames",
        "PushWhitelistUsernames",
        Kind::Texts,
    ),
    plain("push_whitelist_teams", "PushWhitelistTeams", Kind::Texts),
    plain(
        "push_whitelist_deploy_keys",
        "PushWhitelistDeployKeys",
        Kind::Flag,
    ),
    plain("enable_force_push", "EnableForcePush", Kind::Flag),
    plain(
        "enable_force_push_allowlist",
        "EnableForcePushAllowlist",
        Kind::Flag,
    ),
    plain(
        "force_push_allowlist_usernames",
        "ForcePushAllowlistUsernames",
        Kind::Texts,
    ),
    plain(
        "force_push_allowlist_teams",
        "ForcePushAllowlistTeams",
        Kind::Texts,
    ),
    plain(
        "force_push_allowlist_deploy_keys",
        "ForcePushAllowlistDeployKeys",
        Kind::Flag,
    ),
    plain("enable_merge_whitelist", "EnableMergeWhitelist", Kind::Flag),
    plain(
        "merge_whitelist_usernames",
        "MergeWhitelistUsernames",
        Kind::Texts,
    ),
    plain("merge_whitelist_teams", "MergeWhitelistTeams", Kind::Texts),
    plain(
        "enable_bypass_allowlist",
        "EnableBypassAllowlist",
        Kind::Flag,
    ),
    plain(
        "bypass_allowlist_usernames",
        "BypassAllowlistUsernames",
        Kind::Texts,
    ),
    plain(
        "bypass_allowlist_teams",
        "BypassAllowlistTeams",
        Kind::Texts,
    ),
    plain("enable_status_check", "EnableStatusCheck", Kind::Flag),
    plain("status_check_contexts", "StatusCheckContexts", Kind::Texts),
    plain("required_approvals", "RequiredApprovals", Kind::Number),
    plain(
        "enable_approvals_whitelist",
        "EnableApprovalsWhitelist",
        Kind::Flag,
    ),
    plain(
        "approvals_whitelist_username",
        "ApprovalsWhitelistUsernames",
        Kind::Texts,
    ),
    plain(
        "approvals_whitelist_teams",
        "ApprovalsWhitelistTeams",
        Kind::Texts,
    ),
    plain(
        "block_on_rejected_reviews",
        "BlockOnRejectedReviews",
        Kind::Flag,
    ),
    plain(
        "block_on_official_review_requests",
        "BlockOnOfficialReviewRequests",
        Kind::Flag,
    ),
    plain(
        "block_on_outdated_branch",
        "BlockOnOutdatedBranch",
        Kind::Flag,
    ),
    plain(
        "dismiss_stale_approvals",
        "DismissStaleApprovals",
        Kind::Flag,
    ),
    plain("ignore_stale_approvals", "IgnoreStaleApprovals", Kind::Flag),
    plain("require_signed_commits", "RequireSignedCommits", Kind::Flag),
    plain(
        "protected_file_patterns",
        "ProtectedFilePatterns",
        Kind::Text,
    ),
    plain(
        "unprotected_file_patterns",
        "UnprotectedFilePatterns",
        Kind::Text,
    ),
    plain(
        "block_admin_merge_override",
        "BlockAdminMergeOverride",
        Kind::Flag,
    ),
];

impl Protection {
    fn has(&self, flag: &str) -> bool {
        self.flags.contains(flag)
    }

    fn set(&mut self, flag: &'static str, on: bool) {
        if on {
            self.flags.insert(flag);
        } else {
            self.flags.remove(flag);
        }
    }

    fn fits(&self, branch: &str) -> bool {
        if is_glob(&self.rule) {
            glob_matches(&self.rule, branch)
        } else {
            self.rule.eq_ignore_ascii_case(branch)
        }
    }

    /// Whether `user` is on a list, by name or by team.
    fn lists(&self, world: &World, users: &str, teams: &str, user: i64) -> bool {
        let is_in = |team: &i64| {
            world
                .orgs
                .teams
                .get(team)
                .is_some_and(|team| team.members.contains(&user))
        };
        self.users.get(users).is_some_and(|ids| ids.contains(&user))
            || self
                .teams
                .get(teams)
                .is_some_and(|ids| ids.iter().any(is_in))
    }
}

/// Not paged.
fn list(world: &mut World, call: &Call) -> Answer {
    let protections = sorted(world.repos.at(call.repo));
    Ok(Reply::json(
        200,
        protections
            .into_iter()
            .map(|protection| show(world, protection))
            .collect(),
    ))
}

fn sorted(repo: &Repo) -> Vec<&Protection> {
    let mut protections: Vec<&Protection> = repo.protections.iter().collect();
    protections.sort_by_key(|protection| (protection.priority, protection.id));
    protections
}

fn show(world: &World, protection: &Protection) -> Value {
    let user_name = |id: &i64| world.accounts.get(*id).map(|account| account.name.clone());
    let team_name = |id: &i64| world.orgs.teams.get(id).map(|team| team.name.clone());
    let mut shown = json!({
        "branch_name": if is_glob(&protection.rule) { "" } else { protection.rule.as_str() },
        "rule_name": protection.rule,
        "priority": protection.priority,
    });
    let switches = PUSH.iter().chain(&FORCE_PUSH).chain(&FREE_FLAGS);
    switches.for_each(|flag| shown[*flag] = Value::from(protection.has(flag)));
    for list in USER_LISTS {
        shown[list] = protection
            .users
            .get(list)
            .into_iter()
            .flatten()
            .filter_map(user_name)
            .collect();
    }
    for list in TEAM_LISTS {
        shown[list] = protection
            .teams
            .get(list)
            .into_iter()
            .flatten()
            .filter_map(team_name)
            .collect();
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
    let highest = repo
        .protections
        .iter()
        .map(|known| known.priority)
        .max()
        .unwrap_or(0);
    let mut protection = Protection {
        id: repo.last_protection + 1,
        rule,
        priority: form
            .sent_number("priority")
            .filter(|priority| *priority > 0)
            .unwrap_or(highest + 1),
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
    FREE_FLAGS
        .iter()
        .for_each(|flag| protection.set(flag, form.flag(flag)));
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
    apply_lists(world, repo, &mut protection, &form)?;
    let shown = show(world, &protection);
    let bad = glob_error(&protection.rule);
    let repo = world.repos.at_mut(call.repo);
    repo.last_protection += 1;
    repo.protections.push(protection);
    // The server panics on a pattern it cannot compile, after it has stored the rule.
    match bad {
        Some(problem) => Ok(Reply::text(
            500,
            "text/plain; charset=utf-8",
            format!("PANIC: {problem}\n"),
        )),
        None => Ok(Reply::json(201, shown)),
    }
}

/// Takes over the lists that were sent. Whoever cannot write is dropped without a word, as are teams where there are none.
fn apply_lists(
    world: &World,
    repo: &Repo,
    protection: &mut Protection,
    form: &Values,
) -> Result<(), Box<Reply>> {
    for list in USER_LISTS {
        let Some(sent) = form.sent_texts(list) else {
            continue;
        };
        let mut ids = Vec::new();
        for name in sent {
            let user = world
                .accounts
                .named(&name)
                .ok_or_else(|| unknown_user(&name))?
                .id;
            let needed = if list == "approvals_whitelist_username" {
                Level::Read
            } else {
                Level::Write
            };
            let known = protection
                .users
                .get(list)
                .is_some_and(|known| known.contains(&user));
            if known || world.rights(repo, Some(user)).code() >= needed {
                ids.push(user);
            }
        }
        protection.users.insert(list, ids);
    }
    if !world.accounts.at(repo.owner).is_org {
        return Ok(());
    }
    for list in TEAM_LISTS {
        let Some(sent) = form.sent_texts(list) else {
            continue;
        };
        let mut ids = Vec::new();
        for name in sent {
            let unknown = || {
                invalid(format!(
                    "team does not exist [org_id {}, team_id 0, name: {name}]",
                    repo.owner
                ))
            };
            let team = world
                .orgs
                .team_named(repo.owner, &name)
                .ok_or_else(unknown)?;
            let reaches = team.is_owners() || team.repos.contains(&repo.id);
            if reaches && team.unit(super::access::unit::CODE) >= Level::Read {
                ids.push(team.id);
            }
        }
        protection.teams.insert(list, ids);
    }
    Ok(())
}

fn position(world: &World, call: &Call) -> Result<usize, Box<Reply>> {
    let rule = call.param("rule");
    let protections = &world.repos.at(call.repo).protections;
    protections
        .iter()
        .position(|protection| protection.rule == rule)
        .ok_or_else(not_found)
}

fn read(world: &mut World, call: &Call) -> Answer {
    let at = position(world, call)?;
    Ok(Reply::json(
        200,
        show(world, &world.repos.at(call.repo).protections[at]),
    ))
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
    protection.approvals = form
        .sent_number("required_approvals")
        .unwrap_or(protection.approvals)
        .max(0);
    protection.contexts = form
        .sent_texts("status_check_contexts")
        .or(protection.contexts);
    protection.protected_files = form
        .sent_text("protected_file_patterns")
        .unwrap_or(protection.protected_files);
    protection.unprotected_files = form
        .sent_text("unprotected_file_patterns")
        .unwrap_or(protection.unprotected_files);
    apply_lists(world, repo, &mut protection, &form)?;
    protection.updated = call.now;
    let shown = show(world, &protection);
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

static REORDER: Form = Form {
    name: "UpdateBranchProtectionPriories",
    fields: &[plain("ids", "IDs", Kind::Numbers)],
};

fn reorder(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&REORDER)?;
    let ids = form
        .raw("ids")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let protections = &mut world.repos.at_mut(call.repo).protections;
    for (priority, id) in (1..).zip(ids.iter().filter_map(Value::as_i64)) {
        if let Some(protection) = protections
            .iter_mut()
            .find(|protection| protection.id == id)
        {
            protection.priority = priority;
        }
    }
    Ok(Reply::empty(204))
}

/// What the first fitting rule says of a branch and a person.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) is_protected: bool,
    pub(super) can_push: bool,
    pub(super) can_merge: bool,
    pub(super) rule: String,
    pub(super) approvals: i64,
    pub(super) checks_status: bool,
    pub(super) contexts: Vec<String>,
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
    pub(super) fn verdict(
        &self,
        repo: &Repo,
        branch: &str,
        doer: Option<i64>,
        rights: &Rights,
    ) -> Verdict {
        let writes = rights.code() >= Level::Write;
        let Some(rule) = sorted(repo)
            .into_iter()
            .find(|protection| protection.fits(branch))
        else {
            return Verdict {
                can_push: writes,
                can_merge: writes,
                ..Verdict::default()
            };
        };
        let user = doer.unwrap_or_default();
        let on_push_list = !rule.has("enable_push_whitelist")
            || rule.lists(
                self,
                "push_whitelist_usernames",
                "push_whitelist_teams",
                user,
            );
        let on_merge_list = !rule.has("enable_merge_whitelist")
            || rule.lists(
                self,
                "merge_whitelist_usernames",
                "merge_whitelist_teams",
                user,
            );
        Verdict {
            is_protected: true,
            can_push: writes && rule.has("enable_push") && on_push_list,
            can_merge: writes && on_merge_list,
            rule: rule.rule.clone(),
            approvals: rule.approvals,
            checks_status: rule.has("enable_status_check"),
            contexts: rule.contexts.clone().unwrap_or_default(),
            protected_files: rule.protected_files.clone(),
            unprotected_files: rule.unprotected_files.clone(),
        }
    }
}
