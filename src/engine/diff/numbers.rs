//! Numbers that are given once and never again: what some service wants to tell its people apart by.
//!
//! A number is given in the plan, not in the middle of applying it: so the preview shows which, a saved plan holds it,
//! and giving is pure. The next number lies above every one that was ever seen: at the identity provider, whose
//! attribute is the record; in the services that are fed from it, accounts that are switched off included; and in the
//! ledger, which is a copy. Where one of them could not be read whole, nobody new is given one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kinds, Observed};
use crate::engine::diag::{Diagnostic, codes};
use crate::engine::model::kind::NUMBER;
use crate::engine::model::{
    Address, Allotments, Completeness, Desired, EntityRef, Extent, Field, Instance, KindClass, KindName, Live, Term,
    Value, Wanted,
};

/// A number and whose it is, to be kept by the ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Given {
    /// The pool.
    pub pool: String,
    /// Whose: the last part of the resource's key.
    pub subject: String,
    /// The number.
    pub number: i64,
}

/// What came of giving numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Numbers {
    /// Every number that somebody has or is given, in order.
    pub given: Vec<Given>,
    /// Why somebody got none, or has one that cannot be theirs.
    pub diagnostics: Vec<Diagnostic>,
    /// Entities that stand as they are because of it.
    pub held: BTreeSet<EntityRef>,
}

/// Fills in the field [`NUMBER`] of every wanted resource of the class [`KindClass::Number`]: the one that it has, or
/// that the ledger remembers, or the next. Equal inputs give equal numbers.
pub fn allot(desired: &mut [Desired], kinds: &Kinds, observed: &Observed, allotments: &Allotments) -> Numbers {
    let mut pools: BTreeMap<(Instance, KindName, String), Vec<usize>> = BTreeMap::new();
    for (at, it) in desired.iter().enumerate() {
        let is_number = kinds.spec(&it.address).is_some_and(|spec| spec.class == KindClass::Number);
        if let Some(pool) = it.address.parent_key().filter(|_| is_number && it.extent != Extent::Release) {
            let pool = (it.address.instance.clone(), it.address.kind.clone(), pool.to_owned());
            pools.entry(pool).or_default().push(at);
        }
    }
    let mut numbers = Numbers::default();
    for ((instance, kind, pool), mut wanted) in pools {
        wanted.sort_by(|a, b| desired[*a].address.cmp(&desired[*b].address));
        let pool = Pool::new(desired, &wanted, observed, allotments, (&instance, &kind, &pool));
        pool.allot(desired, &wanted, &mut numbers);
    }
    numbers.given.sort();
    numbers
}

/// One pool, as it is before anybody is given anything.
struct Pool {
    name: String,
    /// Numbers that live resources have.
    live: BTreeMap<Address, i64>,
    /// Numbers that the ledger remembers, by whose they are.
    kept: BTreeMap<String, i64>,
    /// The highest number anywhere.
    highest: i64,
    /// Why nobody new can be given one.
    unread: Option<String>,
}

impl Pool {
    fn new(
        desired: &[Desired],
        wanted: &[usize],
        observed: &Observed,
        allotments: &Allotments,
        (instance, kind, pool): (&Instance, &KindName, &str),
    ) -> Self {
        let ours: BTreeSet<&Address> = wanted.iter().map(|at| &desired[*at].address).collect();
        let fed = fed(desired, &ours);
        let of_pool = |it: &&Live| {
            it.address.instance == *instance && it.address.kind == *kind && it.address.parent_key() == Some(pool)
        };
        let live: BTreeMap<Address, i64> = observed
            .live
            .values()
            .filter(of_pool)
            .filter_map(|it| Some((it.address.clone(), whole_number(it.fields.get(NUMBER)?)?)))
            .collect();
        let kept: BTreeMap<String, i64> = allotments
            .iter()
            .filter(|((of, _), _)| of == pool)
            .filter_map(|((_, subject), number)| Some((subject.clone(), number.as_int()?)))
            .collect();
        let elsewhere = observed.live.values().filter_map(|it| {
            let field = fed.get(&(it.address.instance.clone(), it.address.kind.clone()))?;
            whole_number(it.fields.get(field)?)
        });
        let highest = live.values().chain(kept.values()).copied().chain(elsewhere).max().unwrap_or_default();
        let sources = fed.keys().map(|(instance, kind)| (instance, kind, None)).chain([(instance, kind, Some(pool))]);
        let unread = sources.filter_map(|(instance, kind, parent)| unread(observed, instance, kind, parent)).next();
        Self { name: pool.to_owned(), live, kept, highest: highest.max(0), unread }
    }

    fn allot(mut self, desired: &mut [Desired], wanted: &[usize], numbers: &mut Numbers) {
        let declared: BTreeSet<Address> = wanted.iter().map(|at| desired[*at].address.clone()).collect();
        let holders = holders(&self.live);
        let mut taken: BTreeSet<i64> = BTreeSet::new();
        let mut without = Vec::new();
        // Those who have one come first: nobody is given what another one carries.
        for at in wanted {
            let it = &mut desired[*at];
            let former = former(it).filter(|name| !declared.contains(name));
            let live = std::iter::once(it.address.clone()).chain(former).find_map(|name| self.live.get(&name).copied());
            let Some(number) = live else {
                without.push(*at);
                continue;
            };
            let number = self.remembered(it).filter(|kept| !holders.contains_key(kept)).unwrap_or(number);
            if let Some(others) = holders.get(&number).filter(|others| others.len() > 1) {
                numbers.twice(it, number, others);
                continue;
            }
            taken.insert(number);
            numbers.give(&self.name, it, number);
        }
        for at in without {
            let it = &mut desired[at];
            let kept = self.remembered(it).filter(|kept| !holders.contains_key(kept) && !taken.contains(kept));
            let number = match (kept, &self.unread) {
                (Some(kept), _) => Ok(kept),
                (None, Some(why)) => Err(why.clone()),
                (None, None) => self.highest.checked_add(1).ok_or_else(|| "no number is left".to_owned()),
            };
            match number {
                Ok(number) => {
                    self.highest = self.highest.max(number);
                    taken.insert(number);
                    numbers.give(&self.name, it, number);
                }
                Err(why) => numbers.none(it, &why),
            }
        }
    }

    /// What the ledger remembers of somebody, under today's name or a former one.
    fn remembered(&self, desired: &Desired) -> Option<i64> {
        let former = former(desired).map(|name| name.leaf().to_owned());
        std::iter::once(desired.address.leaf().to_owned()).chain(former).find_map(|name| self.kept.get(&name).copied())
    }
}

impl Numbers {
    fn give(&mut self, pool: &str, desired: &mut Desired, number: i64) {
        let span = Some(desired.origin.clone());
        desired.fields.insert(
            Field::Borrowed(NUMBER),
            Wanted { term: Term::Known(Value::Int(number)), span, insists: false, if_there: false },
        );
        self.given.push(Given { pool: pool.to_owned(), subject: desired.address.leaf().to_owned(), number });
    }

    fn none(&mut self, desired: &mut Desired, why: &str) {
        // It must not be made without its number, and what needs it waits with it.
        desired.extent = desired.extent.max(Extent::Observe);
        let message = format!("'{}' is given no number yet: {why}", desired.address);
        self.diagnostics.push(
            Diagnostic::warning(codes::NUMBER_NOT_GIVEN, message)
                .at((*desired.origin).clone())
                .help("the next number must lie above every one that exists, so all of them must be seen"),
        );
    }

    fn twice(&mut self, desired: &mut Desired, number: i64, holders: &[Address]) {
        desired.extent = desired.extent.max(Extent::Observe);
        self.held.extend(desired.owner.0.parse());
        let names: Vec<String> = holders.iter().map(ToString::to_string).collect();
        let message =
            format!("{} carry the same number {number}: who signs in as whom is not known", names.join(" and "));
        self.diagnostics.push(
            Diagnostic::error(codes::NUMBER_TWICE, message)
                .at((*desired.origin).clone())
                .help("find out whose it is, and take it from the other one at the identity provider"),
        );
    }
}

/// The kinds that are fed from a pool, and the field that holds the number there.
fn fed(desired: &[Desired], ours: &BTreeSet<&Address>) -> BTreeMap<(Instance, KindName), Field> {
    let mut fed = BTreeMap::new();
    for it in desired {
        for (field, wanted) in &it.fields {
            if let Term::Output(output) = &wanted.term
                && ours.contains(&output.address)
            {
                fed.insert((it.address.instance.clone(), it.address.kind.clone()), field.clone());
            }
        }
    }
    fed
}

/// Why not all numbers of a kind were seen, if so.
fn unread(observed: &Observed, instance: &Instance, kind: &KindName, parent: Option<&str>) -> Option<String> {
    let of_kind = |scope: &crate::engine::model::Scope| {
        scope.instance == *instance && scope.kind == *kind && (parent.is_none() || scope.parent.as_deref() == parent)
    };
    let mut scopes = observed.scopes.iter().filter(|(scope, _)| of_kind(scope)).peekable();
    if scopes.peek().is_none() {
        return Some(format!("{instance}:{kind} was not read"));
    }
    scopes.find_map(|(scope, completeness)| match completeness {
        Completeness::Complete(_) => None,
        Completeness::Incomplete(failure) => Some(format!("{scope} was not read whole ({failure})")),
        Completeness::Cached(_) => Some(format!("{scope} was not read in this cycle")),
    })
}

/// Numbers that more than one carries stand out.
fn holders(live: &BTreeMap<Address, i64>) -> BTreeMap<i64, Vec<Address>> {
    let mut holders: BTreeMap<i64, Vec<Address>> = BTreeMap::new();
    for (address, number) in live {
        holders.entry(*number).or_default().push(address.clone());
    }
    holders
}

/// The names that a resource had before.
fn former(desired: &Desired) -> impl Iterator<Item = Address> {
    desired.previously.iter().map(|key| Address { key: key.as_str().into(), ..desired.address.clone() })
}

/// A number, whether the service shows it as one or as its decimal text. Anything else is none of ours.
fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
