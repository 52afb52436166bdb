//! What is wanted: a declaration lowered to one resource of one service.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Address, ByField, Extent, Field, OutputRef, Owner, Term, Value};
use crate::engine::diag::Span;

/// One field as wanted, and where it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What it should hold.
    pub term: Term,
    /// The place in the mono-repo that says so; `None` when it follows from a default or from the config.
    pub span: Option<Arc<Span>>,
    /// Whether the declaration asks in so many words that this be so again, whoever changed it: then nobody else has to
    /// agree to open what was closed at the service.
    pub insists: bool,
    /// Whether the field is left out where nobody wants the resource whose output it holds.
    pub if_there: bool,
}

/// A resource as wanted, in canonical form: equal to what the service will read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// Its name.
    pub address: Address,
    /// Who declares it.
    pub owner: Owner,
    /// Where it is declared.
    pub origin: Arc<Span>,
    /// Its fields. A field that is not here is nobody's business of ours.
    pub fields: ByField<Wanted>,
    /// Resources that must be there first.
    pub needs: BTreeSet<Address>,
    /// How far we go.
    pub extent: Extent,
    /// Natural keys it had before, newest first.
    pub previously: Vec<String>,
    /// Natural keys under which a service may hold the same thing as long as it carries no mark of ours: the address of a
    /// contact. They tell what to adopt, and what stands in the way of it.
    pub known_as: Vec<String>,
}

impl Desired {
    /// A resource without fields; add them with [`Desired::field`].
    pub fn new(address: Address, owner: Owner, origin: Arc<Span>) -> Self {
        Self {
            address,
            owner,
            origin,
            fields: ByField::new(),
            needs: BTreeSet::new(),
            extent: Extent::Full,
            previously: Vec::new(),
            known_as: Vec::new(),
        }
    }

    /// Adds a field. An output of another resource makes that resource a need.
    #[must_use]
    pub fn field(mut self, name: &'static str, term: impl Into<Term>, span: Option<Arc<Span>>) -> Self {
        let term = term.into();
        if let Term::Output(output) = &term {
            self.needs.insert(output.address.clone());
        }
        self.fields.insert(Field::Borrowed(name), Wanted { term, span, insists: false, if_there: false });
        self
    }

    /// Adds a field that holds an output of another resource, if somebody wants that one; see [`Desired::settle`].
    #[must_use]
    pub fn field_if_there(mut self, name: &'static str, output: OutputRef) -> Self {
        let wanted = Wanted { term: Term::Output(output), span: None, insists: false, if_there: true };
        self.fields.insert(Field::Borrowed(name), wanted);
        self
    }

    /// Decides on the fields that are there only if something else is: what is wanted becomes a need, what is not takes
    /// its field with it.
    pub fn settle(&mut self, is_wanted: impl Fn(&Address) -> bool) {
        for (name, wanted) in std::mem::take(&mut self.fields) {
            match &wanted.term {
                Term::Output(output) if wanted.if_there && !is_wanted(&output.address) => continue,
                Term::Output(output) if wanted.if_there => drop(self.needs.insert(output.address.clone())),
                _ => {}
            }
            self.fields.insert(name, wanted);
        }
    }

    /// Says of a field that its declaration insists on it; see [`Wanted::insists`].
    #[must_use]
    pub fn insist(mut self, name: &str) -> Self {
        if let Some(wanted) = self.fields.get_mut(name) {
            wanted.insists = true;
        }
        self
    }

    /// Adds a resource that must be there first.
    #[must_use]
    pub fn needs(mut self, address: Address) -> Self {
        self.needs.insert(address);
        self
    }

    /// The known value of a field.
    pub fn known(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).and_then(|wanted| wanted.term.known())
    }
}

/// Whose the edges of a parent are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MembershipMode {
    /// The declared parent owns every edge; a foreign edge is drift.
    Authoritative,
    /// Only our edges are ours; foreign ones are reported.
    Additive,
}

/// A parent whose edges we declare. Each edge is a resource of its own; the set says what a foreign edge means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipSet {
    /// The kind of the edges, in the parent's instance: an address whose key is the parent's key
    /// (`keycloak:membership/acme-corp/platform` for edges `keycloak:membership/acme-corp/platform/…`).
    pub edges: Address,
    /// Whose they are.
    pub mode: MembershipMode,
    /// Who declares the parent.
    pub owner: Owner,
    /// Where.
    pub origin: Arc<Span>,
}
