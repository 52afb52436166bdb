//! Beginning: with nothing, and with accounts that are there already.

use insta::assert_snapshot;

use crate::bench::{Bench, organisation, person, run_in, write};

#[test]
fn a_new_mono_repo_is_written_once_and_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let said = run_in(folder.path(), "new formulas --organisation beta --domain beta.test --services gitea", &[]);
    assert_snapshot!(said.exits(0).transcript(), @r"
    formulas
      .gitea/workflows/preview.yaml
      CODEOWNERS
      README.md
      deploy/formulary.yaml
      formulas/README.md
      users/beta/alice.yaml
      users/beta/organisation.yaml
      users/beta/teams/platform.yaml
    --- stderr
    next: cd formulas && formulary validate --dir .; README.md says how to go on
    --- exit 0
    ");
    run_in(folder.path(), "validate --dir formulas", &[]).exits(0).says(&["valid: 1 people, 1 teams, 1 organisations"]);
    // The config inside is used when somebody names it; nothing answers at its addresses.
    let token = [("FORMULARY_GITEA_TOKEN", "hunter2"), ("FORMULARY_GIT_TOKEN", "hunter3")];
    let config = "formulas/deploy/formulary.yaml";
    let text = std::fs::read_to_string(folder.path().join(config)).unwrap();
    let text = text.replace("https://git.beta.test", "http://127.0.0.1:1").replace("/var/lib/formulary", "state");
    write(folder.path(), config, &text);
    run_in(folder.path(), &format!("--config {config} plan --dir formulas"), &token).exits(7);

    let again = run_in(folder.path(), "new formulas", &[]);
    again.exits(1).says(&["nothing was written", "name a folder that is empty or not there"]);
    run_in(folder.path(), "new other --services gitae", &[]).exits(1).says(&["did you mean 'gitea'?"]);
    run_in(folder.path(), "new other --organisation a/b", &[]).exits(1).says(&["cannot be the name"]);
    assert!(!folder.path().join("other").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_that_are_there_get_documents_and_are_then_taken_over() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.run("apply --dir repo").exits(0);
    // A company that has all of that, and neither a mono-repo nor a ledger.
    std::fs::remove_dir_all(bench.path("state")).unwrap();
    std::fs::create_dir(bench.path("written")).unwrap();
    let said = bench.run("drift --dir written --write written").exits(0);
    said.says(&["wrote 4 documents below written", "formulary plan --dir written"]);
    let found: Vec<String> = ["organisation", "alice", "bob", "teams/core"]
        .iter()
        .map(|name| std::fs::read_to_string(bench.path(&format!("written/users/acme/{name}.yaml"))).unwrap())
        .collect();
    assert_snapshot!(found[1], @r"
    apiVersion: backstage.io/v1alpha1
    kind: User
    metadata:
      name: alice
    spec:
      profile:
        displayName: Alice Jones
        email: alice@acme.example
      memberOf:
      - acme
      - core
    ");
    bench.run("validate --dir written").exits(0);

    // The first plan takes over, and takes nothing away.
    let plan = bench.run("plan --dir written -o plan.json").exits(4);
    assert!(plan.out.contains("adoptions") && !plan.out.contains("(delete)") && !plan.out.contains("(disable)"));

    // What is there stays as it is.
    write(bench.folder.path(), "written/users/acme/alice.yaml", &person("alice", &["acme"]));
    write(bench.folder.path(), "written/users/acme/organisation.yaml", &organisation("acme"));
    bench.run("drift --dir written --write written").exits(0);
    let kept = std::fs::read_to_string(bench.path("written/users/acme/alice.yaml")).unwrap();
    assert_eq!(kept, person("alice", &["acme"]));
}
