//! A problem as data: code, severity, place, message, help.
//!
//! Whoever finds a problem makes a [`Diagnostic`] and hands it to a [`Collector`]; [`codes`] is the one table of all
//! kinds of problem, with a page on each; [`render`] turns a list into what a terminal, a machine or a forge shows.
//!
//! How to word a message: what is wrong, in lower case, no full stop, the object in single quotes. The help says
//! what to do, as a whole sentence without the full stop.

mod causes;
pub mod codes;
mod collector;
pub mod render;
mod span;
mod suggest;

pub use causes::with_causes;
pub use collector::Collector;
pub use span::{Mark, Span};
pub use suggest::{did_you_mean, nearest};

use std::fmt;

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

/// A stable code of a kind of problem, such as `FML0110`. Codes stand in one table and are never used again for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Code(pub &'static str);

/// One problem: what, where, and what to do about it.
///
/// The order of fields is the order in which problems are shown: by file and place first.
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

impl Diagnostic {
    /// A problem that takes its document out of the plan.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A problem that lets the plan go on.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// Something worth knowing.
    pub fn note(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message)
    }

    /// A problem of some severity, without a place yet.
    pub fn new(severity: Severity, code: Code, message: impl Into<String>) -> Self {
        Self { span: None, code, severity, message: message.into(), help: None, related: Vec::new() }
    }

    /// The same, with its place.
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// The same, with what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, with what to do about it if something is known.
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// The same, with another place that matters.
    pub fn related(mut self, span: Span, why: impl Into<String>) -> Self {
        self.related.push((span, why.into()));
        self
    }

    /// Whether it takes something out of the plan.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Diagnostic {
    /// The one-line form: `file:line:column: severity[CODE]: message`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(span) = &self.span {
            write!(f, "{span}: ")?;
        }
        write!(f, "{}[{}]: {}", self.severity, self.code, self.message)
    }
}
