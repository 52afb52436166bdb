//! The writing half: server-side apply under our own field manager, conflicts left to whoever holds the values.

mod config_map;
mod namespace;
mod rollout;

use async_trait::async_trait;
use serde_json::Value as Json;

use super::api::{Api, decode};
use super::intent::{self, doing};
use super::kinds;
use super::options::Options;
use super::reader::door;
use crate::engine::model::{Failure, FailureClass, Live};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed, Writer};
use crate::provider::http::{Connection, Door};

/// Changes one cluster.
pub struct KubernetesWriter {
    open: Result<Hand, Failure>,
}

struct Hand {
    door: Door,
    api: Api,
    options: Options,
}

impl KubernetesWriter {
    /// Writes through a connection. A door that cannot be opened is told at the first step.
    pub fn new(connection: Connection) -> Self {
        let open = connection.read_options::<Options>().and_then(|options| {
            let door = door(connection, options.clone())?;
            Ok(Hand { api: Api::new(&door), door, options })
        });
        Self { open }
    }
}

#[async_trait]
impl Writer for KubernetesWriter {
    async fn perform(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        if step.verb == Verb::Forget {
            // Only the ledger forgets.
            return Ok(Performed::Done(None));
        }
        let hand = self.open.as_ref().map_err(Clone::clone)?;
        match (step.address.kind.as_str(), step.verb) {
            (kinds::NAMESPACE, Verb::Create | Verb::Adopt) => hand.make_namespace(step).await,
            (kinds::CONFIG_MAP, Verb::Create | Verb::Adopt | Verb::Update) => hand.write_config_map(step, inputs).await,
            (kinds::ROLLOUT, Verb::Create | Verb::Adopt | Verb::Update) => hand.roll_out(step, inputs).await,
            _ => Err(Failure::new(FailureClass::Refused, doing(step), "a cluster offers nothing of that kind")
                .help("this is a defect of Formulary; please report it")),
        }
    }
}

impl Hand {
    /// Applies all that we want of an object.
    async fn apply(&self, step: &Step, object: &Json) -> Result<Json, Failure> {
        let call = intent::apply(step, &self.options, object);
        let answer = self.door.send(&call).await?;
        decode(&call, &answer)
    }
}

fn done(live: Live) -> Performed {
    Performed::Done(Some(Box::new(live)))
}
