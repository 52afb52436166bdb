//! What a plan is made from.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::price::Prices;
use crate::engine::diff::{ChangeSet, DiffInput};
use crate::engine::model::{Instance, KindClass};

/// Everything that a plan is made from. All of it is data: equal inputs give equal bytes.
#[derive(Debug)]
pub struct PlanInput<'a> {
    /// What was compared.
    pub diff: &'a DiffInput<'a>,
    /// What differs.
    pub changes: &'a ChangeSet<'a>,
    /// The platform's name.
    pub platform: &'a str,
    /// The revision of the mono-repo.
    pub revision: &'a str,
    /// The installation that plays the role `identity`: offboarding begins there.
    pub identity: Option<&'a Instance>,
    /// Destructive events of the rolling window, by installation and class.
    pub spent: &'a BTreeMap<(Instance, KindClass), usize>,
    /// How often the very same step was done within a day, by its digest.
    pub repeated: &'a BTreeMap<String, u64>,
    /// What steps cost where that is not what most cost, and how many calls a minute an installation is asked.
    pub prices: &'a BTreeMap<Instance, Prices>,
    /// Approvals that can still be used.
    pub approvals: &'a [Approved],
}

/// An approval as the planner needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// Its number in the ledger.
    pub id: i64,
    /// Digests of the steps that it covers and that are not spent yet.
    pub steps: BTreeSet<String>,
    /// When it ends.
    pub expires: DateTime<Utc>,
}
