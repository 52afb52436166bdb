//! Whether the server would take a step: the same apply, with the word that nothing is to be done (guide, section 3).

use super::Open;
use crate::engine::model::{Failure, Fields, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::kubernetes::api::DRY_RUN;
use crate::provider::kubernetes::{intent, kinds};

/// Asks; what cannot be asked has nothing against it.
pub(super) async fn rehearse(open: &Open, step: &Step, fields: &Fields, ledger: &str) -> Result<(), Failure> {
    let Open { api, options } = open;
    if !matches!(step.verb, Verb::Create | Verb::Update | Verb::Adopt) {
        return Ok(());
    }
    let (namespace, name) = intent::parts(&step.address);
    let object = match step.address.kind.as_str() {
        kinds::NAMESPACE => intent::namespace(step),
        kinds::CONFIG_MAP => {
            let found = if step.verb == Verb::Create { None } else { api.config_map(namespace, name).await? };
            intent::config_map(step, fields, found.as_ref(), options, ledger)
        }
        kinds::ROLLOUT => {
            let policy = fields.get("policy").and_then(Value::as_text);
            match (api.deployment(namespace, name).await?, policy) {
                (Some(found), Some(policy)) => intent::rollout(step, &found, policy),
                (None, _) => return Err(intent::no_deployment(step)),
                (Some(_), None) => return Ok(()),
            }
        }
        _ => return Ok(()),
    };
    let (name, value) = DRY_RUN;
    api.send(&intent::apply(step, options, &object).query(name, value)).await.map(drop)
}
