//! A draft of the mono-repo for what nobody declared: it takes over what is there, and changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::cycle::{Memory, Progress, Side, read, read_draft};
use super::platform::Platform;
use super::survey::{has_a_noun, survey};
use super::world::World;
use crate::engine::documents::{self, Loaded};
use crate::engine::import::{Amendment, Answer, Decides, Documents, Draft, Part, amendments};
use crate::engine::model::{Address, Desired, EntityRef, Instance, Mode};
use crate::engine::plan::Verb;
use crate::engine::source::{FileEntry, Snapshot};

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// The documents, by path from the root of the mono-repo. None of them was there.
    pub files: BTreeMap<String, String>,
    /// What was left out, and why.
    pub left: BTreeSet<String>,
    /// How many resources a plan of them takes over.
    pub takes_over: usize,
    /// Resources that are only looked at, because a plan would change them.
    pub only_looked_at: usize,
}

/// Documents for everything that `snapshot` does not declare. Nothing is written, neither at a service nor to a file; what a
/// service does not tell is among what was left out.
pub async fn import(
    platform: &Platform,
    snapshot: &Snapshot,
    memory: Memory,
    now: DateTime<Utc>,
    progress: &dyn Progress,
) -> Imported {
    let options = platform.reading();
    let load = |snapshot: &Snapshot| documents::load(snapshot, &options);
    let world = read(platform, &snapshot.revision.id, load(snapshot), memory.clone(), now, progress).await;
    let surveyed = survey(platform, &world, &world.plan(&[]).planned.plan, progress).await;
    let mut draft = Draft::new(&world.catalogue, &platform.default_services);
    for (instance, described) in &surveyed.found {
        draft.add(instance, described);
    }
    let is_read_by_index = platform.members.values().any(|it| it.provider.service() == BACKSTAGE);
    let drafted = |draft: &Draft| {
        let mut snapshot = beside(snapshot, &draft.documents());
        let mut loaded = load(&snapshot);
        let indices = if is_read_by_index { indices(&loaded) } else { BTreeMap::new() };
        if !indices.is_empty() {
            let entries = indices.iter().map(|(path, text)| (path.clone(), FileEntry::from(text.as_str())));
            snapshot.files.extend(entries);
            loaded = load(&snapshot);
        }
        (Side { revision: snapshot.revision.id.clone(), loaded }, indices)
    };
    let (first, _) = drafted(&draft);
    let world = read_draft(platform, memory, now, progress, first, |world| {
        let answers = answers(platform, world, &draft);
        draft.amend(answers).then(|| drafted(&draft).0)
    })
    .await;
    let steps = world.plan(&[]).planned.plan.steps;
    let entities = draft.entities();
    let of_draft = |owner: &str| owner.parse().is_ok_and(|it: EntityRef| entities.contains(&it));
    let (_, indices) = drafted(&draft);
    let Documents { files, mut left } = draft.documents();
    left.extend(surveyed.left);
    left.extend(
        files.keys().filter(|it| snapshot.files.contains_key(*it)).map(|it| format!("'{it}' is there already")),
    );
    let new = files.into_iter().filter(|(path, _)| !snapshot.files.contains_key(path));
    let mut files: BTreeMap<String, String> = new.map(|(path, (_, text))| (path, text)).collect();
    if !files.is_empty() {
        let (there, new): (Vec<_>, Vec<_>) =
            indices.into_iter().partition(|(path, _)| snapshot.files.contains_key(path));
        let stale = |(path, text): &(String, String)| snapshot.files[path] != FileEntry::from(text.as_str());
        left.extend(there.into_iter().filter(stale).map(|(path, _)| {
            format!("'{path}' is there already: write it anew with 'formulary render backstage-catalog --write'")
        }));
        files.extend(new);
    }
    let takes_over = steps.iter().filter(|it| it.verb == Verb::Adopt && of_draft(&it.owner.0)).count();
    Imported { files, left, takes_over, only_looked_at: draft.observed() }
}

/// Who reads folders by index files.
const BACKSTAGE: &str = "backstage";

/// The index files of what is declared, by path.
fn indices(loaded: &Loaded) -> BTreeMap<String, String> {
    let shards = loaded.catalogue.files.shards().into_iter().filter_map(|it| Some((it.path(), it.text().ok()?)));
    shards.collect()
}

/// What the draft must say, by what a plan of it would change; and what of it a service refuses.
fn answers(platform: &Platform, world: &mut World, draft: &Draft) -> BTreeSet<Amendment> {
    // An instance that is only reported on has no steps: what they would be is asked all the same.
    for policy in world.policies.values_mut() {
        let modes = std::iter::once(&mut policy.mode).chain(policy.kinds.values_mut());
        modes.filter(|it| **it == Mode::Report).for_each(|it| *it = Mode::Enforce);
    }
    let documents = draft.documents().files;
    let refused = world.diagnostics.iter().filter(|it| it.is_error()).filter_map(|it| {
        let (entity, _) = documents.get(it.span.as_ref()?.file.as_ref())?;
        Some(Amendment { entity: entity.clone(), answer: Answer::Withdraw(it.message.clone()) })
    });
    let refused: BTreeSet<Amendment> = refused.collect();
    if !refused.is_empty() {
        return refused;
    }
    let planned = world.plan(&[]);
    let desired: BTreeMap<&Address, &Desired> = world.desired.iter().map(|it| (&it.address, it)).collect();
    let says = |address: &Address, field: Option<&str>| {
        let member = platform.members.get(&address.instance)?;
        let annotation = match field {
            Some(field) => member.provider.says(world.there(&planned, address)?, field),
            None => member.provider.without(&member.connection.options, address),
        };
        let annotation = annotation.map(|(name, value)| Decides::Annotation(name, value));
        annotation.or_else(|| Some(Decides::Part(part(world, desired.get(address)?, field?)?)))
    };
    // A service that has nothing of its own to declare shows documents, and is no place where something could be changed.
    let has_nouns = |instance: &Instance| {
        let member = platform.members.get(instance);
        member.is_some_and(|member| member.provider.kinds().iter().any(|spec| has_a_noun(member, spec)))
    };
    let steps = planned.planned.plan.steps.iter().filter(|it| has_nouns(&it.address.instance));
    amendments(steps, &draft.entities(), &says)
}

/// The part of a document that says what a field is to hold.
fn part(world: &World, desired: &Desired, field: &str) -> Option<Part> {
    let (_, said) = desired.fields.iter().find(|(name, _)| name.as_ref() == field)?;
    let entity = world.catalogue.entity(&desired.owner.0.parse().ok()?)?;
    let span = said.span.as_deref()?;
    [Part::DisplayName, Part::Description]
        .into_iter()
        .find(|it| entity.spans.value(it.pointer()).as_ref() == Some(span))
}

/// A mono-repo with the documents of a draft. What is there already stays.
fn beside(snapshot: &Snapshot, documents: &Documents) -> Snapshot {
    let drafted = documents.files.iter().map(|(path, (_, text))| (path.clone(), FileEntry::from(text.as_str())));
    let mut files: BTreeMap<String, FileEntry> = drafted.collect();
    files.extend(snapshot.files.iter().map(|(path, file)| (path.clone(), file.clone())));
    Snapshot { revision: snapshot.revision.clone(), files }
}
