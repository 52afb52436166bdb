//! One reading: documents → desired → observed. Nothing here can write to a service: it holds reading halves only.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use futures::StreamExt;
use futures::future::join_all;

use super::platform::{Member, Platform, probe};
use super::world::World;
use crate::engine::desired::{Placed, placed};
use crate::engine::diag::{Diagnostic, codes};
use crate::engine::diff::numbers::{self, Given};
use crate::engine::diff::{Absence, Assumed, Kinds, Observed};
use crate::engine::documents::{Catalogue, Loaded};
use crate::engine::model::{
    Address, Allotments, Capabilities, Completeness, Desired, Failure, FailureClass, Instance, KindClass, KindName,
    MembershipSet, Mode, Observation, Recorded, Removal, Scope, ScopeRule, Value, share_names,
};
use crate::engine::plan::{Note, NoteLevel};
use crate::provider::contract::{
    Facts, Look, LowerInput, Lowered, ObserveRequest, Payloads, Probe, Reader, Related, Wish,
};
use crate::runtime::ledger::{Ledger, LedgerError};

/// The most objects that are looked at one by one when their list was not read whole.
const LOOKS: usize = 64;

/// Above so many that a list lacks which was brought up to date only, it is read whole instead.
const WORTH_LOOKING: usize = 8;
/// How many of them at the same time; the door bounds the calls of each service.
const LOOKS_AT_ONCE: usize = 16;

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
    /// What we began to make within a day without learning whether it was made.
    pub attempted: BTreeSet<Address>,
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
        let day = now - Duration::hours(24);
        let (repeated, attempted) = (ledger.repeated_since(day).await?, ledger.attempted_since(day).await?);
        let capabilities = ledger.capabilities().await?;
        Ok(Self {
            ledger: Some(ledger.identity().id.to_string()),
            recorded: ledger.objects().await?,
            allotments: ledger.allotments().await?,
            capabilities: capabilities.into_iter().map(|(instance, probed)| (instance, probed.found)).collect(),
            spent,
            repeated,
            attempted,
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

/// A revision of the mono-repo and its documents.
#[derive(Debug)]
pub struct Side {
    /// The revision.
    pub revision: String,
    /// Its documents.
    pub loaded: Loaded,
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
    let reading = Reading::probe(platform, memory, now, progress).await;
    let wanted = reading.wanted(&loaded);
    let seen = reading.observe(&[&wanted], progress).await;
    reading.world(Side { revision: revision.to_owned(), loaded }, wanted, seen)
}

/// As [`read`], for two revisions: the services are looked at once, for both. Gives the worlds of base and head.
pub async fn read_both(
    platform: &Platform,
    (base, head): (Side, Side),
    memory: Memory,
    now: DateTime<Utc>,
    progress: &dyn Progress,
) -> (World, World) {
    let mut reading = Reading::probe(platform, memory, now, progress).await;
    let (of_base, of_head) = (reading.wanted(&base.loaded), reading.wanted(&head.loaded));
    let seen = reading.observe(&[&of_base, &of_head], progress).await;
    let base = reading.world(base, of_base, seen.clone());
    // Who is given a number by the base has it in the head, too.
    reading.remember(&base.given);
    (base, reading.world(head, of_head, seen))
}

/// Reads what a draft of a mono-repo is about. The draft is asked for with every world that it leads to, until it has
/// nothing more to say; the services are looked at once, so that it may leave out or hold back, and not ask for more.
pub async fn read_draft(
    platform: &Platform,
    memory: Memory,
    now: DateTime<Utc>,
    progress: &dyn Progress,
    first: Side,
    mut next: impl FnMut(&mut World) -> Option<Side>,
) -> World {
    let reading = Reading::probe(platform, memory, now, progress).await;
    let wanted = reading.wanted(&first.loaded);
    let seen = reading.observe(&[&wanted], progress).await;
    let mut world = reading.world(first, wanted, seen.clone());
    while let Some(side) = next(&mut world) {
        let wanted = reading.wanted(&side.loaded);
        world = reading.world(side, wanted, seen.clone());
    }
    world
}

/// A world that nobody looked at: `base`, or else what the ledger remembers, is taken for what is there. No call is
/// made and no secret is asked for.
pub fn offline(platform: &Platform, head: Side, base: Option<&Loaded>, memory: Memory, now: DateTime<Utc>) -> World {
    let mut reading = Reading { platform, readers: BTreeMap::new(), probes: BTreeMap::new(), memory, now };
    let wanted = reading.wanted(&head.loaded);
    let lies_in = |wanted: &Wanted| -> Vec<Address> {
        let edges =
            wanted.sets.iter().map(|set| Address { key: format!("{}/", set.edges.key).into(), ..set.edges.clone() });
        wanted.desired.iter().map(|it| it.address.clone()).chain(edges).collect()
    };
    let (of_head, remembered) = (lies_in(&wanted), reading.memory.recorded.clone());
    let Assumed { observed, recorded } = match base {
        Some(base) => {
            let mut base = reading.wanted(base);
            let others = [of_head, lies_in(&base)].concat();
            let assumed = |base: &[Desired]| Assumed::wanted(&wanted.kinds, base, others.iter(), now);
            let unnumbered = assumed(&base.desired).observed;
            let allotments = &reading.memory.allotments;
            let numbers = numbers::allot(&mut base.desired, &wanted.kinds, &unnumbered, allotments);
            reading.remember(&numbers.given);
            assumed(&base.desired)
        }
        None => Assumed::remembered(&wanted.kinds, remembered, of_head.iter(), now),
    };
    let unknown: Vec<&str> = platform
        .members
        .keys()
        .filter(|it| !reading.memory.capabilities.contains_key(*it))
        .map(Instance::as_str)
        .collect();
    let note = Note {
        level: NoteLevel::Info,
        check: "capabilities".to_owned(),
        message: format!(
            "version and edition of {} are not recorded: the most common ones are assumed; an apply records them",
            unknown.join(", ")
        ),
    };
    let notes = if unknown.is_empty() { Vec::new() } else { vec![note] };
    let world = reading.world(head, wanted, (Vec::new(), observed));
    World { recorded: Some(recorded), ledger: None, assumed: Some(notes), ..world }
}

/// One look at the services, whatever is wanted of them.
struct Reading<'p> {
    platform: &'p Platform,
    readers: BTreeMap<&'p Instance, Box<dyn Reader>>,
    probes: BTreeMap<Instance, Result<Probe, Failure>>,
    memory: Memory,
    now: DateTime<Utc>,
}

impl<'p> Reading<'p> {
    async fn probe(platform: &'p Platform, memory: Memory, now: DateTime<Utc>, progress: &dyn Progress) -> Self {
        let readers: BTreeMap<&Instance, Box<dyn Reader>> =
            platform.members.iter().map(|(instance, member)| (instance, member.reader())).collect();
        let probes = join_all(readers.iter().map(|(instance, reader)| async {
            progress.reading(instance, "rights and version");
            let title = platform.members.get(*instance).map_or("it", |member| member.provider.title());
            ((*instance).clone(), probe(&**reader, title).await)
        }))
        .await
        .into_iter()
        .collect();
        Self { platform, readers, probes, memory, now }
    }

    /// What probing found, or else what is remembered of it.
    fn capabilities(&self, instance: &Instance) -> Capabilities {
        match self.probes.get(instance) {
            Some(Ok(probe)) => probe.capabilities.clone(),
            _ => self.memory.capabilities.get(instance).cloned().unwrap_or_default(),
        }
    }

    fn wanted(&self, loaded: &Loaded) -> Wanted {
        compile(self.platform, loaded, &self.memory.allotments, &|instance| self.capabilities(instance))
    }

    /// Reads what any of `wanted` is about.
    async fn observe(&self, wanted: &[&Wanted], progress: &dyn Progress) -> (Vec<Observation>, Observed) {
        let mut observations: Vec<Observation> = join_all(self.readers.iter().map(|(instance, reader)| {
            let member = &self.platform.members[*instance];
            let request = request(member, wanted, &self.memory);
            let probe = &self.probes[*instance];
            async move {
                progress.reading(instance, "people, groups and memberships");
                let observations = match probe {
                    Ok(_) => reader.observe(&request).await,
                    Err(failure) => unread(member, &request, failure, self.now),
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
        if let Some(afresh) = self.read_afresh(wanted, &observed).await {
            observations.retain(|it| !afresh.iter().any(|whole| whole.scope == it.scope));
            observations.extend(afresh);
            observed = Observed::new(observations.iter().cloned());
        }
        for wanted in wanted {
            look_for(wanted, &self.readers, &self.probes, &mut observed, &self.memory).await;
            for (scope, failure) in look_again(wanted, &self.readers, &mut observed, &self.memory).await {
                let incomplete = Completeness::Incomplete(failure);
                let same = observations.iter_mut().filter(|it| it.scope == scope);
                same.for_each(|it| it.completeness = incomplete.clone());
                observed.scopes.insert(scope, incomplete);
            }
        }
        (observations, observed)
    }

    /// Reads whole what was brought up to date only and lacks more than is worth looking at one by one.
    async fn read_afresh(&self, wanted: &[&Wanted], observed: &Observed) -> Option<Vec<Observation>> {
        let mut missing: BTreeMap<Scope, BTreeSet<&Address>> = BTreeMap::new();
        for wanted in wanted {
            for (scope, address) in unseen(wanted, observed, &self.memory) {
                let cached = matches!(observed.scopes.get(&scope), Some(Completeness::Cached(_)));
                if cached && scope.parent.is_none() {
                    missing.entry(scope).or_default().insert(address);
                }
            }
        }
        missing.retain(|_, addresses| addresses.len() > WORTH_LOOKING);
        let mut kinds: BTreeMap<Instance, BTreeSet<KindName>> = BTreeMap::new();
        for scope in missing.into_keys() {
            kinds.entry(scope.instance).or_default().insert(scope.kind);
        }
        let readings = kinds.iter().filter_map(|(instance, kinds)| {
            let reader = self.readers.get(instance)?;
            let ledger = self.memory.ledger.clone();
            let request = ObserveRequest { kinds: kinds.clone(), ledger, afresh: true, ..ObserveRequest::default() };
            Some(async move { reader.observe(&request).await })
        });
        let afresh: Vec<Observation> = join_all(readings).await.into_iter().flatten().collect();
        (!afresh.is_empty()).then_some(afresh)
    }

    /// Takes numbers for given.
    fn remember(&mut self, given: &[Given]) {
        let rows = given.iter().map(|it| ((it.pool.clone(), it.subject.clone()), Value::Int(it.number)));
        self.memory.allotments.extend(rows);
    }

    fn world(&self, side: Side, mut wanted: Wanted, (observations, observed): (Vec<Observation>, Observed)) -> World {
        let Side { revision, loaded } = side;
        let mut numbers = numbers::allot(&mut wanted.desired, &wanted.kinds, &observed, &self.memory.allotments);
        wanted.diagnostics.append(&mut numbers.diagnostics);
        wanted.held.append(&mut numbers.held);
        let mut diagnostics = loaded.diagnostics;
        diagnostics.append(&mut wanted.diagnostics);
        diagnostics.sort();
        diagnostics.dedup();
        let mut quarantine = loaded.quarantine;
        quarantine.entities.append(&mut wanted.held);
        let members = &self.platform.members;
        let own_accounts = members.keys().flat_map(|instance| self.capabilities(instance).own_accounts);
        World {
            platform: self.platform.name.clone(),
            revision,
            now: self.now,
            catalogue: loaded.catalogue,
            kinds: wanted.kinds,
            desired: wanted.desired,
            sets: wanted.sets,
            payloads: Arc::new(wanted.payloads),
            quarantine,
            diagnostics,
            observations,
            observed,
            recorded: self.memory.ledger.is_some().then(|| self.memory.recorded.clone()),
            ledger: self.memory.ledger.clone(),
            policies: members.iter().map(|(instance, it)| (instance.clone(), it.policy.clone())).collect(),
            own_accounts: own_accounts.collect(),
            prices: members.iter().map(|(instance, it)| (instance.clone(), it.prices())).collect(),
            identity: self.platform.roles.get("identity").cloned(),
            spent: self.memory.spent.clone(),
            repeated: self.memory.repeated.clone(),
            attempted: self.memory.attempted.clone(),
            given: numbers.given,
            probes: self.probes.clone(),
            assumed: None,
        }
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
    /// Bytes that steps send, by their hash.
    pub payloads: Payloads,
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
        let Lowered { desired, sets, diagnostics, payloads, held } = member.provider.lower(&LowerInput {
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
        wanted.payloads.extend(payloads);
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
    for desired in wanted.desired.iter_mut().filter(|it| it.fields.iter().any(|(_, field)| field.if_there)) {
        desired.settle(|address| seen.contains_key(address));
    }
    wanted.desired.sort_by(|a, b| a.address.cmp(&b.address));
    share_names(wanted.desired.iter_mut().map(|it| &mut it.address));
    wanted
}

/// What to read of one installation: every kind that is not ignored, and of each parent that is wanted or remembered
/// the list of what lies in it.
fn request(member: &Member, wanted: &[&Wanted], memory: &Memory) -> ObserveRequest {
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
    for set in wanted.iter().flat_map(|it| &it.sets) {
        add(&set.edges, Some(&set.edges.key));
    }
    for desired in wanted.iter().flat_map(|it| &it.desired) {
        add(&desired.address, desired.address.parent_key());
    }
    for recorded in &memory.recorded {
        add(&recorded.address, recorded.address.parent_key());
    }
    // What was renamed still has its former name at the service.
    let here = |it: &&Desired| it.address.instance == member.instance;
    for desired in wanted.iter().flat_map(|it| &it.desired).filter(here) {
        for former in &desired.previously {
            for (_, keys) in parents.iter_mut().filter(|(_, keys)| keys.contains(&*desired.address.key)) {
                keys.insert(former.clone());
            }
        }
    }
    let kinds = member.provider.kinds().iter().map(|kind| KindName::new(kind.name));
    let kinds = kinds.filter(|kind| member.policy.mode_of(kind) != Mode::Ignore).collect();
    ObserveRequest { kinds, parents, ledger: memory.ledger.clone(), afresh: false }
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

/// Wanted objects that were not seen in a list that may not be whole, and that a look at each may show.
fn unseen<'w>(
    wanted: &'w Wanted,
    observed: &'w Observed,
    memory: &'w Memory,
) -> impl Iterator<Item = (Scope, &'w Address)> {
    let doubtful = |desired: &'w Desired| -> Option<(Scope, &'w Address)> {
        let address = &desired.address;
        let spec = wanted.kinds.spec(address)?;
        let scope = Scope::of(address, spec);
        let worth = match observed.scopes.get(&scope) {
            Some(Completeness::Incomplete(failure)) => {
                !matches!(failure.class, FailureClass::MissingRights | FailureClass::Gone)
            }
            Some(Completeness::Cached(_)) => !matches!(spec.removal, Removal::ByHand(_)),
            Some(Completeness::Complete(_)) | None => false,
        };
        let known_as =
            |key: &String| observed.live.contains_key(&Address { key: key.as_str().into(), ..address.clone() });
        let seen = observed.live.contains_key(address) || desired.known_as.iter().any(known_as);
        let proven = || observed.absence(address, spec) == Absence::Proven;
        (worth && !seen && !proven()).then_some((scope, address))
    };
    let doubtful: Vec<(Scope, &Address)> = wanted.desired.iter().filter_map(doubtful).collect();
    // What has another name there is known by the recorded id.
    let ids: BTreeSet<&str> = match doubtful.is_empty() {
        true => BTreeSet::new(),
        false => observed.live.values().filter_map(|live| live.external_id.as_deref()).collect(),
    };
    let recorded: BTreeMap<&Address, &str> = match doubtful.is_empty() {
        true => BTreeMap::new(),
        false => memory.recorded.iter().filter_map(|it| Some((&it.address, it.external_id.as_deref()?))).collect(),
    };
    doubtful.into_iter().filter(move |(_, address)| !recorded.get(address).is_some_and(|id| ids.contains(id)))
}

/// Looks one by one for wanted objects whose list was not read whole: only a proof of absence lets them be made.
async fn look_for(
    wanted: &Wanted,
    readers: &BTreeMap<&Instance, Box<dyn Reader>>,
    probes: &BTreeMap<Instance, Result<Probe, Failure>>,
    observed: &mut Observed,
    memory: &Memory,
) {
    let reachable = |address: &&Address| probes.get(&address.instance).is_some_and(Result::is_ok);
    let doubtful: Vec<Address> =
        unseen(wanted, observed, memory).map(|(_, address)| address).filter(reachable).take(LOOKS).cloned().collect();
    let known: BTreeMap<&Address, Option<&str>> =
        memory.recorded.iter().map(|it| (&it.address, it.external_id.as_deref())).collect();
    let looks = doubtful.into_iter().map(async |address| {
        let id = known.get(&address).copied().flatten();
        let look = readers[&address.instance].look(&address, id, &Related::default()).await;
        (address, look)
    });
    let mut looks = futures::stream::iter(looks).buffer_unordered(LOOKS_AT_ONCE);
    while let Some((address, look)) = looks.next().await {
        match look {
            Ok(Look::Present(live)) => drop(observed.live.insert(live.address.clone(), *live)),
            Ok(Look::Absent) => drop(observed.absent.insert(address)),
            Err(failure) => tracing::debug!(%address, %failure, "presence stays unknown"),
        }
    }
}

/// Looks one by one for what is ours and not in a list that counts as whole: to forget it, or to take it for removed by
/// somebody, would be for good. A list that does not show what is there is not whole, whatever it seemed to prove. Gives
/// those lists, and why.
async fn look_again(
    wanted: &Wanted,
    readers: &BTreeMap<&Instance, Box<dyn Reader>>,
    observed: &mut Observed,
    memory: &Memory,
) -> BTreeMap<Scope, Failure> {
    let seen: BTreeSet<(&Instance, &KindName, &str)> = observed
        .live
        .values()
        .filter_map(|live| Some((&live.address.instance, &live.address.kind, live.external_id.as_deref()?)))
        .collect();
    let missing = memory
        .recorded
        .iter()
        .filter(|it| !observed.live.contains_key(&it.address))
        .filter(|it| {
            let id = it.external_id.as_deref();
            !id.is_some_and(|id| seen.contains(&(&it.address.instance, &it.address.kind, id)))
        })
        .filter_map(|it| Some((it, Scope::of(&it.address, wanted.kinds.spec(&it.address)?))))
        .filter(|(it, scope)| observed.is_complete(scope) && readers.contains_key(&it.address.instance));
    let mut looked_at = one_of_each_first(missing.collect());
    if looked_at.is_empty() {
        return BTreeMap::new();
    }
    let mut doubtful = BTreeMap::new();
    for (_, scope) in looked_at.split_off(looked_at.len().min(LOOKS)) {
        if !looked_at.iter().any(|(_, of)| *of == scope) {
            let said = "more lists than are looked into in one cycle lack what is ours; the next cycle goes on";
            doubtful.insert(scope.clone(), Failure::new(FailureClass::Later, format!("list {scope}"), said));
        }
    }
    let facts = |it: &Recorded| Facts { external_id: it.external_id.clone(), outputs: it.outputs.clone() };
    let related = Related(memory.recorded.iter().map(|it| (it.address.clone(), facts(it))).collect());
    let looks = looked_at.into_iter().map(async |(recorded, scope)| {
        let reader = &readers[&recorded.address.instance];
        (recorded, scope, reader.look(&recorded.address, recorded.external_id.as_deref(), &related).await)
    });
    let mut found = Vec::new();
    let mut looks = futures::stream::iter(looks).buffer_unordered(LOOKS_AT_ONCE);
    while let Some((recorded, scope, look)) = looks.next().await {
        let said = match look {
            Ok(Look::Absent) => continue,
            Ok(Look::Present(live)) => {
                let said = format!("the list does not show '{}', which is there", live.address);
                found.push(*live);
                said
            }
            Err(failure) => {
                format!("the list does not show '{}', and it cannot be looked at: {failure}", recorded.address)
            }
        };
        doubtful.insert(scope.clone(), Failure::new(FailureClass::Later, format!("list {scope}"), said));
    }
    drop(looks);
    observed.live.extend(found.into_iter().map(|live| (live.address.clone(), live)));
    doubtful
}

/// In an order in which every list has its turn before any has a second one.
fn one_of_each_first(missing: Vec<(&Recorded, Scope)>) -> Vec<(&Recorded, Scope)> {
    let mut turns: BTreeMap<Scope, usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, (&Recorded, Scope))> = missing
        .into_iter()
        .map(|it| {
            let turn = turns.entry(it.1.clone()).or_default();
            *turn += 1;
            (*turn, it)
        })
        .collect();
    ranked.sort_by_key(|(turn, _)| *turn);
    ranked.into_iter().map(|(_, it)| it).collect()
}
