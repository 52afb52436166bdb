//! What the config declares: applications and webhooks.

use serde_json::{Value, json};

use super::Tour;
use crate::hand::{item, text};

const OPTIONS: &str = r#"
      applications:
        - key: ~wiki
          name: ~Wiki
          description: Where knowledge is kept.
          redirect_uris: ["https://wiki.tour.example/callback"]
          post_logout_redirect_uris: ["https://wiki.tour.example/"]
        - key: ~dashboard
          type: SPA
          redirect_uris: ["https://formulary.tour.example/auth/callback"]
      webhooks:
        - name: ~formulary
          url: https://formulary.tour.example/hooks
          events: [PostRegister, User.Created]
"#;

pub async fn they_are_kept_true(tour: &mut Tour) {
    tour.configure(OPTIONS);
    tour.leg(
        "settings are made",
        &["create logto:application/~dashboard", "create logto:application/~wiki", "create logto:webhook/~formulary"],
    )
    .await;
    let wiki = application(tour, "~Wiki").await;
    assert_eq!(wiki["type"], json!("Traditional"));
    let shown = tour.reading().await.shown();
    let secrets = tour.hand.get(&format!("/api/applications/{}/secrets", text(&wiki["id"]))).await;
    assert!(!shown.contains(text(&secrets[0]["value"])), "a secret that Logto made is nobody's to see");
    drift(tour).await;

    tour.stage.config = tour.stage.config.replace("Where knowledge is kept.", "Where knowledge lives.");
    tour.stage.config = tour.stage.config.replace("wiki.tour.example/callback", "wiki.tour.example/back");
    tour.stage.config = tour.stage.config.replace("[PostRegister, User.Created]", "[PostRegister]");
    tour.leg("changed in the config", &["update logto:application/~wiki", "update logto:webhook/~formulary"]).await;
    assert_eq!(
        application(tour, "~Wiki").await["oidcClientMetadata"]["redirectUris"],
        json!(["https://wiki.tour.example/back"])
    );

    tour.stage.config = tour.stage.config.replace("type: SPA", "type: Native");
    tour.leg("a type is chosen once", &[]).await;
    let why = tour.reading().await.why(&tour.named("logto:application/~dashboard"));
    assert!(why.contains("chosen when it is made"), "{why}");
}

async fn drift(tour: &mut Tour) {
    let wiki = application(tour, "~Wiki").await;
    let path = format!("/api/applications/{}", text(&wiki["id"]));
    // Settings that nobody declares, in columns that are replaced whole.
    tour.hand.patch(&path, json!({ "customClientMetadata": { "idTokenTtl": 600 } })).await;
    tour.hand.patch(&format!("{path}/custom-data"), json!({ "theirs": 1 })).await;
    let widened = json!({
        "redirectUris": ["https://wiki.tour.example/callback", "https://evil.example/cb"], "postLogoutRedirectUris": [],
    });
    tour.hand.patch(&path, json!({ "name": tour.named("~Vicky"), "oidcClientMetadata": widened })).await;
    // Closing is done at once; the address that somebody took away opens something again, and waits.
    tour.any_leg("an application edited, redirects widened").await;
    let wiki = application(tour, "~Wiki").await;
    assert_eq!(wiki["oidcClientMetadata"]["redirectUris"], json!(["https://wiki.tour.example/callback"]));
    assert_eq!(wiki["oidcClientMetadata"]["postLogoutRedirectUris"], json!(["https://wiki.tour.example/"]));
    assert_eq!(wiki["customClientMetadata"]["idTokenTtl"], json!(600));
    assert_eq!(wiki["customData"]["theirs"], json!(1));

    let hook = hook(tour).await;
    let path = format!("/api/hooks/{}", text(&hook["id"]));
    let config = json!({ "url": "https://evil.example/", "headers": { "x-theirs": "1" } });
    tour.hand.patch(&path, json!({ "config": config, "enabled": false })).await;
    tour.any_leg("a webhook led elsewhere, and switched off").await;
    let hook = tour.hand.get(&path).await;
    let config = json!({ "url": "https://formulary.tour.example/hooks", "headers": { "x-theirs": "1" } });
    assert_eq!((&hook["config"], &hook["enabled"]), (&config, &json!(true)));

    tour.hand.delete(&path).await;
    tour.hand.delete(&format!("/api/applications/{}", text(&wiki["id"]))).await;
    tour.any_leg("both deleted").await;
    assert_ne!(application(tour, "~Wiki").await["id"], wiki["id"], "another client id");
}

pub async fn they_are_taken_over(tour: &mut Tour) {
    let wiki = json!({ "name": tour.named("~Wiki"), "type": "Traditional" });
    let (wiki, _) = tour.hand.post("/api/applications", wiki).await;
    let hook = json!({
        "name": tour.named("~formulary"), "events": ["User.Created"], "config": { "url": "https://old.tour.example/" },
    });
    let (hook, _) = tour.hand.post("/api/hooks", hook).await;
    tour.configure(OPTIONS);
    let steps = tour.reading().await.steps();
    assert!(steps.contains(&tour.named("adopt logto:application/~wiki (adoptions)")), "{steps:#?}");
    tour.any_leg("adopted").await;
    assert_eq!(application(tour, "~Wiki").await["id"], wiki["id"]);
    assert_eq!(self::hook(tour).await["id"], hook["id"]);
}

async fn application(tour: &Tour, name: &str) -> Value {
    item(&tour.list("/api/applications?").await, "name", &tour.named(name)).clone()
}

async fn hook(tour: &Tour) -> Value {
    item(&tour.list("/api/hooks?").await, "name", &tour.named("~formulary")).clone()
}
