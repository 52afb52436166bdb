//! How people sign in: by a password, through the identity provider, and from the one to the other.

use serde_json::json;

use super::Tour;
use crate::documents::{organisation, person};

pub async fn by_a_password(tour: &mut Tour) {
    tour.sign_in("password");
    tour.write("acme", organisation("~acme"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    tour.any_leg("made with a password that nobody knows").await;
    let alice = tour.user("~alice").await;
    assert_eq!(alice["auth_service"], json!(""));
    let id = tour.user_id("~alice").await;

    tour.write("alice", person("~alice", "Alice Chen-Diaz", &["~acme"]).email("~chen@tour.example"));
    tour.leg("name and address", &["update idp:user/~alice", "update mattermost:user/~alice"]).await;
    assert_eq!(tour.user("~alice").await["email"], json!(tour.named("~chen@tour.example")));
    tour.put(&format!("/users/{id}/patch"), json!({ "last_name": "Changed" })).await;
    tour.leg("changed by themselves", &["update mattermost:user/~alice"]).await;

    tour.remove("alice");
    let renamed = person("~alice-chen", "Alice Chen-Diaz", &["~acme"]).email("~chen@tour.example");
    tour.write("alice", renamed.with("previously", "~alice"));
    tour.leg("renamed", &["rename idp:user/~alice-chen", "update mattermost:user/~alice-chen"]).await;
    assert_eq!(tour.user_id("~alice-chen").await, id, "it is the same account");
    assert_eq!(tour.members("~acme").await, ["~alice-chen"]);
}

/// What sign-in writes is never drift.
pub async fn names_follow_at_next_sign_in(tour: &mut Tour) {
    tour.write("acme", organisation("~acme"));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme"]));
    tour.any_leg("as declared").await;
    let id = tour.user_id("~bob").await;

    tour.write("bob", person("~bob", "Robert Okafor", &["~acme"]).email("~robert@tour.example"));
    tour.leg("name and address", &["update idp:user/~bob"]).await;
    assert_eq!(tour.user("~bob").await["first_name"], json!("Bob"));

    tour.remove("bob");
    let renamed = person("~robert", "Robert Okafor", &["~acme"]).email("~robert@tour.example");
    tour.write("bob", renamed.with("previously", "~bob"));
    tour.leg("renamed", &["rename idp:user/~robert"]).await;
    assert_eq!(tour.user_id("~bob").await, id, "it keeps its old name there");
    let reading = tour.reading().await;
    let told = reading.plan().notes.iter().any(|note| note.check == "alias" && note.message.contains("next sign-in"));
    assert!(told, "{:#?}", reading.plan().notes);
    assert_eq!(tour.members("~acme").await, ["~bob"]);

    tour.write("core", crate::documents::team("~core", "~acme").with("mattermost-channels", "~core"));
    let renamed = person("~robert", "Robert Okafor", &["~acme", "~core"]).email("~robert@tour.example");
    tour.write("bob", renamed.with("previously", "~bob"));
    tour.any_leg("and joins under its old name").await;
    assert_eq!(tour.in_channel("~acme", "~core").await, ["~bob"]);
}

pub async fn from_a_password_to_the_identity_provider(tour: &mut Tour) {
    let id = tour.make_user("~alice", None).await;
    tour.write("acme", organisation("~acme"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    let first = tour.reading().await;
    let (adopt, bind) =
        (tour.named("adopt mattermost:user/~alice (adoptions)"), tour.named("update mattermost:user/~alice (sign-in)"));
    assert!(first.steps().contains(&adopt) && first.steps().contains(&bind), "{:#?}", first.steps());
    tour.any_leg("an account with the same name and address is taken over and bound, each by approval").await;
    let alice = tour.user("~alice").await;
    assert_eq!(alice["id"], json!(id));
    assert_eq!((&alice["auth_service"], &alice["auth_data"]), (&json!("gitlab"), &json!(tour.number("~alice"))));
}
