//! Statements about objects, as functions of a transaction: they run alone and within the end of a step.

use chrono::{DateTime, Utc};

use super::store::{Columns, Row, Transaction, arguments, json, word};
use super::{Entry, LedgerError, sql};
use crate::engine::model::{ObjectState, Recorded, share_names};

/// Every object, in order of address.
pub(super) async fn all(transaction: &mut dyn Transaction) -> Result<Vec<Recorded>, LedgerError> {
    let rows = transaction
        .rows(sql::OBJECTS, arguments![])
        .await
        .map_err(|error| LedgerError::from_database("read the objects of the ledger", error))?;
    let mut objects = rows.iter().map(|row| from_row(&**row)).collect::<Result<Vec<_>, _>>()?;
    // The database sorts the text of the address by its own collation; ours is by parts.
    objects.sort_by(|a, b| a.address.cmp(&b.address));
    share_names(objects.iter_mut().map(|it| &mut it.address));
    Ok(objects)
}

/// Writes entries in order.
pub(super) async fn write(
    transaction: &mut dyn Transaction,
    entries: &[Entry],
    at: DateTime<Utc>,
) -> Result<(), LedgerError> {
    for entry in entries {
        match entry {
            Entry::Put(recorded) => transaction.run(sql::PUT_OBJECT, to_row(recorded, at)).await,
            Entry::Forget(address) => transaction.run(sql::FORGET_OBJECT, arguments![address.to_string()]).await,
        }
        .map_err(|error| LedgerError::from_database("record an object in the ledger", error))?;
    }
    Ok(())
}

fn to_row(recorded: &Recorded, at: DateTime<Utc>) -> Vec<super::store::Argument> {
    let (state, since) = match recorded.state {
        ObjectState::Active => ("active", None),
        ObjectState::Disabled(since) => ("disabled", Some(since)),
        ObjectState::Retained(since) => ("retained", Some(since)),
    };
    arguments![
        recorded.address.to_string(),
        recorded.external_id.clone(),
        recorded.owner.0.as_str(),
        recorded.file.as_str(),
        json(&recorded.last_applied),
        json(&recorded.digests),
        json(&recorded.outputs),
        word(&recorded.origin),
        state,
        since,
        at,
    ]
}

fn from_row(row: &dyn Row) -> Result<Recorded, LedgerError> {
    let columns = Columns(row);
    let unreadable = |what, why: String| LedgerError::Unreadable { what, why };
    let since = || {
        columns.optional_time(9)?.ok_or_else(|| unreadable("the state of an object", "its date is missing".to_owned()))
    };
    Ok(Recorded {
        address: columns.word(0)?,
        external_id: columns.optional_text(1)?,
        owner: columns.word(2)?,
        file: columns.text(3)?,
        last_applied: columns.json(4)?,
        digests: columns.json(5)?,
        outputs: columns.json(6)?,
        origin: columns.word(7)?,
        state: match &*columns.text(8)? {
            "active" => ObjectState::Active,
            "disabled" => ObjectState::Disabled(since()?),
            "retained" => ObjectState::Retained(since()?),
            other => return Err(unreadable("the state of an object", format!("'{other}' is none"))),
        },
    })
}
