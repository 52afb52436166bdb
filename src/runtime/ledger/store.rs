//! What a database must offer: transactions that run a statement with texts and numbers, and give rows of them.
//!
//! This is all that SQLite and PostgreSQL differ in. The ledger above it is written once.

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::LedgerError;

/// A database that holds a ledger.
#[async_trait]
pub(super) trait Store: Send + Sync + 'static {
    /// Path, or address without its password, for messages.
    fn place(&self) -> &str;

    /// Begins a transaction. What is not committed is rolled back when it is dropped.
    async fn begin(&self, purpose: Purpose) -> Result<Box<dyn Transaction>, sqlx::Error>;

    /// Whether any table is there.
    async fn is_blank(&self, transaction: &mut dyn Transaction) -> Result<bool, sqlx::Error>;

    /// Whether a table of this name is there.
    async fn has_table(&self, transaction: &mut dyn Transaction, name: &str) -> Result<bool, sqlx::Error>;

    /// Whether some other process that could hold a lease is alive. Only a database of one machine can tell.
    fn claim(&self, lease: &str) -> Result<Claim, LedgerError>;

    /// Takes back a successful claim.
    fn unclaim(&self, lease: &str);
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It reads.
    Read,
    /// It writes; nobody else writes meanwhile what it touches.
    Write,
    /// It makes or changes tables; nobody else writes at all.
    Setup,
}

/// Whether others that could hold a lease are alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// Nobody else can be: a lease that is still written down belongs to a process that died.
    Alone,
    /// Somebody is.
    Contested,
    /// This database cannot tell; the lease's time decides.
    Untold,
}

/// A transaction under way.
#[async_trait]
pub(super) trait Transaction: Send {
    /// Runs a statement; the number of rows that it touched.
    async fn run(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Result<u64, sqlx::Error>;

    /// Runs a script of several statements without arguments.
    async fn script(&mut self, sql: &'static str) -> Result<(), sqlx::Error>;

    /// Runs a statement that answers with rows.
    async fn rows(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Result<Vec<Box<dyn Row>>, sqlx::Error>;

    /// Makes it last.
    async fn commit(self: Box<Self>) -> Result<(), sqlx::Error>;
}

/// One argument of a statement. An empty one has a type too: PostgreSQL asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Argument {
    Text(Option<String>),
    Number(Option<i64>),
}

/// One row of an answer.
pub(super) trait Row: Send + Sync {
    fn text(&self, column: usize) -> Result<Option<String>, sqlx::Error>;
    fn number(&self, column: usize) -> Result<Option<i64>, sqlx::Error>;
}

/// The columns of a row as the types that were stored in them.
pub(super) struct Columns<'a>(pub(super) &'a dyn Row);

impl Columns<'_> {
    pub(super) fn text(&self, column: usize) -> Result<String, LedgerError> {
        self.optional_text(column)?.ok_or_else(|| unreadable("text", "it is missing"))
    }

    pub(super) fn optional_text(&self, column: usize) -> Result<Option<String>, LedgerError> {
        self.0.text(column).map_err(|error| unreadable("text", error))
    }

    pub(super) fn number(&self, column: usize) -> Result<i64, LedgerError> {
        self.optional_number(column)?.ok_or_else(|| unreadable("a number", "it is missing"))
    }

    pub(super) fn optional_number(&self, column: usize) -> Result<Option<i64>, LedgerError> {
        self.0.number(column).map_err(|error| unreadable("a number", error))
    }

    pub(super) fn time(&self, column: usize) -> Result<DateTime<Utc>, LedgerError> {
        self.text(column)?.parse().map_err(|error| unreadable("a moment", error))
    }

    pub(super) fn optional_time(&self, column: usize) -> Result<Option<DateTime<Utc>>, LedgerError> {
        let text = self.optional_text(column)?;
        text.map(|text| text.parse().map_err(|error| unreadable("a moment", error))).transpose()
    }

    pub(super) fn json<T: DeserializeOwned>(&self, column: usize) -> Result<T, LedgerError> {
        serde_json::from_str(&self.text(column)?).map_err(|error| unreadable(std::any::type_name::<T>(), error))
    }

    pub(super) fn optional_json<T: DeserializeOwned>(&self, column: usize) -> Result<Option<T>, LedgerError> {
        let text = self.optional_text(column)?;
        text.map(|text| serde_json::from_str(&text).map_err(|error| unreadable(std::any::type_name::<T>(), error)))
            .transpose()
    }

    /// A value that serializes to one word and was stored without quotation marks.
    pub(super) fn word<T: DeserializeOwned>(&self, column: usize) -> Result<T, LedgerError> {
        let word = serde_json::Value::String(self.text(column)?);
        serde_json::from_value(word).map_err(|error| unreadable(std::any::type_name::<T>(), error))
    }
}

/// A moment as text that sorts as time passes, exact to the nanosecond.
pub(super) fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

/// A value as JSON text.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("the ledger's types have text keys and no failing serializer")
}

/// A value that serializes to one word, without quotation marks.
pub(super) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("only values of one word are stored so, this is {other:?}"),
    }
}

fn unreadable(what: &'static str, why: impl ToString) -> LedgerError {
    LedgerError::Unreadable { what, why: why.to_string() }
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<String>> for Argument {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<DateTime<Utc>> for Argument {
    fn from(at: DateTime<Utc>) -> Self {
        Self::Text(Some(moment(at)))
    }
}

impl From<Option<DateTime<Utc>>> for Argument {
    fn from(at: Option<DateTime<Utc>>) -> Self {
        Self::Text(at.map(moment))
    }
}

impl From<i64> for Argument {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for Argument {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

/// The arguments of a statement, in order.
macro_rules! arguments {
    ($($value:expr),* $(,)?) => { vec![$($crate::runtime::ledger::store::Argument::from($value)),*] };
}
pub(super) use arguments;
