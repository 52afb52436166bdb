//! One attempt at one step, or at several that go together: performed, and settled by reading where the answer was lost.

use std::time::{Duration, Instant};

use super::following::Patience;
use super::record::differences;
use super::settle::{Judgement, judge};
use crate::engine::model::{Failure, FailureClass, Fields, KindSpec, Live};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Look, Performed, Reader, Writer};
use crate::provider::http::{Changed, MayWrite, watched};

/// The two halves of an installation's provider, and how many steps may be under way there at once.
pub struct Hands {
    /// The reading half: settles what is unclear.
    pub reader: Box<dyn Reader>,
    /// The writing half.
    pub writer: Box<dyn Writer>,
    /// Calls under way at once; at least 1.
    pub concurrency: usize,
    /// How work that goes on at the service is waited for.
    pub patience: Patience,
}

/// What came of an attempt.
#[derive(Debug)]
pub(super) enum Verdict {
    Done {
        live: Option<Box<Live>>,
        settled_by_reading: bool,
    },
    /// It goes on at the service. The handle is to be journalled before it is followed.
    Pending(String),
    /// It went on for longer than we wait, or we were stopped; its handle is journalled.
    StillOn(String),
    Failed(Failure),
    Unclear(Failure),
    /// It may have happened, and could not be read either. Its entry stays open: the next run settles it.
    Unread(Failure),
}

/// What to do about a step that could not be settled.
const NEXT_RUN: &str = "the next run reads it before it does anything else there";

/// Makes the attempt: one verdict a step, in order.
pub(super) async fn attempt(
    hands: &Hands,
    steps: &[(&Step, &Inputs)],
    spec: Option<&KindSpec>,
    may_write: MayWrite,
) -> Vec<(Verdict, Duration)> {
    let began = Instant::now();
    let (performed, changed) = match steps {
        [(step, inputs)] => {
            let (performed, changed) = watched(hands.writer.perform(step, inputs), may_write).await;
            (vec![performed], changed)
        }
        // Whoever sends several at once says of each by itself whether it may have happened.
        steps => (watched(hands.writer.perform_together(steps), may_write).await.0, Changed::Nothing),
    };
    let mut performed = performed.into_iter();
    let mut verdicts = Vec::with_capacity(steps.len());
    for (step, inputs) in steps {
        let performed = performed.next().unwrap_or_else(|| Err(without_a_result(step)));
        let verdict = match performed.map_err(|failure| after(changed, failure)) {
            Ok(Performed::Done(live)) => Verdict::Done { live, settled_by_reading: false },
            Ok(Performed::Pending(handle)) => Verdict::Pending(handle),
            Err(failure) if needs_a_look(step, &failure) => settle(hands, step, inputs, spec, failure).await,
            Err(failure) => Verdict::Failed(failure),
        };
        verdicts.push((verdict, began.elapsed()));
    }
    verdicts
}

/// A provider that breaks its promise of one result a step must not let a step pass for done.
fn without_a_result(step: &Step) -> Failure {
    let doing = format!("{} '{}'", step.verb, step.address);
    Failure::new(FailureClass::Unclear, doing, "it was sent with others, and nothing was said of it")
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

/// What failed after something was changed already, or may have been, has not simply failed.
fn after(changed: Changed, failure: Failure) -> Failure {
    let before = match (changed, failure.class) {
        // A conflict is what the provider saw when it looked for what it had sent.
        (Changed::Nothing, _) | (_, FailureClass::Unclear) | (Changed::Perhaps, FailureClass::Conflict) => {
            return failure;
        }
        (Changed::Perhaps, _) => "it was sent, its answer was lost, and then",
        (Changed::Something, _) => "it was sent and taken, and then",
    };
    let said = format!("{before}: {}", failure.said);
    Failure { class: FailureClass::Unclear, said, ..failure }
}

/// A lost answer; and a deletion of what is gone, which may be done already or may have lost its parent.
fn needs_a_look(step: &Step, failure: &Failure) -> bool {
    failure.class == FailureClass::Unclear || (failure.class == FailureClass::Gone && step.verb == Verb::Delete)
}

async fn settle(hands: &Hands, step: &Step, inputs: &Inputs, spec: Option<&KindSpec>, failure: Failure) -> Verdict {
    let look = match hands.reader.look(&step.address, step.looked_for_by(), &inputs.related).await {
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
