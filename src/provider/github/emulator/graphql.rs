//! The one mutation of GraphQL that writes files: a commit on a branch, whose head is guarded (guide, section 8).

use serde_json::{Map, Value, json};

use super::call::{Call, Who, text};
use super::git::File;
use super::git_data::decoded;
use super::permissions::Level;
use super::reply::{Answer, Reply, not_modelled, refuse};
use super::routes::{Route, route};
use super::tokens::Grant;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[route("POST", "/graphql", "graphql", post).signed_in().makes()];

/// The document that is known, blanks apart.
const DOCUMENT: &str =
    "mutation($input:CreateCommitOnBranchInput!){createCommitOnBranch(input:$input){commit{oid url}}}";

const NAME: &str = "createCommitOnBranch";

fn failed(kind: &str, message: String) -> Box<Reply> {
    let error = json!({ "type": kind, "path": [NAME], "locations": [{ "line": 1, "column": 1 }], "message": message });
    Box::new(Reply::json(200, json!({ "data": { NAME: null }, "errors": [error] })))
}

/// Errors come with 200 here.
fn post(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?;
    let document = text(&fields, "query")
        .ok_or_else(|| refuse(400, "A query attribute must be specified and must be a string."))?;
    let plain: String = document.split_whitespace().collect::<Vec<_>>().join(" ");
    let squeezed = |text: &str| text.replace(" oid", "oid").replace("oid url", "oid\u{0}url").replace(' ', "");
    if squeezed(&plain) != squeezed(DOCUMENT) {
        return Err(not_modelled());
    }
    let input = fields.get("variables").and_then(|it| it.get("input")).and_then(Value::as_object).cloned();
    let Some(input) = input else {
        let message = "Variable $input of type CreateCommitOnBranchInput! was provided invalid value";
        return Ok(Reply::json(200, json!({ "errors": [{ "message": message }] })));
    };
    Ok(commit(world, call, &input).unwrap_or_else(|failure| *failure))
}

fn commit(world: &mut World, call: &Call, input: &Map<String, Value>) -> Answer {
    let branch = input.get("branch").cloned().unwrap_or_default();
    let full = branch["repositoryNameWithOwner"].as_str().unwrap_or_default();
    let name = branch["branchName"].as_str().unwrap_or_default();
    let unknown = || failed("NOT_FOUND", format!("Could not resolve to a Repository with the name '{full}'."));
    let (owner, repo) = full.split_once('/').ok_or_else(unknown)?;
    let repo = world.repo_named(owner, repo).filter(|repo| world.sees(call.who, repo)).ok_or_else(unknown)?.id;
    let call = &in_repo(call, repo);
    if !may_write(world, call) {
        return Err(failed("FORBIDDEN", "Resource not accessible by integration".to_owned()));
    }
    let head = world.repo(call).branch(name).map(str::to_owned);
    let head = head.ok_or_else(|| failed("NOT_FOUND", format!("No ref found for 'refs/heads/{name}'")))?;
    let expected = text(input, "expectedHeadOid").unwrap_or_default();
    if head != expected {
        let words = "but it did not.  Pull and try again.";
        return Err(failed("STALE_DATA", format!("Expected branch to point to \"{head}\" {words}")));
    }
    let mut files = (*world.objects(world.repo(call)).files(&head)).clone();
    let changes = input.get("fileChanges").cloned().unwrap_or_default();
    for deletion in changes["deletions"].as_array().into_iter().flatten() {
        let path = deletion["path"].as_str().unwrap_or_default();
        if files.remove(path).is_none() {
            return Err(failed(
                "UNPROCESSABLE",
                format!("A path was requested for deletion which does not exist as of commit oid `{head}`: {path}"),
            ));
        }
    }
    for addition in changes["additions"].as_array().into_iter().flatten() {
        let path = addition["path"].as_str().unwrap_or_default().to_owned();
        let bytes = addition["contents"].as_str().and_then(decoded);
        let bytes = bytes.ok_or_else(|| failed("UNPROCESSABLE", "contents is not valid Base64".to_owned()))?;
        let sha = world.objects_mut(call).add_blob(bytes);
        files.insert(path, File { sha, mode: "100644".to_owned() });
    }
    let message = input.get("message").cloned().unwrap_or_default();
    let headline = message["headline"].as_str().unwrap_or_default().to_owned();
    let message = match message["body"].as_str() {
        Some(body) if !body.is_empty() => format!("{headline}\n\n{body}"),
        _ => headline,
    };
    // The author is whoever calls, and it is always signed.
    let (author, committer, _) = world.signatures(call, &Map::new());
    let objects = world.objects_mut(call);
    let tree = objects.add_tree(files);
    let made = objects.add_commit(tree, vec![head.clone()], &message, author, committer, true);
    let reference = format!("refs/heads/{name}");
    world.guard(call, &reference, Some(&head), Some(&made.sha)).map_err(|rules| failed("UNPROCESSABLE", rules))?;
    world.move_ref(call, &reference, Some(&made.sha));
    let url = format!("{}/{}/commit/{}", call.web, world.full_name(world.repo(call)), made.sha);
    Ok(Reply::json(200, json!({ "data": { NAME: { "commit": { "oid": made.sha, "url": url } } } })))
}

/// The same call, about a repository that its body names.
fn in_repo(call: &Call, repo: i64) -> Call {
    Call {
        method: call.method.clone(),
        path: call.path.clone(),
        query: Vec::new(),
        params: Vec::new(),
        headers: call.headers.clone(),
        body: call.body.clone(),
        base: call.base.clone(),
        web: call.web.clone(),
        repo,
        ..*call
    }
}

fn may_write(world: &World, call: &Call) -> bool {
    let Who::Token(at) = call.who else { return false };
    match world.tokens.grant(at) {
        Grant::Installation { permissions, .. } | Grant::Fine { permissions, .. } => {
            permissions.allows("contents", Level::Write) && world.reaches(world.tokens.grant(at), world.repo(call))
        }
        grant => {
            let role = grant.account().map(|account| world.role(account, world.repo(call)));
            role >= Some(super::access::RepoRole::Write)
        }
    }
}
