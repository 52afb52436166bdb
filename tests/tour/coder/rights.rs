//! An account without its roles, and a token that is not ours: nothing is taken for gone.

use formulary::engine::model::FailureClass;

use super::{TERRAFORM, Tour};

pub async fn wrong_credentials(tour: &mut Tour) {
    tour.company();
    tour.any_leg("as declared").await;
    tour.remove("alice");
    let right = tour.secrets.insert("CODER_TOKEN", "abcdefghij-abcdefghijklmnopqrstuv".to_owned()).unwrap();
    let reading = tour.reading().await;
    assert!(tour.steps().await.is_empty(), "{}", reading.shown());
    let unread = reading.unread();
    assert!(!unread.is_empty());
    for (scope, failure) in unread {
        assert_eq!(failure.class, FailureClass::MissingRights, "{scope}: {failure:#?}");
        assert!(failure.help.contains("token"), "{scope}: {failure:#?}");
    }
    tour.secrets.insert("CODER_TOKEN", right);
    tour.leg("the right one", &["disable coder:user/~alice", "disable idp:user/~alice"]).await;
}

/// Trap 39: to a narrow account the server says 200 and shows less, or nothing. One role at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_may_less_takes_nothing_away_and_makes_nothing() {
    let mut tour = Tour::emulated().await;
    tour.company();
    tour.formula("1.0.0", TERRAFORM);
    tour.request(serde_json::json!({}));
    tour.any_leg("as declared").await;
    tour.remove("desk");
    // Some see everything and may not do all of it; others are shown less than there is.
    for (principal, sees) in [("ulla", false), ("tom", true), ("olga", true), ("alice", false)] {
        let (served, _) = tour.served.as_ref().unwrap();
        let token = served.credentials()[principal]["Coder-Session-Token"].clone();
        tour.secrets.insert("CODER_TOKEN", token);
        let reading = tour.reading().await;
        let made: Vec<String> = reading.steps().into_iter().filter(|it| it.starts_with("create coder:")).collect();
        assert!(made.is_empty(), "{principal}: {made:?}");
        let unread = reading.unread();
        assert_eq!(unread.is_empty(), sees, "{principal}: {unread:?}");
        for (scope, failure) in unread {
            assert_eq!(failure.class, FailureClass::MissingRights, "{principal} {scope}: {failure:#?}");
        }
    }
}
