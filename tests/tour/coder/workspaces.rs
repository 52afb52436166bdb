//! Workspaces, from the request to the end of their retention.

use serde_json::json;

use super::{TERRAFORM, Tour, failures};
use crate::hand::text;

pub async fn made_changed_stopped_and_deleted_after_retention(tour: &mut Tour) {
    tour.company();
    tour.formula("1.0.0", TERRAFORM);
    // 'project' is asked for by the formula and is no parameter of the template.
    tour.request(json!({ "gpu": "a100", "project": "x" }));
    tour.any_leg("made").await;
    let desk = tour.api("/users/~alice/workspace/~desk").await;
    assert_eq!(desk["latest_build"]["status"], json!("running"), "{desk}");
    let values = tour.api(&format!("/workspacebuilds/{}/parameters", text(&desk["latest_build"]["id"]))).await;
    let value =
        |name: &str| values.as_array().unwrap().iter().find(|it| it["name"] == name).map(|it| it["value"].clone());
    assert_eq!((value("gpu"), value("disk"), value("project")), (Some(json!("a100")), Some(json!("10")), None));

    tour.request(json!({ "gpu": "a100", "disk": 20 }));
    tour.leg("another value is another build", &["update coder:workspace/~alice/~desk"]).await;
    tour.formula("1.1.0", &TERRAFORM.replace("\"north\"", "\"south\""));
    tour.any_leg("a new version leaves people's workspaces alone").await;
    let desk = tour.api("/users/~alice/workspace/~desk").await;
    assert_eq!(desk["outdated"], json!(true));

    // Traps 21 and 22: nothing is deleted when its request goes.
    tour.remove("desk");
    tour.leg("its request is taken back", &["disable coder:workspace/~alice/~desk"]).await;
    assert_eq!(tour.api("/users/~alice/workspace/~desk").await["latest_build"]["status"], json!("stopped"));
    if tour.served.is_none() {
        return;
    }
    tour.days_pass(29).await;
    tour.nothing_left("kept for its retention").await;
    tour.days_pass(2).await;
    tour.leg("and then deleted by approval", &["delete coder:workspace/~alice/~desk (deletions after retention)"])
        .await;
    assert!(!tour.sees("/users/~alice/workspace/~desk").await);
}

/// Trap 8, and its neighbours: what Coder drops in silence or refuses late is told before anything is done.
pub async fn what_never_changes_is_told(tour: &mut Tour) {
    tour.company();
    tour.formula("1.0.0", TERRAFORM);
    tour.request(json!({ "gpu": "none" }));
    tour.any_leg("made").await;
    tour.request(json!({ "gpu": "a100" }));
    let reading = tour.reading().await;
    assert!(reading.steps().is_empty(), "nothing is tried that Coder refuses: {:?}", reading.steps());
    let shown = reading.shown();
    assert!(shown.contains("(left: chosen when it is made, and never changed)"), "{shown}");
    // A new version lets it change, and the workspace is held at the old one, which does not.
    tour.formula("1.1.0", &TERRAFORM.replace("mutable = false", "mutable = true"));
    let failed = failures(&tour.try_all().await);
    assert_eq!(failed.len(), 1, "{failed:#?}");
    assert!(failed[0].ends_with("'gpu' is chosen when a workspace is made and never changed"), "{failed:#?}");
    for (wrong, told) in [
        (json!({ "gpv": "none" }), "the template has no parameter 'gpv'"),
        (json!({ "gpu": "a10" }), "'a10' is no option of 'gpu'"),
        (json!({ "gpu": "none", "disk": 500 }), "500 is out of the range of 'disk'"),
        (json!({ "gpu": "none", "disk": "much" }), "'much' is no number for 'disk'"),
    ] {
        tour.request(wrong);
        let reading = tour.reading().await;
        let problems: Vec<&str> = reading.world.diagnostics.iter().map(|it| it.message.as_str()).collect();
        assert_eq!(problems, [told]);
        let here: Vec<String> = reading.steps().into_iter().filter(|it| it.contains(" coder:workspace")).collect();
        assert!(here.is_empty(), "what is wrong stands as it is: {here:?}");
    }
}
