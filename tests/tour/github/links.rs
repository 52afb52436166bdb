//! The link of an installation from state to state, and the webhook of the mono-repo.

use formulary::provider::github::emulator::Settings;
use serde_json::json;

use super::{APP, ORG, Tour, options, person};
use crate::documents::person as document;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_is_installed_is_taken_note_of_once() {
    let tour = Tour::new().await;
    tour.leg("installed already", &["adopt github:installation/acme-corp/formulary"]).await;
    // One list of installations, and what probing asks: nothing is asked account by account.
    let before = tour.served.requests().count();
    tour.nothing_left("once more").await;
    assert!(tour.served.requests().count() - before <= 3, "{:#?}", tour.served.requests().list());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_pending_then_linked_then_suspended_then_gone_and_nothing_is_made() {
    let tour = Tour::new().await;
    tour.emulator.uninstall(APP, ORG);
    let told = tour.told().await;
    let link = "/apps/formulary/installations/new?state=acme-corp.";
    assert!(told.contains("our App is not installed at 'acme-corp'") && told.contains(link), "{told}");
    assert_eq!(told, tour.told().await, "the state stays the same, so that plans do");

    tour.browser(json!({ "installations": [{ "app": APP, "account": ORG }] }));
    tour.leg("an owner installs it", &["adopt github:installation/acme-corp/formulary"]).await;
    tour.emulator.suspend(APP, ORG, Some("alice"));
    let told = tour.told().await;
    assert!(told.contains("suspended at 'acme-corp' by alice"), "{told}");
    tour.emulator.suspend(APP, ORG, None);
    tour.nothing_left("it works again").await;
    tour.emulator.uninstall(APP, ORG);
    assert!(tour.told().await.contains("our App is not installed at 'acme-corp'"));
    // Installed again it has another number, and is the same account's.
    tour.browser(json!({ "installations": [{ "app": APP, "account": ORG }] }));
    tour.nothing_left("installed again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_has_a_link_too_and_whoever_names_none_has_none() {
    let mut tour = Tour::new().await;
    tour.any_leg("the organisation").await;
    tour.browser(person("carol-gh"));
    tour.write("carol", document("carol", "Carol", &["acme"]).with("github", "carol-gh"));
    tour.write("dave", document("dave", "Dave", &["acme"]));
    let told = tour.told().await;
    assert!(told.contains("our App is not installed at 'carol-gh'") && !told.contains("dave"), "{told}");
    tour.browser(json!({ "installations": [{ "app": APP, "account": "carol-gh" }] }));
    tour.leg("she installs it", &["adopt github:installation/carol-gh/formulary"]).await;
    // Declared no more it stays for her to take away, and is told until it is gone.
    tour.remove("carol");
    assert!(tour.told().await.contains("uninstalls it"));
    tour.emulator.uninstall(APP, "carol-gh");
    tour.any_leg("gone").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_whose_login_somebody_else_took_is_not_ours_any_more() {
    let tour = Tour::new().await;
    tour.any_leg("linked").await;
    tour.emulator.uninstall(APP, ORG);
    tour.hand.patch("/repos/acme-corp/platform", json!({ "name": "platform" })).await;
    // The organisation was renamed, and its login is another one's.
    tour.emulator.rename_account(ORG, "acme-of-old");
    tour.browser(json!({
        "accounts": [{ "login": ORG, "organization": true }],
        "installations": [{ "app": APP, "account": ORG }],
    }));
    let reading = tour.reading().await;
    assert!(reading.shown().contains("the one we knew had"), "{}", reading.shown());
    assert!(!reading.plan().waiting.is_empty(), "somebody has to look at it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_told_as_what_is_missing_of_it() {
    let webhook = "http://127.0.0.1:1/webhooks/github";
    let tour = Tour::of(Settings::default(), &options(&format!("      webhook: {webhook}\n"))).await;
    tour.any_leg("the App").await;
    let told = tour.told().await;
    assert!(told.contains("no webhook leads to") && told.contains("acme-corp/platform/settings/hooks"), "{told}");
    let hooks = "/repos/acme-corp/platform/hooks";
    let (hook, _) = tour.hand.post(hooks, json!({ "config": { "url": webhook } })).await;
    assert!(tour.told().await.contains("the webhook sends forms"));
    let path = format!("{hooks}/{}", hook["id"]);
    tour.hand.patch(&path, json!({ "config": { "url": webhook, "content_type": "json" } })).await;
    assert!(tour.told().await.contains("the webhook has no secret"));
    tour.hand.patch(&path, json!({ "config": { "url": webhook, "content_type": "json", "secret": "s" } })).await;
    tour.leg("as it should be", &["adopt github:webhook/acme-corp/platform/push"]).await;
    tour.hand.patch(&path, json!({ "events": ["issues"] })).await;
    assert!(tour.told().await.contains("does not tell of pushes"));
    tour.hand.patch(&path, json!({ "events": ["push"], "active": false })).await;
    assert!(tour.told().await.contains("switched off"));
}
