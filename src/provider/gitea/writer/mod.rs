//! The writing half: one step, the calls it takes, and what is there afterwards.
//!
//! Every edit reads first. It stops when the object is another one than was meant (its number), or changed since the
//! plan was made; it makes no call when everything is as wanted already, so that a step may be performed twice. What
//! was sent is not believed: the object is read again and handed back.

mod hook;
mod locks;
mod member;
mod organization;
mod protection;
mod repository;
mod team;
mod user;

use async_trait::async_trait;
use serde_json::Value as Json;

use self::locks::Locks;
use super::api::Api;
use super::api::routes::READ_ROUTES;
use super::kinds;
use super::reader::door;
use crate::engine::model::{Compare, Failure, FailureClass, Fields, Live};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed, Writer};
use crate::provider::http::{Answer, Call, Connection, Door};

/// Changes one installation of Gitea.
pub struct GiteaWriter {
    open: Result<Hand, Failure>,
    locks: Locks,
}

/// What every step is performed with.
struct Hand {
    door: Door,
    api: Api,
}

impl GiteaWriter {
    /// Writes through a connection. A door that cannot be opened is told at the first step.
    pub fn new(connection: Connection) -> Self {
        let open = door(connection).map(|door| Hand { api: Api::new(door.read_only(READ_ROUTES)), door });
        Self { open, locks: Locks::default() }
    }
}

#[async_trait]
impl Writer for GiteaWriter {
    async fn perform(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        if step.verb == Verb::Forget {
            // Only the ledger forgets.
            return Ok(Performed::Done(None));
        }
        let hand = self.open.as_ref().map_err(Clone::clone)?;
        let _held = self.locks.hold(&step.address).await;
        match step.address.kind.as_str() {
            kinds::ORGANIZATION => organization::perform(hand, step, inputs).await,
            kinds::USER => user::perform(hand, step, inputs).await,
            kinds::TEAM => team::perform(hand, step, inputs).await,
            kinds::TEAM_MEMBER => member::perform(hand, step, inputs).await,
            kinds::REPOSITORY => repository::perform(hand, step, inputs).await,
            kinds::BRANCH_PROTECTION => protection::perform(hand, step, inputs).await,
            kinds::WEBHOOK => hook::perform(hand, step, inputs).await,
            _ => Err(not_offered(step)),
        }
    }
}

impl Hand {
    async fn send(&self, call: Call) -> Result<Answer, Failure> {
        self.door.send(&call).await
    }

    async fn post(&self, route: &'static str, segments: &[&str], body: Json, doing: &str) -> Result<Answer, Failure> {
        self.send(Call::new(reqwest::Method::POST, route, segments, doing).json(body)).await
    }

    async fn patch(&self, route: &'static str, segments: &[&str], body: Json, doing: &str) -> Result<Answer, Failure> {
        self.send(Call::new(reqwest::Method::PATCH, route, segments, doing).json(body)).await
    }

    async fn put(&self, route: &'static str, segments: &[&str], doing: &str) -> Result<Answer, Failure> {
        self.send(Call::new(reqwest::Method::PUT, route, segments, doing)).await
    }

    /// Deletes; what is gone already is as it should be.
    async fn delete(&self, route: &'static str, segments: &[&str], doing: &str) -> Result<(), Failure> {
        match self.send(Call::new(reqwest::Method::DELETE, route, segments, doing)).await {
            Err(failure) if failure.class != FailureClass::Gone => Err(failure),
            _ => Ok(()),
        }
    }
}

/// What is being done, for messages: "update 'gitea:user/alice'".
fn doing(step: &Step) -> String {
    format!("{} '{}'", step.verb, step.address)
}

/// A verb that means nothing for the kind.
fn not_offered(step: &Step) -> Failure {
    Failure::new(FailureClass::Refused, doing(step), "Gitea offers nothing of that kind")
        .help("this is a defect of Formulary; please report it")
}

fn gone(step: &Step, what: &str) -> Failure {
    Failure::new(FailureClass::Gone, doing(step), format!("{what} is not there")).help("plan again")
}

/// What is there after a step.
fn done(live: Live) -> Performed {
    Performed::Done(Some(Box::new(live)))
}

/// The fields that a step sends, without the name of a rename.
fn sent(inputs: &Inputs) -> Fields {
    inputs
        .fields
        .iter()
        .filter(|(name, _)| *name != "name")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The new name of a rename: the last part of the key that it brings.
fn new_name<'a>(step: &Step, inputs: &'a Inputs) -> Result<&'a str, Failure> {
    let key = inputs.fields.get("name").and_then(|name| name.as_text()).ok_or_else(|| not_offered(step))?;
    Ok(key.rsplit_once('/').map_or(key, |(_, leaf)| leaf))
}

/// Whether everything that is to be sent is there already.
fn is_there(live: &Live, fields: &Fields) -> bool {
    fields.iter().all(|(name, value)| live.fields.get(name) == Some(value))
}

/// Refuses when the object is another than the plan meant, or changed since it was read.
fn unchanged(step: &Step, live: &Live, fields: &Fields) -> Result<(), Failure> {
    same_object(step, live)?;
    let compared = |name: &str| {
        kinds::KINDS.iter().find(|kind| kind.name == step.address.kind.as_str()).and_then(|kind| kind.field(name))
    };
    let moved = step.before.iter().find(|(name, before)| {
        let is_ours = compared(name).is_some_and(|field| field.compare != Compare::ServerOwned);
        is_ours && fields.contains_key(name) && live.fields.get(name).is_some_and(|now| now != *before)
    });
    match moved {
        None => Ok(()),
        Some((field, _)) => Err(Failure::new(
            FailureClass::Conflict,
            doing(step),
            format!("'{field}' was changed by somebody else since the plan was made"),
        )
        .help("plan again, and see what changed")),
    }
}

/// Refuses when the name now means another object.
fn same_object(step: &Step, live: &Live) -> Result<(), Failure> {
    match (&step.external_id, &live.external_id) {
        (Some(meant), Some(found)) if meant != found => Err(Failure::new(
            FailureClass::Conflict,
            doing(step),
            format!("the name now means another object: number {found}, where {meant} was meant"),
        )
        .help("plan again")),
        _ => Ok(()),
    }
}

/// The number that a plan recorded for its object.
fn number(step: &Step) -> Option<i64> {
    step.external_id.as_deref()?.parse().ok()
}
