//! One attempt at one step: performed, and settled by reading where the answer was lost.

use std::time::{Duration, Instant};

use super::record::differences;
use super::settle::{Judgement, judge};
use crate::engine::model::{Failure, FailureClass, Fields, KindSpec, Live};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Look, Performed, Reader, Writer};
use crate::provider::http::{MayWrite, watched};

/// The two halves of an installation's provider, and how many steps may be under way there at once.
pub struct Hands {
    /// The reading half: settles what is unclear.
    pub reader: Box<dyn Reader>,
    /// The writing half.
    pub writer: Box<dyn Writer>,
    /// Steps under way at once; at least 1.
    pub concurrency: usize,
}

/// What came of an attempt.
#[derive(Debug)]
pub(super) enum Verdict {
    Done {
        live: Option<Box<Live>>,
        settled_by_reading: bool,
    },
    Pending(String),
    Failed(Failure),
    Unclear(Failure),
    /// It may have happened, and could not be read either. Its entry stays open: the next run settles it.
    Unread(Failure),
}

/// What to do about a step that could not be settled.
const NEXT_RUN: &str = "the next run reads it before it does anything else there";

/// Makes the attempt.
pub(super) async fn attempt(
    hands: &Hands,
    step: &Step,
    inputs: &Inputs,
    spec: Option<&KindSpec>,
    may_write: MayWrite,
) -> (Verdict, Duration) {
    let began = Instant::now();
    let (performed, changed) = watched(hands.writer.perform(step, inputs), may_write).await;
    let verdict = match performed.map_err(|failure| if changed { after_a_change(failure) } else { failure }) {
        Ok(Performed::Done(live)) => Verdict::Done { live, settled_by_reading: false },
        Ok(Performed::Pending(handle)) => Verdict::Pending(handle),
        Err(failure) if needs_a_look(step, &failure) => settle(hands, step, inputs, spec, failure).await,
        Err(failure) => Verdict::Failed(failure),
    };
    (verdict, began.elapsed())
}

/// Fields as they are recorded when a step was settled by reading: where the service holds something else, that is
/// what we know to be there, and the next comparison sees our own unfinished work, not somebody's change.
pub(super) fn as_found(step: &Step, sent: &Fields, live: &Live, spec: Option<&KindSpec>) -> Fields {
    let mut found = sent.clone();
    for different in differences(step, sent, live, spec) {
        if let Some(value) = live.fields.get(&different.field) {
            found.insert(different.field, value.clone());
        }
    }
    found
}

/// What failed after something was changed already has not simply failed.
fn after_a_change(failure: Failure) -> Failure {
    if failure.class == FailureClass::Unclear {
        return failure;
    }
    let said = format!("it was sent and taken, and then: {}", failure.said);
    Failure { class: FailureClass::Unclear, said, ..failure }
}

/// A lost answer; and a deletion of what is gone, which may be done already or may have lost its parent.
fn needs_a_look(step: &Step, failure: &Failure) -> bool {
    failure.class == FailureClass::Unclear || (failure.class == FailureClass::Gone && step.verb == Verb::Delete)
}

async fn settle(hands: &Hands, step: &Step, inputs: &Inputs, spec: Option<&KindSpec>, failure: Failure) -> Verdict {
    let id = step.external_id.as_deref().filter(|_| step.verb != Verb::Create);
    let look = match hands.reader.look(&step.address, id, &inputs.related).await {
        Ok(look) => look,
        Err(second) => {
            let said = format!("{}; reading it did not settle it: {second}", failure.said);
            return Verdict::Unread(Failure { said, class: FailureClass::Unclear, ..failure }.help(NEXT_RUN));
        }
    };
    // What is not seen yet may be under way still: the next run looks again before anything is made.
    if step.verb == Verb::Create && look == Look::Absent && failure.class == FailureClass::Unclear {
        let said = format!("{}; it is not there yet", failure.said);
        return Verdict::Unread(Failure { said, ..failure }.help(NEXT_RUN));
    }
    match judge(step, &inputs.fields, look, spec, &inputs.ledger) {
        Judgement::Happened(live) => Verdict::Done { live, settled_by_reading: true },
        Judgement::DidNot(seen) if failure.class == FailureClass::Unclear => {
            Verdict::Failed(Failure { doing: failure.doing, ..seen })
        }
        Judgement::DidNot(_) => Verdict::Failed(failure),
        Judgement::Unclear(seen) => Verdict::Unclear(Failure { doing: failure.doing, ..seen }),
    }
}
