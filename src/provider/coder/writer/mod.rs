//! The writing half: one step, the calls it takes, and what is there afterwards.
//!
//! Every change reads first and stops when the object is another one than was meant. Imports and builds go on at the
//! server: the step ends with a handle, and is followed.

mod group;
mod template;
mod user;
mod version;
mod workspace;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use super::api::{Api, READ_ROUTES};
use super::kinds;
use super::options::Options;
use super::reader::door;
use crate::engine::model::{Failure, FailureClass, Fields, Live, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed, Writer};
use crate::provider::http::{Answer, Call, Connection, Door};

/// Changes one installation of Coder.
pub struct CoderWriter {
    open: Result<Hand, Failure>,
}

struct Hand {
    door: Door,
    api: Api,
    options: Options,
}

impl CoderWriter {
    /// Writes through a connection. A door that cannot be opened is told at the first step.
    pub fn new(connection: Connection) -> Self {
        let open = connection.read_options::<Options>().and_then(|options| {
            let base = connection.base.clone();
            let door = door(connection)?;
            Ok(Hand { api: Api::new(door.read_only(READ_ROUTES), &base, &options.organization), door, options })
        });
        Self { open }
    }
}

#[async_trait]
impl Writer for CoderWriter {
    async fn perform(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        if step.verb == Verb::Forget {
            // Only the ledger forgets.
            return Ok(Performed::Done(None));
        }
        let hand = self.open.as_ref().map_err(Clone::clone)?;
        match (step.address.kind.as_str(), step.verb) {
            (kinds::USER, Verb::Create) => hand.make_user(step, &inputs.fields).await,
            (kinds::USER, Verb::Update | Verb::Restore | Verb::Disable) => hand.switch_user(step, &inputs.fields).await,
            (kinds::GROUP, Verb::Create) => hand.make_group(step, &inputs.fields).await,
            (kinds::GROUP, Verb::Update | Verb::Rename) => hand.change_group(step, &inputs.fields).await,
            (kinds::GROUP, Verb::Delete) => hand.delete_group(step).await,
            (kinds::GROUP_MEMBER, Verb::Create | Verb::Restore | Verb::Update) => hand.place(step, true).await,
            (kinds::GROUP_MEMBER, Verb::Delete) => hand.place(step, false).await,
            (kinds::TEMPLATE_VERSION, Verb::Create) => hand.push(step, inputs).await,
            (kinds::TEMPLATE_VERSION, Verb::Update) => hand.import_again(step).await,
            (kinds::TEMPLATE, Verb::Create) => hand.make_template(step, inputs).await,
            (kinds::TEMPLATE, Verb::Update) => hand.change_template(step, &inputs.fields).await,
            (kinds::TEMPLATE, Verb::Delete) => hand.delete_template(step).await,
            (kinds::WORKSPACE, Verb::Create) => hand.make_workspace(step, inputs).await,
            (kinds::WORKSPACE, Verb::Update) => hand.rebuild(step, &inputs.fields).await,
            (kinds::WORKSPACE, Verb::Disable) => hand.transition(step, "stop").await,
            (kinds::WORKSPACE, Verb::Delete) => hand.transition(step, "delete").await,
            _ => Err(Failure::new(FailureClass::Refused, doing(step), "Coder offers nothing of that kind")
                .help("this is a defect of Formulary; please report it")),
        }
    }
}

impl Hand {
    async fn send(&self, call: Call) -> Result<Answer, Failure> {
        self.door.send(&call).await
    }
}

/// What is being done, for messages: "create 'coder:user/alice'".
fn doing(step: &Step) -> String {
    format!("{} '{}'", step.verb, step.address)
}

fn gone(step: &Step, what: &str) -> Failure {
    Failure::new(FailureClass::Gone, doing(step), format!("{what} is not there")).help("plan again")
}

fn done(live: Live) -> Performed {
    Performed::Done(Some(Box::new(live)))
}

/// The two parts of a key: template and version, or owner and workspace.
fn parts(step: &Step) -> (&str, &str) {
    step.address.key.split_once('/').unwrap_or((&step.address.key, ""))
}

/// Refuses when the name means another object than the plan did.
fn same(step: &Step, live: &Live) -> Result<(), Failure> {
    match (&step.external_id, &live.external_id) {
        (Some(meant), Some(found)) if meant != found => {
            let said = format!("the name now means another object: {found}, where {meant} was meant");
            Err(Failure::new(FailureClass::Conflict, doing(step), said).help("plan again"))
        }
        _ => Ok(()),
    }
}

fn text<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    fields.get(name).and_then(Value::as_text)
}

/// Named texts.
fn texts(fields: &Fields, name: &str) -> BTreeMap<String, String> {
    let map = fields.get(name).and_then(Value::as_map).into_iter().flatten();
    map.filter_map(|(name, value)| Some((name.clone(), value.as_text()?.to_owned()))).collect()
}

fn named(values: &BTreeMap<String, String>) -> Json {
    values.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}
