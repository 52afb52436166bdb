//! Wanted × last applied × live, field by field, by the kinds' descriptions. No service is named here.
//!
//! [`numbers::allot`] first gives numbers to those who still need one. [`diff`] then lays what is wanted, remembered and
//! there side by side, looks at every declared resource once, in an order in which what a resource needs comes before it,
//! and then at what is left: objects that are ours and declared no more, and objects that nobody declared. It says what
//! differs and what the situation is; what is done about it is the business of `plan`.

mod assumed;
pub mod change;
mod declared;
mod field;
mod input;
mod matching;
mod names;
pub mod numbers;
mod observed;
mod part;
mod table;
mod undeclared;

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::model::{Address, Desired, KindSpec, Live, Recorded};

pub use assumed::Assumed;
pub use change::{Cause, Change, DriftClass, Effect, FieldChange, Shadow, Shown};
pub use field::{closing_part, effect, is_compared, same};
pub use input::{DiffInput, Kinds};
pub use matching::Approval;
pub use observed::{Absence, Observed};
pub use part::Part;
use table::Table;
pub(super) use table::in_order_of_need;

/// One resource that needs a word or a step: what differs, and what the situation is.
#[derive(Debug, Clone)]
pub struct Compared<'a> {
    /// What differs, for people and for plans.
    pub change: Change,
    /// The kind.
    pub spec: &'static KindSpec,
    /// What is wanted.
    pub desired: Option<&'a Desired>,
    /// What is there.
    pub live: Option<&'a Live>,
    /// What is remembered.
    pub recorded: Option<&'a Recorded>,
    /// What the situation is.
    pub situation: Situation,
}

/// What the situation of a resource is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Situation {
    /// Declared, never ours, proven absent: to be made.
    New,
    /// Declared, ours, proven absent: somebody removed it.
    Vanished,
    /// Declared, there, to be taken over; by approval, if so.
    Adopt(Option<Approval>),
    /// Declared, there, and made by us, though no answer said so: to be recorded.
    Begun,
    /// Declared, ours, and there.
    Ours,
    /// Declared, ours, and there under another name, which the service can change.
    Misnamed,
    /// To be forgotten without touching it: released, or recorded under a name that it has no longer.
    Release,
    /// Ours, declared no more, and there.
    Undeclared,
    /// Ours, declared no more, switched off, and its retention is over.
    Expired,
    /// Ours, declared no more, and gone already.
    Gone,
    /// Nobody's, in a set that its declared parent owns: to be removed.
    Foreign,
    /// Ours, wanted by no declaration that can be read, and there: it stands until that which cannot be read can.
    Held,
    /// Nothing is to be done: unowned, in conflict, unknown, or protected; the change says why.
    Report,
}

/// Everything that differs.
#[derive(Debug, Clone, Default)]
pub struct ChangeSet<'a> {
    /// Resources that need a word or a step, in order of address.
    pub compared: Vec<Compared<'a>>,
    /// Declared resources that are as they should be.
    pub in_sync: usize,
    /// Records that are true but out of date (another file declares the object now, a field is declared for the first
    /// time and agrees): to be written without a step.
    pub refresh: Vec<Refresh>,
    /// The declared name of every live object that belongs to a declaration.
    pub matched: BTreeMap<&'a Address, &'a Live>,
    /// Declared resources that are proven absent.
    pub absent: BTreeSet<&'a Address>,
    /// Declared resources that cannot be relied on in this cycle: in conflict, or not known to be there.
    pub unsettled: BTreeMap<Address, String>,
}

/// A record to be replaced without a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    /// The name that it is recorded under.
    pub was: Address,
    /// What is to be recorded.
    pub now: Recorded,
}

/// What became of a declared resource, as far as others need to know.
#[derive(Debug, Clone, Copy)]
enum Standing<'a> {
    /// It was not compared yet, or nothing is known.
    Open,
    /// This is its live object.
    Matched(&'a Live),
    /// It is proven absent.
    Absent,
}

/// A comparison under way.
struct Work<'r, 'a> {
    input: &'r DiffInput<'a>,
    table: &'r Table<'a>,
    /// What became of each row of the table.
    standing: Vec<Standing<'a>>,
    /// Names of live objects that belong to a declaration of another name.
    claimed: BTreeSet<&'a Address>,
    changes: ChangeSet<'a>,
}

/// Compares everything.
pub fn diff<'a>(input: &DiffInput<'a>) -> ChangeSet<'a> {
    let table = Table::new(input);
    let standing = vec![Standing::Open; table.rows.len()];
    let mut work = Work { input, table: &table, standing, claimed: BTreeSet::new(), changes: ChangeSet::default() };
    for at in table.in_order_of_need() {
        declared::compare(&mut work, at);
    }
    undeclared::compare(&mut work);
    let Work { standing, mut changes, .. } = work;
    let declared = || table.rows.iter().zip(&standing).filter_map(|(row, it)| Some((&row.desired?.address, it)));
    // Both in order of address: a map is made of them without a look-up.
    changes.matched = declared().filter_map(|(address, it)| it.live().map(|live| (address, live))).collect();
    changes.absent = declared().filter(|(_, it)| it.is_absent()).map(|(address, _)| address).collect();
    changes.compared.sort_by(|a, b| a.change.address.cmp(&b.change.address));
    changes
}

impl<'a> Standing<'a> {
    /// Its live object, if it has one.
    fn live(self) -> Option<&'a Live> {
        match self {
            Standing::Matched(live) => Some(live),
            Standing::Open | Standing::Absent => None,
        }
    }

    fn is_absent(self) -> bool {
        matches!(self, Standing::Absent)
    }
}

impl<'a> Work<'_, 'a> {
    /// What became of a resource.
    fn standing(&self, address: &Address) -> Standing<'a> {
        self.table.find(address).map_or(Standing::Open, |at| self.standing[at])
    }

    /// Whether the name is declared, or the live object of that name belongs to a declaration.
    fn is_taken(&self, address: &Address) -> bool {
        self.claimed.contains(address) || self.table.is_declared(address)
    }
}
