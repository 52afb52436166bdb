//! The one right, and credentials that are not ours: nothing is taken for gone.

use formulary::engine::model::FailureClass;

use super::Tour;
use crate::documents::{organisation, person, team};

async fn as_declared(tour: &mut Tour) {
    tour.write("acme", organisation("~acme").called("~Acme"));
    tour.write("core", team("~core", "~acme"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~core"]));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]));
    tour.any_leg("as declared").await;
}

/// Nothing is read, so that nothing is planned, and the failure says what to do.
async fn nothing_is_known(tour: &Tour, class: FailureClass, help: &str) {
    let attempt = tour.attempt().await;
    assert!(attempt.reading.steps().is_empty(), "{}", attempt.reading.shown());
    let unread = attempt.reading.unread();
    assert!(!unread.is_empty());
    for (scope, failure) in unread {
        assert_eq!(failure.class, class, "{scope}: {failure:#?}");
        assert!(failure.help.contains(help), "{scope}: {failure:#?}");
    }
}

/// A token is given all the same, without its scope: that is seen before anything is asked with it.
pub async fn without_the_role(tour: &mut Tour) {
    as_declared(tour).await;
    tour.revoke().await;
    tour.remove("bob");
    nothing_is_known(tour, FailureClass::MissingRights, "Logto Management API access").await;
    tour.grant().await;
    tour.leg("with the role again", &["disable logto:user/~bob"]).await;
}

pub async fn wrong_credentials(tour: &mut Tour) {
    as_declared(tour).await;
    tour.remove("bob");
    let right = tour.secrets.insert("LOGTO_SECRET", "wrong".to_owned()).unwrap();
    nothing_is_known(tour, FailureClass::MissingRights, "client_secret").await;
    tour.secrets.insert("LOGTO_SECRET", right);
    let config = tour.config.replace(&tour.ours.clone(), "nobody");
    let right = std::mem::replace(&mut tour.config, config);
    nothing_is_known(tour, FailureClass::MissingRights, "client_id").await;
    tour.config = right;
    tour.leg("the right ones", &["disable logto:user/~bob"]).await;
}

/// The address of the server is not what tokens are asked for.
pub async fn a_wrong_indicator(tour: &mut Tour) {
    as_declared(tour).await;
    tour.remove("bob");
    tour.configure("      resource: https://id.tour.example/api\n");
    nothing_is_known(tour, FailureClass::Refused, "options.resource").await;
}
