use std::collections::BTreeSet;

use super::*;
use crate::engine::documents::{Catalogue, Loaded, Options};
use crate::engine::model::{Address, EntityRef, Instance};
use crate::engine::plan::Step;
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

fn draft(found: &[(Instance, Described)], catalogue: &Catalogue) -> Draft {
    let mut draft = Draft::new(catalogue, &usual());
    found.iter().for_each(|(instance, described)| draft.add(instance, described));
    draft
}

fn written(found: &[(Instance, Described)]) -> Documents {
    draft(found, &Catalogue::default()).documents()
}

fn text<'d>(documents: &'d Documents, path: &str) -> &'d str {
    &documents.files[path].1
}

fn left(documents: &Documents) -> String {
    documents.left.iter().map(|it| format!("{it}\n")).collect()
}

/// Reads what was written, as the mono-repo that it is.
fn read_back(documents: &Documents) -> Loaded {
    let files = documents.files.iter();
    let files = files.map(|(path, (_, text))| (path.clone(), FileEntry::from(text.as_str()))).collect();
    let revision = Revision { id: String::new(), label: String::new() };
    crate::engine::documents::load(
        &Snapshot { revision, files },
        &Options { services: Some(usual()), ..Options::default() },
    )
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
    let documents = written(&found);
    assert_eq!(left(&documents), "");
    let alice = text(&documents, "users/acme/alice.yaml");
    insta::assert_snapshot!(alice, @r"
    # Imported from git, id.
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
    assert!(text(&documents, "users/acme/teams/platform.yaml").contains("formulary.dev/services: id"));
    let loaded = read_back(&documents);
    assert!(loaded.diagnostics.iter().all(|it| !it.is_error()), "{:#?}", loaded.diagnostics);
    assert_eq!((loaded.catalogue.people.len(), loaded.catalogue.teams.len()), (1, 1));
}

#[test]
fn who_is_in_no_organisation_goes_to_the_only_one_or_is_left_out() {
    let alice = (git(), person("alice", "alice@acme.test"));
    let one = written(&[(id(), organisation("acme")), alice.clone()]);
    assert!(text(&one, "users/acme/alice.yaml").contains("formulary.dev/services: git"));
    let two = written(&[(id(), organisation("acme")), (id(), organisation("beta")), alice]);
    assert!(!two.files.keys().any(|path| path.contains("alice")));
    assert!(left(&two).contains("'alice' is in no organisation"), "{:?}", two.left);
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
    let documents = written(&found);
    let left = left(&documents);
    for part in ["name is one group's", "'lost' is part of 'nowhere'", "'deeper'", "cannot be the name", "two people"] {
        assert!(left.contains(part), "{part}: {left}");
    }
    assert!(text(&documents, "users/acme/bob.yaml").contains("formulary.dev/services: id"));
    assert_eq!(documents.files.len(), 4, "{:?}", documents.files.keys());
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
    let more = draft(&found, &declared).documents();
    assert!(left(&more).contains("declared already"), "{:?}", more.left);
    assert!(text(&more, "users/acme/teams/tools.yaml").contains("members:\n  - alice"), "{:?}", more.files);
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

fn repository(name: &str, organisation: &str) -> Described {
    let (name, organisation) = (name.to_owned(), organisation.to_owned());
    Described::Repository { name, organisation, description: None, named_by: "gitea-repository" }
}

#[test]
fn repositories_of_one_name_carry_their_organisation_and_an_annotation_names_each() {
    let found = [
        (git(), organisation("acme")),
        (git(), organisation("labs")),
        (git(), repository("web", "acme")),
        (git(), repository("web", "labs")),
        (git(), repository("billing", "acme")),
        (git(), repository("lost", "nowhere")),
    ];
    let documents = written(&found);
    assert!(left(&documents).contains("'nowhere/lost' is of nobody"), "{}", left(&documents));
    assert!(
        text(&documents, "users/labs/repositories/labs-web.yaml").contains("formulary.dev/gitea-repository: labs/web")
    );
    assert!(!text(&documents, "users/acme/repositories/billing.yaml").contains("annotations"));
    assert_eq!(read_back(&documents).catalogue.components.len(), 3);
}

#[test]
fn a_channel_belongs_to_the_group_whose_people_are_in_it() {
    let channel = |name: &str| Described::Channel {
        name: name.into(),
        organisation: "acme".into(),
        private: true,
        asked_by: "mattermost-channels",
    };
    let hears = |person: &str, channel: &str| Described::Listener {
        person: person.into(),
        organisation: "acme".into(),
        channel: channel.into(),
    };
    let found = [
        organisation("acme"),
        team("core", "acme"),
        person("alice", "a@acme.test"),
        person("bob", "b@acme.test"),
        member("alice", "core"),
        member("bob", "acme"),
        channel("core"),
        channel("all"),
        channel("bob-only"),
        hears("alice", "core"),
        hears("alice", "all"),
        hears("bob", "all"),
        hears("bob", "bob-only"),
        // Nobody knows them: they are not what a group is told by.
        hears("a-bot", "core"),
    ];
    let documents = written(&found.map(|it| (id(), it)));
    assert!(text(&documents, "users/acme/teams/core.yaml").contains("mattermost-channels: core:private"));
    assert!(text(&documents, "users/acme/organisation.yaml").contains("mattermost-channels: all:private"));
    assert!(left(&documents).contains("'acme/bob-only'"), "{}", left(&documents));
}

#[test]
fn what_holds_something_back_is_told_once_and_above_the_document() {
    let found = [(id(), organisation("acme")), (id(), person("alice", "a@acme.test")), (id(), member("alice", "acme"))];
    let mut draft = draft(&found, &Catalogue::default());
    let amendment = |answer| Amendment { entity: EntityRef::user("alice"), answer };
    let hostile = "update git:user/alice (full_name)\nkind: Evil \u{202e}";
    let answers = [
        Answer::Say("gitea-restricted".into(), "true".into()),
        Answer::Omit(Part::DisplayName, "update chat:user/alice (name)".into()),
        Answer::Observe(git(), hostile.into()),
    ];
    assert!(draft.amend([answers.map(amendment).into()]));
    let observe = |why: &str| draft_with(&draft, amendment(Answer::Observe(git(), why.into())));
    assert!(!observe("another reason"), "that it is only looked at is known");
    insta::assert_snapshot!(text(&draft.documents(), "users/acme/alice.yaml"), @r"
    # Imported from id.
    # Services disagree. 'displayName: The alice' would
    #   update chat:user/alice (name).
    # Only looked at in git, where a plan would update git:user/alice (full_name)?kind: Evil ?.
    apiVersion: backstage.io/v1alpha1
    kind: User
    metadata:
      name: alice
      annotations:
        formulary.dev/gitea-restricted: 'true'
        formulary.dev/manage: git=observe
        formulary.dev/services: id
    spec:
      profile:
        email: a@acme.test
      memberOf:
      - acme
    ");
    assert_eq!(read_back(&draft.documents()).catalogue.people.len(), 1);
    let withdrawn = BTreeSet::from([amendment(Answer::Withdraw("its name is refused".into()))]);
    assert!(draft.amend([withdrawn]));
    let documents = draft.documents();
    assert!(!documents.files.contains_key("users/acme/alice.yaml"));
    assert!(left(&documents).contains("user:default/alice: its name is refused"), "{}", left(&documents));
}

/// A step that stays in the plan whatever the documents say.
fn stubborn(verb: &str, class: &str) -> Step {
    let step = serde_json::json!({
        "id": 0, "address": "git:user/alice", "verb": verb, "class": class, "owner": "user:default/alice",
        "before": {}, "after": { "restricted": { "known": "x" } }, "uses": [], "needs": [], "why": "", "calls": 1, "digest": "",
    });
    serde_json::from_value(step).expect("a step")
}

/// What a person's document comes to say when a step does not go away.
fn answers_to(step: &Step, says: &Says<'_>) -> Vec<(usize, bool, usize)> {
    let found = [(id(), organisation("acme")), (id(), person("alice", "a@acme.test")), (id(), member("alice", "acme"))];
    let mut draft = draft(&found, &Catalogue::default());
    let mut rounds = Vec::new();
    loop {
        let documents = draft.documents();
        let annotated = text_of(&documents).matches("formulary.dev/").count();
        rounds.push((annotated, documents.observed.contains(&EntityRef::user("alice")), documents.left.len()));
        if !draft.amend(amendments([step].into_iter(), &documents.entities(), says)) {
            return rounds;
        }
    }
}

fn text_of(documents: &Documents) -> &str {
    documents.files.get("users/acme/alice.yaml").map_or("", |(_, text)| text)
}

#[test]
fn a_step_that_nothing_answers_leaves_no_document_behind() {
    let sayable = |_: &Address, _: Option<&str>| Some(Decides::Annotation("gitea-restricted", "true".to_owned()));
    let unsayable = |_: &Address, _: Option<&str>| None;
    // Where it is found; what is said; that it is only looked at; nothing any more, and the reason.
    let whole = vec![(1, false, 0), (2, false, 0), (3, true, 0), (0, false, 1)];
    assert_eq!(answers_to(&stubborn("update", "person"), &sayable), whole);
    assert_eq!(answers_to(&stubborn("create", "person"), &sayable), whole);
    assert_eq!(answers_to(&stubborn("delete", "membership"), &unsayable), whole);
    assert_eq!(answers_to(&stubborn("restore", "person"), &unsayable), [(1, false, 0), (2, true, 0), (0, false, 1)]);
    assert_eq!(answers_to(&stubborn("adopt", "person"), &unsayable), [(1, false, 0)]);
}

fn draft_with(draft: &Draft, amendment: Amendment) -> bool {
    draft.clone().amend([[amendment].into()])
}
