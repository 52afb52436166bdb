//! What Backstage's scenarios begin with: the mono-repo that the recorded server read. Its files are put together again from
//! what the recordings show of their entities.

use std::collections::BTreeMap;
use std::sync::Arc;

use formulary::provider::backstage::emulator::{Backstage, Settings};
use formulary::runtime::sys::MovableClock;
use serde_json::{Value, json};

use super::recording::data_folder;

/// Where the recorded mono-repo is read.
const ROOT: &str = "https://gitea.example.test/platform/platform-formulas/src/branch/main/";
/// What the recorded server's config lists beside it.
const EXTRA: &str = "/data/platform-formulas/extra/*.yaml";

/// The name of the settings that a scenario wants.
pub fn settings(scenario: &str) -> &'static str {
    match scenario {
        // It registers the mono-repo itself.
        "locations" => "not registered",
        "unprocessed" => "with a broken file",
        _ => "defaults",
    }
}

/// An installation that reads the mono-repo.
pub fn install(settings: &str, clock: Arc<MovableClock>) -> Arc<Backstage> {
    let url = |path: &str| ("url".to_owned(), format!("{ROOT}{path}"));
    let mut locations = vec![("file".to_owned(), EXTRA.to_owned())];
    if settings != "not registered" {
        locations.push(url("catalog-info.yaml"));
    }
    let (backstage, shelf) = Backstage::with_settings(clock, Settings { locations, ..Settings::default() });
    let group = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Group", "metadata": { "name": "sre" },
        "spec": { "type": "team", "children": [] },
    });
    shelf.put(EXTRA, &group.to_string());
    let bob = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "User", "metadata": { "name": "bob" },
        "spec": { "profile": { "displayName": "Bob", "email": "bob@acme.example" }, "memberOf": ["acme-corp"] },
    });
    shelf.put(&format!("{ROOT}extra2/bob.yaml"), &bob.to_string());
    for (address, documents) in files() {
        shelf.put(&address, &documents);
    }
    if settings == "with a broken file" {
        let index = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "Location", "metadata": { "name": "platform-formulas" },
            "spec": { "targets": ["./users/bad.yaml"] },
        });
        let mallory = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "User", "metadata": { "name": "mallory" },
            "spec": { "profile": { "displayName": "M" } },
        });
        shelf.put(&format!("{ROOT}catalog-info.yaml"), &index.to_string());
        shelf.put(&format!("{ROOT}users/bad.yaml"), &mallory.to_string());
    }
    backstage
}

/// The files of the mono-repo, by address: the dry run of its registration shows every entity with where it was read.
fn files() -> BTreeMap<String, String> {
    let Some(folder) = data_folder("FORMULARY_RECORDINGS") else { return BTreeMap::new() };
    let text = std::fs::read_to_string(folder.join("backstage/locations.json")).unwrap();
    let recording: Value = serde_json::from_str(&text).unwrap();
    let entities = recording["exchanges"][0]["response"]["body"]["entities"].as_array().unwrap();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    // They came off a pile: what stands last in a file comes first.
    for entity in entities.iter().skip(1).rev() {
        let mut entity = entity.clone();
        let annotations = entity["metadata"]["annotations"].as_object_mut().unwrap();
        let address = annotations["backstage.io/managed-by-location"].as_str().unwrap().replacen("url:", "", 1);
        let own =
            |name: &str| !["managed-by", "view-url", "edit-url", "source-location"].iter().any(|it| name.contains(it));
        annotations.retain(|name, _| own(name));
        let file = files.entry(address).or_default();
        file.push_str(&format!("---\n{entity}\n"));
    }
    files
}
