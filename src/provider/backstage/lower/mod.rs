//! What a catalogue means in one Backstage. Pure; obeys the rules of `engine`.
//!
//! Every file with documents comes from a location: a formula's by itself, all others from the index file of their shard. Who is
//! placed where says nothing here: Backstage reads whole files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use crate::engine::diag::codes::{CATALOG_INDEX, VALUE_REFUSED};
use crate::engine::diag::{Diagnostic, Span};
use crate::engine::documents::catalogue::Entity;
use crate::engine::documents::index::Shard;
use crate::engine::model::{Address, Desired, EntityRef, Owner, Value};
use crate::provider::backstage::options::Options;
use crate::provider::backstage::{convert, kinds, place};
use crate::provider::contract::{LowerInput, Lowered};

/// What to do about an index file that is not right.
const RENDER: &str = "write it anew: 'formulary render backstage-catalog --write'";

/// Lowers a catalogue for one Backstage.
pub fn lower(input: &LowerInput<'_>) -> Lowered {
    let options = match Options::read(input.options) {
        Ok(options) => options,
        Err(error) => return Lowered::unusable(input, &error),
    };
    let mut lowering = Lowering { input, options, out: Lowered::default(), from: BTreeMap::new() };
    for (path, formula) in &input.catalogue.files.formulas {
        lowering.formula(path, formula);
    }
    for shard in input.catalogue.files.shards() {
        lowering.shard(&shard);
    }
    for entity in input.catalogue.entities() {
        lowering.entity(entity);
    }
    let mut out = lowering.out;
    out.desired.sort_by(|a, b| a.address.cmp(&b.address));
    out.diagnostics.sort();
    out
}

struct Lowering<'a> {
    input: &'a LowerInput<'a>,
    options: Options,
    out: Lowered,
    /// The key of the location that each file comes from.
    from: BTreeMap<Arc<str>, String>,
}

impl Lowering<'_> {
    fn address(&self, kind: &str, key: &str) -> Address {
        Address::new(self.input.instance, kind, key)
    }

    /// A formula is read by itself, so that no other file holds it up.
    fn formula(&mut self, path: &Arc<str>, formula: &EntityRef) {
        let declared = self.input.catalogue.templates.get(formula).filter(|it| it.entity.span.file == *path);
        let origin = declared.map_or_else(|| Span::start_of(Arc::clone(path)), |it| it.entity.span.clone());
        if self.refused(path, formula) {
            return;
        }
        self.from.insert(Arc::clone(path), path.to_string());
        self.location(path, formula, origin);
    }

    /// All other files of a folder are read by the index file there.
    fn shard(&mut self, shard: &Shard) {
        let reference = shard.reference();
        let index = shard.path();
        let files = &self.input.catalogue.files;
        let declared = self.input.catalogue.others.get(&reference).filter(|it| *it.span.file == *index);
        // Where only some documents are known, the index is not among them.
        let listed = match declared {
            _ if files.partial => shard.files.clone(),
            Some(declared) => self.listed(shard, declared),
            None => {
                let (message, help) = if files.declares(&index) {
                    (
                        format!("'{index}' declares something of its own"),
                        "move that to another file: the index file has this name",
                    )
                } else {
                    (format!("there is no index file '{index}', by which Backstage reads what lies there"), RENDER)
                };
                let first = shard.files.iter().next().map(|path| Span::start_of(Arc::clone(path)));
                let problem = Diagnostic::error(CATALOG_INDEX, message).help(help);
                self.out.diagnostics.push(first.into_iter().fold(problem, Diagnostic::at));
                self.out.held.insert(reference);
                return;
            }
        };
        if self.refused(&index, &reference) {
            return;
        }
        let origin = declared.map_or_else(|| Span::start_of(index.as_str()), |it| it.span.clone());
        self.location(&index, &reference, origin);
        for path in listed {
            if !self.refused(&path, &reference) {
                self.from.insert(path, index.clone());
            }
        }
    }

    /// The files that an index lists; says where it is not what it should be.
    fn listed(&mut self, shard: &Shard, declared: &Entity) -> BTreeSet<Arc<str>> {
        let document: Json = serde_json::from_str(&declared.document).unwrap_or_default();
        let written = document["spec"]["targets"].as_array().into_iter().flatten();
        let written: Vec<&str> = written.map(|it| it.as_str().unwrap_or_default()).collect();
        let targets: BTreeSet<&str> = written.iter().copied().collect();
        let wanted = shard.targets();
        let missing: Vec<&str> = wanted.iter().map(String::as_str).filter(|it| !targets.contains(it)).collect();
        let right: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
        let foreign: Vec<&str> = targets.difference(&right).copied().collect();
        let index = shard.path();
        let at = |item: Option<usize>| {
            declared.span_of(&item.map_or("/spec/targets".to_owned(), |it| format!("/spec/targets/{it}")))
        };
        let mut told = |what: String, at: Span| {
            self.out.diagnostics.push(Diagnostic::error(CATALOG_INDEX, what).at(at).help(RENDER));
        };
        if !missing.is_empty() {
            told(format!("'{index}' does not list {}: Backstage does not see it", quoted(&missing)), at(None));
        }
        if let Some(first) = foreign.first() {
            let what = format!(
                "'{index}' lists {}, which declares nothing: Backstage may read nothing of that folder any more",
                quoted(&foreign)
            );
            told(what, at(written.iter().position(|it| it == first)));
        }
        let files = shard.files.iter().zip(&wanted);
        files.filter(|(_, target)| targets.contains(target.as_str())).map(|(path, _)| Arc::clone(path)).collect()
    }

    fn location(&mut self, key: &str, owner: &EntityRef, origin: Span) {
        let owner = Owner(owner.to_string());
        let desired = Desired::new(self.address(kinds::LOCATION, key), owner, Arc::new(origin))
            .field("target", self.options.catalog.url.url(key), None)
            .field(kinds::ERRORS, Value::List(Vec::new()), None);
        self.out.desired.push(desired);
    }

    fn entity(&mut self, entity: &Entity) {
        let reference = &entity.reference;
        if !convert::KINDS.contains(&reference.kind()) {
            return;
        }
        let Some(location) = self.from.get(&entity.span.file) else {
            // Told of its file already.
            self.out.held.insert(reference.clone());
            return;
        };
        let document: Json = serde_json::from_str(&entity.document).unwrap_or_default();
        let address = self.address(kinds::ENTITY, &place::key(reference));
        let owner = Owner(reference.to_string());
        let mut desired = Desired::new(address, owner, Arc::new(entity.span.clone()))
            .needs(self.address(kinds::LOCATION, location))
            .field(kinds::FILE, entity.span.file.to_string(), Some(Arc::new(entity.span.clone())))
            .field(kinds::ERRORS, Value::List(Vec::new()), None);
        for (name, value) in convert::said(&document) {
            desired = desired.field(name, value, Some(Arc::new(entity.span_of(pointer(name)))));
        }
        desired.extent = entity.extent_in(self.input.instance);
        self.out.desired.push(desired);
    }

    /// Whether a path would not survive being an address: it is told, and held.
    fn refused(&mut self, path: &str, owner: &EntityRef) -> bool {
        let fits = |c: char| c.is_alphanumeric() || "-_.~/@+=,()".contains(c);
        if path.chars().all(fits) {
            return false;
        }
        let message =
            format!("the path '{path}' has characters that an address cannot have: Backstage does not find the file");
        let help = "rename it: letters, digits, '-', '_' and '.' are sure";
        self.out.diagnostics.push(Diagnostic::error(VALUE_REFUSED, message).at(Span::start_of(path)).help(help));
        self.out.held.insert(owner.clone());
        true
    }
}

/// Where a field is said in its document.
fn pointer(field: &str) -> &str {
    match field {
        "name" => "/metadata/name",
        "title" => "/metadata/title",
        "description" => "/metadata/description",
        "tags" => "/metadata/tags",
        "labels" => "/metadata/labels",
        "annotations" => "/metadata/annotations",
        "links" => "/metadata/links",
        "metadata" => "/metadata",
        "api_version" => "/apiVersion",
        "spec" => "/spec",
        _ => "",
    }
}

/// A few names in quotes.
fn quoted(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|it| format!("'{it}'")).collect();
    match names.len() {
        0..=3 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), more - 3),
    }
}

#[cfg(test)]
mod tests;
