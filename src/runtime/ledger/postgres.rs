//! For several replicas: one database that all of them reach.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::{PgPool, Postgres};

use super::schema::is_blank;
use super::store::{Argument, Claim, Purpose, Row, Store, Transaction, arguments};
use super::{Birth, LedgerError, SharedLedger, SqlLedger};

/// Connections of one process: the executor writes through one at a time, the rest read.
const CONNECTIONS: u32 = 5;

/// Opens the ledger in the schema that `options` lead to; makes it where no table at all is.
///
/// # Errors
/// See [`LedgerError`].
pub async fn open(options: PgConnectOptions, platform: &str, now: DateTime<Utc>) -> Result<SharedLedger, LedgerError> {
    let store = connect(options).await?;
    Ok(Arc::new(SqlLedger::open(Box::new(store), platform, Birth::Random, now).await?))
}

/// Opens the ledger in the schema that `options` lead to, if there is one.
///
/// # Errors
/// As [`open`].
pub async fn open_existing(
    options: PgConnectOptions,
    platform: &str,
    now: DateTime<Utc>,
) -> Result<Option<SharedLedger>, LedgerError> {
    let store = connect(options).await?;
    if is_blank(&store).await? {
        return Ok(None);
    }
    Ok(Some(Arc::new(SqlLedger::open(Box::new(store), platform, Birth::Random, now).await?)))
}

async fn connect(options: PgConnectOptions) -> Result<PostgresStore, LedgerError> {
    let place = format!(
        "postgres://{}:{}/{}",
        options.get_host(),
        options.get_port(),
        options.get_database().unwrap_or(options.get_username())
    );
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .connect_with(options)
        .await
        .map_err(|error| LedgerError::at_opening(&place, error))?;
    Ok(PostgresStore { place, pool })
}

struct PostgresStore {
    place: String,
    pool: PgPool,
}

#[async_trait]
impl Store for PostgresStore {
    fn place(&self) -> &str {
        &self.place
    }

    async fn begin(&self, purpose: Purpose) -> Result<Box<dyn Transaction>, sqlx::Error> {
        Ok(Box::new(match purpose {
            Purpose::Read => self.pool.begin_with("BEGIN READ ONLY").await?,
            // Two writers meet at the row of the lease or of the sequence, which each of them updates first.
            Purpose::Write => self.pool.begin().await?,
            Purpose::Setup => {
                let mut transaction = self.pool.begin().await?;
                // Any number will do, as long as every replica takes the same.
                sqlx::query("SELECT pg_advisory_xact_lock(723415)").execute(&mut *transaction).await?;
                transaction
            }
        }))
    }

    async fn is_blank(&self, transaction: &mut dyn Transaction) -> Result<bool, sqlx::Error> {
        let sql = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema()";
        let rows = transaction.rows(sql, arguments![]).await?;
        Ok(rows.first().map_or(Ok(None), |row| row.number(0))? == Some(0))
    }

    async fn has_table(&self, transaction: &mut dyn Transaction, name: &str) -> Result<bool, sqlx::Error> {
        let sql = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema() \
                   AND table_name = $1";
        let rows = transaction.rows(sql, arguments![name]).await?;
        Ok(rows.first().map_or(Ok(None), |row| row.number(0))? != Some(0))
    }

    /// Replicas on several machines cannot see each other die.
    fn claim(&self, _lease: &str) -> Result<Claim, LedgerError> {
        Ok(Claim::Untold)
    }

    fn unclaim(&self, _lease: &str) {}
}

#[async_trait]
impl Transaction for sqlx::Transaction<'static, Postgres> {
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

impl Row for PgRow {
    fn text(&self, column: usize) -> Result<Option<String>, sqlx::Error> {
        sqlx::Row::try_get(self, column)
    }

    fn number(&self, column: usize) -> Result<Option<i64>, sqlx::Error> {
        sqlx::Row::try_get(self, column)
    }
}

fn bound(sql: &'static str, arguments: Vec<Argument>) -> sqlx::query::Query<'static, Postgres, PgArguments> {
    arguments.into_iter().fold(sqlx::query(sql), |query, argument| match argument {
        Argument::Text(text) => query.bind(text),
        Argument::Number(number) => query.bind(number),
    })
}
