//! Backstage's tour: which files its catalogue reads, what it makes of them, and how one learns why it does not.

mod catalog;
mod forge;
mod troubles;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use formulary::engine::documents::{Options, load};
use formulary::engine::source::snapshot::{Revision, Snapshot};
use formulary::provider::backstage::BackstageProvider;
use formulary::runtime::sys::{SharedClock, SystemClock};
use serde_json::{Value, json};

use super::documents::Document;
use super::hand::{Hand, Proof};
use super::legs::Ends;
use super::real as server;
use super::stage::{Reading, Stage};
use forge::Files;

/// The catalogue of one platform, whose names all have the tour's own beginning.
pub struct Tour {
    stage: Stage,
    /// Somebody who may do everything.
    pub hand: Hand,
    /// What Backstage reads.
    forge: Files,
    /// The address of the mono-repo's root there.
    pub root: String,
}

impl Tour {
    /// A tour of the real server, if there is one.
    pub async fn real() -> Option<Self> {
        let variable = |name| server::needed("backstage", name);
        let (url, token) = (variable("FORMULARY_BACKSTAGE_URL")?, variable("FORMULARY_BACKSTAGE_TOKEN")?);
        let address = variable("FORMULARY_BACKSTAGE_FILES")?;
        let (prefix, forge) = (prefix(), forge::served_at(&address));
        let root = format!("http://{address}/{prefix}");
        Some(Self::at(&url, &token, &token, &prefix, root, forge, Arc::new(SystemClock)).await)
    }

    async fn at(
        base: &str,
        admin: &str,
        ours: &str,
        prefix: &str,
        root: String,
        forge: Files,
        clock: SharedClock,
    ) -> Self {
        let hand = Hand::new(base, Proof::Header(format!("Bearer {admin}")));
        let mut stage = Stage::new(prefix, vec![&BackstageProvider], clock).await;
        stage.config = format!(
            "platform: tour\nservices:\n  backstage:\n    url: {base}\n    mode: enforce\n    credentials:\n      \
             token: env:BACKSTAGE_TOKEN\n    options:\n      catalog: {{ url: '{root}', patience_seconds: 12 }}\n"
        );
        stage.secrets.insert("BACKSTAGE_TOKEN", ours.to_owned());
        Self { stage, hand, forge, root }
    }

    /// Declares something in a file at a path of its own.
    pub fn declare(&mut self, path: &str, document: &Document) {
        self.stage.write_at(path, &document.text());
    }

    /// An organisation with some people, each called as they are named.
    pub fn people(&mut self, organisation: &str, names: &[&str]) {
        self.declare(&format!("users/{organisation}/organisation.yaml"), &super::documents::organisation(organisation));
        for name in names {
            self.person(organisation, name, name);
        }
    }

    /// Somebody in an organisation.
    pub fn person(&mut self, organisation: &str, name: &str, called: &str) {
        let document = super::documents::person(name, called, &[organisation]);
        self.declare(&format!("users/{organisation}/{name}.yaml"), &document);
    }

    /// A formula of that title.
    pub fn formula(&mut self, name: &str, title: &str) {
        let template = json!({
            "apiVersion": "scaffolder.backstage.io/v1beta3", "kind": "Template",
            "metadata": { "name": name, "title": title, "annotations": { "backstage.io/formula-version": "1.0.0" } },
            "spec": {
                "type": "formula", "owner": "~acme", "parameters": [{ "properties": { "name": { "type": "string" } } }],
                "steps": [{ "id": "log", "name": "Log", "action": "debug:log", "input": { "message": "hello" } }],
            },
        });
        self.stage.write_at(&format!("formulas/{name}/backstage-template.yaml"), &format!("{template:#}\n"));
    }

    /// Writes the index files, as `formulary render backstage-catalog --write` does.
    pub fn render(&mut self) {
        let texts = self.stage.files().clone();
        let catalogue = load(&Snapshot::from_texts(Revision::default(), texts), &Options::default()).catalogue;
        for shard in catalogue.files.shards() {
            self.stage.write_at(&shard.path(), &shard.text().unwrap());
        }
    }

    /// Pushes the mono-repo as it is.
    pub fn push(&mut self) {
        let root = format!("{}/", self.root);
        let files = self.stage.files().iter().map(|(path, text)| (format!("{root}{path}"), text.clone()));
        let files: BTreeMap<String, String> = files.collect();
        let mut forge = self.forge.lock().unwrap();
        forge.retain(|address, _| !address.starts_with(&root));
        forge.extend(files);
    }

    /// Renders, and pushes.
    pub fn publish(&mut self) {
        self.render();
        self.push();
    }

    /// Somebody pushes another text to a file than the mono-repo's revision has.
    pub fn pushed_by_hand(&self, path: &str, text: &str) {
        let address = format!("{}/{}", self.root, self.named(path));
        self.forge.lock().unwrap().insert(address, self.named(text));
    }

    /// What the catalogue shows of an entity; null where it shows none.
    pub async fn entity(&self, reference: &str) -> Value {
        let refs = json!({ "entityRefs": [self.named(reference)] });
        self.hand.post("/api/catalog/entities/by-refs", refs).await.0["items"][0].clone()
    }

    /// The differences of a reading, without those of others who use the same server.
    pub fn own(&self, reading: &Reading) -> Vec<String> {
        reading.changes().into_iter().filter(|it| !it.contains("://")).collect()
    }

    /// Somebody registers an address.
    pub async fn register(&self, target: &str) -> String {
        let body = json!({ "type": "url", "target": self.named(target) });
        let (answer, _) = self.hand.post("/api/catalog/locations", body).await;
        answer["location"]["id"].as_str().unwrap().to_owned()
    }

    /// Every location of the tour, by its address without the root.
    pub async fn locations(&self) -> BTreeMap<String, String> {
        let all = self.hand.get("/api/catalog/locations").await;
        let all = all.as_array().unwrap().iter().map(|it| &it["data"]);
        let ours = all.filter_map(|it| Some((it["target"].as_str()?.strip_prefix(&self.root)?, it["id"].as_str()?)));
        ours.map(|(target, id)| (target.trim_start_matches('/').to_owned(), id.to_owned())).collect()
    }

    /// The catalogue's own sweep takes away what no file declares.
    pub async fn sweep(&self, reference: &str) {
        self.until(reference, Value::is_null).await;
    }

    /// Waits until the catalogue shows something, or shows it no more.
    pub async fn until(&self, reference: &str, holds: impl Fn(&Value) -> bool) {
        for _ in 0..300 {
            if holds(&self.entity(reference).await) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        panic!("{reference}: {:#}", self.entity(reference).await);
    }
}

fn prefix() -> String {
    format!("t{}-", &uuid::Uuid::new_v4().simple().to_string()[..6])
}

impl Ends for Tour {
    async fn end(self) {
        for id in self.locations().await.values() {
            self.hand.clear(&format!("/api/catalog/locations/{id}")).await;
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
    catalog::it_comes_changes_and_leaves,
    catalog::a_formula_stands_alone,
    catalog::an_organisation_leaves_by_approval,
    catalog::what_was_there_is_adopted,
    catalog::a_lost_ledger_is_found_again,
    catalog::everything_of_a_document_arrives,
    troubles::a_broken_file_holds_up_its_shard_alone,
    troubles::what_is_not_pushed_yet_is_told,
    troubles::a_document_that_is_refused_is_told_with_its_place,
    troubles::whoever_was_first_keeps_it,
    troubles::what_others_left_behind_is_reported_and_stays,
}
