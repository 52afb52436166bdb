//! Who is in what, at one moment: as it was seen, or as a plan would leave it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Bound;

use super::Standing;
use crate::engine::diff::Kinds;
use crate::engine::model::{Address, Fields, Instance, KindClass, KindSpec, Live, Term, Value};
use crate::engine::plan::{Step, Verb};

/// Everything that is there, by its declared name where it has one, with who is in what found fast.
#[derive(Debug, Clone)]
pub struct State<'a> {
    pub(super) kinds: &'a Kinds,
    pub(super) objects: BTreeMap<Address, Cow<'a, Fields>>,
    /// Memberships and workspaces, by installation and the name of the account that they are of.
    edges: BTreeMap<(Instance, String), Vec<Address>>,
}

impl<'a> State<'a> {
    /// What was seen. `aliases` tells the names at the service of declared objects that have another one there.
    pub fn seen(
        kinds: &'a Kinds,
        live: impl IntoIterator<Item = &'a Live>,
        aliases: &BTreeMap<Address, Address>,
    ) -> Self {
        let declared: BTreeMap<&Address, &Address> = aliases.iter().map(|(ours, theirs)| (theirs, ours)).collect();
        let name = |live: &Address| declared.get(live).map_or_else(|| live.clone(), |ours| (*ours).clone());
        let objects = live.into_iter().map(|it| (name(&it.address), Cow::Borrowed(&it.fields)));
        Self::of(kinds, objects.collect())
    }

    /// What would be there once these steps are done.
    #[must_use]
    pub fn after<'s>(&self, steps: impl IntoIterator<Item = &'s Step>) -> Self {
        let mut objects = self.objects.clone();
        for step in steps {
            match step.verb {
                Verb::Delete => drop(objects.remove(&step.address)),
                Verb::Create | Verb::Restore | Verb::Update | Verb::Disable => {
                    let fields = objects.entry(step.address.clone()).or_default().to_mut();
                    for (name, term) in &step.after {
                        if let Term::Known(value) = term {
                            fields.insert(name.clone(), value.clone());
                        }
                    }
                    let switch = self.kinds.spec(&step.address).and_then(|spec| spec.removal.switch());
                    if let Some((field, off)) = switch.filter(|_| step.verb == Verb::Disable) {
                        fields.insert(field.into(), Value::Bool(off));
                    }
                }
                Verb::Rename | Verb::Adopt | Verb::Transfer | Verb::RunOnce | Verb::Await | Verb::Forget => {}
            }
        }
        Self::of(self.kinds, objects)
    }

    fn of(kinds: &'a Kinds, objects: BTreeMap<Address, Cow<'a, Fields>>) -> Self {
        let mut edges: BTreeMap<(Instance, String), Vec<Address>> = BTreeMap::new();
        for address in objects.keys() {
            let person = match kinds.spec(address).map(|spec| spec.class) {
                Some(KindClass::Membership) => address.leaf(),
                Some(KindClass::Workspace) => address.parent_key().unwrap_or_default(),
                _ => continue,
            };
            edges.entry((address.instance.clone(), person.to_owned())).or_default().push(address.clone());
        }
        Self { kinds, objects, edges }
    }

    /// Whether an account may sign in.
    pub fn standing(&self, account: &Address) -> Standing {
        match (self.objects.get(account), self.kinds.spec(account)) {
            (Some(fields), Some(spec)) if is_on(spec, fields) => Standing::On,
            (Some(_), Some(_)) => Standing::Off,
            _ => Standing::Absent,
        }
    }

    /// Every account there is.
    pub fn accounts(&self) -> impl Iterator<Item = &Address> {
        let is_account = |it: &&Address| self.kinds.spec(it).is_some_and(|spec| spec.class == KindClass::Person);
        self.objects.keys().filter(is_account)
    }

    /// Whether an address is there.
    pub fn contains(&self, address: &Address) -> bool {
        self.objects.contains_key(address)
    }

    /// What an account is in, and the workspaces that are its own.
    pub(super) fn edges(&self, account: &Address) -> impl Iterator<Item = &Address> {
        self.edges.get(&(account.instance.clone(), account.key.to_string())).into_iter().flatten()
    }

    /// An object that is there and on, with its kind.
    pub(super) fn open(&self, address: &Address) -> Option<(&'static KindSpec, &Fields)> {
        let spec = self.kinds.spec(address)?;
        let fields = self.objects.get(address)?;
        is_on(spec, fields).then_some((spec, &**fields))
    }

    /// Every object of a kind that lies in the parent with this key.
    pub(super) fn within<'s>(
        &'s self,
        of: &'s Address,
        kind: &str,
        parent: &'s str,
    ) -> impl Iterator<Item = &'s Address> {
        let first = Address::new(&of.instance, kind, &format!("{parent}/"));
        let kind = first.kind.clone();
        self.objects
            .range((Bound::Included(first), Bound::Unbounded))
            .map(|(address, _)| address)
            .take_while(move |it| {
                let rest = it.key.strip_prefix(parent).is_some_and(|rest| rest.starts_with('/'));
                it.instance == of.instance && it.kind == kind && rest
            })
            .filter(move |it| it.parent_key() == Some(parent))
    }
}

/// An object without a switch, or whose switch is not shown, is on.
fn is_on(spec: &KindSpec, fields: &Fields) -> bool {
    // A workspace that is stopped is still somebody's, with their data in it.
    let switch = spec.removal.switch().filter(|_| spec.class != KindClass::Workspace);
    switch.is_none_or(|(field, off)| fields.get(field).and_then(Value::as_bool) != Some(off))
}
