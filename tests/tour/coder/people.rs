//! Accounts: every change that the mono-repo can ask for.

use serde_json::json;

use super::{TERRAFORM, Tour, failures};
use crate::documents::{organisation, person};
use crate::hand::text;

pub async fn they_join_leave_and_return(tour: &mut Tour) {
    tour.nothing_left("an empty mono-repo").await;
    tour.company();
    tour.leg(
        "somebody joins",
        &[
            "create idp:group/~acme",
            "create idp:user/~alice",
            "create idp:membership/~acme/~alice",
            "create coder:user/~alice",
            "create idp:user/~zoe",
            "create idp:membership/~acme/~zoe",
            "create coder:user/~zoe",
        ],
    )
    .await;
    // Trap 1: an organisation is named. Trap 36: a dormant account takes no seat.
    let alice = tour.api("/users/~alice").await;
    assert_eq!((&alice["login_type"], &alice["status"]), (&json!("oidc"), &json!("dormant")));
    assert_eq!((&alice["email"], &alice["name"]), (&json!(tour.named("~alice@tour.example")), &json!("Alice Chen")));

    tour.write("alice", person("~alice", "Alice Mary Chen", &["~acme"]));
    // Trap 5: what she is called follows at her next sign-in.
    tour.any_leg("another name is the identity provider's business").await;
    assert_eq!(tour.api("/users/~alice").await["name"], json!("Alice Chen"));

    tour.remove("alice");
    tour.leg("she leaves", &["disable coder:user/~alice", "disable idp:user/~alice"]).await;
    assert_eq!(tour.api("/users/~alice").await["status"], json!("suspended"));
    tour.write("alice", person("~alice", "Alice Mary Chen", &["~acme"]));
    // Trap 45: what slept works again, and that is said first.
    let why = tour.reading().await;
    assert!(why.shown().contains("sessions and tokens from before work again"), "{}", why.shown());
    tour.leg("and returns", &["restore coder:user/~alice", "restore idp:user/~alice"]).await;
    assert_ne!(tour.api("/users/~alice").await["status"], json!("suspended"));
}

pub async fn extents(tour: &mut Tour) {
    tour.write("acme", organisation("~acme"));
    tour.write("seen", person("~seen", "Only Seen", &["~acme"]).with("manage", "observe"));
    tour.any_leg("never written").await;
    assert!(!tour.sees("/users/~seen").await);
    tour.write("seen", person("~seen", "Made Once", &["~acme"]).with("manage", "create-only"));
    tour.any_leg("made once").await;
    tour.write("seen", person("~seen", "Made Once", &["~acme"]).with("manage", "release"));
    tour.any_leg("released").await;
    tour.remove("seen");
    tour.any_leg("and forgotten").await;
    assert_ne!(tour.api("/users/~seen").await["status"], json!("suspended"));
}

/// Whoever comes with another address finds a closed door, so the account is made again: by approval, and never when it owns
/// a workspace. After the first sign-in the address is the identity provider's.
pub async fn an_address_that_changes_before_the_first_sign_in(tour: &mut Tour) {
    tour.company();
    tour.any_leg("she was never there").await;
    let before = tour.api("/users/~alice").await;
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]).email("~alice.chen@tour.example"));
    tour.leg("another address", &["update coder:user/~alice (sign-in)", "update idp:user/~alice"]).await;
    let after = tour.api("/users/~alice").await;
    assert_eq!(after["email"], json!(tour.named("~alice.chen@tour.example")));
    assert_ne!(after["id"], before["id"]);

    tour.formula("1.0.0", TERRAFORM);
    tour.request(json!({}));
    tour.any_leg("she owns a workspace").await;
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]).email("~ac@tour.example"));
    let failed = failures(&tour.try_all().await);
    assert!(failed.len() == 1 && failed[0].contains("update coder:user/"), "{failed:#?}");
    assert_eq!(tour.api("/users/~alice").await["id"], after["id"]);

    let id = text(&after["id"]).to_owned();
    tour.hand.put(&format!("/api/v2/users/{id}/status/activate"), json!({})).await;
    tour.nothing_left("once she is no longer dormant it is the identity provider's").await;
}

async fn make(tour: &Tour, login: &str, email: &str) {
    let organisation = tour.api("/organizations/default").await["id"].clone();
    let mut body = json!({
        "username": tour.named("~alice"), "email": tour.named(email), "login_type": login, "organization_ids": [organisation],
    });
    if login == "password" {
        body["password"] = json!("Some-l0ng-password-of-theirs");
    }
    tour.post("/users", body).await;
}

pub async fn what_was_there_is_adopted(tour: &mut Tour) {
    make(tour, "oidc", "~Alice@tour.example").await;
    tour.company();
    tour.leg(
        "one of her name and address",
        &[
            "create idp:group/~acme",
            "create idp:user/~alice",
            "create idp:membership/~acme/~alice",
            "create idp:user/~zoe",
            "create idp:membership/~acme/~zoe",
            "create coder:user/~zoe",
            "adopt coder:user/~alice (adoptions)",
        ],
    )
    .await;

    // Out of the organisation nobody uses its templates, and the account is there all the same, with `null` for where.
    let id = text(&tour.api("/users/~alice").await["id"]).to_owned();
    let membership = format!("/api/v2/organizations/default/members/{id}");
    tour.hand.delete(&membership).await;
    tour.leg("taken out of the organisation", &["update coder:user/~alice (opens access)"]).await;
    assert!(!tour.api("/users/~alice").await["organization_ids"].is_null());
}

/// Trap 4: an account that signs in otherwise is refused for ever, and never deleted by us.
pub async fn who_signs_in_otherwise_is_a_conflict(tour: &mut Tour) {
    make(tour, "password", "~alice@tour.example").await;
    tour.company();
    let reading = tour.reading().await;
    let address = tour.named("conflict coder:user/~alice");
    assert!(reading.changes().contains(&address), "{}", reading.shown());
    assert!(tour.steps().await.iter().all(|it| !it.ends_with("alice")));
}
