//! Settings of a workspace: time to live, schedule, automatic updates, name, dormancy, favourite.

use serde_json::json;

use super::bodies::{Kind, Shape};
use super::call::Call;
use super::reply::{Answer, Refusal, Reply, denied, not_modelled, refuse};
use super::routes::{Route, route};
use super::rules::{Faults, is_name};
use super::workspaces::Workspace;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("PATCH", "/api/v2/workspaces/{workspace}", rename),
    route("PUT", "/api/v2/workspaces/{workspace}/ttl", ttl),
    route("PUT", "/api/v2/workspaces/{workspace}/autostart", autostart),
    route("PUT", "/api/v2/workspaces/{workspace}/autoupdates", updates),
    route("PUT", "/api/v2/workspaces/{workspace}/dormant", dormant),
    route("PUT", "/api/v2/workspaces/{workspace}/extend", extend),
    route("PUT", "/api/v2/workspaces/{workspace}/favorite", favour),
    route("DELETE", "/api/v2/workspaces/{workspace}/favorite", unfavour),
    route("GET", "/api/v2/workspaces/{workspace}/resolve-autostart", resolve),
    route("GET", "/api/v2/workspaces/{workspace}/acl", sharing),
];

const NAME: Shape = Shape { name: "UpdateWorkspaceRequest", prefix: "", fields: &[("name", Kind::Text)] };
const TTL: Shape = Shape { name: "UpdateWorkspaceTTLRequest", prefix: "", fields: &[("ttl_ms", Kind::Integer)] };
const SCHEDULE: Shape =
    Shape { name: "UpdateWorkspaceAutostartRequest", prefix: "", fields: &[("schedule", Kind::Text)] };
const UPDATES: Shape =
    Shape { name: "UpdateWorkspaceAutomaticUpdatesRequest", prefix: "", fields: &[("automatic_updates", Kind::Text)] };
const DORMANT: Shape = Shape { name: "UpdateWorkspaceDormancy", prefix: "", fields: &[("dormant", Kind::Bool)] };
const EXTEND: Shape = Shape { name: "PutExtendWorkspaceRequest", prefix: "", fields: &[("deadline", Kind::Text)] };

const MINUTE: i64 = 60_000;
const MONTH: i64 = 30 * 24 * 60 * MINUTE;

/// A time to live in milliseconds, cut to whole minutes, or what is wrong with it.
pub(super) fn check_ttl(ttl: i64) -> Result<i64, &'static str> {
    let ttl = ttl / MINUTE * MINUTE;
    match ttl {
        ..MINUTE => Err("time until shutdown must be at least one minute"),
        ttl if ttl > MONTH => Err("time until shutdown must be less than 30 days"),
        ttl => Ok(ttl),
    }
}

/// What is wrong with a weekly schedule. Of a zone only its form is known, and that of the usual areas.
pub(super) fn check_schedule(schedule: &str) -> Result<(), String> {
    let mut fields: Vec<&str> = schedule.split_whitespace().collect();
    let zone = fields.first().and_then(|first| first.strip_prefix("CRON_TZ=").or_else(|| first.strip_prefix("TZ=")));
    if zone.is_some() {
        fields.remove(0);
    }
    if fields.len() != 5 {
        let text = "validate weekly schedule: expected schedule to consist of 5 fields with an optional CRON_TZ=<timezone> prefix";
        return Err(text.to_owned());
    }
    if fields[2] != "*" || fields[3] != "*" {
        return Err("validate weekly schedule: expected day-of-month and month to be *".to_owned());
    }
    const AREAS: [&str; 11] = [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Etc",
        "Europe",
        "Indian",
        "Pacific",
    ];
    if let Some(zone) = zone {
        let area = zone.split_once('/').map(|(area, _)| area);
        let is_known = matches!(zone, "UTC" | "GMT" | "Local") || area.is_some_and(|area| AREAS.contains(&area));
        if !is_known {
            return Err(format!("parse schedule: provided bad location {zone}: unknown time zone {zone}"));
        }
    }
    for (field, (least, most)) in fields.iter().zip([(0, 59), (0, 23), (0, 0), (0, 0), (0, 7)]) {
        let is_number = |text: &str| text.parse::<i64>().is_ok_and(|number| (least..=most).contains(&number));
        let is_day = |text: &str| {
            most == 7 && ["sun", "mon", "tue", "wed", "thu", "fri", "sat"].contains(&text.to_lowercase().as_str())
        };
        let is_value = |text: &str| text == "*" || is_number(text) || is_day(text);
        let is_item = |item: &str| {
            let (range, step) = item.split_once('/').unwrap_or((item, "1"));
            step.parse::<u32>().is_ok_and(|step| step > 0)
                && range.split('-').count() <= 2
                && range.split('-').all(is_value)
        };
        if !field.split(',').all(is_item) {
            return Err(format!("parse schedule: failed to parse {field}"));
        }
    }
    Ok(())
}

/// Changes a live workspace of the path, or refuses as the server does whoever may only read it.
fn change(world: &mut World, call: &Call, failed: &str, step: &str, change: impl FnOnce(&mut Workspace)) -> Answer {
    let workspace = world.workspace(call)?;
    let id = workspace.id.clone();
    if !world.may_workspace(call, workspace, "update") {
        return Err(denied(failed, step));
    }
    if let Some(workspace) = world.workspaces.get_mut(&id) {
        change(workspace);
    }
    Ok(Reply::empty(204))
}

fn ttl(world: &mut World, call: &Call) -> Answer {
    const FAILED: &str = "Error updating workspace time until shutdown.";
    world.workspace(call)?;
    let ttl = match call.fields(&TTL)?.number("ttl_ms").filter(|ttl| *ttl != 0) {
        None => None,
        Some(ttl) => Some(check_ttl(ttl).map_err(|fault| refuse(400, FAILED).field("ttl_ms", fault))?),
    };
    let step = "execute transaction: update workspace time until shutdown";
    change(world, call, FAILED, step, |workspace| workspace.ttl_ms = ttl)
}

fn autostart(world: &mut World, call: &Call) -> Answer {
    world.workspace(call)?;
    let fields = call.fields(&SCHEDULE)?;
    let schedule = fields.maybe_text("schedule").filter(|schedule| !schedule.is_empty()).map(str::to_owned);
    if let Some(schedule) = &schedule {
        check_schedule(schedule)
            .map_err(|fault| refuse(400, "Invalid autostart schedule.").field("schedule", fault))?;
    }
    let failed = "Internal error updating workspace autostart schedule.";
    change(world, call, failed, "", |workspace| workspace.autostart_schedule = schedule)
}

fn updates(world: &mut World, call: &Call) -> Answer {
    world.workspace(call)?;
    let fields = call.fields(&UPDATES)?;
    let updates = fields.text("automatic_updates").to_owned();
    if !matches!(updates.as_str(), "always" | "never") {
        return Err(refuse(400, "Invalid request").field("automatic_updates", "must be always or never"));
    }
    let failed = "Internal error updating workspace automatic updates setting";
    change(world, call, failed, "", |workspace| workspace.automatic_updates = updates)
}

fn rename(world: &mut World, call: &Call) -> Answer {
    let workspace = world.workspace(call)?.clone();
    let fields = call.fields(&NAME)?;
    let name = fields.text("name").to_owned();
    let mut faults = Faults::default();
    faults.check(is_name(&name), "name", "username", &name);
    faults.end()?;
    if name == workspace.name {
        return Ok(Reply::empty(204));
    }
    if !world.settings.allow_workspace_renames {
        return Err(refuse(400, "Workspace renames are not allowed."));
    }
    let is_twin = |other: &Workspace| {
        other.id != workspace.id
            && other.owner_id == workspace.owner_id
            && !other.is_deleted
            && other.name.eq_ignore_ascii_case(&name)
    };
    if world.workspaces.values().any(is_twin) {
        return Err(super::reply::taken(format!("The workspace \"{name}\" already exists.")));
    }
    change(world, call, "Internal error updating workspace name.", "", |workspace| workspace.name = name)
}

fn dormant(world: &mut World, call: &Call) -> Answer {
    let workspace = world.workspace(call)?;
    let (id, is_dormant) = (workspace.id.clone(), workspace.dormant_at.is_some());
    let wanted = call.fields(&DORMANT)?.flag("dormant") == Some(true);
    if wanted == is_dormant {
        return Ok(Reply::empty(304));
    }
    let now = call.now;
    change(world, call, "Internal error updating workspace locked status.", "", |workspace| {
        workspace.dormant_at = wanted.then_some(now);
        workspace.last_used_at = now;
    })?;
    Ok(Reply::ok(world.workspace_view(&world.workspaces[&id], false)))
}

/// A workspace without a time to live has no end that could be put off.
fn extend(world: &mut World, call: &Call) -> Answer {
    let workspace = world.workspace(call)?;
    call.fields(&EXTEND)?;
    if workspace.latest().transition != "start" {
        return Err(refuse(409, "Workspace must be started, current status: stop"));
    }
    // Only a build that was made with a time to live ends by itself, and those are not kept.
    if workspace.ttl_ms.is_none() {
        return Err(refuse(409, "Workspace shutdown is manual."));
    }
    Err(not_modelled())
}

fn favour(world: &mut World, call: &Call) -> Answer {
    favourite(world, call, true)
}

fn unfavour(world: &mut World, call: &Call) -> Answer {
    favourite(world, call, false)
}

fn favourite(world: &mut World, call: &Call, is_favorite: bool) -> Answer {
    if world.workspace(call)?.owner_id != call.caller_id() {
        return Err(refuse(403, "You can only favorite workspaces that you own."));
    }
    change(world, call, "Internal error setting workspace as favorite", "", |workspace| {
        workspace.is_favorite = is_favorite
    })
}

/// Whether the active version asks for values that the workspace has none of, where it follows that version.
fn resolve(world: &mut World, call: &Call) -> Answer {
    let workspace = world.workspace(call)?;
    let active = world
        .templates
        .get(&workspace.template_id)
        .and_then(|template| world.versions.get(&template.active_version_id));
    let is_missing = active.filter(|_| workspace.automatic_updates == "always").is_some_and(|version| {
        let parameters = version.formula.parameters(&version.names());
        let has = |name: &String| workspace.latest().values.iter().any(|(known, _)| known == name);
        parameters.iter().any(|parameter| parameter.default.is_none() && !has(&parameter.name))
    });
    Ok(Reply::ok(json!({ "parameter_mismatch": is_missing })))
}

fn sharing(world: &mut World, call: &Call) -> Result<Reply, Refusal> {
    world.workspace(call)?;
    Ok(Reply::ok(json!({ "users": [], "group": [] })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules() {
        for good in ["CRON_TZ=Europe/Berlin 30 9 * * 1-5", "30 9 * * 1-5", "*/5 9 * * *", "0 8 * * mon,fri"] {
            assert_eq!(check_schedule(good), Ok(()), "{good}");
        }
        for bad in ["nonsense", "CRON_TZ=UTC 30 9 1 * *", "CRON_TZ=Mars/Olympus 30 9 * * 1-5", "61 9 * * *"] {
            assert!(check_schedule(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_to_live() {
        assert_eq!(check_ttl(5_430_000), Ok(5_400_000));
        assert!(check_ttl(59_000).is_err() && check_ttl(-5).is_err() && check_ttl(MONTH + MINUTE).is_err());
        assert_eq!(check_ttl(MONTH + 1), Ok(MONTH), "seconds are cut before the limit is looked at");
    }
}
