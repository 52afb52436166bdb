//! Namespaces: made, and never changed or deleted.

use super::{Hand, done};
use crate::engine::model::{Failure, FailureClass};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::Performed;
use crate::provider::kubernetes::convert;
use crate::provider::kubernetes::intent::{self, doing, parts};

impl Hand {
    pub(super) async fn make_namespace(&self, step: &Step) -> Result<Performed, Failure> {
        let (name, _) = parts(&step.address);
        if step.verb == Verb::Adopt {
            let found = self.api.namespace(name).await?;
            let found = found.ok_or_else(|| Failure::new(FailureClass::Gone, doing(step), "it is not there"))?;
            return Ok(done(convert::namespace(&step.address.instance, &found)));
        }
        let made = self.apply(step, &intent::namespace(step)).await?;
        Ok(done(convert::namespace(&step.address.instance, &made)))
    }
}
