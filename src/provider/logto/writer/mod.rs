//! The writing half: one step, its calls, and what is there afterwards, read back.
//!
//! Logto drops what it does not know without a word, and fires webhooks for equal content as well. So every change starts
//! from a fresh read, sends what differs and nothing else, and what was sent is held against what is read back.

mod groups;
mod locks;
mod people;
mod settings;

use async_trait::async_trait;

use self::locks::Locks;
use super::api::{Access, Writes};
use super::kinds;
use super::reader::Parts;
use crate::engine::diff::same;
use crate::engine::model::{Compare, Failure, FailureClass, Fields, Live};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Look, Performed, Writer};
use crate::provider::http::Connection;

/// The writing half. An installation whose options cannot be used answers every step with that failure.
pub struct LogtoWriter(Result<Writing, Failure>);

/// What writing needs.
pub(super) struct Writing {
    parts: Parts,
    writes: Writes,
    locks: Locks,
}

/// What came of a step: what is there now, or nothing.
type Outcome = Result<Option<Live>, Failure>;

impl LogtoWriter {
    /// A writing half for one installation.
    pub fn new(connection: Connection) -> Self {
        Self(Access::open(connection.clone()).map(|access| Writing {
            parts: Parts::new(connection, &access),
            writes: access.writes(),
            locks: Locks::default(),
        }))
    }
}

#[async_trait]
impl Writer for LogtoWriter {
    async fn perform(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        let writing = self.0.as_ref().map_err(Clone::clone)?;
        let _line = writing.locks.stand_in_line(&step.address).await;
        let live = match step.verb {
            Verb::Forget => writing.there(step, inputs).await?,
            Verb::Transfer | Verb::RunOnce | Verb::Await => {
                let said = format!("Logto has nothing that one could {}", step.verb);
                return Err(Failure::new(FailureClass::Refused, doing(step), said));
            }
            _ => match step.address.kind.as_str() {
                kinds::USER => writing.user(step, inputs).await?,
                kinds::ORGANIZATION => writing.organization(step, inputs).await?,
                kinds::ORGANIZATION_ROLE => writing.role(step, inputs).await?,
                kinds::ORGANIZATION_MEMBER | kinds::ROLE_MEMBER => writing.edge(step, inputs).await?,
                kinds::APPLICATION => writing.application(step, inputs).await?,
                kinds::WEBHOOK => writing.webhook(step, inputs).await?,
                other => {
                    let said = format!("Logto has no kind '{other}'");
                    return Err(Failure::new(FailureClass::Refused, doing(step), said));
                }
            },
        };
        Ok(Performed::Done(live.map(Box::new)))
    }
}

impl Writing {
    /// What is there before a step, by its id or by its name.
    async fn there(&self, step: &Step, inputs: &Inputs) -> Outcome {
        Ok(match self.parts.look(&step.address, step.external_id.as_deref(), &inputs.related).await? {
            Look::Present(live) => Some(*live),
            Look::Absent => None,
        })
    }

    /// What a step is about, which must be there, with its id.
    async fn present(&self, step: &Step, inputs: &Inputs) -> Result<(String, Live), Failure> {
        let live = self.there(step, inputs).await?.ok_or_else(|| gone(step, "it is not there"))?;
        let id = live.external_id.clone().ok_or_else(|| gone(step, "it has no id"))?;
        if step.external_id.as_ref().is_some_and(|known| *known != id) {
            return Err(gone(step, "another one has its name by now"));
        }
        Ok((id, live))
    }

    /// What is there after a step, which must hold what was sent.
    async fn read_back(&self, step: &Step, inputs: &Inputs, id: &str, sent: &Fields) -> Outcome {
        match self.parts.look(&step.address, Some(id), &inputs.related).await? {
            Look::Present(live) => {
                confirm(step, sent, &live)?;
                Ok(Some(*live))
            }
            Look::Absent => Err(unsettled(step, "it is not there after it was written")),
        }
    }

    /// That nothing is there after a removal.
    async fn read_back_nothing(&self, step: &Step, inputs: &Inputs) -> Outcome {
        match self.there(step, inputs).await? {
            None => Ok(None),
            // Somebody made another one of the name meanwhile: what was to be removed is gone.
            Some(live) if step.external_id.is_some() && live.external_id != step.external_id => Ok(None),
            Some(_) => Err(unsettled(step, "it is still there after it was removed")),
        }
    }
}

/// What a step does, for messages.
fn doing(step: &Step) -> String {
    let title = kinds::kind(step.address.kind.as_str()).map_or("", |it| it.title);
    format!("{} {title} '{}'", step.verb, step.address.key)
}

fn gone(step: &Step, said: &str) -> Failure {
    Failure::new(FailureClass::Gone, doing(step), said).help("the next cycle reads again what is there")
}

fn unsettled(step: &Step, said: &str) -> Failure {
    Failure::new(FailureClass::Unclear, doing(step), said).help("the next cycle reads again what is there")
}

/// Holds what was sent against what is read back: Logto answers with success to what it drops.
fn confirm(step: &Step, sent: &Fields, live: &Live) -> Result<(), Failure> {
    let Some(spec) = kinds::kind(step.address.kind.as_str()) else { return Ok(()) };
    for (name, value) in sent {
        let Some(field) = spec.field(name) else { continue };
        if matches!(field.compare, Compare::CreateOnly | Compare::Once | Compare::WriteOnly | Compare::ServerOwned) {
            continue;
        }
        let Some(there) = live.fields.get(name) else { continue };
        if !same(field, value, there) {
            let said = format!("Logto took the change and '{name}' still reads {there}");
            return Err(Failure::new(FailureClass::Conflict, doing(step), said)
                .help("another writer was faster, or this release does not know the field"));
        }
    }
    Ok(())
}
