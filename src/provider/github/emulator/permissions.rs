//! What an App's installation or a fine-grained token may do: a level for each of GitHub's names.

use std::collections::BTreeMap;

use serde_json::Value;

/// How much, in rising order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Look.
    Read,
    /// Look and change.
    Write,
    /// Everything.
    Admin,
}

impl Level {
    /// The word that the API uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

/// A set of permissions by GitHub's names: `contents: read`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Permissions(pub BTreeMap<String, Level>);

impl Permissions {
    /// Permissions by name.
    pub fn of(pairs: &[(&str, Level)]) -> Self {
        Self(pairs.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect())
    }

    pub(super) fn allows(&self, name: &str, level: Level) -> bool {
        self.0.get(name).is_some_and(|held| *held >= level)
    }

    /// Whether everything in here is granted by `other` too.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().all(|(name, level)| other.allows(name, *level))
    }

    /// With `metadata: read`, which comes with every other permission.
    pub(super) fn completed(mut self) -> Self {
        if !self.0.is_empty() {
            self.0.entry("metadata".to_owned()).or_insert(Level::Read);
        }
        self
    }

    pub(super) fn show(&self) -> Value {
        self.0.iter().map(|(name, level)| (name.clone(), Value::from(level.word()))).collect()
    }
}

/// One permission that an operation wants.
pub(super) type Need = (&'static str, Level);

/// The needs as `X-Accepted-GitHub-Permissions` writes them: alternatives apart by semicolons.
pub(super) fn accepted(needs: &[Need]) -> String {
    needs.iter().map(|(name, level)| format!("{name}={}", level.word())).collect::<Vec<_>>().join("; ")
}
