//! What a version holds: logs, parameters, variables, presets, resources; versions of a template.

use serde_json::{Value, json};

use super::accounts::extend;
use super::call::{Call, stamp};
use super::reply::{Answer, Refusal, Reply, refuse};
use super::routes::{Route, route};
use super::search::Page;
use super::versions::Version;
use super::world::World;
use crate::provider::coder::terraform::evaluate::Names;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v2/templateversions/{templateversion}", one),
    route("GET", "/api/v2/templateversions/{templateversion}/logs", logs),
    route("GET", "/api/v2/templateversions/{templateversion}/rich-parameters", parameters),
    route("GET", "/api/v2/templateversions/{templateversion}/variables", variables),
    route("GET", "/api/v2/templateversions/{templateversion}/presets", presets),
    route("GET", "/api/v2/templateversions/{templateversion}/resources", resources),
    route("GET", "/api/v2/templateversions/{templateversion}/parameters", nothing),
    route("GET", "/api/v2/templateversions/{templateversion}/schema", nothing),
    route("GET", "/api/v2/templates/{template}/versions", list),
    route("GET", "/api/v2/templates/{template}/versions/{name}", by_name),
    route("GET", "/api/v2/organizations/{organization}/templates/{templatename}/versions/{name}", by_names),
    route("GET", "/api/v2/organizations/{organization}/templates/{templatename}/versions/{name}/previous", previous),
];

const NOT_FINISHED: &str = "Template version job has not finished";

impl Version {
    /// The values that expressions of the template can be told by.
    pub(super) fn names(&self) -> Names {
        self.formula.names(&self.values, &[])
    }
}

fn one(world: &mut World, call: &Call) -> Answer {
    Ok(Reply::ok(world.version_view(world.version(call)?)))
}

/// Lines of a log behind and before those that the query names.
pub(super) fn cut_logs(call: &Call, lines: Vec<Value>) -> Answer {
    if call.query.iter().any(|(name, _)| name == "follow") || call.ask("format") == "text" {
        return Err(super::reply::not_modelled());
    }
    let number = |name: &str| call.ask(name).parse::<i64>().ok();
    let (after, before) = (number("after"), number("before"));
    let id = |line: &Value| line["id"].as_i64().unwrap_or(0);
    let is_within = |line: &Value| {
        after.is_none_or(|after| id(line) > after) && before.is_none_or(|before| after.is_some() || id(line) < before)
    };
    Ok(Reply::ok(lines.into_iter().filter(is_within).collect()))
}

fn logs(world: &mut World, call: &Call) -> Answer {
    let version = world.version(call)?;
    cut_logs(call, world.import_of(version)?.logs())
}

/// The version once its import has ended.
fn finished<'a>(world: &'a World, call: &Call, status: u16) -> Result<&'a Version, Refusal> {
    let version = world.version(call)?;
    if world.import_of(version)?.is_active() {
        return Err(refuse(status, NOT_FINISHED));
    }
    Ok(version)
}

/// Whether the plan was made, which is where parameters and presets come from.
fn is_planned(world: &World, version: &Version) -> bool {
    world.jobs.all.get(&version.job_id).is_some_and(super::jobs::Job::succeeded)
}

fn parameters(world: &mut World, call: &Call) -> Answer {
    let version = finished(world, call, 425)?;
    let parameters = if is_planned(world, version) { version.formula.parameters(&version.names()) } else { Vec::new() };
    Ok(Reply::ok(parameters.iter().map(crate::provider::coder::terraform::formula::Parameter::view).collect()))
}

fn variables(world: &mut World, call: &Call) -> Answer {
    let version = finished(world, call, 403)?;
    let row = |variable: crate::provider::coder::terraform::formula::Variable| {
        let default = variable.default.clone().unwrap_or_default();
        let value = version.values.get(&variable.name).unwrap_or(&default).clone();
        let shown = |text: String| if variable.is_sensitive { "*redacted*".to_owned() } else { text };
        json!({
            "name": variable.name,
            "description": variable.description,
            "type": variable.kind,
            "value": shown(value),
            "default_value": shown(default.clone()),
            "required": variable.default.is_none(),
            "sensitive": variable.is_sensitive,
        })
    };
    Ok(Reply::ok(version.formula.variables().into_iter().map(row).collect()))
}

/// The keys are the server's own, in capitals; without presets the answer is `null`.
fn presets(world: &mut World, call: &Call) -> Answer {
    let version = world.version(call)?;
    let planned = is_planned(world, version);
    let rows: Vec<Value> = version
        .presets
        .iter()
        .filter(|_| planned)
        .map(|preset| {
            let values = preset.values.iter().map(|(name, value)| json!({ "Name": name, "Value": value }));
            json!({
                "ID": preset.id,
                "Name": preset.name,
                "Parameters": values.collect::<Vec<_>>(),
                "Default": preset.is_default,
                "DesiredPrebuildInstances": 0,
                "Description": "",
                "Icon": "",
            })
        })
        .collect();
    Ok(Reply::ok(if rows.is_empty() { Value::Null } else { Value::Array(rows) }))
}

/// The resources of a plan, as rows of a job.
pub(super) fn rows_of(world: &World, job_id: &str, rows: Vec<Value>) -> Vec<Value> {
    let created_at = world.jobs.all.get(job_id).map(|job| stamp(job.created_at));
    let rows = (0..).zip(rows).map(|(n, mut row): (u64, Value)| {
        // The same job has the same resources each time it is asked.
        let seed = job_id.bytes().fold(n + 17, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let id = super::ids::Ids::seeded(seed).uuid();
        extend(&mut row, json!({ "id": id, "created_at": created_at, "job_id": job_id }));
        row
    });
    rows.collect()
}

fn resources(world: &mut World, call: &Call) -> Answer {
    let version = finished(world, call, 425)?;
    let names = version.names();
    let mut rows = Vec::new();
    if is_planned(world, version) {
        rows.extend(version.formula.resources(&names, "start"));
        rows.extend(version.formula.resources(&names, "stop"));
    }
    Ok(Reply::ok(json!(rows_of(world, &version.job_id, rows))))
}

/// What old releases had.
fn nothing(world: &mut World, call: &Call) -> Answer {
    world.version(call)?;
    Ok(Reply::ok(json!([])))
}

/// Versions, the oldest first.
fn of_template<'a>(world: &'a World, template_id: &str) -> Vec<&'a Version> {
    let mut versions: Vec<&Version> =
        world.versions.values().filter(|version| version.template_id.as_deref() == Some(template_id)).collect();
    versions.sort_by_key(|version| version.created_at);
    versions
}

fn list(world: &mut World, call: &Call) -> Answer {
    let id = call.id("template")?;
    world.template(call, &id)?;
    let page = Page::read(call)?;
    let mut versions = of_template(world, &id);
    if let Some(after) = page.after_id.as_deref() {
        let Some(at) = versions.iter().position(|version| version.id == after) else {
            return Err(refuse(400, format!("Record at \"after_id\" (\"{after}\") does not exists.")));
        };
        versions.drain(..=at);
    }
    versions.retain(|version| !version.is_archived || call.asks("include_archived"));
    Ok(Reply::ok(page.cut(versions).into_iter().map(|version| world.version_view(version)).collect()))
}

fn named<'a>(world: &'a World, template_id: &str, name: &str) -> Result<&'a Version, Refusal> {
    let found = of_template(world, template_id).into_iter().find(|version| version.name == name);
    found.ok_or_else(|| refuse(404, format!("No template version found by name \"{name}\".")))
}

fn by_name(world: &mut World, call: &Call) -> Answer {
    let id = call.id("template")?;
    world.template(call, &id)?;
    Ok(Reply::ok(world.version_view(named(world, &id, call.param("name"))?)))
}

fn by_names(world: &mut World, call: &Call) -> Answer {
    let id = world.template_by_name(call)?.id.clone();
    Ok(Reply::ok(world.version_view(named(world, &id, call.param("name"))?)))
}

fn previous(world: &mut World, call: &Call) -> Answer {
    let id = world.template_by_name(call)?.id.clone();
    let version = named(world, &id, call.param("name"))?;
    let before = of_template(world, &id).into_iter().rfind(|other| other.created_at < version.created_at);
    match before {
        Some(before) => Ok(Reply::ok(world.version_view(before))),
        None => Ok(Reply::empty(204)),
    }
}
