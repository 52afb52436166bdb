//! Questions about ourselves: who we are, and what we may do.

use serde_json::{Map, Value, json};

use super::dispatch::Call;
use super::managers::stamp;
use super::place::Place;
use super::status::{Answer, Cause, Reply, bad_request, invalid};
use super::users::Caller;
use super::world::World;

pub(super) fn answer(world: &World, call: &Call) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(&call.body) else { return Err(Reply::NotModelled) };
    match call.place.plural.as_str() {
        "selfsubjectaccessreviews" => access(world, call, &body),
        "selfsubjectrulesreviews" => rules(world, call, &body),
        "selfsubjectreviews" => ourselves(call),
        _ => Err(Reply::NotModelled),
    }
}

fn access(world: &World, call: &Call, body: &Value) -> Answer {
    let spec = &body["spec"];
    let (asked, path) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    match (asked.is_object(), path.is_object()) {
        (true, false) => {}
        (false, true) => return of_path(call, path),
        (false, false) => {
            let why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
            return Err(invalid("", "authorization.k8s.io", "", &[Cause::invalid("spec", &Value::Null, why)]));
        }
        (true, true) => return Err(Reply::NotModelled),
    }
    let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let some = |name: &str| Some(text(name)).filter(|it| !it.is_empty());
    let place = Place {
        group: text("group"),
        plural: text("resource"),
        served: true,
        resource: None,
        namespace: some("namespace"),
        name: some("name"),
        sub: some("subresource"),
        watched: false,
    };
    // Of a namespace itself the server looks at where the question places it.
    let allowed = match call.caller {
        Caller::Admin => true,
        caller => caller.may(&world.grants, &text("verb"), &place),
    };
    // What everybody may ask is allowed by another binding.
    if allowed && place.plural.starts_with("selfsubject") && call.caller != Caller::Admin {
        return Err(Reply::NotModelled);
    }
    let because = if allowed { reason(call.caller, place.namespace.as_deref()) } else { String::new() };
    Ok(told(call, "resourceAttributes", asked, allowed, &because))
}

/// Paths that everybody who is known may read.
const OPEN: &[&str] = &[
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
    "/version/",
];

/// Paths by which service accounts find out who vouches for tokens.
const OF_ISSUER: &[&str] =
    &["/.well-known/openid-configuration", "/.well-known/openid-configuration/", "/openid/v1/jwks", "/openid/v1/jwks/"];

/// Whether a path may be read that is no resource.
fn of_path(call: &Call, asked: &Value) -> Answer {
    let (Some(path), Some(verb)) = (asked["path"].as_str(), asked["verb"].as_str()) else {
        return Err(Reply::NotModelled);
    };
    let is_open = OPEN.iter().any(|open| match open.strip_suffix('*') {
        Some(root) => path.starts_with(root),
        None => path == *open,
    });
    // Of these others speak too.
    if OF_ISSUER.contains(&path) || path.contains('*') {
        return Err(Reply::NotModelled);
    }
    let (allowed, because) = match call.caller {
        Caller::Admin => (true, ""),
        _ if is_open && verb == "get" => (
            true,
            "RBAC: allowed by ClusterRoleBinding \"system:discovery\" of ClusterRole \"system:discovery\" to Group \
             \"system:authenticated\"",
        ),
        _ => (false, ""),
    };
    Ok(told(call, "nonResourceAttributes", asked, allowed, because))
}

/// The answer to a question, with what was asked and by whom.
fn told(call: &Call, field: &str, asked: &Value, allowed: bool, because: &str) -> Reply {
    // What is empty was not said.
    let said = asked.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null() && *value != "");
    let said: Map<String, Value> = said.map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut owned: Map<String, Value> = said.keys().map(|name| (format!("f:{name}"), json!({}))).collect();
    owned.insert(".".to_owned(), json!({}));
    let program = call.program();
    let entry = json!({
        "manager": program, "operation": "Update", "apiVersion": "authorization.k8s.io/v1", "time": stamp(call.now),
        "fieldsType": "FieldsV1", "fieldsV1": { "f:spec": { format!("f:{field}"): owned } },
    });
    let mut status = json!({ "allowed": allowed });
    if !because.is_empty() {
        status["reason"] = because.into();
    }
    let body = json!({
        "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": { "managedFields": [entry] },
        "spec": { field: said }, "status": status,
    });
    Reply::Json(201, body, Vec::new())
}

/// All that our service account may do in a namespace. What others may is not told.
fn rules(world: &World, call: &Call, body: &Value) -> Answer {
    let Some(namespace) = body["spec"]["namespace"].as_str().filter(|it| !it.is_empty()) else {
        return Err(bad_request("no namespace on request"));
    };
    if call.caller != Caller::Daemon {
        return Err(Reply::NotModelled);
    }
    let rule = |verbs: &[&str], group: &str, resources: &[&str]| json!({ "verbs": verbs, "apiGroups": [group], "resources": resources });
    let questions = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"];
    let mut rules = vec![
        rule(&["create"], "authorization.k8s.io", &questions),
        rule(&["create"], "authentication.k8s.io", &["selfsubjectreviews"]),
        rule(&["get", "list", "watch"], "certificates.k8s.io", &["clustertrustbundles"]),
    ];
    for grant in world.grants.iter().filter(|it| it.namespace == namespace) {
        let mut granted = json!({ "verbs": grant.verbs, "apiGroups": [grant.group], "resources": [grant.resource] });
        if !grant.names.is_empty() {
            granted["resourceNames"] = json!(grant.names);
        }
        rules.push(granted);
    }
    let paths = |urls: &[&str]| json!({ "verbs": ["get"], "nonResourceURLs": urls });
    let open = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
    let status = json!({
        "resourceRules": rules, "nonResourceRules": [paths(&open), paths(OF_ISSUER), paths(OPEN)], "incomplete": false,
    });
    let body = json!({
        "kind": "SelfSubjectRulesReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {}, "spec": {},
        "status": status,
    });
    Ok(Reply::Json(201, body, Vec::new()))
}

/// By which binding our service account may. In its own namespace the Role has its name.
fn reason(caller: Caller, namespace: Option<&str>) -> String {
    if caller == Caller::Admin {
        return String::new();
    }
    let namespace = namespace.unwrap_or_default();
    let role = if namespace == "formulary" { "formulary" } else { "formulary-claude-config" };
    format!(
        "RBAC: allowed by RoleBinding \"{role}/{namespace}\" of Role \"{role}\" to ServiceAccount \"formulary/formulary\""
    )
}

fn ourselves(call: &Call) -> Answer {
    let groups: &[&str] = match call.caller {
        Caller::Admin => &["system:masters", "system:authenticated"],
        Caller::Daemon => &["system:serviceaccounts", "system:serviceaccounts:formulary", "system:authenticated"],
        _ => &["system:authenticated"],
    };
    Ok(Reply::Json(
        201,
        json!({
            "kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1",
            "metadata": { "creationTimestamp": stamp(call.now) },
            "status": { "userInfo": { "username": call.caller.name(), "groups": groups } },
        }),
        Vec::new(),
    ))
}
