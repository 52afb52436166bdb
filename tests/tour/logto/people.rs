//! People, organisations and teams: every change that the mono-repo can ask for.

use serde_json::{Value, json};

use super::Tour;
use crate::documents::{organisation, person, team};
use crate::hand::text;

pub async fn they_join_move_leave_and_return(tour: &mut Tour) {
    tour.nothing_left("an empty mono-repo").await;

    tour.write("acme", organisation("~acme").called("~Acme").about("The company."));
    tour.leg("an empty organisation", &["create logto:organization/~acme"]).await;

    tour.write("core", team("~core", "~acme").called("Core"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~core"]));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme"]));
    tour.leg(
        "people join",
        &[
            "create logto:organization-role/~acme/~core",
            "create logto:user/~alice",
            "create logto:user/~bob",
            "create logto:organization-member/~acme/~alice",
            "create logto:organization-member/~acme/~bob",
            "create logto:organization-role-member/~acme/~core/~alice",
        ],
    )
    .await;
    let alice = tour.user("~alice").await;
    let handle = tour.named("~alice");
    assert_eq!(alice["isSuspended"], json!(false));
    assert_eq!(alice["name"], json!("Alice Chen"));
    assert_eq!(alice["primaryEmail"], json!(format!("{handle}@tour.example")));
    assert_eq!(alice["profile"]["preferredUsername"], json!(handle), "services see the name with its '-'");
    assert_eq!(alice["customData"]["formulary"]["handle"], json!(handle));

    tour.write("infra", team("~infra", "~core"));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~infra"]));
    tour.leg(
        "a team in a team is a role beside the other",
        &["create logto:organization-role/~acme/~infra", "create logto:organization-role-member/~acme/~infra/~bob"],
    )
    .await;

    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]));
    tour.leg(
        "moved between teams",
        &[
            "create logto:organization-role-member/~acme/~core/~bob",
            "delete logto:organization-role-member/~acme/~infra/~bob",
        ],
    )
    .await;

    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]).with("services", "none"));
    tour.leg("taken out of this service", &["disable logto:user/~bob"]).await;
    assert_eq!(tour.user("~bob").await["isSuspended"], json!(true));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]));
    tour.leg("placed here again", &["restore logto:user/~bob"]).await;

    let before = tour.user("~alice").await["id"].clone();
    tour.remove("alice");
    tour.leg("somebody leaves", &["disable logto:user/~alice"]).await;
    assert_eq!(tour.user("~alice").await["isSuspended"], json!(true));
    let kept = tour.names(&["~Acme", "~Acme: ~acme/~core"]);
    assert_eq!(tour.memberships_of("~alice").await, kept, "a leaver's memberships stay");
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~core"]));
    tour.leg("and returns", &["restore logto:user/~alice"]).await;
    assert_eq!(tour.user("~alice").await["id"], before);

    tour.remove("infra");
    tour.leg("a team is declared no more", &["delete logto:organization-role/~acme/~infra (deletions)"]).await;
}

pub async fn names_change(tour: &mut Tour) {
    tour.write("acme", organisation("~acme").called("~Acme"));
    tour.write("lab", team("~lab", "~acme").called("The Lab"));
    tour.write("robert", person("~robert", "Robert Okafor", &["~acme", "~lab"]));
    tour.any_leg("as it was").await;
    let (lab, robert) = (tour.role_id("~acme/~lab").await, tour.user("~robert").await["id"].clone());

    tour.write("robert", person("~robert", "Bob Okafor-Chen", &["~acme", "~lab"]).email("~bob@tour.example"));
    tour.write("acme", organisation("~acme").called("~Acme Corporation").about("All of it,\nin two lines."));
    tour.leg("names and addresses", &["update logto:user/~robert", "update logto:organization/~acme"]).await;
    let now = tour.user("~robert").await;
    assert_eq!(now["primaryEmail"], json!(tour.named("~bob@tour.example")));
    assert_eq!((&now["name"], &now["id"]), (&json!("Bob Okafor-Chen"), &robert));

    tour.remove("lab");
    tour.write("research", team("~research", "~acme").called("Research").with("previously", "~lab"));
    tour.write("robert", person("~robert", "Bob Okafor-Chen", &["~acme", "~research"]).email("~bob@tour.example"));
    tour.leg(
        "a team is renamed",
        &["rename logto:organization-role/~acme/~research", "update logto:organization-role/~acme/~research"],
    )
    .await;
    assert_eq!(tour.role_id("~acme/~research").await, lab, "it is the same role");
    let kept = tour.names(&["~Acme Corporation", "~Acme Corporation: ~acme/~research"]);
    assert_eq!(tour.memberships_of("~robert").await, kept);

    tour.remove("robert");
    let bob = || person("~bob", "Bob Okafor-Chen", &["~acme", "~research"]).email("~bob@tour.example");
    tour.write("bob", bob().with("previously", "~robert"));
    tour.any_leg("a person is renamed, and is the same account").await;
    let now = tour.user("~bob").await;
    assert_eq!((&now["id"], &now["isSuspended"]), (&robert, &json!(false)));
    assert_eq!(now["customData"]["formulary"]["handle"], json!(tour.named("~bob")));
    assert_eq!(tour.memberships_of("~bob").await, kept);

    tour.write("acme", organisation("~beta").called("~Beta").with("previously", "~acme"));
    tour.write("research", team("~research", "~beta").called("Research"));
    tour.write("bob", person("~bob", "Bob O. Chen", &["~beta", "~research"]).email("~bob@tour.example"));
    tour.any_leg("an organisation is renamed, with the roles that are named after it").await;
    let beta = tour.organization("~Beta").await;
    assert_eq!(beta["customData"]["formulary"]["slug"], json!(tour.named("~beta")));
    assert_eq!(tour.role_id("~beta/~research").await, lab, "it is the same role");
    assert_eq!(tour.memberships_of("~bob").await, tour.names(&["~Beta", "~Beta: ~beta/~research"]));
}

pub async fn extents(tour: &mut Tour) {
    tour.write("acme", organisation("~acme").called("~Acme"));
    let once = || person("~once", "Once Only", &["~acme"]).with("manage", "create-only");
    tour.write("once", once());
    tour.write("seen", person("~seen", "Only Seen", &["~acme"]).with("manage", "observe"));
    tour.leg(
        "made once, and never written",
        &["create logto:organization/~acme", "create logto:user/~once", "create logto:organization-member/~acme/~once"],
    )
    .await;

    tour.hand.patch(&tour.user_path("~once").await, json!({ "name": "Changed" })).await;
    tour.make_user("~seen", "Somebody Else").await;
    tour.leg("differences are reported only", &[]).await;
    let reading = tour.reading().await;
    let drifted = tour.named("drifted logto:user/~once");
    assert!(reading.changes().contains(&drifted), "{:?}", reading.changes());
    let seen = tour.named("logto:user/~seen");
    assert!(reading.changes().iter().any(|it| it.ends_with(&seen)), "{:?}", reading.changes());

    tour.write("once", once().with("manage", "release"));
    tour.leg("released", &["forget logto:user/~once", "forget logto:organization-member/~acme/~once"]).await;
    tour.remove("once");
    tour.leg("gone from the mono-repo, and not touched", &[]).await;
    assert_eq!(tour.user("~once").await["isSuspended"], json!(false));
}

pub async fn what_was_there_is_adopted(tour: &mut Tour) {
    let alice = tour.make_user("~alice", "Alice Old").await;
    // One who signed up with a username of her own choice, known by nothing but her address.
    let address = tour.named("~carol@tour.example");
    let odd = json!({ "username": tour.named("~kitty").replace('-', "_"), "primaryEmail": address, "name": "Carol" });
    let carol = text(&tour.hand.post("/api/users", odd).await.0["id"]).to_owned();
    let (acme, _) = tour.hand.post("/api/organizations", json!({ "name": tour.named("~Acme") })).await;
    let acme = text(&acme["id"]).to_owned();
    let members = format!("/api/organizations/{acme}/users");
    tour.hand.post(&members, json!({ "userIds": [alice, carol] })).await;
    tour.write("acme", organisation("~acme").called("~Acme"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    tour.write("carol", person("~carol", "Carol", &["~acme"]));
    let first = tour.reading().await;
    assert!(first.plan().waiting.iter().any(|group| group.name == "logto: adoptions"), "{}", first.shown());
    assert!(first.steps().iter().all(|step| !step.starts_with("create logto:user")), "{}", first.shown());
    tour.any_leg("adopted").await;
    let now = tour.user("~alice").await;
    assert_eq!((text(&now["id"]), &now["name"]), (alice.as_str(), &json!("Alice Chen")));
    assert_eq!(text(&tour.user("~carol").await["id"]), carol, "her username follows, by approval");
    assert_eq!(text(&tour.organization("~Acme").await["id"]), acme);

    tour.forget().await;
    tour.any_leg("the ledger was lost: adopted again").await;
    assert_eq!(text(&tour.user("~alice").await["id"]), alice);
    assert_eq!(text(&tour.organization("~Acme").await["id"]), acme);
}

/// The username is taken by somebody with another address: Logto says so when it is asked to make the account, and who
/// holds it is told.
pub async fn a_stranger_is_not_touched(tour: &mut Tour) {
    let username = tour.username("~alice");
    let stranger = json!({ "username": username, "primaryEmail": tour.named("~mallory@tour.example") });
    tour.hand.post("/api/users", stranger).await;
    let before = tour.user("~alice").await;
    tour.write("acme", organisation("~acme"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    let attempt = tour.attempt().await;
    let failures: Vec<_> = attempt.outcome.failures().collect();
    assert_eq!(failures.len(), 1, "{failures:#?}");
    let said = &failures[0].1.said;
    let held = tour.named("is held by '");
    assert!(said.contains("user.username_already_in_use") && said.contains(&held), "{said}");
    assert_eq!(tour.user("~alice").await, before);

    // One without an address has nothing but the name: a stranger, and no word is needed to know it.
    tour.hand.patch(&tour.user_path("~alice").await, json!({ "primaryEmail": null })).await;
    let reading = tour.reading().await;
    let conflict = tour.named("conflict logto:user/~alice");
    assert!(reading.changes().contains(&conflict), "{:?}", reading.changes());
    assert!(reading.steps().iter().all(|it| !it.contains("user")), "{}", reading.shown());
}

pub async fn suspending_ends_sessions(tour: &mut Tour) {
    tour.write("acme", organisation("~acme"));
    for (name, called) in [("alice", "Alice Chen"), ("bob", "Bob Okafor")] {
        tour.write(name, person(&format!("~{name}"), called, &["~acme"]));
    }
    tour.any_leg("as declared").await;
    tour.hand.patch(&format!("{}/password", tour.user_path("~alice").await), json!({ "password": "Her-pass-1" })).await;
    tour.remove("alice");
    tour.leg("somebody leaves", &["disable logto:user/~alice"]).await;
    let path = tour.user_path("~alice").await;
    let sessions: Value = tour.hand.get(&format!("{path}/sessions")).await;
    assert_eq!(sessions["sessions"], json!([]));
    // The password is theirs, and is still there when they return.
    assert_eq!(tour.user("~alice").await["hasPassword"], json!(true));
}
