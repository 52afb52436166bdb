//! Files and directories as they stand at a reference: one, many, raw, and as trees.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::access::unit;
use super::call::{Call, stamp};
use super::forms::{Form, Kind, plain};
use super::gates::Gate;
use super::git::{Commit, Entry, list_directory, list_recursively};
use super::paging::{escape_path, escape_query};
use super::reply::{Answer, Reply, not_found, refuse};
use super::repos::Repo;
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::World;

const READER: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::Reader(unit::CODE)];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}/contents", READER, read),
    route("GET", "/repos/{owner}/{repo}/contents/{*path}", READER, read),
    route("GET", "/repos/{owner}/{repo}/contents-ext", READER, read_extended),
    route("GET", "/repos/{owner}/{repo}/contents-ext/{*path}", READER, read_extended),
    route("GET", "/repos/{owner}/{repo}/file-contents", READER, read_many),
    route("POST", "/repos/{owner}/{repo}/file-contents", READER, read_many),
    route("GET", "/repos/{owner}/{repo}/raw/{*path}", READER, raw),
    route("GET", "/repos/{owner}/{repo}/git/trees/{sha}", READER, tree),
    route("GET", "/repos/{owner}/{repo}/git/blobs/{sha}", READER, blob),
];

/// A reference as it was asked for, and the commit it stands for.
struct At<'a> {
    repo: &'a Repo,
    reference: String,
    commit: &'a Commit,
}

/// The refusal for an object that is not there.
pub(super) fn no_object(id: &str, path: &str) -> Box<Reply> {
    refuse(404, format!("object does not exist [id: {id}, rel_path: {path}]"))
}

fn at<'a>(world: &'a World, call: &Call) -> Result<At<'a>, Box<Reply>> {
    let repo = world.repos.at(call.repo);
    let asked = call.ask("ref");
    let reference = if asked.is_empty() { repo.default_branch.clone() } else { asked.to_owned() };
    let commit = repo.git.resolve(&reference).ok_or_else(|| no_object(&reference, ""))?;
    Ok(At { repo, reference, commit })
}

/// A file is an object, a directory a list; neither is paged.
fn read(world: &mut World, call: &Call) -> Answer {
    let at = at(world, call)?;
    let path = call.param("path");
    if at.commit.files.contains_key(path) {
        return Ok(Reply::json(200, show_file(world, call, at.repo, &at.reference, at.commit, path)));
    }
    Ok(Reply::json(200, show_directory(world, call, &at, path)?))
}

fn show_directory(world: &World, call: &Call, at: &At<'_>, path: &str) -> Result<Value, Box<Reply>> {
    let entries = list_directory(&at.commit.files, path);
    if entries.is_empty() && !path.is_empty() {
        return Err(no_object("", path));
    }
    Ok(entries.iter().map(|entry| show_entry(world, call, at.repo, &at.reference, at.commit, entry)).collect())
}

/// A file with its content.
pub(super) fn show_file(
    world: &World,
    call: &Call,
    repo: &Repo,
    reference: &str,
    commit: &Commit,
    path: &str,
) -> Value {
    let Some(blob) = commit.files.get(path) else {
        return Value::Null;
    };
    let entry = Entry { path: path.to_owned(), sha: blob.sha.clone(), size: Some(blob.bytes.len()) };
    let mut shown = show_entry(world, call, repo, reference, commit, &entry);
    shown["encoding"] = Value::from("base64");
    shown["content"] = Value::from(STANDARD.encode(&blob.bytes));
    shown
}

fn show_entry(world: &World, call: &Call, repo: &Repo, reference: &str, commit: &Commit, entry: &Entry) -> Value {
    let (base, full_name) = (&call.base, world.full_name(repo));
    let api = format!("{base}/api/v1/repos/{full_name}");
    let path = escape_path(&entry.path);
    let kind = if repo.git.branch(reference).is_some() { "branch" } else { "commit" };
    let place = format!("{kind}/{}/{path}", escape_path(reference));
    let own = format!("{api}/contents/{path}?ref={}", escape_query(reference));
    let html = format!("{base}/{full_name}/src/{place}");
    let objects = if entry.size.is_some() { "blobs" } else { "trees" };
    let git = format!("{api}/git/{objects}/{}", entry.sha);
    let last = repo.git.last_change(commit, &entry.path);
    json!({
        "name": entry.path.rsplit('/').next(),
        "path": entry.path,
        "sha": entry.sha,
        "last_commit_sha": last.sha,
        "last_committer_date": stamp(last.committer.when),
        "last_author_date": stamp(last.author.when),
        "type": if entry.size.is_some() { "file" } else { "dir" },
        "size": entry.size.unwrap_or(0),
        "encoding": null,
        "content": null,
        "target": null,
        "url": own,
        "html_url": html,
        "git_url": git,
        "download_url": entry.size.map(|_| format!("{base}/{full_name}/raw/{place}")),
        "submodule_git_url": null,
        "_links": {"self": own, "git": git, "html": html},
    })
}

/// Shows no more than `includes` asks for.
fn read_extended(world: &mut World, call: &Call) -> Answer {
    let includes: Vec<&str> = call.ask("includes").split(',').filter(|part| !part.is_empty()).collect();
    let known = ["file_content", "lfs_metadata", "commit_metadata", "commit_message"];
    if let Some(odd) = includes.iter().find(|part| !known.contains(part)) {
        return Err(refuse(400, format!("unknown include option {}", Value::from(*odd))));
    }
    let at = at(world, call)?;
    let path = call.param("path");
    let trim = |entry: &mut Value| {
        if let Some(fields) = entry.as_object_mut().filter(|_| !includes.contains(&"commit_metadata")) {
            fields.retain(|name, _| !name.starts_with("last_"));
        }
    };
    if !at.commit.files.contains_key(path) {
        let mut shown = show_directory(world, call, &at, path)?;
        shown.as_array_mut().into_iter().flatten().for_each(trim);
        return Ok(Reply::json(200, json!({"file_contents": null, "dir_contents": shown})));
    }
    let mut shown = show_file(world, call, at.repo, &at.reference, at.commit, path);
    trim(&mut shown);
    if !includes.contains(&"file_content") {
        (shown["content"], shown["encoding"]) = (Value::Null, Value::Null);
    }
    Ok(Reply::json(200, json!({"file_contents": shown, "dir_contents": null})))
}

static FILES: Form = Form { name: "GetFilesOptions", fields: &[plain("files", "Files", Kind::Texts)] };

/// In the order asked for, with `null` for what is not there.
fn read_many(world: &mut World, call: &Call) -> Answer {
    let paths = if call.is_read() {
        let body: Value = serde_json::from_str(call.ask("body")).unwrap_or(Value::Null);
        let sent = body["files"].as_array().cloned().unwrap_or_default();
        sent.iter().filter_map(|path| path.as_str().map(str::to_owned)).collect()
    } else {
        call.form(&FILES)?.texts("files")
    };
    let at = at(world, call)?;
    let show = |path: &String| show_file(world, call, at.repo, &at.reference, at.commit, path);
    Ok(Reply::json(200, paths.iter().map(show).collect()))
}

/// The bytes themselves: the one kind of read that knows `If-None-Match`.
fn raw(world: &mut World, call: &Call) -> Answer {
    let at = at(world, call)?;
    let path = call.param("path");
    let blob = at.commit.files.get(path).ok_or_else(|| no_object("", path))?;
    let etag = format!("\"{}\"", blob.sha);
    let changed = at.repo.git.last_change(at.commit, path).committer.when;
    let is_known = call.headers.get("if-none-match").is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let reply =
        if is_known { Reply::empty(304) } else { Reply::text(200, "text/plain; charset=utf-8", blob.bytes.to_vec()) };
    Ok(reply
        .header("etag", etag)
        .header("last-modified", changed.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .header("x-gitea-object-type", "file"))
}

/// Pages of trees are larger than those of lists.
const TREE_PAGE: usize = 1000;

fn tree(world: &mut World, call: &Call) -> Answer {
    let repo = world.repos.at(call.repo);
    let wanted = call.param("sha");
    let commit = repo
        .git
        .resolve(wanted)
        .ok_or_else(|| refuse(400, format!("object does not exist [id: {wanted}, rel_path: ]")))?;
    let files = &commit.files;
    let is_recursive = super::call::is_yes(call.ask("recursive"));
    let entries = if is_recursive { list_recursively(files) } else { list_directory(files, "") };
    let number = usize::try_from(call.ask_number("page")).unwrap_or(0).max(1);
    let size = match usize::try_from(call.ask_number("per_page")).unwrap_or(0) {
        0 => TREE_PAGE,
        size => size.min(TREE_PAGE),
    };
    let start = (number - 1).saturating_mul(size).min(entries.len());
    let end = (start + size).min(entries.len());
    let api = format!("{}/api/v1/repos/{}", call.base, world.full_name(repo));
    let show = |entry: &Entry| {
        let (mode, kind) = if entry.size.is_some() { ("100644", "blob") } else { ("040000", "tree") };
        json!({
            "path": entry.path,
            "mode": mode,
            "type": kind,
            "size": entry.size.unwrap_or(0),
            "sha": entry.sha,
            "url": format!("{api}/git/{kind}s/{}", entry.sha),
        })
    };
    Ok(Reply::json(
        200,
        json!({
            "sha": commit.sha,
            "url": format!("{api}/git/trees/{}", commit.sha),
            "tree": entries[start..end].iter().map(show).collect::<Vec<_>>(),
            "truncated": end < entries.len(),
            "page": number,
            "total_count": entries.len(),
        }),
    )
    .total(entries.len()))
}

fn blob(world: &mut World, call: &Call) -> Answer {
    let repo = world.repos.at(call.repo);
    let wanted = call.param("sha");
    let found = repo.git.branches().find_map(|(_, head)| {
        let commits = repo.git.history(head);
        commits.into_iter().find_map(|commit| commit.files.values().find(|blob| blob.sha == wanted))
    });
    let blob = found.ok_or_else(not_found)?;
    Ok(Reply::json(
        200,
        json!({
            "content": STANDARD.encode(&blob.bytes),
            "encoding": "base64",
            "url": format!("{}/api/v1/repos/{}/git/blobs/{wanted}", call.base, world.full_name(repo)),
            "sha": wanted,
            "size": blob.bytes.len(),
        }),
    ))
}
