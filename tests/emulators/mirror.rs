//! The replay held to itself: a server that answers from the recording agrees everywhere, and one that gets a single
//! thing wrong is caught.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use formulary::provider::emulator::serve::serve_for_test;
use formulary::provider::emulator::{Credentials, Emulator, not_modelled};
use serde_json::{Value, json};

use super::browser::Browser;
use super::exceptions::Exception;
use super::recording::{Exchange, Expected, Recording, data_folder, scenarios};
use super::replay::{Outcome, Verdict, replay};
use super::report::Report;

/// Answers the n-th request with the n-th recorded answer.
struct Mirror {
    answers: Mutex<Vec<Option<Expected>>>,
    next: AtomicUsize,
    principals: Credentials,
}

impl Mirror {
    fn of(recording: &Recording) -> Arc<Mirror> {
        let is_plain = |exchange: &Exchange| {
            exchange.kind.is_none() && exchange.request.as_ref().is_some_and(|request| request.method.is_some())
        };
        let exchanges: Vec<_> = recording.numbered().unwrap().into_iter().map(|(_, e)| e).filter(is_plain).collect();
        let names =
            exchanges.iter().filter_map(|exchange| exchange.request.as_ref()).map(|request| request.principal());
        let principals = names.map(|name| (name, BTreeMap::new())).collect();
        let answers = Mutex::new(exchanges.into_iter().map(|exchange| exchange.response).collect());
        Arc::new(Mirror { answers, next: AtomicUsize::new(0), principals })
    }

    /// Changes the answer to the exchange at this place, counted from 0.
    fn change(&self, at: usize, change: impl FnOnce(&mut Expected)) {
        change(self.answers.lock().unwrap()[at].as_mut().unwrap());
    }

    fn answer(&self) -> Response<Body> {
        let at = self.next.fetch_add(1, Ordering::SeqCst);
        let Some(expected) = self.answers.lock().unwrap().get(at).cloned().flatten() else {
            return not_modelled();
        };
        let body = match (&expected.body, &expected.each) {
            (Some(Value::Array(items)), Some(field)) => {
                Some(items.iter().map(|item| json!({field: item})).collect::<Value>())
            }
            (body, _) => body.clone(),
        };
        let mut response = Response::new(match body {
            _ if expected.status == 204 => Body::empty(),
            Some(Value::String(text)) if !text.starts_with('"') => Body::from(text),
            Some(body) => Body::from(body.to_string()),
            None => Body::empty(),
        });
        *response.status_mut() = StatusCode::from_u16(expected.status).unwrap();
        for (name, value) in expected.headers.iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if !name.eq_ignore_ascii_case("content-length") {
                response
                    .headers_mut()
                    .append(name.to_lowercase().parse::<axum::http::HeaderName>().unwrap(), value.parse().unwrap());
            }
        }
        response
    }
}

impl Emulator for Mirror {
    fn service(&self) -> &'static str {
        "mirror"
    }

    fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(move || {
            let mirror = Arc::clone(&self);
            async move { mirror.answer() }
        })
    }

    fn reset(&self) {
        self.next.store(0, Ordering::SeqCst);
    }

    fn credentials(&self) -> Credentials {
        self.principals.clone()
    }

    fn expire_tokens(&self) {}
}

/// Replays a recording against its own mirror, after `spoil` had its way with it.
async fn reflect(recording: &Recording, spoil: impl FnOnce(&Mirror)) -> Vec<Outcome> {
    let mirror = Mirror::of(recording);
    spoil(&mirror);
    let served = serve_for_test(mirror).await;
    let outcomes = replay("", recording, &served, &Browser::default()).await.unwrap();
    served.stop().await;
    outcomes
}

fn recordings(folder: &Path) -> Vec<(String, Recording)> {
    let services = ["coder", "gitea", "keycloak", "mattermost"];
    let all = services
        .iter()
        .flat_map(|service| scenarios(folder, service).unwrap().into_iter().map(move |found| (service, found)));
    all.map(|(service, (name, path))| (format!("{service}/{name}"), Recording::read(&path).unwrap().one_by_one()))
        .collect()
}

/// A small scenario of our own, so that the replay is tested without the data too.
fn small() -> Recording {
    serde_json::from_value(json!({"service": "toy", "exchanges": [
        {"label": "make", "request": {"method": "POST", "path": "/users", "as": "admin", "body": {"name": "a"}},
         "response": {"status": 201, "headers": {"location": "http://x/users/7", "content-type": "application/json"},
                      "body": {"id": 7, "name": "a", "created_at": "2026-01-01T00:00:00Z"}}},
        {"label": "read", "request": {"method": "GET", "path": "/users/7", "as": "anonymous"},
         "response": {"status": 200, "headers": {"x-total-count": "1"}, "body": {"id": 7, "name": "a"}}},
        {"label": "a delivery", "kind": "delivery", "request": {"method": "POST", "path": "/hook"}, "response": {"status": 200}},
    ]}))
    .unwrap()
}

fn verdicts(outcomes: &[Outcome]) -> Vec<&Verdict> {
    outcomes.iter().map(|outcome| &outcome.verdict).collect()
}

#[tokio::test]
async fn a_mirror_agrees() {
    let outcomes = reflect(&small(), |_| {}).await;
    assert_eq!(verdicts(&outcomes), [&Verdict::Same, &Verdict::Same, &Verdict::Skipped("delivery".into())]);
}

#[tokio::test]
async fn a_single_wrong_thing_is_caught() {
    type Spoil = fn(&mut Expected);
    let spoils: [(&str, Spoil); 4] = [
        ("status", |e| e.status = 200),
        ("/name", |e| *e.body.as_mut().unwrap() = json!({"id": 9, "name": "b"})),
        ("header location", |e| e.headers.as_mut().unwrap()["location"] = json!("http://x/groups/9")),
        ("header content-type", |e| e.headers.as_mut().unwrap()["content-type"] = json!("text/plain")),
    ];
    for (at, spoil) in spoils {
        let outcomes = reflect(&small(), |mirror| mirror.change(0, spoil)).await;
        assert_eq!(outcomes[0].verdict, Verdict::Differs, "{at}");
        assert_eq!(outcomes[0].differences[0].at, at);
    }
    // Another id is no difference, and the next request goes to it.
    let other = |e: &mut Expected| {
        e.body = Some(json!({"id": 9, "name": "a"}));
        e.headers.as_mut().unwrap()["location"] = json!("http://x/users/9");
    };
    let outcomes = reflect(&small(), |mirror| mirror.change(0, other)).await;
    assert_eq!((&outcomes[0].verdict, outcomes[1].request.as_str()), (&Verdict::Same, "GET /users/9"));
}

#[tokio::test]
async fn exceptions_excuse_and_grow_stale() {
    let outcomes = reflect(&small(), |mirror| mirror.change(1, |e| e.body = Some(json!({"name": "b"})))).await;
    let mut report = Report::new("toy");
    report.add("small", outcomes);
    let known = |exchanges| [Exception { scenario: "toy/small", exchanges, reason: "a reason" }];
    assert_eq!(report.findings(&[]).len(), 1);
    let wanted =
        "toy/small · 2 read\n    GET /users/7\n    soft /id: missing\n    hard /name: \"a\" recorded, got \"b\"";
    assert_eq!(report.findings(&[]), [wanted]);
    assert!(report.findings(&known(&[2])).is_empty());
    assert_eq!(report.findings(&known(&[1, 2])), ["stale exception: toy/small · 1 differs no more"]);
    // Exceptions of another service are none of ours.
    assert_eq!(report.findings(&[Exception { scenario: "other/small", exchanges: &[1], reason: "" }]).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recording_agrees_with_its_mirror() {
    let Some(folder) = data_folder("FORMULARY_RECORDINGS") else {
        return;
    };
    let mut compared = 0;
    for (name, recording) in recordings(&folder) {
        for outcome in reflect(&recording, |_| {}).await {
            assert_ne!(
                outcome.verdict,
                Verdict::Differs,
                "{name} · {} {}: {:?}",
                outcome.number,
                outcome.label,
                outcome.differences
            );
            compared += usize::from(outcome.verdict == Verdict::Same);
        }
    }
    assert!(compared > 2_000, "only {compared} exchanges were compared");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_status_is_caught_in_every_recording() {
    let Some(folder) = data_folder("FORMULARY_RECORDINGS") else {
        return;
    };
    for (name, recording) in recordings(&folder) {
        // The last answer that is compared; one in the middle would lead later requests astray.
        let mirror = Mirror::of(&recording);
        let last = mirror.answers.lock().unwrap().iter().rposition(Option::is_some).unwrap();
        let outcomes = reflect(&recording, |mirror| mirror.change(last, |e| e.status = 418)).await;
        let differing: Vec<_> = outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Differs).collect();
        assert_eq!(differing.len(), 1, "{name}");
        assert_eq!(differing[0].differences[0].at, "status", "{name}");
    }
}
