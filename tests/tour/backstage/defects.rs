//! Answers that lie or get lost, rights that are missing one at a time, and what calls cost.

use formulary::engine::model::FailureClass;
use formulary::provider::emulator::faults::{Defect, Fault};

use super::Tour;
use super::troubles::failures;
use crate::legs::lies;

/// Every list that a reading is made of.
const READS: [(&str, &str); 2] = [("GET", "/api/catalog/entities/by-query"), ("GET", "/api/catalog/locations")];

async fn as_declared(tour: &mut Tour) {
    tour.people("~acme", &["~alice", "~bob"]);
    tour.formula("~lab", "The lab");
    tour.publish();
    tour.any_leg("as declared").await;
}

/// Absence is proven by whole lists alone, and what is ours and missing is looked at by itself.
pub async fn an_answer_that_lies_takes_nothing_away(tour: &mut Tour) {
    as_declared(tour).await;
    tour.remove_at("users/~acme/~bob.yaml");
    tour.remove_at("formulas/~lab/backstage-template.yaml");
    tour.publish();
    let honest = tour.reading().await.removals();
    assert_eq!(honest, [tour.named("delete backstage:location/formulas/~lab/backstage-template.yaml")]);
    let mut wrong = Vec::new();
    for (method, path) in READS {
        for defect in lies() {
            let served = tour.served();
            served.arm(Fault::new(defect.clone()).on(method, path)).unwrap();
            let reading = tour.reading().await;
            assert!(tour.served().lift_all().iter().any(|armed| armed.used > 0), "nothing reads {path}");
            let steps = reading.steps().into_iter().filter(|it| it.starts_with("create") || it.starts_with("forget"));
            // A location that is not known to be without people is one with people.
            let honest = |it: &String| honest.iter().any(|honest| it.starts_with(honest.as_str()));
            let removals = reading.removals().into_iter().filter(|it| !honest(it));
            wrong.extend(steps.chain(removals).map(|it| format!("{path} {defect:?}: {it}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What was sent and taken is found again, and never sent twice.
pub async fn a_lost_answer_registers_nothing_twice(tour: &mut Tour) {
    tour.people("~acme", &["~alice"]);
    tour.formula("~lab", "The lab");
    tour.publish();
    let served = tour.served();
    // Each file is read once before it is registered, on the same route.
    for n in [1, 3, 4] {
        served.arm(Fault::new(Defect::LostAnswer).on("POST", "/api/catalog/locations").nth(n)).unwrap();
    }
    served.arm(Fault::new(Defect::LostAnswer).on("POST", "/api/catalog/refresh").nth(1)).unwrap();
    in_the_end(tour).await;
    assert_eq!(tour.locations().await.len(), 2);
    tour.remove_at("formulas/~lab/backstage-template.yaml");
    tour.publish();
    tour.served().arm(Fault::new(Defect::LostAnswer).on("DELETE", "/api/catalog/locations/*").nth(1)).unwrap();
    in_the_end(tour).await;
    assert_eq!(tour.locations().await.len(), 1);
}

async fn in_the_end(tour: &Tour) {
    let mut undone = usize::MAX;
    for _ in 0..8 {
        undone = tour.try_all_with_recovery().await;
        // What went with a location is forgotten by the run after.
        if undone == 0 && tour.reading().await.steps().is_empty() {
            break;
        }
    }
    assert_eq!(undone, 0);
    tour.nothing_left("in the end").await;
}

/// Section 4: a restriction is told without a word, so that the route tells which right lacks.
pub async fn a_missing_right_is_named(tour: &mut Tour) {
    as_declared(tour).await;
    for (method, path, right) in [
        ("POST", "/api/catalog/refresh", "catalog.entity.refresh"),
        ("POST", "/api/catalog/locations", "catalog.location.create"),
        ("DELETE", "/api/catalog/locations/*", "catalog.location.delete"),
    ] {
        match right {
            "catalog.location.create" => tour.formula("~web", "The web"),
            "catalog.location.delete" => tour.remove_at("formulas/~lab/backstage-template.yaml"),
            _ => tour.person("~acme", "~alice", "Alice Chen"),
        }
        tour.publish();
        tour.served().arm(Fault::new(Defect::MissingRights).on(method, path)).unwrap();
        let told = failures(&tour.attempt().await);
        tour.served().lift_all();
        assert!(told.iter().any(|it| it.contains(right)), "{path}: {told:#?}");
    }
    let honest = tour.reading().await.removals();
    for (method, path) in READS {
        tour.served().arm(Fault::new(Defect::MissingRights).on(method, path)).unwrap();
        let reading = tour.reading().await;
        tour.served().lift_all();
        let unread = reading.unread();
        assert!(unread.iter().any(|(_, it)| it.class == FailureClass::MissingRights), "{path}: {unread:#?}");
        let wrong: Vec<String> = reading.removals().into_iter().filter(|it| !honest.contains(it)).collect();
        assert!(wrong.is_empty(), "{wrong:#?}\n{}", reading.shown());
    }
    in_the_end(tour).await;
}

/// A steady cycle costs its pages; whoever comes into one folder costs one refresh together.
pub async fn calls_are_few(tour: &mut Tour) {
    as_declared(tour).await;
    for number in 0..30 {
        tour.person("~acme", &format!("~p{number}"), "Some Body");
    }
    tour.publish();
    tour.served().requests().reset();
    tour.any_leg("they come").await;
    let calls = tour.served().requests().list();
    let refreshes = calls.iter().filter(|it| it.path == "/api/catalog/refresh").count();
    assert_eq!(refreshes, 1, "one for all of them");
    tour.served().requests().reset();
    tour.nothing_left("a steady cycle").await;
    let cost = tour.served().requests().count();
    assert!(cost <= 1 + 1 + 10, "{cost} calls");
}
