//! What can be wrong with a ledger before it is one, and who may take it over.

use std::path::Path;
use std::task::Poll;

use chrono::Duration;

use super::place::{fence, intent, moment, postgres_schema, recorded};
use crate::engine::plan::Verb;
use crate::runtime::ledger::sqlite::SqliteStore;
use crate::runtime::ledger::store::Purpose;
use crate::runtime::ledger::{
    Birth, Entry, LeaseError, Ledger, LedgerError, RunId, SharedLedger, SqlLedger, postgres, sqlite,
};

async fn open(path: &Path) -> Result<SharedLedger, LedgerError> {
    sqlite::open(path, "acme", moment(0)).await
}

/// Runs a statement on a file behind the ledger's back.
async fn meddle(path: &Path, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::raw_sql(sql).execute(&pool).await.unwrap();
    pool.close().await;
}

#[tokio::test]
async fn what_was_written_is_there_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/ledger.db");
    let first = open(&path).await.unwrap();
    let identity = first.identity().id.clone();
    let lease = first.acquire_lease("platform", "one", Duration::hours(1), moment(0)).await.unwrap();
    let entry = Entry::Put(Box::new(recorded("gitea:user/alice")));
    first.record(&lease.fence, &[entry], moment(0)).await.unwrap();
    first.begin_intents(&lease.fence, &[intent(RunId(1), Verb::Create, "gitea:user/bob", None)]).await.unwrap();
    drop(first);

    let second = sqlite::open_existing(&path, "acme", moment(9)).await.unwrap().unwrap();
    assert_eq!(second.identity().id, identity);
    assert_eq!(second.objects().await.unwrap(), [recorded("gitea:user/alice")]);
    assert_eq!(second.open_intents().await.unwrap().len(), 1);
    assert!(sqlite::open_existing(&folder.path().join("none.db"), "acme", moment(0)).await.unwrap().is_none());
}

/// Polls a future so many times, then drops it; whether it was done by then.
async fn for_a_while(polls: usize, future: impl Future) -> bool {
    let mut future = std::pin::pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(context).map(|_| true)
    })
    .await
}

#[tokio::test]
async fn a_ledger_whose_making_was_cut_short_is_none() {
    for polls in 1.. {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let whole = for_a_while(polls, open(&path)).await;
        let opened = open(&path).await;
        assert!(opened.is_ok(), "after {polls} polls: {:?}", opened.err());
        if whole {
            assert!(polls > 3, "it was never cut short");
            break;
        }
    }
}

#[tokio::test]
async fn processes_that_start_together_make_one_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let opened = futures::future::join_all((0..4).map(|_| open(&path))).await;
    let identities: std::collections::BTreeSet<String> =
        opened.into_iter().map(|ledger| ledger.unwrap().identity().id.clone()).collect();
    assert_eq!(identities.len(), 1);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name.to_string_lossy().starts_with("ledger.db")), "{left:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_a_new_ledger() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    open(&path).await.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn what_is_no_ledger_of_ours_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);

    std::fs::write(file("text"), "these are the notes of somebody, and they are longer than a page header".repeat(99))
        .unwrap();
    assert!(matches!(open(&file("text")).await, Err(LedgerError::Corrupt { .. })));
    std::fs::write(file("empty"), "").unwrap();
    assert!(matches!(open(&file("empty")).await, Err(LedgerError::Empty { .. })));
    assert_eq!(std::fs::read(file("empty")).unwrap(), b"");
    meddle(&file("foreign"), "CREATE TABLE albums (name TEXT)").await;
    assert!(matches!(open(&file("foreign")).await, Err(LedgerError::NotALedger { .. })));

    open(&file("other")).await.unwrap();
    let other = sqlite::open(&file("other"), "beta", moment(0)).await.unwrap_err();
    assert!(matches!(&other, LedgerError::OtherPlatform { found, wanted, .. } if found == "acme" && wanted == "beta"));
    meddle(&file("other"), "UPDATE schema_version SET version = 99").await;
    let newer = open(&file("other")).await.unwrap_err();
    assert!(matches!(newer, LedgerError::NewerSchema { found: 99, .. }), "{newer}");
    assert!(newer.to_string().contains("has schema version 99; this program knows versions up to 1"), "{newer}");
}

#[tokio::test]
async fn a_damaged_ledger_is_never_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    open(&path).await.unwrap();
    meddle(&path, "PRAGMA wal_checkpoint(TRUNCATE)").await;
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100..4096].fill(0xA5);
    std::fs::write(&path, &bytes).unwrap();
    let error = open(&path).await.unwrap_err();
    assert!(matches!(error, LedgerError::Corrupt { .. }), "{error:?}");
    assert!(!error.hint().is_empty());
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[tokio::test]
async fn a_full_or_read_only_disk_fails_the_entry_before_the_call() {
    for (state, sql) in [("full", "PRAGMA max_page_count = 1"), ("read-only", "PRAGMA query_only = 1")] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        drop(open(&path).await.unwrap());
        let store = Box::new(SqliteStore::on_file(&path).await.unwrap());
        let ledger = SqlLedger::open(store, "acme", Birth::Random, moment(0)).await.unwrap();
        let fence = fence(&ledger).await;
        let mut writer = ledger.store.begin(Purpose::Write).await.unwrap();
        writer.script(sql).await.unwrap();
        writer.commit().await.unwrap();

        let mut entry = intent(RunId(1), Verb::Create, "gitea:user/alice", None);
        entry.payload.step.why = "long ".repeat(100_000);
        let error = ledger.begin_intents(&fence, &[entry]).await.unwrap_err();
        assert!(matches!(error, LedgerError::Unwritable { .. }), "{state}: {error:?}");
        assert_eq!(ledger.open_intents().await.unwrap(), [], "{state}");
    }
}

#[tokio::test]
async fn a_lease_is_free_as_soon_as_its_holder_is_dead() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let (first, second) = (open(&path).await.unwrap(), open(&path).await.unwrap());
    let hour = Duration::hours(1);
    first.acquire_lease("platform", "one", hour, moment(0)).await.unwrap();
    let held = second.acquire_lease("platform", "two", hour, moment(1)).await.unwrap_err();
    assert!(matches!(held, LeaseError::Held { .. }), "{held}");
    // Not given back: the process that held it is gone, and the system has freed its lock.
    drop(first);
    second.acquire_lease("platform", "two", hour, moment(1)).await.unwrap();
}

#[tokio::test]
async fn replicas_that_start_together_make_one_ledger() {
    let Some(options) = postgres_schema().await else { return };
    assert!(postgres::open_existing(options.clone(), "acme", moment(0)).await.unwrap().is_none());
    let opened = futures::future::join_all((0..4).map(|_| postgres::open(options.clone(), "acme", moment(0)))).await;
    assert!(postgres::open_existing(options.clone(), "acme", moment(0)).await.unwrap().is_some());
    let identities: std::collections::BTreeSet<String> =
        opened.into_iter().map(|ledger| ledger.unwrap().identity().id.clone()).collect();
    assert_eq!(identities.len(), 1);
    let other = postgres::open(options, "beta", moment(0)).await.unwrap_err();
    assert!(matches!(other, LedgerError::OtherPlatform { .. }), "{other}");
}
