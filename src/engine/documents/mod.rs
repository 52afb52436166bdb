//! Placeholder: the front branch brings the catalogue.

/// What the mono-repo declares.
#[derive(Debug, Default)]
pub struct Catalogue {}
