//! The mono-repo's own repository, its protection and its hook.

use serde_json::json;

use super::Tour;
use crate::documents::organisation;
use crate::hand::text;

const OPTIONS: &str = r#"
      repositories:
        - owner: ~acme
          name: ~formulas
          description: What the platform holds
          topics: [platform]
          protection:
            rule: main
            required_approvals: 1
            dismiss_stale_approvals: true
          webhook:
            url: https://formulary.tour.example/hooks/gitea
            secret: env:HOOK_SECRET
"#;

const HOOK: &str = "create gitea:webhook/~acme/~formulas/https:%2F%2Fformulary.tour.example%2Fhooks%2Fgitea";

pub async fn they_are_kept_true(tour: &mut Tour) {
    tour.secrets.insert("HOOK_SECRET", "the-hook-secret".to_owned());
    tour.write("acme", organisation("~acme"));
    tour.configure(OPTIONS);
    tour.leg(
        "a repository, protected, with a hook",
        &[
            "create gitea:organization/~acme",
            "create gitea:team/~acme/members",
            "create gitea:repository/~acme/~formulas",
            "create gitea:branch-protection/~acme/~formulas/main",
            HOOK,
            "create idp:group/~acme",
        ],
    )
    .await;
    assert_eq!(tour.api("/repos/~acme/~formulas").await["private"], json!(true));

    let repository = tour.named("/api/v1/repos/~acme/~formulas");
    tour.hand.patch(&repository, json!({ "private": false, "description": "Edited" })).await;
    let rule = format!("{repository}/branch_protections/main");
    tour.hand.patch(&rule, json!({ "required_approvals": 0 })).await;
    tour.any_leg("made public, described anew, protection weakened").await;
    assert_eq!(tour.api("/repos/~acme/~formulas").await["private"], json!(true));
    assert_eq!(tour.hand.get(&rule).await["required_approvals"], json!(1));

    let hooks = tour.hand.get(&format!("{repository}/hooks")).await;
    let hook = format!("{repository}/hooks/{}", hooks[0]["id"]);
    tour.hand.patch(&hook, json!({ "active": false, "events": ["push"] })).await;
    tour.any_leg("a hook switched off").await;
    assert_eq!(tour.hand.get(&hook).await["active"], json!(true));

    tour.hand.delete(&rule).await;
    tour.hand.delete(&hook).await;
    tour.any_leg("protection and hook deleted").await;

    let topics = tour.hand.get(&format!("{repository}/topics")).await;
    let names = topics["topics"].as_array().unwrap().iter().map(|it| text(it).to_owned()).collect::<Vec<_>>();
    assert!(names.contains(&"platform".to_owned()), "{names:?}");
    tour.hand.put(&format!("{repository}/topics"), json!({ "topics": names[..0] })).await;
    tour.any_leg("topics removed").await;

    tour.config = tour.config.replace("required_approvals: 1", "required_approvals: 2");
    tour.config = tour.config.replace("What the platform holds", "All of the platform");
    tour.leg(
        "changed in the config",
        &["update gitea:repository/~acme/~formulas", "update gitea:branch-protection/~acme/~formulas/main"],
    )
    .await;

    let hook = tour.config.find("          webhook:").unwrap();
    tour.config.truncate(hook);
    tour.any_leg("the hook is declared no more").await;
    assert_eq!(tour.hand.get(&format!("{repository}/hooks")).await, json!([]));
}
