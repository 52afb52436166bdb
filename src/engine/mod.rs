//! Values and functions, no effects: nothing here is `async`, opens a file, or reads a clock.
//!
//! Imports run one way, in this order: `model`, `diag`, `source`, `schema`, `documents`, `desired`, `diff`, `plan`, `report`.

pub mod diag;
pub mod documents;
pub mod model;
pub mod schema;
pub mod source;
