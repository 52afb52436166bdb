//! From YAML events to an arena of nodes: the one file that knows the parser.
//!
//! A node is held once, however often an alias names it; what aliases amount to is settled in [`super::expand`].
//! After an error the parser goes on at the next document.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StructureStyle, Tag};
use serde_json::Value;

use crate::engine::diag::{Diagnostic, Mark, codes};

use super::expand::{Budget, expand, too_deep};
use super::scalar::{self, CoreTag, ScalarError};
use super::text::{Text, narrow};
use super::{Document, Limits};

/// The nodes of one document. A node refers to others by their place in the arena.
#[derive(Debug, Default)]
pub(super) struct Arena {
    pub(super) nodes: Vec<Node>,
}

pub(super) type NodeId = usize;

#[derive(Debug)]
pub(super) struct Node {
    pub(super) mark: Mark,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    /// A value without parts.
    Scalar(Value),
    List(Vec<NodeId>),
    /// Pairs in the order written.
    Map(Vec<(Key, NodeId)>),
    /// What an anchor holds; always a node that is complete.
    Alias(NodeId),
    /// A list or mapping whose end has not been seen.
    Open,
}

#[derive(Debug)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) mark: Mark,
    /// `<<` without quotes.
    pub(super) merge: bool,
}

pub(super) fn read(file: &Arc<str>, text: &Text<'_>, limits: &Limits) -> Vec<Document> {
    let mut options = granit_parser::options! {
        emit_unresolved_aliases: true,
        // One more than is allowed, so that the builder sees the level that is too deep and can say so.
        flow_nesting_limit: limits.depth + 1,
        block_nesting_limit: limits.depth + 1,
    };
    options.set_emit_comments(false);
    let mut parser = Parser::new_from_str_with_options(text.text, options);
    let mut budget = Budget::new(limits);
    let mut documents = Vec::new();
    let mut builder = Builder::new(file, text, limits);
    while let Some(event) = parser.next_event() {
        let end = match event {
            Ok((Event::StreamEnd, _)) => break,
            Ok((Event::DocumentStart(..), span)) => {
                builder = Builder::new(file, text, limits);
                builder.start = builder.mark(span.start, span.start);
                continue;
            }
            Ok((Event::DocumentEnd, _)) => {
                documents.extend(std::mem::replace(&mut builder, Builder::new(file, text, limits)).finish(&mut budget));
                None
            }
            Ok((event, span)) => builder.take(event, &span).err(),
            Err(error) => Some(syntax(&builder, &error)),
        };
        if let Some(diagnostic) = end {
            documents.push(Document::unreadable(file, *diagnostic));
            if !matches!(parser.proceed_next_document(), Ok(true)) {
                break;
            }
        }
        if documents.len() >= limits.documents {
            if matches!(parser.next_event(), Some(Ok((Event::DocumentStart(..), _)) | Err(_))) {
                documents.push(too_many(file, limits));
            }
            break;
        }
    }
    documents
}

/// Builds the arena of one document.
struct Builder<'a> {
    file: &'a Arc<str>,
    text: &'a Text<'a>,
    limits: &'a Limits,
    start: Mark,
    arena: Arena,
    open: Vec<Frame>,
    root: Option<NodeId>,
    anchors: HashMap<usize, NodeId>,
    aliases: usize,
    diagnostics: Vec<Diagnostic>,
}

/// A list or mapping that is being read.
struct Frame {
    node: NodeId,
    /// Flow style: the closing bracket is part of its place.
    flow: bool,
    children: Children,
    last: Mark,
}

enum Children {
    List(Vec<NodeId>),
    Map { pairs: Vec<(Key, NodeId)>, key: Option<Key> },
}

impl<'a> Builder<'a> {
    fn new(file: &'a Arc<str>, text: &'a Text<'a>, limits: &'a Limits) -> Self {
        Self {
            file,
            text,
            limits,
            start: Mark::START,
            arena: Arena::default(),
            open: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            aliases: 0,
            diagnostics: Vec::new(),
        }
    }

    fn finish(mut self, budget: &mut Budget) -> Option<Document> {
        let root = self.root?;
        let span = self.arena.nodes[root].mark.in_file(self.file);
        if matches!(self.arena.nodes[root].content, Content::Scalar(Value::Null)) {
            return None;
        }
        match expand(&self.arena, root, self.file, budget, &mut self.diagnostics) {
            Ok(tree) => Some(Document { span, tree: Some(tree), diagnostics: self.diagnostics }),
            Err(problem) => Some(Document::unreadable(self.file, *problem)),
        }
    }

    /// Takes one event of a document's contents; an error means that the document cannot be read.
    fn take(&mut self, event: Event<'_>, span: &granit_parser::Span) -> Result<(), Box<Diagnostic>> {
        let mark = self.mark(span.start, span.end);
        match event {
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag.as_deref(), mark),
            Event::SequenceStart(style, anchor, tag) => {
                self.tag(tag.as_deref(), Some(CoreTag::List), mark);
                self.begin(Children::List(Vec::new()), style, anchor, mark)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.tag(tag.as_deref(), Some(CoreTag::Map), mark);
                self.begin(Children::Map { pairs: Vec::new(), key: None }, style, anchor, mark)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.end(mark);
                Ok(())
            }
            Event::Alias(anchor) => self.alias(anchor, mark),
            Event::UnresolvedAlias(name) => {
                self.bad_alias(&name, mark);
                self.add(Content::Scalar(Value::Null), mark).map(drop)
            }
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        mark: Mark,
    ) -> Result<(), Box<Diagnostic>> {
        let plain = style == ScalarStyle::Plain;
        if self.wants_key() {
            return self.scalar_key(text, plain, mark);
        }
        // `!` alone says that the word is text.
        let tag = match tag {
            Some(tag) if tag.handle().is_empty() && tag.suffix() == "!" => Some(CoreTag::Text),
            tag => self.tag(tag, None, mark),
        };
        if plain
            && tag.is_none()
            && let Some(instead) = scalar::lookalike(text)
        {
            let message = format!("'{text}' is read differently by different tools");
            self.report(Diagnostic::warning(codes::LOOKALIKE, message).help(format!("write {instead}")), mark);
        }
        let value = scalar::resolve(text, plain, tag).unwrap_or_else(|error| {
            let problem = match error {
                ScalarError::Tag => Diagnostic::error(codes::UNKNOWN_TAG, format!("'{text}' does not fit its tag")),
                ScalarError::Number => Diagnostic::error(codes::BAD_NUMBER, format!("number '{text}' cannot be kept"))
                    .help("put it in quotes if it is text"),
            };
            self.report(problem, mark);
            Value::String(text.to_owned())
        });
        let node = self.add(Content::Scalar(value), mark)?;
        self.anchor(anchor, node);
        Ok(())
    }

    fn scalar_key(&mut self, text: &str, plain: bool, mark: Mark) -> Result<(), Box<Diagnostic>> {
        if plain && matches!(text, "" | "~" | "null" | "Null" | "NULL") {
            self.report(Diagnostic::error(codes::BAD_KEY, "a key is empty").help("write the key"), mark);
        }
        let merge = plain && text == "<<";
        self.key(Key { text: text.to_owned(), mark, merge });
        Ok(())
    }

    fn begin(
        &mut self,
        children: Children,
        style: StructureStyle,
        anchor: usize,
        mark: Mark,
    ) -> Result<(), Box<Diagnostic>> {
        if self.open.len() >= self.limits.depth {
            return Err(Box::new(too_deep(self.limits.depth).at(mark.in_file(self.file))));
        }
        if self.wants_key() {
            let problem = Diagnostic::error(codes::BAD_KEY, "a list or mapping stands as a key")
                .help("put the value in quotes if it is text, such as an expression in braces");
            return Err(Box::new(problem.at(mark.in_file(self.file))));
        }
        let flow = style == StructureStyle::Flow;
        let node = self.add(Content::Open, mark)?;
        self.anchor(anchor, node);
        self.open.push(Frame { node, flow, children, last: mark });
        Ok(())
    }

    fn end(&mut self, mark: Mark) {
        let Some(frame) = self.open.pop() else { return };
        let end = if frame.flow { mark } else { frame.last };
        let node = &mut self.arena.nodes[frame.node];
        node.mark.end = end.end.max(node.mark.start);
        node.content = match frame.children {
            Children::List(items) => Content::List(items),
            Children::Map { pairs, .. } => Content::Map(pairs),
        };
        let mark = node.mark;
        if let Some(above) = self.open.last_mut() {
            above.last = mark;
        }
    }

    fn alias(&mut self, anchor: usize, mark: Mark) -> Result<(), Box<Diagnostic>> {
        self.aliases += 1;
        if self.aliases > self.limits.aliases {
            let message = format!("the document uses more than {} aliases", self.limits.aliases);
            let problem = Diagnostic::error(codes::EXPANSION, message).help("write the values out");
            return Err(Box::new(problem.at(mark.in_file(self.file))));
        }
        if self.wants_key() {
            self.report(Diagnostic::error(codes::BAD_KEY, "an alias stands as a key").help("write the key out"), mark);
            self.key(Key { text: String::new(), mark, merge: false });
            return Ok(());
        }
        let complete =
            self.anchors.get(&anchor).copied().filter(|node| !matches!(self.arena.nodes[*node].content, Content::Open));
        let content = match complete {
            Some(node) => Content::Alias(node),
            None => {
                let problem = Diagnostic::error(codes::BAD_ALIAS, "an alias stands inside what it names");
                self.report(problem.help("write the value out"), mark);
                Content::Scalar(Value::Null)
            }
        };
        self.add(content, mark).map(drop)
    }

    /// Adds a node where the document is being read.
    fn add(&mut self, content: Content, mark: Mark) -> Result<NodeId, Box<Diagnostic>> {
        let id = self.arena.nodes.len();
        if id >= self.limits.values {
            let message = format!("the file holds more than {} values", self.limits.values);
            let problem = Diagnostic::error(codes::EXPANSION, message).help("split the file");
            return Err(Box::new(problem.at(mark.in_file(self.file))));
        }
        self.arena.nodes.push(Node { mark, content });
        match self.open.last_mut() {
            None => self.root = Some(id),
            Some(frame) => {
                frame.last = mark;
                match &mut frame.children {
                    Children::List(items) => items.push(id),
                    Children::Map { pairs, key } => {
                        // A missing key cannot happen: the events of a mapping alternate. An empty one is harmless.
                        let key = key.take().unwrap_or_else(|| Key { text: String::new(), mark, merge: false });
                        pairs.push((key, id));
                    }
                }
            }
        }
        Ok(id)
    }

    fn key(&mut self, read: Key) {
        if let Some(Frame { children: Children::Map { key, .. }, last, .. }) = self.open.last_mut() {
            *last = read.mark;
            *key = Some(read);
        }
    }

    fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Frame { children: Children::Map { key: None, .. }, .. }))
    }

    fn anchor(&mut self, anchor: usize, node: NodeId) {
        if anchor > 0 {
            self.anchors.insert(anchor, node);
        }
    }

    /// The core tag on a node; one that is unknown, or unfit for a collection, is reported.
    fn tag(&mut self, tag: Option<&Tag>, collection: Option<CoreTag>, mark: Mark) -> Option<CoreTag> {
        let tag = tag?;
        let core = tag.core_suffix().and_then(CoreTag::named);
        if core.is_none() || (collection.is_some() && core != collection) {
            let message = format!("tag '{}' means nothing here", tag.original());
            self.report(
                Diagnostic::error(codes::UNKNOWN_TAG, message).help("remove the tag and write the value"),
                mark,
            );
            return None;
        }
        core
    }

    fn bad_alias(&mut self, name: &str, mark: Mark) {
        let problem = Diagnostic::error(codes::BAD_ALIAS, format!("alias '{name}' names no anchor before it"));
        self.report(problem.help(format!("define '&{name}' above in the same document, or write the value out")), mark);
    }

    fn report(&mut self, diagnostic: Diagnostic, mark: Mark) {
        self.diagnostics.push(diagnostic.at(mark.in_file(self.file)));
    }

    fn mark(&self, start: Marker, end: Marker) -> Mark {
        let length = self.text.text.len();
        let offset = |marker: Marker| marker.byte_offset().unwrap_or(length).min(length);
        let (first, after) = (offset(start), offset(end));
        Mark {
            line: narrow(start.line()).max(1),
            column: narrow(start.col()).saturating_add(1),
            start: narrow(first).saturating_add(self.text.skipped),
            end: narrow(after.max(first)).saturating_add(self.text.skipped),
        }
    }
}

/// What to say of a parser's error: its place, its reason, and what to do about the frequent ones.
fn syntax(builder: &Builder<'_>, error: &ScanError) -> Box<Diagnostic> {
    use granit_parser::ErrorKind as Kind;
    let mark = builder.mark(*error.marker(), *error.marker());
    let help = match error.kind() {
        Kind::RecursionLimitExceeded => {
            return Box::new(too_deep(builder.limits.depth).at(mark.in_file(builder.file)));
        }
        Kind::TabNotAllowed
        | Kind::TabInBlockIndentation
        | Kind::TabInIndentation
        | Kind::TabInPlainScalar
        | Kind::TabAtBlockScalarStart => "indent by spaces; YAML allows no tabs there",
        Kind::UnclosedQuotedScalar => "close the quote",
        Kind::UnclosedFlowCollection { .. }
        | Kind::UnexpectedEofFlowMapping
        | Kind::UnexpectedEofFlowSequence
        | Kind::ExpectedFlowMappingSeparator
        | Kind::ExpectedFlowSequenceSeparator => "close the bracket, or put a comma between the values",
        Kind::MappingValueNotAllowed => "put the value in quotes if it holds ': ', or correct the indentation",
        Kind::SimpleKeyExpected | Kind::ExpectedBlockMappingKey | Kind::InvalidIndentation => {
            "a ':' is missing after a key, or a line is indented wrongly"
        }
        Kind::UnexpectedCharacter { .. } => "put the value in quotes",
        _ => "correct the text at this place",
    };
    let reason = error.info();
    let reason = reason.rsplit(", ").next().unwrap_or(&reason).trim_start_matches("did not find ");
    let diagnostic = Diagnostic::error(codes::YAML_SYNTAX, format!("the text is not YAML: {reason}"));
    Box::new(diagnostic.at(mark.in_file(builder.file)).help(help))
}

fn too_many(file: &Arc<str>, limits: &Limits) -> Document {
    let message = format!("file '{file}' holds more than {} documents; the others are not read", limits.documents);
    let problem = Diagnostic::error(codes::TOO_MANY_DOCUMENTS, message).help("split it into several files");
    Document::unreadable(file, problem.at(Mark::START.in_file(file)))
}
