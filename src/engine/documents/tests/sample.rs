//! The sample platform of this repository, and what a real Backstage says of documents.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;

#[test]
fn the_sample_is_without_a_problem() {
    let loaded = load(&sample(), &Options::default());
    assert_eq!(render::lines(&loaded.diagnostics), "");
    let catalogue = &loaded.catalogue;
    assert_eq!(names(catalogue.organisations.keys()), ["acme-corp", "acme-labs"]);
    assert!(catalogue.people.len() >= 12 && catalogue.teams.len() >= 5 && catalogue.templates.len() == 1);
    assert!(loaded.quarantine.is_empty());
}

#[test]
fn the_sample_shows_what_it_is_made_to_show() {
    let roles = BTreeMap::from([("identity".to_owned(), "keycloak".to_owned())]);
    let catalogue = load(&sample(), &Options { roles, ..Options::default() }).catalogue;
    let person = |name: &str| &catalogue.people[&EntityRef::user(name)];
    let default = BTreeSet::from(["gitea".to_owned(), "keycloak".to_owned()]);
    let services = |name: &str| catalogue.services_of(&EntityRef::user(name), &default).into_keys().collect::<Vec<_>>();
    assert_eq!(services("alice"), ["gitea", "keycloak"]);
    assert_eq!(services("elena"), ["keycloak"]);
    assert_eq!(services("grace"), ["gitea", "keycloak"]);
    assert_eq!(person("bob").entity.previously[0].value, "bobby");
    assert_eq!(person("mei").home, EntityRef::group("acme-corp"));
    assert_eq!(person("platform-bot").entity.extent_in(&Instance::new("gitea")), Extent::Observe);
    let local = |name: &str| person(name).email.as_ref().unwrap().value.split('@').next().unwrap().to_owned();
    assert_eq!(local("alice"), local("alice-labs"));
    let nested = &catalogue.teams[&EntityRef::group("ml-infra")];
    assert_eq!(nested.parent.value, EntityRef::group("ml-research"));
}

#[test]
fn every_sample_entity_keeps_to_the_published_schema_of_backstage() {
    let Some(folder) = folder("FORMULARY_API_SPECS") else {
        return;
    };
    let text = std::fs::read_to_string(folder.join("backstage-catalog-info.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::draft7::options().build(&schema).unwrap();
    let mut held = 0;
    for (path, entry) in &sample().files {
        let FileEntry::Blob(bytes) = entry else {
            continue;
        };
        // The manifest that is rendered of Claude Code's files is Kubernetes', not an entity.
        if !path.ends_with(".yaml") || path.starts_with("enterprise/claude-code/k8s/") {
            continue;
        }
        for document in crate::engine::source::read(path, bytes, &Options::default().limits) {
            let value = document.tree.unwrap().value;
            // The published schema describes templates of an older version only; the recordings speak for ours.
            if value["kind"] == "Template" {
                continue;
            }
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{path}: {errors:?}");
            held += 1;
        }
    }
    assert!(held >= 20);
}

/// Where we are stricter than Backstage, by the label of the recording.
const STRICTER: &[(&str, &str)] = &[(
    "Resource with null in spec",
    "a workspace request must say which template it is for; to Backstage any resource will do",
)];

#[test]
fn what_a_running_backstage_refuses_is_refused_here() {
    let Some(folder) = folder("FORMULARY_RECORDINGS") else {
        return;
    };
    let text = std::fs::read_to_string(folder.join("backstage/validate-entity.json")).unwrap();
    let recording: Value = serde_json::from_str(&text).unwrap();
    let mut held = 0;
    for exchange in recording["exchanges"].as_array().unwrap() {
        let (label, body) = (exchange["label"].as_str().unwrap(), &exchange["request"]["body"]);
        // Two of them probe the request itself, whose location is no matter of the document.
        if !body["location"].as_str().is_some_and(|location| location.starts_with("url:")) {
            continue;
        }
        let accepted = exchange["response"]["status"] == 200;
        let text = serde_json::to_string(&body["entity"]).unwrap();
        let parsed = parse_file("users/x.json", &FileEntry::from(text.as_str()), &Options::default()).unwrap();
        let ours = parsed.declarations.iter().any(|it| it.draft.is_some());
        let stricter = STRICTER.iter().any(|(known, _)| *known == label);
        assert_eq!(ours, accepted && !stricter, "{label}: {:?}", parsed.diagnostics);
        held += 1;
    }
    assert!(held >= 24);
}

/// The folder that a variable of the environment names; without it the test is skipped, and says so.
fn folder(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: {variable} is not set, so nothing was compared with Backstage");
    }
    folder
}

/// The documents of this repository.
fn sample() -> Snapshot {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["users", "formulas", "enterprise"] {
        collect(root, &root.join(folder), &mut files);
    }
    snapshot(files)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            let relative = path.strip_prefix(root).unwrap().to_str().unwrap();
            files.push((relative.replace('\\', "/"), text));
        }
    }
}
