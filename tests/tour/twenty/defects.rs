//! What only the emulator can be asked for: answers that lie or get lost, and the limit of calls.

use formulary::provider::emulator::faults::{Defect, Fault};
use formulary::provider::twenty::emulator::Settings;
use futures::future::join_all;
use serde_json::Value;

use super::{Tour, with_marks};
use crate::documents::person;
use crate::legs::lies;

/// Every list that a reading is made of, and the data model that tells which fields there are.
const READS: [(&str, &str); 5] = [
    ("GET", "/rest/companies"),
    ("GET", "/rest/people"),
    ("GET", "/rest/opportunities"),
    ("GET", "/rest/workspaceMembers"),
    ("POST", "/metadata"),
];

async fn as_declared(tour: &mut Tour) {
    tour.company();
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme"]));
    tour.request();
    tour.any_leg("as declared").await;
    tour.emulated.as_ref().unwrap().twenty.join("Bob", "Okafor", &tour.named("~bob@tour.example"));
    tour.any_leg("and he makes himself a login").await;
}

/// Traps 14, 16 and 17 among them: absence is proven by whole lists alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_lies_takes_nothing_away() {
    let wrong: Vec<String> = join_all(READS.map(lies_about)).await.concat();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is wrongly planned when one read lies in each way.
async fn lies_about((method, path): (&'static str, &'static str)) -> Vec<String> {
    let mut tour = Tour::emulated().await;
    as_declared(&mut tour).await;
    tour.remove("bob");
    let honest = tour.reading().await.removals();
    assert_eq!(honest.len(), 1, "bob leaves: {honest:?}");
    let served = &tour.emulated.as_ref().unwrap().served;
    let mut wrong = Vec::new();
    for defect in lies() {
        served.arm(Fault::new(defect.clone()).on(method, path)).unwrap();
        let reading = tour.reading().await;
        assert!(served.lift_all().iter().any(|armed| armed.used > 0), "nothing reads {path}");
        let steps = reading.steps().into_iter().filter(|it| it.starts_with("create") || it.starts_with("forget"));
        let removals = reading.removals().into_iter().filter(|it| !honest.contains(it));
        wrong.extend(steps.chain(removals).map(|it| format!("{path} {defect:?}: {it}")));
    }
    wrong
}

/// Traps 6 and 7: a deal has nothing unique, and still a lost answer makes nothing twice, because we choose the ids.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_makes_nothing_twice() {
    for settings in [with_marks(), Settings::default().unlimited()] {
        let mut tour = Tour::of(settings, "writer key").await;
        tour.company();
        tour.request();
        let served = &tour.emulated.as_ref().unwrap().served;
        for path in ["/rest/batch/companies", "/rest/batch/people", "/rest/batch/opportunities"] {
            served.arm(Fault::new(Defect::LostAnswer).on("POST", path).nth(1)).unwrap();
        }
        let mut undone = usize::MAX;
        for _ in 0..8 {
            undone = tour.try_all_with_recovery().await;
            if undone == 0 {
                break;
            }
        }
        assert_eq!(undone, 0);
        tour.nothing_left("in the end").await;
        for (plural, count) in [("companies", 1), ("people", 2), ("opportunities", 1)] {
            let all = tour.hand.get(&format!("/rest/{plural}")).await;
            assert_eq!(all["totalCount"], Value::from(count), "{plural}: {all:#}");
        }
    }
}

/// Traps 8 and 9: what others leave of a minute's calls is waited for, and nothing fails for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_others_used_up_are_waited_for() {
    let settings = Settings { calls_per_minute: Some(100), ..with_marks() };
    let mut tour = Tour::of(settings, "writer key").await;
    tour.company();
    for _ in 0..96 {
        tour.hand.get("/rest/companies?limit=1").await;
    }
    tour.any_leg("they come all the same").await;
    let served = &tour.emulated.as_ref().unwrap().served;
    let refused = served.requests().list().iter().filter(|request| request.status == Some(429)).count();
    assert!(refused > 0, "nobody was refused");
}
