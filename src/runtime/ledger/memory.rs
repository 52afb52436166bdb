//! A ledger that is gone with its process: for tests, and for worlds that are thrown away.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::sqlite::SqliteStore;
use super::{Birth, LedgerError, SharedLedger, SqlLedger};

/// A new ledger in memory, on the same SQL as every other.
///
/// # Errors
/// When SQLite cannot start.
pub async fn in_memory(platform: &str, birth: Birth, now: DateTime<Utc>) -> Result<SharedLedger, LedgerError> {
    let store = SqliteStore::in_memory().await?;
    Ok(Arc::new(SqlLedger::open(Box::new(store), platform, birth, now).await?))
}
