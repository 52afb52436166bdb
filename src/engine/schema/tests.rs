//! What the formats accept and refuse, and how it is said.

use serde_json::json;

use super::*;
use crate::engine::source::{Limits, read};

fn problems(format: Format, text: &str) -> String {
    let tree = read("a.yaml", text.as_bytes(), &Limits::default()).remove(0).tree.unwrap();
    let mut found: Vec<String> = check(format, &tree.value, &tree.spans)
        .iter()
        .map(|it| format!("{it}\n    {}", it.help.as_deref().unwrap_or("-")))
        .collect();
    found.sort();
    found.join("\n")
}

#[test]
fn every_schema_is_valid_and_named_after_its_file() {
    for (name, _) in FILES {
        let schema = document(name).unwrap();
        assert!(jsonschema::meta::is_valid(schema), "{name}");
        assert_eq!(schema["$id"], json!(format!("{BASE}{name}")));
    }
}

#[test]
fn every_schema_in_the_folder_is_in_the_program_and_no_example_breaks_its_own() {
    for format in Format::ALL {
        for example in document(format.file()).unwrap()["examples"].as_array().into_iter().flatten() {
            let text = serde_json::to_string(example).unwrap();
            let tree = read("a.json", text.as_bytes(), &Limits::default()).remove(0).tree.unwrap();
            assert_eq!(check(format, &tree.value, &tree.spans), [], "{example}");
        }
    }
}

#[test]
fn every_code_and_kind_that_a_schema_names_exists() {
    let kinds = ["organization", "team", "user", "component", "template", "workspace"];
    for annotation in annotations().values() {
        assert!(annotation.key.starts_with(PREFIX));
        assert!(!annotation.title.is_empty() && !annotation.description.is_empty(), "{}", annotation.key);
        assert!(!annotation.applies_to.is_empty(), "{}", annotation.key);
        assert!(annotation.applies_to.iter().all(|kind| kinds.contains(&kind.as_str())), "{}", annotation.key);
    }
    for (name, text) in FILES {
        for (at, _) in text.match_indices("\"x-code\": \"") {
            let code = &text[at + 11..at + 18];
            assert!(codes::page(code).is_some(), "{name} names {code}");
        }
    }
}

/// An option that no provider reads would be a promise that nobody keeps; one that the table lacks could never be given.
#[test]
fn every_option_of_a_service_is_read_by_a_provider_and_every_option_that_is_read_is_in_the_table() {
    let mut code = String::new();
    collect(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/provider"), &mut code);
    for key in annotations().keys() {
        let name = key.strip_prefix(PREFIX).unwrap();
        // What every service has is read by the documents themselves.
        if ["services", "manage", "previously", "members", "email-domains"].contains(&name) {
            continue;
        }
        assert!(code.contains(&format!("\"{name}\"")), "no provider reads '{key}'");
    }
    for (at, call) in code.match_indices(".option(\"") {
        let name = code[at + call.len()..].split('"').next().unwrap();
        assert!(annotations().contains_key(&format!("{PREFIX}{name}")), "'{name}' is read and in no table");
    }
}

fn collect(folder: &std::path::Path, code: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, code);
        } else if path.extension().is_some_and(|it| it == "rs") {
            *code += &std::fs::read_to_string(&path).unwrap();
        }
    }
}

#[test]
fn a_user_that_breaks_every_rule() {
    let text = "\
apiVersion: backstage.io/v1alpha1
kind: User
profile: {}
metadata:
  name: alice@acme
  namspace: x
  tags: [ML]
  labels: {tier: a b}
  annotations:
    formulary.dev/service: gitea
    formulary.dev/manage: observ
    formulary.dev/services: gitea, +keycloak
    formulary.dev/email-verified: true
    a/b/c: x
    other.example/anything: any text
spec:
  profile:
    displayname: Alice
    email: alice at acme
    picture: ''
  memberOf: [acme corp, 3]
";
    insta::assert_snapshot!(problems(Format::User, text), @r#"
    a.yaml:10:5: error[FML0207]: annotation 'formulary.dev/service' does not exist
        did you mean 'formulary.dev/services'?
    a.yaml:11:27: error[FML0208]: annotation 'formulary.dev/manage' is 'observ', which has not the right form
        expected is `full`, `create-only`, `observe` or `release`, or one of them for a service (`gitea=observe`)
    a.yaml:12:29: error[FML0208]: annotation 'formulary.dev/services' is 'gitea, +keycloak', which has not the right form
        expected is 'none', or names of services separated by commas, all plain or all with '+' or '-'
    a.yaml:13:35: error[FML0204]: annotation 'formulary.dev/email-verified' is a truth value, not text
        put it in quotes: "true"
    a.yaml:14:5: error[FML0209]: key 'a/b/c' of 'metadata.annotations' has not the right form
        expected is a name, or a domain, one '/' and a name
    a.yaml:18:5: warning[FML0214]: field 'displayname' is one of your own and looks like 'displayName'
        did you mean 'displayName'?
    a.yaml:19:12: error[FML0206]: 'spec.profile.email' is 'alice at acme', which has not the right form
        expected is an address such as 'alice@acme.example'
    a.yaml:20:14: error[FML0206]: 'spec.profile.picture' is empty
        write a value, or remove the field
    a.yaml:21:14: error[FML0210]: 'spec.memberOf[0]' is 'acme corp', which has not the right form
        expected is '[kind:][namespace/]name'
    a.yaml:21:25: error[FML0204]: 'spec.memberOf[1]' is a number, not text
        put it in quotes: "3"
    a.yaml:3:1: error[FML0205]: field 'profile' does not exist here
        known are 'apiVersion', 'kind', 'metadata', 'spec'
    a.yaml:5:9: error[FML0209]: 'metadata.name' is 'alice@acme', which has not the right form
        expected is 1 to 63 letters and digits, with '-', '_' and '.' inside
    a.yaml:6:3: warning[FML0214]: field 'namspace' is one of your own and looks like 'namespace'
        did you mean 'namespace'?
    a.yaml:7:10: error[FML0209]: 'metadata.tags[0]' is 'ML', which has not the right form
        expected is lower-case letters, digits, ':', '+' and '#', joined by '-', at most 63
    a.yaml:8:18: error[FML0209]: 'metadata.labels.tier' is 'a b', which has not the right form
        expected is at most 63 letters and digits, with '-', '_' and '.' inside
    "#);
}

#[test]
fn what_is_missing_is_said_where_it_belongs() {
    insta::assert_snapshot!(problems(Format::Group, "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {}\nspec:\n  type: team\n  member: [alice]\n"), @r#"
    a.yaml:3:1: error[FML0203]: field 'name' is missing in 'metadata'
        add 'name'
    a.yaml:4:1: error[FML0203]: field 'children' is missing in 'spec'
        add 'children: []'
    a.yaml:6:3: warning[FML0214]: field 'member' is one of your own and looks like 'members'
        did you mean 'members'?
    "#);
    insta::assert_snapshot!(problems(Format::User, "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: a}\nspec: {membersOf: [b]}\n"), @r#"
    a.yaml:4:1: error[FML0203]: field 'memberOf' is missing in 'spec'
        'membersOf' looks like it; write 'memberOf'
    a.yaml:4:8: warning[FML0214]: field 'membersOf' is one of your own and looks like 'memberOf'
        did you mean 'memberOf'?
    "#);
    insta::assert_snapshot!(problems(Format::User, "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: a}\nspec:\n"), @r#"
    a.yaml:4:5: error[FML0204]: 'spec' is empty, not a mapping
        -
    a.yaml:4:5: error[FML0204]: 'spec' is empty, not a mapping
        -
    "#);
}

#[test]
fn fields_of_ones_own_are_left_alone() {
    let text = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: a, generation: 3}\nspec: {memberOf: [], quota: {gpu: 1}, profile: {phone: '1'}}\n";
    assert_eq!(problems(Format::User, text), "");
}
