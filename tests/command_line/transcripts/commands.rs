//! Each command by itself: help, explanations, graphs, and the demo.

use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::bench::{Bench, run_in};

const COMMANDS: [&str; 15] = [
    "demo",
    "new",
    "validate",
    "plan",
    "apply",
    "run",
    "drift",
    "approve",
    "explain",
    "access",
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
    assert_snapshot!(said.transcript(), @r"
    --- stderr
    error: unrecognized subcommand 'aply'

      tip: a similar subcommand exists: 'apply'

    Usage: formulary [OPTIONS] <COMMAND>

    For more information, try '--help'.
    --- exit 1
    ");
}

#[test]
fn a_code_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let said = run_in(folder.path(), "explain FML0110", &[]).exits(0);
    assert_snapshot!(said.transcript(), @r"
    FML0110: a key appears twice

    Two values for one key: most readers silently keep the last, so that what is reviewed is not what holds.

    Example:

        spec:
          memberOf: [acme-corp]
          memberOf: [acme-labs]      # the second

    What to do: keep one of them. Both places are named.
    --- exit 0
    ");
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
    assert_snapshot!(said.transcript(), @r#"
    gitea:user/alice in-sync
      declared by user:default/alice at users/acme/alice.yaml:1:1
      ours: made by us, declared by user:default/alice in users/acme/alice.yaml
      there, id [id]
        email: "alice@acme.example" users/acme/alice.yaml:8
        full_name: "Alice Jones" users/acme/alice.yaml:7
        login_name: "[uuid]" (the sub of keycloak:user/alice)
        source_id: 1
        prohibit_login: false
        restricted: not declared there false
        visibility: not declared there "public"
        active: not declared there true
        is_admin: not declared there false
        since: not declared there "[day]"
      cannot be undone: binding a local account to a source: Gitea has no way back, and the old password
        stays a way in
      [time] create done
    --- exit 0
    "#);
    bench.run("explain user:default/alice --dir repo").exits(0).says(&[
        "keycloak:user/alice",
        "gitea:user/alice",
        "keycloak:membership/acme/core/alice",
        "gitea:team-member/acme/core/alice",
    ]);
    bench.run("explain user/alcie --dir repo").exits(1).says(&["nothing is known of 'user/alcie'", "alice"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_what_is_told_and_who_gains_or_loses_it() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.run("plan --dir repo --access").exits(0).says(&["user/alice", "+ may sign in"]);
    bench.run("apply --dir repo").exits(0);
    let said = bench.run("access user/alice --dir repo").exits(0);
    assert_snapshot!(said.transcript(), @r"
    gitea:user/alice may sign in
      organization/acme through team/acme/core
      team/acme/core
      team/acme/members

    keycloak:user/alice may sign in
      group/acme
      group/acme/core

    by the plan: nobody gains or loses anything

    counted is what Formulary reads: memberships, what teams have a right on, workspaces. Rights that
      were given at a service by other ways (collaborators, roles) and what is public are not in it
    --- exit 0
    ");
    let said = bench.run("access gitea:team/acme/core --dir repo").exits(0);
    assert_snapshot!(said.transcript(), @r"
    gitea:team/acme/core 1 account
      user/alice

    counted is what Formulary reads: memberships, what teams have a right on, workspaces. Rights that
      were given at a service by other ways (collaborators, roles) and what is public are not in it
    --- exit 0
    ");
    bench.run("access user/alcie --dir repo").exits(1).says(&["nothing is known of 'user/alcie'", "alice"]);
    std::fs::remove_file(bench.path("repo/users/acme/bob.yaml")).unwrap();
    let said = bench.run("plan --dir repo --access").exits(0);
    let shown = said.out.split_once("who gains or loses what").unwrap().1;
    assert_snapshot!(shown, @r"
    , once everything is approved:
      gitea:user/bob
        - may sign in
        - organization/acme through team/acme/members
        - team/acme/members
      keycloak:user/bob
        - may sign in
        - group/acme
    ");
    let said = bench.run("plan --dir repo --access --format json").exits(0);
    let plan: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(plan["formulary"]["access"].as_array().unwrap().len(), 2);
    bench.run("plan --dir repo --access --format markdown").exits(0).says(&["loses `gitea:team/acme/members`"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_graph_is_drawn() {
    let bench = Bench::small().await;
    bench.mono_repo();
    let said = bench.run("graph --dir repo --as dot").exits(0);
    assert!(said.out.starts_with("digraph formulary {") && said.out.ends_with("}\n"), "{}", said.out);
    let said = bench.run("graph gitea:user/bob --dir repo").exits(0);
    assert_snapshot!(said.transcript(), @r"
    gitea:team-member/acme/members/bob
        needs gitea:team/acme/members
        needs gitea:user/bob
    * gitea:user/bob
        needs keycloak:user/bob
    keycloak:user/bob
    3 resources
    --- exit 0
    ");
    bench.run("graph gitea:user/bop --dir repo").exits(1).says(&["gitea:user/bob"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_names_every_right() {
    let bench = Bench::small().await;
    let said = bench.run("doctor").exits(0);
    assert_snapshot!(said.transcript(), @r"
    config [folder]/formulary.yaml
      ✓ no ledger yet: the first apply, approve or plan -o makes it

    gitea http://[host]/ (Gitea)
      ✓ reachable, 1.27.0
      ✓ write:admin: accounts: list, create, edit, rename; organisations: list; repositories for others
      ✓ write:organization: organisations, teams and their people
      ✓ write:repository: repositories, protected branches, hooks and topics
      ✓ read:user: looking at one account by name or by number
      ✓ site administrator: seeing everything: to others Gitea leaves out what they may not see, and
        says 200
      ✓ Gitea 1.27.0
      ✓ sign-in source 1 exists

    keycloak http://[host]/ (Keycloak)
      ✓ reachable, 26.7.3
      ✓ manage-users: people, groups and memberships
      ✓ manage-clients: clients, client scopes and mappers
      ✓ view-realm: the realm's roles and settings
      ✓ manage-organizations: organisations and their members; 'manage-realm' before 26.7; only if
        organisations are declared
      ✓ manage-realm: declaring profile attributes and making roles; may be taken away again afterwards
      ✓ release 26.7.3
      ✓ the user profile does not declare 'formulary.ledger': people carry no mark of ours
      ✓ organisations are switched off; groups are used
    --- exit 0
    ");
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
