//! One file by itself: is it a document, what does it declare, what is wrong with it.
//!
//! The result depends on the path, the bytes and the options alone, so that a file that did not change need not be
//! read again.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::sync::Arc;

use crate::engine::claude::Enterprise;
use crate::engine::diag::{Code, Diagnostic, Span, codes};
use crate::engine::model::entity::EntityRef;
use crate::engine::schema;
use crate::engine::source::{self, Document, FileEntry};

use super::Options;
use super::entity::{Draft, draft};
use super::identity::{Identity, Role, identify, mentions_backstage};

/// Files below which threads take longer to start than they save.
const WORTH_THREADS: usize = 200;

/// What one file declares.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedFile {
    pub(super) path: Arc<str>,
    pub(super) declarations: Vec<Declaration>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Set where some document could not be identified.
    pub(super) unread: Option<Unread>,
}

/// One identified entity.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Declaration {
    pub(super) reference: EntityRef,
    pub(super) role: Role,
    pub(super) span: Span,
    /// `None` where the document is broken.
    pub(super) draft: Option<Draft>,
}

/// What is known of the documents of a file that could not be identified.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unread {
    /// Problems that are errors only if the file is one of ours. None where there is nothing to say of it.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether the text itself says that it is for Backstage.
    pub(super) ours: bool,
    /// The words in the file and in its path, in lower case: what it could declare. `None` where that is anything.
    pub(super) words: Option<BTreeSet<String>>,
}

/// Reads every entry of a tree, in order of path, on every processor: no file's result depends on another's.
pub(super) fn parse_all(files: &BTreeMap<String, FileEntry>, options: &Options) -> Vec<ParsedFile> {
    let entries: Vec<(&String, &FileEntry)> = files.iter().collect();
    let parse = |part: &[(&String, &FileEntry)]| -> Vec<ParsedFile> {
        part.iter().filter_map(|(path, entry)| parse_file(path, entry, options)).collect()
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    if threads == 1 || entries.len() < WORTH_THREADS {
        return parse(&entries);
    }
    std::thread::scope(|scope| {
        let part = entries.len().div_ceil(threads);
        let parts: Vec<_> = entries.chunks(part).map(|part| scope.spawn(move || parse(part))).collect();
        let parsed = parts.into_iter().map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        parsed.flatten().collect()
    })
}

/// Reads one entry of the tree; `None` where it cannot be, or hide, a document.
pub fn parse_file(path: &str, entry: &FileEntry, options: &Options) -> Option<ParsedFile> {
    // What the enterprise says to Claude Code declares nothing, and is judged by rules of its own.
    if is_excluded(path, options) || Enterprise::holds(path) {
        return None;
    }
    let file: Arc<str> = path.into();
    if let Some(problem) = bad_path(&file) {
        return Some(ParsedFile { path: file, declarations: Vec::new(), diagnostics: vec![problem], unread: None });
    }
    let problem = match entry {
        FileEntry::Blob(bytes) | FileEntry::Executable(bytes) if is_document(path) => {
            return Some(parse_blob(file, bytes, options));
        }
        FileEntry::Blob(_) | FileEntry::Executable(_) => return None,
        FileEntry::Symlink(target) => {
            let message = format!("'{path}' is a symbolic link to '{target}', which is not followed");
            Diagnostic::error(codes::SYMLINK, message).help("put what it leads to there itself")
        }
        FileEntry::Submodule => {
            let message = format!("'{path}' is a submodule, which is not entered");
            Diagnostic::error(codes::SUBMODULE, message).help("bring the files into this repository")
        }
        FileEntry::TooLarge(_) if !is_document(path) => return None,
        FileEntry::TooLarge(bytes) => {
            let message = format!("file '{path}' has {bytes} bytes and is not read");
            Diagnostic::error(codes::FILE_TOO_LARGE, message).help("split it into several files")
        }
        FileEntry::Unreadable(reason) => {
            let message = format!("'{path}' cannot be read: {reason}");
            Diagnostic::error(codes::FILE_UNREADABLE, message).help("make it readable")
        }
    };
    // A link in the place of, say, `README.md` is nothing to speak of. It holds what was last declared there all the same.
    let link = matches!(entry, FileEntry::Symlink(_));
    let aside = link && !is_document(path) && !could_be_a_folder(path);
    let diagnostics = if aside { Vec::new() } else { vec![problem.at(Span::start_of(file.clone()))] };
    // A file that is there could declare anything; a link or a submodule stands for what its name says.
    let words = (link || matches!(entry, FileEntry::Submodule)).then(|| words_of(path));
    // What cannot be read for reasons of the machine leaves the whole revision in doubt, wherever it lies.
    let ours = matches!(entry, FileEntry::Unreadable(_));
    let unread = Unread { diagnostics, ours, words };
    Some(ParsedFile { path: file, declarations: Vec::new(), diagnostics: Vec::new(), unread: Some(unread) })
}

fn parse_blob(file: Arc<str>, bytes: &[u8], options: &Options) -> ParsedFile {
    let mut parsed = ParsedFile { path: file, declarations: Vec::new(), diagnostics: Vec::new(), unread: None };
    for document in source::read(&parsed.path, bytes, &options.limits) {
        parsed.take(document, bytes, options);
    }
    parsed
}

impl ParsedFile {
    fn take(&mut self, document: Document, bytes: &[u8], options: &Options) {
        let Document { span, tree, mut diagnostics } = document;
        let Some(tree) = tree else {
            return self.unread(diagnostics, bytes);
        };
        match identify(&tree, &span) {
            Identity::Foreign => {}
            Identity::Unknown(problem) => {
                diagnostics.push(problem);
                self.unread(diagnostics, bytes);
                // It says itself that it is an entity.
                if let Some(unread) = &mut self.unread {
                    unread.ours = true;
                }
            }
            Identity::Known { reference, role, problem } => {
                let format = role.format(reference.kind());
                let mut broken = schema::check(format, &tree.value, &tree.spans);
                // The format says the same of a wrong kind or version, in other words.
                broken.retain(|it| problem.as_ref().is_none_or(|problem| problem.span != it.span));
                diagnostics.extend(broken);
                diagnostics.extend(problem);
                let mut built = None;
                if !diagnostics.iter().any(Diagnostic::is_error) {
                    built = draft(&reference, role, &tree, &span, &mut diagnostics);
                    built.iter_mut().for_each(|it| it.entity.name_installations(options));
                }
                let sound = !diagnostics.iter().any(Diagnostic::is_error);
                self.declarations.push(Declaration { reference, role, span, draft: built.filter(|_| sound) });
                self.diagnostics.extend(diagnostics);
            }
        }
    }

    fn unread(&mut self, diagnostics: Vec<Diagnostic>, bytes: &[u8]) {
        let path = &self.path;
        // Of bytes that are no text, nothing is known.
        let opaque = diagnostics.iter().any(|it| OPAQUE.contains(&it.code));
        let unread = self.unread.get_or_insert_with(|| {
            let text = std::str::from_utf8(bytes).ok().filter(|_| !opaque);
            let words = text.map(|text| words_of(text).into_iter().chain(words_of(path)).collect());
            Unread { diagnostics: Vec::new(), ours: text.is_some_and(mentions_backstage), words }
        });
        unread.diagnostics.extend(diagnostics);
    }
}

/// Problems that leave nothing to be read in a file.
const OPAQUE: [Code; 4] = [codes::NOT_UTF8, codes::LFS_POINTER, codes::CONTROL_CHARACTER, codes::FILE_TOO_LARGE];

/// Whether a file is a document by its name.
fn is_document(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["yaml", "yml", "json"].iter().any(|it| extension.eq_ignore_ascii_case(it))
}

fn could_be_a_folder(path: &str) -> bool {
    !path.rsplit('/').next().unwrap_or_default().contains('.')
}

fn is_excluded(path: &str, options: &Options) -> bool {
    let hidden = |part: &str| (part.starts_with('.') && part.len() > 1 && part != "..") || part == "node_modules";
    path.split('/').any(hidden)
        || options.exclude.iter().any(|folder| {
            let folder = folder.trim_end_matches('/');
            path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        })
}

fn bad_path(path: &Arc<str>) -> Option<Diagnostic> {
    let odd = |part: &str| part.is_empty() || part == "." || part == "..";
    if !path.split('/').any(odd) && !path.contains(|c: char| c.is_control() || c == '\\') {
        return None;
    }
    let message = format!("path '{path}' is not acceptable; the file is not read");
    Some(
        Diagnostic::error(codes::BAD_PATH, message)
            .at(Span::start_of(path.clone()))
            .help("remove the entry, and find out who made the commit"),
    )
}

/// The words of a text that could be names of entities, in lower case.
fn words_of(text: &str) -> BTreeSet<String> {
    let in_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut words = BTreeSet::new();
    for word in text.split(|c| !in_name(c)).map(|word| word.trim_matches(['-', '_', '.'])) {
        if (1..=63).contains(&word.len()) {
            words.insert(word.to_ascii_lowercase());
        }
        // A path holds the name without its ending.
        if let Some((stem, "yaml" | "yml" | "json")) = word.rsplit_once('.') {
            words.insert(stem.to_ascii_lowercase());
        }
    }
    words
}
