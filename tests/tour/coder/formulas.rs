//! Templates and their versions.

use serde_json::{Value, json};

use super::{TERRAFORM, Tour, failures};
use crate::hand::text;

async fn active(tour: &Tour) -> Value {
    let template = tour.api("/organizations/default/templates/~ml").await;
    tour.api(&format!("/templateversions/{}", text(&template["active_version_id"]))).await
}

fn versions(steps: &[String]) -> usize {
    steps.iter().filter(|it| it.starts_with("create coder:template-version/")).count()
}

/// Traps 14, 26, 27, 28 and 31 of the guide.
pub async fn pushed_inactive_and_promoted_by_a_step_of_their_own(tour: &mut Tour) {
    tour.company();
    tour.formula("1.0.0", TERRAFORM);
    let steps = tour.steps().await;
    assert_eq!(versions(&steps), 1, "{steps:?}");
    assert!(steps.contains(&tour.named("create coder:template/~ml")), "{steps:?}");
    tour.any_leg("the first version is active by nature").await;
    let first = active(tour).await;
    assert!(text(&first["name"]).starts_with("1.0.0-"), "{first}");
    assert!(text(&first["message"]).starts_with("formulary "), "{first}");

    tour.formula("1.1.0", &TERRAFORM.replace("\"north\"", "\"south\""));
    let reading = tour.reading().await;
    let shown = reading.shown();
    assert!(shown.contains("active_version: ") && shown.contains("→ 1.1.0-"), "{shown}");
    tour.any_leg("the next one is pushed, imported and promoted").await;
    let second = active(tour).await;
    assert!(text(&second["name"]).starts_with("1.1.0-"), "{second}");
    // Trap 10: every variable is stated, so that no old value sticks.
    let variables = tour.api(&format!("/templateversions/{}/variables", text(&second["id"]))).await;
    assert_eq!(variables[0]["value"], json!("south"), "{variables}");

    // A change that is taken back is known to be ours, and waits for nobody.
    tour.formula("1.0.0", TERRAFORM);
    tour.leg("back to the first", &["update coder:template/~ml"]).await;
    assert_eq!(active(tour).await["id"], first["id"]);
    tour.formula("1.1.0", &TERRAFORM.replace("\"north\"", "\"south\""));
    tour.leg("and on again", &["update coder:template/~ml"]).await;

    // The archive came as it was made, dotfiles included, and equal files are one version.
    tour.formula("1.1.0", &TERRAFORM.replace("\"north\"", "\"south\""));
    tour.nothing_left("the same files").await;
    tour.write_at("formulas/ml/coder-template/.claude/settings.json", "{ \"env\": { \"A\": \"1\" } }\n");
    assert_eq!(versions(&tour.steps().await), 1, "a dotfile is part of it");
}

/// Seen on a real server: two versions of one name, which are in no template yet, were taken for each other.
pub async fn two_formulas_with_the_same_files(tour: &mut Tour) {
    tour.company();
    tour.formula("1.0.0", TERRAFORM);
    let copy = "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata:\n  name: ~dl\n  annotations:\n    \
                backstage.io/formula-version: 1.0.0\nspec:\n  type: formula\n  owner: ~acme\n  steps: []\n";
    tour.write_at("formulas/dl/template.yaml", copy);
    tour.write_at("formulas/dl/coder-template/main.tf", TERRAFORM);
    tour.write_at("formulas/dl/coder-template/.claude/settings.json", "{}\n");
    assert_eq!(versions(&tour.steps().await), 2);
    tour.any_leg("each gets its own").await;
    let version = async |name: &str| {
        tour.api(&format!("/organizations/default/templates/~{name}")).await["active_version_id"].clone()
    };
    assert_ne!(version("ml").await, version("dl").await);
}

/// Traps 29, 41 and 42.
pub async fn an_import_that_fails_leaves_the_old_version_active(tour: &mut Tour) {
    tour.company();
    tour.formula("1.0.0", TERRAFORM);
    tour.any_leg("the first one").await;
    let first = active(tour).await;
    tour.formula("1.1.0", &TERRAFORM.replace("coder_parameter.gpu.value", "coder_parameter.gpux.value"));
    let attempt = tour.try_all().await;
    let failed = failures(&attempt);
    assert_eq!(failed.len(), 1, "{failed:#?}");
    assert!(failed[0].starts_with("create coder:template-version/"), "{failed:#?}");
    assert!(failed[0].contains("exit status 1\n  Error: Reference to undeclared"), "the log is told: {failed:#?}");
    assert_eq!(active(tour).await["id"], first["id"]);
    // It is told again, and nothing is pushed twice.
    let failed = failures(&tour.try_all().await);
    assert!(failed.len() == 2 && failed[0].ends_with("was not imported"), "{failed:#?}");
    assert!(failed[1].contains("undeclared"), "{failed:#?}");
    let template = text(&first["template_id"]).to_owned();
    assert_eq!(tour.api(&format!("/templates/{template}/versions")).await.as_array().unwrap().len(), 2);

    tour.formula("1.1.1", &TERRAFORM.replace("\"north\"", "\"west\""));
    tour.any_leg("what is mended is promoted").await;
    assert!(text(&active(tour).await["name"]).starts_with("1.1.1-"));
}

pub async fn what_somebody_changed_on_the_dashboard_is_changed_back(tour: &mut Tour) {
    tour.company();
    tour.formula("1.0.0", TERRAFORM);
    tour.any_leg("as declared").await;
    let first = active(tour).await;
    tour.formula("1.1.0", &TERRAFORM.replace("\"north\"", "\"south\""));
    tour.any_leg("and the next version").await;
    let template = text(&first["template_id"]).to_owned();
    tour.hand.patch(&format!("/api/v2/templates/{template}/versions"), json!({ "id": first["id"] })).await;
    tour.hand.patch(&format!("/api/v2/templates/{template}"), json!({ "display_name": "Mine" })).await;
    tour.leg("both are drift", &["update coder:template/~ml"]).await;
    assert!(text(&active(tour).await["name"]).starts_with("1.1.0-"));
}
