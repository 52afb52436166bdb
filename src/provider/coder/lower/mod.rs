//! What a catalogue means in one installation of Coder. Pure; obeys the rules of `engine`.
//!
//! A person becomes an account. A formula with a folder `coder-template` becomes a version of its files and a template
//! whose active version that is. A request becomes a workspace, with the values that its template asks for.

mod formulas;
mod groups;
mod parameters;
mod people;
mod workspaces;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::names::BadName;
use super::options::Options;
use super::terraform::formula::Parameter;
use crate::engine::diag::codes::NAME_REFUSED;
use crate::engine::diag::{Diagnostic, Span};
use crate::engine::documents::catalogue::Entity;
use crate::engine::model::{Address, Desired, EntityRef, Owner};
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
        people: BTreeMap::new(),
        formulas: BTreeMap::new(),
    };
    lowering.people();
    lowering.groups();
    lowering.formulas();
    lowering.workspaces();
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
    /// Accepted people, with their usernames there.
    people: BTreeMap<EntityRef, String>,
    /// Formulas that are templates there.
    formulas: BTreeMap<EntityRef, Formula>,
}

/// A formula that is a template there.
struct Formula {
    template: Address,
    /// The name of the version of its files.
    version: String,
    parameters: Vec<Parameter>,
}

impl Lowering<'_> {
    fn address(&self, kind: &str, key: &str) -> Address {
        Address::new(self.input.instance, kind, key)
    }

    /// A resource that an entity declares.
    fn desired(&self, kind: &str, key: &str, entity: &Entity) -> Desired {
        let mut desired = Desired::new(self.address(kind, key), owner(entity), Arc::new(entity.span.clone()));
        desired.extent = entity.extent_in(self.input.instance);
        desired
    }

    /// Reports a name that Coder would refuse.
    fn refuse_name(&mut self, entity: &Entity, what: &str, name: &str, why: &BadName, span: &Span) {
        let message = format!("Coder refuses the {what} name '{name}': {why}");
        self.hold(entity, Diagnostic::error(NAME_REFUSED, message).at(span.clone()).help("give it another name"));
    }

    /// Reports an error of an entity: what it has at the service stands as it is.
    fn hold(&mut self, entity: &Entity, diagnostic: Diagnostic) {
        self.out.diagnostics.push(diagnostic);
        self.out.held.insert(entity.reference.clone());
    }
}

/// Who declares what an entity becomes.
fn owner(entity: &Entity) -> Owner {
    Owner(entity.reference.to_string())
}
