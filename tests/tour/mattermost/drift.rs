//! What somebody does behind our back: what only closes is repaired at once, what opens waits for a word.

use serde_json::json;

use super::Tour;
use crate::documents::{organisation, person, team};

async fn as_declared(tour: &mut Tour) {
    let acme = organisation("~acme").called("Acme").about("The company.").with("mattermost-open", "false");
    tour.write("acme", acme);
    tour.write("core", team("~core", "~acme").with("mattermost-channels", "~core"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~core"]));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]));
    tour.any_leg("as declared").await;
}

pub async fn what_closes_is_repaired_at_once(tour: &mut Tour) {
    as_declared(tour).await;
    let team = tour.team_id("~acme").await;
    let invitation = tour.api("/teams/name/~acme").await["invite_id"].clone();

    tour.put(&format!("/teams/{team}/patch"), json!({ "description": "Edited by hand" })).await;
    tour.leg("described anew", &["update mattermost:team/~acme"]).await;
    assert_eq!(tour.api("/teams/name/~acme").await["description"], json!("The company."));
    assert_eq!(tour.api("/teams/name/~acme").await["invite_id"], invitation, "the invitation stands");

    tour.put(&format!("/teams/{team}/privacy"), json!({ "privacy": "O" })).await;
    tour.leg("opened to everybody", &["update mattermost:team/~acme"]).await;
    assert_eq!(tour.api("/teams/name/~acme").await["allow_open_invite"], json!(false));

    let mallory = tour.make_user("~mallory", None).await;
    tour.post(&format!("/teams/{team}/members"), json!({ "team_id": team, "user_id": mallory })).await;
    let channel = tour.channel_id("~acme", "~core").await;
    tour.post(&format!("/channels/{channel}/members"), json!({ "user_id": mallory })).await;
    tour.leg("somebody was added", &["delete mattermost:channel-member/~acme/~core/~mallory"]).await;
    assert_eq!(tour.in_channel("~acme", "~core").await, ["~alice", "~bob"]);
    assert_eq!(tour.members("~acme").await, ["~alice", "~bob", "~mallory"], "the organisation's team is only reported");
    assert_eq!(tour.user("~mallory").await["delete_at"], json!(0), "the shadow account is only reported");

    tour.remove("bob");
    tour.any_leg("somebody leaves").await;
    let bob = tour.user_id("~bob").await;
    tour.put(&format!("/users/{bob}/active"), json!({ "active": true })).await;
    tour.leg("and is switched on again by somebody", &["disable mattermost:user/~bob"]).await;
}

pub async fn what_opens_waits(tour: &mut Tour) {
    as_declared(tour).await;
    let (alice, bob, team) = (tour.user_id("~alice").await, tour.user_id("~bob").await, tour.team_id("~acme").await);

    tour.put(&format!("/users/{alice}/active"), json!({ "active": false })).await;
    tour.attempt().await;
    assert_ne!(tour.user("~alice").await["delete_at"], json!(0), "it waits");
    let reading = tour.reading().await;
    let step = reading.plan().steps.iter().find(|step| step.address.leaf() == tour.named("~alice")).unwrap();
    assert!(step.why.contains("personal access tokens"), "it says what would wake: {}", step.why);
    tour.leg("an account switched off", &["restore mattermost:user/~alice (opens access)"]).await;

    tour.delete(&format!("/teams/{team}/members/{bob}")).await;
    tour.leg(
        "a membership removed, and the channels with it",
        &[
            "create mattermost:team-member/~acme/~bob (opens access)",
            "create mattermost:channel-member/~acme/~core/~bob (opens access)",
        ],
    )
    .await;
    assert_eq!(tour.in_channel("~acme", "~core").await, ["~alice", "~bob"]);

    let other = json!({ "auth_service": "gitlab", "auth_data": super::strange_number() });
    tour.put(&format!("/users/{alice}/auth"), other).await;
    tour.leg("an account bound to somebody else", &["update mattermost:user/~alice (sign-in)"]).await;
    assert_eq!(tour.user("~alice").await["auth_data"], json!(tour.number("~alice")));
}

/// Sign-in, or somebody, gives an account another name: it is a conflict for a person to settle, and meanwhile nobody is
/// thrown out of anything for the name that they have now.
pub async fn whoever_has_another_name_there_keeps_their_places(tour: &mut Tour) {
    tour.sign_in("password");
    as_declared(tour).await;
    let bob = tour.user_id("~bob").await;
    tour.put(&format!("/users/{bob}/patch"), json!({ "username": tour.named("~robert") })).await;
    tour.leg("renamed by somebody", &[]).await;
    let reading = tour.reading().await;
    let conflict = tour.named("conflict mattermost:user/~bob");
    assert!(reading.changes().contains(&conflict), "{:?}", reading.changes());
    assert_eq!(tour.in_channel("~acme", "~core").await, ["~alice", "~robert"]);
}
