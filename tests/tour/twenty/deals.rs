//! Opportunities: what requests for workspaces become, and what sales makes of them.

use serde_json::json;

use super::Tour;
use crate::hand::text;

/// Trap 2: its stage is a value of the workspace, its person the point of contact.
pub async fn come_and_end(tour: &mut Tour) {
    tour.company();
    tour.request();
    tour.any_leg("she asks for a desk").await;
    let alice = tour.contact("~alice").await;
    let deal = &tour.find("opportunities", "name[eq]:\"~desk - Alice Chen\"").await[0];
    assert_eq!((&deal["stage"], &deal["pointOfContactId"]), (&json!("NEW"), &alice["id"]));
    assert_eq!(deal["companyId"], alice["companyId"]);

    // What people follow opens the page of the record: trap 4.
    let reading = tour.reading().await;
    let address = tour.named("twenty:opportunity/~alice/~desk").parse().unwrap();
    let live = &reading.world.observed.live[&address];
    let link = live.outputs.get("url").and_then(|it| it.as_text()).unwrap().to_owned();
    assert!(link.ends_with(&format!("/object/opportunity/{}", text(&deal["id"]))), "{link}");

    tour.change(
        "opportunities",
        deal,
        json!({ "name": "something else", "amount": { "amountMicros": 5_000_000, "currencyCode": "CHF" } }),
    )
    .await;
    tour.leg("its name is ours, its amount is not", &["update twenty:opportunity/~alice/~desk"]).await;

    tour.remove("desk");
    tour.leg("she asks for it no more", &["disable twenty:opportunity/~alice/~desk"]).await;
    let ended = &tour.find("opportunities", "name[eq]:\"~desk - Alice Chen\"").await[0];
    assert_eq!((&ended["stage"], &ended["deletedAt"]), (&json!("CUSTOMER"), &json!(null)));
    assert_eq!(ended["amount"]["amountMicros"], json!(5_000_000));
    tour.request();
    tour.any_leg("and again").await;
    let again = &tour.find("opportunities", "name[eq]:\"~desk - Alice Chen\"").await;
    assert_eq!((again.len(), &again[0]["stage"], &again[0]["id"]), (1, &json!("NEW"), &deal["id"]));
}

pub async fn taken_over_by_sales(tour: &mut Tour) {
    tour.company();
    tour.request();
    tour.any_leg("she asks for a desk").await;
    let deal = tour.find("opportunities", "name[eq]:\"~desk - Alice Chen\"").await.remove(0);
    tour.change("opportunities", &deal, json!({ "stage": "CUSTOMER" })).await;
    tour.any_leg("a stage of ours that is wrong is set right").await;
    assert_eq!(tour.find("opportunities", "name[eq]:\"~desk - Alice Chen\"").await[0]["stage"], json!("NEW"));

    tour.change("opportunities", &deal, json!({ "stage": "MEETING" })).await;
    tour.nothing_left("a stage of theirs is left").await;
    tour.remove("desk");
    tour.any_leg("and it is not ended either").await;
    assert_eq!(tour.find("opportunities", "name[eq]:\"~desk - Alice Chen\"").await[0]["stage"], json!("MEETING"));
}
