//! Managed members of organisations: people whose account hangs on the membership.

use serde_json::json;

use super::cycles::{ALICE, BOB, ORGANISATION, Realm, TEAM};
use super::world::World;
use crate::engine::model::{Address, FailureClass, KindClass};
use crate::engine::plan::Verb;
use crate::provider::keycloak::emulator::UpstreamPerson;

/// A realm in which Pat came through the organisation's identity provider, and is declared and ours.
async fn with_pat(name: &str) -> (Realm, World, String) {
    let (realm, emulator) = Realm::emulator(name).await;
    let mut world = realm.world(json!({}));
    world.declare(&[("o.yaml", ORGANISATION), ("t.yaml", TEAM), ("a.yaml", ALICE)]);
    world.apply().await;
    let provider = json!({
        "alias": "partner", "providerId": "oidc", "enabled": true, "trustEmail": true,
        "config": {
            "clientId": "broker", "clientSecret": "broker",
            "authorizationUrl": "https://partner.test/auth", "tokenUrl": "https://partner.test/token",
        },
    });
    realm.admin("POST", "/identity-provider/instances", Some(provider)).await;
    let organizations = realm.admin("GET", "/organizations", None).await;
    let organization = organizations[0]["id"].as_str().unwrap().to_owned();
    realm.admin("POST", &format!("/organizations/{organization}/identity-providers"), Some(json!("partner"))).await;
    let pat = UpstreamPerson {
        id: "upstream-pat".into(),
        username: "pat".into(),
        email: Some("pat@acme.test".into()),
        first_name: Some("Pat".into()),
        last_name: Some("Partner".into()),
    };
    emulator.sign_in_through(&realm.name, "partner", &pat).unwrap();
    let pat = BOB.replace("bob", "pat").replace("Bob van Dyke", "Pat Partner");
    world.declare(&[("o.yaml", ORGANISATION), ("t.yaml", TEAM), ("a.yaml", ALICE), ("p.yaml", &pat)]);
    world.apply().await;
    world.assert_settled().await;
    (realm, world, organization)
}

#[tokio::test]
async fn taking_a_managed_member_out_names_the_account_that_goes_with_it() {
    let (realm, mut world, _) = with_pat("managed").await;
    let lowered = world.lowered();
    let member = Address::new(&world.instance, "organization-member", "acme-corp/pat");
    // Pat stays, and leaves the organisation only.
    world.declare(&[
        ("o.yaml", &ORGANISATION.replace("    formulary.dev/keycloak-organization: 'true'\n", "")),
        ("t.yaml", TEAM),
        ("a.yaml", ALICE),
        ("p.yaml", &BOB.replace("bob", "pat").replace("Bob van Dyke", "Pat Partner")),
    ]);
    let (plan, ..) = world.plan(false).await;
    let step = plan.steps.iter().find(|it| it.address == member).unwrap();
    assert_eq!(step.verb, Verb::Delete);
    assert!(!step.waits.is_empty() && step.goes_with.iter().any(|it| it.counts == Some(KindClass::Person)));
    // A plan that did not say so is not carried out.
    let mut silent = step.clone();
    silent.goes_with.clear();
    let observed = world.observed(&lowered).await;
    let failure = world.perform(&silent, &observed, &lowered).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Conflict, "{failure}");
    assert_eq!(realm.user("pat").await["enabled"], json!(true));
}

#[tokio::test]
async fn a_disabled_organisation_is_not_drift_of_its_people() {
    let (realm, world, organization) = with_pat("disabled").await;
    let path = format!("/organizations/{organization}");
    let mut body = realm.admin("GET", &path, None).await;
    body["enabled"] = json!(false);
    realm.admin("PUT", &path, Some(body)).await;
    assert_eq!(realm.user("pat").await["enabled"], json!(false), "Keycloak shows it as the person's");
    let (plan, _, observed) = world.plan(false).await;
    let pat = &observed.live[&Address::new(&world.instance, "user", "pat")];
    assert!(!pat.fields.contains_key("enabled"));
    let touched: Vec<String> = plan.steps.iter().map(|it| format!("{} {}", it.verb, it.address)).collect();
    assert_eq!(touched, ["update keycloak:organization/acme-corp"]);
}
