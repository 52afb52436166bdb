//! Making workspaces.

use super::bodies::{Fields, Kind, Shape};
use super::call::Call;
use super::ids::NIL;
use super::reply::{Answer, Refusal, Reply, not_found, refuse, taken};
use super::rights::Object;
use super::routes::{Route, route};
use super::rules::{Faults, is_name};
use super::workspace_settings::{check_schedule, check_ttl};
use super::workspaces::{PAIR, Workspace};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/api/v2/users/{user}/workspaces", create),
    route("POST", "/api/v2/organizations/{organization}/members/{user}/workspaces", create_in_organization),
];

const CREATE: Shape = Shape {
    name: "CreateWorkspaceRequest",
    prefix: "",
    fields: &[
        ("template_id", Kind::Uuid),
        ("template_version_id", Kind::Uuid),
        ("name", Kind::Text),
        ("autostart_schedule", Kind::Text),
        ("ttl_ms", Kind::Integer),
        ("rich_parameter_values", Kind::List(&PAIR)),
        ("automatic_updates", Kind::Text),
        ("template_version_preset_id", Kind::Uuid),
    ],
};

fn create_in_organization(world: &mut World, call: &Call) -> Answer {
    world.in_organization(call)?;
    create(world, call)
}

/// The owner of the path, whom members of the organisation may read.
fn owner(world: &World, call: &Call) -> Result<String, Refusal> {
    let asked = call.param("user");
    let user = match asked {
        "me" => world.users.get(call.caller_id()),
        asked => super::ids::parse_uuid(asked).map_or_else(|_| world.user_by_name(asked), |id| world.users.get(&id)),
    };
    let user = user.ok_or_else(not_found)?;
    let seen = world.may(call, "read", Object::organization("organization_member").of(&user.id));
    if seen { Ok(user.id.clone()) } else { Err(not_found()) }
}

/// Template and version: the template's active one, or a version that is named.
fn source(world: &World, call: &Call, fields: &Fields) -> Result<(String, String), Refusal> {
    if let Some(id) = fields.id("template_version_id") {
        let version = world.versions.get(id).filter(|version| world.may_read_version(call, version));
        let found = version.and_then(|version| Some((version.template_id.clone()?, version)));
        let Some((template_id, version)) = found else {
            return Err(refuse(400, format!("Template version \"{id}\" doesn't exist."))
                .field("template_version_id", "template not found"));
        };
        if version.is_archived {
            return Err(refuse(500, "Archived template versions cannot be used to make a workspace.")
                .field("template_version_id", "template version archived"));
        }
        return Ok((template_id, id.to_owned()));
    }
    let id = fields.id("template_id").unwrap_or(NIL);
    match world.template(call, id) {
        Ok(template) => Ok((id.to_owned(), template.active_version_id.clone())),
        Err(_) => {
            Err(refuse(400, format!("Template \"{id}\" doesn't exist.")).field("template_id", "template not found"))
        }
    }
}

fn check(fields: &Fields) -> Result<(), Refusal> {
    let (template, version) = (fields.id("template_id"), fields.id("template_version_id"));
    let tag = if template.is_some() { "excluded_with" } else { "required_without" };
    let mut faults = Faults::default();
    for (field, id) in [("template_id", template), ("template_version_id", version)] {
        faults.check(template.is_some() != version.is_some(), field, tag, id.unwrap_or(NIL));
    }
    faults.check(is_name(fields.text("name")), "name", "workspace_name", fields.text("name"));
    faults.end()
}

fn create(world: &mut World, call: &Call) -> Answer {
    let owner_id = owner(world, call)?;
    let fields = call.fields(&CREATE)?;
    check(&fields)?;
    let name = fields.text("name").to_owned();
    let (template_id, version_id) = source(world, call, &fields)?;
    if !world.may(call, "create", Object::organization("workspace").of(&owner_id)) {
        let detail = "You are unable to create a workspace in this organization. It is possible to have access to the \
             template, but not be able to create a workspace. Please contact an administrator about your permissions if you \
             feel this is an error.";
        return Err(refuse(403, "Unauthorized to create workspace.").detail(detail));
    }
    let schedule = fields.maybe_text("autostart_schedule").filter(|schedule| !schedule.is_empty());
    if let Some(schedule) = schedule {
        check_schedule(schedule)
            .map_err(|fault| refuse(400, "Invalid Autostart Schedule.").field("schedule", fault))?;
    }
    let default_ttl = world.templates.get(&template_id).map_or(0, |template| template.default_ttl_ms);
    let ttl_ms = match fields.number("ttl_ms").filter(|ttl| *ttl != 0) {
        None => Some(default_ttl).filter(|ttl| *ttl > 0),
        Some(ttl) => {
            let ttl = check_ttl(ttl);
            Some(ttl.map_err(|fault| refuse(400, "Invalid Workspace Time to Shutdown.").field("ttl_ms", fault))?)
        }
    };
    let updates = fields.maybe_text("automatic_updates").filter(|text| !text.is_empty()).unwrap_or("never");
    if !matches!(updates, "always" | "never") {
        return Err(refuse(400, "Invalid Workspace Automatic Updates setting.")
            .field("automatic_updates", "Automatic updates must be always or never"));
    }
    let is_twin =
        |other: &Workspace| other.owner_id == owner_id && !other.is_deleted && other.name.eq_ignore_ascii_case(&name);
    if world.workspaces.values().any(is_twin) {
        return Err(taken(format!("Workspace \"{name}\" already exists.")));
    }
    world.is_importable(&version_id)?;
    world.external_auth_is_there(&version_id, &owner_id)?;
    let mut workspace = Workspace {
        id: world.ids.uuid(),
        owner_id,
        template_id,
        name,
        created_at: call.now,
        updated_at: call.now,
        last_used_at: call.now,
        ttl_ms,
        autostart_schedule: schedule.map(str::to_owned),
        automatic_updates: updates.to_owned(),
        dormant_at: None,
        is_favorite: false,
        is_deleted: false,
        builds: Vec::new(),
    };
    let build = world.new_build(call, &workspace, "start", &version_id, &fields)?;
    workspace.builds.push(build);
    let view = world.workspace_view(&workspace, true);
    world.workspaces.insert(workspace.id.clone(), workspace);
    Ok(Reply::json(201, view))
}

impl World {
    /// Whether workspaces can be built with a version.
    pub(super) fn is_importable(&self, version_id: &str) -> Result<(), Refusal> {
        let version = self.versions.get(version_id).ok_or_else(not_found)?;
        let job = self.import_of(version)?;
        let name = &version.name;
        let (status, text) = match job.status() {
            "succeeded" => return Ok(()),
            "failed" => {
                let error = job.failure.as_ref().map_or("", |failure| &failure.error);
                (
                    400,
                    format!(
                        "The provided template version \"{name}\" has failed to import: \"{error}\". You cannot build workspaces with it!"
                    ),
                )
            }
            "canceled" => (
                400,
                "The provided template version was canceled during import. You cannot build workspaces with it!"
                    .to_owned(),
            ),
            status => (406, format!("The provided template version is {status}. Wait for it to complete importing!")),
        };
        Err(refuse(status, text.clone()).detail(text))
    }
}
