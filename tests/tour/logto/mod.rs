//! Logto's tour. There is no emulator of Logto yet: it goes where a real one is.

mod drift;
mod organisation;
mod people;
mod rights;
mod settings;
mod switch;

use std::sync::Arc;

use formulary::provider::ALL;
use formulary::runtime::sys::{SharedClock, SystemClock};
use serde_json::{Value, json};

use super::hand::{Hand, Proof, item, text};
use super::legs::Ends;
use super::real as server;
use super::stage::Stage;

/// The role that every new Logto has for the management API.
const ROLE: &str = "Logto Management API access";

/// Everything in a Logto whose name begins with the tour's own prefix.
pub struct Tour {
    stage: Stage,
    /// Somebody else.
    pub hand: Hand,
    /// The id of our application.
    pub ours: String,
}

impl Tour {
    /// A tour of the real server, if there is one.
    pub async fn real() -> Option<Self> {
        let variable = |name| server::needed("logto", name);
        let url = variable("FORMULARY_LOGTO_URL")?;
        let id = variable("FORMULARY_LOGTO_CLIENT_ID")?;
        let secret = variable("FORMULARY_LOGTO_CLIENT_SECRET")?;
        Some(Self::at(&url, (&id, &secret), Arc::new(SystemClock)).await)
    }

    async fn at(base: &str, (id, secret): (&str, &str), clock: SharedClock) -> Self {
        let hand = Hand::new(base, Proof::Machine { id: id.to_owned(), secret: secret.to_owned() });
        let prefix = format!("t{}-", &uuid::Uuid::new_v4().simple().to_string()[..6]);
        let mut stage = Stage::new(&prefix, ALL.to_vec(), clock).await;
        let (ours, secret) = our_application(&hand, &format!("{prefix}formulary")).await;
        stage.secrets.insert("LOGTO_SECRET", secret);
        stage.config = format!(
            "platform: tour\nservices:\n  logto:\n    url: {base}\n    mode: enforce\n    credentials:\n      \
             client_id: {ours}\n      client_secret: env:LOGTO_SECRET\n    options:\n      version: 1.42.0\n      \
             vouch_for_email: true\n"
        );
        Self { stage, hand, ours }
    }

    /// More options for our config: lines of YAML below `options`.
    pub fn configure(&mut self, options: &str) {
        let options = self.named(options);
        self.stage.config.push_str(&options);
    }

    pub async fn grant(&self) {
        grant(&self.hand, &self.ours).await;
    }

    pub async fn revoke(&self) {
        let role = role(&self.hand).await;
        self.hand.delete(&format!("/api/roles/{role}/applications/{}", self.ours)).await;
    }

    /// Everything of a list; `~` in the path stands for the prefix.
    pub async fn list(&self, path: &str) -> Value {
        all(&self.hand, &self.named(path)).await
    }

    /// A person as the server shows them, by username.
    pub async fn user(&self, name: &str) -> Value {
        let username = self.username(name);
        let users = self.list("/api/users?").await;
        item(&users, "username", &username).clone()
    }

    pub fn username(&self, name: &str) -> String {
        self.named(name).replace('-', "_")
    }

    pub async fn user_path(&self, name: &str) -> String {
        format!("/api/users/{}", text(&self.user(name).await["id"]))
    }

    /// Makes a person and gives their id.
    pub async fn make_user(&self, name: &str, called: &str) -> String {
        let name = self.named(name);
        let user = json!({
            "username": name.replace('-', "_"), "primaryEmail": format!("{name}@tour.example"), "name": called,
        });
        text(&self.hand.post("/api/users", user).await.0["id"]).to_owned()
    }

    /// An organisation, by the name that people see.
    pub async fn organization(&self, name: &str) -> Value {
        item(&self.list("/api/organizations?").await, "name", &self.named(name)).clone()
    }

    /// The path of an organisation that has this name for people.
    pub async fn organization_path(&self, name: &str) -> String {
        format!("/api/organizations/{}", text(&self.organization(name).await["id"]))
    }

    pub async fn role_id(&self, name: &str) -> String {
        let roles = self.list("/api/organization-roles?").await;
        text(&item(&roles, "name", &self.named(name))["id"]).to_owned()
    }

    /// What a person is in: organisations by the name for people, and after each the roles in it; sorted.
    pub async fn memberships_of(&self, name: &str) -> Vec<String> {
        let path = format!("{}/organizations", self.user_path(name).await);
        let organizations = self.hand.get(&path).await;
        let mut all = Vec::new();
        for organization in organizations.as_array().unwrap() {
            let name = text(&organization["name"]).to_owned();
            for role in organization["organizationRoles"].as_array().unwrap() {
                all.push(format!("{name}: {}", text(&role["name"])));
            }
            all.push(name);
        }
        all.sort();
        all
    }

    /// Names of the tour's own, as [`memberships_of`](Self::memberships_of) gives them.
    pub fn names(&self, names: &[&str]) -> Vec<String> {
        names.iter().map(|name| self.named(name)).collect()
    }
}

/// Makes an application that may do everything: its id and its secret.
pub async fn our_application(hand: &Hand, name: &str) -> (String, String) {
    let (ours, _) = hand.post("/api/applications", json!({ "name": name, "type": "MachineToMachine" })).await;
    let id = text(&ours["id"]).to_owned();
    grant(hand, &id).await;
    let secrets = hand.get(&format!("/api/applications/{id}/secrets")).await;
    (id, text(&secrets[0]["value"]).to_owned())
}

async fn grant(hand: &Hand, application: &str) {
    let path = format!("/api/roles/{}/applications", role(hand).await);
    hand.post(&path, json!({ "applicationIds": [application] })).await;
}

async fn role(hand: &Hand) -> String {
    let roles = hand.get("/api/roles?type=MachineToMachine&page=1&page_size=100").await;
    text(&item(&roles, "name", ROLE)["id"]).to_owned()
}

/// Everything of a list whose path ends in `?`.
async fn all(hand: &Hand, path: &str) -> Value {
    let mut items = Vec::new();
    for page in 1.. {
        let found = hand.get(&format!("{path}page={page}&page_size=100")).await;
        let found = found.as_array().unwrap().clone();
        let last = found.len() < 100;
        items.extend(found);
        if last {
            break;
        }
    }
    Value::Array(items)
}

impl Ends for Tour {
    async fn end(self) {
        let (prefix, underscored) = (self.stage.prefix.clone(), self.stage.prefix.replace('-', "_"));
        for list in ["users", "organizations", "organization-roles", "hooks", "applications"] {
            for item in all(&self.hand, &format!("/api/{list}?")).await.as_array().unwrap() {
                let begins = |field: &str| item[field].as_str().is_some_and(|it| it.starts_with(&prefix));
                let username = item["username"].as_str().is_some_and(|it| it.starts_with(&underscored));
                if username || begins("name") || begins("primaryEmail") {
                    self.hand.clear(&format!("/api/{list}/{}", text(&item["id"]))).await;
                }
            }
        }
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

macro_rules! tours_real {
    ($($module:ident :: $legs:ident,)*) => {
        mod real {
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $legs() {
                    crate::legs::run(Tour::real().await, $module::$legs).await;
                }
            )*
        }
    };
}

tours_real! {
    people::they_join_move_leave_and_return,
    people::names_change,
    people::extents,
    people::what_was_there_is_adopted,
    people::a_stranger_is_not_touched,
    people::suspending_ends_sessions,
    drift::what_closes_is_repaired_at_once,
    drift::what_opens_waits,
    drift::what_was_deleted_comes_back,
    drift::an_additive_set_is_left_to_others,
    drift::what_others_keep_in_custom_data_stays,
    organisation::it_is_kept_true,
    organisation::of_two_with_one_name_none_is_taken,
    settings::they_are_kept_true,
    settings::they_are_taken_over,
    rights::without_the_role,
    rights::wrong_credentials,
    rights::a_wrong_indicator,
    switch::a_running_platform_changes_its_identity_provider,
    switch::mattermosts_free_sign_in_is_refused,
}
