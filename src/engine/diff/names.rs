//! Former names: live and remembered objects under the names that they are declared by now.
//!
//! A rename is declared (`previously`), never inferred from a likeness; one that was done by hand at the service is known
//! by the recorded id. When a person is renamed, the edges `…/old` mean `…/new`; when a group is, everything below `old/`
//! means `new/`. So objects stand in the table by the name that they have in the mono-repo, and the comparison sees one
//! world of names.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::DiffInput;
use super::table::Ids;
use crate::engine::model::{Address, Desired, Instance, KindClass, Recorded, Rename};

type Renames = BTreeMap<(Instance, KindClass), BTreeMap<String, String>>;

/// Which names mean which.
pub(super) struct Names {
    /// Former name → declared name.
    forth: Renames,
    /// Declared name → former name.
    back: Renames,
    /// What was renamed at the service.
    by_hand: BTreeSet<Address>,
}

impl Names {
    /// The names that `desired` and `recorded`, both in order of address, tell of.
    pub(super) fn new(input: &DiffInput<'_>, desired: &[&Desired], recorded: &[&Recorded], ids: &Ids<'_>) -> Self {
        let mut names = Self { forth: Renames::new(), back: Renames::new(), by_hand: BTreeSet::new() };
        let remembered = |address: &Address| recorded.binary_search_by(|it| it.address.cmp(address)).is_ok();
        for desired in desired {
            let mut others = desired.previously.iter().chain(&desired.known_as).peekable();
            let Some(spec) = input.kinds.spec(&desired.address).filter(|_| others.peek().is_some()) else { continue };
            for former in others {
                let old = Address { key: former.as_str().into(), ..desired.address.clone() };
                let known = remembered(&old) || input.observed.live.contains_key(&old);
                if known && old != desired.address {
                    let at = (desired.address.instance.clone(), spec.class);
                    let new = desired.address.key.to_string();
                    names.forth.entry(at.clone()).or_default().insert(former.clone(), new.clone());
                    names.back.entry(at).or_default().insert(new, former.clone());
                    break;
                }
            }
        }
        names.add_renames_by_hand(input, desired, recorded, ids);
        names
    }

    /// What has a recorded id and another last name than the declared one was renamed by hand, unless names were swapped.
    fn add_renames_by_hand(
        &mut self,
        input: &DiffInput<'_>,
        desired: &[&Desired],
        recorded: &[&Recorded],
        ids: &Ids<'_>,
    ) {
        let is_declared = |address: &Address| desired.binary_search_by(|it| it.address.cmp(address)).is_ok();
        // Both are in order, so that one look at each tells what is remembered and not there under its name.
        let mut live = input.observed.live.keys().peekable();
        for recorded in recorded {
            while live.next_if(|address| **address < recorded.address).is_some() {}
            if live.peek().is_some_and(|address| **address == recorded.address) || !is_declared(&recorded.address) {
                continue;
            }
            let (Some(spec), Some(id)) = (input.kinds.spec(&recorded.address), recorded.external_id.as_deref()) else {
                continue;
            };
            let Some(live) = ids.find(&recorded.address, id) else { continue };
            let carries_names = matches!(
                spec.class,
                KindClass::Organisation | KindClass::Team | KindClass::Channel | KindClass::Person
            );
            let renamed = live.address.leaf() != recorded.address.leaf();
            let swapped = is_declared(&live.address);
            if !carries_names || !renamed || swapped || spec.rename != Rename::InPlace {
                continue;
            }
            let at = (recorded.address.instance.clone(), spec.class);
            let (declared, now) = (recorded.address.key.to_string(), live.address.key.to_string());
            if let Entry::Vacant(back) = self.back.entry(at.clone()).or_default().entry(declared.clone()) {
                back.insert(now.clone());
                self.forth.entry(at).or_default().insert(now, declared);
                self.by_hand.insert(recorded.address.clone());
            }
        }
    }

    /// Whether somebody renamed it at the service, where we can rename it back.
    pub(super) fn renamed_by_hand(&self, address: &Address) -> bool {
        self.by_hand.contains(address)
    }

    /// The declared name of what is called so, where it has another one.
    pub(super) fn declared(&self, input: &DiffInput<'_>, address: &Address) -> Option<Address> {
        self.translate(input, address, &self.forth)
    }

    /// The name that an address may still have at the service, where it has a former one.
    pub(super) fn former(&self, input: &DiffInput<'_>, address: &Address) -> Option<Address> {
        self.translate(input, address, &self.back)
    }

    /// The address with every renamed part replaced; `None` when no part is.
    fn translate(&self, input: &DiffInput<'_>, address: &Address, renames: &Renames) -> Option<Address> {
        if renames.is_empty() {
            return None;
        }
        let spec = input.kinds.spec(address)?;
        let of = |class| renames.get(&(address.instance.clone(), class));
        if let Some(new) = of(spec.class).and_then(|names| names.get(&*address.key)) {
            return (**new != *address.key).then(|| Address { key: new.as_str().into(), ..address.clone() });
        }
        let mut key = address.key.to_string();
        if spec.class.is_of_person()
            && let Some((parent, leaf)) = key.rsplit_once('/')
            && let Some(new) = of(KindClass::Person).and_then(|names| names.get(leaf))
        {
            key = format!("{parent}/{new}");
        }
        for class in [KindClass::Organisation, KindClass::Team, KindClass::Channel] {
            let Some(names) = of(class) else { continue };
            let ends: Vec<usize> = key.match_indices('/').map(|(at, _)| at).rev().collect();
            if let Some((new, end)) = ends.iter().find_map(|end| Some((names.get(&key[..*end])?, *end))) {
                key = format!("{new}{}", &key[end..]);
            }
        }
        (key != *address.key).then(|| Address { key: key.as_str().into(), ..address.clone() })
    }
}
