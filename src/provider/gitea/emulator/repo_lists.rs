//! Lists of repositories: the search, and those of an owner. What the caller may not see is left out of totals too.

use std::cmp::Ordering;

use super::call::{Call, is_yes};
use super::gates::Gate;
use super::paging::{Page, list, search};
use super::reply::{Answer, Reply, invalid};
use super::repos::Repo;
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{Level, World};

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
    let mode = Mode::asked(call)?;
    let order = Order::asked(call)?;
    let (uid, team) = (call.ask_number("uid"), call.ask_number("team_id"));
    let wants_private = call.ask_flag("private").unwrap_or(true);
    let flags: [Flag; 3] = [
        (call.ask_flag("is_private"), |repo| repo.is_private),
        (call.ask_flag("archived"), |repo| repo.archived.is_some()),
        (call.ask_flag("template"), |repo| repo.is_template),
    ];
    let words: Vec<String> = call.ask("q").trim().to_lowercase().split(',').map(str::to_owned).collect();
    let belongs = |repo: &Repo| match (uid, mode) {
        (0, _) => true,
        (_, Mode::Collaborative) => world.contributes(uid, repo),
        _ => repo.owner == uid || (!is_yes(call.ask("exclusive")) && world.contributes(uid, repo)),
    };
    let mut repos: Vec<&Repo> = world
        .repos
        .all()
        .filter(|repo| mode.takes(repo) && belongs(repo) && (wants_private || !repo.is_private))
        .filter(|repo| team == 0 || world.orgs.teams.get(&team).is_some_and(|team| team.repos.contains(&repo.id)))
        .filter(|repo| words.iter().any(|word| is_meant(world, call, repo, word)))
        .filter(|repo| flags.iter().all(|(wanted, holds)| wanted.is_none_or(|wanted| holds(repo) == wanted)))
        .filter(|repo| world.is_listed(call, repo))
        .collect();
    order.sort(world, &mut repos);
    Ok(search(call, &repos, |repo| world.show_repo(call, repo, call.doer)))
}

/// A word fits a part of the name, or of owner and name with a slash between, or of a topic; a topic as a whole if asked.
fn is_meant(world: &World, call: &Call, repo: &Repo, word: &str) -> bool {
    if word.is_empty() {
        return true;
    }
    if is_yes(call.ask("topic")) {
        return repo.topics.contains(word);
    }
    let holds = |text: &str, part: &str| text.to_lowercase().contains(part);
    let by_owner = word
        .split_once('/')
        .is_some_and(|(owner, name)| holds(&world.accounts.at(repo.owner).name, owner) && holds(&repo.name, name));
    by_owner
        || holds(&repo.name, word)
        || repo.topics.iter().any(|topic| topic.contains(word))
        || (is_yes(call.ask("includeDesc")) && holds(&repo.description, word))
}

impl World {
    /// Whether somebody has a part in a repository that is not their own: as a collaborator, by a team, or as a member of the
    /// organisation when it is public.
    fn contributes(&self, user: i64, repo: &Repo) -> bool {
        // Reading a public repository is no right that anybody needs to be given.
        let least = if repo.is_private { Level::Read } else { Level::Write };
        let collaborates = || repo.collaborators.iter().any(|(known, level)| *known == user && *level >= least);
        let by_team =
            || self.orgs.teams_with(repo.owner, user).any(|team| team.is_owners() || team.repos.contains(&repo.id));
        let as_member = || !repo.is_private && self.orgs.is_member(repo.owner, user);
        repo.owner != user && (collaborates() || by_team() || as_member())
    }
}

/// What kind of repositories a search is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    All,
    Source,
    Fork,
    Mirror,
    Collaborative,
}

impl Mode {
    fn asked(call: &Call) -> Result<Self, Box<Reply>> {
        match call.ask("mode") {
            "" => Ok(Self::All),
            "source" => Ok(Self::Source),
            "fork" => Ok(Self::Fork),
            "mirror" => Ok(Self::Mirror),
            "collaborative" => Ok(Self::Collaborative),
            _ => Err(invalid("invalid search mode")),
        }
    }

    /// Nothing is mirrored here.
    fn takes(self, repo: &Repo) -> bool {
        match self {
            Self::All | Self::Collaborative => true,
            Self::Source => repo.fork_of.is_none(),
            Self::Fork => repo.fork_of.is_some(),
            Self::Mirror => false,
        }
    }
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

/// One's own and those one has a part in.
fn list_own(world: &mut World, call: &Call) -> Answer {
    let doer = call.doer.unwrap_or_default();
    let is_own = |repo: &&Repo| repo.owner == doer || world.contributes(doer, repo);
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

/// By id. To whoever is signed in the total counts private repositories too, and pages may have gaps where they stood.
fn list_of(world: &World, call: &Call, owner: i64) -> Answer {
    let with_private = call.doer.is_some() && !call.is_public_only();
    let mut repos: Vec<&Repo> = world.repos.of(owner).filter(|repo| with_private || !repo.is_private).collect();
    repos.sort_by_key(|repo| repo.id);
    let page = Page::of(call);
    let seen = page.cut(&repos).iter().filter(|repo| world.can_see_repo(repo, call.doer));
    let shown = seen.map(|repo| world.show_repo(call, repo, call.doer)).collect();
    Ok(Reply::json(200, shown).paged(call, page, repos.len()))
}
