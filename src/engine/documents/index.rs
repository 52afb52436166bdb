//! The files that hold documents, and the index files by which a catalogue of Backstage is told of them.
//!
//! There is no call that adds an entity to Backstage: it reads files, and is told which. One file that it cannot read holds up
//! every other one that it was told of together with it, so they are told in parts: each formula by itself, and everything
//! else by *shards*, one for each folder of an organisation, with an index file that lists the shard.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::file::ParsedFile;
use super::identity::Role;
use super::quarantine::folder_of;
use crate::engine::model::EntityRef;
use crate::engine::model::entity::{DEFAULT_NAMESPACE, is_name};

/// The name of an index file, in the folder of its shard.
pub const INDEX: &str = "catalog-info.yaml";

/// The kind of the entity that an index file holds.
pub const LOCATION: &str = "location";

/// Characters of a name of an entity at most.
const LONGEST_NAME: usize = 63;

/// The files of the mono-repo that hold documents, sound or broken; index files are not among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// Those that declare a formula, and the first formula in each.
    pub formulas: BTreeMap<Arc<str>, EntityRef>,
    /// All others.
    pub others: BTreeSet<Arc<str>>,
    /// Folders in which an organisation is declared.
    pub organisations: BTreeSet<String>,
    /// Set where these are the files of some documents only: what is missing here says nothing.
    pub partial: bool,
}

/// Files that a catalogue is told of together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// The folder that all of them lie in, by its path; empty for the root of the mono-repo.
    pub folder: String,
    /// Their paths, from the root of the mono-repo.
    pub files: BTreeSet<Arc<str>>,
}

impl Files {
    pub(super) fn take(&mut self, file: &ParsedFile) {
        let folder = folder_of(&file.path);
        let is_index = file.path.strip_prefix(folder).is_some_and(|name| name.trim_start_matches('/') == INDEX);
        if is_index && file.declarations.iter().all(|it| it.reference.kind() == LOCATION) {
            return;
        }
        let unread = file.unread.as_ref().is_some_and(|it| it.ours);
        if file.declarations.is_empty() && !unread {
            return;
        }
        if file.declarations.iter().any(|it| it.role == Role::Organisation) {
            self.organisations.insert(folder.to_owned());
        }
        match file.declarations.iter().find(|it| it.role == Role::Template) {
            Some(formula) => drop(self.formulas.insert(Arc::clone(&file.path), formula.reference.clone())),
            None => drop(self.others.insert(Arc::clone(&file.path))),
        }
    }

    /// The folder of the shard that a file belongs to: the nearest one with an organisation in it, or else the top one.
    pub fn shard_of<'p>(&self, path: &'p str) -> &'p str {
        let mut folder = folder_of(path);
        loop {
            if self.organisations.contains(folder) {
                return folder;
            }
            match folder.rsplit_once('/') {
                Some((above, _)) => folder = above,
                None if !folder.is_empty() && self.organisations.contains("") => return "",
                None => return path.split_once('/').map_or("", |(top, _)| top),
            }
        }
    }

    /// All shards, in order of their folders.
    pub fn shards(&self) -> Vec<Shard> {
        let mut shards: BTreeMap<&str, BTreeSet<Arc<str>>> = BTreeMap::new();
        for path in &self.others {
            shards.entry(self.shard_of(path)).or_default().insert(Arc::clone(path));
        }
        shards.into_iter().map(|(folder, files)| Shard { folder: folder.to_owned(), files }).collect()
    }

    /// Whether a file declares something, and so can be no index file.
    pub fn declares(&self, path: &str) -> bool {
        self.others.contains(path) || self.formulas.contains_key(path)
    }

    /// The index files by which these files are read, by path.
    ///
    /// # Errors
    /// What YAML cannot hold, which no path is.
    pub fn indices(&self) -> Result<BTreeMap<String, String>, serde_yaml::Error> {
        self.shards().iter().map(|shard| Ok((shard.path(), shard.text()?))).collect()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    api_version: &'a str,
    kind: &'a str,
    metadata: Metadata<'a>,
    spec: Spec,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: String,
    description: &'a str,
}

#[derive(Serialize)]
struct Spec {
    targets: Vec<String>,
}

impl Shard {
    /// The path of the index file.
    pub fn path(&self) -> String {
        index_of(&self.folder)
    }

    /// The entity that the index file holds.
    pub fn reference(&self) -> EntityRef {
        EntityRef::new(LOCATION, DEFAULT_NAMESPACE, &name_of(&self.folder))
    }

    /// What the index file lists: paths from its own folder.
    pub fn targets(&self) -> Vec<String> {
        let inside =
            |path: &Arc<str>| path.strip_prefix(&*self.folder).unwrap_or(path).trim_start_matches('/').to_owned();
        self.files.iter().map(|path| format!("./{}", inside(path))).collect()
    }

    /// The index file.
    ///
    /// # Errors
    /// What YAML cannot hold, which no path is.
    pub fn text(&self) -> Result<String, serde_yaml::Error> {
        let description = "What a catalogue reads of this folder";
        let location = Location {
            api_version: "backstage.io/v1alpha1",
            kind: "Location",
            metadata: Metadata { name: name_of(&self.folder), description },
            spec: Spec { targets: self.targets() },
        };
        let yaml = serde_yaml::to_string(&location)?;
        Ok(format!(
            "# Made by 'formulary render backstage-catalog' from the files of this folder; do not edit.\n{yaml}"
        ))
    }
}

/// The path of the index file of a folder.
pub fn index_of(folder: &str) -> String {
    if folder.is_empty() { INDEX.to_owned() } else { format!("{folder}/{INDEX}") }
}

/// The name of the entity in the index file of a folder: its path with points for slashes, or, where that is no name, one
/// that cannot be mistaken for another's.
pub fn name_of(folder: &str) -> String {
    if folder.is_empty() {
        return "catalog".to_owned();
    }
    let plain = folder.replace('/', ".");
    if is_name(&plain) {
        return plain;
    }
    let digest: String = Sha256::digest(folder).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let fits = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let short: String = plain.chars().map(fits).take(LONGEST_NAME - 10).collect();
    format!("{}-{digest}", short.trim_matches(['-', '_', '.'])).trim_start_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::documents::{Options, load};
    use crate::engine::source::snapshot::{Revision, Snapshot};

    fn files(texts: &[(&str, &str)]) -> Files {
        let revision = Revision { id: "1".to_owned(), label: "test".to_owned() };
        let texts = texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        load(&Snapshot::from_texts(revision, texts), &Options::default()).catalogue.files
    }

    const ORGANISATION: &str = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: acme}\n\
                                spec: {type: organization, children: []}\n";
    const ALICE: &str =
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: alice}\nspec: {memberOf: [acme]}\n";
    const BROKEN: &str = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: -}\nspec: : :\n";
    const FORMULA: &str = "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: lab}\n\
                           spec: {type: formula, owner: acme, steps: []}\n";
    const SYSTEM: &str = "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: s}\nspec: {owner: acme}\n";

    #[test]
    fn every_organisation_is_a_shard_and_every_formula_stands_alone() {
        let files = files(&[
            ("users/acme/organisation.yaml", ORGANISATION),
            ("users/acme/teams/deep/alice.yaml", ALICE),
            ("users/acme/bob.yaml", BROKEN),
            ("users/acme/notes.yaml", "shopping: [milk]\n"),
            (
                "users/acme/catalog-info.yaml",
                "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: users.acme}\nspec: {targets: []}\n",
            ),
            ("formulas/lab/backstage-template.yaml", FORMULA),
            ("systems/s.yaml", SYSTEM),
        ]);
        let shards = files.shards();
        let told: Vec<(String, Vec<String>)> = shards.iter().map(|it| (it.path(), it.targets())).collect();
        let listed = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            told,
            [
                ("systems/catalog-info.yaml".to_owned(), listed(&["./s.yaml"])),
                (
                    "users/acme/catalog-info.yaml".to_owned(),
                    // A broken file is still one that the index lists: that it is broken is told elsewhere.
                    listed(&["./bob.yaml", "./organisation.yaml", "./teams/deep/alice.yaml"]),
                ),
            ]
        );
        assert_eq!(files.formulas.keys().map(|it| &**it).collect::<Vec<_>>(), ["formulas/lab/backstage-template.yaml"]);
        assert_eq!(shards[1].reference().as_str(), "location:default/users.acme");
    }

    #[test]
    fn an_index_reads_as_what_it_lists() {
        let files = BTreeSet::from(["users/acme/a: b.yaml".into()]);
        let shard = Shard { folder: "users/acme".to_owned(), files };
        let text = shard.text().unwrap();
        let read: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        assert_eq!(read["spec"]["targets"], serde_json::json!(["./a: b.yaml"]));
        assert_eq!(read["metadata"]["name"], "users.acme");
    }

    #[test]
    fn every_folder_has_a_name_of_its_own() {
        let long = "f".repeat(80);
        let folders = ["", "users/acme", "users/acme corp", "users/acme-corp", "users/acme_corp", "-", long.as_str()];
        let names: BTreeSet<String> = folders.iter().map(|it| name_of(it)).collect();
        assert_eq!(names.len(), folders.len(), "{names:?}");
        assert!(names.iter().all(|it| is_name(it)), "{names:?}");
    }
}
