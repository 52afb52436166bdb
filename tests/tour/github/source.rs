//! Tokens to fetch the mono-repo with: narrowed, kept while they last, and given the seconds that new ones need.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use formulary::engine::model::{FailureClass, Instance};
use formulary::provider::github::emulator::{GitHub as Emulator, Settings};
use formulary::provider::github::source::Tokens;
use formulary::provider::http::{Connection, Limits, NamedSecrets, Pace};
use formulary::runtime::reconcile::Site;
use formulary::runtime::sys::FixedEnvironment;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{APP, ORG, Tour};

fn tokens(tour: &Tour, repository: &str) -> Tokens {
    let limits = Limits::default();
    let connection = Connection {
        platform: "tour".to_owned(),
        instance: Instance::new("repository"),
        base: tour.served.base().parse().unwrap(),
        options: Value::Null,
        secrets: Arc::new(NamedSecrets::new([("app_id", "1001"), ("private_key", &Emulator::private_key())])),
        pace: Pace::of(&limits),
        limits,
        clock: tour.clock.clone(),
        meter: None,
    };
    Tokens::new(&connection, ("acme-corp", repository), None).unwrap()
}

async fn status(tour: &Tour, token: &str, path: &str) -> u16 {
    let client = reqwest::Client::builder().no_proxy().user_agent("tour").build().unwrap();
    let url = format!("{}{path}", tour.served.base());
    client.request(Method::GET, url).bearer_auth(token).send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_reads_one_repository_and_lasts_for_a_fetch() {
    let tour = Tour::of(Settings::default(), "").await;
    let tokens = tokens(&tour, "platform");
    let first = tokens.token().await.unwrap();
    assert_eq!(status(&tour, first.expose_secret(), "/repos/acme-corp/platform/contents/README.md").await, 200);
    assert_eq!(status(&tour, first.expose_secret(), "/repos/acme-corp/platform/hooks").await, 403);
    let before = tour.served.requests().count();
    assert_eq!(tokens.token().await.unwrap().expose_secret(), first.expose_secret());
    assert_eq!(tour.served.requests().count(), before, "nothing is asked while it lasts");
    // It is replaced while a fetch would still outlast it, and the old one is good until then.
    tour.clock.advance(chrono::Duration::minutes(55));
    let second = tokens.token().await.unwrap();
    assert_ne!(second.expose_secret(), first.expose_secret());
    assert_eq!(status(&tour, second.expose_secret(), "/repos/acme-corp/platform").await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_comes_with_what_to_do() {
    let tour = Tour::of(Settings::default(), "").await;
    let failure = tokens(&tour, "missing").token().await.unwrap_err();
    assert_eq!(failure.class, FailureClass::MissingRights);
    assert!(failure.help.contains("installs the App there, or gives it the repository"), "{failure:#?}");
    tour.hand.patch("/repos/acme-corp/platform", serde_json::json!({ "name": "people" })).await;
    let failure = tokens(&tour, "platform").token().await.unwrap_err();
    assert!(failure.said.contains("called otherwise now"), "{failure:#?}");
    tour.hand.patch("/repos/acme-corp/people", serde_json::json!({ "name": "platform" })).await;
    tour.emulator.suspend(APP, ORG, Some("alice"));
    let failure = tokens(&tour, "platform").token().await.unwrap_err();
    assert!(failure.said.contains("suspended") && failure.help.contains("by hand"), "{failure:#?}");
}

/// What a Git server hears of a fetch as an App: the user name that goes with such a token, and one that reads alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mono_repo_is_fetched_with_a_token_of_the_app() {
    let tour = Tour::of(Settings::default(), "").await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listening = Arc::clone(&heard);
    let app = axum::Router::new().fallback(move |headers: axum::http::HeaderMap| {
        let said = headers.get("authorization").and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
        listening.lock().unwrap().push(said);
        async { axum::http::StatusCode::NOT_FOUND }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let git = format!("http://{}/acme-corp/platform.git", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("formulary.yaml");
    let api = tour.served.base();
    let config = |credentials: &str| {
        let services = tour.config.split_once("services:").unwrap().1;
        let config = format!(
            "platform: tour\nrepository:\n  url: {git}\n  api: {api}\n  credentials: {credentials}\nservices:{services}"
        );
        std::fs::write(&path, config).unwrap();
        let environment = FixedEnvironment::default().with_file(&path, &std::fs::read_to_string(&path).unwrap());
        let environment = Arc::new(environment.with_variable("GITHUB_KEY", &Emulator::private_key()));
        Site::open(Some(&path), environment, tour.clock.clone()).unwrap_or_else(|problems| panic!("{problems:#?}"))
    };
    let site = config("{ app_id: \"1001\", private_key: env:GITHUB_KEY }");
    let fetch = async |site: &Site| site.snapshot(site.mono_repo().unwrap(), site.config.repository.as_ref()).await;
    fetch(&site).await.unwrap_err();
    let said = heard.lock().unwrap().pop().unwrap();
    let pair = STANDARD.decode(said.strip_prefix("Basic ").unwrap()).unwrap();
    let pair = String::from_utf8(pair).unwrap();
    let token = pair.strip_prefix("x-access-token:ghs_").map(|rest| format!("ghs_{rest}")).unwrap();
    assert_eq!(status(&tour, &token, "/repos/acme-corp/platform").await, 200);

    let site = config("{ private_key: env:GITHUB_KEY }");
    let error = fetch(&site).await.unwrap_err().to_string();
    assert!(error.contains("is that of an App, and none is named"), "{error}");
}

/// A token that is new may be refused for some seconds although it is good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_young_token_is_given_its_seconds() {
    let settings = Settings { early_refusal: 2, ..Settings::default() };
    let tour = Tour::of(settings, &super::options("")).await;
    let reading = tour.reading().await;
    let told = tour.probe(&reading).findings.iter().map(|it| it.what.clone()).collect::<Vec<_>>().join("\n");
    assert!(told.contains("has the number"), "{told}");
}
