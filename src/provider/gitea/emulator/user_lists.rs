//! Lists of people: all of them for a site admin, a search for everybody.

use super::call::{Call, is_yes};
use super::gates::Gate;
use super::paging::{list, search};
use super::reply::{Answer, Reply, invalid};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{Account, World};

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/admin/users", &[Gate::Scope(&[Category::Admin]), Gate::SignedIn, Gate::SiteAdmin], list_all),
    route("GET", "/users/search", &[Gate::Scope(&[Category::User])], search_people),
];

fn list_all(world: &mut World, call: &Call) -> Answer {
    let order = Order::asked(call)?;
    let visibility = call.ask("visibility");
    if !matches!(visibility, "" | "public" | "limited" | "private") {
        return Err(invalid("invalid visibility"));
    }
    let (source_id, login_name) = (call.ask_number("source_id"), call.ask("login_name"));
    let words = call.ask("q").to_lowercase();
    let flags: [Flag; 5] = [
        ("is_active", |account| account.is_active),
        ("is_admin", |account| account.is_admin),
        ("is_restricted", |account| account.is_restricted),
        ("is_prohibit_login", |account| account.prohibit_login),
        ("is_2fa_enabled", |_| false),
    ];
    let wanted: Vec<_> = flags
        .iter()
        .filter(|(name, _)| !call.ask(name).is_empty())
        .map(|(name, holds)| (is_yes(call.ask(name)), holds))
        .collect();
    let mut people: Vec<&Account> = world
        .accounts
        .all()
        .filter(|account| !account.is_org)
        .filter(|account| source_id == 0 || account.source_id == source_id)
        .filter(|account| login_name.is_empty() || account.login_name == login_name)
        .filter(|account| visibility.is_empty() || account.visibility == visibility)
        .filter(|account| wanted.iter().all(|(flag, holds)| holds(account) == *flag))
        .filter(|account| {
            words.is_empty() || mentions(account, &words) || account.email.to_lowercase().contains(&words)
        })
        .collect();
    order.sort(&mut people);
    Ok(list(call, &people, |account| world.show(call, account, call.doer)))
}

/// A query parameter and what it asks of an account.
type Flag = (&'static str, fn(&Account) -> bool);

fn mentions(account: &Account, words: &str) -> bool {
    account.name.to_lowercase().contains(words) || account.full_name.to_lowercase().contains(words)
}

/// How a list of people is sorted; `order` without `sort` is not even looked at.
struct Order {
    key: Key,
    is_descending: bool,
}

enum Key {
    Name,
    Id,
    Created,
    Updated,
}

impl Order {
    fn asked(call: &Call) -> Result<Self, Box<Reply>> {
        let sort = call.ask("sort");
        let key = match sort {
            "" => {
                return Ok(Self { key: Key::Name, is_descending: false });
            }
            "name" => Key::Name,
            "id" => Key::Id,
            "created" => Key::Created,
            "updated" => Key::Updated,
            _ => return Err(invalid(format!("Invalid sort mode: \"{sort}\""))),
        };
        match call.ask("order") {
            "" | "asc" => Ok(Self { key, is_descending: false }),
            "desc" => Ok(Self { key, is_descending: true }),
            order => Err(invalid(format!("Invalid sort order: \"{order}\""))),
        }
    }

    fn sort(&self, people: &mut [&Account]) {
        match self.key {
            Key::Name => people.sort_by(|one, other| one.name.cmp(&other.name)),
            Key::Id => people.sort_by_key(|account| account.id),
            Key::Created => people.sort_by_key(|account| (account.created, account.id)),
            Key::Updated => people.sort_by_key(|account| (account.updated, account.id)),
        }
        if self.is_descending {
            people.reverse();
        }
    }
}

fn search_people(world: &mut World, call: &Call) -> Answer {
    let words = call.ask("q").to_lowercase();
    let uid = call.ask_number("uid");
    let mut people: Vec<&Account> = world
        .accounts
        .all()
        .filter(|account| !account.is_org)
        .filter(|account| uid == 0 || account.id == uid)
        .filter(|account| words.is_empty() || mentions(account, &words))
        .filter(|account| world.can_find(account, call.doer))
        .collect();
    people.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(search(call, &people, |account| world.show(call, account, call.doer)))
}
