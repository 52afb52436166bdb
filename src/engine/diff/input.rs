//! What a comparison looks at.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::Observed;
use crate::engine::documents::Quarantine;
use crate::engine::model::{
    Address, Desired, Instance, InstancePolicy, KindClass, KindSpec, MembershipSet, Mode, Recorded,
};

/// The kinds of every installation.
#[derive(Debug, Clone, Default)]
pub struct Kinds(BTreeMap<Instance, &'static [KindSpec]>);

impl Kinds {
    /// Adds an installation.
    pub fn insert(&mut self, instance: Instance, kinds: &'static [KindSpec]) {
        self.0.insert(instance, kinds);
    }

    /// The description of an address's kind.
    pub fn spec(&self, address: &Address) -> Option<&'static KindSpec> {
        self.0.get(&address.instance)?.iter().find(|spec| spec.name == address.kind.as_str())
    }

    /// The kinds of an installation that are about the given class.
    pub fn of_class(&self, instance: &Instance, class: KindClass) -> impl Iterator<Item = &'static KindSpec> {
        self.0.get(instance).copied().unwrap_or_default().iter().filter(move |spec| spec.class == class)
    }

    /// What may lie around an address, whether it is there or not: its container, and an edge's person. Writing needs
    /// their ids.
    pub fn around(&self, address: &Address) -> impl Iterator<Item = Address> {
        let of_person = self.spec(address).is_some_and(|spec| spec.class.is_of_person());
        let kinds = self.0.get(&address.instance).copied().unwrap_or_default();
        kinds.iter().flat_map(move |kind| {
            let person = (of_person && kind.class == KindClass::Person).then(|| address.leaf());
            let keys = address.parent_key().into_iter().chain(person);
            keys.map(|key| Address::new(&address.instance, kind.name, key))
        })
    }

    /// Every installation with its kinds.
    pub fn iter(&self) -> impl Iterator<Item = (&Instance, &'static [KindSpec])> {
        self.0.iter().map(|(instance, kinds)| (instance, *kinds))
    }
}

/// Everything that is wanted, remembered and seen, and the rules that apply.
#[derive(Debug)]
pub struct DiffInput<'a> {
    /// The kinds.
    pub kinds: &'a Kinds,
    /// What is wanted. Addresses are unique.
    pub desired: &'a [Desired],
    /// The parents whose edges we declare.
    pub sets: &'a [MembershipSet],
    /// What was seen.
    pub observed: &'a Observed,
    /// What is remembered; `None` without a ledger: then the comparison is two-way and proposes no removal.
    pub recorded: Option<&'a [Recorded]>,
    /// The identity of our ledger.
    pub ledger: Option<&'a str>,
    /// The rules of each installation.
    pub policies: &'a BTreeMap<Instance, InstancePolicy>,
    /// What we began to make lately without ever learning whether it was made: an object that is there now and agrees is
    /// ours, and no stranger's that would have to be approved.
    pub attempted: &'a BTreeSet<Address>,
    /// What stands because its declaration cannot be read.
    pub quarantine: &'a Quarantine,
    /// Our own accounts: never drift, never narrowed.
    pub own_accounts: &'a BTreeSet<Address>,
    /// Files in which the ledger knows that something was declared.
    pub now: DateTime<Utc>,
}

impl DiffInput<'_> {
    /// The mode of an address's kind; an installation without a policy is only reported on.
    pub(super) fn mode_of(&self, address: &Address) -> Mode {
        self.policies.get(&address.instance).map_or(Mode::Report, |policy| policy.mode_of(&address.kind))
    }

    /// Whether what was switched off at a moment has been kept for as long as its installation keeps such things.
    pub(super) fn is_retention_over(&self, address: &Address, since: DateTime<Utc>) -> bool {
        let days = self.policies.get(&address.instance).map(|policy| policy.retention_days);
        days.is_some_and(|days| self.now - since >= TimeDelta::days(days.into()))
    }

    /// The reason of the rule that accepts a difference, if there is one.
    pub(super) fn ignored(&self, address: &Address, field: Option<&str>) -> Option<&str> {
        let policy = self.policies.get(&address.instance)?;
        let text = address.to_string();
        policy
            .ignore
            .iter()
            .filter(|rule| rule.until.is_none_or(|until| self.now < until))
            .filter(|rule| rule.field.is_none() || rule.field.as_deref() == field)
            .find(|rule| matches_glob(&rule.address, &text))
            .map(|rule| rule.reason.as_str())
    }

    /// Whether an account is one of ours, or one that the config protects.
    pub(super) fn is_untouchable(&self, address: &Address) -> bool {
        let protects = |protected: &String| {
            let of_kind = protected.strip_prefix(address.kind.as_str()).and_then(|rest| rest.strip_prefix('/'));
            **protected == *address.key || of_kind == Some(&*address.key)
        };
        let policy = self.policies.get(&address.instance);
        self.own_accounts.contains(address) || policy.is_some_and(|policy| policy.protected.iter().any(protects))
    }
}

/// Whether a pattern in which `*` matches any run of characters covers a text. Linear in practice: on a mismatch only
/// the last star is retried.
fn matches_glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::matches_glob;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, matches) in [
            ("gitea:user/*", "gitea:user/alice", true),
            ("gitea:*/alice", "gitea:user/alice", true),
            ("*", "", true),
            ("gitea:user/al", "gitea:user/alice", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b", false),
        ] {
            assert_eq!(matches_glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
