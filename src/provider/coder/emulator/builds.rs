//! Builds of workspaces: start, stop, delete; their logs; cancelling one.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::bodies::{Fields, Kind, Shape};
use super::call::Call;
use super::jobs::{Failure, Job, JobKind};
use super::parameters::Sources;
use super::reply::{Answer, Refusal, Reply, SIGN_IN_OTHERWISE, not_found, refuse};
use super::rights::Object;
use super::routes::{Route, route};
use super::rules::Faults;
use super::search::Page;
use super::version_reads::cut_logs;
use super::workspaces::{Build, PAIR, Workspace};
use super::world::World;
use crate::provider::coder::terraform::evaluate::{Names, as_text, evaluate};
use crate::provider::coder::terraform::formula::Formula;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api/v2/workspaces/{workspace}/builds", list),
    route("POST", "/api/v2/workspaces/{workspace}/builds", create),
    route("GET", "/api/v2/users/{user}/workspace/{workspacename}/builds/{buildnumber}", by_number),
    route("GET", "/api/v2/workspacebuilds/{workspacebuild}", one),
    route("GET", "/api/v2/workspacebuilds/{workspacebuild}/parameters", parameters),
    route("GET", "/api/v2/workspacebuilds/{workspacebuild}/resources", resources),
    route("GET", "/api/v2/workspacebuilds/{workspacebuild}/logs", logs),
    route("PATCH", "/api/v2/workspacebuilds/{workspacebuild}/cancel", cancel),
];

const CREATE: Shape = Shape {
    name: "CreateWorkspaceBuildRequest",
    prefix: "",
    fields: &[
        ("template_version_id", Kind::Uuid),
        ("transition", Kind::Text),
        ("dry_run", Kind::Bool),
        ("orphan", Kind::Bool),
        ("rich_parameter_values", Kind::List(&PAIR)),
        ("log_level", Kind::Text),
        ("template_version_preset_id", Kind::Uuid),
        ("reason", Kind::Text),
    ],
};

fn check(fields: &Fields) -> Result<(), Refusal> {
    let transition = fields.text("transition");
    let mut faults = Faults::default();
    faults.check(matches!(transition, "start" | "stop" | "delete"), "transition", "oneof", transition);
    let level = fields.text("log_level");
    faults.check(matches!(level, "" | "debug"), "log_level", "oneof", level);
    faults.end()
}

fn create(world: &mut World, call: &Call) -> Answer {
    let workspace = world.workspace(call)?.clone();
    let fields = call.fields(&CREATE)?;
    check(&fields)?;
    let transition = fields.text("transition").to_owned();
    let action = match transition.as_str() {
        "delete" => "delete",
        _ => "update",
    };
    if !world.may_workspace(call, &workspace, action) {
        let message = format!("You do not have permission to {transition} this workspace.");
        return Err(refuse(403, message).detail(SIGN_IN_OTHERWISE));
    }
    if workspace.is_deleted && transition != "delete" {
        let message = format!("Cannot {transition} a deleted workspace!");
        return Err(refuse(409, message).detail("This workspace has been deleted and cannot be modified."));
    }
    let is_orphan = fields.flag("orphan") == Some(true);
    if is_orphan && transition != "delete" {
        return Err(refuse(400, "Orphan is only permitted when deleting a workspace."));
    }
    if is_orphan && !world.may(call, "update", Object::organization("template")) {
        let text = "Only template managers may provide custom state";
        return Err(refuse(403, text).detail(text));
    }
    let version_id = fields.id("template_version_id").unwrap_or(&workspace.latest().version_id).to_owned();
    let Some(version) = world.versions.get(&version_id) else {
        let detail = format!("get template version {version_id}: sql: no rows in result set");
        return Err(refuse(400, "template version does not exist").detail(detail));
    };
    if version.template_id.as_ref() != Some(&workspace.template_id) {
        let has = version.template_id.as_ref();
        let detail = format!(
            "templateVersion.TemplateID = {{UUID:{} Valid:{}}}, template.ID = {}",
            has.map_or(super::ids::NIL, |id| id),
            has.is_some(),
            workspace.template_id
        );
        return Err(refuse(400, "template version doesn't match template").detail(detail));
    }
    let latest = world.jobs.all.get(&workspace.latest().job_id);
    if latest.is_some_and(Job::is_active) {
        let text = "A workspace build is already active.";
        return Err(refuse(409, text).detail(text));
    }
    world.is_importable(&version_id)?;
    let build = world.new_build(call, &workspace, &transition, &version_id, &fields)?;
    let view = world.build_view(&workspace, &build, true);
    let nobody_serves = world.jobs.workers.is_empty();
    let job_id = build.job_id.clone();
    if let Some(workspace) = world.workspaces.get_mut(&workspace.id) {
        workspace.builds.push(build);
        workspace.updated_at = call.now;
        if transition == "start" {
            workspace.dormant_at = None;
            workspace.last_used_at = call.now;
        }
    }
    // Nothing is destroyed, so nobody needs to do it.
    if is_orphan && nobody_serves {
        world.jobs.complete(&job_id, call.now);
        world.ended(&job_id);
    }
    Ok(Reply::json(201, view))
}

impl World {
    /// A build with its job, which is added. The workspace does not have it yet.
    pub(super) fn new_build(
        &mut self,
        call: &Call,
        workspace: &Workspace,
        transition: &str,
        version_id: &str,
        fields: &Fields,
    ) -> Result<Build, Refusal> {
        let version = self.versions.get(version_id).ok_or_else(not_found)?;
        let is_classic = self.templates.get(&workspace.template_id).is_some_and(|template| template.is_classic);
        let parameters = version.formula.parameters(&version.names());
        let preset = match fields.id("template_version_preset_id") {
            None => None,
            Some(id) => Some(version.presets.iter().find(|preset| preset.id == id).ok_or_else(|| {
                refuse(500, "failed to fetch preset parameter values")
                    .detail("failed to get preset parameters: sql: no rows in result set")
            })?),
        };
        let before = workspace.builds.last().map(|build| build.values.as_slice());
        let sent = fields.pairs("rich_parameter_values");
        let sources = Sources { parameters: &parameters, before, sent: &sent, preset, is_classic };
        // What is destroyed is destroyed with the values that it was made with.
        let values = match (transition, before) {
            ("delete", Some(before)) if sent.is_empty() => before.to_vec(),
            _ => sources.values()?,
        };
        let preset = preset.or_else(|| sources.implied(&version.presets, &values));
        let preset_id = preset.map(|preset| preset.id.clone());
        let names = version.formula.names(&version.values, &values);
        let (duration, failure) = apply(&version.formula, &names, transition, self.jobs.job_time);
        let tags = self.jobs.all.get(&version.job_id).map(|job| job.tags.clone()).unwrap_or_default();
        let file_id = version.file_id.clone();
        let (id, job_id) = (self.ids.uuid(), self.ids.uuid());
        let mut job =
            Job::new(JobKind::Build, job_id.clone(), &id, version_id, call.caller_id(), call.now).lasting(duration);
        (job.file_id, job.tags) = (file_id, tags);
        job.failure = if fields.flag("orphan") == Some(true) { None } else { failure };
        self.jobs.add(job);
        let number = workspace.builds.last().map_or(1, |build| build.number + 1);
        let reason = fields.maybe_text("reason").filter(|reason| !reason.is_empty()).unwrap_or("initiator");
        Ok(Build {
            id,
            number,
            transition: transition.to_owned(),
            version_id: version_id.to_owned(),
            job_id,
            initiator_id: call.caller_id().to_owned(),
            reason: reason.to_owned(),
            created_at: call.now,
            values,
            preset_id,
        })
    }

    /// Lets jobs go on as far as `now`, and what follows from their ends.
    pub(super) fn settle(&mut self, now: DateTime<Utc>) {
        for job_id in self.jobs.settle(now) {
            self.ended(&job_id);
        }
    }

    /// What follows from the end of a job: a workspace is gone once its destruction succeeded.
    fn ended(&mut self, job_id: &str) {
        let Some(job) = self.jobs.all.get(job_id).filter(|job| job.kind == JobKind::Build && job.succeeded()) else {
            return;
        };
        let is_of_job = |build: &Build| build.id == job.subject;
        let workspace = self.workspaces.values_mut().find(|workspace| workspace.builds.iter().any(is_of_job));
        if let Some(workspace) = workspace
            && workspace.latest().transition == "delete"
            && workspace.latest().job_id == job_id
        {
            workspace.is_deleted = true;
        }
    }

    /// A build by its identifier and the workspace that it is of, which the caller may read.
    fn build(&self, call: &Call) -> Result<(&Workspace, &Build), Refusal> {
        let id = call.id("workspacebuild")?;
        let all =
            self.workspaces.values().flat_map(|workspace| workspace.builds.iter().map(move |build| (workspace, build)));
        let found = all.into_iter().find(|(_, build)| build.id == id);
        found.filter(|(workspace, _)| self.may_workspace(call, workspace, "read")).ok_or_else(not_found)
    }
}

/// How long applying takes, and whether it fails: what commands that are run on the provisioner do, as far as
/// `sleep N` and `exit N` tell.
fn apply(formula: &Formula, names: &Names, transition: &str, usual: Duration) -> (Duration, Option<Failure>) {
    let mut duration = usual;
    let mut failure = None;
    for (_, block) in formula.of("resource", "") {
        for command in block.inner("provisioner").filter(|inner| inner.label(0) == "local-exec") {
            let is_destroy = command.argument("when").is_some();
            let text = command.argument("command").and_then(|command| as_text(&evaluate(command, names)?));
            let Some(text) = text.filter(|_| is_destroy == (transition != "start")) else {
                continue;
            };
            let number = |word: &str| {
                let (_, rest) = text.split_once(word)?;
                rest.trim_start().split(|c: char| !c.is_ascii_digit()).next()?.parse::<i64>().ok()
            };
            if let Some(seconds) = number("sleep ") {
                duration += Duration::seconds(seconds.min(86_400));
            }
            if let Some(code) = number("exit ").filter(|code| *code != 0) {
                let line = format!("Error running command '{text}': exit status {code}.");
                failure =
                    Some(Failure::new("terraform apply: exit status 1".to_owned(), "Starting workspace", &[&line]));
            }
        }
    }
    (duration, failure)
}

fn list(world: &mut World, call: &Call) -> Answer {
    let workspace = world.workspace(call)?;
    let page = Page::read(call)?;
    let mut builds: Vec<&Build> = workspace.builds.iter().rev().collect();
    if let Some(after) = page.after_id.as_deref() {
        let Some(cursor) = builds.iter().find(|build| build.id == after).map(|build| build.number) else {
            return Err(refuse(400, format!("Record at \"after_id\" (\"{after}\") does not exist.")));
        };
        builds.retain(|build| build.number > cursor);
    }
    if let Ok(since) = DateTime::parse_from_rfc3339(call.ask("since")) {
        builds.retain(|build| build.created_at > since);
    }
    Ok(Reply::ok(page.cut(builds).into_iter().map(|build| world.build_view(workspace, build, false)).collect()))
}

fn by_number(world: &mut World, call: &Call) -> Answer {
    let workspace = world.workspace_by_name(call)?;
    let asked = call.param("buildnumber");
    let number: i64 = asked.parse().map_err(|_| refuse(400, "Failed to parse build number as integer."))?;
    let build = workspace
        .builds
        .iter()
        .find(|build| build.number == number)
        .ok_or_else(|| refuse(404, format!("Workspace \"{}\" Build {number} does not exist.", workspace.name)))?;
    Ok(Reply::ok(world.build_view(workspace, build, false)))
}

fn one(world: &mut World, call: &Call) -> Answer {
    let (workspace, build) = world.build(call)?;
    Ok(Reply::ok(world.build_view(workspace, build, false)))
}

/// Values of a build, which come in no order of their own: here in one that is not that of the names.
fn parameters(world: &mut World, call: &Call) -> Answer {
    let (_, build) = world.build(call)?;
    let rows = build.values.iter().rev().map(|(name, value)| json!({ "name": name, "value": value }));
    Ok(Reply::ok(rows.collect()))
}

fn resources(world: &mut World, call: &Call) -> Answer {
    let (workspace, build) = world.build(call)?;
    let mut view: Value = world.build_view(workspace, build, false);
    Ok(Reply::ok(view["resources"].take()))
}

fn logs(world: &mut World, call: &Call) -> Answer {
    let (_, build) = world.build(call)?;
    cut_logs(call, world.jobs.all.get(&build.job_id).map(Job::logs).unwrap_or_default())
}

/// Cancelling needs the owner's role, or a template that lets its users do it.
fn cancel(world: &mut World, call: &Call) -> Answer {
    let (workspace, build) = world.build(call)?;
    let job_id = build.job_id.clone();
    let expected = call.ask("expect_status");
    if !matches!(expected, "" | "running" | "pending") {
        let message = format!("Invalid expect_status \"{expected}\". Only 'running' or 'pending' are allowed.");
        return Err(refuse(400, message));
    }
    let template = world.templates.get(&workspace.template_id);
    let is_owner = world.users.get(call.caller_id()).is_some_and(super::accounts::User::is_owner);
    if !is_owner && !template.is_some_and(|template| template.may_users_cancel) {
        if expected.is_empty() {
            return Err(refuse(403, "User is not allowed to cancel workspace builds. Owner role is required."));
        }
        return Err(
            refuse(500, "Internal error updating provisioner job.").detail("only owners can cancel workspace builds")
        );
    }
    if !world.may_workspace(call, workspace, "update") {
        return Err(not_found());
    }
    let status = world.jobs.all.get(&job_id).map_or("", |job| job.status());
    if !expected.is_empty() && expected != status {
        return Err(refuse(412, "Job is not in the expected state."));
    }
    world.cancel_job(&job_id, call)
}
