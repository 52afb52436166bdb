//! What nobody declared, as the mono-repo would say it: for a company that begins with accounts.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::cycle::Progress;
use super::platform::{Member, Platform};
use super::world::World;
use crate::engine::diff::DriftClass;
use crate::engine::model::{
    Address, Completeness, Fields, Instance, KindClass, KindName, KindSpec, Live, Observation, ScopeRule, Value,
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

/// Describes every object that the plan reports as nobody's, the teams in the organisations among them, and who is in all
/// of these. That takes two more readings: what lies in a group is only listed where somebody asks for it.
pub async fn survey(platform: &Platform, world: &World, plan: &Plan, progress: &dyn Progress) -> Survey {
    let unowned: BTreeSet<&Address> =
        plan.changes.iter().filter(|it| it.class == DriftClass::Unowned).map(|it| &it.address).collect();
    let mut groups: BTreeSet<Address> = world.observed.live.keys().filter(|it| is_group(world, it)).cloned().collect();
    let teams = within(platform, world, &groups, KindClass::Team, progress).await;
    let teams_there = teams.iter().flat_map(|it| &it.objects).filter(|it| !groups.contains(&it.address));
    let teams_there: Vec<&Live> = teams_there.collect();
    groups.extend(teams_there.iter().map(|it| it.address.clone()));
    let memberships = within(platform, world, &groups, KindClass::Membership, progress).await;

    let mut survey = Survey::default();
    let identity = platform.roles.get("identity");
    let mut instances: Vec<&Instance> = platform.members.keys().collect();
    instances.sort_by_key(|instance| (Some(*instance) != identity, (*instance).clone()));
    for instance in instances {
        let (provider, options) = (platform.members[instance].provider, &platform.members[instance].connection.options);
        let unowned = unowned.iter().filter_map(|it| world.observed.live.get(*it));
        let live = unowned.chain(teams_there.iter().copied()).filter(|it| it.address.instance == *instance);
        for live in live {
            match provider.kinds().iter().find(|spec| is_off(spec, live)) {
                Some(spec) => survey.left.push(format!("the {} {} is switched off", spec.title, live.address)),
                None => survey.found.extend(provider.describe(options, live).map(|it| (instance.clone(), it))),
            }
        }
        for observation in teams.iter().chain(&memberships).filter(|it| it.scope.instance == *instance) {
            if let Completeness::Incomplete(failure) = &observation.completeness {
                survey.left.push(format!("what is in {} could not be read: {failure}", observation.scope));
            }
        }
        let edges = memberships.iter().flat_map(|it| &it.objects);
        let edges = edges.filter(|it| it.address.instance == *instance && !is_ours(world, it));
        survey.found.extend(edges.filter_map(|it| Some((instance.clone(), provider.describe(options, it)?))));
    }
    survey
}

/// Whether something holds people.
fn is_group(world: &World, address: &Address) -> bool {
    let class = world.kinds.spec(address).map(|spec| spec.class);
    class.is_some_and(KindClass::is_group)
}

/// Whether the mono-repo has a noun for a kind.
fn has_a_noun(member: &Member, spec: &KindSpec) -> bool {
    let some = Live {
        address: Address::new(&member.instance, spec.name, "organisation/team/person"),
        external_id: None,
        fields: Fields::new(),
        outputs: Fields::new(),
        mark: None,
    };
    member.provider.describe(&member.connection.options, &some).is_some()
}

/// What of a class lies in these groups, where it is listed group by group.
async fn within(
    platform: &Platform,
    world: &World,
    groups: &BTreeSet<Address>,
    class: KindClass,
    progress: &dyn Progress,
) -> Vec<Observation> {
    let requests = platform.members.iter().filter_map(|(instance, member)| {
        let keys: BTreeSet<String> =
            groups.iter().filter(|it| it.instance == *instance).map(|it| it.key.to_string()).collect();
        let wanted = member.provider.kinds().iter().filter(|spec| spec.class == class);
        let wanted = wanted.filter(|spec| spec.scope == ScopeRule::PerParent && has_a_noun(member, spec));
        let wanted = wanted.map(|spec| KindName::new(spec.name));
        let parents: BTreeMap<KindName, BTreeSet<String>> = wanted.map(|kind| (kind, keys.clone())).collect();
        // What they lie in must be seen in the same reading.
        let holds = |spec: &&KindSpec| spec.class.is_group();
        let containers = member.provider.kinds().iter().filter(holds).map(|spec| KindName::new(spec.name));
        let kinds = parents.keys().cloned().chain(containers).collect();
        let asked = !keys.is_empty() && !parents.is_empty();
        asked.then(|| (member, ObserveRequest { kinds, parents, ledger: world.ledger.clone(), afresh: false }))
    });
    let readings = requests.map(|(member, request)| async move {
        progress.reading(&member.instance, "what is in which group");
        let is_wanted = |it: &Observation| it.scope.parent.is_some() && request.parents.contains_key(&it.scope.kind);
        let read: Vec<Observation> = member.reader().observe(&request).await.into_iter().filter(is_wanted).collect();
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
