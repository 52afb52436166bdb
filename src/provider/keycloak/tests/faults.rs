//! What goes wrong on the way: nothing that was not read whole proves an absence, and nothing is made twice.

use serde_json::json;

use super::cycles::{ALICE, BOB, ORGANISATION, Realm, TEAM};
use super::world::World;
use crate::engine::model::{Completeness, FailureClass};
use crate::engine::plan::Verb;
use crate::provider::contract::{Look, Performed, Related};
use crate::provider::emulator::faults::{Defect, Fault};

async fn settled(name: &str) -> (Realm, World) {
    let realm = Realm::emulated(name).await;
    let mut world = realm.world(json!({}));
    world.declare(&[("o.yaml", ORGANISATION), ("t.yaml", TEAM), ("a.yaml", ALICE), ("b.yaml", BOB)]);
    world.apply().await;
    world.assert_settled().await;
    (realm, world)
}

#[tokio::test]
async fn no_defect_of_a_list_makes_anything_look_absent() {
    let (realm, mut world) = settled("lists").await;
    // Everybody but the organisation is declared no more: with a whole reading this would disable and remove.
    world.declare(&[("o.yaml", &ORGANISATION.replace("[platform]", "[]"))]);
    let served = realm.served.as_ref().unwrap();
    let defects = [
        Defect::TruncatedPage { keep: Some(0) },
        Defect::EmptyList,
        Defect::NullList,
        Defect::EmptyBody,
        Defect::Html { status: 200 },
        Defect::MissingRights,
        Defect::Status { status: 400, body: None, applied: false },
    ];
    for defect in defects {
        for list in ["/admin/realms/*/users", "/admin/realms/*/groups"] {
            served.arm(Fault::new(defect.clone()).on("GET", list)).unwrap();
            let (plan, _, observed) = world.plan(false).await;
            served.lift_all();
            let kind = list.rsplit('/').next().unwrap().trim_end_matches('s');
            let scope = observed.scopes.iter().find(|(scope, _)| scope.kind.as_str() == kind).unwrap();
            assert!(matches!(scope.1, Completeness::Incomplete(_)), "{defect:?} on {list}: {:?}", scope.1);
            let touched = plan.steps.iter().filter(|it| it.address.kind.as_str() == kind && it.verb != Verb::Create);
            assert_eq!(touched.count(), 0, "{defect:?} on {list}");
            assert!(plan.steps.iter().all(|it| it.verb != Verb::Create), "{defect:?} on {list}: {:#?}", plan.steps);
        }
    }
    let (plan, ..) = world.plan(false).await;
    assert!(plan.steps.iter().any(|it| it.verb == Verb::Disable), "read whole, the leavers are seen");
}

#[tokio::test]
async fn reads_are_repeated_through_passing_trouble_and_dead_tokens() {
    let (realm, world) = settled("trouble").await;
    let served = realm.served.as_ref().unwrap();
    for defect in [Defect::Status { status: 500, body: None, applied: false }, Defect::ResetInBody, Defect::LostAnswer]
    {
        served.arm(Fault::new(defect).on("GET", "/admin/**").every(4)).unwrap();
        world.assert_settled().await;
        served.lift_all();
    }
    served.arm(Fault::new(Defect::ExpiredToken).on("GET", "/admin/**").nth(5)).unwrap();
    world.assert_settled().await;
    served
        .arm(
            Fault::new(Defect::Status { status: 503, body: None, applied: false })
                .on("POST", "/realms/**/token")
                .times(1),
        )
        .unwrap();
    realm.world(json!({})).reader.probe().await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_to_a_creation_is_settled_by_looking_and_never_by_repeating() {
    let realm = Realm::emulated("lost").await;
    let served = realm.served.as_ref().unwrap();
    let mut world = realm.world(json!({}));
    world.declare(&[("o.yaml", ORGANISATION), ("t.yaml", TEAM), ("a.yaml", ALICE)]);
    let lowered = world.lowered();
    let (plan, _, observed) = world.plan(true).await;
    let step = plan.steps.iter().find(|it| it.address.kind.as_str() == "user").unwrap();
    served.arm(Fault::new(Defect::LostAnswer).on("POST", "/admin/realms/*/users")).unwrap();
    let failure = world.perform(step, &observed, &lowered).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Unclear, "{failure}");
    served.lift_all();
    let posts = served.requests().list().iter().filter(|it| it.method == "POST" && it.path.ends_with("/users")).count();
    assert_eq!(posts, 1);
    let look = world.reader.look(&step.address, None, &Related::default()).await.unwrap();
    let Look::Present(live) = look else { panic!("it was made") };
    assert_eq!(live.outputs["sub"].as_text(), live.external_id.as_deref());
    // The next plan takes it over, by its verified address.
    let done = world.apply().await;
    assert!(done.contains(&"adopt keycloak:user/alice".to_owned()), "{done:?}");
    world.assert_settled().await;
}

#[tokio::test]
async fn a_name_or_an_address_that_a_stranger_holds_is_told_with_who_holds_it() {
    let realm = Realm::emulated("stranger").await;
    let mut world = realm.world(json!({}));
    world.declare(&[("o.yaml", ORGANISATION), ("t.yaml", TEAM), ("a.yaml", ALICE)]);
    let lowered = world.lowered();
    let (plan, _, observed) = world.plan(true).await;
    let step = plan.steps.iter().find(|it| it.address.kind.as_str() == "user").unwrap();
    // They came between the plan and the step.
    realm.admin("POST", "/users", Some(json!({"username": "alice", "email": "other@acme.test"}))).await;
    realm.admin("POST", "/users", Some(json!({"username": "eve", "email": "alice@acme.test"}))).await;
    let failure = world.perform(step, &observed, &lowered).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Conflict);
    for holder in ["the username is held by 'alice' (other@acme.test", "the address 'alice@acme.test' is held by 'eve'"]
    {
        assert!(failure.said.contains(holder), "{failure}");
    }
    // And the next plan does not touch the stranger.
    let (plan, ..) = world.plan(true).await;
    assert!(plan.steps.iter().all(|it| it.address.kind.as_str() != "user"), "{:#?}", plan.steps);
}

#[tokio::test]
async fn an_invitation_that_cannot_be_sent_leaves_the_actions_to_the_first_sign_in() {
    let letters = |realm: &Realm| {
        let requests = realm.served.as_ref().unwrap().requests().list();
        requests.into_iter().filter(|it| it.path.ends_with("/execute-actions-email")).count()
    };
    let (realm, _) = settled("no-mail").await;
    assert_eq!(realm.user("alice").await["requiredActions"], json!(["UPDATE_PASSWORD"]));
    assert_eq!(letters(&realm), 0, "a realm without a mail server is not asked to send any");

    let realm = Realm::emulated("mail").await;
    let server = json!({"smtpServer": {"host": "127.0.0.1", "port": "1", "from": "realm@acme.test"}});
    realm.admin("PUT", "", Some(server)).await;
    let mut world = realm.world(json!({}));
    world.declare(&[("o.yaml", ORGANISATION), ("t.yaml", TEAM), ("a.yaml", ALICE), ("b.yaml", BOB)]);
    world.apply().await;
    assert_eq!(letters(&realm), 2, "one for each newcomer");
    assert_eq!(realm.user("alice").await["requiredActions"], json!(["UPDATE_PASSWORD"]));
}

#[tokio::test]
async fn a_change_that_keycloak_takes_and_drops_is_no_success() {
    let (realm, world) = settled("dropped").await;
    let served = realm.served.as_ref().unwrap();
    let lowered = world.lowered();
    let alice = realm.user("alice").await;
    let path = format!("/users/{}", alice["id"].as_str().unwrap());
    realm.admin("PUT", &path, Some(json!({"firstName": "Other"}))).await;
    let (plan, _, observed) = world.plan(true).await;
    let step = plan.steps.iter().find(|it| it.verb == Verb::Update).unwrap();
    // The write is answered, and never happens.
    served.arm(Fault::new(Defect::EmptyBody).on("PUT", "/admin/realms/*/users/*")).unwrap();
    let failure = world.perform(step, &observed, &lowered).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Conflict, "{failure}");
    served.lift_all();
    assert!(matches!(world.perform(step, &observed, &lowered).await, Ok(Performed::Done(Some(_)))));
}

#[tokio::test]
async fn a_thousand_people_cost_pages_and_not_people() {
    let realm = Realm::emulated("many").await;
    let people: Vec<_> = (0..1050).map(|n| json!({"username": format!("person-{n:04}"), "enabled": true})).collect();
    realm.admin("POST", "/partialImport", Some(json!({"ifResourceExists": "SKIP", "users": people}))).await;
    let mut world = realm.world(json!({}));
    world.declare(&[("o.yaml", ORGANISATION), ("t.yaml", TEAM), ("a.yaml", ALICE)]);
    world.apply().await;
    let served = realm.served.as_ref().unwrap();
    served.requests().reset();
    let (plan, _, observed) = world.plan(false).await;
    assert!(plan.steps.is_empty() && plan.incomplete.is_empty());
    let people = observed.live.keys().filter(|it| it.kind.as_str() == "user").count();
    assert_eq!(people, 1051);
    // Lists: three pages of people, groups on two levels, members of two groups, organisations, members of one.
    let lists = 3 + 2 + 2 + 1 + 1;
    let calls = served.requests().count();
    assert!(calls <= lists + 10, "{calls} calls: {:#?}", served.requests().list());
}
