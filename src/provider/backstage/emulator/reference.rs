//! Entity references: `[kind:][namespace/]name`, all lower case when they are written out.

use serde_json::Value;

/// The identity of an entity, folded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Reference {
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Reference {
    pub(super) fn new(kind: &str, namespace: &str, name: &str) -> Self {
        let fold = str::to_lowercase;
        Self { kind: fold(kind), namespace: fold(namespace), name: fold(name) }
    }

    /// That of an entity; a missing namespace is `default`.
    pub(super) fn of(entity: &Value) -> Self {
        let text = |pointer: &str| entity.pointer(pointer).and_then(Value::as_str).filter(|it| !it.is_empty());
        let namespace = text("/metadata/namespace").unwrap_or("default");
        Self::new(text("/kind").unwrap_or_default(), namespace, text("/metadata/name").unwrap_or_default())
    }

    /// Reads a reference. Without a default kind one must be written.
    pub(super) fn parse(text: &str, default_kind: Option<&str>, default_namespace: &str) -> Result<Self, String> {
        let (kind, rest) = match text.split_once(':') {
            Some((kind, rest)) => (Some(kind), rest),
            None => (None, text),
        };
        let (namespace, name) = match rest.split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, rest),
        };
        let is_bad = |part: &str| part.is_empty() || part.contains([':', '/']);
        if [kind, namespace, Some(name)].into_iter().flatten().any(is_bad) {
            return Err(format!(
                "Entity reference \"{text}\" was not on the form [<kind>:][<namespace>/]<name>"
            ));
        }
        let Some(kind) = kind.or(default_kind) else {
            return Err(format!(
                "Entity reference \"{text}\" had missing or empty kind (e.g. did not start with \"component:\" or similar)"
            ));
        };
        Ok(Self::new(kind, namespace.unwrap_or(default_namespace), name))
    }

    /// Reads a whole reference; `None` for one that leaves something out.
    pub(super) fn whole(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let (namespace, name) = rest.split_once('/')?;
        Some(Self::new(kind, namespace, name))
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}/{}", self.kind, self.namespace, self.name)
    }
}
