//! Whether a step happened whose answer was lost, judged by what is there. It is never repeated to find out.

use super::record::differences;
use crate::engine::model::{Evidence, Failure, FailureClass, Fields, KindSpec, Live, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::Look;

/// The judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It happened; this is what is there.
    Happened(Option<Box<Live>>),
    /// It did not, and may be planned again.
    DidNot(Failure),
    /// What is there is neither the one nor the other.
    Unclear(Failure),
}

/// Judges a step by what is there now.
pub(super) fn judge(step: &Step, sent: &Fields, look: Look, spec: Option<&KindSpec>, ledger: &str) -> Judgement {
    match (step.verb, look) {
        (Verb::Delete, Look::Absent) => Judgement::Happened(None),
        (Verb::Delete, Look::Present(_)) => did_not(step, "it is still there"),
        (Verb::Create, Look::Present(live)) => created(step, sent, live, spec, ledger),
        (Verb::Create, Look::Absent) => did_not(step, "it is not there"),
        // One-time actions leave nothing that could be looked at, unless the provider shows it as an object.
        (Verb::RunOnce | Verb::Await, Look::Present(live)) => Judgement::Happened(Some(live)),
        (Verb::RunOnce | Verb::Await, Look::Absent) => unclear(step, "nothing there tells whether it happened"),
        (Verb::Forget, _) => did_not(step, "nothing was written"),
        (Verb::Rename, Look::Present(live)) => {
            if differences(step, sent, &live, spec).is_empty() {
                Judgement::Happened(Some(live))
            } else {
                did_not(step, "it still has its old name")
            }
        }
        (Verb::Adopt, Look::Present(live)) => {
            let marked = live.mark.as_ref().is_some_and(|mark| mark.ledger == ledger);
            if marked { Judgement::Happened(Some(live)) } else { did_not(step, "it carries no mark of ours") }
        }
        (_, Look::Absent) => Judgement::DidNot(failure(FailureClass::Gone, step, "it is not there any more")),
        (_, Look::Present(live)) => {
            let different = differences(step, sent, &live, spec);
            // Fields that cannot be read back say nothing either way.
            let readable = sent.keys().filter(|name| live.fields.contains_key(name)).count();
            match different.len() {
                _ if readable == 0 => unclear(step, "what was sent cannot be read back"),
                0 => Judgement::Happened(Some(live)),
                all if all == readable => did_not(step, "it is as it was before"),
                _ => unclear(step, "only some of what was sent is there"),
            }
        }
    }
}

/// An object that is there where one was to be made: ours, or a stranger's that came at the same moment?
fn created(step: &Step, sent: &Fields, live: Box<Live>, spec: Option<&KindSpec>, ledger: &str) -> Judgement {
    if let Some(mark) = &live.mark {
        return if mark.ledger == ledger {
            Judgement::Happened(Some(live))
        } else {
            conflict(step, "one is there that another ledger made")
        };
    }
    let as_sent = spec.is_none_or(|_| differences(step, sent, &live, spec).is_empty());
    let identity_agrees = spec.is_some_and(|spec| {
        spec.identity.iter().any(|group| {
            group.iter().all(|evidence| match evidence {
                Evidence::Same(field) => {
                    let value = sent.get(field).filter(|value| **value != Value::Null);
                    value.is_some() && differs_not(step, sent, &live, spec, field)
                }
                Evidence::IsTrue(field) => live.fields.get(field) == Some(&Value::Bool(true)),
                Evidence::NameIsIdentity => true,
                Evidence::NameByApproval => false,
            })
        })
    });
    if as_sent || identity_agrees {
        Judgement::Happened(Some(live))
    } else {
        conflict(step, "one is there that is not what was sent")
    }
}

fn differs_not(step: &Step, sent: &Fields, live: &Live, spec: &KindSpec, field: &str) -> bool {
    live.fields.contains_key(field) && !differences(step, sent, live, Some(spec)).iter().any(|it| it.field == field)
}

fn failure(class: FailureClass, step: &Step, said: &str) -> Failure {
    Failure::new(class, format!("{} '{}'", step.verb, step.address), said)
}

fn did_not(step: &Step, seen: &str) -> Judgement {
    let said = format!("the answer was lost, and it did not happen: {seen}");
    Judgement::DidNot(failure(FailureClass::Retry, step, &said).help("it is planned again by the next run"))
}

fn unclear(step: &Step, seen: &str) -> Judgement {
    let said = format!("the answer was lost, and whether it happened cannot be told: {seen}");
    Judgement::Unclear(
        failure(FailureClass::Unclear, step, &said).help("look at the service; the next run compares again"),
    )
}

fn conflict(step: &Step, seen: &str) -> Judgement {
    let said = format!("the answer was lost, and {seen}");
    Judgement::DidNot(
        failure(FailureClass::Conflict, step, &said).help("plan again: it is shown there with what it needs"),
    )
}
