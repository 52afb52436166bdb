//! From a JSON pointer to the place in the file: how an error of a later stage finds its line.

use std::sync::Arc;

use crate::engine::diag::{Mark, Span};

/// The places of all values of one document, by JSON pointer (`/spec/members/0`; the whole document is the empty
/// pointer). Kept small, because every declared entity carries one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanTable {
    file: Arc<str>,
    /// All pointers in order, one after the other; an entry knows where its own ends.
    pointers: String,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    pointer_end: u32,
    value: Mark,
    /// Line 0 where the value has no key (an item of a list, the document itself).
    key: Mark,
}

impl SpanTable {
    /// A table of values given as pointer, place of the value, and place of its key.
    pub fn new(file: Arc<str>, mut values: Vec<(String, Mark, Option<Mark>)>) -> Self {
        values.sort();
        let mut pointers = String::with_capacity(values.iter().map(|(pointer, ..)| pointer.len()).sum());
        let mut entries = Vec::with_capacity(values.len());
        for (pointer, value, key) in values {
            pointers.push_str(&pointer);
            let pointer_end = u32::try_from(pointers.len()).unwrap_or(u32::MAX);
            entries.push(Entry { pointer_end, value, key: key.unwrap_or_default() });
        }
        Self { file, pointers, entries }
    }

    /// The file that holds the document.
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// The place of the value at a pointer.
    pub fn value(&self, pointer: &str) -> Option<Span> {
        self.find(pointer).map(|entry| entry.value.in_file(&self.file))
    }

    /// The place of the key whose value is at a pointer; `None` for items of a list.
    pub fn key(&self, pointer: &str) -> Option<Span> {
        self.find(pointer).filter(|entry| entry.key.line > 0).map(|entry| entry.key.in_file(&self.file))
    }

    /// The place of the value at a pointer or, where nothing was written there, of the nearest one above it.
    pub fn nearest(&self, pointer: &str) -> Span {
        let mut pointer = pointer;
        loop {
            if let Some(span) = self.value(pointer) {
                return span;
            }
            match pointer.rfind('/') {
                Some(end) => pointer = &pointer[..end],
                None => return Span::start_of(self.file.clone()),
            }
        }
    }

    /// Every pointer of the document, in order.
    pub fn pointers(&self) -> impl Iterator<Item = &str> {
        (0..self.entries.len()).map(|index| self.pointer(index))
    }

    fn find(&self, pointer: &str) -> Option<&Entry> {
        let (mut low, mut high) = (0, self.entries.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.pointer(middle).cmp(pointer) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return self.entries.get(middle),
            }
        }
        None
    }

    fn pointer(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.entries[before].pointer_end);
        &self.pointers[start as usize..self.entries[index].pointer_end as usize]
    }
}
