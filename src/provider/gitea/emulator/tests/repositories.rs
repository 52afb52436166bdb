//! Repositories: who may do what, and what hangs on them.

use serde_json::{Value, json};

use super::client::Client;

#[tokio::test]
async fn a_level_is_what_ownership_teams_and_collaboration_add_up_to() {
    let admin = Client::admin();
    admin.add_org("acme").await;
    for name in ["alice", "bob", "lead"] {
        admin.add_user(name).await;
    }
    admin.add_repo("acme", "r", true).await;
    let level = async |name: &str| {
        let path = format!("/repos/acme/r/collaborators/{name}/permission");
        admin.get(&path).await.body["permission"].as_str().expect("a level").to_owned()
    };
    assert_eq!(level("alice").await, "none");
    assert_eq!(admin.user("alice").get("/repos/acme/r").await.status, 404);
    admin.put("/repos/acme/r/collaborators/alice", json!({"permission": "read"})).await;
    assert_eq!(level("alice").await, "read");
    assert_eq!(admin.user("alice").get("/repos/acme/r").await.body["permissions"]["push"], false);
    // A team below admin grants its units and no level on the repository as such.
    let team = admin.add_team("acme", "dev", "write").await;
    admin.put(&format!("/teams/{team}/members/bob"), json!({})).await;
    admin.put(&format!("/teams/{team}/repos/acme/r"), json!({})).await;
    assert_eq!(level("bob").await, "none");
    let seen = admin.user("bob").get("/repos/acme/r").await.body;
    assert_eq!(seen["permissions"], json!({"admin": false, "push": true, "pull": true}));
    let leads =
        admin.post("/orgs/acme/teams", json!({"name": "leads", "permission": "admin"})).await.body["id"].clone();
    admin.put(&format!("/teams/{leads}/members/lead"), json!({})).await;
    admin.put(&format!("/teams/{leads}/repos/acme/r"), json!({})).await;
    assert_eq!(level("lead").await, "owner");
    let refused = admin.user("lead").delete("/repos/acme/r").await;
    assert_eq!((refused.status, refused.message()), (403, "Given user is not owner of organization."));
}

#[tokio::test]
async fn collaborators_are_taken_without_question_but_for_inactive_ones() {
    let admin = Client::admin();
    admin.add_org("acme").await;
    admin.add_user("alice").await;
    admin.add_user("bob").await;
    admin.add_repo("alice", "r", true).await;
    let put = async |name: &str, level: Value| admin.put(&format!("/repos/alice/r/collaborators/{name}"), level).await;
    assert_eq!(put("acme", json!({"permission": "read"})).await.status, 204);
    assert_eq!(put("alice", json!({})).await.status, 204);
    assert_eq!(put("nobody", json!({})).await.message(), "user does not exist [uid: 0, name: nobody]");
    let odd = put("bob", json!({"permission": "owner"})).await;
    assert_eq!((odd.status, odd.message()), (500, "Invalid access mode"));
    admin.patch("/admin/users/bob", json!({"login_name": "bob", "active": false})).await;
    assert_eq!(put("bob", json!({})).await.message(), "collaborator's account is inactive");
    assert_eq!(admin.get("/repos/alice/r/collaborators").await.each("login"), ["acme", "alice"]);
}

#[tokio::test]
async fn one_bad_topic_changes_nothing() {
    let admin = Client::admin();
    admin.add_repo("gitea-admin", "r", false).await;
    let topics = "/repos/gitea-admin/r/topics";
    assert_eq!(admin.put(topics, json!({"topics": ["Rust", "rust", "b"]})).await.status, 204);
    let refused = admin.put(topics, json!({"topics": ["fine", "-bad"]})).await;
    assert_eq!((refused.status, &refused.body["invalidTopics"]), (422, &json!(["-bad"])));
    assert_eq!(admin.get("/repos/gitea-admin/r").await.body["topics"], json!(["b", "rust"]));
    assert_eq!(admin.delete(&format!("{topics}/absent")).await.status, 404);
    assert_eq!(admin.get("/repos/search?topic=true&q=rust").await.each("name"), ["r"]);
}

#[tokio::test]
async fn an_archived_repository_refuses_files_and_takes_settings() {
    let admin = Client::admin();
    admin.add_repo("gitea-admin", "r", false).await;
    let repo = "/repos/gitea-admin/r";
    admin.patch(repo, json!({"archived": true})).await;
    assert_eq!(admin.post(&format!("{repo}/contents/a"), json!({"content": ""})).await.status, 423);
    assert_eq!(admin.post(&format!("{repo}/branch_protections"), json!({"rule_name": "x"})).await.status, 423);
    assert_eq!(admin.put(&format!("{repo}/topics"), json!({"topics": ["a"]})).await.status, 204);
    assert_eq!(admin.patch(repo, json!({"description": "still"})).await.body["description"], "still");
    assert_eq!(admin.patch(repo, json!({"archived": false})).await.body["archived"], false);
}

#[tokio::test]
async fn names_lead_on_after_renames_and_transfers() {
    let admin = Client::admin();
    admin.add_user("alice").await;
    admin.add_repo("gitea-admin", "r", false).await;
    admin.patch("/repos/gitea-admin/r", json!({"name": "s"})).await;
    assert_eq!(admin.post("/repos/gitea-admin/s/transfer", json!({"new_owner": "alice"})).await.status, 202);
    let moved = admin.get("/repos/gitea-admin/r/topics").await;
    assert_eq!((moved.status, moved.header("location")), (301, "/api/v1/repos/alice/s/topics"));
    admin.add_repo("gitea-admin", "r", false).await;
    assert_eq!(admin.get("/repos/gitea-admin/r").await.status, 200);
    let taken = admin.post("/admin/users/alice/repos", json!({"name": "S"})).await;
    assert_eq!((taken.status, taken.message()), (409, "The repository with the same name already exists."));
}

#[tokio::test]
async fn a_whitelist_drops_those_who_cannot_write_and_rules_bind_admins() {
    let admin = Client::admin();
    admin.add_user("alice").await;
    admin.add_repo("gitea-admin", "r", false).await;
    let rules = "/repos/gitea-admin/r/branch_protections";
    let body = json!({"rule_name": "main", "enable_push": true, "enable_push_whitelist": true, "push_whitelist_usernames": ["alice"]});
    assert_eq!(admin.post(rules, body.clone()).await.body["push_whitelist_usernames"], json!([]));
    assert_eq!(admin.post(rules, body).await.message(), "Branch protection already exist");
    let commit = json!({"content": "eA==", "branch": "main"});
    let refused = admin.post("/repos/gitea-admin/r/contents/a", commit.clone()).await;
    assert_eq!((refused.status, refused.message()), (403, "user cannot commit to repo [user: gitea-admin]"));
    admin.put("/repos/gitea-admin/r/collaborators/alice", json!({"permission": "write"})).await;
    let rule = format!("{rules}/main");
    let kept = admin.patch(&rule, json!({"push_whitelist_usernames": ["alice"]})).await.body;
    assert_eq!(kept["push_whitelist_usernames"], json!(["alice"]));
    assert_eq!(admin.user("alice").post("/repos/gitea-admin/r/contents/a", commit).await.status, 201);
    let off = admin.patch(&rule, json!({"enable_push": false})).await.body;
    assert_eq!((&off["enable_push_whitelist"], &off["push_whitelist_usernames"]), (&json!(false), &json!(["alice"])));
}

#[tokio::test]
async fn an_edited_hook_forgets_what_is_left_out_and_never_shows_its_secret() {
    let admin = Client::admin();
    admin.add_repo("gitea-admin", "r", false).await;
    let hooks = "/repos/gitea-admin/r/hooks";
    let config = json!({"url": "http://receiver.example/x", "content_type": "json", "secret": "s"});
    let body = json!({"type": "gitea", "config": config, "events": ["pull_request", "odd"], "branch_filter": "main", "active": true});
    let hook = admin.post(hooks, body).await.body;
    assert_eq!(hook["events"].as_array().expect("events").len(), 8);
    assert_eq!(hook["config"], json!({"content_type": "json", "url": "http://receiver.example/x"}));
    let edited = admin.patch(&format!("{hooks}/{}", hook["id"]), json!({})).await.body;
    assert_eq!((&edited["events"], &edited["branch_filter"]), (&json!(["push"]), &json!("")));
    assert_eq!((&edited["active"], &edited["config"]["url"]), (&json!(true), &json!("http://receiver.example/x")));
}

#[tokio::test]
async fn a_batch_writes_all_files_or_none() {
    let admin = Client::admin();
    admin.add_repo("gitea-admin", "r", false).await;
    let contents = "/repos/gitea-admin/r/contents";
    let create = json!({"operation": "create", "path": "a/b", "content": "eA=="});
    let bad = json!({"operation": "update", "path": "absent", "content": "eA=="});
    assert_eq!(admin.post(contents, json!({"files": [create, bad]})).await.status, 404);
    assert_eq!(admin.get(&format!("{contents}/a/b")).await.status, 404);
    assert_eq!(admin.post(contents, json!({"files": [create], "new_branch": "side"})).await.status, 201);
    assert_eq!(admin.get(&format!("{contents}/a/b?ref=side")).await.body["content"], "eA==");
    let stale = admin
        .send(
            "DELETE",
            &format!("{contents}/README.md"),
            &[("content-type", "application/json")],
            Some("{\"sha\":\"00\"}"),
        )
        .await;
    assert!(stale.message().starts_with("sha does not match [given: 00, expected: "), "{}", stale.message());
}

#[tokio::test]
async fn the_newest_report_of_each_context_counts_and_only_those_of_the_page() {
    let admin = Client::admin();
    admin.add_repo("gitea-admin", "r", false).await;
    let report = async |context: &str, state: &str| {
        let body = json!({"context": context, "state": state});
        assert_eq!(admin.post("/repos/gitea-admin/r/statuses/main", body).await.status, 201);
    };
    let combined = "/repos/gitea-admin/r/commits/main/status";
    assert_eq!(admin.get(combined).await.body["statuses"], Value::Null);
    report("plan", "failure").await;
    report("plan", "success").await;
    assert_eq!(admin.get(combined).await.body["state"], "success");
    report("lint", "warning").await;
    assert_eq!(admin.get(combined).await.body["state"], "failure");
    let second = admin.get(&format!("{combined}?limit=1&page=2")).await;
    assert_eq!((second.body["state"].as_str(), second.header("x-total-count")), (Some("success"), "2"));
}

#[tokio::test]
async fn what_one_may_not_see_is_left_out_of_totals() {
    let admin = Client::admin();
    admin.add_user("bob").await;
    admin.post("/orgs", json!({"username": "hidden", "visibility": "private"})).await;
    admin.add_repo("hidden", "open", false).await;
    admin.add_repo("gitea-admin", "secret", true).await;
    admin.add_repo("gitea-admin", "plain", false).await;
    assert_eq!(admin.get("/repos/search").await.header("x-total-count"), "3");
    assert_eq!(admin.user("bob").get("/repos/search").await.each("name"), ["plain"]);
}
