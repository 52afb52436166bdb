//! The ledger's methods: each one transaction over the statements.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};

use super::store::{Claim, Columns, Purpose, Row, Transaction, arguments, json, word};
use super::{
    Approval, Deed, Entry, Fence, Finished, Identity, Intent, IntentId, Lease, LeaseError, Ledger, LedgerError,
    NewApproval, NewIntent, Probed, ProbedInstances, Run, RunId, SqlLedger, journal, objects, sql, take_numbers,
};
use crate::engine::diff::numbers::Given;
use crate::engine::model::{
    Address, Allotments, Capabilities, Completeness, Instance, KindClass, KindName, Observation, Recorded, Scope, Value,
};

#[async_trait]
impl Ledger for SqlLedger {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    async fn objects(&self) -> Result<Vec<Recorded>, LedgerError> {
        objects::all(&mut *self.begin(Purpose::Read, "read the objects of the ledger").await?).await
    }

    async fn record(&self, fence: &Fence, entries: &[Entry], at: DateTime<Utc>) -> Result<(), LedgerError> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin_fenced(fence, "record objects in the ledger").await?;
        objects::write(&mut *transaction, entries, at).await?;
        commit(transaction, "record objects in the ledger").await
    }

    async fn begin_intents(&self, fence: &Fence, intents: &[NewIntent]) -> Result<Vec<Option<IntentId>>, LedgerError> {
        let mut transaction = self.begin_fenced(fence, "journal what is about to be done").await?;
        let ids = journal::begin(&mut *transaction, intents).await?;
        commit(transaction, "journal what is about to be done").await?;
        Ok(ids)
    }

    async fn pend_intent(&self, fence: &Fence, intent: IntentId, handle: &str) -> Result<(), LedgerError> {
        let doing = "journal where work goes on";
        let mut transaction = self.begin_fenced(fence, doing).await?;
        if run(&mut *transaction, doing, sql::INTENT_HANDLE, arguments![handle, intent.0]).await? == 0 {
            return Err(LedgerError::NotOpen(intent.0));
        }
        commit(transaction, doing).await
    }

    async fn finish_intents(&self, fence: &Fence, finished: &[Finished]) -> Result<(), LedgerError> {
        let mut transaction = self.begin_fenced(fence, "journal what was done").await?;
        journal::finish(&mut *transaction, finished).await?;
        commit(transaction, "journal what was done").await
    }

    async fn open_intents(&self) -> Result<Vec<Intent>, LedgerError> {
        journal::open(&mut *self.begin(Purpose::Read, "read the journal").await?).await
    }

    async fn history(&self, address: &Address, limit: u32) -> Result<Vec<Deed>, LedgerError> {
        let mut transaction = self.begin(Purpose::Read, "read the history of an object").await?;
        journal::history(&mut *transaction, address, limit).await
    }

    async fn once_keys(&self) -> Result<BTreeSet<String>, LedgerError> {
        let rows = self.read("read the keys of one-time actions", sql::ONCE_KEYS, arguments![]).await?;
        rows.iter().map(|row| Columns(&**row).text(0)).collect()
    }

    async fn destructive_since(
        &self,
        instance: &Instance,
        class: KindClass,
        since: DateTime<Utc>,
    ) -> Result<u64, LedgerError> {
        let which = arguments![instance.as_str(), word(&class), since];
        let rows = self.read("count what was removed", sql::EVENTS_SINCE, which).await?;
        let sum = rows.first().map_or(Ok(0), |row| Columns(&**row).number(0))?;
        Ok(u64::try_from(sum).unwrap_or(0))
    }

    async fn repeated_since(&self, since: DateTime<Utc>) -> Result<BTreeMap<String, u64>, LedgerError> {
        let rows = self.read("count what was repeated", sql::REPEATED, arguments![since]).await?;
        rows.iter()
            .map(|row| {
                let columns = Columns(&**row);
                Ok((columns.text(0)?, u64::try_from(columns.number(1)?).unwrap_or(0)))
            })
            .collect()
    }

    async fn attempted_since(&self, since: DateTime<Utc>) -> Result<BTreeSet<Address>, LedgerError> {
        let rows = self.read("read what was begun and is not known", sql::ATTEMPTED, arguments![since]).await?;
        rows.iter().map(|row| Columns(&**row).word(0)).collect()
    }

    async fn allotments(&self) -> Result<Allotments, LedgerError> {
        let rows = self.read("read the numbers given out", sql::ALLOTMENTS, arguments![]).await?;
        rows.iter()
            .map(|row| {
                let columns = Columns(&**row);
                Ok(((columns.text(0)?, columns.text(1)?), Value::Int(columns.number(2)?)))
            })
            .collect()
    }

    async fn keep_numbers(&self, fence: &Fence, numbers: &[Given], at: DateTime<Utc>) -> Result<(), LedgerError> {
        let doing = "keep the numbers given out";
        let kept = self.allotments().await?;
        let is_new =
            |it: &&Given| kept.get(&(it.pool.clone(), it.subject.clone())).and_then(Value::as_int) != Some(it.number);
        let new: Vec<&Given> = numbers.iter().filter(is_new).collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin_fenced(fence, doing).await?;
        // A number that is somebody else's now leaves its former name first, so that the name is free for another.
        for Given { pool, number, .. } in &new {
            run(&mut *transaction, doing, sql::RELEASE_NUMBER, arguments![pool.as_str(), *number]).await?;
        }
        for Given { pool, subject, number } in &new {
            let row = arguments![pool.as_str(), subject.as_str(), *number, at];
            run(&mut *transaction, doing, sql::KEEP_NUMBER, row).await?;
        }
        commit(transaction, doing).await
    }

    async fn save_observations(&self, fence: &Fence, observations: &[Observation]) -> Result<(), LedgerError> {
        let doing = "remember what was read";
        let mut transaction = self.begin_fenced(fence, doing).await?;
        for observation in observations {
            let row = arguments![
                observation.scope.instance.as_str(),
                observation.scope.kind.as_str(),
                observation.scope.parent.as_deref().unwrap_or(""),
                observation.at,
                i64::from(matches!(observation.completeness, Completeness::Complete(_))),
                json(&observation.completeness),
                json(&observation.objects),
            ];
            run(&mut *transaction, doing, sql::PUT_OBSERVATION, row).await?;
        }
        commit(transaction, doing).await
    }

    async fn observations(&self) -> Result<Vec<Observation>, LedgerError> {
        let rows = self.read("read what was seen last", sql::OBSERVATIONS, arguments![]).await?;
        let mut observations = rows
            .iter()
            .map(|row| {
                let columns = Columns(&**row);
                Ok(Observation {
                    scope: Scope {
                        instance: Instance::new(&columns.text(0)?),
                        kind: KindName::new(&columns.text(1)?),
                        // No parent has an empty key, so the empty text is free to mean "none".
                        parent: Some(columns.text(2)?).filter(|parent| !parent.is_empty()),
                    },
                    at: columns.time(3)?,
                    completeness: columns.json(4)?,
                    objects: columns.json(5)?,
                })
            })
            .collect::<Result<Vec<_>, LedgerError>>()?;
        observations.sort_by(|a, b| a.scope.cmp(&b.scope));
        Ok(observations)
    }

    async fn save_capabilities(
        &self,
        fence: &Fence,
        instance: &Instance,
        found: &Capabilities,
        at: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let doing = "remember what probing found";
        let mut transaction = self.begin_fenced(fence, doing).await?;
        let row = arguments![instance.as_str(), at, json(found)];
        run(&mut *transaction, doing, sql::PUT_CAPABILITIES, row).await?;
        commit(transaction, doing).await
    }

    async fn capabilities(&self) -> Result<ProbedInstances, LedgerError> {
        let rows = self.read("read what probing found", sql::CAPABILITIES, arguments![]).await?;
        rows.iter()
            .map(|row| {
                let columns = Columns(&**row);
                Ok((Instance::new(&columns.text(0)?), Probed { at: columns.time(1)?, found: columns.json(2)? }))
            })
            .collect()
    }

    async fn approve(&self, approval: &NewApproval) -> Result<i64, LedgerError> {
        let doing = "write the approval";
        let mut transaction = self.begin(Purpose::Write, doing).await?;
        let id = take_numbers(&mut *transaction, 1).await?;
        let row = arguments![
            id,
            approval.digest.as_str(),
            approval.by.as_str(),
            approval.reason.as_str(),
            approval.at,
            approval.expires,
        ];
        run(&mut *transaction, doing, sql::APPROVE, row).await?;
        for step in approval.steps.iter().collect::<BTreeSet<_>>() {
            run(&mut *transaction, doing, sql::APPROVE_STEP, arguments![id, step.as_str()]).await?;
        }
        commit(transaction, doing).await?;
        Ok(id)
    }

    async fn approvals(&self, now: DateTime<Utc>) -> Result<Vec<Approval>, LedgerError> {
        let rows = self.read("read the approvals", sql::APPROVALS, arguments![now]).await?;
        let mut approvals = BTreeMap::<i64, Approval>::new();
        for row in &rows {
            let columns = Columns(&**row);
            let id = columns.number(0)?;
            let approval = match approvals.entry(id) {
                std::collections::btree_map::Entry::Occupied(there) => there.into_mut(),
                std::collections::btree_map::Entry::Vacant(free) => {
                    let given = NewApproval {
                        digest: columns.text(1)?,
                        steps: Vec::new(),
                        by: columns.text(2)?,
                        reason: columns.text(3)?,
                        at: columns.time(4)?,
                        expires: columns.time(5)?,
                    };
                    free.insert(Approval { id, given, spent: BTreeMap::new() })
                }
            };
            let step = columns.text(6)?;
            if let Some(spent) = columns.optional_time(7)? {
                approval.spent.insert(step.clone(), spent);
            }
            approval.given.steps.push(step);
        }
        Ok(approvals.into_values().collect())
    }

    async fn acquire_lease(
        &self,
        name: &str,
        holder: &str,
        ttl: Duration,
        now: DateTime<Utc>,
    ) -> Result<Lease, LeaseError> {
        let claim = self.store.claim(name)?;
        let taken = self.take_lease(name, holder, now + ttl, now, claim).await;
        if taken.is_err() && claim == Claim::Alone {
            self.store.unclaim(name);
        }
        taken
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration, now: DateTime<Utc>) -> Result<Lease, LedgerError> {
        let doing = "hold the lease longer";
        let mut transaction = self.begin(Purpose::Write, doing).await?;
        let until = now + ttl;
        let which = arguments![until, lease.fence.lease.as_str(), lease.fence.number];
        if run(&mut *transaction, doing, sql::LEASE_RENEW, which).await? == 0 {
            return Err(LedgerError::Overtaken { lease: lease.fence.lease.clone() });
        }
        commit(transaction, doing).await?;
        Ok(Lease { until, ..lease.clone() })
    }

    async fn release_lease(&self, lease: &Lease) -> Result<(), LedgerError> {
        let doing = "give the lease back";
        let mut transaction = self.begin(Purpose::Write, doing).await?;
        let which = arguments![lease.fence.lease.as_str(), lease.fence.number];
        let was_ours = run(&mut *transaction, doing, sql::LEASE_RELEASE, which).await? == 1;
        commit(transaction, doing).await?;
        if was_ours {
            self.store.unclaim(&lease.fence.lease);
        }
        Ok(())
    }

    async fn begin_run(
        &self,
        fence: &Fence,
        revision: &str,
        plan: &str,
        at: DateTime<Utc>,
    ) -> Result<RunId, LedgerError> {
        let doing = "open a run in the ledger";
        let mut transaction = self.begin_fenced(fence, doing).await?;
        let id = take_numbers(&mut *transaction, 1).await?;
        run(&mut *transaction, doing, sql::BEGIN_RUN, arguments![id, at, revision, plan]).await?;
        commit(transaction, doing).await?;
        Ok(RunId(id))
    }

    async fn finish_run(
        &self,
        fence: &Fence,
        run_id: RunId,
        exit: i64,
        summary: &serde_json::Value,
        at: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let doing = "close a run in the ledger";
        let mut transaction = self.begin_fenced(fence, doing).await?;
        run(&mut *transaction, doing, sql::FINISH_RUN, arguments![at, exit, json(summary), run_id.0]).await?;
        commit(transaction, doing).await
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>, LedgerError> {
        let rows = self.read("read the runs", sql::RUNS, arguments![i64::from(limit)]).await?;
        rows.iter()
            .map(|row| {
                let columns = Columns(&**row);
                Ok(Run {
                    id: RunId(columns.number(0)?),
                    began: columns.time(1)?,
                    ended: columns.optional_time(2)?,
                    revision: columns.text(3)?,
                    plan: columns.text(4)?,
                    exit: columns.optional_number(5)?,
                    summary: columns.optional_json(6)?,
                })
            })
            .collect()
    }
}

impl SqlLedger {
    async fn read(
        &self,
        doing: &'static str,
        sql: &'static str,
        arguments: Vec<super::store::Argument>,
    ) -> Result<Vec<Box<dyn Row>>, LedgerError> {
        let mut transaction = self.begin(Purpose::Read, doing).await?;
        rows(&mut *transaction, doing, sql, arguments).await
    }

    async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
        claim: Claim,
    ) -> Result<Lease, LeaseError> {
        let doing = "take the lease";
        let mut transaction = self.begin(Purpose::Write, doing).await?;
        run(&mut *transaction, doing, sql::LEASE_ROW, arguments![name]).await?;
        let found = rows(&mut *transaction, doing, sql::LEASE_LOCK, arguments![name]).await?;
        if let Some(row) = found.first() {
            let columns = Columns(&**row);
            let held_by = columns.text(0)?;
            if !held_by.is_empty() && claim != Claim::Alone {
                let held_until = columns.time(2)?;
                if held_until > now {
                    return Err(LeaseError::Held { holder: held_by, until: held_until });
                }
            }
        }
        let taken = rows(&mut *transaction, doing, sql::LEASE_TAKE, arguments![holder, until, name]).await?;
        let number = taken.first().map_or(Ok(0), |row| Columns(&**row).number(0))?;
        commit(transaction, doing).await?;
        Ok(Lease { fence: Fence { lease: name.to_owned(), number }, holder: holder.to_owned(), until })
    }
}

async fn run(
    transaction: &mut dyn Transaction,
    doing: &'static str,
    sql: &'static str,
    arguments: Vec<super::store::Argument>,
) -> Result<u64, LedgerError> {
    transaction.run(sql, arguments).await.map_err(|error| LedgerError::from_database(doing, error))
}

async fn rows(
    transaction: &mut dyn Transaction,
    doing: &'static str,
    sql: &'static str,
    arguments: Vec<super::store::Argument>,
) -> Result<Vec<Box<dyn Row>>, LedgerError> {
    transaction.rows(sql, arguments).await.map_err(|error| LedgerError::from_database(doing, error))
}

async fn commit(transaction: Box<dyn Transaction>, doing: &'static str) -> Result<(), LedgerError> {
    transaction.commit().await.map_err(|error| LedgerError::from_database(doing, error))
}
