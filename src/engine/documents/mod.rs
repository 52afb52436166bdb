//! From the files of a revision to the catalogue of what they declare.
//!
//! Folders are for people: the loader goes by `apiVersion` and `kind`, wherever a document lies. Three steps, each a
//! pure function: [`parse_file`] reads one file by itself (its result may be kept for as long as the file's bytes do),
//! [`assemble`] joins what all files declare and resolves every reference, and the [`checks`] judge the whole.
//!
//! Every problem is reported at once. What is broken leaves the catalogue with what depends on it, and goes into the
//! [`Quarantine`], so that nothing it declared before is touched.
//!
//! [`load`] reads a revision by itself; [`Kept`] goes from one revision to the next.

pub mod catalogue;
pub mod checks;
mod claude;
mod entity;
mod file;
mod formula;
mod hold;
mod identity;
pub mod index;
mod kept;
mod link;
pub mod manage;
pub mod placement;
pub mod quarantine;

pub use catalogue::{Catalogue, Spanned};
pub use checks::Findings;
pub use claude::bundle;
pub use file::{ParsedFile, parse_file};
pub use kept::{Changed, Kept, Neighbourhood};
pub use quarantine::Quarantine;

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::diag::Diagnostic;
use crate::engine::source::{Limits, Snapshot};

/// How documents are read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How much of a file is read.
    pub limits: Limits,
    /// Folders that hold no documents, as paths from the root. Hidden ones (their name begins with a dot) and
    /// `node_modules` never do.
    pub exclude: Vec<String>,
    /// The names of the service instances that the config has, to find misspelt ones; unknown when `None`.
    pub services: Option<BTreeSet<String>>,
    /// Which installation plays which role, by name. A document may name the role and means the installation, so that it
    /// stays as it is where another one takes the role.
    pub roles: BTreeMap<String, String>,
}

impl Options {
    /// The installation that a document means by a name: what plays the role of that name, or the one that is called so.
    pub fn meant(&self, name: &str) -> String {
        self.roles.get(name).map_or(name, String::as_str).to_owned()
    }
}

/// What came of reading a revision.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Loaded {
    /// What may be acted on.
    pub catalogue: Catalogue,
    /// Every problem found, ordered by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// What must be left alone.
    pub quarantine: Quarantine,
}

/// Reads all documents of a revision.
pub fn load(snapshot: &Snapshot, options: &Options) -> Loaded {
    let parsed = file::parse_all(&snapshot.files, options);
    let mut loaded = assemble(&parsed, options);
    formula::attach(&mut loaded.catalogue, &snapshot.files);
    claude::attach(loaded, &snapshot.files)
}

/// Joins what files declare, resolves every reference, and runs all checks. The files of formulas and of the enterprise are
/// not among what is given, nor among what comes of it.
pub fn assemble<'a>(files: impl IntoIterator<Item = &'a ParsedFile>, options: &Options) -> Loaded {
    let linked = link::link(files);
    linked.checked_by(|catalogue, findings| checks::run(catalogue, options, findings))
}

impl Loaded {
    /// Runs one more check, such as the rules of a service for names. What it refuses leaves the catalogue with what
    /// depends on it.
    pub fn checked_by(mut self, check: impl FnOnce(&Catalogue, &mut Findings)) -> Self {
        let mut findings = Findings::default();
        check(&self.catalogue, &mut findings);
        let Findings { diagnostics, refused, memberships } = findings;
        self.diagnostics.extend(diagnostics);
        self.quarantine.memberships.extend(memberships);
        hold::hold(&mut self, refused.into_iter().map(|entity| (entity, None)).collect());
        self.diagnostics.sort();
        self.diagnostics.dedup();
        self
    }

    /// Whether the revision is without errors.
    pub fn is_sound(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

#[cfg(test)]
mod tests;
