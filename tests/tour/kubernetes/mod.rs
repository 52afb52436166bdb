//! Kubernetes' tour: Claude Code's policy in a ConfigMap, what others write into it, and a roll-out.

mod policy;
mod rollout;
mod troubles;

use std::sync::Arc;

use formulary::provider::emulator::serve::{ServeOptions, Served, serve};
use formulary::provider::kubernetes::KubernetesProvider;
use formulary::provider::kubernetes::emulator::{Grant, Kubernetes as Emulator, Settings};
use formulary::runtime::sys::{MovableClock, SharedClock, SystemClock};
use serde_json::{Value, json};

use super::hand::{Hand, Proof};
use super::legs::Ends;
use super::real as server;
use super::stage::Stage;

/// One ConfigMap of the tour's own name.
pub struct Tour {
    stage: Stage,
    /// Somebody who may do everything in the cluster.
    pub hand: Hand,
    /// The emulator, where it is one.
    pub served: Option<Served>,
    /// The namespace that everything lies in.
    pub namespace: String,
}

impl Tour {
    pub async fn emulated() -> Self {
        Self::of(|_| Settings::default()).await
    }

    /// A tour of a cluster; its settings by the name of the ConfigMap.
    pub async fn of(settings: impl FnOnce(&str) -> Settings) -> Self {
        let clock = Arc::new(MovableClock::default());
        let prefix = prefix();
        let mut settings = settings(&prefix);
        let verbs = ["get", "create", "patch"];
        settings.grants.push(Grant::of("coder", "", "configmaps", &format!("{prefix}policy"), &verbs));
        let options = ServeOptions { clock: clock.clone(), ..ServeOptions::default() };
        let served = serve(Emulator::with_settings(clock.clone(), settings), options).await.unwrap();
        let token = |principal: &str| served.credentials()[principal]["Authorization"]["Bearer ".len()..].to_owned();
        let (admin, ours) = (token("admin"), token("daemon"));
        let tour = Self::at(served.base(), &admin, &ours, &prefix, "coder", clock).await;
        Self { served: Some(served), ..tour }
    }

    /// A tour of the real server, if there is one.
    pub async fn real() -> Option<Self> {
        let variable = |name| server::needed("kubernetes", name);
        let (url, token) = (variable("FORMULARY_KUBERNETES_URL")?, variable("FORMULARY_KUBERNETES_TOKEN")?);
        let namespace = server::variable("FORMULARY_KUBERNETES_NAMESPACE").unwrap_or("default".to_owned());
        Some(Self::at(&url, &token, &token, &prefix(), &namespace, Arc::new(SystemClock)).await)
    }

    async fn at(base: &str, admin: &str, ours: &str, prefix: &str, namespace: &str, clock: SharedClock) -> Self {
        let hand = Hand::new(base, Proof::Header(format!("Bearer {admin}")));
        let mut stage = Stage::new(prefix, vec![&KubernetesProvider], clock).await;
        stage.config = format!(
            "platform: tour\nservices:\n  kubernetes:\n    url: {base}\n    mode: enforce\n    credentials:\n      \
             token: env:KUBERNETES_TOKEN\n    options:\n      targets: [{{ namespace: {namespace}, name: {prefix}policy }}]\n"
        );
        stage.secrets.insert("KUBERNETES_TOKEN", ours.to_owned());
        Self { stage, hand, served: None, namespace: namespace.to_owned() }
    }

    /// Another option of the instance, after those that are there.
    pub fn option(&mut self, option: &str) {
        self.stage.config.push_str(&format!("      {option}\n"));
    }

    /// The policy of everybody, with a rule that forbids something.
    pub fn policy(&mut self, rule: &str) {
        let policy = json!({ "permissions": { "deny": [rule], "disableBypassPermissionsMode": "disable" } });
        self.write_at("enterprise/claude-code/managed-settings.json", &format!("{policy:#}\n"));
    }

    /// The path of the ConfigMap.
    pub fn path(&self) -> String {
        format!("/api/v1/namespaces/{}/configmaps/{}policy", self.namespace, self.stage.prefix)
    }

    /// The step of the ConfigMap.
    pub fn step(&self, verb: &str) -> String {
        format!("{verb} kubernetes:config-map/{}/~policy", self.namespace)
    }

    /// What is kept there.
    pub async fn data(&self) -> Value {
        self.hand.get(&self.path()).await["data"].clone()
    }

    /// Somebody makes the ConfigMap before we come.
    pub async fn make(&self, mut object: Value) {
        object["metadata"] = json!({ "name": self.named("~policy") });
        let path = format!("/api/v1/namespaces/{}/configmaps?fieldManager=kubectl-create", self.namespace);
        self.hand.post(&path, object).await;
    }

    /// Somebody opens it in an editor.
    pub async fn edit(&self, change: impl FnOnce(&mut Value)) {
        let mut object = self.hand.get(&self.path()).await;
        change(&mut object);
        self.hand.put(&format!("{}?fieldManager=kubectl-edit", self.path()), object).await;
    }
}

fn prefix() -> String {
    format!("t{}-", &uuid::Uuid::new_v4().simple().to_string()[..6])
}

impl Ends for Tour {
    async fn end(self) {
        if self.served.is_none() {
            self.hand.clear(&self.path()).await;
        }
    }
}

tours! {
    policy::it_comes_changes_and_stays,
    policy::what_somebody_else_wrote_is_theirs_until_it_is_taken_over,
    policy::what_was_there_is_adopted,
    policy::other_keys_stay_until_they_are_pruned,
    policy::an_immutable_one_is_a_conflict,
    policy::a_lost_ledger_is_found_again,
    policy::every_character_arrives,
}
