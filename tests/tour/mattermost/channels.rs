//! Channels: what is kept true of them, and what is left to others.

use formulary::engine::model::FailureClass;
use serde_json::json;

use super::Tour;
use crate::documents::{Document, organisation, person, team};

async fn as_declared(tour: &mut Tour) {
    tour.write("acme", organisation("~acme").called("Acme"));
    tour.write("core", core());
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~core"]));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme"]));
    tour.any_leg("as declared").await;
}

fn core() -> Document {
    let core = team("~core", "~acme").called("Core platform").with("mattermost-channels", "~core, ~news:public");
    core.with("mattermost-purpose", "Where the core team talks")
}

pub async fn they_are_kept_true(tour: &mut Tour) {
    as_declared(tour).await;
    let core_channel = tour.channel("~acme", "~core").await;
    assert_eq!((&core_channel["type"], &core_channel["display_name"]), (&json!("P"), &json!("Core platform")));
    assert_eq!(tour.channel("~acme", "~news").await["type"], json!("O"));
    let id = tour.channel_id("~acme", "~core").await;

    let edits = json!({ "display_name": "Kern", "purpose": "Edited by hand", "header": "Not declared" });
    tour.put(&format!("/channels/{id}/patch"), edits).await;
    tour.leg("edited by hand", &["update mattermost:channel/~acme/~core"]).await;
    let now = tour.channel("~acme", "~core").await;
    assert_eq!((&now["display_name"], &now["purpose"]), (&json!("Core platform"), &json!("Where the core team talks")));
    assert_eq!(now["header"], json!("Not declared"), "what is not declared is left");

    tour.put(&format!("/channels/{id}/patch"), json!({ "name": tour.named("~kern") })).await;
    tour.leg("renamed by hand", &["rename mattermost:channel/~acme/~core"]).await;
    assert_eq!(tour.channel_id("~acme", "~core").await, id, "it is the same channel");

    tour.put(&format!("/channels/{id}/privacy"), json!({ "privacy": "O" })).await;
    tour.leg("made public by hand", &["update mattermost:channel/~acme/~core"]).await;
    assert_eq!(tour.channel("~acme", "~core").await["type"], json!("P"));

    tour.write("core", core().with("mattermost-header", "Runbook"));
    tour.leg(
        "a header is declared",
        &["update mattermost:channel/~acme/~core", "update mattermost:channel/~acme/~news"],
    )
    .await;

    let town = tour.channel_id("~acme", "town-square").await;
    tour.put(&format!("/channels/{town}/patch"), json!({ "display_name": "Plaza" })).await;
    tour.leg("what every team has is left alone", &[]).await;
}

pub async fn archived_ones_are_restored_and_never_made_again(tour: &mut Tour) {
    as_declared(tour).await;
    let (team, channel) = (tour.team_id("~acme").await, tour.channel_id("~acme", "~core").await);

    tour.delete(&format!("/channels/{channel}")).await;
    tour.attempt().await;
    assert_ne!(tour.channel("~acme", "~core").await["delete_at"], json!(0), "it waits");
    tour.leg("a channel archived", &["restore mattermost:channel/~acme/~core (opens access)"]).await;
    assert_eq!(tour.channel_id("~acme", "~core").await, channel);

    tour.delete(&format!("/teams/{team}")).await;
    tour.leg("a team archived", &["restore mattermost:team/~acme (opens access)"]).await;
    assert_eq!(tour.team_id("~acme").await, team);
    assert_eq!(tour.in_channel("~acme", "~core").await, ["~alice"]);

    tour.remove("core");
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    tour.any_leg("declared no more: archived").await;
    tour.leg("and left so, without a word", &[]).await;
    tour.write("core", core());
    tour.leg(
        "declared again: restored",
        &[
            "create idp:group/~acme/~core",
            "restore mattermost:channel/~acme/~core",
            "restore mattermost:channel/~acme/~news",
        ],
    )
    .await;
    assert_eq!(tour.channel_id("~acme", "~core").await, channel, "it is the same channel");
}

pub async fn into_a_public_one_others_may_walk(tour: &mut Tour) {
    as_declared(tour).await;
    let bob = tour.user_id("~bob").await;
    for name in ["~core", "~news"] {
        let channel = tour.channel_id("~acme", name).await;
        tour.post(&format!("/channels/{channel}/members"), json!({ "user_id": bob })).await;
    }
    tour.leg(
        "taken out of the private one, reported in the public one",
        &["delete mattermost:channel-member/~acme/~core/~bob"],
    )
    .await;
    let reading = tour.reading().await;
    let seen = tour.named("unowned mattermost:channel-member/~acme/~news/~bob");
    assert!(reading.changes().contains(&seen), "{:?}", reading.changes());
    assert_eq!(tour.in_channel("~acme", "~news").await, ["~alice", "~bob"]);
    tour.write("core", core().with("members", "authoritative"));
    tour.leg("unless somebody says so", &["delete mattermost:channel-member/~acme/~news/~bob"]).await;
}

/// `group_constrained: true` empties a team or channel; what is so is reported and left, and the key is never sent.
pub async fn group_constrained_ones_are_left_alone(tour: &mut Tour) {
    as_declared(tour).await;
    let channel = tour.channel_id("~acme", "~core").await;
    tour.put(&format!("/channels/{channel}/patch"), json!({ "group_constrained": true })).await;
    // The server takes everybody out a moment later.
    for _ in 0..200 {
        if tour.in_channel("~acme", "~core").await.is_empty() {
            break;
        }
        tokio::task::yield_now().await;
    }
    tour.leg("its people are left alone", &[]).await;
    let reading = tour.reading().await;
    let scope = tour.named("mattermost:channel-member/~acme/~core/*");
    let (_, failure) = reading.unread().into_iter().find(|(of, _)| *of == scope).expect("it is told");
    assert_eq!(failure.class, FailureClass::Refused);
    assert!(failure.said.contains("group constrained"), "{failure:#?}");
    assert_eq!(tour.channel("~acme", "~core").await["group_constrained"], json!(true), "we never write it");

    tour.put(&format!("/channels/{channel}/patch"), json!({ "group_constrained": false })).await;
    tour.leg(
        "opened again: its people come back by approval",
        &["create mattermost:channel-member/~acme/~core/~alice (opens access)"],
    )
    .await;
}
