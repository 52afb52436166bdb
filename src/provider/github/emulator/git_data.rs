//! Blobs, trees and commits by themselves: what a commit of several files is put together from (guide, section 8).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::accounts::node_id;
use super::call::{Call, Who, stamp, text};
use super::commits::{resolve, verification};
use super::git::{Commit, Entry, File, Files, Signature, is_object_name, list_directory, list_recursively};
use super::permissions::Level;
use super::refs::not_empty;
use super::reply::{Answer, Reply, malformed, missing, not_found, refuse};
use super::routes::{Route, route};
use super::tokens::Grant;
use super::world::World;

const READ: &[(&str, Level)] = &[("contents", Level::Read)];
const WRITE: &[(&str, Level)] = &[("contents", Level::Write)];

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/repos/{owner}/{repo}/git/blobs", "git/blobs#create-a-blob", add_blob).needs(WRITE),
    route("GET", "/repos/{owner}/{repo}/git/blobs/{file_sha}", "git/blobs#get-a-blob", blob).needs(READ),
    route("POST", "/repos/{owner}/{repo}/git/trees", "git/trees#create-a-tree", add_tree).needs(WRITE),
    route("GET", "/repos/{owner}/{repo}/git/trees/{*tree_sha}", "git/trees#get-a-tree", tree).needs(READ),
    route("POST", "/repos/{owner}/{repo}/git/commits", "git/commits#create-a-commit", add_commit).needs(WRITE).makes(),
    route("GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}", "git/commits#get-a-commit-object", commit)
        .needs(READ),
];

/// The most entries of a tree that is read with all below it.
const MOST_ENTRIES: usize = 100_000;

fn add_blob(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?;
    let content = text(&fields, "content").ok_or_else(|| missing("content"))?;
    not_empty(world.repo(call))?;
    let bytes = match text(&fields, "encoding").unwrap_or("utf-8") {
        "base64" => decoded(content).ok_or_else(|| refuse(422, "content is not valid Base64"))?,
        _ => content.as_bytes().to_vec(),
    };
    let sha = world.objects_mut(call).add_blob(bytes);
    let url = format!("{}/git/blobs/{sha}", world.api_of(call, world.repo(call)));
    Ok(Reply::json(201, json!({ "sha": sha, "url": url })).header("location", url))
}

/// Base64 as the service takes it: with line breaks.
pub(super) fn decoded(content: &str) -> Option<Vec<u8>> {
    STANDARD.decode(content.split_whitespace().collect::<String>()).ok()
}

fn blob(world: &mut World, call: &Call) -> Answer {
    let repo = world.repo(call);
    not_empty(repo)?;
    let sha = call.param("file_sha");
    let bytes = world.objects(repo).blob(sha).ok_or_else(not_found)?;
    if call.wants("raw") {
        return Ok(Reply::text(200, "application/vnd.github.raw; charset=utf-8", bytes.to_vec()).tagged(sha));
    }
    let shown = json!({
        "sha": sha,
        "node_id": node_id("Blob", format!("{}:{sha}", repo.id)),
        "size": bytes.len(),
        "url": format!("{}/git/blobs/{sha}", world.api_of(call, repo)),
        "content": lines(bytes),
        "encoding": "base64",
    });
    Ok(Reply::json(200, shown).tagged(sha))
}

/// Base64 in lines of 60, each ended.
pub(super) fn lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    text.as_bytes().chunks(60).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
}

fn show_tree(world: &World, call: &Call, sha: &str, files: &Files, is_recursive: bool) -> Value {
    let api = world.api_of(call, world.repo(call));
    let objects = world.objects(world.repo(call));
    let mut entries = if is_recursive { list_recursively(files) } else { list_directory(files, "") };
    let is_truncated = entries.len() > MOST_ENTRIES;
    entries.truncate(MOST_ENTRIES);
    let show = |entry: &Entry| {
        let kind = if entry.is_directory() { "tree" } else { "blob" };
        let mut shown = json!({ "path": entry.path, "mode": entry.mode, "type": kind, "sha": entry.sha });
        if let Some(bytes) = objects.blob(&entry.sha).filter(|_| !entry.is_directory()) {
            shown["size"] = json!(bytes.len());
        }
        shown["url"] = json!(format!("{api}/git/{kind}s/{}", entry.sha));
        shown
    };
    json!({
        "sha": sha,
        "url": format!("{api}/git/trees/{sha}"),
        "tree": entries.iter().map(show).collect::<Vec<_>>(),
        "truncated": is_truncated,
    })
}

/// A tree of its own name, of a commit's or of a reference's. Any value of `recursive` asks for all below it.
fn tree(world: &mut World, call: &Call) -> Answer {
    let repo = world.repo(call);
    not_empty(repo)?;
    let asked = call.param("tree_sha");
    let commit = resolve(world, repo, asked);
    let sha = commit.as_ref().map_or(asked, |commit| commit.sha.as_str()).to_owned();
    let files = world.objects(repo).tree(&sha).cloned().ok_or_else(not_found)?;
    let reply = Reply::json(200, show_tree(world, call, &sha, &files, !call.ask("recursive").is_empty()));
    Ok(commit.into_iter().fold(reply, |reply, commit| reply.modified(commit.committer.when)))
}

fn add_tree(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?;
    let entries = fields.get("tree").and_then(Value::as_array).cloned().ok_or_else(|| missing("tree"))?;
    not_empty(world.repo(call))?;
    let mut files = match text(&fields, "base_tree") {
        None => Files::new(),
        Some(base) => {
            let found = world.objects(world.repo(call)).tree(base);
            (**found.ok_or_else(|| refuse(422, "base_tree is not a valid tree oid"))?).clone()
        }
    };
    for entry in &entries {
        let path = entry["path"].as_str().ok_or_else(|| missing("path"))?.to_owned();
        if path.is_empty()
            || path.starts_with('/')
            || path.split('/').any(|part| ["", ".", "..", ".git"].contains(&part))
        {
            return Err(refuse(422, "tree.path contains a malformed path component"));
        }
        let mode = entry["mode"].as_str().ok_or_else(|| missing("mode"))?;
        if !["100644", "100755", "040000", "160000", "120000"].contains(&mode) {
            return Err(refuse(422, format!("tree.mode {mode} is not a valid Git file mode")));
        }
        put_entry(world, call, &mut files, &path, mode, entry)?;
    }
    let sha = world.objects_mut(call).add_tree(files.clone());
    let shown = show_tree(world, call, &sha, &files, false);
    let place = shown["url"].as_str().unwrap_or_default().to_owned();
    Ok(Reply::json(201, shown).header("location", place))
}

/// One entry into a tree: a file by its name or its content, a directory by its name; `null` takes away.
fn put_entry(
    world: &mut World,
    call: &Call,
    files: &mut Files,
    path: &str,
    mode: &str,
    entry: &Value,
) -> Result<(), Box<Reply>> {
    let below = format!("{path}/");
    if entry.get("sha").is_some_and(Value::is_null) {
        files.remove(path);
        files.retain(|name, _| !name.starts_with(&below));
        return Ok(());
    }
    let sha = match (entry["sha"].as_str(), entry["content"].as_str()) {
        (Some(sha), _) => sha.to_owned(),
        (None, Some(content)) => world.objects_mut(call).add_blob(content.as_bytes().to_vec()),
        (None, None) => return Err(malformed("Must supply either tree.sha or tree.content")),
    };
    let objects = world.objects(world.repo(call));
    if mode == "040000" {
        let inner =
            objects.tree(&sha).cloned().ok_or_else(|| refuse(422, format!("tree.sha {sha} is not a valid tree")))?;
        files.retain(|name, _| name != path && !name.starts_with(&below));
        files.extend(inner.iter().map(|(name, file)| (format!("{below}{name}"), file.clone())));
        return Ok(());
    }
    if objects.blob(&sha).is_none() && mode != "160000" {
        return Err(refuse(422, format!("tree.sha {sha} is not a valid blob")));
    }
    files.retain(|name, _| !name.starts_with(&below));
    files.insert(path.to_owned(), File { sha, mode: mode.to_owned() });
    Ok(())
}

/// A commit as Git knows it.
pub(super) fn show_commit(world: &World, call: &Call, commit: &Commit) -> Value {
    let repo = world.repo(call);
    let (api, html) = (world.api_of(call, repo), format!("{}/{}", call.web, world.full_name(repo)));
    let sha = &commit.sha;
    let parent = |sha: &String| {
        json!({
            "sha": sha, "url": format!("{api}/git/commits/{sha}"), "html_url": format!("{html}/commit/{sha}"),
        })
    };
    json!({
        "sha": sha,
        "node_id": node_id("Commit", format!("{}:{sha}", repo.id)),
        "url": format!("{api}/git/commits/{sha}"),
        "html_url": format!("{html}/commit/{sha}"),
        "author": show_signature(&commit.author),
        "committer": show_signature(&commit.committer),
        "tree": { "sha": commit.tree, "url": format!("{api}/git/trees/{}", commit.tree) },
        "message": commit.message,
        "parents": commit.parents.iter().map(parent).collect::<Vec<_>>(),
        "verification": verification(commit),
    })
}

pub(super) fn show_signature(signature: &Signature) -> Value {
    json!({ "name": signature.name, "email": signature.email, "date": stamp(signature.when) })
}

fn commit(world: &mut World, call: &Call) -> Answer {
    not_empty(world.repo(call))?;
    let found = world.objects(world.repo(call)).commit(call.param("commit_sha")).cloned().ok_or_else(not_found)?;
    Ok(Reply::json(200, show_commit(world, call, &found)).modified(found.committer.when))
}

fn add_commit(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?;
    let message = text(&fields, "message").ok_or_else(|| missing("message"))?.to_owned();
    let tree = text(&fields, "tree").ok_or_else(|| missing("tree"))?.to_owned();
    not_empty(world.repo(call))?;
    if !is_object_name(&tree) {
        return Err(refuse(422, "The tree parameter must be exactly 40 characters and contain only [0-9a-f]."));
    }
    if world.objects(world.repo(call)).tree(&tree).is_none() {
        return Err(refuse(422, "Tree SHA does not exist"));
    }
    let parents: Vec<String> = fields
        .get("parents")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|sha| sha.as_str().unwrap_or_default().to_owned())
        .collect();
    if parents.iter().any(|sha| world.objects(world.repo(call)).commit(sha).is_none()) {
        return Err(refuse(422, "Parent SHA does not exist or is not a commit object"));
    }
    let (author, committer, signed) = world.signatures(call, &fields);
    let made = world.objects_mut(call).add_commit(tree, parents, &message, author, committer, signed);
    let shown = show_commit(world, call, &made);
    let place = shown["url"].as_str().unwrap_or_default().to_owned();
    Ok(Reply::json(201, shown).header("location", place))
}

impl World {
    /// Author and committer of a commit that a body describes, and whether the service signs it: only what an App makes
    /// without naming anybody.
    pub(super) fn signatures(&self, call: &Call, fields: &Map<String, Value>) -> (Signature, Signature, bool) {
        let account = self.accounts.get(&self.actor(call));
        let mine = Signature {
            name: account.map_or_else(String::new, |account| account.git_name().to_owned()),
            email: account.map_or_else(String::new, |account| account.git_email()),
            when: call.now,
        };
        let sent = |name: &str| fields.get(name).and_then(Value::as_object).map(|it| signature(it, &mine));
        let (author, committer) = (sent("author"), sent("committer"));
        let is_app = matches!(call.who, Who::Token(at) if matches!(self.tokens.grant(at), Grant::Installation { .. }));
        let signed = is_app && author.is_none() && committer.is_none();
        let committer = committer.unwrap_or_else(|| author.clone().unwrap_or_else(|| mine.clone()));
        (author.unwrap_or(mine), committer, signed)
    }
}

fn signature(sent: &Map<String, Value>, other: &Signature) -> Signature {
    let field = |name: &str, other: &str| text(sent, name).unwrap_or(other).to_owned();
    let when = text(sent, "date").and_then(|date| DateTime::parse_from_rfc3339(date).ok());
    Signature {
        name: field("name", &other.name),
        email: field("email", &other.email),
        when: when.map_or(other.when, |when| when.with_timezone(&Utc)),
    }
}
