//! Organisations: made, edited, renamed, deleted and listed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::admin_users::VISIBILITIES;
use super::call::Call;
use super::forms::{Form, Kind, Rule, Values, plain, ruled};
use super::gates::Gate;
use super::names;
use super::paging::list;
use super::reply::{Answer, Reply, failure, forbidden, invalid};
use super::routes::{Route, route};
use super::scopes::Category;
use super::teams::{UNIT_COUNT, UNITS};
use super::world::{Account, Level, Team, World};

const ORG_VISIBLE: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Org, Gate::OrgVisible];
const ORG_OWNER: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Org, Gate::SignedIn, Gate::OrgOwner];
const REPOS_OWNER: &[Gate] = &[
    Gate::Scope(&[Category::Organization]),
    Gate::Org,
    Gate::SignedIn,
    Gate::OrgOwner,
    Gate::Scope(&[Category::Repository]),
];
const ADMIN: &[Gate] = &[Gate::Scope(&[Category::Admin]), Gate::SignedIn, Gate::SiteAdmin];
const ADMIN_USER: &[Gate] = &[Gate::Scope(&[Category::Admin]), Gate::SignedIn, Gate::SiteAdmin, Gate::User];
const USER_AND_ORG: &[Category] = &[Category::User, Category::Organization];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/orgs", &[], list_visible),
    route("POST", "/orgs", &[Gate::Scope(&[Category::Organization]), Gate::SignedIn], create),
    route("GET", "/orgs/{org}", ORG_VISIBLE, read),
    route("PATCH", "/orgs/{org}", ORG_OWNER, edit),
    route("DELETE", "/orgs/{org}", ORG_OWNER, delete),
    route("POST", "/orgs/{org}/rename", ORG_OWNER, rename),
    route("DELETE", "/orgs/{org}/repos", REPOS_OWNER, delete_repositories),
    route("GET", "/admin/orgs", ADMIN, list_all),
    route("POST", "/admin/users/{username}/orgs", ADMIN_USER, create_for),
    route("GET", "/admin/users/{username}/orgs", ADMIN_USER, list_of_user),
    route("GET", "/users/{username}/orgs", &[Gate::Scope(USER_AND_ORG), Gate::SignedIn, Gate::User], list_of_user),
    route("GET", "/user/orgs", &[Gate::Scope(USER_AND_ORG), Gate::SignedIn], list_own),
];

/// An organisation as its own routes show it.
pub(super) fn show(call: &Call, org: &Account) -> Value {
    json!({
        "id": org.id,
        "name": org.name,
        "full_name": org.full_name,
        "email": org.email,
        "avatar_url": format!("{}/avatars/{}", call.base, org.avatar),
        "description": org.description,
        "website": org.website,
        "location": org.location,
        "visibility": org.visibility,
        "repo_admin_change_team_access": org.repo_admin_change_team_access,
        "username": org.name,
    })
}

static CREATE: Form = Form {
    name: "CreateOrgOption",
    fields: &[
        ruled("username", "UserName", Kind::Text, &[Rule::Required, Rule::Username, Rule::MaxSize(40)]),
        ruled("full_name", "FullName", Kind::Text, &[Rule::MaxSize(100)]),
        // Its form is checked by an edit, not here.
        ruled("email", "Email", Kind::Text, &[Rule::MaxSize(255)]),
        ruled("description", "Description", Kind::Text, &[Rule::MaxSize(255)]),
        ruled("website", "Website", Kind::Text, &[Rule::Url, Rule::MaxSize(255)]),
        ruled("location", "Location", Kind::Text, &[Rule::MaxSize(50)]),
        ruled("visibility", "Visibility", Kind::Text, &[Rule::In(VISIBILITIES)]),
        plain("repo_admin_change_team_access", "RepoAdminChangeTeamAccess", Kind::Flag),
    ],
};

fn create(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&CREATE)?;
    let doer = call.doer.unwrap_or_default();
    let account = world.accounts.at(doer);
    if !account.is_admin && !account.may_create_orgs {
        return Err(forbidden("not allowed to create org"));
    }
    let mut org = org_of(&form, call)?;
    org.email = form.text("email");
    org.repo_admin_change_team_access = form.flag("repo_admin_change_team_access");
    found(world, call, org, doer)
}

/// On behalf of another, who becomes the owner. Drops the address and the right of repository admins.
fn create_for(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&CREATE)?;
    let account = world.accounts.at(call.user);
    if !account.is_admin && !account.may_create_orgs {
        return Err(failure("user is not allowed to create organizations"));
    }
    found(world, call, org_of(&form, call)?, call.user)
}

fn org_of(form: &Values, call: &Call) -> Result<Account, Box<Reply>> {
    let name = form.text("username");
    names::check_account(&name)?;
    let mut org = Account::new(&name, call.now);
    org.is_org = true;
    org.full_name = form.text("full_name");
    org.description = form.text("description");
    org.website = form.text("website");
    org.location = form.text("location");
    if let Some(visibility) = form.sent_text("visibility").filter(|word| !word.is_empty()) {
        org.visibility = visibility;
    }
    Ok(org)
}

fn found(world: &mut World, call: &Call, org: Account, owner: i64) -> Answer {
    if world.accounts.named(&org.name).is_some() {
        return Err(invalid(format!("user already exists [name: {}]", org.name)));
    }
    let id = world.accounts.insert(org);
    let owners = world.orgs.add_team(Team {
        id: 0,
        org: id,
        name: "Owners".to_owned(),
        description: String::new(),
        level: Level::Owner,
        units: (1..=UNIT_COUNT)
            .map(|unit| (unit, UNITS[usize::from(unit)].1.min(Level::Admin)))
            .collect::<BTreeMap<_, _>>(),
        includes_all: true,
        may_create_repos: true,
        visibility: "limited".to_owned(),
        members: BTreeSet::new(),
        repos: BTreeSet::new(),
    });
    world.orgs.add_member(owners, owner);
    world.accounts.tick(owner, call.now, false);
    Ok(Reply::json(201, show(call, world.accounts.at(id))))
}

fn read(world: &mut World, call: &Call) -> Answer {
    let mut org = world.accounts.at(call.org).clone();
    if call.doer.is_none() {
        org.email.clear();
    }
    Ok(Reply::json(200, show(call, &org)))
}

static EDIT: Form = Form {
    name: "EditOrgOption",
    fields: &[
        ruled("full_name", "FullName", Kind::Text, &[Rule::MaxSize(100)]),
        ruled("email", "Email", Kind::Text, &[Rule::MaxSize(255)]),
        ruled("description", "Description", Kind::Text, &[Rule::MaxSize(255)]),
        ruled("website", "Website", Kind::Text, &[Rule::Url, Rule::MaxSize(255)]),
        ruled("location", "Location", Kind::Text, &[Rule::MaxSize(50)]),
        ruled("visibility", "Visibility", Kind::Text, &[Rule::In(VISIBILITIES)]),
        plain("repo_admin_change_team_access", "RepoAdminChangeTeamAccess", Kind::Flag),
    ],
};

fn edit(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&EDIT)?;
    if let Some(email) = form.sent_text("email").filter(|email| !email.is_empty())
        && let Some(problem) = names::email_problem(&email)
    {
        return Err(invalid(problem));
    }
    let org = world.accounts.at_mut(call.org);
    let texts: [(&str, &mut String); 5] = [
        ("full_name", &mut org.full_name),
        ("email", &mut org.email),
        ("description", &mut org.description),
        ("website", &mut org.website),
        ("location", &mut org.location),
    ];
    for (name, field) in texts {
        if let Some(text) = form.sent_text(name) {
            *field = text;
        }
    }
    if let Some(visibility) = form.sent_text("visibility").filter(|word| !word.is_empty()) {
        org.visibility = visibility;
    }
    org.repo_admin_change_team_access =
        form.sent_flag("repo_admin_change_team_access").unwrap_or(org.repo_admin_change_team_access);
    Ok(Reply::json(200, show(call, org)))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    if world.owns_repositories(call.org) {
        return Err(failure(format!("user still has ownership of repositories [uid: {}]", call.org)));
    }
    world.forget_account(call.org);
    Ok(Reply::empty(204))
}

/// The real server goes on with it after it has answered; here it is done by then.
fn delete_repositories(world: &mut World, call: &Call) -> Answer {
    let status = if world.owns_repositories(call.org) { 202 } else { 204 };
    world.remove_repositories_of(call.org);
    Ok(Reply::empty(status))
}

static RENAME: Form =
    Form { name: "RenameOrgOption", fields: &[ruled("new_name", "NewName", Kind::Text, &[Rule::Required])] };

fn rename(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&RENAME)?;
    world.rename_account(call.org, &form.text("new_name"))?;
    Ok(Reply::empty(204))
}

/// Private ones are listed for site admins only, not even for their members.
fn list_visible(world: &mut World, call: &Call) -> Answer {
    let widest = match call.doer {
        _ if call.is_public_only() => 0,
        None => 0,
        Some(_) if world.is_site_admin(call.doer) => 2,
        Some(_) => 1,
    };
    let mut orgs = world.accounts.organisations();
    orgs.retain(|org| rank(org) <= widest && world.can_see(org, call.doer));
    Ok(list(call, &orgs, |org| show(call, org)))
}

/// How hidden an account is: public, limited, private.
fn rank(account: &Account) -> usize {
    VISIBILITIES.iter().position(|word| *word == account.visibility).unwrap_or_default()
}

fn list_all(world: &mut World, call: &Call) -> Answer {
    Ok(list(call, &world.accounts.organisations(), |org| show(call, org)))
}

fn list_of_user(world: &mut World, call: &Call) -> Answer {
    list_of(world, call, call.user)
}

fn list_own(world: &mut World, call: &Call) -> Answer {
    list_of(world, call, call.doer.unwrap_or_default())
}

/// Those of a person's organisations that the caller may know of: oneself and a site admin all.
fn list_of(world: &World, call: &Call, user: i64) -> Answer {
    let widest = match call.doer {
        _ if call.is_public_only() => 0,
        None => 0,
        Some(doer) if doer == user || world.is_site_admin(call.doer) => 2,
        Some(_) => 1,
    };
    let ids = world.orgs.orgs_of(user);
    let mut orgs: Vec<&Account> = ids.into_iter().filter_map(|org| world.accounts.get(org)).collect();
    orgs.retain(|org| rank(org) <= widest);
    orgs.sort_by_cached_key(|org| org.name.to_lowercase());
    Ok(list(call, &orgs, |org| show(call, org)))
}
