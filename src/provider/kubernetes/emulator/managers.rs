//! Who wrote which values of an object last: `metadata.managedFields`.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::compare::{Difference, difference};
use super::overlay::skeleton;
use super::paths::{Path, Paths};
use super::types::Type;

/// Entries of writers that are kept; older ones become one.
const WRITERS: usize = 10;

/// What older writers become.
const ANCIENT: &str = "ancient-changes";

/// One who wrote, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Manager {
    pub(super) name: String,
    pub(super) applies: bool,
    pub(super) version: String,
    /// The part of the object by whose path they wrote; empty for the whole.
    pub(super) part: String,
    pub(super) time: Option<String>,
    pub(super) owns: Paths,
}

/// All who wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Managers(pub(super) Vec<Manager>);

/// Others hold what is to be written: who, and which paths.
pub(super) type Held = Vec<(Manager, Path)>;

impl Managers {
    /// As an object carries it; `None` where an entry is not in order.
    pub(super) fn of_json(value: &Value) -> Option<Self> {
        let read = |it: &Value| {
            Some(Manager {
                name: it["manager"].as_str()?.to_owned(),
                applies: match it["operation"].as_str()? {
                    "Apply" => true,
                    "Update" => false,
                    _ => return None,
                },
                version: it["apiVersion"].as_str()?.to_owned(),
                part: it["subresource"].as_str().unwrap_or_default().to_owned(),
                time: it["time"].as_str().map(str::to_owned),
                owns: Paths::of_json(&it["fieldsV1"])?,
            })
        };
        value.as_array()?.iter().map(read).collect::<Option<_>>().map(Self)
    }

    /// Appliers first, then by time, then by name.
    pub(super) fn to_json(&self) -> Value {
        let mut all: Vec<&Manager> = self.0.iter().collect();
        all.sort_by(|a, b| (!a.applies, &a.time, &a.name).cmp(&(!b.applies, &b.time, &b.name)));
        let write = |it: &Manager| {
            let operation = if it.applies { "Apply" } else { "Update" };
            let mut entry = json!({ "manager": it.name, "operation": operation, "apiVersion": it.version });
            if let Some(time) = &it.time {
                entry["time"] = time.as_str().into();
            }
            entry["fieldsType"] = "FieldsV1".into();
            entry["fieldsV1"] = it.owns.to_json();
            if !it.part.is_empty() {
                entry["subresource"] = it.part.as_str().into();
            }
            entry
        };
        all.into_iter().map(write).collect()
    }

    fn entry(&mut self, name: &str, applies: bool, version: &str) -> &mut Manager {
        let at = self
            .0
            .iter()
            .position(|it| it.name == name && it.applies == applies && it.version == version && it.part.is_empty());
        let at = at.unwrap_or_else(|| {
            let (name, version) = (name.to_owned(), version.to_owned());
            self.0.push(Manager { name, applies, version, part: String::new(), time: None, owns: Paths::default() });
            self.0.len() - 1
        });
        &mut self.0[at]
    }

    /// What somebody applied before, and takes what they apply now for theirs.
    pub(super) fn replace(&mut self, name: &str, version: &str, owns: Paths) -> Paths {
        std::mem::replace(&mut self.entry(name, true, version).owns, owns)
    }

    /// An applier made an object.
    pub(super) fn applied(&mut self, name: &str, version: &str, owns: Paths, now: DateTime<Utc>) {
        self.replace(name, version, owns);
        self.entry(name, true, version).time = Some(stamp(now));
    }

    /// What everybody but one applier owns.
    pub(super) fn of_others(&self, name: &str) -> Paths {
        let others = self.0.iter().filter(|it| !(it.applies && it.name == name));
        others.fold(Paths::default(), |all, it| all.union(&it.owns))
    }

    /// Takes from everybody what a change gave another value or took away; refuses where an applier would take what others hold.
    pub(super) fn settle(&mut self, who: (&str, bool), difference: &Difference, force: bool) -> Result<(), Held> {
        let changed = difference.modified.union(&difference.added);
        let is_them = |it: &Manager| it.name == who.0 && it.applies == who.1 && it.part.is_empty();
        let mut held = Held::new();
        for manager in self.0.iter().filter(|it| !is_them(it)) {
            held.extend(manager.owns.both(&changed).0.into_iter().map(|path| (manager.clone(), path)));
        }
        if !held.is_empty() && !force {
            return Err(held);
        }
        for manager in &mut self.0 {
            if !is_them(manager) {
                manager.owns = manager.owns.minus(&changed);
            }
            if !is_them(manager) || !manager.applies {
                manager.owns = manager.owns.minus(&difference.removed);
            }
        }
        Ok(())
    }

    /// A write of a whole object: whoever wrote owns what is new or different.
    pub(super) fn written(
        &mut self,
        of: &Type,
        before: Option<&Value>,
        after: &Value,
        who: &str,
        version: &str,
        now: DateTime<Utc>,
    ) {
        let base = skeleton(of);
        let found = difference(of, before.unwrap_or(&base), after);
        let taken = found.modified.union(&found.added).minus(&found.removed);
        let settled = self.settle((who, false), &found, true);
        debug_assert!(settled.is_ok(), "a write is never refused for what others hold");
        if !taken.is_empty() {
            let entry = self.entry(who, false, version);
            entry.owns = entry.owns.union(&taken);
            entry.time = Some(stamp(now));
        }
        self.tidy();
    }

    /// A write by the path of a part takes a value from whoever held it. No time is noted.
    pub(super) fn written_by_part(&mut self, path: Path, who: &str, version: &str, part: &str) {
        let taken = Paths(std::iter::once(path).collect());
        for manager in &mut self.0 {
            manager.owns = manager.owns.minus(&taken);
        }
        let is_it = |it: &&mut Manager| it.name == who && !it.applies && it.version == version && it.part == part;
        match self.0.iter_mut().find(is_it) {
            Some(entry) => entry.owns = entry.owns.union(&taken),
            None => {
                let (name, version, part) = (who.to_owned(), version.to_owned(), part.to_owned());
                self.0.push(Manager { name, applies: false, version, part, time: None, owns: taken });
            }
        }
        self.tidy();
    }

    /// Without those who own nothing any more, and with the oldest writers made one.
    pub(super) fn tidy(&mut self) {
        self.0.retain(|it| !it.owns.is_empty());
        while self.0.iter().filter(|it| !it.applies).count() > WRITERS {
            let mut writers: Vec<usize> = (0..self.0.len()).filter(|at| !self.0[*at].applies).collect();
            writers.sort_by_key(|at| (self.0[*at].time.clone(), self.0[*at].name.clone()));
            let (first, second) = (self.0[writers[0]].clone(), self.0[writers[1]].clone());
            let ancient = Manager {
                name: ANCIENT.to_owned(),
                applies: false,
                version: first.version.clone(),
                part: String::new(),
                time: second.time.clone().max(first.time.clone()),
                owns: first.owns.union(&second.owns),
            };
            self.0.retain(|it| *it != first && *it != second);
            self.0.push(ancient);
        }
    }
}

/// A moment as the server writes it: whole seconds.
pub(super) fn stamp(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}
