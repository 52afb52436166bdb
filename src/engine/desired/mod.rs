//! From the catalogue to what is wanted: who is placed where. What each service makes of it is lowered by its provider.

use std::collections::BTreeSet;

use crate::engine::documents::Catalogue;
use crate::engine::model::{EntityRef, Instance};

/// Who and what is placed in one installation, by entity name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placed {
    /// People with an account there.
    pub people: BTreeSet<String>,
    /// Organisations kept there: those that are placed there themselves, and those that placed people are in.
    pub organisations: BTreeSet<String>,
    /// Teams kept there.
    pub teams: BTreeSet<String>,
}

/// Who and what is placed in an installation. `default` holds for those who say nothing.
pub fn placed(catalogue: &Catalogue, instance: &Instance, default: &BTreeSet<String>) -> Placed {
    let here = |reference: &EntityRef| catalogue.services_of(reference, default).contains_key(instance.as_str());
    let names = |references: &mut dyn Iterator<Item = &EntityRef>| {
        references.filter(|it| here(it)).map(|it| it.name().to_owned()).collect::<BTreeSet<String>>()
    };
    Placed {
        people: names(&mut catalogue.people.keys()),
        organisations: names(&mut catalogue.organisations.keys()),
        teams: names(&mut catalogue.teams.keys()),
    }
}
