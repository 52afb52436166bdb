//! From the catalogue to what one Logto should hold. Pure.
//!
//! What Logto would refuse becomes a problem at its place in the mono-repo. All that its entity owns then stands as it is:
//! a value that cannot be written must not look like somebody who left. Where the name is sound the object stays
//! declared, to be looked at only, so that its memberships do not look foreign.

mod groups;
mod people;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::names::Refusal;
use super::options::Options;
use crate::engine::diag::{Code, Diagnostic, Span, codes};
use crate::engine::documents::Spanned;
use crate::engine::documents::catalogue::Entity;
use crate::engine::model::{Address, Desired, EntityRef, Extent, Owner};
use crate::provider::contract::{LowerInput, Lowered};

/// Lowers the catalogue to one Logto.
pub fn lower(input: &LowerInput<'_>) -> Lowered {
    let options = match Options::read(input.options) {
        Ok(options) => options,
        Err(error) => return Lowered::unusable(input, &error),
    };
    let mut lowering = Lowering {
        input,
        options: &options,
        lowered: Lowered::default(),
        organizations: BTreeMap::new(),
        roles: BTreeMap::new(),
    };
    lowering.settings();
    lowering.groups();
    lowering.people();
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
    /// The key and the extent of every organisation that is wanted.
    organizations: BTreeMap<EntityRef, (String, Extent)>,
    /// The key and the extent of the role of every team that is wanted.
    roles: BTreeMap<EntityRef, (String, Extent)>,
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

    /// Something of this entity is left out because of an error: all that it owns here stands.
    fn hold(&mut self, entity: &Entity) {
        self.lowered.held.insert(entity.reference.clone());
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.lowered.diagnostics.push(diagnostic);
    }

    /// Something that Logto refuses, at its place.
    fn refuse(&mut self, code: Code, what: &str, text: &str, refusal: &Refusal, span: Option<Span>) {
        let instance = self.input.instance;
        let message = format!("'{instance}' refuses the {what} '{text}': {refusal}");
        let diagnostic = Diagnostic::error(code, message);
        self.report(match span {
            Some(span) => diagnostic.at(span),
            None => diagnostic,
        });
    }

    /// Adds a text, unless Logto would refuse it: then what stands there is left, and the entity held.
    fn with_text(
        &mut self,
        mut desired: Desired,
        entity: &Entity,
        field: (&'static str, &str),
        value: Option<&Spanned<String>>,
        verdict: impl Fn(&str) -> Result<(), Refusal>,
    ) -> Desired {
        let (name, what) = field;
        let Some(value) = value.filter(|it| !it.value.trim().is_empty()) else { return desired };
        let text = value.value.trim();
        if let Err(refusal) = verdict(text) {
            self.refuse(codes::VALUE_REFUSED, what, text, &refusal, Some(value.span.clone()));
            self.hold(entity);
            desired.extent = desired.extent.max(Extent::Observe);
            return desired;
        }
        desired.field(name, text, Some(Arc::new(value.span.clone())))
    }
}
