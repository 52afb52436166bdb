//! Opening: is it a ledger, is it ours, and is its schema one that we know? Migrating it if it is older.

use chrono::{DateTime, Utc};

use super::identity::{hex, unhex};
use super::store::{Columns, Purpose, Store, Transaction, arguments};
use super::{Birth, Identity, LedgerError, SqlLedger, sql};

impl SqlLedger {
    /// Opens what is in `store`; makes a new ledger only where nothing at all is.
    pub(super) async fn open(
        store: Box<dyn Store>,
        platform: &str,
        birth: Birth,
        now: DateTime<Utc>,
    ) -> Result<Self, LedgerError> {
        let known = i64::try_from(sql::MIGRATIONS.len()).expect("a handful");
        // Looked at first without the right to write: an up-to-date ledger opens on a read-only disk.
        let found = version(&*store).await?;
        if found.is_some_and(|found| found > known) {
            return Err(LedgerError::NewerSchema {
                place: store.place().to_owned(),
                found: found.unwrap_or_default(),
                known,
            });
        }
        if found != Some(known) {
            migrate(&*store, platform, birth, now).await?;
        }
        let identity = identity(&*store).await?;
        if identity.platform != platform {
            return Err(LedgerError::OtherPlatform {
                place: store.place().to_owned(),
                found: identity.platform,
                wanted: platform.to_owned(),
            });
        }
        Ok(Self { store, identity })
    }
}

/// Whether nothing at all is there, so that opening it would make a ledger.
pub(super) async fn is_blank(store: &dyn Store) -> Result<bool, LedgerError> {
    version(store).await.map(|found| found.is_none())
}

/// The schema's version; `None` where nothing at all is.
async fn version(store: &dyn Store) -> Result<Option<i64>, LedgerError> {
    let failed = |error| LedgerError::at_opening(store.place(), error);
    let mut transaction = store.begin(Purpose::Read).await.map_err(failed)?;
    version_in(store, &mut *transaction).await
}

async fn version_in(store: &dyn Store, transaction: &mut dyn Transaction) -> Result<Option<i64>, LedgerError> {
    let failed = |error| LedgerError::at_opening(store.place(), error);
    if store.is_blank(transaction).await.map_err(failed)? {
        return Ok(None);
    }
    if !store.has_table(transaction, "schema_version").await.map_err(failed)?
        || !store.has_table(transaction, "ledger").await.map_err(failed)?
    {
        return Err(LedgerError::NotALedger { place: store.place().to_owned() });
    }
    let rows = transaction.rows(sql::VERSION, arguments![]).await.map_err(failed)?;
    let row = rows.first().ok_or_else(|| LedgerError::NotALedger { place: store.place().to_owned() })?;
    Columns(&**row).number(0).map(Some)
}

/// Brings the schema up to date in one transaction: a crash leaves the old one, whole.
async fn migrate(store: &dyn Store, platform: &str, birth: Birth, now: DateTime<Utc>) -> Result<(), LedgerError> {
    let failed = |error| LedgerError::from_database("bring the ledger's schema up to date", error);
    let mut transaction = store.begin(Purpose::Setup).await.map_err(failed)?;
    // Asked again under the lock: somebody else may have done it meanwhile.
    let found = version_in(store, &mut *transaction).await?;
    let from = usize::try_from(found.unwrap_or(0)).unwrap_or(usize::MAX);
    if found.is_none() {
        transaction.run(sql::VERSION_TABLE, arguments![]).await.map_err(failed)?;
        transaction.run(sql::VERSION_BEGIN, arguments![]).await.map_err(failed)?;
    }
    for script in sql::MIGRATIONS.iter().skip(from) {
        transaction.script(script).await.map_err(failed)?;
    }
    if found.is_none() {
        let (id, key) = birth.draw();
        let born = arguments![id.to_string(), platform, hex(&key), now];
        transaction.run(sql::BEAR, born).await.map_err(failed)?;
    }
    let known = i64::try_from(sql::MIGRATIONS.len()).expect("a handful");
    if from < sql::MIGRATIONS.len() {
        transaction.run(sql::VERSION_SET, arguments![known]).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

async fn identity(store: &dyn Store) -> Result<Identity, LedgerError> {
    let failed = |error| LedgerError::at_opening(store.place(), error);
    let mut transaction = store.begin(Purpose::Read).await.map_err(failed)?;
    let rows = transaction.rows(sql::IDENTITY, arguments![]).await.map_err(failed)?;
    let row = rows.first().ok_or_else(|| LedgerError::NotALedger { place: store.place().to_owned() })?;
    let columns = Columns(&**row);
    let key = unhex(&columns.text(2)?).ok_or(LedgerError::Unreadable { what: "a key", why: "it is not hex".into() })?;
    Ok(Identity::new(columns.text(0)?, columns.text(1)?, key))
}
