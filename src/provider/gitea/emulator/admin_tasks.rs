//! What a site admin finds beside accounts: directories that belong to no repository, and the scheduled tasks.

use serde_json::{Value, json};

use super::call::{Call, ZERO_TIME};
use super::gates::Gate;
use super::paging::unlinked_list;
use super::reply::{Answer, Reply, not_found};
use super::repos::Repo;
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::World;

const ADMIN: &[Gate] = &[Gate::Scope(&[Category::Admin]), Gate::SignedIn, Gate::SiteAdmin];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/admin/unadopted", ADMIN, list_unadopted),
    route("POST", "/admin/unadopted/{name}/{stray}", ADMIN, adopt),
    route("DELETE", "/admin/unadopted/{name}/{stray}", ADMIN, delete),
    route("GET", "/admin/cron", ADMIN, list_tasks),
    route("POST", "/admin/cron/{task}", ADMIN, run_task),
];

/// `pattern` does not narrow the list to what one would expect; here it does not narrow it at all.
fn list_unadopted(world: &mut World, call: &Call) -> Answer {
    let mut strays = world.settings.stray_directories.clone();
    strays.sort();
    Ok(unlinked_list(call, &strays, |stray| Value::from(stray.clone())))
}

fn take(world: &mut World, call: &Call) -> Result<(i64, String), Box<Reply>> {
    let owner = world.accounts.named(call.param("name")).ok_or_else(not_found)?;
    let (id, wanted) = (owner.id, format!("{}/{}", owner.name, call.param("stray")).to_lowercase());
    let strays = &mut world.settings.stray_directories;
    let at = strays.iter().position(|stray| stray.to_lowercase() == wanted).ok_or_else(not_found)?;
    let stray = strays.remove(at);
    Ok((id, stray.rsplit('/').next().unwrap_or("").to_owned()))
}

/// Makes a private repository of it.
fn adopt(world: &mut World, call: &Call) -> Answer {
    let (owner, name) = take(world, call)?;
    let mut repo = Repo::new(owner, &name, call.now);
    repo.is_private = true;
    world.add_repository(repo, call.doer);
    Ok(Reply::empty(204))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    take(world, call)?;
    Ok(Reply::empty(204))
}

const TASKS: [&str; 28] = [
    "update_mirrors",
    "repo_health_check",
    "check_repo_stats",
    "archive_cleanup",
    "sync_external_users",
    "deleted_branches_cleanup",
    "update_migration_poster_id",
    "cleanup_hook_task_table",
    "cleanup_packages",
    "delete_inactive_accounts",
    "delete_repo_archives",
    "git_gc_repos",
    "resync_all_sshkeys",
    "resync_all_sshprincipals",
    "resync_all_hooks",
    "reinit_missing_repos",
    "delete_missing_repos",
    "delete_generated_repository_avatars",
    "delete_old_actions",
    "update_checker",
    "delete_old_system_notices",
    "rebuild_issue_indexer",
    "sync_repo_licenses",
    "stop_zombie_tasks",
    "stop_endless_tasks",
    "cancel_abandoned_jobs",
    "start_schedule_tasks",
    "cleanup_actions",
];

/// No task is ever run here: nothing in memory needs them.
fn list_tasks(_: &mut World, call: &Call) -> Answer {
    let show =
        |name: &&str| json!({"name": name, "schedule": "-", "next": ZERO_TIME, "prev": ZERO_TIME, "exec_times": 0});
    Ok(unlinked_list(call, &TASKS, show))
}

fn run_task(_: &mut World, call: &Call) -> Answer {
    if TASKS.contains(&call.param("task")) { Ok(Reply::empty(204)) } else { Err(not_found()) }
}
