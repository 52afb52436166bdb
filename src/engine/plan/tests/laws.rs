//! Laws: what holds whatever happened. `PROPTEST_CASES` says how many worlds are tried.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::engine::plan::{NoteLevel, Saved, StepId, saved::seen};

/// Enough to find what is wrong, few enough for every run of the tests.
fn cases() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let standard = ProptestConfig::default();
    ProptestConfig { cases: if asked { standard.cases } else { 96 }, ..standard }
}

/// Something that happens to a world.
#[derive(Debug, Clone)]
enum Event {
    Join(u8),
    Leave(u8),
    InTeam(u8),
    OutOfTeam(u8),
    Describe(u8, String),
    DescribedByHand(u8, String),
    AddedByHand(u8),
    SwitchedOnByHand(u8),
    Widened,
    RemovedByHand(u8),
    Undeclared(u8, String),
}

fn event() -> impl Strategy<Value = Event> {
    let who = 0..6u8;
    prop_oneof![
        who.clone().prop_map(Event::Join),
        who.clone().prop_map(Event::Leave),
        who.clone().prop_map(Event::InTeam),
        who.clone().prop_map(Event::OutOfTeam),
        (who.clone(), "[a-c]{0,2}").prop_map(|(who, text)| Event::Describe(who, text)),
        (who.clone(), "[a-c]{0,2}").prop_map(|(who, text)| Event::DescribedByHand(who, text)),
        who.clone().prop_map(Event::AddedByHand),
        who.clone().prop_map(Event::SwitchedOnByHand),
        Just(Event::Widened),
        who.clone().prop_map(Event::RemovedByHand),
        (who, "[a-c]{1,2}").prop_map(|(who, text)| Event::Undeclared(who, text)),
    ]
}

impl World {
    fn happen(&mut self, event: &Event) {
        let name = |who: &u8| format!("p{who}");
        let this = std::mem::replace(self, World::new());
        *self = match event {
            Event::Join(who) if !this.desired.iter().any(|it| it.address == at("user", &name(who))) => {
                this.user(&name(who))
            }
            Event::Leave(who) => this.without(&name(who)),
            Event::InTeam(who)
                if this.desired.iter().any(|it| it.address == at("user", &name(who)))
                    && !this.desired.iter().any(|it| it.address == at("member", &format!("dev/{}", name(who)))) =>
            {
                this.member("dev", &name(who))
            }
            _ => this,
        };
        match event {
            Event::OutOfTeam(who) => {
                let edge = at("member", &format!("dev/{}", name(who)));
                self.desired.retain(|it| it.address != edge);
            }
            Event::Describe(who, text) => {
                for desired in self.desired.iter_mut().filter(|it| it.address == at("user", &name(who))) {
                    desired.fields.get_mut("about").expect("declared").term = text.as_str().into();
                }
            }
            Event::DescribedByHand(who, text) if self.live.contains_key(&at("user", &name(who))) => {
                self.set(&at("user", &name(who)), "about", text.as_str());
            }
            Event::SwitchedOnByHand(who) if self.live.contains_key(&at("user", &name(who))) => {
                self.set(&at("user", &name(who)), "enabled", true);
            }
            Event::RemovedByHand(who) => {
                let gone = |it: &Address| it.leaf() == name(who);
                self.live.retain(|address, _| !gone(address));
            }
            Event::Undeclared(who, text) if self.live.contains_key(&at("user", &name(who))) => {
                self.set(&at("user", &name(who)), "login", text.as_str());
            }
            Event::AddedByHand(who) if self.live.contains_key(&at("team", "dev")) => {
                let address = at("member", &format!("dev/{}", name(who)));
                let live = Live {
                    address: address.clone(),
                    external_id: None,
                    fields: Fields::new(),
                    outputs: Fields::new(),
                    mark: None,
                };
                self.live.entry(address).or_insert(live);
            }
            Event::Widened if self.live.contains_key(&at("team", "dev")) => {
                self.set(&at("team", "dev"), "units", Value::Map([("code".to_owned(), "admin".into())].into()));
            }
            _ => {}
        }
    }

    /// Approves whatever waits, as a person would who trusts the plan.
    fn approve_all(&mut self) {
        let plan = self.plan().plan;
        let steps = plan.steps.iter().map(|step| step.digest.clone()).collect();
        self.approvals = vec![Approved { id: 1, steps, expires: now() + chrono::Duration::hours(1) }];
    }
}

/// A world to which these things happened, settled now and then on the way.
fn after(events: &[Event]) -> World {
    let mut world = World::new().team("dev", MembershipMode::Authoritative);
    for (place, event) in events.iter().enumerate() {
        world.happen(event);
        if place % 3 == 0 {
            let plan = world.plan().plan;
            world.apply(&plan);
        }
    }
    world
}

/// The same things in another order.
fn shuffled<T>(items: &mut [T], seed: u64) {
    let mut state = seed | 1;
    for at in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(at, (state >> 33) as usize % (at + 1));
    }
}

fn bytes(plan: &Plan) -> String {
    serde_json::to_string(&(&plan.steps, &plan.changes, &plan.waiting, &plan.notes)).expect("json")
}

fn fresh_sight(plan: &Plan, world: &World) -> Saved {
    let seen = seen(plan, &kinds(), |address| world.live.get(address));
    Saved { plan: plan.clone(), expires: now() + chrono::Duration::hours(24), seen }
}

proptest! {
    #![proptest_config(cases())]

    /// Whatever happened: approve, apply, plan again, expect nothing.
    #[test]
    fn apply_then_plan_is_empty(events in prop::collection::vec(event(), 0..24)) {
        let mut world = World::new().team("dev", MembershipMode::Authoritative);
        for event in &events {
            world.happen(event);
            world.approve_all();
            let plan = world.plan().plan;
            prop_assert!(plan.waiting.is_empty());
            prop_assert!(plan.notes.iter().all(|note| note.level != NoteLevel::Fatal), "{:?}", plan.notes);
            world.apply(&plan);
            let again = world.plan().plan;
            prop_assert!(again.steps.is_empty(), "after {events:?}:\n{}", told(&again));
        }
    }

    /// The order of declarations, records and sets changes nothing: equal inputs give equal bytes.
    #[test]
    fn the_plan_does_not_depend_on_order(events in prop::collection::vec(event(), 0..16), seed in any::<u64>()) {
        let world = after(&events);
        let plan = world.plan().plan;
        prop_assert_eq!(bytes(&plan), bytes(&world.plan().plan));
        let mut other = world.clone();
        shuffled(&mut other.desired, seed);
        shuffled(&mut other.recorded, seed.rotate_left(7));
        shuffled(&mut other.sets, seed.rotate_left(13));
        prop_assert_eq!(bytes(&plan), bytes(&other.plan().plan));
    }

    /// A part of the world is planned as it is within the whole.
    #[test]
    fn a_part_is_planned_as_the_whole_is(events in prop::collection::vec(event(), 0..24)) {
        let mut world = World::new().team("dev", MembershipMode::Authoritative);
        world.policy.budgets.people.at_least = 100;
        world.policy.budgets.other.at_least = 100;
        for (place, event) in events.iter().enumerate() {
            world.happen(event);
            if place % 3 == 0 {
                let plan = world.plan().plan;
                world.apply(&plan);
            }
        }
        world.part_of("p0")?;
    }

    /// Everything comes after what it needs: by the plan's own edges, and by those of the declarations.
    #[test]
    fn order_respects_edges(events in prop::collection::vec(event(), 0..24)) {
        let world = after(&events);
        let plan = world.plan().plan;
        let made: BTreeMap<&Address, StepId> = plan
            .steps
            .iter()
            .filter(|step| matches!(step.verb, Verb::Create | Verb::Adopt | Verb::Rename))
            .map(|step| (&step.address, step.id))
            .collect();
        for (place, step) in plan.steps.iter().enumerate() {
            prop_assert_eq!(step.id.0 as usize, place);
            prop_assert!(step.needs.iter().all(|need| *need < step.id), "{}", told(&plan));
            let desired = world.desired.iter().find(|it| it.address == step.address);
            for need in desired.into_iter().flat_map(|it| &it.needs).filter(|_| step.verb == Verb::Create) {
                if let Some(made) = made.get(need) {
                    prop_assert!(step.needs.contains(made), "{} does not need {need}", step.address);
                }
            }
        }
    }

    /// However removals are cut into plans, and however much of each plan is done: within the window no more people are
    /// disabled than the budget allows, unless somebody approves it.
    #[test]
    fn budgets_hold_over_any_split(
        people in 4..26usize,
        batches in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 1..6), 1..9),
        chosen in prop::collection::vec(any::<bool>(), 64),
    ) {
        let names: Vec<String> = (0..people).map(|n| format!("p{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut world = World::settled(&names);
        // A fifth of a few people is more than one, as a twentieth of many is.
        let budget = Budget { at_least: 1, percent: 20 };
        world.policy.budgets.people = budget;
        let allowed = budget.allows(people);
        let (mut disabled, mut choice) = (0, chosen.iter().cycle());
        for batch in &batches {
            for who in batch {
                world = world.without(names[who.index(people)]);
            }
            let plan = world.plan().plan;
            let mut done = BTreeSet::new();
            for step in &plan.steps {
                let ready = step.waits.is_empty() && step.needs.is_subset(&done);
                if ready && choice.next() == Some(&true) {
                    world.perform(step);
                    done.insert(step.id);
                    if step.verb.is_destructive() {
                        *world.spent.entry((Instance::new("svc"), step.class)).or_default() += 1;
                        disabled += usize::from(step.class == KindClass::Person);
                    }
                }
            }
            prop_assert!(disabled <= allowed, "{disabled} of {people} with a budget of {allowed}");
        }
    }

    /// What nobody declares is never sent, and stays as it is on everything that stays.
    #[test]
    fn undeclared_fields_survive(events in prop::collection::vec(event(), 0..24)) {
        let mut world = World::new().team("dev", MembershipMode::Authoritative);
        for event in &events {
            world.happen(event);
            world.approve_all();
            let before: BTreeMap<Address, Option<Value>> =
                world.live.iter().map(|(address, live)| (address.clone(), live.fields.get("login").cloned())).collect();
            let plan = world.plan().plan;
            prop_assert!(plan.steps.iter().all(|step| !step.after.contains_key("login")), "{}", told(&plan));
            world.apply(&plan);
            for (address, live) in &world.live {
                if let Some(login) = before.get(address) {
                    prop_assert_eq!(login, &live.fields.get("login").cloned());
                }
            }
        }
    }

    /// Declarations that move to other files ask for the same steps, and for none where none was needed.
    #[test]
    fn a_renamed_file_changes_nothing(events in prop::collection::vec(event(), 0..16)) {
        let mut world = after(&events);
        let digests = |world: &World| -> Vec<String> {
            world.plan().plan.steps.iter().map(|step| step.digest.clone()).collect()
        };
        let before = digests(&world);
        let elsewhere = Arc::new(Span { file: "users/acme/moved/all.yaml".into(), line: 7, ..(*span()).clone() });
        for desired in &mut world.desired {
            desired.origin = Arc::clone(&elsewhere);
            desired.fields.retain(|_, wanted| {
                wanted.span = wanted.span.is_some().then(|| Arc::clone(&elsewhere));
                true
            });
        }
        prop_assert_eq!(before, digests(&world));
    }

    /// Without a ledger nothing is removed, and whatever waits there waits under the same digest with a new one.
    #[test]
    fn two_way_removes_nothing(events in prop::collection::vec(event(), 0..24)) {
        let mut world = after(&events);
        world.recorded.clear();
        let fresh = world.plan().plan;
        world.has_ledger = false;
        let two_way = world.plan().plan;
        prop_assert!(two_way.steps.iter().all(|step| step.verb != Verb::Delete), "{}", told(&two_way));
        let undeclared = |step: &&Step| !world.desired.iter().any(|it| it.address == step.address);
        prop_assert!(two_way.steps.iter().find(undeclared).is_none(), "{}", told(&two_way));
        for group in &two_way.waiting {
            prop_assert!(fresh.waiting.iter().any(|it| it.digest == group.digest), "{}", group.name);
        }
    }

    /// Of a saved plan nothing is done that it does not have, nothing without what it needs, and nothing is lost: each
    /// of its steps is kept, done already, or refused.
    #[test]
    fn a_saved_plan_is_only_ever_narrowed(
        before in prop::collection::vec(event(), 0..16),
        meanwhile in prop::collection::vec(event(), 0..6),
    ) {
        let mut world = after(&before);
        let plan = world.plan().plan;
        let saved = fresh_sight(&plan, &world);
        let same = saved.narrow(world.plan().plan, &kinds(), |address| world.live.get(address));
        prop_assert_eq!((&same.plan.steps, same.refused.len(), same.done.len()), (&plan.steps, 0, 0));
        for event in &meanwhile {
            world.happen(event);
        }
        let narrowed = saved.narrow(world.plan().plan, &kinds(), |address| world.live.get(address));
        let had: BTreeSet<&str> = plan.steps.iter().map(|step| step.digest.as_str()).collect();
        for (place, step) in narrowed.plan.steps.iter().enumerate() {
            prop_assert!(had.contains(step.digest.as_str()));
            prop_assert_eq!(step.id.0 as usize, place);
            prop_assert!(step.needs.iter().all(|need| *need < step.id));
        }
        prop_assert_eq!(narrowed.plan.steps.len() + narrowed.refused.len() + narrowed.done.len(), plan.steps.len());
    }
}
