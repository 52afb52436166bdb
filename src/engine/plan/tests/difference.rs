//! The plan of a change: what only the head's plan does, what only the base's does, and what is neither's doing.

use super::*;
use crate::engine::diag::{Diagnostic, codes};
use crate::engine::diff::Assumed;
use crate::engine::plan::difference::{Difference, Problems};

fn between(base: &World, head: &World) -> Difference {
    Difference::between(&base.plan().plan, &head.plan().plan, Problems::default())
}

fn told(it: &Difference) -> String {
    let line = |sign: &str, step: &Step| format!("{sign} {} {}", step.verb, step.address);
    let mut lines: Vec<String> = it.adds.iter().map(|step| line("+", step)).collect();
    lines.extend(it.drops.iter().map(|step| line("-", step)));
    lines.extend(it.differs.iter().map(|it| line("~", &it.head)));
    lines.extend(it.rewaits.iter().map(|it| line("waits otherwise:", &it.step)));
    lines.extend(it.losing.iter().map(|it| format!("{} loses {}", it.person, it.what.len())));
    lines.extend(it.left.iter().map(|row| format!("left {} {}", row.class, row.address)));
    lines.extend(it.waiting.iter().map(|group| format!("waiting: {}", group.name)));
    lines.extend(it.elsewhere.steps.values().flatten().map(|(verb, count)| format!("elsewhere: {count} {verb}")));
    lines.join("\n")
}

#[test]
fn drift_is_not_the_changes_doing() {
    let mut base = World::settled(&["alice", "bob", "carol"]);
    base.set(&at("user", "alice"), "about", "by hand");
    let base = base.user("dora");
    let mut head = base.clone().without("bob").without("dora").user("eve");
    let carol = head.desired.iter_mut().find(|it| it.address == at("user", "carol")).expect("declared");
    carol.fields.get_mut("about").expect("declared").term = "likes lists".into();
    let difference = between(&base, &head);
    insta::assert_snapshot!(told(&difference), @r"
    + disable svc:user/bob
    + update svc:user/carol
    + create svc:user/eve
    - create svc:user/dora
    bob loses 1
    elsewhere: 1 update
    ");
    let counts = &difference.counts()[&Instance::new("svc")];
    assert_eq!((counts.drops, counts.differs, counts.waiting), (1, 0, 0));
    assert!(between(&base, &base).is_empty());
}

#[test]
fn the_digest_of_a_change_stays_while_services_drift() {
    let mut base = World::settled(&["alice", "bob"]);
    let mut head = base.clone().without("bob");
    let first = between(&base, &head).digest;
    for world in [&mut base, &mut head] {
        world.set(&at("user", "alice"), "about", "by hand");
    }
    assert_eq!(first, between(&base, &head).digest);
    assert_ne!(first, between(&base, &base).digest);
}

#[test]
fn a_step_that_is_done_differently_stands_beside_what_it_was() {
    let describe = |world: &World, text: &str| {
        let mut world = world.clone();
        let alice = world.desired.iter_mut().find(|it| it.address == at("user", "alice")).expect("declared");
        alice.fields.get_mut("about").expect("declared").term = text.into();
        world
    };
    let world = World::settled(&["alice"]);
    assert_eq!(told(&between(&describe(&world, "a"), &describe(&world, "b"))), "~ update svc:user/alice");
    assert_eq!(told(&between(&describe(&world, "a"), &world)), "- update svc:user/alice");
}

#[test]
fn one_removal_too_many_makes_those_of_others_wait() {
    let base = World::settled(&["a", "b", "c", "d", "e"]).without("a").without("b").without("c");
    let head = base.clone().without("d");
    insta::assert_snapshot!(told(&between(&base, &head)), @r"
    + disable svc:user/d
    waits otherwise: disable svc:user/a
    waits otherwise: disable svc:user/b
    waits otherwise: disable svc:user/c
    d loses 1
    waiting: svc: removal of people
    ");
}

#[test]
fn a_problem_that_only_moved_is_no_new_one() {
    let at_line = |line: u32, message: &str| {
        let span = Span { line, ..(*span()).clone() };
        Diagnostic::error(codes::SAME_OBJECT, message.to_owned()).at(span)
    };
    let base = [at_line(1, "old"), at_line(2, "twice"), at_line(3, "solved")];
    let head = [at_line(9, "old"), at_line(2, "twice"), at_line(5, "twice"), at_line(4, "new")];
    let problems = Problems::between(&base, &head);
    let said = |of: &[Diagnostic]| of.iter().map(|it| it.message.clone()).collect::<Vec<_>>();
    assert_eq!(
        (said(&problems.brought), said(&problems.solved)),
        (vec!["twice".into(), "new".into()], vec!["solved".into()])
    );
    assert_eq!(problems.already, 2);
}

/// Desired against desired: the base is taken for what is there.
fn offline(base: &World, head: &World) -> Plan {
    let others = head.desired.iter().map(|it| &it.address);
    let Assumed { observed, recorded } = Assumed::wanted(&kinds(), &base.desired, others, now());
    World { live: observed.live, recorded, ..head.clone() }.plan().plan
}

#[test]
fn a_change_by_itself_is_told_without_a_look_at_anything() {
    let base = World::new().team("dev", MembershipMode::Authoritative).user("alice").user("bob").user("carol");
    let base = base.member("dev", "alice").member("dev", "bob").member("dev", "carol");
    assert!(offline(&base, &base).steps.is_empty());
    let mut head = base.clone().without("bob").user("dora").member("dev", "dora");
    let carol = head.desired.iter().position(|it| it.address == at("user", "carol")).expect("declared");
    let mut renamed = World::new().user("caroline").desired.remove(0);
    renamed.previously = vec!["carol".to_owned()];
    head.desired[carol] = renamed;
    let edge = head.desired.iter().position(|it| it.address == at("member", "dev/carol")).expect("declared");
    head.desired[edge] = World::new().member("dev", "caroline").desired.remove(0);
    insta::assert_snapshot!(super::told(&offline(&base, &head)), @r"
    disable svc:user/bob
    rename svc:user/caroline
    update svc:user/caroline
    create svc:user/dora
    create svc:member/dev/dora
    ");
}
