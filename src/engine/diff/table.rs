//! Wanted, remembered and live side by side: one row for each name, in order of the names.
//!
//! All three come sorted, or nearly so, and are joined in one pass: what a row costs does not grow with their number. Only
//! what a resource needs is looked up by its name.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::iter::Peekable;

use super::DiffInput;
use super::names::Names;
use crate::engine::model::{Address, Desired, Instance, KindName, Live, Recorded};

/// Everything that has one declared name.
pub(super) struct Row<'a> {
    /// The name in the mono-repo.
    pub address: Cow<'a, Address>,
    /// What is wanted.
    pub desired: Option<&'a Desired>,
    /// What is remembered.
    pub recorded: Option<&'a Recorded>,
    /// What is there; under another name, if it was renamed.
    pub live: Option<&'a Live>,
}

/// All rows.
pub(super) struct Table<'a> {
    /// In order of the names.
    pub rows: Vec<Row<'a>>,
    /// Remembered under a former name although the new name is remembered too: to be forgotten.
    pub stale: Vec<&'a Recorded>,
    names: Names,
    ids: Ids<'a>,
    /// Where the declared resources stand.
    places: OnceCell<HashMap<&'a Address, usize>>,
}

impl<'a> Table<'a> {
    pub(super) fn new(input: &DiffInput<'a>) -> Self {
        let mut desired: Vec<&Desired> = input.desired.iter().collect();
        desired.sort_by(|a, b| a.address.cmp(&b.address));
        let mut recorded: Vec<&Recorded> = input.recorded.into_iter().flatten().collect();
        recorded.sort_by(|a, b| a.address.cmp(&b.address));
        let ids = Ids { live: input.observed, by_id: OnceCell::new() };
        let names = Names::new(input, &desired, &recorded, &ids);
        let (recorded, stale) = remembered_by_name(input, &names, recorded);
        let rows = side_by_side(desired, recorded, live_by_name(input, &names));
        Self { rows, stale, names, ids, places: OnceCell::new() }
    }

    /// Where an address stands.
    pub(super) fn find(&self, address: &Address) -> Option<usize> {
        let places = self.places.get_or_init(|| {
            let declared = self.rows.iter().enumerate().filter_map(|(at, row)| Some((&row.desired?.address, at)));
            declared.collect()
        });
        let bisect = || self.rows.binary_search_by(|row| (*row.address).cmp(address)).ok();
        places.get(address).copied().or_else(bisect)
    }

    /// The row of an address.
    pub(super) fn row(&self, address: &Address) -> Option<&Row<'a>> {
        self.find(address).map(|at| &self.rows[at])
    }

    /// Whether an address is declared.
    pub(super) fn is_declared(&self, address: &Address) -> bool {
        self.row(address).is_some_and(|row| row.desired.is_some())
    }

    /// The declared rows, each after what it needs; within that, in order of address. What lies on a cycle comes last
    /// (the planner reports the cycle).
    pub(super) fn in_order_of_need(&self) -> Vec<usize> {
        let declared = (0..self.rows.len()).filter(|at| self.rows[*at].desired.is_some());
        in_order_of_need(self.rows.len(), declared, |at| {
            let needs = self.rows[at].desired.into_iter().flat_map(|desired| &desired.needs);
            needs.filter_map(|need| self.find(need)).filter(|at| self.rows[*at].desired.is_some())
        })
    }

    /// The live object of an address's kind that has the given id, whatever its name.
    pub(super) fn with_id(&self, address: &Address, id: &str) -> Option<&'a Live> {
        self.ids.find(address, id)
    }

    /// Whether somebody renamed it at the service, where we can rename it back.
    pub(super) fn renamed_by_hand(&self, address: &Address) -> bool {
        self.names.renamed_by_hand(address)
    }

    /// The name that an address may still have at the service, where it has a former one.
    pub(super) fn former(&self, input: &DiffInput<'_>, address: &Address) -> Option<Address> {
        self.names.former(input, address)
    }
}

/// The places from `starts`, each after those that it needs. What lies on a cycle comes in some order.
pub(in crate::engine) fn in_order_of_need<I: DoubleEndedIterator<Item = usize>>(
    count: usize,
    starts: impl Iterator<Item = usize>,
    needs: impl Fn(usize) -> I,
) -> Vec<usize> {
    let mut order = Vec::with_capacity(count);
    let mut seen = vec![false; count];
    // Depth first with an explicit stack: a chain of needs may be as long as the mono-repo.
    let mut stack = Vec::new();
    for start in starts {
        stack.push((start, false));
        while let Some((at, leaving)) = stack.pop() {
            if leaving {
                order.push(at);
            } else if !std::mem::replace(&mut seen[at], true) {
                stack.push((at, true));
                stack.extend(needs(at).rev().map(|need| (need, false)));
            }
        }
    }
    order
}

/// Live objects by the service's own id. Few comparisons ask for one, so the index is made when one does.
pub(super) struct Ids<'a> {
    live: &'a super::Observed,
    by_id: OnceCell<ById<'a>>,
}

type ById<'a> = HashMap<(&'a Instance, &'a KindName, &'a str), &'a Live>;

impl<'a> Ids<'a> {
    /// The live object of an address's kind that has the given id, whatever its name.
    pub(super) fn find(&self, address: &Address, id: &str) -> Option<&'a Live> {
        let key = |live: &'a Live| Some((&live.address.instance, &live.address.kind, live.external_id.as_deref()?));
        let live = self.live.live.values();
        let by_id = self.by_id.get_or_init(|| live.filter_map(|live| Some((key(live)?, live))).collect());
        // The key's text lives as long as the observation does; a shorter one is enough to look it up.
        let by_id: &HashMap<(&Instance, &KindName, &str), &'a Live> = by_id;
        by_id.get(&(&address.instance, &address.kind, id)).copied()
    }
}

/// Something under its declared name.
type Named<'a, T> = (Cow<'a, Address>, &'a T);

fn remembered_by_name<'a>(
    input: &DiffInput<'a>,
    names: &Names,
    recorded: Vec<&'a Recorded>,
) -> (Vec<Named<'a, Recorded>>, Vec<&'a Recorded>) {
    let (mut named, mut stale) = (Vec::with_capacity(recorded.len()), Vec::new());
    for object in &recorded {
        match names.declared(input, &object.address) {
            None => named.push((Cow::Borrowed(&object.address), *object)),
            Some(declared) => match recorded.binary_search_by(|it| it.address.cmp(&declared)) {
                Ok(_) => stale.push(*object),
                Err(_) => named.push((Cow::Owned(declared), *object)),
            },
        }
    }
    named.sort_by(|(a, _), (b, _)| a.cmp(b));
    (named, stale)
}

fn live_by_name<'a>(input: &DiffInput<'a>, names: &Names) -> Vec<Named<'a, Live>> {
    let live = input.observed.live.iter().map(|(address, live)| match names.declared(input, address) {
        // The object that really has the name wins over one that had it before.
        Some(declared) if !input.observed.live.contains_key(&declared) => (Cow::Owned(declared), live),
        _ => (Cow::Borrowed(address), live),
    });
    let mut live: Vec<_> = live.collect();
    live.sort_by(|(a, _), (b, _)| a.cmp(b));
    live
}

/// Joins three sorted sequences. Of several under one name the last counts.
fn side_by_side<'a>(
    desired: Vec<&'a Desired>,
    recorded: Vec<Named<'a, Recorded>>,
    live: Vec<Named<'a, Live>>,
) -> Vec<Row<'a>> {
    let mut rows = Vec::with_capacity(desired.len().max(recorded.len()).max(live.len()));
    let desired = desired.into_iter().map(|it| (Cow::Borrowed(&it.address), it));
    let (mut desired, mut recorded, mut live) =
        (desired.peekable(), recorded.into_iter().peekable(), live.into_iter().peekable());
    loop {
        let heads = [name(&mut desired), name(&mut recorded), name(&mut live)];
        let Some(address) = heads.into_iter().flatten().min().cloned() else { return rows };
        let (desired, recorded, live) =
            (take(&mut desired, &address), take(&mut recorded, &address), take(&mut live, &address));
        rows.push(Row { address, desired, recorded, live });
    }
}

/// The name of what comes next.
fn name<'i, 'a, T: 'a>(items: &'i mut Peekable<impl Iterator<Item = Named<'a, T>>>) -> Option<&'i Cow<'a, Address>> {
    items.peek().map(|(address, _)| address)
}

/// What comes next, as long as it has the name.
fn take<'a, T>(items: &mut Peekable<impl Iterator<Item = Named<'a, T>>>, name: &Address) -> Option<&'a T> {
    let mut taken = None;
    while let Some((_, item)) = items.next_if(|(address, _)| **address == *name) {
        taken = Some(item);
    }
    taken
}
