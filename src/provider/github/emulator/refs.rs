//! References: exact, by prefix, and the older route that does both (guide, section 8).

use serde_json::{Value, json};

use super::accounts::node_id;
use super::call::{Call, text};
use super::conditional::latest;
use super::git::is_object_name;
use super::paging::list;
use super::permissions::Level;
use super::reply::{Answer, Reply, missing, not_found, refuse};
use super::repos::Repo;
use super::routes::{Route, route};
use super::world::World;

const READ: &[(&str, Level)] = &[("contents", Level::Read)];
const WRITE: &[(&str, Level)] = &[("contents", Level::Write)];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}/git/ref/{*ref}", "git/refs#get-a-reference", exact).needs(READ),
    route("GET", "/repos/{owner}/{repo}/git/matching-refs/{*ref}", MATCHING, matching).needs(READ),
    route("GET", "/repos/{owner}/{repo}/git/refs/{*ref}", "git/refs#get-a-reference", either).needs(READ),
    route("POST", "/repos/{owner}/{repo}/git/refs", "git/refs#create-a-reference", create).needs(WRITE),
    route("PATCH", "/repos/{owner}/{repo}/git/refs/{*ref}", "git/refs#update-a-reference", update).needs(WRITE),
    route("DELETE", "/repos/{owner}/{repo}/git/refs/{*ref}", "git/refs#delete-a-reference", delete).needs(WRITE),
];

const MATCHING: &str = "git/refs#list-matching-references";

fn show(world: &World, call: &Call, name: &str, sha: &str) -> Value {
    let repo = world.repo(call);
    let api = world.api_of(call, repo);
    let short = name.trim_start_matches("refs/");
    json!({
        "ref": name,
        "node_id": node_id("Ref", format!("{}:{name}", repo.id)),
        "url": format!("{api}/git/refs/{short}"),
        "object": { "sha": sha, "type": "commit", "url": format!("{api}/git/commits/{sha}") },
    })
}

/// Refuses every call about Git objects where nothing was pushed yet.
pub(super) fn not_empty(repo: &Repo) -> Result<(), Box<Reply>> {
    if repo.is_empty() { Err(refuse(409, "Git Repository is empty.")) } else { Ok(()) }
}

fn one(world: &World, call: &Call, name: &str, sha: &str) -> Reply {
    let reply = Reply::json(200, show(world, call, name, sha));
    let moment = world.objects(world.repo(call)).commit(sha).map(|commit| commit.committer.when);
    latest(moment).into_iter().fold(reply, Reply::modified)
}

fn whole(call: &Call) -> String {
    format!("refs/{}", call.param("ref"))
}

fn exact(world: &mut World, call: &Call) -> Answer {
    not_empty(world.repo(call))?;
    let name = whole(call);
    let sha = world.repo(call).refs.get(&name).ok_or_else(not_found)?;
    Ok(one(world, call, &name, sha))
}

fn found(world: &World, call: &Call) -> Vec<(String, String)> {
    let prefix = whole(call);
    let refs = world.repo(call).refs.iter().filter(|(name, _)| name.starts_with(&prefix));
    refs.map(|(name, sha)| (name.clone(), sha.clone())).collect()
}

fn matching(world: &mut World, call: &Call) -> Answer {
    not_empty(world.repo(call))?;
    Ok(list(world, call, &found(world, call), |(name, sha)| show(world, call, name, sha)))
}

/// One, where the name is exact; else all that begin so; 404 where there are none.
fn either(world: &mut World, call: &Call) -> Answer {
    not_empty(world.repo(call))?;
    let name = whole(call);
    if let Some(sha) = world.repo(call).refs.get(&name) {
        return Ok(one(world, call, &name, sha));
    }
    let found = found(world, call);
    if found.is_empty() {
        return Err(not_found());
    }
    let moments = found.iter().filter_map(|(_, sha)| Some(world.objects(world.repo(call)).commit(sha)?.committer.when));
    let reply = list(world, call, &found, |(name, sha)| show(world, call, name, sha));
    Ok(latest(moments).into_iter().fold(reply, Reply::modified))
}

fn known_commit(world: &World, call: &Call, sha: &str) -> Result<(), Box<Reply>> {
    if !is_object_name(sha) {
        return Err(refuse(422, "The sha parameter must be exactly 40 characters and contain only [0-9a-f]."));
    }
    match world.objects(world.repo(call)).commit(sha) {
        Some(_) => Ok(()),
        None => Err(refuse(422, "Object does not exist")),
    }
}

fn create(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?;
    let name = text(&fields, "ref").ok_or_else(|| missing("ref"))?.to_owned();
    let sha = text(&fields, "sha").ok_or_else(|| missing("sha"))?.to_owned();
    not_empty(world.repo(call))?;
    if !name.starts_with("refs/") || name.matches('/').count() < 2 {
        return Err(refuse(422, "Reference name must start with 'refs/' and have at least two slashes."));
    }
    known_commit(world, call, &sha)?;
    if world.repo(call).refs.contains_key(&name) {
        return Err(refuse(422, "Reference already exists"));
    }
    world.guard(call, &name, None, Some(&sha)).map_err(|rules| refuse(422, rules))?;
    world.move_ref(call, &name, Some(&sha));
    let shown = show(world, call, &name, &sha);
    let place = shown["url"].as_str().unwrap_or_default().to_owned();
    Ok(Reply::json(201, shown).header("location", place))
}

fn update(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?;
    let sha = text(&fields, "sha").ok_or_else(|| missing("sha"))?.to_owned();
    let is_forced = fields.get("force").and_then(Value::as_bool).unwrap_or(false);
    not_empty(world.repo(call))?;
    let name = whole(call);
    let old = world.repo(call).refs.get(&name).cloned();
    let old = old.ok_or_else(|| refuse(422, "Reference does not exist"))?;
    known_commit(world, call, &sha)?;
    if !is_forced && !world.objects(world.repo(call)).ancestors(&sha).contains(&old) {
        return Err(refuse(422, "Update is not a fast forward"));
    }
    world.guard(call, &name, Some(&old), Some(&sha)).map_err(|rules| refuse(422, rules))?;
    world.move_ref(call, &name, Some(&sha));
    Ok(Reply::json(200, show(world, call, &name, &sha)))
}

/// What is not there cannot be deleted: 422, and not 404.
fn delete(world: &mut World, call: &Call) -> Answer {
    not_empty(world.repo(call))?;
    let name = whole(call);
    let old = world.repo(call).refs.get(&name).cloned();
    let old = old.ok_or_else(|| refuse(422, "Reference does not exist"))?;
    world.guard(call, &name, Some(&old), None).map_err(|rules| refuse(422, rules))?;
    world.move_ref(call, &name, None);
    Ok(Reply::empty(204))
}

impl World {
    /// Points a reference at a commit, or takes it away; pull requests from and to it follow, and hooks are told.
    pub(super) fn move_ref(&mut self, call: &Call, name: &str, sha: Option<&str>) {
        let now = call.now;
        let repo = self.repo_mut(call);
        let before = match sha {
            Some(sha) => repo.refs.insert(name.to_owned(), sha.to_owned()),
            None => repo.refs.remove(name),
        };
        repo.pushed = now;
        if let Some(branch) = name.strip_prefix("refs/heads/") {
            self.follow_branch(call.repo, branch, sha, now);
        }
        self.announce_push(call, name, before.as_deref(), sha);
    }
}
