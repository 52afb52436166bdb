use std::sync::Arc;

use chrono::DateTime;

use super::*;
use crate::engine::diag::Span;
use crate::engine::model::{
    Access, Compare, Evidence, Failure, FailureClass, FieldSpec, Fields, KindSpec, Observation, OutputRef, Owner,
    Removal, Rename, Scope, ScopeRule,
};

const NUMBERS: KindSpec = KindSpec {
    name: "number",
    title: "number",
    class: KindClass::Number,
    member_of: None,
    gives: &[],
    fields: &[FieldSpec::new(NUMBER, "", Compare::Plain).access(Access::SignIn)],
    key: "",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[(NUMBER, "")],
    scope: ScopeRule::PerParent,
    absence: "",
    removal: Removal::Forget,
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName(""),
    creation_opens: true,
    wakes: "",
    cannot_be_undone: "",
};
const USERS: KindSpec = KindSpec {
    name: "user",
    title: "person",
    class: KindClass::Person,
    member_of: None,
    gives: &[],
    fields: &[FieldSpec::new("login", "", Compare::Plain).access(Access::SignIn)],
    scope: ScopeRule::Whole,
    ..NUMBERS
};

/// An identity provider `id` that keeps numbers of the pool `p`, and a service `chat` that is fed from it.
struct World {
    kinds: Kinds,
    desired: Vec<Desired>,
    numbers: Observation,
    accounts: Observation,
    allotments: Allotments,
}

impl World {
    fn wanting(people: &[&str]) -> Self {
        let (id, chat) = (Instance::new("id"), Instance::new("chat"));
        let mut kinds = Kinds::default();
        kinds.insert(id.clone(), &[NUMBERS]);
        kinds.insert(chat.clone(), &[USERS]);
        let whole = |scope| Observation {
            scope,
            at: DateTime::UNIX_EPOCH,
            completeness: Completeness::Complete(String::new()),
            objects: Vec::new(),
        };
        let mut world = Self {
            kinds,
            desired: Vec::new(),
            numbers: whole(Scope::within(&id, "number", "p")),
            accounts: whole(Scope::whole(&chat, "user")),
            allotments: Allotments::new(),
        };
        for name in people {
            let (owner, origin) =
                (Owner(format!("user:default/{name}")), Arc::new(Span::start_of(format!("{name}.yaml"))));
            let number = Address::new(&id, "number", &format!("p/{name}"));
            let output = OutputRef { address: number.clone(), output: NUMBER.into() };
            let account = Desired::new(Address::new(&chat, "user", name), owner.clone(), Arc::clone(&origin));
            world.desired.push(account.field("login", Term::Output(output), None));
            world.desired.push(Desired::new(number, owner, origin));
        }
        world
    }

    fn has(mut self, name: &str, number: i64) -> Self {
        self.numbers.objects.push(live("id", "number", &format!("p/{name}"), NUMBER, Value::Int(number)));
        self
    }

    fn account(mut self, name: &str, login: &str) -> Self {
        self.accounts.objects.push(live("chat", "user", name, "login", login.into()));
        self
    }

    fn remembers(mut self, name: &str, number: i64) -> Self {
        self.allotments.insert(("p".to_owned(), name.to_owned()), Value::Int(number));
        self
    }

    fn renamed(mut self, name: &str, from: &str) -> Self {
        let key = format!("p/{name}");
        let it = self.desired.iter_mut().find(|it| *it.address.key == *key).unwrap();
        it.previously = vec![format!("p/{from}")];
        self
    }

    fn allot(mut self) -> (Numbers, Vec<Desired>) {
        let observed = Observed::new([self.numbers, self.accounts]);
        let numbers = allot(&mut self.desired, &self.kinds, &observed, &self.allotments);
        (numbers, self.desired)
    }

    fn given(self) -> Vec<(String, i64)> {
        let (numbers, desired) = self.allot();
        for it in desired.iter().filter(|it| it.address.kind.as_str() == "number") {
            let given = numbers.given.iter().find(|given| given.subject == it.address.leaf()).map(|it| it.number);
            assert_eq!(it.known(NUMBER).and_then(Value::as_int), given, "{}", it.address);
            assert_eq!(it.extent == Extent::Observe, given.is_none(), "{}", it.address);
        }
        numbers.given.into_iter().map(|it| (it.subject, it.number)).collect()
    }
}

fn live(instance: &str, kind: &str, key: &str, field: &'static str, value: Value) -> Live {
    Live {
        address: Address::new(&Instance::new(instance), kind, key),
        external_id: None,
        fields: Fields::from([(field.into(), value)]),
        outputs: Fields::new(),
        mark: None,
    }
}

fn named(given: &[(&str, i64)]) -> Vec<(String, i64)> {
    given.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect()
}

#[test]
fn newcomers_get_the_next_numbers_in_order_of_name() {
    assert_eq!(World::wanting(&["bob", "alice"]).given(), named(&[("alice", 1), ("bob", 2)]));
}

#[test]
fn who_has_a_number_keeps_it() {
    let world = World::wanting(&["alice", "bob"]).has("alice", 12).remembers("bob", 3);
    assert_eq!(world.given(), named(&[("alice", 12), ("bob", 3)]));
}

#[test]
fn the_next_lies_above_every_number_in_either_service_and_in_the_ledger() {
    let newcomer = |world: World| world.given().iter().find(|it| it.0 == "newcomer").unwrap().1;
    assert_eq!(newcomer(World::wanting(&["newcomer"]).has("nobody", 40)), 41);
    assert_eq!(newcomer(World::wanting(&["newcomer"]).account("switched-off", "70")), 71);
    assert_eq!(newcomer(World::wanting(&["newcomer"]).remembers("long-gone", 90)), 91);
    // What is no number there is no number of ours.
    assert_eq!(newcomer(World::wanting(&["newcomer"]).account("by-password", "").account("other", "1f-2b")), 1);
}

#[test]
fn nobody_new_gets_a_number_while_one_of_the_lists_is_not_whole() {
    let broken = Completeness::Incomplete(Failure::new(FailureClass::Retry, "list", "half an answer"));
    let mut world = World::wanting(&["alice", "bob"]).has("alice", 12);
    world.accounts.completeness = broken.clone();
    let (numbers, _) = world.allot();
    assert_eq!(numbers.given, [Given { pool: "p".into(), subject: "alice".into(), number: 12 }]);
    assert_eq!(numbers.diagnostics[0].code, codes::NUMBER_NOT_GIVEN);
    let mut world = World::wanting(&["alice", "bob"]).has("alice", 12);
    world.numbers.completeness = broken;
    assert_eq!(world.given(), named(&[("alice", 12)]));
}

#[test]
fn a_number_that_was_wiped_or_changed_is_drift_against_the_ledger() {
    assert_eq!(World::wanting(&["alice"]).remembers("alice", 5).given(), named(&[("alice", 5)]));
    assert_eq!(World::wanting(&["alice"]).has("alice", 6).remembers("alice", 5).given(), named(&[("alice", 5)]));
}

#[test]
fn a_renamed_person_keeps_the_number_and_the_next_of_that_name_gets_another() {
    let world = World::wanting(&["alice", "alice-beta"]).renamed("alice-beta", "alice").has("alice-beta", 5);
    assert_eq!(world.remembers("alice", 5).given(), named(&[("alice", 6), ("alice-beta", 5)]));
    let alone = World::wanting(&["alice-beta"]).renamed("alice-beta", "alice").has("alice", 5).remembers("alice", 5);
    assert_eq!(alone.given(), named(&[("alice-beta", 5)]));
}

#[test]
fn two_people_with_one_number_stand_as_they_are() {
    let (numbers, desired) = World::wanting(&["alice", "bob", "carol"]).has("alice", 5).has("bob", 5).allot();
    assert_eq!(numbers.given, [Given { pool: "p".into(), subject: "carol".into(), number: 6 }]);
    assert_eq!(numbers.diagnostics.len(), 2);
    assert!(numbers.diagnostics.iter().all(|it| it.code == codes::NUMBER_TWICE));
    let held: Vec<String> = numbers.held.iter().map(ToString::to_string).collect();
    assert_eq!(held, ["user:default/alice", "user:default/bob"]);
    assert!(desired.iter().filter(|it| it.extent == Extent::Observe).count() == 2);
}

#[test]
fn a_pool_that_is_used_up_gives_nothing() {
    let (numbers, _) = World::wanting(&["alice"]).has("nobody", i64::MAX).allot();
    assert_eq!(numbers.given, []);
    assert!(numbers.diagnostics[0].message.contains("no number is left"), "{:?}", numbers.diagnostics);
}

#[test]
fn equal_worlds_give_equal_numbers() {
    let world = |people: &[&str]| World::wanting(people).has("carol", 9).account("x", "20");
    assert_eq!(world(&["alice", "bob", "carol"]).given(), world(&["carol", "bob", "alice"]).given());
}
