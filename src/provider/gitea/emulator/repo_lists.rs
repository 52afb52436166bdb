//! Lists of repositories: the search, and those of an owner. What the caller may not see is left out of totals too.

use std::cmp::Ordering;

use super::call::{Call, is_yes};
use super::gates::Gate;
use super::paging::{list, search};
use super::reply::{Answer, Reply, invalid};
use super::repos::Repo;
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::World;

const SEARCH: &[Gate] = &[Gate::Scope(&[Category::Repository])];
const OWN: &[Gate] = &[Gate::Scope(&[Category::User]), Gate::Scope(&[Category::Repository]), Gate::SignedIn];
const OF_USER: &[Gate] = &[Gate::Scope(&[Category::User]), Gate::Scope(&[Category::Repository]), Gate::VisibleUser];
const OF_ORG: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Org];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/search", SEARCH, search_all),
    route("GET", "/user/repos", OWN, list_own),
    route("GET", "/users/{username}/repos", OF_USER, list_of_user),
    route("GET", "/orgs/{org}/repos", OF_ORG, list_of_org),
];

impl World {
    fn is_listed(&self, call: &Call, repo: &Repo) -> bool {
        self.can_see_repo(repo, call.doer) && !(call.is_public_only() && repo.is_private)
    }
}

fn search_all(world: &mut World, call: &Call) -> Answer {
    let is_mode: fn(&Repo) -> bool = match call.ask("mode") {
        "" => |_| true,
        "source" => |repo| repo.fork_of.is_none(),
        "fork" => |repo| repo.fork_of.is_some(),
        // Nothing is mirrored or merely collaborative here.
        "mirror" => |_| false,
        "collaborative" => |_| true,
        _ => return Err(invalid("invalid search mode")),
    };
    let order = Order::asked(call)?;
    let (words, uid) = (call.ask("q").to_lowercase(), call.ask_number("uid"));
    let (is_exclusive, by_topic) = (is_yes(call.ask("exclusive")), is_yes(call.ask("topic")));
    let with_description = is_yes(call.ask("includeDesc"));
    let flags: [Flag; 3] = [
        (call.ask_flag("is_private"), |repo| repo.is_private),
        (call.ask_flag("archived"), |repo| repo.archived.is_some()),
        (call.ask_flag("template"), |repo| repo.is_template),
    ];
    let belongs = |repo: &Repo| {
        uid == 0 || repo.owner == uid || (!is_exclusive && repo.collaborators.iter().any(|(user, _)| *user == uid))
    };
    let is_meant = |repo: &Repo| match () {
        () if words.is_empty() => true,
        () if by_topic => words.split(',').any(|topic| repo.topics.contains(topic)),
        () => {
            let name = if words.contains('/') { world.full_name(repo) } else { repo.name.clone() };
            name.to_lowercase().contains(&words)
                || (with_description && repo.description.to_lowercase().contains(&words))
        }
    };
    let mut repos: Vec<&Repo> = world
        .repos
        .all()
        .filter(|repo| is_mode(repo) && belongs(repo) && is_meant(repo))
        .filter(|repo| flags.iter().all(|(wanted, holds)| wanted.is_none_or(|wanted| holds(repo) == wanted)))
        .filter(|repo| world.is_listed(call, repo))
        .collect();
    order.sort(world, &mut repos);
    Ok(search(call, &repos, |repo| world.show_repo(call, repo, call.doer)))
}

/// What a query parameter wants, if it was sent, and what it asks of a repository.
type Flag = (Option<bool>, fn(&Repo) -> bool);

/// How repositories are sorted; `order` without `sort` is not even looked at.
struct Order {
    compare: fn(&World, &Repo, &Repo) -> Ordering,
    is_descending: bool,
}

impl Order {
    fn asked(call: &Call) -> Result<Self, Box<Reply>> {
        let sort = call.ask("sort");
        let compare: fn(&World, &Repo, &Repo) -> Ordering = match sort {
            "" => {
                return Ok(Self { compare: by_name, is_descending: false });
            }
            // `alpha` compares owners first, then names, both as they are written.
            "alpha" => by_owner_and_name,
            "created" => |_, one, other| (one.created, one.id).cmp(&(other.created, other.id)),
            "updated" => |_, one, other| (one.updated, one.id).cmp(&(other.updated, other.id)),
            "id" | "size" | "git_size" | "lfs_size" | "stars" | "forks" => |_, one, other| one.id.cmp(&other.id),
            _ => return Err(invalid(format!("Invalid sort mode: \"{sort}\""))),
        };
        match call.ask("order") {
            "" | "asc" => Ok(Self { compare, is_descending: false }),
            "desc" => Ok(Self { compare, is_descending: true }),
            order => Err(invalid(format!("Invalid sort order: \"{order}\""))),
        }
    }

    fn sort(&self, world: &World, repos: &mut [&Repo]) {
        repos.sort_by(|one, other| (self.compare)(world, one, other));
        if self.is_descending {
            repos.reverse();
        }
    }
}

fn by_name(_: &World, one: &Repo, other: &Repo) -> Ordering {
    (&one.name, one.id).cmp(&(&other.name, other.id))
}

fn by_owner_and_name(world: &World, one: &Repo, other: &Repo) -> Ordering {
    let key = |repo: &Repo| (world.accounts.at(repo.owner).name.clone(), repo.name.clone());
    key(one).cmp(&key(other))
}

/// One's own and those one collaborates on.
fn list_own(world: &mut World, call: &Call) -> Answer {
    let doer = call.doer.unwrap_or_default();
    let is_own = |repo: &&Repo| {
        repo.owner == doer
            || repo.collaborators.iter().any(|(user, _)| *user == doer)
            || world.orgs.teams_with(repo.owner, doer).any(|team| team.repos.contains(&repo.id))
    };
    let mut repos: Vec<&Repo> = world.repos.all().filter(is_own).filter(|repo| world.is_listed(call, repo)).collect();
    repos.sort_by(|one, other| by_name(world, one, other));
    Ok(list(call, &repos, |repo| world.show_repo(call, repo, call.doer)))
}

fn list_of_user(world: &mut World, call: &Call) -> Answer {
    list_of(world, call, call.user)
}

fn list_of_org(world: &mut World, call: &Call) -> Answer {
    list_of(world, call, call.org)
}

fn list_of(world: &World, call: &Call, owner: i64) -> Answer {
    let mut repos: Vec<&Repo> = world.repos.of(owner).filter(|repo| world.is_listed(call, repo)).collect();
    repos.sort_by(|one, other| by_name(world, one, other));
    Ok(list(call, &repos, |repo| world.show_repo(call, repo, call.doer)))
}
