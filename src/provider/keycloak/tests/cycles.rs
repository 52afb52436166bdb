//! Whole cycles against a server: against the emulator always, and against a real Keycloak where
//! `FORMULARY_KEYCLOAK_URL` names one, with an administrator's client in `FORMULARY_KEYCLOAK_ADMIN_CLIENT_ID` and
//! `FORMULARY_KEYCLOAK_ADMIN_CLIENT_SECRET` that may make realms.
//!
//! Each test makes a realm of its own and deletes it again.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::world::{World, connection};
use crate::engine::model::{FailureClass, Instance};
use crate::provider::contract::{Claim, Held, Holds, Reader, Wish};
use crate::provider::emulator::serve::{ServeOptions, Served, serve};
use crate::provider::keycloak::emulator;

pub(super) const ORGANISATION: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: acme-corp
  description: Makes anvils.
  annotations:
    formulary.dev/email-domains: acme.test
    formulary.dev/keycloak-organization: 'true'
spec: {type: organization, profile: {displayName: Acme Corp}, children: [platform]}
";
pub(super) const TEAM: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: platform, description: Keeps the anvils.}
spec: {type: team, parent: acme-corp, children: []}
";
pub(super) const ALICE: &str = "\
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: alice}
spec: {profile: {displayName: Alice Anvil, email: Alice@Acme.test, picture: 'https://acme.test/a.png'}, memberOf: [acme-corp, platform]}
";
pub(super) const BOB: &str = "\
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: bob}
spec: {profile: {displayName: Bob van Dyke, email: bob@acme.test}, memberOf: [acme-corp]}
";

/// A realm on a running server, and an administrator who plays the people behind our back.
pub(super) struct Realm {
    pub(super) base: String,
    pub(super) name: String,
    http: reqwest::Client,
    credentials: (String, String),
    /// The emulator, where it is one: it stops when this goes.
    pub(super) served: Option<Served>,
}

impl Realm {
    pub(super) async fn emulated(name: &str) -> Self {
        Self::emulator(name).await.0
    }

    /// The emulator itself beside its realm, for what only a browser could do.
    pub(super) async fn emulator(name: &str) -> (Self, Arc<emulator::Keycloak>) {
        let options = ServeOptions::default();
        let emulator = emulator::Keycloak::new(options.clock.clone());
        let served = serve(emulator.clone(), options).await.unwrap();
        let (client, secret) = emulator::BOOTSTRAP_CLIENT;
        let base = served.base().to_owned();
        let realm = Self::new(base, name, (client.to_owned(), secret.to_owned()), Some(served)).await;
        (realm, emulator)
    }

    async fn real(name: &str) -> Option<Self> {
        let told = |name: &str| std::env::var(format!("FORMULARY_KEYCLOAK_{name}")).ok();
        let Some(base) = told("URL") else {
            eprintln!("SKIPPED: FORMULARY_KEYCLOAK_URL is not set, so nothing is tried on a real Keycloak");
            return None;
        };
        let credentials = (told("ADMIN_CLIENT_ID").unwrap(), told("ADMIN_CLIENT_SECRET").unwrap());
        Some(Self::new(base, name, credentials, None).await)
    }

    async fn new(base: String, name: &str, credentials: (String, String), served: Option<Served>) -> Self {
        let short: String = name.chars().take(12).collect();
        let name = format!("{short}-{}", uuid::Uuid::new_v4().simple());
        let realm = Self { base, name, http: reqwest::Client::new(), credentials, served };
        let body = json!({"realm": realm.name, "enabled": true, "organizationsEnabled": true});
        realm.send("POST", "/admin/realms", Some(body)).await;
        let client = json!({
            "clientId": "formulary", "secret": "formulary-secret", "serviceAccountsEnabled": true,
            "publicClient": false, "standardFlowEnabled": false,
        });
        realm.admin("POST", "/clients", Some(client)).await;
        for role in
            ["manage-users", "manage-organizations", "manage-clients", "view-realm", "view-events", "manage-realm"]
        {
            realm.grant(role).await;
        }
        realm
    }

    async fn grant(&self, role: &str) {
        let (user, client, role) = self.role(role).await;
        // Older releases know no roles for organisations.
        let Some(role) = role else { return };
        self.admin("POST", &format!("/users/{user}/role-mappings/clients/{client}"), Some(json!([role]))).await;
    }

    async fn revoke(&self, role: &str) {
        let (user, client, role) = self.role(role).await;
        self.admin("DELETE", &format!("/users/{user}/role-mappings/clients/{client}"), Some(json!([role]))).await;
    }

    async fn role(&self, role: &str) -> (String, String, Option<Json>) {
        let users = self.admin("GET", "/users?username=service-account-formulary&exact=true", None).await;
        let clients = self.admin("GET", "/clients?clientId=realm-management", None).await;
        let (user, client) = (users[0]["id"].as_str().unwrap(), clients[0]["id"].as_str().unwrap());
        let roles = self.admin("GET", &format!("/clients/{client}/roles"), None).await;
        let role = roles.as_array().unwrap().iter().find(|it| it["name"] == *role).cloned();
        (user.to_owned(), client.to_owned(), role)
    }

    pub(super) async fn user(&self, name: &str) -> Json {
        let found = self.admin("GET", &format!("/users?username={name}&exact=true"), None).await;
        let id = found[0]["id"].as_str().unwrap().to_owned();
        self.admin("GET", &format!("/users/{id}"), None).await
    }

    pub(super) async fn admin(&self, method: &str, path: &str, body: Option<Json>) -> Json {
        self.send(method, &format!("/admin/realms/{}{path}", self.name), body).await
    }

    async fn send(&self, method: &str, path: &str, body: Option<Json>) -> Json {
        let token: Json = self
            .http
            .post(format!("{}/realms/master/protocol/openid-connect/token", self.base))
            .basic_auth(&self.credentials.0, Some(&self.credentials.1))
            .form(&[("grant_type", "client_credentials")])
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let mut request = self
            .http
            .request(method.parse().unwrap(), format!("{}{path}", self.base))
            .bearer_auth(token["access_token"].as_str().unwrap());
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Json::Null)
    }

    pub(super) fn world(&self, options: Json) -> World {
        let mut all = json!({"realm": self.name, "vouch_for_email": true});
        all.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        World::new(connection(&self.base, "formulary", "formulary-secret", &all))
    }

    async fn end(self) {
        self.admin("DELETE", "", None).await;
    }
}

/// Options with something of every kind.
fn everything() -> Json {
    json!({
        "profile_attributes": [
            {"name": "formulary.ledger", "display_name": "Kept by Formulary"},
            {"name": "picture", "view": ["admin", "user"], "from": "picture"},
        ],
        "roles": [{"name": "developer", "description": "Writes code."}],
        "clients": [{
            "client_id": "gitea", "name": "Gitea", "root_url": "https://git.acme.test",
            "redirect_uris": ["https://git.acme.test/user/oauth2/keycloak/callback"],
            "post_logout_redirect_uris": ["https://git.acme.test/", "https://git.acme.test/out"],
            "pkce": "S256", "optional_scopes": ["offline_access"], "secret": "env:GITEA",
        }],
        "client_scopes": [{"name": "profile", "mappers": [{
            "name": "home", "type": "oidc-usermodel-attribute-mapper",
            "config": {"user.attribute": "picture", "claim.name": "home"},
        }]}],
    })
}

fn groups_claim() -> Wish {
    let claim = Claim { name: "groups".into(), holds: Holds::Groups, client: None, scope: None, why: "teams".into() };
    Wish { claim, by: Instance::new("gitea"), people: BTreeSet::new() }
}

/// What a Mattermost without a licence wants of its people.
fn number_claim() -> Wish {
    let claim = Claim {
        name: "id".into(),
        holds: Holds::Number("chat_id".into()),
        client: Some("gitea".into()),
        scope: Some("openid".into()),
        why: "people are told apart by it".into(),
    };
    Wish { claim, by: Instance::new("chat"), people: ["alice".to_owned()].into() }
}

async fn from_nothing_to_everything_and_back_with_drift_in_between(realm: Realm) {
    let mut world = realm.world(everything());
    world.secret("env:GITEA", "a-secret");
    world.claims = vec![groups_claim(), number_claim()];
    let probe = world.reader.probe().await.unwrap();
    assert!(probe.rights.iter().all(|it| it.held == Held::Yes), "{:#?}", probe.rights);
    world.capabilities = probe.capabilities;

    world.declare(&[("o.yaml", ORGANISATION), ("t.yaml", TEAM), ("a.yaml", ALICE), ("b.yaml", BOB)]);
    let done = world.apply().await;
    assert_eq!(done.len(), world.lowered().desired.len(), "{done:#?}");
    world.assert_settled().await;

    let alice = realm.user("alice").await;
    assert_eq!(alice["attributes"]["formulary.ledger"][0], "ledger-of-the-tests");
    assert_eq!(alice["attributes"]["picture"][0], "https://acme.test/a.png");
    assert_eq!(alice["attributes"]["chat_id"][0], "1");
    assert_eq!((&alice["emailVerified"], &alice["enabled"]), (&json!(true), &json!(true)));
    assert_eq!(alice["requiredActions"], json!(["UPDATE_PASSWORD"]));

    // Somebody changes things behind our back.
    let id = alice["id"].as_str().unwrap();
    realm.admin("PUT", &format!("/users/{id}"), Some(json!({"lastName": "Other", "enabled": false}))).await;
    let groups = realm.admin("GET", "/groups", None).await;
    let group = groups[0]["id"].as_str().unwrap();
    realm.admin("DELETE", &format!("/users/{id}/groups/{group}"), None).await;
    let clients = realm.admin("GET", "/clients?clientId=gitea", None).await;
    let mut client = clients[0].clone();
    client["redirectUris"] = json!(["https://git.acme.test/user/oauth2/keycloak/callback", "https://evil.test/*"]);
    let client_id = client["id"].as_str().unwrap().to_owned();
    realm.admin("PUT", &format!("/clients/{client_id}"), Some(client)).await;
    let mut done = world.apply().await;
    done.sort();
    assert_eq!(
        done,
        [
            "create keycloak:membership/acme-corp/alice",
            "restore keycloak:user/alice",
            "update keycloak:client/gitea",
            "update keycloak:user/alice"
        ]
    );
    world.assert_settled().await;

    // We change our mind about everything that has fields.
    let changed = [
        (
            "o.yaml",
            ORGANISATION.replace("Makes anvils.", "Makes better anvils.").replace("acme.test", "acme.test, anvil.test"),
        ),
        ("t.yaml", TEAM.replace("Keeps the anvils.", "Drops the anvils.")),
        ("a.yaml", ALICE.replace("Alice Anvil", "Alice Sledge").replace("a.png", "b.png")),
        ("b.yaml", BOB.replace("bob@acme.test", "robert@acme.test")),
    ];
    world.declare(&changed.each_ref().map(|(path, text)| (*path, text.as_str())));
    let mut options = everything();
    options["profile_attributes"][1]["display_name"] = json!("Portrait");
    options["roles"][0]["description"] = json!("Reads code, too.");
    options["clients"][0]["name"] = json!("Forge");
    options["clients"][0]["optional_scopes"] = json!(["phone", "email"]);
    options["clients"][0]["default_scopes"] = json!(["basic", "profile", "groups", "offline_access"]);
    options["clients"][0]["service_account"] = json!(true);
    options["clients"][0].as_object_mut().unwrap().remove("pkce");
    options["client_scopes"][0]["mappers"][0]["config"]["claim.name"] = json!("house");
    options["full_group_path"] = json!(true);
    world.options.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    let mut done = world.apply().await;
    done.sort();
    assert_eq!(
        done,
        [
            "update keycloak:client/gitea",
            "update keycloak:group/acme-corp",
            "update keycloak:group/acme-corp/platform",
            "update keycloak:mapper/groups/groups",
            "update keycloak:mapper/profile/home",
            "update keycloak:organization/acme-corp",
            "update keycloak:profile-attribute/picture",
            "update keycloak:role/developer",
            "update keycloak:user/alice",
            "update keycloak:user/bob",
        ]
    );
    world.assert_settled().await;
    world.options.as_object_mut().unwrap().extend(everything().as_object().unwrap().clone());
    world.declare(&[("o.yaml", ORGANISATION), ("t.yaml", TEAM), ("a.yaml", ALICE), ("b.yaml", BOB)]);
    world.apply().await;
    world.assert_settled().await;

    // Renamed group, somebody leaves.
    let renamed =
        TEAM.replace("name: platform, ", "name: foundation, annotations: {formulary.dev/previously: platform}, ");
    let organisation = ORGANISATION.replace("[platform]", "[foundation]");
    let alice_moves = ALICE.replace("acme-corp, platform", "acme-corp, foundation");
    world.declare(&[("o.yaml", &organisation), ("t.yaml", &renamed), ("a.yaml", &alice_moves)]);
    let mut done = world.apply().await;
    done.sort();
    assert_eq!(done, ["disable keycloak:user/bob", "rename keycloak:group/acme-corp/foundation"]);
    world.assert_settled().await;
    assert_eq!(realm.user("bob").await["enabled"], json!(false));

    // Bob returns.
    world.declare(&[("o.yaml", &organisation), ("t.yaml", &renamed), ("a.yaml", &alice_moves), ("b.yaml", BOB)]);
    assert_eq!(world.apply().await, ["restore keycloak:user/bob"]);
    world.assert_settled().await;

    // Without a ledger everything is found again by mark, name or address.
    world.recorded.clear();
    let done = world.apply().await;
    assert!(done.iter().all(|it| it.starts_with("adopt ")), "{done:#?}");
    world.assert_settled().await;

    // Nothing is declared any more.
    world.declare(&[]);
    world.options.as_object_mut().unwrap().retain(|key, _| key == "realm");
    world.claims.clear();
    let done = world.apply().await;
    assert!(done.iter().all(|it| it.starts_with("delete ") || it.starts_with("disable ")), "{done:#?}");
    realm.end().await;
}

async fn missing_rights_are_told_one_by_one_and_prove_no_absence(realm: Realm) {
    let options = json!({"roles": [{"name": "developer"}], "clients": [{"client_id": "x", "redirect_uris": ["https://x.test/cb"]}]});
    let mut world = realm.world(options.clone());
    world.declare(&[("o.yaml", ORGANISATION), ("t.yaml", TEAM), ("a.yaml", ALICE), ("b.yaml", BOB)]);
    world.apply().await;
    for (role, kinds) in [
        ("manage-users", vec!["user", "group", "membership", "organization-member"]),
        ("manage-clients", vec!["client"]),
    ] {
        realm.revoke(role).await;
        // Older releases go by the roles in the token, so this one begins anew.
        world.reader = realm.world(options.clone()).reader;
        let probe = world.reader.probe().await.unwrap();
        let held = probe.rights.iter().find(|it| it.name == role).unwrap();
        assert_eq!(held.held, Held::No, "{role}");
        let (plan, ..) = world.plan(false).await;
        let incomplete: Vec<&str> = plan.incomplete.iter().map(|it| it.scope.kind.as_str()).collect();
        for kind in kinds {
            assert!(incomplete.contains(&kind), "{role}: {incomplete:?}");
        }
        assert!(plan.steps.is_empty(), "{role}: {:#?}", plan.steps);
        realm.grant(role).await;
        world.reader = realm.world(options.clone()).reader;
    }
    // Seeing is not writing: the plan is whole, and its step says what is missing.
    realm.grant("view-users").await;
    realm.revoke("manage-users").await;
    let narrowed = realm.world(options);
    (world.reader, world.writer) = (narrowed.reader, narrowed.writer);
    let alice = realm.user("alice").await;
    let path = format!("/users/{}", alice["id"].as_str().unwrap());
    realm.admin("PUT", &path, Some(json!({"firstName": "Other"}))).await;
    let (plan, _, observed) = world.plan(true).await;
    let step = plan.steps.iter().find(|it| it.address.leaf() == "alice").unwrap();
    let failure = world.perform(step, &observed, &world.lowered()).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::MissingRights, "{failure}");
    assert!(failure.help.contains("manage-users"), "{}", failure.help);
    realm.end().await;
}

async fn wrong_credentials_and_a_wrong_realm_say_what_to_check(realm: Realm) {
    let options = json!({"realm": realm.name});
    let reader = |client: &str, secret: &str, options: &Json| {
        crate::provider::keycloak::reader::KeycloakReader::new(connection(&realm.base, client, secret, options))
    };
    for (client, secret, options, said, help) in [
        ("formulary", "wrong", &options, "Invalid client or Invalid client credentials", "credentials.client_secret"),
        ("nobody", "wrong", &options, "Invalid client or Invalid client credentials", "credentials.client_id"),
        ("formulary", "formulary-secret", &json!({"realm": "nowhere"}), "Realm does not exist", "options.realm"),
    ] {
        let failure = reader(client, secret, options).probe().await.unwrap_err();
        assert!(failure.said.contains(said) && failure.help.contains(help), "{failure:?}");
    }
    realm.end().await;
}

macro_rules! on_both {
    ($($scenario:ident)*) => {
        mod emulated {
            $(#[tokio::test]
            async fn $scenario() {
                super::$scenario(super::Realm::emulated(stringify!($scenario)).await).await;
            })*
        }

        mod real {
            $(#[tokio::test]
            async fn $scenario() {
                if let Some(realm) = super::Realm::real(stringify!($scenario)).await {
                    super::$scenario(realm).await;
                }
            })*
        }
    };
}

/// A person is renamed in the mono-repo: the account keeps the name that its owner types, and joins what the new name is
/// declared to be in.
async fn a_renamed_person_keeps_the_account_and_its_name(realm: Realm) {
    let mut world = realm.world(json!({}));
    world.declare(&[("o.yaml", ORGANISATION), ("t.yaml", TEAM), ("a.yaml", ALICE)]);
    world.apply().await;
    let before = realm.user("alice").await;
    let renamed = ALICE.replace("name: alice", "name: alicia, annotations: {formulary.dev/previously: alice}");
    world.declare(&[("o.yaml", ORGANISATION), ("t.yaml", TEAM), ("a.yaml", &renamed)]);
    assert_eq!(world.apply().await, Vec::<String>::new());
    world.assert_settled().await;
    let forge = TEAM.replace("platform", "forge");
    let organisation = ORGANISATION.replace("[platform]", "[platform, forge]");
    let joined = renamed.replace("platform]", "platform, forge]");
    world.declare(&[("o.yaml", &organisation), ("t.yaml", TEAM), ("f.yaml", &forge), ("a.yaml", &joined)]);
    assert_eq!(
        world.apply().await,
        ["create keycloak:group/acme-corp/forge", "create keycloak:membership/acme-corp/forge/alicia"]
    );
    world.assert_settled().await;
    assert_eq!(realm.user("alice").await["id"], before["id"]);
    realm.end().await;
}

on_both! {
    a_renamed_person_keeps_the_account_and_its_name
    from_nothing_to_everything_and_back_with_drift_in_between
    missing_rights_are_told_one_by_one_and_prove_no_absence
    wrong_credentials_and_a_wrong_realm_say_what_to_check
}
