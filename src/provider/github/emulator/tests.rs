//! Rules that no recording shows: the tokens of Apps, what is seen and allowed, limits, tags, rules of branches.

#![allow(clippy::unwrap_used)]

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::provider::emulator::Emulator;
use crate::runtime::sys::MovableClock;

/// An answer: status, headers by name, body.
struct Met {
    status: u16,
    headers: axum::http::HeaderMap,
    body: Value,
}

impl Met {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

struct Stage {
    clock: Arc<MovableClock>,
    github: Arc<GitHub>,
}

impl Stage {
    fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let clock = Arc::new(MovableClock::default());
        let mut settings = Settings::default();
        change(&mut settings);
        Self { github: GitHub::with_settings(clock.clone(), settings), clock }
    }

    fn header(&self, holder: &str) -> String {
        self.github.credentials()[holder]["Authorization"].clone()
    }

    async fn call(&self, authorization: &str, method: Method, path: &str, body: Value) -> Met {
        self.call_with(authorization, method, path, body, &[]).await
    }

    async fn call_with(
        &self,
        authorization: &str,
        method: Method,
        path: &str,
        body: Value,
        headers: &[(&str, &str)],
    ) -> Met {
        let mut request =
            Request::builder().method(method).uri(path).header("host", "github.test").header("user-agent", "t");
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let answer = self.github.clone().router().oneshot(request.body(body).unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        let bytes = to_bytes(body, 1 << 24).await.unwrap();
        Met {
            status: head.status.as_u16(),
            headers: head.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    async fn get(&self, authorization: &str, path: &str) -> Met {
        self.call(authorization, Method::GET, path, Value::Null).await
    }

    /// A new token of our App at its organisation.
    async fn token(&self, body: Value) -> Met {
        let app = self.header("app");
        let id = self.get(&app, "/orgs/acme-corp/installation").await.body["id"].clone();
        self.call(&app, Method::POST, &format!("/app/installations/{id}/access_tokens"), body).await
    }

    async fn bearer(&self, body: Value) -> String {
        let met = self.token(body).await;
        assert_eq!(met.status, 201, "{}", met.body);
        format!("Bearer {}", met.body["token"].as_str().unwrap())
    }
}

fn signed(issuer: Value, issued: i64, ends: i64) -> String {
    let now = chrono::Utc::now().timestamp();
    format!("Bearer {}", keys::sign(&json!({ "iss": issuer, "iat": now + issued, "exp": now + ends })))
}

#[tokio::test]
async fn a_signed_token_is_looked_at_from_all_sides() {
    let stage = Stage::new(|_| {});
    for (token, status, words) in [
        (signed(json!("1001"), -60, 540), 200, ""),
        (signed(json!(1001), -60, 540), 200, ""),
        (signed(json!("Iv23liFormularySandbox"), -60, 540), 200, ""),
        (signed(json!("1001"), 30, 540), 401, "'Issued at' claim"),
        (signed(json!("1001"), -60, 700), 401, "too far in the future"),
        (signed(json!("1001"), -600, -1), 401, "must be a numeric value representing the future time"),
        (signed(json!("7"), -60, 540), 404, "Integration not found"),
        (signed(json!("1001"), -60, 540).replace("Bearer", "token"), 401, "could not be decoded"),
        (format!("{}x", signed(json!("1001"), -60, 540)), 401, "could not be decoded"),
        (stage.header("admin"), 401, "could not be decoded"),
        (String::new(), 401, "could not be decoded"),
    ] {
        let met = stage.get(&token, "/app").await;
        assert_eq!(met.status, status, "{}", met.body);
        assert!(met.message().contains(words), "{}", met.body);
    }
    assert_eq!(stage.get(&stage.header("app"), "/user").await.message(), "Bad credentials");
}

#[tokio::test]
async fn a_token_of_an_installation_holds_what_was_asked_for_and_no_more() {
    let stage = Stage::new(|_| {});
    let narrow = stage.token(json!({ "permissions": { "contents": "read" } })).await;
    assert_eq!(narrow.body["permissions"], json!({ "contents": "read", "metadata": "read" }));
    assert!(narrow.body["token"].as_str().unwrap().len() > 200);
    assert_eq!(stage.token(json!({ "permissions": { "contents": "write" } })).await.status, 422);
    assert_eq!(stage.token(json!({ "repositories": ["missing"] })).await.status, 422);
    let one = stage.token(json!({ "repositories": ["platform"] })).await;
    assert_eq!(
        (&one.body["repository_selection"], one.body["repositories"].as_array().map(Vec::len)),
        (&json!("selected"), Some(1))
    );

    let token = stage.bearer(json!({ "permissions": { "contents": "read" } })).await;
    let platform = "/repos/acme-corp/platform";
    assert_eq!(stage.get(&token, &format!("{platform}/contents/README.md")).await.status, 200);
    let hooks = stage.get(&token, &format!("{platform}/hooks")).await;
    assert_eq!((hooks.status, hooks.message()), (403, "Resource not accessible by integration"));
    assert_eq!(hooks.header("x-accepted-github-permissions"), "repository_hooks=read");
    stage.clock.advance(chrono::Duration::minutes(61));
    assert_eq!(stage.get(&token, platform).await.status, 401);
}

#[tokio::test]
async fn a_suspended_app_is_refused_and_one_that_is_gone_is_not_known() {
    let stage = Stage::new(|_| {});
    let token = stage.bearer(json!({})).await;
    stage.github.suspend("formulary", "acme-corp", Some("alice"));
    assert_eq!(stage.token(json!({})).await.message(), "This installation has been suspended");
    assert_eq!(stage.get(&token, "/installation/repositories").await.status, 403);
    let app = stage.header("app");
    assert!(stage.get(&app, "/app/installations").await.body[0]["suspended_at"].is_string());
    stage.github.uninstall("formulary", "acme-corp");
    assert_eq!(stage.get(&app, "/orgs/acme-corp/installation").await.status, 404);
    assert_eq!(stage.get(&token, "/installation/repositories").await.status, 401);
}

#[tokio::test]
async fn a_new_token_may_be_refused_for_some_seconds() {
    let stage = Stage::new(|settings| settings.early_refusal = 5);
    let token = stage.bearer(json!({})).await;
    assert_eq!(stage.get(&token, "/installation/repositories").await.status, 401);
    stage.clock.advance(chrono::Duration::seconds(6));
    assert_eq!(stage.get(&token, "/installation/repositories").await.status, 200);
}

#[tokio::test]
async fn the_private_is_not_there_for_strangers() {
    let stage = Stage::new(|_| {});
    let met = stage.get("", "/repos/acme-corp/platform").await;
    assert_eq!((met.status, met.body["status"].as_str()), (404, Some("404")));
    assert_eq!(stage.get("Bearer rubbish", "/users/alice").await.message(), "Bad credentials");
    assert_eq!(stage.get("", "/users/alice").await.status, 200);
}

#[tokio::test]
async fn an_enterprise_server_lies_elsewhere_and_knows_no_limits() {
    let stage = Stage::new(|settings| *settings = Settings::enterprise_server());
    let app = stage.header("app");
    let met = stage.get(&app, "/api/v3/app").await;
    assert_eq!(met.body["html_url"], "http://github.test/github-apps/formulary");
    assert_eq!((met.header("x-ratelimit-limit"), met.header("x-github-enterprise-version")), ("", "3.19.2"));
    assert_eq!(stage.get(&app, "/app").await.status, 404);
    assert_eq!(stage.get(&stage.header("admin"), "/api/v3/rate_limit").await.status, 404);
    assert_eq!(stage.get("", "/api/v3/users/alice").await.status, 401);
}

#[tokio::test]
async fn what_is_known_already_costs_nothing_and_a_commit_is_its_own_tag() {
    let stage = Stage::new(|_| {});
    let admin = stage.header("admin");
    let path = "/repos/acme-corp/platform/commits/main";
    let sha = ("accept", "application/vnd.github.sha");
    let first = stage.call_with(&admin, Method::GET, path, Value::Null, &[sha]).await;
    let (tag, left) = (first.header("etag").to_owned(), first.header("x-ratelimit-remaining").to_owned());
    let head = stage.github.history("acme-corp/platform", "main")[0].0.clone();
    assert_eq!(tag, format!("W/\"{head}\""));
    let again = stage.call_with(&admin, Method::GET, path, Value::Null, &[sha, ("if-none-match", &tag)]).await;
    assert_eq!((again.status, again.header("x-ratelimit-remaining")), (304, left.as_str()));
    // What is made of the answer changes with who asks.
    let (one, other) = (stage.get(&admin, "/users/bob").await, stage.get("", "/users/bob").await);
    assert_ne!(one.header("etag"), other.header("etag"));
}

#[tokio::test]
async fn limits_end_calls_and_making_things() {
    let limits = Limits { hourly: 3, content_a_minute: 1, ..Limits::default() };
    let stage = Stage::new(|settings| settings.limits = Some(limits));
    let admin = stage.header("admin");
    let status = |body: &str| json!({ "state": "success", "context": body });
    let head = stage.github.history("acme-corp/platform", "main")[0].0.clone();
    let path = format!("/repos/acme-corp/platform/statuses/{head}");
    assert_eq!(stage.call(&admin, Method::POST, &path, status("a")).await.status, 201);
    let met = stage.call(&admin, Method::POST, &path, status("b")).await;
    assert_eq!(
        (met.status, met.header("retry-after").is_empty(), met.header("x-ratelimit-remaining")),
        (403, false, "1")
    );
    assert!(met.message().contains("secondary rate limit"));
    stage.get(&admin, "/user").await;
    let met = stage.get(&admin, "/user").await;
    assert_eq!((met.status, met.header("x-ratelimit-remaining")), (403, "0"));
    assert!(met.message().starts_with("API rate limit exceeded"));
    assert_eq!(stage.get(&admin, "/rate_limit").await.body["resources"]["core"]["remaining"], 0);
}

#[tokio::test]
async fn rules_of_a_branch_refuse_every_way_of_writing() {
    let stage = Stage::new(|settings| {
        settings.scene.repositories[0].rulesets = vec![Ruleset {
            id: 7,
            name: "main".to_owned(),
            include: vec!["~DEFAULT_BRANCH".to_owned()],
            rules: vec![json!({ "type": "pull_request" })],
            bypass: std::collections::BTreeSet::new(),
            of_organization: false,
        }];
    });
    let admin = stage.header("admin");
    let base = "/repos/acme-corp/platform";
    assert_eq!(stage.get(&admin, &format!("{base}/rules/branches/main")).await.body[0]["type"], "pull_request");
    let file = json!({ "message": "a", "content": "YQ==" });
    let met = stage.call(&admin, Method::PUT, &format!("{base}/contents/a"), file.clone()).await;
    assert_eq!(met.status, 409);
    assert!(met.message().contains("Changes must be made through a pull request."));
    let head = stage.github.history("acme-corp/platform", "main")[0].0.clone();
    let query =
        "mutation ($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid url } } }";
    let input = |head: &str, branch: &str| {
        json!({ "query": query, "variables": { "input": {
        "branch": { "repositoryNameWithOwner": "acme-corp/platform", "branchName": branch }, "expectedHeadOid": head,
        "message": { "headline": "a" }, "fileChanges": { "additions": [{ "path": "a", "contents": "YQ==" }] } } } })
    };
    let met = stage.call(&admin, Method::POST, "/graphql", input(&head, "main")).await;
    assert!(met.body["errors"][0]["message"].as_str().unwrap().contains("rule violations"), "{}", met.body);
    // Another branch may be made and written to, and only from where it stands.
    let made = stage
        .call(&admin, Method::POST, &format!("{base}/git/refs"), json!({ "ref": "refs/heads/b", "sha": head }))
        .await;
    assert_eq!(made.status, 201);
    let met = stage.call(&admin, Method::POST, "/graphql", input(&head, "b")).await;
    assert!(met.body["data"]["createCommitOnBranch"]["commit"]["oid"].is_string(), "{}", met.body);
    let met = stage.call(&admin, Method::POST, "/graphql", input(&head, "b")).await;
    assert_eq!(met.body["errors"][0]["type"], "STALE_DATA");
}

#[tokio::test]
async fn a_file_is_written_only_by_who_knows_it() {
    let stage = Stage::new(|_| {});
    let admin = stage.header("admin");
    let path = "/repos/acme-corp/platform/contents/README.md";
    let put = async |body: Value| stage.call(&admin, Method::PUT, path, body).await;
    let met = put(json!({ "message": "a", "content": "YQ==" })).await;
    assert_eq!((met.status, met.message()), (422, "Invalid request.\n\n\"sha\" wasn't supplied."));
    let wrong = "0".repeat(40);
    let met = put(json!({ "message": "a", "content": "YQ==", "sha": wrong })).await;
    assert_eq!((met.status, met.message().to_owned()), (409, format!("README.md does not match {wrong}")));
    assert_eq!(put(json!({ "message": "a", "content": "YQ==", "branch": "missing" })).await.status, 404);
    assert_eq!(put(json!({ "message": "a", "content": "*" })).await.status, 422);
}

#[tokio::test]
async fn what_is_not_modelled_says_so_and_a_slash_too_much_leads_nowhere() {
    let stage = Stage::new(|_| {});
    let admin = stage.header("admin");
    let met = stage.get(&admin, "/repos/acme-corp/platform/actions/runs").await;
    assert_eq!((met.status, met.header("x-sandbox")), (501, "not-modelled"));
    assert_eq!(stage.get(&admin, "/users/alice/").await.status, 404);
    let met =
        stage.call_with(&admin, Method::GET, "/user", Value::Null, &[("x-github-api-version", "1999-01-01")]).await;
    assert_eq!(met.status, 400);
}

#[tokio::test]
async fn a_fork_shares_objects_and_leaves_its_pull_requests_behind() {
    let stage = Stage::new(|settings| {
        settings.scene.accounts.push(AccountScene { login: "mallory".to_owned(), ..AccountScene::default() });
        settings.scene.repositories[0].private = false;
        settings.scene.repositories.push(RepositoryScene {
            name: "mallory/platform".to_owned(),
            fork_of: Some("acme-corp/platform".to_owned()),
            commits: vec![CommitScene {
                branch: Some("evil".to_owned()),
                message: "evil".to_owned(),
                files: [("a".to_owned(), Some("a\n".to_owned()))].into(),
                ..CommitScene::default()
            }],
            ..RepositoryScene::default()
        });
    });
    let admin = stage.header("admin");
    let base = "/repos/acme-corp/platform";
    let head = stage.github.history("mallory/platform", "evil")[0].0.clone();
    // A commit of a fork is found under our name: that it is there proves nothing.
    assert_eq!(stage.get(&admin, &format!("{base}/commits/{head}")).await.status, 200);
    let body = json!({ "head": "mallory:evil", "base": "main", "title": "evil" });
    let made = stage.call(&admin, Method::POST, &format!("{base}/pulls"), body).await;
    assert_eq!((made.status, &made.body["head"]["repo"]["full_name"]), (201, &json!("mallory/platform")));
    let path = format!("{base}/pulls/{}", made.body["number"]);
    assert_eq!(stage.get(&admin, &path).await.body["mergeable"], Value::Null);
    stage.clock.advance(chrono::Duration::seconds(2));
    assert_eq!(stage.get(&admin, &path).await.body["mergeable"], true);
    let pulled = stage.get(&admin, &format!("{base}/git/ref/pull/{}/head", made.body["number"])).await;
    assert_eq!(pulled.body["object"]["sha"], json!(head));
    stage.github.delete_repository("mallory/platform");
    let left = stage.get(&admin, &path).await;
    assert_eq!((&left.body["head"]["repo"], &left.body["head"]["sha"]), (&Value::Null, &json!(head)));
}

#[tokio::test]
async fn a_person_does_no_more_than_the_scopes_of_the_token_say() {
    let stage = Stage::new(|settings| {
        let of = TokenOf::Classic { user: "alice".to_owned(), scopes: vec!["public_repo".to_owned()] };
        settings.scene.tokens.push(TokenScene { holder: "narrow".to_owned(), of, ..TokenScene::default() });
        let permissions = Permissions::of(&[("contents", Level::Read), ("checks", Level::Write)]);
        let (user, owner) = ("alice".to_owned(), "acme-corp".to_owned());
        let of = TokenOf::FineGrained { user, owner, repositories: None, permissions };
        settings.scene.tokens.push(TokenScene { holder: "fine".to_owned(), of, ..TokenScene::default() });
    });
    let (narrow, fine) = (stage.header("narrow"), stage.header("fine"));
    let base = "/repos/acme-corp/platform";
    assert_eq!(stage.get(&narrow, base).await.status, 404);
    assert_eq!(stage.get(&narrow, "/orgs/acme-corp/members/bob").await.status, 302);
    assert_eq!(stage.get(&fine, &format!("{base}/contents/README.md")).await.status, 200);
    let met = stage.get(&fine, &format!("{base}/pulls")).await;
    assert_eq!((met.status, met.message()), (403, "Resource not accessible by personal access token"));
    // Checks are for Apps alone, whatever a token of a person says.
    assert_eq!(stage.get(&fine, &format!("{base}/commits/main/check-runs")).await.status, 403);
    let body = json!({ "name": "a", "head_sha": stage.github.history("acme-corp/platform", "main")[0].0 });
    let met = stage.call(&stage.header("admin"), Method::POST, &format!("{base}/check-runs"), body).await;
    assert_eq!((met.status, met.message()), (403, "You must authenticate via a GitHub App."));
}

/// What a receiver on this machine is sent: signed over the bytes of the body, and again under the same id.
#[tokio::test]
async fn a_webhook_is_signed_and_sent_again_under_its_id() {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let app = Router::new().fallback(move |request: axum::extract::Request| {
        let sender = sender.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = to_bytes(body, 1 << 20).await.unwrap();
            sender.send((head.headers, body)).unwrap();
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let stage = Stage::new(|_| {});
    let admin = stage.header("admin");
    let hooks = "/repos/acme-corp/platform/hooks";
    let body = json!({ "config": { "url": url, "content_type": "json", "secret": "s" }, "events": ["push"] });
    let hook = stage.call(&admin, Method::POST, hooks, body.clone()).await;
    assert_eq!((hook.status, &hook.body["config"]["secret"]), (201, &json!("********")));
    assert_eq!(stage.call(&admin, Method::POST, hooks, body).await.status, 422);
    let (headers, body) = receiver.recv().await.unwrap();
    assert_eq!(headers["x-github-event"], "ping");
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"s");
    let tag: String = aws_lc_rs::hmac::sign(&key, &body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(headers["x-hub-signature-256"].to_str().unwrap(), format!("sha256={tag}"));
    let log = format!("{hooks}/{}/deliveries", hook.body["id"]);
    let id = stage.get(&admin, &log).await.body[0]["id"].clone();
    let again = stage.call(&admin, Method::POST, &format!("{log}/{id}/attempts"), Value::Null).await;
    assert_eq!(again.status, 202);
    let (second, same) = receiver.recv().await.unwrap();
    assert_eq!((&second["x-github-delivery"], same), (&headers["x-github-delivery"], body));
}
