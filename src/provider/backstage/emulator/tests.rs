//! What recordings tell in words alone: what becomes visible when, what one broken file does to its neighbours, who keeps a
//! reference, what goes with a Location, and what a restricted token is told.

use chrono::Duration;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::runtime::sys::MovableClock;

const ROOT: &str = "https://gitea.example.test/platform/formulas/src/branch/main/";
const INDEX: &str = "catalog-info.yaml";

struct Lab {
    backstage: Arc<Backstage>,
    shelf: Arc<Shelf>,
    clock: Arc<MovableClock>,
}

impl Lab {
    fn new() -> Self {
        let clock = Arc::new(MovableClock::default());
        let (backstage, shelf) = Backstage::with_settings(clock.clone(), Settings::default());
        Self { backstage, shelf, clock }
    }

    /// A catalogue that reads an index of these files.
    async fn listing(names: &[&str]) -> (Self, String) {
        let lab = Self::new();
        lab.index(names);
        names.iter().for_each(|name| lab.put(&format!("{name}.yaml"), &user(name, name)));
        let (status, answer) =
            lab.call("POST", "/locations", json!({ "type": "url", "target": format!("{ROOT}{INDEX}") })).await;
        assert_eq!(status, 201, "{answer}");
        let id = answer["location"]["id"].as_str().unwrap().to_owned();
        (lab, id)
    }

    fn index(&self, names: &[&str]) {
        let targets: Vec<String> = names.iter().map(|name| format!("./{name}.yaml")).collect();
        let index = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "Location", "metadata": { "name": "index" },
            "spec": { "targets": targets },
        });
        self.put(INDEX, &index.to_string());
    }

    fn put(&self, path: &str, text: &str) {
        self.shelf.put(&format!("{ROOT}{path}"), text);
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.call_as("static-token-of-the-sandbox", method, path, body).await
    }

    async fn call_as(&self, token: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(format!("/api/catalog{path}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let answer = self.backstage.clone().router().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn refresh(&self, reference: &str) {
        assert_eq!(self.call("POST", "/refresh", json!({ "entityRef": reference })).await.0, 200);
    }

    async fn user(&self, name: &str) -> (u16, Value) {
        self.call("GET", &format!("/entities/by-name/user/default/{name}"), Value::Null).await
    }

    async fn called(&self, name: &str) -> Value {
        self.user(name).await.1["spec"]["profile"]["displayName"].clone()
    }

    /// What is wrong with the index.
    async fn trouble(&self) -> Value {
        let index = self.call("GET", "/entities/by-name/location/default/index", Value::Null).await.1;
        index["status"]["items"][0]["message"].clone()
    }
}

fn user(name: &str, called: &str) -> String {
    let entity = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "User", "metadata": { "name": name },
        "spec": { "memberOf": ["team"], "profile": { "displayName": called } },
    });
    entity.to_string()
}

#[tokio::test]
async fn a_change_is_seen_at_the_next_look_or_when_somebody_asks_for_one() {
    let (lab, _) = Lab::listing(&["alice"]).await;
    assert_eq!(lab.called("alice").await, "alice");
    lab.put("alice.yaml", &user("alice", "Alice"));
    assert_eq!(lab.called("alice").await, "alice");
    lab.clock.advance(Duration::seconds(101));
    assert_eq!(lab.called("alice").await, "Alice");
    lab.put("alice.yaml", &user("alice", "Alissa"));
    lab.refresh("user:default/alice").await;
    assert_eq!(lab.called("alice").await, "Alissa");
}

#[tokio::test]
async fn one_broken_file_freezes_all_that_its_location_lists() {
    for (broken, words) in [
        ("metadata: { name: bob\nspec: : :", "Error: YAML error at url:"),
        ("- a list", "Error: Expected object at root"),
        ("apiVersion: a/v1\nkind: Workspace\nmetadata: { name: bob }", "is not of an allowed kind"),
    ] {
        let (lab, _) = Lab::listing(&["alice", "bob"]).await;
        assert_eq!(lab.called("bob").await, "bob");
        lab.put("bob.yaml", broken);
        lab.put("alice.yaml", &user("alice", "Alice"));
        lab.refresh("location:default/index").await;
        assert_eq!(lab.called("alice").await, "alice", "{broken}");
        let trouble = lab.trouble().await;
        assert!(trouble.as_str().is_some_and(|it| it.contains(words)), "{broken}: {trouble}");
        lab.put("bob.yaml", &user("bob", "Bob"));
        lab.refresh("location:default/index").await;
        assert_eq!((lab.called("alice").await, lab.trouble().await), (json!("Alice"), Value::Null));
    }
}

#[tokio::test]
async fn an_invalid_entity_keeps_its_old_content_and_a_new_one_is_seen_by_the_module_alone() {
    let (lab, _) = Lab::listing(&["alice", "bob"]).await;
    assert_eq!(lab.called("bob").await, "bob");
    lab.put("bob.yaml", &user("bob", ""));
    lab.put("alice.yaml", &user("alice", "Alice"));
    lab.refresh("location:default/index").await;
    assert_eq!(lab.called("alice").await, "Alice", "others go on");
    let (_, bob) = lab.user("bob").await;
    assert_eq!(bob["spec"]["profile"]["displayName"], "bob");
    let words = bob["status"]["items"][0]["message"].as_str().unwrap();
    assert!(words.ends_with("/spec/profile/displayName must NOT have fewer than 1 characters - limit: 1"), "{words}");

    lab.index(&["alice", "bob", "carol"]);
    lab.put("carol.yaml", &user("carol", ""));
    lab.refresh("location:default/index").await;
    assert_eq!(lab.user("carol").await.0, 404);
    let (_, pending) = lab.call("GET", "/entities/unprocessed/pending", Value::Null).await;
    assert_eq!(pending["entities"][0]["unprocessed_entity"]["metadata"]["name"], "carol");
    assert_eq!(pending["entities"][0]["entity_ref"], Value::Null);
}

#[tokio::test]
async fn what_is_listed_no_more_is_swept_and_what_was_registered_goes_at_once() {
    let (lab, id) = Lab::listing(&["alice", "bob"]).await;
    assert_eq!(lab.user("bob").await.0, 200);
    lab.index(&["alice"]);
    lab.refresh("location:default/index").await;
    let (_, orphan) = lab.user("bob").await;
    assert_eq!(orphan["metadata"]["annotations"]["backstage.io/orphan"], "true");
    lab.clock.advance(Duration::seconds(31));
    assert_eq!(lab.user("bob").await.0, 404);
    assert_eq!(lab.call("DELETE", &format!("/locations/{id}"), Value::Null).await.0, 204);
    assert_eq!(lab.user("alice").await.0, 404);
    let (_, left) = lab.call("GET", "/entities", Value::Null).await;
    assert_eq!(left, json!([]));
}

#[tokio::test]
async fn the_first_who_claims_a_reference_keeps_it_whatever_its_case() {
    let (lab, _) = Lab::listing(&["alice", "copy"]).await;
    assert_eq!(lab.user("copy").await.0, 200);
    lab.put("copy.yaml", &user("ALICE", "an impostor"));
    lab.refresh("location:default/index").await;
    assert_eq!((lab.called("alice").await, lab.trouble().await), (json!("alice"), Value::Null));
}

#[tokio::test]
async fn a_deleted_entity_comes_back_under_another_uid() {
    let (lab, _) = Lab::listing(&["alice"]).await;
    let uid = lab.user("alice").await.1["metadata"]["uid"].clone();
    let path = format!("/entities/by-uid/{}", uid.as_str().unwrap());
    assert_eq!(lab.call("DELETE", &path, Value::Null).await.0, 204);
    let (status, again) = lab.user("alice").await;
    assert!(status == 200 && again["metadata"]["uid"] != uid, "{again}");
}

#[tokio::test]
async fn relations_lead_both_ways_also_to_what_is_not_there() {
    let (lab, _) = Lab::listing(&["alice"]).await;
    let relations = lab.user("alice").await.1["relations"].clone();
    assert_eq!(relations, json!([{ "type": "memberOf", "targetRef": "group:default/team" }]));
    let group = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Group", "metadata": { "name": "team" },
        "spec": { "type": "team", "children": [] },
    });
    lab.index(&["alice", "team"]);
    lab.put("team.yaml", &group.to_string());
    lab.refresh("location:default/index").await;
    let (_, team) = lab.call("GET", "/entities/by-name/group/default/team", Value::Null).await;
    assert_eq!(team["relations"], json!([{ "type": "hasMember", "targetRef": "user:default/alice" }]));
}

#[tokio::test]
async fn who_may_not_read_sees_an_empty_catalogue_and_who_may_not_write_is_told_nothing() {
    let clock = Arc::new(MovableClock::default());
    let restricted = |permissions: &[&'static str]| Settings {
        tokens: vec![Token {
            holder: "daemon",
            token: "the-token",
            restrictions: vec![Restriction { plugin: "catalog", permissions: permissions.into() }],
        }],
        ..Settings::default()
    };
    let (backstage, shelf) = Backstage::with_settings(clock.clone(), restricted(&["catalog.location.create"]));
    let lab = Lab { backstage, shelf, clock };
    lab.put(INDEX, &user("alice", "Alice"));
    let location = json!({ "type": "url", "target": format!("{ROOT}{INDEX}") });
    assert_eq!(lab.call_as("the-token", "POST", "/locations", location).await.0, 201);
    for (path, empty) in [("/entities", json!([])), ("/locations", json!([]))] {
        assert_eq!(lab.call_as("the-token", "GET", path, Value::Null).await, (200, empty));
    }
    let by_query = lab.call_as("the-token", "GET", "/entities/by-query", Value::Null).await;
    assert_eq!(by_query, (200, json!({ "items": [], "totalItems": 0, "pageInfo": {} })));
    assert_eq!(lab.call_as("the-token", "GET", "/entities/by-name/user/default/alice", Value::Null).await.0, 404);
    let refresh = json!({ "entityRef": "user:default/alice" });
    let (status, refused) = lab.call_as("the-token", "POST", "/refresh", refresh).await;
    assert_eq!((status, &refused["error"]["message"]), (403, &json!("")));
}
