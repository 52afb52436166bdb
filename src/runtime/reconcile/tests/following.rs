//! Work that goes on at a service after its call, and steps that go in one call.

use super::bench::{Bench, CONCURRENCY, PATIENCE, Wish, at, live, plan_of, step};
use crate::engine::model::{Failure, FailureClass, Term};
use crate::engine::plan::Verb;
use crate::provider::contract::Follow;
use crate::provider::inmemory::{Effect, Fault};
use crate::runtime::reconcile::{EndedEarly, Found, Outcome, StepOutcome};

fn words(outcome: &Outcome) -> Vec<&'static str> {
    outcome.steps.iter().map(|step| step.outcome.word()).collect()
}

fn fault(address: &str, effect: Effect) -> Fault {
    Fault { address: Some(at(address)), verb: None, effect }
}

fn goes_on(bench: &Bench, address: &str) {
    bench.service.fault(fault(address, Effect::GoesOn("job 5".to_owned())));
}

async fn until_told(bench: &Bench, what: &str) {
    while !bench.told.0.lock().unwrap().iter().any(|it| it == what) {
        tokio::task::yield_now().await;
    }
}

fn alice(bench: &Bench) {
    let fields = [("name", "alice".into()), ("email", "alice@acme.test".into()), ("enabled", true.into())];
    bench.service.put(live("id:user/alice", &fields));
}

fn creations(names: &[&str]) -> Vec<crate::engine::plan::Step> {
    let email = |name: &str| Term::from(format!("{name}@acme.test").as_str());
    let steps = names.iter().zip(0..).map(|(name, place)| {
        step(place, Verb::Create, &format!("id:user/{name}"), &[], &[("email", email(name)), ("enabled", true.into())])
    });
    steps.collect()
}

#[tokio::test]
async fn work_that_goes_on_is_waited_for_and_holds_up_nobody_else() {
    let bench = Bench::new().await;
    goes_on(&bench, "id:user/alice");
    let people = ["alice", "bob", "carol", "dora", "erin"];
    let later = async {
        until_told(&bench, "done create app:user/erin").await;
        until_told(&bench, "pending create id:user/alice").await;
        let open = bench.ledger.open_intents().await.unwrap();
        assert!(open.iter().any(|it| it.handle.as_deref() == Some("job 5")), "{open:?}");
        bench.service.job("job 5", Follow::GoesOn("building".to_owned()));
        until_told(&bench, "building create id:user/alice").await;
        alice(&bench);
        bench.service.job("job 5", Follow::Ended);
    };
    let wish = Wish::of(&people, &[]);
    let planned = bench.plan(&wish).await;
    let (outcome, ()) = futures::join!(bench.apply(&planned), later);
    // Her account at the other service waited for it, everybody else's did not.
    assert_eq!((outcome.exit(), outcome.counts().done), (0, 10), "{outcome:#?}");
    let told = bench.told.0.lock().unwrap().clone();
    let place = |text: &str| told.iter().position(|it| it == text).unwrap_or_else(|| panic!("{text}: {told:#?}"));
    assert!(place("done create app:user/erin") < place("building create id:user/alice"));
    assert!(place("pending create id:user/alice") < place("building create id:user/alice"));
    assert!(place("done create id:user/alice") < place("start create app:user/alice"));
    assert_eq!(bench.ledger.open_intents().await.unwrap(), []);
    assert_eq!(bench.plan(&wish).await.planned.plan.steps, []);
}

#[tokio::test]
async fn what_takes_longer_than_patience_is_left_to_the_next_run() {
    let bench = Bench::new().await;
    goes_on(&bench, "id:user/alice");
    let wish = Wish::of(&["alice"], &[]);
    let began = tokio::time::Instant::now();
    let outcome = bench.apply(&bench.plan(&wish).await).await;
    assert_eq!((words(&outcome), outcome.exit()), (vec!["pending", "held"], 4));
    assert!(began.elapsed() >= PATIENCE.whole);

    let found = bench.recover().await.remove(0).found;
    assert_eq!(found, Found::StillOpen("goes on at the service as 'job 5': pending".to_owned()));
    let again = bench.apply(&bench.plan(&wish).await).await;
    assert_eq!((words(&again), again.exit()), (vec!["pending", "held"], 4));

    // What shows already, while it is still being made, is no stranger's.
    alice(&bench);
    let planned = bench.plan(&wish).await;
    assert!(planned.planned.plan.waiting.is_empty(), "{:?}", planned.planned.plan.waiting);
    assert_eq!(words(&bench.apply(&planned).await)[0], "pending");

    bench.service.job("job 5", Follow::Ended);
    assert_eq!(bench.recover().await.remove(0).found, Found::Happened);
    assert_eq!(bench.apply(&bench.plan(&wish).await).await.exit(), 0);
    assert_eq!(bench.service.calls().len(), 2, "nothing was begun twice");
}

#[tokio::test]
async fn being_stopped_leaves_it_and_loses_nothing() {
    let bench = Bench::new().await;
    goes_on(&bench, "id:user/alice");
    let planned = bench.plan(&Wish::of(&["alice"], &[])).await;
    let stop = async {
        while bench.ledger.open_intents().await.unwrap().iter().all(|it| it.handle.is_none()) {
            tokio::task::yield_now().await;
        }
        bench.stop.cancel();
    };
    let (outcome, ()) = futures::join!(bench.apply(&planned), stop);
    assert_eq!((words(&outcome)[0], outcome.ended_early), ("pending", Some(EndedEarly::Stop)));
    assert_eq!(bench.ledger.open_intents().await.unwrap()[0].handle.as_deref(), Some("job 5"));
}

#[tokio::test]
async fn what_ends_badly_fails_with_its_log_and_what_is_left_of_it_is_ours() {
    let bench = Bench::new().await;
    goes_on(&bench, "id:user/alice");
    let said = "the build failed: no such image\n  line 41\n  line 42";
    bench.service.job("job 5", Follow::Failed(Failure::new(FailureClass::Refused, "build", said)));
    let wish = Wish::of(&["alice"], &[]);
    let outcome = bench.apply(&bench.plan(&wish).await).await;
    assert_eq!((words(&outcome), outcome.exit()), (vec!["failed", "held"], 8));
    let StepOutcome::Failed { failure } = &outcome.steps[0].outcome else { panic!() };
    assert_eq!(failure.said, said);
    // It left something behind; that is taken over without a question.
    alice(&bench);
    let step = bench.plan(&wish).await.planned.plan.steps.remove(0);
    assert_eq!((step.verb, step.waits.len()), (Verb::Adopt, 0));
}

#[tokio::test]
async fn what_the_service_calls_done_is_believed_only_when_it_is_there() {
    let bench = Bench::new().await;
    goes_on(&bench, "id:user/alice");
    bench.service.job("job 5", Follow::Ended);
    let outcome = bench.apply_plan(&plan_of(&bench, creations(&["alice"]))).await;
    let StepOutcome::Failed { failure } = &outcome.steps[0].outcome else { panic!("{outcome:?}") };
    assert!(failure.said.starts_with("the service says that it is done, and it did not happen"), "{}", failure.said);
}

#[tokio::test]
async fn steps_of_one_sort_go_in_one_call_and_each_has_a_result_of_its_own() {
    let bench = Bench::new().await;
    bench.service.takes_together(60);
    let names: Vec<String> = (0..150).map(|n| format!("person-{n:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let refused = Failure::new(FailureClass::Refused, "create", "the name is reserved");
    bench.service.fault(fault("id:user/person-007", Effect::Fails(refused)));
    bench.service.fault(fault("id:user/person-100", Effect::LosesAnswer));
    let mut steps = creations(&names);
    steps.push(step(150, Verb::Update, "id:user/person-001", &[1], &[("name", "One".into())]));
    let outcome = bench.apply_plan(&plan_of(&bench, steps)).await;
    let failed: Vec<_> = outcome.failures().map(|(step, _)| step.address.to_string()).collect();
    assert_eq!(failed, ["id:user/person-007"]);
    assert_eq!((outcome.counts().done, bench.service.objects().len()), (150, 149), "{outcome:?}");
    assert!(matches!(outcome.steps[100].outcome, StepOutcome::Done { settled_by_reading: true, .. }));
    assert!(bench.service.peak(&super::bench::id()) <= CONCURRENCY);
    assert_eq!(bench.service.rounds(), [60, 60, 30, 1]);
    assert_eq!(bench.ledger.open_intents().await.unwrap(), []);
}
