//! The emulator that a scenario begins with: a new installation, with other settings where its `about` says so.

use std::sync::Arc;

use formulary::provider::emulator::Emulator;
use formulary::provider::gitea::emulator::{Gitea, Settings};
use formulary::runtime::sandbox::SERVICES;
use formulary::runtime::sys::MovableClock;

/// A new installation for a scenario, told the time by `clock`.
pub fn for_scenario(service: &str, scenario: &str, clock: Arc<MovableClock>) -> Arc<dyn Emulator> {
    match (service, scenario) {
        ("gitea", "visibility-modes") => Gitea::with_settings(
            clock,
            Settings {
                default_user_visibility: "limited".to_owned(),
                allowed_user_visibility: ["public", "limited"].map(str::to_owned).to_vec(),
                ..Settings::default()
            },
        ),
        ("gitea", "sudo-and-admin") => Gitea::with_settings(
            clock,
            Settings {
                stray_directories: ["alice/stray", "alice/other", "alice/kept"].map(str::to_owned).to_vec(),
                ..Settings::default()
            },
        ),
        _ => {
            let known = SERVICES.iter().find(|known| known.name == service);
            (known.unwrap_or_else(|| panic!("no emulator of {service}")).make)(clock)
        }
    }
}
