//! Several records in one call, and what came of each.
//!
//! One bad record fails the whole list (guide, section 5): then it is halved until the bad one stands alone.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Map, Value as Json};

use super::{Hand, Job};
use crate::engine::model::{Failure, FailureClass};
use crate::provider::contract::Performed;
use crate::provider::http::{Call, Repeat};
use crate::provider::twenty::api::{BATCH, RECORD, Sort, decode, is_one_of, records};
use crate::provider::twenty::memory;
use crate::provider::twenty::wire::Row;

/// One record to be sent: the place of its step, its id, its fields without the id.
pub(super) struct Record {
    pub at: usize,
    pub id: String,
    pub body: Map<String, Json>,
}

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// New ones, under ids that nobody has.
    Create,
    /// Those that are there, by their ids; one in the bin comes out of it.
    Upsert,
    /// The same for one that stays where it is.
    Patch,
}

impl Hand {
    /// Sends records and puts what came of each to the place of its step.
    pub(super) async fn write(
        &self,
        sort: Sort,
        how: How,
        records: Vec<Record>,
        jobs: &[Job<'_>],
        results: &mut [Option<Result<Performed, Failure>>],
    ) {
        let mut waiting = vec![records];
        while let Some(mut batch) = waiting.pop() {
            if batch.is_empty() {
                continue;
            }
            match self.send(sort, how, &batch).await {
                Ok(rows) => self.returned(sort, &batch, &rows, jobs, results),
                Err(failure) if batch.len() > 1 && is_about_one(&failure) => {
                    let second = batch.split_off(batch.len() / 2);
                    waiting.extend([second, batch]);
                }
                Err(failure) if failure.class == FailureClass::Unclear => {
                    // One look at all of them is cheaper than one at each.
                    let ids = is_one_of("id", batch.iter().map(|it| it.id.as_str())).unwrap_or_default();
                    let seen = if how == How::Create { self.api.that(sort, &ids).await } else { Ok(Vec::new()) };
                    let seen: BTreeMap<_, _> =
                        seen.unwrap_or_default().into_iter().map(|row| (row.id().to_owned(), row)).collect();
                    for record in &batch {
                        results[record.at] = Some(match seen.get(&record.id) {
                            Some(row) => Ok(self.done(sort, jobs[record.at], row)),
                            None => Err(failure.clone()),
                        });
                    }
                }
                Err(failure) => {
                    if matches!(failure.class, FailureClass::Gone | FailureClass::Conflict) {
                        memory::forget(self.connection.base.as_str(), sort.plural);
                    }
                    batch.iter().for_each(|record| results[record.at] = Some(Err(failure.clone())));
                }
            }
        }
    }

    async fn send(&self, sort: Sort, how: How, batch: &[Record]) -> Result<BTreeMap<String, Row>, Failure> {
        let doing = match how {
            How::Create => format!("make {} of {}", batch.len(), sort.plural),
            How::Upsert | How::Patch => format!("change {} of {}", batch.len(), sort.plural),
        };
        let with_id = |record: &Record| {
            let mut body = record.body.clone();
            body.insert("id".to_owned(), record.id.clone().into());
            Json::Object(body)
        };
        let call = match (how, batch) {
            (How::Patch, [record]) => Call::new(Method::PATCH, RECORD, &[sort.plural, &record.id], doing)
                .json(Json::Object(record.body.clone())),
            (How::Create, _) => {
                Call::new(Method::POST, BATCH, &[sort.plural], doing).json(batch.iter().map(with_id).collect())
            }
            _ => Call::new(Method::POST, BATCH, &[sort.plural], doing)
                .query("upsert", "true")
                // By id, it sets a state.
                .repeat(Repeat::Safe)
                .json(batch.iter().map(with_id).collect()),
        };
        let answer = self.door.send(&call).await?;
        let body: Map<String, Json> = decode(&call, &answer)?;
        let data = body.get("data").and_then(Json::as_object).cloned().unwrap_or_default();
        let rows = records(data).into_iter().map(|record| self.api.row(sort, record));
        Ok(rows.map(|row| (row.id().to_owned(), row)).collect())
    }

    /// After each call the ids that come back are held against those that were sent: an upsert may drop an id in silence.
    fn returned(
        &self,
        sort: Sort,
        batch: &[Record],
        rows: &BTreeMap<String, Row>,
        jobs: &[Job<'_>],
        results: &mut [Option<Result<Performed, Failure>>],
    ) {
        for record in batch {
            let (step, _) = jobs[record.at];
            results[record.at] = Some(match rows.get(&record.id) {
                Some(row) => Ok(self.done(sort, jobs[record.at], row)),
                None => Err(super::failure(
                    FailureClass::Unclear,
                    step,
                    "the answer does not show the record that was sent",
                )),
            });
        }
    }
}

/// Whether a refusal may be about one record of several.
fn is_about_one(failure: &Failure) -> bool {
    matches!(failure.class, FailureClass::Refused | FailureClass::Conflict | FailureClass::Gone)
}
