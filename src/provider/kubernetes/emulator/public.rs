//! Paths that are no resources: version, health, what there is.

use serde_json::{Value, json};

use super::resources::{is_elsewhere, is_group};
use super::status::{Reply, nowhere};
use super::users::{Caller, forbidden_path};

/// Groups of which the server has one version.
const OF_ONE_VERSION: [&str; 3] = ["apps", "coordination.k8s.io", "rbac.authorization.k8s.io"];

/// Answers a path that is no resource. Queries of them are not imitated.
pub(super) fn answer(caller: Caller, method: &str, path: &str, asks: bool) -> Reply {
    let is_public = ["/version", "/healthz", "/livez", "/readyz"].contains(&path);
    let below = |root: &str| path == root || path.strip_prefix(root).is_some_and(|it| it.starts_with('/'));
    let is_discovery = ["/api", "/apis", "/openapi"].iter().any(|root| below(root));
    if !(is_public || caller == Caller::Admin || (is_discovery && caller != Caller::Anonymous)) {
        return forbidden_path(caller, &method.to_lowercase(), path);
    }
    if method != "GET" || asks {
        return Reply::NotModelled;
    }
    match path {
        "/version" => Reply::ok(version()),
        _ if is_public => Reply::Text(200, "ok"),
        "/readyz/etcd" | "/livez/etcd" | "/readyz/ping" | "/livez/ping" => Reply::Text(200, "ok"),
        _ if ["/readyz", "/livez", "/healthz", "/metrics"].iter().any(|root| below(root)) => Reply::NotModelled,
        _ if is_discovery => discovery(path),
        _ => Reply::Text(404, "404 page not found\n"),
    }
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "37", "emulationMajor": "1", "emulationMinor": "37", "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "36", "gitVersion": "v1.37.2", "gitCommit": "unknown", "gitTreeState": "clean",
        "buildDate": "2026-11-01T00:00:00Z", "goVersion": "go1.26.8", "compiler": "gc", "platform": "linux/amd64",
    })
}

/// Which groups there are. Their resources, and their schemas, are not told.
fn discovery(path: &str) -> Reply {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts.as_slice() {
        ["api"] => Reply::ok(json!({
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:6443" }],
        })),
        ["apis", group] if OF_ONE_VERSION.contains(group) => {
            let version = json!({ "groupVersion": format!("{group}/v1"), "version": "v1" });
            Reply::ok(json!({
                "kind": "APIGroup", "apiVersion": "v1", "name": group, "versions": [version], "preferredVersion": version,
            }))
        }
        ["apis", group, version] if OF_ONE_VERSION.contains(group) && *version != "v1" => nowhere(),
        ["apis", group, ..] if !is_group(group) && !is_elsewhere(group) => Reply::Text(404, "404 page not found\n"),
        _ => Reply::NotModelled,
    }
}
