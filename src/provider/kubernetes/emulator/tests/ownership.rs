//! Rules of ownership that the recordings show in single steps, in longer stories.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::{Kubernetes, Settings};
use crate::provider::emulator::serve::{ServeOptions, Served, serve};
use crate::runtime::sys::MovableClock;

const PATH: &str = "/api/v1/namespaces/coder/configmaps/m";

struct Cluster {
    served: Served,
    http: reqwest::Client,
}

impl Cluster {
    async fn new() -> Self {
        let clock = Arc::new(MovableClock::default());
        let options = ServeOptions { clock: clock.clone(), ..ServeOptions::default() };
        let served = serve(Kubernetes::with_settings(clock, Settings::default()), options).await.unwrap();
        Self { served, http: reqwest::Client::new() }
    }

    async fn send(&self, method: &str, query: &str, media: &str, body: String) -> (u16, Value) {
        let token = &self.served.credentials()["admin"]["Authorization"];
        let request = self
            .http
            .request(method.parse().unwrap(), format!("{}{PATH}{query}", self.served.base()))
            .header("authorization", token)
            .header("content-type", media)
            .body(body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// Applies these keys as somebody.
    async fn apply(&self, who: &str, data: Value) -> (u16, Value) {
        let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "m" }, "data": data });
        let query = format!("?fieldManager={who}");
        self.send("PATCH", &query, "application/apply-patch+yaml", object.to_string()).await
    }

    async fn merge(&self, who: &str, patch: Value) -> (u16, Value) {
        let query = format!("?fieldManager={who}");
        self.send("PATCH", &query, "application/merge-patch+json", patch.to_string()).await
    }

    async fn owners(&self) -> Vec<String> {
        let (_, object) = self.send("GET", "", "", String::new()).await;
        let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        let told = |it: &Value| format!("{} {}", it["manager"].as_str().unwrap(), it["fieldsV1"]["f:data"]);
        entries.iter().map(told).collect()
    }
}

#[tokio::test]
async fn a_value_belongs_to_who_wrote_it_last_and_to_all_who_say_the_same() {
    let cluster = Cluster::new().await;
    assert_eq!(cluster.apply("one", json!({ "a": "1", "b": "1" })).await.0, 201);
    assert_eq!(cluster.apply("two", json!({ "a": "1" })).await.0, 200, "the same value is shared");
    let (status, refused) = cluster.apply("two", json!({ "a": "2" })).await;
    assert_eq!((status, &refused["details"]["causes"][0]["field"]), (409, &json!(".data.a")));
    // A writer takes it from both, and nobody hears of it.
    cluster.merge("three", json!({ "data": { "a": "3" } })).await;
    assert_eq!(cluster.owners().await, ["one {\"f:b\":{}}", "three {\"f:a\":{}}"]);
    // Who says nothing of it any more takes nothing away that is not theirs.
    let (status, object) = cluster.apply("one", json!({ "c": "1" })).await;
    assert_eq!((status, &object["data"]), (200, &json!({ "a": "3", "c": "1" })));
}

#[tokio::test]
async fn a_rehearsal_answers_as_the_thing_itself_and_leaves_no_trace() {
    let cluster = Cluster::new().await;
    let object =
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "m" }, "data": { "a b": "1" } });
    let media = "application/apply-patch+yaml";
    let (status, _) = cluster.send("PATCH", "?fieldManager=x&dryRun=All", media, object.to_string()).await;
    assert_eq!(status, 422);
    let object = object.to_string().replace("a b", "ab");
    let (status, shown) = cluster.send("PATCH", "?fieldManager=x&dryRun=All", media, object.clone()).await;
    assert_eq!((status, shown["metadata"]["resourceVersion"].is_null()), (201, true));
    assert_eq!(cluster.send("GET", "", "", String::new()).await.0, 404);
    cluster.send("PATCH", "?fieldManager=x", media, object.clone()).await;
    let before = cluster.send("GET", "", "", String::new()).await.1;
    cluster.send("PATCH", "?fieldManager=y&dryRun=All&force=true", media, object.replace("\"1\"", "\"2\"")).await;
    assert_eq!(cluster.send("GET", "", "", String::new()).await.1, before);
}
