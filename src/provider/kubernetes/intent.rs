//! What we send of an object: all that we want of it, because what an apply leaves out it takes away. The writing half sends
//! it, and the reading half asks whether it would be taken. Pure.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::api::{self, APPLY};
use super::convert::{self, CONTENT, LEDGER, MANAGER, POLICY, ROLLOUT_MANAGER};
use super::options::{Conflicts, Options};
use super::{body, kinds};
use crate::engine::model::{Address, Failure, FailureClass, Fields, Value};
use crate::engine::plan::Step;
use crate::provider::http::{Body, Call};

/// What is being done, for messages: "create 'kubernetes:config-map/coder/policy'".
pub fn doing(step: &Step) -> String {
    format!("{} '{}'", step.verb, step.address)
}

/// The two parts of a key: namespace and name; a namespace has the first alone.
pub fn parts(address: &Address) -> (&str, &str) {
    address.key.split_once('/').unwrap_or((&address.key, ""))
}

/// That a Deployment which is to be rolled out is not there.
pub fn no_deployment(step: &Step) -> Failure {
    Failure::new(FailureClass::Gone, doing(step), "there is no such Deployment")
        .help("correct 'options.restart', or take it out")
}

/// The call that applies an object.
pub fn apply(step: &Step, options: &Options, object: &Json) -> Call {
    let (namespace, name) = parts(&step.address);
    let (route, manager) = match step.address.kind.as_str() {
        kinds::NAMESPACE => (api::NAMESPACE, MANAGER),
        kinds::ROLLOUT => (api::DEPLOYMENT, ROLLOUT_MANAGER),
        _ => (api::CONFIG_MAP, MANAGER),
    };
    let segments = if name.is_empty() { vec![namespace] } else { vec![namespace, name] };
    let call = Call::new(Method::PATCH, route, &segments, doing(step))
        .query("fieldManager", manager)
        .query("fieldValidation", "Strict")
        .body(Body::Raw(body::apply(object), APPLY));
    if options.conflicts == Conflicts::TakeOver { call.query("force", "true") } else { call }
}

/// A namespace.
pub fn namespace(step: &Step) -> Json {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": parts(&step.address).0 } })
}

/// The ConfigMap with what a step changes, and with what of it is ours already.
pub fn config_map(step: &Step, fields: &Fields, found: Option<&Json>, options: &Options, ledger: &str) -> Json {
    let live = found.map(|it| convert::config_map(&step.address.instance, options.conflicts, it));
    let data = texts(fields.get("data").or_else(|| live.as_ref()?.fields.get("data")));
    let labels = match fields.get("labels") {
        Some(labels) => texts(Some(labels)),
        None => found.map(labels_of_ours).unwrap_or_default(),
    };
    let mut metadata = json!({
        "name": parts(&step.address).1,
        "labels": labels,
        "annotations": { LEDGER: ledger, CONTENT: body::digest(&data) },
    });
    if let Some(id) = &step.external_id {
        // Another object under the name is refused by the server.
        metadata["uid"] = id.as_str().into();
    }
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data })
}

/// A Deployment, of which we want one annotation of its pods.
pub fn rollout(step: &Step, found: &Json, policy: &str) -> Json {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": parts(&step.address).1, "uid": found["metadata"]["uid"] },
        "spec": { "template": { "metadata": { "annotations": { POLICY: policy } } } },
    })
}

/// Labels that we hold: what others put there stays theirs.
fn labels_of_ours(it: &Json) -> BTreeMap<String, String> {
    let managers = convert::managers(it, &["f:metadata", "f:labels"]);
    let ours = |name: &String| managers.get(name).is_some_and(|all| all.iter().any(|it| it.is(MANAGER)));
    let labels = it["metadata"]["labels"].as_object().into_iter().flatten().filter(|(name, _)| ours(name));
    labels.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn texts(value: Option<&Value>) -> BTreeMap<String, String> {
    let map = value.and_then(Value::as_map).into_iter().flatten();
    map.filter_map(|(name, value)| Some((name.clone(), value.as_text()?.to_owned()))).collect()
}
