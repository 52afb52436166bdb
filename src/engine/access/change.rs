//! Who gains or loses what between two moments.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Holding, State};
use crate::engine::model::{Address, Gives, KindClass};
use crate::engine::plan::Step;

/// What changes for one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessChange {
    /// The account.
    pub account: Address,
    /// What it has afterwards and had not before, or not that far.
    pub gains: Vec<Holding>,
    /// What it had before and has no more, or not that far.
    pub loses: Vec<Holding>,
}

/// What these accounts gain and lose, in order; accounts for which nothing changes are left out. By which way somebody
/// has something is no difference.
pub fn between(before: &State<'_>, after: &State<'_>, accounts: &BTreeSet<Address>) -> Vec<AccessChange> {
    let changes = accounts.iter().map(|account| {
        let (had, has) = (by_thing(before.effective(account)), by_thing(after.effective(account)));
        let without = |of: &Holdings, other: &Holdings| -> Vec<Holding> {
            of.iter().filter(|(thing, _)| !other.contains_key(thing)).map(|(_, holding)| holding.clone()).collect()
        };
        AccessChange { account: account.clone(), gains: without(&has, &had), loses: without(&had, &has) }
    });
    changes.filter(|it| !it.gains.is_empty() || !it.loses.is_empty()).collect()
}

type Holdings = BTreeMap<(Address, Option<String>), Holding>;

fn by_thing(holdings: Vec<Holding>) -> Holdings {
    holdings.into_iter().map(|it| ((it.on.clone(), it.level.clone()), it)).collect()
}

/// The accounts for which these steps may change something: those that a step is about, and everybody in what one is
/// about or who has something of it. Never fewer than those for which something does.
pub fn touched<'s>(states: [&State<'_>; 2], steps: impl IntoIterator<Item = &'s Step>) -> BTreeSet<Address> {
    // By key, what people are in whose rights a step may change; a step in a place may concern everybody in that place.
    let mut places: BTreeSet<Address> = BTreeSet::new();
    let mut accounts: BTreeSet<Address> = BTreeSet::new();
    for step in steps {
        let address = &step.address;
        let person = match step.class {
            KindClass::Person => Some(&*address.key),
            KindClass::Membership => Some(address.leaf()),
            KindClass::Workspace => address.parent_key(),
            KindClass::Organisation | KindClass::Team | KindClass::Channel | KindClass::Repository => {
                places.insert(address.clone());
                None
            }
            KindClass::Number | KindClass::Grant | KindClass::Client | KindClass::Setting | KindClass::Record => None,
        };
        let kinds = states[0].kinds.of_class(&address.instance, KindClass::Person);
        accounts.extend(kinds.zip(person).map(|(kind, key)| Address::new(&address.instance, kind.name, key)));
    }
    if places.is_empty() {
        return accounts;
    }
    for state in states {
        let concerns = |account: &Address| state.edges(account).any(|edge| state.is_concerned(edge, &places));
        accounts.extend(state.accounts().filter(|account| concerns(account)).cloned());
    }
    accounts
}

impl State<'_> {
    /// Whether what a membership leads to may be one of these places, or have a right on one.
    fn is_concerned(&self, edge: &Address, places: &BTreeSet<Address>) -> bool {
        let (Some(spec), Some(parent)) = (self.kinds.spec(edge), edge.parent_key()) else {
            return false;
        };
        let Some(kind) = spec.member_of else {
            return false;
        };
        let mut open = vec![Address::new(&edge.instance, kind, parent)];
        while let Some(place) = open.pop() {
            if places.contains(&place) {
                return true;
            }
            let Some(parent) = place.parent_key() else {
                continue;
            };
            for gives in self.kinds.spec(&place).map(|spec| spec.gives).unwrap_or_default() {
                match gives {
                    Gives::Above(kind) => open.push(Address::new(&place.instance, kind, parent)),
                    Gives::Beside { kind, .. } => {
                        let first = Address::new(&place.instance, kind, &format!("{parent}/"));
                        let below = |it: &&Address| it.kind == first.kind && it.key.starts_with(&*first.key);
                        if places.range(&first..).take_while(below).any(|it| it.parent_key() == Some(parent)) {
                            return true;
                        }
                    }
                }
            }
        }
        false
    }
}
