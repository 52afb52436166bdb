//! From what the server shows to live objects.

use std::collections::BTreeMap;

use super::kinds;
use super::wire::{self, Build, Group, Template, User, Version, Workspace};
use crate::engine::model::{Address, Field, Fields, Instance, Live, SINCE, Value};
use crate::provider::days;

/// How a version's message begins that we made; its identity follows.
pub const MESSAGE: &str = "formulary ";

/// An account, and whether it is in the organisation of that id.
pub fn user(instance: &Instance, home: &str, it: &User) -> Live {
    let mut roles: Vec<&str> = it.roles.iter().map(|role| role.name.as_str()).collect();
    roles.sort_unstable();
    let fields = fields([
        ("initial_email", text(&it.email.to_lowercase())),
        ("initial_name", text(&it.name)),
        ("login_type", text(&it.login_type)),
        ("active", Value::Bool(it.is_active())),
        ("member", Value::Bool(it.organization_ids.iter().any(|id| id == home))),
        ("status", text(&it.status)),
        ("roles", Value::set(roles)),
        (SINCE.name, days::of_text(&it.created_at)),
    ]);
    let outputs = self::fields([("username", text(&it.username))]);
    live(Address::new(instance, kinds::USER, &it.username.to_lowercase()), &it.id, fields, outputs)
}

/// A group.
pub fn group(instance: &Instance, it: &Group) -> Live {
    let fields = fields([("display_name", text(&it.display_name)), ("source", text(&it.source))]);
    let outputs = self::fields([("name", text(&it.name))]);
    live(Address::new(instance, kinds::GROUP, &it.name), &it.id, fields, outputs)
}

/// Somebody in a group.
pub fn group_member(instance: &Instance, group: &str, person: &str) -> Live {
    let address = Address::new(instance, kinds::GROUP_MEMBER, &format!("{group}/{}", person.to_lowercase()));
    Live { address, external_id: None, fields: Fields::new(), outputs: Fields::new(), mark: None }
}

/// A version of a template. One that is still imported shows nothing of how that goes.
pub fn version(instance: &Instance, template: &str, it: &Version) -> Live {
    let mut fields = Fields::new();
    let identity = it.message.strip_prefix(MESSAGE).and_then(|rest| rest.split_whitespace().next());
    fields.insert(Field::Borrowed("identity"), identity.map_or(Value::Null, Value::from));
    if it.job.is_over() {
        fields.insert(Field::Borrowed("imported"), Value::Bool(it.job.succeeded()));
    }
    let outputs = self::fields([("name", text(&it.name))]);
    live(Address::new(instance, kinds::TEMPLATE_VERSION, &format!("{template}/{}", it.name)), &it.id, fields, outputs)
}

/// A template; the name of its active version where that is known.
pub fn template(instance: &Instance, it: &Template, active: Option<&str>) -> Live {
    let mut fields = fields([
        ("display_name", text(&it.display_name)),
        ("description", text(&it.description)),
        ("icon", text(&it.icon)),
        ("allow_user_cancel_workspace_jobs", Value::Bool(it.allow_user_cancel_workspace_jobs)),
        ("deprecated", Value::Bool(it.deprecated)),
    ]);
    if let Some(active) = active {
        fields.insert(Field::Borrowed("active_version"), Value::from(active));
    }
    let outputs = self::fields([("name", text(&it.name))]);
    live(Address::new(instance, kinds::TEMPLATE, &it.name.to_lowercase()), &it.id, fields, outputs)
}

/// A workspace; its values where they were read.
pub fn workspace(instance: &Instance, it: &Workspace, values: Option<&[wire::Value]>, dashboard: &str) -> Live {
    let build = &it.latest_build;
    let mut fields = fields([
        ("template", text(&it.template_name)),
        ("outdated", Value::Bool(it.outdated)),
        ("status", text(&build.status)),
    ]);
    if !build.template_version_name.is_empty() {
        fields.insert(Field::Borrowed("version"), Value::from(build.template_version_name.as_str()));
    }
    if let Some(running) = is_running(build) {
        fields.insert(Field::Borrowed("running"), Value::Bool(running));
    }
    if let Some(values) = values {
        let values: BTreeMap<String, Value> =
            values.iter().map(|it| (it.name.clone(), Value::from(it.value.as_str()))).collect();
        // Which of them are chosen for good only the template knows; what is declared is looked for in both.
        fields.insert(Field::Borrowed("fixed_parameters"), Value::Map(values.clone()));
        fields.insert(Field::Borrowed("parameters"), Value::Map(values));
    }
    let key = workspace_key(it);
    let url = format!("{}/@{}/{}", dashboard.trim_end_matches('/'), it.owner_name, it.name);
    let outputs = if dashboard.is_empty() { Fields::new() } else { self::fields([("url", Value::from(url))]) };
    live(Address::new(instance, kinds::WORKSPACE, &key), &it.id, fields, outputs)
}

/// The key of a workspace.
pub fn workspace_key(it: &Workspace) -> String {
    format!("{}/{}", it.owner_name, it.name).to_lowercase()
}

/// Whether a workspace runs; `None` while a build goes on. What failed to stop, or to start, may hold something still.
fn is_running(build: &Build) -> Option<bool> {
    match (build.transition.as_str(), build.job.is_over()) {
        (_, false) => None,
        ("stop", true) => Some(!build.job.succeeded()),
        _ => Some(true),
    }
}

fn fields<const N: usize>(fields: [(&'static str, Value); N]) -> Fields {
    fields.into_iter().map(|(name, value)| (Field::Borrowed(name), value)).collect()
}

/// A text; an empty one is nothing.
fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::from(text) }
}

fn live(address: Address, id: &str, fields: Fields, outputs: Fields) -> Live {
    Live { address, external_id: Some(id.to_owned()), fields, outputs, mark: None }
}
