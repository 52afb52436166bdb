//! Everything that one cycle knows, as one value: what is wanted, what is there, what is remembered, and the rules.
//! Planning from it is pure and can be done again with other approvals.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::engine::diag::Diagnostic;
use crate::engine::diff::numbers::Given;
use crate::engine::diff::{DiffInput, Kinds, Observed, Refresh, diff};
use crate::engine::documents::{Catalogue, Quarantine};
use crate::engine::model::{
    Address, Desired, Failure, Instance, InstancePolicy, KindClass, Live, MembershipSet, Observation, Recorded,
};
use crate::engine::plan::price::Prices;
use crate::engine::plan::saved::{Refused, seen};
use crate::engine::plan::{Approved, Note, PlanInput, Planned, Saved, Verb, plan};
use crate::provider::contract::{Facts, Payloads, Probe, Related};

/// Everything that one cycle knows.
#[derive(Debug, Clone)]
pub struct World {
    /// The platform's name.
    pub platform: String,
    /// The revision of the mono-repo.
    pub revision: String,
    /// The moment of the cycle.
    pub now: DateTime<Utc>,
    /// What the mono-repo declares.
    pub catalogue: Catalogue,
    /// The kinds of every installation.
    pub kinds: Kinds,
    /// What is wanted everywhere.
    pub desired: Vec<Desired>,
    /// The parents whose edges we declare.
    pub sets: Vec<MembershipSet>,
    /// Bytes that steps send, by their hash.
    pub payloads: Arc<Payloads>,
    /// What stands because its declaration cannot be read.
    pub quarantine: Quarantine,
    /// Every problem of the mono-repo, in order.
    pub diagnostics: Vec<Diagnostic>,
    /// What probing found, or why it failed.
    pub probes: BTreeMap<Instance, Result<Probe, Failure>>,
    /// The readings of this cycle.
    pub observations: Vec<Observation>,
    /// The readings as one value.
    pub observed: Observed,
    /// The ledger's identity and objects; `None` without a ledger.
    pub recorded: Option<Vec<Recorded>>,
    /// The ledger's identity.
    pub ledger: Option<String>,
    /// The rules of each installation.
    pub policies: BTreeMap<Instance, InstancePolicy>,
    /// Our own accounts.
    pub own_accounts: BTreeSet<Address>,
    /// The installation in the role `identity`.
    pub identity: Option<Instance>,
    /// Destructive events of the rolling window.
    pub spent: BTreeMap<(Instance, KindClass), usize>,
    /// What we began to make within a day without learning whether it was made.
    pub attempted: BTreeSet<Address>,
    /// How often the very same step was done within a day, by its digest.
    pub repeated: BTreeMap<String, u64>,
    /// What steps cost at each installation.
    pub prices: BTreeMap<Instance, Prices>,
    /// What is to be said of a world that nobody looked at; `None` for one that was read.
    pub assumed: Option<Vec<Note>>,
    /// Numbers that people have, or are given by this cycle.
    pub given: Vec<Given>,
}

/// A plan with what applying it needs beside it.
#[derive(Debug, Clone)]
pub struct PlannedWorld {
    /// The plan, and which approvals released which steps.
    pub planned: Planned,
    /// Records to be replaced without a step.
    pub refresh: Vec<Refresh>,
    /// Ids and outputs that are known now, by declared address.
    pub known: Related,
    /// The names at the service of declared objects that have another one there.
    pub aliases: BTreeMap<Address, Address>,
    /// Bytes that steps send, by their hash.
    pub payloads: Arc<Payloads>,
}

impl World {
    /// Compares and plans. Pure: the same world and approvals give the same bytes.
    pub fn plan(&self, approvals: &[Approved]) -> PlannedWorld {
        let input = self.diff_input();
        let changes = diff(&input);
        let mut planned = plan(&PlanInput {
            diff: &input,
            changes: &changes,
            platform: &self.platform,
            revision: &self.revision,
            identity: self.identity.as_ref(),
            spent: &self.spent,
            repeated: &self.repeated,
            prices: &self.prices,
            approvals,
        });
        if let Some(notes) = &self.assumed {
            planned.plan = planned.plan.offline(notes);
        }
        let known = known(&input, &changes.matched);
        let aliases = aliases(&changes.matched);
        PlannedWorld { planned, refresh: changes.refresh, known, aliases, payloads: Arc::clone(&self.payloads) }
    }

    /// The live object of an address, under the name that it has at the service.
    pub fn there(&self, planned: &PlannedWorld, address: &Address) -> Option<&Live> {
        self.observed.live.get(planned.aliases.get(address).unwrap_or(address))
    }

    /// A plan as it is saved.
    pub fn save(&self, planned: &PlannedWorld, expires: DateTime<Utc>) -> Saved {
        let plan = planned.planned.plan.clone();
        let seen = seen(&plan, &self.kinds, |address| self.there(planned, address));
        Saved { plan, expires, seen }
    }

    /// Leaves of a plan what a saved one has, too; gives the saved steps that are refused, and those that are done.
    pub fn narrow(&self, planned: &mut PlannedWorld, saved: &Saved) -> (Vec<Refused>, Vec<(Verb, Address)>) {
        let fresh = planned.planned.plan.clone();
        let narrowed = saved.narrow(fresh, &self.kinds, |address| self.there(planned, address));
        planned.planned.plan = narrowed.plan;
        (narrowed.refused, narrowed.done)
    }

    /// What the comparison looks at.
    pub fn diff_input(&self) -> DiffInput<'_> {
        DiffInput {
            kinds: &self.kinds,
            desired: &self.desired,
            sets: &self.sets,
            observed: &self.observed,
            recorded: self.recorded.as_deref(),
            ledger: self.ledger.as_deref(),
            attempted: &self.attempted,
            policies: &self.policies,
            quarantine: &self.quarantine,
            own_accounts: &self.own_accounts,
            now: self.now,
        }
    }

    /// Whether a service could not be reached or was not read whole.
    pub fn is_incomplete(&self) -> bool {
        self.probes.values().any(Result::is_err)
    }
}

/// Declared objects that have another name at the service.
pub(super) fn aliases(matched: &BTreeMap<&Address, &Live>) -> BTreeMap<Address, Address> {
    let elsewhere = matched.iter().filter(|(declared, live)| ***declared != live.address);
    elsewhere.map(|(declared, live)| ((*declared).clone(), live.address.clone())).collect()
}

/// Ids and outputs of everything that is there; what was not read is taken from the ledger.
pub(super) fn known(input: &DiffInput<'_>, matched: &BTreeMap<&Address, &Live>) -> Related {
    let mut known = BTreeMap::new();
    for recorded in input.recorded.into_iter().flatten() {
        let facts = Facts { external_id: recorded.external_id.clone(), outputs: recorded.outputs.clone() };
        known.insert(recorded.address.clone(), facts);
    }
    let facts = |live: &Live| Facts { external_id: live.external_id.clone(), outputs: live.outputs.clone() };
    known.extend(input.observed.live.iter().map(|(address, live)| (address.clone(), facts(live))));
    known.extend(matched.iter().map(|(address, live)| ((*address).clone(), facts(live))));
    Related(known)
}
