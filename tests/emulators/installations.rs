//! The emulator that a scenario begins with: a new installation, with other settings where its `about` says so.

use std::sync::Arc;

use formulary::provider::emulator::Emulator;
use formulary::runtime::sandbox::SERVICES;
use formulary::runtime::sys::MovableClock;

/// A new installation for a scenario, told the time by `clock`.
pub fn for_scenario(service: &str, _scenario: &str, clock: Arc<MovableClock>) -> Arc<dyn Emulator> {
    let known = SERVICES.iter().find(|known| known.name == service);
    (known.unwrap_or_else(|| panic!("no emulator of {service}")).make)(clock)
}
