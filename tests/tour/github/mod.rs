//! GitHub's tour: our App at an organisation and at a person, the webhook of the mono-repo, rights, names, limits. Nothing
//! there is changed by us, so that a leg is what people do in a browser, and what is told of it.

mod links;
mod source;
mod troubles;

use std::sync::Arc;

use formulary::engine::model::Instance;
use formulary::provider::contract::Probe;
use formulary::provider::emulator::serve::{ServeOptions, Served, serve};
use formulary::provider::github::GitHubProvider;
use formulary::provider::github::emulator::{GitHub as Emulator, Scene, Settings};
use formulary::runtime::sys::MovableClock;
use serde_json::{Value, json};

use super::documents::organisation;
use super::hand::{Hand, Proof};
use super::stage::{Reading, Stage};

/// What our App is where the tour begins, and what it was given there.
pub const APP: &str = "formulary";
pub const ORG: &str = "acme-corp";

pub struct Tour {
    stage: Stage,
    pub emulator: Arc<Emulator>,
    pub served: Served,
    pub clock: Arc<MovableClock>,
    /// An owner of the organisation.
    pub hand: Hand,
}

impl Tour {
    /// An organisation whose document names its account, with our App installed on it.
    pub async fn new() -> Self {
        Self::of(Settings::default(), "").await
    }

    /// The same with other settings, and more options.
    pub async fn of(settings: Settings, options: &str) -> Self {
        let clock = Arc::new(MovableClock::default());
        let api = settings.api_path.clone();
        let emulator = Emulator::with_settings(clock.clone(), settings);
        let serving = ServeOptions { clock: clock.clone(), ..ServeOptions::default() };
        let served = serve(emulator.clone(), serving).await.unwrap();
        let mut stage = Stage::new("", vec![&GitHubProvider], clock.clone()).await;
        let base = served.base();
        stage.config = format!(
            "platform: tour\nservices:\n  github:\n    url: {base}{api}\n    mode: enforce\n    credentials:\n      \
             app_id: \"1001\"\n      private_key: env:GITHUB_KEY\n    options:\n      app: {APP}\n{options}"
        );
        stage.secrets.insert("GITHUB_KEY", Emulator::private_key());
        stage.write("acme", organisation("acme").with("github", "Acme-Corp"));
        let header = served.credentials()["admin"]["Authorization"].clone();
        let hand = Hand::new(&format!("{base}{api}"), Proof::Header(header));
        Self { stage, emulator, served, clock, hand }
    }

    /// What people do in a browser.
    pub fn browser(&self, scene: Value) {
        let scene: Scene = serde_json::from_value(scene).unwrap();
        self.emulator.add(&scene).unwrap();
    }

    /// What probing found.
    pub fn probe<'r>(&self, reading: &'r Reading) -> &'r Probe {
        reading.world.probes[&Instance::new("github")].as_ref().unwrap()
    }

    /// What a plan tells of an address, as people read it.
    pub async fn told(&self) -> String {
        let reading = self.reading().await;
        assert!(reading.steps().is_empty(), "{:#?}", reading.steps());
        reading.shown()
    }
}

impl std::ops::Deref for Tour {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

impl std::ops::DerefMut for Tour {
    fn deref_mut(&mut self) -> &mut Stage {
        &mut self.stage
    }
}

/// A repository with our options for it, in lines of the config.
pub fn options(more: &str) -> String {
    format!("      repository: acme-corp/platform\n{more}")
}

pub fn person(login: &str) -> Value {
    json!({ "accounts": [{ "login": login }] })
}
