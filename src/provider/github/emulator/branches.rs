//! Branches, what protects them, and what the rules of either kind refuse (guide, section 8).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::access::RepoRole;
use super::accounts::simple;
use super::call::Call;
use super::git_data::show_signature;
use super::paging::list;
use super::permissions::Level;
use super::reply::{Answer, Reply, malformed, missing, not_found, refuse};
use super::repos::Repo;
use super::routes::{Route, route};
use super::world::World;

const PATH: &str = "/repos/{owner}/{repo}/branches/{branch}/protection";

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}/branches/{branch}", "branches/branches#get-a-branch", read)
        .needs(&[("contents", Level::Read)]),
    route("GET", PATH, "reference/repos#get-branch-protection", protection)
        .needs(&[("administration", Level::Read)])
        .by(RepoRole::Admin),
    route("PUT", PATH, "branches/branch-protection#update-branch-protection", protect)
        .needs(&[("administration", Level::Write)])
        .by(RepoRole::Admin),
    route("DELETE", PATH, "branches/branch-protection#delete-branch-protection", unprotect)
        .needs(&[("administration", Level::Write)])
        .by(RepoRole::Admin),
    route("GET", "/repos/{owner}/{repo}/rules/branches/{branch}", "repos/rules#get-rules-for-a-branch", rules)
        .needs(&[("metadata", Level::Read)]),
];

/// Rules for the branches that its patterns name, of a repository or of its organisation.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ruleset {
    /// Its number.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// References as `refs/heads/main`, `~DEFAULT_BRANCH`, `~ALL`, or with `*` at the end.
    pub include: Vec<String>,
    /// What it wants: `{"type": "pull_request"}`, with `parameters` where there are some.
    pub rules: Vec<Value>,
    /// Logins that it does not bind.
    #[serde(default)]
    pub bypass: BTreeSet<String>,
    /// Whether the organisation made it.
    #[serde(default)]
    pub of_organization: bool,
}

impl Ruleset {
    fn covers(&self, repo: &Repo, reference: &str) -> bool {
        self.include.iter().any(|pattern| match pattern.as_str() {
            "~ALL" => true,
            "~DEFAULT_BRANCH" => reference.strip_prefix("refs/heads/") == Some(&repo.default_branch),
            pattern => match pattern.trim_end_matches('*') {
                prefix if prefix.len() < pattern.len() => reference.starts_with(prefix),
                whole => whole == reference,
            },
        })
    }
}

fn branch_sha<'a>(world: &'a World, call: &Call) -> Result<&'a str, Box<Reply>> {
    world.repo(call).branch(call.param("branch")).ok_or_else(|| refuse(404, "Branch not found"))
}

fn read(world: &mut World, call: &Call) -> Answer {
    let sha = branch_sha(world, call)?;
    let repo = world.repo(call);
    let name = call.param("branch");
    let api = format!("{}/branches/{name}", world.api_of(call, repo));
    let commit = world.objects(repo).commit(sha).ok_or_else(not_found)?;
    let protection = repo.protections.get(name);
    let checks = protection.map(|it| it["required_status_checks"].clone()).filter(|it| !it.is_null());
    let mut shown = super::commits::show(world, call, commit);
    shown["commit"]["author"] = show_signature(&commit.author);
    let is_protected = protection.is_some() || !ruled(repo, name).is_empty();
    Ok(Reply::json(
        200,
        json!({
            "name": name,
            "commit": shown,
            "_links": { "self": api, "html": format!("{}/{}/tree/{name}", call.web, world.full_name(repo)) },
            "protected": is_protected,
            "protection": {
                "enabled": protection.is_some(),
                "required_status_checks": {
                    "enforcement_level": if checks.is_some() { "non_admins" } else { "off" },
                    "contexts": checks.as_ref().map_or_else(|| json!([]), |it| it["contexts"].clone()),
                    "checks": checks.as_ref().map_or_else(|| json!([]), |it| it["checks"].clone()),
                },
            },
            "protection_url": format!("{api}/protection"),
        }),
    ))
}

fn ruled<'a>(repo: &'a Repo, branch: &str) -> Vec<&'a Ruleset> {
    let reference = format!("refs/heads/{branch}");
    repo.rulesets.iter().filter(|set| set.covers(repo, &reference)).collect()
}

/// The rules that hold for a branch, were there one of that name.
fn rules(world: &mut World, call: &Call) -> Answer {
    let repo = world.repo(call);
    let owner = &world.accounts[&repo.owner].login;
    let all: Vec<Value> = ruled(repo, call.param("branch"))
        .into_iter()
        .flat_map(|set| {
            let (kind, source) = match set.of_organization {
                true => ("Organization", owner.clone()),
                false => ("Repository", world.full_name(repo)),
            };
            set.rules.iter().map(move |rule| {
                let mut shown = rule.clone();
                shown["ruleset_source_type"] = json!(kind);
                shown["ruleset_source"] = json!(source);
                shown["ruleset_id"] = json!(set.id);
                shown
            })
        })
        .collect();
    Ok(list(world, call, &all, Value::clone))
}

fn protection(world: &mut World, call: &Call) -> Answer {
    branch_sha(world, call)?;
    let found = world.repo(call).protections.get(call.param("branch"));
    let found = found.ok_or_else(|| refuse(404, "Branch not protected"))?;
    Ok(Reply::json(200, show(world, call, found)))
}

/// The fields that a body must have, if only to say `null`.
const REQUIRED: [&str; 4] =
    ["required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions"];
/// Switches that a body may have.
const SWITCHES: [&str; 7] = [
    "required_linear_history",
    "allow_force_pushes",
    "allow_deletions",
    "block_creations",
    "required_conversation_resolution",
    "lock_branch",
    "allow_fork_syncing",
];

fn protect(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?;
    branch_sha(world, call)?;
    if let Some(field) = REQUIRED.iter().find(|name| !fields.contains_key(**name)) {
        return Err(missing(field));
    }
    let mut kept = json!({ "enforce_admins": fields["enforce_admins"].as_bool().unwrap_or(false) });
    if let Some(checks) = fields["required_status_checks"].as_object() {
        kept["required_status_checks"] = required_checks(checks)?;
    }
    if let Some(reviews) = fields["required_pull_request_reviews"].as_object() {
        kept["required_pull_request_reviews"] = Value::Object(reviews.clone());
    }
    if let Some(limits) = fields["restrictions"].as_object() {
        kept["restrictions"] = Value::Object(limits.clone());
    }
    for name in SWITCHES {
        kept[name] = json!(fields.get(name).and_then(Value::as_bool).unwrap_or(false));
    }
    let shown = show(world, call, &kept);
    let name = call.param("branch").to_owned();
    world.repo_mut(call).protections.insert(name, kept);
    Ok(Reply::json(200, shown))
}

/// Checks by name and App: -1 and nothing said both mean that of any App.
fn required_checks(sent: &Map<String, Value>) -> Result<Value, Box<Reply>> {
    let strict = sent.get("strict").and_then(Value::as_bool).ok_or_else(|| missing("strict"))?;
    let by_name = sent.get("contexts").and_then(Value::as_array);
    let by_app = sent.get("checks").and_then(Value::as_array);
    let checks: Vec<Value> = match (by_app, by_name) {
        (Some(checks), _) => checks
            .iter()
            .map(|check| {
                let app = check["app_id"].as_i64().filter(|id| *id != -1);
                json!({ "context": check["context"], "app_id": app })
            })
            .collect(),
        (None, Some(names)) => names.iter().map(|name| json!({ "context": name, "app_id": null })).collect(),
        (None, None) => return Err(malformed("\"contexts\" wasn't supplied.")),
    };
    let contexts: Vec<&Value> = checks.iter().map(|check| &check["context"]).collect();
    Ok(json!({ "strict": strict, "contexts": contexts, "checks": checks }))
}

fn show(world: &World, call: &Call, kept: &Value) -> Value {
    let url = format!("{}/branches/{}/protection", world.api_of(call, world.repo(call)), call.param("branch"));
    let mut shown = json!({ "url": url });
    if let Some(checks) = kept.get("required_status_checks") {
        let url = format!("{url}/required_status_checks");
        shown["required_status_checks"] = json!({
            "url": url, "strict": checks["strict"], "contexts": checks["contexts"],
            "contexts_url": format!("{url}/contexts"), "checks": checks["checks"],
        });
    }
    if let Some(limits) = kept.get("restrictions") {
        let mut to = people(world, call, &format!("{url}/restrictions"), limits);
        to["apps_url"] = json!(format!("{url}/restrictions/apps"));
        shown["restrictions"] = to;
    }
    if let Some(reviews) = kept.get("required_pull_request_reviews") {
        let flag = |name: &str| reviews[name].as_bool().unwrap_or(false);
        let mut part = json!({
            "url": format!("{url}/required_pull_request_reviews"),
            "dismiss_stale_reviews": flag("dismiss_stale_reviews"),
            "require_code_owner_reviews": flag("require_code_owner_reviews"),
            "require_last_push_approval": flag("require_last_push_approval"),
            "required_approving_review_count": reviews["required_approving_review_count"].as_i64().unwrap_or(1),
        });
        if let Some(limits) = reviews.get("dismissal_restrictions").filter(|it| !it.is_null()) {
            part["dismissal_restrictions"] = people(world, call, &format!("{url}/dismissal_restrictions"), limits);
        }
        shown["required_pull_request_reviews"] = part;
    }
    shown["required_signatures"] = json!({ "url": format!("{url}/required_signatures"), "enabled": false });
    shown["enforce_admins"] = json!({ "url": format!("{url}/enforce_admins"), "enabled": kept["enforce_admins"] });
    for name in SWITCHES {
        shown[name] = json!({ "enabled": kept[name] });
    }
    shown
}

/// The people, teams and Apps that a limit names, those that there are.
fn people(world: &World, call: &Call, url: &str, limits: &Value) -> Value {
    let names = |of: &str| -> Vec<String> {
        let all = limits[of].as_array().into_iter().flatten();
        all.filter_map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let users = names("users").into_iter().filter_map(|login| world.account(&login).map(|it| it.id));
    let org = world.repo(call).owner;
    let teams = names("teams").into_iter();
    let teams = teams.filter_map(|slug| world.teams.values().find(|team| team.org == org && team.slug == slug));
    let apps = names("apps").into_iter().filter_map(|slug| world.apps.values().find(|app| app.slug == slug));
    json!({
        "url": url,
        "users_url": format!("{url}/users"),
        "teams_url": format!("{url}/teams"),
        "users": users.map(|id| simple(world, call, id)).collect::<Vec<_>>(),
        "teams": teams.map(|team| super::teams::show(world, call, team)).collect::<Vec<_>>(),
        "apps": apps.map(|app| super::apps::show_app(world, call, app)).collect::<Vec<_>>(),
    })
}

fn unprotect(world: &mut World, call: &Call) -> Answer {
    branch_sha(world, call)?;
    let name = call.param("branch").to_owned();
    let gone = world.repo_mut(call).protections.remove(&name);
    gone.map(|_| Reply::empty(204)).ok_or_else(|| refuse(404, "Branch not protected"))
}

impl World {
    /// Refuses a change of a reference that rules forbid, in the words of each rule. `None` on a side means that it is not
    /// there: made, or taken away.
    pub(super) fn guard(
        &self,
        call: &Call,
        reference: &str,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<(), String> {
        let repo = self.repo(call);
        let actor = self.accounts.get(&self.actor(call)).map_or("", |account| &account.login).to_owned();
        let is_forward = match (before, after) {
            (Some(before), Some(after)) => self.objects(repo).ancestors(after).contains(before),
            _ => true,
        };
        let bound = repo.rulesets.iter().filter(|set| set.covers(repo, reference) && !set.bypass.contains(&actor));
        let broken: Vec<String> = bound
            .flat_map(|set| set.rules.iter())
            .filter_map(|rule| {
                let kind = rule["type"].as_str().unwrap_or_default();
                let words = match kind {
                    "creation" if before.is_none() => "Cannot create ref due to creations being restricted.",
                    "deletion" if after.is_none() => "Cannot delete this branch",
                    "update" if before.is_some() && after.is_some() => "Cannot update this protected ref.",
                    "non_fast_forward" if !is_forward => "Cannot force-push to this branch",
                    "pull_request" if before.is_some() && after.is_some() => {
                        "Changes must be made through a pull request."
                    }
                    "merge_queue" if before.is_some() && after.is_some() => {
                        "Changes must be made through the merge queue"
                    }
                    "required_status_checks" if before.is_some() && after.is_some() => return Some(expected(rule)),
                    _ => return None,
                };
                Some(words.to_owned())
            })
            .collect();
        if !broken.is_empty() {
            let list: String = broken.iter().map(|words| format!("- {words}\n")).collect();
            return Err(format!("Repository rule violations found\n\n{list}\n"));
        }
        self.protected(call, reference, after.is_none(), is_forward)
    }

    /// What the older kind of protection forbids.
    fn protected(&self, call: &Call, reference: &str, is_deletion: bool, is_forward: bool) -> Result<(), String> {
        let repo = self.repo(call);
        let kept = reference.strip_prefix("refs/heads/").and_then(|branch| repo.protections.get(branch));
        let Some(kept) = kept else { return Ok(()) };
        let is_on = |name: &str| kept[name].as_bool().unwrap_or(false);
        let is_admin = self.role(self.actor(call), repo) == RepoRole::Admin;
        if is_deletion && !is_on("allow_deletions") {
            return Err("Cannot delete a protected branch".to_owned());
        }
        if !is_forward && !is_on("allow_force_pushes") {
            return Err("Cannot force-push to a protected branch".to_owned());
        }
        if is_admin && !is_on("enforce_admins") {
            return Ok(());
        }
        if kept.get("required_pull_request_reviews").is_some() {
            return Err("Changes must be made through a pull request.".to_owned());
        }
        match kept.get("required_status_checks") {
            Some(checks) => Err(format!("Required status check {} is expected.", checks["contexts"][0])),
            None => Ok(()),
        }
    }
}

fn expected(rule: &Value) -> String {
    let checks = rule["parameters"]["required_status_checks"].as_array();
    match checks.map(|checks| (checks.len(), checks.first())) {
        Some((1, Some(check))) => format!("Required status check {} is expected.", check["context"]),
        Some((count, _)) => format!("{count} of {count} required status checks are expected."),
        None => "Required status checks are expected.".to_owned(),
    }
}
