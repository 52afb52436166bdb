//! One person in every service at once: how they come, leave and return. The services are the sample platform's.

use std::sync::Arc;

use formulary::engine::plan::Verb;
use formulary::runtime::sandbox::sample::{CLIENT_ID, CLIENT_SECRET, Client, REALM, seed};
use formulary::runtime::sandbox::{Sandbox, SandboxOptions};
use formulary::runtime::sys::MovableClock;
use serde_json::{Value, json};

use super::documents::{organisation, person};
use super::hand::{Hand, Proof, text};
use super::stage::Stage;

struct Everything {
    stage: Stage,
    sandbox: Sandbox,
}

impl Everything {
    async fn new() -> Self {
        let clock = Arc::new(MovableClock::default());
        let options = SandboxOptions { clock: clock.clone(), ..SandboxOptions::default() };
        let sandbox = Sandbox::start(options, seed).await.unwrap();
        let base = |service: &str| sandbox.service(service).unwrap().base().to_owned();
        let proof = |service: &str, principal: &str, header: &str| {
            let value = sandbox.service(service).unwrap().credentials()[principal][header].clone();
            value.rsplit_once(' ').map_or(value.clone(), |(_, secret)| secret.to_owned())
        };
        let mut stage = Stage::new("t1-", formulary::provider::ALL.to_vec(), clock).await;
        let service = |name: &str, credentials: &str, options: &str| {
            format!(
                "  {name}:\n    url: {}\n    mode: enforce\n    credentials: {{ {credentials} }}\n    options: {{ {options} }}\n",
                base(name)
            )
        };
        stage.config = [
            "platform: tour\nservices:\n".to_owned(),
            service(
                "keycloak",
                &format!("client_id: {CLIENT_ID}, client_secret: \"env:KEYCLOAK\""),
                &format!(
                    "realm: {REALM}, version: 26.7.3, vouch_for_email: true, first_sign_in: none, clients: [{{ client_id: mattermost, \
                     name: Chat, root_url: \"{0}\", redirect_uris: [\"{0}/signup/gitlab/complete\"] }}]",
                    base("mattermost")
                ),
            ),
            service("gitea", "token: \"env:GITEA\"", "source_id: 1"),
            service("mattermost", "token: \"env:MATTERMOST\"", "sign_in: gitlab, sign_in_client: mattermost"),
            service("coder", "token: \"env:CODER\"", "sign_in: password"),
        ]
        .concat();
        stage.secrets.insert("KEYCLOAK", CLIENT_SECRET.to_owned());
        stage.secrets.insert("GITEA", proof("gitea", "admin token", "Authorization"));
        stage.secrets.insert("MATTERMOST", proof("mattermost", "admin token", "Authorization"));
        stage.secrets.insert("CODER", proof("coder", "daemon", "Coder-Session-Token"));
        Self { stage, sandbox }
    }

    /// What somebody who may do everything sees; `~` in the path stands for the prefix.
    async fn get(&self, service: &str, path: &str) -> Value {
        self.administrator(service).get(&self.stage.named(path)).await.unwrap()
    }

    fn administrator(&self, service: &str) -> Client {
        Client::administrator(self.sandbox.service(service).unwrap()).unwrap()
    }

    /// Whether a token of somebody's works.
    async fn works(&self, service: &str, token: &str, path: &str) -> bool {
        let base = self.sandbox.service(service).unwrap().base().to_owned();
        Hand::new(&base, Proof::Header(format!("Bearer {token}"))).sees(path).await
    }

    fn declare_alice(&mut self) {
        self.stage.write("alice", person("~alice", "Alice Chen", &["~acme"]));
        let request = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "Resource", "metadata": { "name": "~desk" },
            "spec": { "type": "workspace", "owner": "user:~alice", "scaffoldedFrom": "~ml", "parameters": {} },
        });
        self.stage.write_text("desk", &request.to_string());
    }

    /// Whether alice is let in, by service.
    async fn open(&self) -> [bool; 4] {
        let keycloak = self.get("keycloak", &format!("/admin/realms/{REALM}/users?username=~alice&exact=true")).await;
        let gitea = self.get("gitea", "/api/v1/users/~alice").await;
        let mattermost = self.get("mattermost", "/api/v4/users/username/~alice").await;
        let coder = self.get("coder", "/api/v2/users/~alice").await;
        [
            keycloak[0]["enabled"] == true,
            gitea["prohibit_login"] == false,
            mattermost["delete_at"] == 0,
            coder["status"] != "suspended",
        ]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_come_leave_and_return_in_every_service_at_once() {
    let mut all = Everything::new().await;
    all.stage.write("acme", organisation("~acme"));
    all.stage.write("zoe", person("~zoe", "Zoe Lang", &["~acme"]));
    let template = "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: { name: ~ml }\nspec:\n  type: formula\n  \
                    owner: ~acme\n  steps: [{ action: 'coder:create-workspace' }]\n";
    all.stage.write_at("formulas/ml/template.yaml", template);
    all.stage.write_at("formulas/ml/coder-template/main.tf", super::coder::TERRAFORM);
    all.declare_alice();
    all.stage.any_leg("she comes").await;
    assert_eq!(all.open().await, [true; 4]);

    // A token in each service where one can be had on her behalf.
    let coder = all.administrator("coder").post(&all.stage.named("/api/v2/users/~alice/keys/tokens"), json!({})).await;
    let coder = text(&coder.unwrap().0["key"]).to_owned();
    let id = text(&all.get("mattermost", "/api/v4/users/username/~alice").await["id"]).to_owned();
    let token = json!({ "description": "a script" });
    let chat = all.administrator("mattermost").post(&format!("/api/v4/users/{id}/tokens"), token).await.unwrap().0;
    let chat = text(&chat["token"]).to_owned();
    assert!(all.works("coder", &coder, "/api/v2/users/me").await);
    assert!(all.works("mattermost", &chat, "/api/v4/users/me").await);

    all.stage.remove("alice");
    all.stage.remove("desk");
    let plan = all.stage.reading().await;
    let closing: Vec<String> = plan.plan().steps.iter().map(|step| format!("{} {}", step.verb, step.address)).collect();
    // First where everybody signs in, then everywhere else; nothing is deleted.
    assert_eq!(closing[0], all.stage.named("disable keycloak:user/~alice"), "{closing:#?}");
    assert!(plan.plan().steps.iter().all(|step| step.verb != Verb::Delete), "{closing:#?}");
    all.stage.any_leg("she leaves").await;
    assert_eq!(all.open().await, [false; 4]);
    assert!(!all.works("coder", &coder, "/api/v2/users/me").await);
    assert!(!all.works("mattermost", &chat, "/api/v4/users/me").await);
    let desk = all.get("coder", "/api/v2/users/~alice/workspace/~desk").await;
    assert_eq!(desk["latest_build"]["status"], "stopped", "her data stay");

    all.declare_alice();
    let shown = all.stage.reading().await.shown();
    // What would wake is said before anybody approves it.
    for wakes in ["sessions and tokens from before work again", "personal access tokens that were not revoked"] {
        assert!(shown.replace('\n', " ").split_whitespace().collect::<Vec<_>>().join(" ").contains(wakes), "{shown}");
    }
    all.stage.any_leg("and returns").await;
    assert_eq!(all.open().await, [true; 4]);
    assert!(all.works("coder", &coder, "/api/v2/users/me").await, "only an owner of Coder could have ended it");
    assert!(!all.works("mattermost", &chat, "/api/v4/users/me").await, "it was revoked");
}

/// One service that refuses holds up none of the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_down_holds_up_nobody_else() {
    use formulary::provider::emulator::faults::{Defect, Fault};
    let mut all = Everything::new().await;
    all.stage.write("acme", organisation("~acme"));
    all.stage.write("zoe", person("~zoe", "Zoe Lang", &["~acme"]));
    all.stage.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    all.stage.any_leg("she comes").await;
    let down = Fault::new(Defect::Status { status: 503, body: None, applied: false });
    all.sandbox.service("mattermost").unwrap().arm(down).unwrap();
    all.stage.remove("alice");
    let attempt = all.stage.attempt().await;
    let done: Vec<String> = attempt.outcome.steps.iter().map(|step| step.address.to_string()).collect();
    assert_eq!(done.len(), 3, "{done:?}");
    assert!(!attempt.reading.unread().is_empty());
    all.sandbox.service("mattermost").unwrap().lift_all();
    assert_eq!(all.open().await, [false, false, true, false]);
    all.stage.any_leg("and then there, too").await;
    assert_eq!(all.open().await, [false; 4]);
}
