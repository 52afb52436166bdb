//! What nobody declared, as the mono-repo would say it: for a company that begins with accounts.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::cycle::Progress;
use super::platform::Platform;
use super::world::World;
use crate::engine::diff::DriftClass;
use crate::engine::model::{
    Address, Completeness, Instance, KindClass, KindName, KindSpec, Live, Observation, ScopeRule, Value,
};
use crate::engine::plan::Plan;
use crate::engine::report::declarations::Described;
use crate::provider::contract::ObserveRequest;

/// What was found.
#[derive(Debug, Default)]
pub struct Survey {
    /// What each object would be declared as, the identity provider's first.
    pub found: Vec<(Instance, Described)>,
    /// What was passed over, or could not be read, and why.
    pub left: Vec<String>,
}

/// Describes every object that the plan reports as nobody's, and who is in the groups among them, which takes one more
/// reading: members of a group are only listed where somebody asks for it.
pub async fn survey(platform: &Platform, world: &World, plan: &Plan, progress: &dyn Progress) -> Survey {
    let unowned: BTreeSet<&Address> =
        plan.changes.iter().filter(|it| it.class == DriftClass::Unowned).map(|it| &it.address).collect();
    let mut survey = Survey::default();
    let identity = platform.roles.get("identity");
    let mut instances: Vec<&Instance> = platform.members.keys().collect();
    instances.sort_by_key(|instance| (Some(*instance) != identity, (*instance).clone()));
    let memberships = memberships(platform, world, progress).await;
    for instance in instances {
        let provider = platform.members[instance].provider;
        let live = unowned.iter().filter(|it| it.instance == *instance).filter_map(|it| world.observed.live.get(*it));
        for live in live {
            match provider.kinds().iter().find(|spec| is_off(spec, live)) {
                Some(spec) => survey.left.push(format!("the {} {} is switched off", spec.title, live.address)),
                None => survey.found.extend(provider.describe(live).map(|it| (instance.clone(), it))),
            }
        }
        for observation in memberships.iter().filter(|it| it.scope.instance == *instance) {
            if let Completeness::Incomplete(failure) = &observation.completeness {
                survey.left.push(format!("who is in {} could not be read: {failure}", observation.scope));
            }
            let edges = observation.objects.iter().filter(|it| !is_ours(world, it));
            survey.found.extend(edges.filter_map(|it| Some((instance.clone(), provider.describe(it)?))));
        }
    }
    survey
}

/// The members of every live group that the first reading did not list.
async fn memberships(platform: &Platform, world: &World, progress: &dyn Progress) -> Vec<Observation> {
    let requests = platform.members.iter().filter_map(|(instance, member)| {
        let of_class = |class| member.provider.kinds().iter().filter(move |spec| spec.class == class);
        let groups: BTreeSet<String> = world
            .observed
            .live
            .keys()
            .filter(|it| it.instance == *instance)
            .filter(|it| {
                world.kinds.spec(it).is_some_and(|spec| matches!(spec.class, KindClass::Organisation | KindClass::Team))
            })
            .map(|it| it.key.to_string())
            .collect();
        let edges: Vec<KindName> = of_class(KindClass::Membership)
            .filter(|spec| spec.scope == ScopeRule::PerParent)
            .map(|spec| KindName::new(spec.name))
            .collect();
        let containers = of_class(KindClass::Organisation).chain(of_class(KindClass::Team));
        // What members lie in must be seen in the same reading.
        let kinds = edges.iter().cloned().chain(containers.map(|spec| KindName::new(spec.name))).collect();
        let parents: BTreeMap<KindName, BTreeSet<String>> =
            edges.into_iter().map(|kind| (kind, groups.clone())).collect();
        (!groups.is_empty()).then(|| (member, ObserveRequest { kinds, parents, ledger: world.ledger.clone() }))
    });
    let readings = requests.map(|(member, request)| async move {
        progress.reading(&member.instance, "who is in which group");
        let is_edge = |it: &Observation| request.parents.contains_key(&it.scope.kind);
        let read: Vec<Observation> = member.reader().observe(&request).await.into_iter().filter(is_edge).collect();
        progress.was_read(&member.instance, read.iter().map(|it| it.objects.len()).sum());
        read
    });
    join_all(readings).await.into_iter().flatten().collect()
}

/// Whether an object of this kind is switched off.
fn is_off(spec: &KindSpec, live: &Live) -> bool {
    let is_of_kind = spec.name == live.address.kind.as_str();
    is_of_kind && spec.removal.switch().is_some_and(|(field, off)| live.fields.get(field) == Some(&Value::Bool(off)))
}

/// Whether an edge is that of an account of ours.
fn is_ours(world: &World, edge: &Live) -> bool {
    let people = world.kinds.of_class(&edge.address.instance, KindClass::Person);
    let mut accounts = people.map(|kind| Address::new(&edge.address.instance, kind.name, edge.address.leaf()));
    accounts.any(|account| world.own_accounts.contains(&account))
}
