//! What went wrong at a service, classified by its guide, not by its status alone.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a failure means for what we do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureClass {
    /// Nothing happened; the same call may succeed at once.
    Retry,
    /// Nothing happened; the service is down, busy, or asks to wait.
    Later,
    /// The service will not do it, however often it is asked.
    Refused,
    /// Our account lacks a right, or our credentials are wrong.
    MissingRights,
    /// The object, or what it lies in, is not there.
    Gone,
    /// Somebody else holds the name, or the object changed since it was read.
    Conflict,
    /// It may or may not have happened; settled by reading, never by repeating.
    Unclear,
}

/// One failure: class, what the service said, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct Failure {
    /// What it means.
    pub class: FailureClass,
    /// What we were doing: "list people of realm 'acme'".
    pub doing: String,
    /// What the service said, redacted and cut to a readable length.
    pub said: String,
    /// What to do about it.
    pub help: String,
    /// Seconds that the service asked us to wait, if it did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry_after: Option<u64>,
}

impl Failure {
    /// A failure without advice.
    pub fn new(class: FailureClass, doing: impl Into<String>, said: impl Into<String>) -> Self {
        Self { class, doing: doing.into(), said: said.into(), help: String::new(), retry_after: None }
    }

    /// The same failure with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing, self.said)
    }
}
