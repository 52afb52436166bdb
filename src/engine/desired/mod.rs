//! From the catalogue to what is wanted: who is placed where, and the resources of every service together.

use std::collections::BTreeSet;

/// Who and what is placed in one installation, by entity name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placed {
    /// People with an account there.
    pub people: BTreeSet<String>,
    /// Organisations kept there.
    pub organisations: BTreeSet<String>,
    /// Teams kept there.
    pub teams: BTreeSet<String>,
}
