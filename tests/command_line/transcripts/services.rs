//! Services that are down, wrong, or closed to us.

use formulary::provider::emulator::faults::{Defect, Fault};
use insta::assert_snapshot;
use serde_json::json;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_url_is_another_service() {
    let bench = Bench::small().await;
    bench.mono_repo();
    let (keycloak, gitea) = (bench.base("keycloak"), bench.base("gitea"));
    let config = bench.config("enforce").replace(&format!("url: {gitea}"), &format!("url: {keycloak}/wrong"));
    bench.write("formulary.yaml", &config);
    let said = bench.run("plan --dir repo").exits(7);
    assert_snapshot!(said.transcript(), @"");
    let said = bench.run("doctor gitea").exits(7);
    assert_snapshot!(said.transcript(), @"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_is_wrong() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.write("gitea.secret", "not-the-token");
    let said = bench.run("plan --dir repo").exits(7);
    assert_snapshot!(said.transcript(), @"");
    bench.run("apply --dir repo").exits(7).says(&["done"]);
    let said = bench.run("doctor gitea").exits(7);
    assert_snapshot!(said.transcript(), @"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_is_not_there() {
    let bench = Bench::small().await;
    bench.mono_repo();
    std::fs::remove_file(bench.path("keycloak.secret")).unwrap();
    bench.run("plan --dir repo").exits(7).says(&["cannot get the secret", "file:keycloak.secret"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_is_down() {
    let bench = Bench::small().await;
    bench.mono_repo();
    let config = bench.config("enforce").replace(&bench.base("gitea"), "http://127.0.0.1:9");
    bench.write("formulary.yaml", &config);
    let said = bench.run("plan --dir repo").exits(7);
    assert_snapshot!(said.transcript(), @"");
    // The other service is served all the same.
    bench.run("apply --dir repo").exits(7).says(&["create keycloak:user/alice"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_answers_html() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.sandbox.service("gitea").unwrap().arm(Fault::new(Defect::Html { status: 200 })).unwrap();
    let said = bench.run("plan --dir repo").exits(7);
    assert_snapshot!(said.transcript(), @"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_only_reads() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.write("gitea.secret", &read_only_token(&bench).await);
    let said = bench.run("doctor gitea").exits(4);
    assert_snapshot!(said.transcript(), @"");
    let said = bench.run("apply --dir repo").exits(8);
    assert_snapshot!(said.transcript(), @"");
}

/// A token of the sandbox's administrator that only reads.
async fn read_only_token(bench: &Bench) -> String {
    let gitea = bench.administrator("gitea");
    let account = json!({
        "username": "reader", "email": "reader@acme.example", "password": "a-Long-passw0rd",
        "must_change_password": false, "send_notify": false,
    });
    gitea.post("/api/v1/admin/users", account).await.unwrap();
    let admin = json!({ "source_id": 0, "login_name": "reader", "admin": true });
    gitea.patch("/api/v1/admin/users/reader", admin).await.unwrap();
    let scopes = ["read:admin", "read:organization", "read:repository", "read:user"];
    let made = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("{}/api/v1/users/reader/tokens", bench.base("gitea")))
        .basic_auth("reader", Some("a-Long-passw0rd"))
        .json(&json!({ "name": "reading", "scopes": scopes }))
        .send()
        .await
        .unwrap();
    let made: serde_json::Value = made.json().await.unwrap();
    made["sha1"].as_str().unwrap().to_owned()
}
