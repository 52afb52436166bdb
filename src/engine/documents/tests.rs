//! What a repository, sound or hostile, is loaded as.

mod broken;
mod sample;

use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::engine::diag::render;
use crate::engine::model::entity::EntityRef;
use crate::engine::model::{Extent, Instance};
use crate::engine::source::{FileEntry, Revision};

fn snapshot<P: Into<String>, T: AsRef<str>>(files: impl IntoIterator<Item = (P, T)>) -> Snapshot {
    Snapshot::from_texts(Revision::default(), files)
}

fn load_texts(files: &[(&str, String)]) -> Loaded {
    load(&snapshot(files.iter().map(|(path, text)| (*path, text))), &Options::default())
}

/// Problems, what is held, and what is left, for people.
fn show(loaded: &Loaded) -> String {
    let mut out = render::lines(&loaded.diagnostics);
    let Quarantine { entities, memberships, paths, foreign, placement_open, .. } = &loaded.quarantine;
    let list = |set: &BTreeSet<EntityRef>| set.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let _ = writeln!(out, "held: {}", list(entities));
    if !memberships.is_empty() {
        let _ = writeln!(out, "memberships: {}", list(memberships));
    }
    if !paths.is_empty() {
        let _ = writeln!(out, "paths: {}", paths.iter().cloned().collect::<Vec<_>>().join(" "));
    }
    if !foreign.is_empty() {
        let _ = writeln!(out, "foreign: {}", foreign.iter().cloned().collect::<Vec<_>>().join(" "));
    }
    if *placement_open {
        let _ = writeln!(out, "placement is open");
    }
    let left: BTreeSet<EntityRef> = loaded.catalogue.entities().map(|it| it.reference.clone()).collect();
    let _ = writeln!(out, "left: {}", list(&left));
    out
}

fn organisation(name: &str) -> String {
    group(name, "type: organization, children: []")
}

fn team(name: &str, parent: &str) -> String {
    group(name, &format!("type: team, parent: {parent}, children: []"))
}

fn group(name: &str, spec: &str) -> String {
    format!("apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

fn user(name: &str, groups: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}}}\nspec:\n  profile: {{email: {name}@acme.example}}\n  memberOf: [{groups}]\n"
    )
}

fn annotated(document: &str, annotations: &str) -> String {
    document.replacen("metadata: {", &format!("metadata: {{annotations: {{{annotations}}}, "), 1)
}

/// An organisation with two teams, one inside the other, and three people.
fn small_company() -> Vec<(&'static str, String)> {
    vec![
        ("users/acme/organisation.yaml", organisation("acme")),
        ("users/acme/teams/core.yaml", team("core", "acme")),
        ("users/acme/teams/tools.yaml", team("tools", "core")),
        ("users/acme/alice.yaml", user("alice", "acme, core")),
        ("users/acme/bob.yaml", user("bob", "acme, tools")),
        ("users/acme/carol.yaml", user("carol", "acme")),
    ]
}

fn names<'a>(references: impl IntoIterator<Item = &'a EntityRef>) -> Vec<&'a str> {
    references.into_iter().map(EntityRef::name).collect()
}

#[test]
fn people_and_teams_are_joined_from_both_sides() {
    let mut files = small_company();
    files.push(("users/labs.yaml", group("labs", "type: organization, children: [robots], members: [carol]")));
    files.push((
        "users/robots.yaml",
        group("robots", "type: team, children: [], members: [carol, 'user:default/dora']"),
    ));
    files.push(("users/dora.yaml", user("dora", "robots, labs, acme")));
    let loaded = load_texts(&files);
    assert_eq!(loaded.diagnostics, []);
    let catalogue = &loaded.catalogue;
    let dora = &catalogue.people[&EntityRef::user("dora")];
    assert_eq!(dora.home, EntityRef::group("labs"));
    assert_eq!(names(dora.organisations.keys()), ["acme", "labs"]);
    assert_eq!(dora.teams[&EntityRef::group("robots")].to_string(), "users/dora.yaml:6:14");
    let carol = &catalogue.people[&EntityRef::user("carol")];
    assert_eq!(carol.home, EntityRef::group("acme"));
    assert_eq!(carol.teams[&EntityRef::group("robots")].to_string(), "users/robots.yaml:4:44");
    let tools = &catalogue.teams[&EntityRef::group("tools")];
    assert_eq!(tools.organisation, EntityRef::group("acme"));
    assert_eq!(names(catalogue.path_of(tools).iter().map(|it| &it.entity.reference)), ["core", "tools"]);
    assert_eq!(names(tools.members.people.keys()), ["bob"]);
    assert_eq!(names(&catalogue.organisations[&EntityRef::group("acme")].teams), ["core"]);
    assert_eq!(names(&catalogue.teams[&EntityRef::group("core")].teams), ["tools"]);
    let robots = &catalogue.teams[&EntityRef::group("robots")];
    assert_eq!(robots.parent.span.to_string(), "users/labs.yaml:4:39");
    assert_eq!(names(robots.members.people.keys()), ["carol", "dora"]);
}

#[test]
fn services_come_from_the_nearest_and_teams_add() {
    let mut files = small_company();
    let services = |text: &str| format!("formulary.dev/services: '{text}'");
    files[0].1 = annotated(&organisation("acme"), &services("keycloak"));
    files[1].1 = annotated(&team("core", "acme"), &services("+gitea"));
    files[2].1 = annotated(&team("tools", "core"), &services("-keycloak"));
    files.push(("users/acme/dora.yaml", annotated(&user("dora", "acme, core"), &services("none"))));
    files.push(("users/acme/eve.yaml", annotated(&user("eve", "acme, core"), &services("-keycloak, +chat"))));
    let loaded = load_texts(&files);
    assert_eq!(loaded.diagnostics, []);
    let default = BTreeSet::from(["keycloak".to_owned(), "gitea".to_owned(), "chat".to_owned()]);
    let services = |kind: &str, name: &str| {
        let placed = loaded.catalogue.services_of(&EntityRef::new(kind, "default", name), &default);
        placed.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(services("group", "acme"), ["keycloak"]);
    assert_eq!(services("group", "core"), ["gitea", "keycloak"]);
    assert_eq!(services("group", "tools"), ["gitea"]);
    assert_eq!(services("user", "carol"), ["keycloak"]);
    assert_eq!(services("user", "alice"), ["gitea", "keycloak"]);
    // A team that is not in a service takes nothing from its members.
    assert_eq!(services("user", "bob"), ["gitea", "keycloak"]);
    assert!(services("user", "dora").is_empty());
    assert_eq!(services("user", "eve"), ["chat", "gitea"]);
    let placed = loaded.catalogue.services_of(&EntityRef::user("alice"), &default);
    assert_eq!(placed["gitea"].as_ref().unwrap().to_string(), "users/acme/teams/core.yaml:3:50");
}

#[test]
fn options_extents_and_former_names_are_read() {
    let text = annotated(
        &user("bob", "acme"),
        "formulary.dev/manage: observe, formulary.dev/previously: 'bobby, Rob', formulary.dev/gitea-restricted: 'true'",
    );
    let loaded = load_texts(&[("a.yaml", organisation("acme")), ("b.yaml", text)]);
    assert_eq!(loaded.diagnostics, []);
    let entity = &loaded.catalogue.people[&EntityRef::user("bob")].entity;
    assert_eq!(entity.extent_in(&Instance::new("gitea")), Extent::Observe);
    assert_eq!(entity.previously.iter().map(|it| it.value.as_str()).collect::<Vec<_>>(), ["bobby", "Rob"]);
    assert_eq!(entity.option("gitea-restricted").unwrap().value, "true");
    assert_eq!(entity.options.len(), 1);
    assert_eq!(entity.span_of("/spec/profile/email").to_string(), "b.yaml:5:20");
}

#[test]
fn a_formula_and_a_request_for_it() {
    let template = "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata:\n  name: ml\n  annotations: {backstage.io/formula-version: 1.2.0}\nspec: {type: formula, owner: core, steps: [{action: 'publish:gitea'}]}\n";
    let request = "apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: alice-ml}\nspec:\n  type: workspace\n  owner: user:alice\n  scaffoldedFrom: ml\n  parameters: {gpu: 2}\n";
    let mut files = small_company();
    files.push(("formulas/ml/backstage-template.yaml", template.to_owned()));
    files.push(("users/acme/workspaces/ml.yaml", request.to_owned()));
    files.push(("formulas/ml/coder-template/main.tf", "# a template".to_owned()));
    files.push(("formulas/ml/coder-template/.claude/settings.json", "{}".to_owned()));
    files.push(("formulas/ml-2/coder-template/main.tf", "# another's".to_owned()));
    let loaded = load_texts(&files);
    assert_eq!(loaded.diagnostics, []);
    let request = loaded.catalogue.workspaces.values().next().unwrap();
    assert_eq!(request.template.value.as_str(), "template:default/ml");
    assert_eq!(request.parameters, serde_json::json!({"gpu": 2}));
    let template = &loaded.catalogue.templates[&request.template.value];
    assert_eq!(template.version.as_ref().unwrap().value, "1.2.0");
    let files: Vec<&str> = template.files.keys().map(String::as_str).collect();
    assert_eq!(files, ["backstage-template.yaml", "coder-template/.claude/settings.json", "coder-template/main.tf"]);
}

#[test]
fn what_is_no_entity_is_left_alone() {
    let loaded = load_texts(&[
        ("deploy/app.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {a: 1, a: 2}\n".into()),
        ("enterprise/mcp.json", "{\"mcpServers\": {}}".into()),
        (".ci/x.yaml", "on: [push\n".into()),
        ("web/node_modules/p/x.json", "{".into()),
        ("README.md", "# kind: User".into()),
        ("list.yaml", "- a\n- b\n".into()),
        ("empty.yaml", "# nothing\n---\n".into()),
    ]);
    assert_eq!(loaded, Loaded::default());
}

#[test]
fn a_rule_of_a_service_can_be_added() {
    let loaded = load_texts(&small_company()).checked_by(|catalogue, findings| {
        for (reference, person) in &catalogue.people {
            if reference.name() == "alice" {
                let problem = Diagnostic::error(crate::engine::diag::codes::BAD_NAME, "reserved");
                findings.refuse(reference, problem.at(person.entity.name.span.clone()));
            }
        }
    });
    assert_eq!(names(loaded.catalogue.people.keys()), ["bob", "carol"]);
    assert!(loaded.quarantine.entities.contains(&EntityRef::user("alice")));
    assert!(!loaded.is_sound());
}

#[test]
fn what_a_file_last_declared_stands_while_it_cannot_be_read() {
    let mut files = small_company();
    files[3].1 = "apiVersion: backstage.io/v1alpha1\nkind: [User\n".into();
    let quarantine = load_texts(&files).quarantine;
    let alice = EntityRef::user("alice");
    let known = |path: &str| path == "users/acme/alice.yaml";
    assert!(quarantine.holds(&alice, Some("users/acme/alice.yaml")));
    assert!(!quarantine.holds(&alice, Some("users/acme/carol.yaml")));
    // Another person of the folder may go, as it is known what the broken file declared.
    assert!(!quarantine.holds_removal(&alice, Some("users/acme/zoe.yaml"), known));
    assert!(quarantine.holds_removal(&alice, Some("users/acme/zoe.yaml"), |_| false));
    assert!(!quarantine.holds_removal(&alice, Some("users/labs/zoe.yaml"), |_| false));
    assert!(quarantine.holds_removal(&alice, None, |_| false));
}

#[test]
fn a_file_of_another_tool_holds_only_what_it_declared_itself() {
    let mut files = small_company();
    files.push(("charts/templates/x.yaml", "{{- if .Values.x }}\n".into()));
    let loaded = load_texts(&files);
    assert!(loaded.is_sound());
    assert_eq!(loaded.diagnostics.len(), 1);
    let quarantine = loaded.quarantine;
    let zoe = EntityRef::user("zoe");
    assert!(quarantine.holds(&zoe, Some("charts/templates/x.yaml")));
    assert!(!quarantine.holds_removal(&zoe, Some("charts/templates/y.yaml"), |_| false));
    assert!(!quarantine.placement_open);
}

#[test]
fn a_link_in_the_place_of_a_folder_holds_what_was_below_it() {
    let mut snapshot = snapshot(small_company());
    snapshot.files.insert("users/labs".into(), FileEntry::Symlink("../elsewhere".into()));
    let quarantine = load(&snapshot, &Options::default()).quarantine;
    assert!(quarantine.holds(&EntityRef::user("zoe"), Some("users/labs/teams/zoe.yaml")));
    assert!(!quarantine.holds(&EntityRef::user("zoe"), Some("users/labsx/zoe.yaml")));
}

fn formula(name: &str, owner: &str) -> String {
    format!(
        "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {{name: {name}}}\nspec: {{type: formula, owner: {owner}, steps: [{{action: 'publish:gitea'}}]}}\n"
    )
}

/// A number of people in teams of a hundred; every tenth in the organisation's own list.
fn company_of(people: usize) -> Snapshot {
    let mut files = vec![("users/acme/organisation.yaml".to_owned(), organisation("acme"))];
    for number in 0..people {
        if number % 100 == 0 {
            let name = format!("team-{}", number / 100);
            files.push((format!("users/acme/teams/{name}.yaml"), team(&name, "acme")));
        }
        let name = format!("person-{number}");
        files.push((format!("users/acme/{name}.yaml"), user(&name, &format!("acme, team-{}", number / 100))));
    }
    snapshot(files)
}

/// Run it optimised: `cargo test --release --lib -- --ignored a_hundred_thousand --nocapture`.
#[test]
#[ignore = "a measurement, for the release profile"]
fn a_hundred_thousand_files_load_in_seconds() {
    for people in [10_000, 100_000] {
        let snapshot = company_of(people);
        let start = std::time::Instant::now();
        let loaded = load(&snapshot, &Options::default());
        assert_eq!(loaded.catalogue.people.len(), people);
        let elapsed = start.elapsed();
        assert!(elapsed.as_secs() < 10, "{people} files took {elapsed:?}");
    }
}

#[test]
fn a_repository_in_which_everything_is_wrong_is_loaded_too() {
    let mut snapshot = company_of(2_000);
    snapshot.files.remove("users/acme/organisation.yaml");
    let loaded = load(&snapshot, &Options::default());
    assert!(loaded.catalogue.people.is_empty() && loaded.catalogue.teams.is_empty());
    assert_eq!(loaded.quarantine.entities.len(), 2_000 + 20 + 1);
}

/// The revision after somebody edited one of its files.
fn edited(revision: &Snapshot, which: usize, how: usize) -> Snapshot {
    let mut next = revision.clone();
    let path = revision.files.keys().cycle().nth(which).cloned().unwrap_or_default();
    let text = revision.text(&path).unwrap_or_default().to_owned();
    let text = match how {
        0 => text.replace("acme.example", "acme.test"),
        1 => text.replace("memberOf: [acme", "memberOf: [labs, acme"),
        2 => text.replace(", core]", "]"),
        3 => text.replace("memberOf: [acme]", "memberOf: [acme, tools]"),
        4 => text.replace("metadata: {name: ", "metadata: {title: A title, name: "),
        5 => text.replace("@acme.", "@labs."),
        6 => text.replace("spec:", "spac:"),
        7 => format!("{text}# a remark\n"),
        _ => {
            next.files.remove(&path);
            return next;
        }
    };
    next.files.insert(path, FileEntry::from(text.as_str()));
    next
}

fn differences(before: &Snapshot, after: &Snapshot) -> BTreeSet<String> {
    let paths = before.files.keys().chain(after.files.keys());
    paths.filter(|path| before.files.get(*path) != after.files.get(*path)).cloned().collect()
}

#[test]
fn one_persons_document_is_one_persons_work() {
    let before = company_of(300);
    let mut kept = Kept::new(&before, Options::default());
    let mut change = |text: &str| {
        let entry = FileEntry::from(text);
        kept.take([("users/acme/person-7.yaml", Some(&entry))])
    };
    let Changed::People(part) = change(&user("person-7", "acme, team-2")) else { panic!("it is about one person") };
    let person = EntityRef::user("person-7");
    assert_eq!(part.before.people.keys().chain(part.after.people.keys()).collect::<Vec<_>>(), [&person, &person]);
    let teams: Vec<&str> = part.after.teams.keys().map(EntityRef::name).collect();
    assert_eq!(teams, ["team-0", "team-2"], "those that they are or were in");
    assert_eq!(change(&user("person-7", "acme, team-2")), Changed::Nothing);
    assert_eq!(change(&user("person-7", "acme, team-9")), Changed::Anything, "there is no such team");
    // Somebody else's address is found out, although nobody else is looked at.
    let taken = user("person-7", "acme").replace("person-7@", "person-8@");
    assert_eq!(change(&taken), Changed::Anything);
    assert!(!kept.loaded().is_sound());
}

proptest! {
    /// Breaking one document holds that document and what depends on it, and nothing else.
    #[test]
    fn one_broken_document_leaves_what_does_not_depend_on_it(index in 0usize..6, how in 0usize..4) {
        let mut files = small_company();
        files[index].1 = match how {
            0 => "apiVersion: backstage.io/v1alpha1\nkind: [".into(),
            1 => files[index].1.replacen("spec:", "spac:", 1),
            2 => format!("{}\nkind: User\n", files[index].1),
            _ => "\u{0}".into(),
        };
        let loaded = load_texts(&files);
        prop_assert!(!loaded.is_sound());
        let left: BTreeSet<&str> = loaded.catalogue.entities().map(|it| it.reference.name()).collect();
        let expected: &[&str] = match index {
            0 => &[],
            1 => &["acme", "alice", "bob", "carol"],
            2 => &["acme", "core", "alice", "bob", "carol"],
            3 => &["acme", "core", "tools", "bob", "carol"],
            4 => &["acme", "core", "tools", "alice", "carol"],
            _ => &["acme", "core", "tools", "alice", "bob"],
        };
        prop_assert_eq!(left, expected.iter().copied().collect::<BTreeSet<_>>(), "{}", show(&loaded));
    }

    /// Going from one revision to the next gives what reading it by itself gives.
    #[test]
    fn what_is_kept_is_what_would_be_read(edits in prop::collection::vec((0usize..14, 0usize..9), 1..6)) {
        let mut revision = snapshot(
            small_company().into_iter().map(|(path, text)| (path.to_owned(), text)).chain([
                ("users/labs.yaml".to_owned(), organisation("labs")),
                ("users/acme/dora.yaml".to_owned(), user("dora", "acme, labs, tools")),
                ("formulas/ml/coder-template/main.tf".to_owned(), "# a template\n".to_owned()),
                ("formulas/ml/template.yaml".to_owned(), formula("ml", "core")),
            ]),
        );
        let mut kept = Kept::new(&revision, Options::default());
        for (which, how) in edits {
            let next = edited(&revision, which, how);
            let changed = differences(&revision, &next);
            kept.take(changed.iter().map(|path| (path.as_str(), next.files.get(path))));
            prop_assert_eq!(kept.loaded(), &load(&next, &Options::default()));
            revision = next;
        }
    }

    #[test]
    fn loading_arbitrary_files_ends_and_says_the_same_each_time(
        texts in prop::collection::vec("(apiVersion: backstage.io/v1alpha1\n|kind: (User|Group)\n|metadata: \\{name: [ab]\\}\n|spec: \\{(memberOf: \\[[ab]\\]|type: (team|organization), (parent: [ab], )?children: \\[[ab]?\\])\\}\n|---\n|- [a-c]: x\n){0,6}", 0..5)
    ) {
        let files: Vec<(String, String)> =
            texts.into_iter().enumerate().map(|(index, text)| (format!("users/{index}.yaml"), text)).collect();
        let first = load(&snapshot(files.clone()), &Options::default());
        let second = load(&snapshot(files), &Options::default());
        prop_assert_eq!(&first, &second);
        // Whatever is left is whole.
        for team in first.catalogue.teams.values() {
            prop_assert!(first.catalogue.group(&team.parent.value).is_some());
            prop_assert!(first.catalogue.organisations.contains_key(&team.organisation));
        }
        for person in first.catalogue.people.values() {
            prop_assert!(first.catalogue.organisations.contains_key(&person.home));
            prop_assert!(person.teams.keys().all(|team| first.catalogue.teams.contains_key(team)));
        }
        for reference in first.catalogue.entities().map(|it| &it.reference) {
            prop_assert!(!first.quarantine.entities.contains(reference));
        }
    }
}
