//! Organisations, teams and who belongs to them.

use serde_json::json;

use super::client::Client;

#[tokio::test]
async fn a_team_below_admin_has_no_level_but_its_units() {
    let admin = Client::admin();
    admin.add_org("acme").await;
    let id = admin.add_team("acme", "dev", "write").await;
    let team = admin.get(&format!("/teams/{id}")).await.body;
    assert_eq!(team["permission"], "none");
    assert_eq!(team["units_map"], json!({"repo.code": "write", "repo.pulls": "write"}));
    let bare = admin.post("/orgs/acme/teams", json!({"name": "bare", "permission": "write"})).await;
    assert_eq!((bare.status, bare.message()), (500, "units permission should not be empty"));
}

#[tokio::test]
async fn leaving_admin_without_a_map_leaves_every_unit_at_admin() {
    let admin = Client::admin();
    admin.add_org("acme").await;
    let team = admin.post("/orgs/acme/teams", json!({"name": "leads", "permission": "admin"})).await.body;
    let path = format!("/teams/{}", team["id"]);
    let edited = admin.patch(&path, json!({"permission": "write"})).await.body;
    assert_eq!((&edited["permission"], &edited["units_map"]["repo.code"]), (&json!("none"), &json!("admin")));
    assert_eq!(edited["units_map"]["repo.ext_wiki"], "read");
    let edited = admin.patch(&path, json!({"units": ["repo.code"]})).await.body;
    assert_eq!(edited["units_map"], json!({"repo.code": "none"}));
}

#[tokio::test]
async fn including_all_repositories_counts_only_beside_a_permission_and_leaves_them_attached() {
    let admin = Client::admin();
    admin.add_org("acme").await;
    admin.add_repo("acme", "one", false).await;
    let path = format!("/teams/{}", admin.add_team("acme", "dev", "write").await);
    let repos = format!("{path}/repos");
    admin.patch(&path, json!({"includes_all_repositories": true})).await;
    assert_eq!(admin.get(&repos).await.header("x-total-count"), "0");
    admin.patch(&path, json!({"permission": "write", "includes_all_repositories": true})).await;
    admin.add_repo("acme", "two", false).await;
    assert_eq!(admin.get(&repos).await.each("name"), ["one", "two"]);
    assert_eq!(admin.delete(&format!("{repos}/acme/one")).await.status, 204);
    assert_eq!(admin.get(&repos).await.each("name"), ["one", "two"]);
    admin.patch(&path, json!({"permission": "write", "includes_all_repositories": false})).await;
    assert_eq!(admin.get(&repos).await.each("name"), ["one", "two"]);
}

#[tokio::test]
async fn a_site_admin_who_owns_nothing_cannot_attach_by_id_but_by_name() {
    let admin = Client::admin();
    admin.add_user("bob").await;
    admin.post("/admin/users/bob/orgs", json!({"username": "bobs"})).await;
    admin.add_repo("bobs", "r", false).await;
    let team = admin.add_team("bobs", "dev", "write").await;
    let by_id = format!("/teams/{team}/repos/bobs/r");
    let refused = admin.put(&by_id, json!({})).await;
    assert_eq!((refused.status, refused.message()), (403, "user is nor repo admin nor owner"));
    assert_eq!(admin.user("bob").put(&by_id, json!({})).await.status, 204);
    assert_eq!(admin.put("/repos/bobs/r/teams/dev", json!({})).await.message(), "team 'dev' is already added to repo");
    admin.patch("/orgs/bobs", json!({"repo_admin_change_team_access": true})).await;
    assert_eq!(admin.delete(&by_id).await.status, 204);
}

#[tokio::test]
async fn members_come_and_go_with_their_teams_and_the_last_owner_stays() {
    let admin = Client::admin();
    admin.add_org("acme").await;
    admin.add_user("alice").await;
    let (dev, ops) = (admin.add_team("acme", "dev", "read").await, admin.add_team("acme", "ops", "read").await);
    for team in [dev, ops, dev] {
        assert_eq!(admin.put(&format!("/teams/{team}/members/ALICE"), json!({})).await.status, 204);
    }
    admin.delete(&format!("/teams/{dev}/members/alice")).await;
    assert_eq!(admin.get("/orgs/acme/members/alice").await.status, 204);
    admin.delete(&format!("/teams/{ops}/members/alice")).await;
    assert_eq!(admin.get("/orgs/acme/members/alice").await.status, 404);
    let refused = admin.delete("/teams/1/members/gitea-admin").await;
    assert_eq!((refused.status, refused.message()), (500, "user is the last member of owner team [uid: 1]"));
    assert_eq!(admin.put(&format!("/teams/{dev}/members/acme"), json!({})).await.status, 204, "nobody checks");
}

#[tokio::test]
async fn outsiders_are_told_little_and_refused_late() {
    let admin = Client::admin();
    admin.add_org("acme").await;
    admin.add_user("eve").await;
    let team = admin.add_team("acme", "dev", "read").await;
    let eve = admin.user("eve");
    let members = eve.get("/orgs/acme/members").await;
    assert_eq!((members.status, members.body), (200, json!([])));
    let asked = eve.get("/orgs/acme/members/gitea-admin").await;
    assert_eq!((asked.status, asked.header("location")), (303, "/api/v1/orgs/acme/public_members/gitea-admin"));
    assert_eq!(eve.get(&format!("/teams/{team}")).await.status, 404);
    assert_eq!(eve.get("/orgs/acme/teams").await.message(), "Must be an organization member");
    assert_eq!(eve.patch("/orgs/acme", json!({})).await.message(), "Must be an organization owner");
    assert_eq!(admin.anonymous().get("/orgs/acme/members").await.status, 401);
}

#[tokio::test]
async fn a_plain_member_sees_owners_and_own_teams() {
    let admin = Client::admin();
    admin.add_org("acme").await;
    admin.add_user("bob").await;
    let (dev, ops) = (admin.add_team("acme", "dev", "read").await, admin.add_team("acme", "ops", "read").await);
    admin.put(&format!("/teams/{dev}/members/bob"), json!({})).await;
    let bob = admin.user("bob");
    assert_eq!(bob.get("/orgs/acme/teams").await.each("name"), ["Owners", "dev"]);
    assert_eq!(bob.get(&format!("/teams/{ops}")).await.message(), "Must be a team member");
    assert_eq!(bob.delete(&format!("/teams/{dev}/members/bob")).await.message(), "Must be an organization owner");
}

#[tokio::test]
async fn an_organisation_with_repositories_fails_to_be_deleted() {
    let admin = Client::admin();
    admin.add_org("acme").await;
    admin.add_repo("acme", "r", false).await;
    let refused = admin.delete("/orgs/acme").await;
    assert_eq!((refused.status, refused.message()), (500, "user still has ownership of repositories [uid: 2]"));
    let emptied = [admin.delete("/orgs/acme/repos").await.status, admin.delete("/orgs/acme/repos").await.status];
    assert_eq!(emptied, [202, 204]);
    assert_eq!(admin.delete("/orgs/acme").await.status, 204);
    assert_eq!(admin.get("/teams/1").await.status, 404);
}

#[tokio::test]
async fn only_a_site_admin_reads_why_the_server_failed() {
    let admin = Client::admin();
    admin.add_user("bob").await;
    let bob = admin.user("bob");
    assert_eq!(bob.post("/orgs", json!({"username": "bobs"})).await.status, 201);
    let failed = bob.post("/orgs/bobs/teams", json!({"name": "new", "permission": "admin"})).await;
    assert_eq!((failed.status, failed.message()), (500, ""));
    let failed = admin.post("/orgs/bobs/teams", json!({"name": "new", "permission": "admin"})).await;
    assert_eq!((failed.status, failed.message()), (500, "name is reserved [name: new]"));
}
