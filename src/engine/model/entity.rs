//! The name of a catalogue entity: `user:default/alice`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The namespace of an entity that names none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// The identity of an entity: kind, namespace and name, all in lower case, because Backstage holds `Alice` and
/// `alice` to be one. Cheap to clone.
///
/// ```
/// use formulary::engine::model::entity::EntityRef;
///
/// let alice: EntityRef = "User:default/Alice".parse().unwrap();
/// assert_eq!(alice.to_string(), "user:default/alice");
/// assert_eq!(alice, EntityRef::parse("alice", "user", "default").unwrap());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityRef {
    /// The whole in canonical form; kind and namespace are slices of it.
    text: Arc<str>,
    kind_end: u16,
    namespace_end: u16,
}

/// Why a text is not an entity reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntityRefError {
    /// The reference, or its name, is empty.
    #[error("an entity reference is empty")]
    Empty,
    /// The reference names no kind and nothing supplies one.
    #[error("entity reference '{0}' names no kind")]
    NoKind(String),
    /// The kind is not a letter followed by letters and digits, at most 63.
    #[error("'{0}' is not a kind (a letter, then letters and digits, at most 63)")]
    Kind(String),
    /// The namespace is not a DNS label in lower case, at most 63 characters.
    #[error("'{0}' is not a namespace (lower-case letters and digits, joined by '-', at most 63)")]
    Namespace(String),
    /// The name breaks Backstage's rule for names.
    #[error("'{0}' is not a name (letters and digits, with '-', '_' and '.' inside, at most 63)")]
    Name(String),
}

impl EntityRef {
    /// The reference of an entity whose parts are known to be valid; they are put in lower case.
    pub fn new(kind: &str, namespace: &str, name: &str) -> Self {
        let text = format!("{kind}:{namespace}/{name}").to_lowercase();
        let kind_end = text.find(':').unwrap_or(0);
        let namespace_end = text.find('/').unwrap_or(kind_end);
        // Parts that hold a valid name have at most 63 characters; a longer one is cut in what the accessors tell,
        // never in the identity.
        let short = |length: usize| u16::try_from(length).unwrap_or(0);
        Self { kind_end: short(kind_end), namespace_end: short(namespace_end), text: text.into() }
    }

    /// A user of the default namespace.
    pub fn user(name: &str) -> Self {
        Self::new("user", DEFAULT_NAMESPACE, name)
    }

    /// A group of the default namespace.
    pub fn group(name: &str) -> Self {
        Self::new("group", DEFAULT_NAMESPACE, name)
    }

    /// Reads Backstage's `[kind:][namespace/]name`; what is not said comes from the field that holds the reference
    /// (kind) and from the entity that holds the field (namespace).
    pub fn parse(text: &str, default_kind: &str, default_namespace: &str) -> Result<Self, EntityRefError> {
        let (kind, rest) = text.split_once(':').unwrap_or((default_kind, text));
        let (namespace, name) = rest.split_once('/').unwrap_or((default_namespace, rest));
        if name.is_empty() {
            return Err(EntityRefError::Empty);
        }
        if kind.is_empty() {
            return Err(EntityRefError::NoKind(text.into()));
        }
        if !is_kind(kind) {
            return Err(EntityRefError::Kind(kind.into()));
        }
        if !is_namespace(&namespace.to_lowercase()) {
            return Err(EntityRefError::Namespace(namespace.into()));
        }
        if !is_name(name) {
            return Err(EntityRefError::Name(name.into()));
        }
        Ok(Self::new(kind, namespace, name))
    }

    /// `user`, `group`, `component`, …
    pub fn kind(&self) -> &str {
        &self.text[..usize::from(self.kind_end)]
    }

    /// The namespace, `default` where none was written.
    pub fn namespace(&self) -> &str {
        self.text.get(usize::from(self.kind_end) + 1..usize::from(self.namespace_end)).unwrap_or_default()
    }

    /// The name, folded to lower case.
    pub fn name(&self) -> &str {
        self.text.get(usize::from(self.namespace_end) + 1..).unwrap_or_default()
    }

    /// The whole, as Backstage writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntityRef({})", self.text)
    }
}

impl FromStr for EntityRef {
    type Err = EntityRefError;

    /// Reads a reference that names its kind; the namespace may be left out.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, "", DEFAULT_NAMESPACE)
    }
}

impl Serialize for EntityRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for EntityRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether a text may be a kind: a letter, then letters and digits, at most 63.
pub fn is_kind(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// Whether a text may be a namespace: a DNS label in lower case, at most 63.
pub fn is_namespace(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .split('-')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

/// Whether a text may be a name: 1 to 63 letters, digits, `-`, `_` and `.`, a letter or digit at both ends.
pub fn is_name(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && [text.chars().next(), text.chars().next_back()]
            .into_iter()
            .all(|end| end.is_some_and(|c| c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_not_written_come_from_the_field_and_the_entity() {
        let full = EntityRef::parse("group:labs/research", "user", "default").unwrap();
        assert_eq!((full.kind(), full.namespace(), full.name()), ("group", "labs", "research"));
        assert_eq!(EntityRef::parse("Alice", "user", "labs").unwrap().as_str(), "user:labs/alice");
        assert_eq!("user:alice".parse::<EntityRef>().unwrap(), EntityRef::user("alice"));
    }

    #[test]
    fn what_is_no_reference_says_which_part() {
        let error = |text: &str| EntityRef::parse(text, "user", "default").unwrap_err();
        assert_eq!(error(""), EntityRefError::Empty);
        assert_eq!(error("user:"), EntityRefError::Empty);
        assert_eq!(error("1x:alice"), EntityRefError::Kind("1x".into()));
        assert_eq!(error("a_b/alice"), EntityRefError::Namespace("a_b".into()));
        assert_eq!(error("-alice"), EntityRefError::Name("-alice".into()));
        assert_eq!(error("user:default/a/b"), EntityRefError::Name("a/b".into()));
        assert_eq!("alice".parse::<EntityRef>().unwrap_err(), EntityRefError::NoKind("alice".into()));
    }

    proptest::proptest! {
        #[test]
        fn reading_what_was_written_gives_the_same(text in ".{0,40}") {
            if let Ok(entity) = EntityRef::parse(&text, "user", "default") {
                proptest::prop_assert_eq!(entity.as_str().parse::<EntityRef>().unwrap(), entity);
            }
        }
    }
}
