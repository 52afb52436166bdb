//! An account without its role, and a token that is not ours: nothing is taken for gone.

use formulary::engine::model::FailureClass;
use serde_json::json;

use super::Tour;
use crate::documents::{organisation, person, team};
use crate::hand::{Hand, Proof, text};

async fn as_declared(tour: &mut Tour) {
    tour.write("acme", organisation("~acme").about("Number 0"));
    tour.write("core", team("~core", "~acme").with("mattermost-channels", "~core"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~core"]));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]));
    tour.any_leg("as declared").await;
}

/// To an account that is no system administrator the server says 200 and shows less, or nothing.
pub async fn without_the_role(tour: &mut Tour) {
    as_declared(tour).await;
    let plain = tour.make_user("~plain", None).await;
    let token = tour.post(&format!("/users/{plain}/tokens"), json!({ "description": "plain" })).await;
    let right = tour.secrets.insert("MATTERMOST_TOKEN", text(&token["token"]).to_owned()).unwrap();

    tour.remove("bob");
    tour.write("acme", organisation("~acme").about("Number 1"));
    let reading = tour.reading().await;
    let here: Vec<String> = reading.steps().into_iter().filter(|it| it.contains(" mattermost:")).collect();
    assert!(here.is_empty(), "{}", reading.shown());
    let unread: Vec<_> = reading.unread().into_iter().filter(|(scope, _)| scope.starts_with("mattermost:")).collect();
    assert!(unread.len() >= 5, "{unread:#?}");
    for (scope, failure) in unread {
        assert_eq!(failure.class, FailureClass::MissingRights, "{scope}: {failure:#?}");
        assert!(failure.help.contains("system-admin"), "{scope}: {failure:#?}");
    }

    tour.put(&format!("/users/{plain}/roles"), json!({ "roles": "system_user system_admin" })).await;
    tour.any_leg("with the role everything is done").await;
    assert_ne!(tour.user("~bob").await["delete_at"], json!(0));
    tour.secrets.insert("MATTERMOST_TOKEN", right);
    tour.put(&format!("/users/{plain}/roles"), json!({ "roles": "system_user" })).await;
}

pub async fn wrong_credentials(tour: &mut Tour) {
    as_declared(tour).await;
    tour.remove("bob");
    let right = tour.secrets.insert("MATTERMOST_TOKEN", "abcdefghijklmnopqrstuvwxyz".to_owned()).unwrap();
    let reading = tour.reading().await;
    let here: Vec<String> = reading.steps().into_iter().filter(|it| it.contains(" mattermost:")).collect();
    assert!(here.is_empty(), "{}", reading.shown());
    let unread = reading.unread();
    assert!(!unread.is_empty());
    for (scope, failure) in unread {
        assert_eq!(failure.class, FailureClass::MissingRights, "{scope}: {failure:#?}");
        assert!(failure.help.contains("token"), "{scope}: {failure:#?}");
    }
    tour.secrets.insert("MATTERMOST_TOKEN", right);
    tour.leg("the right one", &["disable mattermost:user/~bob", "disable idp:user/~bob"]).await;
}

/// A bot dies with its owner, and nothing at the server stops that. Not on a real server, where an administrator of the
/// test's own would have to be left behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_owns_our_bot_is_protected() {
    let mut tour = Tour::emulated().await;
    as_declared(&mut tour).await;
    let base = tour.served.as_ref().unwrap().base().to_owned();
    // Alice administers for a while and makes our bot, as somebody who sets Formulary up would.
    let alice = tour.user_id("~alice").await;
    tour.put(&format!("/users/{alice}/roles"), json!({ "roles": "system_user system_admin" })).await;
    let token = tour.post(&format!("/users/{alice}/tokens"), json!({ "description": "setting up" })).await;
    let as_alice = Hand::new(&base, Proof::Header(format!("Bearer {}", text(&token["token"]))));
    let bot = json!({ "username": tour.named("~daemon") });
    let bot = text(&as_alice.post("/api/v4/bots", bot).await.0["user_id"]).to_owned();
    tour.put(&format!("/users/{bot}/roles"), json!({ "roles": "system_user system_admin" })).await;
    let token = tour.post(&format!("/users/{bot}/tokens"), json!({ "description": "daemon" })).await;
    tour.secrets.insert("MATTERMOST_TOKEN", text(&token["token"]).to_owned());
    tour.any_leg("our account is another one now").await;

    tour.remove("alice");
    tour.leg("the owner leaves, and stays here", &["disable idp:user/~alice"]).await;
    assert_eq!(tour.user("~alice").await["delete_at"], json!(0));

    let me = text(&tour.api("/users/me").await["id"]).to_owned();
    tour.post(&format!("/bots/{bot}/assign/{me}"), json!({})).await;
    tour.leg("the bot has another owner", &["disable mattermost:user/~alice"]).await;
}
