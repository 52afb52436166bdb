//! One reading: documents → desired → observed. Nothing here can write to a service: it holds reading halves only.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use futures::future::join_all;

use super::platform::{Member, Platform};
use super::world::World;
use crate::engine::desired::{Placed, placed};
use crate::engine::diag::{Diagnostic, codes};
use crate::engine::diff::{Absence, Kinds, Observed, numbers};
use crate::engine::documents::{Catalogue, Loaded};
use crate::engine::model::{
    Address, Allotments, Capabilities, Completeness, Desired, Failure, FailureClass, Instance, KindClass, KindName,
    KindSpec, MembershipSet, Mode, Observation, Recorded, Scope, ScopeRule, share_names,
};
use crate::provider::contract::{Look, LowerInput, Lowered, ObserveRequest, Probe, Reader, Related, Wish};
use crate::runtime::ledger::{Ledger, LedgerError};

/// The most objects that are looked at one by one when their list was not read whole.
const LOOKS: usize = 64;

/// What is remembered, as far as a reading needs it.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// The ledger's identity; `None` without a ledger.
    pub ledger: Option<String>,
    /// Its objects.
    pub recorded: Vec<Recorded>,
    /// Numbers given out.
    pub allotments: Allotments,
    /// What probing found last.
    pub capabilities: BTreeMap<Instance, Capabilities>,
    /// Destructive events of the rolling window.
    pub spent: BTreeMap<(Instance, KindClass), usize>,
    /// How often the very same step was done within a day, by its digest.
    pub repeated: BTreeMap<String, u64>,
}

impl Memory {
    /// What a ledger remembers.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn of(ledger: &dyn Ledger, platform: &Platform, now: DateTime<Utc>) -> Result<Self, LedgerError> {
        let mut spent = BTreeMap::new();
        for (instance, member) in &platform.members {
            let since = now - Duration::hours(member.policy.budgets.window_hours.into());
            let classes: BTreeSet<KindClass> = member.provider.kinds().iter().map(|kind| kind.class).collect();
            for class in classes {
                let count = ledger.destructive_since(instance, class, since).await?;
                spent.insert((instance.clone(), class), usize::try_from(count).unwrap_or(usize::MAX));
            }
        }
        let repeated = ledger.repeated_since(now - Duration::hours(24)).await?;
        let capabilities = ledger.capabilities().await?;
        Ok(Self {
            ledger: Some(ledger.identity().id.to_string()),
            recorded: ledger.objects().await?,
            allotments: ledger.allotments().await?,
            capabilities: capabilities.into_iter().map(|(instance, probed)| (instance, probed.found)).collect(),
            spent,
            repeated,
        })
    }
}

/// Told what goes on, for people who wait.
pub trait Progress: Send + Sync {
    /// A service is being probed or read.
    fn reading(&self, instance: &Instance, what: &str);
    /// A service was read: so many objects.
    fn was_read(&self, instance: &Instance, objects: usize);
}

/// Says nothing.
pub struct Quiet;

impl Progress for Quiet {
    fn reading(&self, _: &Instance, _: &str) {}
    fn was_read(&self, _: &Instance, _: usize) {}
}

/// Reads everything: probes, lowers, observes. Services that cannot be reached leave their scopes incomplete; the
/// others are read all the same.
pub async fn read(
    platform: &Platform,
    revision: &str,
    loaded: Loaded,
    memory: Memory,
    now: DateTime<Utc>,
    progress: &dyn Progress,
) -> World {
    let readers: BTreeMap<&Instance, Box<dyn Reader>> =
        platform.members.iter().map(|(instance, member)| (instance, member.reader())).collect();
    let probes: BTreeMap<Instance, Result<Probe, Failure>> = join_all(readers.iter().map(|(instance, reader)| async {
        progress.reading(instance, "rights and version");
        ((*instance).clone(), reader.probe().await)
    }))
    .await
    .into_iter()
    .collect();
    let capabilities = |instance: &Instance| match probes.get(instance) {
        Some(Ok(probe)) => probe.capabilities.clone(),
        _ => memory.capabilities.get(instance).cloned().unwrap_or_default(),
    };
    let mut wanted = compile(platform, &loaded, &memory.allotments, &capabilities);
    let observations: Vec<Observation> = join_all(readers.iter().map(|(instance, reader)| {
        let member = &platform.members[*instance];
        let request = request(member, &wanted, &memory);
        let probe = &probes[*instance];
        async move {
            progress.reading(instance, "people, groups and memberships");
            let observations = match probe {
                Ok(_) => reader.observe(&request).await,
                Err(failure) => unread(member, &request, failure, now),
            };
            progress.was_read(instance, observations.iter().map(|it| it.objects.len()).sum());
            observations
        }
    }))
    .await
    .into_iter()
    .flatten()
    .collect();
    let mut observed = Observed::new(observations.iter().cloned());
    look_for(&wanted, &readers, &probes, &mut observed, &memory).await;
    let mut numbers = numbers::allot(&mut wanted.desired, &wanted.kinds, &observed, &memory.allotments);
    wanted.diagnostics.append(&mut numbers.diagnostics);
    wanted.held.append(&mut numbers.held);
    let mut diagnostics = loaded.diagnostics;
    diagnostics.append(&mut wanted.diagnostics);
    diagnostics.sort();
    diagnostics.dedup();
    let mut quarantine = loaded.quarantine;
    quarantine.entities.append(&mut wanted.held);
    let own_accounts =
        platform.members.keys().flat_map(|instance| capabilities(instance).own_accounts).collect::<BTreeSet<Address>>();
    World {
        platform: platform.name.clone(),
        revision: revision.to_owned(),
        now,
        catalogue: loaded.catalogue,
        kinds: wanted.kinds,
        desired: wanted.desired,
        sets: wanted.sets,
        quarantine,
        diagnostics,
        observations,
        observed,
        recorded: memory.ledger.is_some().then_some(memory.recorded),
        ledger: memory.ledger,
        policies: platform.members.iter().map(|(instance, it)| (instance.clone(), it.policy.clone())).collect(),
        own_accounts,
        identity: platform.roles.get("identity").cloned(),
        spent: memory.spent,
        repeated: memory.repeated,
        given: numbers.given,
        probes,
    }
}

/// What is wanted everywhere.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The kinds of every installation.
    pub kinds: Kinds,
    /// The resources, each address once.
    pub desired: Vec<Desired>,
    /// The parents whose edges we declare.
    pub sets: Vec<MembershipSet>,
    /// What the services would refuse.
    pub diagnostics: Vec<Diagnostic>,
    /// Entities that stand as they are because of it.
    pub held: BTreeSet<crate::engine::model::EntityRef>,
}

/// Lowers the catalogue for every installation. Pure but for its inputs: no call is made.
pub fn compile(
    platform: &Platform,
    loaded: &Loaded,
    allotments: &Allotments,
    capabilities: &dyn Fn(&Instance) -> Capabilities,
) -> Wanted {
    lower(platform, &loaded.catalogue, allotments, capabilities)
}

/// Lowers a catalogue, or a part of one, for every installation.
pub(super) fn lower(
    platform: &Platform,
    catalogue: &Catalogue,
    allotments: &Allotments,
    capabilities: &dyn Fn(&Instance) -> Capabilities,
) -> Wanted {
    let everybody: BTreeMap<&Instance, Placed> = platform
        .members
        .keys()
        .map(|instance| (instance, placed(catalogue, instance, &platform.default_services)))
        .collect();
    let wishes: Vec<Wish> = platform
        .members
        .values()
        .flat_map(|member| {
            let claims = member.provider.claims(&member.connection.options).into_iter();
            let people = &everybody[&member.instance].people;
            claims.map(|claim| Wish { claim, by: member.instance.clone(), people: people.clone() })
        })
        .collect();
    let identity = platform.roles.get("identity").and_then(|it| platform.members.get(it));
    let identity_offers = identity.map_or(&[][..], |member| member.provider.offers());
    let mut wanted = Wanted::default();
    let mut seen: BTreeMap<Address, usize> = BTreeMap::new();
    for (instance, member) in &platform.members {
        wanted.kinds.insert(instance.clone(), member.provider.kinds());
        let Lowered { desired, sets, diagnostics, held } = member.provider.lower(&LowerInput {
            instance,
            platform: &platform.name,
            catalogue,
            placed: &everybody[instance],
            options: &member.connection.options,
            capabilities: &capabilities(instance),
            allotments,
            roles: &platform.roles,
            identity_offers,
            claims: &wishes,
        });
        wanted.sets.extend(sets);
        wanted.diagnostics.extend(diagnostics);
        wanted.held.extend(held);
        for desired in desired {
            match seen.get(&desired.address) {
                None => {
                    seen.insert(desired.address.clone(), wanted.desired.len());
                    wanted.desired.push(desired);
                }
                Some(first) => {
                    let first = &wanted.desired[*first];
                    wanted.held.extend([&first.owner, &desired.owner].into_iter().filter_map(|it| it.0.parse().ok()));
                    wanted.diagnostics.push(
                        Diagnostic::error(codes::SAME_OBJECT, format!("'{}' is declared twice", desired.address))
                            .at((*desired.origin).clone())
                            .related((*first.origin).clone(), "first declared here")
                            .help("give one of the two another name"),
                    );
                }
            }
        }
    }
    wanted.desired.sort_by(|a, b| a.address.cmp(&b.address));
    share_names(wanted.desired.iter_mut().map(|it| &mut it.address));
    wanted
}

/// What to read of one installation: every kind that is not ignored, and of each parent that is wanted or remembered
/// the list of what lies in it.
fn request(member: &Member, wanted: &Wanted, memory: &Memory) -> ObserveRequest {
    let per_parent: BTreeSet<&str> =
        member.provider.kinds().iter().filter(|it| it.scope == ScopeRule::PerParent).map(|it| it.name).collect();
    let mut parents: BTreeMap<KindName, BTreeSet<String>> = BTreeMap::new();
    let mut add = |address: &Address, parent: Option<&str>| {
        if address.instance == member.instance
            && per_parent.contains(address.kind.as_str())
            && let Some(parent) = parent
        {
            parents.entry(address.kind.clone()).or_default().insert(parent.to_owned());
        }
    };
    for set in &wanted.sets {
        add(&set.edges, Some(&set.edges.key));
    }
    for desired in &wanted.desired {
        add(&desired.address, desired.address.parent_key());
    }
    for recorded in &memory.recorded {
        add(&recorded.address, recorded.address.parent_key());
    }
    // What was renamed still has its former name at the service.
    for desired in wanted.desired.iter().filter(|it| it.address.instance == member.instance) {
        for former in &desired.previously {
            for (_, keys) in parents.iter_mut().filter(|(_, keys)| keys.contains(&*desired.address.key)) {
                keys.insert(former.clone());
            }
        }
    }
    let kinds = member.provider.kinds().iter().map(|kind| KindName::new(kind.name));
    let kinds = kinds.filter(|kind| member.policy.mode_of(kind) != Mode::Ignore).collect();
    ObserveRequest { kinds, parents, ledger: memory.ledger.clone() }
}

/// The scopes of an installation that could not even be probed.
fn unread(member: &Member, request: &ObserveRequest, failure: &Failure, at: DateTime<Utc>) -> Vec<Observation> {
    let scopes = request.kinds.iter().flat_map(|kind| {
        let spec = member.provider.kinds().iter().find(|spec| spec.name == kind.as_str());
        match spec.map(|spec| spec.scope) {
            Some(ScopeRule::PerParent) => {
                let parents = request.parents.get(kind).into_iter().flatten();
                parents.map(|parent| Scope::within(&member.instance, kind.as_str(), parent)).collect()
            }
            _ => vec![Scope::whole(&member.instance, kind.as_str())],
        }
    });
    let incomplete =
        |scope| Observation { scope, at, completeness: Completeness::Incomplete(failure.clone()), objects: Vec::new() };
    scopes.map(incomplete).collect()
}

/// Looks one by one for wanted objects whose list was not read whole: only a proof of absence lets them be made.
async fn look_for(
    wanted: &Wanted,
    readers: &BTreeMap<&Instance, Box<dyn Reader>>,
    probes: &BTreeMap<Instance, Result<Probe, Failure>>,
    observed: &mut Observed,
    memory: &Memory,
) {
    let doubtful = |desired: &&Desired| -> Option<(&'static KindSpec, Address)> {
        let spec = wanted.kinds.spec(&desired.address)?;
        let reachable = probes.get(&desired.address.instance).is_some_and(Result::is_ok);
        let scope = observed.scopes.get(&Scope::of(&desired.address, spec));
        let worth = match scope {
            Some(Completeness::Incomplete(failure)) => {
                !matches!(failure.class, FailureClass::MissingRights | FailureClass::Gone)
            }
            Some(Completeness::Cached(_)) => true,
            Some(Completeness::Complete(_)) | None => false,
        };
        let unseen = !observed.live.contains_key(&desired.address);
        let unproven = observed.absence(&desired.address, spec) != Absence::Proven;
        (reachable && worth && unseen && unproven).then(|| (spec, desired.address.clone()))
    };
    let doubtful: Vec<Address> =
        wanted.desired.iter().filter_map(|it| doubtful(&it)).map(|(_, address)| address).take(LOOKS).collect();
    let known: BTreeMap<&Address, Option<&str>> =
        memory.recorded.iter().map(|it| (&it.address, it.external_id.as_deref())).collect();
    for address in doubtful {
        let id = known.get(&address).copied().flatten();
        match readers[&address.instance].look(&address, id, &Related::default()).await {
            Ok(Look::Present(live)) => drop(observed.live.insert(live.address.clone(), *live)),
            Ok(Look::Absent) => drop(observed.absent.insert(address)),
            Err(failure) => tracing::debug!(%address, %failure, "presence stays unknown"),
        }
    }
}
