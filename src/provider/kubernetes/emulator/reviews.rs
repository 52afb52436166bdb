//! Questions about ourselves: who we are, and what we may do.

use serde_json::{Value, json};

use super::dispatch::Call;
use super::managers::stamp;
use super::place::Place;
use super::status::{Answer, Reply, bad_request};
use super::users::Caller;
use super::world::World;

pub(super) fn answer(world: &World, call: &Call) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(&call.body) else { return Err(Reply::NotModelled) };
    match call.place.plural.as_str() {
        "selfsubjectaccessreviews" => access(world, call, &body),
        "selfsubjectreviews" => ourselves(call),
        _ => Err(Reply::NotModelled),
    }
}

fn access(world: &World, call: &Call, body: &Value) -> Answer {
    let asked = &body["spec"]["resourceAttributes"];
    if !asked.is_object() {
        return if body["spec"].is_null() {
            Err(bad_request("at least one of resourceAttributes or nonResourceAttributes must be specified"))
        } else {
            Err(Reply::NotModelled)
        };
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
    };
    // Of a namespace itself the server looks at where the question places it.
    let allowed = match call.caller {
        Caller::Admin => true,
        caller => caller.may(&world.grants, &text("verb"), &place),
    };
    let mut status = json!({ "allowed": allowed });
    if allowed {
        status["reason"] = reason(call.caller).into();
    }
    let mut spec = body["spec"].clone();
    spec["resourceAttributes"] = asked.clone();
    Ok(Reply::Json(
        201,
        json!({
            "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {},
            "spec": spec, "status": status,
        }),
        Vec::new(),
    ))
}

fn reason(caller: Caller) -> &'static str {
    match caller {
        Caller::Admin => "",
        _ => {
            "RBAC: allowed by RoleBinding \"formulary-claude-config/coder\" of Role \"formulary-claude-config\" to \
             ServiceAccount \"formulary/formulary\""
        }
    }
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
