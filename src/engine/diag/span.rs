//! A place in a file of the mono-repo.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A place in a file of the mono-repo. Lines and columns count from 1; a column counts characters.
///
/// Cheap to clone: every span of a file shares its path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Path from the root of the mono-repo, with forward slashes.
    #[serde(serialize_with = "write_shared", deserialize_with = "read_shared")]
    pub file: Arc<str>,
    /// Line of the first character, from 1.
    pub line: u32,
    /// Column of the first character, from 1, in characters.
    pub column: u32,
    /// Byte offset of the first character in the file.
    pub start: u32,
    /// Byte offset after the last character.
    pub end: u32,
}

/// A [`Span`] without its file: what a tree keeps of each of its nodes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// Line of the first character, from 1.
    pub line: u32,
    /// Column of the first character, from 1, in characters.
    pub column: u32,
    /// Byte offset of the first character in the file.
    pub start: u32,
    /// Byte offset after the last character.
    pub end: u32,
}

impl Span {
    /// The very start of a file, for problems of a file as a whole.
    pub fn start_of(file: impl Into<Arc<str>>) -> Self {
        Mark::START.in_file(&file.into())
    }
}

impl Mark {
    /// The first character of a file.
    pub const START: Self = Self { line: 1, column: 1, start: 0, end: 0 };

    /// The same place, with its file.
    pub fn in_file(self, file: &Arc<str>) -> Span {
        let Self { line, column, start, end } = self;
        Span { file: file.clone(), line, column, start, end }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

fn write_shared<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

fn read_shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    String::deserialize(deserializer).map(Arc::from)
}
