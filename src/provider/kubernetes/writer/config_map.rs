//! The ConfigMap: all of our keys in one apply, and afterwards what no apply of ours can take away.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::{Hand, done};
use crate::engine::model::{Failure, FailureClass, Fields, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::http::{Body, Call};
use crate::provider::kubernetes::api;
use crate::provider::kubernetes::convert::{self, MANAGER};
use crate::provider::kubernetes::intent::{self, doing, parts};

/// What `kubectl apply` remembers; with our keys in it, it would only mislead.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl Hand {
    pub(super) async fn write_config_map(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        let (namespace, name) = parts(&step.address);
        let found = match step.verb {
            Verb::Create => None,
            _ => self.api.config_map(namespace, name).await?,
        };
        if found.is_none() && step.verb != Verb::Create {
            return Err(Failure::new(FailureClass::Gone, doing(step), "it is not there").help("plan again"));
        }
        let object = intent::config_map(step, &inputs.fields, found.as_ref(), &self.options, &inputs.ledger);
        let mut written = self.apply(step, &object).await?;
        if let Some(patch) = leftovers(step, &inputs.fields, &written) {
            written = self.merge(step, &patch).await?;
        }
        Ok(done(convert::config_map(&step.address.instance, self.options.conflicts, &written)))
    }

    async fn merge(&self, step: &Step, patch: &Json) -> Result<Json, Failure> {
        let (namespace, name) = parts(&step.address);
        let call = Call::new(Method::PATCH, api::CONFIG_MAP, &[namespace, name], doing(step))
            .query("fieldManager", MANAGER)
            .body(Body::Raw(patch.to_string().into(), api::MERGE));
        let answer = self.door.send(&call).await?;
        api::decode(&call, &answer)
    }
}

/// What an apply cannot take away, because others made it: keys that are not wanted, and what `kubectl apply` remembers.
fn leftovers(step: &Step, fields: &Fields, written: &Json) -> Option<Json> {
    let mut patch = json!({ "metadata": { "resourceVersion": written["metadata"]["resourceVersion"] } });
    let mut any = false;
    let remembered = !written["metadata"]["annotations"][LAST_APPLIED].is_null();
    if step.verb == Verb::Adopt && remembered {
        patch["metadata"]["annotations"] = json!({ LAST_APPLIED: null });
        any = true;
    }
    if fields.get("other_keys").is_some() {
        let live = convert::config_map(&step.address.instance, Default::default(), written);
        let others = live.fields.get("other_keys").and_then(Value::as_list).into_iter().flatten();
        for key in others.filter_map(Value::as_text) {
            for place in ["data", "binaryData"].into_iter().filter(|place| !written[place][key].is_null()) {
                patch[place][key] = Json::Null;
                any = true;
            }
        }
    }
    any.then_some(patch)
}
