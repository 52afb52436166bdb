//! The emulator that a scenario begins with: a new installation, with other settings where its `about` says so.

use std::sync::Arc;

use formulary::provider::emulator::Emulator;

/// A new installation for a scenario.
pub fn for_scenario(service: &str, _scenario: &str) -> Arc<dyn Emulator> {
    match service {
        other => panic!("no emulator of {other}"),
    }
}
