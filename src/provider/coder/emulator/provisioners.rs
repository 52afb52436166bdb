//! Provisioners and their jobs, which only those see who administer the organisation.

use serde_json::{Value, json};

use super::accounts::extend;
use super::call::{Call, stamp};
use super::jobs::Job;
use super::reply::{Answer, Refusal, Reply, not_found, refuse};
use super::rights::Object;
use super::routes::{Route, route};
use super::system::VERSION;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v2/organizations/{organization}/provisionerjobs", jobs),
    route("GET", "/api/v2/organizations/{organization}/provisionerjobs/{job}", job),
    route("GET", "/api/v2/organizations/{organization}/provisionerdaemons", daemons),
];

fn may_read(world: &World, call: &Call) -> Result<(), Refusal> {
    world.in_organization(call)?;
    let may = world.may(call, "read", Object::organization("provisioner_jobs"));
    if may { Ok(()) } else { Err(not_found()) }
}

/// The job with what it belongs to.
fn view(world: &World, job: &Job) -> Value {
    let version = world.versions.get(&job.version_id);
    let template = version.and_then(|version| world.templates.get(version.template_id.as_ref()?));
    let mut metadata = json!({
        "template_version_name": version.map_or("", |version| &version.name),
        "template_id": template.map_or(super::ids::NIL, |template| &template.id),
        "template_name": template.map_or("", |template| &template.name),
        "template_display_name": template.map_or("", |template| &template.display_name),
        "template_icon": template.map_or("", |template| &template.icon),
    });
    let mut workspaces = world.workspaces.values();
    let workspace = workspaces.find_map(|workspace| {
        workspace.builds.iter().find(|build| build.id == job.subject).map(|build| (workspace, build))
    });
    if let Some((workspace, build)) = workspace {
        extend(
            &mut metadata,
            json!({
                "workspace_id": workspace.id,
                "workspace_name": workspace.name,
                "workspace_build_transition": build.transition,
            }),
        );
    }
    let mut view = world.jobs.view(job, Some(metadata));
    view["organization_id"] = world.organization.id.as_str().into();
    if let Some(name) = world.jobs.worker_name(job) {
        view["worker_name"] = name.into();
    }
    if job.is_pending() && world.jobs.serves(&job.tags) {
        view["available_workers"] = json!(world.jobs.workers);
    }
    view
}

fn jobs(world: &mut World, call: &Call) -> Answer {
    may_read(world, call)?;
    const KEYS: [&str; 6] = ["limit", "ids", "status", "tags", "initiator", "offset"];
    if let Some((name, _)) = call.query.iter().find(|(name, _)| !KEYS.contains(&name.as_str()) || name == "offset") {
        return Err(refuse(400, "Invalid query parameters.")
            .field(name.as_str(), format!("\"{name}\" is not a valid query param")));
    }
    let limit = match call.ask("limit") {
        "" => 50,
        text => text.parse::<usize>().map_err(|_| {
            refuse(400, "Invalid query parameters.")
                .field("limit", "Query param \"limit\" must be a valid 32-bit positive integer")
        })?,
    };
    let asked = |name: &str| {
        Some(call.ask(name)).filter(|text| !text.is_empty()).map(|text| text.split(',').collect::<Vec<_>>())
    };
    let (statuses, ids) = (asked("status"), asked("ids"));
    let initiator = match call.ask("initiator") {
        "me" => call.caller_id(),
        id => id,
    };
    let matches = |job: &&Job| {
        statuses.as_ref().is_none_or(|all| all.contains(&job.status()))
            && ids.as_ref().is_none_or(|all| all.contains(&job.id.as_str()))
            && (initiator.is_empty() || job.initiator_id == initiator)
    };
    let newest = world.jobs.order.iter().rev().filter_map(|id| world.jobs.all.get(id));
    Ok(Reply::ok(newest.filter(matches).take(limit).map(|job| view(world, job)).collect()))
}

fn job(world: &mut World, call: &Call) -> Answer {
    may_read(world, call)?;
    let id = call.id("job")?;
    let job = world.jobs.all.get(&id).ok_or_else(not_found)?;
    Ok(Reply::ok(view(world, job)))
}

fn daemons(world: &mut World, call: &Call) -> Answer {
    may_read(world, call)?;
    let row = |(n, id): (usize, &String)| {
        let worker = format!("sandbox-{n}");
        let is_busy = |job: &&Job| job.is_running() && world.jobs.worker_name(job).as_ref() == Some(&worker);
        let busy = world.jobs.all.values().find(is_busy);
        json!({
            "id": id,
            "organization_id": world.organization.id,
            "key_id": "00000000-0000-0000-0000-000000000001",
            "created_at": stamp(world.jobs.started),
            "last_seen_at": stamp(call.now),
            "name": worker,
            "version": VERSION,
            "api_version": "1.18",
            "provisioners": ["terraform"],
            "tags": { "owner": "", "scope": "organization" },
            "key_name": "built-in",
            "status": if busy.is_some() { "busy" } else { "idle" },
        })
    };
    Ok(Reply::ok(world.jobs.workers.iter().enumerate().map(row).collect()))
}
