//! Gitea's tour: legs that every Gitea passes, and defects that only the emulator can be asked for. People's subjects
//! come from an identity provider in memory.

mod defects;
mod drift;
mod people;
mod repositories;
mod rights;

use std::sync::Arc;

use formulary::engine::model::{Address, Instance, Value as Field};
use formulary::provider::emulator::serve::{ServeOptions, Served, serve};
use formulary::provider::gitea::GiteaProvider;
use formulary::provider::gitea::emulator::Gitea as Emulator;
use formulary::provider::inmemory::{InMemory, World};
use formulary::runtime::sys::{MovableClock, SharedClock, SystemClock};
use serde_json::{Value, json};

use super::hand::{Hand, Proof, item, text};
use super::legs::Ends;
use super::real as server;
use super::stage::Stage;

/// The scopes that our token needs, by the guide.
const SCOPES: [&str; 4] = ["write:admin", "write:organization", "write:repository", "read:user"];

/// The password of the account that the tour acts by.
const PASSWORD: &str = "a-Long-password-of-the-t0ur";

/// Everything in a Gitea whose name begins with the tour's own prefix.
pub struct Tour {
    stage: Stage,
    /// Somebody else.
    pub hand: Hand,
    /// The identity provider.
    pub people: World,
    /// The number of the sign-in source.
    pub source: i64,
    /// The emulator, where it is one.
    pub served: Option<Served>,
    base: String,
}

impl Tour {
    pub async fn emulated() -> Self {
        let clock = Arc::new(MovableClock::default());
        let options = ServeOptions { clock: clock.clone(), ..ServeOptions::default() };
        let served = serve(Emulator::new(clock.clone()), options).await.unwrap();
        let token = served.credentials()["admin token"]["Authorization"].clone();
        let base = served.base().to_owned();
        Self { served: Some(served), ..Self::at(&base, token, 1, clock).await }
    }

    /// A tour of the real server, if there is one.
    pub async fn real() -> Option<Self> {
        let variable = |name| server::needed("gitea", name);
        let url = variable("FORMULARY_GITEA_URL")?;
        let token = variable("FORMULARY_GITEA_TOKEN")?;
        let source = server::variable("FORMULARY_GITEA_SOURCE_ID").map_or(1, |it| it.parse().unwrap());
        Some(Self::at(&url, format!("token {token}"), source, Arc::new(SystemClock)).await)
    }

    async fn at(base: &str, token: String, source: i64, clock: SharedClock) -> Self {
        let hand = Hand::new(base, Proof::Header(token));
        let prefix = format!("t{}-", &uuid::Uuid::new_v4().simple().to_string()[..6]);
        // The provider must outlive the platform, which lives as long as the program elsewhere.
        let identity: &'static InMemory = Box::leak(Box::new(InMemory::default()));
        // Several tours may be under way on one server, each with its own people.
        identity.world.ids_from(uuid::Uuid::new_v4().as_u64_pair().0 >> 16);
        let mut stage = Stage::new(&prefix, vec![&GiteaProvider, identity], clock).await;
        stage.config = format!(
            "platform: tour\nservices:\n  idp:\n    type: inmemory\n    url: http://127.0.0.1\n    mode: enforce\n    credentials:\n      token: env:GITEA_TOKEN\n  \
             gitea:\n    url: {base}\n    mode: enforce\n    credentials:\n      token: env:GITEA_TOKEN\n    options:\n      \
             source_id: {source}\n"
        );
        let people = identity.world.clone();
        let mut tour = Self { stage, hand, people, source, served: None, base: base.to_owned() };
        tour.our_account().await;
        let token = tour.token("least", &SCOPES).await;
        tour.secrets.insert("GITEA_TOKEN", token);
        tour
    }

    /// A site administrator's account of our own.
    async fn our_account(&self) {
        let name = self.named("~bot");
        let account = json!({
            "username": name, "email": format!("{name}@tour.example"), "password": PASSWORD,
            "must_change_password": false, "send_notify": false,
        });
        self.hand.post("/api/v1/admin/users", account).await;
        let admin = json!({ "source_id": 0, "login_name": name, "admin": true });
        self.hand.patch(&format!("/api/v1/admin/users/{name}"), admin).await;
    }

    /// A token of our account that may do this and nothing else.
    pub async fn token(&self, called: &str, scopes: &[&str]) -> String {
        let name = self.named("~bot");
        let own = Hand::new(&self.base, Proof::Basic(name.clone(), PASSWORD.to_owned()));
        let token = json!({ "name": called, "scopes": scopes });
        text(&own.post(&format!("/api/v1/users/{name}/tokens"), token).await.0["sha1"]).to_owned()
    }

    /// More options for our config: lines of YAML below `options`.
    pub fn configure(&mut self, options: &str) {
        self.stage.config.push_str(options);
    }

    /// The subject of a person at the identity provider.
    pub fn subject(&self, name: &str) -> String {
        let address = Address::new(&Instance::new("idp"), "user", &self.named(name));
        match self.people.get(&address).and_then(|it| it.outputs.get("sub").cloned()) {
            Some(Field::Text(sub)) => sub,
            other => panic!("{name} has no subject: {other:?}"),
        }
    }

    /// What the API says; `~` in the path stands for the prefix.
    pub async fn api(&self, path: &str) -> Value {
        self.hand.get(&self.named(&format!("/api/v1{path}"))).await
    }

    /// A person as an administrator sees them.
    pub async fn user(&self, name: &str) -> Value {
        self.api(&format!("/users/{name}")).await
    }

    /// Changes fields of a person.
    pub async fn edit_user(&self, name: &str, changes: Value) {
        let now = self.user(name).await;
        let mut body = json!({ "source_id": now["source_id"], "login_name": now["login_name"] });
        for (field, value) in changes.as_object().unwrap() {
            body[field] = value.clone();
        }
        self.hand.patch(&self.named(&format!("/api/v1/admin/users/{name}")), body).await;
    }

    /// Makes a person who signs in through the source as `sub`, or by a password.
    pub async fn make_user(&self, name: &str, sub: Option<&str>) {
        let name = self.named(name);
        let mut body = json!({
            "username": name, "email": format!("{name}@tour.example"), "must_change_password": false, "send_notify": false,
        });
        match sub {
            Some(sub) => {
                body["source_id"] = json!(self.source);
                body["login_name"] = json!(sub);
            }
            None => body["password"] = json!(PASSWORD),
        }
        self.hand.post("/api/v1/admin/users", body).await;
    }

    pub async fn team(&self, organisation: &str, name: &str) -> Value {
        let teams = self.api(&format!("/orgs/{organisation}/teams?limit=50")).await;
        item(&teams, "name", &self.named(name)).clone()
    }

    pub async fn team_path(&self, organisation: &str, name: &str) -> String {
        format!("/api/v1/teams/{}", self.team(organisation, name).await["id"])
    }

    /// The people of a team, sorted, without the prefix.
    pub async fn members(&self, organisation: &str, team: &str) -> Vec<String> {
        let path = format!("{}/members?limit=50", self.team_path(organisation, team).await);
        let members = self.hand.get(&path).await;
        let names = members.as_array().unwrap().iter().map(|it| text(&it["login"]).replace(&self.prefix, "~"));
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

impl Ends for Tour {
    /// Removes everything that has the tour's prefix.
    async fn end(self) {
        if self.served.is_some() {
            return;
        }
        let ours = async |path: &str, field: &str| {
            let mut names = Vec::new();
            for page in 1.. {
                let found = self.hand.get(&format!("{path}?limit=50&page={page}")).await;
                let found = found.as_array().unwrap().clone();
                names.extend(
                    found.iter().map(|it| text(&it[field]).to_owned()).filter(|it| it.starts_with(&self.prefix)),
                );
                if found.len() < 50 {
                    break;
                }
            }
            names
        };
        for organisation in ours("/api/v1/admin/orgs", "username").await {
            let repositories = self.hand.get(&format!("/api/v1/orgs/{organisation}/repos?limit=50")).await;
            for repository in repositories.as_array().unwrap() {
                self.hand.clear(&format!("/api/v1/repos/{organisation}/{}", text(&repository["name"]))).await;
            }
            self.hand.clear(&format!("/api/v1/orgs/{organisation}")).await;
        }
        for person in ours("/api/v1/admin/users", "login").await {
            self.hand.clear(&format!("/api/v1/admin/users/{person}?purge=true")).await;
        }
    }
}

tours! {
    people::they_join_move_leave_and_return,
    people::names_change,
    people::extents,
    people::what_was_there_is_adopted,
    people::a_stranger_is_not_touched,
    drift::what_closes_is_repaired_at_once,
    drift::what_opens_waits,
    drift::what_was_deleted_comes_back,
    drift::an_additive_set_is_left_to_others,
    repositories::they_are_kept_true,
    rights::scopes_one_by_one,
    rights::wrong_credentials,
}
