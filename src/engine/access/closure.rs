//! What follows from what: breadth first, so that the way that is told is the shortest.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Holding, Standing, State};
use crate::engine::model::{Access, Address, Fields, Gives, KindClass, KindSpec, Tells, Value};

impl State<'_> {
    /// Everything that an account has, in order; nothing where it is switched off or not there.
    pub fn effective(&self, account: &Address) -> Vec<Holding> {
        if self.standing(account) != Standing::On {
            return Vec::new();
        }
        let mut open = VecDeque::from(self.itself(account));
        open.extend(self.edges(account).filter_map(|edge| self.by_edge(edge)));
        let mut held: BTreeMap<(Address, Option<String>), Vec<Address>> = BTreeMap::new();
        let mut followed = BTreeSet::new();
        while let Some(Holding { on, level, through }) = open.pop_front() {
            if followed.insert(on.clone()) {
                open.extend(self.given_by(&on, &through));
            }
            held.entry((on, level)).or_insert(through);
        }
        held.into_iter().map(|((on, level), through)| Holding { on, level, through }).collect()
    }

    /// The account: that it may sign in, and whether it stands above everything.
    fn itself(&self, account: &Address) -> Vec<Holding> {
        let level = |level| Holding { on: account.clone(), level, through: Vec::new() };
        let mut holdings = vec![level(None)];
        if self.open(account).is_some_and(|(spec, fields)| tells(spec, fields, Tells::Administers)) {
            holdings.push(level(Some("administrator".to_owned())));
        }
        holdings
    }

    /// What a membership means, if what it is in is there; a workspace is its owner's.
    fn by_edge(&self, edge: &Address) -> Option<Holding> {
        let (spec, fields) = self.open(edge)?;
        if spec.class == KindClass::Workspace {
            return Some(Holding { on: edge.clone(), level: Some("owner".to_owned()), through: Vec::new() });
        }
        let on = Address::new(&edge.instance, spec.member_of?, edge.parent_key()?);
        self.open(&on)?;
        Some(Holding { on, level: level_of_edge(spec, fields), through: Vec::new() })
    }

    /// What an object gives to whoever has it.
    fn given_by(&self, giver: &Address, through: &[Address]) -> Vec<Holding> {
        let (Some((spec, fields)), Some(parent)) = (self.open(giver), giver.parent_key()) else {
            return Vec::new();
        };
        let way: Vec<Address> = through.iter().chain([giver]).cloned().collect();
        let mut given = Vec::new();
        for gives in spec.gives {
            match gives {
                Gives::Above(kind) => {
                    let on = Address::new(&giver.instance, kind, parent);
                    if self.open(&on).is_some() {
                        given.push(Holding { on, level: None, through: way.clone() });
                    }
                }
                Gives::Beside { kind, when, level } => {
                    if fields.get(when).and_then(Value::as_bool) != Some(true) {
                        continue;
                    }
                    let Some(level) = level.iter().find_map(|name| fields.get(name).and_then(said)) else {
                        continue;
                    };
                    let beside = self.within(giver, kind, parent).filter(|it| self.open(it).is_some());
                    given.extend(beside.map(|on| Holding {
                        on: on.clone(),
                        level: Some(level.clone()),
                        through: way.clone(),
                    }));
                }
            }
        }
        given
    }
}

/// Whether a field that tells this is true.
fn tells(spec: &KindSpec, fields: &Fields, what: Tells) -> bool {
    spec.that_tell(what).any(|field| fields.get(field.name).and_then(Value::as_bool) == Some(true))
}

/// What somebody is in what they are in, where the membership says so.
fn level_of_edge(spec: &KindSpec, fields: &Fields) -> Option<String> {
    if tells(spec, fields, Tells::Owns) {
        return Some("owner".to_owned());
    }
    let levels = spec.fields.iter().filter(|field| matches!(field.access, Access::Levels(_)));
    levels.filter_map(|field| fields.get(field.name).and_then(said)).next()
}

/// A level in words; `None` where it says nothing, or that there is none. What is the same for many parts of a thing is
/// said once: `write: code, wiki; read: issues`.
fn said(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) if text != "none" && !text.is_empty() => Some(text.clone()),
        Value::Map(parts) => {
            let mut by_level: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for (part, level) in parts {
                if let Some(level) = level.as_text().filter(|level| *level != "none") {
                    by_level.entry(level).or_default().push(part.rsplit_once('.').map_or(part, |(_, last)| last));
                }
            }
            let words: Vec<String> =
                by_level.iter().rev().map(|(level, parts)| format!("{level}: {}", parts.join(", "))).collect();
            (!words.is_empty()).then(|| words.join("; "))
        }
        _ => None,
    }
}
