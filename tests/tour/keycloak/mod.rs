//! Keycloak's tour: legs that every Keycloak passes, and defects that only the emulator can be asked for.

mod defects;
mod drift;
mod organisation;
mod people;
mod rights;
mod settings;

use std::sync::Arc;

use formulary::provider::emulator::serve::{ServeOptions, Served, serve};
use formulary::provider::keycloak::Keycloak;
use formulary::provider::keycloak::emulator::{BOOTSTRAP_CLIENT, Keycloak as Emulator};
use formulary::runtime::sys::{MovableClock, SharedClock, SystemClock};
use serde_json::{Value, json};

use super::hand::{Hand, Proof, item, text};
use super::legs::Ends;
use super::real as server;
use super::stage::Stage;

/// What our client may do: the guide's least, `manage-realm` for profile attributes and roles among it.
const RIGHTS: [&str; 5] = ["manage-users", "manage-organizations", "manage-clients", "view-realm", "manage-realm"];

/// A realm of its own, with our client in it.
pub struct Tour {
    stage: Stage,
    /// Somebody else.
    pub hand: Hand,
    /// The realm's path in the API.
    pub realm: String,
    /// The emulator, where it is one.
    pub served: Option<Served>,
    emulator: Option<Arc<Emulator>>,
}

impl Tour {
    pub async fn emulated() -> Self {
        let clock = Arc::new(MovableClock::default());
        let emulator = Emulator::new(clock.clone());
        let options = ServeOptions { clock: clock.clone(), ..ServeOptions::default() };
        let served = serve(emulator.clone(), options).await.unwrap();
        let (id, secret) = BOOTSTRAP_CLIENT;
        let base = served.base().to_owned();
        Self { served: Some(served), emulator: Some(emulator), ..Self::at(&base, (id, secret), "26.7.3", clock).await }
    }

    /// A tour of the real server, if there is one.
    pub async fn real() -> Option<Self> {
        let variable = |name| server::needed("keycloak", name);
        let url = variable("FORMULARY_KEYCLOAK_URL")?;
        let id = variable("FORMULARY_KEYCLOAK_ADMIN_CLIENT_ID")?;
        let secret = variable("FORMULARY_KEYCLOAK_ADMIN_CLIENT_SECRET")?;
        let version = server::variable("FORMULARY_KEYCLOAK_VERSION").unwrap_or_else(|| "26.7.3".to_owned());
        Some(Self::at(&url, (&id, &secret), &version, Arc::new(SystemClock)).await)
    }

    async fn at(base: &str, (id, secret): (&str, &str), version: &str, clock: SharedClock) -> Self {
        let realm = format!("formulary-tour-{}", &uuid::Uuid::new_v4().simple().to_string()[..12]);
        let proof = Proof::Client { realm: "master".to_owned(), id: id.to_owned(), secret: secret.to_owned() };
        let hand = Hand::new(base, proof);
        hand.post("/admin/realms", json!({ "realm": realm, "enabled": true, "organizationsEnabled": true })).await;
        let mut stage = Stage::new("", vec![&Keycloak], clock).await;
        stage.secrets.insert("KEYCLOAK_SECRET", "tour-secret".to_owned());
        stage.config = format!(
            "platform: tour\nservices:\n  keycloak:\n    url: {base}\n    mode: enforce\n    credentials:\n      \
             client_id: formulary\n      client_secret: env:KEYCLOAK_SECRET\n    options:\n      realm: {realm}\n      \
             version: {version}\n      vouch_for_email: true\n      first_sign_in: none\n"
        );
        let tour = Self { stage, hand, realm: format!("/admin/realms/{realm}"), served: None, emulator: None };
        let ours = json!({
            "clientId": "formulary", "secret": "tour-secret", "serviceAccountsEnabled": true,
            "standardFlowEnabled": false, "publicClient": false,
        });
        tour.hand.post(&tour.at_realm("/clients"), ours).await;
        for right in RIGHTS {
            if tour.knows(right).await {
                tour.grant(right).await;
            }
        }
        tour
    }

    /// More options for our config: lines of YAML below `options`.
    pub fn configure(&mut self, options: &str) {
        self.stage.config.push_str(options);
    }

    /// A second client of the realm, with some rights: what acts with it acts by a name.
    pub async fn client(&self, name: &str, rights: &[&str]) -> Hand {
        let client = json!({
            "clientId": name, "secret": "its-secret", "serviceAccountsEnabled": true,
            "standardFlowEnabled": false, "publicClient": false,
        });
        self.hand.post(&self.at_realm("/clients"), client).await;
        for right in rights {
            let (path, role) = self.right_of(name, right).await;
            self.hand.post(&path, role).await;
        }
        let realm = self.realm.rsplit('/').next().unwrap().to_owned();
        let proof = Proof::Client { realm, id: name.to_owned(), secret: "its-secret".to_owned() };
        Hand::new(self.hand.base(), proof)
    }

    /// A path in the realm.
    pub fn at_realm(&self, path: &str) -> String {
        format!("{}{path}", self.realm)
    }

    /// Whether this release has a right of that name; some came with 26.7.
    pub async fn knows(&self, right: &str) -> bool {
        let management = self.hand.get(&self.at_realm("/clients?clientId=realm-management")).await;
        self.hand.sees(&self.at_realm(&format!("/clients/{}/roles/{right}", text(&management[0]["id"])))).await
    }

    pub async fn grant(&self, right: &str) {
        let (path, role) = self.right(right).await;
        self.hand.post(&path, role).await;
    }

    pub async fn revoke(&self, right: &str) {
        let (path, role) = self.right(right).await;
        self.hand.delete_of(&path, role).await;
    }

    async fn right(&self, right: &str) -> (String, Value) {
        self.right_of("formulary", right).await
    }

    async fn right_of(&self, client: &str, right: &str) -> (String, Value) {
        let id = async |client: &str| {
            let found = self.hand.get(&self.at_realm(&format!("/clients?clientId={client}"))).await;
            text(&found[0]["id"]).to_owned()
        };
        let (ours, management) = (id(client).await, id("realm-management").await);
        let account = self.hand.get(&self.at_realm(&format!("/clients/{ours}/service-account-user"))).await;
        let role = self.hand.get(&self.at_realm(&format!("/clients/{management}/roles/{right}"))).await;
        let path = format!("/users/{}/role-mappings/clients/{management}", text(&account["id"]));
        (self.at_realm(&path), json!([{ "id": role["id"], "name": role["name"] }]))
    }

    /// A person as the server shows them.
    pub async fn user(&self, username: &str) -> Value {
        let found = self.hand.get(&self.at_realm(&format!("/users?username={username}&exact=true"))).await;
        let id = text(&item(&found, "username", username)["id"]).to_owned();
        self.hand.get(&self.at_realm(&format!("/users/{id}"))).await
    }

    pub async fn user_path(&self, username: &str) -> String {
        self.at_realm(&format!("/users/{}", text(&self.user(username).await["id"])))
    }

    /// Changes fields of a person, as the server's own console does: all of it is sent.
    pub async fn edit_user(&self, username: &str, changes: Value) {
        let mut user = self.user(username).await;
        let path = self.at_realm(&format!("/users/{}", text(&user["id"])));
        for (name, value) in changes.as_object().unwrap() {
            user[name] = value.clone();
        }
        self.hand.put(&path, user).await;
    }

    /// Makes a person and gives their id.
    pub async fn make_user(&self, username: &str, called: (&str, &str), verified: bool) -> String {
        let user = json!({
            "username": username, "email": format!("{username}@tour.example"), "firstName": called.0,
            "lastName": called.1, "enabled": true, "emailVerified": verified,
        });
        self.hand.post(&self.at_realm("/users"), user).await.1
    }

    pub async fn group_id(&self, path: &str) -> String {
        text(&self.hand.get(&self.at_realm(&format!("/group-by-path/{path}"))).await["id"]).to_owned()
    }

    /// The path of a person's membership of a group.
    pub async fn membership(&self, group: &str, username: &str) -> String {
        format!("{}/groups/{}", self.user_path(username).await, self.group_id(group).await)
    }

    /// The paths of the groups that a person is in, sorted.
    pub async fn groups_of(&self, username: &str) -> Vec<String> {
        let groups = self.hand.get(&format!("{}/groups", self.user_path(username).await)).await;
        let mut paths: Vec<String> = groups.as_array().unwrap().iter().map(|it| text(&it["path"]).to_owned()).collect();
        paths.sort();
        paths
    }
}

impl Ends for Tour {
    async fn end(self) {
        if self.served.is_none() {
            self.hand.clear(&self.realm).await;
        }
    }
}

tours! {
    people::they_join_move_leave_and_return,
    people::names_change,
    people::extents,
    people::what_was_there_is_adopted,
    people::a_stranger_is_not_touched,
    people::what_exists_is_imported,
    drift::what_closes_is_repaired_at_once,
    drift::who_did_it_is_told_where_events_are_kept,
    drift::what_opens_waits,
    drift::what_was_deleted_comes_back,
    drift::an_additive_set_is_left_to_others,
    organisation::it_is_kept_true,
    settings::they_are_kept_true,
    rights::one_by_one,
    rights::wrong_credentials,
}
