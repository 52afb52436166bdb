//! Workspaces: how they are shown, found and listed.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::accounts::{ORGANIZATION_NAME, extend};
use super::bodies::{Kind, Shape};
use super::call::{Call, stamp};
use super::ids::parse_uuid;
use super::reply::{Answer, Refusal, Reply, not_found, refuse};
use super::rights::Object;
use super::routes::{Route, route};
use super::search::{Page, Search, contains};
use super::version_reads::rows_of;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v2/workspaces", list),
    route("GET", "/api/v2/workspaces/{workspace}", one),
    route("GET", "/api/v2/users/{user}/workspace/{workspacename}", by_name),
];

/// A name and a value, as builds are given them.
pub(super) const PAIR: Shape =
    Shape { name: "WorkspaceBuildParameter", prefix: "", fields: &[("name", Kind::Text), ("value", Kind::Text)] };

/// A workspace with all its builds. Deleted ones stay.
#[derive(Debug, Clone)]
pub(super) struct Workspace {
    pub(super) id: String,
    pub(super) owner_id: String,
    pub(super) template_id: String,
    pub(super) name: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) last_used_at: DateTime<Utc>,
    pub(super) ttl_ms: Option<i64>,
    pub(super) autostart_schedule: Option<String>,
    pub(super) automatic_updates: String,
    pub(super) dormant_at: Option<DateTime<Utc>>,
    /// Whose favourite it is: its owner's, or nobody's.
    pub(super) is_favorite: bool,
    pub(super) is_deleted: bool,
    /// The oldest first; there is always one.
    pub(super) builds: Vec<Build>,
}

/// One build of a workspace.
#[derive(Debug, Clone)]
pub(super) struct Build {
    pub(super) id: String,
    pub(super) number: i64,
    pub(super) transition: String,
    pub(super) version_id: String,
    pub(super) job_id: String,
    pub(super) initiator_id: String,
    pub(super) reason: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) values: Vec<(String, String)>,
    pub(super) preset_id: Option<String>,
}

impl Workspace {
    /// The newest build.
    pub(super) fn latest(&self) -> &Build {
        self.builds.last().expect("a workspace begins with a build")
    }
}

impl World {
    /// The workspace of the path, deleted or not, that the caller may read.
    pub(super) fn workspace(&self, call: &Call) -> Result<&Workspace, Refusal> {
        let id = call.id("workspace")?;
        let workspace = self.workspaces.get(&id).ok_or_else(not_found)?;
        if self.may_workspace(call, workspace, "read") { Ok(workspace) } else { Err(not_found()) }
    }

    pub(super) fn may_workspace(&self, call: &Call, workspace: &Workspace, action: &str) -> bool {
        self.may(call, action, Object::organization("workspace").of(&workspace.owner_id))
    }

    /// The status of a build: that of its job in the words of its transition.
    pub(super) fn build_status(&self, build: &Build) -> &'static str {
        let status = self.jobs.all.get(&build.job_id).map_or("pending", |job| job.status());
        match (status, build.transition.as_str()) {
            ("running", "start") => "starting",
            ("running", "stop") => "stopping",
            ("running", _) => "deleting",
            ("succeeded", "start") => "running",
            ("succeeded", "stop") => "stopped",
            ("succeeded", _) => "deleted",
            (status, _) => status,
        }
    }

    /// A build as the API shows it. The answer to its creation knows the provisioners and not the version's name.
    pub(super) fn build_view(&self, workspace: &Workspace, build: &Build, is_new: bool) -> Value {
        let version = self.versions.get(&build.version_id);
        let job = self.jobs.all.get(&build.job_id);
        let resources = match (version, job) {
            (Some(version), Some(job)) if job.succeeded() && build.transition != "delete" => {
                let names = version.formula.names(&version.values, &build.values);
                rows_of(self, &job.id, version.formula.resources(&names, &build.transition))
            }
            _ => Vec::new(),
        };
        let updated_at = job.and_then(|job| job.completed_at).unwrap_or(build.created_at);
        let matched = match job.filter(|_| is_new) {
            Some(job) => self.jobs.matched(&job.tags),
            None => json!({ "count": 0, "available": 0, "most_recently_seen": null }),
        };
        let deadline = workspace.ttl_ms.filter(|_| job.is_some_and(super::jobs::Job::succeeded));
        let deadline = deadline.map(|ttl| stamp(updated_at + chrono::Duration::milliseconds(ttl)));
        json!({
            "id": build.id,
            "created_at": stamp(build.created_at),
            "updated_at": stamp(updated_at),
            "workspace_id": workspace.id,
            "workspace_name": workspace.name,
            "workspace_owner_id": workspace.owner_id,
            "workspace_owner_name": self.username(&workspace.owner_id),
            "template_version_id": build.version_id,
            "template_version_name": version.filter(|_| !is_new).map_or("", |version| version.name.as_str()),
            "build_number": build.number,
            "transition": build.transition,
            "initiator_id": build.initiator_id,
            "initiator_name": self.username(&build.initiator_id),
            "job": self.job_view(&build.job_id),
            "reason": build.reason,
            "resources": resources,
            "deadline": deadline,
            "max_deadline": null,
            "status": self.build_status(build),
            "daily_cost": 0,
            "matched_provisioners": matched,
            "template_version_preset_id": build.preset_id,
            "has_ai_task": false,
            "has_external_agent": false,
        })
    }

    /// Whether a workspace's newest build is not of the active version.
    pub(super) fn is_outdated(&self, workspace: &Workspace) -> bool {
        let template = self.templates.get(&workspace.template_id);
        template.is_some_and(|template| template.active_version_id != workspace.latest().version_id)
    }

    /// A workspace as the API shows it. Absent times to live and schedules are left out.
    pub(super) fn workspace_view(&self, workspace: &Workspace, is_new: bool) -> Value {
        let template = self.templates.get(&workspace.template_id);
        let text = |read: fn(&super::templates::Template) -> &String| template.map_or("", |template| read(template));
        let mut view = json!({
            "id": workspace.id,
            "created_at": stamp(workspace.created_at),
            "updated_at": stamp(workspace.updated_at),
            "owner_id": workspace.owner_id,
            "owner_name": self.username(&workspace.owner_id),
            "owner_avatar_url": self.users.get(&workspace.owner_id).map_or("", |user| &user.avatar_url),
            "organization_id": self.organization.id,
            "organization_name": ORGANIZATION_NAME,
            "template_id": workspace.template_id,
            "template_name": text(|template| &template.name),
            "template_display_name": text(|template| &template.display_name),
            "template_icon": text(|template| &template.icon),
            "template_allow_user_cancel_workspace_jobs": template.is_some_and(|template| template.may_users_cancel),
            "template_active_version_id": text(|template| &template.active_version_id),
            "template_require_active_version": false,
            "template_use_classic_parameter_flow": template.is_some_and(|template| template.is_classic),
            "latest_build": self.build_view(workspace, workspace.latest(), is_new),
            "latest_app_status": null,
            "outdated": self.is_outdated(workspace),
            "name": workspace.name,
        });
        if let Some(schedule) = &workspace.autostart_schedule {
            view["autostart_schedule"] = schedule.as_str().into();
        }
        if let Some(ttl) = workspace.ttl_ms {
            view["ttl_ms"] = ttl.into();
        }
        extend(
            &mut view,
            json!({
                "last_used_at": stamp(workspace.last_used_at),
                "deleting_at": null,
                "dormant_at": workspace.dormant_at.map(stamp),
                "health": { "healthy": true, "failing_agents": [] },
                "automatic_updates": workspace.automatic_updates,
                "allow_renames": self.settings.allow_workspace_renames,
                "favorite": workspace.is_favorite,
                "is_prebuild": false,
                "task_id": null,
            }),
        );
        view
    }
}

fn one(world: &mut World, call: &Call) -> Answer {
    let workspace = world.workspace(call)?;
    if workspace.is_deleted && !call.asks("include_deleted") {
        let message = format!(
            "Workspace \"{}\" was deleted, you can view this workspace by specifying '?include_deleted=true' and trying again.",
            workspace.id
        );
        return Err(refuse(410, message));
    }
    Ok(Reply::ok(world.workspace_view(workspace, false)))
}

impl World {
    /// The workspace of the path by its owner and its name in any case.
    pub(super) fn workspace_by_name(&self, call: &Call) -> Result<&Workspace, Refusal> {
        let asked = call.param("user");
        let owner = match asked {
            "me" => self.users.get(call.caller_id()),
            asked => parse_uuid(asked).map_or_else(|_| self.user_by_name(asked), |id| self.users.get(&id)),
        };
        let owner = owner.ok_or_else(not_found)?;
        let name = call.param("workspacename");
        let is_meant = |workspace: &&Workspace| {
            workspace.owner_id == owner.id
                && workspace.name.eq_ignore_ascii_case(name)
                && (!workspace.is_deleted || call.asks("include_deleted"))
        };
        // A live one goes before those that were deleted, the newest of them first.
        let found = self.workspaces.values().filter(is_meant);
        let found = found.max_by_key(|workspace| (!workspace.is_deleted, workspace.created_at));
        found.filter(|workspace| self.may_workspace(call, workspace, "read")).ok_or_else(not_found)
    }
}

fn by_name(world: &mut World, call: &Call) -> Answer {
    Ok(Reply::ok(world.workspace_view(world.workspace_by_name(call)?, false)))
}

const KEYS: [&str; 17] = [
    "owner",
    "template",
    "name",
    "id",
    "organization",
    "status",
    "dormant",
    "outdated",
    "healthy",
    "has-agent",
    "last_used_before",
    "last_used_after",
    "param",
    "shared",
    "has-ai-task",
    "has_external_agent",
    "template_ids",
];

const STATUSES: [&str; 10] =
    ["pending", "starting", "running", "stopping", "stopped", "failed", "canceling", "canceled", "deleting", "deleted"];

fn list(world: &mut World, call: &Call) -> Answer {
    let search = Search::read(call, "workspace", &KEYS, "name")?;
    let status = search.one("status", &STATUSES)?;
    let (outdated, dormant, healthy) = (search.truth("outdated")?, search.truth("dormant")?, search.truth("healthy")?);
    search.organization(&[ORGANIZATION_NAME, "default", &world.organization.id])?;
    let (used_before, used_after) = (search.moment("last_used_before")?, search.moment("last_used_after")?);
    let page = Page::read(call)?;
    let owner = search.get("owner").map(|name| if name == "me" { world.username(call.caller_id()) } else { name });
    let ids: Option<Vec<&str>> = search.get("id").map(|ids| ids.split(',').collect());
    let has = |workspace: &Workspace, param: &str| {
        let (name, value) = param.split_once('=').map_or((param, None), |(name, value)| (name, Some(value)));
        let same =
            |(n, v): &(String, String)| n.to_lowercase() == name && value.is_none_or(|value| v.to_lowercase() == value);
        workspace.latest().values.iter().any(same)
    };
    let matches = |workspace: &&Workspace| {
        let template = world.templates.get(&workspace.template_id).map_or("", |template| &template.name);
        !workspace.is_deleted
            && owner.is_none_or(|name| world.username(&workspace.owner_id).eq_ignore_ascii_case(name))
            && search.get("template").is_none_or(|name| template.eq_ignore_ascii_case(name))
            && search.get("name").is_none_or(|text| contains(&workspace.name, text))
            && ids.as_ref().is_none_or(|ids| ids.contains(&workspace.id.as_str()))
            && status.is_none_or(|status| world.build_status(workspace.latest()) == status)
            && outdated.is_none_or(|outdated| world.is_outdated(workspace) == outdated)
            && dormant.is_none_or(|dormant| workspace.dormant_at.is_some() == dormant)
            // Health is that of agents, of which there are none.
            && healthy.is_none()
            && search.get("has-agent").is_none()
            && used_before.is_none_or(|moment| workspace.last_used_at <= moment)
            && used_after.is_none_or(|moment| workspace.last_used_at >= moment)
            && search.all("param").all(|param| has(workspace, param))
            && world.may_workspace(call, workspace, "read")
    };
    let mut workspaces: Vec<&Workspace> = world.workspaces.values().filter(matches).collect();
    workspaces.sort_by_key(|workspace| {
        let is_running = world.build_status(workspace.latest()) == "running";
        let is_own_favorite = workspace.is_favorite && workspace.owner_id == call.caller_id();
        (
            !is_own_favorite,
            !is_running,
            world.username(&workspace.owner_id).to_lowercase(),
            workspace.name.to_lowercase(),
        )
    });
    let count = workspaces.len();
    let rows: Vec<Value> =
        page.cut(workspaces).into_iter().map(|workspace| world.workspace_view(workspace, false)).collect();
    Ok(Reply::ok(json!({ "workspaces": rows, "count": count })))
}
