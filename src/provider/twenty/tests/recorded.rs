//! The table of errors, and the types of the wire, against every answer that was recorded of the calls that we make.

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::engine::model::FailureClass;
use crate::provider::http::{Answer, Call};
use crate::provider::recorded;
use crate::provider::twenty::errors::classify;
use crate::provider::twenty::{api, wire};

/// Everything that the writing half sends; and the creation of one alone, which is refused as several are.
const WRITES: &[(Method, &str)] = &[
    (Method::POST, api::BATCH),
    (Method::POST, api::RECORDS),
    (Method::PATCH, api::RECORD),
    (Method::POST, api::GRAPHQL),
];

fn exchanges() -> Vec<(Call, Answer)> {
    let recorded = recorded::all("twenty");
    let ours = || api::READ_ROUTES.iter().chain(WRITES);
    recorded.iter().filter_map(|it| it.on(ours())).collect()
}

#[test]
fn every_recorded_answer_means_what_the_guide_says() {
    let exchanges = exchanges();
    if exchanges.is_empty() {
        return;
    }
    let (mut refusals, mut wrong) = (0, Vec::new());
    for (call, answer) in &exchanges {
        let (label, body) = (&call.doing, String::from_utf8_lossy(&answer.body));
        let meant = classify(call, answer).map(|failure| failure.class);
        refusals += usize::from(meant.is_some());
        let expected = expected(answer);
        if meant != expected {
            wrong.push(format!("{label}: {meant:?} for {expected:?}: {} {body}", answer.status));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(exchanges.len() > 400 && refusals > 100, "{} exchanges, {refusals} refusals", exchanges.len());
}

/// What the guide makes of an answer, from its codes where it has any: the table goes by the words.
fn expected(answer: &Answer) -> Option<FailureClass> {
    use FailureClass::{Conflict, Gone, Later, MissingRights, Refused, Unclear};
    let body = answer.json().unwrap_or_default();
    let first = &body["errors"][0];
    if answer.is_success() && first.is_null() {
        return None;
    }
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let said = [&first["message"], &body["messages"][0], &body["message"]].into_iter().map(text);
    let said = said.collect::<Vec<_>>().join(" ");
    let codes =
        [&body["code"], &body["error"], &first["extensions"]["subCode"], &first["extensions"]["code"]].map(text);
    let is = |any: &[&str]| codes.iter().any(|code| any.contains(&code.as_str()));
    Some(match answer.status {
        // Traps 16 and 17: whose key ended, and whose role may not, whatever the status.
        401 | 403 => MissingRights,
        429 => Later,
        404 => Gone,
        _ if is(&["LIMIT_REACHED"]) => Later,
        _ if is(&["PERMISSION_DENIED", "FORBIDDEN_EXCEPTION", "UNAUTHENTICATED", "FORBIDDEN"]) => MissingRights,
        // Without a token there is another schema.
        _ if said.starts_with("Cannot query field") => MissingRights,
        _ if is(&["RECORD_NOT_FOUND", "NOT_FOUND"]) => Gone,
        _ if said.contains("duplicate entry") || said.contains("Multiple records found") => Conflict,
        _ if said.contains("violates foreign key constraint") => Gone,
        500 if !said.contains("Data validation error") => Unclear,
        _ => Refused,
    })
}

/// Every answer that we read is read.
#[test]
fn every_recorded_object_is_read() {
    fn is<T: DeserializeOwned>(answer: &Answer) -> Result<(), String> {
        serde_json::from_slice::<T>(&answer.body).map(drop).map_err(|error| error.to_string())
    }
    let mut unread = Vec::new();
    for (call, answer) in &exchanges() {
        // Some bodies were cut when they were recorded, to what mattered: what is missing there tells nothing.
        let is_cut =
            answer.json().is_some_and(|body| body.get("data").is_none()) || call.doing.contains("characters shown");
        if is_cut || classify(call, answer).is_some() {
            continue;
        }
        let read = match (call.method.as_str(), call.route) {
            ("GET", api::RECORDS) => is::<wire::Page>(answer),
            ("POST", api::BATCH | api::RECORDS) | ("PATCH", api::RECORD) => {
                let data = answer.json().and_then(|body| body["data"].as_object().cloned());
                let made = data.map(api::records).unwrap_or_default();
                let all_have_ids = made.iter().all(|record| record.get("id").is_some_and(Json::is_string));
                if all_have_ids { Ok(()) } else { Err("a record without an id".to_owned()) }
            }
            _ => Ok(()),
        };
        unread.extend(read.err().map(|why| format!("{}: {why}", call.doing)));
    }
    assert!(unread.is_empty(), "{unread:#?}");
}
