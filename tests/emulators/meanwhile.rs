//! What happened between two exchanges, where a recording tells it in words alone.

use formulary::provider::emulator::serve::Served;
use serde_json::{Value, json};

use super::client::Call;
use super::mapping::Map;

/// Something that was done.
enum Step {
    /// A request of the administrator; the last is the version that it made in the recording, where that is named later.
    Sent(&'static str, String, Value, Option<&'static str>),
    /// A hook of the emulator: what no request can do.
    Hook(&'static str),
}

/// Does what was done before an exchange, as the administrator.
pub async fn happens(served: &Served, scenario: &str, number: i64, map: &mut Map) {
    for step in steps(scenario, number) {
        let (method, path, body, version) = match step {
            Step::Sent(method, path, body, version) => (method, path, body, version),
            Step::Hook(name) => ("POST", format!("/__sandbox/hooks/{name}"), json!({}), None),
        };
        let media = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let mut call = Call { method: method.to_owned(), path, ..Call::default() };
        call.headers.insert("content-type".to_owned(), media.to_owned());
        for (name, value) in served.credentials().get("admin").into_iter().flatten() {
            call.headers.insert(name.to_lowercase(), value.clone());
        }
        call.body = (method != "DELETE").then(|| body.to_string().into_bytes());
        let met = call.send(served.base()).await.unwrap();
        assert!(met.status < 300, "{} {}: {}", call.method, call.path, met.body());
        if let (Some(recorded), Some(met)) = (version, met.body()["metadata"]["resourceVersion"].as_str()) {
            map.note_version(recorded, met);
        }
    }
}

fn steps(scenario: &str, number: i64) -> Vec<Step> {
    const MAPS: &str = "/api/v1/namespaces/coder/configmaps";
    const POLICY: &str = "claude-code-enterprise-config";
    let made = |name: &str, labels: Value, data: Value| {
        Step::Sent(
            "POST",
            MAPS.to_owned(),
            json!({ "metadata": { "name": name, "labels": labels }, "data": data }),
            None,
        )
    };
    let changed =
        |name: &str, data: Value| Step::Sent("PATCH", format!("{MAPS}/{name}"), json!({ "data": data }), None);
    let gone = |name: &str| Step::Sent("DELETE", format!("{MAPS}/{name}"), Value::Null, None);
    match (scenario, number) {
        ("delete", 22) => ["d0", "d1", "d2"].map(|name| made(name, json!({ "k": "d" }), json!({ "a": "1" }))).into(),
        ("list-expired", 2) => {
            vec![changed("c0", json!({ "a": "changed" })), gone("c3"), made("c2a", Value::Null, json!({ "a": "new" }))]
        }
        ("list-expired", 3) => vec![Step::Hook("forget")],
        ("list-paging", 12) => vec![made("c3a", json!({ "parity": "odd" }), json!({ "a": "3a" })), gone("c4")],
        ("managed-fields", 13) => (0..9)
            .map(|n| {
                let path = format!("{MAPS}/two?fieldManager=upd-0{n}");
                Step::Sent("PATCH", path, json!({ "data": { format!("k{n}"): "1" } }), None)
            })
            .collect(),
        ("rbac-own-namespace", 8) => {
            let lease = "/apis/coordination.k8s.io/v1/namespaces/formulary/leases/formulary";
            vec![Step::Sent("DELETE", lease.to_owned(), Value::Null, None)]
        }
        ("watch", 1) => {
            let policy = json!({ "metadata": { "name": POLICY }, "data": { "a": "1" } });
            vec![
                Step::Sent("POST", MAPS.to_owned(), policy, Some("1139")),
                changed(POLICY, json!({ "a": "2" })),
                made("other", Value::Null, json!({ "x": "1" })),
                gone(POLICY),
            ]
        }
        _ => Vec::new(),
    }
}
