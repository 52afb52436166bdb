//! The one table from (call, status, words) to what a failure means. Its tests are the recordings.
//!
//! Gitea has no machine-readable code and uses one status for many things: some 403 are races, some 500 are refusals
//! for good, some 404 an unknown route (guide, sections 1, 2 and 8). Rows are tried in order; the first that fits
//! counts. The words of a 500 are told to site administrators only, so an empty one is unclear.

use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Call};

use FailureClass::{Conflict, Gone, Later, MissingRights, Refused, Retry, Unclear};

/// One row: the status, how the words begin (empty: any), what it means, what to do.
struct Row(u16, &'static str, FailureClass, &'static str);

const ROWS: &[Row] = &[
    Row(400, "e-mail already in use", Conflict, "another account has this address, be it as a secondary one"),
    Row(400, "can not delete the last admin user", Refused, "the installation must keep a site administrator"),
    Row(
        400,
        "PasswordIsRequired",
        Refused,
        "set 'source_id' in the options, so that the account is bound to the sign-in source",
    ),
    Row(400, "", Refused, ""),
    Row(401, "auth required", MissingRights, "Gitea wants a password for this call; no token will do"),
    Row(401, "", MissingRights, "the token is wrong, revoked or missing; mint one as 'doctor' shows"),
    Row(403, "cannot lock ref", Retry, ""),
    Row(403, "Branch protection already exist", Conflict, ""),
    Row(
        403,
        "token does not have at least one of required scope(s)",
        MissingRights,
        "mint a token with the scopes that 'doctor' lists",
    ),
    Row(
        403,
        "user should be the site admin",
        MissingRights,
        "the account that owns the token must be a site administrator",
    ),
    Row(
        403,
        "This account is prohibited from signing in",
        MissingRights,
        "the account that owns the token is switched off; switch it on again",
    ),
    Row(
        403,
        "You must change your password",
        MissingRights,
        "clear 'must change password' on the account that owns the token",
    ),
    Row(
        403,
        "user is nor repo admin nor owner",
        MissingRights,
        "from 1.27 the account must be an owner of the organisation",
    ),
    Row(
        403,
        "Must be an organization owner",
        MissingRights,
        "make our account an owner of the organisation, or a site administrator",
    ),
    Row(403, "branch protected", Refused, "the branch is protected"),
    Row(403, "user has reached maximum limit of repositories", Refused, "raise the owner's limit of repositories"),
    Row(403, "", MissingRights, "our account lacks a right on this; 'doctor' shows which rights are needed"),
    Row(405, "repo is not owned by an organization", Refused, "teams exist only in organisations"),
    Row(405, "", Refused, "this release of Gitea does not offer the call"),
    Row(409, "", Conflict, ""),
    Row(413, "", Refused, "a quota or a proxy refuses a body of this size"),
    Row(
        422,
        "user already exists",
        Conflict,
        "people and organisations share one namespace; somebody else holds the name",
    ),
    Row(422, "e-mail already in use", Conflict, "another account has this address, be it as a secondary one"),
    Row(422, "team already exists", Conflict, ""),
    Row(422, "repository already exists", Conflict, ""),
    Row(
        422,
        "login source does not exist",
        Refused,
        "set 'source_id' to the number that 'gitea admin auth list' shows on the server",
    ),
    Row(422, "user still has ownership of repositories", Refused, "hand its repositories over first"),
    Row(422, "user still has membership of organizations", Refused, "take it out of its teams first"),
    Row(422, "target is an organization but not user", Refused, "the name belongs to an organisation"),
    Row(422, "user does not exist", Refused, "whom it names has no account here yet, or no right on the repository"),
    Row(422, "", Refused, ""),
    Row(423, "", Refused, "the repository is archived"),
    Row(424, "", Later, "the server's database or cache does not answer it"),
    Row(429, "", Later, ""),
    Row(500, "user is the last member of owner team", Refused, "an organisation must keep an owner"),
    Row(500, "user still has ownership of", Refused, "it still owns repositories or packages; hand them over first"),
    Row(500, "team already exists", Conflict, ""),
    Row(
        500,
        "login source does not exist",
        Refused,
        "set 'source_id' to the number that 'gitea admin auth list' shows on the server",
    ),
    Row(
        500,
        "visibility Mode not allowed",
        Refused,
        "the server's ALLOWED_USER_VISIBILITY_MODES does not allow it; choose another 'user_visibility'",
    ),
    Row(
        500,
        "visibility mode not allowed",
        Refused,
        "the server's ALLOWED_USER_VISIBILITY_MODES does not allow it; choose another 'user_visibility'",
    ),
    Row(500, "units permission should not be empty", Refused, "a team needs at least one unit"),
    Row(
        500,
        "repository files already exist",
        Refused,
        "the server had a directory of this name that Gitea did not know, and has deleted it",
    ),
    Row(500, "collaborator's account is inactive", Refused, "switch the account on first"),
    Row(500, "Invalid access mode", Refused, ""),
    Row(500, "user is not allowed to create organizations", Refused, ""),
    Row(500, "name is reserved", Refused, "choose another name"),
    Row(500, "name is invalid", Refused, "choose another name"),
    Row(500, "unsupported object format", Refused, ""),
    Row(500, "initRepository", Refused, ""),
    Row(500, "UNIQUE constraint failed", Retry, ""),
    Row(500, "cannot lock ref", Retry, ""),
    Row(500, "PANIC", Unclear, "the server panicked; it may have stored the change all the same"),
    Row(500, "", Unclear, "the server failed; what is there is read before anything is tried again"),
    Row(502, "", Unclear, "a proxy in front of Gitea got no answer; the call may have happened"),
    Row(503, "", Later, "Gitea is starting, being upgraded or in maintenance"),
    Row(504, "", Unclear, "a proxy in front of Gitea got no answer in time; the call may have happened"),
];

/// The scopes that a refusal asks for: `…, required=[read:admin], token scope=…`.
fn missing_scopes(said: &str) -> Option<&str> {
    let (_, rest) = said.split_once("required=[")?;
    rest.split_once(']').map(|(scopes, _)| scopes)
}

/// What an answer of Gitea means; `None` for success.
pub fn classify(call: &Call, answer: &Answer) -> Option<Failure> {
    if answer.is_success() {
        return not_gitea(call, answer);
    }
    let said = said(answer);
    Some(match answer.status {
        301 | 302 | 307 | 308 => {
            let to = answer.header("location").unwrap_or("another name");
            Failure::new(Conflict, &call.doing, format!("it was renamed: Gitea sends the call on to '{to}'")).help(
                "record the rename with 'formulary.dev/previously', or give it its name back; no redirect is followed",
            )
        }
        303 => Failure::new(MissingRights, &call.doing, "only public members are shown to our account")
            .help("the account that owns the token must be a site administrator"),
        404 => not_found(call, answer, said),
        status => {
            let row = ROWS.iter().find(|Row(of, begins, ..)| *of == status && said.starts_with(begins));
            let (class, help) = match row {
                Some(Row(_, _, class, help)) => (*class, *help),
                None if status >= 500 => (Unclear, ""),
                None => (Refused, ""),
            };
            let help = match missing_scopes(&said) {
                Some(scopes) => format!("mint a token that has {scopes} too; 'doctor' lists all that are needed"),
                None => help.to_owned(),
            };
            let said = if said.is_empty() { format!("status {status} without a word") } else { said };
            Failure::new(class, &call.doing, said).help(help)
        }
    })
}

/// A 404 proves absence only in Gitea's own words: an unknown route is plain text, and a proxy's page is anything.
fn not_found(call: &Call, answer: &Answer, said: String) -> Failure {
    let body = answer.json();
    let own = body.as_ref().is_some_and(|body| {
        let told = body.get("message").or_else(|| body.get("error"));
        told.is_some_and(serde_json::Value::is_string)
    });
    if own {
        return Failure::new(Gone, &call.doing, said);
    }
    let help = if said.starts_with("404 page not found") {
        "check that the URL is that of Gitea; an old release may not offer this call"
    } else {
        "check the URL: this is not an answer of Gitea"
    };
    Failure::new(Refused, &call.doing, said).help(help)
}

/// A success that Gitea would not give: a sign-in page, a portal, another service.
fn not_gitea(call: &Call, answer: &Answer) -> Option<Failure> {
    let is_json = answer.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    if answer.body.is_empty() || is_json {
        return None;
    }
    let kind = answer.header("content-type").unwrap_or("no type").to_owned();
    Some(
        Failure::new(Refused, &call.doing, format!("the answer is '{kind}', and Gitea's are JSON"))
            .help("check the URL: a proxy, a sign-in page or another service may answer there"),
    )
}

/// What the service said: its message, or the beginning of what came instead.
fn said(answer: &Answer) -> String {
    let body = answer.json();
    let told = body.as_ref().and_then(|body| body.get("message").or_else(|| body.get("error")));
    match told.and_then(serde_json::Value::as_str) {
        Some(message) => message.to_owned(),
        None => String::from_utf8_lossy(&answer.body).trim().to_owned(),
    }
}
