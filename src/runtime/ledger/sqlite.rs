//! The default: one file, WAL, one writer, any number of readers.
//!
//! `synchronous` is FULL, not WAL's usual NORMAL: an intent must survive a power cut, or an account that was made in
//! the last moment would be found as a stranger's. What that costs is paid once for all steps that begin or end
//! together, because the executor journals them in one transaction.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{Sqlite, SqlitePool};

use super::store::{Argument, Claim, Purpose, Row, Store, Transaction, arguments};
use super::{Birth, LedgerError, SharedLedger, SqlLedger};

/// How long a writer waits for another process that is writing. Transactions take milliseconds.
const BUSY: Duration = Duration::from_secs(10);

/// Rows that are read ahead of whoever takes them. With the few that are usual, two threads wake each other for every row.
const ROWS_AHEAD: usize = 4096;

/// Readers beside the writer: a page of the dashboard must not wait for an apply.
const READERS: u32 = 4;

/// Opens the ledger in a file; makes it, readable by its owner alone, where no file is.
///
/// # Errors
/// See [`LedgerError`]. A file that is damaged, empty, newer, or another platform's is never replaced.
pub async fn open(path: &Path, platform: &str, now: DateTime<Utc>) -> Result<SharedLedger, LedgerError> {
    let place = path.display().to_string();
    let failed = |source| LedgerError::File { place: place.clone(), source };
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.len() == 0 => return Err(LedgerError::Empty { place }),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bear(path, platform, now).await?,
        Err(error) => return Err(failed(error)),
    }
    let store = SqliteStore::on_file(path).await?;
    Ok(Arc::new(SqlLedger::open(Box::new(store), platform, Birth::Random, now).await?))
}

/// Opens the ledger in a file, or nothing where no file is: for commands that only look.
///
/// # Errors
/// As [`open`].
pub async fn open_existing(
    path: &Path,
    platform: &str,
    now: DateTime<Utc>,
) -> Result<Option<SharedLedger>, LedgerError> {
    if !path.exists() {
        return Ok(None);
    }
    open(path, platform, now).await.map(Some)
}

/// A ledger's tables in SQLite.
pub(super) struct SqliteStore {
    place: String,
    writer: SqlitePool,
    reader: SqlitePool,
    /// The ledger's file, beside which the lock files of its leases lie; `None` in memory.
    file: Option<PathBuf>,
    claims: Mutex<BTreeMap<String, File>>,
}

impl SqliteStore {
    pub(super) async fn on_file(path: &Path) -> Result<Self, LedgerError> {
        let place = path.display().to_string();
        let failed = |error| LedgerError::at_opening(&place, error);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .row_buffer_size(ROWS_AHEAD);
        // One connection writes: two would only wait for each other.
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await.map_err(failed)?;
        let reader = SqlitePoolOptions::new().max_connections(READERS).connect_lazy_with(options);
        Ok(Self { place, writer, reader, file: Some(path.to_owned()), claims: Mutex::default() })
    }

    /// A database that lives as long as its one connection.
    pub(super) async fn in_memory() -> Result<Self, LedgerError> {
        let place = "memory".to_owned();
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(SqliteConnectOptions::new().in_memory(true))
            .await
            .map_err(|error| LedgerError::at_opening(&place, error))?;
        Ok(Self { place, reader: writer.clone(), writer, file: None, claims: Mutex::default() })
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn place(&self) -> &str {
        &self.place
    }

    async fn begin(&self, purpose: Purpose) -> Result<Box<dyn Transaction>, sqlx::Error> {
        Ok(Box::new(match purpose {
            Purpose::Read => self.reader.begin().await?,
            // The lock is taken at once: one that is taken at the first write can fail in the middle.
            Purpose::Write | Purpose::Setup => match self.writer.begin_with("BEGIN IMMEDIATE").await {
                // A write that the disk refused has ended its transaction by itself, and the connection still counts it
                // (https://www.sqlite.org/lang_transaction.html, "Response To Errors Within A Transaction").
                Err(sqlx::Error::InvalidSavePointStatement) => {
                    self.writer.acquire().await?.close().await?;
                    self.writer.begin_with("BEGIN IMMEDIATE").await?
                }
                begun => begun?,
            },
        }))
    }

    async fn is_blank(&self, transaction: &mut dyn Transaction) -> Result<bool, sqlx::Error> {
        let rows = transaction.rows("SELECT COUNT(*) FROM sqlite_master", arguments![]).await?;
        Ok(rows.first().map_or(Ok(None), |row| row.number(0))? == Some(0))
    }

    async fn has_table(&self, transaction: &mut dyn Transaction, name: &str) -> Result<bool, sqlx::Error> {
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = $1";
        Ok(!transaction.rows(sql, arguments![name]).await?.is_empty())
    }

    /// A ledger in a file is used on one machine, so a lock that the system frees when its process dies tells who
    /// lives: after a crash nobody waits for a lease to run out.
    fn claim(&self, lease: &str) -> Result<Claim, LedgerError> {
        let Some(ledger) = &self.file else { return Ok(Claim::Untold) };
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        if claims.contains_key(lease) {
            return Ok(Claim::Contested);
        }
        let mut name = ledger.clone().into_os_string();
        name.push(format!(".{lease}.lock"));
        let path = PathBuf::from(name);
        let failed = |source| LedgerError::File { place: path.display().to_string(), source };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {
                claims.insert(lease.to_owned(), file);
                Ok(Claim::Alone)
            }
            Err(TryLockError::WouldBlock) => Ok(Claim::Contested),
            // A file system without locks: the lease's time decides, as in a database of several machines.
            Err(TryLockError::Error(_)) => Ok(Claim::Untold),
        }
    }

    fn unclaim(&self, lease: &str) {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner).remove(lease);
    }
}

#[async_trait]
impl Transaction for sqlx::Transaction<'static, Sqlite> {
    async fn run(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Result<u64, sqlx::Error> {
        Ok(bound(sql, arguments).execute(&mut **self).await?.rows_affected())
    }

    async fn script(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(sql).execute(&mut **self).await?;
        Ok(())
    }

    async fn rows(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Result<Vec<Box<dyn Row>>, sqlx::Error> {
        let rows = bound(sql, arguments).fetch_all(&mut **self).await?;
        Ok(rows.into_iter().map(|row| Box::new(row) as Box<dyn Row>).collect())
    }

    async fn commit(self: Box<Self>) -> Result<(), sqlx::Error> {
        sqlx::Transaction::commit(*self).await
    }
}

impl Row for SqliteRow {
    fn text(&self, column: usize) -> Result<Option<String>, sqlx::Error> {
        sqlx::Row::try_get(self, column)
    }

    fn number(&self, column: usize) -> Result<Option<i64>, sqlx::Error> {
        sqlx::Row::try_get(self, column)
    }
}

fn bound(
    sql: &'static str,
    arguments: Vec<Argument>,
) -> sqlx::query::Query<'static, Sqlite, sqlx::sqlite::SqliteArguments> {
    arguments.into_iter().fold(sqlx::query(sql), |query, argument| match argument {
        Argument::Text(text) => query.bind(text),
        Argument::Number(number) => query.bind(number),
    })
}

/// Makes a ledger beside its place and puts it there once it is whole: whoever is killed before has made none, and of two
/// that make one at the same time the second finds the first one's.
///
/// The file, and its folder where there was none, may be entered by their owner alone: it holds the key of the digests.
async fn bear(path: &Path, platform: &str, now: DateTime<Utc>) -> Result<(), LedgerError> {
    let failed = |source| LedgerError::File { place: path.display().to_string(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_private_folder(folder).map_err(failed)?;
    let unborn = tempfile::Builder::new().prefix(".ledger-").suffix(".new").tempfile_in(folder).map_err(failed)?;

    let store = SqliteStore::on_file(unborn.path()).await?;
    let (writer, reader) = (store.writer.clone(), store.reader.clone());
    SqlLedger::open(Box::new(store), platform, Birth::Random, now).await?;
    // Out of the write-ahead log, which does not move with the file.
    let emptied = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&writer).await;
    emptied.map_err(|error| LedgerError::from_database("write the new ledger", error))?;
    reader.close().await;
    writer.close().await;

    match unborn.persist_noclobber(path) {
        Ok(_) => keep_name(folder).map_err(failed),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(error.error)),
    }
}

/// Makes a folder that only its owner may enter, unless it is there.
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut folders = std::fs::DirBuilder::new();
    folders.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
    folders.create(folder)
}

/// Makes a new name in a folder survive a power cut; where a folder cannot be opened, the system does it by itself.
fn keep_name(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
