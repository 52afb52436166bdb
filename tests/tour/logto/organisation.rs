//! Organisations: names are not unique there, and a mark tells which one is meant.

use serde_json::json;

use super::Tour;
use crate::documents::{organisation, person, team};
use crate::hand::text;

pub async fn it_is_kept_true(tour: &mut Tour) {
    tour.write("acme", organisation("~acme").called("~Acme").about("The company."));
    tour.write("core", team("~core", "~acme"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~core"]));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]));
    tour.any_leg("as declared").await;
    // Another one of the same name is somebody else's, whatever it is called.
    let (other, _) = tour.hand.post("/api/organizations", json!({ "name": tour.named("~Acme") })).await;
    tour.nothing_left("another of the same name").await;
    tour.hand.clear(&format!("/api/organizations/{}", text(&other["id"]))).await;

    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    tour.write("beta", organisation("~beta").called("~Beta"));
    tour.leg(
        "out of a team",
        &["create logto:organization/~beta", "delete logto:organization-role-member/~acme/~core/~alice"],
    )
    .await;
    assert_eq!(tour.memberships_of("~alice").await, tour.names(&["~Acme"]));

    tour.write("alice", person("~alice", "Alice Chen", &["~beta"]));
    tour.leg(
        "to another organisation",
        &["create logto:organization-member/~beta/~alice", "delete logto:organization-member/~acme/~alice"],
    )
    .await;
    tour.write("bob", person("~bob", "Bob Okafor", &["~beta"]));
    tour.any_leg("everybody, which waits for a word").await;
    tour.remove("core");
    tour.remove("acme");
    tour.leg(
        "an organisation is declared no more",
        &["delete logto:organization/~acme (deletions)", "delete logto:organization-role/~acme/~core (deletions)"],
    )
    .await;
}

/// Two of one name, neither with a mark: nobody can tell which is meant, so that none is taken and none is made.
pub async fn of_two_with_one_name_none_is_taken(tour: &mut Tour) {
    let named = json!({ "name": tour.named("~Acme") });
    let (first, _) = tour.hand.post("/api/organizations", named.clone()).await;
    let (second, _) = tour.hand.post("/api/organizations", named).await;
    tour.write("acme", organisation("~acme").called("~Acme"));
    tour.leg("two of one name", &[]).await;
    let why = tour.reading().await.why(&tour.named("logto:organization/~acme"));
    assert!(why.contains("1 more without a mark"), "{why}");

    let told = json!({ "customData": { "formulary": { "slug": tour.named("~acme") } } });
    tour.hand.patch(&format!("/api/organizations/{}", text(&second["id"])), told).await;
    tour.leg("somebody says which", &["adopt logto:organization/~acme (adoptions)"]).await;
    let data = tour.hand.get(&format!("/api/organizations/{}", text(&second["id"]))).await["customData"].clone();
    assert!(data["formulary"]["ledger"].is_string(), "{data}");
    let data = tour.hand.get(&format!("/api/organizations/{}", text(&first["id"]))).await["customData"].clone();
    assert_eq!(data, json!({}));
}
