//! A Deployment that rolls out when the policy changes, and namespaces that are made.

use formulary::provider::kubernetes::emulator::{Grant, Settings};
use serde_json::json;

use super::Tour;

fn with_controllers(_: &str) -> Settings {
    let mut settings = Settings { controllers: true, ..Settings::default() };
    settings.grants.push(Grant::of("coder", "apps", "deployments", "gateway", &["get", "patch"]));
    settings
}

async fn gateway(tour: &Tour) {
    let deployment = json!({
        "metadata": { "name": "gateway" },
        "spec": {
            "selector": { "matchLabels": { "app": "gateway" } },
            "template": {
                "metadata": { "labels": { "app": "gateway" } },
                "spec": { "containers": [{ "name": "gateway", "image": "registry.acme.example/gateway:1.4.2" }] },
            },
        },
    });
    tour.hand.post("/apis/apps/v1/namespaces/coder/deployments?fieldManager=helm", deployment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_follows_the_files_and_once_for_each_content() {
    let mut tour = Tour::of(with_controllers).await;
    gateway(&tour).await;
    tour.option("restart: [{ namespace: coder, deployment: gateway }]");
    tour.policy("Bash(dd *)");
    tour.leg(
        "the first policy",
        &[
            "adopt kubernetes:rollout/coder/gateway",
            "create kubernetes:config-map/coder/~policy",
            "update kubernetes:rollout/coder/gateway",
        ],
    )
    .await;
    let path = "/apis/apps/v1/namespaces/coder/deployments/gateway";
    let rolled = tour.hand.get(path).await;
    assert_eq!(rolled["metadata"]["generation"], json!(2), "one roll-out: {rolled}");
    tour.policy("Bash(sudo *)");
    tour.any_leg("another policy").await;
    assert_eq!(tour.hand.get(path).await["metadata"]["generation"], json!(3));

    // Somebody who replaces the whole drops what they do not name.
    let mut whole = tour.hand.get(path).await;
    whole["spec"]["template"]["metadata"].as_object_mut().unwrap().remove("annotations");
    tour.hand.put(&format!("{path}?fieldManager=helm"), whole).await;
    tour.leg("dropped by somebody", &["update kubernetes:rollout/coder/gateway"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_that_is_not_there_fails_alone() {
    let mut tour = Tour::of(with_controllers).await;
    tour.option("restart: [{ namespace: coder, deployment: gateway }]");
    tour.policy("Bash(dd *)");
    let attempt = tour.attempt().await;
    let failed: Vec<String> = attempt.outcome.failures().map(|(step, it)| format!("{}: {it}", step.address)).collect();
    assert!(failed.len() == 1 && failed[0].contains("there is no such Deployment"), "{failed:#?}");
    assert!(tour.data().await["managed-settings.json"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_is_made_where_the_options_say_so() {
    let mut tour = Tour::of(|_| {
        let mut settings = Settings { namespaces: Vec::new(), ..Settings::default() };
        for verb in ["get", "create", "patch"] {
            settings.grants.push(Grant::of("coder", "", "namespaces", "coder", &[verb]));
        }
        settings
    })
    .await;
    tour.policy("Bash(dd *)");
    let attempt = tour.attempt().await;
    let failed: Vec<String> = attempt.outcome.failures().map(|(_, failure)| failure.to_string()).collect();
    assert!(failed.len() == 1 && failed[0].contains("namespaces \"coder\" not found"), "{failed:#?}");

    tour.option("make_namespaces: true");
    tour.leg("made", &["create kubernetes:namespace/coder", "create kubernetes:config-map/coder/~policy"]).await;
    tour.remove_at("enterprise/claude-code/managed-settings.json");
    tour.any_leg("none is ever deleted").await;
    assert!(tour.hand.sees("/api/v1/namespaces/coder").await);
}
