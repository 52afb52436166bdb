//! Wanted × last applied × live, field by field, by the kinds' descriptions. No service is named here.

pub mod change;

pub use change::{Change, DriftClass, Effect, FieldChange, Shown};
