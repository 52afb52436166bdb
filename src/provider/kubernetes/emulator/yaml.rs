//! YAML as the server reads it: the first document, with anchors, and words as in YAML 1.1.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

use super::yaml_scalar::resolved;

/// A document, and what stands in it twice: the line of the second key, and the key.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) value: Value,
    pub(super) twice: Vec<(usize, String)>,
}

/// Levels of a document that are read.
const DEEPEST: usize = 100;

/// Reads the first document; `None` where it is none that is imitated: broken ones are refused in words of the reader's own.
pub(super) fn read(text: &str) -> Option<Document> {
    // Signs that end lines in YAML 1.1 alone.
    if text.contains(['\u{85}', '\u{2028}', '\u{2029}']) || text.trim_start().starts_with('%') {
        return None;
    }
    let mut reader = Reader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        match event {
            Event::DocumentEnd | Event::StreamEnd => break,
            event => reader.take(event, span.start.line())?,
        }
    }
    Some(Document { value: reader.root?, twice: reader.twice })
}

#[derive(Debug, Default)]
struct Reader {
    open: Vec<(Node, usize)>,
    anchors: HashMap<usize, Value>,
    root: Option<Value>,
    twice: Vec<(usize, String)>,
}

/// What is being read.
#[derive(Debug)]
enum Node {
    List(Vec<Value>),
    /// Its own values, those that it takes from elsewhere, and the key whose value comes next.
    Map(Map<String, Value>, Map<String, Value>, Option<Key>),
}

#[derive(Debug)]
enum Key {
    Name(String),
    /// `<<`: the values of another map.
    Merge,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, line: usize) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some() {
                    return None;
                }
                let plain = style == ScalarStyle::Plain;
                if self.wants_key() {
                    return self.key(&text, plain, anchor, line);
                }
                let value = if plain { resolved(&text) } else { Value::String(text.into_owned()) };
                self.value(value, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => self.begin(Node::List(Vec::new()), anchor, tag.is_some()),
            Event::MappingStart(_, anchor, tag) => {
                self.begin(Node::Map(Map::new(), Map::new(), None), anchor, tag.is_some())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (node, anchor) = self.open.pop()?;
                let value = match node {
                    Node::List(items) => Value::Array(items),
                    Node::Map(own, mut all, _) => {
                        all.extend(own);
                        Value::Object(all)
                    }
                };
                self.value(value, anchor)
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor)?.clone();
                if self.wants_key() { None } else { self.value(value, 0) }
            }
            Event::UnresolvedAlias(_) => None,
            _ => Some(()),
        }
    }

    fn begin(&mut self, node: Node, anchor: usize, tagged: bool) -> Option<()> {
        if tagged || self.wants_key() || self.open.len() >= DEEPEST {
            return None;
        }
        self.open.push((node, anchor));
        Some(())
    }

    fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some((Node::Map(_, _, None), _)))
    }

    fn key(&mut self, text: &str, plain: bool, anchor: usize, line: usize) -> Option<()> {
        let Some((Node::Map(own, _, wanted), _)) = self.open.last_mut() else { return None };
        if plain && text == "<<" {
            *wanted = Some(Key::Merge);
            return Some(());
        }
        let name = match if plain { resolved(text) } else { Value::String(text.to_owned()) } {
            Value::String(name) => name,
            Value::Bool(truth) => truth.to_string(),
            Value::Number(number) if !number.is_f64() => number.to_string(),
            _ => return None,
        };
        if own.contains_key(&name) {
            // The words for keys that are none of text differ.
            if name != text {
                return None;
            }
            self.twice.push((line, name.clone()));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, Value::String(name.clone()));
        }
        *wanted = Some(Key::Name(name));
        Some(())
    }

    fn value(&mut self, value: Value, anchor: usize) -> Option<()> {
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut() {
            None => self.root = Some(value),
            Some((Node::List(items), _)) => items.push(value),
            Some((Node::Map(own, others, wanted), _)) => match (wanted.take()?, value) {
                (Key::Name(name), value) => drop(own.insert(name, value)),
                (Key::Merge, Value::Object(more)) => {
                    for (name, value) in more {
                        others.entry(name).or_insert(value);
                    }
                }
                (Key::Merge, _) => return None,
            },
        }
        Some(())
    }
}
