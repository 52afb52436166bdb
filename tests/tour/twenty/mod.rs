//! Twenty's tour: contacts, companies and deals, what sales does to them meanwhile, and what calls cost.

mod calls;
mod contacts;
mod deals;
mod defects;
mod logins;
mod workspaces;

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use formulary::provider::emulator::serve::{ServeOptions, Served, serve};
use formulary::provider::twenty::TwentyProvider;
use formulary::provider::twenty::emulator::{Settings, Twenty as Emulator};
use formulary::runtime::sys::{MovableClock, SharedClock, SystemClock};
use serde_json::{Value, json};

use super::documents::{organisation, person};
use super::hand::{Hand, Proof, text};
use super::legs::Ends;
use super::real as server;
use super::stage::{Attempt, Stage};

/// Everything in a workspace whose name begins with the tour's own prefix.
pub struct Tour {
    stage: Stage,
    /// Somebody at sales, who may do everything.
    pub hand: Hand,
    /// The emulator, where it is one.
    pub emulated: Option<Emulated>,
}

/// An emulator that runs.
pub struct Emulated {
    pub served: Served,
    pub twenty: Arc<Emulator>,
    pub clock: Arc<MovableClock>,
}

impl Emulated {
    /// Starts one that goes by this clock.
    pub async fn start(clock: Arc<MovableClock>, settings: Settings) -> Self {
        let options = ServeOptions { clock: clock.clone(), ..ServeOptions::default() };
        let twenty = Emulator::with_settings(clock.clone(), settings);
        let emulator = Arc::clone(&twenty) as Arc<dyn formulary::provider::emulator::Emulator>;
        let served = serve(emulator, options).await.unwrap();
        Self { served, twenty, clock }
    }

    /// What a principal sends after `Bearer`.
    pub fn token(&self, principal: &str) -> String {
        self.served.credentials()[principal]["Authorization"]["Bearer ".len()..].to_owned()
    }
}

/// A workspace with the fields of our mark.
pub fn with_marks() -> Settings {
    ["company", "person", "opportunity"]
        .into_iter()
        .fold(Settings::default().unlimited(), |it, object| it.with_text_field(object, "formularyKey", true))
}

impl Tour {
    pub async fn emulated() -> Self {
        Self::of(with_marks(), "writer key").await
    }

    /// A tour of a workspace, with a key of that role.
    pub async fn of(settings: Settings, key: &str) -> Self {
        let emulated = Emulated::start(Arc::new(MovableClock::default()), settings).await;
        let (sales, ours) = (emulated.token("api key (admin role)"), emulated.token(key));
        let tour = Self::at(emulated.served.base(), &sales, &ours, emulated.clock.clone()).await;
        Self { emulated: Some(emulated), ..tour }
    }

    /// A tour of the real server, if there is one.
    pub async fn real() -> Option<Self> {
        let variable = |name| server::needed("twenty", name);
        let (url, token) = (variable("FORMULARY_TWENTY_URL")?, variable("FORMULARY_TWENTY_TOKEN")?);
        Some(Self::at(&url, &token, &token, Arc::new(SystemClock)).await)
    }

    async fn at(base: &str, sales: &str, ours: &str, clock: SharedClock) -> Self {
        let hand = Hand::new(base, Proof::Header(format!("Bearer {sales}")));
        let prefix = format!("t{}-", &uuid::Uuid::new_v4().simple().to_string()[..6]);
        let mut stage = Stage::new(&prefix, vec![&TwentyProvider], clock).await;
        stage.config = format!(
            "platform: tour\nservices:\n  twenty:\n    url: {base}\n    mode: enforce\n    credentials:\n      \
             token: env:TWENTY_TOKEN\n    limits: {{ requests_per_minute: 10000 }}\n    options:\n      opportunities: workspaces\n      \
             stages: {{ open: NEW, ended: CUSTOMER }}\n"
        );
        stage.secrets.insert("TWENTY_TOKEN", ours.to_owned());
        Self { stage, hand, emulated: None }
    }

    /// With other options of the instance.
    pub fn options(&mut self, from: &str, to: &str) {
        assert!(self.stage.config.contains(from));
        self.stage.config = self.stage.config.replace(from, to);
    }

    /// An organisation with a domain, and two people who work there.
    pub fn company(&mut self) {
        self.write("acme", organisation("~acme").called("Acme").with("email-domains", "~acme.example"));
        self.write("alice", person("~alice", "Alice Chen", &["~acme"]));
        self.write("zoe", person("~zoe", "Zoe Lang", &["~acme"]));
    }

    /// A formula, and a request of alice's for a workspace of it.
    pub fn request(&mut self) {
        let template = "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: { name: ~ml, title: ML }\nspec:\n  \
                        type: formula\n  owner: ~acme\n  steps: [{ action: 'coder:create-workspace' }]\n";
        self.write_at("formulas/ml/template.yaml", template);
        let request = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "Resource", "metadata": { "name": "~desk" },
            "spec": { "type": "workspace", "owner": "user:~alice", "scaffoldedFrom": "~ml", "parameters": {} },
        });
        self.write_text("desk", &request.to_string());
    }

    /// The records of an object that a filter finds, those in the bin too; `~` stands for the prefix.
    pub async fn find(&self, plural: &str, condition: &str) -> Vec<Value> {
        let condition = self.named(condition);
        let filter = format!("and({condition},or(deletedAt[is]:NULL,deletedAt[is]:NOT_NULL))");
        let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let found = self.hand.get(&format!("/rest/{plural}?filter={filter}")).await;
        found["data"][plural].as_array().unwrap().clone()
    }

    /// The only contact with an address of the tour.
    pub async fn contact(&self, name: &str) -> Value {
        let mut found = self.find("people", &format!("emails.primaryEmail[eq]:\"{name}@tour.example\"")).await;
        assert_eq!(found.len(), 1, "{found:#?}");
        found.remove(0)
    }

    /// Makes a record; its id.
    pub async fn make(&self, plural: &str, record: Value) -> String {
        let record = serde_json::from_str(&self.named(&record.to_string())).unwrap();
        let (answer, _) = self.hand.post(&format!("/rest/{plural}"), record).await;
        let made = answer["data"].as_object().unwrap().values().next().unwrap();
        text(&made["id"]).to_owned()
    }

    /// Somebody at sales changes a record.
    pub async fn change(&self, plural: &str, record: &Value, change: Value) {
        let change = serde_json::from_str(&self.named(&change.to_string())).unwrap();
        self.hand.patch(&format!("/rest/{plural}/{}", text(&record["id"])), change).await;
    }

    /// Somebody at sales throws a record away, or destroys it for good.
    pub async fn throw_away(&self, plural: &str, record: &Value, for_good: bool) {
        let softly = if for_good { "" } else { "?soft_delete=true" };
        self.hand.delete(&format!("/rest/{plural}/{}{softly}", text(&record["id"]))).await;
    }

    /// Somebody who signed in revokes a key of the emulator: a key cannot do that.
    pub async fn revoke(&self, key: &str) {
        let served = &self.emulated.as_ref().unwrap().served;
        let member = served.credentials()["user (admin)"]["Authorization"].clone();
        let token = &served.credentials()[key]["Authorization"];
        let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        let id = serde_json::from_slice::<Value>(&claims).unwrap()["jti"].clone();
        let query = format!("mutation {{ revokeApiKey(input: {{ id: {id} }}) {{ id revokedAt }} }}");
        let hand = Hand::new(served.base(), Proof::Header(member));
        let (answer, _) = hand.post("/metadata", json!({ "query": query })).await;
        assert!(answer["data"]["revokeApiKey"]["revokedAt"].is_string(), "{answer}");
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

impl Ends for Tour {
    async fn end(self) {
        if self.emulated.is_some() {
            return;
        }
        for (plural, field) in
            [("opportunities", "name"), ("people", "emails.primaryEmail"), ("companies", "domainName.primaryLinkUrl")]
        {
            for record in self.find(plural, &format!("{field}[like]:\"%~%\"")).await {
                self.throw_away(plural, &record, true).await;
            }
        }
    }
}

tours! {
    contacts::they_come_and_what_was_there_is_adopted,
    contacts::another_address_is_the_same_contact,
    contacts::what_sales_writes_is_theirs,
    contacts::they_leave_and_return,
    contacts::thrown_away_by_hand,
    contacts::destroyed_by_hand,
    contacts::merged_by_hand,
    contacts::two_records_are_for_somebody_to_join,
    contacts::a_lost_ledger_is_found_again,
    deals::come_and_end,
    deals::taken_over_by_sales,
}
