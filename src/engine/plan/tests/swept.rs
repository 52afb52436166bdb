//! What a service ends by itself, and what is told of although nobody declared it.

use super::*;

fn page(text: &str) -> Desired {
    Desired::new(at("page", "home"), Owner("group:default/acme".to_owned()), span()).field("text", text, None)
}

#[test]
fn what_goes_by_itself_is_told_until_it_is_gone() {
    let mut world = World::new();
    world.desired.push(page("hello"));
    world.converge();
    world.desired.clear();
    insta::assert_snapshot!(told(&world.plan().plan), @"- removed svc:page/home: declared no more: it goes by itself within minutes");
    world.live.clear();
    insta::assert_snapshot!(told(&world.plan().plan), @"forget svc:page/home");
}

#[test]
fn what_is_declared_and_not_there_is_made_all_the_same() {
    let mut world = World::new();
    world.desired.push(page("hello"));
    insta::assert_snapshot!(told(&world.plan().plan), @"create svc:page/home");
}

#[test]
fn of_what_nobody_declared_only_what_is_astray_is_told() {
    let mut world = World::new();
    for (name, stray) in [("theirs", Value::Null), ("broken", Value::from("it cannot be read"))] {
        let fields = Fields::from([("stray".into(), stray)]);
        let address = at("page", name);
        let live = Live { address: address.clone(), external_id: None, fields, outputs: Fields::new(), mark: None };
        world.live.insert(address, live);
    }
    insta::assert_snapshot!(told(&world.plan().plan), @"- unowned svc:page/broken: nobody declared it, and it cannot be read");
}
