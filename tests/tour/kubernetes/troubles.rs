//! Rights that are missing, tokens that are not ours, and answers that lie.

use formulary::engine::model::{FailureClass, Instance};
use formulary::provider::contract::Held;
use formulary::provider::emulator::faults::Fault;
use formulary::runtime::reconcile::rehearsal::rehearse;

use super::Tour;
use crate::legs::lies;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_are_not_ours_change_nothing_and_say_what_to_do() {
    let mut tour = Tour::emulated().await;
    tour.policy("Bash(dd *)");
    tour.any_leg("as declared").await;
    tour.policy("Bash(sudo *)");
    let ours = tour.secrets.insert("KUBERNETES_TOKEN", "rubbish".to_owned()).unwrap();
    for (token, told) in [("rubbish", "mint a new one"), ("sandbox-nobody-token", "deploy/kubernetes/role.yaml")] {
        tour.secrets.insert("KUBERNETES_TOKEN", token.to_owned());
        let reading = tour.reading().await;
        assert!(tour.reading().await.steps().is_empty(), "{}", reading.shown());
        let unread = reading.unread();
        assert!(!unread.is_empty());
        for (scope, failure) in unread {
            assert_eq!(failure.class, FailureClass::MissingRights, "{scope}: {failure:#?}");
            assert!(failure.help.contains(told), "{scope}: {failure:#?}");
        }
    }
    tour.secrets.insert("KUBERNETES_TOKEN", ours);
    tour.leg("the right one", &["update kubernetes:config-map/coder/~policy"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_right_is_asked_for_by_its_very_object() {
    let mut tour = Tour::emulated().await;
    tour.option("restart: [{ namespace: coder, deployment: gateway }]");
    let reading = tour.reading().await;
    let probe = reading.world.probes[&Instance::new("kubernetes")].as_ref().unwrap();
    let held = |name: &str| probe.rights.iter().find(|it| it.name.starts_with(name)).unwrap().held;
    assert_eq!(held("patch configmaps coder/"), Held::Yes);
    assert_eq!(held("patch deployments coder/gateway"), Held::No);
    assert!(probe.findings.iter().any(|it| it.what == "Kubernetes v1.37.2" && it.ok));
}

/// Whatever a read says, nothing is taken for absent that is not, and what is there is not made again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_lie_lead_to_nothing() {
    let mut tour = Tour::emulated().await;
    tour.policy("Bash(dd *)");
    tour.any_leg("as declared").await;
    let path = tour.path();
    for defect in lies() {
        let served = tour.served.as_ref().unwrap();
        served.arm(Fault::new(defect.clone()).on("GET", &path)).unwrap();
        let steps = tour.reading().await.steps();
        assert!(served.lift_all().iter().any(|armed| armed.used > 0), "nothing reads {path}");
        assert!(steps.is_empty(), "{defect:?}: {steps:#?}");
    }
    tour.nothing_left("the truth").await;
}

/// What the server would refuse is known before anything is done, by the server's own words.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_asks_the_server_and_changes_nothing() {
    let mut tour = Tour::emulated().await;
    tour.policy("Bash(dd *)");
    let refused = async |tour: &Tour| -> Vec<String> {
        let (platform, _) = tour.platform();
        let reading = tour.reading().await;
        rehearse(&platform, reading.plan()).await.iter().map(|it| it.failure.to_string()).collect()
    };
    assert_eq!(refused(&tour).await, [""; 0]);
    assert!(!tour.hand.sees(&tour.path()).await, "nothing was made");
    tour.any_leg("as declared").await;
    tour.policy("Bash(sudo *)");
    assert_eq!(refused(&tour).await, [""; 0]);
    // Somebody comes between the reading and the question.
    let (platform, _) = tour.platform();
    let reading = tour.reading().await;
    tour.edit(|map| map["data"]["managed-settings.json"] = "{}".into()).await;
    let refusals = rehearse(&platform, reading.plan()).await;
    let told = refusals.first().map(|it| it.failure.to_string()).unwrap_or_default();
    assert!(told.contains("conflict with \"kubectl-edit\" using v1"), "{told}");
    assert!(tour.data().await["managed-settings.json"] == "{}", "nothing was changed");
}
