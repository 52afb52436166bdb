//! A problem as data: code, severity, place, message, help. Rendering is elsewhere.

mod span;

pub use span::{Mark, Span};

use serde::{Deserialize, Serialize};

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The document (or what depends on it) is taken out of the plan.
    Error,
    /// Something is probably not as intended; the plan goes on.
    Warning,
    /// Worth knowing.
    Note,
}

/// A stable code of a kind of problem, such as `FML0123`. Codes stand in one table and are never used again for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Code(pub &'static str);

/// One problem: what, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Diagnostic {
    /// Where; `None` for problems of the whole repository or of the config.
    pub span: Option<Span>,
    /// The stable code.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop, the object in quotes.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Other places that matter ("first declared here").
    pub related: Vec<(Span, String)>,
}
