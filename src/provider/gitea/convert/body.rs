//! What is sent. An edit says everything that Gitea would reset if it were left unsaid (guide, sections 3.4, 4 and 7).

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use crate::engine::model::{Fields, Value};
use crate::provider::gitea::api::wire::{Team, User};
use crate::provider::gitea::{events, units::Rights};

/// A new account, bound to its source: it can sign in at once, and has no password that could be used instead.
pub fn user_create(name: &str, fields: &Fields) -> Json {
    let mut body = common_user(fields);
    body.insert("username".into(), json!(name));
    body.insert("login_name".into(), json!(text(fields, "login_name")));
    body.insert("source_id".into(), json!(fields.get("source_id").and_then(Value::as_int).unwrap_or_default()));
    // Left out, it would be true, and the first sign-in would end on a page for changing a password.
    body.insert("must_change_password".into(), json!(false));
    body.insert("send_notify".into(), json!(false));
    Json::Object(body)
}

/// An edit of an account: whom the source means is always written, so the live value goes along.
pub fn user_edit(live: &User, fields: &Fields) -> Json {
    let mut body = common_user(fields);
    let live_name = if live.login_name.is_empty() { &live.login } else { &live.login_name };
    let login_name = fields.get("login_name").and_then(Value::as_text).unwrap_or(live_name);
    body.insert("login_name".into(), json!(login_name));
    body.insert("source_id".into(), json!(fields.get("source_id").and_then(Value::as_int).unwrap_or(live.source_id)));
    if let Some(closed) = fields.get("prohibit_login").and_then(Value::as_bool) {
        body.insert("prohibit_login".into(), json!(closed));
    }
    Json::Object(body)
}

/// An organisation, new with a name or edited without.
pub fn org_body(name: Option<&str>, fields: &Fields) -> Json {
    let mut body = texts(fields, &["full_name", "description", "website", "location", "visibility"]);
    if let Some(name) = name {
        body.insert("username".into(), json!(name));
    }
    Json::Object(body)
}

/// A team, new or edited: name, permission and units go together, because each of them alone resets another.
pub fn team_body(name: &str, live: Option<&Team>, fields: &Fields) -> Json {
    let read = live.map(|it| Rights::read(&it.permission, it.units_map.as_ref().unwrap_or(&Default::default())));
    let (permission, units) = (read.as_ref().map(Rights::permission), read.as_ref().map(Rights::units));
    let rights =
        Rights::from_fields(fields.get("permission").or(permission.as_ref()), fields.get("units").or(units.as_ref()));
    let switch =
        |field: &str, live: Option<bool>| fields.get(field).and_then(Value::as_bool).or(live).unwrap_or_default();
    let mut body = texts(fields, &["description"]);
    body.insert("name".into(), json!(name));
    body.insert("permission".into(), json!(rights.wire_permission()));
    body.insert("units_map".into(), json!(rights.wire_units()));
    let all = switch("all_repositories", live.map(|it| it.includes_all_repositories));
    body.insert("includes_all_repositories".into(), json!(all));
    let may_create = switch("can_create_repositories", live.map(|it| it.can_create_org_repo));
    body.insert("can_create_org_repo".into(), json!(may_create));
    let visibility = fields.get("visibility").and_then(Value::as_text);
    if let Some(visibility) = visibility.or(live.and_then(|it| it.visibility.as_deref())) {
        body.insert("visibility".into(), json!(visibility));
    }
    Json::Object(body)
}

/// A new repository, with a first commit: without one it has no branch, and nothing can be protected or protected by.
pub fn repo_create(name: &str, fields: &Fields) -> Json {
    let mut body = texts(fields, &["description", "default_branch"]);
    body.retain(|_, value| value != "");
    body.insert("name".into(), json!(name));
    body.insert("private".into(), json!(fields.get("private").and_then(Value::as_bool).unwrap_or(true)));
    body.insert("auto_init".into(), json!(true));
    Json::Object(body)
}

/// An edit of a repository; `None` when nothing of it is sent this way.
pub fn repo_edit(fields: &Fields) -> Option<Json> {
    let mut body = texts(fields, &["description", "default_branch"]);
    for field in ["private", "archived"] {
        if let Some(value) = fields.get(field).and_then(Value::as_bool) {
            body.insert(field.into(), json!(value));
        }
    }
    (!body.is_empty()).then_some(Json::Object(body))
}

/// A protection rule, from all of its fields: those wanted over those that are there.
pub fn protection_body(rule: Option<&str>, fields: &Fields) -> Json {
    let mut body = Map::new();
    if let Some(rule) = rule {
        body.insert("rule_name".into(), json!(rule));
    }
    if let Some(push) = fields.get("push").and_then(Value::as_text) {
        body.insert("enable_push".into(), json!(push != "nobody"));
        body.insert("enable_push_whitelist".into(), json!(push == "listed"));
        body.insert("push_whitelist_usernames".into(), json!(items(fields, "push_users")));
        body.insert("push_whitelist_teams".into(), json!(items(fields, "push_teams")));
    }
    if let Some(merge) = fields.get("merge").and_then(Value::as_text) {
        body.insert("enable_merge_whitelist".into(), json!(merge == "listed"));
        body.insert("merge_whitelist_usernames".into(), json!(items(fields, "merge_users")));
        body.insert("merge_whitelist_teams".into(), json!(items(fields, "merge_teams")));
    }
    if fields.contains_key("status_checks") {
        let contexts = items(fields, "status_checks");
        body.insert("enable_status_check".into(), json!(!contexts.is_empty()));
        body.insert("status_check_contexts".into(), json!(contexts));
    }
    if let Some(approvals) = fields.get("required_approvals").and_then(Value::as_int) {
        body.insert("required_approvals".into(), json!(approvals));
    }
    for field in [
        "dismiss_stale_approvals",
        "block_on_rejected_reviews",
        "block_on_outdated_branch",
        "require_signed_commits",
        "block_admin_merge_override",
    ] {
        if let Some(value) = fields.get(field).and_then(Value::as_bool) {
            body.insert(field.into(), json!(value));
        }
    }
    Json::Object(body)
}

/// A hook, from all of its fields: an edit resets what it does not say. The secret goes into a new one only.
pub fn hook_body(url: &str, fields: &Fields, secret: Option<&str>) -> Json {
    let content_type = fields.get("content_type").and_then(Value::as_text).unwrap_or("json");
    let mut config = json!({"url": url, "content_type": content_type});
    if let Some(secret) = secret {
        config["secret"] = json!(secret);
    }
    let events: BTreeSet<String> = items(fields, "events").into_iter().collect();
    json!({
        "type": "gitea",
        "config": config,
        "events": events::words(&events),
        "branch_filter": text(fields, "branch_filter"),
        "active": fields.get("active").and_then(Value::as_bool).unwrap_or(true),
    })
}

fn common_user(fields: &Fields) -> Map<String, Json> {
    let mut body = texts(fields, &["full_name", "visibility"]);
    if let Some(email) = fields.get("email").and_then(Value::as_text) {
        body.insert("email".into(), json!(email.to_lowercase()));
    }
    if let Some(restricted) = fields.get("restricted").and_then(Value::as_bool) {
        body.insert("restricted".into(), json!(restricted));
    }
    body
}

/// The named fields that are there; nothing is sent as an empty text, which empties.
fn texts(fields: &Fields, names: &[&str]) -> Map<String, Json> {
    let there = names.iter().filter(|name| fields.contains_key(name));
    there.map(|name| ((*name).to_owned(), json!(text(fields, name)))).collect()
}

fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_text).unwrap_or_default()
}

fn items(fields: &Fields, name: &str) -> Vec<String> {
    let items = fields.get(name).and_then(Value::as_list).unwrap_or_default();
    items.iter().filter_map(Value::as_text).map(str::to_owned).collect()
}
