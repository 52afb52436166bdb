//! What every operation shares: credentials, scopes, bodies, pages, unknown routes, speed.

use std::time::{Duration, Instant};

use serde_json::json;

use super::client::Client;

#[tokio::test]
async fn scope_comes_before_rights_and_rights_before_existence() {
    let admin = Client::admin();
    admin.add_user("bob").await;
    let reader = admin.token("bob", &["read:user"]).await;
    let refused = reader.patch("/admin/users/nobody", json!({})).await;
    let text = "token does not have at least one of required scope(s), required=[write:admin], token scope=read:user";
    assert_eq!((refused.status, refused.message()), (403, text));
    assert_eq!(
        admin.user("bob").patch("/admin/users/nobody", json!({})).await.message(),
        "user should be the site admin"
    );
    assert_eq!(admin.patch("/admin/users/nobody", json!({})).await.status, 404, "the path is resolved before the body");
    assert_eq!(admin.anonymous().get("/admin/users").await.message(), "token is required");
}

#[tokio::test]
async fn two_categories_are_asked_together_or_one_after_the_other() {
    let admin = Client::admin();
    admin.add_user("bob").await;
    let reader = admin.token("bob", &["read:user"]).await;
    assert!(reader.get("/user/orgs").await.message().contains("required=[read:user read:organization]"));
    assert!(reader.get("/user/repos").await.message().contains("required=[read:repository]"));
    assert_eq!(reader.get("/version").await.status, 200);
}

#[tokio::test]
async fn bad_credentials_are_refused_even_where_none_are_needed() {
    let admin = Client::admin();
    assert_eq!(admin.with("token 00").get("/version").await.status, 401);
    assert_eq!(admin.with("Digest 00").get("/version").await.status, 200, "another scheme counts as none");
}

#[tokio::test]
async fn a_suspended_account_is_suspended_on_open_routes_too_and_its_token_revives() {
    let admin = Client::admin();
    admin.add_user("bob").await;
    let token = admin.token("bob", &["read:user"]).await;
    admin.patch("/admin/users/bob", json!({"login_name": "bob", "prohibit_login": true})).await;
    assert_eq!(token.get("/version").await.status, 403);
    assert_eq!(admin.user("bob").get("/user").await.status, 401);
    admin.patch("/admin/users/bob", json!({"login_name": "bob", "prohibit_login": false})).await;
    assert_eq!(token.get("/version").await.status, 200);
}

#[tokio::test]
async fn a_token_makes_no_tokens_and_one_that_sees_the_public_sees_no_more() {
    let admin = Client::admin();
    admin.add_user("bob").await;
    admin.add_repo("bob", "secret", true).await;
    assert_eq!(
        admin.post("/users/bob/tokens", json!({"name": "x", "scopes": ["all"]})).await.message(),
        "auth required"
    );
    let public = admin.token("bob", &["public-only", "read:repository"]).await;
    assert_eq!(public.get("/repos/bob/secret").await.status, 404);
    assert_eq!(public.get("/repos/search").await.header("x-total-count"), "0");
}

#[tokio::test]
async fn bodies_are_judged_as_go_judges_them() {
    let admin = Client::admin();
    let post = async |media_type: &str, body: &str| {
        let headers: &[(&str, &str)] = &[("content-type", media_type)];
        let headers = if media_type.is_empty() { &[] } else { headers };
        admin.send("POST", "/orgs", headers, Some(body)).await.message().to_owned()
    };
    assert_eq!(post("", "{}").await, "[]: Empty Content-Type");
    assert_eq!(post("text/plain", "{}").await, "[]: Unsupported Content-Type");
    let json = "application/json; charset=utf-8";
    assert_eq!(post(json, "").await, "[UserName]: Required");
    assert_eq!(post(json, "{\"username\":").await, "[]: unexpected EOF");
    assert_eq!(post(json, "{nonsense").await, "[]: invalid character 'n' looking for beginning of object key string");
    assert_eq!(
        post(json, "[]").await,
        "[]: json: cannot unmarshal array into Go value of type structs.CreateOrgOption"
    );
    let wrong = "[]: json: cannot unmarshal number into Go struct field CreateOrgOption.full_name of type string";
    assert_eq!(post(json, "{\"full_name\": 7}").await, wrong);
    assert_eq!(post(json, "{\"USERNAME\": null, \"UserName\": \"a..b\"}").await, "[UserName]: invalid username");
}

#[tokio::test]
async fn pages_are_clamped_and_a_page_past_the_end_links_back() {
    let admin = Client::admin();
    for number in 0..54 {
        admin.add_user(&format!("user{number:02}")).await;
    }
    let all = admin.get("/admin/users?limit=1000&q=user").await;
    assert_eq!((all.body.as_array().map(Vec::len), all.header("x-total-count")), (Some(50), "54"));
    let next = "<http://gitea.test:3000/api/v1/admin/users?limit=1000&page=2&q=user>; rel=\"next\",<http://gitea.test:3000/api/v1/admin/users?limit=1000&page=2&q=user>; rel=\"last\"";
    assert_eq!(all.header("link"), next);
    let past = admin.get("/admin/users?limit=20&page=9").await;
    assert_eq!(past.body, json!([]));
    assert!(
        past.header("link").contains("page=1>; rel=\"first\"") && past.header("link").contains("page=2>; rel=\"prev\"")
    );
    assert_eq!(admin.get("/admin/users?limit=x&page=0").await.body.as_array().map(Vec::len), Some(30));
}

#[tokio::test]
async fn unknown_routes_and_methods_are_told_from_what_is_not_imitated() {
    let admin = Client::admin();
    assert_eq!(admin.get("/no-such-route").await.status, 404);
    let method = admin.delete("/version").await;
    assert_eq!((method.status, method.header("allow")), (405, "GET"));
    let unmade = admin.get("/repos/a/b/languages").await;
    assert_eq!((unmade.status, unmade.header("x-sandbox")), (501, "not-modelled"));
}

#[tokio::test]
async fn sudo_acts_for_others_and_loses_their_missing_rights() {
    let admin = Client::admin();
    admin.add_user("bob").await;
    let as_bob = async |path: &str| admin.send("GET", path, &[("sudo", "BOB")], None).await;
    assert_eq!(as_bob("/user").await.body["login"], "bob");
    assert_eq!(as_bob("/admin/users").await.message(), "user should be the site admin");
    assert_eq!(admin.user("bob").send("GET", "/user", &[("sudo", "bob")], None).await.status, 403);
}

#[tokio::test]
async fn five_thousand_people_are_listed_fast() {
    let admin = Client::admin();
    for number in 0..5_000 {
        let body = json!({"username": format!("u{number}"), "email": format!("u{number}@a.example"), "source_id": 1});
        admin.post("/admin/users", body).await;
    }
    let start = Instant::now();
    let mut seen = 0;
    for page in 1..=101 {
        let listed = admin.get(&format!("/admin/users?limit=50&page={page}")).await;
        seen += listed.body.as_array().map_or(0, Vec::len);
    }
    assert_eq!(seen, 5_001);
    // Ten times what it takes on a slow machine without optimisation; a quadratic list takes minutes.
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}
