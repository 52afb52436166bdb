//! Commits made through the API: one file, a batch, on a branch or on a new one. All of a batch or nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::access::unit;
use super::call::Call;
use super::commit_views::{show_file_commit, unverified};
use super::contents::{no_object, show_file};
use super::forms::{Form, Kind, Rule, Values, plain, ruled};
use super::gates::Gate;
use super::git::{Blob, Commit, Files, Signature, object_at};
use super::json_text;
use super::reply::{Answer, Reply, failure, forbidden, invalid, refuse};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{Level, World};

const WRITER: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::SignedIn, Gate::Editable];

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/repos/{owner}/{repo}/contents", WRITER, change_many),
    route("POST", "/repos/{owner}/{repo}/contents/{*path}", WRITER, create),
    route("PUT", "/repos/{owner}/{repo}/contents/{*path}", WRITER, update),
    route("DELETE", "/repos/{owner}/{repo}/contents/{*path}", WRITER, delete),
];

static CREATE: Form = Form {
    name: "CreateFileOptions",
    fields: &[
        plain("message", "Message", Kind::Text),
        ruled("branch", "BranchName", Kind::Text, &[Rule::GitRefName, Rule::MaxSize(100)]),
        ruled("new_branch", "NewBranchName", Kind::Text, &[Rule::GitRefName, Rule::MaxSize(100)]),
        plain("author", "Author", Kind::Object),
        plain("committer", "Committer", Kind::Object),
        plain("dates", "Dates", Kind::Object),
        plain("signoff", "Signoff", Kind::Flag),
        plain("force_push", "ForcePush", Kind::Flag),
        plain("content", "ContentBase64", Kind::Text),
        plain("sha", "SHA", Kind::Text),
        ruled("from_path", "FromPath", Kind::Text, &[Rule::MaxSize(500)]),
    ],
};

static CHANGE: Form = Form {
    name: "ChangeFilesOptions",
    fields: &[
        plain("message", "Message", Kind::Text),
        ruled("branch", "BranchName", Kind::Text, &[Rule::GitRefName, Rule::MaxSize(100)]),
        ruled("new_branch", "NewBranchName", Kind::Text, &[Rule::GitRefName, Rule::MaxSize(100)]),
        plain("author", "Author", Kind::Object),
        plain("committer", "Committer", Kind::Object),
        plain("dates", "Dates", Kind::Object),
        plain("signoff", "Signoff", Kind::Flag),
        plain("force_push", "ForcePush", Kind::Flag),
        ruled("files", "Files", Kind::Objects, &[Rule::Required]),
    ],
};

static DELETE: Form = Form {
    name: "DeleteFileOptions",
    fields: &[
        plain("message", "Message", Kind::Text),
        ruled("branch", "BranchName", Kind::Text, &[Rule::GitRefName, Rule::MaxSize(100)]),
        ruled("new_branch", "NewBranchName", Kind::Text, &[Rule::GitRefName, Rule::MaxSize(100)]),
        plain("author", "Author", Kind::Object),
        plain("committer", "Committer", Kind::Object),
        plain("dates", "Dates", Kind::Object),
        plain("signoff", "Signoff", Kind::Flag),
        plain("force_push", "ForcePush", Kind::Flag),
        ruled("sha", "SHA", Kind::Text, &[Rule::Required]),
    ],
};

/// One step of a change.
struct Step {
    operation: String,
    path: String,
    content: Vec<u8>,
    sha: String,
    from_path: String,
}

fn create(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&CREATE)?;
    let step = step("create", call.param("path"), &form)?;
    let commit = change(world, call, &form, &[step])?;
    answer(world, call, &form, &commit, Some(call.param("path")), 201)
}

/// Without an object name it creates, and is refused if the file is there.
fn update(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&CREATE)?;
    let creates = form.text("sha").is_empty();
    let step = step(if creates { "create" } else { "update" }, call.param("path"), &form)?;
    let commit = change(world, call, &form, &[step])?;
    answer(world, call, &form, &commit, Some(call.param("path")), if creates { 201 } else { 200 })
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&DELETE)?;
    let step = step("delete", call.param("path"), &form)?;
    let commit = change(world, call, &form, &[step])?;
    answer(world, call, &form, &commit, None, 200)
}

fn change_many(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&CHANGE)?;
    let mut steps = Vec::new();
    for file in form.raw("files").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| file[name].as_str().unwrap_or("").to_owned();
        for (name, go) in [("operation", "Operation"), ("path", "Path")] {
            if text(name).is_empty() {
                return Err(invalid(format!("[{go}]: Required")));
            }
        }
        steps.push(Step {
            operation: text("operation"),
            path: text("path"),
            content: decode(&text("content"))?,
            sha: text("sha"),
            from_path: text("from_path"),
        });
    }
    let commit = change(world, call, &form, &steps)?;
    let branch = target(world, call, &form);
    let repo = world.repos.at(call.repo);
    let shown: Vec<Value> = steps
        .iter()
        .map(|step| show_file(world, call, repo, &branch, &commit, &clean(&step.path).unwrap_or_default()))
        .collect();
    let files = if shown.is_empty() { Value::Null } else { Value::Array(shown) };
    let body = json!({"files": files, "commit": show_file_commit(world, call, &commit), "verification": unverified()});
    Ok(Reply::json(201, body))
}

fn step(operation: &str, path: &str, form: &Values) -> Result<Step, Box<Reply>> {
    Ok(Step {
        operation: operation.to_owned(),
        path: path.to_owned(),
        content: decode(&form.text("content"))?,
        sha: form.text("sha"),
        from_path: form.text("from_path"),
    })
}

fn decode(content: &str) -> Result<Vec<u8>, Box<Reply>> {
    let plain: String = content.chars().filter(|character| !matches!(character, '\r' | '\n')).collect();
    STANDARD.decode(&plain).map_err(|_| {
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        let offset = plain.bytes().position(|byte| !is_good(byte)).unwrap_or(plain.len() - plain.len() % 4);
        invalid(format!("illegal base64 data at input byte {offset}"))
    })
}

fn source(world: &World, call: &Call, form: &Values) -> String {
    let branch = form.text("branch");
    if branch.is_empty() { world.repos.at(call.repo).default_branch.clone() } else { branch }
}

fn target(world: &World, call: &Call, form: &Values) -> String {
    let branch = form.text("new_branch");
    if branch.is_empty() { source(world, call, form) } else { branch }
}

fn change(world: &mut World, call: &Call, form: &Values, steps: &[Step]) -> Result<std::sync::Arc<Commit>, Box<Reply>> {
    let (source, target) = (source(world, call, form), target(world, call, form));
    let repo = world.repos.at(call.repo);
    let rights = world.rights(repo, call.doer);
    if rights.on(unit::CODE) < Level::Write {
        return Err(forbidden("user should have a permission to write to the target branch"));
    }
    let parent = repo.git.branch(&source).cloned();
    if parent.is_none() && !repo.git.is_empty() {
        return Err(refuse(404, format!("branch does not exist [repo_id: {} name: {source}]", repo.id)));
    }
    if target != source {
        if repo.git.branch(&target).is_some() && !form.flag("force_push") {
            return Err(invalid(format!("branch already exists [name: {target}]")));
        }
    } else {
        let verdict = world.verdict(repo, &target, call.doer, &rights);
        let paths: Vec<String> = steps.iter().filter_map(|step| clean(&step.path).ok()).collect();
        let may_commit = verdict.can_push || !paths.is_empty();
        if !may_commit || !paths.iter().all(|path| verdict.allows(path)) {
            let name = &world.accounts.at(call.doer.unwrap_or_default()).name;
            return Err(forbidden(format!("user cannot commit to repo [user: {name}]")));
        }
    }
    let mut files = parent.as_ref().map(|parent| parent.files.as_ref().clone()).unwrap_or_default();
    for step in steps {
        apply(&mut files, step)?;
    }
    let (author, committer) = signatures(world, call, form);
    let message = match form.text("message") {
        message if message.trim().is_empty() => message_of(steps),
        message => message,
    };
    let parents = parent.into_iter().map(|parent| parent.sha).collect();
    let repo = world.repos.at_mut(call.repo);
    let commit = repo.git.record(parents, files, &message, author, committer);
    repo.git.point(&target, &commit.sha);
    repo.updated = call.now;
    world.branch_moved(call.repo, &target, call.now);
    Ok(commit)
}

fn apply(files: &mut Files, step: &Step) -> Result<(), Box<Reply>> {
    let path = clean(&step.path)?;
    let blob = Blob::new(step.content.clone());
    match step.operation.as_str() {
        "create" => {
            if files.contains_key(&path) {
                return Err(invalid(format!("repository file already exists [path: {path}]")));
            }
            check_place(files, &path)?;
            files.insert(path, blob);
        }
        "upload" => {
            check_place(files, &path)?;
            files.insert(path, blob);
        }
        "update" | "rename" => {
            let from = if step.from_path.is_empty() { path.clone() } else { clean(&step.from_path)? };
            check_sha(files, &from, &step.sha)?;
            let old = files.remove(&from).ok_or_else(|| no_object("", &from))?;
            if from != path && files.contains_key(&path) {
                return Err(invalid(format!("repository file already exists [path: {path}]")));
            }
            check_place(files, &path)?;
            files.insert(path, if step.operation == "rename" { old } else { blob });
        }
        "delete" => {
            check_sha(files, &path, &step.sha)?;
            let prefix = format!("{path}/");
            files.retain(|known, _| *known != path && !known.starts_with(&prefix));
        }
        other => {
            return Err(failure(format!(
                "invalid file operation: {other} {path}, supported operations are create, update, delete"
            )));
        }
    }
    Ok(())
}

/// A wrong object name is refused; none at all is not looked at.
fn check_sha(files: &Files, path: &str, given: &str) -> Result<(), Box<Reply>> {
    let expected = object_at(files, path).ok_or_else(|| no_object("", path))?;
    if !given.is_empty() && given != expected {
        return Err(invalid(format!("sha does not match [given: {given}, expected: {expected}]")));
    }
    Ok(())
}

fn check_place(files: &Files, path: &str) -> Result<(), Box<Reply>> {
    let parents = path.match_indices('/').map(|(at, _)| &path[..at]);
    if let Some(file) = parents.into_iter().find(|parent| files.contains_key(*parent)) {
        return Err(invalid(format!("a file exists where you’re trying to create a subdirectory [path: {file}]")));
    }
    if !files.contains_key(path) && object_at(files, path).is_some() {
        return Err(invalid(format!("a directory exists where you’re trying to create a file [path: {path}]")));
    }
    Ok(())
}

/// A path as Git may hold it.
fn clean(path: &str) -> Result<String, Box<Reply>> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    if parts.is_empty() || parts.iter().any(|part| part.eq_ignore_ascii_case(".git")) {
        return Err(invalid(format!("path contains a malformed path component [path: {path}]")));
    }
    Ok(parts.join("/"))
}

/// Who did it and who wrote it down: each stands in for the other, the caller for both and for what is left out.
fn signatures(world: &World, call: &Call, form: &Values) -> (Signature, Signature) {
    let doer = world.signature(call);
    let identity = |field: &str| {
        let sent = form.raw(field)?;
        let text = |name: &str| sent[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let (name, email) = (text("name"), text("email"));
        if name.is_none() && email.is_none() {
            return None;
        }
        let email = email.unwrap_or_else(|| doer.email.clone());
        Some(Signature { name: name.unwrap_or_else(|| doer.name.clone()), email, when: call.now })
    };
    let date = |field: &str| -> Option<DateTime<Utc>> { json_text::moment(form.raw("dates")?.get(field)?).ok() };
    let (author, committer) = (identity("author"), identity("committer"));
    let mut wrote = author.clone().or_else(|| committer.clone()).unwrap_or_else(|| doer.clone());
    let mut committed = committer.or(author).unwrap_or(doer);
    wrote.when = date("author").unwrap_or(call.now);
    committed.when = date("committer").unwrap_or(call.now);
    (wrote, committed)
}

fn message_of(steps: &[Step]) -> String {
    let verbs = [("Add", ["create", "upload"]), ("Update", ["update", "rename"]), ("Delete", ["delete", "delete"])];
    let lines = verbs.iter().filter_map(|(verb, operations)| {
        let paths: Vec<&str> = steps
            .iter()
            .filter(|step| operations.contains(&step.operation.as_str()))
            .map(|step| step.path.as_str())
            .collect();
        (!paths.is_empty()).then(|| format!("{verb} {}", paths.join(", ")))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn answer(world: &World, call: &Call, form: &Values, commit: &Commit, path: Option<&str>, status: u16) -> Answer {
    let branch = target(world, call, form);
    let repo = world.repos.at(call.repo);
    let content = path.map(|path| show_file(world, call, repo, &branch, commit, &clean(path).unwrap_or_default()));
    let body =
        json!({"content": content, "commit": show_file_commit(world, call, commit), "verification": unverified()});
    Ok(Reply::json(status, body))
}
