//! What is wanted: a declaration lowered to one resource of one service.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Address, ByField, Extent, Field, Owner, Term, Value};
use crate::engine::diag::Span;

/// One field as wanted, and where it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What it should hold.
    pub term: Term,
    /// The place in the mono-repo that says so; `None` when it follows from a default or from the config.
    pub span: Option<Arc<Span>>,
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
        }
    }

    /// Adds a field. An output of another resource makes that resource a need.
    #[must_use]
    pub fn field(mut self, name: &'static str, term: impl Into<Term>, span: Option<Arc<Span>>) -> Self {
        let term = term.into();
        if let Term::Output(output) = &term {
            self.needs.insert(output.address.clone());
        }
        self.fields.insert(Field::Borrowed(name), Wanted { term, span });
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
