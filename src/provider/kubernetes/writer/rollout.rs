//! A roll-out: the digest of the files in an annotation of the pods. A moment in its place would be wanted anew each time.

use super::{Hand, done};
use crate::engine::model::{Failure, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::kubernetes::convert;
use crate::provider::kubernetes::intent::{self, parts};

impl Hand {
    pub(super) async fn roll_out(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        let (namespace, name) = parts(&step.address);
        // An apply to what is not there would try to make it, of an annotation alone.
        let Some(found) = self.api.deployment(namespace, name).await? else {
            return Err(intent::no_deployment(step));
        };
        let live = convert::rollout(&step.address.instance, self.options.conflicts, &found);
        let policy = inputs.fields.get("policy").and_then(Value::as_text);
        let Some(policy) = policy.filter(|_| step.verb != Verb::Adopt) else { return Ok(done(live)) };
        let changed = self.apply(step, &intent::rollout(step, &found, policy)).await?;
        let generation = |it: &serde_json::Value| it["metadata"]["generation"].as_i64().unwrap_or(0);
        if generation(&changed) == generation(&found) {
            return Ok(done(convert::rollout(&step.address.instance, self.options.conflicts, &changed)));
        }
        Ok(Performed::Pending(generation(&changed).to_string()))
    }
}
