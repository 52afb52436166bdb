//! Values and functions, no effects: nothing here is `async`, opens a file, or reads a clock.
//!
//! Imports run one way, in this order: `model`, `diag`, `source`, `schema`, `documents`, `desired`, `plan`
//! (its data), `diff`, `report`.

pub mod desired;
pub mod diag;
pub mod documents;
pub mod model;
pub mod plan;
