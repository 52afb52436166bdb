//! How far we may go: modes, extents, budgets, exceptions. All of it is data from the config and the mono-repo.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{KindClass, KindName};

/// What is done about a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It is repaired.
    Enforce,
    /// It is reported. What a new instance starts with.
    #[default]
    Report,
    /// It is not even looked at.
    Ignore,
}

/// How far we go with one declared object (`formulary.dev/manage`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// Made, kept true, and offboarded.
    #[default]
    Full,
    /// Made if absent; afterwards differences are reported only.
    CreateOnly,
    /// Never written; differences are reported.
    Observe,
    /// Forgotten without touching it.
    Release,
}

impl Extent {
    /// The extent of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "full" => Self::Full,
            "create-only" => Self::CreateOnly,
            "observe" => Self::Observe,
            "release" => Self::Release,
            _ => return None,
        })
    }
}

/// How much of a class one plan, and one rolling window, may remove or disable without approval: the larger of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// At least this many.
    pub at_least: u32,
    /// Of the owned objects of the class in that instance, in percent.
    pub percent: u32,
}

impl Budget {
    /// How many objects it allows out of `owned`.
    pub fn allows(&self, owned: usize) -> usize {
        (self.at_least as usize).max(owned.saturating_mul(self.percent as usize) / 100)
    }
}

/// The budgets of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budgets {
    /// For people: the larger of 3 and 5 % by default.
    pub people: Budget,
    /// For every other class: the larger of 3 and 10 % by default.
    pub other: Budget,
    /// Length of the rolling window in hours: 24 by default.
    pub window_hours: u32,
}

impl Budgets {
    /// The budget of a class.
    pub fn of(&self, class: KindClass) -> Budget {
        if class == KindClass::Person { self.people } else { self.other }
    }
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            people: Budget { at_least: 3, percent: 5 },
            other: Budget { at_least: 3, percent: 10 },
            window_hours: 24,
        }
    }
}

/// A difference that is known and accepted, with its reason, until a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IgnoreRule {
    /// Addresses it is about; `*` matches any run of characters.
    pub address: String,
    /// The field; `None` means the whole object.
    pub field: Option<String>,
    /// Why. Shown wherever the difference is left out.
    pub reason: String,
    /// When it ends; afterwards the difference counts again.
    pub until: Option<DateTime<Utc>>,
}

/// Everything that limits what is done in one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstancePolicy {
    /// The instance's mode.
    pub mode: Mode,
    /// Kinds with a mode of their own.
    pub kinds: BTreeMap<KindName, Mode>,
    /// The budgets.
    pub budgets: Budgets,
    /// How many days something is kept after it was switched off, before its deletion is proposed; 30 by default. See
    /// [`KindSpec::after_retention`](super::KindSpec::after_retention).
    pub retention_days: u32,
    /// Accepted differences.
    pub ignore: Vec<IgnoreRule>,
    /// What is never removed, disabled or narrowed (break-glass accounts): a key (`alice`) in every kind, or one object
    /// (`user/alice`).
    pub protected: Vec<String>,
}

impl Default for InstancePolicy {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            kinds: BTreeMap::new(),
            budgets: Budgets::default(),
            retention_days: 30,
            ignore: Vec::new(),
            protected: Vec::new(),
        }
    }
}

impl InstancePolicy {
    /// The mode of a kind.
    pub fn mode_of(&self, kind: &KindName) -> Mode {
        self.kinds.get(kind).copied().unwrap_or(self.mode)
    }
}
