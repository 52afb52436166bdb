//! The table of errors against every answer that was recorded of the calls that we make.

use reqwest::Method;

use crate::engine::model::FailureClass;
use crate::provider::gitea::api::routes;
use crate::provider::gitea::errors::classify;
use crate::provider::http::{Answer, Call};
use crate::provider::recorded;

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

#[test]
fn every_recorded_answer_means_what_the_guide_says() {
    let recorded = recorded::all("gitea");
    if recorded.is_empty() {
        return;
    }
    let ours = || routes::READ_ROUTES.iter().chain(WRITES);
    let exchanges: Vec<(Call, Answer)> = recorded.iter().filter_map(|it| it.on(ours())).collect();
    let refusals = exchanges.iter().filter(|(_, answer)| !answer.is_success()).count();
    assert!(exchanges.len() > 500 && refusals > 150, "{} exchanges, {refusals} refusals", exchanges.len());
    for (call, answer) in &exchanges {
        let label = &call.doing;
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
