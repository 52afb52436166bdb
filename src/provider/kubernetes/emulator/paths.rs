//! Paths to the values of an object, and sets of them: what somebody owns, as `managedFields` writes it.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value, json};

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// A field, or a key of a map.
    Field(String),
    /// An item of a list, by the fields that tell it apart, as JSON.
    Item(String),
    /// A member of a set, as JSON.
    Member(String),
}

/// A path from the object's root.
pub(super) type Path = Vec<Step>;

/// A set of paths. That of a map and those of its keys are different members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Paths(pub(super) BTreeSet<Path>);

impl Paths {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    pub(super) fn both(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// As `fieldsV1`.
    pub(super) fn to_json(&self) -> Value {
        let mut root = json!({});
        for path in &self.0 {
            let mut at = &mut root;
            for step in path {
                let key = step.key();
                let map = at.as_object_mut().expect("a node is an object");
                at = map.entry(key).or_insert_with(|| json!({}));
            }
        }
        // What is a member and has more below it says so.
        for path in &self.0 {
            let below = self.0.range((std::ops::Bound::Excluded(path.clone()), std::ops::Bound::Unbounded)).next();
            if below.is_some_and(|next| next.starts_with(path)) {
                let node = path.iter().try_fold(&mut root, |at, step| at.get_mut(step.key()));
                if let Some(map) = node.and_then(Value::as_object_mut) {
                    map.insert(".".to_owned(), json!({}));
                }
            }
        }
        root.sort_all_objects();
        root
    }

    /// From `fieldsV1`; `None` where it is not in order.
    pub(super) fn of_json(value: &Value) -> Option<Self> {
        let mut paths = Self::default();
        let mut path = Vec::new();
        collect(value.as_object()?, &mut path, &mut paths)?;
        Some(paths)
    }
}

fn collect(node: &Map<String, Value>, path: &mut Path, found: &mut Paths) -> Option<()> {
    if !path.is_empty() && (node.is_empty() || node.contains_key(".")) {
        found.0.insert(path.clone());
    }
    for (key, below) in node.iter().filter(|(key, _)| *key != ".") {
        path.push(Step::of_key(key)?);
        collect(below.as_object()?, path, found)?;
        path.pop();
    }
    Some(())
}

impl Step {
    fn key(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Item(keys) => format!("k:{keys}"),
            Self::Member(value) => format!("v:{value}"),
        }
    }

    fn of_key(key: &str) -> Option<Self> {
        match key.split_at_checked(2)? {
            ("f:", name) => Some(Self::Field(name.to_owned())),
            ("k:", keys) => Some(Self::Item(keys.to_owned())),
            ("v:", value) => Some(Self::Member(value.to_owned())),
            _ => None,
        }
    }
}

/// A path as messages have it: `.spec.containers[name="coder"].image`.
pub(super) struct Shown<'a>(pub(super) &'a [Step]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in self.0 {
            match step {
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Item(keys) => {
                    let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                    let keys: Vec<String> = keys.iter().map(|(name, value)| format!("{name}={value}")).collect();
                    write!(f, "[{}]", keys.join(","))?;
                }
                Step::Member(value) => write!(f, "[={value}]")?,
            }
        }
        Ok(())
    }
}
