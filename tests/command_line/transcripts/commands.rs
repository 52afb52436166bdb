//! Each command by itself: help, explanations, graphs, and the demo.

use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::bench::{Bench, run_in};

const COMMANDS: [&str; 12] = [
    "demo",
    "validate",
    "plan",
    "apply",
    "drift",
    "approve",
    "explain",
    "graph",
    "doctor",
    "schema",
    "sandbox",
    "completions",
];

#[test]
fn help_has_examples() {
    let folder = tempfile::tempdir().unwrap();
    let all = run_in(folder.path(), "--help", &[]).exits(0).says(&["Examples:", "Exit codes:"]);
    for command in COMMANDS {
        assert!(all.out.contains(command), "{command} is not listed:\n{}", all.out);
        run_in(folder.path(), &format!("{command} --help"), &[]).exits(0).says(&["Examples:", "Usage:"]);
    }
    run_in(folder.path(), "", &[]).exits(1).says(&["Usage:"]);
    let said = run_in(folder.path(), "aply", &[]).exits(1);
    assert_snapshot!(said.transcript(), @"");
}

#[test]
fn a_code_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let said = run_in(folder.path(), "explain FML0110", &[]).exits(0);
    assert_snapshot!(said.transcript(), @"");
    run_in(folder.path(), "explain FML9999", &[]).exits(1).says(&["there is no code 'FML9999'"]);
}

#[test]
fn schemas_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    run_in(folder.path(), "schema", &[]).exits(0).says(&["config", "entity-user"]);
    let said = run_in(folder.path(), "schema config", &[]).exits(0);
    serde_json::from_str::<serde_json::Value>(&said.out).unwrap();
    run_in(folder.path(), "schema entity-usr", &[]).exits(1).says(&["entity-user"]);
    run_in(folder.path(), "schema --write schemas", &[]).exits(0);
    assert!(folder.path().join("schemas/config.schema.json").is_file());
}

#[test]
fn completions_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        run_in(folder.path(), &format!("completions {shell}"), &[]).exits(0).says(&["formulary"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_and_a_person_are_explained() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.run("apply --dir repo").exits(0);
    let said = bench.run("explain gitea:user/alice --dir repo").exits(0);
    assert_snapshot!(said.transcript(), @"");
    bench.run("explain user:default/alice --dir repo").exits(0).says(&[
        "keycloak:user/alice",
        "gitea:user/alice",
        "keycloak:membership/acme/core/alice",
        "gitea:team-member/acme/core/alice",
    ]);
    bench.run("explain user/alcie --dir repo").exits(1).says(&["nothing is known of 'user/alcie'", "alice"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_graph_is_drawn() {
    let bench = Bench::small().await;
    bench.mono_repo();
    let said = bench.run("graph --dir repo --as dot").exits(0);
    assert!(said.out.starts_with("digraph formulary {") && said.out.ends_with("}\n"), "{}", said.out);
    let said = bench.run("graph gitea:user/bob --dir repo").exits(0);
    assert_snapshot!(said.transcript(), @"");
    bench.run("graph gitea:user/bop --dir repo").exits(1).says(&["gitea:user/bob"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_names_every_right() {
    let bench = Bench::small().await;
    let said = bench.run("doctor").exits(0);
    assert_snapshot!(said.transcript(), @"");
    bench.run("doctor gitee").exits(1).says(&["gitea"]);
}

#[test]
fn the_demo_ends_well_within_a_minute() {
    let folder = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let said = run_in(folder.path(), "demo", &[]).exits(0);
    let took = began.elapsed();
    // A loaded machine is given twice the time that a person is promised.
    assert!(took < Duration::from_secs(120), "{took:?}");
    said.says(&["1. A company brings its platform under Git", "opens access", "5. A commit that would remove half"]);
}
