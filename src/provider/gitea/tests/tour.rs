//! From nothing to an organisation with people, through every change, and back: what was sent is what is read.

use super::world::{World, account, step, team};
use crate::engine::model::{Live, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::Look;
use crate::provider::gitea::kinds::{ORGANIZATION, TEAM, TEAM_MEMBER, USER};

const ORG: &str = "fml-acme";
const ALICE: &str = "fml-alice";
const BOB: &str = "fml-bob";

#[tokio::test]
async fn the_tour_of_the_emulator() {
    tour(&World::new().await).await;
}

#[tokio::test]
async fn the_tour_of_a_real_server() {
    let Some(world) = World::real() else {
        eprintln!(
            "\n*** SKIPPED: FORMULARY_GITEA_URL, _TOKEN and _SOURCE_ID are not set; no real Gitea was visited ***\n"
        );
        return;
    };
    clean(&world).await;
    tour(&world).await;
    clean(&world).await;
}

async fn tour(world: &World) {
    let probe = world.reader.probe().await.expect("the installation answers");
    assert!(probe.findings.iter().all(|finding| finding.ok), "{:?}", probe.findings);

    let org = world
        .done(step(Verb::Create, ORGANIZATION, ORG, &[("full_name", "ACME".into()), ("visibility", "limited".into())]))
        .await
        .expect("it is there");
    has(&org, &[("full_name", "ACME".into()), ("visibility", "limited".into()), ("description", Value::Null)]);

    let fields = account(world.source, "alice@fml.example", "sub-fml-alice");
    let alice = world.done(step(Verb::Create, USER, ALICE, &fields)).await.expect("it is there");
    has(&alice, &fields);
    has(&alice, &[("active", true.into()), ("is_admin", false.into())]);
    let bob = account(world.source, "bob@fml.example", "sub-fml-bob");
    world.done(step(Verb::Create, USER, BOB, &bob)).await;

    let fields = team("repo.code", "write");
    let dev = world.done(step(Verb::Create, TEAM, &format!("{ORG}/dev"), &fields)).await.expect("it is there");
    has(&dev, &fields);
    world.done(step(Verb::Create, TEAM, &format!("{ORG}/ops"), &team("repo.code", "read"))).await;
    world.done(step(Verb::Create, TEAM, &format!("{ORG}/members"), &[("permission", "none".into())])).await;
    for (team, person) in [("dev", ALICE), ("ops", ALICE), ("dev", BOB)] {
        world.done(step(Verb::Create, TEAM_MEMBER, &format!("{ORG}/{team}/{person}"), &[])).await;
        // Twice is as good as once.
        world.done(step(Verb::Create, TEAM_MEMBER, &format!("{ORG}/{team}/{person}"), &[])).await;
    }
    seen_again(world).await;
    changed(world, &dev, &alice).await;
    gone(world, &dev).await;
}

/// What was made is listed, whole, and says the same.
async fn seen_again(world: &World) {
    let dev = format!("{ORG}/dev");
    let seen = world.observe(&[ORGANIZATION, USER], &[(TEAM, &[ORG, "fml-nowhere"]), (TEAM_MEMBER, &[&dev])]).await;
    assert!(seen.keys(ORGANIZATION, None).contains(&ORG.to_owned()));
    assert!(seen.keys(USER, None).contains(&ALICE.to_owned()));
    assert_eq!(seen.keys(TEAM, Some(ORG)), [format!("{ORG}/dev"), format!("{ORG}/members"), format!("{ORG}/ops")]);
    assert!(seen.keys(TEAM, Some("fml-nowhere")).is_empty());
    has(seen.live(TEAM, &format!("{ORG}/members")), &[("units", Value::Map(Default::default()))]);
    assert_eq!(seen.keys(TEAM_MEMBER, Some(&dev)), [format!("{dev}/{ALICE}"), format!("{dev}/{BOB}")]);
    has(seen.live(TEAM_MEMBER, &format!("{dev}/{ALICE}")), &[("only_team", "no".into())]);
    has(seen.live(TEAM_MEMBER, &format!("{dev}/{BOB}")), &[("only_team", "yes".into())]);
    match world.look(TEAM_MEMBER, &format!("{dev}/{BOB}")).await {
        Ok(Look::Present(live)) => assert_eq!(*live, *seen.live(TEAM_MEMBER, &format!("{dev}/{BOB}"))),
        other => panic!("{other:?}"),
    }
}

async fn changed(world: &World, dev: &Live, alice: &Live) {
    let wider = world
        .done(of(dev, step(Verb::Update, TEAM, &format!("{ORG}/dev"), &[("permission", "admin".into())])))
        .await
        .expect("it is there");
    assert_eq!(wider.fields["units"].as_map().expect("units").len(), 10);
    let fields = team("repo.issues", "read");
    let back =
        world.done(of(dev, step(Verb::Update, TEAM, &format!("{ORG}/dev"), &fields))).await.expect("it is there");
    has(&back, &fields);
    let named = step(Verb::Rename, TEAM, &format!("{ORG}/dev"), &[("name", format!("{ORG}/fml-devs").into())]);
    let named = world.done(of(dev, named)).await.expect("it is there");
    assert_eq!(&*named.address.key, format!("{ORG}/fml-devs"));
    has(&named, &fields);

    let edit = [("email", "Alice.Chen@fml.example".to_lowercase().into()), ("full_name", "Alice Chen".into())];
    let edited = world.done(of(alice, step(Verb::Update, USER, ALICE, &edit))).await.expect("it is there");
    has(&edited, &edit);
    has(&edited, &[("login_name", "sub-fml-alice".into()), ("source_id", Value::Int(world.source))]);
    let off = world.done(of(alice, step(Verb::Disable, USER, ALICE, &[]))).await.expect("it is there");
    has(&off, &[("prohibit_login", true.into()), ("active", true.into())]);
    let on = step(Verb::Restore, USER, ALICE, &[("prohibit_login", false.into())]);
    has(&world.done(of(alice, on)).await.expect("it is there"), &[("prohibit_login", false.into())]);
    let moved = of(alice, step(Verb::Rename, USER, ALICE, &[("name", "fml-alice-chen".into())]));
    let moved = world.done(moved).await.expect("it is there");
    has(&moved, &[("login_name", "sub-fml-alice".into())]);
    // By the number, whatever the plan still calls it.
    let back = of(alice, step(Verb::Rename, USER, ALICE, &[("name", ALICE.into())]));
    assert_eq!(&*world.done(back).await.expect("it is there").address.key, ALICE);

    let org = [("description", "makes things".into()), ("location", "Zürich".into())];
    has(&world.done(step(Verb::Update, ORGANIZATION, ORG, &org)).await.expect("it is there"), &org);
    let renamed = step(Verb::Rename, ORGANIZATION, ORG, &[("name", "fml-acme-corp".into())]);
    has(&world.done(renamed).await.expect("it is there"), &org);
    assert!(matches!(world.look(ORGANIZATION, ORG).await, Err(failure) if failure.said.starts_with("it was renamed")));
    world.done(step(Verb::Rename, ORGANIZATION, "fml-acme-corp", &[("name", ORG.into())])).await;
}

async fn gone(world: &World, dev: &Live) {
    for (team, person) in [("fml-devs", BOB), ("fml-devs", ALICE), ("ops", ALICE)] {
        let step = step(Verb::Delete, TEAM_MEMBER, &format!("{ORG}/{team}/{person}"), &[]);
        assert_eq!(world.done(step.clone()).await, None);
        assert_eq!(world.done(step).await, None);
    }
    assert_eq!(world.done(of(dev, step(Verb::Delete, TEAM, &format!("{ORG}/fml-devs"), &[]))).await, None);
    assert!(matches!(world.look(TEAM, &format!("{ORG}/fml-devs")).await, Ok(Look::Absent)));
    for person in [ALICE, BOB] {
        assert_eq!(world.done(step(Verb::Delete, USER, person, &[])).await, None);
        assert!(matches!(world.look(USER, person).await, Ok(Look::Absent)));
    }
    assert_eq!(world.done(step(Verb::Delete, ORGANIZATION, ORG, &[])).await, None);
    assert!(matches!(world.look(ORGANIZATION, ORG).await, Ok(Look::Absent)));
}

/// Takes away what an earlier run left on a real server.
async fn clean(world: &World) {
    for org in [ORG, "fml-acme-corp"] {
        world.raw("DELETE", &format!("/repos/{org}/formulas"), None).await;
        world.raw("DELETE", &format!("/orgs/{org}"), None).await;
    }
    for person in [ALICE, BOB, "fml-alice-chen"] {
        world.raw("DELETE", &format!("/admin/users/{person}"), None).await;
    }
}

/// A step on the object that was read.
fn of(live: &Live, step: Step) -> Step {
    Step { external_id: live.external_id.clone(), ..step }
}

#[track_caller]
fn has(live: &Live, fields: &[(&'static str, Value)]) {
    for (name, value) in fields {
        assert_eq!(live.fields.get(name), Some(value), "{name} of {}", live.address);
    }
}
