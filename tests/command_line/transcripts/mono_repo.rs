//! Mono-repos with problems, and moves that mean nothing.

use git2::{Repository, RepositoryInitOptions, Signature};
use std::path::Path;

use insta::assert_snapshot;

use crate::bench::{Bench, organisation, person, run_in, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_file_of_a_hundred_is_broken() {
    let bench = Bench::small().await;
    bench.write("repo/users/acme/organisation.yaml", &organisation("acme"));
    for n in 0..100 {
        let name = format!("person-{n:02}");
        bench.write(&format!("repo/users/acme/{name}.yaml"), &person(&name, &["acme"]));
    }
    bench.write(
        "repo/users/acme/person-42.yaml",
        &person("person-42", &["acme"]).replace("memberOf", "memberof").replace("acme.example", "acme example"),
    );
    let said = run_in(bench.folder.path(), "validate --dir repo", &[]).exits(5);
    assert_snapshot!(said.transcript(), @r"
    error[FML0203]: field 'memberOf' is missing in 'spec'
     --> users/acme/person-42.yaml:5:1
      |
    5 | spec:
      | ^^^^
      |
      = help: 'memberof' looks like it; write 'memberOf'

    error[FML0206]: 'spec.profile.email' is 'person-42@acme example', which has not the right form
     --> users/acme/person-42.yaml:8:12
      |
    8 |     email: person-42@acme example
      |            ^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: expected is an address such as 'alice@acme.example'

    warning[FML0214]: field 'memberof' is one of your own and looks like 'memberOf'
     --> users/acme/person-42.yaml:9:3
      |
    9 |   memberof: [acme]
      |   ^^^^^^^^
      |
      = help: did you mean 'memberOf'?

    2 errors, 1 warning
    --- exit 5
    ");
    bench.run("apply --dir repo").exits(5).says(&["Applied: 399 done"]);
    bench.write("repo/users/acme/person-41.yaml", "kind: [");
    // Nothing that was declared before is taken away because of it.
    let said = bench.run("plan --dir repo").exits(5);
    assert!(!said.out.contains("disable") && !said.out.contains("delete"), "{}", said.transcript());
}

#[test]
fn it_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    Repository::init_bare(folder.path().join("repo.git")).unwrap();
    let said = run_in(folder.path(), "validate --repo repo.git", &[]).exits(1);
    assert_snapshot!(said.transcript(), @r"
    --- stderr
    error: the repository 'repo.git' is empty
    hint: push a first commit; nothing is planned from an empty repository, so nothing is removed
    --- exit 1
    ");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let said = run_in(folder.path(), "validate --dir empty", &[]).exits(0);
    assert_snapshot!(said.transcript(), @r"
    valid: 0 people, 0 teams, 0 organisations, 0 formulas (empty)
    --- exit 0
    ");
}

#[test]
fn it_has_no_such_branch() {
    let folder = tempfile::tempdir().unwrap();
    commit(&folder.path().join("repo"));
    let said = run_in(folder.path(), "validate --repo repo --rev mian", &[]).exits(1);
    assert_snapshot!(said.transcript(), @r"
    --- stderr
    error: the repository 'repo' has no branch, tag or commit 'mian'
    hint: did you mean 'main'?
    --- exit 1
    ");
    run_in(folder.path(), "validate --repo repo --rev main", &[]).exits(0).says(&["valid: 1 people"]);
}

#[test]
fn it_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let said = run_in(folder.path(), "validate --dir nowhere", &[]).exits(1);
    assert_snapshot!(said.transcript(), @r"
    --- stderr
    error: there is no folder 'nowhere'
    hint: check the path; `--dir` reads a folder, `--repo` a Git repository
    --- exit 1
    ");
    let said = run_in(folder.path(), "validate --repo http://127.0.0.1:9/platform/formulas.git", &[]).exits(7);
    assert_snapshot!(said.transcript(), @r"
    --- stderr
    error: cannot reach the repository 'http://[host]/platform/formulas.git': Connection refused (os error 111)
    hint: check the address and the network; what was applied before stays as it is
    --- exit 7
    ");
}

#[test]
fn its_problems_as_json() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "users/acme/organisation.yaml", &organisation("acme"));
    write(folder.path(), "users/acme/alice.yaml", &person("alice", &["acme", "cores"]));
    let said = run_in(folder.path(), "validate --format json", &[]).exits(5);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    for problem in json["diagnostics"].as_array().unwrap() {
        let mut keys: Vec<&str> = problem.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys.retain(|key| *key != "related");
        assert_eq!(keys, ["code", "column", "file", "help", "line", "message", "severity"], "{problem}");
    }
    assert_eq!(json["diagnostics"][0]["file"], "users/acme/alice.yaml");
    assert_eq!(json["diagnostics"][0]["severity"], "error");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_moved_to_another_organisation_and_nothing_changes() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.write("repo/users/globex/organisation.yaml", &organisation("globex"));
    bench.run("apply --dir repo").exits(0);
    std::fs::rename(bench.path("repo/users/acme/bob.yaml"), bench.path("repo/users/globex/bob.yaml")).unwrap();
    let said = bench.run("plan --dir repo --detailed-exitcode").exits(0);
    assert_snapshot!(said.transcript(), @r"
    Plan: nothing to do · 18 in sync
    revision [digest] · digest [digest]
    --- exit 0
    ");
    // Who is where is said by the document.
    bench.write("repo/users/globex/bob.yaml", &person("bob", &["globex"]));
    let said = bench.run("plan --dir repo --detailed-exitcode").exits(2);
    assert_snapshot!(said.transcript(), @r"
    gitea
      - team-member/acme/members/bob (delete) — declared no more
          with it goes: the membership of the organisation: it was the person's only team there
      + team-member/globex/members/bob users/globex/bob.yaml:9

    keycloak
      - membership/acme/bob (delete) — declared no more
      + membership/globex/bob users/globex/bob.yaml:9

    Plan: 2 to create, 2 to delete · 16 in sync · about 8 calls
    revision [digest] · digest [digest]
    --- exit 2
    ");
}

/// A repository with one person, on `main`.
fn commit(folder: &std::path::Path) {
    let repository = Repository::init_opts(folder, RepositoryInitOptions::new().initial_head("main")).unwrap();
    write(folder, "users/acme/organisation.yaml", &organisation("acme"));
    write(folder, "users/acme/alice.yaml", &person("alice", &["acme"]));
    let mut index = repository.index().unwrap();
    index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
    let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
    let author = Signature::now("Dana", "dana@acme.example").unwrap();
    repository.commit(Some("HEAD"), &author, &author, "People", &tree, &[]).unwrap();
}

/// What the README tries the commands on.
#[tokio::test]
async fn this_repository_is_a_sound_one() {
    let said = run_in(Path::new(env!("CARGO_MANIFEST_DIR")), "validate --dir .", &[]).exits(0);
    assert!(said.transcript().contains("valid: 15 people"), "{}", said.transcript());
}

/// Backstage reads the files that an index file lists: one that lists too little, or too much, is an error.
#[test]
fn an_index_file_is_made_and_held_to_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| write(folder.path(), path, text);
    write(
        "formulary.yaml",
        "platform: acme\nservices:\n  backstage:\n    url: https://backstage.acme.example\n    credentials: { token: env:TOKEN }\n\
         \x20   options: { catalog: { url: https://git.acme.example/p/f/src/branch/main } }\n",
    );
    write("repo/users/acme/organisation.yaml", &organisation("acme"));
    write("repo/users/acme/alice.yaml", &person("alice", &["acme"]));
    let run = |line: &str| run_in(folder.path(), line, &[("TOKEN", "a secret of some length")]);
    assert_snapshot!(run("validate --dir repo").exits(5).transcript(), @r"
    error[FML0611]: there is no index file 'users/acme/catalog-info.yaml', by which Backstage reads what lies there
     --> users/acme/alice.yaml:1:1
      |
    1 | apiVersion: backstage.io/v1alpha1
      | ^
      |
      = help: write it anew: 'formulary render backstage-catalog --write'

    1 error
    --- exit 5
    ");
    assert_snapshot!(run("render backstage-catalog --dir repo").exits(0).transcript(), @r"
    ---
    # users/acme/catalog-info.yaml
    # Made by 'formulary render backstage-catalog' from the files of this folder; do not edit.
    apiVersion: backstage.io/v1alpha1
    kind: Location
    metadata:
      name: users.acme
      description: What a catalogue reads of this folder
    spec:
      targets:
      - ./alice.yaml
      - ./organisation.yaml
    --- exit 0
    ");
    run("render backstage-catalog --write --dir repo").exits(0).says(&["wrote repo/users/acme/catalog-info.yaml"]);
    run("validate --dir repo").exits(0);
    write("repo/users/acme/bob.yaml", &person("bob", &["acme"]));
    std::fs::remove_file(folder.path().join("repo/users/acme/alice.yaml")).unwrap();
    assert_snapshot!(run("validate --dir repo").exits(5).transcript(), @r"
    error[FML0611]: 'users/acme/catalog-info.yaml' lists './alice.yaml', which declares nothing: Backstage may read nothing of that folder any more
     --> users/acme/catalog-info.yaml:9:5
      |
    9 |   - ./alice.yaml
      |     ^^^^^^^^^^^^
      |
      = help: write it anew: 'formulary render backstage-catalog --write'

    error[FML0611]: 'users/acme/catalog-info.yaml' does not list './bob.yaml': Backstage does not see it
     --> users/acme/catalog-info.yaml:9:5
      |
    9 |   - ./alice.yaml
      |     ^^^^^^^^^^^^
      |
      = help: write it anew: 'formulary render backstage-catalog --write'

    2 errors
    --- exit 5
    ");
    run("render backstage-catalog --write --dir repo").exits(0);
    run("validate --dir repo").exits(0);
    let said = run("render backstage-catalog --write --dir repo").exits(0);
    assert!(!said.transcript().contains("wrote"), "what is right stays untouched");
    // A file of that name that declares something is nobody's to overwrite.
    write("repo/systems/catalog-info.yaml", &person("carol", &["acme"]));
    run("render backstage-catalog --write --dir repo").exits(1).says(&["declares something of its own"]);
}
