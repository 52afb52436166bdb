//! After a crash: every entry that was begun and not ended is settled by reading what is there. Nothing is repeated.

use std::collections::BTreeMap;
use std::fmt;

use super::call::{Hands, as_found};
use super::record::{Records, entries, events};
use super::settle::{Judgement, judge};
use crate::engine::diff::Kinds;
use crate::engine::model::{Address, Failure, FailureClass, Instance};
use crate::engine::plan::Verb;
use crate::provider::contract::{Facts, Follow, Related};
use crate::runtime::ledger::{Entry, Fence, Finished, Intent, IntentId, IntentResult, Ledger, LedgerError};
use crate::runtime::sys::Clock;

/// An entry that a crash left, or whose work went on at the service, and what was found out about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// The entry.
    pub intent: IntentId,
    /// The resource.
    pub address: Address,
    /// What was begun.
    pub verb: Verb,
    /// What was found.
    pub found: Found,
}

/// What was found out about an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It happened, and is recorded now.
    Happened,
    /// It did not happen; it is closed and may be planned again.
    DidNot(Failure),
    /// What is there is neither the one nor the other; it is closed, and the next comparison shows what is there.
    Unclear(Failure),
    /// It cannot be told now, or goes on at the service: it stays open, and nothing is done to its resource.
    StillOpen(String),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::Happened => f.write_str("had happened"),
            Found::DidNot(_) => f.write_str("had not happened"),
            Found::Unclear(failure) => write!(f, "is unclear: {failure}"),
            Found::StillOpen(why) => write!(f, "stays open: {why}"),
        }
    }
}

/// Settles what was left open, before anything is planned. Call it under the lease, with the ledger that is planned
/// with afterwards: it changes the objects in it.
///
/// # Errors
/// When the ledger fails. A service that does not answer leaves its entries open.
pub async fn recover(
    ledger: &dyn Ledger,
    fence: &Fence,
    kinds: &Kinds,
    hands: &BTreeMap<Instance, Hands>,
    clock: &dyn Clock,
) -> Result<Vec<Recovered>, LedgerError> {
    let open = ledger.open_intents().await?;
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let mut records: Records = ledger.objects().await?.into_iter().map(|it| (it.address.clone(), it)).collect();
    let mut recovered = Vec::with_capacity(open.len());
    // One by one and oldest first: what an entry recorded is what the next one's parent is found by.
    for intent in open {
        let step = &intent.payload.step;
        let found = match find_out(&intent, ledger, kinds, hands, &records).await {
            Ok(judgement) => {
                let found = match &judgement {
                    Judgement::Happened(_) => Found::Happened,
                    Judgement::DidNot(failure) => Found::DidNot(failure.clone()),
                    Judgement::Unclear(failure) => Found::Unclear(failure.clone()),
                };
                let end = finished(&intent, judgement, kinds, &records, clock);
                ledger.finish_intents(fence, std::slice::from_ref(&end)).await?;
                remember(&mut records, end.entries);
                found
            }
            Err(why) => Found::StillOpen(why),
        };
        recovered.push(Recovered { intent: intent.id, address: step.address.clone(), verb: step.verb, found });
    }
    Ok(recovered)
}

/// Reads what an entry was about and judges by it; or says why that cannot be done now.
async fn find_out(
    intent: &Intent,
    ledger: &dyn Ledger,
    kinds: &Kinds,
    hands: &BTreeMap<Instance, Hands>,
    records: &Records,
) -> Result<Judgement, String> {
    let step = &intent.payload.step;
    if step.verb.is_record_only() && step.after.is_empty() {
        let doing = format!("{} '{}'", step.verb, step.address);
        let failure = Failure::new(FailureClass::Retry, doing, "the run ended before it was recorded");
        return Ok(Judgement::DidNot(failure.help("it is planned again by the next run")));
    }
    let hands = hands
        .get(&step.address.instance)
        .ok_or_else(|| format!("'{}' is not in the config any more", step.address.instance))?;
    let facts = |(address, it): (&Address, &crate::engine::model::Recorded)| {
        (address.clone(), Facts { external_id: it.external_id.clone(), outputs: it.outputs.clone() })
    };
    let related = Related(records.iter().map(facts).collect());
    // Work that goes on elsewhere may simply not be done yet: what is there says nothing before it is over.
    if let Some(handle) = &intent.handle {
        match hands.reader.follow(&step.address, handle, &related).await {
            Ok(Follow::GoesOn(what)) => return Err(format!("goes on at the service as '{handle}': {what}")),
            Ok(Follow::Failed(failure)) if step.verb == Verb::Create => return Ok(Judgement::Unclear(failure)),
            Ok(Follow::Failed(failure)) => return Ok(Judgement::DidNot(failure)),
            Ok(Follow::Ended) => {}
            Err(failure) if failure.class == FailureClass::Gone => {}
            Err(failure) => return Err(failure.to_string()),
        }
    }
    let look = hands.reader.look(&step.address, step.looked_for_by(), &related).await;
    let look = look.map_err(|failure| failure.to_string())?;
    Ok(judge(step, &intent.payload.sent, look, kinds.spec(&step.address), &ledger.identity().id))
}

/// The end of an entry that was judged.
fn finished(intent: &Intent, judgement: Judgement, kinds: &Kinds, records: &Records, clock: &dyn Clock) -> Finished {
    let at = clock.now();
    let step = &intent.payload.step;
    let spec = kinds.spec(&step.address);
    let mut end =
        Finished { intent: intent.id, result: IntentResult::Done, entries: Vec::new(), events: Vec::new(), at };
    match judgement {
        Judgement::Happened(live) => {
            let mut payload = intent.payload.clone();
            if let Some(live) = live.as_deref() {
                payload.sent = as_found(step, &payload.sent, live, spec);
            }
            end.entries = entries(&payload, live.as_deref(), records, spec, at);
            end.events = events(step, live.as_deref(), spec);
        }
        // Looked for twice and not seen. It may be made again, and what turns up all the same is known to be ours.
        Judgement::DidNot(failure) if step.verb == Verb::Create && failure.class == FailureClass::Retry => {
            end.result = IntentResult::Unclear(failure);
        }
        Judgement::DidNot(failure) => end.result = IntentResult::Failed(failure),
        Judgement::Unclear(failure) => end.result = IntentResult::Unclear(failure),
    }
    end
}

/// What was recorded, for the entries that come after.
fn remember(records: &mut Records, entries: Vec<Entry>) {
    for entry in entries {
        match entry {
            Entry::Put(recorded) => drop(records.insert(recorded.address.clone(), *recorded)),
            Entry::Forget(address) => drop(records.remove(&address)),
        }
    }
}
