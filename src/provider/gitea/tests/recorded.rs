//! The table of errors against every answer that was recorded of the calls that we make.

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value as Json;

use crate::engine::model::FailureClass;
use crate::provider::gitea::api::routes;
use crate::provider::gitea::errors::classify;
use crate::provider::http::{Answer, Call};

/// Everything that the writing half sends.
const WRITES: &[(Method, &str)] = &[
    (Method::POST, routes::ADMIN_USERS),
    (Method::PATCH, routes::ADMIN_USER),
    (Method::DELETE, routes::ADMIN_USER),
    (Method::POST, routes::ADMIN_USER_RENAME),
    (Method::POST, routes::ADMIN_USER_REPOS),
    (Method::POST, routes::ORGS),
    (Method::PATCH, routes::ORG),
    (Method::DELETE, routes::ORG),
    (Method::POST, routes::ORG_RENAME),
    (Method::POST, routes::ORG_TEAMS),
    (Method::PATCH, routes::TEAM),
    (Method::DELETE, routes::TEAM),
    (Method::PUT, routes::TEAM_MEMBER),
    (Method::DELETE, routes::TEAM_MEMBER),
    (Method::PATCH, routes::REPO),
    (Method::DELETE, routes::REPO),
    (Method::PUT, routes::TOPICS),
    (Method::POST, routes::PROTECTIONS),
    (Method::PATCH, routes::PROTECTION),
    (Method::DELETE, routes::PROTECTION),
    (Method::POST, routes::HOOKS),
    (Method::PATCH, routes::HOOK),
    (Method::DELETE, routes::HOOK),
];

struct Exchange {
    label: String,
    call: Call,
    answer: Answer,
}

#[test]
fn every_recorded_answer_means_what_the_guide_says() {
    let Some(folder) = std::env::var_os("FORMULARY_RECORDINGS") else {
        eprintln!("\n*** SKIPPED: FORMULARY_RECORDINGS is not set, so the table of errors was held to nothing ***\n");
        return;
    };
    let exchanges = recorded(&std::path::PathBuf::from(folder).join("gitea"));
    let refusals = exchanges.iter().filter(|it| !it.answer.is_success()).count();
    assert!(exchanges.len() > 500 && refusals > 150, "{} exchanges, {refusals} refusals", exchanges.len());
    for Exchange { label, call, answer } in &exchanges {
        let failure = classify(call, answer);
        let Some(failure) = failure else {
            assert!(answer.is_success(), "{label}: a refusal passes for success");
            continue;
        };
        assert!(!answer.is_success(), "{label}: a success passes for {failure:?}");
        let said = failure.said.as_str();
        assert_eq!(failure.class, expected(answer.status, said), "{label}: {} {said}", answer.status);
    }
}

/// What the guide makes of a refusal, said again in another way than the table says it.
fn expected(status: u16, said: &str) -> FailureClass {
    use FailureClass::{Conflict, Gone, MissingRights, Refused, Unclear};
    let held_by_another = ["already exist", "already in use"].iter().any(|words| said.contains(words));
    match status {
        301 | 307 | 409 => Conflict,
        303 | 401 => MissingRights,
        404 if said.starts_with("404 page") => Refused,
        404 => Gone,
        403 if held_by_another => Conflict,
        403 if said.contains("maximum limit") => Refused,
        403 => MissingRights,
        400 | 422 if held_by_another => Conflict,
        400 | 405 | 422 | 423 => Refused,
        // A directory on disk of that name is gone for good: asking again would succeed, empty.
        500 if said.starts_with("repository files") => Refused,
        500 if held_by_another => Conflict,
        500 if said.starts_with("PANIC") => Unclear,
        500 => Refused,
        other => panic!("no expectation for status {other}: {said}"),
    }
}

/// Every recorded exchange of a call that we make.
fn recorded(folder: &std::path::Path) -> Vec<Exchange> {
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("the folder can be read").flatten().collect();
    files.sort_by_key(std::fs::DirEntry::path);
    let mut all = Vec::new();
    for file in files.iter().filter(|file| file.path().extension().is_some_and(|it| it == "json")) {
        let text = std::fs::read(file.path()).expect("the file can be read");
        let scenario: Json = serde_json::from_slice(&text).expect("a recording is JSON");
        for exchange in scenario["exchanges"].as_array().into_iter().flatten() {
            all.extend(of_ours(exchange, &file.file_name().to_string_lossy()));
        }
    }
    all
}

fn of_ours(exchange: &Json, file: &str) -> Option<Exchange> {
    let method: Method = exchange["request"]["method"].as_str()?.parse().ok()?;
    let path = exchange["request"]["path"].as_str()?;
    let path = path.split('?').next()?;
    let route = routes::READ_ROUTES
        .iter()
        .chain(WRITES)
        .find(|(of, route)| *of == method && fits(route, path))
        .map(|(_, route)| *route)?;
    let response = &exchange["response"];
    let mut headers = HeaderMap::new();
    for (name, value) in response["headers"].as_object().into_iter().flatten() {
        let name: HeaderName = name.parse().ok()?;
        headers.insert(name, HeaderValue::from_str(value.as_str()?).ok()?);
    }
    let body = match &response["body"] {
        Json::Null => Bytes::new(),
        Json::String(text) => Bytes::from(text.clone()),
        body => Bytes::from(body.to_string()),
    };
    let status = u16::try_from(response["status"].as_u64()?).ok()?;
    let label = format!("{file}: {} ({method} {path})", exchange["label"].as_str().unwrap_or_default());
    Some(Exchange {
        call: Call::new(method, route, &[], label.clone()),
        label,
        answer: Answer { status, headers, body },
    })
}

fn fits(route: &str, path: &str) -> bool {
    let (route, path): (Vec<&str>, Vec<&str>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len() && route.iter().zip(&path).all(|(of, part)| of.starts_with('{') || of == part)
}
