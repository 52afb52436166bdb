//! Collaborators of a repository and what everybody may do with it. The owner and organisations are taken as well.

use serde_json::json;

use super::call::Call;
use super::forms::{Form, Kind, plain};
use super::gates::Gate;
use super::paging::unlinked_list;
use super::reply::{Answer, Reply, failure, forbidden, invalid, not_found, refuse};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{Account, Level, World};

const READER: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::SignedIn];
const REPO_ADMIN: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::SignedIn, Gate::RepoAdmin];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}/collaborators", READER, list),
    route("GET", "/repos/{owner}/{repo}/collaborators/{collaborator}", READER, is_collaborator),
    route("PUT", "/repos/{owner}/{repo}/collaborators/{collaborator}", REPO_ADMIN, add),
    route("DELETE", "/repos/{owner}/{repo}/collaborators/{collaborator}", REPO_ADMIN, remove),
    route("GET", "/repos/{owner}/{repo}/collaborators/{collaborator}/permission", READER, permission),
];

fn list(world: &mut World, call: &Call) -> Answer {
    let collaborators = &world.repos.at(call.repo).collaborators;
    let accounts: Vec<&Account> = collaborators.iter().filter_map(|(user, _)| world.accounts.get(*user)).collect();
    Ok(unlinked_list(call, &accounts, |account| world.show(call, account, call.doer)))
}

fn named(world: &World, call: &Call, status: u16) -> Result<i64, Box<Reply>> {
    let name = call.param("collaborator");
    let unknown = || refuse(status, format!("user does not exist [uid: 0, name: {name}]"));
    world.accounts.named(name).map(|account| account.id).ok_or_else(unknown)
}

fn is_collaborator(world: &mut World, call: &Call) -> Answer {
    let user = named(world, call, 422)?;
    let mut collaborators = world.repos.at(call.repo).collaborators.iter();
    if collaborators.any(|(known, _)| *known == user) { Ok(Reply::empty(204)) } else { Err(not_found()) }
}

static ADD: Form = Form { name: "AddCollaboratorOption", fields: &[plain("permission", "Permission", Kind::Text)] };

fn add(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&ADD)?;
    let user = named(world, call, 422)?;
    if !world.accounts.at(user).is_active {
        return Err(failure("collaborator's account is inactive"));
    }
    let level = match form.sent_text("permission") {
        None => Level::Write,
        Some(word) => Level::parse(&word),
    };
    if level == Level::None {
        return Err(failure("Invalid access mode"));
    }
    let collaborators = &mut world.repos.at_mut(call.repo).collaborators;
    match collaborators.iter_mut().find(|(known, _)| *known == user) {
        Some((_, known)) => *known = level,
        None => collaborators.push((user, level)),
    }
    Ok(Reply::empty(204))
}

/// Somebody who is no collaborator is no error.
fn remove(world: &mut World, call: &Call) -> Answer {
    let user = named(world, call, 422)?;
    world.repos.at_mut(call.repo).collaborators.retain(|(known, _)| *known != user);
    Ok(Reply::empty(204))
}

fn permission(world: &mut World, call: &Call) -> Answer {
    let repo = world.repos.at(call.repo);
    let is_self = call
        .doer
        .and_then(|doer| world.accounts.get(doer))
        .is_some_and(|account| account.name.eq_ignore_ascii_case(call.param("collaborator")));
    if !is_self && world.rights(repo, call.doer).base < Level::Admin {
        return Err(forbidden(
            "Only admins can query all permissions, repo admins can query all repo permissions, collaborators can query only their own",
        ));
    }
    let user = named(world, call, 404)?;
    let level = world.rights(repo, Some(user)).base.name();
    let account = world.accounts.at(user);
    // Shown as the repository's owner would see them.
    let shown = world.show(call, account, Some(repo.owner));
    Ok(Reply::json(200, json!({"permission": level, "role_name": level, "user": shown})))
}

/// The refusal of an unknown account in a list of names, as branch protections word it.
pub(super) fn unknown_user(name: &str) -> Box<Reply> {
    invalid(format!("user does not exist [uid: 0, name: {name}]"))
}
