//! What nobody declared, as the mono-repo would say it: for a company that begins with accounts.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::cycle::Progress;
use super::platform::{Member, Platform};
use super::world::World;
use crate::engine::diff::DriftClass;
use crate::engine::import::Described;
use crate::engine::model::{
    Address, Completeness, Fields, Instance, KindClass, KindName, KindSpec, Live, Observation, ScopeRule, Value,
};
use crate::engine::plan::Plan;
use crate::provider::contract::ObserveRequest;

/// What was found.
#[derive(Debug, Default)]
pub struct Survey {
    /// What each object would be declared as, the identity provider's first.
    pub found: Vec<(Instance, Described)>,
    /// What was passed over, or could not be read, and why.
    pub left: Vec<String>,
}

/// Describes every object that the plan reports as nobody's, what lies in the organisations, and who is in all of these.
/// That takes two more readings: what lies in something is only listed where somebody asks for it.
pub async fn survey(platform: &Platform, world: &World, plan: &Plan, progress: &dyn Progress) -> Survey {
    let declared: BTreeSet<&Address> = world.desired.iter().map(|it| &it.address).collect();
    let unowned = plan.changes.iter().filter(|it| it.class == DriftClass::Unowned).map(|it| &it.address);
    // Of these a plan says nothing where nobody declared them.
    let unsaid = |it: &&Address| {
        let class = world.kinds.spec(it).map(|spec| spec.class);
        matches!(class, Some(KindClass::Channel | KindClass::Repository)) && !declared.contains(it)
    };
    let unowned: BTreeSet<&Address> = unowned.chain(world.observed.live.keys().filter(unsaid)).collect();
    let seen: BTreeSet<Address> = world.observed.live.keys().cloned().collect();
    let within_organisations = [KindClass::Team, KindClass::Channel, KindClass::Repository];
    let inner = within(platform, world, &seen, &within_organisations, progress).await;
    let inner_there: Vec<&Live> =
        inner.iter().flat_map(|it| &it.objects).filter(|it| !seen.contains(&it.address)).collect();
    let all: BTreeSet<Address> = seen.iter().chain(inner_there.iter().map(|it| &it.address)).cloned().collect();
    let memberships = within(platform, world, &all, &[KindClass::Membership], progress).await;

    let mut survey = Survey::default();
    let identity = platform.roles.get("identity");
    let mut instances: Vec<&Instance> = platform.members.keys().collect();
    instances.sort_by_key(|instance| (Some(*instance) != identity, (*instance).clone()));
    for instance in instances {
        let (provider, options) = (platform.members[instance].provider, &platform.members[instance].connection.options);
        let unowned = unowned.iter().filter_map(|it| world.observed.live.get(*it));
        let live = unowned.chain(inner_there.iter().copied()).filter(|it| it.address.instance == *instance);
        for live in live {
            match provider.kinds().iter().find(|spec| is_off(spec, live)) {
                // People put channels away by the dozen.
                Some(spec) if spec.class == KindClass::Channel => {}
                Some(spec) => survey.left.push(format!("the {} {} is switched off", spec.title, live.address)),
                None => survey.found.extend(provider.describe(options, live).map(|it| (instance.clone(), it))),
            }
        }
        for observation in inner.iter().chain(&memberships).filter(|it| it.scope.instance == *instance) {
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

/// Whether things of a kind lie in this: people in what the kind is the membership of, all else in organisations.
fn holds(world: &World, spec: &KindSpec, address: &Address) -> bool {
    match spec.member_of {
        Some(container) => container == address.kind.as_str(),
        None => world.kinds.spec(address).is_some_and(|it| it.class == KindClass::Organisation),
    }
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

/// What of these classes lies in these, where it is listed one by one.
async fn within(
    platform: &Platform,
    world: &World,
    those: &BTreeSet<Address>,
    classes: &[KindClass],
    progress: &dyn Progress,
) -> Vec<Observation> {
    let requests = platform.members.iter().filter_map(|(instance, member)| {
        let here = || those.iter().filter(|it| it.instance == *instance);
        let wanted = member.provider.kinds().iter().filter(|spec| classes.contains(&spec.class));
        let wanted = wanted.filter(|spec| spec.scope == ScopeRule::PerParent && has_a_noun(member, spec));
        let parents: BTreeMap<KindName, BTreeSet<String>> = wanted
            .map(|spec| {
                let keys = here().filter(|it| holds(world, spec, it)).map(|it| it.key.to_string());
                (KindName::new(spec.name), keys.collect())
            })
            .filter(|(_, keys): &(_, BTreeSet<String>)| !keys.is_empty())
            .collect();
        // What they lie in must be seen in the same reading.
        let is_container = |spec: &&KindSpec| spec.class.is_group() || spec.class == KindClass::Channel;
        let containers = member.provider.kinds().iter().filter(is_container).map(|spec| KindName::new(spec.name));
        let kinds = parents.keys().cloned().chain(containers).collect();
        let asked = !parents.is_empty();
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
