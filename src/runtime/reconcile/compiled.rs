//! What the mono-repo means for every service, kept from one revision to the next together with what was read: a commit
//! that changes what one person's document says is compiled and planned at the cost of that person.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cycle::{Wanted, lower};
use super::platform::Platform;
use super::world::{PlannedWorld, World, aliases, known};
use crate::engine::desired::placed;
use crate::engine::diag::Diagnostic;
use crate::engine::diff::{Part, diff};
use crate::engine::documents::{Catalogue, Changed, Kept, Neighbourhood};
use crate::engine::model::{Address, Allotments, Capabilities, Desired, Instance, KindClass};
use crate::engine::plan::{PlanInput, Totals, plan_part};
use crate::engine::source::FileEntry;

/// The documents and the world of one cycle, and what planning a part of them needs to know of the whole.
pub struct Compiled {
    kept: Kept,
    world: World,
    totals: Totals,
    /// What was removed of late and what the whole plan would remove: a part must not do more than the whole would.
    spent: BTreeMap<(Instance, KindClass), usize>,
}

/// What came of a new revision.
#[derive(Debug)]
pub enum Taken {
    /// It changes nothing that is declared.
    Nothing,
    /// The plan of all that the changed documents declare, in the world as it was last read. Steps that need an approval
    /// wait, because an approval is of all steps of a group.
    Part(Box<PlannedWorld>),
    /// Only a whole cycle tells what it means; [`Compiled::into_documents`] has its documents.
    Whole,
}

impl Compiled {
    /// What a cycle left: its documents, its world and its plan.
    pub fn new(kept: Kept, world: World, planned: &PlannedWorld) -> Self {
        let totals = Totals::of(&world.diff_input());
        let mut spent = world.spent.clone();
        for step in planned.planned.plan.steps.iter().filter(|step| step.verb.is_destructive()) {
            let classes = std::iter::once(step.class).chain(step.goes_with.iter().filter_map(|goes| goes.counts));
            for class in classes {
                *spent.entry((step.address.instance.clone(), class)).or_default() += 1;
            }
        }
        // The catalogue is among the documents already.
        let world = World { catalogue: Catalogue::default(), ..world };
        Self { kept, world, totals, spent }
    }

    /// Goes on to a revision in which these files are not as they were; nothing stands for a file that is gone.
    pub fn take<'f>(
        &mut self,
        platform: &Platform,
        allotments: &Allotments,
        revision: &str,
        files: impl IntoIterator<Item = (&'f str, Option<&'f FileEntry>)>,
    ) -> Taken {
        revision.clone_into(&mut self.world.revision);
        let part = match self.kept.take(files) {
            Changed::Nothing => return Taken::Nothing,
            Changed::Anything => None,
            Changed::People(neighbourhood) => self.replace(platform, allotments, &neighbourhood),
        };
        let planned = part.and_then(|addresses| self.plan(&addresses));
        planned.map_or(Taken::Whole, |planned| Taken::Part(Box::new(planned)))
    }

    /// The documents, for a whole cycle.
    pub fn into_documents(self) -> Kept {
        self.kept
    }

    /// What is wanted everywhere, in order of address.
    pub fn desired(&self) -> &[Desired] {
        &self.world.desired
    }

    /// Puts what is wanted of some people in the place of what was, and gives all addresses around them. `None` where
    /// lowering them by themselves does not tell what lowering everything would.
    fn replace(
        &mut self,
        platform: &Platform,
        allotments: &Allotments,
        Neighbourhood { before, after }: &Neighbourhood,
    ) -> Option<BTreeSet<Address>> {
        // Services count people and compare them with each other, so nobody may come or go, and nothing may be in doubt.
        let people = |catalogue, instance| placed(catalogue, instance, &platform.default_services).people;
        let same_places = platform.members.keys().all(|instance| people(before, instance) == people(after, instance));
        let owns_more = self.kept.loaded().catalogue.owned_by(&after.people).next().is_some();
        if !same_places || owns_more || self.world.diagnostics.iter().any(Diagnostic::is_error) {
            return None;
        }
        let probes = &self.world.probes;
        let capabilities = |instance: &Instance| match probes.get(instance) {
            Some(Ok(probe)) => probe.capabilities.clone(),
            _ => Capabilities::default(),
        };
        let [before, after] = [before, after].map(|it| lower(platform, it, allotments, &capabilities));
        let quiet = |wanted: &Wanted| wanted.diagnostics.is_empty() && wanted.held.is_empty();
        if !quiet(&before) || !quiet(&after) || before.sets != after.sets {
            return None;
        }
        let by_address = |wanted: Wanted| -> BTreeMap<Address, Desired> {
            wanted.desired.into_iter().map(|it| (it.address.clone(), it)).collect()
        };
        let (before, mut after) = (by_address(before), by_address(after));
        let addresses: BTreeSet<Address> = before.keys().chain(after.keys()).cloned().collect();
        for address in &addresses {
            self.put(address, before.get(address), after.remove(address))?;
        }
        Some(addresses)
    }

    /// Puts one resource in its place. `None` where the whole holds something else than was expected there.
    fn put(&mut self, address: &Address, before: Option<&Desired>, after: Option<Desired>) -> Option<()> {
        if before == after.as_ref() {
            return Some(());
        }
        let (desired, kinds) = (&mut self.world.desired, &self.world.kinds);
        // A group's or a setting's own resource may speak of more people than these; a record speaks of one document.
        let class = kinds.spec(address)?.class;
        if !matches!(class, KindClass::Person | KindClass::Membership | KindClass::Record) {
            return None;
        }
        match (desired.binary_search_by(|it| it.address.cmp(address)), before, after) {
            (Ok(at), Some(before), Some(after)) if desired[at] == *before => desired[at] = after,
            (Ok(at), Some(before), None) if desired[at] == *before => {
                desired.remove(at);
                self.totals.take(kinds, address);
            }
            (Err(at), None, Some(after)) => {
                desired.insert(at, after);
                self.totals.add(kinds, address);
            }
            _ => return None,
        }
        Some(())
    }

    fn plan(&self, addresses: &BTreeSet<Address>) -> Option<PlannedWorld> {
        let whole = self.world.diff_input();
        let part = Part::of(&whole, addresses)?;
        let input = part.input(&whole);
        let changes = diff(&input);
        let plan_input = PlanInput {
            diff: &input,
            changes: &changes,
            platform: &self.world.platform,
            revision: &self.world.revision,
            identity: self.world.identity.as_ref(),
            spent: &self.spent,
            repeated: &self.world.repeated,
            prices: &self.world.prices,
            approvals: &[],
        };
        let planned = plan_part(&plan_input, &self.totals);
        let known = known(&input, &changes.matched);
        let aliases = aliases(&changes.matched);
        Some(PlannedWorld {
            planned,
            refresh: changes.refresh,
            known,
            aliases,
            payloads: Arc::clone(&self.world.payloads),
        })
    }
}
