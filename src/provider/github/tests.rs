//! The table of errors against every answer that was recorded.

use reqwest::Method;

use super::errors::classify;
use crate::engine::model::FailureClass::{self, Conflict, Gone, Later, MissingRights, Refused};
use crate::provider::http::Call;
use crate::provider::recorded;

/// What the guide makes of an answer: by the scenario where the words alone would not tell.
fn expected(label: &str, status: u16) -> Option<FailureClass> {
    Some(match status {
        200..=299 => return None,
        _ if label.contains("rate-limits") && matches!(status, 403 | 429) => Later,
        401 | 403 => MissingRights,
        404 => Gone,
        409 => Conflict,
        422 if label.contains("already") || label.contains("that has one") || label.contains("second pull request") => {
            Conflict
        }
        422 if label.contains("again") && label.contains("delete") => Gone,
        _ => Refused,
    })
}

#[test]
fn every_recorded_answer_means_what_the_guide_says() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for exchange in recorded::all("github") {
        // What GitHub sends to us is another matter; a raw file is no JSON, and a 304 answers what we never ask.
        let is_asked = !exchange.path.starts_with("/webhooks/") && exchange.status != 304;
        let Some(answer) = exchange.answered().filter(|_| is_asked && !exchange.label.contains("raw")) else {
            continue;
        };
        let method: Method = exchange.method.parse().expect("a method");
        let call = Call::new(method, "/recorded", &[], exchange.label.clone());
        let (meant, expected) =
            (classify(&call, &answer).map(|it| it.class), expected(&exchange.label, exchange.status));
        seen += 1;
        if meant != expected {
            wrong.push(format!("{}: {meant:?} for {expected:?}", exchange.label));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen == 0 || seen > 120, "{seen} answers");
}

#[test]
fn the_wait_is_what_the_answer_asks_for() {
    let answer = |headers: &[(&str, &str)], message: &str| {
        let mut map = reqwest::header::HeaderMap::new();
        for (name, value) in headers {
            let name: reqwest::header::HeaderName = name.parse().expect("a name");
            map.insert(name, value.parse().expect("a value"));
        }
        let body = serde_json::json!({ "message": message }).to_string().into();
        crate::provider::http::Answer { status: 403, headers: map, body }
    };
    let call = Call::get("/x", &[], "x");
    let wait = |headers: &[(&str, &str)], message: &str| {
        classify(&call, &answer(headers, message)).and_then(|it| it.retry_after)
    };
    let secondary = "You have exceeded a secondary rate limit.";
    assert_eq!(wait(&[("retry-after", "7")], secondary), Some(7));
    assert_eq!(wait(&[], secondary), Some(60));
    let date = ("date", "Thu, 01 Jan 1970 00:10:00 GMT");
    assert_eq!(
        wait(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "660"), date], "API rate limit exceeded"),
        Some(60)
    );
    assert_eq!(wait(&[("x-ratelimit-remaining", "5")], "Resource not accessible by integration"), None);
}

#[test]
fn a_redirect_is_read_for_the_number_in_it_and_no_more() {
    let to = |location: &'static str| {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("location", location.parse().expect("a value"));
        super::api::moved_to(&crate::provider::http::Answer { status: 301, headers, body: bytes::Bytes::new() })
    };
    assert_eq!(to("https://api.github.com/repositories/1000").as_deref(), Some("1000"));
    assert_eq!(to("https://elsewhere.example/repositories/7/installation?x=1").as_deref(), Some("7"));
    for other in ["https://api.github.com/repositories/", "/repositories/../1", "https://api.github.com/users/1"] {
        assert_eq!(to(other), None, "{other}");
    }
}
