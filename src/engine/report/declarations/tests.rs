use super::*;
use crate::engine::documents::{self, Options};
use crate::engine::source::{FileEntry, Revision, Snapshot};

fn id() -> Instance {
    Instance::new("id")
}

fn git() -> Instance {
    Instance::new("git")
}

fn organisation(name: &str) -> Described {
    Described::Organisation { name: name.into(), display_name: Some(format!("{name} Inc.")), description: None }
}

fn team(name: &str, parent: &str) -> Described {
    Described::Team { name: name.into(), parent: parent.into(), display_name: None, description: None }
}

fn person(name: &str, email: &str) -> Described {
    Described::Person { name: name.into(), display_name: Some(format!("The {name}")), email: Some(email.into()) }
}

fn member(person: &str, group: &str) -> Described {
    Described::Member { person: person.into(), group: group.into() }
}

fn usual() -> BTreeSet<String> {
    ["git".to_owned(), "id".to_owned()].into()
}

fn written(found: &[(Instance, Described)]) -> Declarations {
    declarations(found, &Catalogue::default(), &usual())
}

/// Reads what was written, as the mono-repo that it is.
fn read_back(declarations: &Declarations) -> documents::Loaded {
    let files = declarations.files.iter();
    let files = files.map(|(path, text)| (path.clone(), FileEntry::from(text.as_str()))).collect();
    let revision = Revision { id: String::new(), label: String::new() };
    documents::load(&Snapshot { revision, files }, &Options { services: Some(usual()), ..Options::default() })
}

#[test]
fn what_two_services_say_of_one_name_is_one_document() {
    let found = [
        (id(), organisation("acme")),
        (id(), team("platform", "acme")),
        (id(), person("alice", "alice@acme.test")),
        (id(), member("alice", "platform")),
        (git(), organisation("acme")),
        (git(), person("alice", "Alice@acme.test")),
        (git(), member("alice", "acme")),
    ];
    let declarations = written(&found);
    assert_eq!(declarations.left, Vec::<String>::new());
    let alice = &declarations.files["users/acme/alice.yaml"];
    insta::assert_snapshot!(alice, @r"
    apiVersion: backstage.io/v1alpha1
    kind: User
    metadata:
      name: alice
    spec:
      profile:
        displayName: The alice
        email: alice@acme.test
      memberOf:
      - acme
      - platform
    ");
    // The team is in one of the two services, and stays there.
    assert!(declarations.files["users/acme/teams/platform.yaml"].contains("formulary.dev/services: id"));
    let loaded = read_back(&declarations);
    assert!(loaded.diagnostics.iter().all(|it| !it.is_error()), "{:#?}", loaded.diagnostics);
    assert_eq!((loaded.catalogue.people.len(), loaded.catalogue.teams.len()), (1, 1));
}

#[test]
fn who_is_in_no_organisation_goes_to_the_only_one_or_is_left_out() {
    let alice = (git(), person("alice", "alice@acme.test"));
    let one = written(&[(id(), organisation("acme")), alice.clone()]);
    assert!(one.files["users/acme/alice.yaml"].contains("formulary.dev/services: git"));
    let two = written(&[(id(), organisation("acme")), (id(), organisation("beta")), alice]);
    assert!(!two.files.keys().any(|path| path.contains("alice")));
    assert!(two.left[0].contains("'alice' is in no organisation"), "{:?}", two.left);
}

#[test]
fn what_cannot_be_said_is_left_out_with_its_reason() {
    let found = [
        (id(), organisation("acme")),
        (id(), organisation("beta")),
        (id(), team("platform", "acme")),
        (id(), team("platform", "beta")),
        (id(), team("lost", "nowhere")),
        (id(), team("deeper", "lost")),
        (id(), person("alice@acme.test", "alice@acme.test")),
        (id(), person("bob", "bob@acme.test")),
        (git(), person("bob", "other@beta.test")),
        (id(), member("bob", "acme")),
    ];
    let declarations = written(&found);
    let left = declarations.left.join("\n");
    for part in ["name is one group's", "'lost' is part of 'nowhere'", "'deeper'", "cannot be the name", "two people"] {
        assert!(left.contains(part), "{part}: {left}");
    }
    assert!(declarations.files["users/acme/bob.yaml"].contains("formulary.dev/services: id"));
    assert_eq!(declarations.files.len(), 4, "{:?}", declarations.files.keys());
}

#[test]
fn declared_people_stay_and_found_groups_name_them() {
    let acme = written(&[
        (id(), organisation("acme")),
        (id(), person("alice", "a@acme.test")),
        (id(), member("alice", "acme")),
    ]);
    let declared = read_back(&acme).catalogue;
    let found =
        [(git(), person("alice", "a@acme.test")), (git(), team("tools", "acme")), (git(), member("alice", "tools"))];
    let more = declarations(&found, &declared, &usual());
    assert!(more.left[0].contains("declared already"), "{:?}", more.left);
    assert!(more.files["users/acme/teams/tools.yaml"].contains("members:\n  - alice"), "{:?}", more.files);
}

#[test]
fn hostile_names_are_written_as_text() {
    let text = "x\n# injected: {{ yes }}\n- *anchor \u{202e}";
    let found = [
        (id(), organisation("acme")),
        (
            id(),
            Described::Person {
                name: "eve".into(),
                display_name: Some(text.into()),
                email: Some("e@acme.test".into()),
            },
        ),
    ];
    let loaded = read_back(&written(&found));
    let eve = loaded.catalogue.people.values().next().expect("she is read back");
    assert_eq!(eve.display_name.as_ref().unwrap().value, text);
}
