//! Versions of templates, and pushing one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::accounts::extend;
use super::archive::extract;
use super::bodies::{Fields, Kind, Shape};
use super::call::{Call, stamp};
use super::ids::NIL;
use super::import::import;
use super::jobs::{Job, JobKind};
use super::reply::{Answer, Refusal, Reply, forbidden, not_found, refuse, taken};
use super::rights::Object;
use super::routes::{Route, route};
use super::rules::{Faults, is_version_name};
use super::world::World;
use crate::provider::coder::terraform::formula::{Formula, Preset};

pub(super) const ROUTES: &[Route] = &[route("POST", "/api/v2/organizations/{organization}/templateversions", create)];

/// A version: an archive, the values of its variables, and the job that imports it.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) template_id: Option<String>,
    pub(super) name: String,
    pub(super) message: String,
    pub(super) file_id: String,
    pub(super) job_id: String,
    pub(super) created_by: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) is_archived: bool,
    pub(super) readme: String,
    pub(super) formula: Formula,
    /// What variables were given or inherited, by name.
    pub(super) values: BTreeMap<String, String>,
    pub(super) presets: Vec<Preset>,
}

pub(super) const VALUE: Shape =
    Shape { name: "VariableValue", prefix: "", fields: &[("name", Kind::Text), ("value", Kind::Text)] };

const CREATE: Shape = Shape {
    name: "CreateTemplateVersionRequest",
    prefix: "",
    fields: &[
        ("name", Kind::Text),
        ("message", Kind::Text),
        ("template_id", Kind::Uuid),
        ("storage_method", Kind::Text),
        ("file_id", Kind::Uuid),
        ("example_id", Kind::Text),
        ("provisioner", Kind::Text),
        ("tags", Kind::TextMap),
        ("user_variable_values", Kind::List(&VALUE)),
    ],
};

fn check(fields: &Fields) -> Result<(), Refusal> {
    let mut faults = Faults::default();
    let name = fields.text("name");
    faults.check(name.is_empty() || is_version_name(name), "name", "template_version_name", name);
    let message = fields.text("message");
    faults.check(message.len() <= 1_048_576, "message", "lt", message);
    faults.check(fields.text("storage_method") == "file", "storage_method", "oneof", fields.text("storage_method"));
    let has_source = fields.id("file_id").is_some() || !fields.text("example_id").is_empty();
    faults.check(has_source, "file_id", "required_without", NIL);
    faults.check(has_source, "example_id", "required_without", "");
    let provisioner = fields.text("provisioner");
    faults.check(matches!(provisioner, "terraform" | "echo"), "provisioner", "oneof", provisioner);
    faults.end()
}

fn create(world: &mut World, call: &Call) -> Answer {
    world.in_organization(call)?;
    let fields = call.fields(&CREATE)?;
    check(&fields)?;
    if !fields.text("example_id").is_empty() || fields.text("provisioner") == "echo" {
        return Err(super::reply::not_modelled());
    }
    let template_id = fields.id("template_id").map(str::to_owned);
    if let Some(id) = &template_id
        && world.template(call, id).is_err()
    {
        return Err(refuse(404, "Template does not exist."));
    }
    let file_id = fields.id("file_id").unwrap_or(NIL).to_owned();
    if !world.may_read_file(call, &file_id) {
        return Err(refuse(404, "File not found."));
    }
    let Some(tar) = world.files.get(&file_id).map(|file| file.tar.clone()) else {
        return Err(refuse(404, "File not found."));
    };
    refuse_twins(&tar)?;
    if !world.may(call, if template_id.is_some() { "update" } else { "create" }, Object::organization("template")) {
        return Err(forbidden());
    }
    let name = match fields.text("name") {
        "" => world.ids.version_name(),
        name => name.to_owned(),
    };
    if template_id.is_some()
        && world.versions.values().any(|other| other.template_id == template_id && other.name == name)
    {
        return Err(taken(format!("A template version with name \"{name}\" already exists for this template.")));
    }
    let values = values(world, template_id.as_deref(), &fields);
    let import = import(&tar, &values, &world.settings);
    let (id, job_id) = (world.ids.uuid(), world.ids.uuid());
    let mut job =
        Job::new(JobKind::Import, job_id.clone(), &id, &id, call.caller_id(), call.now).lasting(world.jobs.job_time);
    job.file_id.clone_from(&file_id);
    job.failure = import.failure;
    job.tags = [("owner".to_owned(), String::new()), ("scope".to_owned(), "organization".to_owned())].into();
    let sent = fields.get("tags").and_then(Value::as_object).into_iter().flatten();
    job.tags.extend(sent.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))));
    let matched = world.jobs.matched(&job.tags);
    world.jobs.add(job);
    let names = import.formula.names(&values, &[]);
    let presets = import.formula.presets(&names, || world.ids.uuid());
    let version = Version {
        id: id.clone(),
        template_id,
        name,
        message: fields.text("message").to_owned(),
        file_id,
        job_id,
        created_by: call.caller_id().to_owned(),
        created_at: call.now,
        updated_at: call.now,
        is_archived: false,
        readme: import.readme,
        formula: import.formula,
        values,
        presets,
    };
    world.versions.insert(id.clone(), version);
    let mut view = world.version_view(&world.versions[&id]);
    view["matched_provisioners"] = matched;
    Ok(Reply::json(201, view))
}

/// Two parameters of one name are all that is looked at before the job.
fn refuse_twins(tar: &[u8]) -> Result<(), Refusal> {
    let Some(formula) = extract(tar).ok().and_then(|files| Formula::read(&files).ok()) else {
        return Ok(());
    };
    let parameters = formula.parameters(&formula.names(&BTreeMap::new(), &[]));
    for parameter in &parameters {
        let mut twins: Vec<_> = parameters.iter().filter(|other| other.name == parameter.name).collect();
        if twins.len() > 1 {
            twins.sort_by(|a, b| a.place.cmp(&b.place));
            let places = twins.iter().map(|twin| {
                let (file, line) = &twin.place;
                format!("block \"data.coder_parameter.{}\" at {file}:{line},1-5\n", twin.label)
            });
            let detail = format!(
                "Found {} duplicate parameters with name \"{}\", this is not allowed; {}",
                twins.len(),
                parameter.name,
                places.collect::<String>()
            );
            return Err(refuse(400, "Unable to parse workspace tags").detail(detail));
        }
    }
    Ok(())
}

/// What variables are given. What is not sent is inherited from the active version; of two equal names the first counts.
fn values(world: &World, template_id: Option<&str>, fields: &Fields) -> BTreeMap<String, String> {
    let active = template_id.and_then(|id| world.templates.get(id)).map(|template| &template.active_version_id);
    let mut values = BTreeMap::new();
    if let Some(version) = active.and_then(|id| world.versions.get(id)) {
        for variable in version.formula.variables() {
            if let Some(value) = version.values.get(&variable.name).or(variable.default.as_ref()) {
                values.insert(variable.name, value.clone());
            }
        }
    }
    for (name, value) in fields.pairs("user_variable_values").into_iter().rev() {
        values.insert(name, value);
    }
    values
}

impl World {
    /// The version of the path, which the caller may read.
    pub(super) fn version(&self, call: &Call) -> Result<&Version, Refusal> {
        let id = call.id("templateversion")?;
        self.versions.get(&id).filter(|version| self.may_read_version(call, version)).ok_or_else(not_found)
    }

    pub(super) fn may_read_version(&self, call: &Call, version: &Version) -> bool {
        match version.template_id.as_ref().and_then(|id| self.templates.get(id)) {
            Some(template) => self.may_use_template(call, template, "read"),
            None => self.may(call, "read", Object::organization("template")),
        }
    }

    /// The job of a version.
    pub(super) fn import_of(&self, version: &Version) -> Result<&Job, Refusal> {
        self.jobs.all.get(&version.job_id).ok_or_else(not_found)
    }

    /// A job as the API shows it.
    pub(super) fn job_view(&self, id: &str) -> Value {
        let Some(job) = self.jobs.all.get(id) else {
            return Value::Null;
        };
        let mut view = self.jobs.view(job, None);
        view["organization_id"] = self.organization.id.as_str().into();
        view
    }

    /// The version as the API shows it. A finished import tells nothing of provisioners.
    pub(super) fn version_view(&self, version: &Version) -> Value {
        let job = self.jobs.all.get(&version.job_id);
        let is_done = job.is_some_and(|job| job.completed_at.is_some());
        let updated_at =
            job.and_then(|job| job.completed_at).map_or(version.updated_at, |at| at.max(version.updated_at));
        let mut view = json!({
            "id": version.id,
            "template_id": version.template_id.as_deref().unwrap_or(NIL),
            "organization_id": self.organization.id,
            "created_at": stamp(version.created_at),
            "updated_at": stamp(updated_at),
            "name": version.name,
            "message": version.message,
            "job": self.job_view(&version.job_id),
            "readme": if is_done || job.is_some_and(Job::is_running) { version.readme.as_str() } else { "" },
            "created_by": self.users.get(&version.created_by).map(super::accounts::User::minimal),
            "archived": version.is_archived,
            "has_external_agent": false,
        });
        if let Some(job) = job.filter(|_| !is_done) {
            extend(&mut view, json!({ "matched_provisioners": self.jobs.matched(&job.tags) }));
        }
        view
    }
}
