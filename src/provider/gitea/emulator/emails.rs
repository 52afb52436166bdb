//! Addresses of mail: a person's own, and all of them for a site admin.

use serde_json::{Value, json};

use super::call::Call;
use super::forms::{Form, Kind, plain};
use super::gates::Gate;
use super::names;
use super::paging::{list, unlinked_list};
use super::reply::{Answer, Reply, invalid, not_found};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{Email, World};

const ADMIN: &[Gate] = &[Gate::Scope(&[Category::Admin]), Gate::SignedIn, Gate::SiteAdmin];
const OWN: &[Gate] = &[Gate::Scope(&[Category::User]), Gate::SignedIn];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/admin/emails", ADMIN, list_all),
    route("GET", "/admin/emails/search", ADMIN, search_all),
    route("GET", "/user/emails", OWN, list_own),
    route("POST", "/user/emails", OWN, add_own),
    route("DELETE", "/user/emails", OWN, delete_own),
];

fn list_all(world: &mut World, call: &Call) -> Answer {
    Ok(list(call, &matching(world, ""), |email| show_with_owner(world, email)))
}

fn search_all(world: &mut World, call: &Call) -> Answer {
    Ok(unlinked_list(call, &matching(world, call.ask("q")), |email| show_with_owner(world, email)))
}

/// Addresses that hold the words or whose owners do, in the order in which the database compares them.
fn matching<'a>(world: &'a World, words: &str) -> Vec<&'a Email> {
    let words = words.to_lowercase();
    let owner_holds = |email: &Email| {
        world.accounts.get(email.owner).is_some_and(|account| {
            account.name.to_lowercase().contains(&words) || account.full_name.to_lowercase().contains(&words)
        })
    };
    let mut emails: Vec<&Email> = world
        .emails
        .all()
        .filter(|email| world.accounts.get(email.owner).is_some_and(|owner| !owner.is_org))
        .filter(|email| email.address.to_lowercase().contains(&words) || owner_holds(email))
        .collect();
    emails.sort_by_key(|email| (email.address.to_lowercase(), email.id));
    emails
}

fn show_with_owner(world: &World, email: &Email) -> Value {
    let owner = world.accounts.get(email.owner).map_or("", |account| &account.name);
    json!({
        "email": email.address,
        "verified": true,
        "primary": email.is_primary,
        "user_id": email.owner,
        "username": owner,
    })
}

fn list_own(world: &mut World, call: &Call) -> Answer {
    Ok(Reply::json(200, show_own(world, call.doer.unwrap_or_default())))
}

fn show_own(world: &World, owner: i64) -> Value {
    let show = |email: &&Email| json!({"email": email.address, "verified": true, "primary": email.is_primary, "user_id": 0, "username": ""});
    world.emails.of(owner).iter().map(show).collect()
}

static ADDRESSES: Form = Form { name: "CreateEmailOption", fields: &[plain("emails", "Emails", Kind::Texts)] };

fn add_own(world: &mut World, call: &Call) -> Answer {
    let addresses = call.form(&ADDRESSES)?.texts("emails");
    if addresses.is_empty() {
        return Err(invalid("Email list empty"));
    }
    for address in &addresses {
        if let Some(problem) = names::email_problem(address) {
            return Err(invalid(format!("Email address {address} invalid: {problem}")));
        }
        if world.emails.is_used(address) {
            return Err(invalid(format!("Email address has been used: {address}")));
        }
    }
    let owner = call.doer.unwrap_or_default();
    addresses.iter().for_each(|address| world.emails.insert(owner, address, false));
    Ok(Reply::json(201, show_own(world, owner)))
}

fn delete_own(world: &mut World, call: &Call) -> Answer {
    let owner = call.doer.unwrap_or_default();
    for address in call.form(&ADDRESSES)?.texts("emails") {
        if world.emails.owner_of(&address) != Some(owner) {
            return Err(not_found());
        }
        world.emails.remove(&address);
    }
    Ok(Reply::empty(204))
}
