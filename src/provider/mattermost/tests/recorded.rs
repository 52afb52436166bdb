//! The table of errors against every answer that was recorded of the calls that we make.

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::engine::model::FailureClass;
use crate::provider::http::{Answer, Call};
use crate::provider::mattermost::api::routes;
use crate::provider::mattermost::errors::classify;
use crate::provider::recorded;

/// Everything that the writing half sends.
const WRITES: &[(Method, &str)] = &[
    (Method::POST, routes::USERS),
    (Method::PUT, routes::USER_PATCH),
    (Method::PUT, routes::USER_ACTIVE),
    (Method::PUT, routes::USER_AUTH),
    (Method::POST, routes::TOKEN_REVOKE),
    (Method::POST, routes::SESSIONS_REVOKE),
    (Method::POST, routes::TEAMS),
    (Method::DELETE, routes::TEAM),
    (Method::PUT, routes::TEAM_PATCH),
    (Method::PUT, routes::TEAM_PRIVACY),
    (Method::POST, routes::TEAM_RESTORE),
    (Method::POST, routes::TEAM_MEMBERS),
    (Method::DELETE, routes::TEAM_MEMBER),
    (Method::POST, routes::CHANNELS),
    (Method::DELETE, routes::CHANNEL),
    (Method::PUT, routes::CHANNEL_PATCH),
    (Method::PUT, routes::CHANNEL_PRIVACY),
    (Method::POST, routes::CHANNEL_RESTORE),
    (Method::POST, routes::CHANNEL_MEMBERS),
    (Method::DELETE, routes::CHANNEL_MEMBER),
];

#[test]
fn every_recorded_answer_means_what_the_guide_says() {
    let recorded = recorded::all("mattermost");
    if recorded.is_empty() {
        return;
    }
    let ours = || routes::READ_ROUTES.iter().chain(WRITES);
    // We name no tag of an answer that we had, so none is answered by its tag alone.
    let exchanges: Vec<(Call, Answer)> =
        recorded.iter().filter_map(|it| it.on(ours())).filter(|(_, answer)| answer.status != 304).collect();
    let refusals = exchanges.iter().filter(|(_, answer)| !answer.is_success()).count();
    assert!(exchanges.len() > 400 && refusals > 150, "{} exchanges, {refusals} refusals", exchanges.len());
    for (call, answer) in &exchanges {
        let label = &call.doing;
        let Some(failure) = classify(call, answer) else {
            assert!(answer.is_success(), "{label}: a refusal passes for success");
            continue;
        };
        assert!(!answer.is_success(), "{label}: a success passes for {failure:?}");
        let body = answer.json();
        let id = body.as_ref().and_then(|body| body["id"].as_str()).unwrap_or_default();
        assert_eq!(failure.class, expected(answer.status, id), "{label}: {} {id}", answer.status);
    }
}

/// What the guide makes of a refusal, said again in another way than the table says it.
fn expected(status: u16, id: &str) -> FailureClass {
    use FailureClass::{Conflict, Gone, Later, MissingRights, Refused, Unclear};
    let says = |words: &[&str]| words.iter().any(|word| id.contains(word));
    match status {
        400 if says(&["exists", "existing"]) && !says(&["app.user.save.existing", "save_channel.existing"]) => Conflict,
        400 if says(&["remove_user_from_team.missing", "missing_account"]) => Gone,
        400 if says(&["save_member.conflict"]) => Unclear,
        400 => Refused,
        401 if says(&["not_enable"]) => Refused,
        401 => MissingRights,
        403 if says(&["deleted_user", "managed_by_ldap"]) => Refused,
        403 => MissingRights,
        404 if says(&["api.context.404"]) || id.is_empty() => Refused,
        404 => Gone,
        409 | 413 | 501 => Refused,
        429 => Later,
        500 if says(&["create_channel.internal_error"]) => Refused,
        500 => Unclear,
        other => panic!("no expectation for status {other}: {id}"),
    }
}

/// A refused call is told to wait by a plain text, and says for how long.
#[test]
fn too_many_calls_are_plain_text_and_nothing_happened() {
    let headers = HeaderMap::from_iter([
        (HeaderName::from_static("content-type"), HeaderValue::from_static("text/plain; charset=utf-8")),
        (HeaderName::from_static("retry-after"), HeaderValue::from_static("1")),
    ]);
    let answer = Answer { status: 429, headers, body: Bytes::from_static(b"limit exceeded\n") };
    let failure = classify(&Call::get(routes::ME, &[], "read our own account"), &answer).expect("it is refused");
    assert_eq!((failure.class, failure.said.as_str()), (FailureClass::Later, "limit exceeded"));
}

/// An unknown route, and a page of somebody else, prove no absence.
#[test]
fn a_404_counts_only_with_the_id_of_an_error_that_says_so() {
    let class = |body: &'static str| {
        let answer = Answer { status: 404, headers: HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) };
        classify(&Call::get(routes::TEAM, &["x"], "read team"), &answer).expect("it is refused").class
    };
    assert_eq!(
        class(r#"{"id": "app.team.get.find.app_error", "message": "m", "status_code": 404}"#),
        FailureClass::Gone
    );
    for other in [
        r#"{"id": "api.context.404.app_error", "message": "m", "status_code": 404}"#,
        r#"{"message": "Not Found"}"#,
        "<html>not here</html>",
        "",
    ] {
        assert_eq!(class(other), FailureClass::Refused, "{other}");
    }
}
