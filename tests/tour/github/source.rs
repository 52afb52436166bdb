//! Tokens to fetch the mono-repo with: narrowed, kept while they last, and given the seconds that new ones need.

use std::sync::Arc;

use formulary::engine::model::{FailureClass, Instance};
use formulary::provider::github::emulator::{GitHub as Emulator, Settings};
use formulary::provider::github::source::Tokens;
use formulary::provider::http::{Connection, Limits, NamedSecrets, Pace};
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

/// A token that is new may be refused for some seconds although it is good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_young_token_is_given_its_seconds() {
    let settings = Settings { early_refusal: 2, ..Settings::default() };
    let tour = Tour::of(settings, &super::options("")).await;
    let reading = tour.reading().await;
    let told = tour.probe(&reading).findings.iter().map(|it| it.what.clone()).collect::<Vec<_>>().join("\n");
    assert!(told.contains("has the number"), "{told}");
}
