//! Beginning with nothing.

use insta::assert_snapshot;

use crate::bench::{run_in, write};

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
