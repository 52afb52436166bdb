//! What a catalogue means in one installation of Mattermost. Pure; obeys the rules of `engine`.
//!
//! An organisation becomes a team with everybody of it; an organisation or a team of the mono-repo becomes channels where
//! its options ask for some, each with its people; a person becomes an account that is bound to the identity provider as
//! the options say. Whoever has no room there is told before anything is done.

mod groups;
mod people;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::limits::{Limits, Over};
use super::names::BadName;
use super::options::Options;
use crate::engine::diag::codes::{NAME_REFUSED, VALUE_REFUSED};
use crate::engine::diag::{Diagnostic, Span};
use crate::engine::documents::Spanned;
use crate::engine::documents::catalogue::Entity;
use crate::engine::model::{Address, Desired, EntityRef, Owner};
use crate::provider::contract::{LowerInput, Lowered};

/// The names that a message lists before it only counts.
const LISTED: usize = 10;

/// Lowers a catalogue for one installation.
pub fn lower(input: &LowerInput<'_>) -> Lowered {
    let options = match Options::read(input.options) {
        Ok(options) => options,
        Err(error) => return Lowered::unusable(input, &error),
    };
    let mut lowering = Lowering {
        input,
        options: &options,
        limits: Limits::of(input.capabilities),
        out: Lowered::default(),
        teams: BTreeMap::new(),
        people: BTreeMap::new(),
        channels: BTreeMap::new(),
    };
    lowering.people();
    lowering.teams();
    lowering.channels();
    let mut out = lowering.out;
    out.desired.sort_by(|a, b| a.address.cmp(&b.address));
    out.sets.sort_by(|a, b| a.edges.cmp(&b.edges));
    out.diagnostics.sort();
    out
}

struct Lowering<'a> {
    input: &'a LowerInput<'a>,
    options: &'a Options,
    limits: Limits,
    out: Lowered,
    /// Accepted organisations, with the names of their teams there, and who is in each.
    teams: BTreeMap<EntityRef, (Names, BTreeSet<EntityRef>)>,
    /// Accepted people, with their names there.
    people: BTreeMap<EntityRef, Names>,
    /// Channels, and who declared each first.
    channels: BTreeMap<String, Span>,
}

/// The key of something, and the keys that it had before.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Names {
    now: String,
    before: Vec<String>,
}

impl Names {
    /// The name of an entity, in lower case as Mattermost has it, and its former ones.
    fn of(entity: &Entity) -> Self {
        Self {
            now: entity.reference.name().to_owned(),
            before: entity.previously.iter().map(|name| name.value.to_lowercase()).collect(),
        }
    }

    /// Every name that it may have there.
    fn all(&self) -> Vec<&str> {
        std::iter::once(&self.now).chain(&self.before).map(String::as_str).collect()
    }

    /// The keys of something within this: now, and in every way in which it may have been written before.
    fn join(&self, inner: &Names) -> Names {
        let now = format!("{}/{}", self.now, inner.now);
        let mut before: Vec<String> = Vec::new();
        for outer in self.all() {
            for inner in inner.all() {
                let former = format!("{outer}/{inner}");
                if former != now && !before.contains(&former) {
                    before.push(former);
                }
            }
        }
        Names { now, before }
    }
}

impl Lowering<'_> {
    fn address(&self, kind: &str, key: &str) -> Address {
        Address::new(self.input.instance, kind, key)
    }

    /// A resource that an entity declares.
    fn desired(&self, kind: &str, names: &Names, entity: &Entity) -> Desired {
        let mut desired = Desired::new(self.address(kind, &names.now), owner(entity), Arc::new(entity.span.clone()));
        desired.extent = entity.extent_in(self.input.instance);
        desired.previously = names.before.clone();
        desired
    }

    /// Reports a name that Mattermost would refuse.
    fn refuse_name(&mut self, entity: &Entity, what: &str, name: &str, why: &BadName, span: &Span) {
        let message = format!("Mattermost refuses the {what} name '{name}': {why}");
        let help = "give it another name, or take it out of Mattermost with 'formulary.dev/services'";
        self.hold(entity, Diagnostic::error(NAME_REFUSED, message).at(span.clone()).help(help));
    }

    /// Reports an error of an entity: what it has at the service stands as it is.
    fn hold(&mut self, entity: &Entity, diagnostic: Diagnostic) {
        self.out.diagnostics.push(diagnostic);
        self.out.held.insert(entity.reference.clone());
    }

    /// Reports a limit that leaves some people out, and holds them.
    fn no_room(&mut self, over: &Over, people: &BTreeMap<String, EntityRef>, mut problem: Diagnostic) {
        let shown: Vec<&str> = over.names.iter().take(LISTED).map(String::as_str).collect();
        let more = over.names.len() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        problem.message.push_str(&format!("; no room for {}{more}", shown.join(", ")));
        self.out.diagnostics.push(problem);
        self.out.held.extend(over.names.iter().filter_map(|name| people.get(name).cloned()));
    }

    /// Adds a text, unless Mattermost would refuse it for its length: then the field is left as it is there.
    fn text(&mut self, desired: Desired, field: &'static str, value: Option<&Spanned<String>>, most: Most) -> Desired {
        let Some(value) = value else { return desired };
        let text = value.value.trim();
        if text.is_empty() {
            return desired;
        }
        let (length, most, unit) = match most {
            Most::Characters(most) => (text.chars().count(), most, "characters"),
            Most::Bytes(most) => (text.len(), most, "bytes"),
        };
        if length > most {
            let what = field.replace('_', " ");
            let message =
                format!("{what} of '{}' has {length} {unit}, and Mattermost takes at most {most}", desired.address.key);
            let help = "shorten it; until then it is left as it is there";
            self.out.diagnostics.push(Diagnostic::warning(VALUE_REFUSED, message).at(value.span.clone()).help(help));
            return desired;
        }
        desired.field(field, text, Some(Arc::new(value.span.clone())))
    }
}

/// The longest text that Mattermost takes.
#[derive(Clone, Copy)]
enum Most {
    Characters(usize),
    Bytes(usize),
}

/// Who declares what an entity becomes.
fn owner(entity: &Entity) -> Owner {
    Owner(entity.reference.to_string())
}
