//! Records that are to be made. Before that, one look at whoever holds what they will be known by: the live ones and
//! those in the bin, because both block it (guide, section 5).

use super::send::{How, Record};
use super::{Hand, Job, body, failure};
use crate::engine::model::{Failure, FailureClass};
use crate::provider::contract::Performed;
use crate::provider::twenty::api::{Sort, any, is_one_of};
use crate::provider::twenty::wire::Row;
use crate::provider::twenty::{ids, kinds, memory, names};

pub(super) async fn perform(hand: &Hand, sort: Sort, jobs: &[Job<'_>]) -> Vec<Result<Performed, Failure>> {
    let holders = match holders(hand, sort, jobs).await {
        Ok(holders) => holders,
        Err(failure) => return vec![Err(failure); jobs.len()],
    };
    let mut results: Vec<Option<Result<Performed, Failure>>> = vec![None; jobs.len()];
    let mut records = Vec::new();
    for (at, job) in jobs.iter().enumerate() {
        let (step, inputs) = *job;
        let id = hand.id(step);
        if let Some(row) = holders.iter().find(|row| row.id() == id || holds(sort, row, *job)) {
            memory::forget(hand.connection.base.as_str(), sort.plural);
            results[at] = Some(Err(held(*job, row, &id)));
            continue;
        }
        let Some(mut body) = body::body(sort.kind, &inputs.fields, &hand.options, None) else {
            results[at] = Some(Err(failure(FailureClass::Refused, step, "the options name no stages")));
            continue;
        };
        if hand.marks(sort).await {
            body.insert(hand.options.key_field.clone(), ids::mark(&inputs.ledger, &step.address.key).into());
        }
        records.push(Record { at, id, body });
    }
    hand.write(sort, How::Create, records, jobs, &mut results).await;
    let unsaid = |(at, result): (usize, Option<_>)| {
        result.unwrap_or_else(|| Err(failure(FailureClass::Unclear, jobs[at].0, "nothing was said of it")))
    };
    results.into_iter().enumerate().map(unsaid).collect()
}

/// Who has the ids, addresses and domains that are to be used.
async fn holders(hand: &Hand, sort: Sort, jobs: &[Job<'_>]) -> Result<Vec<Row>, Failure> {
    let ids: Vec<String> = jobs.iter().map(|(step, _)| hand.id(step)).collect();
    let wanted = |field: &str| -> Vec<String> {
        jobs.iter().filter_map(|(_, inputs)| inputs.fields.get(field)?.as_text().map(str::to_owned)).collect()
    };
    let unique = match sort.kind {
        kinds::PERSON => {
            let addresses = wanted("email");
            let second = addresses.iter().filter(|it| names::fits_a_filter(it));
            let second = second.map(|it| format!("emails.additionalEmails[like]:\"%{it}%\""));
            any(is_one_of("emails.primaryEmail", addresses.iter().map(String::as_str)).into_iter().chain(second))
        }
        kinds::COMPANY => {
            let links: Vec<String> = wanted("domain").iter().flat_map(|domain| names::links(domain)).collect();
            is_one_of("domainName.primaryLinkUrl", links.iter().map(String::as_str))
        }
        _ => None,
    };
    match any(is_one_of("id", ids.iter().map(String::as_str)).into_iter().chain(unique)) {
        Some(condition) => hand.api.that(sort, &condition).await,
        None => Ok(Vec::new()),
    }
}

/// Whether a record has what the step's one is to be known by.
fn holds(sort: Sort, row: &Row, (_, inputs): Job<'_>) -> bool {
    let wanted = |field: &str| inputs.fields.get(field).and_then(|value| value.as_text()).map(str::to_lowercase);
    match sort.kind {
        kinds::PERSON => wanted("email").is_some_and(|email| {
            let first = row.part("emails", "primaryEmail").map(str::to_lowercase);
            first.as_ref() == Some(&email) || row.other_addresses().any(|other| other == email)
        }),
        kinds::COMPANY => {
            let link = row.part("domainName", "primaryLinkUrl").map(names::domain);
            wanted("domain").is_some_and(|domain| link == Some(domain))
        }
        _ => false,
    }
}

fn held((step, inputs): Job<'_>, row: &Row, id: &str) -> Failure {
    let what = if row.id() == id { "the id that it would get" } else { "its address or domain" };
    let bin = if row.is_deleted() { ", and lies in the bin" } else { "" };
    let said = format!("the record {} has {what}{bin}", row.id());
    let merged = inputs.fields.get("email").and_then(|value| value.as_text());
    let merged = merged.is_some_and(|email| row.other_addresses().any(|other| other == email.to_lowercase()));
    let help = if merged {
        "it was merged into that one by hand: declare the address that stays, or separate the two"
    } else {
        "plan again: it is shown there with what it needs"
    };
    failure(FailureClass::Conflict, step, said).help(help)
}
