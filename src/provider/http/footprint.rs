//! Whether a step has changed something already. A step may take several calls; when a later one fails (reading back
//! what was made, say), what the earlier ones did stands, and nobody may take the step for one that did not happen.

use std::cell::Cell;
use std::future::Future;

use reqwest::Method;

use super::{Answer, Call};

tokio::task_local! {
    static CHANGED: Cell<bool>;
}

/// Runs a step; tells beside its result whether any call of it that changes something was answered with success.
pub async fn watched<T>(step: impl Future<Output = T>) -> (T, bool) {
    let both = async { (step.await, CHANGED.with(Cell::get)) };
    CHANGED.scope(Cell::new(false), both).await
}

/// Notes an answer that the door passes on.
pub(super) fn note(call: &Call, answer: &Answer) {
    if answer.is_success() && call.method != Method::GET && call.method != Method::HEAD {
        // Outside of a step nobody asks.
        let _ = CHANGED.try_with(|changed| changed.set(true));
    }
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
            assert_eq!(watched(step).await.1, changed, "{method} {status}");
        }
    }

    #[tokio::test]
    async fn steps_under_way_at_once_do_not_see_each_other() {
        let writes = watched(async {
            answered(Method::POST, 201);
            tokio::task::yield_now().await;
        });
        let reads = watched(async {
            tokio::task::yield_now().await;
            answered(Method::GET, 200);
        });
        let (writes, reads) = futures::join!(writes, reads);
        assert!(writes.1 && !reads.1);
    }
}
