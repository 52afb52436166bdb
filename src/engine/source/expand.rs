//! From the arena of a document to plain data and a table of places: aliases and merge keys settled, within a budget.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::engine::diag::{Diagnostic, Mark, Span, codes};

use super::spans::SpanTable;
use super::yaml::{Arena, Content, Key, NodeId};
use super::{Limits, Tree};

/// What the documents of a file may still amount to.
pub(super) struct Budget {
    depth: usize,
    values: usize,
    text_bytes: usize,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { depth: limits.depth, values: limits.values, text_bytes: limits.text_bytes }
    }
}

/// The contents of a document. Problems that leave it readable go to `diagnostics`; an error means that it is not.
pub(super) fn expand(
    arena: &Arena,
    root: NodeId,
    file: &Arc<str>,
    budget: &mut Budget,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Tree, Box<Diagnostic>> {
    let mut walk = Walk { arena, file, budget, diagnostics, places: Vec::new(), ambiguous: Vec::new(), alias: None };
    let mut pointer = String::new();
    let value = walk.node(root, arena.nodes[root].mark, None, &mut pointer, 0)?;
    let Walk { places, ambiguous, .. } = walk;
    Ok(Tree { value, spans: SpanTable::new(file.clone(), places), ambiguous })
}

struct Walk<'a> {
    arena: &'a Arena,
    file: &'a Arc<str>,
    budget: &'a mut Budget,
    diagnostics: &'a mut Vec<Diagnostic>,
    places: Vec<(String, Mark, Option<Mark>)>,
    ambiguous: Vec<String>,
    /// The alias that is being expanded, not one inside what it names.
    alias: Option<Mark>,
}

impl<'a> Walk<'a> {
    /// The value of a node that stands at a pointer. `mark` is where it is used, which differs from where it is
    /// defined if an alias brought it here. Recursion is as deep as the document, which the budget bounds.
    fn node(
        &mut self,
        id: NodeId,
        mark: Mark,
        key: Option<Mark>,
        pointer: &mut String,
        depth: usize,
    ) -> Result<Value, Box<Diagnostic>> {
        let arena = self.arena;
        if depth > self.budget.depth {
            return Err(too_deep(self.budget.depth).at(self.place(mark)).into());
        }
        if let Content::Alias(target) = arena.nodes[id].content {
            let outermost = self.alias.is_none();
            self.alias = self.alias.or(Some(mark));
            let value = self.node(target, mark, key, pointer, depth)?;
            if outermost {
                self.alias = None;
            }
            return Ok(value);
        }
        self.charge(1, pointer.len(), mark)?;
        self.places.push((pointer.clone(), mark, key));
        match &arena.nodes[id].content {
            Content::Scalar(value) => {
                self.charge(0, value.as_str().map_or(0, str::len), mark)?;
                Ok(value.clone())
            }
            Content::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    let length = pointer.len();
                    *pointer += &format!("/{index}");
                    list.push(self.node(*item, arena.nodes[*item].mark, None, pointer, depth + 1)?);
                    pointer.truncate(length);
                }
                Ok(Value::Array(list))
            }
            Content::Map(pairs) => {
                let mut map = Map::with_capacity(pairs.len());
                for (key, value) in self.pairs(pairs, pointer, depth)? {
                    let length = pointer.len();
                    push_token(pointer, &key.text);
                    let value = self.node(value, arena.nodes[value].mark, Some(key.mark), pointer, depth + 1)?;
                    pointer.truncate(length);
                    map.insert(key.text.clone(), value);
                }
                Ok(Value::Object(map))
            }
            // Aliases were followed above, and a document is expanded only when every collection has ended.
            Content::Alias(_) | Content::Open => Ok(Value::Null),
        }
    }

    /// The pairs of a mapping, each key once: its own in the order written, then what merge keys bring.
    fn pairs(
        &mut self,
        pairs: &'a [(Key, NodeId)],
        pointer: &str,
        depth: usize,
    ) -> Result<Vec<(&'a Key, NodeId)>, Box<Diagnostic>> {
        let mut first: HashMap<&'a str, Mark> = HashMap::with_capacity(pairs.len());
        let mut all = Vec::with_capacity(pairs.len());
        let mut merges = Vec::new();
        for (key, value) in pairs {
            match first.get(key.text.as_str()) {
                Some(before) => self.duplicate(key, *before, pointer),
                None if key.merge => merges.push((key, *value)),
                None => all.push((key, *value)),
            }
            first.entry(&key.text).or_insert(key.mark);
        }
        for (key, value) in merges {
            let problem = Diagnostic::warning(codes::MERGE_KEY, "merge key '<<' is expanded here and not by Backstage");
            self.diagnostics.push(problem.at(key.mark.in_file(self.file)).help("write the keys out"));
            self.merge(value, depth, &mut first, &mut all)?;
        }
        Ok(all)
    }

    /// Adds the pairs of what a merge key names, where the mapping has no such key yet.
    fn merge(
        &mut self,
        id: NodeId,
        depth: usize,
        known: &mut HashMap<&'a str, Mark>,
        all: &mut Vec<(&'a Key, NodeId)>,
    ) -> Result<(), Box<Diagnostic>> {
        let arena = self.arena;
        let mark = arena.nodes[id].mark;
        if depth > self.budget.depth {
            return Err(too_deep(self.budget.depth).at(self.place(mark)).into());
        }
        match &arena.nodes[id].content {
            Content::Alias(target) => self.merge(*target, depth + 1, known, all),
            Content::Map(pairs) => {
                self.charge(pairs.len(), 0, mark)?;
                for (key, value) in pairs {
                    if key.merge {
                        self.merge(*value, depth + 1, known, all)?;
                    } else if !known.contains_key(key.text.as_str()) {
                        known.insert(&key.text, key.mark);
                        all.push((key, *value));
                    }
                }
                Ok(())
            }
            Content::List(items) => {
                self.charge(items.len(), 0, mark)?;
                items.iter().try_for_each(|item| self.merge(*item, depth + 1, known, all))
            }
            Content::Scalar(_) | Content::Open => {
                let problem = Diagnostic::error(codes::BAD_MERGE, "merge key '<<' has a value that is no mapping");
                let problem = problem.help("merge a mapping, or write the keys out");
                self.diagnostics.push(problem.at(mark.in_file(self.file)));
                Ok(())
            }
        }
    }

    fn duplicate(&mut self, key: &Key, before: Mark, pointer: &str) {
        let mut at = pointer.to_owned();
        push_token(&mut at, &key.text);
        self.ambiguous.push(at);
        let problem = Diagnostic::error(codes::DUPLICATE_KEY, format!("key '{}' appears twice", key.text))
            .at(key.mark.in_file(self.file))
            .help("keep one of them")
            .related(before.in_file(self.file), "first written here");
        self.diagnostics.push(problem);
    }

    /// Where to point for a limit that is reached: at the alias that reaches it, or at the value itself.
    fn place(&self, mark: Mark) -> Span {
        self.alias.unwrap_or(mark).in_file(self.file)
    }

    fn charge(&mut self, values: usize, bytes: usize, mark: Mark) -> Result<(), Box<Diagnostic>> {
        let left = self.budget.values.checked_sub(values).zip(self.budget.text_bytes.checked_sub(bytes));
        let Some((values, text_bytes)) = left else {
            return Err(Diagnostic::error(codes::EXPANSION, "the file grows too large when its aliases are expanded")
                .at(self.place(mark))
                .help("write out what you mean, or split the file")
                .into());
        };
        self.budget.values = values;
        self.budget.text_bytes = text_bytes;
        Ok(())
    }
}

/// What to say of a document beyond the depth that is read.
pub(super) fn too_deep(depth: usize) -> Diagnostic {
    Diagnostic::error(codes::TOO_DEEP, format!("the document is nested more than {depth} levels deep"))
        .help("flatten it")
}

/// Adds a token to a JSON pointer, escaped.
fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    for c in token.chars() {
        match c {
            '~' => *pointer += "~0",
            '/' => *pointer += "~1",
            _ => pointer.push(c),
        }
    }
}
