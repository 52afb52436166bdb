//! How the imitated service is set up, and what it begins with.

use super::rate::Limits;
use super::scene::Scene;

/// How the imitated service differs from github.com with one organisation, one App and one repository.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the API lies: nothing on github.com, `/api/v3` on an Enterprise Server.
    pub api_path: String,
    /// The limits of calls; none as on an Enterprise Server, where they are off by default.
    pub limits: Option<Limits>,
    /// For how many seconds a new token of an installation is not taken yet.
    pub early_refusal: i64,
    /// The version that an Enterprise Server tells.
    pub enterprise_version: Option<String>,
    /// Whoever is a stranger is refused everything, as in the private mode of an Enterprise Server.
    pub private_mode: bool,
    /// What there is.
    pub scene: Scene,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            api_path: String::new(),
            limits: Some(Limits::default()),
            early_refusal: 0,
            enterprise_version: None,
            private_mode: false,
            scene: Scene::acme(),
        }
    }
}

impl Settings {
    /// github.com with what a scene holds.
    pub fn with_scene(scene: Scene) -> Self {
        Self { scene, ..Self::default() }
    }

    /// An Enterprise Server as it comes: other paths, no limits, no strangers.
    pub fn enterprise_server() -> Self {
        Self {
            api_path: "/api/v3".to_owned(),
            limits: None,
            enterprise_version: Some("3.19.2".to_owned()),
            private_mode: true,
            ..Self::default()
        }
    }

    /// The path of an App's page below the address for people.
    pub(super) fn app_pages(&self) -> &'static str {
        if self.enterprise_version.is_some() { "/github-apps" } else { "/apps" }
    }
}
