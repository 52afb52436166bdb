//! Tests that need more than one file of the provider.

mod cycles;
pub mod recordings;
pub mod world;
