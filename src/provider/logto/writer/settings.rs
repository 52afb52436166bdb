//! Applications and webhooks. A change starts from a fresh read of the whole, since columns that hold JSON are replaced.

use secrecy::ExposeSecret;
use serde_json::Value as Json;

use super::{Outcome, Writing, doing, gone};
use crate::engine::model::{Failure, FailureClass, Fields};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::Inputs;
use crate::provider::logto::api::routes;
use crate::provider::logto::api::wire::Object;
use crate::provider::logto::body;
use crate::provider::logto::mark::{self, Name};

const CUSTOM_DATA: &str = "customData";
const KEY: &str = "key";

impl Writing {
    pub(super) async fn application(&self, step: &Step, inputs: &Inputs) -> Outcome {
        if step.verb == Verb::Create {
            return self.create_application(step, inputs).await;
        }
        let (id, live) = self.present(step, inputs).await?;
        let own = self.parts.connection.required("client_id").await?;
        if id == own.expose_secret() {
            return Err(Failure::new(FailureClass::Refused, doing(step), "our own application is never touched")
                .help("it is looked after by hand"));
        }
        let fields = match step.verb {
            Verb::Delete => {
                self.writes.remove(routes::APPLICATION, &[&id], &doing(step)).await?;
                return self.read_back_nothing(step, inputs).await;
            }
            Verb::Adopt | Verb::Rename => {
                self.mark_application(step, inputs, &id).await?;
                &Fields::new()
            }
            _ => {
                let whole = self.parts.reads.application(&id).await?;
                let whole = whole.ok_or_else(|| gone(step, "there is no such application"))?;
                let body = body::application_change(&inputs.fields, &live, &whole);
                if !body.is_empty() {
                    self.writes.change(routes::APPLICATION, &[&id], Json::Object(body), &doing(step)).await?;
                }
                if body::is_marked_otherwise(&inputs.fields, &live, KEY) {
                    self.mark_application(step, inputs, &id).await?;
                }
                &inputs.fields
            }
        };
        self.read_back(step, inputs, &id, fields).await
    }

    async fn create_application(&self, step: &Step, inputs: &Inputs) -> Outcome {
        // Names are not unique: an earlier try whose answer was lost would be made twice.
        if let Some(made) = self.made_before(step, inputs).await? {
            return Ok(Some(made));
        }
        let marked = Name::Key.written(&Object::new(), &inputs.ledger, &step.address.key);
        let body = body::new_application(&step.address.key, &inputs.fields, marked);
        let id = self.writes.create(routes::APPLICATIONS, body, &doing(step)).await?;
        self.read_back(step, inputs, &id, &inputs.fields).await
    }

    /// Writes our mark, by the route that leaves other custom data alone. It takes the bare object, unlike that of people.
    async fn mark_application(&self, step: &Step, inputs: &Inputs, id: &str) -> Result<(), Failure> {
        let whole = self.parts.reads.application(id).await?;
        let whole = whole.ok_or_else(|| gone(step, "there is no such application"))?;
        let there = body::column(&whole, CUSTOM_DATA);
        let marked = Name::Key.written(&there, &inputs.ledger, &step.address.key);
        if there.get(mark::KEY) == marked.get(mark::KEY) {
            return Ok(());
        }
        self.writes.change(routes::APPLICATION_CUSTOM_DATA, &[id], Json::Object(marked), &doing(step)).await
    }

    pub(super) async fn webhook(&self, step: &Step, inputs: &Inputs) -> Outcome {
        if step.verb == Verb::Create {
            return self.create_webhook(step, inputs).await;
        }
        let (id, live) = self.present(step, inputs).await?;
        let fields = match step.verb {
            Verb::Delete => {
                self.writes.remove(routes::HOOK, &[&id], &doing(step)).await?;
                return self.read_back_nothing(step, inputs).await;
            }
            // A webhook carries no mark, and its name is what it is known by.
            Verb::Adopt | Verb::Rename => &Fields::new(),
            _ => {
                let whole = self.parts.reads.hook(&id).await?;
                let whole = whole.ok_or_else(|| gone(step, "there is no such webhook"))?;
                let body = body::hook_change(&inputs.fields, &live, &whole);
                if !body.is_empty() {
                    self.writes.change(routes::HOOK, &[&id], Json::Object(body), &doing(step)).await?;
                }
                &inputs.fields
            }
        };
        self.read_back(step, inputs, &id, fields).await
    }

    async fn create_webhook(&self, step: &Step, inputs: &Inputs) -> Outcome {
        if let Some(live) = self.there(step, inputs).await? {
            let id = live.external_id.unwrap_or_default();
            let said = format!("one of this name is there by now, with id {id}");
            return Err(Failure::new(FailureClass::Conflict, doing(step), said)
                .help("the next cycle offers to take it over, or knows that it made it"));
        }
        let body = body::new_hook(&step.address.key, &inputs.fields);
        let id = self.writes.create(routes::HOOKS, body, &doing(step)).await?;
        self.read_back(step, inputs, &id, &inputs.fields).await
    }
}
