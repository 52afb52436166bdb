//! Places to keep a test's ledger in, and the values that tests write into it.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Duration, TimeZone, Utc};
use sqlx::postgres::PgConnectOptions;

use crate::engine::model::{Address, Fields, Instance, KindClass, ObjectState, Origin, Owner, Recorded, Value};
use crate::engine::plan::{Step, StepId, Verb};
use crate::runtime::ledger::{
    Birth, Fence, Ledger, NewIntent, Payload, RunId, SharedLedger, in_memory, postgres, sqlite,
};

/// A new ledger in each database that is at hand, with what must live as long as it does.
pub(super) async fn everywhere() -> Vec<(SharedLedger, Option<tempfile::TempDir>)> {
    let folder = tempfile::tempdir().unwrap();
    let file = sqlite::open(&folder.path().join("ledger.db"), "acme", moment(0)).await.unwrap();
    let memory = in_memory("acme", Birth::Random, moment(0)).await.unwrap();
    let mut ledgers = vec![(memory, None), (file, Some(folder))];
    ledgers.extend(postgres_ledger().await.map(|ledger| (ledger, None)));
    ledgers
}

/// A ledger in a schema of its own, if `FORMULARY_TEST_POSTGRES` names a database.
async fn postgres_ledger() -> Option<SharedLedger> {
    Some(postgres::open(postgres_schema().await?, "acme", moment(0)).await.unwrap())
}

/// Leads to a new, blank schema.
pub(super) async fn postgres_schema() -> Option<PgConnectOptions> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Ok(url) = std::env::var("FORMULARY_TEST_POSTGRES") else {
        #[allow(clippy::print_stderr)]
        {
            eprintln!("SKIPPED: the ledger on PostgreSQL was not tested; FORMULARY_TEST_POSTGRES names no database");
        }
        return None;
    };
    let options: PgConnectOptions = url.parse().unwrap();
    let schema = format!("formulary_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
    let pool = sqlx::PgPool::connect_with(options.clone()).await.unwrap();
    for sql in [format!("DROP SCHEMA IF EXISTS {schema} CASCADE"), format!("CREATE SCHEMA {schema}")] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&pool).await.unwrap();
    }
    Some(options.options([("search_path", schema.as_str())]))
}

pub(super) fn moment(seconds: i64) -> DateTime<Utc> {
    Utc.timestamp_opt(1_790_000_000 + seconds, 123_456_789).unwrap()
}

pub(super) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub(super) async fn fence(ledger: &dyn Ledger) -> Fence {
    ledger.acquire_lease("platform", "test", Duration::hours(1), moment(0)).await.unwrap().fence
}

pub(super) fn recorded(name: &str) -> Recorded {
    Recorded {
        address: address(name),
        external_id: Some("7f-1".to_owned()),
        owner: Owner("user:default/alice".to_owned()),
        file: "users/acme/alice.yaml".to_owned(),
        last_applied: Fields::from([
            ("enabled".into(), Value::Bool(true)),
            ("groups".into(), Value::set(["b", "a"])),
            ("note".into(), Value::from("a \"quoted\" näme\u{0}\n")),
            ("nothing".into(), Value::Null),
            ("number".into(), Value::Int(i64::MAX)),
        ]),
        digests: [("password".to_owned(), "0a".to_owned())].into(),
        outputs: Fields::from([("sub".into(), Value::from("7f-1"))]),
        origin: Origin::Created,
        state: ObjectState::Active,
    }
}

pub(super) fn intent(run: RunId, verb: Verb, name: &str, approval: Option<i64>) -> NewIntent {
    let address = address(name);
    let step = Step {
        id: StepId(0),
        verb,
        class: KindClass::Person,
        owner: Owner("user:default/alice".to_owned()),
        origin: None,
        external_id: None,
        before: Fields::new(),
        after: Default::default(),
        uses: Default::default(),
        needs: Default::default(),
        relied_on: None,
        goes_with: Vec::new(),
        waits: Vec::new(),
        why: "declared".to_owned(),
        undo: None,
        partly: Default::default(),
        begun: false,
        calls: 1,
        digest: format!("{verb} {address}"),
        address,
    };
    let payload = Payload { step, sent: Fields::from([("enabled".into(), true.into())]), digests: Default::default() };
    NewIntent { run, payload, approval, at: moment(1) }
}

pub(super) fn gitea() -> Instance {
    Instance::new("gitea")
}
