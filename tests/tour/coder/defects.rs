//! What only the emulator can be asked for: answers that lie, jobs that hang, provisioners that are not there.

use formulary::provider::emulator::faults::{Defect, Fault};
use formulary::runtime::reconcile::StepOutcome;
use futures::future::join_all;
use serde_json::json;

use super::{TERRAFORM, Tour, failures};
use crate::documents::person;
use crate::legs::lies;
use formulary::provider::coder::emulator::Settings;

/// Every list that a reading is made of, and what alone proves it.
const READS: [(&str, &str); 7] = [
    ("GET", "/api/v2/organizations/*/groups"),
    ("GET", "/api/v2/organizations/*/settings/idpsync/groups"),
    ("GET", "/api/v2/users"),
    ("GET", "/api/v2/templates"),
    ("GET", "/api/v2/templates/*/versions"),
    ("GET", "/api/v2/workspaces"),
    ("POST", "/api/v2/authcheck"),
];

async fn as_declared(tour: &mut Tour) {
    tour.company();
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme"]));
    tour.formula("1.0.0", TERRAFORM);
    tour.request(json!({}));
    tour.any_leg("as declared").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_lies_takes_nothing_away() {
    let wrong: Vec<String> = join_all(READS.map(lies_about)).await.concat();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is wrongly planned when one read lies in each way.
async fn lies_about((method, path): (&'static str, &'static str)) -> Vec<String> {
    let mut tour = Tour::of(Settings::licensed()).await;
    tour.with_groups();
    as_declared(&mut tour).await;
    tour.remove("bob");
    let honest = tour.reading().await.removals();
    assert_eq!(honest.len(), 2, "bob leaves twice: {honest:?}");
    let (served, _) = tour.served.as_ref().unwrap();
    let mut wrong = Vec::new();
    for defect in lies() {
        served.arm(Fault::new(defect.clone()).on(method, path)).unwrap();
        let reading = tour.reading().await;
        assert!(served.lift_all().iter().any(|armed| armed.used > 0), "nothing reads {path}");
        let removals = reading.removals();
        wrong.extend(removals.iter().filter(|it| !honest.contains(it)).map(|it| format!("{path} {defect:?}: {it}")));
        let made = reading.steps().into_iter().filter(|it| it.starts_with("create"));
        wrong.extend(made.map(|it| format!("{path} {defect:?}: {it}")));
    }
    wrong
}

/// Traps 31 and 40: lost answers make nothing twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_makes_nothing_twice() {
    let mut tour = Tour::emulated().await;
    tour.company();
    tour.formula("1.0.0", TERRAFORM);
    tour.request(json!({}));
    let (served, _) = tour.served.as_ref().unwrap();
    for path in ["/api/v2/users", "/api/v2/organizations/*/templateversions", "/api/v2/users/*/workspaces"] {
        served.arm(Fault::new(Defect::LostAnswer).on("POST", path).nth(1)).unwrap();
    }
    // Each of the three costs a turn, and what needs it waits for the next.
    let mut undone = usize::MAX;
    for _ in 0..8 {
        undone = tour.try_all_with_recovery().await;
        if undone == 0 {
            break;
        }
    }
    assert_eq!(undone, 0);
    tour.nothing_left("in the end").await;
    let desks = tour.api("/workspaces").await;
    assert_eq!(desks["workspaces"].as_array().unwrap().len(), 1, "{desks}");
    let jobs = tour.api("/organizations/default/provisionerjobs").await;
    let imports = jobs.as_array().unwrap().iter().filter(|it| it["type"] == "template_version_import").count();
    assert_eq!(imports, 1, "{jobs:#}");
}

/// Traps 34 and 48.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_provisioner_it_is_told_at_once() {
    let mut tour = Tour::emulated().await;
    tour.company();
    tour.any_leg("people first").await;
    tour.formula("1.0.0", TERRAFORM);
    tour.hook("provisioners", json!({ "count": 0 })).await;
    let failed = failures(&tour.try_all().await);
    assert!(failed.len() == 1 && failed[0].ends_with("no provisioner could import it"), "{failed:#?}");
}

/// A build that hangs holds up nobody else, and is left to the next run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_hangs_is_left_and_found_again() {
    let mut tour = Tour::emulated().await;
    tour.company();
    tour.formula("1.0.0", TERRAFORM);
    tour.any_leg("a formula").await;
    tour.config = tour.config.replace("    retention_days", "    limits: { patience_minutes: 0 }\n    retention_days");
    tour.hook("jobs", json!({ "next": "hang" })).await;
    tour.request(json!({}));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme"]));
    let attempt = tour.attempt().await;
    let pending = attempt.outcome.steps.iter().filter(|it| matches!(it.outcome, StepOutcome::Pending { .. }));
    assert_eq!(
        pending.map(|it| it.address.to_string()).collect::<Vec<_>>(),
        [tour.named("coder:workspace/~alice/~desk")]
    );
    assert_eq!(attempt.outcome.exit(), 4);
    assert!(tour.sees("/users/~bob").await, "nobody else waits for it");
}

/// A build that fails tells why, and what is left of it is ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_fails_tells_why() {
    let mut tour = Tour::emulated().await;
    tour.company();
    tour.formula("1.0.0", TERRAFORM);
    tour.any_leg("a formula").await;
    tour.hook("jobs", json!({ "next": "fail", "error": "no node has a free GPU" })).await;
    tour.request(json!({}));
    let failed = failures(&tour.try_all().await);
    assert!(failed.len() == 1 && failed[0].contains("no node has a free GPU"), "{failed:#?}");
    let steps = tour.steps().await;
    assert!(steps.iter().all(|it| !it.contains("(adoptions)")), "{steps:?}");
}
