//! One record by itself: what settles an unclear write, and what proves an absence.

use super::base;
use crate::engine::model::{Address, Failure, FailureClass};
use crate::provider::contract::Look;
use crate::provider::http::Connection;
use crate::provider::twenty::api::{Api, MEMBERS, Sort, any, is_one_of};
use crate::provider::twenty::convert::Shape;
use crate::provider::twenty::options::Options;
use crate::provider::twenty::wire::Row;
use crate::provider::twenty::{ids, memory};

/// A record by its id, or by the id that we would have made it with, or by our mark. A single read hides what lies in the
/// bin, so that a list is asked, which an absent right refuses.
pub(super) async fn look(
    api: &Api,
    options: &Options,
    connection: &Connection,
    address: &Address,
    id: Option<&str>,
) -> Result<Look, Failure> {
    let Some(sort) = Sort::of(address.kind.as_str()) else {
        let said = format!("Twenty has nothing called '{}'", address.kind);
        return Err(Failure::new(FailureClass::Refused, format!("look at '{address}'"), said));
    };
    let (key, chosen) =
        (&*address.key, ids::chosen(&connection.platform, &connection.instance, sort.kind, &address.key));
    let known = [id.unwrap_or(&chosen), key];
    let by_id = is_one_of("id", known.into_iter().filter(|it| uuid::Uuid::parse_str(it).is_ok()));
    let by_address = is_one_of("userEmail", [key].into_iter().filter(|_| sort == MEMBERS));
    let condition = if sort == MEMBERS { any(by_address) } else { any(by_id) };
    let Some(condition) = condition else { return Ok(Look::Absent) };
    let mut found = api.that(sort, &condition).await?;
    // A mark is asked for by itself: a workspace may lack the field, and then the whole question would be refused.
    if found.is_empty() && id.is_none() && sort != MEMBERS {
        found = marked(api, options, sort, key).await?;
    }
    let exact = id.and_then(|id| found.iter().position(|row| row.id() == id)).unwrap_or(0);
    let Some(row) = found.get(exact) else {
        // It was taken for being there: what is remembered of the list is not true any more.
        memory::forget(connection.base.as_str(), sort.plural);
        return Ok(Look::Absent);
    };
    // Which ledger is ours is not known here; the mark tells whose it is.
    let ledger = row.text(&options.key_field).and_then(ids::read_mark).map(|(ledger, _)| ledger);
    let Connection { instance, platform, .. } = connection;
    let shape = Shape { instance, options, base: base(connection), platform, ledger };
    Ok(Look::Present(Box::new(shape.live(sort, row))))
}

/// Records whose mark ends in a key, whoever's the mark is.
async fn marked(api: &Api, options: &Options, sort: Sort, key: &str) -> Result<Vec<Row>, Failure> {
    let model = api.data_model().await?;
    let has_marks = model.get(sort.singular).is_some_and(|object| object.field(&options.key_field).is_some());
    if !has_marks || !super::super::names::fits_a_filter(key) {
        return Ok(Vec::new());
    }
    let found = api.that(sort, &format!("{}[endsWith]:\"/{key}\"", options.key_field)).await?;
    // `_` and `%` stand for others in such a condition.
    let is_it = |row: &Row| row.text(&options.key_field).and_then(ids::read_mark).is_some_and(|(_, of)| of == key);
    Ok(found.into_iter().filter(is_it).collect())
}
