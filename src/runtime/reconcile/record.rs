//! What a step that happened means for the ledger. Pure: the executor and the recovery both go by it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::outcome::Difference;
use crate::engine::diff::{is_compared, same};
use crate::engine::model::{
    Address, Compare, Field, Fields, KindClass, KindSpec, Live, ObjectState, Origin, Recorded, Value,
};
use crate::engine::plan::{Step, Verb};
use crate::runtime::ledger::{DestructiveEvent, Entry, Payload};

/// The objects of the ledger, by address.
pub(super) type Records = BTreeMap<Address, Recorded>;

/// What is recorded of objects once a step happened. `live` is what is there afterwards, as far as it was read.
pub(super) fn entries(
    payload: &Payload,
    live: Option<&Live>,
    records: &Records,
    spec: Option<&KindSpec>,
    at: DateTime<Utc>,
) -> Vec<Entry> {
    let step = &payload.step;
    match step.verb {
        Verb::Delete | Verb::Forget => vec![Entry::Forget(step.address.clone())],
        Verb::RunOnce | Verb::Await => Vec::new(),
        _ => {
            let mut former = formers(step, records);
            let before = records.get(&step.address).or_else(|| former.first().copied());
            let recorded = recorded(payload, live, before, spec, at);
            former.retain(|it| it.address != step.address);
            let mut entries: Vec<Entry> = former.iter().map(|it| Entry::Forget(it.address.clone())).collect();
            entries.push(Entry::Put(Box::new(recorded)));
            entries
        }
    }
}

/// What a step removed or disabled: its own class and what went with it. What shows itself open afterwards was not closed,
/// and is counted when it is.
pub(super) fn events(step: &Step, live: Option<&Live>, spec: Option<&KindSpec>) -> Vec<DestructiveEvent> {
    let is_on = live.zip(spec).and_then(|(live, spec)| live.is_on(spec));
    if !step.verb.is_destructive() || is_on == Some(true) {
        return Vec::new();
    }
    let mut counts = BTreeMap::<KindClass, u32>::from([(step.class, 1)]);
    for class in step.goes_with.iter().filter_map(|goes| goes.counts) {
        *counts.entry(class).or_default() += 1;
    }
    let event = |(class, count)| DestructiveEvent { class, address: step.address.clone(), count };
    counts.into_iter().map(event).collect()
}

/// Fields that were sent and are there with another value.
pub(super) fn differences(step: &Step, sent: &Fields, live: &Live, spec: Option<&KindSpec>) -> Vec<Difference> {
    if step.verb == Verb::Rename {
        let wanted = sent.get("name").and_then(Value::as_text);
        let found = live.address.leaf();
        return wanted
            .filter(|wanted| *wanted != found)
            .map(|wanted| Difference { field: "name".into(), sent: Some(wanted.into()), found: Some(found.into()) })
            .into_iter()
            .collect();
    }
    let Some(spec) = spec else { return Vec::new() };
    let different = sent.iter().filter_map(|(name, sent)| {
        let field = spec.field(name).filter(|field| is_compared(field))?;
        let found = live.fields.get(name)?;
        let shown = |value: &Value| (!field.sensitive).then(|| value.clone());
        (!same(field, sent, found)).then(|| Difference { field: name.clone(), sent: shown(sent), found: shown(found) })
    });
    different.collect()
}

/// Whether a field's value may lie in the ledger in the clear.
pub(super) fn is_storable(spec: Option<&KindSpec>, name: &str) -> bool {
    spec.and_then(|spec| spec.field(name)).is_none_or(|field| field.compare != Compare::WriteOnly && !field.sensitive)
}

fn recorded(
    payload: &Payload,
    live: Option<&Live>,
    before: Option<&Recorded>,
    spec: Option<&KindSpec>,
    at: DateTime<Utc>,
) -> Recorded {
    let step = &payload.step;
    let made = step.verb == Verb::Create;
    let mut last_applied = before.filter(|_| !made).map(|it| it.last_applied.clone()).unwrap_or_default();
    if step.verb != Verb::Rename {
        let remembered = |name: &str| match spec {
            Some(spec) => spec.field(name).is_some_and(is_compared),
            None => true,
        };
        // What was taken and is not there was not applied: else it would look as if somebody had undone it since, and
        // what opens access would wait for a word. What is made is recorded as it was meant.
        let lost = live.filter(|_| !made).map(|live| differences(step, &payload.sent, live, spec)).unwrap_or_default();
        let stuck = |name: &Field| lost.iter().all(|difference| difference.field != *name);
        let whole = |name: &Field| remembered(name) && !step.partly.contains(name) && stuck(name);
        let sent = payload.sent.iter().filter(|(name, _)| whole(name));
        last_applied.extend(sent.map(|(name, value)| (name.clone(), value.clone())));
    }
    let mut digests = before.filter(|_| !made).map(|it| it.digests.clone()).unwrap_or_default();
    digests.extend(payload.digests.clone());
    let is_on = live.zip(spec).and_then(|(live, spec)| live.is_on(spec));
    let known_outputs = before.filter(|_| !made).map(|it| it.outputs.clone()).unwrap_or_default();
    Recorded {
        address: step.address.clone(),
        external_id: live
            .and_then(|live| live.external_id.clone())
            .or_else(|| step.external_id.clone().filter(|_| !made))
            .or_else(|| before.filter(|_| !made).and_then(|it| it.external_id.clone())),
        owner: step.owner.clone(),
        file: match (&step.origin, before) {
            (Some(span), _) => span.file.to_string(),
            (None, Some(before)) => before.file.clone(),
            (None, None) => String::new(),
        },
        last_applied,
        digests,
        outputs: live.map(|live| live.outputs.clone()).filter(|it| !it.is_empty()).unwrap_or(known_outputs),
        origin: match step.verb {
            Verb::Create => Origin::Created,
            Verb::Adopt if step.begun => Origin::Created,
            _ => before.map_or(Origin::Adopted, |it| it.origin),
        },
        state: match (&step.origin, before) {
            (Some(_), Some(before)) if step.verb == Verb::Restore && is_on == Some(false) => before.state,
            (Some(_), _) => ObjectState::Active,
            // Switched off again: the date of the first time stands, retention is counted from it.
            (None, Some(Recorded { state: ObjectState::Disabled(since), .. })) => ObjectState::Disabled(*since),
            // Seen open, it was not switched off: the next plan sees to it.
            (None, _) if step.verb == Verb::Disable && is_on != Some(true) => ObjectState::Disabled(at),
            (None, before) => before.map_or(ObjectState::Active, |it| it.state),
        },
    }
}

/// Records of the same object under another name: the one it had before it was renamed.
fn formers<'r>(step: &Step, records: &'r Records) -> Vec<&'r Recorded> {
    if step.verb != Verb::Rename {
        return Vec::new();
    }
    let old = step.before.get("name").and_then(Value::as_text).map(|leaf| match step.address.parent_key() {
        Some(parent) => format!("{parent}/{leaf}"),
        None => leaf.to_owned(),
    });
    let same_kind =
        |it: &&Recorded| it.address.instance == step.address.instance && it.address.kind == step.address.kind;
    let is_it = |it: &&Recorded| {
        (step.external_id.is_some() && it.external_id == step.external_id)
            || old.as_deref().is_some_and(|old| *it.address.key == *old)
    };
    records.values().filter(same_kind).filter(|it| it.address != step.address).filter(is_it).collect()
}
