//! Claude Code's configuration: what the enterprise enforces, what formulas bring along, and what comes of the two.
//!
//! Claude Code reads these files and never complains: a key that does not exist is ignored, a file that is not JSON counts
//! for nothing, one value of a wrong type drops the whole block around it, and the session starts all the same, without the
//! protection. So the mono-repo is the last place where somebody can be told. Rules are those of release 2.1; each stands
//! where it is checked.
//!
//! Reading order: [`files`] (which files there are), [`document`](document) (strict JSON), [`settings`] with [`keys`] and
//! [`rules`], [`servers`], [`secrets`], [`skills`], [`together`] (what files say about each other); then [`policy`]: what
//! holds in a workspace, and [`manifest`].

mod document;
pub mod files;
mod keys;
pub mod manifest;
pub mod policy;
mod rules;
mod secrets;
mod servers;
mod settings;
mod skills;
mod together;

pub use files::{Bundle, Enterprise, FOLDER, OWNER};

use crate::engine::diag::Diagnostic;
use document::Document;

/// Where a file counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    /// On every machine, over everything else.
    Managed,
    /// In the project that a formula brings along.
    Project,
}

/// Every problem of the enterprise's files by themselves.
pub fn check_enterprise(enterprise: &Enterprise) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let parts = files::Parts::of_enterprise(enterprise, &mut found);
    parts.check(Layer::Managed, &mut found);
    together::baseline(&parts, &mut found);
    together::loosened(&parts, &mut found);
    found.extend(manifest::check(enterprise));
    found.sort();
    found
}

/// Every problem of the files that a formula brings along, by themselves and under what the enterprise enforces.
pub fn check_formula(bundle: &Bundle<'_>, enterprise: &Enterprise) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let parts = files::Parts::of_formula(bundle, &mut found);
    parts.check(Layer::Project, &mut found);
    let managed = files::Parts::of_enterprise(enterprise, &mut Vec::new());
    together::under(&parts, &managed, &mut found);
    found.sort();
    found
}

impl files::Parts {
    fn check(&self, layer: Layer, found: &mut Vec<Diagnostic>) {
        for settings in &self.settings {
            settings::check(settings, layer, self, found);
        }
        if let Some(servers) = &self.servers {
            servers::check(servers, layer, found);
        }
        skills::check(&self.texts, found);
    }

    /// The values at a pointer in every file of settings, the base first.
    fn values(&self, pointer: &str) -> impl Iterator<Item = (&Document, &serde_json::Value)> {
        self.settings.iter().filter_map(move |it| Some((it, it.value.pointer(pointer)?)))
    }

    /// Whether some file of settings says `true` at a pointer. Of several the last counts (guide, section 3).
    fn is_on(&self, pointer: &str) -> bool {
        self.values(pointer).last().is_some_and(|(_, value)| value == true)
    }
}

#[cfg(test)]
mod tests;
