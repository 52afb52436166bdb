//! Changing templates: metadata, promotion, deletion.

use super::bodies::{Fields, Kind, Shape};
use super::call::Call;
use super::reply::{Answer, Refusal, Reply, denied, forbidden, refuse, taken};
use super::rights::Object;
use super::routes::{Route, route};
use super::rules::{Faults, is_name, is_shown_name};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("PATCH", "/api/v2/templates/{template}", change),
    route("DELETE", "/api/v2/templates/{template}", delete),
    route("PATCH", "/api/v2/templates/{template}/versions", promote),
];

const CHANGE: Shape = Shape {
    name: "UpdateTemplateMeta",
    prefix: "",
    fields: &[
        ("name", Kind::Text),
        ("display_name", Kind::Text),
        ("description", Kind::Text),
        ("icon", Kind::Text),
        ("default_ttl_ms", Kind::Integer),
        ("activity_bump_ms", Kind::Integer),
        ("failure_ttl_ms", Kind::Integer),
        ("time_til_dormant_ms", Kind::Integer),
        ("time_til_dormant_autodelete_ms", Kind::Integer),
        ("allow_user_cancel_workspace_jobs", Kind::Bool),
        ("disable_everyone_group_access", Kind::Bool),
        ("disable_module_cache", Kind::Bool),
        ("use_classic_parameter_flow", Kind::Bool),
        ("cors_behavior", Kind::Text),
        ("max_port_share_level", Kind::Text),
    ],
};
const PROMOTE: Shape = Shape { name: "UpdateActiveTemplateVersion", prefix: "", fields: &[("id", Kind::Uuid)] };

/// What is wrong with a change beside names and lengths.
fn invalid(fields: &Fields) -> Result<(), Refusal> {
    let mut refusal = refuse(400, "Invalid request to update template metadata!");
    for field in ["default_ttl_ms", "activity_bump_ms"] {
        if fields.number(field).is_some_and(|number| number < 0) {
            refusal = refusal.field(field, "Must be a positive integer.");
        }
    }
    for field in ["failure_ttl_ms", "time_til_dormant_ms", "time_til_dormant_autodelete_ms"] {
        if fields.number(field).is_some_and(|number| number < 0 || number > 0 && number < 60_000) {
            refusal = refusal.field(field, "Value must be at least one minute.");
        }
    }
    let cors = fields.text("cors_behavior");
    if !matches!(cors, "" | "simple" | "passthru") {
        let detail = format!("Invalid CORS behavior \"{cors}\". Must be one of [simple, passthru]");
        refusal = refusal.field("cors_behavior", detail);
    }
    if !matches!(fields.text("max_port_share_level"), "" | "public") {
        let detail = "Restricting port sharing level is an enterprise feature that is not enabled.";
        refusal = refusal.field("max_port_sharing_level", detail);
    }
    if refusal.validations.is_empty() { Ok(()) } else { Err(refusal) }
}

/// What is left out stays as it is. What needs a licence is taken and not kept.
fn change(world: &mut World, call: &Call) -> Answer {
    let id = call.id("template")?;
    world.template(call, &id)?;
    let fields = call.fields(&CHANGE)?;
    let mut faults = Faults::default();
    if let Some(name) = fields.maybe_text("name") {
        faults.check(is_name(name), "name", "template_name", name);
    }
    let shown = fields.text("display_name");
    faults.check(is_shown_name(shown, 64), "display_name", "template_display_name", shown);
    faults.end()?;
    invalid(&fields)?;
    const STEP: &str = "execute transaction: update template metadata";
    let failed = "An internal server error occurred.";
    if !world.may(call, "update", Object::organization("template")) {
        return Err(denied(failed, STEP));
    }
    if fields.text("description").chars().count() > 128 {
        let detail = format!("{STEP}: pq: value too long for type character varying(128)");
        return Err(refuse(500, failed).detail(detail));
    }
    if let Some(name) = fields.maybe_text("name")
        && world.live_template(name).is_some_and(|other| other.id != id)
    {
        return Err(taken(format!("Template with name \"{name}\" already exists.")));
    }
    if let Some(template) = world.templates.get_mut(&id) {
        let texts = [
            ("name", &mut template.name),
            ("display_name", &mut template.display_name),
            ("description", &mut template.description),
            ("icon", &mut template.icon),
        ];
        for (field, slot) in texts {
            if let Some(text) = fields.maybe_text(field) {
                text.clone_into(slot);
            }
        }
        let flags = [
            ("allow_user_cancel_workspace_jobs", &mut template.may_users_cancel),
            ("use_classic_parameter_flow", &mut template.is_classic),
            ("disable_module_cache", &mut template.disable_module_cache),
        ];
        for (field, slot) in flags {
            *slot = fields.flag(field).unwrap_or(*slot);
        }
        let numbers =
            [("default_ttl_ms", &mut template.default_ttl_ms), ("activity_bump_ms", &mut template.activity_bump_ms)];
        for (field, slot) in numbers {
            *slot = fields.number(field).unwrap_or(*slot);
        }
        if !fields.text("cors_behavior").is_empty() {
            template.cors_behavior = fields.text("cors_behavior").to_owned();
        }
        if fields.flag("disable_everyone_group_access") == Some(true) {
            template.is_for_everyone = false;
        }
        template.updated_at = call.now;
    }
    Ok(Reply::ok(world.template_view(&world.templates[&id])))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let id = call.id("template")?;
    world.template(call, &id)?;
    if !world.may(call, "delete", Object::organization("template")) {
        return Err(forbidden());
    }
    if world.workspaces.values().any(|workspace| workspace.template_id == id && !workspace.is_deleted) {
        return Err(refuse(400, "All workspaces must be deleted before a template can be removed."));
    }
    if let Some(template) = world.templates.get_mut(&id) {
        template.is_deleted = true;
        template.updated_at = call.now;
    }
    Ok(Reply::message("Template has been deleted!"))
}

fn promote(world: &mut World, call: &Call) -> Answer {
    let id = call.id("template")?;
    world.template(call, &id)?;
    let fields = call.fields(&PROMOTE)?;
    let version_id = fields.text("id").to_owned();
    let Some(version) = world.versions.get(&version_id) else {
        return Err(refuse(404, "Template version not found."));
    };
    if version.template_id.as_deref() != Some(&id) {
        return Err(refuse(400, "The provided template version doesn't belong to the specified template."));
    }
    let job = world.import_of(version)?;
    if !job.succeeded() {
        return Err(refuse(403, "Only versions that have been built successfully can be promoted.")
            .detail(format!("Attempted to promote a version with a {} build", job.status())));
    }
    if version.is_archived {
        return Err(refuse(400, "The provided template version is archived."));
    }
    if !world.may(call, "update", Object::organization("template")) {
        let step = "execute transaction: update active version";
        return Err(denied("Internal error updating active template version.", step));
    }
    if let Some(template) = world.templates.get_mut(&id) {
        template.active_version_id = version_id;
        template.updated_at = call.now;
    }
    Ok(Reply::message("Updated the active template version!"))
}
