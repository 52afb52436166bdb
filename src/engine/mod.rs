//! Values and functions, no effects: nothing here is `async`, opens a file, or reads a clock.
//!
//! Imports run one way, in this order: `diag`, `model`, `source`, `schema`, `claude`, `documents`, `desired`, `diff`, `plan`,
//! `access`, `import`, `report`.

pub mod access;
pub mod claude;
pub mod desired;
pub mod diag;
pub mod diff;
pub mod documents;
pub mod import;
pub mod model;
pub mod plan;
pub mod report;
pub mod schema;
pub mod source;
