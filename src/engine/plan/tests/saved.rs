//! What of a saved plan may still be done.

use super::*;
use crate::engine::plan::saved::{Narrowed, Saved, Unusable, seen};

fn save(world: &World) -> Saved {
    let plan = world.plan().plan;
    let seen = seen(&plan, &kinds(), |address| world.live.get(address));
    Saved { plan, expires: now() + chrono::Duration::hours(24), seen }
}

fn narrow(saved: &Saved, world: &World) -> Narrowed {
    saved.narrow(world.plan().plan, &kinds(), |address| world.live.get(address))
}

/// What is kept, refused and done, a line each.
fn told(narrowed: &Narrowed) -> String {
    let kept = narrowed.plan.steps.iter().map(|step| format!("keep {} {}", step.verb, step.address));
    let refused = narrowed.refused.iter().map(|it| format!("refuse {} {}: {}", it.verb, it.address, it.why));
    let done = narrowed.done.iter().map(|(verb, address)| format!("done {verb} {address}"));
    kept.chain(refused).chain(done).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_moved_is_refused_by_field_and_the_rest_is_kept() {
    let mut world = World::settled(&["alice", "bob"]);
    world.set(&at("user", "alice"), "about", "by hand");
    world.set(&at("user", "bob"), "about", "by hand");
    let saved = save(&world);
    assert_eq!(told(&narrow(&saved, &world)), "keep update svc:user/alice\nkeep update svc:user/bob");
    world.set(&at("user", "alice"), "about", "by another hand");
    insta::assert_snapshot!(told(&narrow(&saved, &world)), @r#"
    keep update svc:user/bob
    refuse update svc:user/alice: moved: about: planned "by hand" → now "by another hand"
    "#);
    // A field that the step does not even set.
    let mut world = World::settled(&["alice"]);
    world.set(&at("user", "alice"), "about", "by hand");
    let saved = save(&world);
    world.set(&at("user", "alice"), "login", "other");
    insta::assert_snapshot!(told(&narrow(&saved, &world)), @r#"refuse update svc:user/alice: moved: login: planned (absent) → now "other""#);
}

#[test]
fn a_step_that_needs_a_refused_one_is_refused_with_that_reason() {
    let mut world = World::new().team("dev", MembershipMode::Authoritative).user("alice").user("bob");
    world = world.member("dev", "alice").member("dev", "bob");
    let saved = save(&world);
    let fields = Fields::from([("email".into(), "alice@elsewhere.test".into()), ("verified".into(), true.into())]);
    let stranger = Live {
        address: at("user", "alice"),
        external_id: Some("9".to_owned()),
        fields,
        outputs: Fields::new(),
        mark: None,
    };
    world.live.insert(at("user", "alice"), stranger);
    insta::assert_snapshot!(told(&narrow(&saved, &world)), @r"
    keep create svc:team/dev
    keep create svc:user/bob
    keep create svc:member/dev/bob
    refuse create svc:user/alice: it was not there when this was planned, and is now
    refuse create svc:member/dev/alice: it needs create svc:user/alice, which is refused
    ");
}

#[test]
fn a_step_that_needs_more_by_now_is_refused_and_so_is_what_follows_from_it() {
    let world = World::new().team("dev", MembershipMode::Authoritative).user("alice").member("dev", "alice");
    let mut saved = save(&world);
    // A plan that somebody saved without the person.
    saved.plan.steps.retain(|step| step.address != at("user", "alice"));
    saved.plan.steps.iter_mut().for_each(|step| step.needs.retain(|need| need.0 == 0));
    insta::assert_snapshot!(told(&narrow(&saved, &world)), @r"
    keep create svc:team/dev
    refuse create svc:member/dev/alice: it needs create svc:user/alice by now, which is not in the saved plan
    ");
}

#[test]
fn what_is_done_already_is_passed_over_and_what_vanished_or_was_replaced_is_refused() {
    let mut world = World::new().user("alice").user("bob").user("carol");
    let saved = save(&world);
    let first = world.plan().plan.steps[0].clone();
    world.perform(&first);
    insta::assert_snapshot!(told(&narrow(&saved, &world)), @r"
    keep create svc:user/bob
    keep create svc:user/carol
    done create svc:user/alice
    ");
    world.converge();
    for name in ["alice", "bob", "carol"] {
        world.set(&at("user", name), "about", "by hand");
    }
    let saved = save(&world);
    world.live.remove(&at("user", "alice"));
    world.live.get_mut(&at("user", "bob")).expect("there").external_id = Some("99".to_owned());
    world.incomplete.insert(Scope::whole(&Instance::new("svc"), "user"));
    world.live.remove(&at("user", "carol"));
    insta::assert_snapshot!(told(&narrow(&saved, &world)), @r"
    refuse update svc:user/alice: it was not seen, but svc:user was not read whole (list: 503)
    refuse update svc:user/bob: another object has its name: id 99, where the planned one had 2
    refuse update svc:user/carol: it was not seen, but svc:user was not read whole (list: 503)
    ");
    world.incomplete.clear();
    let refused = narrow(&saved, &world).refused;
    assert_eq!(refused[0].why.to_string(), "it was there when this was planned, and is gone");
}

#[test]
fn what_is_declared_otherwise_or_no_more_is_refused() {
    let mut world = World::settled(&["alice", "bob"]);
    for name in ["alice", "bob"] {
        world.set(&at("user", name), "email", "old@acme.test");
    }
    let saved = save(&world);
    let alice = world.desired.iter_mut().find(|it| it.address == at("user", "alice")).expect("declared");
    alice.fields.get_mut("email").expect("declared").term = "new@acme.test".into();
    let world = world.without("bob");
    insta::assert_snapshot!(told(&narrow(&saved, &world)), @r#"
    refuse update svc:user/alice: declared otherwise: email: planned "alice@acme.test" → now "new@acme.test"
    refuse update svc:user/bob: nothing asks for it any more
    "#);
}

#[test]
fn the_guards_of_today_hold_for_a_plan_of_yesterday() {
    let mut world = World::settled(&["a", "b", "c", "d", "e"]).without("a");
    let saved = save(&world);
    assert!(saved.plan.waiting.is_empty());
    world.spent.insert((Instance::new("svc"), KindClass::Person), 3);
    let narrowed = narrow(&saved, &world);
    assert_eq!(told(&narrowed), "keep disable svc:user/a");
    assert_eq!(narrowed.plan.waiting.len(), 1, "it waits for the budget");
}

#[test]
fn a_plan_is_for_its_platform_its_ledger_and_its_day() {
    let saved = save(&World::new().user("alice"));
    let later = now() + chrono::Duration::hours(24);
    assert_eq!(saved.check("acme", "ours", now()), Ok(()));
    assert!(matches!(saved.check("labs", "ours", now()), Err(Unusable::OtherPlatform { .. })));
    assert!(matches!(saved.check("acme", "theirs", now()), Err(Unusable::OtherLedger { .. })));
    assert!(matches!(saved.check("acme", "ours", later), Err(Unusable::Expired { .. })));
    let mut two_way = World::new().user("alice");
    two_way.has_ledger = false;
    assert_eq!(save(&two_way).check("acme", "ours", now()), Err(Unusable::TwoWay));
    let offline = Saved { plan: saved.plan.clone().offline(&[]), ..saved };
    assert_eq!(offline.check("acme", "ours", now()), Err(Unusable::Offline));
}
