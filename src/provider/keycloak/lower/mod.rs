//! From the catalogue to what one realm should hold. Pure.
//!
//! What Keycloak would refuse becomes a problem at its place in the mono-repo. All that its entity owns then stands as
//! it is: a value that cannot be written must not look like somebody who left. Where the name is sound the object stays
//! declared, to be looked at only, so that its memberships do not look foreign.

mod groups;
mod numbers;
mod people;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::kinds;
use super::names::Refusal;
use super::options::Options;
use crate::engine::diag::{Code, Diagnostic, Span};
use crate::engine::documents::Spanned;
use crate::engine::documents::catalogue::{Entity, Person};
use crate::engine::model::{Address, Desired, EntityRef, Extent, Owner, Value};
use crate::provider::contract::{LowerInput, Lowered};

/// Lowers the catalogue to one realm.
pub fn lower(input: &LowerInput<'_>) -> Lowered {
    let options = match Options::read(input.options) {
        Ok(options) => options,
        Err(error) => return Lowered::unusable(input, &error),
    };
    let mut lowering = Lowering {
        input,
        options: &options,
        lowered: Lowered::default(),
        groups: BTreeMap::new(),
        organizations: BTreeMap::new(),
        people: BTreeMap::new(),
    };
    lowering.settings();
    lowering.groups();
    lowering.people();
    lowering.numbers();
    let mut lowered = lowering.lowered;
    lowered.desired.sort_by(|a, b| a.address.cmp(&b.address));
    lowered.sets.sort_by(|a, b| a.edges.cmp(&b.edges));
    lowered.diagnostics.sort();
    lowered
}

/// What lowering knows on its way.
struct Lowering<'r, 'a> {
    input: &'r LowerInput<'a>,
    options: &'r Options,
    lowered: Lowered,
    /// The path and the extent of every group that is wanted.
    groups: BTreeMap<EntityRef, (String, Extent)>,
    /// The alias and the extent of every organisation in Keycloak's own sense.
    organizations: BTreeMap<EntityRef, (String, Extent)>,
    /// Every person who is wanted, with username and extent, by entity name.
    people: BTreeMap<&'a str, (&'a Person, String, Extent)>,
}

impl Lowering<'_, '_> {
    fn address(&self, kind: &str, key: &str) -> Address {
        Address::new(self.input.instance, kind, key)
    }

    /// A resource that an entity declares.
    fn declared(&self, kind: &str, key: &str, entity: &Entity) -> Desired {
        let owner = Owner(entity.reference.to_string());
        let mut desired = Desired::new(self.address(kind, key), owner, Arc::new(entity.span.clone()));
        desired.extent = entity.extent_in(self.input.instance);
        desired
    }

    /// A resource that the config declares.
    fn configured(&self, kind: &str, key: &str) -> Desired {
        let place = format!("config: services.{}.options", self.input.instance);
        Desired::new(self.address(kind, key), Owner::config(), Arc::new(Span::start_of(place)))
    }

    /// A fact that probing found; `None` when nothing is known.
    fn fact(&self, name: &str) -> Option<bool> {
        self.input.capabilities.facts.get(name).and_then(Value::as_bool)
    }

    /// Something of this entity is left out because of an error: all that it owns here stands.
    fn hold(&mut self, entity: &Entity) {
        self.lowered.held.insert(entity.reference.clone());
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.lowered.diagnostics.push(diagnostic);
    }

    /// Something that Keycloak refuses, at its place.
    fn refuse(&mut self, code: Code, what: &str, text: &str, refusal: &Refusal, span: Option<Span>) {
        let instance = self.input.instance;
        let message = format!("'{instance}' refuses the {what} '{text}': {refusal}");
        let diagnostic = Diagnostic::error(code, message);
        self.report(match span {
            Some(span) => diagnostic.at(span),
            None => diagnostic,
        });
    }
}

/// A text with its place, shared.
fn placed(text: &Spanned<String>) -> (Value, Option<Arc<Span>>) {
    (Value::Text(text.value.clone()), Some(Arc::new(text.span.clone())))
}

/// The truth of an annotation, where it is there.
fn truth(entity: &Entity, option: &str) -> Option<(bool, Arc<Span>)> {
    let found = entity.option(option)?;
    Some((found.value == "true", Arc::new(found.span.clone())))
}

/// Adds a text field if the text is there.
fn with_text(desired: Desired, name: &'static str, text: Option<&Spanned<String>>) -> Desired {
    match text.filter(|it| !it.value.is_empty()).map(placed) {
        Some((value, span)) => desired.field(name, value, span),
        None => desired,
    }
}
