//! Former names: live and remembered objects under the names that they are declared by now.
//!
//! A rename is declared (`previously`), never inferred from a likeness; one that was done by hand at the service is known
//! by the recorded id. When a person is renamed, the edges `…/old` mean `…/new`; when a group is, everything below `old/`
//! means `new/`. So objects are indexed by the name that they have in the mono-repo, and the comparison sees one world of
//! names.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::DiffInput;
use crate::engine::model::{Address, Instance, KindClass, KindName, Live, Recorded, Rename};

/// Live and remembered objects by their declared names.
pub(super) struct Index<'a> {
    /// Live objects.
    pub live: BTreeMap<Address, &'a Live>,
    /// Remembered objects.
    pub recorded: BTreeMap<Address, &'a Recorded>,
    /// Remembered under a former name although the new name is remembered too: to be forgotten.
    pub stale: Vec<&'a Recorded>,
    by_id: BTreeMap<(Instance, KindName, &'a str), &'a Live>,
    names: Names,
}

impl<'a> Index<'a> {
    pub(super) fn new(input: &DiffInput<'a>) -> Self {
        let by_id: BTreeMap<(Instance, KindName, &'a str), &'a Live> = input
            .observed
            .live
            .values()
            .filter_map(|it| {
                Some(((it.address.instance.clone(), it.address.kind.clone(), it.external_id.as_deref()?), it))
            })
            .collect();
        let mut names = Names::new(input);
        names.add_renames_by_hand(input, &by_id);
        let mut live = BTreeMap::new();
        for (address, object) in &input.observed.live {
            let declared = names.declared(input, address);
            // The object that really has the name wins over one that had it before.
            if declared == *address || !input.observed.live.contains_key(&declared) {
                live.insert(declared, object);
            } else {
                live.insert(address.clone(), object);
            }
        }
        let exact: BTreeSet<&Address> = input.recorded.into_iter().flatten().map(|it| &it.address).collect();
        let (mut recorded, mut stale) = (BTreeMap::new(), Vec::new());
        for object in input.recorded.into_iter().flatten() {
            let declared = names.declared(input, &object.address);
            if declared != object.address && exact.contains(&declared) {
                stale.push(object);
            } else {
                recorded.insert(declared, object);
            }
        }
        Self { live, recorded, stale, by_id, names }
    }

    /// The live object of an address's kind that has the given id, whatever its name.
    pub(super) fn with_id(&self, address: &Address, id: &str) -> Option<&'a Live> {
        // The key's text lives as long as the observation does; a shorter one is enough to look it up.
        let by_id: &BTreeMap<(Instance, KindName, &str), &'a Live> = &self.by_id;
        by_id.get(&(address.instance.clone(), address.kind.clone(), id)).copied()
    }

    /// Whether somebody renamed it at the service, where we can rename it back.
    pub(super) fn renamed_by_hand(&self, address: &Address) -> bool {
        self.names.by_hand.contains(address)
    }

    /// The name that an address may still have at the service, where it has a former one.
    pub(super) fn former(&self, input: &DiffInput<'_>, address: &Address) -> Option<Address> {
        self.names.translate(input, address, &self.names.back)
    }
}

type Renames = BTreeMap<(Instance, KindClass), BTreeMap<String, String>>;

struct Names {
    /// Former name → declared name.
    forth: Renames,
    /// Declared name → former name.
    back: Renames,
    /// What was renamed at the service.
    by_hand: BTreeSet<Address>,
}

impl Names {
    fn new(input: &DiffInput<'_>) -> Self {
        let mut names = Self { forth: Renames::new(), back: Renames::new(), by_hand: BTreeSet::new() };
        let remembered: BTreeSet<&Address> = input.recorded.into_iter().flatten().map(|it| &it.address).collect();
        for desired in input.desired {
            let Some(spec) = input.kinds.spec(&desired.address) else { continue };
            for former in &desired.previously {
                let old = Address { key: former.as_str().into(), ..desired.address.clone() };
                let known = remembered.contains(&old) || input.observed.live.contains_key(&old);
                if known && old != desired.address {
                    let at = (desired.address.instance.clone(), spec.class);
                    let new = desired.address.key.to_string();
                    names.forth.entry(at.clone()).or_default().insert(former.clone(), new.clone());
                    names.back.entry(at).or_default().insert(new, former.clone());
                    break;
                }
            }
        }
        names
    }

    /// What has a recorded id and another last name than the declared one was renamed by hand, unless names were swapped.
    fn add_renames_by_hand(&mut self, input: &DiffInput<'_>, by_id: &BTreeMap<(Instance, KindName, &str), &Live>) {
        let desired: BTreeSet<&Address> = input.desired.iter().map(|it| &it.address).collect();
        for recorded in input.recorded.into_iter().flatten().filter(|it| desired.contains(&it.address)) {
            let (Some(spec), Some(id)) = (input.kinds.spec(&recorded.address), recorded.external_id.as_deref()) else {
                continue;
            };
            let Address { instance, kind, .. } = &recorded.address;
            let Some(live) = by_id.get(&(instance.clone(), kind.clone(), id)) else { continue };
            let carries_names = matches!(
                spec.class,
                KindClass::Organisation | KindClass::Team | KindClass::Channel | KindClass::Person
            );
            let renamed = live.address.leaf() != recorded.address.leaf();
            let swapped = desired.contains(&live.address) || input.observed.live.contains_key(&recorded.address);
            if !carries_names || !renamed || swapped || spec.rename != Rename::InPlace {
                continue;
            }
            let at = (instance.clone(), spec.class);
            let (declared, now) = (recorded.address.key.to_string(), live.address.key.to_string());
            if let Entry::Vacant(back) = self.back.entry(at.clone()).or_default().entry(declared.clone()) {
                back.insert(now.clone());
                self.forth.entry(at).or_default().insert(now, declared);
                self.by_hand.insert(recorded.address.clone());
            }
        }
    }

    fn declared(&self, input: &DiffInput<'_>, address: &Address) -> Address {
        self.translate(input, address, &self.forth).unwrap_or_else(|| address.clone())
    }

    /// The address with every renamed part replaced; `None` when no part is.
    fn translate(&self, input: &DiffInput<'_>, address: &Address, renames: &Renames) -> Option<Address> {
        if renames.is_empty() {
            return None;
        }
        let spec = input.kinds.spec(address)?;
        let of = |class| renames.get(&(address.instance.clone(), class));
        if let Some(new) = of(spec.class).and_then(|names| names.get(&*address.key)) {
            return Some(Address { key: new.as_str().into(), ..address.clone() });
        }
        let mut key = address.key.to_string();
        if matches!(spec.class, KindClass::Membership | KindClass::Number)
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
