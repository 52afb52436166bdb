//! One person in every service at once: how they come, leave and return. The services are the sample platform's.

use std::collections::BTreeMap;
use std::sync::Arc;

use formulary::engine::diff::DriftClass;
use formulary::engine::plan::Verb;
use formulary::runtime::reconcile::StepOutcome;
use formulary::runtime::sandbox::sample::{CLIENT_ID, CLIENT_SECRET, Client, REALM, seed};
use formulary::runtime::sandbox::{Sandbox, SandboxOptions};
use formulary::runtime::sys::MovableClock;
use serde_json::{Value, json};

use super::documents::{organisation, person};
use super::hand::{Hand, Proof, text};
use super::stage::Stage;
use super::twenty::Emulated;

struct Everything {
    stage: Stage,
    sandbox: Sandbox,
    /// Beside the others, because people become members there by hand.
    twenty: Emulated,
    clock: Arc<MovableClock>,
}

/// Who is let in, by service; in Twenty, whose contact is there.
#[derive(Debug, PartialEq, Eq)]
struct Open {
    keycloak: bool,
    gitea: bool,
    mattermost: bool,
    coder: bool,
    twenty: bool,
}

impl Open {
    const EVERYWHERE: Self = Self { keycloak: true, gitea: true, mattermost: true, coder: true, twenty: true };
    const NOWHERE: Self = Self { keycloak: false, gitea: false, mattermost: false, coder: false, twenty: false };
}

impl Everything {
    async fn new() -> Self {
        let clock = Arc::new(MovableClock::default());
        let only = ["keycloak", "gitea", "mattermost", "coder"].map(str::to_owned);
        let options = SandboxOptions { clock: clock.clone(), only: only.into(), ..SandboxOptions::default() };
        let sandbox = Sandbox::start(options, seed).await.unwrap();
        let twenty = Emulated::start(clock.clone(), super::twenty::with_marks()).await;
        let base = |service: &str| sandbox.service(service).unwrap().base().to_owned();
        let proof = |service: &str, principal: &str, header: &str| {
            let value = sandbox.service(service).unwrap().credentials()[principal][header].clone();
            value.rsplit_once(' ').map_or(value.clone(), |(_, secret)| secret.to_owned())
        };
        let mut stage = Stage::new("t1-", formulary::provider::ALL.to_vec(), clock.clone()).await;
        let service = |name: &str, credentials: &str, options: &str| {
            let base = if name == "twenty" { twenty.served.base().to_owned() } else { base(name) };
            format!(
                "  {name}:\n    url: {base}\n    mode: enforce\n    credentials: {{ {credentials} }}\n    options: {{ {options} }}\n"
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
            service("twenty", "token: \"env:TWENTY\"", "opportunities: workspaces, stages: { open: NEW, ended: CUSTOMER }"),
            "    limits: { requests_per_minute: 10000 }\n".to_owned(),
        ]
        .concat();
        stage.secrets.insert("KEYCLOAK", CLIENT_SECRET.to_owned());
        stage.secrets.insert("GITEA", proof("gitea", "admin token", "Authorization"));
        stage.secrets.insert("MATTERMOST", proof("mattermost", "admin token", "Authorization"));
        stage.secrets.insert("CODER", proof("coder", "daemon", "Coder-Session-Token"));
        stage.secrets.insert("TWENTY", twenty.token("writer key"));
        Self { stage, sandbox, twenty, clock }
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

    /// Whether alice is let in.
    async fn open(&self) -> Open {
        let keycloak = self.get("keycloak", &format!("/admin/realms/{REALM}/users?username=~alice&exact=true")).await;
        let gitea = self.get("gitea", "/api/v1/users/~alice").await;
        let mattermost = self.get("mattermost", "/api/v4/users/username/~alice").await;
        let coder = self.get("coder", "/api/v2/users/~alice").await;
        let sales = Hand::new(
            self.twenty.served.base(),
            Proof::Header(format!("Bearer {}", self.twenty.token("api key (admin role)"))),
        );
        let filter = self.stage.named("emails.primaryEmail[eq]:\"~alice@tour.example\"");
        let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let contacts = sales.get(&format!("/rest/people?filter={filter}")).await;
        Open {
            keycloak: keycloak[0]["enabled"] == true,
            gitea: gitea["prohibit_login"] == false,
            mattermost: mattermost["delete_at"] == 0,
            coder: coder["status"] != "suspended",
            twenty: contacts["totalCount"] == 1,
        }
    }

    /// Tokens of alice's, and a session of hers, in every service that gives any.
    async fn tokens(&self) -> Tokens {
        let name = self.stage.named("~alice");
        let found = self.get("keycloak", &format!("/admin/realms/{REALM}/users?username={name}&exact=true")).await;
        let password = json!({ "type": "password", "value": "Her-pass-1", "temporary": false });
        let reset = format!("/admin/realms/{REALM}/users/{}/reset-password", text(&found[0]["id"]));
        let keycloak = self.administrator("keycloak");
        keycloak.put(&reset, password).await.unwrap();
        let client = json!({ "clientId": "scripts", "publicClient": true, "directAccessGrantsEnabled": true });
        keycloak.post(&format!("/admin/realms/{REALM}/clients"), client).await.unwrap();
        let session = self.grant(&[("grant_type", "password"), ("username", &name), ("password", "Her-pass-1")]).await;
        let token = json!({ "name": "a script", "scopes": ["read:user"] });
        let gitea = self.sandbox.service("gitea").unwrap();
        let administrator = gitea.credentials()["gitea-admin basic"]["Authorization"].clone();
        let made = Hand::new(gitea.base(), Proof::Header(administrator));
        let gitea = made.post(&format!("/api/v1/users/{name}/tokens"), token).await.0;
        let coder = self.administrator("coder").post(&format!("/api/v2/users/{name}/keys/tokens"), json!({})).await;
        let id = text(&self.get("mattermost", "/api/v4/users/username/~alice").await["id"]).to_owned();
        let token = json!({ "description": "a script" });
        let chat = self.administrator("mattermost").post(&format!("/api/v4/users/{id}/tokens"), token).await;
        Tokens {
            access: text(&session["access_token"]).to_owned(),
            refresh: text(&session["refresh_token"]).to_owned(),
            gitea: text(&gitea["sha1"]).to_owned(),
            mattermost: text(&chat.unwrap().0["token"]).to_owned(),
            coder: text(&coder.unwrap().0["key"]).to_owned(),
        }
    }

    /// What Keycloak's address for tokens answers to people.
    async fn grant(&self, form: &[(&str, &str)]) -> Value {
        let base = self.sandbox.service("keycloak").unwrap().base().to_owned();
        let form: Vec<(&str, &str)> =
            form.iter().copied().chain([("client_id", "scripts"), ("scope", "openid")]).collect();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.post(format!("{base}/realms/{REALM}/protocol/openid-connect/token")).form(&form);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Which of her tokens work.
    async fn working(&self, tokens: &Tokens) -> Vec<&'static str> {
        let userinfo = format!("/realms/{REALM}/protocol/openid-connect/userinfo");
        let mut working = Vec::new();
        for (what, service, token, path) in [
            ("keycloak: access", "keycloak", &tokens.access, userinfo.as_str()),
            ("gitea", "gitea", &tokens.gitea, "/api/v1/user"),
            ("mattermost", "mattermost", &tokens.mattermost, "/api/v4/users/me"),
            ("coder", "coder", &tokens.coder, "/api/v2/users/me"),
        ] {
            if self.works(service, token, path).await {
                working.push(what);
            }
        }
        let again = self.grant(&[("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh)]).await;
        if again["access_token"].is_string() {
            working.push("keycloak: session");
        }
        working
    }
}

/// What alice holds.
struct Tokens {
    access: String,
    refresh: String,
    gitea: String,
    mattermost: String,
    coder: String,
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
    assert_eq!(all.open().await, Open::EVERYWHERE);
    all.twenty.twenty.join("Alice", "Chen", &all.stage.named("~alice@tour.example"));
    all.stage.any_leg("and makes herself a login in Twenty").await;
    let tokens = all.tokens().await;
    let everything = ["keycloak: access", "gitea", "mattermost", "coder", "keycloak: session"];
    assert_eq!(all.working(&tokens).await, everything);

    let team = text(&all.get("mattermost", "/api/v4/teams/name/~acme").await["id"]).to_owned();
    let id = text(&all.get("mattermost", "/api/v4/users/username/~alice").await["id"]).to_owned();
    let administers = json!({ "scheme_user": true, "scheme_admin": true });
    let path = format!("/api/v4/teams/{team}/members/{id}/schemeRoles");
    all.administrator("mattermost").put(&path, administers).await.unwrap();

    all.stage.remove("alice");
    all.stage.remove("desk");
    let plan = all.stage.reading().await;
    let last = all.stage.named("~alice is the only one who owns '~acme' in mattermost: name another owner there first");
    assert!(plan.plan().notes.iter().any(|note| note.message.starts_with(&last)), "{}", plan.shown());
    let closing: Vec<String> = plan.plan().steps.iter().map(|step| format!("{} {}", step.verb, step.address)).collect();
    // First where everybody signs in, then everywhere else; nothing is deleted.
    assert_eq!(closing[0], all.stage.named("disable keycloak:user/~alice"), "{closing:#?}");
    assert!(plan.plan().steps.iter().all(|step| step.verb != Verb::Delete), "{closing:#?}");
    all.stage.any_leg("she leaves").await;
    assert_eq!(all.open().await, Open::NOWHERE);
    // The longest that a token lives which nobody asks Keycloak about.
    let realm = all.get("keycloak", &format!("/admin/realms/{REALM}")).await;
    let lifetime = realm["accessTokenLifespan"].as_i64().unwrap();
    all.clock.advance(chrono::Duration::seconds(lifetime));
    assert_eq!(all.working(&tokens).await, [""; 0]);
    let desk = all.get("coder", "/api/v2/users/~alice/workspace/~desk").await;
    assert_eq!(desk["latest_build"]["status"], "stopped", "her data stay");
    // What no key can end stays an open item until somebody ended it.
    let login = all.stage.named("twenty:login/~alice@tour.example");
    assert!(all.stage.reading().await.why(&login).contains("remove the member by hand"));
    all.twenty.twenty.leave(&all.stage.named("~alice@tour.example"));
    all.stage.any_leg("somebody removes her login").await;

    all.declare_alice();
    let shown = all.stage.reading().await.shown();
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    // What would wake is said before anybody approves it.
    for wakes in [
        "sessions and tokens from before work again",
        "personal access tokens that were not revoked",
        "access tokens, keys and web sessions from before work again",
    ] {
        assert!(shown.contains(wakes), "{shown}");
    }
    all.stage.any_leg("and returns").await;
    assert_eq!(all.open().await, Open::EVERYWHERE);
    // Only an owner of Coder, and in Gitea only her own password, could have ended these.
    assert_eq!(all.working(&tokens).await, ["gitea", "coder"]);
}

/// What nobody declared is listed in every service, with whose it is and since when, and never touched.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shadow_accounts_are_listed_with_owner_and_age() {
    let all = Everything::new().await;
    all.twenty.twenty.join("Mallory", "Moe", "mallory@elsewhere.example");
    all.stage.any_leg("nothing but what signs people in").await;
    let reading = all.stage.reading().await;
    let mut told = BTreeMap::new();
    for change in &reading.plan().changes {
        if let (DriftClass::Unowned, Some(shadow)) = (change.class, &change.shadow) {
            let whose = shadow.whose.clone().unwrap_or_default();
            told.entry(change.address.instance.as_str()).or_insert_with(Vec::new).push((whose, shadow.since.is_some()));
        }
    }
    for (instance, whose) in [
        ("keycloak", "Alice Chen <alice@acme.example>"),
        ("gitea", "Alice Chen <alice@acme.example>"),
        ("mattermost", "carol@acme.example"),
        ("coder", "Alice Example <alice@acme.example>"),
        ("twenty", "Mallory Moe"),
    ] {
        assert!(told[instance].contains(&(whose.to_owned(), true)), "{told:#?}");
    }
    assert!(reading.shown().contains("(today)"), "{}", reading.shown());
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
    let done = attempt.outcome.steps.iter().filter(|it| matches!(it.outcome, StepOutcome::Done { .. }));
    let done: Vec<&str> = done.map(|it| it.address.instance.as_str()).collect();
    assert_eq!(done, ["keycloak", "coder", "gitea"]);
    assert!(!attempt.reading.unread().is_empty());
    all.sandbox.service("mattermost").unwrap().lift_all();
    // A contact is nobody's way in: it stays until somebody says that it may be put away.
    assert_eq!(all.open().await, Open { mattermost: true, twenty: true, ..Open::NOWHERE });
    all.stage.any_leg("and then there, too").await;
    assert_eq!(all.open().await, Open::NOWHERE);
}
