//! How a roll-out stands: the controller has seen our change, and every pod is a new one.

use serde_json::Value as Json;

use crate::engine::model::{Address, Failure, FailureClass};
use crate::provider::contract::Follow;
use crate::provider::kubernetes::api::Api;
use crate::provider::kubernetes::intent::parts;

pub(super) async fn follow(api: &Api, address: &Address, handle: &str) -> Result<Follow, Failure> {
    let (namespace, name) = parts(address);
    let doing = format!("follow the roll-out of '{}'", address.key);
    let Some(deployment) = api.deployment(namespace, name).await? else {
        return Err(Failure::new(FailureClass::Gone, doing, "the Deployment is not there"));
    };
    let generation = handle.parse().unwrap_or(0);
    Ok(standing(&deployment, generation, &doing))
}

fn standing(deployment: &Json, generation: i64, doing: &str) -> Follow {
    let status = &deployment["status"];
    let number = |name: &str| status[name].as_i64().unwrap_or(0);
    if number("observedGeneration") < generation {
        return Follow::GoesOn("not seen by the controller yet".to_owned());
    }
    let condition = |kind: &str| {
        let all = status["conditions"].as_array().into_iter().flatten();
        all.into_iter().find(|it| it["type"] == kind)
    };
    if let Some(stuck) = condition("Progressing").filter(|it| it["reason"] == "ProgressDeadlineExceeded") {
        let said = stuck["message"].as_str().unwrap_or("it makes no progress").to_owned();
        let failure = Failure::new(FailureClass::Refused, doing, said);
        return Follow::Failed(failure.help("look at its pods: 'kubectl describe deployment'; it is not tried again"));
    }
    let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    let (updated, all, ready) = (number("updatedReplicas"), number("replicas"), number("availableReplicas"));
    if updated >= wanted && all == updated && ready >= wanted {
        return Follow::Ended;
    }
    Follow::GoesOn(format!("{updated} of {wanted} pods are new, {ready} are ready"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_ends_when_every_pod_is_a_new_one() {
        let of = |status: Json| standing(&json!({ "spec": { "replicas": 2 }, "status": status }), 3, "x");
        let old = json!({ "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2 });
        assert!(matches!(of(old), Follow::GoesOn(what) if what.contains("controller")));
        let half = json!({ "observedGeneration": 3, "replicas": 3, "updatedReplicas": 2, "availableReplicas": 2 });
        assert!(matches!(of(half), Follow::GoesOn(_)));
        let whole = json!({ "observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2 });
        assert_eq!(of(whole), Follow::Ended);
        let stuck = json!({ "observedGeneration": 3, "conditions": [
            { "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out" },
        ] });
        assert!(matches!(of(stuck), Follow::Failed(failure) if failure.said == "timed out"));
    }
}
