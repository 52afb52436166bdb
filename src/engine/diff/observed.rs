//! Everything that was read in one cycle, as one value.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::model::{Address, Completeness, KindSpec, Live, Observation, Scope, share_names};

/// Live objects by address, and what is known of each scope's completeness.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// What is there.
    pub live: BTreeMap<Address, Live>,
    /// How far each reading can be trusted.
    pub scopes: BTreeMap<Scope, Completeness>,
    /// Objects that were looked at one by one and proven absent.
    pub absent: BTreeSet<Address>,
}

/// Whether an object that was not seen is known not to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence {
    /// It is proven absent.
    Proven,
    /// It may be there; the text says why that is not known.
    Unproven(String),
}

impl Observed {
    /// Puts readings together. Of two readings of one scope the later one in the list counts.
    pub fn new(observations: impl IntoIterator<Item = Observation>) -> Self {
        let (mut live, mut scopes) = (Vec::new(), BTreeMap::new());
        for mut observation in observations {
            share_names(observation.objects.iter_mut().map(|it| &mut it.address));
            live.extend(observation.objects.into_iter().map(|it| (it.address.clone(), it)));
            scopes.insert(observation.scope, observation.completeness);
        }
        // Made of all at once, the map is as small as it can be.
        Self { live: live.into_iter().collect(), scopes, absent: BTreeSet::new() }
    }

    /// Whether an address that is not among the live objects is proven absent.
    pub fn absence(&self, address: &Address, spec: &KindSpec) -> Absence {
        if self.absent.contains(address) {
            return Absence::Proven;
        }
        let scope = Scope::of(address, spec);
        match self.scopes.get(&scope) {
            Some(Completeness::Complete(_)) => Absence::Proven,
            Some(Completeness::Incomplete(failure)) => {
                Absence::Unproven(format!("{scope} was not read whole ({failure})"))
            }
            Some(Completeness::Cached(at)) => {
                Absence::Unproven(format!("{scope} was last read whole at {}", at.format("%F %T")))
            }
            None => Absence::Unproven(format!("{scope} was not read")),
        }
    }

    /// Whether a scope was read whole in this cycle.
    pub fn is_complete(&self, scope: &Scope) -> bool {
        matches!(self.scopes.get(scope), Some(Completeness::Complete(_)))
    }
}
