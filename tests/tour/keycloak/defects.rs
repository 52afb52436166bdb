//! What only the emulator can be asked for: answers that lie, are cut, or do not come. Nothing may be taken for gone.

use formulary::provider::emulator::faults::{Defect, Fault};
use futures::future::join_all;

use super::Tour;
use crate::documents::{organisation, person, team};
use crate::legs::lies;

/// Every list, count and document that a reading is made of.
const READS: [&str; 14] = [
    "/admin/realms/*/users",
    "/admin/realms/*/users/count",
    "/admin/realms/*/users/profile",
    "/admin/realms/*/groups",
    "/admin/realms/*/groups/count",
    "/admin/realms/*/groups/*/children",
    "/admin/realms/*/groups/*/members",
    "/admin/realms/*/organizations",
    "/admin/realms/*/organizations/count",
    "/admin/realms/*/organizations/*/members",
    "/admin/realms/*/organizations/*/members/count",
    "/admin/realms/*/clients",
    "/admin/realms/*/client-scopes",
    "/admin/realms/*/roles",
];

/// Answers that come in one piece.
const UNPAGED: [&str; 4] = [
    "/admin/realms/*/users/profile",
    "/admin/realms/*/clients",
    "/admin/realms/*/client-scopes",
    "/admin/realms/*/roles",
];

async fn as_declared(tour: &mut Tour) {
    tour.configure(
        "
      roles:
        - { name: developer, description: Writes code. }
      client_scopes:
        - name: corp
          mappers:
            - { name: groups, type: oidc-group-membership-mapper, config: { \"claim.name\": groups } }
      clients:
        - { client_id: wiki, redirect_uris: [\"https://wiki.tour.example/callback\"] }
      profile_attributes:
        - { name: formulary.ledger }
",
    );
    let acme = organisation("acme").with("keycloak-organization", "true").with("email-domains", "tour.example");
    tour.write("acme", acme);
    tour.write("core", team("core", "acme"));
    for (name, called) in [("alice", "Alice Chen"), ("bob", "Bob Okafor"), ("carol", "Carol Diaz")] {
        tour.write(name, person(name, called, &["acme", "core"]));
    }
    tour.any_leg("as declared").await;
    tour.any_leg("with marks, now that the profile declares them").await;
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
    tour.remove("carol");
    tour.config = tour.config.replace("roles:\n        - { name: developer, description: Writes code. }", "roles: []");
    // Where they are read by themselves, these two are to go all the same.
    let (carol, developer) = ("disable keycloak:user/carol", "delete keycloak:role/developer");
    let honest = tour.reading().await.removals();
    assert_eq!(honest, [carol, developer]);
    let unproven = match path {
        "/admin/realms/*/users" | "/admin/realms/*/users/count" => carol,
        "/admin/realms/*/roles" => developer,
        _ => "",
    };
    let served = tour.served.as_ref().unwrap();
    let mut wrong = Vec::new();
    for defect in lies() {
        let cuts = matches!(defect, Defect::TruncatedPage { .. });
        // A count cannot be cut; and what comes unpaged has no other proof than that it came.
        let uncut = path.ends_with("/count") || UNPAGED.contains(&path);
        if cuts && uncut {
            continue;
        }
        served.arm(Fault::new(defect.clone()).on("GET", path)).unwrap();
        let reading = tour.reading().await;
        assert!(served.lift_all().iter().any(|armed| armed.used > 0), "nothing reads {path}");
        let removals = reading.removals();
        let made = reading.steps().into_iter().filter(|it| it.starts_with("create") && !it.contains("member"));
        wrong.extend(removals.into_iter().filter(|it| !honest.contains(it) || it == unproven).chain(made));
        wrong
            .iter_mut()
            .filter(|it| !it.contains(" by "))
            .for_each(|it| it.push_str(&format!(" by {path} {defect:?}")));
    }
    wrong
}

/// A list of members comes without pages or count: its only proof is that it came. So what we know and it does not show
/// is looked at by itself, before it is forgotten or taken for removed by somebody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_list_of_members_forgets_nobody() {
    let mut tour = Tour::emulated().await;
    as_declared(&mut tour).await;
    tour.write("carol", person("carol", "Carol Diaz", &["acme"]));
    let empty = Fault::new(Defect::EmptyList).on("GET", "/admin/realms/*/groups/*/members");
    tour.served.as_ref().unwrap().arm(empty).unwrap();
    let reading = tour.reading().await;
    assert!(reading.steps().is_empty(), "{}", reading.shown());
    let unread = reading.unread();
    assert!(unread.iter().all(|(_, it)| it.said.contains("which is there")) && !unread.is_empty(), "{unread:#?}");
    tour.served.as_ref().unwrap().lift_all();
    tour.leg("read whole", &["delete keycloak:membership/acme/core/carol"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_expires_in_the_middle_is_renewed() {
    let mut tour = Tour::emulated().await;
    as_declared(&mut tour).await;
    tour.remove("carol");
    let served = tour.served.as_ref().unwrap();
    served.arm(Fault::new(Defect::ExpiredToken).on("GET", "/admin/realms/*/groups").nth(1)).unwrap();
    served.arm(Fault::new(Defect::ExpiredToken).on("PUT", "/admin/realms/*/users/*").nth(1)).unwrap();
    tour.leg("in reading and in writing", &["disable keycloak:user/carol"]).await;
    assert_eq!(tour.served.as_ref().unwrap().lift_all().iter().map(|armed| armed.used).sum::<u64>(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_settled_by_reading() {
    let mut tour = Tour::emulated().await;
    as_declared(&mut tour).await;
    let served = tour.served.as_ref().unwrap();
    served.arm(Fault::new(Defect::LostAnswer).on("POST", "/admin/realms/*/users").nth(1)).unwrap();
    served.arm(Fault::new(Defect::ResetInBody).on("PUT", "/admin/realms/*/users/*/groups/*").nth(1)).unwrap();
    tour.write("dana", person("dana", "Dana Lindqvist", &["acme", "core"]));
    tour.any_leg("made once").await;
    assert_eq!(tour.groups_of("dana").await, ["/acme", "/acme/core"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_down_is_waited_for() {
    let mut tour = Tour::emulated().await;
    as_declared(&mut tour).await;
    tour.remove("carol");
    tour.served.take().unwrap().stop().await;
    let reading = tour.reading().await;
    assert!(reading.steps().is_empty(), "{}", reading.shown());
    assert!(!reading.unread().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_answers_html_is_no_keycloak() {
    let mut tour = Tour::emulated().await;
    as_declared(&mut tour).await;
    tour.remove("carol");
    tour.served.as_ref().unwrap().arm(Fault::new(Defect::Html { status: 200 })).unwrap();
    let reading = tour.reading().await;
    assert!(reading.steps().is_empty(), "{}", reading.shown());
    let unread = reading.unread();
    assert!(unread.iter().all(|(_, it)| it.help.contains("check that the URL")), "{unread:#?}");
}
