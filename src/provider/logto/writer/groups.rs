//! Organisations, their roles, and who is in them or has them.

use serde_json::{Value as Json, json};

use super::{Outcome, Writing, doing, gone};
use crate::engine::model::{Failure, FailureClass, Fields};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::Inputs;
use crate::provider::logto::api::routes;
use crate::provider::logto::api::wire::Object;
use crate::provider::logto::body;
use crate::provider::logto::convert::edge_id;
use crate::provider::logto::mark::{self, Name};

const SLUG: &str = "slug";

impl Writing {
    pub(super) async fn organization(&self, step: &Step, inputs: &Inputs) -> Outcome {
        match step.verb {
            Verb::Create => self.create_organization(step, inputs).await,
            Verb::Delete => {
                let (id, _) = self.present(step, inputs).await?;
                self.writes.remove(routes::ORGANIZATION, &[&id], &doing(step)).await?;
                self.read_back_nothing(step, inputs).await
            }
            Verb::Adopt | Verb::Rename => {
                let (id, _) = self.present(step, inputs).await?;
                self.mark_organization(step, inputs, &id).await?;
                self.read_back(step, inputs, &id, &Fields::new()).await
            }
            _ => self.update_organization(step, inputs).await,
        }
    }

    async fn create_organization(&self, step: &Step, inputs: &Inputs) -> Outcome {
        // Names are not unique: an earlier try whose answer was lost would be made twice.
        if let Some(made) = self.made_before(step, inputs).await? {
            return Ok(Some(made));
        }
        let mut body = body::new_group(&step.address.key, &inputs.fields);
        let marked = Name::Slug.written(&Object::new(), &inputs.ledger, &step.address.key);
        body.insert("customData".to_owned(), Json::Object(marked));
        let id = self.writes.create(routes::ORGANIZATIONS, Json::Object(body), &doing(step)).await?;
        self.read_back(step, inputs, &id, &inputs.fields).await
    }

    async fn update_organization(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let (id, live) = self.present(step, inputs).await?;
        let body = body::group_change(&inputs.fields, &live);
        if !body.is_empty() {
            self.writes.change(routes::ORGANIZATION, &[&id], Json::Object(body), &doing(step)).await?;
        }
        if body::is_marked_otherwise(&inputs.fields, &live, SLUG) {
            self.mark_organization(step, inputs, &id).await?;
        }
        self.read_back(step, inputs, &id, &inputs.fields).await
    }

    /// Writes our mark. There is no route that merges, so that all custom data is sent again from a fresh read.
    async fn mark_organization(&self, step: &Step, inputs: &Inputs, id: &str) -> Result<(), Failure> {
        let there = self.parts.reads.organization(id).await?;
        let there = there.ok_or_else(|| gone(step, "there is no such organisation"))?.custom_data;
        let marked = Name::Slug.written(&there, &inputs.ledger, &step.address.key);
        if there.get(mark::KEY) == marked.get(mark::KEY) {
            return Ok(());
        }
        let mut data = there;
        data.extend(marked);
        let body = json!({ "customData": data });
        self.writes.change(routes::ORGANIZATION, &[id], body, &doing(step)).await
    }

    pub(super) async fn role(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let name = &*step.address.key;
        match step.verb {
            Verb::Create => {
                let mut body = body::new_group(name, &inputs.fields);
                body.insert("name".to_owned(), json!(name));
                let id = self.writes.create(routes::ORGANIZATION_ROLES, Json::Object(body), &doing(step)).await?;
                self.read_back(step, inputs, &id, &inputs.fields).await
            }
            Verb::Delete => {
                let (id, _) = self.present(step, inputs).await?;
                self.writes.remove(routes::ORGANIZATION_ROLE, &[&id], &doing(step)).await?;
                self.read_back_nothing(step, inputs).await
            }
            // A role carries no mark.
            Verb::Adopt => self.present(step, inputs).await.map(|(_, live)| Some(live)),
            Verb::Rename => {
                let (id, live) = self.present(step, inputs).await?;
                if live.address.key != step.address.key {
                    let body = json!({ "name": name });
                    self.writes.change(routes::ORGANIZATION_ROLE, &[&id], body, &doing(step)).await?;
                }
                self.read_back(step, inputs, &id, &Fields::new()).await
            }
            _ => {
                let (id, live) = self.present(step, inputs).await?;
                let body = body::group_change(&inputs.fields, &live);
                if !body.is_empty() {
                    self.writes.change(routes::ORGANIZATION_ROLE, &[&id], Json::Object(body), &doing(step)).await?;
                }
                self.read_back(step, inputs, &id, &inputs.fields).await
            }
        }
    }

    /// Somebody in an organisation, or somebody's role in one. One edge by itself: a list that is set as a whole would race
    /// with people who join meanwhile, and one unknown id in it would refuse all.
    pub(super) async fn edge(&self, step: &Step, inputs: &Inputs) -> Outcome {
        // What a lost edge joined may have been made again since, under another id.
        let known = step.external_id.as_deref().filter(|_| step.verb != Verb::Create);
        let ends = self.parts.ends(&step.address, known, &inputs.related).await?;
        let Some(ends) = ends else {
            return match step.verb {
                // What it joined is gone, and the edge with it.
                Verb::Delete => Ok(None),
                _ => Err(gone(step, "one of the things that it joins is not there")),
            };
        };
        let (organization, person) = (ends.organization.as_str(), ends.person.as_str());
        let doing = doing(step);
        let id = match &ends.role {
            Some(role) => edge_id(&[organization, role, person]),
            None => edge_id(&[organization, person]),
        };
        match (step.verb, ends.role.as_deref()) {
            (Verb::Delete, None) => self.writes.remove(routes::MEMBER, &[organization, person], &doing).await?,
            (Verb::Delete, Some(role)) => {
                self.writes.remove(routes::MEMBER_ROLE, &[organization, person, role], &doing).await?;
            }
            // Nothing to write: an edge carries no mark and no fields.
            (Verb::Adopt | Verb::Rename | Verb::Update, _) => {}
            (_, None) => {
                self.writes.link(routes::MEMBERS, &[organization], json!({ "userIds": [person] }), &doing).await?;
            }
            (_, Some(role)) => {
                let body = json!({ "organizationRoleIds": [role] });
                self.writes.link(routes::MEMBER_ROLES, &[organization, person], body, &doing).await?;
            }
        }
        match step.verb {
            Verb::Delete => self.read_back_nothing(step, inputs).await,
            _ => self.read_back(step, inputs, &id, &Fields::new()).await,
        }
    }

    /// What an earlier try of ours made, where its answer was lost: the whole list is looked through, since nothing keeps a
    /// second one from being made.
    pub(super) async fn made_before(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let Some(live) = self.there(step, inputs).await? else { return Ok(None) };
        match &live.mark {
            Some(mark) if mark.ledger == inputs.ledger => Ok(Some(live)),
            _ => Err(Failure::new(
                FailureClass::Conflict,
                doing(step),
                format!("one of this name is there by now, with id {}", live.external_id.unwrap_or_default()),
            )
            .help("the next cycle offers to take it over")),
        }
    }
}
