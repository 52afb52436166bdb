//! What was called since the last reset, so that a test can count calls and see their order.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// How many calls are kept; older ones are dropped, their number is not.
const KEPT: usize = 20_000;

/// One call of the service's API. Calls of the control address are not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its number since the last reset, from 1, in the order of arrival.
    pub number: u64,
    /// The method, in capitals.
    pub method: String,
    /// The path as it was sent, with its query.
    pub path: String,
    /// The status that the caller was sent; none while it waits, and none for ever where no answer was sent.
    pub status: Option<u16>,
    /// The names of the faults that befell it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

/// The calls since the last reset, the newest last, bounded.
#[derive(Debug, Default)]
pub struct Requests {
    state: Mutex<State>,
}

/// A call that has arrived and is not answered yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    epoch: u64,
    number: u64,
}

#[derive(Debug, Default)]
struct State {
    /// Resets so far: an answer to a call from before a reset must not be noted on a later one.
    epoch: u64,
    count: u64,
    kept: VecDeque<Request>,
}

impl Requests {
    /// How many calls there were since the last reset, also those that are kept no more.
    pub fn count(&self) -> u64 {
        self.state().count
    }

    /// The calls that are kept, the oldest first.
    pub fn list(&self) -> Vec<Request> {
        self.state().kept.iter().cloned().collect()
    }

    /// Forgets all calls and begins to count anew.
    pub fn reset(&self) {
        let mut state = self.state();
        *state = State { epoch: state.epoch + 1, ..State::default() };
    }

    /// Notes a call as it arrives.
    pub(super) fn arrived(&self, method: &str, path: &str) -> Ticket {
        let mut state = self.state();
        state.count += 1;
        let number = state.count;
        if state.kept.len() == KEPT {
            state.kept.pop_front();
        }
        let request = Request { number, method: method.into(), path: path.into(), status: None, faults: Vec::new() };
        state.kept.push_back(request);
        Ticket { epoch: state.epoch, number }
    }

    /// Notes that a fault befalls a call.
    pub(super) fn failing(&self, ticket: Ticket, fault: &str) {
        if let Some(request) = self.state().find(ticket) {
            request.faults.push(fault.to_owned());
        }
    }

    /// Notes the status that a call was answered with.
    pub(super) fn answered(&self, ticket: Ticket, status: u16) {
        if let Some(request) = self.state().find(ticket) {
            request.status = Some(status);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&mut self, ticket: Ticket) -> Option<&mut Request> {
        if ticket.epoch != self.epoch {
            return None;
        }
        // Numbers are consecutive, so the place follows from the oldest that is kept.
        let first = self.kept.front()?.number;
        self.kept.get_mut(usize::try_from(ticket.number.checked_sub(first)?).ok()?)
    }
}
