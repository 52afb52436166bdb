//! The emulators that there are, one line each.

use std::sync::Arc;

use crate::provider::emulator::Emulator;
use crate::provider::{backstage, coder, gitea, github, keycloak, kubernetes, mattermost, twenty};
use crate::runtime::sys::MovableClock;

/// A service that a sandbox can start.
#[derive(Debug, Clone, Copy)]
pub struct SandboxService {
    /// The service's type name.
    pub name: &'static str,
    /// Makes a new installation that goes by a clock.
    pub make: fn(Arc<MovableClock>) -> Arc<dyn Emulator>,
}

/// Every emulator. The order gives each its port above the first, so new ones go to the end.
pub const SERVICES: &[SandboxService] = &[
    SandboxService { name: "keycloak", make: |clock| keycloak::emulator::Keycloak::new(clock) },
    SandboxService { name: "gitea", make: |clock| gitea::emulator::Gitea::new(clock) },
    SandboxService { name: "mattermost", make: |clock| mattermost::emulator::Mattermost::new(clock) },
    SandboxService { name: "coder", make: |clock| coder::emulator::Coder::new(clock) },
    SandboxService { name: "twenty", make: |clock| twenty::emulator::Twenty::with_settings(clock, hurried()) },
    SandboxService { name: "kubernetes", make: |clock| kubernetes::emulator::Kubernetes::new(clock) },
    SandboxService { name: "github", make: |clock| github::emulator::GitHub::new(clock) },
    SandboxService {
        name: "backstage",
        make: |clock| backstage::emulator::Backstage::with_settings(clock, prompt()).0,
    },
];

/// A workspace whose operator allows more calls than the hundred a minute that Twenty begins with: a sandbox is one
/// caller, and people wait for it.
fn hurried() -> twenty::emulator::Settings {
    twenty::emulator::Settings { calls_per_minute: Some(2_000), ..twenty::emulator::Settings::default() }
}

/// A Backstage that reads the forge of the sample platform, and sweeps at once what is listed no more.
fn prompt() -> backstage::emulator::Settings {
    backstage::emulator::Settings {
        gitea_hosts: vec!["git.acme.example".to_owned()],
        orphan_sweep: chrono::Duration::seconds(1),
        ..backstage::emulator::Settings::default()
    }
}
