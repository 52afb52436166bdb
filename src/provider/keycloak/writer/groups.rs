//! Groups, and people in them.

use serde_json::{Map, Value as Json, json};

use super::{Outcome, Writing, doing, gone, object_of};
use crate::engine::model::{Address, Failure, FailureClass, Fields};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Look};
use crate::provider::keycloak::api::routes;
use crate::provider::keycloak::{convert, kinds};

impl Writing {
    pub(super) async fn group(&self, step: &Step, inputs: &Inputs) -> Outcome {
        match step.verb {
            Verb::Create => self.create_group(step, inputs).await,
            Verb::Delete => {
                let id = self.id_of(step, inputs).await?;
                self.writes.remove(routes::GROUP, &[&id], &doing(step)).await?;
                self.read_back_nothing(step, inputs).await
            }
            Verb::Adopt => self.update_group(step, inputs, &Fields::new(), Some(&inputs.ledger)).await,
            Verb::Rename => self.rename_group(step, inputs).await,
            _ => self.update_group(step, inputs, &inputs.fields, None).await,
        }
    }

    pub(super) async fn membership(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let id = step.external_id.as_deref();
        let group = self.parts.group_id(&step.address, id, &inputs.related).await?;
        let user = self.parts.user_id(&step.address, id, &inputs.related).await?;
        let deletes = step.verb == Verb::Delete;
        let (group, user) = match (group, user) {
            (Some(group), Some(user)) => (group, user),
            // What it joined is gone, and the edge with it; a look settles that this is so.
            _ if deletes => return self.read_back_nothing(step, inputs).await,
            (None, _) => return Err(gone(step, "there is no such group")),
            (_, None) => return Err(gone(step, "there is no such person")),
        };
        let edge = convert::edge_id(&group, &user);
        match step.verb {
            Verb::Delete => {
                self.writes.remove(routes::USER_GROUP, &[&user, &group], &doing(step)).await?;
                self.read_back_nothing(step, inputs).await
            }
            // Nothing to write: an edge carries no mark and no fields.
            Verb::Adopt | Verb::Rename | Verb::Update => self.read_back(step, inputs, &edge).await,
            _ => {
                match self.writes.link(routes::USER_GROUP, &[&user, &group], &doing(step)).await {
                    // The loser of a race for one edge is told of a duplicate: the edge is there.
                    Err(failure) if failure.class != FailureClass::Conflict => return Err(failure),
                    _ => {}
                }
                self.read_back(step, inputs, &edge).await
            }
        }
    }

    async fn create_group(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let mut body = Map::new();
        body.insert("name".to_owned(), json!(step.address.leaf()));
        convert::put_group(&mut body, &inputs.fields);
        convert::set_mark(&mut body, &self.parts.options.mark_attribute, &inputs.ledger);
        let parent = self.parent_of(step, inputs).await?;
        let created = match &parent {
            Some(parent) => self.writes.create(routes::CHILDREN, &[parent], Json::Object(body), &doing(step)).await,
            None => self.writes.create(routes::GROUPS, &[], Json::Object(body), &doing(step)).await,
        };
        let id = match created {
            Err(failure) if failure.class == FailureClass::Conflict => {
                let holder = self
                    .parts
                    .group_at(&step.address.key)
                    .await?
                    .map_or_else(String::new, |it| format!("; it has id {}", it.id));
                return Err(Failure { said: format!("{}{holder}", failure.said), ..failure }
                    .help("the next cycle offers to adopt it"));
            }
            other => other?,
        };
        self.read_back(step, inputs, &id).await
    }

    async fn update_group(&self, step: &Step, inputs: &Inputs, fields: &Fields, mark: Option<&str>) -> Outcome {
        let id = self.id_of(step, inputs).await?;
        let there = self.parts.reads.group(&id).await?.ok_or_else(|| gone(step, "there is no such group"))?;
        let mut body = object_of(there.clone());
        convert::put_group(&mut body, fields);
        if let Some(ledger) = mark {
            convert::set_mark(&mut body, &self.parts.options.mark_attribute, ledger);
        }
        if there.as_object() != Some(&body) {
            self.writes.replace(routes::GROUP, &[&id], Json::Object(body), &doing(step)).await?;
        }
        self.read_back_same(step, inputs, &id, fields).await
    }

    /// Gives a group its declared name, and its declared place if it stands elsewhere.
    async fn rename_group(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let id = self.id_of(step, inputs).await?;
        let there = self.parts.reads.group(&id).await?.ok_or_else(|| gone(step, "there is no such group"))?;
        let mut body = object_of(there);
        let text = |body: &Map<String, Json>, key: &str| body.get(key).and_then(Json::as_str).map(str::to_owned);
        let (name, parent_now) = (text(&body, "name"), text(&body, "parentId"));
        let leaf = step.address.leaf();
        let parent = self.parent_of(step, inputs).await?;
        if parent != parent_now {
            self.writes.move_group(&id, name.as_deref().unwrap_or(leaf), parent.as_deref(), &doing(step)).await?;
        }
        if name.as_deref() != Some(leaf) {
            body.insert("name".to_owned(), json!(leaf));
            self.writes.replace(routes::GROUP, &[&id], Json::Object(body), &doing(step)).await?;
        }
        let live = self.read_back(step, inputs, &id).await?;
        match &live {
            Some(it) if it.address != step.address => Err(Failure::new(
                FailureClass::Conflict,
                doing(step),
                format!("Keycloak took the change and the group still stands at '{}'", it.address.key),
            )),
            _ => Ok(live),
        }
    }

    /// The id of the group that the step's group lies below; `None` on the top level.
    async fn parent_of(&self, step: &Step, inputs: &Inputs) -> Result<Option<String>, Failure> {
        let Some(path) = step.address.parent_key() else { return Ok(None) };
        let parent = Address::new(&step.address.instance, kinds::GROUP, path);
        if let Some(id) = inputs.related.id(&parent) {
            return Ok(Some(id.to_owned()));
        }
        match self.parts.look(&parent, None, &inputs.related).await? {
            Look::Present(live) => Ok(live.external_id),
            Look::Absent => Err(gone(step, &format!("there is no group '{path}' that it could lie below"))),
        }
    }
}
