//! What we did and own, on disk: the journal of every step, the objects that are ours, and what limits us.
//!
//! Guarantees:
//! - Every method is one transaction. When it returns, what it wrote survives a crash of the process and of the
//!   machine; when it fails, nothing of it was written.
//! - Writes of a run name the fence of the lease that it runs under; a run that was overtaken writes nothing more.
//! - A ledger is never made anew in the place of one that is damaged, empty, of a later schema, or of another platform.
//!
//! [`sqlite`] is the default, [`postgres`] is for several replicas. Both run the statements in `sql.rs` through
//! [`SqlLedger`] and pass one contract test.

mod entry;
mod error;
mod identity;
mod journal;
mod memory;
mod objects;
pub mod postgres;
mod schema;
mod sql;
pub mod sqlite;
mod standing;
mod store;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};

use crate::engine::diff::numbers::Given;
use crate::engine::model::{Address, Allotments, Capabilities, Instance, KindClass, Observation, Recorded};

pub use entry::{
    Approval, Deed, DestructiveEvent, Entry, Fence, Finished, Intent, IntentId, IntentResult, Lease, NewApproval,
    NewIntent, Payload, Probed, ProbedInstances, Run, RunId,
};
pub use error::{LeaseError, LedgerError};
pub use identity::{Birth, Identity};
pub use memory::in_memory;

use store::{Purpose, Store, Transaction};

/// A ledger as it is handed about.
pub type SharedLedger = Arc<dyn Ledger>;

/// What we did and own.
///
/// # Errors
/// Every method fails with a [`LedgerError`] when the database does; methods that take a [`Fence`] also with
/// [`LedgerError::Overtaken`].
#[async_trait]
pub trait Ledger: Send + Sync + fmt::Debug {
    /// Whose ledger it is. Read once when it was opened.
    fn identity(&self) -> &Identity;

    /// Every object that is ours, in order of address.
    async fn objects(&self) -> Result<Vec<Recorded>, LedgerError>;

    /// Records objects outside any step: fields that were found equal, what is retained, what is ours no longer.
    async fn record(&self, fence: &Fence, entries: &[Entry], at: DateTime<Utc>) -> Result<(), LedgerError>;

    /// Journals steps that are about to be performed, all or none. No call may be made before this returns.
    /// A one-time action whose key was claimed before gives `None` in its place: it must not be performed again.
    async fn begin_intents(&self, fence: &Fence, intents: &[NewIntent]) -> Result<Vec<Option<IntentId>>, LedgerError>;

    /// Notes where the work of an entry goes on at the service. The entry stays open.
    async fn pend_intent(&self, fence: &Fence, intent: IntentId, handle: &str) -> Result<(), LedgerError>;

    /// Ends entries with everything that follows: objects, destructive events, spent approvals.
    async fn finish_intents(&self, fence: &Fence, finished: &[Finished]) -> Result<(), LedgerError>;

    /// Entries without a result, oldest first: work that goes on, and what a crash left.
    async fn open_intents(&self) -> Result<Vec<Intent>, LedgerError>;

    /// What was done to an object, newest first, at most `limit` deeds.
    async fn history(&self, address: &Address, limit: u32) -> Result<Vec<Deed>, LedgerError>;

    /// How often the very same step (by its digest: from the same values to the same values) was done since then, of
    /// steps done more than once.
    async fn repeated_since(&self, since: DateTime<Utc>) -> Result<BTreeMap<String, u64>, LedgerError>;

    /// What was begun to be made since then, and of which it is not known whether it was.
    async fn attempted_since(&self, since: DateTime<Utc>) -> Result<BTreeSet<Address>, LedgerError>;

    /// The keys of one-time actions that were begun and not proven undone.
    async fn once_keys(&self) -> Result<BTreeSet<String>, LedgerError>;

    /// How many objects of a class were removed or disabled since then; one that came back and was removed again once.
    async fn destructive_since(
        &self,
        instance: &Instance,
        class: KindClass,
        since: DateTime<Utc>,
    ) -> Result<u64, LedgerError>;

    /// Every number that was given out.
    async fn allotments(&self) -> Result<Allotments, LedgerError>;

    /// Keeps numbers that people have or are given. Whose a number is may change (a person is renamed); a number once
    /// kept stays in its pool for ever, and nobody has two of one pool.
    async fn keep_numbers(&self, fence: &Fence, numbers: &[Given], at: DateTime<Utc>) -> Result<(), LedgerError>;

    /// Remembers what was read, each scope in the place of its last reading.
    async fn save_observations(&self, fence: &Fence, observations: &[Observation]) -> Result<(), LedgerError>;

    /// The last reading of each scope, in order of scope.
    async fn observations(&self) -> Result<Vec<Observation>, LedgerError>;

    /// Remembers what probing an installation found.
    async fn save_capabilities(
        &self,
        fence: &Fence,
        instance: &Instance,
        found: &Capabilities,
        at: DateTime<Utc>,
    ) -> Result<(), LedgerError>;

    /// What probing found last.
    async fn capabilities(&self) -> Result<ProbedInstances, LedgerError>;

    /// Writes an approval and gives its number. Needs no fence: it adds a row that nothing else writes, and somebody
    /// approves while the daemon leads.
    async fn approve(&self, approval: &NewApproval) -> Result<i64, LedgerError>;

    /// The approvals that have not expired, spent steps and all, oldest first.
    async fn approvals(&self, now: DateTime<Utc>) -> Result<Vec<Approval>, LedgerError>;

    /// Takes a lease for `ttl`. One that another holds is taken over when its time has passed, or when its holder is
    /// known to be dead (a ledger in a file can tell).
    async fn acquire_lease(
        &self,
        name: &str,
        holder: &str,
        ttl: Duration,
        now: DateTime<Utc>,
    ) -> Result<Lease, LeaseError>;

    /// Holds a lease longer: until `ttl` from now.
    async fn renew_lease(&self, lease: &Lease, ttl: Duration, now: DateTime<Utc>) -> Result<Lease, LedgerError>;

    /// Gives a lease back. One that was overtaken meanwhile is left alone.
    async fn release_lease(&self, lease: &Lease) -> Result<(), LedgerError>;

    /// Opens a run.
    async fn begin_run(
        &self,
        fence: &Fence,
        revision: &str,
        plan: &str,
        at: DateTime<Utc>,
    ) -> Result<RunId, LedgerError>;

    /// Closes a run with its exit code and what came of it.
    async fn finish_run(
        &self,
        fence: &Fence,
        run: RunId,
        exit: i64,
        summary: &serde_json::Value,
        at: DateTime<Utc>,
    ) -> Result<(), LedgerError>;

    /// The latest runs, newest first.
    async fn runs(&self, limit: u32) -> Result<Vec<Run>, LedgerError>;
}

/// A ledger in a database that speaks the shared SQL.
pub struct SqlLedger {
    store: Box<dyn Store>,
    identity: Identity,
}

impl SqlLedger {
    async fn begin(&self, purpose: Purpose, doing: &'static str) -> Result<Box<dyn Transaction>, LedgerError> {
        self.store.begin(purpose).await.map_err(|error| LedgerError::from_database(doing, error))
    }

    /// A transaction that holds the lease's row, so that nobody overtakes before it ends.
    async fn begin_fenced(&self, fence: &Fence, doing: &'static str) -> Result<Box<dyn Transaction>, LedgerError> {
        let mut transaction = self.begin(Purpose::Write, doing).await?;
        let held = transaction
            .run(sql::CHECK_FENCE, store::arguments![fence.lease.as_str(), fence.number])
            .await
            .map_err(|error| LedgerError::from_database(doing, error))?;
        if held == 0 {
            return Err(LedgerError::Overtaken { lease: fence.lease.clone() });
        }
        Ok(transaction)
    }
}

impl fmt::Debug for SqlLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlLedger").field("place", &self.store.place()).field("identity", &self.identity).finish()
    }
}

/// Takes `count` numbers from the ledger's sequence and gives the first.
async fn take_numbers(transaction: &mut dyn Transaction, count: usize) -> Result<i64, LedgerError> {
    let count = i64::try_from(count).expect("a batch has fewer than 2^63 entries");
    let rows = transaction
        .rows(sql::TAKE_NUMBERS, store::arguments![count])
        .await
        .map_err(|error| LedgerError::from_database("number what is written to the ledger", error))?;
    let row = rows.first().ok_or(LedgerError::Unreadable { what: "a ledger", why: "its row is gone".to_owned() })?;
    Ok(store::Columns(&**row).number(0)? - count + 1)
}
