//! The kit against a toy service: a counter and a list, over real HTTP.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::faults::{Defect, Fault, FaultError, Faults};
use super::serve::{ServeError, ServeOptions, Served, serve, serve_for_test};
use super::{Credentials, Emulator, json_answer, not_modelled};
use crate::runtime::sys::{Clock, MovableClock};

/// A list of names; a POST appends its body. The token is `good`, until it expires.
#[derive(Default)]
struct Toy {
    names: Mutex<Vec<String>>,
    expired: AtomicBool,
    resets: AtomicU64,
}

impl Emulator for Toy {
    fn service(&self) -> &'static str {
        "toy"
    }

    fn router(self: Arc<Self>) -> Router {
        async fn list(State(toy): State<Arc<Toy>>, headers: HeaderMap) -> Response<Body> {
            if toy.expired.load(Ordering::SeqCst) && headers.contains_key("authorization") {
                return toy.error_answer(StatusCode::UNAUTHORIZED, "");
            }
            let names = toy.names.lock().unwrap().clone();
            let mut answer = json_answer(StatusCode::OK, &names);
            answer.headers_mut().insert("x-total-count", names.len().into());
            answer
        }
        async fn add(State(toy): State<Arc<Toy>>, name: String) -> impl IntoResponse {
            toy.names.lock().unwrap().push(name);
            StatusCode::CREATED
        }
        Router::new()
            .route("/api/names", get(list).post(add))
            .route(
                "/api/page/{n}",
                get(|| async { json_answer(StatusCode::OK, &json!({"ok": true, "data": [1, 2, 3, 4]})) }),
            )
            .fallback(|| async { not_modelled() })
            .with_state(self)
    }

    fn reset(&self) {
        self.names.lock().unwrap().clear();
        self.resets.fetch_add(1, Ordering::SeqCst);
    }

    fn credentials(&self) -> Credentials {
        let header = BTreeMap::from([("Authorization".to_owned(), "token good".to_owned())]);
        BTreeMap::from([("admin token".to_owned(), header)])
    }

    fn expire_tokens(&self) {
        self.expired.store(true, Ordering::SeqCst);
    }

    fn restore_tokens(&self) {
        self.expired.store(false, Ordering::SeqCst);
    }

    fn error_answer(&self, status: StatusCode, base: &str) -> Response<Body> {
        let base_is_known = base.starts_with("http://127.0.0.1:");
        json_answer(status, &json!({"toy": status.as_u16(), "base": base_is_known}))
    }
}

/// The toy being served, and a client to call it.
struct World {
    served: Served,
    client: reqwest::Client,
}

impl World {
    async fn new() -> World {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        World { served: serve_for_test(Arc::new(Toy::default())).await, client }
    }

    fn arm(&self, fault: Fault) {
        self.served.arm(fault).unwrap();
    }

    async fn get(&self, path: &str) -> reqwest::Result<reqwest::Response> {
        let request = self.client.get(format!("{}{path}", self.served.base()));
        request.header("authorization", "token good").send().await
    }

    async fn add(&self, name: &str) -> reqwest::Result<reqwest::Response> {
        self.client.post(format!("{}/api/names", self.served.base())).body(name.to_owned()).send().await
    }

    async fn names(&self) -> Value {
        self.get("/api/names").await.unwrap().json().await.unwrap()
    }

    async fn control(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let method = method.parse().unwrap();
        let request = self.client.request(method, format!("{}{path}", self.served.control())).body(body.to_owned());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/json");
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

#[tokio::test]
async fn serves_on_loopback_until_stopped() {
    let world = World::new().await;
    assert!(world.served.base().starts_with("http://127.0.0.1:"));
    assert_eq!(world.add("a").await.unwrap().status(), 201);
    assert_eq!(world.names().await, json!(["a"]));
    let other = world.get("/api/other").await.unwrap();
    assert_eq!((other.status().as_u16(), &other.headers()["x-sandbox"]), (501, &"not-modelled".parse().unwrap()));

    let port = world.served.port();
    let taken = serve(Arc::new(Toy::default()), ServeOptions { port, ..Default::default() }).await;
    assert!(matches!(taken, Err(ServeError::Listen { service: "toy", .. })), "{taken:?}");

    let base = world.served.base().to_owned();
    world.served.stop().await;
    assert!(world.client.get(base).send().await.unwrap_err().is_connect());
    serve(Arc::new(Toy::default()), ServeOptions { port, ..Default::default() }).await.expect("the port is free again");
}

#[tokio::test]
async fn dropping_it_stops_it() {
    let world = World::new().await;
    let base = world.served.base().to_owned();
    drop(world.served);
    // The listener closes as soon as its task runs.
    while world.client.get(&base).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn statuses_come_in_the_services_own_words() {
    let world = World::new().await;
    world.arm(Fault::new(Defect::RateLimited { retry_after: 7 }).on("GET", "/api/names").nth(1));
    world.arm(Fault::new(Defect::MissingRights).on("GET", "/api/names").nth(1));
    world.arm(Fault::new(Defect::Status { status: 500, body: None, applied: true }).on("POST", "/api/names").nth(1));
    world.arm(
        Fault::new(Defect::Status { status: 502, body: Some("bad gateway".into()), applied: false })
            .on("POST", "/**")
            .nth(1),
    );

    let limited = world.get("/api/names").await.unwrap();
    assert_eq!((limited.status().as_u16(), &limited.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    assert_eq!(limited.json::<Value>().await.unwrap(), json!({"toy": 429, "base": true}));
    let denied = world.get("/api/names").await.unwrap();
    assert_eq!((denied.status().as_u16(), denied.json().await.unwrap()), (403, json!({"toy": 403, "base": true})));

    assert_eq!(world.add("happened").await.unwrap().status(), 500);
    let gateway = world.add("did not happen").await.unwrap();
    assert_eq!((gateway.status().as_u16(), gateway.text().await.unwrap().as_str()), (502, "bad gateway"));
    assert_eq!(world.names().await, json!(["happened"]));
}

#[tokio::test]
async fn a_lost_answer_belongs_to_a_write_that_happened() {
    let world = World::new().await;
    world.arm(Fault::new(Defect::LostAnswer).on("POST", "/api/names").nth(1));
    let lost = world.add("a").await.unwrap_err();
    assert!(lost.is_request(), "{lost:?}");
    assert_eq!(world.names().await, json!(["a"]));
    let requests = world.served.requests().list();
    assert_eq!((requests[0].status, requests[0].faults.as_slice()), (None, &["lost-answer".to_owned()][..]));
    assert_eq!((requests[1].status, requests[1].faults.len()), (Some(200), 0));
}

#[tokio::test]
async fn a_reset_in_the_body_leaves_half_an_answer() {
    let world = World::new().await;
    world.add(&"long".repeat(1000)).await.unwrap();
    world.arm(Fault::new(Defect::ResetInBody).on("GET", "/api/names").nth(1));
    let mut answer = world.get("/api/names").await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut got = 0;
    let error = loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => got += chunk.len(),
            Ok(None) => panic!("the body came to an orderly end after {got} bytes"),
            Err(error) => break error,
        }
    };
    assert!(got < 4004 && (error.is_body() || error.is_decode()), "{got} bytes, then {error:?}");

    // An answer without a body is seen to be cut as well.
    world.arm(Fault::new(Defect::ResetInBody).on("POST", "/api/names").nth(1));
    let cut = world.add("b").await;
    assert!(match cut {
        Ok(answer) => answer.bytes().await.is_err(),
        Err(_) => true,
    });
}

#[tokio::test]
async fn lists_lie_in_all_the_known_ways() {
    let world = World::new().await;
    for name in ["a", "b", "c", "d"] {
        world.add(name).await.unwrap();
    }
    let list = |defect: Defect| world.arm(Fault::new(defect).on("GET", "/api/names").nth(1));

    list(Defect::TruncatedPage { keep: None });
    let page = world.get("/api/names").await.unwrap();
    assert_eq!(page.headers()["x-total-count"], "4");
    assert_eq!(page.json::<Value>().await.unwrap(), json!(["a", "b"]));
    world.served.lift_all();

    list(Defect::TruncatedPage { keep: Some(3) });
    assert_eq!(world.names().await, json!(["a", "b", "c"]));
    world.served.lift_all();

    world.arm(Fault::new(Defect::TruncatedPage { keep: Some(1) }).on("GET", "/api/page/*"));
    let page: Value = world.get("/api/page/1").await.unwrap().json().await.unwrap();
    assert_eq!(page, json!({"ok": true, "data": [1]}));

    list(Defect::EmptyList);
    assert_eq!(world.names().await, json!([]));
    list(Defect::NullList);
    world.served.lift(2);
    assert_eq!(world.names().await, Value::Null);
    list(Defect::EmptyBody);
    let empty = world.get("/api/names").await.unwrap();
    assert_eq!((empty.status().as_u16(), empty.bytes().await.unwrap().len()), (200, 0));
    list(Defect::Html { status: 200 });
    let html = world.get("/api/names").await.unwrap();
    assert_eq!(html.headers()["content-type"], "text/html; charset=utf-8");
    assert!(html.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    assert_eq!(world.names().await, json!(["a", "b", "c", "d"]));
}

#[tokio::test]
async fn a_row_that_moved_is_seen_twice_and_another_not_at_all() {
    let world = World::new().await;
    world.add("a").await.unwrap();
    world.add("b").await.unwrap();
    world.arm(Fault::new(Defect::MovedRow).on("GET", "/api/**"));
    // The toy answers every page with the whole list.
    let page =
        async |query: &str| world.get(&format!("/api/names?{query}")).await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(page("limit=2&page=2").await, json!(["a", "b"]), "nobody asked for the page before it");
    assert_eq!(page("limit=2&page=1").await, json!(["a", "b"]));
    assert_eq!(page("limit=2&page=2").await, json!(["b", "b"]));
    assert_eq!(page("first=0&max=2").await, json!(["a", "b"]));
    assert_eq!(page("first=2&max=2").await, json!(["b", "b"]));
}

#[tokio::test]
async fn a_stale_read_is_the_last_answer_before_the_write() {
    let world = World::new().await;
    world.add("a").await.unwrap();
    assert_eq!(world.names().await, json!(["a"]));
    world.arm(Fault::new(Defect::StaleRead).on("GET", "/api/names").times(2));
    world.add("b").await.unwrap();
    assert_eq!(world.names().await, json!(["a"]));
    assert_eq!(world.names().await, json!(["a"]));
    assert_eq!(world.names().await, json!(["a", "b"]));
}

#[tokio::test]
async fn tokens_expire_in_the_middle_until_the_fault_is_lifted() {
    let world = World::new().await;
    world.arm(Fault::new(Defect::ExpiredToken).on("GET", "/api/names").nth(2));
    assert_eq!(world.get("/api/names").await.unwrap().status(), 200);
    assert_eq!(world.get("/api/names").await.unwrap().status(), 401);
    assert_eq!(world.get("/api/names").await.unwrap().status(), 401);
    world.served.lift_all();
    assert_eq!(world.get("/api/names").await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_hanging_call_ends_with_the_callers_deadline_or_with_the_fault() {
    let world = World::new().await;
    world.arm(Fault::new(Defect::Hang).on("GET", "/api/names"));
    let request = world.client.get(format!("{}/api/names", world.served.base())).timeout(Duration::from_millis(30));
    assert!(request.send().await.unwrap_err().is_timeout());

    let held = tokio::spawn(world.client.get(format!("{}/api/names", world.served.base())).send());
    while world.served.requests().count() < 2 {
        tokio::task::yield_now().await;
    }
    world.served.lift_all();
    assert!(held.await.unwrap().is_err(), "lifting ends the call without an answer");

    world.arm(Fault::new(Defect::Hang));
    let held = tokio::spawn(world.client.get(format!("{}/api/names", world.served.base())).send());
    while world.served.requests().count() < 3 {
        tokio::task::yield_now().await;
    }
    world.served.stop().await;
    assert!(held.await.unwrap().is_err(), "stopping ends the call without an answer");
}

#[tokio::test]
async fn latency_adds_up_and_goes_with_another_defect() {
    let world = World::new().await;
    world.arm(Fault::new(Defect::Latency { ms: 20, up_to_ms: None, seed: 0 }));
    world.arm(Fault::new(Defect::Latency { ms: 10, up_to_ms: Some(15), seed: 3 }));
    world.arm(Fault::new(Defect::EmptyList));
    let begin = std::time::Instant::now();
    assert_eq!(world.names().await, json!([]));
    assert!(begin.elapsed() >= Duration::from_millis(30));
    assert_eq!(world.served.requests().list()[0].faults, ["latency", "latency", "empty-list"]);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let options = ServeOptions { body_limit: 10, ..Default::default() };
    let served = serve(Arc::new(Toy::default()), options).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let send = |body: &'static str| client.post(format!("{}/api/names", served.base())).body(body).send();
    assert_eq!(send("0123456789").await.unwrap().status(), 201);
    assert_eq!(send("0123456789+").await.unwrap().status(), 413);
}

#[tokio::test]
async fn the_control_address_arms_lists_and_lifts() {
    let world = World::new().await;
    let (status, armed) = world
        .control(
            "POST",
            "/faults",
            r#"{"when": {"path": "/api/**", "from": 2, "times": 1}, "then": {"fault": "status", "status": 503}}"#,
        )
        .await;
    assert_eq!(status, 201);
    assert_eq!(armed["faults"][0]["id"], 1);
    assert_eq!(world.get("/api/names").await.unwrap().status(), 200);
    assert_eq!(world.get("/api/names").await.unwrap().status(), 503);
    assert_eq!(world.get("/api/names").await.unwrap().status(), 200);
    let (_, faults) = world.control("GET", "/faults", "").await;
    assert_eq!((&faults["faults"][0]["matched"], &faults["faults"][0]["used"]), (&json!(3), &json!(1)));

    let (status, armed) =
        world.control("POST", "/faults", r#"[{"then": {"fault": "hang"}}, {"then": {"fault": "html"}}]"#).await;
    assert_eq!((status, armed["faults"].as_array().unwrap().len()), (201, 2));
    assert_eq!(world.control("DELETE", "/faults/2", "").await.1["lifted"][0]["id"], 2);
    assert_eq!(world.control("DELETE", "/faults/2", "").await.0, 404);
    assert_eq!(world.control("DELETE", "/faults", "").await.1["lifted"].as_array().unwrap().len(), 2);
    assert_eq!(world.control("GET", "/faults", "").await.1, json!({"faults": []}));
}

#[tokio::test]
async fn the_control_address_explains_what_it_refuses() {
    let world = World::new().await;
    let refused = [
        ("POST", "/faults", "{", 400, "cannot read the body: EOF"),
        ("POST", "/faults", r#"{"then": {"fault": "fire"}}"#, 400, "unknown variant `fire`, expected one of `latency`"),
        ("POST", "/faults", r#"{"then": {"fault": "hang"}, "whne": {}}"#, 400, "unknown field `whne`"),
        (
            "POST",
            "/faults",
            r#"{"then": {"fault": "hang"}, "when": {"from": 0}}"#,
            422,
            "\"from\" counts from 1, got 0",
        ),
        ("POST", "/clock", r#"{"advance_seconds": "1"}"#, 400, "invalid type: string"),
        ("POST", "/clock", r#"{"advance_seconds": 9000000000000}"#, 422, "lies within"),
        ("GET", "/nothing", "", 404, "no control route \"/__sandbox/nothing\""),
        ("PUT", "/reset", "", 405, "\"/__sandbox/reset\" does not take PUT"),
    ];
    for (method, path, body, status, error) in refused {
        let answer = world.control(method, path, body).await;
        assert_eq!(answer.0, status, "{method} {path} {body}: {}", answer.1);
        assert!(answer.1["error"].as_str().unwrap().contains(error), "{method} {path} {body}: {}", answer.1);
    }
    // Of a list with one bad fault none is armed.
    let half = r#"[{"then": {"fault": "hang"}}, {"then": {"fault": "hang"}, "when": {"every": 0}}]"#;
    assert_eq!(world.control("POST", "/faults", half).await.0, 422);
    assert!(world.served.faults().is_empty());
}

#[tokio::test]
async fn the_control_address_resets_counts_and_moves_the_clock() {
    let world = World::new().await;
    world.add("a").await.unwrap();
    world.get("/api/names?page=2").await.unwrap();
    let (_, requests) = world.control("GET", "/requests", "").await;
    assert_eq!(
        requests,
        json!({"count": 2, "requests": [
            {"number": 1, "method": "POST", "path": "/api/names", "status": 201},
            {"number": 2, "method": "GET", "path": "/api/names?page=2", "status": 200},
        ]})
    );
    world.control("POST", "/faults", r#"{"then": {"fault": "html"}}"#).await;
    assert_eq!(world.control("POST", "/reset", "").await, (200, json!({"service": "toy", "reset": true})));
    assert_eq!(world.names().await, json!([]));
    assert_eq!(world.control("GET", "/requests", "").await.1["count"], 1);
    assert_eq!(world.control("DELETE", "/requests", "").await.1["count"], 0);

    let before = world.served.clock().now();
    let (status, clock) = world.control("POST", "/clock", r#"{"advance_seconds": 3600}"#).await;
    assert_eq!((status, &clock["ahead_seconds"]), (200, &json!(3600)));
    assert!(world.served.clock().now() - before >= chrono::Duration::seconds(3600));
    assert_eq!(
        world.control("GET", "/credentials", "").await.1,
        json!({"admin token": {"Authorization": "token good"}})
    );
    assert_eq!(world.control("GET", "/", "").await.1["service"], "toy");
}

#[tokio::test]
async fn a_shared_clock_moves_for_all() {
    let clock = Arc::new(MovableClock::default());
    let options = || ServeOptions { clock: clock.clone(), ..Default::default() };
    let one = serve(Arc::new(Toy::default()), options()).await.unwrap();
    let other = serve(Arc::new(Toy::default()), options()).await.unwrap();
    one.clock().advance(chrono::Duration::hours(1));
    assert!(other.clock().now() - crate::runtime::sys::SystemClock.now() > chrono::Duration::minutes(59));
}

#[test]
fn matchers_pick_exactly_the_calls_they_name() {
    let hits = |fault: Fault, calls: &[(&str, &str)]| {
        let faults = Faults::default();
        faults.add(fault).unwrap();
        calls.iter().map(|(method, path)| faults.judge(method, path).defect.is_some()).collect::<Vec<_>>()
    };
    let html = || Fault::new(Defect::Html { status: 200 });
    let same = [("GET", "/a"); 7];
    assert_eq!(hits(html().nth(2), &same), [false, true, false, false, false, false, false]);
    assert_eq!(hits(html().from(2).every(2).times(2), &same), [false, true, false, true, false, false, false]);
    let paths = [("GET", "/a"), ("POST", "/a"), ("GET", "/a/b"), ("GET", "/a/b/c"), ("GET", "/ab")];
    assert_eq!(hits(html().on("GET", "/a"), &paths), [true, false, false, false, false]);
    assert_eq!(hits(html().on("get", "/a/*"), &paths), [false, false, true, false, false]);
    assert_eq!(hits(html().on("GET", "/a/**"), &paths), [false, false, true, true, false]);
    assert_eq!(hits(html().on("GET", "/**/c"), &paths), [false, false, false, true, false]);
    assert_eq!(hits(html().on("GET", "/a*"), &paths), [true, false, false, false, true]);
}

#[test]
fn of_two_faults_the_earlier_goes_first_and_the_later_keeps_its_turn() {
    let faults = Faults::default();
    faults.add(Fault::new(Defect::Hang).times(1)).unwrap();
    faults.add(Fault::new(Defect::NullList).times(1)).unwrap();
    let names: Vec<_> = (0..3).flat_map(|_| faults.judge("GET", "/").names).collect();
    assert_eq!(names, ["hang", "null-list"]);
}

#[test]
fn senseless_numbers_are_refused() {
    let faults = Faults::default();
    let refused = |fault: Fault| faults.add(fault).unwrap_err();
    assert_eq!(refused(Fault::new(Defect::Hang).chance(1.5, 0)), FaultError::Probability(1.5));
    assert!(matches!(refused(Fault::new(Defect::Hang).chance(f64::NAN, 0)), FaultError::Probability(_)));
    assert_eq!(refused(Fault::new(Defect::Html { status: 99 })), FaultError::Status(99));
    assert_eq!(
        refused(Fault::new(Defect::Latency { ms: 2, up_to_ms: Some(1), seed: 0 })),
        FaultError::Latency { ms: 2, up_to_ms: 1 }
    );
    assert!(faults.list().is_empty());
}

proptest! {
    /// The draw depends on seed and operation alone: not on ids, and not on how operations interleave.
    #[test]
    fn a_seed_fails_the_same_calls_again(seed: u64, order in prop::collection::vec(0_usize..3, 1..200)) {
        let operations = ["/users", "/users/7/keys", "/orgs"];
        let run = |order: &[usize], user: &str| {
            let faults = Faults::default();
            faults.add(Fault::new(Defect::Hang).chance(0.3, seed)).unwrap();
            let mut failed: BTreeMap<usize, Vec<bool>> = BTreeMap::new();
            for &n in order {
                let path = operations[n].replace('7', user);
                failed.entry(n).or_default().push(faults.judge("GET", &path).defect.is_some());
            }
            failed
        };
        let mut sorted = order.clone();
        sorted.sort_unstable();
        prop_assert_eq!(run(&order, "7"), run(&sorted, "0190f1d2-7c3e-4c5a-9b1e-3d2f1a0b9c8d"));
    }

    /// About the asked part of the calls fails.
    #[test]
    fn a_chance_is_about_as_great_as_it_says(seed: u64) {
        let faults = Faults::default();
        faults.add(Fault::new(Defect::Hang).chance(0.1, seed)).unwrap();
        let failed = (0..2000).filter(|_| faults.judge("GET", "/").defect.is_some()).count();
        prop_assert!((120..=290).contains(&failed), "{failed} of 2000");
    }

    /// A fault survives the way through JSON.
    #[test]
    fn faults_are_data(from in 1_u64.., every in 1_u64.., times: Option<u64>, seed: u64, applied: bool) {
        let mut fault = Fault::new(Defect::Status { status: 500, body: None, applied }).on("PUT", "/**").from(from).every(every);
        fault.when.times = times;
        let fault = fault.chance(0.5, seed);
        let text = serde_json::to_string(&fault).unwrap();
        prop_assert_eq!(serde_json::from_str::<Fault>(&text).unwrap(), fault);
    }
}
