//! The executor's rules, one by one.

use std::collections::BTreeMap;

use super::bench::{Bench, CONCURRENCY, Wish, app, at, clock, live, now, plan_of, step};
use crate::engine::model::{
    Failure, FailureClass, Fields, KindClass, ObjectState, Origin, OutputRef, Scope, Term, Value,
};
use crate::engine::plan::{Consequence, NoteLevel, Verb, Wait};
use crate::provider::contract::Related;
use crate::provider::inmemory::{Effect, Fault};
use crate::runtime::ledger::NewApproval;
use crate::runtime::reconcile::{ApplyError, EndedEarly, Found, Held, NoProbe, Outcome, StepOutcome, Tenure};

fn refused() -> Failure {
    Failure::new(FailureClass::Refused, "create", "the name is reserved")
}

fn fault(address: &str, effect: Effect) -> Fault {
    Fault { address: Some(at(address)), verb: None, effect }
}

fn words(outcome: &Outcome) -> Vec<&'static str> {
    outcome.steps.iter().map(|step| step.outcome.word()).collect()
}

fn held(outcome: &Outcome, place: usize) -> String {
    match &outcome.steps[place].outcome {
        StepOutcome::Held { why } => why.to_string(),
        other => panic!("{other:?}"),
    }
}

fn failure(outcome: &Outcome, place: usize) -> &Failure {
    match &outcome.steps[place].outcome {
        StepOutcome::Failed { failure } => failure,
        other => panic!("{other:?}"),
    }
}

fn sent(email: &str) -> [(&'static str, Term); 2] {
    [("email", email.into()), ("enabled", true.into())]
}

#[tokio::test]
async fn a_plan_of_both_installations_is_applied_and_the_next_is_empty() {
    let bench = Bench::new().await;
    let wish = Wish::of(&["alice", "bob"], &[("acme", &["alice", "bob"]), ("acme-labs", &["bob"])]);
    let planned = bench.plan(&wish).await;
    assert_eq!(planned.planned.plan.steps.len(), 2 * (2 + 2 + 3));
    let outcome = bench.apply(&planned).await;
    assert_eq!((outcome.exit(), outcome.counts().done), (0, 14), "{outcome:#?}");

    // The account follows the identity that was made in the same run.
    let sub = bench.service.get(&at("id:user/alice")).unwrap().outputs["sub"].clone();
    let alice = bench.service.get(&at("app:user/alice")).unwrap();
    assert_eq!(alice.fields["login"], sub);
    let recorded = bench.recorded(&at("app:user/alice")).await.unwrap();
    assert_eq!((recorded.origin, recorded.state), (Origin::Created, ObjectState::Active));
    assert_eq!((recorded.external_id, &recorded.last_applied["login"]), (alice.external_id, &sub));
    assert_eq!(recorded.file, "users/acme/alice.yaml");

    let again = bench.plan(&wish).await;
    assert_eq!((again.planned.plan.steps, again.refresh), (vec![], vec![]));
    assert_eq!(bench.ledger.runs(1).await.unwrap()[0].exit, Some(0));
    assert_eq!(bench.ledger.open_intents().await.unwrap(), []);
}

#[tokio::test]
async fn a_failure_stops_its_dependants_and_nothing_else() {
    let bench = Bench::new().await;
    bench.service.fault(fault("id:user/alice", Effect::Fails(refused())));
    let wish = Wish::of(&["alice", "bob"], &[("acme", &["alice", "bob"])]);
    let outcome = bench.apply(&bench.plan(&wish).await).await;
    assert_eq!(outcome.exit(), 8);
    let counts = outcome.counts();
    // Alice's account here, her account there, and both of her memberships.
    assert_eq!((counts.failed, counts.held, counts.done), (1, 3, 6), "{outcome:#?}");
    let of_alice = outcome.steps.iter().position(|it| it.address == at("app:membership/acme/alice")).unwrap();
    assert_eq!(held(&outcome, of_alice), "needs 'id:user/alice', which was not done");

    // The next run finishes it.
    assert_eq!(bench.apply(&bench.plan(&wish).await).await.exit(), 0);
    assert_eq!(bench.plan(&wish).await.planned.plan.steps, []);
}

#[tokio::test]
async fn offboarding_goes_on_where_one_service_refuses() {
    let bench = Bench::new().await;
    bench.apply(&bench.plan(&Wish::of(&["alice", "bob"], &[])).await).await;
    bench.service.fault(fault("id:user/bob", Effect::Fails(refused())));
    let outcome = bench.apply(&bench.plan(&Wish::of(&["alice"], &[])).await).await;
    assert_eq!((outcome.counts().failed, outcome.counts().done), (1, 1));
    let bob = bench.service.get(&at("app:user/bob")).unwrap();
    assert_eq!(bob.fields["enabled"], Value::Bool(false));
    assert_eq!(bench.recorded(&at("app:user/bob")).await.unwrap().state, ObjectState::Disabled(now()));
    assert_eq!(bench.recorded(&at("id:user/bob")).await.unwrap().state, ObjectState::Active);
    assert_eq!(bench.ledger.destructive_since(&app(), KindClass::Person, now()).await.unwrap(), 1);

    // Returning restores.
    bench.apply(&bench.plan(&Wish::of(&["alice", "bob"], &[])).await).await;
    assert_eq!(bench.service.get(&at("app:user/bob")).unwrap().fields["enabled"], Value::Bool(true));
    assert_eq!(bench.recorded(&at("app:user/bob")).await.unwrap().state, ObjectState::Active);
}

/// The service says that it opened an account, and it is closed: that is no undoing by somebody, which would wait.
#[tokio::test]
async fn a_return_that_was_taken_and_did_not_happen_is_done_again() {
    let bench = Bench::new().await;
    let both = Wish::of(&["alice", "bob"], &[]);
    bench.apply(&bench.plan(&both).await).await;
    bench.apply(&bench.plan(&Wish::of(&["alice"], &[])).await).await;
    bench.service.fault(fault("app:user/bob", Effect::Alters("enabled".into(), false.into())));
    bench.apply(&bench.plan(&both).await).await;
    let recorded = bench.recorded(&at("app:user/bob")).await.unwrap();
    assert_eq!(
        (recorded.state, &recorded.last_applied["enabled"]),
        (ObjectState::Disabled(now()), &Value::Bool(false))
    );

    let again = bench.plan(&both).await;
    let step = &again.planned.plan.steps[0];
    assert_eq!((step.verb, &step.address, step.waits.as_slice()), (Verb::Restore, &at("app:user/bob"), &[][..]));
    bench.apply(&again).await;
    assert_eq!(bench.recorded(&at("app:user/bob")).await.unwrap().state, ObjectState::Active);
    assert_eq!(bench.plan(&both).await.planned.plan.steps, []);
}

/// The service says that it closed an account, and shows it open: it is not recorded as closed, and is closed again.
#[tokio::test]
async fn what_was_not_closed_is_closed_again_and_can_return() {
    let bench = Bench::new().await;
    let (both, one) = (Wish::of(&["alice", "bob"], &[]), Wish::of(&["alice"], &[]));
    bench.apply(&bench.plan(&both).await).await;
    bench.service.fault(fault("app:user/bob", Effect::Alters("enabled".into(), true.into())));
    bench.apply(&bench.plan(&one).await).await;
    assert_eq!(bench.recorded(&at("app:user/bob")).await.unwrap().state, ObjectState::Active);
    let closed = async || bench.ledger.destructive_since(&app(), KindClass::Person, now()).await.unwrap();
    assert_eq!(closed().await, 0, "nobody was closed, so that no budget is used");
    bench.apply(&bench.plan(&one).await).await;
    assert_eq!(closed().await, 1);
    assert_eq!(bench.recorded(&at("app:user/bob")).await.unwrap().state, ObjectState::Disabled(now()));
    let back = bench.plan(&both).await;
    assert!(back.planned.plan.steps.iter().all(|step| step.waits.is_empty()), "{:#?}", back.planned.plan.steps);
}

#[tokio::test]
async fn at_most_so_many_steps_are_under_way_in_an_installation() {
    let bench = Bench::new().await;
    let people: Vec<String> = (0..20).map(|n| format!("person-{n:02}")).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let outcome = bench.apply(&bench.plan(&Wish::of(&people, &[])).await).await;
    assert_eq!(outcome.counts().done, 40);
    assert_eq!(bench.service.peak(&app()), CONCURRENCY);
}

#[tokio::test]
async fn steps_on_one_resource_go_one_after_another_and_each_waits_for_its_needs() {
    let bench = Bench::new().await;
    let plan = plan_of(
        &bench,
        vec![
            step(0, Verb::Create, "id:user/alice", &[], &sent("a@acme.test")),
            step(1, Verb::Update, "id:user/alice", &[], &[("name", "Alice".into())]),
            step(2, Verb::Disable, "id:user/alice", &[1], &[("enabled", false.into())]),
            step(3, Verb::Create, "app:user/alice", &[2], &sent("a@acme.test")),
        ],
    );
    let outcome = bench.apply_plan(&plan).await;
    assert_eq!(outcome.exit(), 0, "{outcome:#?}");
    let order: Vec<String> = bench.told.0.lock().unwrap().clone();
    let place = |text: &str| order.iter().position(|it| it == text).unwrap();
    assert!(place("done create id:user/alice") < place("start update id:user/alice"));
    assert!(place("done update id:user/alice") < place("start disable id:user/alice"));
    assert!(place("done disable id:user/alice") < place("start create app:user/alice"));
}

#[tokio::test]
async fn a_step_that_waits_is_not_done_and_what_needs_it_waits_too() {
    let bench = Bench::new().await;
    let mut first = step(0, Verb::Create, "id:user/alice", &[], &sent("a@acme.test"));
    first.waits = vec![Wait::Approval { group: "id: adoptions".into(), reason: "it exists".into() }];
    let steps = vec![first, step(1, Verb::Create, "app:user/alice", &[0], &sent("a@acme.test"))];
    let outcome = bench.apply_plan(&plan_of(&bench, steps)).await;
    assert_eq!(words(&outcome), ["waiting", "held"]);
    assert_eq!(held(&outcome, 1), "needs 'id:user/alice', which waits");
    assert_eq!(outcome.exit(), 4);
    assert_eq!(bench.service.calls(), []);
}

#[tokio::test]
async fn an_approval_is_spent_by_success_and_not_used_twice() {
    let bench = Bench::new().await;
    bench.service.put(live("id:user/bob", &[("enabled", true.into())]));
    let delete = step(0, Verb::Delete, "id:user/bob", &[], &[]);
    let approval = NewApproval {
        digest: "set".into(),
        steps: vec![delete.digest.clone()],
        by: "dora".into(),
        reason: String::new(),
        at: now(),
        expires: now() + chrono::Duration::days(1),
    };
    let number = bench.ledger.approve(&approval).await.unwrap();
    let released = BTreeMap::from([(delete.digest.clone(), number)]);
    let plan = plan_of(&bench, vec![delete]);
    let apply = || bench.try_apply(&plan, const { &Related(BTreeMap::new()) }, &released, &NoProbe);

    bench.service.fault(fault("id:user/bob", Effect::Fails(refused())));
    assert_eq!(words(&apply().await.unwrap()), ["failed"]);
    assert_eq!(words(&apply().await.unwrap()), ["done"]);
    let third = apply().await.unwrap();
    assert_eq!(held(&third, 0), format!("approval {number} was spent or has expired"));
    assert_eq!(bench.service.calls().len(), 2);
}

#[tokio::test]
async fn an_output_that_nothing_gave_holds_the_step() {
    let bench = Bench::new().await;
    let output = OutputRef { address: at("id:user/alice"), output: "sub".into() };
    let steps = vec![step(0, Verb::Create, "app:user/alice", &[], &[("login", Term::Output(output))])];
    let outcome = bench.apply_plan(&plan_of(&bench, steps)).await;
    assert_eq!(held(&outcome, 0), "'sub' of 'id:user/alice' is not known");
    assert_eq!((outcome.exit(), bench.service.calls().len()), (8, 0));
}

#[tokio::test]
async fn a_secret_is_read_for_its_call_and_only_its_digest_is_kept() {
    let bench = Bench::new().await;
    let steps = vec![
        step(0, Verb::Create, "id:user/alice", &[], &[("password", Term::Secret("env:PASSWORD".into()))]),
        step(1, Verb::Create, "id:user/bob", &[], &[("password", Term::Secret("env:NOPE".into()))]),
        step(2, Verb::Create, "id:user/carol", &[], &[("password", "hunter2".into())]),
    ];
    let outcome = bench.apply_plan(&plan_of(&bench, steps)).await;
    assert_eq!(words(&outcome), ["done", "held", "done"]);
    assert_eq!(held(&outcome, 1), "resolve 'env:NOPE': it is not set");
    let digest = |name: &'static str| {
        let bench = &bench;
        async move { bench.recorded(&at(name)).await.unwrap().digests["password"].clone() }
    };
    assert_eq!(digest("id:user/alice").await, digest("id:user/carol").await);
    let everything = format!("{:?} {outcome:?}", bench.ledger.objects().await.unwrap());
    assert!(!everything.contains("hunter2"), "{everything}");
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_reading() {
    let bench = Bench::new().await;
    bench.service.fault(fault("id:user/alice", Effect::LosesAnswer));
    bench.service.fault(fault("id:user/bob", Effect::LosesRequest));
    bench.service.fault(fault("id:user/carol", Effect::LosesAnswerAndField("enabled".into())));
    let steps = ["alice", "bob", "carol"].into_iter().zip(0..).map(|(name, place)| {
        step(place, Verb::Create, &format!("id:user/{name}"), &[], &sent(&format!("{name}@acme.test")))
    });
    let outcome = bench.apply_plan(&plan_of(&bench, steps.collect())).await;
    assert_eq!(words(&outcome), ["done", "unclear", "done"]);
    assert!(matches!(outcome.steps[0].outcome, StepOutcome::Done { settled_by_reading: true, .. }));
    // Not seen is not proven yet: the request may be under way still.
    assert_eq!(failure(&outcome, 1).said, "the connection was lost before an answer came; it is not there yet");
    // Half of it happened: the object is ours, and the record says what is there, not what was meant.
    let StepOutcome::Done { did_not_stick, .. } = &outcome.steps[2].outcome else { panic!("{outcome:?}") };
    assert_eq!(did_not_stick[0].field, "enabled");
    assert_eq!(bench.recorded(&at("id:user/carol")).await.unwrap().last_applied["enabled"], Value::Null);
    // Nothing was repeated.
    assert_eq!(bench.service.calls().len(), 3);
    assert_eq!(bench.ledger.open_intents().await.unwrap().len(), 1);
    assert!(matches!(bench.recover().await.remove(0).found, Found::DidNot(_)));
    assert_eq!(bench.ledger.open_intents().await.unwrap(), []);
}

#[tokio::test]
async fn what_was_begun_and_turns_up_later_is_ours_and_waits_for_nobody() {
    let bench = Bench::new().await;
    let wish = Wish::of(&["alice"], &[]);
    bench.service.fault(fault("id:user/alice", Effect::LosesRequest));
    bench.apply(&bench.plan(&wish).await).await;
    assert!(matches!(bench.recover().await.remove(0).found, Found::DidNot(_)));
    // The server took its time.
    bench.service.put(live("id:user/alice", &[("email", "alice@acme.test".into()), ("enabled", true.into())]));
    let planned = bench.plan(&wish).await;
    let step = &planned.planned.plan.steps[0];
    assert_eq!((step.verb, step.waits.len()), (Verb::Adopt, 0), "{step:#?}");
    assert_eq!(bench.apply(&planned).await.exit(), 0);
    bench.refresh(&bench.plan(&wish).await).await;
    assert_eq!(bench.plan(&wish).await.planned.plan.steps, []);
    assert_eq!(bench.service.objects().len(), 2);
    assert_eq!(bench.recorded(&at("id:user/alice")).await.unwrap().origin, Origin::Created);

    // Somebody whom we never began to make is a stranger all the same.
    bench.service.put(live("id:user/bob", &[("email", "bob@acme.test".into()), ("enabled", true.into())]));
    let planned = bench.plan(&Wish::of(&["alice", "bob"], &[])).await;
    assert!(planned.planned.plan.steps.iter().all(|it| it.verb != Verb::Adopt || !it.waits.is_empty()));
}

#[tokio::test]
async fn a_lost_answer_to_a_change_is_settled_by_its_fields() {
    let bench = Bench::new().await;
    for name in ["alice", "bob", "carol"] {
        let fields = [("email", Value::from("old")), ("name", Value::from("old"))];
        bench.service.put(live(&format!("id:user/{name}"), &fields));
    }
    bench.service.fault(fault("id:user/alice", Effect::LosesAnswer));
    bench.service.fault(fault("id:user/bob", Effect::LosesRequest));
    bench.service.fault(fault("id:user/carol", Effect::LosesAnswerAndField("name".into())));
    let new = [("email", Term::from("new")), ("name", "new".into())];
    let steps = ["alice", "bob", "carol"].into_iter().zip(0..);
    let steps = steps.map(|(name, place)| step(place, Verb::Update, &format!("id:user/{name}"), &[], &new));
    let outcome = bench.apply_plan(&plan_of(&bench, steps.collect())).await;
    assert_eq!(words(&outcome), ["done", "failed", "unclear"]);
    assert_eq!(
        failure(&outcome, 2).said,
        "the answer was lost, and whether it happened cannot be told: only some of what was sent is there"
    );
}

#[tokio::test]
async fn a_deletion_of_what_is_gone_is_done_and_counted_with_what_goes_with_it() {
    let bench = Bench::new().await;
    let mut delete = step(0, Verb::Delete, "app:membership/acme/alice", &[], &[]);
    delete.goes_with = vec![Consequence { what: "the account".into(), counts: Some(KindClass::Person) }];
    let outcome = bench.apply_plan(&plan_of(&bench, vec![delete])).await;
    assert_eq!(words(&outcome), ["done"]);
    for class in [KindClass::Person, KindClass::Membership] {
        assert_eq!(bench.ledger.destructive_since(&app(), class, now()).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn what_did_not_stick_is_told() {
    let bench = Bench::new().await;
    bench.service.fault(fault("id:user/alice", Effect::Alters("email".into(), "other@acme.test".into())));
    let steps = vec![step(0, Verb::Create, "id:user/alice", &[], &sent("alice@acme.test"))];
    let outcome = bench.apply_plan(&plan_of(&bench, steps)).await;
    let StepOutcome::Done { did_not_stick, .. } = &outcome.steps[0].outcome else { panic!("{outcome:?}") };
    assert_eq!(did_not_stick.len(), 1);
    assert_eq!(did_not_stick[0].sent, Some("alice@acme.test".into()));
    assert_eq!(did_not_stick[0].found, Some("other@acme.test".into()));
    assert_eq!(outcome.exit(), 0);
}

#[tokio::test]
async fn adopting_only_records_unless_a_mark_is_written() {
    let bench = Bench::new().await;
    let there = bench.service.put(live("id:user/alice", &[]));
    bench.service.put(live("id:user/bob", &[]));
    let mut alice = step(0, Verb::Adopt, "id:user/alice", &[], &[]);
    alice.external_id = there.external_id.clone();
    let ours = bench.ledger.identity().id.clone();
    let bob = step(1, Verb::Adopt, "id:user/bob", &[], &[("mark", ours.as_str().into())]);
    let outcome = bench.apply_plan(&plan_of(&bench, vec![alice, bob])).await;
    assert_eq!(words(&outcome), ["done", "done"]);
    assert_eq!(bench.service.calls(), [(Verb::Adopt, at("id:user/bob"))]);
    let recorded = bench.recorded(&at("id:user/alice")).await.unwrap();
    assert_eq!((recorded.origin, recorded.external_id), (Origin::Adopted, there.external_id));
    assert_eq!(bench.service.get(&at("id:user/bob")).unwrap().mark.unwrap().ledger, ours);
    assert_eq!(bench.recorded(&at("id:user/bob")).await.unwrap().last_applied, Fields::new());

    let forget = plan_of(&bench, vec![step(0, Verb::Forget, "id:user/alice", &[], &[])]);
    assert_eq!(words(&bench.apply_plan(&forget).await), ["done"]);
    assert_eq!(bench.recorded(&at("id:user/alice")).await, None);
    assert!(bench.service.get(&at("id:user/alice")).is_some());
}

#[tokio::test]
async fn a_renamed_object_keeps_its_record() {
    let bench = Bench::new().await;
    bench.apply(&bench.plan(&Wish::of(&["alice"], &[])).await).await;
    let mut rename = step(0, Verb::Rename, "id:user/alice-smith", &[], &[("name", "alice-smith".into())]);
    rename.external_id = bench.recorded(&at("id:user/alice")).await.unwrap().external_id;
    rename.before.insert("name".into(), "alice".into());
    let outcome = bench.apply_plan(&plan_of(&bench, vec![rename])).await;
    assert_eq!(words(&outcome), ["done"], "{outcome:?}");
    assert_eq!(bench.recorded(&at("id:user/alice")).await, None);
    let recorded = bench.recorded(&at("id:user/alice-smith")).await.unwrap();
    assert_eq!((recorded.origin, &recorded.last_applied["name"]), (Origin::Created, &"alice".into()));
}

#[tokio::test]
async fn stopping_finishes_what_is_under_way_and_begins_nothing_more() {
    let bench = Bench::new().await;
    bench.service.gate(false);
    let people: Vec<String> = (0..9).map(|n| format!("person-{n}")).collect();
    let wish = Wish::of(&people.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    let planned = bench.plan(&wish).await;
    let stop = async {
        while bench.service.calls().len() < CONCURRENCY {
            tokio::task::yield_now().await;
        }
        bench.stop.cancel();
        tokio::task::yield_now().await;
        bench.service.gate(true);
    };
    let (outcome, ()) = futures::join!(bench.apply(&planned), stop);
    assert_eq!(outcome.ended_early, Some(EndedEarly::Stop));
    assert_eq!((outcome.counts().done, outcome.counts().not_started), (CONCURRENCY, 18 - CONCURRENCY));
    assert_eq!(outcome.exit(), 9);
    assert_eq!(bench.ledger.objects().await.unwrap().len(), CONCURRENCY);
    assert_eq!(bench.ledger.open_intents().await.unwrap(), []);
}

#[tokio::test]
async fn after_the_deadline_nothing_begins() {
    let mut bench = Bench::new().await;
    bench.deadline = Some(tokio::time::Instant::now());
    let outcome = bench.apply(&bench.plan(&Wish::of(&["alice"], &[])).await).await;
    assert_eq!((outcome.ended_early.clone(), outcome.exit()), (Some(EndedEarly::Deadline), 9));
    assert_eq!(bench.service.calls(), []);
}

#[tokio::test]
async fn when_the_lease_is_lost_no_call_is_made() {
    let bench = Bench::new().await;
    let planned = bench.plan(&Wish::of(&["alice"], &[])).await;
    let much_later = now() + chrono::Duration::hours(2);
    bench.ledger.acquire_lease("platform", "other", chrono::Duration::hours(1), much_later).await.unwrap();
    let plan = &planned.planned.plan;
    let error = bench.try_apply(plan, &planned.known, &BTreeMap::new(), &NoProbe).await.unwrap_err();
    assert!(matches!(error, ApplyError::Ledger(_)), "{error}");
    assert_eq!(bench.service.calls(), []);
}

#[tokio::test]
async fn one_that_was_paused_for_longer_than_its_lease_begins_nothing_that_it_journalled() {
    let mut bench = Bench::new().await;
    let planned = bench.plan(&Wish::of(&["alice"], &[])).await;
    // It was journalled, then the machine slept.
    bench.tenure = Tenure::until(now(), &clock());
    let outcome = bench.apply(&planned).await;
    assert!(matches!(outcome.ended_early, Some(EndedEarly::Ledger { .. })), "{outcome:?}");
    assert_eq!((bench.service.calls(), outcome.exit()), (vec![], 1));
    // What it journalled is left to whoever leads now.
    assert!(!bench.ledger.open_intents().await.unwrap().is_empty());
    bench.tenure = Tenure::until(now() + chrono::Duration::hours(1), &clock());
    assert!(bench.recover().await.iter().all(|it| matches!(it.found, Found::DidNot(_))));
    assert_eq!(bench.apply(&bench.plan(&Wish::of(&["alice"], &[])).await).await.exit(), 0);
}

#[tokio::test]
async fn a_ledger_that_fails_in_the_middle_ends_the_run_and_loses_nothing() {
    let bench = Bench::new().await;
    bench.service.gate(false);
    let wish = Wish::of(&["alice", "bob", "carol", "dora"], &[]);
    let planned = bench.plan(&wish).await;
    let overtake = async {
        while bench.service.calls().len() < CONCURRENCY {
            tokio::task::yield_now().await;
        }
        let much_later = now() + chrono::Duration::hours(2);
        let lease = bench.ledger.acquire_lease("platform", "other", chrono::Duration::hours(1), much_later).await;
        bench.service.gate(true);
        lease.unwrap()
    };
    let (outcome, lease) = futures::join!(bench.apply(&planned), overtake);
    assert!(matches!(outcome.ended_early, Some(EndedEarly::Ledger { .. })), "{outcome:?}");
    assert_eq!((outcome.counts().failed, bench.service.calls().len()), (CONCURRENCY, CONCURRENCY));
    assert!(outcome.failures().all(|(_, failure)| failure.class == FailureClass::Unclear));
    assert_eq!(outcome.exit(), 1);
    // What was done is in the journal, and whoever leads next finds it.
    let bench = Bench { fence: lease.fence, ..bench };
    let recovered = bench.recover().await;
    let happened = recovered.iter().filter(|it| it.found == Found::Happened).count();
    // The fourth was journalled ahead, and nothing came of it.
    assert_eq!((happened, recovered.len()), (CONCURRENCY, 4), "{recovered:?}");
    assert_eq!(bench.apply(&bench.plan(&wish).await).await.exit(), 0);
    assert_eq!(bench.plan(&wish).await.planned.plan.steps, []);
}

#[tokio::test]
async fn what_cannot_be_told_now_stays_open_and_its_resource_is_not_touched() {
    let bench = Bench::new().await;
    let wish = Wish::of(&["alice"], &[]);
    let planned = bench.plan(&wish).await;
    let down = Failure::new(FailureClass::Later, "read", "the service is down");
    let users = Scope::whole(&super::bench::id(), "user");
    bench.service.fault(fault("id:user/alice", Effect::LosesAnswer));
    bench.service.unreadable(users.clone(), Some(down));
    let outcome = bench.apply(&planned).await;
    assert_eq!(words(&outcome), ["unclear", "held"]);
    assert_eq!(
        failure(&outcome, 0).said,
        "the connection was lost before an answer came; reading it did not settle it: read: the service is down"
    );

    // The next run reads it, and finds that it is there and ours.
    bench.service.unreadable(users, None);
    bench.recover().await;
    let outcome = bench.apply(&bench.plan(&wish).await).await;
    assert_eq!(outcome.exit(), 0, "{outcome:#?}");
    assert_eq!(bench.service.objects().len(), 2);
    bench.refresh(&bench.plan(&wish).await).await;
    assert_eq!(bench.plan(&wish).await.planned.plan.steps, []);
}

#[tokio::test]
async fn a_plan_that_is_not_for_this_ledger_or_breaks_a_rule_is_not_begun() {
    let bench = Bench::new().await;
    let steps = || vec![step(0, Verb::Create, "id:user/alice", &[], &[])];
    let apply = |plan| {
        let bench = &bench;
        async move { bench.try_apply(&plan, &Related::default(), &BTreeMap::new(), &NoProbe).await.unwrap_err() }
    };
    let mut plan = plan_of(&bench, steps());
    plan.ledger = None;
    assert!(matches!(apply(plan).await, ApplyError::NoLedger));
    let mut plan = plan_of(&bench, steps());
    plan.ledger = Some("another".to_owned());
    assert!(matches!(apply(plan).await, ApplyError::OtherLedger { .. }));
    let mut plan = plan_of(&bench, steps());
    let check = "cycle".to_owned();
    plan.notes.push(crate::engine::plan::Note { level: NoteLevel::Fatal, check, message: "a → a".to_owned() });
    assert!(matches!(apply(plan).await, ApplyError::Fatal(_)));
    assert_eq!((bench.service.calls().len(), bench.ledger.runs(9).await.unwrap().len()), (0, 0));
}

#[tokio::test]
async fn one_that_is_down_and_nothing_done_is_unreachable() {
    let bench = Bench::new().await;
    let down = Failure::new(FailureClass::Later, "create", "the service is down");
    bench.service.fault(fault("id:user/alice", Effect::Fails(down)));
    let steps = vec![step(0, Verb::Create, "id:user/alice", &[], &[])];
    assert_eq!(bench.apply_plan(&plan_of(&bench, steps)).await.exit(), 7);
}

#[tokio::test]
async fn a_chain_names_its_beginning() {
    let bench = Bench::new().await;
    bench.service.fault(fault("id:user/alice", Effect::Fails(refused())));
    let steps = (0..4).zip(["id:user/alice", "id:user/bob", "id:user/carol", "id:user/dora"]);
    let steps = steps.map(|(place, name)| {
        let needs: Vec<u32> = (place > 0).then(|| place - 1).into_iter().collect();
        step(place, Verb::Create, name, &needs, &[])
    });
    let outcome = bench.apply_plan(&plan_of(&bench, steps.collect())).await;
    assert_eq!(words(&outcome), ["failed", "held", "held", "held"]);
    let StepOutcome::Held { why: Held::Needs { step, waits, .. } } = &outcome.steps[3].outcome else { panic!() };
    assert_eq!((step.0, *waits), (0, false));
}

#[tokio::test]
#[ignore = "a measurement: what journalling costs, in memory and on disk, few and many at once"]
async fn measure_the_journal() {
    for (number, concurrency, on_disk) in [(5_000, 4, false), (5_000, 4, true), (5_000, 64, true), (10_000, 64, true)] {
        let folder = tempfile::tempdir().unwrap();
        let ledger = match on_disk {
            true => {
                crate::runtime::ledger::sqlite::open(&folder.path().join("ledger.db"), "acme", now()).await.unwrap()
            }
            false => {
                crate::runtime::ledger::in_memory("acme", crate::runtime::ledger::Birth::Random, now()).await.unwrap()
            }
        };
        let mut bench = Bench::on(ledger, crate::provider::inmemory::InMemory::default()).await;
        bench.hands.values_mut().for_each(|hands| hands.concurrency = concurrency);
        let steps = (0..number).map(|n| step(n, Verb::Create, &format!("id:user/p{n}"), &[], &sent("a@acme.test")));
        let plan = plan_of(&bench, steps.collect());
        let began = std::time::Instant::now();
        let outcome = bench.apply_plan(&plan).await;
        println!("{number} creations, {concurrency} at once, on disk {on_disk}: {:?}", began.elapsed());
        assert_eq!(outcome.counts().done, number as usize);
    }
}
