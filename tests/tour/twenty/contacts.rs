//! Companies and contacts: every change that the mono-repo can ask for, and what sales does to them meanwhile.

use serde_json::json;

use super::Tour;
use crate::documents::{organisation, person};
use crate::hand::text;

pub async fn they_come_and_what_was_there_is_adopted(tour: &mut Tour) {
    tour.nothing_left("an empty mono-repo").await;
    tour.company();
    let company = json!({ "name": "ACME Inc.", "domainName": { "primaryLinkUrl": "https://www.~acme.example" } });
    let company = tour.make("companies", company).await;
    let zoe =
        json!({ "emails": { "primaryEmail": "~ZOE@tour.example" }, "name": { "firstName": "Zo" }, "jobTitle": "CTO" });
    let zoe = tour.make("people", zoe).await;
    tour.leg(
        "one is made, two are taken over",
        &[
            // The same company, whichever way its link is written.
            "adopt twenty:company/~acme (adoptions)",
            "create twenty:person/~alice",
            "adopt twenty:person/~zoe (adoptions)",
            "update twenty:person/~zoe",
        ],
    )
    .await;
    let alice = tour.contact("~alice").await;
    assert_eq!(alice["name"], json!({ "firstName": "Alice", "lastName": "Chen" }));
    // Trap 3: linked by id, because no name is unique.
    assert_eq!(alice["companyId"], json!(company));
    assert!(text(&alice["formularyKey"]).ends_with(&tour.named("/~alice")), "{alice:#}");
    // Trap 13 of the summary: what is not ours stays as it is, and so does a name that sales wrote.
    let after = tour.contact("~zoe").await;
    assert_eq!((text(&after["id"]), text(&after["jobTitle"])), (zoe.as_str(), "CTO"));
    assert_eq!(after["name"], json!({ "firstName": "Zo", "lastName": "Lang" }), "only what was empty is filled in");
    let company = &tour.find("companies", "domainName.primaryLinkUrl[eq]:\"https://www.~acme.example\"").await[0];
    assert_eq!(company["name"], json!("ACME Inc."));
}

/// An address is changed in place: the record, its notes and its deals stay.
pub async fn another_address_is_the_same_contact(tour: &mut Tour) {
    tour.company();
    tour.any_leg("they come").await;
    let before = tour.contact("~alice").await;
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]).email("~Alice.Chen@tour.example"));
    tour.leg("another address", &["update twenty:person/~alice"]).await;
    assert_eq!(tour.contact("~alice.chen").await["id"], before["id"]);
    // A document that is called otherwise is the same person, and carries the new mark after the next change.
    tour.remove("alice");
    tour.write(
        "alice",
        person("~ali", "Alice Chen", &["~acme"]).email("~ali@tour.example").with("previously", "~alice"),
    );
    tour.leg("another name and address", &["update twenty:person/~ali"]).await;
    let after = tour.contact("~ali").await;
    assert_eq!(after["id"], before["id"]);
    assert!(text(&after["formularyKey"]).ends_with(&tour.named("/~ali")), "{after:#}");
    tour.write("acme", organisation("~acme").called("Acme").with("email-domains", "~acme.test"));
    tour.leg("another domain", &["update twenty:company/~acme"]).await;
}

pub async fn what_sales_writes_is_theirs(tour: &mut Tour) {
    tour.company();
    tour.any_leg("they come").await;
    let alice = tour.contact("~alice").await;
    tour.change("people", &alice, json!({ "name": { "firstName": "Ally" }, "jobTitle": "Chief", "phones": { "primaryPhoneNumber": "+41441234567" } })).await;
    tour.nothing_left("a name that sales wrote, and fields that are not ours").await;
    tour.write("alice", person("~alice", "Alicia Chen-Wood", &["~acme"]));
    tour.leg("what is still ours follows", &["update twenty:person/~alice"]).await;
    let after = tour.contact("~alice").await;
    assert_eq!(after["name"], json!({ "firstName": "Ally", "lastName": "Chen-Wood" }));
    assert_eq!(after["phones"]["primaryPhoneNumber"], json!("441234567"), "trap 13: parts that are not sent stay");
    // The company is ours.
    tour.change("people", &alice, json!({ "companyId": null })).await;
    tour.leg("it is linked again", &["update twenty:person/~alice"]).await;
}

pub async fn they_leave_and_return(tour: &mut Tour) {
    tour.company();
    tour.any_leg("they come").await;
    let before = tour.contact("~alice").await;
    tour.remove("alice");
    // Data stay until somebody approves, and then it is only put into the bin: traps 5 and 10.
    tour.leg("she leaves", &["disable twenty:person/~alice (archives)"]).await;
    let gone = tour.contact("~alice").await;
    assert_eq!(gone["id"], before["id"]);
    assert!(!gone["deletedAt"].is_null());
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    tour.leg("and returns", &["restore twenty:person/~alice"]).await;
    let back = tour.contact("~alice").await;
    assert_eq!((&back["id"], &back["deletedAt"]), (&before["id"], &json!(null)));
}

/// Trap 5: an upsert would bring back in silence what sales threw away on purpose.
pub async fn thrown_away_by_hand(tour: &mut Tour) {
    tour.company();
    tour.any_leg("they come").await;
    let alice = tour.contact("~alice").await;
    tour.throw_away("people", &alice, false).await;
    let reading = tour.reading().await;
    assert_eq!(reading.steps(), [tour.named("restore twenty:person/~alice (opens access)")]);
    assert!(reading.shown().contains("somebody put it away at the service"), "{}", reading.shown());
    // Another change does not bring it back either.
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]).email("~ac@tour.example"));
    tour.attempt().await;
    let found = tour.find("people", "id[eq]:\"ID\"".replace("ID", text(&alice["id"])).as_str()).await;
    assert!(!found[0]["deletedAt"].is_null(), "{found:#?}");
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]).with("twenty-restore", "true"));
    tour.leg("its document says so", &["restore twenty:person/~alice"]).await;
    assert_eq!(tour.contact("~alice").await["deletedAt"], json!(null));
}

pub async fn destroyed_by_hand(tour: &mut Tour) {
    tour.company();
    tour.any_leg("they come").await;
    let alice = tour.contact("~alice").await;
    tour.throw_away("people", &alice, true).await;
    tour.leg("it is made again", &["create twenty:person/~alice"]).await;
}

/// Appendix C of the guide: a merge destroys one of the two, and its address lives on in the other. What is recorded of the
/// merge shows that; the emulator does not merge, so the hand does what is left of one.
pub async fn merged_by_hand(tour: &mut Tour) {
    tour.company();
    tour.any_leg("they come").await;
    let (alice, zoe) = (tour.contact("~alice").await, tour.contact("~zoe").await);
    tour.throw_away("people", &alice, true).await;
    let emails = json!({ "primaryEmail": "~zoe@tour.example", "additionalEmails": ["~alice@tour.example"] });
    tour.change("people", &zoe, json!({ "emails": emails })).await;
    tour.nothing_left("she is not made a second time").await;
    let why = tour.reading().await.why(&tour.named("twenty:person/~alice"));
    assert!(why.contains("was merged into the contact") && why.contains(text(&zoe["id"])), "{why}");
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]).email("~alice.chen@tour.example"));
    tour.leg("another address is another contact", &["create twenty:person/~alice"]).await;
}

pub async fn two_records_are_for_somebody_to_join(tour: &mut Tour) {
    tour.company();
    tour.any_leg("they come").await;
    let other = json!({ "emails": { "primaryEmail": "~ac@tour.example" } });
    let other = tour.make("people", other).await;
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]).email("~ac@tour.example"));
    tour.nothing_left("nothing is done about it").await;
    let why = tour.reading().await.why(&tour.named("twenty:person/~alice"));
    let ours = tour.contact("~alice").await;
    assert!(why.contains(&other) && why.contains(text(&ours["id"])), "both are named: {why}");
}

pub async fn a_lost_ledger_is_found_again(tour: &mut Tour) {
    tour.company();
    tour.request();
    tour.any_leg("they come").await;
    let before = tour.contact("~alice").await;
    tour.forget().await;
    let steps = tour.reading().await.steps();
    assert!(steps.iter().all(|step| step.starts_with("adopt ")), "{steps:#?}");
    assert_eq!(steps.iter().filter(|step| step.contains("takes over")).count(), 4, "{steps:#?}");
    tour.any_leg("all of it is taken over").await;
    let after = tour.contact("~alice").await;
    assert_eq!(after["id"], before["id"]);
    assert_ne!(after["formularyKey"], before["formularyKey"], "it carries the mark of the new ledger");

    // Its domain changed meanwhile, too: the id that we chose and the old mark still tell whose it is, and that it is for
    // somebody to say whether it is the same. Nothing is made beside it.
    tour.forget().await;
    tour.write("acme", organisation("~acme").called("Acme").with("email-domains", "~group.example"));
    let why = tour.reading().await.why(&tour.named("twenty:company/~acme"));
    assert!(why.contains("it carries the mark of another ledger"), "{why}");
    tour.write("acme", organisation("~acme").called("Acme").with("email-domains", "~acme.example"));
    tour.any_leg("all of it is taken over once more").await;
}
