//! Who made the differences, as far as services keep a trail: a report of drift without a name is a riddle.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::platform::Platform;
use super::world::World;
use crate::engine::diff::{Cause, Change, DriftClass};
use crate::engine::model::{Address, Instance, KindClass};
use crate::engine::plan::Plan;
use crate::provider::contract::{Changed, Facts, Related, Trail};

/// A service is asked about so many at once; whoever has more of them has another question first.
const ASKED: usize = 50;

/// Asks every service who made the differences that its side made, and writes the answers into `plan`, which is a report from
/// then on: its digest does not cover them. Gives, by service, why nobody can be named, or not for all of them.
pub async fn name_causes(platform: &Platform, world: &World, plan: &mut Plan) -> BTreeMap<Instance, String> {
    let ids = ids(world);
    let recorded: BTreeSet<&Address> = world.recorded.iter().flatten().map(|it| &it.address).collect();
    let asked = platform.members.iter().filter_map(|(instance, member)| {
        let here =
            plan.changes.iter().filter(|it| it.address.instance == *instance && was_changed_there(it, &recorded));
        let here: Vec<&Change> = here.collect();
        let beyond = here.len().saturating_sub(ASKED);
        let changed: Vec<Changed> = here.into_iter().take(ASKED).map(|it| changed(world, it, &ids)).collect();
        if changed.is_empty() {
            return None;
        }
        let reader = member.reader();
        Some(async move { (instance.clone(), beyond, reader.causes(&changed).await) })
    });
    let answers = join_all(asked).await;
    let mut untold = BTreeMap::new();
    let mut causes: BTreeMap<Address, Cause> = BTreeMap::new();
    for (instance, beyond, answer) in answers {
        match answer {
            Ok(Trail::Kept(told)) => {
                causes.extend(told);
                if beyond > 0 {
                    let why = format!("it was asked about {ASKED} differences, and not about {beyond} more");
                    untold.insert(instance, why);
                }
            }
            Ok(Trail::None(why)) => {
                untold.insert(instance, why);
            }
            Err(failure) => {
                untold.insert(instance, format!("its trail could not be read: {failure}"));
            }
        }
    }
    for change in &mut plan.changes {
        change.cause = causes.remove(&change.address);
    }
    untold
}

/// Whether a difference comes from the service's side.
fn was_changed_there(change: &Change, recorded: &BTreeSet<&Address>) -> bool {
    match change.class {
        DriftClass::Drifted | DriftClass::Conflict | DriftClass::Unowned => true,
        // What was never made is not missing by anybody's hand.
        DriftClass::Missing => recorded.contains(&change.address),
        _ => false,
    }
}

/// The service's own ids, by what was read and, for what is gone, by what was recorded.
fn ids(world: &World) -> BTreeMap<&Address, &str> {
    let recorded = world.recorded.iter().flatten().filter_map(|it| Some((&it.address, it.external_id.as_deref()?)));
    let live = world.observed.live.iter().filter_map(|(address, it)| Some((address, it.external_id.as_deref()?)));
    recorded.chain(live).collect()
}

fn changed(world: &World, change: &Change, ids: &BTreeMap<&Address, &str>) -> Changed {
    let address = &change.address;
    let external_id = change.external_id.as_deref().or_else(|| ids.get(address).copied());
    let container = world.kinds.spec(address).and_then(|spec| spec.member_of).zip(address.parent_key());
    let container = container.map(|(kind, key)| Address::new(&address.instance, kind, key));
    let people = world.kinds.of_class(&address.instance, KindClass::Person);
    let people = people.map(|kind| Address::new(&address.instance, kind.name, address.leaf()));
    let connected: BTreeSet<Address> = container.into_iter().chain(people).collect();
    let facts = connected.into_iter().filter_map(|it| {
        let external_id = Some((*ids.get(&it)?).to_owned());
        Some((it, Facts { external_id, ..Facts::default() }))
    });
    Changed { address: address.clone(), external_id: external_id.map(str::to_owned), related: Related(facts.collect()) }
}
