//! Coder's tour: people, formulas and workspaces, and defects that only the emulator can be asked for. People's subjects
//! come from an identity provider in memory.

mod calls;
mod defects;
mod formulas;
mod groups;
mod people;
mod rights;
mod workspaces;

use std::sync::Arc;
use std::time::Duration;

use formulary::provider::coder::CoderProvider;
use formulary::provider::coder::emulator::{Coder as Emulator, Oidc, Settings};
use formulary::provider::emulator::serve::{ServeOptions, Served, serve};
use formulary::provider::inmemory::InMemory;
use formulary::runtime::sys::{MovableClock, SharedClock, SystemClock};
use serde_json::{Value, json};

use super::documents::{organisation, person};
use super::hand::{Hand, Proof, text};
use super::legs::Ends;
use super::real as server;
use super::stage::{Attempt, Stage};

/// Everything in a Coder whose name begins with the tour's own prefix.
pub struct Tour {
    stage: Stage,
    /// An owner of Coder.
    pub hand: Hand,
    /// The emulator, where it is one, and its clock.
    pub served: Option<(Served, Arc<MovableClock>)>,
}

impl Tour {
    pub async fn emulated() -> Self {
        Self::of(Settings::default()).await
    }

    /// A tour of an emulator with more, or less, than the usual settings.
    pub async fn of(settings: Settings) -> Self {
        let clock = Arc::new(MovableClock::default());
        let options = ServeOptions { clock: clock.clone(), ..ServeOptions::default() };
        let oidc = Oidc {
            issuer: "https://id.tour.example".to_owned(),
            sign_in_text: "Tour".to_owned(),
            allow_signups: false,
        };
        // A tour is one caller, and a hurried one.
        let settings = Settings { oidc: Some(oidc), rate_limit: 100_000, ..settings };
        let served = serve(Emulator::with_settings(clock.clone(), settings), options).await.unwrap();
        let token = |principal: &str| served.credentials()[principal]["Coder-Session-Token"].clone();
        let (owner, ours) = (token("admin"), token("daemon"));
        let base = served.base().to_owned();
        Self { served: Some((served, clock.clone())), ..Self::at(&base, &owner, &ours, clock).await }
    }

    /// A tour of the real server, if there is one.
    pub async fn real() -> Option<Self> {
        let variable = |name| server::needed("coder", name);
        let (url, token) = (variable("FORMULARY_CODER_URL")?, variable("FORMULARY_CODER_TOKEN")?);
        Some(Self::at(&url, &token, &token, Arc::new(SystemClock)).await)
    }

    async fn at(base: &str, owner: &str, ours: &str, clock: SharedClock) -> Self {
        let hand = Hand::new(base, Proof::Header(format!("Bearer {owner}")));
        let prefix = format!("t{}-", &uuid::Uuid::new_v4().simple().to_string()[..6]);
        // The provider must outlive the platform, which lives as long as the program elsewhere.
        let identity: &'static InMemory = Box::leak(Box::new(InMemory::default()));
        let mut stage = Stage::new(&prefix, vec![&CoderProvider, identity], clock).await;
        stage.config = format!(
            "platform: tour\nservices:\n  idp:\n    type: inmemory\n    url: http://127.0.0.1\n    mode: enforce\n    credentials:\n      \
             token: env:CODER_TOKEN\n  coder:\n    url: {base}\n    mode: enforce\n    retention_days: 30\n    credentials:\n      \
             token: env:CODER_TOKEN\n"
        );
        stage.secrets.insert("CODER_TOKEN", ours.to_owned());
        Self { stage, hand, served: None }
    }

    /// What the API says; `~` in the path stands for the prefix.
    pub async fn api(&self, path: &str) -> Value {
        self.hand.get(&self.named(&format!("/api/v2{path}"))).await
    }

    /// Sends something; `~` in the path stands for the prefix.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.hand.post(&self.named(&format!("/api/v2{path}")), body).await.0
    }

    /// Whether something is there.
    pub async fn sees(&self, path: &str) -> bool {
        self.hand.sees(&self.named(&format!("/api/v2{path}"))).await
    }

    /// What happens to jobs at the emulator.
    pub async fn hook(&self, name: &str, body: Value) {
        self.hand.post(&format!("/__sandbox/hooks/{name}"), body).await;
    }

    pub async fn days_pass(&self, days: i64) {
        let (_, clock) = self.served.as_ref().unwrap();
        clock.advance(chrono::Duration::days(days));
    }

    /// Groups of Coder for organisations and teams.
    pub fn with_groups(&mut self) {
        self.stage.config.push_str("    options: { groups: true }\n");
    }

    /// Two people who work in an organisation.
    pub fn company(&mut self) {
        self.write("acme", organisation("~acme"));
        self.write("alice", person("~alice", "Alice Chen", &["~acme"]));
        self.write("zoe", person("~zoe", "Zoe Lang", &["~acme"]));
    }

    /// A formula whose template is this.
    pub fn formula(&mut self, version: &str, terraform: &str) {
        let template = format!(
            "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata:\n  name: ~ml\n  title: ML\n  annotations:\n    \
             backstage.io/formula-version: {version}\nspec:\n  type: formula\n  owner: ~acme\n  parameters:\n    properties:\n      \
             project: {{ type: string }}\n  steps:\n    - {{ action: 'coder:create-workspace' }}\n"
        );
        self.write_at("formulas/ml/template.yaml", &template);
        self.write_at("formulas/ml/coder-template/main.tf", terraform);
        self.write_at("formulas/ml/coder-template/.claude/settings.json", "{}\n");
    }

    /// A request of alice's with these parameters.
    pub fn request(&mut self, parameters: Value) {
        let request = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "Resource", "metadata": { "name": "~desk" },
            "spec": {
                "type": "workspace", "owner": "user:~alice", "scaffoldedFrom": "~ml", "parameters": parameters,
            },
        });
        self.write_text("desk", &request.to_string());
    }

    /// Approves all that waits and applies, whatever comes of it.
    pub async fn try_all(&self) -> Attempt {
        self.approve(self.reading().await.plan()).await;
        self.attempt().await
    }

    /// The steps of a reading that are Coder's.
    pub async fn steps(&self) -> Vec<String> {
        self.reading().await.steps().into_iter().filter(|it| it.contains(" coder:")).collect()
    }
}

/// What failed, with why.
pub fn failures(attempt: &Attempt) -> Vec<String> {
    attempt
        .outcome
        .failures()
        .map(|(step, failure)| format!("{} {}: {}", step.verb, step.address, failure.said))
        .collect()
}

/// A template with a parameter of each sort.
pub const TERRAFORM: &str = r#"
terraform {
  required_providers {
    coder = {
      source  = "coder/coder"
      version = ">= 2.13"
    }
  }
}
variable "region" {
  default = "north"
}
data "coder_workspace" "me" {}
data "coder_parameter" "gpu" {
  name    = "gpu"
  default = "none"
  mutable = false
  option {
    name  = "CPU only"
    value = "none"
  }
  option {
    name  = "A100"
    value = "a100"
  }
}
data "coder_parameter" "disk" {
  name    = "disk"
  type    = "number"
  mutable = true
  validation {
    min = 1
    max = 100
  }
  default = 10
}
resource "terraform_data" "marker" {
  count = data.coder_workspace.me.start_count
  input = data.coder_parameter.gpu.value
}
"#;

impl Ends for Tour {
    async fn end(self) {
        if self.served.is_some() {
            return;
        }
        let ours = |it: &&Value, field: &str| text(&it[field]).starts_with(&self.prefix);
        let workspaces = self.hand.get("/api/v2/workspaces").await["workspaces"].as_array().unwrap().clone();
        for it in workspaces.iter().filter(|it| ours(it, "name")) {
            let id = text(&it["id"]);
            self.hand.post(&format!("/api/v2/workspaces/{id}/builds"), json!({ "transition": "delete" })).await;
            while self.hand.sees(&format!("/api/v2/workspaces/{id}")).await {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        for it in self.hand.get("/api/v2/templates").await.as_array().unwrap().iter().filter(|it| ours(it, "name")) {
            self.hand.clear(&format!("/api/v2/templates/{}", text(&it["id"]))).await;
        }
        let people = self.hand.get("/api/v2/users").await["users"].as_array().unwrap().clone();
        for it in people.iter().filter(|it| ours(it, "username")) {
            self.hand.clear(&format!("/api/v2/users/{}", text(&it["username"]))).await;
        }
    }
}

tours! {
    people::they_join_leave_and_return,
    people::an_address_that_changes_before_the_first_sign_in,
    people::extents,
    people::what_was_there_is_adopted,
    people::who_signs_in_otherwise_is_a_conflict,
    formulas::pushed_inactive_and_promoted_by_a_step_of_their_own,
    formulas::two_formulas_with_the_same_files,
    formulas::an_import_that_fails_leaves_the_old_version_active,
    formulas::what_somebody_changed_on_the_dashboard_is_changed_back,
    workspaces::made_changed_stopped_and_deleted_after_retention,
    workspaces::what_never_changes_is_told,
    rights::wrong_credentials,
}
