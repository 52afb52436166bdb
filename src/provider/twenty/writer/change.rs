//! Records that are there: changed, adopted, brought back, put away.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::json;

use super::send::{How, Record};
use super::{Hand, Job, body, failure};
use crate::engine::model::{Failure, FailureClass, Live, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::Performed;
use crate::provider::http::{Call, Repeat};
use crate::provider::twenty::api::{GRAPHQL, Sort, is_one_of};
use crate::provider::twenty::wire::Row;
use crate::provider::twenty::{ids, kinds, memory};

/// Puts a contact into the bin. By GraphQL: REST destroys for good where a server does not know its parameter.
const PUT_AWAY_PERSON: &str = "mutation($id: UUID!) { deletePerson(id: $id) { id deletedAt } }";
/// The same for a company.
const PUT_AWAY_COMPANY: &str = "mutation($id: UUID!) { deleteCompany(id: $id) { id deletedAt } }";

pub(super) async fn perform(hand: &Hand, sort: Sort, jobs: &[Job<'_>]) -> Vec<Result<Performed, Failure>> {
    let rows = match read(hand, sort, jobs).await {
        Ok(rows) => rows,
        Err(failure) => return vec![Err(failure); jobs.len()],
    };
    let mut results: Vec<Option<Result<Performed, Failure>>> = vec![None; jobs.len()];
    let (mut records, mut any_restored) = (Vec::new(), false);
    for (at, job) in jobs.iter().enumerate() {
        let (step, inputs) = *job;
        let id = hand.id(step);
        let row = match rows.get(&id) {
            Some(row) => row,
            None => {
                memory::forget(hand.connection.base.as_str(), sort.plural);
                results[at] = Some(Err(failure(FailureClass::Gone, step, "it is not there any more")));
                continue;
            }
        };
        let restores = inputs.fields.get("present") == Some(&Value::Bool(true)) && row.is_deleted();
        let live = hand.live(sort, *job, row);
        if let Err(stale) = as_planned(step, inputs, &live, restores) {
            memory::forget(hand.connection.base.as_str(), sort.plural);
            results[at] = Some(Err(stale));
            continue;
        }
        let differs = inputs.fields.iter().filter(|(name, value)| live.fields.get(name) != Some(*value));
        let differs = differs.map(|(name, value)| (name.clone(), value.clone())).collect();
        let Some(mut body) = body::body(sort.kind, &differs, &hand.options, Some(row)) else {
            results[at] = Some(Err(failure(FailureClass::Refused, step, "the options name no stages")));
            continue;
        };
        let mark = ids::mark(&inputs.ledger, &step.address.key);
        // A workspace may lack the field; then the ledger alone knows it.
        if row.has(&hand.options.key_field) && row.text(&hand.options.key_field) != Some(&mark) {
            body.insert(hand.options.key_field.clone(), mark.into());
        }
        if body.is_empty() && !restores {
            results[at] = Some(Ok(hand.done(sort, *job, row)));
            continue;
        }
        any_restored |= restores;
        records.push(Record { at, id, body });
    }
    let how = if records.len() == 1 && !any_restored { How::Patch } else { How::Upsert };
    hand.write(sort, how, records, jobs, &mut results).await;
    let unsaid = |(at, result): (usize, Option<_>)| {
        result.unwrap_or_else(|| Err(failure(FailureClass::Unclear, jobs[at].0, "nothing was said of it")))
    };
    results.into_iter().enumerate().map(unsaid).collect()
}

/// Puts records into the bin, one by one: nothing is offered here that acts on all that a filter finds.
pub(super) async fn put_away(hand: &Hand, sort: Sort, jobs: &[Job<'_>]) -> Vec<Result<Performed, Failure>> {
    let mut results = Vec::with_capacity(jobs.len());
    for job in jobs {
        results.push(put_one_away(hand, sort, *job).await);
    }
    results
}

async fn put_one_away(hand: &Hand, sort: Sort, job: Job<'_>) -> Result<Performed, Failure> {
    let (step, _) = job;
    let id = hand.id(step);
    match read(hand, sort, &[job]).await?.get(&id) {
        None => return Err(failure(FailureClass::Gone, step, "it is not there any more")),
        Some(row) if row.is_deleted() => return Ok(hand.done(sort, job, row)),
        Some(_) => {}
    }
    let document = if sort.kind == kinds::PERSON { PUT_AWAY_PERSON } else { PUT_AWAY_COMPANY };
    let doing = format!("put '{}' into the bin", step.address);
    let call = Call::new(Method::POST, GRAPHQL, &[], doing).repeat(Repeat::Safe);
    hand.door.send(&call.json(json!({ "query": document, "variables": { "id": id } }))).await?;
    match read(hand, sort, &[job]).await?.get(&id) {
        Some(row) if row.is_deleted() => Ok(hand.done(sort, job, row)),
        Some(_) => Err(failure(FailureClass::Unclear, step, "it was sent and taken, and the record is not in the bin")),
        None => {
            Err(failure(FailureClass::Unclear, step, "it was sent and taken, and the record is not there any more"))
        }
    }
}

/// The records of some steps as they are now, those in the bin too, by id.
async fn read(hand: &Hand, sort: Sort, jobs: &[Job<'_>]) -> Result<BTreeMap<String, Row>, Failure> {
    let ids: Vec<String> = jobs.iter().map(|(step, _)| hand.id(step)).collect();
    let Some(condition) = is_one_of("id", ids.iter().map(String::as_str)) else { return Ok(BTreeMap::new()) };
    let rows = hand.api.that(sort, &condition).await?;
    Ok(rows.into_iter().map(|row| (row.id().to_owned(), row)).collect())
}

/// Whether a record is as the plan saw it, or as it shall be. An update of what lies in the bin would bring it back.
fn as_planned(
    step: &Step,
    inputs: &crate::provider::contract::Inputs,
    live: &Live,
    restores: bool,
) -> Result<(), Failure> {
    let in_the_bin = live.fields.get("present") == Some(&Value::Bool(false));
    if in_the_bin && !restores && step.verb != Verb::Adopt {
        let said = "somebody put it into the bin since it was planned";
        return Err(
            failure(FailureClass::Conflict, step, said).help("plan again: it is shown there with what it needs")
        );
    }
    let changed = step.before.iter().find(|(name, before)| {
        live.fields.get(name).is_some_and(|now| now != *before && Some(now) != inputs.fields.get(name))
    });
    match changed {
        Some((name, _)) => {
            let said = format!("'{name}' was changed at the service since it was planned");
            Err(failure(FailureClass::Conflict, step, said).help("plan again"))
        }
        None => Ok(()),
    }
}
