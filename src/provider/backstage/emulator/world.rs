//! What the catalogue holds, and the loop that keeps it: read, validate, emit children, again and again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::addresses::{self, sha_one::hex_of};
use super::files::Files;
use super::kinds::{self, Relation};
use super::problem::Problem;
use super::reference::Reference;
use super::settings::Settings;
use super::{envelope, files};

/// A registered Location.
#[derive(Debug, Clone)]
pub(super) struct Registered {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) target: String,
}

impl Registered {
    pub(super) fn reference(&self) -> Reference {
        Reference::new("location", "default", &addresses::generated_name(&self.kind, &self.target))
    }

    pub(super) fn json(&self) -> Value {
        json!({ "id": self.id, "type": self.kind, "target": self.target, "entityRef": self.reference().to_string() })
    }
}

/// An entity as the loop knows it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// As it was read, with the annotations that say where.
    pub(super) unprocessed: Value,
    /// Who claimed the reference first.
    pub(super) location_key: String,
    /// When it is looked at next, and since when nobody lists it any more.
    pub(super) due: DateTime<Utc>,
    pub(super) orphan_since: Option<DateTime<Utc>>,
    /// What lists it. Nothing lists what was registered or configured.
    pub(super) parents: BTreeSet<Reference>,
    pub(super) children: BTreeSet<Reference>,
    /// What it was when it last got through; `None` while it never did.
    pub(super) stored: Option<Value>,
    pub(super) relations: Vec<Relation>,
    pub(super) errors: Vec<Problem>,
    pub(super) uid: String,
    pub(super) discovered: DateTime<Utc>,
    is_root: bool,
}

/// The catalogue.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) registered: Vec<Registered>,
    pub(super) entries: BTreeMap<Reference, Entry>,
    /// Whether every token is answered with 401, as the kit asks for.
    pub(super) are_tokens_lapsed: bool,
}

/// What the loop goes by.
pub(super) struct Loop<'l> {
    pub(super) settings: &'l Settings,
    pub(super) files: &'l dyn Files,
    pub(super) now: DateTime<Utc>,
}

/// What came of one entity.
struct Processed {
    stored: Value,
    relations: Vec<Relation>,
    /// Children, each with the key that claims it.
    children: Vec<(Value, String)>,
}

impl World {
    /// An installation with the Locations of its config.
    pub(super) fn installed(settings: &Settings, now: DateTime<Utc>) -> Self {
        let mut world = Self::default();
        for (kind, target) in &settings.locations {
            world.root(kind, target, now);
        }
        world
    }

    /// Registers a Location.
    pub(super) fn register(&mut self, kind: &str, target: &str, now: DateTime<Utc>) -> Registered {
        let registered = Registered { id: Uuid::new_v4().to_string(), kind: kind.to_owned(), target: target.to_owned() };
        self.registered.push(registered.clone());
        self.root(kind, target, now);
        registered
    }

    fn root(&mut self, kind: &str, target: &str, now: DateTime<Utc>) {
        let entity = location_entity(kind, target);
        let entry = Entry::new(entity, format!("{kind}:{target}"), now, true);
        self.entries.entry(Reference::of(&entry.unprocessed)).or_insert(entry);
    }

    /// Takes a Location away with everything that nothing else lists; at once.
    pub(super) fn unregister(&mut self, id: &str) -> bool {
        let Some(at) = self.registered.iter().position(|it| it.id == id) else { return false };
        let registered = self.registered.remove(at);
        self.remove(&registered.reference());
        true
    }

    /// Removes an entity and what only it listed.
    pub(super) fn remove(&mut self, reference: &Reference) {
        let Some(entry) = self.entries.remove(reference) else { return };
        for child in entry.children {
            let is_alone = self.entries.get_mut(&child).is_some_and(|it| {
                it.parents.remove(reference);
                it.parents.is_empty() && !it.is_root
            });
            if is_alone {
                self.remove(&child);
            }
        }
    }

    /// Removes one entity by itself; what lists it brings it back.
    pub(super) fn delete(&mut self, reference: &Reference, going: &Loop<'_>) {
        let Some(entry) = self.entries.get(reference) else { return };
        let parents = entry.parents.clone();
        self.remove(reference);
        for parent in parents {
            if let Some(parent) = self.entries.get_mut(&parent) {
                parent.children.remove(reference);
                parent.due = going.now + going.settings.delay;
            }
        }
    }

    /// Looks again at an entity and at everything above it.
    pub(super) fn refresh(&mut self, reference: &Reference, going: &Loop<'_>) {
        let mut open = vec![reference.clone()];
        let mut seen = BTreeSet::new();
        while let Some(next) = open.pop() {
            if !seen.insert(next.clone()) {
                continue;
            }
            if let Some(entry) = self.entries.get_mut(&next) {
                entry.due = entry.due.min(going.now + going.settings.delay);
                open.extend(entry.parents.iter().cloned());
            }
        }
    }

    /// Does everything that is due.
    pub(super) fn catch_up(&mut self, going: &Loop<'_>) {
        loop {
            let due = self.entries.iter().filter(|(_, it)| it.due <= going.now).min_by_key(|(_, it)| it.due);
            let Some(reference) = due.map(|(reference, _)| reference.clone()) else { break };
            self.look_at(&reference, going);
        }
        loop {
            let is_swept = |it: &Entry| it.orphan_since.is_some_and(|since| since + going.settings.orphan_sweep <= going.now);
            let orphans: Vec<Reference> =
                self.entries.iter().filter(|(_, it)| is_swept(it)).map(|(reference, _)| reference.clone()).collect();
            if orphans.is_empty() {
                break;
            }
            orphans.iter().for_each(|it| self.remove(it));
        }
    }

    fn look_at(&mut self, reference: &Reference, going: &Loop<'_>) {
        let entity = self.entries[reference].unprocessed.clone();
        let came = process(&entity, going);
        let Some(entry) = self.entries.get_mut(reference) else { return };
        entry.due = going.now + going.settings.processing_interval;
        match came {
            // What it was stays as it was, and so do its children: all or nothing.
            Err(errors) => entry.errors = errors,
            Ok(Processed { stored, relations, children }) => {
                entry.stored = Some(stored);
                entry.relations = relations;
                entry.errors.clear();
                self.adopt(reference, children, going);
            }
        }
    }

    /// Replaces the children of an entity.
    fn adopt(&mut self, parent: &Reference, children: Vec<(Value, String)>, going: &Loop<'_>) {
        let mut kept = BTreeSet::new();
        for (child, key) in children {
            let reference = Reference::of(&child);
            let entry = self.entries.entry(reference.clone()).or_insert_with(|| {
                Entry::new(child.clone(), key.clone(), going.now + going.settings.delay, false)
            });
            // The first who claimed a reference keeps it; the other is dropped without a trace.
            if entry.location_key != key {
                continue;
            }
            if entry.unprocessed != child {
                entry.unprocessed = child;
                entry.due = entry.due.min(going.now + going.settings.delay);
            }
            entry.orphan_since = None;
            entry.parents.insert(parent.clone());
            kept.insert(reference);
        }
        let Some(entry) = self.entries.get_mut(parent) else { return };
        let dropped: Vec<Reference> = entry.children.difference(&kept).cloned().collect();
        entry.children = kept;
        for reference in dropped {
            let Some(child) = self.entries.get_mut(&reference) else { continue };
            child.parents.remove(parent);
            if child.parents.is_empty() && !child.is_root {
                child.orphan_since = Some(going.now);
            }
        }
    }

    /// Every entity that got through, as it is shown.
    pub(super) fn shown(&self) -> Vec<(Reference, Value)> {
        let mut relations: BTreeMap<&Reference, BTreeSet<(&str, String)>> = BTreeMap::new();
        for relation in self.entries.values().filter(|it| it.stored.is_some()).flat_map(|it| &it.relations) {
            relations.entry(&relation.source).or_default().insert((relation.kind, relation.target.to_string()));
        }
        let shown = self.entries.iter().filter_map(|(reference, entry)| {
            let mut entity = entry.stored.clone()?;
            let theirs = relations.get(reference).into_iter().flatten();
            let theirs: Vec<Value> =
                theirs.map(|(kind, target)| json!({ "type": kind, "targetRef": target })).collect();
            entity["relations"] = theirs.into();
            if !entry.errors.is_empty() {
                let items: Vec<Value> = entry.errors.iter().map(Problem::status_item).collect();
                entity["status"] = json!({ "items": items });
            }
            if entry.orphan_since.is_some() {
                entity["metadata"]["annotations"]["backstage.io/orphan"] = "true".into();
            }
            let etag = hex_of(&entity.to_string());
            entity["metadata"]["uid"] = entry.uid.clone().into();
            entity["metadata"]["etag"] = etag.into();
            Some((reference.clone(), entity))
        });
        shown.collect()
    }
}

impl Entry {
    fn new(unprocessed: Value, location_key: String, due: DateTime<Utc>, is_root: bool) -> Self {
        Self {
            unprocessed,
            location_key,
            due,
            orphan_since: None,
            parents: BTreeSet::new(),
            children: BTreeSet::new(),
            stored: None,
            relations: Vec::new(),
            errors: Vec::new(),
            uid: Uuid::new_v4().to_string(),
            discovered: due,
            is_root,
        }
    }
}

/// The entity of a Location that was registered or configured.
pub(super) fn location_entity(kind: &str, target: &str) -> Value {
    let place = format!("{kind}:{target}");
    json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Location",
        "metadata": {
            "name": addresses::generated_name(kind, target), "namespace": "default",
            "annotations": { MANAGED_BY: place, ORIGIN: place },
        },
        "spec": { "type": kind, "target": target },
    })
}

const MANAGED_BY: &str = "backstage.io/managed-by-location";
/// Where it comes from in the end: what was registered.
pub(super) const ORIGIN: &str = "backstage.io/managed-by-origin-location";

fn annotation<'e>(entity: &'e Value, name: &str) -> &'e str {
    entity["metadata"]["annotations"][name].as_str().unwrap_or_default()
}

/// Looks at one entity: annotations, policies, its kind, and what it lists.
fn process(entity: &Value, going: &Loop<'_>) -> Result<Processed, Vec<Problem>> {
    let mut entity = entity.clone();
    annotate(&mut entity, going.settings);
    envelope::check(&entity).map_err(|problem| vec![problem])?;
    if entity["metadata"].get("namespace").is_none() {
        entity["metadata"]["namespace"] = "default".into();
    }
    kinds::check(&entity).map_err(|problem| vec![problem])?;
    let relations = kinds::relations(&entity).map_err(|problem| vec![problem])?;
    let children = if entity["kind"] == "Location" { listed(&entity, going)? } else { Vec::new() };
    Ok(Processed { stored: entity, relations, children })
}

/// Says where an entity is seen and edited.
fn annotate(entity: &mut Value, settings: &Settings) {
    let Some(address) = annotation(entity, MANAGED_BY).strip_prefix("url:").map(str::to_owned) else { return };
    let said = [
        ("backstage.io/view-url", address.clone()),
        ("backstage.io/edit-url", addresses::edit(settings, &address)),
        ("backstage.io/source-location", format!("url:{}", addresses::folder(&address))),
    ];
    if let Some(annotations) = entity["metadata"]["annotations"].as_object_mut() {
        for (name, text) in said {
            annotations.entry(name).or_insert_with(|| text.into());
        }
    }
}

/// Everything that a Location lists, or what is wrong with any of it.
fn listed(entity: &Value, going: &Loop<'_>) -> Result<Vec<(Value, String)>, Vec<Problem>> {
    let (here, origin) = (annotation(entity, MANAGED_BY), annotation(entity, ORIGIN));
    let (here_kind, base) = here.split_once(':').unwrap_or(("url", here));
    let spec = &entity["spec"];
    let kind = spec["type"].as_str().unwrap_or(here_kind);
    let may_be_missing = spec["presence"] == "optional";
    let several = spec["targets"].as_array().into_iter().flatten();
    let mut children = Vec::new();
    let mut errors = Vec::new();
    for target in std::iter::once(&spec["target"]).chain(several).filter_map(Value::as_str) {
        let address = if kind == "url" { addresses::resolve(target, base) } else { target.to_owned() };
        let read = match kind {
            "url" => addresses::read(going.settings, going.files, &address, may_be_missing),
            // Those of the config, on the server's own disk.
            "file" => match going.files.read(&address) {
                files::Read::Text(text) => Ok(Some(text)),
                _ if may_be_missing => Ok(None),
                _ => Err(Problem::not_found(format!("file {address} does not exist"))),
            },
            _ => continue,
        };
        let key = format!("{kind}:{address}");
        match read.and_then(|text| text.map_or(Ok(Vec::new()), |text| documents(&text, &key))) {
            Ok(found) => children.extend(found.into_iter().map(|it| (placed(it, &key, origin), key.clone()))),
            Err(problem) => errors.push(problem),
        }
    }
    for (child, _) in &children {
        let kind = child["kind"].as_str().unwrap_or_default();
        if !going.settings.allowed_kinds.iter().any(|it| it.eq_ignore_ascii_case(kind)) {
            let reference = Reference::of(child);
            errors.push(Problem::new(
                "NotAllowedError",
                format!(
                    "Entity {reference} at {here}, originated at {origin}, is not of an allowed kind for that location"
                ),
            ));
        }
    }
    if errors.is_empty() { Ok(children) } else { Err(errors) }
}

/// The documents of a file. Empty ones count as none.
fn documents(text: &str, key: &str) -> Result<Vec<Value>, Problem> {
    use serde::Deserialize as _;
    let mut found = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = Value::deserialize(document)
            .map_err(|error| Problem::new("Error", format!("YAML error at {key}, YAMLParseError: {error}")))?;
        match value {
            Value::Null => {}
            Value::Object(_) => found.push(value),
            other => {
                let kind = match other {
                    Value::Array(_) => "object",
                    Value::Bool(_) => "boolean",
                    Value::Number(_) => "number",
                    _ => "string",
                };
                return Err(Problem::new("Error", format!("Expected object at root, got {kind}")));
            }
        }
    }
    Ok(found)
}

/// An entity with the annotations that say where it was read.
fn placed(mut entity: Value, key: &str, origin: &str) -> Value {
    if let Some(metadata) = entity.get_mut("metadata").and_then(Value::as_object_mut) {
        // An author's own values are overwritten.
        metadata.remove("uid");
        metadata.remove("etag");
        let annotations = metadata.entry("annotations").or_insert_with(|| Map::new().into());
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.insert(ORIGIN.to_owned(), origin.into());
            annotations.insert(MANAGED_BY.to_owned(), key.into());
        }
    }
    entity
}

/// Reads a Location and everything below it without keeping any of it; in the order in which they come off the pile.
pub(super) fn dry_run(kind: &str, target: &str, going: &Loop<'_>) -> Result<Vec<Value>, Problem> {
    let mut pile = vec![location_entity(kind, target)];
    let mut seen = BTreeSet::new();
    let mut entities = Vec::new();
    while let Some(entity) = pile.pop() {
        let reference = Reference::of(&entity);
        if !seen.insert(reference.clone()) {
            return Err(Problem::new("Error", format!("Duplicate nested entity: {reference}")));
        }
        let Processed { stored, children, .. } = process(&entity, going).map_err(|errors| {
            let words: Vec<String> = errors.iter().map(|it| format!("{}: {}", it.name, it.message)).collect();
            Problem::input(words.join(", "))
        })?;
        pile.extend(children.into_iter().map(|(child, _)| child));
        entities.push(stored);
    }
    Ok(entities)
}

/// What is wrong with an entity that is said to lie at a place.
pub(super) fn validate(entity: &Value, place: &str, going: &Loop<'_>) -> Vec<Problem> {
    process(&placed(entity.clone(), place, place), going).err().unwrap_or_default()
}
