//! Changing versions: name, message, archive, cancel; trying one out without a workspace.

use serde_json::{Value, json};

use super::bodies::{Kind, Shape};
use super::call::Call;
use super::ids::NIL;
use super::jobs::{Job, JobKind};
use super::reply::{Answer, Refusal, Reply, denied, forbidden, not_found, refuse};
use super::rights::Object;
use super::routes::{Route, route};
use super::rules::{Faults, is_version_name};
use super::version_reads::{cut_logs, rows_of};
use super::workspaces::PAIR;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("PATCH", "/api/v2/templateversions/{templateversion}", change),
    route("PATCH", "/api/v2/templateversions/{templateversion}/cancel", cancel),
    route("POST", "/api/v2/templateversions/{templateversion}/archive", archive),
    route("POST", "/api/v2/templateversions/{templateversion}/unarchive", unarchive),
    route("POST", "/api/v2/templates/{template}/versions/archive", archive_unused),
    route("POST", "/api/v2/templateversions/{templateversion}/dry-run", dry_run),
    route("GET", "/api/v2/templateversions/{templateversion}/dry-run/{job}", dry_job),
    route("GET", "/api/v2/templateversions/{templateversion}/dry-run/{job}/resources", dry_resources),
    route("GET", "/api/v2/templateversions/{templateversion}/dry-run/{job}/logs", dry_logs),
    route("POST", "/api/v2/templateversions/{templateversion}/dynamic-parameters/evaluate", evaluate),
];

const CHANGE: Shape =
    Shape { name: "PatchTemplateVersionRequest", prefix: "", fields: &[("name", Kind::Text), ("message", Kind::Text)] };
const ARCHIVE: Shape = Shape { name: "ArchiveTemplateVersionsRequest", prefix: "", fields: &[("all", Kind::Bool)] };
const DRY_RUN: Shape = Shape {
    name: "CreateTemplateVersionDryRunRequest",
    prefix: "",
    fields: &[("workspace_name", Kind::Text), ("rich_parameter_values", Kind::List(&PAIR))],
};
const EVALUATE: Shape = Shape {
    name: "DynamicParametersRequest",
    prefix: "",
    fields: &[("id", Kind::Integer), ("inputs", Kind::TextMap), ("owner_id", Kind::Uuid)],
};

fn may_update(world: &World, call: &Call) -> bool {
    world.may(call, "update", Object::organization("template"))
}

fn change(world: &mut World, call: &Call) -> Answer {
    let version = world.version(call)?;
    let (id, template_id) = (version.id.clone(), version.template_id.clone());
    let fields = call.fields(&CHANGE)?;
    let name = fields.text("name");
    let mut faults = Faults::default();
    faults.check(name.is_empty() || is_version_name(name), "name", "template_version_name", name);
    faults.end()?;
    if !may_update(world, call) {
        return Err(denied("Internal error updating template version.", ""));
    }
    let is_taken =
        |other: &super::versions::Version| other.id != id && other.template_id == template_id && other.name == name;
    if template_id.is_some() && !name.is_empty() && world.versions.values().any(is_taken) {
        return Err(refuse(400, "execute transaction: template version name must be unique for a template")
            .field("name", "Name is already used"));
    }
    if let Some(version) = world.versions.get_mut(&id) {
        if !name.is_empty() {
            version.name = name.to_owned();
        }
        if let Some(message) = fields.maybe_text("message") {
            version.message = message.to_owned();
        }
        version.updated_at = call.now;
    }
    Ok(Reply::ok(world.version_view(&world.versions[&id])))
}

fn cancel(world: &mut World, call: &Call) -> Answer {
    let version = world.version(call)?;
    let id = version.job_id.clone();
    if !may_update(world, call) {
        return Err(forbidden());
    }
    world.cancel_job(&id, call)
}

impl World {
    /// Cancels a job that has not ended.
    pub(super) fn cancel_job(&mut self, id: &str, call: &Call) -> Answer {
        let job = self.jobs.all.get(id).ok_or_else(not_found)?;
        if job.completed_at.is_some() {
            return Err(refuse(400, "Job has already completed!"));
        }
        if job.canceled_at.is_some() {
            return Err(refuse(400, "Job has already been marked as canceled!"));
        }
        self.jobs.cancel(id, call.now);
        Ok(Reply::message("Job has been marked as canceled..."))
    }

    /// Whether a version is active or the latest of a workspace that lives.
    fn is_in_use(&self, id: &str) -> bool {
        self.templates.values().any(|template| !template.is_deleted && template.active_version_id == id)
            || self.workspaces.values().any(|workspace| !workspace.is_deleted && workspace.latest().version_id == id)
    }
}

fn archive(world: &mut World, call: &Call) -> Answer {
    set_archived(world, call, true)
}

fn unarchive(world: &mut World, call: &Call) -> Answer {
    set_archived(world, call, false)
}

fn set_archived(world: &mut World, call: &Call, archived: bool) -> Answer {
    let version = world.version(call)?;
    let id = version.id.clone();
    let verb = if archived { "archive" } else { "unarchive" };
    if version.template_id.is_none() {
        return Err(refuse(400, "Cannot archive template versions not associate with a template."));
    }
    if version.is_archived == archived {
        return Err(refuse(400, format!("Template version already {verb}d")));
    }
    if !may_update(world, call) {
        return Err(denied("Internal error fetching template version.", ""));
    }
    if archived && world.is_in_use(&id) {
        let detail = "Unable to archive specified version, the version is likely in use by a workspace or currently set to \
             the active version";
        return Err(refuse(500, "Internal error fetching template version.").detail(detail));
    }
    if let Some(version) = world.versions.get_mut(&id) {
        version.is_archived = archived;
        version.updated_at = call.now;
    }
    Ok(Reply::ok(format!("template version \"{id}\" {verb}d").into()))
}

fn archive_unused(world: &mut World, call: &Call) -> Answer {
    let template_id = call.id("template")?;
    world.template(call, &template_id)?;
    let all = call.fields(&ARCHIVE)?.flag("all") == Some(true);
    if !may_update(world, call) {
        return Err(denied("Internal error archiving template versions.", ""));
    }
    let is_meant = |version: &&super::versions::Version| {
        let job = world.jobs.all.get(&version.job_id);
        version.template_id.as_deref() == Some(&template_id)
            && !version.is_archived
            && job.is_some_and(|job| !job.is_active() && (all || !job.succeeded()))
            && !world.is_in_use(&version.id)
    };
    let ids: Vec<String> = world.versions.values().filter(is_meant).map(|version| version.id.clone()).collect();
    for id in &ids {
        if let Some(version) = world.versions.get_mut(id) {
            version.is_archived = true;
        }
    }
    Ok(Reply::ok(json!({ "template_id": template_id, "archived_ids": ids })))
}

fn dry_run(world: &mut World, call: &Call) -> Answer {
    let version = world.version(call)?;
    let (id, file_id, template_id) = (version.id.clone(), version.file_id.clone(), version.job_id.clone());
    call.fields(&DRY_RUN)?;
    let import = world.jobs.all.get(&template_id).ok_or_else(not_found)?;
    if import.is_active() {
        return Err(refuse(425, "Template version import job hasn't completed!"));
    }
    let (failure, tags) = (import.failure.clone(), import.tags.clone());
    if !may_update(world, call) {
        return Err(forbidden());
    }
    let job_id = world.ids.uuid();
    let mut job =
        Job::new(JobKind::DryRun, job_id.clone(), &id, &id, call.caller_id(), call.now).lasting(world.jobs.job_time);
    job.file_id = file_id;
    job.failure = failure;
    job.tags = tags;
    world.jobs.add(job);
    Ok(Reply::json(201, world.job_view(&job_id)))
}

/// The dry run of the path.
fn dry<'a>(world: &'a World, call: &Call) -> Result<&'a Job, Refusal> {
    let version = world.version(call)?;
    let id = call.id("job")?;
    let job = world.jobs.all.get(&id).filter(|job| job.kind == JobKind::DryRun && job.version_id == version.id);
    job.ok_or_else(not_found)
}

fn dry_job(world: &mut World, call: &Call) -> Answer {
    let id = dry(world, call)?.id.clone();
    Ok(Reply::ok(world.job_view(&id)))
}

fn dry_resources(world: &mut World, call: &Call) -> Answer {
    let job = dry(world, call)?;
    if job.is_active() {
        return Err(refuse(400, "Job hasn't completed!"));
    }
    let version = world.version(call)?;
    let rows = if job.succeeded() { version.formula.resources(&version.names(), "start") } else { Vec::new() };
    Ok(Reply::ok(json!(rows_of(world, &job.id, rows))))
}

fn dry_logs(world: &mut World, call: &Call) -> Answer {
    cut_logs(call, dry(world, call)?.logs())
}

/// What the parameters of a version come to with these inputs. Names that are no parameter's are not spoken of.
fn evaluate(world: &mut World, call: &Call) -> Answer {
    let version = world.version(call)?;
    let fields = call.fields(&EVALUATE)?;
    if world.import_of(version)?.is_active() {
        return Err(refuse(425, "Template version job has not finished"));
    }
    let id = fields.number("id").unwrap_or(0);
    let owner = fields.id("owner_id").and_then(|id| world.users.get(id));
    let owner = owner.filter(|user| {
        world.may(call, "read", Object::organization("organization_member").of(&user.id))
            && world.organization.members.contains_key(&user.id)
    });
    if owner.is_none() || fields.id("owner_id") == Some(NIL) {
        let diagnostic = diagnostic(
            "Failed to fetch workspace owner",
            "Please check your permissions or the user may not exist.",
            "owner_not_found",
        );
        return Ok(Reply::ok(json!({ "id": id, "diagnostics": [diagnostic], "parameters": null })));
    }
    let inputs = fields.get("inputs");
    let row = |parameter: crate::provider::coder::terraform::formula::Parameter| {
        let sent = inputs.and_then(|inputs| inputs.get(&parameter.name)).and_then(Value::as_str);
        let value = sent.map(str::to_owned).or_else(|| parameter.default.clone());
        let faults: Vec<Value> = match &value {
            None => vec![diagnostic("Required parameter not provided", "parameter value is null", "required")],
            Some(value) => {
                parameter.fault(value).map(|fault| diagnostic(&fault.summary, &fault.detail, "")).into_iter().collect()
            }
        };
        parameter.evaluated(value, faults)
    };
    let parameters: Vec<Value> = version.formula.parameters(&version.names()).into_iter().map(row).collect();
    Ok(Reply::ok(json!({ "id": id, "diagnostics": [], "parameters": parameters })))
}

fn diagnostic(summary: &str, detail: &str, code: &str) -> Value {
    json!({ "severity": "error", "summary": summary, "detail": detail, "extra": { "code": code } })
}

impl crate::provider::coder::terraform::formula::Parameter {
    /// The parameter as an evaluation shows it.
    fn evaluated(&self, value: Option<String>, faults: Vec<Value>) -> Value {
        let text = |text: &Option<String>| json!({ "value": text.as_deref().unwrap_or(""), "valid": text.is_some() });
        let option = |[name, value, description, icon]: &[String; 4]| json!({ "name": name, "description": description, "value": { "value": value, "valid": true }, "icon": icon });
        let validation = json!({
            "validation_error": self.error,
            "validation_regex": self.regex,
            "validation_min": self.min,
            "validation_max": self.max,
            "validation_monotonic": Some(&self.monotonic).filter(|text| !text.is_empty()),
        });
        json!({
            "name": self.name,
            "display_name": self.display_name,
            "description": self.description,
            "type": self.kind,
            "form_type": self.form_type,
            "styling": {},
            "mutable": self.is_mutable,
            "default_value": text(&self.default),
            "icon": self.icon,
            "options": self.options.iter().map(option).collect::<Vec<_>>(),
            "validations": if self.has_validation { vec![validation] } else { Vec::new() },
            "required": self.default.is_none(),
            "order": self.order,
            "ephemeral": self.is_ephemeral,
            "value": json!({
                // What no value is known of is shown as the reference to it.
                "value": value.clone().unwrap_or_else(|| format!("data.coder_parameter.{}.value", self.label)),
                "valid": value.is_some(),
            }),
            "diagnostics": faults,
        })
    }
}
