//! The table of errors, and the types of the wire, against every answer that was recorded of the calls that we make.

use reqwest::Method;
use serde::de::DeserializeOwned;

use crate::engine::model::FailureClass;
use crate::provider::coder::errors::classify;
use crate::provider::coder::{api, wire};
use crate::provider::http::{Answer, Call};
use crate::provider::recorded;

/// Everything that the writing half sends.
const WRITES: &[(Method, &str)] = &[
    (Method::POST, api::USERS),
    (Method::PUT, api::USER_STATUS),
    (Method::POST, api::FILES),
    (Method::POST, api::ORGANIZATION_VERSIONS),
    (Method::PATCH, api::VERSION_CANCEL),
    (Method::PATCH, api::VERSION),
    (Method::POST, api::ORGANIZATION_TEMPLATES),
    (Method::PATCH, api::TEMPLATE),
    (Method::DELETE, api::TEMPLATE),
    (Method::PATCH, api::TEMPLATE_VERSIONS),
    (Method::POST, api::USER_WORKSPACES),
    (Method::POST, api::WORKSPACE_BUILDS),
];

fn exchanges() -> Vec<(Call, Answer)> {
    let recorded = recorded::all("coder");
    let ours = || api::READ_ROUTES.iter().chain(WRITES);
    recorded.iter().filter_map(|it| it.on(ours())).collect()
}

#[test]
fn every_recorded_answer_means_what_the_guide_says() {
    let exchanges = exchanges();
    if exchanges.is_empty() {
        return;
    }
    let refusals = exchanges.iter().filter(|(_, answer)| !answer.is_success()).count();
    assert!(exchanges.len() > 400 && refusals > 100, "{} exchanges, {refusals} refusals", exchanges.len());
    for (call, answer) in &exchanges {
        let label = &call.doing;
        let Some(failure) = classify(call, answer) else {
            assert!(answer.is_success(), "{label}: a refusal passes for success");
            continue;
        };
        assert!(!answer.is_success(), "{label}: a success passes for {failure:?}");
        let body = String::from_utf8_lossy(&answer.body);
        assert_eq!(failure.class, expected(answer.status, &body), "{label}: {} {body}", answer.status);
    }
}

/// What the guide makes of a refusal, said again in another way than the table says it.
fn expected(status: u16, body: &str) -> FailureClass {
    use FailureClass::{Conflict, Gone, Later, MissingRights, Refused, Unclear};
    match status {
        401 | 403 => MissingRights,
        404 if body.contains("Route not found") => Refused,
        404 | 410 => Gone,
        409 if body.contains("build is already active") => Later,
        409 => Conflict,
        406 | 425 | 429 | 503 => Later,
        // Traps 39 and 40: a missing right, a race, a value that no column takes, and only then a server that failed.
        500 if body.contains("rbac: forbidden") => MissingRights,
        500 if body.contains("duplicate key value") => Unclear,
        500 if body.contains("value too long") || body.contains("invalid input value for enum") => Refused,
        500 | 502 | 504 => Unclear,
        _ => Refused,
    }
}

/// Every answer that we read is read.
#[test]
fn every_recorded_object_is_read() {
    fn is<T: DeserializeOwned>(answer: &Answer) -> Result<(), String> {
        serde_json::from_slice::<T>(&answer.body).map(drop).map_err(|error| error.to_string())
    }
    let mut unread = Vec::new();
    for (call, answer) in exchanges().iter().filter(|(_, answer)| answer.is_success()) {
        if call.doing.contains("/users/roles") {
            // Another route, which nobody of that name can hide: all roles.
            continue;
        }
        // Long bodies were cut when they were recorded, to the keys that mattered: what is missing there tells nothing.
        let is_cut = |why: &String| why.starts_with("missing field");
        let read = match (call.method.as_str(), call.route) {
            ("GET", api::ME | api::USER) | ("POST", api::USERS) => is::<wire::User>(answer),
            ("GET", api::USERS) => is::<wire::Users>(answer),
            ("GET", api::TEMPLATES) => is::<Vec<wire::Template>>(answer),
            ("GET", api::TEMPLATE | api::TEMPLATE_NAMED) => is::<wire::Template>(answer),
            ("GET", api::TEMPLATE_VERSIONS) => is::<Vec<wire::Version>>(answer),
            ("GET", api::VERSION | api::VERSION_NAMED) | ("POST", api::ORGANIZATION_VERSIONS) => {
                is::<wire::Version>(answer)
            }
            ("GET", api::WORKSPACES) => is::<wire::Workspaces>(answer),
            ("GET", api::USER_WORKSPACE) | ("POST", api::USER_WORKSPACES) => is::<wire::Workspace>(answer),
            ("GET", api::BUILD) | ("POST", api::WORKSPACE_BUILDS) => is::<wire::Build>(answer),
            ("GET", api::BUILD_PARAMETERS) => is::<Vec<wire::Value>>(answer),
            ("GET", api::VERSION_PARAMETERS) => is::<Vec<wire::Parameter>>(answer),
            ("GET", api::VERSION_LOGS | api::BUILD_LOGS) => is::<Vec<wire::LogLine>>(answer),
            ("GET", api::JOBS) => is::<Vec<wire::QueuedJob>>(answer),
            ("GET", api::ORGANIZATION) => is::<wire::Organization>(answer),
            ("GET", api::BUILD_INFO) => is::<wire::BuildInfo>(answer),
            ("POST", api::FILES) => is::<wire::Uploaded>(answer),
            _ => Ok(()),
        };
        unread.extend(read.err().filter(|why| !is_cut(why)).map(|why| format!("{}: {why}", call.doing)));
    }
    assert!(unread.is_empty(), "{unread:#?}");
}
