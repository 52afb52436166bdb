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

/// Whether a call that changes something may be sent now.
pub type MayWrite = Arc<dyn Fn() -> bool + Send + Sync>;

struct UnderWay {
    changed: Cell<bool>,
    may_write: MayWrite,
}

tokio::task_local! {
    static STEP: UnderWay;
}

/// Runs a step, of which nothing is sent that changes anything once `may_write` says no; tells beside its result whether
/// any call of it that changes something was answered with success.
pub async fn watched<T>(step: impl Future<Output = T>, may_write: MayWrite) -> (T, bool) {
    let both = async { (step.await, STEP.with(|under_way| under_way.changed.get())) };
    STEP.scope(UnderWay { changed: Cell::new(false), may_write }, both).await
}

/// Notes an answer that the door passes on.
pub(super) fn note(call: &Call, answer: &Answer) {
    if answer.is_success() && changes(call) {
        // Outside of a step nobody asks.
        let _ = STEP.try_with(|under_way| under_way.changed.set(true));
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
            (Method::POST, 201, true),
            (Method::DELETE, 204, true),
            (Method::PUT, 409, false),
            (Method::GET, 200, false),
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
        assert!(writes.1 && !reads.1);
    }

    #[tokio::test]
    async fn what_may_not_write_any_more_sends_reads_alone() {
        let (get, post) = (Call::new(Method::GET, "/things", &[], "x"), Call::new(Method::POST, "/things", &[], "x"));
        let late = watched(async { (may_send(&get), may_send(&post)) }, Arc::new(|| false));
        assert_eq!(late.await.0, (true, false));
        assert!(may_send(&post), "outside of a step");
    }
}
