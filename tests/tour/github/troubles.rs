//! Keys and clocks that are wrong, rights one at a time, names that moved, limits, and answers that lie or are lost.

use std::collections::BTreeSet;

use formulary::engine::model::FailureClass;
use formulary::provider::contract::Held;
use formulary::provider::emulator::faults::{Defect, Fault};
use formulary::provider::github::emulator::{Level, Limits, Permissions, Settings};
use serde_json::json;

use super::{APP, ORG, Tour, options};
use crate::legs::lies;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_not_the_apps_changes_nothing_and_is_told() {
    let mut tour = Tour::new().await;
    tour.any_leg("linked").await;
    for (key, said) in [("rubbish", "no RSA key"), ("", "")] {
        tour.secrets.insert("GITHUB_KEY", key.to_owned());
        let reading = tour.reading().await;
        assert!(reading.steps().is_empty(), "{}", reading.shown());
        let unread = reading.unread();
        assert!(!unread.is_empty());
        for (scope, failure) in unread {
            assert_eq!(failure.class, FailureClass::MissingRights, "{scope}: {failure:#?}");
            assert!(failure.said.contains(said) && !failure.said.contains("BEGIN"), "{scope}: {failure:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_right_is_asked_for_and_accepted_by_itself() {
    let all = [("contents", Level::Read), ("metadata", Level::Read), ("repository_hooks", Level::Read)];
    for missing in 0..all.len() {
        let tour = Tour::of(Settings::default(), &options("      webhook: http://127.0.0.1:1/x\n")).await;
        let held: Vec<_> = all.into_iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, it)| it).collect();
        tour.emulator.accept(APP, ORG, Permissions::of(&held));
        let reading = tour.reading().await;
        let probe = tour.probe(&reading);
        for (at, (name, _)) in all.iter().enumerate() {
            let right = probe.rights.iter().find(|it| it.name == format!("{name}:read")).unwrap();
            assert_eq!(right.held, if at == missing { Held::No } else { Held::Yes }, "{right:#?}");
            assert!(right.grant.contains("accepts the App's new permissions at"), "{right:#?}");
        }
    }
}

/// 201 and an empty 200 are all that an App without permissions is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_without_permissions_is_found_out() {
    let tour = Tour::of(Settings::default(), &options("")).await;
    tour.emulator.accept(APP, ORG, Permissions::default());
    let reading = tour.reading().await;
    let probe = tour.probe(&reading);
    assert!(probe.rights.iter().all(|right| right.held == Held::No));
    assert!(probe.findings.iter().any(|it| !it.ok && it.what.contains("cannot be read")), "{:#?}", probe.findings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_app_and_a_repository_that_was_not_given_are_told() {
    let tour = Tour::of(Settings::default(), &options("")).await;
    let findings = async |tour: &Tour| {
        let reading = tour.reading().await;
        let bad =
            tour.probe(&reading).findings.iter().filter(|it| !it.ok).map(|it| format!("{}; {}", it.what, it.help));
        bad.collect::<Vec<_>>()
    };
    assert_eq!(findings(&tour).await, [""; 0]);
    tour.emulator.suspend(APP, ORG, Some("alice"));
    assert!(findings(&tour).await[0].contains("our App is suspended at 'acme-corp'; by hand"));
    tour.emulator.suspend(APP, ORG, None);
    tour.emulator.give(APP, ORG, &BTreeSet::new());
    assert!(findings(&tour).await[0].contains("the mono-repo 'acme-corp/platform' cannot be read"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renamed_repository_is_told_by_its_number_and_not_followed() {
    let mut tour = Tour::of(Settings::default(), &options("")).await;
    tour.hand.patch("/repos/acme-corp/platform", json!({ "name": "people" })).await;
    let reading = tour.reading().await;
    let told = tour.probe(&reading).findings.iter().map(|it| it.what.clone()).collect::<Vec<_>>().join("\n");
    assert!(told.contains("it is called 'acme-corp/people' now (number "), "{told}");
    // Somebody takes the old name, and then it is another repository.
    let config = tour.config.clone();
    let number = tour.hand.get("/repos/acme-corp/people").await["id"].clone();
    tour.browser(json!({ "repositories": [{ "name": "acme-corp/platform", "commits": [{ "message": "a" }] }] }));
    tour.config = format!("{config}      repository_id: {number}\n");
    let reading = tour.reading().await;
    let told = tour.probe(&reading).findings.iter().map(|it| it.what.clone()).collect::<Vec<_>>().join("\n");
    assert!(told.contains("another repository has that name"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_that_differ_are_found_out_and_allowed_for() {
    for ahead in [-600, 600] {
        let tour = Tour::of(Settings::default(), &options("")).await;
        // The server's clock alone moves: ours is the machine's.
        tour.clock.advance(chrono::Duration::seconds(ahead));
        let mut stage = crate::stage::Stage::new(
            "",
            vec![&formulary::provider::github::GitHubProvider],
            std::sync::Arc::new(formulary::runtime::sys::SystemClock),
        )
        .await;
        stage.config = tour.config.clone();
        stage.secrets = tour.secrets.clone();
        let reading = stage.reading().await;
        let told = tour.probe(&reading).findings.iter().map(|it| it.what.clone()).collect::<Vec<_>>().join("\n");
        assert!(
            told.contains("our clock is ") && told.contains("the mono-repo 'acme-corp/platform' has the number"),
            "{told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_waited_for_by_the_next_cycle() {
    let limits = Limits { hourly: 4, ..Limits::default() };
    let tour = Tour::of(Settings { limits: Some(limits), ..Settings::default() }, "").await;
    let mut reading = tour.reading().await;
    for _ in 0..3 {
        reading = tour.reading().await;
    }
    let unread = reading.unread();
    assert!(!unread.is_empty() && reading.steps().is_empty(), "{}", reading.shown());
    for (scope, failure) in unread {
        assert_eq!(failure.class, FailureClass::Later, "{scope}: {failure:#?}");
        assert!(failure.retry_after.is_some_and(|wait| wait > 60), "{failure:#?}");
    }
    tour.clock.advance(chrono::Duration::minutes(61));
    assert!(tour.reading().await.unread().is_empty());
}

/// Whatever a read says, nothing is taken for gone that is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_lie_or_are_lost_lead_to_nothing() {
    let tour = Tour::new().await;
    tour.any_leg("linked").await;
    for defect in lies() {
        // What the service itself would say of an App that nobody installed: it is told as that, and changes nothing.
        tour.served.arm(Fault::new(defect.clone()).on("GET", "/app/installations")).unwrap();
        let steps = tour.reading().await.steps();
        assert!(tour.served.lift_all().iter().any(|armed| armed.used > 0), "nothing reads the list");
        assert!(steps.is_empty(), "{defect:?}: {steps:#?}");
    }
    tour.nothing_left("the truth").await;
    tour.served.arm(Fault::new(Defect::ExpiredToken).on("GET", "/app").times(1)).unwrap();
    tour.nothing_left("a signature that is refused once").await;
}

/// A token whose answer was lost is asked for again: two are no worse than one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_whose_answer_was_lost_is_asked_for_again() {
    let tour = Tour::of(Settings::default(), &options("")).await;
    for defect in [Defect::LostAnswer, Defect::ResetInBody, Defect::Html { status: 502 }] {
        tour.served.arm(Fault::new(defect).on("POST", "/app/installations/*/access_tokens").times(1)).unwrap();
        let reading = tour.reading().await;
        assert!(tour.probe(&reading).findings.iter().all(|it| it.ok), "{:#?}", tour.probe(&reading).findings);
        assert_eq!(tour.served.lift_all()[0].used, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_enterprise_server_is_reached_at_its_own_addresses() {
    let web = "      web: https://git.acme.example\n";
    let tour = Tour::of(Settings::enterprise_server(), &format!("{}{web}", options(""))).await;
    tour.emulator.uninstall(APP, ORG);
    let told = tour.told().await;
    assert!(told.contains("https://git.acme.example/github-apps/formulary/installations/new?state="), "{told}");
    tour.browser(json!({ "installations": [{ "app": APP, "account": ORG }] }));
    tour.any_leg("installed").await;
    let reading = tour.reading().await;
    assert_eq!(tour.probe(&reading).capabilities.version.as_deref(), Some("3.19.2"));
}
