//! What was read, as live objects.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::model::{Address, Field, Fields, Instance, Live, Mark, SINCE, Value};
use crate::provider::days;
use crate::provider::gitea::api::wire::{Hook, Org, Protection, Repo, Team, User};
use crate::provider::gitea::names::{fold, key_part};
use crate::provider::gitea::{kinds, units::Rights};

/// How our mark on a repository begins.
const MARK: &str = "managed-by-formulary-";
/// How much of a ledger's identity fits behind it: a topic has at most 35 characters.
const MARK_ROOM: usize = 14;

/// The address of an object; case is folded in every part but the last of a rule or a hook, which the caller writes.
pub fn address(instance: &Instance, kind: &str, parts: &[&str]) -> Address {
    Address::new(instance, kind, &parts.join("/"))
}

/// A person's account.
pub fn user(instance: &Instance, it: &User) -> Live {
    // A local account's login name is whatever its first edit sent; it says nothing (guide, section 3.4).
    let login_name = if it.source_id == 0 { Value::Null } else { text(&it.login_name) };
    let fields = fields([
        ("email", text(&it.email.to_lowercase())),
        ("full_name", text(&it.full_name)),
        ("login_name", login_name),
        ("source_id", Value::Int(it.source_id)),
        ("prohibit_login", Value::Bool(it.prohibit_login)),
        ("restricted", Value::Bool(it.restricted)),
        ("visibility", text(&it.visibility)),
        ("active", Value::Bool(it.active)),
        ("is_admin", Value::Bool(it.is_admin)),
        (SINCE.name, days::of_text(&it.created)),
    ]);
    let outputs = self::fields([("login", text(&it.login)), ("html_url", text(&it.html_url))]);
    live(address(instance, kinds::USER, &[&fold(&it.login)]), Some(it.id), fields, outputs)
}

/// An organisation.
pub fn org(instance: &Instance, it: &Org) -> Live {
    let fields = fields([
        ("full_name", text(&it.full_name)),
        ("description", text(&it.description)),
        ("website", text(&it.website)),
        ("location", text(&it.location)),
        ("visibility", text(&it.visibility)),
    ]);
    let outputs = self::fields([("name", text(&it.name))]);
    live(address(instance, kinds::ORGANIZATION, &[&fold(&it.name)]), Some(it.id), fields, outputs)
}

/// A team of an organisation.
pub fn team(instance: &Instance, org: &str, it: &Team) -> Live {
    let rights = Rights::read(&it.permission, it.units_map.as_ref().unwrap_or(&BTreeMap::new()));
    let mut fields = fields([
        ("description", text(&it.description)),
        ("permission", rights.permission()),
        ("units", rights.units()),
        ("all_repositories", Value::Bool(it.includes_all_repositories)),
        ("can_create_repositories", Value::Bool(it.can_create_org_repo)),
    ]);
    if let Some(visibility) = &it.visibility {
        fields.insert(Field::Borrowed("visibility"), text(visibility));
    }
    let outputs = self::fields([("name", text(&it.name))]);
    live(address(instance, kinds::TEAM, &[&fold(org), &fold(&it.name)]), Some(it.id), fields, outputs)
}

/// One person of a team; `only_team` where it is known whether it is the person's only one in the organisation.
pub fn member(instance: &Instance, team_key: &str, it: &User, only_team: Option<bool>) -> Live {
    let known = only_team.map(|only| ("only_team", Value::from(if only { "yes" } else { "no" })));
    live(address(instance, kinds::TEAM_MEMBER, &[team_key, &fold(&it.login)]), None, fields(known), Fields::new())
}

/// A repository. `ledger` is the identity of ours, so that our mark can be told from another's.
pub fn repo(instance: &Instance, it: &Repo, ledger: Option<&str>) -> Live {
    let topics = it.topics.clone().unwrap_or_default();
    let (marks, topics): (Vec<String>, Vec<String>) = topics.into_iter().partition(|topic| is_mark(topic));
    let mark = marks.first().map(|topic| match ledger.filter(|ledger| mark_topic(ledger) == *topic) {
        Some(ours) => Mark { ledger: ours.to_owned() },
        None => Mark { ledger: topic[MARK.len()..].to_owned() },
    });
    let fields = fields([
        ("private", Value::Bool(it.private)),
        ("description", text(&it.description)),
        ("default_branch", text(&it.default_branch)),
        ("archived", Value::Bool(it.archived)),
        ("topics", Value::set(topics)),
    ]);
    let outputs = self::fields([
        ("clone_url", text(&it.clone_url)),
        ("ssh_url", text(&it.ssh_url)),
        ("html_url", text(&it.html_url)),
        ("full_name", text(&it.full_name)),
    ]);
    let key = [fold(&it.owner.login), fold(&it.name)];
    let live = live(address(instance, kinds::REPOSITORY, &[&key[0], &key[1]]), Some(it.id), fields, outputs);
    Live { mark, ..live }
}

/// Whether a topic is a ledger's mark.
pub fn is_mark(topic: &str) -> bool {
    topic.starts_with(MARK)
}

/// The topic that marks a repository as a ledger's.
pub fn mark_topic(ledger: &str) -> String {
    let identity = ledger.chars().filter(char::is_ascii_alphanumeric).take(MARK_ROOM);
    MARK.chars().chain(identity.map(|c| c.to_ascii_lowercase())).collect()
}

/// A protection rule of a repository. Lists that are switched off keep their names at the server and count as empty.
pub fn protection(instance: &Instance, repository_key: &str, it: &Protection) -> Live {
    let names = |on: bool, names: &Option<Vec<String>>| {
        let names = names.iter().flatten().filter(|_| on).map(|name| fold(name));
        Value::set(names)
    };
    let push = match (it.enable_push, it.enable_push_whitelist) {
        (false, _) => "nobody",
        (true, true) => "listed",
        (true, false) => "anybody",
    };
    let listed = push == "listed";
    let contexts = it.status_check_contexts.iter().flatten().filter(|_| it.enable_status_check).cloned();
    let fields = fields([
        ("push", Value::from(push)),
        ("push_users", names(listed, &it.push_whitelist_usernames)),
        ("push_teams", names(listed, &it.push_whitelist_teams)),
        ("merge", Value::from(if it.enable_merge_whitelist { "listed" } else { "anybody" })),
        ("merge_users", names(it.enable_merge_whitelist, &it.merge_whitelist_usernames)),
        ("merge_teams", names(it.enable_merge_whitelist, &it.merge_whitelist_teams)),
        ("required_approvals", Value::Int(it.required_approvals)),
        ("dismiss_stale_approvals", Value::Bool(it.dismiss_stale_approvals)),
        ("block_on_rejected_reviews", Value::Bool(it.block_on_rejected_reviews)),
        ("block_on_outdated_branch", Value::Bool(it.block_on_outdated_branch)),
        ("status_checks", Value::set(contexts)),
        ("require_signed_commits", Value::Bool(it.require_signed_commits)),
        ("block_admin_merge_override", Value::Bool(it.block_admin_merge_override)),
    ]);
    let address = address(instance, kinds::BRANCH_PROTECTION, &[repository_key, &key_part(&it.rule_name)]);
    live(address, None, fields, Fields::new())
}

/// A hook of a repository, under its own address.
pub fn hook(instance: &Instance, repository_key: &str, it: &Hook) -> Live {
    hook_as(instance, repository_key, it, "")
}

/// All hooks of a repository. Gitea takes any number with one address; the oldest is the one that is meant, each
/// other has its number behind the address.
pub fn hooks<'a>(instance: &Instance, repository_key: &str, all: impl IntoIterator<Item = &'a Hook>) -> Vec<Live> {
    let mut all: Vec<&Hook> = all.into_iter().collect();
    all.sort_by_key(|it| it.id);
    let mut met = BTreeSet::new();
    all.into_iter()
        .map(|it| {
            let first = met.insert(it.config.get("url").cloned().unwrap_or_default());
            hook_as(instance, repository_key, it, &if first { String::new() } else { format!("#{}", it.id) })
        })
        .collect()
}

fn hook_as(instance: &Instance, repository_key: &str, it: &Hook, suffix: &str) -> Live {
    let of = |name: &str| it.config.get(name).map(String::as_str).unwrap_or_default();
    let fields = fields([
        ("events", Value::set(it.events.clone().unwrap_or_default())),
        ("active", Value::Bool(it.active)),
        ("branch_filter", text(&it.branch_filter)),
        ("content_type", text(of("content_type"))),
    ]);
    let leaf = format!("{}{suffix}", key_part(of("url")));
    live(address(instance, kinds::WEBHOOK, &[repository_key, &leaf]), Some(it.id), fields, Fields::new())
}

fn live(address: Address, id: Option<i64>, fields: Fields, outputs: Fields) -> Live {
    Live { address, external_id: id.map(|id| id.to_string()), fields, outputs, mark: None }
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::from(text) }
}

fn fields(values: impl IntoIterator<Item = (&'static str, Value)>) -> Fields {
    values.into_iter().map(|(name, value)| (Field::Borrowed(name), value)).collect()
}
