//! Templates: who sees which, lists, and making one from a version.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::accounts::{ORGANIZATION_DISPLAY_NAME, ORGANIZATION_NAME};
use super::bodies::{Fields, Kind, Shape};
use super::call::{Call, stamp};
use super::ids::NIL;
use super::reply::{Answer, Refusal, Reply, denied, not_found, refuse, taken};
use super::rights::Object;
use super::routes::{Route, route};
use super::rules::{Faults, is_name, is_shown_name};
use super::search::{Search, contains};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v2/templates", list),
    route("GET", "/api/v2/organizations/{organization}/templates", list_of_organization),
    route("POST", "/api/v2/organizations/{organization}/templates", create),
    route("GET", "/api/v2/templates/{template}", one),
    route("GET", "/api/v2/organizations/{organization}/templates/{templatename}", by_name),
];

/// A template. Deleted ones stay, since their versions do.
#[derive(Debug, Clone)]
pub(super) struct Template {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) display_name: String,
    pub(super) description: String,
    pub(super) icon: String,
    pub(super) active_version_id: String,
    pub(super) created_by: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) default_ttl_ms: i64,
    pub(super) activity_bump_ms: i64,
    pub(super) may_users_cancel: bool,
    pub(super) is_classic: bool,
    pub(super) cors_behavior: String,
    pub(super) disable_module_cache: bool,
    /// Whether the group of everybody may use it; once taken away it does not come back without a licence.
    pub(super) is_for_everyone: bool,
    pub(super) is_deleted: bool,
}

const CREATE: Shape = Shape {
    name: "CreateTemplateRequest",
    prefix: "",
    fields: &[
        ("name", Kind::Text),
        ("display_name", Kind::Text),
        ("description", Kind::Text),
        ("icon", Kind::Text),
        ("template_version_id", Kind::Uuid),
        ("default_ttl_ms", Kind::Integer),
        ("activity_bump_ms", Kind::Integer),
        ("dormant_ttl_ms", Kind::Integer),
        ("delete_ttl_ms", Kind::Integer),
        ("failure_ttl_ms", Kind::Integer),
        ("allow_user_cancel_workspace_jobs", Kind::Bool),
        ("disable_everyone_group_access", Kind::Bool),
        ("template_use_classic_parameter_flow", Kind::Bool),
        ("cors_behavior", Kind::Text),
        ("max_port_share_level", Kind::Text),
    ],
};

const KEYS: [&str; 11] = [
    "exact_name",
    "name",
    "display_name",
    "organization",
    "deprecated",
    "deleted",
    "author",
    "ids",
    "id",
    "has-ai-task",
    "has_external_agent",
];

impl World {
    /// A live template that the caller may read.
    pub(super) fn template(&self, call: &Call, id: &str) -> Result<&Template, Refusal> {
        let template = self.templates.get(id).filter(|template| !template.is_deleted);
        template.filter(|template| self.may_use_template(call, template, "read")).ok_or_else(not_found)
    }

    /// Whether the caller may read or use a template: by role, or as one of everybody.
    pub(super) fn may_use_template(&self, call: &Call, template: &Template, action: &str) -> bool {
        let by_role = self.may(call, action, Object::organization("template"));
        let is_member = self.organization.members.contains_key(call.caller_id());
        let is_scoped =
            call.caller.as_ref().is_some_and(|caller| caller.scopes.iter().all(|scope| scope == "coder:all"));
        by_role || template.is_for_everyone && is_member && is_scoped
    }

    /// The template of the path by its name in any case.
    pub(super) fn template_by_name(&self, call: &Call) -> Result<&Template, Refusal> {
        self.in_organization(call)?;
        let template = self.live_template(call.param("templatename")).ok_or_else(not_found)?;
        self.template(call, &template.id)
    }

    pub(super) fn live_template(&self, name: &str) -> Option<&Template> {
        self.templates.values().find(|template| !template.is_deleted && template.name.eq_ignore_ascii_case(name))
    }

    /// The template as the API shows it: what needs a licence has the values of a server without one.
    pub(super) fn template_view(&self, template: &Template) -> Value {
        let never = json!({ "P50": null, "P95": null });
        let owners: std::collections::BTreeSet<&String> = self
            .workspaces
            .values()
            .filter(|workspace| workspace.template_id == template.id && !workspace.is_deleted)
            .filter(|workspace| workspace.last_used_at > workspace.created_at)
            .map(|workspace| &workspace.owner_id)
            .collect();
        json!({
            "id": template.id,
            "created_at": stamp(template.created_at),
            "updated_at": stamp(template.updated_at),
            "organization_id": self.organization.id,
            "organization_name": ORGANIZATION_NAME,
            "organization_display_name": ORGANIZATION_DISPLAY_NAME,
            "organization_icon": "",
            "name": template.name,
            "display_name": template.display_name,
            "provisioner": "terraform",
            "active_version_id": template.active_version_id,
            "active_user_count": owners.len(),
            "build_time_stats": { "delete": never, "start": never, "stop": never },
            "description": template.description,
            "deprecated": false,
            "deprecation_message": "",
            "deleted": template.is_deleted,
            "icon": template.icon,
            "default_ttl_ms": template.default_ttl_ms,
            "activity_bump_ms": template.activity_bump_ms,
            "time_til_autostop_notify_ms": 0,
            "autostop_requirement": { "days_of_week": [], "weeks": 1 },
            "autostart_requirement": {
                "days_of_week": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
            },
            "created_by_id": template.created_by,
            "created_by_name": self.username(&template.created_by),
            "allow_user_autostart": true,
            "allow_user_autostop": true,
            "allow_user_cancel_workspace_jobs": template.may_users_cancel,
            "failure_ttl_ms": 0,
            "time_til_dormant_ms": 0,
            "time_til_dormant_autodelete_ms": 0,
            "require_active_version": false,
            "max_port_share_level": "public",
            "cors_behavior": template.cors_behavior,
            "use_classic_parameter_flow": template.is_classic,
            "disable_module_cache": template.disable_module_cache,
        })
    }
}

fn list_of_organization(world: &mut World, call: &Call) -> Answer {
    world.in_organization(call)?;
    list(world, call)
}

/// The templates that the caller may read. Nothing is deprecated without a licence, so `deprecated:true` finds nothing.
fn list(world: &mut World, call: &Call) -> Answer {
    let search = Search::read(call, "template", &KEYS, "free")?;
    search.organization(&[super::accounts::ORGANIZATION_NAME, "default", &world.organization.id])?;
    let (deprecated, deleted) = (search.truth("deprecated")?, search.truth("deleted")?);
    let author = search.get("author").map(|name| if name == "me" { world.username(call.caller_id()) } else { name });
    let ids: Option<Vec<&str>> = search.get("ids").map(|ids| ids.split(',').collect());
    let matches = |template: &&Template| {
        search.get("exact_name").is_none_or(|name| template.name.eq_ignore_ascii_case(name))
            && search.get("name").is_none_or(|text| contains(&template.name, text))
            && search.get("display_name").is_none_or(|text| contains(&template.display_name, text))
            && search
                .get("free")
                .is_none_or(|text| contains(&template.name, text) || contains(&template.display_name, text))
            && author.is_none_or(|name| world.username(&template.created_by).eq_ignore_ascii_case(name))
            && ids.as_ref().is_none_or(|ids| ids.contains(&template.id.as_str()))
            && deprecated != Some(true)
            && template.is_deleted == (deleted == Some(true))
            && world.may_use_template(call, template, "read")
    };
    let mut templates: Vec<&Template> = world.templates.values().filter(matches).collect();
    templates.sort_by_key(|template| template.name.to_lowercase());
    Ok(Reply::ok(templates.into_iter().map(|template| world.template_view(template)).collect()))
}

fn one(world: &mut World, call: &Call) -> Answer {
    let id = call.id("template")?;
    Ok(Reply::ok(world.template_view(world.template(call, &id)?)))
}

fn by_name(world: &mut World, call: &Call) -> Answer {
    Ok(Reply::ok(world.template_view(world.template_by_name(call)?)))
}

fn check(fields: &Fields) -> Result<(), Refusal> {
    let mut faults = Faults::default();
    faults.check(is_name(fields.text("name")), "name", "template_name", fields.text("name"));
    let shown = fields.text("display_name");
    faults.check(is_shown_name(shown, 64), "display_name", "template_display_name", shown);
    let description = fields.text("description");
    faults.check(description.chars().count() < 128, "description", "lt", description);
    faults.check(fields.id("template_version_id").is_some(), "template_version_id", "required", NIL);
    faults.end()
}

fn create(world: &mut World, call: &Call) -> Answer {
    world.in_organization(call)?;
    let fields = call.fields(&CREATE)?;
    check(&fields)?;
    let name = fields.text("name");
    if !world.may(call, "create", Object::organization("template")) {
        return Err(denied("Internal error fetching template version.", ""));
    }
    if world.live_template(name).is_some() {
        return Err(taken(format!("Template with name \"{name}\" already exists.")));
    }
    let version_id = fields.id("template_version_id").unwrap_or(NIL).to_owned();
    const FIELD: &str = "template_version_id";
    let Some(version) = world.versions.get(&version_id) else {
        return Err(refuse(404, format!("Template version \"{version_id}\" does not exist."))
            .field(FIELD, "Template version does not exist"));
    };
    if version.template_id.is_some() {
        return Err(refuse(400, format!("Template version {version_id} is already part of a template"))
            .field(FIELD, "Template version is already part of a template"));
    }
    if version.is_archived {
        return Err(refuse(400, format!("Template version {version_id} is archived."))
            .field(FIELD, "Template version is archived"));
    }
    let mut refusal = refuse(400, "Invalid create template request.");
    for field in ["default_ttl_ms", "activity_bump_ms", "dormant_ttl_ms", "delete_ttl_ms", "failure_ttl_ms"] {
        if fields.number(field).is_some_and(|number| number < 0) {
            refusal = refusal.field(field, "Must be a positive integer.");
        }
    }
    let cors = fields.maybe_text("cors_behavior").filter(|cors| !cors.is_empty()).unwrap_or("simple");
    if !["simple", "passthru"].contains(&cors) {
        let detail = format!("Invalid CORS behavior \"{cors}\". Must be one of [simple, passthru]");
        refusal = refusal.field("cors_behavior", detail);
    }
    if !refusal.validations.is_empty() {
        return Err(refusal);
    }
    let id = world.ids.uuid();
    let template = Template {
        id: id.clone(),
        name: name.to_owned(),
        display_name: fields.text("display_name").to_owned(),
        description: fields.text("description").to_owned(),
        icon: fields.text("icon").to_owned(),
        active_version_id: version_id.clone(),
        created_by: call.caller_id().to_owned(),
        created_at: call.now,
        updated_at: call.now,
        default_ttl_ms: fields.number("default_ttl_ms").unwrap_or(0),
        activity_bump_ms: fields.number("activity_bump_ms").unwrap_or(3_600_000),
        may_users_cancel: fields.flag("allow_user_cancel_workspace_jobs").unwrap_or(false),
        is_classic: fields.flag("template_use_classic_parameter_flow").unwrap_or(false),
        cors_behavior: cors.to_owned(),
        disable_module_cache: false,
        is_for_everyone: fields.flag("disable_everyone_group_access") != Some(true),
        is_deleted: false,
    };
    if let Some(version) = world.versions.get_mut(&version_id) {
        version.template_id = Some(id.clone());
    }
    let view = world.template_view(&template);
    world.templates.insert(id, template);
    Ok(Reply::json(201, view))
}
