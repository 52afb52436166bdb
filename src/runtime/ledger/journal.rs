//! Statements about the journal, as functions of a transaction.

use chrono::{DateTime, Utc};

use super::store::{Columns, Transaction, arguments, json, word};
use super::{
    Deed, DestructiveEvent, Finished, Intent, IntentId, IntentResult, LedgerError, NewIntent, RunId, objects, sql,
    take_numbers,
};
use crate::engine::model::{Address, Failure};
use crate::engine::plan::Verb;

/// Writes entries for steps that are about to be performed.
pub(super) async fn begin(
    transaction: &mut dyn Transaction,
    intents: &[NewIntent],
) -> Result<Vec<Option<IntentId>>, LedgerError> {
    let failed = |error| LedgerError::from_database("journal what is about to be done", error);
    let first = take_numbers(transaction, intents.len()).await?;
    let mut ids = Vec::with_capacity(intents.len());
    for (id, intent) in (first..).zip(intents) {
        let step = &intent.payload.step;
        if step.verb == Verb::RunOnce {
            let claim = arguments![once_key(&intent.payload), id, intent.at];
            if transaction.run(sql::CLAIM_ONCE, claim).await.map_err(failed)? == 0 {
                ids.push(None);
                continue;
            }
        }
        let row = arguments![
            id,
            intent.run.0,
            step.digest.as_str(),
            step.address.to_string(),
            word(&step.verb),
            json(&intent.payload),
            intent.approval,
            intent.at,
        ];
        transaction.run(sql::BEGIN_INTENT, row).await.map_err(failed)?;
        ids.push(Some(IntentId(id)));
    }
    Ok(ids)
}

/// Ends entries, with everything that follows.
pub(super) async fn finish(transaction: &mut dyn Transaction, finished: &[Finished]) -> Result<(), LedgerError> {
    let failed = |error| LedgerError::from_database("journal what was done", error);
    for end in finished {
        let (result, failure) = parts(&end.result);
        let row = arguments![end.at, result, failure.map(json), end.intent.0];
        let rows = transaction.rows(sql::FINISH_INTENT, row).await.map_err(failed)?;
        let row = rows.first().ok_or(LedgerError::NotOpen(end.intent.0))?;
        let (step, approval) = (Columns(&**row).text(0)?, Columns(&**row).optional_number(1)?);
        objects::write(transaction, &end.entries, end.at).await?;
        write_events(transaction, &end.events, end.at).await?;
        match &end.result {
            IntentResult::Done => {
                if let Some(approval) = approval {
                    let spend = arguments![end.at, end.intent.0, approval, step];
                    transaction.run(sql::SPEND, spend).await.map_err(failed)?;
                }
            }
            // It did not happen, so it may be tried again. What is unclear keeps its claim.
            IntentResult::Failed(_) => {
                transaction.run(sql::RELEASE_ONCE, arguments![end.intent.0]).await.map_err(failed)?;
            }
            IntentResult::Unclear(_) => {}
        }
    }
    Ok(())
}

/// Entries without a result, oldest first.
pub(super) async fn open(transaction: &mut dyn Transaction) -> Result<Vec<Intent>, LedgerError> {
    let failed = |error| LedgerError::from_database("read the journal", error);
    let rows = transaction.rows(sql::OPEN_INTENTS, arguments![]).await.map_err(failed)?;
    rows.iter()
        .map(|row| {
            let columns = Columns(&**row);
            Ok(Intent {
                id: IntentId(columns.number(0)?),
                run: RunId(columns.number(1)?),
                payload: columns.json(5)?,
                approval: columns.optional_number(6)?,
                handle: columns.optional_text(7)?,
                began: columns.time(8)?,
            })
        })
        .collect()
}

/// What was done to an object, newest first.
pub(super) async fn history(
    transaction: &mut dyn Transaction,
    address: &Address,
    limit: u32,
) -> Result<Vec<Deed>, LedgerError> {
    let failed = |error| LedgerError::from_database("read the history of an object", error);
    let which = arguments![address.to_string(), i64::from(limit)];
    let rows = transaction.rows(sql::HISTORY, which).await.map_err(failed)?;
    rows.iter()
        .map(|row| {
            let columns = Columns(&**row);
            Ok(Deed {
                run: RunId(columns.number(0)?),
                verb: columns.word(1)?,
                began: columns.time(2)?,
                ended: columns.optional_time(3)?,
                result: columns.optional_text(4)?,
                failure: columns.optional_json(5)?,
            })
        })
        .collect()
}

async fn write_events(
    transaction: &mut dyn Transaction,
    events: &[DestructiveEvent],
    at: DateTime<Utc>,
) -> Result<(), LedgerError> {
    if events.is_empty() {
        return Ok(());
    }
    let first = take_numbers(transaction, events.len()).await?;
    for (id, event) in (first..).zip(events) {
        let row = arguments![
            id,
            event.address.instance.as_str(),
            word(&event.class),
            event.address.to_string(),
            i64::from(event.count),
            at,
        ];
        transaction
            .run(sql::PUT_EVENT, row)
            .await
            .map_err(|error| LedgerError::from_database("count what was removed", error))?;
    }
    Ok(())
}

/// What a one-time action is known by: who asked, for what, with which input. The step's digest covers verb, address
/// and input.
fn once_key(payload: &super::Payload) -> String {
    format!("{} {}", payload.step.owner, payload.step.digest)
}

fn parts(result: &IntentResult) -> (&'static str, Option<&Failure>) {
    match result {
        IntentResult::Done => ("done", None),
        IntentResult::Failed(failure) => ("failed", Some(failure)),
        IntentResult::Unclear(failure) => ("unclear", Some(failure)),
    }
}
