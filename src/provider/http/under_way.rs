//! What a door knows of the step that a call belongs to.
//!
//! Whether it has changed something already: a step may take several calls; when a later one fails (reading back what was
//! made, say), what the earlier ones did stands, and nobody may take the step for one that did not happen. And whether
//! it may change anything still: a process may have been paused anywhere, and somebody else may be at work by now.

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;

use reqwest::Method;

use super::{Answer, Call};
use crate::engine::model::{Failure, FailureClass};

/// Whether a call that changes something may be sent now.
pub type MayWrite = Arc<dyn Fn() -> bool + Send + Sync>;

/// What a step has changed at its service so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Changed {
    /// Nothing: no call that changes something was sent, or each was refused.
    Nothing,
    /// Possibly something: what came of a call is not known.
    Perhaps,
    /// Something: a call was answered with success.
    Something,
}

struct UnderWay {
    changed: Cell<Changed>,
    may_write: MayWrite,
}

tokio::task_local! {
    static STEP: UnderWay;
}

/// Runs a step, of which nothing is sent that changes anything once `may_write` says no; tells beside its result what it
/// has changed.
pub async fn watched<T>(step: impl Future<Output = T>, may_write: MayWrite) -> (T, Changed) {
    let both = async { (step.await, STEP.with(|under_way| under_way.changed.get())) };
    STEP.scope(UnderWay { changed: Cell::new(Changed::Nothing), may_write }, both).await
}

/// Notes an answer that the door passes on.
pub(super) fn note(call: &Call, answer: &Answer) {
    if answer.is_success() {
        changed(call, Changed::Something);
    }
}

/// Notes an attempt at a call that failed.
pub(super) fn note_failure(call: &Call, failure: &Failure) {
    if failure.class == FailureClass::Unclear {
        changed(call, Changed::Perhaps);
    }
}

fn changed(call: &Call, what: Changed) {
    if changes(call) {
        // Outside of a step nobody asks.
        let _ = STEP.try_with(|under_way| under_way.changed.set(under_way.changed.get().max(what)));
    }
}

/// Whether a call may be sent. Outside of a step nobody holds it back.
pub(super) fn may_send(call: &Call) -> bool {
    !changes(call) || STEP.try_with(|under_way| (under_way.may_write)()).unwrap_or(true)
}

fn changes(call: &Call) -> bool {
    call.method != Method::GET && call.method != Method::HEAD
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reqwest::header::HeaderMap;

    use super::*;

    fn answered(method: Method, status: u16) {
        let answer = Answer { status, headers: HeaderMap::new(), body: Bytes::new() };
        note(&Call::new(method, "/things", &[], "x"), &answer);
    }

    #[tokio::test]
    async fn only_a_write_that_was_taken_leaves_one() {
        answered(Method::POST, 201);
        for (method, status, changed) in [
            (Method::POST, 201, Changed::Something),
            (Method::DELETE, 204, Changed::Something),
            (Method::PUT, 409, Changed::Nothing),
            (Method::GET, 200, Changed::Nothing),
        ] {
            let step = async { answered(method.clone(), status) };
            assert_eq!(watched(step, Arc::new(|| true)).await.1, changed, "{method} {status}");
        }
    }

    #[tokio::test]
    async fn steps_under_way_at_once_do_not_see_each_other() {
        let writing = async {
            answered(Method::POST, 201);
            tokio::task::yield_now().await;
        };
        let reading = async {
            tokio::task::yield_now().await;
            answered(Method::GET, 200);
        };
        let (writes, reads) = (watched(writing, Arc::new(|| true)), watched(reading, Arc::new(|| true)));
        let (writes, reads) = futures::join!(writes, reads);
        assert_eq!((writes.1, reads.1), (Changed::Something, Changed::Nothing));
    }

    #[tokio::test]
    async fn a_write_whose_answer_was_lost_may_have_left_something() {
        let lost = |class| Failure::new(class, "x", "y");
        for (method, class, expected) in [
            (Method::POST, FailureClass::Unclear, Changed::Perhaps),
            (Method::POST, FailureClass::Refused, Changed::Nothing),
            (Method::GET, FailureClass::Unclear, Changed::Nothing),
        ] {
            let step = async { note_failure(&Call::new(method.clone(), "/things", &[], "x"), &lost(class)) };
            assert_eq!(watched(step, Arc::new(|| true)).await.1, expected, "{method}");
        }
    }

    #[tokio::test]
    async fn what_may_not_write_any_more_sends_reads_alone() {
        let (get, post) = (Call::new(Method::GET, "/things", &[], "x"), Call::new(Method::POST, "/things", &[], "x"));
        let late = watched(async { (may_send(&get), may_send(&post)) }, Arc::new(|| false));
        assert_eq!(late.await.0, (true, false));
        assert!(may_send(&post), "outside of a step");
    }
}
