//! What answers of the API server mean: one table for the whole provider, by status, by the reason that the server gives,
//! and by what its message says (guide, section 3). A text in place of a `Status` comes from something in front of it.

use serde_json::Value as Json;

use crate::engine::model::Failure;
use crate::engine::model::FailureClass::{self, Conflict, Gone, Later, MissingRights, Refused, Retry, Unclear};
use crate::provider::http::{Answer, Call};

/// A status, the reason (any where empty), what the message holds, what that means, what to do. The first row that fits counts.
struct Row(u16, &'static str, &'static str, FailureClass, &'static str);

const TOKEN: &str = "the token is unknown, expired or for another audience; mint a new one";
const ROLE: &str = "grant it with the Role of deploy/kubernetes/role.yaml";
const NOT_HERE: &str = "check the URL: this is not the API of a cluster that has it";

const ROWS: &[Row] = &[
    Row(400, "", "", Refused, ""),
    Row(401, "", "", MissingRights, TOKEN),
    Row(403, "", "system:anonymous", MissingRights, "our token was not sent; check 'credentials' in the config"),
    Row(403, "Forbidden", "is being terminated", Later, "the namespace is being deleted"),
    Row(403, "", "", MissingRights, ROLE),
    Row(404, "NotFound", "namespaces ", Gone, "make the namespace, or set 'options.make_namespaces'"),
    Row(404, "NotFound", "could not find the requested resource", Refused, NOT_HERE),
    Row(404, "NotFound", "", Gone, ""),
    Row(404, "", "", Refused, NOT_HERE),
    Row(405, "", "", Refused, NOT_HERE),
    Row(406, "", "", Refused, NOT_HERE),
    Row(409, "AlreadyExists", "", Conflict, "plan again"),
    Row(409, "", "", Conflict, ""),
    Row(410, "", "", Retry, ""),
    Row(413, "", "", Refused, "the files are larger than a ConfigMap can be"),
    Row(415, "", "", Refused, ""),
    Row(422, "", "", Refused, ""),
    Row(429, "", "", Later, "the server asks us to wait"),
    Row(500, "", "failed to create typed patch object", Refused, ""),
    Row(500, "", "failed to convert new object", Refused, ""),
    Row(500, "", "", Unclear, "the server failed; what is there is read before anything is tried again"),
    Row(502, "", "", Unclear, "something in front of the server got no answer; the call may have happened"),
    Row(503, "", "", Later, "the server is starting, or cannot be reached from where we are"),
    Row(504, "", "", Unclear, "the server did not finish in time; the call may have happened"),
];

/// What an answer means; `None` for success.
pub fn classify(call: &Call, answer: &Answer) -> Option<Failure> {
    if answer.is_success() {
        return not_a_cluster(call, answer);
    }
    let status = answer.json().filter(|it| it["kind"] == "Status");
    let (reason, message) = match &status {
        Some(status) => (status["reason"].as_str().unwrap_or_default(), said(status)),
        None => ("", text(answer)),
    };
    let row = ROWS.iter().find(|Row(code, wanted, part, ..)| {
        *code == answer.status && (wanted.is_empty() || *wanted == reason) && message.contains(part)
    });
    let (class, help) = row.map_or((Refused, ""), |Row(.., class, help)| (*class, *help));
    // A 404 without a `Status` proves nothing: somebody else says it.
    let class = if class == Gone && status.is_none() { Refused } else { class };
    let failure = Failure::new(class, &call.doing, message);
    let conflict = class == Conflict && status.is_some_and(|it| has_holders(&it));
    Some(match (conflict, help) {
        (true, _) => failure.help("take it over with 'conflicts: take-over' in the options, or leave it to them"),
        (false, "") => failure,
        (false, help) => failure.help(help),
    })
}

/// What the server says, with every holder of a value in an order of ours: its own is by chance.
fn said(status: &Json) -> String {
    let message = status["message"].as_str().unwrap_or("no message").to_owned();
    if !has_holders(status) {
        return message;
    }
    let causes = status["details"]["causes"].as_array().into_iter().flatten();
    let mut causes: Vec<String> = causes
        .map(|it| format!("{}: {}", it["field"].as_str().unwrap_or("?"), it["message"].as_str().unwrap_or("?")))
        .collect();
    causes.sort();
    format!("others hold what we want to write: {}", causes.join("; "))
}

fn has_holders(status: &Json) -> bool {
    let causes = status["details"]["causes"].as_array().into_iter().flatten();
    causes.into_iter().any(|it| it["reason"] == "FieldManagerConflict")
}

fn text(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let line = text.lines().map(str::trim).find(|it| !it.is_empty()).unwrap_or("no message");
    format!("status {}: {}", answer.status, line.chars().take(200).collect::<String>())
}

/// A page of something else that answers 200.
fn not_a_cluster(call: &Call, answer: &Answer) -> Option<Failure> {
    let is_json = answer.json().is_some();
    (!is_json).then(|| Failure::new(Refused, &call.doing, "the answer is no JSON").help(NOT_HERE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::recorded;

    /// Every answer that the recordings show has a row, and none that asks to be repeated is final.
    #[test]
    fn recorded_refusals_are_understood() {
        let mut seen = std::collections::BTreeSet::new();
        for exchange in recorded::all("kubernetes").into_iter().filter(|it| it.status >= 400) {
            let call = Call::get("/x", &[], exchange.label.clone());
            let answer = exchange.answered().unwrap();
            let failure = classify(&call, &answer).unwrap();
            let reason = exchange.answer["reason"].as_str().unwrap_or_default().to_owned();
            let expected = match (exchange.status, reason.as_str()) {
                (401, _) => Some(MissingRights),
                (404, "NotFound") => None,
                (404, _) => Some(Refused),
                (409, _) => Some(Conflict),
                (422 | 413 | 415 | 400 | 405, _) => Some(Refused),
                (429, _) => Some(Later),
                _ => None,
            };
            assert!(expected.is_none_or(|it| it == failure.class), "{}: {failure:?}", exchange.label);
            assert!(
                ROWS.iter().any(|Row(status, ..)| *status == exchange.status),
                "{} {}",
                exchange.label,
                exchange.status
            );
            seen.insert((exchange.status, failure.class));
        }
        assert!(seen.is_empty() || seen.len() > 8, "{seen:?}");
    }
}
