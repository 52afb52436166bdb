//! What people read of a lowered catalogue.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::lower;
use crate::engine::desired::placed;
use crate::engine::documents::{Options, load};
use crate::engine::model::{Allotments, Capabilities, Desired, Instance, Value};
use crate::engine::source::{Revision, Snapshot};
use crate::provider::contract::{LowerInput, Lowered};

const ACME: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: acme, description: Makes things}
spec: {type: organization, children: []}
";
const ALICE: &str = "\
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: Alice, tags: [ml, gpu], annotations: {example.test/a: b}}
spec: {profile: {email: alice@acme.example}, memberOf: [acme]}
";
const LAB: &str = "\
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: lab, annotations: {backstage.io/formula-version: '1.0'}}
spec: {type: formula, owner: acme, steps: []}
";
const BROKEN: &str = "\
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: lab}
spec: {owner: acme, steps: []}
";

fn index(targets: &[&str]) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: users.acme}}\nspec: {{targets: [{}]}}\n",
        targets.join(", ")
    )
}

fn lowered(files: &[(&str, &str)]) -> Lowered {
    let options = json!({ "catalog": { "url": "https://git.test/p/f/src/branch/main" } });
    with(files, &options)
}

fn with(files: &[(&str, &str)], options: &Json) -> Lowered {
    let texts = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let loaded = load(&Snapshot::from_texts(Revision::default(), texts), &Options::default());
    let instance = Instance::new("backstage");
    let placed = placed(&loaded.catalogue, &instance, &["backstage".to_owned()].into());
    let input = LowerInput {
        instance: &instance,
        platform: "acme",
        catalogue: &loaded.catalogue,
        placed: &placed,
        options,
        capabilities: &Capabilities::default(),
        allotments: &Allotments::default(),
        roles: &BTreeMap::new(),
        identity_offers: &[],
        claims: &[],
    };
    let lowered = lower(&input);
    assert_eq!(format!("{lowered:?}"), format!("{:?}", lower(&input)), "equal inputs give equal output");
    lowered
}

fn addresses(lowered: &Lowered) -> Vec<String> {
    lowered.desired.iter().map(|it| it.address.to_string()).collect()
}

fn one<'l>(lowered: &'l Lowered, address: &str) -> &'l Desired {
    let found = lowered.desired.iter().find(|it| it.address.to_string() == address);
    found.unwrap_or_else(|| panic!("no {address} in {:?}", addresses(lowered)))
}

fn problems(lowered: &Lowered) -> Vec<String> {
    let place = |it: &crate::engine::diag::Diagnostic| it.span.as_ref().map(ToString::to_string).unwrap_or_default();
    lowered.diagnostics.iter().map(|it| format!("{}: {}", place(it), it.message)).collect()
}

#[test]
fn every_file_comes_from_a_location() {
    let index = index(&["./organisation.yaml", "./alice.yaml"]);
    let lowered = lowered(&[
        ("users/acme/organisation.yaml", ACME),
        ("users/acme/alice.yaml", ALICE),
        ("users/acme/catalog-info.yaml", &index),
        ("formulas/lab/backstage-template.yaml", LAB),
    ]);
    assert_eq!(problems(&lowered), [""; 0]);
    assert_eq!(
        addresses(&lowered),
        [
            "backstage:entity/group/default/acme",
            "backstage:entity/template/default/lab",
            "backstage:entity/user/default/alice",
            "backstage:location/formulas/lab/backstage-template.yaml",
            "backstage:location/users/acme/catalog-info.yaml",
        ]
    );
    let shard = one(&lowered, "backstage:location/users/acme/catalog-info.yaml");
    let target = "https://git.test/p/f/src/branch/main/users/acme/catalog-info.yaml";
    assert_eq!(shard.known("target"), Some(&Value::from(target)));
    assert_eq!(shard.owner.0, "location:default/users.acme");
    let alice = one(&lowered, "backstage:entity/user/default/alice");
    assert_eq!(alice.needs.iter().map(ToString::to_string).collect::<Vec<_>>(), [shard.address.to_string()]);
    assert_eq!(alice.known("file"), Some(&Value::from("users/acme/alice.yaml")));
    assert_eq!(alice.known("name"), Some(&Value::from("Alice")));
    assert_eq!(alice.known("tags"), Some(&Value::set(["gpu", "ml"])));
    let spec = "memberOf:\n- acme\nprofile:\n  email: alice@acme.example\n";
    assert_eq!(alice.known("spec"), Some(&Value::from(spec)));
    let span = alice.fields.get("annotations").and_then(|it| it.span.clone()).unwrap();
    assert_eq!(span.to_string(), "users/acme/alice.yaml:3:55");
    assert_eq!(one(&lowered, "backstage:entity/template/default/lab").needs.len(), 1);
}

#[test]
fn an_index_that_is_not_right_is_told_and_nothing_is_taken_away() {
    let organisation = ("users/acme/organisation.yaml", ACME);
    let alice = ("users/acme/alice.yaml", ALICE);
    let none = lowered(&[organisation, alice]);
    assert_eq!(addresses(&none), [""; 0]);
    assert_eq!(
        problems(&none),
        [
            "users/acme/alice.yaml:1:1: there is no index file 'users/acme/catalog-info.yaml', by which Backstage reads what lies there"
        ]
    );
    let held: Vec<&str> = none.held.iter().map(|it| it.as_str()).collect();
    assert_eq!(held, ["group:default/acme", "location:default/users.acme", "user:default/alice"]);

    let stale = index(&["./organisation.yaml", "./bob.yaml"]);
    let lowered = lowered(&[organisation, alice, ("users/acme/catalog-info.yaml", &stale)]);
    let told = problems(&lowered);
    assert!(told.iter().any(|it| it.contains("does not list './alice.yaml'")), "{told:?}");
    assert!(told.iter().any(|it| it.contains("lists './bob.yaml', which declares nothing")), "{told:?}");
    assert_eq!(
        addresses(&lowered),
        ["backstage:entity/group/default/acme", "backstage:location/users/acme/catalog-info.yaml"]
    );
    assert!(lowered.held.iter().any(|it| it.as_str() == "user:default/alice"));
}

#[test]
fn a_broken_formula_keeps_its_location() {
    let index = index(&["./organisation.yaml"]);
    let lowered = lowered(&[
        ("users/acme/organisation.yaml", ACME),
        ("users/acme/catalog-info.yaml", &index),
        ("formulas/lab/backstage-template.yaml", BROKEN),
    ]);
    assert!(addresses(&lowered).contains(&"backstage:location/formulas/lab/backstage-template.yaml".to_owned()));
    assert!(!addresses(&lowered).iter().any(|it| it.contains("template/default")));
}

#[test]
fn an_address_that_backstage_cannot_read_is_told_with_the_reason() {
    let options = json!({ "catalog": { "url": "https://git.test/p/f/src/branch/feature/x" } });
    let lowered = with(&[("users/acme/organisation.yaml", ACME)], &options);
    assert_eq!(addresses(&lowered), [""; 0]);
    assert!(problems(&lowered)[0].contains("has a slash in its name"), "{:?}", problems(&lowered));
    assert!(lowered.held.iter().any(|it| it.as_str() == "location:default/users.acme"));
    let odd = lowered_at("users/acme corp/organisation.yaml");
    assert!(
        problems(&odd).iter().any(|it| it.contains("characters that an address cannot have")),
        "{:?}",
        problems(&odd)
    );
}

fn lowered_at(path: &str) -> Lowered {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let name = crate::engine::documents::index::name_of(folder);
    let index = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: {name}}}\nspec: {{targets: [./organisation.yaml]}}\n"
    );
    lowered(&[(path, ACME), (&format!("{folder}/catalog-info.yaml"), &index)])
}
