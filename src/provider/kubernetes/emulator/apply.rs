//! Server-side apply: what an applier says is laid over what is there, what it no longer says goes with it, and what others
//! hold is refused.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::compare::{Misfit, difference, owned};
use super::managers::{Held, Managers, stamp};
use super::overlay::{merged, remove, skeleton};
use super::paths::{Paths, Shown};
use super::resources::Resource;
use super::status::{Reply, failure, internal};

/// Whoever wrote before anybody was noted.
const BEFORE: &str = "before-first-apply";

/// What comes of an apply.
pub(super) struct Applied {
    pub(super) object: Value,
    pub(super) managers: Managers,
}

/// Lays what is applied over what is there. `canonical` brings an object into the form that is kept.
pub(super) fn apply(
    resource: &Resource,
    live: Option<(&Value, &Managers)>,
    applied: &Value,
    (who, force): (&str, bool),
    now: DateTime<Utc>,
    canonical: impl Fn(&mut Value) -> Result<(), Reply>,
) -> Result<Applied, Reply> {
    let Some(of) = resource.schema else { return Err(Reply::NotModelled) };
    let version = resource.api_version();
    let owns = owned(of, applied).map_err(|misfit| told(resource, applied, misfit))?;
    let base = skeleton(of);
    let (before, mut managers) = match live {
        Some((object, managers)) => (object.clone(), managers.clone()),
        None => (base.clone(), Managers::default()),
    };
    if managers.0.is_empty() && live.is_some() {
        managers.written(of, None, &before, BEFORE, &version, now);
    }
    let last = managers.replace(who, &version, owns.clone());
    let mut object = merged(of, &before, applied);
    // What was theirs alone, and they say no more.
    let gone = last.minus(&owns).minus(&managers.of_others(who));
    for path in gone.0.iter().rev().filter(|path| !is_above(path, &owns)) {
        remove(of, &mut object, path);
    }
    canonical(&mut object)?;
    let found = difference(of, &before, &object);
    managers.settle((who, true), &found, force).map_err(|held| conflict(&held))?;
    let changed = !(found.added.is_empty() && found.modified.is_empty() && found.removed.is_empty());
    if changed && let Some(entry) = managers.0.iter_mut().find(|it| it.applies && it.name == who) {
        entry.time = Some(stamp(now));
    }
    managers.tidy();
    Ok(Applied { object, managers })
}

/// Whether something below a path is still said.
fn is_above(path: &[super::paths::Step], owns: &Paths) -> bool {
    owns.0.iter().any(|it| it.starts_with(path))
}

fn told(resource: &Resource, applied: &Value, misfit: Misfit) -> Reply {
    let Misfit::Wrong(what) = misfit else { return Reply::NotModelled };
    let name = applied["metadata"]["name"].as_str().unwrap_or_default();
    internal(format!("failed to create typed patch object (/{name}; {}, Kind={}): {what}", gv(resource), resource.kind))
}

/// Group and version as Go prints them: `/v1` for the core.
pub(super) fn gv(resource: &Resource) -> String {
    if resource.group.is_empty() { format!("/{}", resource.version) } else { resource.api_version() }
}

fn conflict(held: &Held) -> Reply {
    let named = |it: &super::managers::Manager| {
        let using = if it.applies { String::new() } else { format!(" using {}", it.version) };
        format!("\"{}\"{using}", it.name)
    };
    let mut all: Vec<(String, String)> =
        held.iter().map(|(manager, path)| (named(manager), Shown(path).to_string())).collect();
    all.sort();
    let cause = |(who, path): &(String, String)| json!({ "reason": "FieldManagerConflict", "message": format!("conflict with {who}"), "field": path });
    let causes: Vec<Value> = all.iter().map(cause).collect();
    let message = if let [(who, path)] = &all[..] {
        format!("Apply failed with 1 conflict: conflict with {who}: {path}")
    } else {
        let mut text = format!("Apply failed with {} conflicts:", all.len());
        let mut last = "";
        for (who, path) in &all {
            if who != last {
                let lead = if last.is_empty() { " " } else { "\n" };
                text += &format!("{lead}conflicts with {who}:");
            }
            text += &format!("\n- {path}");
            last = who;
        }
        text
    };
    failure(409, message, "Conflict", Some(json!({ "causes": causes })))
}
