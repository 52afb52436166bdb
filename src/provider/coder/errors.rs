//! What answers of Coder mean: one table for the whole provider, by status and by what the body says.
//!
//! A missing right is 403, 404 or 500, by route; so a 500 is read before it is believed (guide, section 1, traps 39, 40).

use serde_json::Value as Json;

use crate::engine::model::Failure;
use crate::engine::model::FailureClass::{self, Conflict, Gone, Later, MissingRights, Refused, Unclear};
use crate::provider::http::{Answer, Call};

/// A status, what its body holds, what that means, what to do. The first row that fits counts.
struct Row(u16, &'static str, FailureClass, &'static str);

const RIGHTS: &str =
    "our account needs the roles user-admin and template-admin, and organization-admin in its organisation";

const ROWS: &[Row] = &[
    Row(400, "is already a member", Conflict, ""),
    Row(400, "", Refused, ""),
    Row(401, "", MissingRights, "the token is unknown, expired or of a suspended account; mint a new one"),
    Row(
        403,
        "Contact sales!",
        MissingRights,
        "it takes a licence that has it; without one, leave it out of the options",
    ),
    Row(403, "", MissingRights, RIGHTS),
    Row(
        404,
        "Route not found",
        Refused,
        "check the URL: this is not Coder's API, or an old release does not offer the call",
    ),
    Row(404, "", Gone, ""),
    Row(405, "", Refused, "check the URL: this release does not offer the call"),
    Row(406, "", Later, "the version is still being imported"),
    Row(409, "A workspace build is already active", Later, "the next run goes on when that build is over"),
    Row(409, "", Conflict, ""),
    Row(410, "", Gone, ""),
    Row(417, "", Refused, "the account owns workspaces; nothing is deleted with them"),
    Row(425, "", Later, "the version is still being imported"),
    Row(429, "", Later, ""),
    Row(500, "rbac: forbidden", MissingRights, RIGHTS),
    // Of several that make the same thing at once all but one may hear this.
    Row(500, "duplicate key value", Unclear, "what is there is read"),
    Row(500, "value too long", Refused, ""),
    Row(500, "invalid input value for enum", Refused, ""),
    Row(500, "", Unclear, "the server failed; what is there is read before anything is tried again"),
    Row(502, "", Unclear, "a proxy in front of Coder got no answer; the call may have happened"),
    Row(503, "", Later, "Coder is starting or in maintenance"),
    Row(504, "", Unclear, "a proxy in front of Coder got no answer in time; the call may have happened"),
];

/// What an answer of Coder means; `None` for success.
pub fn classify(call: &Call, answer: &Answer) -> Option<Failure> {
    if answer.is_success() {
        return not_coder(call, answer);
    }
    if (300..400).contains(&answer.status) {
        let to = answer.header("location").unwrap_or("another place");
        let said = format!("the call was sent on to '{to}'");
        return Some(Failure::new(Refused, &call.doing, said).help("check the URL: no redirect is followed"));
    }
    let said = said(answer);
    // Absence is proven by Coder's own words alone: a proxy has a 404 of its own.
    if matches!(answer.status, 404 | 410) && told(answer).is_none() {
        return Some(Failure::new(Refused, &call.doing, said).help("check the URL: this is no answer of Coder's"));
    }
    let row = ROWS.iter().find(|Row(status, holds, ..)| *status == answer.status && said.contains(holds));
    let (class, help) = match row {
        Some(Row(_, _, class, help)) => (*class, *help),
        None if answer.status >= 500 => (Unclear, ""),
        None => (Refused, ""),
    };
    Some(Failure::new(class, &call.doing, said).help(help))
}

/// A success that Coder would not give: a sign-in page, another service.
fn not_coder(call: &Call, answer: &Answer) -> Option<Failure> {
    let is_json = answer.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    if answer.body.is_empty() || is_json {
        return None;
    }
    let kind = answer.header("content-type").unwrap_or("no type").to_owned();
    Some(
        Failure::new(Refused, &call.doing, format!("the answer is '{kind}', and Coder's are JSON"))
            .help("check the URL: a proxy, a sign-in page or another service may answer there"),
    )
}

/// The message of an error in Coder's own form, with its detail and what it says of each field.
fn told(answer: &Answer) -> Option<String> {
    let body = answer.json()?;
    let mut said = body.get("message")?.as_str()?.trim_end_matches('.').to_owned();
    if let Some(detail) = body.get("detail").and_then(Json::as_str).filter(|it| !it.is_empty()) {
        said.push_str(&format!(": {detail}"));
    }
    for it in body.get("validations").and_then(Json::as_array).into_iter().flatten() {
        let of = |name: &str| it.get(name).and_then(Json::as_str).unwrap_or_default();
        said.push_str(&format!("; {}: {}", of("field"), of("detail")));
    }
    Some(said)
}

fn said(answer: &Answer) -> String {
    told(answer).unwrap_or_else(|| {
        let text = String::from_utf8_lossy(&answer.body).trim().to_owned();
        if text.is_empty() { format!("status {} without a word", answer.status) } else { text }
    })
}
