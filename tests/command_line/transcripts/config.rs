//! Configs that are not there, or wrong.

use insta::assert_snapshot;

use crate::bench::{Bench, run_in, write};

#[test]
fn there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let said = run_in(folder.path(), "plan", &[]).exits(1);
    assert_snapshot!(said.transcript(), @r"
    --- stderr
    error[FML9001]: no config was found: --config and FORMULARY_CONFIG are not given, and there is no file 'formulary.yaml' or '[folder]/.config/formulary/formulary.yaml' or '/etc/formulary/formulary.yaml'
     |
     = help: write one, or let `formulary sandbox --write-config formulary.yaml` write one that points at a sandbox; the smallest is
             
             platform: acme
             services:
               gitea:
                 url: https://git.acme.example
                 credentials: {token: env:GITEA_TOKEN}

    1 error
    --- exit 1
    ");
}

#[test]
fn it_is_named_and_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let said = run_in(folder.path(), "plan --config prod.yaml", &[]).exits(1);
    assert_snapshot!(said.transcript(), @r"
    --- stderr
    error[FML9002]: there is no config 'prod.yaml'
     |
     = help: correct the path that --config gives

    1 error
    --- exit 1
    ");
}

#[test]
fn a_config_inside_the_planned_folder_is_refused_unless_named() {
    let folder = tempfile::tempdir().unwrap();
    let config = "platform: acme\nservices:\n  gitea:\n    url: http://127.0.0.1:1\n    credentials: { token: \"env:TOKEN\" }\n    options: { source_id: 1 }\n";
    write(folder.path(), "formulary.yaml", config);
    let found = run_in(folder.path(), "plan --dir .", &[("TOKEN", "hunter2")]).exits(1);
    assert!(found.err.contains("formulary.yaml' lies in the folder that is planned"), "{}", found.err);
    assert!(found.err.contains("say that you trust it: --config"), "{}", found.err);
    // Whoever names it trusts it; then only the service is missing.
    let named = run_in(folder.path(), "plan --dir . --config formulary.yaml", &[("TOKEN", "hunter2")]).exits(7);
    assert!(!named.err.contains("lies in"), "{}", named.err);
    assert!(!named.err.contains("hunter2") && !named.out.contains("hunter2"));
}

#[test]
fn it_has_a_key_that_does_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let config = "platform: acme\nservices:\n  gitea:\n    url: http://127.0.0.1:3000\n    mod: enforce\n    credentials: { token: \"env:TOKEN\" }\n    options: { sorce_id: 1 }\n";
    write(folder.path(), "formulary.yaml", config);
    let said = run_in(folder.path(), "plan", &[]).exits(1);
    assert_snapshot!(said.transcript(), @r"
    --- stderr
    error[FML9003]: 'gitea' has no key 'mod'
    --> formulary.yaml:5:5
     = help: did you mean 'mode'?

    error[FML9017]: 'options' has no key 'sorce_id'
    --> formulary.yaml:7:16
     = help: did you mean 'source_id'?

    2 errors
    --- exit 1
    ");
}

#[test]
fn a_secret_in_clear_is_refused_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let config = "platform: acme\nservices:\n  gitea:\n    url: http://127.0.0.1:3000\n    credentials: { token: 0123456789abcdef0123 }\n    options: { source_id: 1 }\n";
    write(folder.path(), "formulary.yaml", config);
    let said = run_in(folder.path(), "plan", &[]).exits(1).says(&["env:", "file:"]);
    assert!(!said.transcript().contains("0123456789abcdef0123"), "{}", said.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_instance_only_reports() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.write("formulary.yaml", &bench.config("report"));
    let said = bench.run("apply --dir repo").exits(0);
    assert_snapshot!(said.transcript(), @r"
    left as it is (15)
      missing gitea:organization/acme — 'gitea' is in mode report
      missing gitea:team/acme/core — 'gitea' is in mode report
      missing gitea:team/acme/members — 'gitea' is in mode report
      missing gitea:team-member/acme/core/alice — 'gitea' is in mode report
      missing gitea:team-member/acme/members/alice — 'gitea' is in mode report
      missing gitea:team-member/acme/members/bob — 'gitea' is in mode report
      missing gitea:user/alice — 'gitea' is in mode report
      missing gitea:user/bob — 'gitea' is in mode report
      missing keycloak:group/acme — 'keycloak' is in mode report
      missing keycloak:group/acme/core — 'keycloak' is in mode report
      missing keycloak:membership/acme/alice — 'keycloak' is in mode report
      missing keycloak:membership/acme/bob — 'keycloak' is in mode report
      missing keycloak:membership/acme/core/alice — 'keycloak' is in mode report
      missing keycloak:user/alice — 'keycloak' is in mode report
      missing keycloak:user/bob — 'keycloak' is in mode report

    Plan: nothing to do · 0 in sync
    revision [digest] · digest [digest]
    --- exit 0
    ");
}
