//! A draft of the mono-repo for what nobody declared: it takes over what is there, and changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::cycle::{Memory, Progress, Side, read, read_draft};
use super::platform::Platform;
use super::survey::survey;
use super::world::World;
use crate::engine::documents;
use crate::engine::import::{Amendment, Answer, Decides, Documents, Draft, Part, Tiers, amendments};
use crate::engine::model::{Address, Desired, EntityRef, Instance, Mode};
use crate::engine::plan::{Step, Verb};
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
    /// How many documents hold something back, because a plan would change it.
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
    let loaded = documents::load(snapshot, &platform.reading());
    let world = read(platform, &snapshot.revision.id, loaded, memory.clone(), now, progress).await;
    let surveyed = survey(platform, &world, &world.plan(&[]).planned.plan, progress).await;
    let mut draft = Draft::new(&world.catalogue, &platform.default_services);
    for (instance, described) in &surveyed.found {
        draft.add(instance, described);
    }
    let (mut written, first) = Written::of(platform, snapshot, &draft);
    let mut takes_over = 0;
    read_draft(platform, memory, now, progress, first, |world| {
        let refused = refusals(world, &written.documents);
        let is_new = if refused.is_empty() {
            let answered = answers(platform, world, &written.documents.entities());
            takes_over = answered.takes_over;
            draft.amend(answered.tiers)
        } else {
            draft.amend([refused])
        };
        is_new.then(|| {
            let (again, side) = Written::of(platform, snapshot, &draft);
            written = again;
            side
        })
    })
    .await;
    let only_looked_at = written.documents.observed.len();
    let (files, mut left) = written.beside(snapshot);
    left.extend(surveyed.left);
    Imported { files, left, takes_over, only_looked_at }
}

/// A draft as it stands in files.
struct Written {
    documents: Documents,
    /// The index files of everything, by path; none where nobody reads them.
    indices: BTreeMap<String, String>,
}

impl Written {
    /// What a draft says now, and the mono-repo with it. What is there already stays.
    fn of(platform: &Platform, snapshot: &Snapshot, draft: &Draft) -> (Self, Side) {
        let options = platform.reading();
        let documents = draft.documents();
        let mut whole = snapshot.clone();
        for (path, (_, text)) in &documents.files {
            whole.files.entry(path.clone()).or_insert_with(|| FileEntry::from(text.as_str()));
        }
        let mut loaded = documents::load(&whole, &options);
        let mut indices = BTreeMap::new();
        if platform.members.values().any(|it| it.provider.shows_documents()) {
            // What they list are paths, which YAML can always hold.
            indices = loaded.catalogue.files.indices().unwrap_or_default();
            // A file that declares something of its own stays what it is.
            indices.retain(|path, _| !loaded.catalogue.files.declares(path));
            // Without them, what is read by index files would refuse the documents.
            whole.files.extend(indices.iter().map(|(path, text)| (path.clone(), FileEntry::from(text.as_str()))));
            loaded = documents::load(&whole, &options);
        }
        (Self { documents, indices }, Side { revision: snapshot.revision.id.clone(), loaded })
    }

    /// What is new beside `snapshot`, by path; and why the rest is not.
    fn beside(self, snapshot: &Snapshot) -> (BTreeMap<String, String>, BTreeSet<String>) {
        let Documents { files, mut left, .. } = self.documents;
        let is_there = |path: &String| snapshot.files.contains_key(path);
        left.extend(files.keys().filter(|it| is_there(it)).map(|it| format!("'{it}' is there already")));
        let new = files.into_iter().filter(|(path, _)| !is_there(path)).map(|(path, (_, text))| (path, text));
        let mut new: BTreeMap<String, String> = new.collect();
        if new.is_empty() {
            return (new, left);
        }
        for (path, text) in self.indices {
            match snapshot.files.get(&path) {
                None => {
                    new.insert(path, text);
                }
                Some(there) if *there != FileEntry::from(text.as_str()) => {
                    left.insert(format!(
                        "'{path}' is there already: write it anew with 'formulary render backstage-catalog --write'"
                    ));
                }
                Some(_) => {}
            }
        }
        (new, left)
    }
}

/// What of the draft a service refuses.
fn refusals(world: &World, documents: &Documents) -> BTreeSet<Amendment> {
    let errors = world.diagnostics.iter().filter(|it| it.is_error());
    let refused = errors.filter_map(|it| {
        let (entity, _) = documents.files.get(it.span.as_ref()?.file.as_ref())?;
        Some(Amendment { entity: entity.clone(), answer: Answer::Withdraw(it.message.clone()) })
    });
    refused.collect()
}

/// What a plan of a draft asks of it.
struct Answered {
    tiers: Tiers,
    takes_over: usize,
}

/// What the documents of `drafted` must say, by what a plan of them would change.
fn answers(platform: &Platform, world: &mut World, drafted: &BTreeSet<EntityRef>) -> Answered {
    // An instance that is only reported on has no steps: what they would be is asked all the same.
    for policy in world.policies.values_mut() {
        let modes = std::iter::once(&mut policy.mode).chain(policy.kinds.values_mut());
        modes.filter(|it| **it == Mode::Report).for_each(|it| *it = Mode::Enforce);
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
    // What only shows the documents is no place where something could be changed.
    let shows = |instance: &Instance| platform.members.get(instance).is_some_and(|it| it.provider.shows_documents());
    let steps = &planned.planned.plan.steps;
    let tiers = amendments(steps.iter().filter(|it| !shows(&it.address.instance)), drafted, &says);
    let of_draft = |it: &&Step| it.owner.0.parse().is_ok_and(|it: EntityRef| drafted.contains(&it));
    let takes_over = steps.iter().filter(|it| it.verb == Verb::Adopt).filter(of_draft).count();
    Answered { tiers, takes_over }
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
