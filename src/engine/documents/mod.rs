//! From the files of a revision to the catalogue of what they declare.
//!
//! Folders are for people: the loader goes by `apiVersion` and `kind`, wherever a document lies.

pub mod catalogue;
pub mod placement;
pub mod quarantine;

pub use catalogue::{Catalogue, Spanned};
pub use quarantine::Quarantine;

use crate::engine::diag::Diagnostic;

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
