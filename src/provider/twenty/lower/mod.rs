//! What a catalogue means in one workspace of Twenty. Pure; obeys the rules of `engine`.
//!
//! An organisation becomes a company, a person a contact of the company of their home organisation, and, where the options
//! ask for it, a request for a workspace an opportunity. Nobody gets a login: those who have one are known, so that they
//! are named when they leave.

mod companies;
mod opportunities;
mod people;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ids;
use super::options::Options;
use crate::engine::diag::Diagnostic;
use crate::engine::documents::catalogue::Entity;
use crate::engine::model::{Address, Desired, EntityRef, Owner};
use crate::provider::contract::{LowerInput, Lowered};

/// The option of a document that asks for its record to be taken out of the bin again, whoever put it there.
const RESTORE: &str = "twenty-restore";

/// Lowers a catalogue for one workspace.
pub fn lower(input: &LowerInput<'_>) -> Lowered {
    let options = match Options::read(input.options) {
        Ok(options) => options,
        Err(error) => return Lowered::unusable(input, &error),
    };
    let (out, companies, people) = (Lowered::default(), BTreeSet::new(), BTreeMap::new());
    let mut lowering = Lowering { input, options: &options, out, companies, people };
    lowering.companies();
    lowering.people();
    lowering.opportunities();
    let mut out = lowering.out;
    out.desired.sort_by(|a, b| a.address.cmp(&b.address));
    out.diagnostics.sort();
    out
}

struct Lowering<'a> {
    input: &'a LowerInput<'a>,
    options: &'a Options,
    out: Lowered,
    /// Organisations that are companies there.
    companies: BTreeSet<EntityRef>,
    /// People who are contacts there, and what they are called.
    people: BTreeMap<EntityRef, String>,
}

impl Lowering<'_> {
    fn address(&self, kind: &str, key: &str) -> Address {
        Address::new(self.input.instance, kind, key)
    }

    /// A record that an entity declares: there, and out of the bin if the document says so.
    fn record(&self, kind: &str, key: &str, entity: &Entity) -> Desired {
        let mut desired = Desired::new(self.address(kind, key), owner(entity), Arc::new(entity.span.clone()));
        desired.extent = entity.extent_in(self.input.instance);
        desired.known_as = vec![ids::chosen(self.input.platform, self.input.instance, kind, key)];
        let restore = entity.option(RESTORE).filter(|option| option.value == "true");
        let span = restore.map(|option| Arc::new(option.span.clone()));
        desired = desired.field("present", true, span);
        if restore.is_some() { desired.insist("present") } else { desired }
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
