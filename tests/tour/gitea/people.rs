//! People, organisations and teams: every change that the mono-repo can ask for.

use serde_json::json;

use super::Tour;
use crate::documents::{organisation, person, team};

pub async fn they_join_move_leave_and_return(tour: &mut Tour) {
    tour.nothing_left("an empty mono-repo").await;

    tour.write("acme", organisation("~acme").called("Acme").about("The company."));
    tour.leg(
        "an empty organisation",
        &["create gitea:organization/~acme", "create gitea:team/~acme/members", "create idp:group/~acme"],
    )
    .await;

    tour.write("core", team("~core", "~acme").with("gitea-team-permission", "write"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~core"]));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme"]));
    tour.leg(
        "people join",
        &[
            "create idp:group/~acme/~core",
            "create idp:user/~alice",
            "create idp:user/~bob",
            "create idp:membership/~acme/~alice",
            "create idp:membership/~acme/~bob",
            "create idp:membership/~acme/~core/~alice",
            "create gitea:team/~acme/~core",
            "create gitea:user/~alice",
            "create gitea:user/~bob",
            "create gitea:team-member/~acme/members/~alice",
            "create gitea:team-member/~acme/members/~bob",
            "create gitea:team-member/~acme/~core/~alice",
        ],
    )
    .await;
    let alice = tour.user("~alice").await;
    assert_eq!((&alice["login_name"], &alice["source_id"]), (&json!(tour.subject("~alice")), &json!(tour.source)));
    assert_eq!(tour.members("~acme", "members").await, ["~alice", "~bob"]);

    tour.write("infra", team("~infra", "~core"));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~infra"]));
    tour.leg(
        "a team in a team",
        &[
            "create idp:group/~acme/~core/~infra",
            "create idp:membership/~acme/~core/~infra/~bob",
            "create gitea:team/~acme/~core-~infra",
            "create gitea:team-member/~acme/~core-~infra/~bob",
        ],
    )
    .await;

    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]));
    tour.leg(
        "moved between teams",
        &[
            "create idp:membership/~acme/~core/~bob",
            "delete idp:membership/~acme/~core/~infra/~bob",
            "create gitea:team-member/~acme/~core/~bob",
            "delete gitea:team-member/~acme/~core-~infra/~bob",
        ],
    )
    .await;

    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]).with("services", "-gitea"));
    tour.leg("taken out of this service only", &["disable gitea:user/~bob"]).await;
    assert_eq!(tour.user("~bob").await["prohibit_login"], json!(true));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]));
    tour.leg("placed here again", &["restore gitea:user/~bob"]).await;

    tour.remove("alice");
    tour.leg("somebody leaves", &["disable idp:user/~alice", "disable gitea:user/~alice"]).await;
    assert_eq!(tour.members("~acme", "~core").await, ["~alice", "~bob"], "a leaver's memberships stay");
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~core"]));
    tour.leg("and returns", &["restore idp:user/~alice", "restore gitea:user/~alice"]).await;

    tour.remove("infra");
    tour.leg(
        "a team is declared no more",
        &["delete idp:group/~acme/~core/~infra (deletions)", "delete gitea:team/~acme/~core-~infra (deletions)"],
    )
    .await;
}

pub async fn names_change(tour: &mut Tour) {
    tour.write("acme", organisation("~acme").called("Acme"));
    tour.write("lab", team("~lab", "~acme"));
    tour.write("robert", person("~robert", "Robert Okafor", &["~acme", "~lab"]));
    tour.any_leg("as it was").await;
    let lab = tour.team("~acme", "~lab").await["id"].clone();
    let robert = tour.user("~robert").await["id"].clone();

    tour.write("robert", person("~robert", "Bob Okafor-Chen", &["~acme", "~lab"]).email("~bob@tour.example"));
    tour.write("acme", organisation("~acme").called("Acme Corporation").with("gitea-website", "https://acme.example"));
    tour.any_leg("names and addresses").await;
    assert_eq!(tour.user("~robert").await["full_name"], json!("Bob Okafor-Chen"));
    assert_eq!(tour.user("~robert").await["email"], json!(tour.named("~bob@tour.example")));
    assert_eq!(tour.api("/orgs/~acme").await["website"], json!("https://acme.example"));

    tour.remove("lab");
    tour.write("research", team("~research", "~acme").with("previously", "~lab"));
    tour.write("robert", person("~robert", "Bob Okafor-Chen", &["~acme", "~research"]).email("~bob@tour.example"));
    tour.leg(
        "a team is renamed",
        &["rename idp:group/~acme/~research", "update idp:group/~acme/~research", "rename gitea:team/~acme/~research"],
    )
    .await;
    assert_eq!(tour.team("~acme", "~research").await["id"], lab, "it is the same team");
    assert_eq!(tour.members("~acme", "~research").await, ["~robert"]);

    tour.remove("robert");
    let bob = person("~bob", "Bob Okafor-Chen", &["~acme", "~research"]).email("~bob@tour.example");
    tour.write("bob", bob.with("previously", "~robert"));
    tour.leg("a person is renamed", &["rename idp:user/~bob", "rename gitea:user/~bob"]).await;
    assert_eq!(tour.user("~bob").await["id"], robert);
    assert_eq!(tour.members("~acme", "~research").await, ["~bob"]);

    tour.remove("acme");
    tour.write("acme", organisation("~globex").called("Globex").with("previously", "~acme"));
    tour.write("research", team("~research", "~globex"));
    tour.write("bob", person("~bob", "Bob Okafor-Chen", &["~globex", "~research"]).email("~bob@tour.example"));
    tour.any_leg("an organisation is renamed").await;
    assert_eq!(tour.team("~globex", "~research").await["id"], lab, "it is the same team");
}

pub async fn extents(tour: &mut Tour) {
    tour.write("acme", organisation("~acme"));
    let once = || person("~once", "Once Only", &["~acme"]);
    tour.write("once", once().with("manage", "create-only"));
    tour.write("seen", person("~seen", "Only Seen", &["~acme"]).with("manage", "observe"));
    tour.any_leg("made once, and never written").await;
    assert!(!tour.hand.sees(&tour.named("/api/v1/users/~seen")).await);

    tour.edit_user("~once", json!({ "full_name": "Changed" })).await;
    tour.leg("differences are reported only", &[]).await;
    let reading = tour.reading().await;
    let drifted = tour.named("drifted gitea:user/~once");
    assert!(reading.changes().contains(&drifted), "{:?}", reading.changes());

    tour.write("once", once().with("manage", "release"));
    tour.any_leg("released").await;
    tour.remove("once");
    tour.leg("gone from the mono-repo, and not touched", &[]).await;
    assert_eq!(tour.user("~once").await["prohibit_login"], json!(false));
}

pub async fn what_was_there_is_adopted(tour: &mut Tour) {
    tour.write("acme", organisation("~acme").called("Acme").with("services", "idp"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    tour.any_leg("known to the identity provider").await;
    tour.make_user("~alice", Some(&tour.subject("~alice"))).await;
    tour.hand.post("/api/v1/orgs", json!({ "username": tour.named("~acme") })).await;
    let team = json!({ "name": "members", "permission": "read", "units_map": { "repo.code": "write" } });
    tour.hand.post(&tour.named("/api/v1/orgs/~acme/teams"), team).await;
    let before = tour.user("~alice").await["id"].clone();

    tour.write("acme", organisation("~acme").called("Acme"));
    let first = tour.reading().await;
    assert!(first.plan().waiting.iter().any(|group| group.name == "gitea: adoptions"), "{}", first.shown());
    tour.any_leg("adopted").await;
    assert_eq!(tour.user("~alice").await["id"], before);
    assert_eq!(tour.user("~alice").await["full_name"], json!("Alice Chen"));
    assert_eq!(tour.members("~acme", "members").await, ["~alice"]);

    tour.forget().await;
    tour.any_leg("the ledger was lost: adopted again").await;
}

pub async fn a_stranger_is_not_touched(tour: &mut Tour) {
    tour.write("acme", organisation("~acme").with("services", "idp"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    tour.any_leg("known to the identity provider").await;
    tour.make_user("~alice", None).await;
    tour.make_user("~carol", Some("another-subject")).await;
    let before = (tour.user("~alice").await, tour.user("~carol").await);
    tour.write("acme", organisation("~acme"));
    tour.write("carol", person("~carol", "Carol Diaz", &["~acme"]));
    tour.any_leg("the names are taken by strangers").await;
    let reading = tour.reading().await;
    for name in ["~alice", "~carol"] {
        let address = tour.named(&format!("gitea:user/{name}"));
        assert!(reading.changes().contains(&format!("conflict {address}")), "{:?}", reading.changes());
        assert!(reading.why(&address).contains("stranger"), "{}", reading.why(&address));
    }
    assert_eq!((tour.user("~alice").await, tour.user("~carol").await), before);
    assert!(tour.members("~acme", "members").await.is_empty());
}
