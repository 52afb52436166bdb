//! What a catalogue means in one installation of Gitea. Pure; obeys the rules of `engine`.
//!
//! An organisation becomes an organisation with a team that holds everybody of it, because Gitea knows no member
//! outside a team; a team becomes a team, those below teams flattened into their organisation; a person in a group
//! becomes a person in a team; a person becomes an account that the sign-in source means by the `sub` of the identity
//! provider's account. Repositories are components of an organisation, and those that the options
//! declare.

mod groups;
mod people;
mod repositories;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::names;
use super::names::BadName;
use super::options::Options;
use crate::engine::diag::codes::{NAME_REFUSED, NAME_TAKEN, VALUE_REFUSED};
use crate::engine::diag::{Code, Diagnostic, Span};
use crate::engine::documents::Spanned;
use crate::engine::documents::catalogue::Entity;
use crate::engine::model::{Address, Desired, EntityRef, Owner, Term, Value};
use crate::provider::contract::{LowerInput, Lowered};

/// Lowers a catalogue for one installation.
pub fn lower(input: &LowerInput<'_>) -> Lowered {
    let options = match Options::read(input.options) {
        Ok(options) => options,
        Err(error) => return Lowered::unusable(input, &error),
    };
    let mut lowering = Lowering {
        input,
        options: &options,
        out: Lowered::default(),
        owners: BTreeMap::new(),
        organisations: BTreeMap::new(),
        teams: BTreeMap::new(),
        people: BTreeMap::new(),
    };
    lowering.organisations();
    lowering.people();
    lowering.teams();
    lowering.memberships();
    lowering.repositories();
    lowering.components();
    let mut out = lowering.out;
    out.desired.sort_by(|a, b| a.address.cmp(&b.address));
    out.sets.sort_by(|a, b| a.edges.cmp(&b.edges));
    out.diagnostics.sort();
    out
}

struct Lowering<'a> {
    input: &'a LowerInput<'a>,
    options: &'a Options,
    out: Lowered,
    /// Who holds a name: people and organisations share one namespace.
    owners: BTreeMap<String, Span>,
    /// Accepted organisations, with their names there.
    organisations: BTreeMap<EntityRef, Names>,
    /// Accepted teams, with their keys there.
    teams: BTreeMap<EntityRef, Names>,
    /// Accepted people, with their names there.
    people: BTreeMap<EntityRef, Names>,
}

/// The key of something, and the keys that it had before.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Names {
    now: String,
    before: Vec<String>,
}

impl Names {
    /// The name of an entity as Gitea folds it, and its former ones.
    fn of(entity: &Entity) -> Self {
        Self {
            now: names::fold(entity.reference.name()),
            before: entity.previously.iter().map(|name| names::fold(&name.value)).collect(),
        }
    }

    /// The keys of something within this: now, and in every way in which it may have been written before.
    fn join(&self, inner: &Names) -> Names {
        let key = |outer: &str, inner: &str| format!("{outer}/{inner}");
        let now = key(&self.now, &inner.now);
        let mut before: Vec<String> = Vec::new();
        for outer in std::iter::once(&self.now).chain(&self.before) {
            for inner in std::iter::once(&inner.now).chain(&inner.before) {
                let former = key(outer, inner);
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

    /// Takes a name for a person or an organisation, unless Gitea would not give it or another has it.
    fn take(&mut self, entity: &Entity, name: &str) -> bool {
        if let Err(why) = names::owner(name) {
            self.refuse_name(entity, name, &why);
            return false;
        }
        if let Some(first) = self.owners.insert(name.to_owned(), entity.name.span.clone()) {
            let taken = format!("'{name}' would be both a person and an organisation in {}", self.input.instance);
            let diagnostic = Diagnostic::error(NAME_TAKEN, taken)
                .at(entity.name.span.clone())
                .related(first.clone(), "this one has the name first")
                .help("people and organisations share one namespace in Gitea; give one of the two another name");
            self.owners.insert(name.to_owned(), first);
            self.hold(entity, diagnostic);
            return false;
        }
        true
    }

    fn refuse_name(&mut self, entity: &Entity, name: &str, why: &BadName) {
        let diagnostic = Diagnostic::error(NAME_REFUSED, format!("Gitea refuses the name '{name}': {why}"))
            .at(entity.name.span.clone())
            .help("give it another name, or take it out of Gitea with 'formulary.dev/services'");
        self.hold(entity, diagnostic);
    }

    /// Reports an error of an entity: what it has at the service stands as it is.
    fn hold(&mut self, entity: &Entity, diagnostic: Diagnostic) {
        self.out.diagnostics.push(diagnostic);
        self.out.held.insert(entity.reference.clone());
    }

    /// Adds a text, unless Gitea would refuse it for its length: then the field is left as it is there.
    fn text(&mut self, desired: Desired, field: &'static str, value: Option<&Spanned<String>>, most: usize) -> Desired {
        let Some(value) = value else { return desired };
        let text = value.value.trim();
        let length = text.chars().count();
        if length > most {
            let message = format!(
                "{} of '{}' has {length} characters, and Gitea takes at most {most}",
                field.replace('_', " "),
                desired.address.key
            );
            self.warn(
                VALUE_REFUSED,
                message,
                Some(value.span.clone()),
                "shorten it; until then it is left as it is there",
            );
            return desired;
        }
        if text.is_empty() {
            return desired;
        }
        desired.field(field, text, Some(Arc::new(value.span.clone())))
    }

    /// Adds an option that holds `true` or `false`, or what holds without it.
    fn switch(&self, desired: Desired, field: &'static str, entity: &Entity, option: &str, default: bool) -> Desired {
        match entity.option(option) {
            Some(said) => desired.field(field, said.value.trim() == "true", Some(Arc::new(said.span.clone()))),
            None => desired.field(field, default, None),
        }
    }

    fn warn(&mut self, code: Code, message: String, span: Option<Span>, help: &str) {
        let diagnostic = Diagnostic::warning(code, message).help(help);
        self.out.diagnostics.push(match span {
            Some(span) => diagnostic.at(span),
            None => diagnostic,
        });
    }
}

/// Who declares what an entity becomes.
fn owner(entity: &Entity) -> Owner {
    Owner(entity.reference.to_string())
}

/// A set of names as Gitea folds them.
fn folded<'a>(names: impl IntoIterator<Item = &'a String>) -> Term {
    Term::Known(Value::set(names.into_iter().map(|name| names::fold(name))))
}
