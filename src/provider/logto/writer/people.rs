//! Accounts of people: made, changed, suspended and let in again. Never deleted by a plan of ours.

use serde_json::{Value as Json, json};

use super::{Outcome, Writing, doing, gone};
use crate::engine::model::{Failure, FailureClass, Field, Fields, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::Inputs;
use crate::provider::logto::api::wire::{Object, User};
use crate::provider::logto::api::{Searched, routes};
use crate::provider::logto::body::{self, UserChange};
use crate::provider::logto::convert::key_of;
use crate::provider::logto::mark::{self, Name};

const SUSPENDED: &str = "suspended";
const HANDLE: &str = "handle";

impl Writing {
    pub(super) async fn user(&self, step: &Step, inputs: &Inputs) -> Outcome {
        match step.verb {
            Verb::Create => self.create_user(step, inputs).await,
            Verb::Delete => {
                let (id, _) = self.present(step, inputs).await?;
                self.writes.remove(routes::USER, &[&id], &doing(step)).await?;
                self.read_back_nothing(step, inputs).await
            }
            Verb::Disable | Verb::Restore => {
                // The switch and nothing else: what else differs is another step's business.
                let off = Value::Bool(step.verb == Verb::Disable);
                self.update_user(step, inputs, &Fields::from([(Field::Borrowed(SUSPENDED), off)])).await
            }
            Verb::Adopt | Verb::Rename => {
                let (id, _) = self.present(step, inputs).await?;
                self.mark_user(step, inputs, &id).await?;
                self.read_back(step, inputs, &id, &Fields::new()).await
            }
            _ => self.update_user(step, inputs, &inputs.fields).await,
        }
    }

    async fn create_user(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let marked = Name::Handle.written(&Object::new(), &inputs.ledger, &step.address.key);
        let body = body::new_user(&inputs.fields, marked);
        let id = match self.writes.create(routes::USERS, body, &doing(step)).await {
            Err(failure) if failure.class == FailureClass::Conflict => self.holder(step, inputs, failure).await?,
            made => made?,
        };
        self.read_back(step, inputs, &id, &inputs.fields).await
    }

    /// Whoever has the name or the address that we wanted: our own account, if an earlier try was taken and its answer
    /// lost; else a conflict that says who it is.
    async fn holder(&self, step: &Step, inputs: &Inputs, failure: Failure) -> Result<String, Failure> {
        let mut holders = Vec::new();
        for (field, searched) in [("username", Searched::Username), ("email", Searched::Email)] {
            let Some(value) = inputs.fields.get(field).and_then(Value::as_text) else { continue };
            for user in self.parts.reads.users_where(searched, value).await? {
                let ours = mark::ledger(&user.custom_data) == Some(inputs.ledger.as_str());
                if ours && key_of(&user) == *step.address.key {
                    return Ok(user.id);
                }
                holders.push(format!("the {field} '{value}' is held by {}", described(&user)));
            }
        }
        let said = std::iter::once(failure.said.clone()).chain(holders).collect::<Vec<_>>().join("; ");
        Err(Failure { said, ..failure }.help(
            "if it is the same person, make the addresses agree, and the next cycle offers to take the account over; else \
             one of the two must change",
        ))
    }

    async fn update_user(&self, step: &Step, inputs: &Inputs, fields: &Fields) -> Outcome {
        let (id, live) = self.present(step, inputs).await?;
        let UserChange { columns, profile, suspended } = body::user_change(fields, &live);
        if suspended == Some(true) {
            // First of all: sessions and refresh tokens end with it.
            self.suspend(step, &id, true).await?;
        }
        if !columns.is_empty() {
            self.writes.change(routes::USER, &[&id], Json::Object(columns), &doing(step)).await?;
        }
        if !profile.is_empty() {
            let body = json!({ "profile": profile });
            self.writes.change(routes::USER_PROFILE, &[&id], body, &doing(step)).await?;
        }
        if suspended == Some(false) {
            self.suspend(step, &id, false).await?;
        }
        if body::is_marked_otherwise(fields, &live, HANDLE) {
            self.mark_user(step, inputs, &id).await?;
        }
        self.read_back(step, inputs, &id, fields).await
    }

    /// The switch has a route of its own, and the main one ignores it.
    async fn suspend(&self, step: &Step, id: &str, suspended: bool) -> Result<(), Failure> {
        let body = json!({ "isSuspended": suspended });
        self.writes.change(routes::USER_SUSPENDED, &[id], body, &doing(step)).await
    }

    /// Writes our mark, by the route that leaves other custom data alone.
    async fn mark_user(&self, step: &Step, inputs: &Inputs, id: &str) -> Result<(), Failure> {
        let user = self.parts.reads.user(id).await?.ok_or_else(|| gone(step, "there is no such person"))?;
        let marked = Name::Handle.written(&user.custom_data, &inputs.ledger, &step.address.key);
        if user.custom_data.get(mark::KEY) == marked.get(mark::KEY) {
            return Ok(());
        }
        let body = json!({ "customData": marked });
        self.writes.change(routes::USER_CUSTOM_DATA, &[id], body, &doing(step)).await
    }
}

fn described(user: &User) -> String {
    let text = |text: &Option<String>, none: &str| text.clone().unwrap_or_else(|| none.to_owned());
    format!("'{}' ({}, id {})", text(&user.username, "somebody"), text(&user.primary_email, "no address"), user.id)
}
