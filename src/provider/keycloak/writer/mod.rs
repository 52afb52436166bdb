//! The writing half: one step, its calls, and what is there afterwards, read back.
//!
//! Keycloak has no version check and loses one of two simultaneous updates in silence, so writes to one object stand
//! in line here, every update starts from a fresh read, and what was sent is held against what is read back.

mod clients;
mod groups;
mod locks;
mod organizations;
mod people;
mod realm;
mod settings;

use async_trait::async_trait;
use serde_json::{Map, Value as Json};

use self::locks::Locks;
use self::realm::Remembered;
use super::api::{Access, Writes};
use super::kinds;
use super::reader::Parts;
use crate::engine::diff::same;
use crate::engine::model::{Compare, Failure, FailureClass, Fields, Live};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Look, Performed, Writer};
use crate::provider::http::Connection;

/// The writing half. An installation whose options cannot be used answers every step with that failure.
pub struct KeycloakWriter(Result<Writing, Failure>);

/// What writing needs.
pub(super) struct Writing {
    parts: Parts,
    writes: Writes,
    locks: Locks,
    realm: Remembered,
}

/// What came of a step: what is there now, or nothing.
type Outcome = Result<Option<Live>, Failure>;

impl KeycloakWriter {
    /// A writing half for one installation.
    pub fn new(connection: Connection) -> Self {
        Self(Access::open(connection.clone()).map(|access| Writing {
            parts: Parts::new(connection, &access),
            writes: access.writes(),
            locks: Locks::default(),
            realm: Remembered::default(),
        }))
    }
}

#[async_trait]
impl Writer for KeycloakWriter {
    async fn perform(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        let writing = self.0.as_ref().map_err(Clone::clone)?;
        let _line = writing.locks.stand_in_line(&step.address).await;
        let live = match step.verb {
            Verb::Forget => {
                match writing.parts.look(&step.address, step.external_id.as_deref(), &inputs.related).await? {
                    Look::Present(live) => Some(*live),
                    Look::Absent => None,
                }
            }
            Verb::Transfer | Verb::RunOnce | Verb::Await => {
                return Err(Failure::new(
                    FailureClass::Refused,
                    doing(step),
                    format!("Keycloak has nothing that one could {}", step.verb),
                ));
            }
            _ => match step.address.kind.as_str() {
                kinds::USER => writing.user(step, inputs).await?,
                kinds::NUMBER => writing.number(step, inputs).await?,
                kinds::GROUP => writing.group(step, inputs).await?,
                kinds::MEMBERSHIP => writing.membership(step, inputs).await?,
                kinds::ORGANIZATION => writing.organization(step, inputs).await?,
                kinds::ORGANIZATION_MEMBER => writing.organization_member(step, inputs).await?,
                kinds::CLIENT => writing.client(step, inputs).await?,
                kinds::ROLE => writing.role(step, inputs).await?,
                kinds::CLIENT_SCOPE => writing.client_scope(step, inputs).await?,
                kinds::MAPPER => writing.mapper(step, inputs).await?,
                kinds::PROFILE_ATTRIBUTE => writing.profile_attribute(step, inputs).await?,
                other => {
                    return Err(Failure::new(
                        FailureClass::Refused,
                        doing(step),
                        format!("Keycloak has no kind '{other}'"),
                    ));
                }
            },
        };
        Ok(Performed::Done(live.map(Box::new)))
    }
}

impl Writing {
    /// The id of the object that a step is about.
    async fn id_of(&self, step: &Step, inputs: &Inputs) -> Result<String, Failure> {
        if let Some(id) = &step.external_id {
            return Ok(id.clone());
        }
        match self.parts.look(&step.address, None, &inputs.related).await? {
            Look::Present(live) => live.external_id.ok_or_else(|| gone(step, "it has no id")),
            Look::Absent => Err(gone(step, "it is not there")),
        }
    }

    /// What is there after a step, which must be the object itself.
    async fn read_back(&self, step: &Step, inputs: &Inputs, id: &str) -> Outcome {
        match self.parts.look(&step.address, Some(id), &inputs.related).await? {
            Look::Present(live) => Ok(Some(*live)),
            Look::Absent => Err(unsettled(step, "it is not there after it was written")),
        }
    }

    /// What is there after an update, which must hold what was sent.
    async fn read_back_same(&self, step: &Step, inputs: &Inputs, id: &str, sent: &Fields) -> Outcome {
        let live = self.read_back(step, inputs, id).await?;
        if let Some(live) = &live {
            confirm(step, sent, live)?;
        }
        Ok(live)
    }

    /// That nothing is there after a removal.
    async fn read_back_nothing(&self, step: &Step, inputs: &Inputs) -> Outcome {
        match self.parts.look(&step.address, step.external_id.as_deref(), &inputs.related).await? {
            Look::Absent => Ok(None),
            // Somebody made another one of the name meanwhile: what was to be removed is gone.
            Look::Present(live) if step.external_id.is_some() && live.external_id != step.external_id => Ok(None),
            Look::Present(_) => Err(unsettled(step, "it is still there after it was removed")),
        }
    }
}

/// What a step does, for messages.
fn doing(step: &Step) -> String {
    format!(
        "{} {} '{}'",
        step.verb,
        kinds::kind(step.address.kind.as_str()).map_or("", |it| it.title),
        step.address.key
    )
}

fn gone(step: &Step, said: &str) -> Failure {
    Failure::new(FailureClass::Gone, doing(step), said).help("the next cycle reads again what is there")
}

fn unsettled(step: &Step, said: &str) -> Failure {
    Failure::new(FailureClass::Unclear, doing(step), said).help("the next cycle reads again what is there")
}

/// Holds what was sent against what is read back: Keycloak answers 204 to values that it drops, and to a write that
/// another one has overtaken.
fn confirm(step: &Step, sent: &Fields, live: &Live) -> Result<(), Failure> {
    let Some(spec) = kinds::kind(step.address.kind.as_str()) else { return Ok(()) };
    for (name, value) in sent {
        let Some(field) = spec.field(name) else { continue };
        if matches!(field.compare, Compare::CreateOnly | Compare::WriteOnly | Compare::ServerOwned) {
            continue;
        }
        let Some(there) = live.fields.get(name) else { continue };
        if !same(field, value, there) {
            return Err(Failure::new(
                FailureClass::Conflict,
                doing(step),
                format!("Keycloak took the change and '{name}' still reads {there}"),
            )
            .help(if matches!(&**name, "attributes" | "number") {
                "the user profile does not declare the attribute, or another writer was faster"
            } else {
                "another writer was faster, or a rule of the realm undoes the change"
            }));
        }
    }
    Ok(())
}

/// A body that is an object, which every representation is.
fn object_of(body: Json) -> Map<String, Json> {
    match body {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}
