//! Files and directories as they stand at a reference, and commits of one file (guide, sections 4 and 8).

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::call::{Call, Who, text};
use super::commits::resolve;
use super::git::{Commit, Entry, File, Files, list_directory, object_at};
use super::git_data::{decoded, lines, show_commit};
use super::permissions::{Level, accepted};
use super::reply::{Answer, Reply, missing, not_found, refuse};
use super::routes::{Route, route};
use super::tokens::Grant;
use super::world::World;

const READ: &[(&str, Level)] = &[("contents", Level::Read)];
const WRITE: &[(&str, Level)] = &[("contents", Level::Write)];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}/contents/{*path}", "reference/repos#get-repository-content", read).needs(READ),
    route("PUT", "/repos/{owner}/{repo}/contents/{*path}", PUT, put).needs(WRITE).makes(),
    route("DELETE", "/repos/{owner}/{repo}/contents/{*path}", DELETE, delete).needs(WRITE).makes(),
];

const PUT: &str = "repos/contents#create-or-update-file-contents";
const DELETE: &str = "repos/contents#delete-a-file";

/// The most entries of a directory that are shown.
const MOST_ENTRIES: usize = 1000;
/// From here on a file has no content in JSON, and from there on none at all.
const LONG: usize = 1 << 20;
const LONGEST: usize = 100 << 20;

/// Everything but unreserved characters (RFC 3986), a path's slashes apart.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

pub(super) fn escape_path(path: &str) -> String {
    utf8_percent_encode(path, SEGMENT).to_string()
}

/// The reference that is asked for, and its commit.
fn at(world: &World, call: &Call) -> Result<(String, Arc<Commit>), Box<Reply>> {
    let repo = world.repo(call);
    if repo.is_empty() {
        return Err(refuse(404, "This repository is empty."));
    }
    let asked = call.ask("ref");
    let reference = if asked.is_empty() { repo.default_branch.clone() } else { asked.to_owned() };
    let commit = resolve(world, repo, &reference)
        .ok_or_else(|| refuse(404, format!("No commit found for the ref {reference}")))?;
    Ok((reference, commit))
}

fn read(world: &mut World, call: &Call) -> Answer {
    let (reference, commit) = at(world, call)?;
    let objects = world.objects(world.repo(call));
    let files = objects.files(&commit.sha);
    let path = call.param("path").trim_end_matches('/');
    let name = object_at(&files, path).filter(|_| path.is_empty() || !files.is_empty());
    let name = name.or_else(|| path.is_empty().then(|| commit.tree.clone())).ok_or_else(not_found)?;
    let moment = objects.last_change(&commit.sha, path).unwrap_or(commit.committer.when);
    let reply = match files.get(path).and_then(|file| Some((file, objects.blob(&file.sha)?))) {
        Some((_, bytes)) if call.wants("raw") && bytes.len() <= LONGEST => {
            let is_older = call.header("accept").contains(".v3.raw");
            let media = if is_older { "application/vnd.github.v3.raw" } else { "application/vnd.github.raw+json" };
            Reply::text(200, media, bytes.to_vec())
        }
        Some((_, bytes)) if bytes.len() > LONGEST => {
            return Err(refuse(403, "This API returns blobs up to 100 MB in size."));
        }
        Some((file, bytes)) => {
            let entry = Entry { path: path.to_owned(), sha: file.sha.clone(), mode: file.mode.clone() };
            let mut shown = show_entry(world, call, &reference, &entry);
            let is_long = bytes.len() > LONG;
            shown["content"] = json!(if is_long { String::new() } else { lines(bytes) });
            shown["encoding"] = json!(if is_long { "none" } else { "base64" });
            Reply::json(200, shown)
        }
        None => {
            let mut entries = list_directory(&files, path);
            entries.truncate(MOST_ENTRIES);
            Reply::json(200, entries.iter().map(|entry| show_entry(world, call, &reference, entry)).collect())
        }
    };
    Ok(reply.tagged(name).modified(moment))
}

fn show_entry(world: &World, call: &Call, reference: &str, entry: &Entry) -> Value {
    let repo = world.repo(call);
    let (api, full) = (world.api_of(call, repo), world.full_name(repo));
    let path = escape_path(&entry.path);
    let own = format!("{api}/contents/{path}?ref={reference}");
    let (kind, object, page) = if entry.is_directory() { ("dir", "trees", "tree") } else { ("file", "blobs", "blob") };
    let git = format!("{api}/git/{object}/{}", entry.sha);
    let html = format!("{}/{full}/{page}/{reference}/{path}", call.web);
    let size = world.objects(repo).blob(&entry.sha).map_or(0, |bytes| bytes.len());
    let raw = (!entry.is_directory()).then(|| format!("https://raw.githubusercontent.com/{full}/{reference}/{path}"));
    json!({
        "name": entry.path.rsplit('/').next(),
        "path": entry.path,
        "sha": entry.sha,
        "size": if entry.is_directory() { 0 } else { size },
        "url": own,
        "html_url": html,
        "git_url": git,
        "download_url": raw,
        "type": kind,
        "_links": { "self": own, "git": git, "html": html },
    })
}

/// What a write is about, once everything is asked that is asked before anything changes.
struct Write {
    branch: String,
    parent: Option<Arc<Commit>>,
    files: Files,
    fields: Map<String, Value>,
    message: String,
}

fn write(world: &World, call: &Call) -> Result<Write, Box<Reply>> {
    let fields = call.fields()?;
    let message = call.field_or_query(&fields, "message").ok_or_else(|| missing("message"))?;
    let repo = world.repo(call);
    let branch = call.field_or_query(&fields, "branch").unwrap_or_else(|| repo.default_branch.clone());
    let branch = branch.trim_start_matches("refs/heads/").to_owned();
    let objects = world.objects(repo);
    let parent = repo.branch(&branch).and_then(|sha| objects.commit(sha)).cloned();
    if parent.is_none() && !repo.is_empty() {
        return Err(refuse(404, format!("Branch {branch} not found")));
    }
    workflows(world, call)?;
    let files = parent.as_ref().map(|commit| (*objects.files(&commit.sha)).clone()).unwrap_or_default();
    Ok(Write { branch, parent, files, fields, message })
}

/// Workflows run with rights of their own, so that writing them takes one more.
fn workflows(world: &World, call: &Call) -> Result<(), Box<Reply>> {
    let is_workflow = call.param("path").starts_with(".github/workflows/");
    let Who::Token(at) = call.who else { return Ok(()) };
    let allowed = match world.tokens.grant(at) {
        Grant::Installation { permissions, .. } | Grant::Fine { permissions, .. } => {
            permissions.allows("workflows", Level::Write)
        }
        Grant::Classic { scopes, .. } => scopes.iter().any(|scope| scope == "workflow"),
        Grant::AppUser { .. } => true,
    };
    if !is_workflow || allowed {
        return Ok(());
    }
    let mut refusal = refuse(403, "Resource not accessible by integration");
    refusal
        .headers
        .push(("x-accepted-github-permissions", accepted(&[("contents", Level::Write), ("workflows", Level::Write)])));
    Err(refusal)
}

/// 409 where a file is no longer what the caller believes.
fn unchanged(path: &str, file: &File, sha: &str) -> Result<(), Box<Reply>> {
    if file.sha == sha { Ok(()) } else { Err(refuse(409, format!("{path} does not match {sha}"))) }
}

fn put(world: &mut World, call: &Call) -> Answer {
    let mut write = write(world, call)?;
    let path = call.param("path").to_owned();
    let content = text(&write.fields, "content").ok_or_else(|| missing("content"))?;
    let bytes = decoded(content).ok_or_else(|| refuse(422, "content is not valid Base64"))?;
    let old = write.files.get(&path).cloned();
    match (&old, text(&write.fields, "sha")) {
        (Some(_), None) => return Err(missing("sha")),
        (Some(old), Some(sha)) => unchanged(&path, old, sha)?,
        (None, _) => {}
    }
    let sha = world.objects_mut(call).add_blob(bytes);
    let mode = old.as_ref().map_or_else(|| "100644".to_owned(), |old| old.mode.clone());
    write.files.insert(path.clone(), File { sha: sha.clone(), mode: mode.clone() });
    let branch = write.branch.clone();
    let commit = committed(world, call, write)?;
    let entry = Entry { path, sha, mode };
    let shown = json!({
        "content": show_entry(world, call, &branch, &entry),
        "commit": show_commit(world, call, &commit),
    });
    Ok(Reply::json(if old.is_some() { 200 } else { 201 }, shown))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let mut write = write(world, call)?;
    let path = call.param("path").to_owned();
    let sha = call.field_or_query(&write.fields, "sha").ok_or_else(|| missing("sha"))?;
    let old = write.files.get(&path).cloned().ok_or_else(not_found)?;
    unchanged(&path, &old, &sha)?;
    write.files.remove(&path);
    let commit = committed(world, call, write)?;
    Ok(Reply::json(200, json!({ "content": null, "commit": show_commit(world, call, &commit) })))
}

/// Commits the files and moves the branch, unless its rules forbid that.
fn committed(world: &mut World, call: &Call, write: Write) -> Result<Arc<Commit>, Box<Reply>> {
    let name = format!("refs/heads/{}", write.branch);
    let (author, committer, signed) = world.signatures(call, &write.fields);
    let parents: Vec<String> = write.parent.iter().map(|commit| commit.sha.clone()).collect();
    let old = parents.first().cloned();
    let objects = world.objects_mut(call);
    let tree = objects.add_tree(write.files);
    let commit = objects.add_commit(tree, parents, &write.message, author, committer, signed);
    world.guard(call, &name, old.as_deref(), Some(&commit.sha)).map_err(|rules| refuse(409, rules))?;
    world.move_ref(call, &name, Some(&commit.sha));
    Ok(commit)
}
