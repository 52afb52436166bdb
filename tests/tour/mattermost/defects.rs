//! What only the emulator can be asked for: answers that lie, are cut, or do not come. Nothing may be taken for gone.

use formulary::provider::emulator::faults::{Defect, Fault};
use futures::future::join_all;
use serde_json::json;

use super::Tour;
use crate::documents::{organisation, person, team};
use crate::legs::lies;

/// Every list that a reading is made of, with what it alone proves.
const READS: [&str; 6] = [
    "/api/v4/users",
    "/api/v4/users/stats/filtered",
    "/api/v4/teams",
    "/api/v4/teams/*/members",
    "/api/v4/channels",
    "/api/v4/users/me",
];

async fn as_declared(tour: &mut Tour) {
    tour.write("acme", organisation("~acme"));
    tour.write("core", team("~core", "~acme").with("mattermost-channels", "~core"));
    for (name, called) in [("alice", "Alice Chen"), ("bob", "Bob Okafor"), ("carol", "Carol Diaz")] {
        tour.write(name, person(&format!("~{name}"), called, &["~acme", "~core"]));
    }
    tour.any_leg("as declared").await;
}

/// Each read on a tour of its own, because some answers are asked for again after a pause.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_lies_takes_nothing_away() {
    let wrong: Vec<String> = join_all(READS.map(lies_about)).await.concat();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is wrongly planned when one read lies in each way.
async fn lies_about(path: &str) -> Vec<String> {
    let mut tour = Tour::emulated().await;
    as_declared(&mut tour).await;
    let mallory = tour.make_user("~mallory", None).await;
    let (team, channel) = (tour.team_id("~acme").await, tour.channel_id("~acme", "~core").await);
    tour.post(&format!("/teams/{team}/members"), json!({ "team_id": team, "user_id": mallory })).await;
    tour.post(&format!("/channels/{channel}/members"), json!({ "user_id": mallory })).await;
    tour.remove("carol");
    let honest = tour.reading().await.removals();
    assert_eq!(honest.len(), 3, "carol leaves twice, and mallory is taken out: {honest:?}");
    let served = tour.served.as_ref().unwrap();
    let mut wrong = Vec::new();
    for defect in lies() {
        served.arm(Fault::new(defect.clone()).on("GET", path)).unwrap();
        let reading = tour.reading().await;
        assert!(served.lift_all().iter().any(|armed| armed.used > 0), "nothing reads {path}");
        let removals = reading.removals();
        wrong.extend(removals.iter().filter(|it| !honest.contains(it)).map(|it| format!("{path} {defect:?}: {it}")));
        let made = reading.steps().into_iter().filter(|it| it.starts_with("create"));
        wrong.extend(made.map(|it| format!("{path} {defect:?}: {it}")));
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_settled_by_reading() {
    let mut tour = Tour::emulated().await;
    as_declared(&mut tour).await;
    let served = tour.served.as_ref().unwrap();
    served.arm(Fault::new(Defect::LostAnswer).on("POST", "/api/v4/users").nth(1)).unwrap();
    served.arm(Fault::new(Defect::ResetInBody).on("POST", "/api/v4/channels/*/members").nth(1)).unwrap();
    tour.write("dana", person("~dana", "Dana Lindqvist", &["~acme", "~core"]));
    tour.any_leg("made once").await;
    assert_eq!(tour.in_channel("~acme", "~core").await, ["~alice", "~bob", "~carol", "~dana"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_revoked_in_the_middle_stops_everything_there() {
    let mut tour = Tour::emulated().await;
    as_declared(&mut tour).await;
    tour.remove("carol");
    let served = tour.served.as_ref().unwrap();
    served.arm(Fault::new(Defect::ExpiredToken).on("GET", "/api/v4/teams/*/members").nth(1)).unwrap();
    let reading = tour.reading().await;
    assert!(!reading.unread().is_empty(), "{}", reading.shown());
    let wrong: Vec<String> = reading.removals().into_iter().filter(|it| it.contains(" mattermost:")).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_down_is_waited_for() {
    let mut tour = Tour::emulated().await;
    as_declared(&mut tour).await;
    tour.remove("carol");
    tour.served.take().unwrap().stop().await;
    let reading = tour.reading().await;
    let here: Vec<String> = reading.steps().into_iter().filter(|it| it.contains(" mattermost:")).collect();
    assert!(here.is_empty(), "{}", reading.shown());
    assert!(!reading.unread().is_empty());
}
