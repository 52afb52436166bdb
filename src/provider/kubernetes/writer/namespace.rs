//! Namespaces: made, and never changed or deleted.

use serde_json::json;

use super::{Hand, doing, done, parts};
use crate::engine::model::{Failure, FailureClass};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::Performed;
use crate::provider::kubernetes::api;
use crate::provider::kubernetes::convert::{self, MANAGER};

impl Hand {
    pub(super) async fn make_namespace(&self, step: &Step) -> Result<Performed, Failure> {
        let (name, _) = parts(step);
        if step.verb == Verb::Adopt {
            let found = self.api.namespace(name).await?;
            let found = found.ok_or_else(|| Failure::new(FailureClass::Gone, doing(step), "it is not there"))?;
            return Ok(done(convert::namespace(&step.address.instance, &found)));
        }
        let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        let made = self.apply(step, api::NAMESPACE, MANAGER, &object).await?;
        Ok(done(convert::namespace(&step.address.instance, &made)))
    }
}
