//! What becomes of a thing that holds people's work when nobody declares it any more.

use chrono::TimeDelta;

use super::*;

/// A desk that was declared, was not any more, and has been off for so many days.
fn off_for(days: i64) -> World {
    let mut world = World::new().desk("blue");
    world.converge();
    world = world.without("blue");
    assert_eq!(told(&world.plan().plan), "disable svc:desk/blue");
    world.converge();
    world.recorded[0].state = ObjectState::Disabled(now() - TimeDelta::days(days));
    world
}

#[test]
fn it_is_switched_off_at_once_and_deleted_by_approval_once_its_retention_is_over() {
    assert_eq!(told(&off_for(29).plan().plan), "");
    let mut world = off_for(30);
    let plan = world.plan().plan;
    insta::assert_snapshot!(told(&plan), @"delete svc:desk/blue [waits: svc: deletions after retention]");
    insta::assert_snapshot!(plan.steps[0].why, @"declared no more, and off since 2026-10-27: its retention is over");
    insta::assert_snapshot!(plan.steps[0].goes_with[0].what, @"all work on it");
    let steps = [plan.steps[0].digest.clone()].into();
    world.approvals = vec![Approved { id: 1, steps, expires: now() + TimeDelta::days(1) }];
    world.converge();
    assert!(world.live.is_empty() && world.recorded.is_empty());
}

#[test]
fn how_long_it_is_kept_is_the_installations_rule() {
    let mut world = off_for(30);
    world.policy.retention_days = 90;
    assert_eq!(told(&world.plan().plan), "");
}

#[test]
fn it_stands_while_the_list_that_shows_it_was_not_read_whole() {
    let mut world = off_for(30);
    world.incomplete.insert(Scope::whole(&Instance::new("svc"), "desk"));
    let told = told(&world.plan().plan);
    assert!(told.starts_with("- removed svc:desk/blue: declared no more, and off since 2026-10-27"), "{told}");
}

#[test]
fn what_was_switched_on_again_is_switched_off_again_and_never_deleted_in_the_same_plan() {
    let mut world = off_for(30);
    world.set(&at("desk", "blue"), "open", true);
    insta::assert_snapshot!(told(&world.plan().plan), @"disable svc:desk/blue");
}

#[test]
fn what_is_declared_again_is_ours_again() {
    let mut world = off_for(30).desk("blue");
    world.converge();
    assert_eq!(world.recorded[0].state, ObjectState::Active);
}
