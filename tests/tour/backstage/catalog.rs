//! What comes into the catalogue, how it changes, and how it leaves.

use serde_json::json;

use super::Tour;
use crate::documents::organisation;

async fn as_declared(tour: &mut Tour) {
    tour.people("~acme", &["~alice", "~bob"]);
    tour.formula("~lab", "The lab");
    tour.publish();
    tour.any_leg("as declared").await;
}

/// Traps 1, 7 and 8: no entity is ever added; files are read, and read again when they changed.
pub async fn it_comes_changes_and_leaves(tour: &mut Tour) {
    tour.people("~acme", &["~alice", "~bob"]);
    tour.formula("~lab", "The lab");
    tour.publish();
    tour.leg(
        "they come",
        &[
            "create backstage:location/formulas/~lab/backstage-template.yaml",
            "create backstage:location/users/~acme/catalog-info.yaml",
            "create backstage:entity/group/default/~acme",
            "create backstage:entity/user/default/~alice",
            "create backstage:entity/user/default/~bob",
            "create backstage:entity/template/default/~lab",
        ],
    )
    .await;
    assert_eq!(tour.entity("user:default/~alice").await["spec"]["profile"]["displayName"], tour.named("~alice"));

    tour.person("~acme", "~alice", "Alice Chen");
    tour.publish();
    tour.leg("she has a name", &["update backstage:entity/user/default/~alice"]).await;
    assert_eq!(tour.entity("user:default/~alice").await["spec"]["profile"]["displayName"], "Alice Chen");

    tour.person("~acme", "~carol", "Carol");
    tour.publish();
    tour.leg("somebody new", &["create backstage:entity/user/default/~carol"]).await;

    tour.remove_at("users/~acme/~bob.yaml");
    tour.publish();
    let leaving = tour.reading().await;
    assert_eq!(leaving.steps(), [""; 0], "nothing is ever deleted by us");
    assert!(leaving.changes().contains(&tour.named("removed backstage:entity/user/default/~bob")));
    // A refresh tells the catalogue, whose sweep does the rest.
    tour.person("~acme", "~alice", "Alice Mary Chen");
    tour.publish();
    tour.leg("and she has another", &["update backstage:entity/user/default/~alice"]).await;
    tour.sweep("user:default/~bob").await;
    tour.leg("he is gone", &["forget backstage:entity/user/default/~bob"]).await;
}

/// A formula has a location of its own: it comes and leaves without anything else.
pub async fn a_formula_stands_alone(tour: &mut Tour) {
    as_declared(tour).await;
    tour.formula("~lab", "The laboratory");
    tour.formula("~web", "The web");
    tour.publish();
    tour.leg(
        "one changes, one comes",
        &[
            "update backstage:entity/template/default/~lab",
            "create backstage:location/formulas/~web/backstage-template.yaml",
            "create backstage:entity/template/default/~web",
        ],
    )
    .await;
    assert_eq!(tour.entity("template:default/~lab").await["metadata"]["title"], "The laboratory");
    tour.remove_at("formulas/~lab/backstage-template.yaml");
    tour.publish();
    let reading = tour.reading().await;
    assert_eq!(reading.steps(), [tour.named("delete backstage:location/formulas/~lab/backstage-template.yaml")]);
    tour.attempt().await.expect_done("it leaves");
    assert!(tour.entity("template:default/~lab").await.is_null(), "at once");
    tour.leg("it is gone", &["forget backstage:entity/template/default/~lab"]).await;
}

/// People who leave the catalogue can sign in no more: a location with people goes by approval.
pub async fn an_organisation_leaves_by_approval(tour: &mut Tour) {
    as_declared(tour).await;
    tour.people("~labs", &["~luca"]);
    tour.publish();
    tour.any_leg("two organisations").await;
    for path in ["users/~labs/organisation.yaml", "users/~labs/~luca.yaml", "users/~labs/catalog-info.yaml"] {
        tour.remove_at(path);
    }
    tour.publish();
    let reading = tour.reading().await;
    assert_eq!(reading.steps(), [tour.named("delete backstage:location/users/~labs/catalog-info.yaml (deletions)")]);
    assert!(reading.shown().contains("can sign in to Backstage no more"), "{}", reading.shown());
    tour.attempt().await;
    assert!(!tour.entity("user:default/~luca").await.is_null(), "it waits");
    tour.approve(reading.plan()).await;
    tour.attempt().await.expect_done("it leaves");
    assert!(tour.entity("user:default/~luca").await.is_null());
    assert!(!tour.entity("user:default/~alice").await.is_null());
}

/// Somebody had registered our files before we came.
pub async fn what_was_there_is_adopted(tour: &mut Tour) {
    tour.people("~acme", &["~alice"]);
    tour.publish();
    tour.register(&format!("{}/users/~acme/catalog-info.yaml", tour.root)).await;
    tour.until("user:default/~alice", |it| !it.is_null()).await;
    tour.leg(
        "all of it becomes ours",
        &[
            "adopt backstage:location/users/~acme/catalog-info.yaml (adoptions)",
            "adopt backstage:entity/group/default/~acme",
            "adopt backstage:entity/user/default/~alice",
        ],
    )
    .await;
    assert_eq!(tour.locations().await.len(), 1);
}

pub async fn a_lost_ledger_is_found_again(tour: &mut Tour) {
    as_declared(tour).await;
    tour.forget().await;
    tour.remove_at("formulas/~lab/backstage-template.yaml");
    tour.publish();
    let reading = tour.reading().await;
    assert!(reading.removals().is_empty(), "{}", reading.shown());
    assert_eq!(reading.steps().len(), 4, "{}", reading.shown());
    assert!(reading.steps().iter().all(|it| it.starts_with("adopt ")), "{}", reading.shown());
    tour.any_leg("it is ours again").await;
    let changes = tour.own(&tour.reading().await);
    assert_eq!(changes, [tour.named("unowned backstage:location/formulas/~lab/backstage-template.yaml")]);
}

/// Section 1 of the guide: unknown fields, numbers and texts that YAML 1.1 would take for something else.
pub async fn everything_of_a_document_arrives(tour: &mut Tour) {
    tour.people("~acme", &[]);
    let mut odd =
        organisation("~odd").about("First line,\n  second line: indented\n\n\"quoted\" and # not a comment\n").text();
    // What the helper cannot say.
    let mut document: serde_json::Value = serde_json::from_str(&odd).unwrap();
    document["metadata"]["title"] = json!("Ω: a title – with \"everything\"");
    document["metadata"]["tags"] = json!(["c++", "b", "a"]);
    document["metadata"]["labels"] = json!({ "example.test/tier": "gold" });
    document["metadata"]["annotations"] = json!({ "example.test/when": "2026-01-02", "example.test/off": "off" });
    document["metadata"]["links"] = json!([{ "url": "https://example.test/x?y=1", "title": "Runbook" }]);
    document["metadata"]["generation"] = json!(3);
    document["spec"]["limits"] =
        json!({ "half": 0.5, "one": 1.0, "big": 1e21, "none": null, "list": [[], {}, ["x", null]] });
    document["spec"]["words"] = json!(["off", "yes", "017", "1_000", "0o17", "null", "-", "2026-01-02", ""]);
    odd = format!("{document:#}\n");
    tour.write_at("users/~odd/organisation.yaml", &odd);
    tour.publish();
    tour.any_leg("all of it").await;
    let stored = tour.entity("group:default/~odd").await;
    assert_eq!(stored["spec"]["words"], document["spec"]["words"]);

    // What the catalogue loses, it is asked to read again.
    document["metadata"].as_object_mut().unwrap().retain(|key, _| ["name", "annotations"].contains(&key.as_str()));
    document["spec"]["limits"] = json!({ "half": 0.25 });
    tour.write_at("users/~odd/organisation.yaml", &format!("{document:#}\n"));
    tour.publish();
    tour.leg("less of it", &["update backstage:entity/group/default/~odd"]).await;
    assert!(tour.entity("group:default/~odd").await["metadata"]["title"].is_null());
}
