//! Killed between any two effects and begun again, it converges: nothing twice, nothing lost.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use proptest::prelude::*;

use super::bench::{Bench, CrashAt, Wish, at, now};
use crate::engine::model::{Failure, FailureClass};
use crate::provider::inmemory::{Effect, Fault, InMemory};
use crate::runtime::ledger::sqlite;
use crate::runtime::reconcile::probe::KillAt;
use crate::runtime::reconcile::{JournalProbe, NoProbe};

/// Plans and applies with a probe that may end it in the middle; gives whether it came to an end.
async fn cycle(bench: &Bench, wish: &Wish, probe: &dyn JournalProbe) -> bool {
    bench.recover().await;
    let planned = bench.plan(wish).await;
    bench.refresh(&planned).await;
    let (plan, released) = (&planned.planned.plan, BTreeMap::new());
    let run = bench.try_apply(plan, &planned.known, &released, probe);
    AssertUnwindSafe(run).catch_unwind().await.is_ok()
}

/// Repeats until the plan is empty but for what waits.
async fn converge(bench: &Bench, wish: &Wish) {
    for _ in 0..8 {
        assert!(cycle(bench, wish, &NoProbe).await);
        let planned = bench.plan(wish).await;
        if planned.planned.plan.steps.iter().all(|step| !step.waits.is_empty()) && planned.refresh.is_empty() {
            return;
        }
    }
    panic!("it does not converge: {:#?}", bench.plan(wish).await.planned.plan.steps);
}

/// Everything wanted is there once, recorded with its own id, and nothing else is recorded as kept true.
async fn is_true(bench: &Bench, wish: &Wish) {
    let objects = bench.service.objects();
    let recorded = bench.ledger.objects().await.unwrap();
    for record in &recorded {
        let live = bench.service.get(&record.address).unwrap_or_else(|| panic!("{} is lost", record.address));
        assert_eq!(live.external_id, record.external_id, "{}", record.address);
    }
    let ids: BTreeSet<_> = objects.iter().filter_map(|live| live.external_id.clone()).collect();
    assert_eq!(ids.len(), objects.iter().filter(|live| live.external_id.is_some()).count());
    for name in &wish.people {
        for instance in ["id", "app"] {
            let address = at(&format!("{instance}:user/{name}"));
            let user = bench.service.get(&address).unwrap_or_else(|| panic!("{address} was not made"));
            assert_eq!(user.fields["enabled"], true.into(), "{address}");
            assert!(recorded.iter().any(|it| it.address == address), "{address} is nobody's");
        }
        let sub = bench.service.get(&at(&format!("id:user/{name}"))).unwrap().outputs["sub"].clone();
        assert_eq!(bench.service.get(&at(&format!("app:user/{name}"))).unwrap().fields["login"], sub);
    }
    assert_eq!(bench.ledger.open_intents().await.unwrap(), []);
}

#[tokio::test]
async fn a_crash_at_every_boundary_of_a_plan_is_survived() {
    let wish = Wish::of(&["alice", "bob"], &[("acme", &["alice", "bob"])]);
    let next = Wish::of(&["alice", "carol"], &[("acme", &["alice", "carol"])]);
    let mut boundary = 1;
    loop {
        let bench = Bench::new().await;
        let mut whole = cycle(&bench, &wish, &CrashAt::new(boundary)).await;
        if whole {
            // The first plan has fewer boundaries: crash in the second one.
            whole = cycle(&bench, &next, &CrashAt::new(boundary)).await;
        }
        converge(&bench, &next).await;
        is_true(&bench, &next).await;
        // Bob left, if he ever came: his accounts are closed, not gone.
        if let Some(bob) = bench.service.get(&at("id:user/bob")) {
            let ours = bench.recorded(&at("id:user/bob")).await.is_some();
            assert!(ours && bob.fields["enabled"] == false.into(), "boundary {boundary}: {bob:?}");
        }
        if whole {
            assert!(boundary > 20, "only {boundary} boundaries");
            return;
        }
        boundary += 1;
    }
}

#[derive(Debug, Clone)]
struct Turn {
    wish: Wish,
    crash: i64,
    faults: Vec<Fault>,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let names = || prop::collection::btree_set(prop::sample::select(vec!["ann", "ben", "cat", "dan"]), 1..4);
    let groups = prop::collection::btree_map(prop::sample::select(vec!["red", "blue"]), names(), 0..3);
    let owned = |names: BTreeSet<&str>| names.into_iter().map(str::to_owned).collect::<BTreeSet<String>>();
    let wish = (names(), groups).prop_map(move |(people, groups)| Wish {
        people: owned(people),
        groups: groups.into_iter().map(|(name, members)| (name.to_owned(), owned(members))).collect(),
    });
    let later = Failure::new(FailureClass::Later, "write", "busy");
    let effect = prop_oneof![
        Just(Effect::LosesAnswer),
        Just(Effect::LosesRequest),
        Just(Effect::LosesAnswerAndField("enabled".into())),
        Just(Effect::Fails(later)),
    ];
    let fault = effect.prop_map(|effect| Fault { address: None, verb: None, effect });
    let faults = prop::collection::vec(fault, 0..4);
    let turn = (wish, 1i64..40, faults).prop_map(|(wish, crash, faults)| Turn { wish, crash, faults });
    prop::collection::vec(turn, 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn crashes_and_faults_never_lose_or_double_anything(turns in turns()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new().await;
            for turn in &turns {
                turn.faults.iter().for_each(|fault| bench.service.fault(fault.clone()));
                cycle(&bench, &turn.wish, &CrashAt::new(turn.crash)).await;
            }
            let last = &turns.last().unwrap().wish;
            converge(&bench, last).await;
            is_true(&bench, last).await;
        });
    }
}

/// Set for the process that is to be killed: where its ledger lies.
const LEDGER: &str = "FORMULARY_TEST_CRASH_LEDGER";

#[test]
fn a_process_that_is_killed_leaves_a_ledger_that_tells_what_was_under_way() {
    for (boundary, open, recorded) in [(1, 0, 0), (2, 3, 0), (3, 3, 0)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "runtime::reconcile::tests::crash::to_be_killed", "--ignored", "--test-threads=1"])
            .env(LEDGER, &path)
            .env(KillAt::VARIABLE, boundary.to_string())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(!status.success(), "it was not killed");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let ledger = sqlite::open(&path, "acme", now()).await.unwrap();
            assert_eq!(ledger.open_intents().await.unwrap().len(), open, "boundary {boundary}");
            assert_eq!(ledger.objects().await.unwrap().len(), recorded, "boundary {boundary}");
            let run = ledger.runs(1).await.unwrap().remove(0);
            assert_eq!(run.ended, None);
            // Its lease is free at once, although it was never given back; and what it left is settled.
            let bench = Bench::on(ledger, InMemory::default()).await;
            let wish = Wish::of(&["alice", "bob", "carol"], &[]);
            converge(&bench, &wish).await;
            is_true(&bench, &wish).await;
        });
    }
}

#[tokio::test]
#[ignore = "is run, and killed, by the test above"]
async fn to_be_killed() {
    let path = std::path::PathBuf::from(std::env::var_os(LEDGER).expect("only the test above runs it"));
    let ledger = sqlite::open(&path, "acme", now()).await.unwrap();
    let bench = Bench::on(ledger, InMemory::default()).await;
    let planned = bench.plan(&Wish::of(&["alice", "bob", "carol"], &[])).await;
    let probe = crate::runtime::reconcile::probe::from_environment(&crate::runtime::sys::Machine);
    let _ = bench.try_apply(&planned.planned.plan, &planned.known, &BTreeMap::new(), &*probe).await;
}
