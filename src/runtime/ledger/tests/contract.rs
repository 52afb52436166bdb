//! What every ledger promises, whatever database holds it.

use chrono::Duration;
use secrecy::SecretString;

use super::place::{address, everywhere, fence, gitea, intent, moment, recorded};
use crate::engine::diff::numbers::Given;
use crate::engine::model::{
    Capabilities, Completeness, Failure, FailureClass, Fields, KindClass, Live, ObjectState, Observation, Scope,
};
use crate::engine::plan::Verb;
use crate::runtime::ledger::{
    DestructiveEvent, Entry, Fence, Finished, IntentId, IntentResult, LeaseError, Ledger, LedgerError, NewApproval,
    RunId,
};

/// Runs the body on a new ledger in each database.
macro_rules! promise {
    ($name:ident, $ledger:ident => $body:block) => {
        #[tokio::test]
        async fn $name() {
            for (shared, _folder) in everywhere().await {
                let $ledger: &dyn Ledger = &*shared;
                $body
            }
        }
    };
}

fn done(intent: IntentId) -> Finished {
    Finished { intent, result: IntentResult::Done, entries: Vec::new(), events: Vec::new(), at: moment(2) }
}

fn failed(intent: IntentId) -> Finished {
    let failure = Failure::new(FailureClass::Refused, "create user 'alice'", "no").help("ask somebody");
    Finished { result: IntentResult::Failed(failure), ..done(intent) }
}

async fn begin(ledger: &dyn Ledger, fence: &Fence, verb: Verb, name: &str, approval: Option<i64>) -> Option<IntentId> {
    ledger.begin_intents(fence, &[intent(RunId(1), verb, name, approval)]).await.unwrap()[0]
}

promise!(objects_read_back_as_they_were_recorded, ledger => {
    let fence = fence(ledger).await;
    let alice = recorded("gitea:user/alice");
    let mut bob = recorded("gitea:team-member/acme/devs/bob");
    bob.state = ObjectState::Disabled(moment(5));
    bob.external_id = None;
    let put = |it: &_| Entry::Put(Box::new(Clone::clone(it)));
    ledger.record(&fence, &[put(&alice), put(&bob)], moment(5)).await.unwrap();
    assert_eq!(ledger.objects().await.unwrap(), [bob.clone(), alice.clone()]);

    bob.state = ObjectState::Retained(moment(6));
    ledger.record(&fence, &[put(&bob), Entry::Forget(alice.address.clone())], moment(6)).await.unwrap();
    assert_eq!(ledger.objects().await.unwrap(), [bob]);
});

promise!(a_step_ends_together_with_what_follows_from_it, ledger => {
    let fence = fence(ledger).await;
    let create = begin(ledger, &fence, Verb::Create, "gitea:user/alice", None).await.unwrap();
    let disable = begin(ledger, &fence, Verb::Disable, "gitea:user/bob", None).await.unwrap();
    let open = ledger.open_intents().await.unwrap();
    assert_eq!(open.iter().map(|it| it.id).collect::<Vec<_>>(), [create, disable]);
    assert_eq!(open[0].payload, intent(RunId(1), Verb::Create, "gitea:user/alice", None).payload);

    let alice = recorded("gitea:user/alice");
    let event = DestructiveEvent { class: KindClass::Person, address: address("gitea:user/bob"), count: 2 };
    let ends = [
        Finished { entries: vec![Entry::Put(Box::new(alice.clone()))], ..done(create) },
        Finished { events: vec![event], ..done(disable) },
    ];
    ledger.finish_intents(&fence, &ends).await.unwrap();
    assert_eq!(ledger.open_intents().await.unwrap(), []);
    assert_eq!(ledger.objects().await.unwrap(), [alice]);
    let gitea = gitea();
    let since = |seconds| ledger.destructive_since(&gitea, KindClass::Person, moment(seconds));
    assert_eq!(since(0).await.unwrap(), 2);
    assert_eq!(since(3).await.unwrap(), 0);
    let other = ledger.destructive_since(&gitea, KindClass::Team, moment(0)).await.unwrap();
    assert_eq!(other, 0);

    // What came back and was removed again is one thing; another thing is another.
    for (address, expected) in [("gitea:user/bob", 2), ("gitea:user/carol", 3)] {
        let again = begin(ledger, &fence, Verb::Disable, address, None).await.unwrap();
        let event = DestructiveEvent { class: KindClass::Person, address: self::address(address), count: 1 };
        ledger.finish_intents(&fence, &[Finished { events: vec![event], ..done(again) }]).await.unwrap();
        assert_eq!(since(0).await.unwrap(), expected, "{address}");
    }
});

promise!(a_step_that_is_done_again_and_again_is_counted, ledger => {
    let fence = fence(ledger).await;
    for _ in 0..3 {
        let update = begin(ledger, &fence, Verb::Update, "gitea:team/acme/dev", None).await.unwrap();
        ledger.finish_intents(&fence, &[done(update)]).await.unwrap();
    }
    let once = begin(ledger, &fence, Verb::Create, "gitea:user/alice", None).await.unwrap();
    ledger.finish_intents(&fence, &[done(once)]).await.unwrap();
    let repeated = ledger.repeated_since(moment(0)).await.unwrap();
    assert_eq!(repeated.values().copied().collect::<Vec<_>>(), [3]);
    assert_eq!(ledger.repeated_since(moment(1_000_000)).await.unwrap().len(), 0);
});

promise!(half_a_batch_is_never_written, ledger => {
    let fence = fence(ledger).await;
    let create = begin(ledger, &fence, Verb::Create, "gitea:user/alice", None).await.unwrap();
    let entries = vec![Entry::Put(Box::new(recorded("gitea:user/alice")))];
    let ends = [Finished { entries, ..done(create) }, done(IntentId(4711))];
    let error = ledger.finish_intents(&fence, &ends).await.unwrap_err();
    assert!(matches!(error, LedgerError::NotOpen(4711)), "{error}");
    assert_eq!(ledger.objects().await.unwrap(), []);
    assert_eq!(ledger.open_intents().await.unwrap().len(), 1);
});

promise!(an_entry_ends_once, ledger => {
    let fence = fence(ledger).await;
    let create = begin(ledger, &fence, Verb::Create, "gitea:user/alice", None).await.unwrap();
    ledger.finish_intents(&fence, &[failed(create)]).await.unwrap();
    let again = ledger.finish_intents(&fence, &[done(create)]).await.unwrap_err();
    assert!(matches!(again, LedgerError::NotOpen(_)), "{again}");
    let deeds = ledger.history(&address("gitea:user/alice"), 10).await.unwrap();
    assert_eq!(deeds.len(), 1);
    assert_eq!(deeds[0].result.as_deref(), Some("failed"));
    assert_eq!(deeds[0].failure.as_ref().map(|failure| failure.help.as_str()), Some("ask somebody"));
});

promise!(work_that_goes_on_keeps_its_handle, ledger => {
    let fence = fence(ledger).await;
    let create = begin(ledger, &fence, Verb::Create, "gitea:user/alice", None).await.unwrap();
    ledger.pend_intent(&fence, create, "job 5").await.unwrap();
    assert_eq!(ledger.open_intents().await.unwrap()[0].handle.as_deref(), Some("job 5"));
    ledger.finish_intents(&fence, &[done(create)]).await.unwrap();
    assert!(ledger.pend_intent(&fence, create, "job 6").await.is_err());
});

promise!(a_one_time_action_is_begun_again_only_if_it_did_not_happen, ledger => {
    let fence = fence(ledger).await;
    let name = "gitea:hook/alice";
    let first = begin(ledger, &fence, Verb::RunOnce, name, None).await.unwrap();
    assert_eq!(begin(ledger, &fence, Verb::RunOnce, name, None).await, None);
    ledger.finish_intents(&fence, &[failed(first)]).await.unwrap();
    let second = begin(ledger, &fence, Verb::RunOnce, name, None).await.unwrap();
    ledger.finish_intents(&fence, &[done(second)]).await.unwrap();
    assert_eq!(begin(ledger, &fence, Verb::RunOnce, name, None).await, None);
    assert_eq!(ledger.once_keys().await.unwrap().len(), 1);
});

promise!(an_approval_is_spent_once_and_only_by_success, ledger => {
    let fence = fence(ledger).await;
    let steps = vec!["delete gitea:user/bob".to_owned(), "delete gitea:user/carol".to_owned()];
    let (at, expires) = (moment(0), moment(100));
    let given = NewApproval { digest: "d".into(), steps, by: "dora".into(), reason: "left".into(), at, expires };
    let id = ledger.approve(&given).await.unwrap();
    assert_eq!(ledger.approvals(moment(1)).await.unwrap()[0].given, given);

    let bob = begin(ledger, &fence, Verb::Delete, "gitea:user/bob", Some(id)).await.unwrap();
    ledger.finish_intents(&fence, &[failed(bob)]).await.unwrap();
    assert!(ledger.approvals(moment(1)).await.unwrap()[0].covers("delete gitea:user/bob"));
    let bob = begin(ledger, &fence, Verb::Delete, "gitea:user/bob", Some(id)).await.unwrap();
    ledger.finish_intents(&fence, &[done(bob)]).await.unwrap();
    let approval = ledger.approvals(moment(1)).await.unwrap().remove(0);
    assert!(!approval.covers("delete gitea:user/bob"));
    assert!(approval.covers("delete gitea:user/carol"));
    assert!(!approval.covers("delete gitea:user/dora"));
    assert_eq!(ledger.approvals(moment(100)).await.unwrap(), []);
});

promise!(a_number_is_kept_for_ever_whosever_it_is, ledger => {
    let fence = fence(ledger).await;
    let keep = |numbers: &[(&str, &str, i64)]| {
        let given = |(pool, subject, number): &(&str, &str, i64)| Given {
            pool: (*pool).to_owned(),
            subject: (*subject).to_owned(),
            number: *number,
        };
        let (fence, numbers): (_, Vec<Given>) = (fence.clone(), numbers.iter().map(given).collect());
        async move { ledger.keep_numbers(&fence, &numbers, moment(1)).await }
    };
    keep(&[("chat", "alice", 7), ("chat", "bob", 8), ("other", "alice", 7)]).await.unwrap();
    keep(&[("chat", "alice", 7)]).await.unwrap();
    // Alice was renamed, and somebody else has her name now.
    keep(&[("chat", "alice-beta", 7), ("chat", "alice", 9)]).await.unwrap();
    let all = ledger.allotments().await.unwrap();
    let of = |pool: &str, subject: &str| all[&(pool.to_owned(), subject.to_owned())].as_int().unwrap();
    assert_eq!(all.len(), 4);
    assert_eq!((of("chat", "alice-beta"), of("chat", "alice"), of("chat", "bob"), of("other", "alice")), (7, 9, 8, 7));
    // Nobody has two.
    keep(&[("chat", "bob", 10)]).await.unwrap_err();
    assert_eq!(ledger.allotments().await.unwrap(), all);
});

promise!(a_write_whose_lease_was_overtaken_changes_nothing, ledger => {
    let minute = Duration::minutes(1);
    let old = ledger.acquire_lease("platform", "first", minute, moment(0)).await.unwrap();
    let held = ledger.acquire_lease("platform", "second", minute, moment(59)).await.unwrap_err();
    let LeaseError::Held { holder, until } = held else { panic!("{held}") };
    assert_eq!((holder.as_str(), until), ("first", moment(60)));
    let old = ledger.renew_lease(&old, minute, moment(30)).await.unwrap();
    assert!(ledger.acquire_lease("platform", "second", minute, moment(60)).await.is_err());

    let new = ledger.acquire_lease("platform", "second", minute, moment(90)).await.unwrap();
    assert!(new.fence.number > old.fence.number);
    let entries = [Entry::Put(Box::new(recorded("gitea:user/alice")))];
    let intents = [intent(RunId(1), Verb::Create, "gitea:user/alice", None)];
    let capabilities = Capabilities::default();
    let number = Given { pool: "p".to_owned(), subject: "s".to_owned(), number: 1 };
    let overtaken = [
        ledger.record(&old.fence, &entries, moment(91)).await.unwrap_err(),
        ledger.begin_intents(&old.fence, &intents).await.unwrap_err(),
        ledger.finish_intents(&old.fence, &[]).await.unwrap_err(),
        ledger.keep_numbers(&old.fence, &[number], moment(91)).await.unwrap_err(),
        ledger.save_capabilities(&old.fence, &gitea(), &capabilities, moment(91)).await.unwrap_err(),
        ledger.save_observations(&old.fence, &[]).await.unwrap_err(),
        ledger.begin_run(&old.fence, "r", "p", moment(91)).await.unwrap_err(),
        ledger.renew_lease(&old, minute, moment(91)).await.unwrap_err(),
    ];
    for error in overtaken {
        assert!(matches!(error, LedgerError::Overtaken { .. }), "{error}");
    }
    assert_eq!(ledger.objects().await.unwrap(), []);
    assert_eq!(ledger.open_intents().await.unwrap(), []);

    // Giving back what is no longer one's own does not free it.
    ledger.release_lease(&old).await.unwrap();
    assert!(ledger.acquire_lease("platform", "third", minute, moment(92)).await.is_err());
    ledger.release_lease(&new).await.unwrap();
    let third = ledger.acquire_lease("platform", "third", minute, moment(92)).await.unwrap();
    assert!(third.fence.number > new.fence.number);
});

promise!(readings_and_capabilities_keep_their_age, ledger => {
    let fence = fence(ledger).await;
    let live = Live {
        address: address("gitea:user/alice"),
        external_id: Some("3".into()),
        fields: Fields::from([("email".into(), "alice@acme.test".into())]),
        outputs: Fields::new(),
        mark: None,
    };
    let mut users = Observation {
        scope: Scope::whole(&gitea(), "user"),
        at: moment(1),
        completeness: Completeness::Complete("total agrees".into()),
        objects: vec![live],
    };
    let members = Observation {
        scope: Scope::within(&gitea(), "team-member", "acme/devs"),
        at: moment(2),
        completeness: Completeness::Incomplete(Failure::new(FailureClass::Later, "list", "busy")),
        objects: Vec::new(),
    };
    ledger.save_observations(&fence, &[users.clone(), members.clone()]).await.unwrap();
    users.at = moment(9);
    users.objects.clear();
    ledger.save_observations(&fence, &[users.clone()]).await.unwrap();
    assert_eq!(ledger.observations().await.unwrap(), [members, users]);

    let found = Capabilities { version: Some("1.26".into()), ..Capabilities::default() };
    ledger.save_capabilities(&fence, &gitea(), &Capabilities::default(), moment(1)).await.unwrap();
    ledger.save_capabilities(&fence, &gitea(), &found, moment(3)).await.unwrap();
    let probed = ledger.capabilities().await.unwrap();
    assert_eq!((probed[&gitea()].at, &probed[&gitea()].found), (moment(3), &found));
});

promise!(runs_are_told_newest_first, ledger => {
    let fence = fence(ledger).await;
    let first = ledger.begin_run(&fence, "abc", "plan-1", moment(1)).await.unwrap();
    let second = ledger.begin_run(&fence, "def", "plan-2", moment(3)).await.unwrap();
    let summary = serde_json::json!({"done": 3});
    ledger.finish_run(&fence, first, 8, &summary, moment(2)).await.unwrap();
    let runs = ledger.runs(10).await.unwrap();
    assert_eq!(runs.iter().map(|run| run.id).collect::<Vec<_>>(), [second, first]);
    assert_eq!((runs[1].exit, runs[1].summary.as_ref()), (Some(8), Some(&summary)));
    assert_eq!((runs[0].ended, runs[0].exit), (None, None));
    assert_eq!(ledger.runs(1).await.unwrap().len(), 1);
});

promise!(equal_secrets_have_equal_digests_in_one_ledger_only, ledger => {
    let secret = |text: &str| SecretString::from(text);
    let digest = ledger.identity().digest(&secret("s3cret"));
    assert_eq!(digest, ledger.identity().digest(&secret("s3cret")));
    assert_ne!(digest, ledger.identity().digest(&secret("s3cret ")));
    let (other, _folder) = everywhere().await.remove(0);
    assert_ne!(digest, other.identity().digest(&secret("s3cret")));
    assert!(!format!("{ledger:?}").contains("key"), "{ledger:?}");
});
