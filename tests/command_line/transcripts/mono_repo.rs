//! Mono-repos with problems, and moves that mean nothing.

use git2::{Repository, RepositoryInitOptions, Signature};
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
    assert_snapshot!(said.transcript(), @"");
    bench.run("apply --dir repo").exits(5).says(&["create keycloak:user/person-41", "create gitea:user/person-99"]);
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
    assert_snapshot!(said.transcript(), @"");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let said = run_in(folder.path(), "validate --dir empty", &[]).exits(0);
    assert_snapshot!(said.transcript(), @"");
}

#[test]
fn it_has_no_such_branch() {
    let folder = tempfile::tempdir().unwrap();
    commit(&folder.path().join("repo"));
    let said = run_in(folder.path(), "validate --repo repo --rev mian", &[]).exits(1);
    assert_snapshot!(said.transcript(), @"");
    run_in(folder.path(), "validate --repo repo --rev main", &[]).exits(0).says(&["valid: 1 people"]);
}

#[test]
fn it_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let said = run_in(folder.path(), "validate --dir nowhere", &[]).exits(1);
    assert_snapshot!(said.transcript(), @"");
    let said = run_in(folder.path(), "validate --repo http://127.0.0.1:9/platform/formulas.git", &[]).exits(7);
    assert_snapshot!(said.transcript(), @"");
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
    assert_snapshot!(said.transcript(), @"");
    // Who is where is said by the document.
    bench.write("repo/users/globex/bob.yaml", &person("bob", &["globex"]));
    let said = bench.run("plan --dir repo --detailed-exitcode").exits(2);
    assert_snapshot!(said.transcript(), @"");
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
