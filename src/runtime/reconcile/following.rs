//! Work that a step began and that goes on at the service: asked for until it is over, without holding anything up.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::call::{Hands, Verdict};
use super::settle::{Judgement, judge};
use crate::engine::model::{Failure, FailureClass, KindSpec};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Follow, Inputs};

/// How work that goes on at a service is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The first pause between two questions; each one is half as long again.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// How long in all.
    pub whole: Duration,
}

impl Patience {
    /// Pauses of one to five seconds, which neither a person who waits nor a service that builds notices; so long in all.
    pub const fn of(whole: Duration) -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(5), whole }
    }
}

/// Asks until the work is over, patience is, or `left` is cancelled. `told` is what it is at, where that changed.
pub(super) async fn follow(
    hands: &Hands,
    step: &Step,
    inputs: &Inputs,
    spec: Option<&KindSpec>,
    handle: String,
    left: CancellationToken,
    told: impl Fn(&str) + Send,
) -> Verdict {
    let until = Instant::now() + hands.patience.whole;
    let (mut pause, mut at) = (hands.patience.first, String::new());
    loop {
        let next = (Instant::now() + pause).min(until);
        tokio::select! {
            biased;
            () = left.cancelled() => return Verdict::StillOn(handle),
            () = tokio::time::sleep_until(next) => {}
        }
        match hands.reader.follow(&step.address, &handle, &inputs.related).await {
            Ok(Follow::GoesOn(what)) => {
                if what != at {
                    told(&what);
                    at = what;
                }
            }
            Ok(Follow::Ended) => return look(hands, step, inputs, spec).await,
            // What was to be made may be there all the same, in pieces: then it is known to be ours.
            Ok(Follow::Failed(failure)) if step.verb == Verb::Create => return Verdict::Unclear(failure),
            Ok(Follow::Failed(failure)) => return Verdict::Failed(failure),
            Err(failure) => match failure.class {
                FailureClass::Retry | FailureClass::Later | FailureClass::Unclear => {}
                FailureClass::Gone => return look(hands, step, inputs, spec).await,
                _ => return Verdict::Unread(failure),
            },
        }
        if Instant::now() >= until {
            return Verdict::StillOn(handle);
        }
        pause = (pause * 3 / 2).min(hands.patience.longest);
    }
}

/// The work is over: what is there now says what came of the step.
async fn look(hands: &Hands, step: &Step, inputs: &Inputs, spec: Option<&KindSpec>) -> Verdict {
    let look = match hands.reader.look(&step.address, step.looked_for_by(), &inputs.related).await {
        Ok(look) => look,
        Err(failure) => {
            let said = format!("it is over, and what came of it could not be read: {}", failure.said);
            return Verdict::Unread(Failure { said, class: FailureClass::Unclear, ..failure });
        }
    };
    match judge(step, &inputs.fields, look, spec, &inputs.ledger) {
        Judgement::Happened(live) => Verdict::Done { live, settled_by_reading: false },
        Judgement::DidNot(failure) => Verdict::Failed(after_the_end(failure)),
        Judgement::Unclear(failure) => Verdict::Unclear(after_the_end(failure)),
    }
}

/// A judgement speaks of lost answers; here none was lost.
fn after_the_end(failure: Failure) -> Failure {
    let seen = failure.said.trim_start_matches("the answer was lost, and ");
    Failure { said: format!("the service says that it is done, and {seen}"), ..failure }
}
