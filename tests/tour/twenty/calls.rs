//! What calls cost, where a hundred a minute is all that there are.

use chrono::Duration;
use formulary::engine::model::Completeness;

use super::{Tour, with_marks};
use crate::documents::person;

/// Pages of 200, and what any service may cost beside its lists.
fn bound(contacts: u64) -> u64 {
    contacts.div_ceil(200).max(1) + 3 + 10
}

fn people(tour: &mut Tour, from: usize, to: usize) {
    for number in from..to {
        tour.write(&format!("p{number}"), person(&format!("~p{number}"), "Some Body", &["~acme"]));
    }
}

/// Trap 8.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_go_sixty_at_once_and_a_steady_cycle_costs_its_pages() {
    let mut tour = Tour::emulated().await;
    tour.company();
    let mut from = 0;
    for to in [58, 298, 448] {
        people(&mut tour, from, to);
        let (new, contacts) = ((to - from) as u64, to as u64 + 2);
        let made = if from == 0 { new + 2 } else { new };
        let requests = |tour: &Tour| tour.emulated.as_ref().unwrap().served.requests().count();
        let predicted: u32 = tour.reading().await.plan().steps.iter().map(|step| step.calls).sum();
        tour.emulated.as_ref().unwrap().served.requests().reset();
        tour.attempt().await.expect_done("they come");
        // Each sixty of them: one look at who holds the addresses, one creation; the data model once.
        let written = 2 * made.div_ceil(60) + if from == 0 { 3 } else { 1 };
        let cost = requests(&tour);
        assert!(cost <= bound(contacts) + written, "{cost} calls to make {made}");
        assert!(written.abs_diff(predicted.into()) <= 1, "{predicted} calls were predicted, {written} were allowed");
        tour.emulated.as_ref().unwrap().served.requests().reset();
        tour.nothing_left("a steady cycle").await;
        let cost = requests(&tour);
        assert!(cost <= bound(contacts), "{cost} calls with {contacts} contacts");
        from = to;
    }
}

/// Between two full readings only what changed is asked for; it shows what was changed and thrown away, and proves nothing
/// absent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_full_readings_only_what_changed_is_read() {
    let mut tour = Tour::of(with_marks(), "writer key").await;
    tour.company();
    people(&mut tour, 0, 250);
    tour.any_leg("they come").await;
    let whole = |reading: &crate::stage::Reading| {
        let of_people = reading.world.observations.iter().find(|it| it.scope.kind.as_str() == "person").unwrap();
        matches!(of_people.completeness, Completeness::Complete(_))
    };
    assert!(!whole(&tour.reading().await), "the list was read whole a moment ago");
    let zoe = tour.contact("~zoe").await;
    tour.change("people", &zoe, serde_json::json!({ "companyId": null })).await;
    let alice = tour.contact("~alice").await;
    tour.throw_away("people", &alice, false).await;
    let steps = tour.reading().await.steps();
    let expected = ["restore twenty:person/~alice (opens access)", "update twenty:person/~zoe"];
    assert_eq!(steps, expected.map(|step| tour.named(step)));
    // Somebody new is made although the list was not read whole: one look proves that they are not there.
    people(&mut tour, 250, 251);
    tour.any_leg("somebody new").await;
    // A leaver waits for a whole reading.
    tour.remove("p0");
    assert_eq!(tour.reading().await.steps(), Vec::<String>::new());
    tour.emulated.as_ref().unwrap().clock.advance(Duration::minutes(61));
    let reading = tour.reading().await;
    assert!(whole(&reading));
    assert_eq!(reading.steps(), [tour.named("disable twenty:person/~p0 (archives)")]);
}
