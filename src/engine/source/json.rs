//! JSON is YAML to the tree, but not to its author: a strict check first.

use std::sync::Arc;

use serde::de::IgnoredAny;

use crate::engine::diag::{Diagnostic, codes};

use super::text::Text;

/// Refuses what is YAML and not JSON, at its place.
pub(super) fn check(file: &Arc<str>, text: &Text<'_>) -> Result<(), Box<Diagnostic>> {
    if text.text.trim().is_empty() {
        return Ok(());
    }
    let Err(error) = serde_json::from_str::<IgnoredAny>(text.text) else {
        return Ok(());
    };
    let line_start = text.text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let mark = text.mark_at(line_start + error.column().saturating_sub(1));
    let message = error.to_string();
    let reason = message.split(" at line ").next().unwrap_or_default();
    if reason.contains("recursion limit") {
        return Err(Diagnostic::error(codes::TOO_DEEP, "the document is nested too deeply")
            .at(mark.in_file(file))
            .into());
    }
    Err(Diagnostic::error(codes::JSON_SYNTAX, format!("file '{file}' is not JSON: {reason}"))
        .at(mark.in_file(file))
        .help("correct it, or name the file '.yaml' if it is meant to be YAML")
        .into())
}
