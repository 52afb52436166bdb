//! One file of strict JSON. Claude Code loads nothing at all from a file with a comment or a comma too many, and says so
//! nowhere (guide, section 1).

use serde_json::Value;

use crate::engine::diag::{Diagnostic, Span, codes};
use crate::engine::source::{self, FileEntry, Limits, SpanTable};

/// A file that could be read.
#[derive(Debug)]
pub(super) struct Document {
    pub value: Value,
    pub spans: SpanTable,
}

impl Document {
    /// The place of a value.
    pub(super) fn at(&self, pointer: &str) -> Span {
        self.spans.nearest(pointer)
    }

    /// The place of a key.
    pub(super) fn key(&self, pointer: &str) -> Span {
        self.spans.key(pointer).unwrap_or_else(|| self.at(pointer))
    }

    /// The texts of a list.
    pub(super) fn texts<'a>(&'a self, pointer: &'a str) -> impl Iterator<Item = (String, &'a str)> {
        let items = self.value.pointer(pointer).and_then(Value::as_array).into_iter().flatten().enumerate();
        items.filter_map(move |(index, item)| Some((format!("{pointer}/{index}"), item.as_str()?)))
    }
}

/// A pointer as people write keys: `sandbox.network.allowedDomains`.
pub(super) fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

/// Reads a file as Claude Code does, and says what it would make of one that it cannot read.
pub(super) fn read(path: &str, entry: &FileEntry) -> Result<Document, Vec<Diagnostic>> {
    let lost = if path.ends_with("managed-mcp.json") {
        "Claude Code would load nothing from this file, and every project's own servers would be there again"
    } else {
        "Claude Code would load nothing from this file, and say nothing"
    };
    let broken = |what: &str| {
        let problem = Diagnostic::error(codes::CLAUDE_NOT_LOADED, format!("file '{path}' {what}"));
        vec![problem.at(Span::start_of(path)).help(lost)]
    };
    let bytes = match entry {
        FileEntry::Blob(bytes) | FileEntry::Executable(bytes) => bytes,
        FileEntry::TooLarge(_) => return Err(broken("is larger than is read")),
        FileEntry::Unreadable(_) => return Err(broken("cannot be read")),
        FileEntry::Symlink(_) => return Err(broken("is a symbolic link, which is not followed")),
        FileEntry::Submodule => return Err(broken("is a submodule")),
    };
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(broken("begins with a byte order mark"));
    }
    let mut documents = source::read(path, bytes, &Limits::default());
    let problems: Vec<Diagnostic> = documents.iter_mut().flat_map(|it| std::mem::take(&mut it.diagnostics)).collect();
    let errors = problems.into_iter().filter(Diagnostic::is_error);
    let errors: Vec<Diagnostic> =
        errors.map(|it| Diagnostic { code: codes::CLAUDE_NOT_LOADED, ..it.help(lost) }).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    match documents.pop().and_then(|it| it.tree) {
        Some(tree) if tree.value.is_object() => Ok(Document { value: tree.value, spans: tree.spans }),
        Some(_) => Err(broken("holds no object")),
        None => Err(broken("is empty")),
    }
}
