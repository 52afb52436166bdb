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
    assert_snapshot!(said.transcript(), @r"
    Two-way: without a ledger, what is wanted is compared with what is there alone. Nobody knows what is
      ours, so nothing is removed.

    keycloak
      + group/acme users/acme/organisation.yaml:1
      + group/acme/core users/acme/core.yaml:1
      + user/alice users/acme/alice.yaml:1
          email: alice@acme.example · email_verified: true · enabled: true · first_name: Alice ·
            first_sign_in: none · last_name: Jones
      + membership/acme/ alice, bob
      + membership/acme/core/alice users/acme/alice.yaml:9
      + user/bob users/acme/bob.yaml:1
          email: bob@acme.example · email_verified: true · enabled: true · first_name: Bob ·
            first_sign_in: none · last_name: Jones

    left as it is (8)
      unknown 8 resources of gitea could not be read; -v lists them

    warning: gitea: 5 lists were not read whole; nothing in it is removed or made: read Gitea's version:
      Unable to find matching target resource method (check the URL: this is not an answer of Gitea)

    Plan: 7 to create · 0 in sync · about 14 calls
    This plan is for reading: it cannot be applied.
    revision [digest] · digest [digest]
    --- stderr
    There is no ledger at [folder]/state/ledger.db. The first 'formulary apply', 'approve' or 'plan -o' makes it; if there should be one, restore it or correct the config before you go on.
    --- exit 7
    ");
    let said = bench.run("doctor gitea").exits(7);
    assert_snapshot!(said.transcript(), @r"
    config [folder]/formulary.yaml
      ✓ no ledger yet: the first apply, approve or plan -o makes it

    gitea http://[host]/wrong (Gitea)
      ✗ read Gitea's version: Unable to find matching target resource method
        check the URL: this is not an answer of Gitea
    --- exit 7
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_is_wrong() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.secret("gitea.secret", "not-the-token");
    let said = bench.run("plan --dir repo").exits(7);
    assert_snapshot!(said.transcript(), @r"
    Two-way: without a ledger, what is wanted is compared with what is there alone. Nobody knows what is
      ours, so nothing is removed.

    keycloak
      + group/acme users/acme/organisation.yaml:1
      + group/acme/core users/acme/core.yaml:1
      + user/alice users/acme/alice.yaml:1
          email: alice@acme.example · email_verified: true · enabled: true · first_name: Alice ·
            first_sign_in: none · last_name: Jones
      + membership/acme/ alice, bob
      + membership/acme/core/alice users/acme/alice.yaml:9
      + user/bob users/acme/bob.yaml:1
          email: bob@acme.example · email_verified: true · enabled: true · first_name: Bob ·
            first_sign_in: none · last_name: Jones

    left as it is (8)
      unknown 8 resources of gitea could not be read; -v lists them

    warning: gitea: 5 lists were not read whole; nothing in it is removed or made: read Gitea's version:
      invalid username, password or token (the token is wrong, revoked or missing; mint one as 'doctor'
      shows)

    Plan: 7 to create · 0 in sync · about 14 calls
    This plan is for reading: it cannot be applied.
    revision [digest] · digest [digest]
    --- stderr
    There is no ledger at [folder]/state/ledger.db. The first 'formulary apply', 'approve' or 'plan -o' makes it; if there should be one, restore it or correct the config before you go on.
    --- exit 7
    ");
    bench.run("apply --dir repo").exits(7).says(&["done"]);
    let said = bench.run("doctor gitea").exits(7);
    assert_snapshot!(said.transcript(), @r"
    config [folder]/formulary.yaml
      ✓ ledger [uuid]

    gitea http://[host]/ (Gitea)
      ✗ read Gitea's version: invalid username, password or token
        the token is wrong, revoked or missing; mint one as 'doctor' shows
    --- exit 7
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_is_not_there() {
    let bench = Bench::small().await;
    bench.mono_repo();
    std::fs::remove_file(bench.path("keycloak.secret")).unwrap();
    bench.run("plan --dir repo").exits(7).says(&["cannot read the secret", "file:keycloak.secret"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_is_down() {
    let bench = Bench::small().await;
    bench.mono_repo();
    let config = bench.config("enforce").replace(&bench.base("gitea"), "http://127.0.0.1:9");
    bench.write("formulary.yaml", &config);
    let said = bench.run("plan --dir repo").exits(7);
    assert_snapshot!(said.transcript(), @r"
    Two-way: without a ledger, what is wanted is compared with what is there alone. Nobody knows what is
      ours, so nothing is removed.

    keycloak
      + group/acme users/acme/organisation.yaml:1
      + group/acme/core users/acme/core.yaml:1
      + user/alice users/acme/alice.yaml:1
          email: alice@acme.example · email_verified: true · enabled: true · first_name: Alice ·
            first_sign_in: none · last_name: Jones
      + membership/acme/ alice, bob
      + membership/acme/core/alice users/acme/alice.yaml:9
      + user/bob users/acme/bob.yaml:1
          email: bob@acme.example · email_verified: true · enabled: true · first_name: Bob ·
            first_sign_in: none · last_name: Jones

    left as it is (8)
      unknown 8 resources of gitea could not be read; -v lists them

    warning: gitea: 5 lists were not read whole; nothing in it is removed or made: read Gitea's version:
      cannot connect to http://[host]/: Connection refused (os error 111) (check that the service
      runs and that the URL, the port and the certificates are right)

    Plan: 7 to create · 0 in sync · about 14 calls
    This plan is for reading: it cannot be applied.
    revision [digest] · digest [digest]
    --- stderr
    There is no ledger at [folder]/state/ledger.db. The first 'formulary apply', 'approve' or 'plan -o' makes it; if there should be one, restore it or correct the config before you go on.
    --- exit 7
    ");
    // The other service is served all the same.
    bench.run("apply --dir repo").exits(7).says(&["create keycloak:user/alice"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_answers_html() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.sandbox.service("gitea").unwrap().arm(Fault::new(Defect::Html { status: 200 })).unwrap();
    let said = bench.run("plan --dir repo").exits(7);
    assert_snapshot!(said.transcript(), @r"
    Two-way: without a ledger, what is wanted is compared with what is there alone. Nobody knows what is
      ours, so nothing is removed.

    keycloak
      + group/acme users/acme/organisation.yaml:1
      + group/acme/core users/acme/core.yaml:1
      + user/alice users/acme/alice.yaml:1
          email: alice@acme.example · email_verified: true · enabled: true · first_name: Alice ·
            first_sign_in: none · last_name: Jones
      + membership/acme/ alice, bob
      + membership/acme/core/alice users/acme/alice.yaml:9
      + user/bob users/acme/bob.yaml:1
          email: bob@acme.example · email_verified: true · enabled: true · first_name: Bob ·
            first_sign_in: none · last_name: Jones

    left as it is (8)
      unknown 8 resources of gitea could not be read; -v lists them

    warning: gitea: 5 lists were not read whole; nothing in it is removed or made: read Gitea's version:
      the answer is 'text/html; charset=utf-8', and Gitea's are JSON (check the URL: a proxy, a sign-in
      page or another service may answer there)

    Plan: 7 to create · 0 in sync · about 14 calls
    This plan is for reading: it cannot be applied.
    revision [digest] · digest [digest]
    --- stderr
    There is no ledger at [folder]/state/ledger.db. The first 'formulary apply', 'approve' or 'plan -o' makes it; if there should be one, restore it or correct the config before you go on.
    --- exit 7
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_only_reads() {
    let bench = Bench::small().await;
    bench.mono_repo();
    bench.secret("gitea.secret", &read_only_token(&bench).await);
    let said = bench.run("doctor gitea").exits(4);
    assert_snapshot!(said.transcript(), @r"
    config [folder]/formulary.yaml
      ✓ no ledger yet: the first apply, approve or plan -o makes it

    gitea http://[host]/ (Gitea)
      ✓ reachable, 1.27.0
      ✗ write:admin: accounts: list, create, edit, rename; organisations: list; repositories for others
        on the server: gitea admin user generate-access-token --username reader --token-name formulary
          --raw --scopes write:admin,write:organization,write:repository,read:user
      ✗ write:organization: organisations, teams and their people
        on the server: gitea admin user generate-access-token --username reader --token-name formulary
          --raw --scopes write:admin,write:organization,write:repository,read:user
      ✗ write:repository: repositories, protected branches, hooks and topics
        on the server: gitea admin user generate-access-token --username reader --token-name formulary
          --raw --scopes write:admin,write:organization,write:repository,read:user
      ✓ read:user: looking at one account by name or by number
      ✓ site administrator: seeing everything: to others Gitea leaves out what they may not see, and
        says 200
      ✓ Gitea 1.27.0
      ✗ whether sign-in source 1 exists could not be told: token does not have at least one of required
        scope(s), required=[write:admin], token
        scope=read:admin,read:organization,read:repository,read:user
        grant what is missing above, then ask again
    --- exit 4
    ");
    bench.run("apply --dir repo").exits(8).says(&[
        "/15 create gitea:organization/acme",
        "mint a token that has",
        "write:organization too;",
        "Applied: 7 done · 3 failed · 5 held by those",
    ]);
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
