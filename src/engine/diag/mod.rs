//! A problem as data: code, severity, place, message, help. Rendering is elsewhere.

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

/// A place in a file of the mono-repo. Lines and columns count from 1; a column counts characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Path from the root of the mono-repo, with forward slashes.
    pub file: String,
    /// Line of the first character, from 1.
    pub line: u32,
    /// Column of the first character, from 1, in characters.
    pub column: u32,
    /// Byte offset of the first character in the file.
    pub start: u32,
    /// Byte offset after the last character.
    pub end: u32,
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
