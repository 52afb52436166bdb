//! People and teams: every change that the mono-repo can ask for.

use serde_json::json;

use super::Tour;
use crate::documents::{organisation, person, team};
use crate::hand::text;

pub async fn they_join_move_leave_and_return(tour: &mut Tour) {
    tour.nothing_left("an empty mono-repo").await;

    tour.write("acme", organisation("~acme").called("Acme").about("The company."));
    tour.leg("an empty organisation", &["create mattermost:team/~acme", "create idp:group/~acme"]).await;
    let acme = tour.api("/teams/name/~acme").await;
    assert_eq!((&acme["display_name"], &acme["description"]), (&json!("Acme"), &json!("The company.")));
    assert_eq!((&acme["type"], &acme["allow_open_invite"]), (&json!("I"), &json!(false)));

    tour.write("core", team("~core", "~acme").with("mattermost-channels", "~core, ~alerts"));
    tour.write("alice", person("~alice", "Alice Mary Chen", &["~acme", "~core"]));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme"]));
    tour.leg(
        "people join",
        &[
            "create idp:group/~acme/~core",
            "create idp:user/~alice",
            "create idp:user/~bob",
            "create idp:number/mattermost_id/~alice",
            "create idp:number/mattermost_id/~bob",
            "create idp:membership/~acme/~alice",
            "create idp:membership/~acme/~bob",
            "create idp:membership/~acme/~core/~alice",
            "create mattermost:user/~alice",
            "create mattermost:user/~bob",
            "create mattermost:team-member/~acme/~alice",
            "create mattermost:team-member/~acme/~bob",
            "create mattermost:channel/~acme/~core",
            "create mattermost:channel/~acme/~alerts",
            "create mattermost:channel-member/~acme/~core/~alice",
            "create mattermost:channel-member/~acme/~alerts/~alice",
        ],
    )
    .await;
    let alice = tour.user("~alice").await;
    assert_eq!((&alice["auth_service"], &alice["auth_data"]), (&json!("gitlab"), &json!(tour.number("~alice"))));
    assert_eq!((&alice["first_name"], &alice["last_name"]), (&json!("Alice"), &json!("Mary Chen")));
    assert_eq!(tour.members("~acme").await, ["~alice", "~bob"]);
    assert_eq!(tour.in_channel("~acme", "~core").await, ["~alice"]);

    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]));
    tour.write("alice", person("~alice", "Alice Mary Chen", &["~acme"]));
    tour.leg(
        "moved between teams",
        &[
            "create idp:membership/~acme/~core/~bob",
            "delete idp:membership/~acme/~core/~alice",
            "create mattermost:channel-member/~acme/~core/~bob",
            "create mattermost:channel-member/~acme/~alerts/~bob",
            "delete mattermost:channel-member/~acme/~core/~alice",
            "delete mattermost:channel-member/~acme/~alerts/~alice",
        ],
    )
    .await;

    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]).with("services", "-mattermost"));
    tour.leg(
        "taken out of this service only",
        &["disable mattermost:user/~bob", "forget idp:number/mattermost_id/~bob"],
    )
    .await;
    assert_ne!(tour.user("~bob").await["delete_at"], json!(0));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]));
    tour.leg(
        "placed here again, with the same number",
        &["adopt idp:number/mattermost_id/~bob", "restore mattermost:user/~bob"],
    )
    .await;

    tour.remove("alice");
    tour.leg("somebody leaves", &["disable idp:user/~alice", "disable mattermost:user/~alice"]).await;
    assert_eq!(tour.members("~acme").await, ["~alice", "~bob"], "a leaver's memberships stay");
    tour.write("alice", person("~alice", "Alice Mary Chen", &["~acme"]));
    tour.leg("and returns", &["restore idp:user/~alice", "restore mattermost:user/~alice"]).await;

    tour.write("labs", organisation("~labs"));
    tour.write("bob", person("~bob", "Bob Okafor", &["~labs"]));
    tour.any_leg("into another organisation: out of the team and all of its channels").await;
    assert_eq!(tour.members("~acme").await, ["~alice"]);
    assert_eq!(tour.members("~labs").await, ["~bob"]);

    tour.remove("core");
    tour.leg(
        "a team is declared no more",
        &[
            "delete idp:group/~acme/~core (deletions)",
            "disable mattermost:channel/~acme/~core (archives)",
            "disable mattermost:channel/~acme/~alerts (archives)",
        ],
    )
    .await;
    assert_ne!(tour.channel("~acme", "~core").await["delete_at"], json!(0), "archived, not deleted");
}

pub async fn extents(tour: &mut Tour) {
    tour.write("acme", organisation("~acme").about("As it was."));
    tour.write("seen", person("~seen", "Only Seen", &["~acme"]).with("manage", "observe"));
    tour.any_leg("never written").await;
    assert!(!tour.hand.sees(&tour.named("/api/v4/users/username/~seen")).await);

    tour.write("acme", organisation("~acme").about("As it was.").with("manage", "create-only"));
    let id = tour.team_id("~acme").await;
    tour.put(&format!("/teams/{id}/patch"), json!({ "description": "Changed" })).await;
    tour.leg("differences are reported only", &[]).await;
    let reading = tour.reading().await;
    let drifted = tour.named("drifted mattermost:team/~acme");
    assert!(reading.changes().contains(&drifted), "{:?}", reading.changes());

    tour.write("acme", organisation("~acme").with("manage", "release"));
    tour.remove("seen");
    tour.any_leg("released").await;
    tour.remove("acme");
    tour.leg("gone from the mono-repo, and not touched", &[]).await;
    assert_eq!(tour.api("/teams/name/~acme").await["delete_at"], json!(0));
}

pub async fn what_was_there_is_adopted(tour: &mut Tour) {
    tour.write("acme", organisation("~acme").called("Acme").with("services", "idp"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]).with("services", "idp, mattermost"));
    tour.any_leg("known to the identity provider, with a number").await;
    let alice = tour.user_id("~alice").await;
    let team = json!({ "name": tour.named("~acme"), "display_name": "Old name", "type": "O" });
    let id = text(&tour.post("/teams", team).await["id"]).to_owned();
    tour.post(&format!("/teams/{id}/members"), json!({ "team_id": id, "user_id": alice })).await;
    tour.forget().await;

    tour.write("acme", organisation("~acme").called("Acme"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    let first = tour.reading().await;
    assert!(first.plan().waiting.iter().any(|group| group.name == "mattermost: adoptions"), "{}", first.shown());
    tour.any_leg("adopted").await;
    assert_eq!(tour.user_id("~alice").await, alice);
    assert_eq!(tour.team_id("~acme").await, id);
    assert_eq!(tour.api("/teams/name/~acme").await["display_name"], json!("Acme"));
    assert_eq!(tour.members("~acme").await, ["~alice"]);

    tour.forget().await;
    tour.any_leg("the ledger was lost: adopted again").await;
}

pub async fn a_stranger_is_not_touched(tour: &mut Tour) {
    tour.make_user("~alice", Some(&super::strange_number())).await;
    tour.make_user("~carol", None).await;
    let carol = tour.user_id("~carol").await;
    tour.put(&format!("/users/{carol}/patch"), json!({ "email": tour.named("~other@tour.example") })).await;
    let before = (tour.user("~alice").await, tour.user("~carol").await);
    tour.write("acme", organisation("~acme"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    tour.write("carol", person("~carol", "Carol Diaz", &["~acme"]));
    tour.any_leg("the names are taken by strangers").await;
    let reading = tour.reading().await;
    for name in ["~alice", "~carol"] {
        let address = tour.named(&format!("mattermost:user/{name}"));
        assert!(reading.changes().contains(&format!("conflict {address}")), "{:?}", reading.changes());
        assert!(reading.why(&address).contains("stranger"), "{}", reading.why(&address));
    }
    assert_eq!((tour.user("~alice").await, tour.user("~carol").await), before);
    assert!(tour.members("~acme").await.is_empty());
}

pub async fn tokens_of_a_leaver_are_revoked(tour: &mut Tour) {
    tour.write("acme", organisation("~acme"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme"]));
    tour.any_leg("as declared").await;
    let alice = tour.user_id("~alice").await;
    for name in ["laptop", "script"] {
        tour.post(&format!("/users/{alice}/tokens"), json!({ "description": name })).await;
    }
    tour.remove("alice");
    tour.leg("somebody leaves", &["disable idp:user/~alice", "disable mattermost:user/~alice"]).await;
    assert_eq!(tour.api(&format!("/users/{alice}/tokens")).await, json!([]), "none sleeps until they return");

    tour.put(&format!("/users/{alice}/active"), json!({ "active": true })).await;
    tour.leg("switched on again by somebody", &["disable mattermost:user/~alice"]).await;
}
