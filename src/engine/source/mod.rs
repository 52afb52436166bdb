//! From the bytes of a revision to trees in which every value knows its place.
//!
//! [`read`] never fails and never runs on: what cannot be read is a [`Document`] without a tree, and everything that
//! a hostile file could blow up (size, depth, aliases, number of documents) is charged to [`Limits`].
//!
//! YAML is read by the 1.2 core schema, as Backstage reads it: `off` is text and `017` is seventeen. JSON goes
//! through the same tree after a strict check.

mod expand;
mod json;
mod scalar;
pub mod snapshot;
mod spans;
mod text;
mod yaml;

pub use snapshot::{FileEntry, Revision, Snapshot};
pub use spans::SpanTable;

use std::sync::Arc;

use serde_json::Value;

use crate::engine::diag::{Diagnostic, Span};

/// How much of a file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a file.
    pub file_bytes: usize,
    /// Levels of nesting.
    pub depth: usize,
    /// Documents in a file.
    pub documents: usize,
    /// Values in a file, with all aliases expanded.
    pub values: usize,
    /// Uses of aliases in a file.
    pub aliases: usize,
    /// Bytes of text in all values of a file and in the pointers to them, with all aliases expanded.
    pub text_bytes: usize,
}

/// One document of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The place of the document, or of what makes it unreadable.
    pub span: Span,
    /// Its contents; `None` where it cannot be read.
    pub tree: Option<Tree>,
    /// What is wrong with it. A document with a tree can have errors too (a key that appears twice).
    pub diagnostics: Vec<Diagnostic>,
}

/// The contents of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// The plain data. Of a key that appears twice, the first value.
    pub value: Value,
    /// The place of every value, by JSON pointer.
    pub spans: SpanTable,
    /// Pointers of keys that appear twice: what stands there is not to be relied on.
    pub ambiguous: Vec<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 1 << 20, depth: 64, documents: 1000, values: 500_000, aliases: 1000, text_bytes: 32 << 20 }
    }
}

impl Document {
    /// Whether it cannot be relied on as it stands.
    pub fn is_broken(&self) -> bool {
        self.tree.is_none() || self.diagnostics.iter().any(Diagnostic::is_error)
    }

    fn unreadable(file: &Arc<str>, problem: Diagnostic) -> Self {
        let span = problem.span.clone().unwrap_or_else(|| Span::start_of(file.clone()));
        Self { span, tree: None, diagnostics: vec![problem] }
    }
}

/// Reads all documents of a file. Empty documents are left out; a file that cannot be read at all is one document
/// without a tree.
pub fn read(path: &str, bytes: &[u8], limits: &Limits) -> Vec<Document> {
    let file: Arc<str> = path.into();
    let is_json = path.to_ascii_lowercase().ends_with(".json");
    let decoded = text::decode(&file, bytes, limits).and_then(|text| {
        if is_json {
            json::check(&file, &text)?;
        }
        Ok(text)
    });
    match decoded {
        Ok(text) => yaml::read(&file, &text, limits),
        Err(problem) => vec![Document::unreadable(&file, *problem)],
    }
}

#[cfg(test)]
mod tests;
