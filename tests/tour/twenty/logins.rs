//! Logins: people make them, and no key ends one.

use super::Tour;
use crate::documents::person;

/// Trap 11: a contact is no login, and no key makes or ends one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaver_with_a_login_stays_an_open_item() {
    let mut tour = Tour::emulated().await;
    tour.company();
    tour.any_leg("they come").await;
    let emulated = tour.emulated.as_ref().unwrap();
    emulated.twenty.join("Alice", "Chen", &tour.named("~Alice@tour.example"));
    emulated.twenty.join("Mallory", "", "mallory@elsewhere.example");
    tour.leg("she makes herself a login", &["adopt twenty:login/~alice@tour.example"]).await;
    let shadows = tour.reading().await.changes();
    assert!(shadows.contains(&"unowned twenty:login/mallory@elsewhere.example".to_owned()), "{shadows:#?}");

    tour.remove("alice");
    tour.any_leg("she leaves").await;
    let login = tour.named("twenty:login/~alice@tour.example");
    let why = tour.reading().await.why(&login);
    assert!(why.contains("remove the member by hand"), "{why}");
    assert!(tour.reading().await.shown().contains(&login));

    tour.emulated.as_ref().unwrap().twenty.leave(&tour.named("~Alice@tour.example"));
    tour.leg("somebody removes it", &["forget twenty:login/~alice@tour.example"]).await;

    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    tour.any_leg("she returns, without a login").await;
}
