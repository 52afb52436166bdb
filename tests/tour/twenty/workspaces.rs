//! Workspaces of all sorts: without our fields, with other stages, with a key that may less.

use formulary::provider::contract::Provider;
use formulary::provider::twenty::TwentyProvider;
use formulary::provider::twenty::emulator::Settings;

use super::{Tour, failures, with_marks};
use crate::documents::person;
use crate::hand::text;

/// Traps 6 and 12: without the field of our mark a record is known by the ledger, its address and the id that we chose.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_our_fields() {
    let mut tour = Tour::of(Settings::default().unlimited(), "writer key").await;
    tour.company();
    tour.request();
    tour.any_leg("they come").await;
    let before = tour.contact("~alice").await;
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]).email("~ac@tour.example"));
    tour.leg("another address", &["update twenty:person/~alice"]).await;
    assert_eq!(tour.contact("~ac").await["id"], before["id"]);
    tour.remove("zoe");
    tour.leg("one leaves", &["disable twenty:person/~zoe (archives)"]).await;
    tour.write("zoe", person("~zoe", "Zoe Lang", &["~acme"]));
    tour.leg("and returns", &["restore twenty:person/~zoe"]).await;
    tour.forget().await;
    let steps = tour.reading().await.steps();
    assert!(steps.iter().all(|step| step.starts_with("adopt ")), "nothing is made twice: {steps:#?}");
    tour.any_leg("a lost ledger").await;
}

/// An administrator renames a stage: that is said with what it may be called now, and nothing is done to the deals.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_renamed_stage() {
    let stages = ["NEW", "MEETING", "CUSTOMERS"].map(str::to_owned).to_vec();
    let mut tour = Tour::of(Settings { stages, ..with_marks() }, "writer key").await;
    tour.company();
    tour.request();
    let reading = tour.reading().await;
    let said: Vec<String> = reading
        .world
        .diagnostics
        .iter()
        .map(|it| format!("{} {}", it.message, it.help.clone().unwrap_or_default()))
        .collect();
    assert!(
        said.iter().any(|it| it.contains("no stage 'CUSTOMER'") && it.contains("did you mean 'CUSTOMERS'")),
        "{said:#?}"
    );
    assert!(!reading.steps().iter().any(|step| step.contains("opportunity")), "{:#?}", reading.steps());
    tour.options("ended: CUSTOMER", "ended: CUSTOMERS");
    tour.any_leg("and then it goes on").await;
}

/// Each thing that a workspace or a key lacks has a sentence, and a way to put it right.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_doctor_says() {
    let tour = Tour::of(Settings::default().unlimited(), "writer key").await;
    let reading = tour.reading().await;
    let probe = reading.world.probes.values().next().unwrap().as_ref().unwrap();
    let wrong: Vec<&str> = probe.findings.iter().filter(|it| !it.ok).map(|it| it.what.as_str()).collect();
    assert_eq!(
        wrong,
        [
            "companies lack the field 'formularyKey' for our mark",
            "people lack the field 'formularyKey' for our mark",
            "opportunities lack the field 'formularyKey' for our mark",
        ]
    );
    assert!(probe.findings.iter().filter(|it| !it.ok).all(|it| it.help.contains("Settings, Data model")));
    assert!(probe.findings.iter().any(|it| it.what.starts_with("our key ends on ")), "{:#?}", probe.findings);

    let tour = Tour::of(with_marks(), "no-rights key").await;
    let reading = tour.reading().await;
    let probe = reading.world.probes.values().next().unwrap().as_ref().unwrap();
    let missing = probe.rights.iter().filter(|it| it.held == formulary::provider::contract::Held::No);
    let missing: Vec<&str> = missing.map(|it| it.name.as_str()).collect();
    assert_eq!(missing, ["read companies", "read people", "read opportunities", "read workspaceMembers"]);
    // Trap 16: it is a 400 there. Nothing is taken for absent.
    assert_eq!(reading.unread().len(), TwentyProvider.kinds().len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_may_only_read() {
    let mut tour = Tour::of(with_marks(), "reader key").await;
    tour.company();
    let failed = failures(&tour.attempt().await);
    assert!(!failed.is_empty() && failed.iter().all(|it| it.contains("permission")), "{failed:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_ended() {
    for (key, said) in [("revoked key", "revoked"), ("expired key", "expired"), ("forged", "invalid")] {
        let mut tour = Tour::of(with_marks(), key).await;
        if key == "revoked key" {
            tour.revoke(key).await;
        }
        tour.company();
        let reading = tour.reading().await;
        let failure = reading.world.probes.values().next().unwrap().as_ref().unwrap_err();
        assert!(failure.said.to_lowercase().contains(said) && failure.help.contains("Settings, APIs"), "{failure:?}");
        assert_eq!(reading.steps().len(), 0);
    }
}

/// Somebody else makes the record between plan and apply: it is not taken over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_taken_over_at_the_last_moment() {
    let mut tour = Tour::emulated().await;
    tour.company();
    tour.any_leg("they come").await;
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme"]));
    let plan = tour.reading().await;
    assert_eq!(plan.steps(), [tour.named("create twenty:person/~bob")]);
    let theirs = serde_json::json!({ "emails": { "primaryEmail": "~bob@tour.example" }, "jobTitle": "VP" });
    tour.make("people", theirs).await;
    let steps = tour.reading().await.steps();
    assert!(steps.contains(&tour.named("adopt twenty:person/~bob (adoptions)")), "{steps:#?}");
    assert_eq!(text(&tour.contact("~bob").await["jobTitle"]), "VP");
}
