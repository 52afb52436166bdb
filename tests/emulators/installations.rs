//! The installations that scenarios begin with: new ones, with other settings where a scenario's `about` says so.

use std::sync::Arc;

use formulary::provider::emulator::Emulator;
use formulary::provider::gitea::emulator::{Gitea, Settings};
use formulary::provider::keycloak::emulator::Keycloak;
use formulary::runtime::sys::MovableClock;

use super::browser::Browser;

/// The name of the settings that a scenario wants.
pub fn settings(service: &str, scenario: &str) -> &'static str {
    match (service, scenario) {
        ("gitea", "visibility-modes") => "ALLOWED_USER_VISIBILITY_MODES = public,limited",
        // Directories that lie on the server's disk and belong to no repository.
        ("gitea", "sudo-and-admin") => "stray directories",
        _ => "defaults",
    }
}

/// A new installation with these settings, told the time by `clock`, and what people can do in it by browser.
pub fn install(service: &str, settings: &str, clock: Arc<MovableClock>) -> (Arc<dyn Emulator>, Browser) {
    match (service, settings) {
        ("gitea", "defaults") => (Gitea::new(clock), Browser::default()),
        ("gitea", "stray directories") => {
            let settings = Settings {
                stray_directories: ["alice/stray", "alice/other", "alice/kept"].map(str::to_owned).to_vec(),
                ..Settings::default()
            };
            (Gitea::with_settings(clock, settings), Browser::default())
        }
        ("gitea", _) => {
            let settings = Settings {
                default_user_visibility: "limited".to_owned(),
                allowed_user_visibility: ["public", "limited"].map(str::to_owned).to_vec(),
                ..Settings::default()
            };
            (Gitea::with_settings(clock, settings), Browser::default())
        }
        ("keycloak", _) => {
            let keycloak = Keycloak::new(clock);
            (keycloak.clone(), Browser { keycloak: Some(keycloak) })
        }
        _ => panic!("no emulator of {service}"),
    }
}
