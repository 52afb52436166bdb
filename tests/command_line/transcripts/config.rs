//! Configs that are not there, or wrong.

use insta::assert_snapshot;

use crate::bench::{Bench, run_in, write};

#[test]
fn there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let said = run_in(folder.path(), "plan", &[]).exits(1);
    assert_snapshot!(said.transcript(), @"");
}

#[test]
fn it_is_named_and_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let said = run_in(folder.path(), "plan --config prod.yaml", &[]).exits(1);
    assert_snapshot!(said.transcript(), @"");
}

#[test]
fn it_has_a_key_that_does_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let config = "platform: acme\nservices:\n  gitea:\n    url: http://127.0.0.1:3000\n    mod: enforce\n    credentials: { token: \"env:TOKEN\" }\n    options: { sorce_id: 1 }\n";
    write(folder.path(), "formulary.yaml", config);
    let said = run_in(folder.path(), "plan", &[]).exits(1);
    assert_snapshot!(said.transcript(), @"");
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
    assert_snapshot!(said.transcript(), @"");
}
