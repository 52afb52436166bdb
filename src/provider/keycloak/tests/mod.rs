//! Tests that need more than one file of the provider.

mod cycles;
mod faults;
mod managed;
pub mod world;
