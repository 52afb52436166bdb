//! A world that nobody looked at: what a revision wants, or what the ledger remembers, taken for what is there.
//!
//! A comparison with it tells what a change of the mono-repo means by itself, without credentials and without a call.
//! What it cannot tell is everything that people did at the services.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Kinds, Observed};
use crate::engine::model::{
    Address, Completeness, Desired, Extent, Field, Fields, KindSpec, Live, ObjectState, Origin, Recorded, Scope,
    ScopeRule, Term, Value,
};

/// What is taken for granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumed {
    /// What is there.
    pub observed: Observed,
    /// What is ours of it.
    pub recorded: Vec<Recorded>,
}

impl Assumed {
    /// Everything that `base` wants is there, ours, and as it is declared. `others` are addresses that are looked for
    /// beside it: those of the change.
    pub fn wanted<'a>(
        kinds: &Kinds,
        base: &'a [Desired],
        others: impl Iterator<Item = &'a Address>,
        at: DateTime<Utc>,
    ) -> Self {
        let there = || base.iter().filter(|it| it.extent != Extent::Release);
        let recorded: Vec<Recorded> = there().filter_map(|it| Some(record(kinds.spec(&it.address)?, it))).collect();
        Self { observed: observed(kinds, &recorded, others, at), recorded }
    }

    /// Everything that the ledger remembers is there as it was last applied.
    pub fn remembered<'a>(
        kinds: &Kinds,
        recorded: Vec<Recorded>,
        others: impl Iterator<Item = &'a Address>,
        at: DateTime<Utc>,
    ) -> Self {
        Self { observed: observed(kinds, &recorded, others, at), recorded }
    }
}

/// The ledger's row of a declaration that was applied.
fn record(spec: &KindSpec, desired: &Desired) -> Recorded {
    let value = |term: &Term| match term {
        Term::Known(value) => Some(value.clone()),
        Term::Output(output) => Some(output_of(&output.address, &output.output)),
        Term::Secret(_) => None,
    };
    let fields = desired.fields.iter().filter_map(|(name, wanted)| Some((name.clone(), value(&wanted.term)?)));
    let outputs = spec.outputs.iter().map(|(name, _)| (Field::Borrowed(*name), output_of(&desired.address, name)));
    Recorded {
        address: desired.address.clone(),
        // Something that stays when the declaration is renamed.
        external_id: Some(desired.address.to_string()),
        owner: desired.owner.clone(),
        file: desired.origin.file.to_string(),
        last_applied: fields.collect(),
        digests: BTreeMap::new(),
        outputs: outputs.collect::<Fields>(),
        origin: Origin::Created,
        state: ObjectState::Active,
    }
}

/// What stands for a value that only the service knows.
fn output_of(address: &Address, output: &str) -> Value {
    Value::Text(format!("({output} of {address})"))
}

/// What is remembered, as a reading of whole lists: of every kind, and of everything that one of the addresses lies in.
fn observed<'a>(
    kinds: &Kinds,
    recorded: &[Recorded],
    others: impl Iterator<Item = &'a Address>,
    at: DateTime<Utc>,
) -> Observed {
    let live = recorded.iter().map(|it| Live {
        address: it.address.clone(),
        external_id: it.external_id.clone(),
        fields: it.last_applied.clone(),
        outputs: it.outputs.clone(),
        mark: None,
    });
    let mut scopes: BTreeSet<Scope> = BTreeSet::new();
    for (instance, kinds) in kinds.iter() {
        let whole = kinds.iter().filter(|kind| kind.scope == ScopeRule::Whole);
        scopes.extend(whole.map(|kind| Scope::whole(instance, kind.name)));
    }
    let scope = |address: &Address| Some(Scope::of(address, kinds.spec(address)?));
    scopes.extend(recorded.iter().filter_map(|it| scope(&it.address)));
    scopes.extend(others.filter_map(scope));
    let whole = || Completeness::Complete(format!("taken for granted at {}", at.format("%F %T")));
    Observed {
        live: live.map(|it| (it.address.clone(), it)).collect(),
        scopes: scopes.into_iter().map(|scope| (scope, whole())).collect(),
        absent: BTreeSet::new(),
    }
}
