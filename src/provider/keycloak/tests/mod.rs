//! Tests that need more than one file of the provider.

mod live;
pub mod recordings;
pub mod world;
