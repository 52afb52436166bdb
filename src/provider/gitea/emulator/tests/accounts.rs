//! People: how they are made, edited, hidden, renamed and removed.

use serde_json::json;

use super::super::{Gitea, Settings};
use super::client::{Client, clock};
use crate::provider::emulator::Emulator;

#[tokio::test]
async fn a_bound_account_needs_no_password_and_a_local_one_does() {
    let admin = Client::admin();
    let bound = json!({"username": "alice", "email": "a@acme.example", "source_id": 1, "login_name": "sub"});
    assert_eq!(admin.post("/admin/users", bound).await.status, 201);
    let local = json!({"username": "bob", "email": "b@acme.example", "password": "short"});
    let refused = admin.post("/admin/users", local).await;
    assert_eq!((refused.status, refused.message()), (400, "PasswordIsRequired"));
}

#[tokio::test]
async fn the_source_is_looked_up_before_the_name_and_nothing_is_made() {
    let admin = Client::admin();
    let probe = |source: i64| json!({"username": "api", "email": "p@acme.example", "source_id": source});
    let unknown = admin.post("/admin/users", probe(99)).await;
    assert_eq!((unknown.status, unknown.message()), (422, "login source does not exist [id: 99]"));
    let known = admin.post("/admin/users", probe(1)).await;
    assert_eq!((known.status, known.message()), (422, "name is reserved [name: api]"));
    assert_eq!(admin.get("/admin/users").await.header("x-total-count"), "1");
}

#[tokio::test]
async fn a_patch_that_fails_midway_has_already_applied_its_first_part() {
    let admin = Client::admin();
    admin.add_user("bob").await;
    let edit = json!({"login_name": "moved", "email": "nonsense", "full_name": "Not applied"});
    assert_eq!(admin.patch("/admin/users/bob", edit).await.status, 400);
    let bob = admin.get("/users/bob").await.body;
    assert_eq!((bob["login_name"].as_str(), bob["full_name"].as_str()), (Some("moved"), Some("")));
}

#[tokio::test]
async fn an_address_is_shown_folded_then_as_sent_then_folded_by_any_edit() {
    let admin = Client::admin();
    let body = json!({"username": "dora", "email": "Dora@Example.COM", "password": "Lab-pass-1"});
    assert_eq!(admin.post("/admin/users", body).await.body["email"], "dora@example.com");
    assert_eq!(admin.get("/users/dora").await.body["email"], "Dora@Example.COM");
    admin.patch("/admin/users/dora", json!({"login_name": "dora"})).await;
    assert_eq!(admin.get("/users/dora").await.body["email"], "dora@example.com");
}

#[tokio::test]
async fn a_secondary_address_blocks_everybody_its_owner_too() {
    let admin = Client::admin();
    admin.add_user("finn").await;
    admin.user("finn").post("/user/emails", json!({"emails": ["second@example.com"]})).await;
    let other = json!({"username": "gus", "email": "Second@example.com", "password": "Lab-pass-1"});
    assert_eq!(admin.post("/admin/users", other).await.status, 422);
    let own = admin.patch("/admin/users/finn", json!({"login_name": "finn", "email": "second@example.com"})).await;
    assert_eq!((own.status, own.message()), (400, "e-mail already in use [email: second@example.com]"));
}

#[tokio::test]
async fn an_old_name_redirects_with_query_until_somebody_takes_it() {
    let admin = Client::admin();
    admin.add_user("alice").await;
    assert_eq!(admin.post("/admin/users/alice/rename", json!({"new_username": "alice-chen"})).await.status, 204);
    let moved = admin.get("/users/Alice/repos?limit=1").await;
    assert_eq!((moved.status, moved.header("location")), (307, "/api/v1/users/alice-chen/repos?limit=1"));
    assert_eq!(admin.delete("/admin/users/alice").await.status, 307, "a delete must not follow to somebody else");
    let body = json!({"username": "alice", "email": "b@example.com", "password": "Lab-pass-1"});
    assert_eq!(admin.post("/admin/users", body).await.status, 201);
    assert_eq!(admin.get("/users/alice").await.body["email"], "b@example.com");
}

#[tokio::test]
async fn private_fields_are_zero_for_others_and_addresses_are_placeholders_for_strangers() {
    let admin = Client::admin();
    admin.add_user("alice").await;
    admin.add_user("bob").await;
    assert_eq!(admin.get("/users/alice").await.body["active"], true);
    let seen = admin.user("bob").get("/users/alice").await.body;
    assert_eq!((&seen["active"], &seen["email"]), (&json!(false), &json!("alice@example.com")));
    let seen = admin.anonymous().get("/users/alice").await.body;
    assert_eq!(seen["email"], "2+alice@noreply.gitea.test");
}

#[tokio::test]
async fn a_person_who_owns_or_belongs_cannot_be_deleted_and_purging_takes_it_all_along() {
    let admin = Client::admin();
    admin.add_user("alice").await;
    admin.add_repo("alice", "notes", false).await;
    let refused = admin.delete("/admin/users/alice").await;
    assert_eq!((refused.status, refused.message()), (422, "user still has ownership of repositories [uid: 2]"));
    admin.delete("/repos/alice/notes").await;
    admin.post("/admin/users/alice/orgs", json!({"username": "hers"})).await;
    let refused = admin.delete("/admin/users/alice").await;
    assert_eq!((refused.status, refused.message()), (422, "user still has membership of organizations [uid: 2]"));
    admin.post("/orgs/hers/repos", json!({"name": "data"})).await;
    assert_eq!(admin.delete("/admin/users/alice?purge=true").await.status, 204);
    assert_eq!(admin.get("/orgs/hers").await.status, 404);
}

#[tokio::test]
async fn the_last_admin_stays_one() {
    let admin = Client::admin();
    let refused = admin.patch("/admin/users/gitea-admin", json!({"login_name": "x", "admin": false})).await;
    assert_eq!((refused.status, refused.message()), (400, "can not delete the last admin user [uid: 1]"));
    assert_eq!(admin.get("/user").await.body["login_name"], "x");
}

#[tokio::test]
async fn organisations_are_not_bound_by_the_visibility_that_people_are() {
    let settings = Settings { allowed_user_visibility: vec!["public".to_owned()], ..Settings::default() };
    let admin = Client::of(&Gitea::with_settings(clock(), settings));
    let body = json!({"username": "a", "email": "a@b.example", "password": "Lab-pass-1", "visibility": "private"});
    let refused = admin.post("/admin/users", body).await;
    assert_eq!((refused.status, refused.message()), (500, "visibility Mode not allowed: private"));
    assert_eq!(admin.post("/orgs", json!({"username": "a", "visibility": "private"})).await.status, 201);
}

#[tokio::test]
async fn expired_tokens_answer_401_until_they_are_restored_or_the_installation_begins_anew() {
    let gitea = Gitea::new(clock());
    let admin = Client::of(&gitea);
    admin.add_user("alice").await;
    gitea.expire_tokens();
    assert_eq!(admin.get("/user").await.status, 401);
    assert_eq!(admin.user("alice").get("/user").await.status, 200, "passwords are no tokens");
    gitea.restore_tokens();
    assert_eq!(admin.get("/user").await.status, 200);
    gitea.expire_tokens();
    gitea.reset();
    assert_eq!(admin.get("/user").await.status, 200);
    assert_eq!(admin.get("/users/alice").await.status, 404);
}
