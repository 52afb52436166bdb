//! Mattermost's tour: legs that every Mattermost passes, and defects that only the emulator can be asked for. People's
//! subjects and numbers come from an identity provider in memory.

mod channels;
mod defects;
mod drift;
mod limits;
mod people;
mod rights;
mod sign_in;

use std::sync::Arc;

use formulary::engine::model::{Address, Instance, Value as Field};
use formulary::provider::emulator::serve::{ServeOptions, Served, serve};
use formulary::provider::inmemory::{InMemory, World};
use formulary::provider::mattermost::MattermostProvider;
use formulary::provider::mattermost::emulator::Mattermost as Emulator;
use formulary::runtime::sys::{MovableClock, SharedClock, SystemClock};
use serde_json::{Value, json};

use super::hand::{Hand, Proof, text};
use super::legs::Ends;
use super::real as server;
use super::stage::Stage;

/// Everything in a Mattermost whose name begins with the tour's own prefix.
pub struct Tour {
    stage: Stage,
    /// Somebody else.
    pub hand: Hand,
    /// The identity provider.
    pub people: World,
    /// The emulator, where it is one.
    pub served: Option<Served>,
    /// Its turn on the real server.
    _turn: Option<tokio::sync::MutexGuard<'static, ()>>,
}

/// One tour at a time on the real server: two ledgers that look at the same accounts give out the same next number.
static REAL: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

impl Tour {
    pub async fn emulated() -> Self {
        let clock = Arc::new(MovableClock::default());
        let options = ServeOptions { clock: clock.clone(), ..ServeOptions::default() };
        let served = serve(Emulator::new(clock.clone()), options).await.unwrap();
        let token = served.credentials()["admin token"]["Authorization"].clone();
        let base = served.base().to_owned();
        Self { served: Some(served), ..Self::at(&base, &token, clock).await }
    }

    /// A tour of the real server, if there is one.
    pub async fn real() -> Option<Self> {
        let variable = |name| server::needed("mattermost", name);
        let url = variable("FORMULARY_MATTERMOST_URL")?;
        let token = variable("FORMULARY_MATTERMOST_TOKEN")?;
        let turn = REAL.lock().await;
        Some(Self { _turn: Some(turn), ..Self::at(&url, &format!("Bearer {token}"), Arc::new(SystemClock)).await })
    }

    async fn at(base: &str, authorization: &str, clock: SharedClock) -> Self {
        let hand = Hand::new(base, Proof::Header(authorization.to_owned()));
        let prefix = format!("t{}-", &uuid::Uuid::new_v4().simple().to_string()[..6]);
        // The provider must outlive the platform, which lives as long as the program elsewhere.
        let identity: &'static InMemory = Box::leak(Box::new(InMemory::default()));
        // Several tours may be under way on one server, each with its own people.
        identity.world.ids_from(uuid::Uuid::new_v4().as_u64_pair().0 >> 16);
        let mut stage = Stage::new(&prefix, vec![&MattermostProvider, identity], clock).await;
        stage.config = format!(
            "platform: tour\nservices:\n  idp:\n    type: inmemory\n    url: http://127.0.0.1\n    mode: enforce\n    credentials:\n      token: env:MATTERMOST_TOKEN\n  \
             mattermost:\n    url: {base}\n    mode: enforce\n    credentials:\n      token: env:MATTERMOST_TOKEN\n    options:\n      \
             sign_in: gitlab\n"
        );
        stage.secrets.insert("MATTERMOST_TOKEN", bare(authorization).to_owned());
        Self { stage, hand, people: identity.world.clone(), served: None, _turn: None }
    }

    /// Another way to sign in for our config.
    pub fn sign_in(&mut self, by: &str) {
        let at = self.stage.config.find("sign_in: ").unwrap();
        let end = at + self.stage.config[at..].find('\n').unwrap();
        self.stage.config.replace_range(at..end, &format!("sign_in: {by}"));
    }

    /// The number of a person at the identity provider.
    pub fn number(&self, name: &str) -> String {
        let address = Address::new(&Instance::new("idp"), "number", &format!("mattermost_id/{}", self.named(name)));
        match self.people.get(&address).and_then(|it| it.outputs.get("number").cloned()) {
            Some(Field::Text(number)) => number,
            other => panic!("{name} has no number: {other:?}"),
        }
    }

    /// What the API says; `~` in the path stands for the prefix.
    pub async fn api(&self, path: &str) -> Value {
        self.hand.get(&self.named(&format!("/api/v4{path}"))).await
    }

    /// Sends something; `~` in the path stands for the prefix.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.hand.post(&self.named(&format!("/api/v4{path}")), body).await.0
    }

    pub async fn put(&self, path: &str, body: Value) {
        self.hand.put(&self.named(&format!("/api/v4{path}")), body).await;
    }

    pub async fn delete(&self, path: &str) {
        self.hand.delete(&self.named(&format!("/api/v4{path}"))).await;
    }

    /// An account as an administrator sees it.
    pub async fn user(&self, name: &str) -> Value {
        self.api(&format!("/users/username/{name}")).await
    }

    pub async fn user_id(&self, name: &str) -> String {
        text(&self.user(name).await["id"]).to_owned()
    }

    /// Makes an account with a password, or one that a service signs in.
    pub async fn make_user(&self, name: &str, number: Option<&str>) -> String {
        let name = self.named(name);
        let mut body = json!({
            "username": name, "email": format!("{name}@tour.example"), "disable_welcome_email": true,
        });
        match number {
            Some(number) => {
                body["auth_service"] = json!("gitlab");
                body["auth_data"] = json!(number);
            }
            None => body["password"] = json!("a-Long-password-0f-the-tour"),
        }
        text(&self.post("/users", body).await["id"]).to_owned()
    }

    pub async fn team_id(&self, name: &str) -> String {
        text(&self.api(&format!("/teams/name/{name}")).await["id"]).to_owned()
    }

    pub async fn channel(&self, team: &str, name: &str) -> Value {
        let team = self.team_id(team).await;
        self.api(&format!("/teams/{team}/channels/name/{name}?include_deleted=true")).await
    }

    pub async fn channel_id(&self, team: &str, name: &str) -> String {
        text(&self.channel(team, name).await["id"]).to_owned()
    }

    /// The people of a team, sorted, without the prefix; our own account left out.
    pub async fn members(&self, team: &str) -> Vec<String> {
        let team = self.team_id(team).await;
        self.names(&format!("/users?in_team={team}&per_page=200")).await
    }

    /// The people of a channel, likewise.
    pub async fn in_channel(&self, team: &str, name: &str) -> Vec<String> {
        let channel = self.channel_id(team, name).await;
        self.names(&format!("/users?in_channel={channel}&per_page=200")).await
    }

    async fn names(&self, path: &str) -> Vec<String> {
        let found = self.api(path).await;
        let own = self.api("/users/me").await["username"].clone();
        let people = found.as_array().unwrap().iter().filter(|it| it["username"] != own);
        let mut names: Vec<String> = people.map(|it| text(&it["username"]).replace(&self.prefix, "~")).collect();
        names.sort();
        names
    }
}

/// A number that nobody carries: what an earlier tour left behind stays on a real server for ever.
pub fn strange_number() -> String {
    (uuid::Uuid::new_v4().as_u64_pair().0 >> 24).to_string()
}

/// The secret of an authorization header.
fn bare(authorization: &str) -> &str {
    authorization.split_once(' ').map_or(authorization, |(_, secret)| secret)
}

impl Ends for Tour {
    /// Archives and deactivates everything that has the tour's prefix: nothing can be deleted.
    async fn end(self) {
        if self.served.is_some() {
            return;
        }
        let all = async |path: &str| {
            let mut found = Vec::new();
            for page in 0.. {
                let rows = self.hand.get(&format!("/api/v4/{path}?per_page=200&page={page}")).await;
                let rows = rows.as_array().unwrap().clone();
                found.extend(rows.iter().filter(|it| it["delete_at"] == 0).cloned());
                if rows.len() < 200 {
                    return found;
                }
            }
            found
        };
        let ours = |it: &&Value, field: &str| text(&it[field]).starts_with(&self.prefix);
        for team in all("teams").await.iter().filter(|it| ours(it, "name")) {
            self.hand.clear(&format!("/api/v4/teams/{}", text(&team["id"]))).await;
        }
        for user in all("users").await.iter().filter(|it| ours(it, "username")) {
            self.hand.put(&format!("/api/v4/users/{}/active", text(&user["id"])), json!({ "active": false })).await;
        }
    }
}

tours! {
    people::they_join_move_leave_and_return,
    people::extents,
    people::what_was_there_is_adopted,
    people::a_stranger_is_not_touched,
    people::tokens_of_a_leaver_are_revoked,
    channels::they_are_kept_true,
    channels::archived_ones_are_restored_and_never_made_again,
    channels::into_a_public_one_others_may_walk,
    channels::group_constrained_ones_are_left_alone,
    drift::what_closes_is_repaired_at_once,
    drift::what_opens_waits,
    drift::whoever_has_another_name_there_keeps_their_places,
    sign_in::by_a_password,
    sign_in::names_follow_at_next_sign_in,
    sign_in::from_a_password_to_the_identity_provider,
    limits::a_full_team_is_told_before_anything_is_done,
    rights::without_the_role,
    rights::wrong_credentials,
}
