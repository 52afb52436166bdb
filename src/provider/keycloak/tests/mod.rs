//! Tests that need more than one file of the provider.

pub mod recordings;
